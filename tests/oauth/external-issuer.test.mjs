// The resource server of somebody else's authorization server (`AUTH_ISSUER`), which is a real OpenID provider here: metadata
// points there, our own endpoints are gone, and its tokens are checked by its published keys (RFC 9068, RFC 8414, RFC 7517).

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { parseChallenges } from '../support/http/exchange.mjs';
import { startInstances } from '../support/workers/instances.mjs';
import { calling, legacy, modern, textOf } from '../support/mcp/requests.mjs';
import {
  ALL_SCOPES,
  REDIRECT,
  SIGN_IN,
  authorizePath,
  bearer,
  call,
  form,
  isTurnedAway,
  keepsSecrets,
  newState,
  pkce,
  registering,
  scopesIn,
  secret,
  send,
} from '../support/oauth/client.mjs';
import { ALGORITHMS, enterAt, json, jwt, seconds, startProvider } from '../support/oauth/openid-provider.mjs';

const ISSUER = 'https://id.example';
const HERE = 'https://mcp.example.com';
const LAZY = `${HERE}/mcp`;
const PRIVATE = `${HERE}/private/mcp`;
/** Where an application of the provider is. */
const APP = 'https://app.example/cb';
const ELSEWHERE = 'https://elsewhere.example/mcp';
/** Longer than the server waits before it asks for unknown keys again, and shorter than the first keys are good for. */
const A_WHILE = 40;
/** Longer than the server waits before it asks again where no key is known. */
const A_PAUSE = 6;

/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;
before(async () => {
  provider = await startProvider({
    issuer: ISSUER,
    clients: [{ client_id: 'an-application', redirect_uris: [APP], token_endpoint_auth_method: 'none' }],
    people: { alice: { name: 'Alice' }, bob: { name: 'Bob' } },
    resources: Object.fromEntries([LAZY, PRIVATE, ELSEWHERE].map((resource) => [resource, ALL_SCOPES])),
  });
});
after(() => provider?.stop());
afterEach(() => provider.isBack());

const start = (vars = {}) => startInstances({ count: 1, vars: { AUTH_ISSUER: ISSUER, ...vars }, outbound: provider.port });

/** A token of the provider, the way that a client gets one. */
async function obtain({ resource = LAZY, scope = ALL_SCOPES, account = 'alice' } = {}) {
  const { verifier, challenge } = pkce();
  const url = authorizePath({
    response_type: 'code',
    client_id: 'an-application',
    redirect_uri: APP,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: newState(),
    scope: `openid ${scope}`,
    resource,
  }).replace('/authorize', `${ISSUER}/auth`);
  const back = await enterAt(provider, url, account);
  const answer = await send(
    provider.site,
    form('/token', {
      grant_type: 'authorization_code',
      client_id: 'an-application',
      code: back.searchParams.get('code'),
      redirect_uri: APP,
      code_verifier: verifier,
      resource,
    }),
  );
  const tokens = answer.hasStatus(200, 'the provider gives a token').json();
  secret(tokens.access_token, 'an access token of the provider');
  secret(tokens.id_token, 'an identity token of the provider');
  return tokens;
}

let number = 0;
/** The claims of a good access token (RFC 9068 §2.2). */
const claims = (change = {}) => ({
  iss: ISSUER,
  sub: 'alice',
  aud: LAZY,
  client_id: 'an-application',
  scope: ALL_SCOPES,
  iat: seconds(),
  exp: seconds() + 3600,
  jti: `minted-${(number += 1)}`,
  ...change,
});
const minted = (change, header) => jwt(provider.keys, claims(change), header);

const said = async (site, token, name = 'whoami', args = {}, more = {}) =>
  textOf((await call(site, token, name, args, more)).result(`${name} is answered`));

/** Nobody can tell what a token is worth. */
function isOutage(answer, rule) {
  answer.hasStatus(503, rule).hasHeader('retry-after', '10', `${rule}: another server than our own is given time`);
  assert.ok(!('www-authenticate' in answer.headers), answer.story(`${rule}: no client should sign in again for it`));
}

