// JSON-RPC requests of both eras of MCP, and the answer to one of them in either form: JSON or Server-Sent Events.
import { eventsIn, isEventStream } from './events.mjs';
import { jsonIn } from './json.mjs';

export const MODERN = '2026-07-28';
/** Revisions with a handshake, newest first. Hosted Claude documents these. */
export const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];

const META = 'io.modelcontextprotocol/';
const CLIENT = { name: 'mcp-connector-doctor', version: '1.0.0' };
const NAMED_BY = { 'tools/call': 'name', 'prompts/get': 'name', 'resources/read': 'uri' };

/** A request that is posted: any body, even one that is no message. */
export const posting = (body, headers, id) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
  enough: (text, { 'content-type': type = '' }) => id !== undefined && isEventStream(type) && messageIn(text, type, id) !== undefined,
  id,
});

let lastId = 0;

/**
 * A request of a revision with a handshake.
 * @param {string} method
 * @param {object} [params]
 * @param {{version?: string | null, session?: string, id?: string | number}} [how]  without a version header if `version` is null
 */
export function legacy(method, params, { version = LEGACY[0], session, id = ++lastId } = {}) {
  const revision = version !== null && method !== 'initialize' ? { 'mcp-protocol-version': version } : {};
  return posting({ jsonrpc: '2.0', id, method, ...(params && { params }) }, { ...revision, ...(session && { 'mcp-session-id': session }) }, id);
}

/** The handshake itself. */
export const initialize = (protocolVersion = LEGACY[0]) => ({
  ...legacy('initialize', { protocolVersion, capabilities: {}, clientInfo: CLIENT }),
  begins: true,
});

/** Tells the server that the handshake is done. */
export function initialized(how) {
  const asked = legacy('notifications/initialized', undefined, how);
  const { id, ...body } = JSON.parse(asked.body);
  return { ...asked, body: JSON.stringify(body), id: undefined };
}

/**
 * A request of the stateless revision: version, method and name are in headers and body.
 * @param {string} method
 * @param {object} [params]
 * @param {{version?: string, headers?: object}} [how]  headers that replace the right ones
 */
export function modern(method, params = {}, { version = MODERN, headers = {} } = {}) {
  const envelope = { [`${META}protocolVersion`]: version, [`${META}clientInfo`]: CLIENT, [`${META}clientCapabilities`]: {} };
  const name = params[NAMED_BY[method]];
  const id = ++lastId;
  return posting(
    { jsonrpc: '2.0', id, method, params: { ...params, _meta: envelope } },
    { 'mcp-protocol-version': version, 'mcp-method': method, ...(typeof name === 'string' && { 'mcp-name': encodedName(name) }), ...headers },
    id,
  );
}

/** A header value is plain ASCII; anything else is sent in the form the specification has for that. */
const encodedName = (name) => (/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(name) ? name : `=?base64?${Buffer.from(name).toString('base64')}?=`);

/**
 * The JSON-RPC message that answers `id`, or undefined.
 * @param {string} text
 * @param {string} [type]  the Content-Type
 * @param {string | number} [id]
 */
export function messageIn(text, type = '', id) {
  const messages = messagesIn(text, type).filter((message) => 'result' in message || 'error' in message);
  // An error about a request that could not be read has no id.
  return messages.find((message) => message.id === id) ?? messages.find((message) => message.error && (message.id ?? null) === null);
}

/** All JSON-RPC messages of an answer. */
export function messagesIn(text, type = '') {
  const texts = isEventStream(type) ? eventsIn(text).map(({ data }) => data) : [text];
  return texts
    .map(jsonIn)
    .flat()
    .filter((message) => message?.jsonrpc === '2.0');
}
