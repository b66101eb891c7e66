// The MCP endpoint of the example server: both eras, without sessions, with a sign-in for some tools.

const SCHEMA = { type: 'object', properties: {} };
export const TOOLS = [
  { name: 'echo', title: 'Echo', description: 'Say the text back.', inputSchema: SCHEMA, annotations: { readOnlyHint: true } },
  {
    name: 'whoami',
    title: 'Who am I',
    description: 'Tell who is signed in.',
    inputSchema: SCHEMA,
    annotations: { readOnlyHint: true },
    _meta: { securitySchemes: [{ type: 'oauth2', scopes: ['notes'] }] },
  },
  { name: 'wipe', title: 'Wipe', description: 'Delete everything.', inputSchema: SCHEMA, annotations: { destructiveHint: true } },
];
const PROTECTED = ['whoami', 'wipe'];
export const TOKEN = 'a-token-that-opens-everything';

const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26'];
const MODERN = '2026-07-28';
const VERSION = 'io.modelcontextprotocol/protocolVersion';
const CACHED = ['server/discover', 'tools/list'];

export class ExampleEndpoint {
  /** @param {import('./example-server.mjs').ExampleServer} server */
  constructor(server) {
    this.server = server;
    this.methods = {
      initialize: ({ protocolVersion }) => ({
        protocolVersion: LEGACY.includes(protocolVersion) ? protocolVersion : LEGACY[0],
        capabilities: { tools: {} },
        serverInfo: { name: 'example', version: '1', icons: [{ src: `${server.origin}/icon.svg`, mimeType: 'image/svg+xml' }] },
      }),
      ping: () => ({}),
      'server/discover': () => ({ supportedVersions: [MODERN], capabilities: { tools: {} } }),
      'tools/list': () => ({ tools: server.tools }),
      'tools/call': () => ({ content: [{ type: 'text', text: 'done' }] }),
    };
  }

  /** @returns {import('./example-server.mjs').Reply} */
  reply({ headers, json, origin }) {
    // A page that was rebound to this address names its own host in Origin.
    const isForeign = headers.origin !== undefined && ![origin, 'https://claude.ai'].includes(headers.origin);
    if (isForeign || headers.host === 'rebound.example') return { status: 403, body: { error: 'This origin may not call.' } };
    const token = this.server.open ? TOKEN : headers.authorization?.replace(/^Bearer /, '');
    if (token !== undefined && token !== TOKEN) return this.refusal(origin, 'invalid_token');
    if (json === undefined) return refused(400, -32700, null);
    if (Array.isArray(json)) return refused(400, -32600, null);
    const named = json.method === 'tools/call' ? json.params?.name : undefined;
    if (token === undefined && (this.server.always || PROTECTED.includes(named))) return this.refusal(origin);
    if (json.id === undefined) return { status: 202 };
    const version = json.params?._meta?.[VERSION];
    return version === undefined ? this.legacy(headers, json) : this.modern(headers, json, version);
  }

  refusal(origin, error) {
    const challenge = this.server.challenge(origin, error);
    return { status: 401, headers: challenge ? { 'www-authenticate': challenge } : {}, body: { error: error ?? 'sign in' } };
  }

  legacy(headers, { id, method, params }) {
    const version = headers['mcp-protocol-version'];
    if (method !== 'initialize' && version !== undefined && !LEGACY.includes(version)) return refused(400, -32600, id);
    if (!Object.hasOwn(this.methods, method)) return refused(200, -32601, id);
    return { body: { jsonrpc: '2.0', id, result: this.methods[method](params) } };
  }

  modern(headers, { id, method, params }, version) {
    if (version !== MODERN) return refused(400, -32022, id, { supported: [MODERN], requested: version });
    if (headers['mcp-method'] !== method) return refused(400, -32020, id);
    if (!Object.hasOwn(this.methods, method)) return refused(404, -32601, id);
    const result = this.methods[method](params);
    const isPlain = typeof result === 'object' && result !== null && !Array.isArray(result);
    const typed = { resultType: 'complete', ...(CACHED.includes(method) && { ttlMs: 0, cacheScope: 'private' }) };
    return { body: { jsonrpc: '2.0', id, result: isPlain ? { ...typed, ...result } : result } };
  }
}

const refused = (status, code, id, data) => ({
  status,
  body: { jsonrpc: '2.0', id, error: { code, message: code === -32601 ? 'Method not found' : 'Refused', ...(data && { data }) } },
});
