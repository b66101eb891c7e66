// How a client finds the authorization server: its metadata under every name that clients try, and its public keys
// (RFC 8414, RFC 9207 §3, RFC 7517; MCP "Authorization Server Metadata Discovery").

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { send } from '../support/http/exchange.mjs';
import { SIGN_IN } from '../support/oauth/client.mjs';
import { startInstances } from '../support/workers/instances.mjs';
import { startConnector } from '../support/workers/wrangler-dev.mjs';

/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let server;
before(async () => {
  server = await startConnector(SIGN_IN);
});
after(() => server?.stop());

const OAUTH = '/.well-known/oauth-authorization-server';
const OPENID = '/.well-known/openid-configuration';

const read = async (path, headers) => send(server, { path, headers: { accept: 'application/json', ...headers } });
/** What the OpenID form has beside it. */
const openId = () => ({
  jwks_uri: `${server.origin}/.well-known/jwks.json`,
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: [],
  request_uri_parameter_supported: false,
});
const metadata = async (headers) => (await read(OAUTH, headers)).hasStatus(200, 'RFC 8414 §3').json();

/** Every member of a document, at any depth. */
function* members(value, path = '') {
  yield [path, value];
  if (value !== null && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) yield* members(inner, `${path}/${key}`);
  }
}

// MCP "Authorization Server Metadata Discovery", "Server Metadata Discovery", "Authorization Metadata Discovery"
describe('the metadata of the authorization server', () => {
  for (const path of [
    OAUTH,
    OPENID,
    `${OAUTH}/mcp`,
    `${OAUTH}/private/mcp`,
    `${OPENID}/mcp`,
    `${OPENID}/private/mcp`,
    `/mcp${OPENID}`,
    `/private/mcp${OPENID}`,
    `/mcp${OAUTH}`,
    `${OAUTH}/`,
  ]) {
    test(`the metadata of the authorization server is at ${path}`, async () => {
      const answer = await read(path);
      answer.hasStatus(200, 'clients derive the name from the URL of the resource in several ways');
      answer.hasHeader('content-type', /^application\/json\b/, 'RFC 8414 §3.2');
      const more = path.includes(OPENID) ? openId() : {};
      assert.deepEqual(answer.json(), { ...(await metadata()), ...more }, answer.story('it is the same document under every name'));
    });
  }

  // MCP "Authorization Server Location", "Advertising CIMD Support"
  test('the metadata of the authorization server is what a client needs to sign in', async () => {
    const document = await metadata();
    const at = (path) => `${server.origin}${path}`;
    const expected = {
      issuer: server.origin,
      authorization_endpoint: at('/authorize'),
      token_endpoint: at('/token'),
      registration_endpoint: at('/register'),
      revocation_endpoint: at('/revoke'),
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
    };
    for (const [name, value] of Object.entries(expected)) assert.deepEqual(document[name], value, name);
    for (const method of ['none', 'client_secret_basic', 'client_secret_post']) {
      assert.ok(document.token_endpoint_auth_methods_supported.includes(method), `clients may authenticate by ${method}`);
    }
    for (const type of ['authorization_code', 'refresh_token']) assert.ok(document.grant_types_supported.includes(type), type);
    for (const scope of ['profile', 'notes:read', 'notes:write']) assert.ok(document.scopes_supported.includes(scope), scope);
  });

  test('the metadata of the authorization server has no null members: they break clients', async () => {
    for (const [path, value] of members(await metadata())) assert.notEqual(value, null, path);
  });

  // MCP "OAuth Grant Types", "Standards Compliance"
  test('the metadata of the authorization server names no flow that OAuth 2.1 has dropped', async () => {
    const { response_types_supported: types, grant_types_supported: grants } = await metadata();
    assert.deepEqual(types, ['code']);
    for (const grant of ['implicit', 'password']) assert.ok(!grants.includes(grant), grant);
  });

  // MCP "Authorization Server Discovery", "Authorization Base URL"
  test('the metadata of the authorization server is the server that both resources name', async () => {
    const { issuer } = await metadata();
    for (const path of ['', '/mcp', '/private/mcp']) {
      const resource = (await read(`/.well-known/oauth-protected-resource${path}`)).json();
      assert.deepEqual(resource.authorization_servers, [issuer], path);
    }
  });

  test('the metadata of the authorization server names the host that was asked', async () => {
    const host = `localhost:${server.port}`;
    const document = await metadata({ host });
    assert.equal(document.issuer, `http://${host}`, 'RFC 8414 §3.3: identical to the name the client derived the URL from');
    assert.equal(document.token_endpoint, `http://${host}/token`);
  });

  test('the metadata of the authorization server may be read by web pages', async () => {
    for (const path of [OAUTH, OPENID, '/.well-known/jwks.json']) {
      const answer = await read(path, { origin: 'http://localhost:6274' });
      assert.ok(
        ['*', 'http://localhost:6274'].includes(answer.headers['access-control-allow-origin']),
        answer.story('clients in browsers'),
      );
    }
  });

  test('the metadata of the authorization server can only be read', async () => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      (await send(server, { method, path: OAUTH })).hasStatus(405, 'RFC 8414 §3.1: a GET');
    }
    (await send(server, { method: 'HEAD', path: OAUTH })).hasStatus(200, 'RFC 9110 §9.3.2').hasNoBody('HEAD');
  });

  test('the metadata of the authorization server is nowhere else', async () => {
    for (const path of [`${OAUTH}/other`, `${OAUTH}/mcp/x`, `/other${OPENID}`, `${OAUTH}x`]) {
      (await read(path)).hasStatus(404, path);
    }
  });
});

test('there are no public keys: access tokens are signed with a secret', async () => {
  const answer = await read('/.well-known/jwks.json');
  answer.hasStatus(200, 'RFC 7517 §5');
  assert.deepEqual(answer.json(), { keys: [] });
  assert.ok(!('jwks_uri' in (await metadata())), 'only the OpenID form names the key set');
});

// RFC 8414 §5
test('the OpenID form is one that the TypeScript SDK reads', async () => {
  const { OpenIdProviderDiscoveryMetadataSchema } = await import('@modelcontextprotocol/sdk/shared/auth.js');
  const document = (await read(OPENID)).json();
  assert.deepEqual(OpenIdProviderDiscoveryMetadataSchema.parse(document).jwks_uri, `${server.origin}/.well-known/jwks.json`);
});

test('PUBLIC_URL decides what every document names, whatever host was asked', async () => {
  const site = await startInstances({
    count: 1,
    origin: 'https://mcp.example.com',
    vars: { ...SIGN_IN, PUBLIC_URL: 'https://connector.example.net' },
  });
  try {
    const [instance] = site.instances;
    const document = (await send(instance, { path: OAUTH })).hasStatus(200, 'the document').json();
    assert.equal(document.issuer, 'https://connector.example.net');
    assert.equal(document.authorization_endpoint, 'https://connector.example.net/authorize');
    const resource = (await send(instance, { path: '/.well-known/oauth-protected-resource/mcp' })).json();
    assert.equal(resource.resource, 'https://connector.example.net/mcp');
    assert.deepEqual(resource.authorization_servers, ['https://connector.example.net']);
  } finally {
    await site.stop();
  }
});
