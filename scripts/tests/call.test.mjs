// `npm run call`: to whom it gives the passphrase.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { passphraseFor } from '../serve/passphrase.mjs';
import { root } from '../support/paths.mjs';

const PASSPHRASE = 'a passphrase that nobody else may get';

/** What was sent to a server, and the server, which answers as `answer` says. */
async function serverOf(answer) {
  const seen = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    seen.push(`${request.method} ${request.url} ${Buffer.concat(chunks)}`);
    answer(request, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, seen, origin: `http://127.0.0.1:${server.address().port}` };
}

describe('a connector whose sign-in leads elsewhere', () => {
  let elsewhere;
  let connector;
  before(async () => {
    elsewhere = await serverOf((_, response) => response.end());
    connector = await serverOf((request, response) => {
      const { pathname } = new URL(request.url, connector.origin);
      if (pathname === '/register') return response.writeHead(201, { 'content-type': 'application/json' }).end('{"client_id":"c"}');
      if (pathname === '/authorize') return response.writeHead(200, { 'content-type': 'text/html' }).end(`<form method="post" action="${elsewhere.origin}/x"><input type="password" name="passphrase"></form>`);
      return response.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${connector.origin}/.well-known/oauth-protected-resource/mcp"` }).end();
    });
  });
  after(() => {
    for (const { server } of [elsewhere, connector]) server.close().closeAllConnections();
  });

  test('is given no passphrase', async () => {
    const run = promisify(execFile)(process.execPath, ['scripts/call.mjs', 'whoami', '--url', `${connector.origin}/mcp`], { cwd: root, env: { ...process.env, OWNER_PASSPHRASE: PASSPHRASE } });
    const { code, stderr } = await run.then(() => assert.fail('it ends with an error'), (error) => error);
    assert.equal(code, 1);
    assert.ok(stderr.includes(`sends what is filled in to ${elsewhere.origin}. Nothing was sent.`), stderr);
    assert.deepEqual(elsewhere.seen, []);
    assert.ok(!connector.seen.some((line) => line.includes('passphrase')), connector.seen.join('\n'));
  });
});

test('the passphrase in .dev.vars is for this machine, a given one for any', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'passphrase-'));
  try {
    writeFileSync(path.join(directory, '.dev.vars'), 'OWNER_PASSPHRASE="local"\n');
    for (const url of ['http://127.0.0.1:8787/mcp', 'http://localhost/mcp', 'http://[::1]:8787/mcp']) assert.equal(passphraseFor(url, directory, {}), 'local', url);
    for (const url of ['https://mcp.example.com/mcp', 'http://127.0.0.1.example.com/mcp', 'http://localhost.example.com/', 'http://10.0.0.1/mcp']) {
      assert.equal(passphraseFor(url, directory, {}), undefined, url);
      assert.equal(passphraseFor(url, directory, { OWNER_PASSPHRASE: 'given' }), 'given', url);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});
