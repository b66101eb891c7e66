// The calls that are measured: what is sent, and how an answer proves that it is the right one.
import assert from 'node:assert/strict';

const LEGACY = '2025-11-25';
const MODERN = '2026-07-28';
const META = 'io.modelcontextprotocol';

/**
 * @typedef {object} Call
 * @property {string} name for `--only`
 * @property {string} title
 * @property {'legacy' | 'modern' | 'list' | 'whoami' | 'challenge' | 'metadata'} kind which columns can answer it
 * @property {number} weight how many small requests one of these is worth; fewer of them are sent
 * @property {boolean} [signedIn] to be sent with a token; others have one only where a column answers nobody without
 * @property {boolean} [anonymous] to be sent without a token in any case
 * @property {Call} [beside] what is measured next to it, without a token, on a column that takes both
 * @property {import('./load.mjs').Request} request
 * @property {(answer: import('./load.mjs').Answer) => void} check
 */

const smallEcho = echo({ name: 'legacy-100B', bytes: 100, era: 'legacy', weight: 1 });

/** @type {Call[]} */
export const calls = [
  smallEcho,
  echo({ name: 'legacy-100KB', bytes: 100_000, era: 'legacy', weight: 8 }),
  echo({ name: 'modern-100B', bytes: 100, era: 'modern', weight: 1 }),
  echo({ name: 'modern-100KB', bytes: 100_000, era: 'modern', weight: 8 }),
  {
    name: 'list',
    title: `tools/list, legacy (${LEGACY})`,
    kind: 'list',
    weight: 1,
    request: post('legacy', 'tools/list', {}),
    check(answer) {
      const names = result(answer).tools.map((tool) => tool.name);
      assert.ok(names.includes('echo'), `the list has no echo: ${names}`);
    },
  },
  {
    name: 'whoami',
    title: `tools/call whoami with a token, legacy (${LEGACY})`,
    kind: 'whoami',
    weight: 1,
    signedIn: true,
    beside: smallEcho,
    request: post('legacy', 'tools/call', { name: 'whoami', arguments: {} }),
    check(answer) {
      const { content, isError } = result(answer);
      assert.notEqual(isError, true, `an error result: ${answer.body.slice(0, 300)}`);
      assert.match(content[0].text, /owner/);
    },
  },
  {
    name: '401',
    title: 'tools/call whoami without a token: 401',
    kind: 'challenge',
    weight: 1,
    anonymous: true,
    request: post('legacy', 'tools/call', { name: 'whoami', arguments: {} }),
    check(answer) {
      assert.equal(answer.status, 401);
      assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer .*resource_metadata="http/);
    },
  },
  {
    name: 'metadata',
    title: 'GET /.well-known/oauth-protected-resource/mcp',
    kind: 'metadata',
    weight: 1,
    anonymous: true,
    request: { method: 'GET', path: '/.well-known/oauth-protected-resource/mcp', headers: { Accept: 'application/json' } },
    check(answer) {
      assert.equal(answer.status, 200);
      const { resource, authorization_servers: servers } = JSON.parse(answer.body);
      assert.match(resource, /\/mcp$/);
      assert.ok(servers.length > 0, 'no authorization server is named');
    },
  },
];

/** What is not one request and is measured in its own way: see `measureSignIns`. */
export const wholeSignIn = { name: 'sign-in', title: 'A whole sign-in: register, authorize, redeem the code, refresh' };

/** What is no request that ends: see `streams.mjs`. */
export const openStreams = { name: 'streams', title: 'Open streams (subscriptions/listen)' };

function echo({ name, bytes, era, weight }) {
  const text = prose(bytes);
  return {
    name,
    title: `tools/call echo, ${bytes < 1000 ? `${bytes} B` : `${bytes / 1000} KB`}, ${era} (${era === 'modern' ? MODERN : LEGACY})`,
    kind: era,
    weight,
    request: post(era, 'tools/call', { name: 'echo', arguments: { text } }),
    check(answer) {
      const { content, isError } = result(answer);
      assert.notEqual(isError, true, `an error result: ${answer.body.slice(0, 300)}`);
      assert.equal(content[0].text, text);
    },
  };
}

/** Text as people write it, with line ends and quotation marks, of exactly so many bytes. */
function prose(bytes) {
  const line = 'What a tool gets is seldom one long word: it has lines, commas and "quoted" parts,\nas this sentence has. ';
  return line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes);
}

/** A request as a client of this era sends it. */
function post(era, method, params) {
  const headers = {
    Accept: 'application/json, text/event-stream',
    'Content-Type': 'application/json',
    'MCP-Protocol-Version': era === 'modern' ? MODERN : LEGACY,
  };
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
  return { method: 'POST', path: '/mcp', headers, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) };
}

/** The result in an answer, which is one JSON document or a stream of events whose last message is the response. */
function result(answer) {
  assert.equal(answer.status, 200, `status ${answer.status}: ${answer.body.slice(0, 300)}`);
  const stream = (answer.headers['content-type'] ?? '').startsWith('text/event-stream');
  const messages = stream ? [...answer.body.matchAll(/^data: ?(\{.*)$/gm)].map((match) => JSON.parse(match[1])) : [JSON.parse(answer.body)];
  const response = messages.at(-1);
  assert.equal(response?.id, 1, `no response with the id of the request: ${answer.body.slice(0, 300)}`);
  assert.ok(response.result, `an error: ${JSON.stringify(response.error)}`);
  return response.result;
}

/** The bare Worker sends back what it got; JSON is compared, for it may write the members in another order. */
export function checkEcho(request, answer) {
  assert.equal(answer.status, 200);
  assert.deepEqual(JSON.parse(answer.body), JSON.parse(request.body ?? 'null'));
}