describe('a server with an external issuer', () => {
  let runtime;
  let site;
  before(async () => {
    runtime = await start(SIGN_IN);
    [site] = runtime.instances;
  });
  after(() => runtime?.stop());

  test('a server with an external issuer points to it', async () => {
    for (const [path, resource] of [
      ['/.well-known/oauth-protected-resource/mcp', LAZY],
      ['/.well-known/oauth-protected-resource', LAZY],
      ['/.well-known/oauth-protected-resource/private/mcp', PRIVATE],
    ]) {
      const document = (await send(site, { path })).hasStatus(200, path).json();
      assert.deepEqual(document.authorization_servers, [ISSUER], `${path}: RFC 9728 §2, byte for byte`);
      assert.equal(document.resource, resource);
    }
    for (const era of [legacy, modern]) {
      const answer = await send(site, era('tools/call', calling('whoami')));
      answer.hasStatus(401, 'RFC 9728 §5.1');
      const [{ parameters }] = parseChallenges(answer.headers['www-authenticate']);
      assert.equal(parameters.resource_metadata, `${HERE}/.well-known/oauth-protected-resource/mcp`);
    }
  });

  test('a server with an external issuer has no endpoints of its own', async () => {
    for (const request of [
      ...[
        '/.well-known/oauth-authorization-server',
        '/.well-known/oauth-authorization-server/mcp',
        '/.well-known/openid-configuration',
        '/.well-known/jwks.json',
        '/authorize',
        '/authorize/callback',
        '/token',
        '/register',
        '/revoke',
      ].map((path) => ({ path })),
      registering({ redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' }),
      form('/token', { grant_type: 'authorization_code', code: 'x' }),
      form('/revoke', { token: 'x' }),
      form('/authorize/consent', { decision: 'allow' }),
      form('/authorize/login', { passphrase: SIGN_IN.OWNER_PASSPHRASE }),
    ]) {
      (await send(site, request)).hasStatus(404, `${request.method ?? 'GET'} ${request.path}`);
    }
  });

  test('a server with an external issuer still serves what is for everybody', async () => {
    const answer = await send(site, legacy('tools/call', calling('echo', { text: 'hello' })));
    assert.match(textOf(answer.result('no token is needed')), /hello/);
  });

  test('a server with an external issuer lets in who has a token of it, in both eras, each at the resource that the token is for', async () => {
    const [lazy, strict] = [await obtain(), await obtain({ resource: PRIVATE })];
    for (const era of [legacy, modern]) {
      assert.match(await said(site, lazy.access_token, 'whoami', {}, { era }), /./);
      assert.match(await said(site, strict.access_token, 'whoami', {}, { era, path: '/private/mcp' }), /./);
    }
    await isTurnedAway(site, lazy.access_token, { path: '/private/mcp', rule: 'RFC 8707: its audience is /mcp' });
    await isTurnedAway(site, strict.access_token, { rule: 'RFC 8707: its audience is /private/mcp' });
    await isTurnedAway(site, (await obtain({ resource: ELSEWHERE })).access_token, { rule: 'the same issuer, for somebody else' });
  });

  test('a server with an external issuer knows two people, each with their own notes', async () => {
    const [alice, bob] = [await obtain(), await obtain({ account: 'bob' })];
    assert.notEqual(await said(site, alice.access_token), await said(site, bob.access_token));
    assert.equal(await said(site, alice.access_token), await said(site, (await obtain()).access_token), 'the same person again');
    await said(site, alice.access_token, 'save_note', { title: 'Only for Alice', body: 'b' });
    assert.match(await said(site, (await obtain()).access_token, 'list_notes'), /Only for Alice/);
    assert.doesNotMatch(await said(site, bob.access_token, 'list_notes'), /Only for Alice/);
    assert.doesNotMatch(await said(site, minted({ sub: 'owner' }), 'list_notes'), /Only for Alice/);
  });

  test('a server with an external issuer asks for the scopes that a tool needs', async () => {
    const { access_token: token } = await obtain({ scope: 'notes:read profile' });
    await said(site, token, 'list_notes');
    for (const [what, weak] of [
      ['a narrower token', token],
      ['no scope', minted({ scope: undefined })],
      ['a scope that only begins so', minted({ scope: 'notes:write-all notes' })],
    ]) {
      const refused = (await call(site, weak, 'save_note', { title: 't', body: 'b' })).hasStatus(403, what);
      const [{ parameters }] = parseChallenges(refused.headers['www-authenticate']);
      assert.equal(parameters.error, 'insufficient_scope', refused.story('RFC 6750 §3.1'));
      assert.equal(parameters.resource_metadata, `${HERE}/.well-known/oauth-protected-resource/mcp`, refused.story('RFC 9728 §5.1'));
      assert.ok(scopesIn(parameters.scope).includes('notes:write'), refused.story('what is needed'));
    }
  });

  for (const alg of Object.keys(ALGORITHMS)) {
    test(`a server with an external issuer checks ${alg}`, async () => {
      const good = minted({}, { alg });
      assert.match(await said(site, good), /./);
      const [head, , signature] = minted({}, { alg }).split('.');
      const other = Buffer.from(JSON.stringify(claims({ sub: 'bob' }))).toString('base64url');
      await isTurnedAway(site, `${head}.${other}.${signature}`, { rule: 'other claims under the same signature' });
      await isTurnedAway(site, good.slice(0, good.lastIndexOf('.') + 1), { rule: 'no signature' });
      await isTurnedAway(site, `${good}AAAA`, { rule: 'a signature that is too long' });
    });
  }

  test('a server with an external issuer takes audiences and scopes as a list too', async () => {
    await said(site, minted({ aud: [ELSEWHERE, LAZY], scope: undefined, scp: ['profile', 'notes:read'] }));
  });

  test('a server with an external issuer takes no token that is for somebody else, of somebody else, not now, or not one', async () => {
    const hmac = (key) => {
      const text = minted({}, { alg: 'none' }).slice(0, -1).split('.');
      text[0] = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid: 'first-rsa' })).toString('base64url');
      const head = text.slice(0, 2).join('.');
      return `${head}.${createHmac('sha256', key).update(head).digest('base64url')}`;
    };
    const { kty, n, e } = provider.keys[0];
    for (const [what, token] of [
      ['another audience', minted({ aud: ELSEWHERE })],
      ['the origin as audience', minted({ aud: HERE })],
      ['no audience', minted({ aud: undefined })],
      ['another issuer', minted({ iss: 'https://evil.example' })],
      ['an issuer with a slash more', minted({ iss: `${ISSUER}/` })],
      ['expired', minted({ exp: seconds() - 600 })],
      ['no end', minted({ exp: undefined })],
      ['not yet valid', minted({ nbf: seconds() + 3000 })],
      ['made in the future', minted({ iat: seconds() + 3000 })],
      ['nobody', minted({ sub: '' })],
      ['alg none', minted({}, { alg: 'none' })],
      ['alg none without a key', minted({}, { alg: 'none', kid: null })],
      ['HMAC with the public key', hmac(JSON.stringify({ kty, n, e }))],
      ['an unknown key', minted({}, { kid: 'unknown' })],
      ['the name of another key', minted({}, { kid: 'first-ec' })],
      ['a plain JWT', minted({}, { typ: 'JWT' })],
      ['no type', minted({}, { typ: null })],
      ['a critical extension', minted({}, { crit: ['exp'] })],
      ['an identity token', minted({ aud: LAZY, nonce: 'n' })],
      ['the identity token of a sign-in', (await obtain()).id_token],
      ['no token', 'opaque-opaque-opaque'],
    ]) {
      const answer = await isTurnedAway(site, token, { rule: what });
      const [{ parameters }] = parseChallenges(answer.headers['www-authenticate']);
      assert.equal(parameters.resource_metadata, `${HERE}/.well-known/oauth-protected-resource/mcp`, answer.story('the way to a good one'));
    }
    assert.match(await said(site, minted()), /./, 'the true one is good');
  });

  test('a server with an external issuer asks for the keys once, whatever is sent', async () => {
    await said(site, minted());
    const before = provider.asked.length;
    for (let round = 0; round < 5; round += 1) {
      await said(site, minted());
      await isTurnedAway(site, minted({ aud: ELSEWHERE }));
    }
    for (let round = 0; round < 5; round += 1) await isTurnedAway(site, minted({}, { kid: `made-up-${round}` }));
    assert.ok(provider.asked.length - before <= 3, `names that anybody can make up cost nothing: ${provider.asked.length - before} requests`);
  });

  test('a server with an external issuer: no secret is in the log', () => keepsSecrets([site]));
});

