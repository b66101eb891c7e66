// Clients that authenticate with their private key (`private_key_jwt`: RFC 7521, RFC 7523, draft-ietf-oauth-rfc7523bis), whether a
// document describes them or the configuration does.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { startInstances } from '../support/workers/instances.mjs';
import { textOf } from '../support/mcp/requests.mjs';
import {
  REDIRECT,
  SIGN_IN,
  authorize,
  call,
  form,
  isOAuthError,
  isTurnedAway,
  isWelcome,
  keepsSecrets,
  redeeming,
  refreshing,
  revoking,
  secret,
  send,
  tokensOf,
} from '../support/oauth/client.mjs';
import { json, jwt, newKeys, seconds, startProvider } from '../support/oauth/openid-provider.mjs';

const HERE = 'https://mcp.example.com';
const OF_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ROBOT = 'robot';
/** Longer than the server waits before it asks for unknown keys again. */
const A_WHILE = 40;

/** Longer than the server waits before it asks again where no key is known. */
const A_PAUSE = 6;

const robotKeys = newKeys('robot');
const publicParts = (keys) => keys.map(({ kty, kid, use, n, e, crv, x, y }) => JSON.parse(JSON.stringify({ kty, kid, use, n, e, crv, x, y })));

let provider;
/** @type {Awaited<ReturnType<typeof startInstances>>} */
let runtime;
let site;
before(async () => {
  provider = await startProvider();
  runtime = await startInstances({
    count: 2,
    vars: {
      ...SIGN_IN,
      OAUTH_CLIENTS: JSON.stringify([
        { client_id: ROBOT, own_scopes: 'notes:read', jwks: { keys: publicParts(robotKeys) }, token_endpoint_auth_signing_alg: 'ES256' },
        { client_id: 'remote', own_scopes: 'notes:read', jwks_uri: 'https://remote.example/jwks.json' },
      ]),
    },
    outbound: provider.port,
  });
  [site] = runtime.instances;
});
after(async () => {
  await runtime?.stop();
  provider?.stop();
});
afterEach(() => provider.isBack());

/** By how much the clock of the servers is ahead, in seconds. */
let ahead = 0;
async function passes(amount) {
  await runtime.passes(amount);
  ahead += amount;
}
const now = () => seconds() + ahead;

let number = 0;
/** Publishes a client that signs, with a document of its own. */
function publish(change = {}, keys = newKeys(`client-${number}`)) {
  const host = `client-${(number += 1)}.example`;
  const id = `https://${host}/client.json`;
  const document = {
    client_id: id,
    client_name: 'A client that signs',
    redirect_uris: [REDIRECT],
    token_endpoint_auth_method: 'private_key_jwt',
    ...change,
  };
  if (!('jwks_uri' in document)) document.jwks = { keys: publicParts(keys).filter(({ kty }) => kty !== 'RSA') };
  else provider.place(`${host}/jwks.json`, json({ keys: publicParts(keys) }));
  provider.place(`${host}/client.json`, json(document));
  return { client_id: id, redirect_uris: [REDIRECT], keys, host };
}

const assertion = (client, claims = {}, { keys = client.keys, alg = 'ES256', ...header } = {}) =>
  jwt(
    keys,
    JSON.parse(
      JSON.stringify({
        iss: client.client_id,
        sub: client.client_id,
        aud: HERE,
        jti: randomUUID(),
        iat: now(),
        exp: now() + 60,
        ...claims,
      }),
    ),
    { typ: 'client-authentication+jwt', alg, ...header },
  );
const proof = (client, claims, how) => ({ client_assertion_type: OF_TYPE, client_assertion: assertion(client, claims, how) });
const robot = { client_id: ROBOT, keys: robotKeys };
const serving = (more) => form('/token', { grant_type: 'client_credentials', ...more });

/** A person allows a client, which gets its code. */
const codeFor = (client) => authorize(site, client);

