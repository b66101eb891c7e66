// The decisions of the setup that need no machine to be set up.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { unstable_getVarsForDev } from 'wrangler';
import { cargoTally, failuresIn } from '../results/cargo-results.mjs';
import tally from '../results/node-results.mjs';
import { handOver } from '../serve/local-secrets.mjs';
import { claim, withLock } from '../support/lock.mjs';
import { Stop } from '../support/log.mjs';
import { ensurePassphrase, randomPassphrase, valueIn } from '../serve/passphrase.mjs';
import { nodeProblem } from '../setup/node.mjs';
import { rustProblem, rustVersionIn } from '../setup/requirements.mjs';
import { atLeast } from '../setup/versions.mjs';
import { portFrom } from '../serve/wrangler-dev.mjs';
import { lockedVersion, PACKAGE } from '../setup/bindgen.mjs';
import { engine } from '../support/paths.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'mcp-connector-scripts-'));
after(() => rmSync(folder, { recursive: true, force: true }));

describe('requirements', () => {
  for (const [have, want, enough] of [
    ['20.3.0', '20.3.0', true],
    ['20.2.9', '20.3.0', false],
    ['22.0.0', '20.3.0', true],
    ['9.9.9', '20.3.0', false],
    ['1.95.0-nightly', '1.91', true],
    ['1.90.1', '1.91', false],
  ]) {
    test(`${have} is ${enough ? '' : 'not '}at least ${want}`, () => assert.equal(atLeast(have, want), enough));
  }

  test('an old Node is named together with what to do', () => {
    assert.match(nodeProblem('18.20.4'), /^Node 18\.20\.4 is too old: .* https:\/\/nodejs\.org .*$/);
    assert.match(nodeProblem('22.11.0'), /wrangler needs 22\.12\.0 or newer/);
    assert.equal(nodeProblem('22.12.0'), undefined);
  });

  test('an old Rust is named together with what to do', () => {
    assert.match(rustProblem('rustc 1.80.0 (051478957 2024-07-21)', '1.91'), /^Rust 1\.80\.0 is too old: .*rustup update stable.*$/);
    assert.equal(rustProblem('rustc 1.95.0 (59807616e 2026-04-14)', '1.91'), undefined);
  });

  test('the version of Rust that is asked for is read before there is a parser', () => {
    const wanted = rustVersionIn(readFileSync(path.join(engine, 'Cargo.toml'), 'utf8'));
    assert.match(wanted, /^1\.\d+$/);
    assert.equal(rustVersionIn('[package]\nname = "a"\nrust-version = "1.99"\n'), '1.99');
    assert.equal(rustVersionIn('[package]\nname = "a"\n'), '1.85', 'the first that reads edition 2024');
  });
});

describe('tools', () => {
  test('a crate is found in Cargo.lock among those from a registry', () => {
    const source = 'registry+https://github.com/rust-lang/crates.io-index';
    const entry = (name, version, more) => `[[package]]\nname = "${name}"\nversion = "${version}"\n${more}`;
    const lock = `version = 4\n\n${entry('wasm-bindgen', '0.2.130', `source = "${source}"\n`)}\n${entry('worker', '0.1.0', '')}`;
    assert.equal(lockedVersion(lock, 'wasm-bindgen'), '0.2.130');
    assert.throws(() => lockedVersion(lock, 'worker'), Stop);
  });

  test('the package of the build tool is locked to the version that the Worker is linked with', () => {
    const version = lockedVersion(readFileSync(path.join(engine, 'Cargo.lock'), 'utf8'), 'wasm-bindgen');
    assert.equal(lockedVersion(readFileSync(path.join(PACKAGE, 'Cargo.lock'), 'utf8'), 'wasm-bindgen-cli-support'), version);
    assert.match(readFileSync(path.join(PACKAGE, 'Cargo.lock'), 'utf8'), new RegExp(`^name = "bindgen"\\nversion = "${version}"$`, 'm'), 'cargo takes the lock file as it is');
    const manifest = readFileSync(path.join(PACKAGE, 'Cargo.toml'), 'utf8');
    assert.deepEqual([...manifest.matchAll(/0\.2\.\d+/g)].map(([one]) => one), [version, version]);
  });

  test('one process at a time holds a lock, and a lock of a dead process does not count', async () => {
    const file = path.join(folder, 'some.lock');
    const gone = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => gone.once('exit', resolve));
    writeFileSync(file, String(gone.pid));
    let inside = 0;
    let most = 0;
    const visit = () =>
      withLock(file, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setTimeout(resolve, 20));
        inside -= 1;
      });
    await Promise.all([visit(), visit()]);
    assert.equal(most, 1);
    assert.throws(() => statSync(file), { code: 'ENOENT' });
  });
});

describe('serving', () => {
  test('PORT decides, and must be a port', () => {
    assert.equal(portFrom({}, 8787), 8787);
    assert.equal(portFrom({ PORT: '' }, 8787), 8787);
    assert.equal(portFrom({ PORT: '9000' }, 8787), 9000);
    for (const PORT of ['0', '65536', 'http', '80.5', '-1']) assert.throws(() => portFrom({ PORT }, 8787), Stop, PORT);
  });
});

