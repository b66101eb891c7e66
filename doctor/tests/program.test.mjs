// The program: how it is called, how it ends, what it prints.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CHECKLIST } from '../src/checklist.mjs';
import { inServer } from './support/changes.mjs';
import { doctor, during } from './support/doctor.mjs';
import { TOKEN, startExampleServer } from './support/example-server.mjs';

const Ajv = createRequire(new URL('../../tests/package.json', import.meta.url))('ajv/dist/2020.js').default;
const isReport = new Ajv().compile(JSON.parse(readFileSync(new URL('../report.schema.json', import.meta.url), 'utf8')));

describe('the program', () => {
  for (const [rule, args, said] of [
    ['no URL', [], /Usage: mcp-connector-doctor/],
    ['two URLs', ['https://a.example/mcp', 'https://b.example/mcp'], /Usage/],
    ['no scheme', ['notes.example.workers.dev/mcp'], /Give the scheme and the host/],
    ['another scheme', ['ftp://a.example/mcp'], /https:\/\//],
    ['a password in the URL', ['https://me:secret@a.example/mcp'], /user name and password/],
    ['an unknown option', ['https://a.example/mcp', '--fast'], /--fast/],
    ['a timeout that is no number', ['https://a.example/mcp', '--timeout', 'soon'], /--timeout is a number/],
    ['a token of two words', ['https://a.example/mcp', '--token', 'Bearer abc'], /without “Bearer”/],
  ]) {
    test(`the program, called with ${rule}, ends with 2`, async () => {
      const { status, out, err } = await doctor(args);
      assert.equal(status, 2, out + err);
      assert.match(err, said);
      assert.ok(!err.includes('secret'), err);
    });
  }

  test('a fault ends it with 1, and the summary says where to begin', async () => {
    await during(await startExampleServer(inServer({ issuer: 'https://auth.example' })), async (server) => {
      const { status, out } = await doctor([`${server.origin}/mcp`]);
      assert.equal(status, 1, out);
      assert.match(out, /FAIL {2}Issuer/);
      assert.match(out, /To fix, in this order: Issuer\.\n$/);
    });
  });

  test('the data of the doctor has every finding', async () => {
    await during(await startExampleServer(inServer({ code_challenge_methods_supported: [] })), async (server) => {
      const { status, out } = await doctor([`${server.origin}/mcp`, '--json']);
      const data = JSON.parse(out);
      assert.ok(isReport(data), JSON.stringify(isReport.errors));
      assert.equal(status, 1);
      assert.equal(data.passed, false);
      assert.equal(data.kind, 'lazy');
      assert.deepEqual(
        data.findings.map(({ id }) => id),
        CHECKLIST.map(({ id }) => id),
      );
      assert.equal(data.counts.fail, 1);
      const pkce = data.findings.find(({ id }) => id === 'pkce');
      assert.deepEqual(Object.keys(pkce).sort(), ['details', 'effect', 'fix', 'group', 'id', 'level', 'seen', 'title']);
    });
  });

  test('what a server says cannot steer the terminal, and a token is never shown', async () => {
    const nasty = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e\r\nok    Fake';
    const fault = (server) => {
      server.tools.push({ name: `evil${nasty}${TOKEN}` });
      server.serverDocument = (document) => ({ ...document, issuer: `https://evil.example/${nasty}${TOKEN}` });
      server.methods.initialize = () => ({ protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: nasty, version: TOKEN } });
    };
    await during(await startExampleServer(fault), async (server) => {
      for (const more of [[], ['--json']]) {
        const { status, out, err } = await doctor([`${server.origin}/mcp`, ...more], { DOCTOR_TOKEN: TOKEN });
        assert.equal(status, 1, out + err);
        assert.match(out, /evil/);
        assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/.test(out), JSON.stringify(out));
        assert.ok(!/^ok {4}Fake/m.test(out));
        assert.ok(!out.includes(TOKEN), out);
      }
    });
  });

  test('a URL where nothing answers ends it with 3', async () => {
    const server = net.createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    const { status, out } = await doctor([`http://127.0.0.1:${port}/mcp`, '--json']);
    const data = JSON.parse(out);
    assert.equal(status, 3, out);
    assert.ok(isReport(data), JSON.stringify(isReport.errors));
    assert.equal(data.answered, false);
  });

  test('--no-register registers nobody, and says so', async () => {
    await during(await startExampleServer(), async (server) => {
      const { status, out } = await doctor([`${server.origin}/mcp`, '--no-register', '--json']);
      assert.equal(status, 0, out);
      assert.ok(!server.seen.includes('POST /register'), server.seen.join('\n'));
      const data = JSON.parse(out);
      assert.equal(data.changes.registered, 0);
      assert.match(data.findings.find(({ id }) => id === 'register').seen, /--no-register/);
    });
  });

  test('what it may change is said before it begins', async () => {
    await during(await startExampleServer(), async (server) => {
      const { out } = await doctor([`${server.origin}/mcp`]);
      assert.match(out.replace(/\s+/g, ' '), /^Checking http:\S+ Where clients can register, .*--no-register leaves that out\./);
    });
  });

  for (const [option, said] of [
    ['--help', /^Usage: mcp-connector-doctor URL/],
    ['--version', /^\d+\.\d+\.\d+\n$/],
  ]) {
    test(`${option} is answered and ends with 0`, async () => {
      const { status, out } = await doctor([option]);
      assert.equal(status, 0);
      assert.match(out, said);
    });
  }
});

describe('the package', () => {
  const manifest = (url) => JSON.parse(readFileSync(new URL(url, import.meta.url), 'utf8'));

  test('has what it needs, and nothing of the tests', () => {
    const [{ files }] = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json', '--silent'], { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' }),
    );
    const names = files.map(({ path }) => path);
    for (const name of ['cli.mjs', 'report.schema.json', 'README.md', 'LICENSE', 'LICENSE-MIT', 'LICENSE-APACHE', 'src/checklist.mjs']) {
      assert.ok(names.includes(name), name);
    }
    assert.deepEqual(names.filter((name) => name.startsWith('tests/')), []);
  });

  test('has the version and the Node of the engine, and no dependency', () => {
    const [its, engine] = [manifest('../package.json'), manifest('../../package.json')];
    assert.equal(its.version, engine.version);
    assert.deepEqual(its.engines, engine.engines);
    assert.equal(its.dependencies, undefined);
  });
});
