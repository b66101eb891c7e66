// JSON-RPC requests of both eras of MCP, and the answer to one of them in either form: JSON or Server-Sent Events.

export const MODERN = '2026-07-28';
/** Revisions with a handshake, newest first. Hosted Claude documents these. */
export const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];

const META = 'io.modelcontextprotocol/';
const CLIENT = { name: 'mcp-connector-doctor', version: '1.0.0' };
const NAMED_BY = { 'tools/call': 'name' };

const posting = (body, headers) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
  body: JSON.stringify(body),
  enough: (text, { 'content-type': type = '' }) => /^text\/event-stream/i.test(type) && messageIn(text, type, body.id) !== undefined,
  id: body.id,
});

let lastId = 0;

/** A request of a revision with a handshake. */
export function legacy(method, params, { version = LEGACY[0], session } = {}) {
  return posting(
    { jsonrpc: '2.0', id: ++lastId, method, ...(params && { params }) },
    { ...(method !== 'initialize' && { 'mcp-protocol-version': version }), ...(session && { 'mcp-session-id': session }) },
  );
}

/** The handshake itself. */
export const initialize = () => ({
  ...legacy('initialize', { protocolVersion: LEGACY[0], capabilities: {}, clientInfo: CLIENT }),
  begins: true,
});

/** Tells the server that the handshake is done. */
export function initialized(how) {
  const asked = legacy('notifications/initialized', undefined, how);
  const { id, ...body } = JSON.parse(asked.body);
  return { ...asked, body: JSON.stringify(body), id: undefined };
}

/** A request of the stateless revision: version, method and name stand in headers and body. */
export function modern(method, params = {}) {
  const envelope = { [`${META}protocolVersion`]: MODERN, [`${META}clientInfo`]: CLIENT, [`${META}clientCapabilities`]: {} };
  const name = params[NAMED_BY[method]];
  return posting(
    { jsonrpc: '2.0', id: ++lastId, method, params: { ...params, _meta: envelope } },
    { 'mcp-protocol-version': MODERN, 'mcp-method': method, ...(name && { 'mcp-name': encodedName(name) }) },
  );
}

/** A header value is plain ASCII; anything else is sent in the form the specification has for that. */
const encodedName = (name) => (/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(name) ? name : `=?base64?${Buffer.from(name).toString('base64')}?=`);

/**
 * The JSON-RPC message that answers `id`, or undefined.
 * @param {string} text
 * @param {string} [type]  the Content-Type
 */
export function messageIn(text, type = '', id) {
  const texts = /^text\/event-stream/i.test(type) ? eventsIn(text) : [text];
  const messages = texts.map(jsonIn).flat().filter((message) => message?.jsonrpc === '2.0' && ('result' in message || 'error' in message));
  // An error about a request that could not be read has no id.
  return messages.find((message) => message.id === id) ?? messages.find((message) => message.error && (message.id ?? null) === null);
}

const eventsIn = (text) =>
  text.split(/\r\n\r\n|\n\n|\r\r/).map((block) =>
    block
      .split(/\r\n|\n|\r/)
      .filter((line) => line.startsWith('data:'))
      .map((line) => line.slice(5).replace(/^ /, ''))
      .join('\n'),
  );

/** The JSON in a text, or undefined. */
export function jsonIn(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a value is what JSON calls an object. */
export const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
