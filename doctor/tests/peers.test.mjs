// Servers that behave as released libraries do where they differ from ours: what the doctor says of each was compared with the
// specification by hand. Nothing of these libraries is in here, only what they answered.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { examine } from '../src/checklist.mjs';
import { inServer } from './support/changes.mjs';
import { during, levels, tell } from './support/doctor.mjs';
import { startExampleServer } from './support/example-server.mjs';

const NONE = { status: 404 };
const all =
  (...changes) =>
  (server) =>
    changes.forEach((change) => change(server));
const without =
  (...paths) =>
  (server) =>
    paths.forEach((path) => (server.instead[path] = () => NONE));
/** None of them has a card, a catalog, icons or a favicon, nor titles and hints that nobody wrote. */
const unfound = all(without('GET /mcp/server-card', 'GET /.well-known/ai-catalog.json', 'GET /favicon.ico'), (server) => {
  const { initialize } = server.methods;
  server.methods.initialize = (params) => ({ ...initialize(params), serverInfo: { name: 'example', version: '1' } });
});
const UNFOUND = ['server-card', 'ai-catalog', 'icons', 'favicon'];
/** Whatever Host and Origin a request has, it is served. */
const anyOrigin = (server) => {
  const { reply } = server.endpoint;
  server.endpoint.reply = (asked) => reply.call(server.endpoint, { ...asked, headers: { ...asked.headers, host: '', origin: undefined } });
};
const noCors = (server) => {
  server.cors = {};
  server.instead['OPTIONS /mcp'] = () => ({ status: 405 });
};
/** The sign-in page approves at once. */
const approves = (server) => {
  const { authorize } = server.authorization;
  server.authorization.authorize = (query, origin) => {
    const good = authorize.call(server.authorization, query, origin);
    if (good.status !== undefined) return good;
    const answer = new URL(query.get('redirect_uri'));
    answer.searchParams.set('code', 'abc');
    answer.searchParams.set('state', query.get('state'));
    return { status: 302, headers: { location: answer.href } };
  };
};
const fixedPort = (server) =>
  (server.instead['GET /authorize'] = ({ path }) => (path.includes('49321') ? { status: 400, body: { error: 'invalid_request' } } : undefined));
const answersBatches = (server) => {
  server.instead['POST /mcp'] = ({ json }) =>
    Array.isArray(json) && json.length === 1 ? { body: json.map(({ id }) => ({ jsonrpc: '2.0', id, result: {} })) } : undefined;
};
const legacyOnly = (server) => delete server.methods['server/discover'];
const open = all(
  (server) => (server.open = true),
  without('GET /.well-known/oauth-protected-resource/mcp', 'GET /.well-known/oauth-authorization-server'),
);