test('the keys of an external issuer are asked for once, however many requests need them at the same time', async () => {
  const runtime = await start();
  try {
    const [site] = runtime.instances;
    const keys = provider.keys.map(({ kty, kid, use, n, e, crv, x, y }) => ({ kty, kid, use, n, e, crv, x, y }));
    provider.place('id.example/jwks', (_, response) => void setTimeout(() => json({ keys })(_, response), 300));
    const asksFor = async (act) => {
      const before = provider.asked.length;
      await Promise.all(Array.from({ length: 20 }, (_, at) => act(at)));
      return provider.asked.slice(before).filter(({ url }) => url === 'id.example/jwks').length;
    };
    assert.equal(await asksFor(() => said(site, minted())), 1, 'when nothing is known');
    await site.passes(A_WHILE);
    assert.equal(await asksFor((at) => isTurnedAway(site, minted({}, { kid: `made-up-${at}` }))), 1, 'for names that anybody can make up');
    assert.equal(await asksFor((at) => isTurnedAway(site, minted({}, { kid: `more-${at}` }))), 0, 'and not again for a while');
    provider.place('id.example/jwks', (_, response) => void setTimeout(() => response.writeHead(503).end(), 300));
    await site.passes(A_WHILE);
    assert.equal(await asksFor(async (at) => isOutage(await call(site, minted({}, { kid: `new-${at}` })), 'they may be new ones')), 1, 'also if that fails');
  } finally {
    await runtime.stop();
  }
});

