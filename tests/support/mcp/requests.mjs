// MCP requests of both eras, built from their parts so that a test can leave out or falsify each of them.

import assert from 'node:assert/strict';
import { send, stream } from '../http/exchange.mjs';

export const MODERN = '2026-07-28';
/** Revisions with an `initialize` handshake, newest first. */
export const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26'];
export const BOTH_TYPES = 'application/json, text/event-stream';

export const CODE = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedVersion: -32022,
};

const META = 'io.modelcontextprotocol/';
/** Names of the reserved `_meta` members. */
export const KEY = {
  version: `${META}protocolVersion`,
  capabilities: `${META}clientCapabilities`,
  clientInfo: `${META}clientInfo`,
  serverInfo: `${META}serverInfo`,
  logLevel: `${META}logLevel`,
  subscription: `${META}subscriptionId`,
};

/** The value that `Mcp-Name` must repeat, by method ("Request Metadata"). */
const NAMED_BY = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

/** A header value as the sentinel writes it when it is not plain ASCII. */
export const base64Sentinel = (text) => `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`;

let nextId = 1;

/**
 * A POST of any body.
 * @param {object} options  `path`, `headers` (null leaves one out), `raw` for a body that is sent as it is
 */
export function post(body, { path = '/mcp', headers = {}, ...rest } = {}) {
  return {
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', accept: BOTH_TYPES, ...headers },
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    ...rest,
  };
}

/** A request of the stateless revision: its version, method and name are in headers and body. */
export function modern(method, params = {}, options = {}) {
  const { id = nextId++, version = MODERN, capabilities = {}, meta = {}, headers = {}, ...rest } = options;
  const { _meta: own = {}, ...others } = params;
  const envelope = {
    [KEY.version]: version,
    [KEY.clientInfo]: { name: 'behaviour-tests', version: '1.0.0' },
    [KEY.capabilities]: capabilities,
    ...own,
    ...meta,
  };
  const name = params[NAMED_BY[method]];
  const body = { jsonrpc: '2.0', id, method, params: { ...others, _meta: envelope } };
  return post(body, {
    headers: {
      'mcp-protocol-version': version,
      'mcp-method': method,
      ...(typeof name === 'string' && { 'mcp-name': name }),
      ...headers,
    },
    ...rest,
  });
}

/** A request of a revision with a handshake. `version: null` leaves the version header out. */
export function legacy(method, params, options = {}) {
  const { id = nextId++, version = LEGACY[0], headers = {}, ...rest } = options;
  const body = { jsonrpc: '2.0', id, method, ...(params !== undefined && { params }) };
  return post(body, { headers: { 'mcp-protocol-version': version, ...headers }, ...rest });
}

/** A legacy message that expects no answer. */
export function notification(method, params, { version = LEGACY[0], headers = {}, ...rest } = {}) {
  return post(
    { jsonrpc: '2.0', method, ...(params !== undefined && { params }) },
    { headers: { 'mcp-protocol-version': version, ...headers }, ...rest },
  );
}

export const initialize = (version, options = {}) =>
  legacy(
    'initialize',
    { protocolVersion: version, capabilities: {}, clientInfo: { name: 'behaviour-tests', version: '1.0.0' } },
    { version: null, ...options },
  );

/** Parameters of `tools/call`. */
export const calling = (name, args = {}, more = {}) => ({ name, arguments: args, ...more });

/** Both ways to ask the same thing, for rules that hold in either era. */
export const ERAS = [
  { era: 'modern', ask: modern },
  { era: 'legacy', ask: legacy },
];

/** Every wire version with its way to ask. */
export const REVISIONS = [
  { version: MODERN, ask: modern },
  ...LEGACY.map((version) => ({
    version,
    ask: (method, params, options) => legacy(method, params, { version, ...options }),
  })),
];

/** Text of a tool result's text blocks. */
export const textOf = (result) =>
  (result.content ?? [])
    .filter((block) => block.type === 'text')
    .map((block) => block.text)
    .join('\n');

/** Calls a tool and gives its result. */
export async function callTool(server, ask, name, args = {}, options = {}) {
  return (await send(server, ask('tools/call', calling(name, args), options))).result(`tools/call ${name} succeeds`);
}

/** Lists all tools, page by page. */
export async function listTools(server, ask = modern, options = {}) {
  const tools = [];
  let cursor;
  do {
    const answer = await send(server, ask('tools/list', cursor === undefined ? {} : { cursor }, options));
    const result = answer.result('tools/list succeeds');
    assert.ok(Array.isArray(result.tools), answer.story('tools/list gives `tools`'));
    tools.push(...result.tools);
    cursor = result.nextCursor;
    assert.ok(tools.length < 1000, answer.story('the list ends'));
  } while (cursor !== undefined);
  return tools;
}

/** The answer of a person who fills in a form. */
export const accept = (content) => ({ action: 'accept', content });

export { send, stream };
