// Faults of registration, the sign-in page and the token endpoint.
import { PAGE, inServer, moved, slow } from '../support/changes.mjs';

/** @type {import('../faults.test.mjs').Fault[]} */
export const SIGN_IN = [
  {
    rule: 'Claude’s redirect URI can be registered',
    fault: (server) =>
      (server.instead['POST /register'] = () => ({ status: 400, body: { error: 'invalid_redirect_uri', error_description: 'Not in our list.' } })),
    check: 'register',
    seen: /status 400.*invalid_redirect_uri: Not in our list\./,
    fix: /https:\/\/claude\.ai\/api\/mcp\/auth_callback/,
  },
  {
    rule: 'a registration has no null members',
    fault: (server) =>
      (server.instead['POST /register'] = ({ json }) => ({ status: 201, body: { ...json, client_id: 'client-1', client_uri: null } })),
    check: 'register',
    seen: /null members: client_uri/,
  },
  {
    rule: 'a registration gives a client_id',
    fault: (server) => (server.instead['POST /register'] = () => ({ status: 201, body: {} })),
    check: 'register',
    seen: /no client_id/,
  },
  {
    rule: 'client_secret_expires_at is an integer',
    fault: (server) =>
      (server.instead['POST /register'] = ({ json }) => ({ status: 201, body: { ...json, client_id: 'client-1', client_secret_expires_at: 0.5 } })),
    check: 'register',
    seen: /client_secret_expires_at is 0\.5/,
  },
  {
    rule: 'the sign-in page opens',
    fault: (server) => (server.instead['GET /authorize'] = () => ({ status: 400, body: { error: 'invalid_scope' } })),
    check: 'consent-page',
    seen: /status 400.*invalid_scope instead of a page/,
  },
  {
    rule: 'a sign-in page that fails is the server’s own trouble',
    fault: (server) => (server.instead['GET /authorize'] = () => ({ status: 500, headers: PAGE, body: '<title>Oops</title>' })),
    check: 'consent-page',
    seen: /status 500.*Oops/,
    fix: /log/,
  },
  {
    rule: 'the sign-in page is not an error at Claude’s door',
    fault: (server) =>
      (server.instead['GET /authorize'] = moved('https://claude.ai/api/mcp/auth_callback?error=invalid_target&error_description=unknown+resource')),
    check: 'consent-page',
    seen: /sent back with invalid_target: unknown resource/,
    fix: /CONNECTORS/,
  },
  {
    rule: 'a code without a page is worth knowing',
    fault: (server) =>
      (server.instead['GET /authorize'] = ({ path }) =>
        path.includes('code_challenge=') && !path.includes('doctor.invalid')
          ? moved('https://claude.ai/api/mcp/auth_callback?code=abc')()
          : undefined),
    check: 'consent-page',
    level: 'note',
    seen: /at once, with a code/,
  },
  {
    rule: 'the sign-in page does not redirect in circles',
    fault: (server) => (server.instead['GET /authorize'] = moved('/authorize?again')),
    check: 'consent-page',
    seen: /in circles/,
  },
  {
    rule: 'an unknown code is invalid_grant and not invalid_client',
    fault: (server) => (server.instead['POST /token'] = () => ({ status: 401, body: { error: 'invalid_client' } })),
    check: 'unknown-code',
    seen: /status 401, application\/json, invalid_client/,
    effect: /registers again and again/,
    also: ['unknown-refresh'],
  },
  {
    rule: 'invalid_grant with another status is worth knowing',
    fault: (server) => {
      const { reply } = server;
      server.instead['POST /token'] = (asked) => {
        const good = reply.call(server, 'POST /token', asked);
        return good.body.error === 'invalid_grant' ? { ...good, status: 401 } : good;
      };
    },
    check: 'unknown-refresh',
    level: 'note',
    seen: /status 401, application\/json, invalid_grant/,
    effect: /sign in again/,
  },
  {
    rule: 'an unknown client is invalid_client',
    fault: (server) => (server.instead['POST /token'] = () => ({ status: 400, body: { error: 'invalid_grant' } })),
    check: 'unknown-client',
    seen: /status 400, application\/json, invalid_grant/,
    effect: /register again/,
  },
  {
    rule: 'invalid_client with 400 is worth knowing',
    fault: (server) => {
      const { reply } = server;
      server.instead['POST /token'] = (asked) => ({ ...reply.call(server, 'POST /token', asked), status: 400 });
    },
    check: 'unknown-client',
    level: 'note',
    seen: /status 400/,
  },
  {
    rule: 'the token endpoint does not answer with a page',
    fault: (server) => (server.instead['POST /token'] = () => ({ status: 500, headers: PAGE, body: '<title>Server Error</title>' })),
    check: 'unknown-code',
    seen: /status 500, text\/html, titled “Server Error”/,
    also: ['unknown-refresh', 'unknown-client'],
  },
  {
    rule: 'discovery is faster than Claude’s limit',
    fault: (server) => (server.instead['GET /.well-known/oauth-authorization-server'] = slow(450)),
    with: { latency: { limit: 400, advised: 300 } },
    check: 'latency',
    seen: /server metadata: \d+ ms/,
    effect: /Claude waits 0\.4 s/,
  },
  {
    rule: 'discovery slower than advised is worth knowing',
    fault: (server) => (server.instead['GET /.well-known/oauth-authorization-server'] = slow(450)),
    with: { latency: { limit: 10_000, advised: 400 } },
    check: 'latency',
    level: 'note',
    seen: /server metadata/,
  },
  {
    rule: 'a secret that nobody asked for is worth knowing',
    fault: (server) =>
      (server.instead['POST /register'] = ({ json }) => {
        server.authorization.clients.set('client-1', json.redirect_uris);
        return { status: 201, body: { ...json, client_id: 'client-1', client_secret: 'hidden', client_secret_expires_at: 0 } };
      }),
    check: 'register',
    level: 'note',
    seen: /got one/,
  },
  {
    rule: 'a sign-in page that opens once only is worth knowing',
    fault: (server) => {
      const opened = new Set();
      server.instead['GET /authorize'] = ({ path }) => {
        const known = opened.has(path);
        opened.add(path);
        return known ? { status: 400, headers: PAGE, body: '<title>Used</title>' } : undefined;
      };
    },
    check: 'consent-twice',
    level: 'note',
    seen: /opened a second time, gets status 400.*Used/,
    effect: /FastMCP/,
  },
  {
    rule: 'a sign-in page that can be framed is worth knowing (RFC 9700 §4.16)',
    fault: (server) => {
      const { authorize } = server.authorization;
      server.authorization.authorize = (...args) => {
        const good = authorize.apply(server.authorization, args);
        return good.status === undefined ? { ...good, headers: PAGE } : good;
      };
    },
    check: 'frames',
    level: 'note',
    fix: /frame-ancestors 'none'/,
  },
  {
    rule: 'a redirect URI that was never registered is not redirected to (OAuth 2.1 §4.1.2.1)',
    fault: (server) =>
      (server.instead['GET /authorize'] = ({ path }) =>
        path.includes('doctor.invalid') ? { status: 302, headers: { location: 'https://doctor.invalid/callback?error=access_denied' } } : undefined),
    check: 'redirect-uri',
    seen: /is sent there: https:\/\/doctor\.invalid\/callback/,
  },
  {
    rule: 'a page for a redirect URI that was never registered is worth knowing',
    fault: (server) =>
      (server.instead['GET /authorize'] = ({ path }) =>
        path.includes('doctor.invalid') ? { headers: PAGE, body: '<title>Log in</title>' } : undefined),
    check: 'redirect-uri',
    level: 'note',
    seen: /Log in/,
  },
  {
    rule: 'there is no code without PKCE (OAuth 2.1 §4.1.1)',
    fault: (server) =>
      (server.instead['GET /authorize'] = ({ path }) =>
        path.includes('code_challenge=') || path.includes('doctor.invalid')
          ? undefined
          : moved('https://claude.ai/api/mcp/auth_callback?code=abc')()),
    check: 'pkce-required',
    seen: /gets a code without PKCE/,
  },
  {
    rule: 'an error without the state of the client is worth knowing',
    fault: (server) =>
      (server.instead['GET /authorize'] = ({ path }) =>
        path.includes('code_challenge=') || path.includes('doctor.invalid')
          ? undefined
          : moved('https://claude.ai/api/mcp/auth_callback?error=invalid_request')()),
    check: 'pkce-required',
    level: 'note',
    seen: /without the client’s state/,
  },
  {
    rule: 'an error without the iss that is announced is worth knowing (RFC 9207 §2)',
    fault: (server) =>
      (server.instead['GET /authorize'] = ({ path, origin }) => {
        if (path.includes('code_challenge=') || path.includes('doctor.invalid')) return undefined;
        const state = new URL(path, origin).searchParams.get('state');
        return moved(`https://claude.ai/api/mcp/auth_callback?error=invalid_request&state=${state}`)();
      }),
    check: 'pkce-required',
    level: 'note',
    seen: /iss is announced, but an error is sent back with none/,
  },
  {
    rule: 'that Cursor cannot register is worth knowing',
    fault: (server) =>
      (server.instead['POST /register'] = ({ json }) =>
        json.redirect_uris.length > 1 ? { status: 400, body: { error: 'invalid_redirect_uri' } } : undefined),
    check: 'native-clients',
    level: 'note',
    seen: /invalid_redirect_uri/,
    effect: /Cursor/,
  },
  {
    rule: 'a loopback address counts at any port (RFC 8252 §7.3)',
    fault: (server) =>
      (server.instead['GET /authorize'] = ({ path }) => (path.includes('49321') ? { status: 400, body: { error: 'invalid_request' } } : undefined)),
    check: 'loopback-port',
    seen: /listens on port 49321 gets status 400.*invalid_request/,
    fix: /Ignore the port/,
  },
  {
    rule: 'an unknown grant with another error is worth knowing',
    fault: (server) =>
      (server.instead['POST /token'] = ({ body }) =>
        body.includes('no-such-grant') ? { status: 400, body: { error: 'invalid_request' } } : undefined),
    check: 'unknown-grant',
    level: 'note',
    seen: /invalid_request/,
  },
  {
    rule: 'that nothing can be revoked is worth knowing',
    fault: inServer({ revocation_endpoint: undefined }),
    check: 'revocation',
    level: 'note',
    effect: /logs out/,
  },
  {
    rule: 'that an unknown token cannot be revoked is worth knowing (RFC 7009 §2.2)',
    fault: (server) => (server.instead['POST /revoke'] = () => ({ status: 400, body: { error: 'invalid_request' } })),
    check: 'revocation',
    level: 'note',
    seen: /status 400/,
  },
  {
    rule: 'that scopes of OpenID are refused is worth knowing',
    fault: (server) =>
      (server.instead['GET /authorize'] = ({ path }) =>
        path.includes('openid') ? moved('https://claude.ai/api/mcp/auth_callback?error=invalid_scope')() : undefined),
    check: 'extra-scopes',
    level: 'note',
    seen: /is sent back with invalid_scope/,
  },
];
