// What is found of the connector before anybody connects: server card and AI catalog (SEP-2127), the proofs of its domain, the
// server.json that is made of it, its icon, and the extension of its authorization server.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { send } from '../support/http/exchange.mjs';
import { initialize, modern } from '../support/mcp/requests.mjs';
import { SIGN_IN } from '../support/oauth/client.mjs';
import { instancesForSuite } from '../support/workers/instances.mjs';
import { ROOT } from '../support/workers/wrangler-dev.mjs';

const ORIGIN = 'https://mcp.example.com';
const PROOF = `v=MCPv1; k=ed25519; p=${Buffer.alloc(32, 7).toString('base64')}`;
const NIGHTLY = { client_id: 'nightly', client_secret: 'a-secret-of-24-characters', own_scopes: 'profile' };
const EXTENSION = 'io.modelcontextprotocol/oauth-client-credentials';

const runtime = instancesForSuite({ count: 1, origin: ORIGIN, vars: { ...SIGN_IN, MCP_REGISTRY_AUTH: PROOF, OPENAI_APPS_CHALLENGE: 'token-123' } });
const [site] = runtime.instances;
const CARDS = ['/mcp/server-card', '/private/mcp/server-card'];
const CATALOG = '/.well-known/ai-catalog.json';
const read = (path, more = {}) => send(site, { path, ...more });

/** Why a document is not one of the official schema. */
function complaints(validator, file, document, definition) {
  const schema = JSON.parse(readFileSync(join(ROOT, 'tests/support/schema', file), 'utf8'));
  const validate = addFormats(validator).compile(definition ? { ...schema, $ref: definition } : schema);
  return validate(document) ? [] : validate.errors;
}

// SEP-2127
describe('a server card', () => {
  for (const path of CARDS) {
    test(`a server card is at ${path}, for everybody`, async () => {
      const answer = (await read(path)).hasStatus(200, 'SEP-2127, "Hosted Server Card Location"');
      answer.hasHeader('content-type', 'application/mcp-server-card+json', 'SEP-2127, "MCP Server Cards"');
      answer.hasHeader('cache-control', 'public, max-age=3600', 'SEP-2127, "Caching"');
      answer.hasHeader('etag', /^"[\w-]{22}"$/, 'a strong validator (RFC 9110 §8.8.3)');
      answer.hasHeader('access-control-allow-origin', '*', 'SEP-2127, "CORS Requirements"');
      answer.hasHeader('access-control-allow-methods', 'GET', 'the same');
      answer.hasHeader('access-control-allow-headers', /content-type.*if-none-match/, 'the same');
      answer.hasHeader('access-control-expose-headers', /etag/, 'the same');
      const card = answer.json();
      assert.deepEqual(complaints(new Ajv2020({ strict: false }), 'server-card.json', card, '#/$defs/ServerCard'), []);
      const endpoint = `${ORIGIN}${path.replace('/server-card', '')}`;
      assert.equal(card.remotes[0].url, endpoint, 'the endpoint that was asked is the first');
      assert.deepEqual(card.remotes.map(({ url }) => url).sort(), [`${ORIGIN}/mcp`, `${ORIGIN}/private/mcp`]);
    });
  }

  test('a server card agrees with what the server says once a client has connected', async () => {
    const card = (await read('/mcp/server-card')).json();
    const { serverInfo } = (await send(site, initialize('2025-11-25'))).result();
    assert.equal(card.name, `com.example.mcp/${serverInfo.name}`);
    for (const member of ['version', 'title', 'description', 'icons']) assert.deepEqual(card[member], serverInfo[member], member);
    const { supportedVersions, _meta } = (await send(site, modern('server/discover'))).result();
    assert.deepEqual(_meta['io.modelcontextprotocol/serverInfo'], serverInfo, 'a client of 2026-07-28 learns the same');
    for (const version of supportedVersions) assert.ok(card.remotes[0].supportedProtocolVersions.includes(version), version);
  });

  test('a server card that a client has is not sent again', async () => {
    for (const path of [...CARDS, CATALOG]) {
      const { etag } = (await read(path)).headers;
      const again = (await read(path, { headers: { 'if-none-match': `"other", ${etag}` } })).hasStatus(304, 'RFC 9110 §13.1.2');
      assert.equal(again.text, '');
      again.hasHeader('etag', etag, 'RFC 9110 §15.4.5');
      again.hasHeader('access-control-allow-origin', '*', 'a page can read that nothing has changed');
      (await read(path, { headers: { 'if-none-match': '"other"' } })).hasStatus(200, 'it has another one');
      const head = (await read(path, { method: 'HEAD' })).hasStatus(200, 'RFC 9110 §9.3.2');
      assert.deepEqual([head.text, head.headers.etag], ['', etag]);
    }
  });

  test('a page of any site may ask for a server card, and nothing else is done there', async () => {
    const asked = { origin: 'https://agent.example', 'access-control-request-method': 'GET', 'access-control-request-headers': 'if-none-match' };
    for (const path of [...CARDS, CATALOG]) {
      const preflight = (await read(path, { method: 'OPTIONS', headers: asked })).hasStatus(204, 'Fetch, "CORS-preflight request"');
      preflight.hasHeader('access-control-allow-origin', '*', 'SEP-2127, "CORS Requirements"');
      preflight.hasHeader('access-control-allow-headers', /if-none-match/, 'SEP-2127, "CORS Requirements"');
      (await read(path, { method: 'POST', body: '{}' })).hasStatus(405, 'it can only be read');
    }
    (await read('/sse/server-card')).hasStatus(404, 'a card is at a Streamable HTTP URL');
  });

  // AI Catalog 1.0; SEP-2127, "Discovery"
  test('the AI catalog of the host leads to the server card', async () => {
    const answer = (await read(CATALOG)).hasStatus(200, 'SEP-2127, "Well-Known URI"');
    answer.hasHeader('content-type', 'application/ai-catalog+json', 'the same');
    const { specVersion, host, entries } = answer.json();
    assert.equal(specVersion, '1.0');
    assert.equal(typeof host.displayName, 'string', 'AI Catalog, "Discoverable Catalog"');
    const card = (await read('/mcp/server-card')).json();
    const identifier = `urn:air:mcp.example.com:mcp:${card.name.split('/')[1]}`;
    assert.match((await read('/')).text, new RegExp(`<link rel="ai-catalog" type="application/ai-catalog\\+json" href="${CATALOG}">`), 'AI Catalog, "Link Relation Discovery"');
    assert.deepEqual(entries, [{ identifier, type: 'application/mcp-server-card+json', url: `${ORIGIN}/mcp/server-card` }]);
  });
});

