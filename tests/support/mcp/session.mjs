// A session of a revision with a handshake ("Session Management" of the transport), and the requests that belong to it.

import assert from 'node:assert/strict';
import { send } from '../http/exchange.mjs';
import { LEGACY, calling, legacy, notification, post } from './requests.mjs';

/**
 * Begins a session by `initialize`. Its methods build requests and send nothing, so that a test chooses where each one goes.
 * @param {import('../http/exchange.mjs').Site} site
 * @param {{version?: string, capabilities?: object, headers?: object}} [client]  `headers` are sent with every request
 */
export async function openSession(site, { version = LEGACY[0], capabilities = { elicitation: {} }, headers = {} } = {}) {
  const params = { protocolVersion: version, capabilities, clientInfo: { name: 'behaviour-tests', version: '1' } };
  const answer = await send(site, legacy('initialize', params, { version: null, headers }));
  const id = answer.headers['mcp-session-id'];
  assert.ok(id, answer.story('a session begins'));
  const own = { 'mcp-session-id': id, ...headers };
  const all = { 'mcp-protocol-version': version, ...own };
  const within = (more = {}) => ({ version, ...more, headers: { ...own, ...more.headers } });
  return {
    id,
    version,
    /** A request; `more` are options as of `legacy`. */
    request: (method, params, more) => legacy(method, params, within(more)),
    call: (name, args, more) => legacy('tools/call', calling(name, args), within(more)),
    notification: (method, params, more) => notification(method, params, within(more)),
    /** A client's answer to a request of the server: a result, or `{error}`. */
    answer: (id, result, more = {}) => post({ jsonrpc: '2.0', id, ...(result.error ? result : { result }) }, { headers: { ...all, ...more } }),
    /** Any body. */
    post: (body) => post(body, { headers: all }),
    /** The stream of the session, or what is missing of another one after the event `last`. */
    get: (last, more = {}) => ({
      method: 'GET',
      path: '/mcp',
      headers: { accept: 'text/event-stream', ...all, ...(last !== undefined && { 'last-event-id': last }), ...more },
    }),
    end: (more = {}) => ({ method: 'DELETE', path: '/mcp', headers: { ...all, ...more } }),
  };
}