describe('when the issuer changes its keys', () => {
  let runtime;
  let site;
  beforeEach(async () => {
    runtime = await start();
    [site] = runtime.instances;
  });
  afterEach(() => runtime?.stop());

  test('when the issuer changes its keys, a token by a new one is good as soon as it may be asked, and one by an old one no more', async () => {
    await said(site, minted());
    const old = [minted(), minted()];
    provider.rotate(`second-${number}`);
    await site.passes(A_WHILE);
    await said(site, old[0], 'whoami');
    await said(site, (await obtain()).access_token);
    await isTurnedAway(site, old[1], { rule: 'its key is published no more' });
    assert.match(await said(site, minted()), /./);
  });

  test('when the issuer changes its keys, a revoked one is out within a day at most, although its host says a year', async () => {
    const publish = () => {
      const keys = provider.keys.map(({ kty, kid, use, n, e, crv, x, y }) => ({ kty, kid, use, n, e, crv, x, y }));
      provider.place('id.example/jwks', (_, response) =>
        response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=31536000' }).end(JSON.stringify({ keys })),
      );
    };
    publish();
    const day = 24 * 3600;
    await said(site, minted());
    const late = { exp: seconds() + 3 * day };
    const token = minted(late);
    provider.rotate(`third-${number}`);
    publish();
    await site.passes(day + A_WHILE);
    await isTurnedAway(site, token, { rule: 'the keys are asked for again' });
    assert.match(await said(site, minted(late)), /./);
  });

  test('when the issuer changes its keys, no secret is in the log', () => keepsSecrets([site]));
});

