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
    seen: /401 on initialize, without a WWW-Authenticate header/,
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
    seen: /tools\/call whoami without a token answers 200 with an error inside/,
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
    seen: /200 with an error inside/,
  },
  {
    rule: 'a bad token is 401',
    fault: (server) => {
      const { mcp } = server;
      server.mcp = (asked) => (asked.headers.authorization === undefined ? mcp.call(server, asked) : { status: 403, body: { error: 'invalid token' } });
    },
    check: 'bad-token',
    seen: /status 403/,
    effect: /Only 401 makes Claude refresh/,
  },
];