describe('npm run registry', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-connector-registry-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('npm run registry writes a server.json that the MCP registry takes, and says what is left to do', async () => {
    mkdirSync(join(folder, 'node_modules'));
    cpSync(join(ROOT, 'scripts'), join(folder, 'scripts'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules/smol-toml'), join(folder, 'node_modules/smol-toml'));
    await runtime.restart({ ...SIGN_IN, PUBLIC_URL: ORIGIN });
    const command = promisify(execFile)(process.execPath, ['scripts/registry.mjs', `http://127.0.0.1:${site.port}`], { cwd: folder });
    const { stdout } = await command;
    const document = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8'));
    assert.deepEqual(complaints(new Ajv({ strict: false }), 'registry-server.json', document), []);
    assert.deepEqual(document.remotes, [{ type: 'streamable-http', url: `${ORIGIN}/mcp` }]);
    assert.match(document.$schema, /\/2025-12-11\/server\.schema\.json$/);
    const [, proof] = /MCP_REGISTRY_AUTH = "(.*)"/.exec(stdout);
    assert.match(stdout, /login http --domain mcp\.example\.com /);

    await runtime.restart({ ...SIGN_IN, MCP_REGISTRY_AUTH: proof });
    assert.equal((await read('/.well-known/mcp-registry-auth')).text, proof, 'what it prints is what the Worker takes');
  });

  for (const [what, args, status, message] of [
    ['no URL', [], 2, /Usage: npm run registry/],
    ['a URL where there is no server', ['http://127.0.0.1:1/mcp'], 1, /does not answer/],
  ]) {
    test(`npm run registry explains itself if it is given ${what}`, async () => {
      const failed = await promisify(execFile)(process.execPath, ['scripts/registry.mjs', ...args], { cwd: folder }).catch((error) => error);
      assert.equal(failed.code, status);
      assert.match(failed.stderr, message);
    });
  }
});

describe('the proof of a domain', () => {
  const PATHS = { '/.well-known/mcp-registry-auth': PROOF, '/.well-known/openai-apps-challenge': 'token-123' };

  test('the proof of a domain is the text of the setting and nothing else', async () => {
    await runtime.restart({ ...SIGN_IN, MCP_REGISTRY_AUTH: PROOF, OPENAI_APPS_CHALLENGE: 'token-123' });
    for (const [path, text] of Object.entries(PATHS)) {
      const answer = (await read(path, { headers: { accept: 'text/plain', 'user-agent': 'mcp-registry/1.0' } })).hasStatus(200, 'no redirect');
      assert.equal(answer.text, text);
      answer.hasHeader('content-type', /^text\/plain\b/, 'it is text');
    }
  });

  test('the proof of a domain is not there without its setting, and a wrong one says what is expected', async () => {
    await runtime.restart(SIGN_IN);
    for (const path of Object.keys(PATHS)) (await read(path)).hasStatus(404, 'no proof is set');
    await runtime.restart({ ...SIGN_IN, MCP_REGISTRY_AUTH: 'a key' });
    const wrong = (await read('/.well-known/mcp-registry-auth')).hasStatus(503, 'docs/configuration.md, "What cannot be read"');
    assert.match(wrong.json().error_description, /MCP_REGISTRY_AUTH must be a line of the form v=MCPv1/);
    assert.doesNotMatch(wrong.text, /a key/, 'the value is not shown');
    (await read('/.well-known/openai-apps-challenge')).hasStatus(404, 'only what depends on the setting is closed');
    (await read('/mcp/server-card')).hasStatus(200, 'the same');
  });
});

// MCP extension "OAuth Client Credentials"
describe('the extension for programs without a person', () => {
  const extensions = async () => {
    const discovered = (await send(site, modern('server/discover'))).result();
    const initialized = (await send(site, initialize('2025-11-25'))).result();
    return [discovered, initialized].map(({ capabilities }) => capabilities.extensions?.[EXTENSION]);
  };

  test('the extension is advertised where a client of the configuration can use it', async () => {
    await runtime.restart({ ...SIGN_IN, OAUTH_CLIENTS: JSON.stringify([NIGHTLY]) });
    assert.deepEqual(await extensions(), [{}, {}]);
    const metadata = (await read('/.well-known/oauth-authorization-server')).json();
    assert.ok(metadata.grant_types_supported.includes('client_credentials'));
    assert.ok(metadata.token_endpoint_auth_methods_supported.includes('client_secret_basic'), 'ext-auth, "Server Metadata Requirements"');
  });

  test('the extension is not advertised where nobody can use it', async () => {
    await runtime.restart(SIGN_IN);
    assert.deepEqual(await extensions(), [undefined, undefined]);
  });
});

describe('the icon', () => {
  const everything = instancesForSuite({ worker: 'examples/everything', count: 1, origin: ORIGIN });

  test('the icon of the connector is where browsers look for it', async () => {
    const [other] = everything.instances;
    const { serverInfo } = (await send(other, initialize('2025-11-25'))).result();
    const embedded = serverInfo.icons?.find(({ src }) => src.startsWith('data:image/svg+xml;base64,'));
    for (const path of ['/favicon.ico', '/favicon.svg']) {
      const answer = await send(other, { path });
      answer.hasStatus(200, 'the connector has an icon');
      answer.hasHeader('content-type', 'image/svg+xml', 'the type of the icon');
      answer.hasHeader('content-security-policy', /default-src 'none'.*sandbox/, 'an SVG that is opened as a page runs nothing');
      assert.equal(answer.bytes.toString('base64'), embedded.src.split(',')[1]);
    }
    assert.match((await send(other, { path: '/' })).text, /<link rel="icon" href="\/favicon\.ico">/);
  });

  test('a connector without an icon has none there', async () => {
    for (const path of ['/favicon.ico', '/favicon.svg', '/favicon.png']) (await read(path)).hasStatus(404, 'the starter has no icon');
    assert.match((await read('/')).text, /<link rel="icon" href="data:image\/svg\+xml/, 'its pages show a letter');
  });
});
