// A project from `npm run new -- FOLDER --path`, from its first command to a deployment, as its author uses it. It shares the
// compiled engine with this repository, so that only its own package is compiled.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { listTools } from '../../scripts/client/mcp-client.mjs';
import { compileLess, freePort, run, Start, succeed } from '../support/projects/commands.mjs';
import { ROOT } from '../support/workers/wrangler-dev.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'mcp-connector-project-'));
const folder = join(scratch, 'my-tools');
const env = { CARGO_TARGET_DIR: join(ROOT, 'target') };
after(() => rmSync(scratch, { recursive: true, force: true }));

const file = (name) => join(folder, name);
const edit = (name, change) => {
  const before = readFileSync(file(name), 'utf8');
  const text = change(before);
  assert.notEqual(text, before, `the change of ${name} changes something`);
  writeFileSync(file(name), text);
  return before;
};

/** Says how long something took. Nothing depends on it: another machine is slower. */
const measured = (t, what, seconds) => t.diagnostic(`${what}: ${seconds.toFixed(1)} s`);

test('`npm run new` makes a project of few files, which has its own name', async (t) => {
  const { output, seconds } = await succeed(ROOT, 'npm', ['run', 'new', '--', folder, '--path']);
  measured(t, 'new project', seconds);
  assert.match(output, /src\/connector\.rs is the file to edit/);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .filter((name) => !name.startsWith('node_modules/') && !['Cargo.lock', 'package-lock.json'].includes(name));
  assert.ok(files.length <= 30, `${files.length} files: ${files.join(', ')}`);
  for (const name of files) assert.doesNotMatch(readFileSync(file(name), 'utf8'), /\{\{project-name|OWNER\/REPOSITORY/, `${name} has no placeholder`);
  for (const name of ['Cargo.toml', 'package.json', 'wrangler.toml']) assert.match(readFileSync(file(name), 'utf8'), /name"?[ :=]+"my-tools"/, name);
  // An editor that formats on save leaves the file as it is.
  await succeed(folder, 'cargo', ['fmt', '--check']);
  await compileLess(folder, 'my-tools');
});

test('it is not made where files are, or with a name that no Worker can have', async () => {
  for (const [args, message] of [
    [[folder, '--path'], /is not empty/],
    [[join(scratch, 'My_Tools'), '--path'], /cannot be the name of a Worker/],
    [[], /^Usage: npm run new/m],
  ]) {
    const { status, output } = await run(ROOT, 'npm', ['run', '--silent', 'new', '--', ...args]);
    assert.notEqual(status, 0);
    assert.match(output, message);
  }
});

describe('npm start', () => {
  let start;
  let port;
  after(() => start?.stop());

  const description = async () => (await listTools(start.url)).find(({ name }) => name === 'echo').description;

  test('builds, serves, and prints the URL and the passphrase', async (t) => {
    port = await freePort();
    const began = Date.now();
    start = new Start(folder, port, env);
    const text = await start.printed(/Passphrase +\S+/);
    measured(t, 'npm start', (Date.now() - began) / 1000);
    assert.ok(text.includes(start.url));
    assert.equal(await description(), 'Say the same text back. Needs no sign-in.');
  });

  test('serves a change that was saved', async (t) => {
    const from = start.mark();
    edit('src/connector.rs', (text) => text.replace('Say the same text back.', 'Say the same text twice.'));
    const printed = await start.printed(/Served [\d.]+ s after the change/, from);
    measured(t, 'from saving to serving', Number(/Served ([\d.]+) s/.exec(printed)[1]));
    assert.equal(await description(), 'Say the same text twice. Needs no sign-in.');
  });

  test('shows an error of the compiler once, and the last good build still answers', async () => {
    const from = start.mark();
    const good = edit('src/connector.rs', (text) => text.replace('async fn echo(text: String)', 'async fn echo(text: Strin)'));
    const printed = await start.printed(/The last good version still answers/, from);
    assert.equal(printed.match(/cannot find type `Strin`/g).length, 1, printed);
    assert.ok(printed.split('\n').length < 40, printed);
    assert.doesNotMatch(printed, /Stack backtrace|\[ERROR\]/);
    assert.equal(await description(), 'Say the same text twice. Needs no sign-in.');
    const mended = start.mark();
    writeFileSync(file('src/connector.rs'), good);
    await start.printed(/Nothing has changed for the Worker|Served/, mended);
  });

  test('says what the connector’s own test would say, without waiting for a client', async () => {
    const from = start.mark();
    const good = edit('src/connector.rs', (text) => text.replace('.title("Echo")', ''));
    await start.printed(/tool `echo`: the title is missing/, from);
    await start.printed(/Served/, from);
    const mended = start.mark();
    writeFileSync(file('src/connector.rs'), good);
    await start.printed(/Served/, mended);
  });

  test('lives on when wrangler.toml cannot be read, and takes it over when it can', async () => {
    let from = start.mark();
    const good = edit('wrangler.toml', (text) => `${text}\n[broken\n`);
    const printed = await start.printed(/The last good version still answers/, from);
    assert.match(printed, /wrangler\.toml is not valid TOML[\s\S]*\[broken/);
    assert.equal(await description(), 'Say the same text twice. Needs no sign-in.');
    from = start.mark();
    writeFileSync(file('wrangler.toml'), good.replace('CHALLENGE = "http"', 'CHALLENGE = "neither"'));
    await start.printed(/CHALLENGE must be http or result/, from);
    await start.printed(/Served/, from);
    from = start.mark();
    writeFileSync(file('wrangler.toml'), good);
    await start.printed(/Served/, from);
  });

  test('lives on when cargo cannot read Cargo.toml, and takes over another name of the package', async () => {
    const broken = start.mark();
    const good = edit('Cargo.toml', (text) => `${text}\n[broken\n`);
    await start.printed(/Cargo\.toml[^]*The last good version still answers/, broken);
    assert.equal(await description(), 'Say the same text twice. Needs no sign-in.');
    for (const text of [good.replace('name = "my-tools"', 'name = "your-tools"'), good]) {
      const from = start.mark();
      writeFileSync(file('Cargo.toml'), text);
      await start.printed(/Served|Nothing has changed/, from);
      assert.equal(await description(), 'Say the same text twice. Needs no sign-in.');
    }
  });

  test('watches a package that is new, although it does not compile yet', async () => {
    mkdirSync(file('words/src'), { recursive: true });
    writeFileSync(file('words/Cargo.toml'), '[package]\nname = "words"\nversion = "0.1.0"\nedition = "2024"\n');
    writeFileSync(file('words/src/lib.rs'), 'pub const SAY: &str = 1;\n');
    let from = start.mark();
    const [manifest, connector] = [
      edit('Cargo.toml', (text) => text.replace('[dependencies]', '[dependencies]\nwords = { path = "words" }')),
      edit('src/connector.rs', (text) => text.replace('"Say the same text twice.', 'words::SAY.to_owned() + "Say the same text twice.')),
    ];
    await start.printed(/mismatched types[^]*The last good version still answers/, from);
    from = start.mark();
    writeFileSync(file('words/src/lib.rs'), 'pub const SAY: &str = "Please: ";\n');
    await start.printed(/Changed: .*words\/src\/lib\.rs[^]*Served/, from);
    assert.match(await description(), /^Please: Say the same text twice/);
    from = start.mark();
    writeFileSync(file('Cargo.toml'), manifest);
    writeFileSync(file('src/connector.rs'), connector);
    await start.printed(/Served/, from);
    rmSync(file('words'), { recursive: true });
  });

  test('is what `npm run call` calls, signed in where a tool asks for it', async () => {
    const call = (...args) => run(folder, 'npm', ['run', '--silent', 'call', '--', ...args], { PORT: String(port) });
    assert.match((await call()).output, /^echo text$/m);
    assert.equal((await call('echo', '{"text":"Hello"}')).output, 'Hello\n');
    assert.equal((await call('whoami')).output, 'You are owner.\n');
    assert.match((await call('save_note', '{"title":"Shopping","body":"Milk"}')).output, /“Shopping” is saved/);
    assert.match((await call('list_notes', '{}', '--json')).output, /"structuredContent"/);
    for (const [args, status, message] of [
      [['nothing'], 1, /There is no tool of this name/],
      [['echo', '{}'], 1, /`text` is missing/],
      [['echo', '{'], 2, /not JSON/],
      [['echo', '[]'], 2, /JSON object/],
    ]) {
      const found = await call(...args);
      assert.equal(found.status, status, found.output);
      assert.match(found.output, message);
    }
  });

  test('passes the doctor', async () => {
    const { output } = await succeed(folder, 'npm', ['run', '--silent', 'doctor', '--', start.url]);
    assert.match(output, /0 failed/);
  });

  test('ends with its own files cleared away', async () => {
    await start.stop();
    assert.ok(!existsSync(file('wrangler.dev.json')));
    const { status, output } = await run(folder, 'npm', ['run', '--silent', 'call'], { PORT: String(port) });
    assert.equal(status, 1);
    assert.match(output, /Run `npm start`/);
  });
});

test('`npm test` tests the connector', async (t) => {
  const { output, seconds } = await succeed(folder, 'npm', ['test'], env);
  measured(t, 'npm test', seconds);
  assert.match(output, /\d+ passed, 0 failed/);
});

test('`npm test` fails where a tool lacks what a reviewer asks for', async () => {
  const good = edit('src/connector.rs', (text) => text.replace('.title("Echo")', ''));
  const { status, output } = await run(folder, 'npm', ['test'], env);
  writeFileSync(file('src/connector.rs'), good);
  assert.equal(status, 1);
  assert.match(output, /the title is missing/);
});

test('`npx wrangler deploy --dry-run` builds what would be uploaded', async (t) => {
  const { output, seconds } = await succeed(folder, 'npx', ['wrangler', 'deploy', '--dry-run'], { ...env, WRANGLER_SEND_METRICS: 'false' });
  measured(t, 'dry run', seconds);
  assert.match(output, /Total Upload/);
});
