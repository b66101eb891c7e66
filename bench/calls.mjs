// The calls that are measured: what is sent, and how an answer proves that it is the right one.
import assert from 'node:assert/strict';

export const LEGACY = '2025-11-25';
const MODERN = '2026-07-28';
const META = 'io.modelcontextprotocol';

/** The tools of the starter; the other columns have tools of the same names, descriptions and arguments. */
const TOOLS = ['delete_note', 'echo', 'list_notes', 'save_note', 'whoami'];

/**
 * @typedef {string | number} RequestId
 * @typedef {object} Call
 * @property {string} name for `--only`
 * @property {string} title
 * @property {'legacy' | 'modern' | 'token' | 'whoami' | 'challenge' | 'metadata'} kind which columns can answer it
 * @property {number} weight how many small requests one of these is worth; fewer of them are sent
 * @property {boolean} [signedIn] to be sent with a token; others have one only where a column answers nobody without
 * @property {boolean} [anonymous] to be sent without a token in any case
 * @property {Call} [beside] what is measured next to it, without a token, on a column that takes both
 * @property {(id: RequestId) => import('./load.mjs').Request} request
 * @property {(answer: import('./load.mjs').Answer, id: RequestId, revision: string) => void} check
 */

const smallEcho = echo({ name: 'legacy-100B', bytes: 100, era: 'legacy', weight: 1 });

/** @type {Call[]} */
export const calls = [
  {
    name: 'initialize',
    title: `initialize (${LEGACY})`,
    kind: 'legacy',
    weight: 1,
    request: (id) =>
      post('legacy', id, 'initialize', { protocolVersion: LEGACY, capabilities: {}, clientInfo: { name: 'bench', version: '1.0.0' } }),
    check(answer, id, revision) {
      const { protocolVersion, capabilities, serverInfo } = result(answer, id);
      assert.equal(protocolVersion, revision);
      assert.ok(capabilities.tools, 'the server says nothing of tools');
      assert.match(serverInfo.name, /./);
    },
  },
  {
    name: 'list',
    title: `tools/list, ${TOOLS.length} tools (${LEGACY})`,
    kind: 'legacy',
    weight: 1,
    request: (id) => post('legacy', id, 'tools/list', {}),
    check(answer, id) {
      const { tools } = result(answer, id);
      assert.deepEqual(tools.map(({ name }) => name).sort(), TOOLS);
      for (const { name, description, inputSchema } of tools) {
        assert.ok(description && inputSchema?.type === 'object', `${name} has no description, or no schema`);
      }
      assert.ok(tools.find(({ name }) => name === 'echo').inputSchema.properties.text, 'echo takes no text');
    },
  },
  smallEcho,
  echo({ name: 'legacy-100KB', bytes: 100_000, era: 'legacy', weight: 8 }),
  echo({ name: 'modern-100B', bytes: 100, era: 'modern', weight: 1 }),
  echo({ name: 'modern-100KB', bytes: 100_000, era: 'modern', weight: 8 }),
  {
    ...smallEcho,
    name: 'token-100B',
    title: `tools/call echo, 100 B, with a token (${LEGACY})`,
    kind: 'token',
    signedIn: true,
    beside: smallEcho,
  },
  {
    name: 'whoami',
    title: `tools/call whoami, which needs a token (${LEGACY})`,
    kind: 'whoami',
    weight: 1,
    signedIn: true,
    request: (id) => post('legacy', id, 'tools/call', { name: 'whoami', arguments: {} }),
    check: (answer, id) => assert.match(textOf(result(answer, id)), /^You are .*owner/),
  },
  challenge({ name: '401', title: 'tools/call without a token where most is public: 401', path: '/mcp' }),
  challenge({ name: '401-private', title: 'tools/call without a token where nothing is public: 401', path: '/private/mcp' }),
  metadata({
    name: 'metadata',
    path: '/.well-known/oauth-protected-resource/mcp',
    check({ resource, authorization_servers: servers }) {
      assert.match(resource, /^http.*\/mcp$/);
      assert.match(servers[0], /^http/);
    },
  }),
  metadata({
    name: 'as-metadata',
    path: '/.well-known/oauth-authorization-server',
    check(document) {
      assert.match(document.issuer, /^http/);
      for (const endpoint of ['authorization_endpoint', 'token_endpoint', 'registration_endpoint']) {
        assert.ok(document[endpoint].startsWith(document.issuer), `${endpoint} is not below the issuer`);
      }
      assert.ok(document.code_challenge_methods_supported.includes('S256'));
    },
  }),
];