describe('a client that is described by a document and signs', () => {
  for (const [what, change] of [
    ['with keys in its document', {}],
    ['with keys at a URL', { jwks_uri: undefined }],
  ]) {
    test(`${what} connects, refreshes and revokes, and does none of it without a signature`, async () => {
      const client = publish('jwks_uri' in change ? { jwks_uri: `https://client-${number + 1}.example/jwks.json` } : {});
      const authorization = await codeFor(client);
      isOAuthError(await send(site, redeeming(client, authorization)), 401, 'invalid_client', 'no downgrade: a code');
      const tokens = tokensOf(await send(site, redeeming(client, authorization, proof(client))), 'the code is still good');
      await isWelcome(site, tokens.access_token);
      isOAuthError(await send(site, refreshing(client, tokens)), 401, 'invalid_client', 'no downgrade: a refresh');
      const next = tokensOf(await send(site, refreshing(client, tokens, proof(client))));
      (await send(site, revoking(client, next.refresh_token))).hasStatus(200, 'RFC 7009 §2.2 tells nobody');
      await isWelcome(site, next.access_token, { rule: 'no downgrade: a revocation' });
      (await send(site, revoking(client, next.refresh_token, proof(client)))).hasStatus(200);
      await passes(70);
      await isTurnedAway(site, next.access_token);
    });
  }

  test('that lists none, too, may use either, and keeps to what it has begun with', async () => {
    const client = publish({ token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'] });
    const first = tokensOf(await send(site, redeeming(client, await codeFor(client))));
    tokensOf(await send(site, refreshing(client, first)), 'without a signature');
    const second = tokensOf(await send(site, redeeming(client, await codeFor(client), proof(client))));
    isOAuthError(await send(site, refreshing(client, second)), 401, 'invalid_client', 'its grant needs one from then on');
    tokensOf(await send(site, refreshing(client, second, proof(client))));
  });

  test('need not send client_id, because the assertion names it', async () => {
    const client = publish();
    const { code, verifier, redirectUri } = await codeFor(client);
    const request = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri, ...proof(client) };
    tokensOf(await send(site, form('/token', request)));
  });

  test('finds new keys at its URL, and an outage there is never a wrong client', async () => {
    const client = publish({ jwks_uri: `https://client-${number + 1}.example/jwks.json` });
    const tokens = tokensOf(await send(site, redeeming(client, await codeFor(client), proof(client))));
    const rotated = newKeys('rotated');
    provider.place(`${client.host}/jwks.json`, json({ keys: publicParts(rotated) }));
    await passes(A_WHILE);
    const next = tokensOf(await send(site, refreshing(client, tokens, proof(client, {}, { keys: rotated }))), 'the new key');
    await passes(A_WHILE);
    provider.isDown(`${client.host}/jwks.json`);
    const answer = await send(site, refreshing(client, next, proof(client, {}, { keys: newKeys('later') })));
    isOAuthError(answer, 503, 'temporarily_unavailable', 'it may be a newer key');
    answer.hasHeader('retry-after', /^\d+$/);
  });

  test('without usable keys is not a client', async () => {
    for (const [what, change] of [
      ['no keys', { jwks: undefined }],
      ['keys in two places', { jwks_uri: 'https://a.example/jwks', jwks: { keys: [] } }],
      ['a private key', { jwks: { keys: [newKeys('leaked')[1]] } }],
      ['keys on this server', { jwks: undefined, jwks_uri: 'http://127.0.0.1/jwks' }],
    ]) {
      const client = publish();
      provider.place(
        `${client.host}/client.json`,
        json({ client_id: client.client_id, client_name: 'x', redirect_uris: [REDIRECT], token_endpoint_auth_method: 'private_key_jwt', ...change }),
      );
      const answer = await send(site, { path: `/authorize?response_type=code&client_id=${encodeURIComponent(client.client_id)}` });
      answer.hasStatus(400, what);
    }
  });
});

describe('a configured client that signs', () => {
  test('gets a token for itself, once for each assertion', async () => {
    const once = proof(robot);
    const tokens = (await send(site, serving(once))).hasStatus(200, 'RFC 6749 §4.4').json();
    secret(tokens.access_token, 'an access token');
    assert.match(textOf((await call(site, tokens.access_token, 'list_notes')).result('it is good')), /./);
    isOAuthError(await send(site, serving(once)), 401, 'invalid_client', 'a replay');
    isOAuthError(await send(runtime.instances[1], serving(once)), 401, 'invalid_client', 'a replay elsewhere');
  });

  test('has one winner among many requests at two instances', async () => {
    const once = proof(robot);
    const answers = await Promise.all(Array.from({ length: 40 }, (_, at) => send(runtime.instances[at % 2], serving(once))));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  });

  test('is not authenticated by anything else', async () => {
    const evil = newKeys('robot');
    const before = (await runtime.counts()).rowsWritten;
    for (const [what, claims, how] of [
      ['keys of another under its names', {}, { keys: evil }],
      ['an unknown key', {}, { kid: 'unknown' }],
      ['another algorithm than it has registered', {}, { alg: 'EdDSA' }],
      ['no signature', {}, { alg: 'none' }],
      ['a critical extension', {}, { crit: ['exp'] }],
      ['a JWT in a JWT', {}, { cty: 'JWT' }],
      ['an access token', {}, { typ: 'at+jwt' }],
      ['an assertion about a person', {}, { typ: 'oauth-id-jag+jwt' }],
      ['another issuer', { iss: 'remote' }, {}],
      ['two audiences', { aud: [HERE, 'https://elsewhere.example'] }, {}],
      ['another server', { aud: 'https://elsewhere.example' }, {}],
      ['the token endpoint, by the newer draft', { aud: `${HERE}/token` }, {}],
      ['no jti', { jti: undefined }, {}],
      ['no end', { exp: undefined }, {}],
      ['over', { iat: now() - 1000, exp: now() - 900 }, {}],
      ['an hour', { exp: now() + 3600 }, {}],
    ]) {
      isOAuthError(await send(site, serving(proof(robot, claims, how))), 401, 'invalid_client', what);
    }
    isOAuthError(await send(site, serving({ client_id: ROBOT })), 401, 'invalid_client', 'nothing');
    isOAuthError(await send(site, serving({ client_id: ROBOT, client_secret: 'x' })), 401, 'invalid_client', 'a secret');
    isOAuthError(await send(site, serving({ ...proof(robot), client_secret: 'x' })), 400, 'invalid_request', 'two methods');
    isOAuthError(await send(site, serving({ ...proof(robot), client_assertion_type: 'x' })), 401, 'invalid_client', 'another type');
    assert.equal((await runtime.counts()).rowsWritten, before, 'and none of it is written down');
    (await send(site, serving(proof(robot, { aud: `${HERE}/token` }, { typ: null })))).hasStatus(200, 'RFC 7523 §3: the token endpoint');
  });

  test('may have its keys at a URL, and strangers neither make it be asked again and again nor keep it from being asked', async () => {
    const keys = newKeys('remote');
    const remote = { client_id: 'remote', keys };
    isOAuthError(await send(site, serving(proof(remote))), 503, 'temporarily_unavailable', 'nobody is there');
    const asked = provider.asked.length;
    isOAuthError(await send(site, serving(proof(remote))), 503, 'temporarily_unavailable', 'it was asked just now');
    assert.equal(provider.asked.length, asked, 'so that it is not asked again');
    let refused;
    for (let stranger = 0; stranger <= 20; stranger += 1) {
      const id = encodeURIComponent(`https://remote.example/stranger-${stranger}.json`);
      refused = await send(site, { path: `/authorize?response_type=code&client_id=${id}` });
    }
    refused.hasStatus(429, 'strangers have used up what may be asked of its host');
    await passes(A_PAUSE);
    provider.place('remote.example/jwks.json', json({ keys: publicParts(keys) }));
    for (const alg of ['RS256', 'ES256', 'EdDSA']) {
      (await send(site, serving(proof(remote, {}, { alg })))).hasStatus(200, alg);
    }
  });
});

test('the metadata says how clients may sign', async () => {
  const metadata = (await send(site, { path: '/.well-known/oauth-authorization-server' })).json();
  assert.ok(metadata.token_endpoint_auth_methods_supported.includes('private_key_jwt'));
  assert.deepEqual(metadata.token_endpoint_auth_signing_alg_values_supported, ['RS256', 'PS256', 'ES256', 'EdDSA']);
  keepsSecrets(runtime.instances);
});
