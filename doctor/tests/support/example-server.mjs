// A small, correct MCP server with its authorization server, on loopback. A test gives it one fault.
import http from 'node:http';
import https from 'node:https';

const TOOLS = [
  { name: 'echo', title: 'Echo', description: 'Say the text back.', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } },
  { name: 'whoami', title: 'Who am I', description: 'Tell who is signed in.', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } },
  { name: 'wipe', title: 'Wipe', description: 'Delete everything.', inputSchema: { type: 'object' }, annotations: { destructiveHint: true } },
];
const PROTECTED = ['whoami', 'wipe'];
export const TOKEN = 'a-token-that-opens-everything';

/**
 * @typedef {object} Asked
 * @property {string} path  with its query
 * @property {http.IncomingHttpHeaders} headers
 * @property {string} body
 * @property {any} json   the body, if it is JSON
 *
 * @typedef {{status?: number, headers?: Record<string, string | string[]>, body?: string | object}} Reply  an object is sent as JSON
 */

/**
 * @param {(server: ExampleServer) => void} [fault]
 * @param {{cert: string, key: string}} [tls]
 */
export async function startExampleServer(fault = () => {}, tls) {
  const example = new ExampleServer();
  const answer = (request, response) => void example.serve(request, response);
  const server = tls ? https.createServer(tls, answer) : http.createServer(answer);
  // A client that breaks off a handshake is part of some tests.
  server.on('tlsClientError', () => {});
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  example.port = server.address().port;
  example.origin = `${tls ? 'https' : 'http'}://127.0.0.1:${example.port}`;
  fault(example);
  example.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return example;
}

export class ExampleServer {
  /** Whether every request needs a token, and not only some tools. */
  always = false;
  tools = structuredClone(TOOLS);
  /** All requests, as `METHOD path`. */
  seen = [];
  /** Replies that come before the good ones, by `METHOD path`. @type {Record<string, (asked: Asked) => Reply | undefined | Promise<Reply | undefined>>} */
  instead = {};
  /** What changes a document before it is sent. */
  resourceDocument = (document) => document;
  serverDocument = (document) => document;
  /** The challenge of a 401, or undefined for none. */
  challenge = (origin, error) => `Bearer ${error ? `error="${error}", ` : ''}resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp", scope="notes"`;
  /** JSON-RPC methods, legacy and modern. */
  methods = {
    initialize: () => ({ protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'example', version: '1' } }),
    'server/discover': () => ({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, resultType: 'complete', ttlMs: 0, cacheScope: 'private' }),
    'tools/list': () => ({ tools: this.tools }),
    'tools/call': () => ({ content: [{ type: 'text', text: 'done' }] }),
  };

  async serve(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const [pathname] = request.url.split('?');
    this.seen.push(`${request.method} ${request.url}`);
    const origin = this.seenFrom ?? `${request.socket.encrypted ? 'https' : 'http'}://${request.headers.host}`;
    const asked = { path: request.url, headers: request.headers, body, json: parsed(body), origin, socket: request.socket };
    const key = `${request.method} ${pathname}`;
    const { status = 200, headers = {}, body: said = '' } = (await this.instead[key]?.(asked)) ?? this.reply(key, asked);
    if (response.destroyed) return;
    const type = typeof said === 'string' ? {} : { 'content-type': 'application/json' };
    response.writeHead(status, { ...type, ...headers });
    response.end(typeof said === 'string' ? said : JSON.stringify(said));
  }

  /** @returns {Reply} */
  reply(key, asked) {
    const { origin } = asked;
    switch (key) {
      case 'POST /mcp':
      case 'POST /mcp/':
        return this.mcp(asked);
      case 'OPTIONS /mcp':
        return { status: 204, headers: { 'access-control-allow-origin': '*' } };
      case 'GET /.well-known/oauth-protected-resource/mcp':
        return { body: this.resourceDocument({ resource: `${origin}/mcp`, authorization_servers: [origin], scopes_supported: ['notes'] }) };
      case 'GET /.well-known/oauth-authorization-server':
        return {
          body: this.serverDocument({
            issuer: origin,
            authorization_endpoint: `${origin}/authorize`,
            token_endpoint: `${origin}/token`,
            registration_endpoint: `${origin}/register`,
            response_types_supported: ['code'],
            code_challenge_methods_supported: ['S256'],
            token_endpoint_auth_methods_supported: ['none'],
            client_id_metadata_document_supported: true,
          }),
        };
      case 'POST /register':
        return { status: 201, body: { ...asked.json, client_id: 'client-1' } };
      case 'GET /authorize':
        return { headers: { 'content-type': 'text/html' }, body: '<title>Allow?</title><form method="post"></form>' };
      case 'POST /token': {
        const known = new URLSearchParams(asked.body).get('client_id') === 'client-1';
        return known ? { status: 400, body: { error: 'invalid_grant' } } : { status: 401, body: { error: 'invalid_client' } };
      }
      default:
        return { status: 404, body: { error: 'not found' } };
    }
  }

  mcp({ headers, json, origin }) {
    const token = headers.authorization?.replace(/^Bearer /, '');
    const refuse = (error) => {
      const challenge = this.challenge(origin, error);
      return { status: 401, headers: challenge ? { 'www-authenticate': challenge } : {}, body: { error: error ?? 'sign in' } };
    };
    if (token !== undefined && token !== TOKEN) return refuse('invalid_token');
    const named = json?.method === 'tools/call' ? json.params.name : undefined;
    if (token === undefined && (this.always || PROTECTED.includes(named))) return refuse();
    if (json?.id === undefined) return { status: 202 };
    const method = this.methods[json.method];
    if (!method) return { body: { jsonrpc: '2.0', id: json.id, error: { code: -32601, message: 'Method not found' } } };
    return { body: { jsonrpc: '2.0', id: json.id, result: method(json.params) } };
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
