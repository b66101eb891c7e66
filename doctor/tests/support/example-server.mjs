// A small, correct MCP server with its authorization server, on loopback. A test gives it one fault.
import http from 'node:http';
import https from 'node:https';
import { ExampleAuthorization } from './example-authorization.mjs';
import { ExampleEndpoint, TOOLS } from './example-endpoint.mjs';

export { TOKEN } from './example-endpoint.mjs';

/**
 * @typedef {object} Asked
 * @property {string} path  with its query
 * @property {http.IncomingHttpHeaders} headers
 * @property {string} body
 * @property {any} json   the body, if it is JSON
 * @property {string} origin  of the server, as the client names it
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

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'authorization, content-type, mcp-protocol-version, mcp-session-id',
  'access-control-expose-headers': 'www-authenticate, mcp-session-id',
};
const ICON = { 'content-type': 'image/svg+xml' };
const ETAG = '"1"';

export class ExampleServer {
  /** Whether every request needs a token, and not only some tools. */
  always = false;
  /** Whether nobody has to sign in, and tokens are not looked at. */
  open = false;
  tools = structuredClone(TOOLS);
  /** All requests, as `METHOD path`. */
  seen = [];
  /** Replies that come before the good ones, by `METHOD path`. @type {Record<string, (asked: Asked) => Reply | undefined | Promise<Reply | undefined>>} */
  instead = {};
  /** Headers of every answer. */
  cors = { ...CORS };
  /** What changes a document before it is sent. */
  resourceDocument = (document) => document;
  serverDocument = (document) => document;
  card = (document) => document;
  catalog = (document) => document;
  /** The challenge of a 401, or undefined for none. */
  challenge = (origin, error) =>
    `Bearer ${error ? `error="${error}", ` : ''}resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp", scope="notes"`;
  endpoint = new ExampleEndpoint(this);
  authorization = new ExampleAuthorization(this);
  /** JSON-RPC methods of both eras. */
  methods = this.endpoint.methods;

  async serve(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const [pathname] = request.url.split('?');
    this.seen.push(`${request.method} ${request.url}`);
    const origin = `${request.socket.encrypted ? 'https' : 'http'}://${request.headers.host}`;
    const asked = { path: request.url, headers: request.headers, body, json: parsed(body), origin };
    const key = `${request.method} ${pathname}`;
    const { status = 200, headers = {}, body: said = '' } = (await this.instead[key]?.(asked)) ?? this.reply(key, asked);
    if (response.destroyed) return;
    const type = typeof said === 'string' ? {} : { 'content-type': 'application/json' };
    response.writeHead(status, { ...this.cors, ...type, ...headers });
    response.end(typeof said === 'string' ? said : JSON.stringify(said));
  }

  /** @returns {Reply} */
  reply(key, asked) {
    const { origin, headers } = asked;
    switch (key) {
      case 'POST /mcp':
      case 'POST /mcp/':
        return this.mcp(asked);
      case 'GET /mcp':
        return { status: 405, headers: { allow: 'POST' } };
      case 'GET /.well-known/oauth-protected-resource/mcp':
        return { body: this.resourceDocument({ resource: `${origin}/mcp`, authorization_servers: [origin], scopes_supported: ['notes'] }) };
      case 'GET /mcp/server-card': {
        const caching = { 'content-type': 'application/mcp-server-card+json', etag: ETAG, 'cache-control': 'public, max-age=3600' };
        return headers['if-none-match'] === ETAG ? { status: 304, headers: caching } : { headers: caching, body: this.card(cardOf(origin)) };
      }
      case 'GET /.well-known/ai-catalog.json':
        return { headers: { 'content-type': 'application/ai-catalog+json' }, body: this.catalog(catalogOf(origin)) };
      case 'GET /favicon.ico':
      case 'GET /icon.svg':
        return { headers: ICON, body: '<svg xmlns="http://www.w3.org/2000/svg"/>' };
      default:
        if (key.startsWith('OPTIONS ')) return { status: 204 };
        return this.authorization.reply(key, asked) ?? { status: 404, body: { error: 'not found' } };
    }
  }

  mcp(asked) {
    return this.endpoint.reply(asked);
  }
}

const cardOf = (origin) => ({
  $schema: 'https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json',
  name: 'example.connector/notes',
  version: '1',
  description: 'Keeps notes.',
  remotes: [{ type: 'streamable-http', url: `${origin}/mcp`, supportedProtocolVersions: ['2025-11-25', '2026-07-28'] }],
});

const catalogOf = (origin) => ({
  specVersion: '1.0',
  entries: [{ identifier: 'urn:air:connector.example:mcp:notes', type: 'application/mcp-server-card+json', url: `${origin}/mcp/server-card` }],
});

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
