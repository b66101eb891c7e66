// A real OpenID provider that also issues Identity Assertion JWT Authorization Grants: oidc-provider with the grant of RFC 8693, as
// draft-ietf-oauth-identity-assertion-authz-grant §4.3 profiles it.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { authorizePath, form, newState, pkce, secret, send } from './client.mjs';
import { enterAt, jwt, seconds, startProvider } from './openid-provider.mjs';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag';
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** Where the application is that signs in there. */
const APP = 'https://app.example/cb';

/**
 * @param {object} options
 * @param {Record<string, object>} options.people
 * @param {string} [options.issuer]
 * @param {Record<string, string>} [options.clients]  what a client of the provider is called at the resource's authorization server
 */
export async function startIdJagProvider({
  people,
  issuer = 'https://acme.example',
  clients = { 'claude-at-acme': 'claude' },
}) {
  /** By how much the clock of the servers is ahead, in seconds. */
  const clock = { ahead: 0 };
  const provider = await startProvider({
    issuer,
    people,
    clients: Object.keys(clients).map((client_id) => ({
      client_id,
      redirect_uris: [APP],
      grant_types: ['authorization_code', EXCHANGE],
      token_endpoint_auth_method: 'none',
    })),
    prepare: (server) =>
      server.registerGrantType(
        EXCHANGE,
        async (ctx) => {
          const { client, params } = ctx.oidc;
          assert.equal(params.requested_token_type, ID_JAG);
          assert.equal(params.subject_token_type, ID_TOKEN);
          const { payload } = await server.IdToken.validate(params.subject_token, client);
          assert.equal(payload.aud, client.clientId, 'the ID token is for the client that asks');
          const claims = {
            sub: payload.sub,
            ...people[payload.sub],
            aud: params.audience,
            client_id: clients[client.clientId],
            resource: params.resource,
            scope: params.scope,
          };
          ctx.body = {
            issued_token_type: ID_JAG,
            access_token: minted(claims),
            token_type: 'N_A',
            expires_in: 300,
            scope: params.scope,
          };
        },
        ['requested_token_type', 'subject_token', 'subject_token_type', 'audience', 'resource', 'scope'],
      ),
  });

  /** Signs an assertion, whatever it says. */
  const minted = (claims = {}, header = {}, keys = provider.keys) =>
    jwt(
      keys,
      Object.fromEntries(
        Object.entries({
          iss: issuer,
          sub: 'alice',
          aud: 'https://mcp.example.com',
          client_id: 'claude',
          resource: 'https://mcp.example.com/mcp',
          scope: 'profile notes:read notes:write',
          jti: randomUUID(),
          iat: seconds() + clock.ahead,
          exp: seconds() + clock.ahead + 300,
          ...claims,
        }).filter(([, value]) => value !== undefined),
      ),
      { typ: 'oauth-id-jag+jwt', ...header },
    );

  /** A person signs in, and the application exchanges their ID token for an assertion. */
  async function issued(account, { client = 'claude-at-acme', audience, resource, scope }) {
    const { verifier, challenge } = pkce();
    const url = authorizePath({
      response_type: 'code',
      client_id: client,
      redirect_uri: APP,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      state: newState(),
      scope: 'openid',
    }).replace('/authorize', `${issuer}/auth`);
    const back = await enterAt(provider, url, account);
    const request = { client_id: client, code: back.searchParams.get('code'), redirect_uri: APP, code_verifier: verifier };
    const tokens = (await send(provider.site, form('/token', { grant_type: 'authorization_code', ...request }))).hasStatus(200).json();
    secret(tokens.id_token, 'an ID token of the provider');
    secret(tokens.access_token, 'an access token of the provider');
    const exchange = {
      grant_type: EXCHANGE,
      client_id: client,
      requested_token_type: ID_JAG,
      subject_token: tokens.id_token,
      subject_token_type: ID_TOKEN,
      audience,
      resource,
      scope,
    };
    const answer = (await send(provider.site, form('/token', exchange))).hasStatus(200, 'the provider issues an assertion').json();
    assert.equal(answer.issued_token_type, ID_JAG);
    return secret(answer.access_token, 'an assertion');
  }

  return Object.assign(provider, { minted, issued, clock });
}