describe('while the issuer is down', () => {
  let runtime;
  let site;
  beforeEach(async () => {
    runtime = await start();
    [site] = runtime.instances;
  });
  afterEach(() => runtime?.stop());

  const metadata = (document) => () => provider.place(provider.host, json(document));
  for (const [what, why, change] of [
    ['it does not answer', 'https://id.example/.well-known/oauth-authorization-server: status 503; https://', () => provider.isDown()],
    ['its keys are out of reach', 'its keys: status 503', () => provider.isDown('id.example/jwks')],
    ['its keys are no keys', 'the keys of the issuer are not a JSON Web Key Set', () => provider.place('id.example/jwks', json({ keys: 'none' }))],
    ['its metadata is that of another', 'not that of the configured issuer', metadata({ issuer: 'https://evil.example', jwks_uri: 'https://id.example/jwks' })],
    ['its keys are served by plain http', 'not served by https', metadata({ issuer: ISSUER, jwks_uri: 'http://id.example/jwks' })],
  ]) {
    test(`while the issuer is down, because ${what}, a token that cannot be checked is an outage, and good when it is over`, async () => {
      change();
      const token = minted();
      for (const era of [legacy, modern]) isOutage(await call(site, token, 'whoami', {}, { era }), what);
      const open = await send(site, legacy('tools/call', calling('echo', { text: 'hello' })));
      open.result('what is for everybody still is');
      const lines = site.log().split('\n').filter((line) => line.includes(`the keys of ${ISSUER} could not be had`));
      assert.equal(lines.length, 1, 'the log says so once');
      assert.ok(lines[0].includes(why) && !lines[0].includes('evil.example'), lines[0]);
      (await send(site, legacy('tools/call', calling('whoami'), { path: '/private/mcp' }))).hasStatus(401, 'who sends no token is sent for one');
      const asked = provider.asked.length;
      for (let time = 0; time < 5; time += 1) isOutage(await call(site, minted({}, { kid: `invented-${time}` })), what);
      assert.equal(provider.asked.length, asked, 'whoever sends tokens does not make it ask again and again');
      provider.isBack();
      await site.passes(A_PAUSE);
      assert.match(await said(site, token), /./);
    });
  }

  test('while the issuer is down, the keys that are there serve on for a while', async () => {
    await said(site, minted());
    const day = 24 * 3600;
    const token = minted({ exp: seconds() + 3 * day });
    provider.isDown();
    await site.passes(12 * 3600);
    assert.match(await said(site, token), /./, 'hours after they should have been asked for again');
    await isTurnedAway(site, minted({ aud: ELSEWHERE, exp: seconds() + 3 * day }), { rule: 'and still refuse' });
  });

  test('while the issuer is down, a token by a key that is not there is an outage', async () => {
    await said(site, minted());
    const unknown = minted({}, { kid: 'perhaps-a-new-one' });
    await site.passes(A_WHILE);
    provider.isDown();
    for (const time of ['first', 'second', 'third']) isOutage(await call(site, unknown), `it may be a new one (${time} time)`);
  });

  test('while the issuer is down, no secret is in the log', () => keepsSecrets([site]));
});

describe('an issuer that speaks otherwise', () => {
  test('an issuer that speaks otherwise may know this server by another name and call its tokens plain JWTs', async () => {
    const runtime = await start({ AUTH_AUDIENCE: 'f81d4fae-7dec api://notes', AUTH_PLAIN_JWT: 'true' });
    try {
      const [site] = runtime.instances;
      for (const [change, header] of [
        [{ aud: 'f81d4fae-7dec' }, {}],
        [{ aud: 'api://notes' }, { typ: 'JWT' }],
        [{}, { typ: null }],
      ]) {
        assert.match(await said(site, minted(change, header)), /./);
        assert.match(await said(site, minted(change.aud ? change : { aud: PRIVATE }, header), 'whoami', {}, { path: '/private/mcp' }), /./);
      }
      await isTurnedAway(site, minted({ aud: 'f81d4fae' }), { rule: 'a part of a name' });
      await isTurnedAway(site, minted({ aud: 'api://notes', nonce: 'n' }, { typ: 'JWT' }), { rule: 'an identity token' });
      keepsSecrets([site]);
    } finally {
      await runtime.stop();
    }
  });
});

test('REQUIRED_GROUPS holds for the tokens of an external issuer, and leads to no sign-in', async () => {
  const runtime = await start({ REQUIRED_GROUPS: '{"/private/mcp": ["staff"]}' });
  try {
    const [site] = runtime.instances;
    const ask = (groups, path) => call(site, minted({ aud: path === '/mcp' ? LAZY : PRIVATE, groups }), 'whoami', {}, { path });
    (await ask(['staff'], '/private/mcp')).result('in the group');
    (await ask(['sales'], '/mcp')).result('the other endpoint');
    for (const groups of [['sales'], [], undefined, 'staffers']) {
      const refused = (await ask(groups, '/private/mcp')).hasStatus(403, `groups: ${groups}`);
      assert.match(refused.headers['www-authenticate'], /^Bearer error="insufficient_scope"/, 'RFC 6750 §3.1');
      assert.doesNotMatch(refused.headers['www-authenticate'], /resource_metadata|scope="/, 'what leads clients to a sign-in');
    }
    const listed = await send(site, legacy('tools/list', {}, { path: '/private/mcp', headers: bearer(minted({ aud: PRIVATE, groups: [] })) }));
    listed.hasStatus(403, 'every request, not only calls');
    keepsSecrets([site]);
  } finally {
    await runtime.stop();
  }
});
