// Faults of the refusal that should make a client sign in.
/** @type {import('../faults.test.mjs').Fault[]} */
export const CHALLENGE = [
  {
    rule: 'a 401 has a WWW-Authenticate header',
    fault: (server) => (server.challenge = () => undefined),
    check: 'challenge',
    level: 'note',
    seen: /without a WWW-Authenticate header/,
    fix: /resource_metadata=/,
  },
  {
    rule: 'a 401 without any pointer, and no metadata at its usual place, is the end',
    fault: (server) => {
      server.always = true;
      server.challenge = () => undefined;
      server.instead['GET /.well-known/oauth-protected-resource/mcp'] = () => ({ status: 404 });
      server.instead['GET /.well-known/oauth-authorization-server'] = () => ({ status: 404 });
    },
    check: 'challenge',
    seen: /initialize without a token is 401, without a WWW-Authenticate header/,
    effect: /does not learn where to sign in/,
    also: ['resource-metadata', 'server-metadata'],
  },
  {
    rule: 'the challenge is a Bearer challenge',
    fault: (server) => {
      server.challenge = () => 'Basic realm="members"';
      server.instead['GET /.well-known/oauth-protected-resource/mcp'] = () => ({ status: 404 });
    },
    check: 'challenge',
    seen: /Basic realm="members", which is no Bearer challenge/,
  },
  {
    rule: 'resource_metadata is an absolute URL',
    fault: (server) => (server.challenge = () => 'Bearer resource_metadata="/.well-known/oauth-protected-resource/mcp"'),
    check: 'challenge',
    seen: /not an absolute URL: \/\.well-known/,
    fix: /whole URL/,
  },
  {
    rule: 'a tool asks for a sign-in with 401, not inside a 200',
    fault: (server) => {
      const { mcp } = server;
      server.mcp = (asked) => {
        const reply = mcp.call(server, asked);
        if (reply.status !== 401 || asked.json?.method !== 'tools/call') return reply;
        const result = { isError: true, content: [{ type: 'text', text: 'Authentication required.' }] };
        return { body: { jsonrpc: '2.0', id: asked.json.id, result } };
      };
    },
    check: 'challenge',
    seen: /tools\/call whoami without a token is answered with 200 and an error inside/,
    effect: /gives the text to the model and offers no sign-in/,
  },
  {
    rule: 'a challenge meant for ChatGPT only is no challenge for Claude',
    fault: (server) => {
      const { mcp } = server;
      server.mcp = (asked) => {
        const reply = mcp.call(server, asked);
        if (reply.status !== 401 || asked.json?.method !== 'tools/call') return reply;
        const result = { isError: true, content: [], _meta: { 'mcp/www_authenticate': [reply.headers['www-authenticate']] } };
        return { body: { jsonrpc: '2.0', id: asked.json.id, result } };
      };
    },
    check: 'challenge',
    seen: /200 and an error inside/,
  },
  {
    rule: 'a bad token is 401',
    fault: (server) => {
      const { mcp } = server;
      server.mcp = (asked) =>
        asked.headers.authorization === undefined ? mcp.call(server, asked) : { status: 403, body: { error: 'invalid token' } };
    },
    check: 'bad-token',
    seen: /status 403/,
    effect: /Only 401 makes Claude refresh/,
  },
  {
    rule: 'a challenge without scope is worth knowing (MCP "Scope Challenge Handling")',
    fault: (server) => (server.challenge = (origin) => `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`),
    check: 'challenge-scope',
    level: 'note',
    seen: /names no scope/,
  },
  {
    rule: 'offline_access in the challenge is worth knowing (MCP "Refresh Tokens")',
    fault: (server) =>
      (server.challenge = (origin) => `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp", scope="notes offline_access"`),
    check: 'offline-access',
    level: 'note',
    seen: /in the challenge/,
  },
  {
    rule: 'the pointer leads to the document',
    fault: (server) => (server.challenge = (origin) => `Bearer resource_metadata="${origin}/metadata", scope="notes"`),
    check: 'pointer',
    seen: /leads to status 404/,
    effect: /that address and no other/,
  },
  {
    rule: 'a batch does not walk around the sign-in',
    fault: (server) => {
      server.instead['POST /mcp'] = ({ json }) =>
        Array.isArray(json)
          ? { body: json.map(({ id, method, params }) => ({ jsonrpc: '2.0', id, result: server.methods[method](params) })) }
          : undefined;
    },
    check: 'ways-around',
    seen: /whoami needs a sign-in, but is carried out without one in a batch/,
    fix: /each message/,
  },
  {
    rule: 'headers that differ from the body do not walk around the sign-in',
    fault: (server) => {
      server.instead['POST /mcp'] = ({ json, headers }) =>
        headers['mcp-method'] === 'server/discover' && json?.method === 'tools/call'
          ? { body: { jsonrpc: '2.0', id: json.id, result: { resultType: 'complete', ...server.methods['tools/call']() } } }
          : undefined;
    },
    check: 'ways-around',
    seen: /with headers that name a harmless method/,
  },
  {
    rule: 'a bad token that is refused without a challenge is worth knowing (RFC 6750 §3.1)',
    fault: (server) => {
      const { challenge } = server;
      server.challenge = (origin, error) => (error ? 'Bearer' : challenge(origin));
    },
    check: 'bad-token',
    level: 'note',
    seen: /no resource_metadata and no error="invalid_token"/,
  },
];
