// Faults of registration, the sign-in page and the token endpoint.
import { PAGE, moved, slow } from '../support/changes.mjs';

/** @type {import('../faults.test.mjs').Fault[]} */
export const SIGN_IN = [
  {
    rule: 'Claude’s redirect URI can be registered',
    fault: (server) => (server.instead['POST /register'] = () => ({ status: 400, body: { error: 'invalid_redirect_uri', error_description: 'Not in our list.' } })),
    check: 'register',
    seen: /status 400.*invalid_redirect_uri: Not in our list\./,
    fix: /https:\/\/claude\.ai\/api\/mcp\/auth_callback/,
  },
  {
    rule: 'a registration has no null members',
    fault: (server) => (server.instead['POST /register'] = ({ json }) => ({ status: 201, body: { ...json, client_id: 'client-1', client_uri: null } })),
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
    fault: (server) => (server.instead['POST /register'] = ({ json }) => ({ status: 201, body: { ...json, client_id: 'client-1', client_secret_expires_at: 0.5 } })),
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
    fault: (server) => (server.instead['GET /authorize'] = moved('https://claude.ai/api/mcp/auth_callback?error=invalid_target&error_description=unknown+resource')),
    check: 'consent-page',
    seen: /sent back with invalid_target: unknown resource/,
  },
  {
    rule: 'a code without a page is worth knowing',
    fault: (server) => (server.instead['GET /authorize'] = ({ path }) => (path.includes('code_challenge=') && !path.includes('doctor.invalid') ? moved('https://claude.ai/api/mcp/auth_callback?code=abc')() : undefined)),
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
    rule: 'invalid_grant has status 400',
    fault: (server) => {
      const { reply } = server;
      server.instead['POST /token'] = (asked) => {
        const good = reply.call(server, 'POST /token', asked);
        return good.status === 400 ? { ...good, status: 401 } : good;
      };
    },
    check: 'unknown-refresh',
    seen: /status 401, application\/json, invalid_grant/,
    effect: /sign in again/,
    also: ['unknown-code'],
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
];
