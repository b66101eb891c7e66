// Faults before the server: redirects, slashes, firewalls, what is no MCP server.
import { PAGE, both, moved, slow } from '../support/changes.mjs';

/** @type {import('../faults.test.mjs').Fault[]} */
export const WAY_IN = [
  {
    rule: 'the MCP URL does not redirect to another host',
    fault: (server) => both(server, moved('https://www.connector.example/mcp')),
    check: 'redirect',
    seen: /redirects \(302\) to https:\/\/www\.connector\.example\/mcp/,
    effect: /loses the token.*“Authorization with the MCP server failed”/,
    fix: /https:\/\/www\.connector\.example\/mcp/,
  },
  {
    rule: 'Cloudflare Access is not in front',
    fault: (server) => both(server, moved('https://team.cloudflareaccess.com/cdn-cgi/access/login')),
    check: 'redirect',
    seen: /sign-in of Cloudflare Access/,
    fix: /Take the MCP and OAuth paths out/,
  },
  {
    rule: 'the MCP URL does not redirect to its other slash form',
    fault: (server) => (server.instead['POST /mcp'] = () => ({ status: 308, headers: { location: '/mcp/' } })),
    check: 'redirect',
    seen: /redirects \(308\) to http:\/\/127\.0\.0\.1:\d+\/mcp\//,
    fix: /both forms/,
  },
  {
    rule: 'that the form with a slash redirects is worth knowing',
    fault: (server) => (server.instead['POST /mcp/'] = () => ({ status: 307, headers: { location: '/mcp' } })),
    check: 'slash',
    level: 'note',
    seen: /with a slash at its end redirects \(307\)/,
    fix: /without a redirect/,
  },
  {
    rule: 'a slash form that is not served is worth knowing',
    fault: (server) => (server.instead['POST /mcp/'] = () => ({ status: 404 })),
    check: 'slash',
    level: 'note',
    seen: /status 404/,
  },
  {
    rule: 'no Cloudflare challenge answers',
    fault: (server) =>
      both(server, () => ({
        status: 403,
        headers: { ...PAGE, 'cf-mitigated': 'challenge', server: 'cloudflare' },
        body: '<title>Just a moment...</title>',
      })),
    check: 'wall',
    seen: /Cloudflare challenge page \(status 403, cf-mitigated\)/,
    effect: /“Couldn’t reach the MCP server”/,
    fix: /160\.79\.104\.0\/21/,
  },
  {
    rule: 'no bot page with status 200 answers',
    fault: (server) => both(server, () => ({ headers: PAGE, body: '<title>Just a moment...</title>' })),
    check: 'wall',
    seen: /bot check.*Just a moment/,
  },
  {
    rule: 'no rate limit answers',
    fault: (server) => both(server, () => ({ status: 429, body: { error: 'slow down' } })),
    check: 'wall',
    seen: /rate limit \(status 429\)/,
  },
  {
    rule: 'no 503 page answers',
    fault: (server) => both(server, () => ({ status: 503, headers: { ...PAGE, server: 'edge' }, body: '<title>Unavailable</title>' })),
    check: 'wall',
    seen: /web page by edge \(status 503, text\/html, titled “Unavailable”\)/,
  },
  {
    rule: 'no AWS WAF answers',
    fault: (server) => both(server, () => ({ status: 405, headers: { 'x-amzn-waf-action': 'captcha' } })),
    check: 'wall',
    seen: /AWS WAF/,
  },
  {
    rule: 'no firewall is before the metadata either',
    fault: (server) =>
      (server.instead['GET /.well-known/oauth-protected-resource/mcp'] = () => ({ status: 403, headers: PAGE, body: '<title>Blocked</title>' })),
    check: 'wall',
    seen: /Blocked.* at \/\.well-known\/oauth-protected-resource\/mcp/,
  },
  {
    rule: 'a firewall that wants a User-Agent is worth knowing',
    fault: (server) => {
      const reply = ({ headers }) => ('user-agent' in headers ? undefined : { status: 403, headers: PAGE, body: 'no' });
      both(server, reply);
    },
    check: 'wall',
    level: 'note',
    seen: /Without a User-Agent/,
  },
  {
    rule: 'a 401 with a challenge is no firewall, whatever its body',
    fault: (server) => {
      server.always = true;
      const { mcp } = server;
      server.mcp = (asked) => {
        const reply = mcp.call(server, asked);
        return reply.status === 401 ? { ...reply, headers: { ...reply.headers, ...PAGE }, body: '<title>Unauthorized</title>' } : reply;
      };
    },
    check: 'tools',
    level: 'skip',
    seen: /--token/,
  },
  {
    rule: 'a path where nothing is gets a hint at the path',
    fault: (server) => both(server, () => ({ status: 404, body: { error: 'not found' } })),
    check: 'kind',
    seen: /status 404/,
    fix: /path of the URL/,
  },
  {
    rule: 'a page for people is not an MCP server',
    fault: (server) => both(server, () => ({ headers: PAGE, body: '<title>Welcome</title>' })),
    check: 'kind',
    seen: /titled “Welcome”/,
    fix: /page for people/,
  },
  {
    rule: 'an old HTTP+SSE server is recognised',
    fault: (server) => both(server, () => ({ status: 405 })),
    check: 'kind',
    fix: /HTTP\+SSE/,
  },
  {
    rule: 'a request without Origin is not refused with 403',
    fault: (server) => both(server, () => ({ status: 403, body: { error: 'Origin not allowed' } })),
    check: 'kind',
    seen: /status 403.*Origin/,
    effect: /Only 401 starts a sign-in/,
  },
  {
    rule: 'a page that was rebound to a private address is turned away (MCP "Security Warning")',
    fault: (server) => {
      server.instead['POST /mcp'] = ({ headers, json }) =>
        headers.host === 'rebound.example' ? { body: { jsonrpc: '2.0', id: json.id, result: server.methods.initialize(json.params) } } : undefined;
    },
    check: 'rebinding',
    seen: /Host and Origin of another site is served/,
    fix: /403/,
  },
];