const PEERS = [
  {
    name: 'FastMCP 4.2 without sign-in',
    like: all(unfound, anyOrigin, noCors, open, (server) => {
      server.instead['POST /mcp/'] = ({ origin }) => ({ status: 307, headers: { location: `${origin}/mcp` } });
      delete server.tools[2].annotations;
      server.tools[2].inputSchema = {
        type: 'object',
        properties: { limit: { anyOf: [{ type: 'integer' }, { type: 'null' }], default: null, description: 'How many.' } },
      };
    }),
    fail: ['rebinding', 'tool-hints'],
    note: ['slash', 'cors', 'schema-portable', ...UNFOUND],
  },
  {
    name: 'FastMCP 4.2 with its provider in memory',
    like: all(
      unfound,
      noCors,
      approves,
      fixedPort,
      inServer({
        authorization_response_iss_parameter_supported: undefined,
        token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
        client_id_metadata_document_supported: undefined,
      }),
      (server) => {
        server.instead['POST /mcp/'] = ({ origin }) => ({ status: 307, headers: { location: `${origin}/mcp` } });
        const { token } = server.authorization;
        server.authorization.token = (form) => {
          const good = token.call(server.authorization, form);
          if (good.body.error === 'invalid_grant') return { status: 401, body: good.body };
          return good.body.error === 'unsupported_grant_type' ? { status: 400, body: { error: 'invalid_request' } } : good;
        };
        server.instead['POST /revoke'] = () => ({ status: 400, body: { error: 'unauthorized_client' } });
      },
    ),
    fail: ['loopback-port'],
    note: [
      'slash',
      'issuer-parameter',
      'public-clients',
      'consent-page',
      'unknown-code',
      'unknown-refresh',
      'unknown-grant',
      'revocation',
      'cors',
      ...UNFOUND,
    ],
  },
  {
    name: 'agents 0.32 with the createMcpHandler of SDK v2',
    like: all(unfound, open, answersBatches, (server) => {
      server.instead['POST /mcp/'] = () => NONE;
      server.instead['OPTIONS /mcp'] = () => ({ status: 403, body: { error: 'Origin' } });
      server.tools = [{ name: 'echo', description: 'Say something back.', inputSchema: { type: 'object', properties: {} } }];
    }),
    fail: ['tool-titles', 'tool-hints'],
    note: ['slash', 'batches', 'cors', ...UNFOUND],
  },
  {
    name: 'workers-oauth-provider 1.2 before it, whose application lets errors through',
    like: all(unfound, approves, (server) => {
      server.always = true;
      server.serverDocument = (document) => ({ ...document, client_id_metadata_document_supported: undefined });
      server.instead['GET /authorize'] = ({ path }) =>
        path.includes('code_challenge=') && !path.includes('doctor.invalid')
          ? undefined
          : { status: 500, headers: { 'content-type': 'text/html' }, body: '<title>An error has occurred</title>' };
    }),
    fail: [],
    note: ['consent-page', 'pkce-required', ...UNFOUND.filter((id) => id !== 'icons')],
  },
  {
    name: 'the example of the TypeScript SDK 1.32, with --oauth',
    like: all(
      unfound,
      noCors,
      approves,
      legacyOnly,
      answersBatches,
      inServer({
        authorization_response_iss_parameter_supported: undefined,
        revocation_endpoint: undefined,
        client_id_metadata_document_supported: undefined,
      }),
      (server) => {
        server.challenge = (origin) => `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;
        const { refusal } = server.endpoint;
        server.endpoint.refusal = (origin, error) =>
          error ? { status: 500, body: { error: 'server_error' } } : refusal.call(server.endpoint, origin);
        server.instead['POST /token'] = ({ body }) => {
          if (body.includes('no-such-client')) return { status: 400, body: { error: 'invalid_client' } };
          return body.includes('no-such-grant') ? undefined : { status: 500, body: { error: 'server_error' } };
        };
        server.instead['GET /authorize'] = ({ path, origin }) => {
          const query = new URL(path, origin).searchParams;
          if (query.has('code_challenge') && !path.includes('49321')) return undefined;
          return path.includes('doctor.invalid')
            ? undefined
            : { status: 302, headers: { location: `${query.get('redirect_uri')}?error=invalid_request` } };
        };
      },
    ),
    fail: ['bad-token', 'loopback-port', 'unknown-code', 'unknown-refresh'],
    note: [
      'challenge-scope',
      'issuer-parameter',
      'consent-page',
      'pkce-required',
      'unknown-client',
      'revocation',
      'modern',
      'batches',
      'cors',
      ...UNFOUND,
    ],
  },
  {
    name: 'mcp-lite 0.10, which speaks 2025-03-26 without batches',
    like: all(unfound, anyOrigin, noCors, open, legacyOnly, (server) => {
      const { initialize } = server.methods;
      server.methods.initialize = (params) => ({
        ...initialize(params),
        protocolVersion: params.protocolVersion === '2025-06-18' ? '2025-06-18' : '2025-03-26',
      });
      server.instead['GET /mcp'] = () => ({ status: 400, body: 'Bad Request' });
    }),
    fail: ['rebinding'],
    note: ['modern', 'batches', 'get', 'cors', ...UNFOUND],
  },
];

describe('what the doctor says of other servers is true, and nothing else', () => {
  for (const { name, like, fail, note } of PEERS) {
    test(name, async () => {
      await during(await startExampleServer(like), async (server) => {
        const report = await examine(new URL(`${server.origin}/mcp`));
        assert.deepEqual(levels(report, 'fail'), fail, tell(report));
        assert.deepEqual(levels(report, 'note'), ['address', ...note], tell(report));
      });
    });
  }
});