/** What is not one request and is measured in its own way: see `measureSignIns`. */
export const wholeSignIn = { name: 'sign-in', title: 'A whole sign-in: register, authorize, redeem the code, refresh' };

/** The start of a process: see `starts.mjs`. */
export const startUp = { name: 'start', title: 'From spawn to the first answer, and the first request against a later one' };

/** What is no request that ends: see `streams.mjs`. */
export const openStreams = { name: 'streams', title: 'Open streams (subscriptions/listen)' };

function echo({ name, bytes, era, weight }) {
  const text = prose(bytes);
  return {
    name,
    title: `tools/call echo, ${bytes < 1000 ? `${bytes} B` : `${bytes / 1000} KB`} (${era === 'modern' ? MODERN : LEGACY})`,
    kind: era,
    weight,
    request: (id) => post(era, id, 'tools/call', { name: 'echo', arguments: { text } }),
    check: (answer, id) => assert.equal(textOf(result(answer, id)), text),
  };
}

function challenge({ name, title, path }) {
  return {
    name,
    title,
    kind: 'challenge',
    weight: 1,
    anonymous: true,
    request: (id) => ({ ...post('legacy', id, 'tools/call', { name: 'whoami', arguments: {} }), path }),
    check(answer) {
      assert.equal(answer.status, 401);
      assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer .*resource_metadata="http/);
    },
  };
}

function metadata({ name, path, check }) {
  return {
    name,
    title: `GET ${path}`,
    kind: 'metadata',
    weight: 1,
    anonymous: true,
    request: () => ({ method: 'GET', path, headers: { Accept: 'application/json' } }),
    check(answer) {
      assert.equal(answer.status, 200);
      check(JSON.parse(answer.body));
    },
  };
}

/** Text as people write it, with line ends and quotation marks, of exactly so many bytes. */
function prose(bytes) {
  const line = 'What a tool gets is seldom one long word: it has lines, commas and "quoted" parts,\nas this sentence has. ';
  return line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes);
}

/** A request as a client of this era sends it. */
export function post(era, id, method, params) {
  const headers = { Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' };
  // The revision is agreed on by `initialize`, so that is sent without.
  if (method !== 'initialize') headers['MCP-Protocol-Version'] = era === 'modern' ? MODERN : LEGACY;
  if (era === 'modern') {
    headers['Mcp-Method'] = method;
    if (params.name) headers['Mcp-Name'] = params.name;
    params = {
      ...params,
      _meta: {
        [`${META}/protocolVersion`]: MODERN,
        [`${META}/clientInfo`]: { name: 'bench', version: '1.0.0' },
        [`${META}/clientCapabilities`]: {},
      },
    };
  }
  return { method: 'POST', path: '/mcp', headers, body: JSON.stringify({ jsonrpc: '2.0', id, method, params }) };
}

/** The result in an answer, which is one JSON document or a stream of events whose last message is the response. */
export function result(answer, id) {
  assert.equal(answer.status, 200, `status ${answer.status}: ${answer.body.slice(0, 300)}`);
  const stream = (answer.headers['content-type'] ?? '').startsWith('text/event-stream');
  const messages = stream ? [...answer.body.matchAll(/^data: ?(\{.*)$/gm)].map((match) => JSON.parse(match[1])) : [JSON.parse(answer.body)];
  const response = messages.at(-1);
  assert.equal(response?.jsonrpc, '2.0');
  assert.equal(response.id, id, `no response with the id of the request: ${answer.body.slice(0, 300)}`);
  assert.ok(response.result, `an error: ${JSON.stringify(response.error)}`);
  return response.result;
}

/** The one text of the result of a tool that has succeeded. */
function textOf({ content, isError }) {
  assert.notEqual(isError, true, `an error result: ${JSON.stringify(content).slice(0, 300)}`);
  assert.equal(content.length, 1);
  assert.equal(content[0].type, 'text');
  return content[0].text;
}

/** The bare Worker sends back what it got; JSON is compared, for it may write the members in another order. */
export function checkEcho(request, answer) {
  assert.equal(answer.status, 200);
  assert.deepEqual(JSON.parse(answer.body), JSON.parse(request.body ?? 'null'));
}