describe('a lock for as long as a process runs', () => {
  const file = path.join(folder, 'locks/claimed');

  test('is refused with the process that has it, and given again when that has ended', () => {
    assert.equal(claim(file), undefined);
    assert.equal(claim(file), process.pid);
    writeFileSync(file, '999999999');
    assert.equal(claim(file), undefined, 'there is no such process');
  });

  test('from before the machine was started does not count, whoever has its number now', () => {
    utimesSync(file, 1, 1);
    assert.equal(claim(file), undefined);
    assert.equal(claim(file), process.pid);
  });
});

/** Returns what wrangler reads as secrets in a folder when it is given these arguments. */
function wranglerReads(directory, { wranglerArguments }) {
  const files = wranglerArguments.filter((argument) => argument !== '--env-file');
  const bindings = unstable_getVarsForDev(path.join(directory, 'wrangler.toml'), files, {}, undefined, true);
  return Object.fromEntries(Object.entries(bindings).map(([name, { value }]) => [name, value]));
}

describe('passphrase', () => {
  test('a random one has 100 bits and never repeats', () => {
    const many = new Set(Array.from({ length: 1000 }, randomPassphrase));
    assert.equal(many.size, 1000);
    for (const one of many) assert.match(one, /^(?:[a-hj-km-np-z1-9]{5}-){3}[a-hj-km-np-z1-9]{5}$/);
  });

  test('it is made once, kept for its owner only, and leaves other secrets alone', () => {
    const file = path.join(folder, '.dev.vars');
    writeFileSync(file, 'OTHER=1');
    const made = ensurePassphrase(folder, {});
    assert.equal(readFileSync(file, 'utf8'), `OTHER=1\nOWNER_PASSPHRASE="${made.passphrase}"\n`);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(ensurePassphrase(folder, {}).passphrase, made.passphrase);
    assert.deepEqual(made.wranglerArguments, []);
  });

  test('one in the environment wins, is written nowhere but for this run, and is no argument of a program', () => {
    const file = path.join(folder, '.dev.vars');
    const before = readFileSync(file, 'utf8');
    const given = ensurePassphrase(folder, { OWNER_PASSPHRASE: 'correct "horse" #1' });
    assert.equal(given.passphrase, 'correct "horse" #1');
    assert.equal(readFileSync(file, 'utf8'), before);
    const files = given.wranglerArguments.filter((argument) => argument !== '--env-file');
    assert.deepEqual(wranglerReads(folder, given), { OTHER: '1', OWNER_PASSPHRASE: 'correct "horse" #1' });
    for (const place of files) assert.equal(statSync(place).mode & 0o777, 0o600);
    assert.ok(given.wranglerArguments.every((argument) => !argument.includes('horse')));
    given.forget();
    for (const place of files) assert.throws(() => statSync(place), { code: 'ENOENT' });
  });

  test('what .dev.vars names without a value comes from the environment, or is told as missing', () => {
    const own = mkdtempSync(path.join(folder, 'vars-'));
    const file = path.join(own, '.dev.vars');
    writeFileSync(file, 'OWNER_PASSPHRASE="plain"\nA_KEY=\nB_KEY="" # later\nC_KEY=set\n');
    const { passphrase, missing, ...handedOver } = ensurePassphrase(own, { A_KEY: 'a', C_KEY: 'other', PATH: '/bin' });
    assert.deepEqual([passphrase, missing], ['plain', ['B_KEY']]);
    assert.deepEqual(wranglerReads(own, handedOver), { OWNER_PASSPHRASE: 'plain', A_KEY: 'a', B_KEY: '', C_KEY: 'set' }, 'what the file says stays');
    handedOver.forget();
    assert.deepEqual(ensurePassphrase(own, {}).wranglerArguments, []);
  });

  test('it reaches wrangler as it is, like every other value of the environment and of .dev.vars', () => {
    const values = ['sk_ab$cd9', 'x$$y', '${A_KEY}', String.raw`a\$b`, String.raw`a\nb\rc`, "it's", 'say "yes"', '`x`', `it's "x" \`y\``, ' # no comment ', 'a#b', 'a = b', '#C:\\', 'two\nlines', 'two\r\nlines'];
    const own = mkdtempSync(path.join(folder, 'exact-'));
    const inFile = String.raw`PLAIN=sk_ab$cd9
DOUBLE="x$$y ${'${PLAIN}'}" # why
ESCAPED='a\$b\n'
LINES="a\nb$c"
`;
    writeFileSync(path.join(own, '.dev.vars'), `OWNER_PASSPHRASE=the$file\n${inFile}A_KEY=\n`);
    const alone = wranglerReads(own, { wranglerArguments: [] });
    for (const value of values) {
      const given = ensurePassphrase(own, { OWNER_PASSPHRASE: value, A_KEY: value });
      assert.deepEqual(wranglerReads(own, given), { ...alone, OWNER_PASSPHRASE: value, A_KEY: value });
      given.forget();
    }
  });

  test('a value of any characters reaches wrangler as it is, or is refused', () => {
    const own = mkdtempSync(path.join(folder, 'any-'));
    const characters = [..."'\"`\\$#nr \n\r={}ab"];
    let [refused, seed] = [0, 1];
    const next = (limit) => (seed = (seed * 48271) % 2147483647) % limit;
    for (let round = 0; round < 2000; round += 1) {
      const value = Array.from({ length: 1 + next(9) }, () => characters[next(characters.length)]).join('');
      try {
        const { wranglerArguments, forget } = handOver(path.join(own, '.dev.vars'), { A_KEY: value, B_KEY: "'" });
        assert.deepEqual(wranglerReads(own, { wranglerArguments }), { A_KEY: value, B_KEY: "'" });
        forget();
      } catch (error) {
        if (!(error instanceof Stop)) throw error;
        assert.match(value, /^(?=[^]*['\r])(?=[^]*[`\r])(?=[^]*("|\\[nr]))/, 'some kind of quotes would have done');
        refused += 1;
      }
    }
    assert.ok(refused < 250, `${refused} are refused`);
  });

  test('a change of .dev.vars reaches wrangler beside what came from the environment', () => {
    const own = mkdtempSync(path.join(folder, 'refresh-'));
    const write = (text) => writeFileSync(path.join(own, '.dev.vars'), text);
    write('OWNER_PASSPHRASE=before\nA_KEY=\nB_KEY=\n');
    const owner = ensurePassphrase(own, { A_KEY: 'a' });
    assert.deepEqual(owner.missing, ['B_KEY']);
    write('OWNER_PASSPHRASE=after\nA_KEY=\nB_KEY=b$c\n');
    owner.refresh();
    assert.deepEqual([owner.passphrase, owner.missing], ['after', []]);
    assert.deepEqual(wranglerReads(own, owner), { OWNER_PASSPHRASE: 'after', A_KEY: 'a', B_KEY: 'b$c' });
    owner.forget();
  });

  for (const [text, value] of [
    ['OWNER_PASSPHRASE=plain', 'plain'],
    ['OWNER_PASSPHRASE = "with space" # why', 'with space'],
    ["export OWNER_PASSPHRASE='single'", 'single'],
    ['OWNER_PASSPHRASE=plain # why\n', 'plain'],
    ['OWNER_PASSPHRASE=first\nOWNER_PASSPHRASE=second', 'second'],
    ['# OWNER_PASSPHRASE=off', ''],
    ['NOT_OWNER_PASSPHRASE=x\nOWNER_PASSPHRASE=', ''],
    ['', ''],
  ]) {
    test(`in ${JSON.stringify(text)} it is ${JSON.stringify(value)}`, () => assert.equal(valueIn(text), value));
  }
});

describe('summary', () => {
  test('results of several cargo test programs are added up, and failures keep their names', () => {
    const output = [
      'running 3 tests',
      '---- mcp::tests::a_rule stdout ----',
      'test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s',
      '   Doc-tests mcp_connector',
      'test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s',
    ].join('\n');
    assert.deepEqual(cargoTally(output), { passed: 6, skipped: 1, failed: [{ name: 'mcp::tests::a_rule', where: '' }] });
    assert.equal(failuresIn(output), '---- mcp::tests::a_rule stdout ----\n' + output.split('\n')[2]);
  });

  test('a failure is named with the suites it stands in; suites, skipped and expected failures are no passes', async () => {
    const events = [
      ['start', { name: 'outer', nesting: 0 }],
      ['start', { name: 'fails', nesting: 1 }],
      ['fail', { name: 'fails', nesting: 1, file: '/a.mjs', line: 3, details: {} }],
      ['start', { name: 'passes', nesting: 1 }],
      ['pass', { name: 'passes', nesting: 1, details: {} }],
      ['start', { name: 'not here', nesting: 1 }],
      ['pass', { name: 'not here', nesting: 1, skip: 'only elsewhere', details: {} }],
      ['start', { name: 'to come', nesting: 1 }],
      ['fail', { name: 'to come', nesting: 1, todo: true, details: {} }],
      ['fail', { name: 'outer', nesting: 0, details: { type: 'suite', error: { failureType: 'subtestsFailed' } } }],
      ['start', { name: 'broken', nesting: 0 }],
      ['fail', { name: 'broken', nesting: 0, details: { type: 'suite', error: { failureType: 'hookFailed' } } }],
      ['summary', { file: '/a.mjs', duration_ms: 1500 }],
      ['summary', { duration_ms: 1600 }],
    ].map(([kind, data]) => ({ type: `test:${kind}`, data }));
    const stream = (async function* () {
      yield* events;
    })();
    let written = '';
    for await (const part of tally(stream)) written += part;
    assert.deepEqual(JSON.parse(written), {
      passed: 1,
      skipped: 2,
      failed: [{ name: 'outer › fails', where: '/a.mjs:3' }, { name: 'broken', where: '' }],
      files: [{ file: '/a.mjs', seconds: 1.5 }],
    });
  });
});
