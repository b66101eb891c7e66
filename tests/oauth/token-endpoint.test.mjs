// The token endpoint (OAuth 2.1 §3.2, §4.1.3, §4.3; RFC 8707): a code exactly once, refresh tokens that rotate and tell a lost
// answer from a theft, and an error for everything else.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instancesForSuite } from '../support/workers/instances.mjs';
import {
  ALL_SCOPES,
  FIRST_SCOPES,
  FORM,
  REDIRECT,
  SIGN_IN,
  authorize,
  basic,
  call,
  connect,
  form,
  isOAuthError,
  isTurnedAway,
  isWelcome,
  keepsSecrets,
  pkce,
  redeeming,
  refreshing,
  register,
  scopesIn,
  send,
  tokensOf,
} from '../support/oauth/client.mjs';

let client;
let other;
const runtime = instancesForSuite({ count: 1, vars: SIGN_IN }, async () => {
  client = await register(site);
  other = await register(site);
});
const [site] = runtime.instances;

const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;

const aCode = (how) => authorize(site, client, how);
const redeem = (authorization, more, who = client) => send(site, redeeming(who, authorization, more));
const refresh = (tokens, more, who = client) => send(site, refreshing(who, tokens, more));
const renewed = async (tokens, more) => tokensOf(await refresh(tokens, more), 'OAuth 2.1 §4.3');

/** What an error says, but for the name of the request. */
const told = (answer) => ({ ...answer.json(), request_id: undefined });

// MCP "Authorization Code Protection"
// RFC 6749 §5.1, RFC 7636 §4.5
describe('an authorization code', () => {
  test('an authorization code becomes an access token and a refresh token', async () => {
    const answer = await redeem(await aCode());
    const tokens = tokensOf(answer);
    assert.ok(tokens.refresh_token, answer.story('always: clients of the first revisions never ask for one'));
    assert.equal(tokens.expires_in, HOUR, answer.story('an hour'));
    assert.deepEqual(scopesIn(tokens.scope), scopesIn(FIRST_SCOPES));
    await isWelcome(site, tokens.access_token);
  });

  test('an authorization code works once; a second time ends what the first has given', async () => {
    const authorization = await aCode();
    const tokens = tokensOf(await redeem(authorization));
    isOAuthError(await redeem(authorization), 400, 'invalid_grant', 'OAuth 2.1 §4.1.3: used twice');
    isOAuthError(await refresh(tokens), 400, 'invalid_grant', 'RFC 9700 §4.5: the tokens of the first use are revoked');
    await isTurnedAway(site, tokens.access_token, { rule: 'no isolate had looked yet, so this one looks' });
  });

  test('an authorization code and a refresh token are good under the name of the server where they were given, and are not spent under another', async () => {
    // Without PUBLIC_URL a server is whatever its clients call it.
    const elsewhere = { host: 'other.example.com' };
    const authorization = await aCode();
    const at = (asked) => send(site, { ...asked, headers: { ...asked.headers, ...elsewhere } });
    for (const resource of [undefined, site.url, 'https://other.example.com/mcp']) {
      isOAuthError(await at(redeeming(client, authorization, { resource })), 400, 'invalid_grant', `a code, with resource ${resource}`);
    }
    const tokens = tokensOf(await redeem(authorization), 'the code was not spent');
    for (const resource of [undefined, site.url, 'https://other.example.com/mcp']) {
      isOAuthError(await at(refreshing(client, tokens, { resource })), 400, 'invalid_grant', `a refresh token, with resource ${resource}`);
    }
    await renewed(tokens);
  });

  for (const [what, change, status, error] of [
    ['another verifier', () => ({ code_verifier: pkce().verifier }), 400, 'invalid_grant'],
    ['no verifier', () => ({ code_verifier: null }), 400, 'invalid_grant'],
    ['a short verifier', () => ({ code_verifier: 'short' }), 400, 'invalid_grant'],
    ['a verifier with strange characters', () => ({ code_verifier: '!'.repeat(43) }), 400, 'invalid_grant'],
    ['another client', () => ({ client_id: other.client_id }), 400, 'invalid_grant'],
    ['an unknown client', () => ({ client_id: 'nobody' }), 401, 'invalid_client'],
    ['no client', () => ({ client_id: null }), 401, 'invalid_client'],
    ['another redirect URI', () => ({ redirect_uri: 'http://127.0.0.1:39321/callback/' }), 400, 'invalid_grant'],
    ['another port in the redirect URI', () => ({ redirect_uri: 'http://127.0.0.1:39322/callback' }), 400, 'invalid_grant'],
    ['another resource', () => ({ resource: site.privateUrl }), 400, 'invalid_target'],
    ['a resource that is not here', () => ({ resource: 'https://elsewhere.example/mcp' }), 400, 'invalid_target'],
    ['two resources', () => ({ resource: [site.url, site.url] }), 400, 'invalid_target'],
    ['two verifiers', (code) => ({ code_verifier: [code.verifier, code.verifier] }), 400, 'invalid_request'],
    ['two codes', (code) => ({ code: [code.code, code.code] }), 400, 'invalid_request'],
    ['two clients', () => ({ client_id: [client.client_id, other.client_id] }), 400, 'invalid_request'],
    ['two redirect URIs', () => ({ redirect_uri: [REDIRECT, REDIRECT] }), 400, 'invalid_request'],
    ['two grant types', () => ({ grant_type: ['authorization_code', 'refresh_token'] }), 400, 'invalid_request'],
    ['a secret, from a public client', () => ({ client_secret: 'cs1_made-up-for-this-test' }), 401, 'invalid_client'],
  ]) {
    test(`an authorization code is not consumed by a request with ${what}`, async () => {
      const authorization = await aCode();
      isOAuthError(await redeem(authorization, change(authorization)), status, error, 'everything is checked before anything is consumed');
      tokensOf(await redeem(authorization), 'the honest client is not harmed');
    });
  }

  test('an authorization code that was used ends nothing when somebody repeats it who does not know the verifier', async () => {
    const authorization = await aCode();
    const tokens = tokensOf(await redeem(authorization));
    for (const change of [
      { code_verifier: pkce().verifier },
      { code_verifier: null },
      { client_id: other.client_id },
      { redirect_uri: 'https://x.example/' },
    ]) {
      isOAuthError(await redeem(authorization, change), 400, 'invalid_grant', 'OAuth 2.1 §7.5.3');
    }
    await isWelcome(site, (await renewed(tokens)).access_token, { rule: 'the grant lives on' });
  });

  // MCP "Resource Parameter Implementation"
  // RFC 8707 §2
  test('an authorization code may come without the redirect URI, and with the resource in any spelling', async () => {
    tokensOf(await redeem(await aCode(), { redirect_uri: null }), 'OAuth 2.1 §10.2');
    tokensOf(await redeem(await aCode({ resource: site.url }), { resource: `${site.url}/` }), 'a slash more');
    tokensOf(await redeem(await aCode({ resource: `${site.url}/` }), { resource: site.url }), 'a slash less');
    tokensOf(await redeem(await aCode({ resource: site.url }), { resource: null }), 'what was agreed');
    tokensOf(await redeem(await aCode(), { resource: site.url }), 'the one it means anyway');
  });

  test('an authorization code is good for a minute', async () => {
    const late = await aCode();
    await site.passes(MINUTE + 1);
    isOAuthError(await redeem(late), 400, 'invalid_grant', 'FAPI 2.0 §5.3.2.1: at most 60 seconds');
    const inTime = await aCode();
    await site.passes(MINUTE / 2);
    tokensOf(await redeem(inTime), 'half a minute is in time');
  });

  test('an authorization code that was made up is told nothing more than one that was used', async () => {
    const authorization = await aCode();
    const tokens = tokensOf(await redeem(authorization));
    const used = await redeem(authorization);
    for (const code of [
      'x',
      'mc1_',
      `${authorization.code.slice(0, -1)}~`,
      authorization.code.slice(0, -4),
      tokens.refresh_token,
      'c'.repeat(9000),
    ]) {
      const answer = await redeem({ ...authorization, code });
      isOAuthError(answer, 400, 'invalid_grant', 'OAuth 2.1 §3.2.4');
      assert.deepEqual(told(answer), told(used), answer.story('unknown, used and foreign look the same'));
    }
    const fresh = await aCode();
    for (const change of [
      { code_verifier: pkce().verifier },
      { code_verifier: null },
      { client_id: other.client_id },
      { redirect_uri: 'https://x.example/' },
    ]) {
      const answer = await redeem(fresh, change);
      assert.deepEqual(told(answer), told(used), answer.story('what was wrong is not told'));
    }
  });
});

// MCP "Token Theft", "Refresh Tokens"
describe('a refresh token', () => {
  test('a refresh token is replaced by its successor, and a new access token comes with it', async () => {
    const { tokens } = await connect(site, { client });
    const next = await renewed(tokens);
    assert.notEqual(next.refresh_token, tokens.refresh_token, 'OAuth 2.1 §4.3.1: rotation');
    assert.notEqual(next.access_token, tokens.access_token);
    assert.deepEqual(scopesIn(next.scope), scopesIn(tokens.scope));
    await isWelcome(site, next.access_token);
    await isWelcome(site, tokens.access_token, { rule: 'the old access token lives to its end' });
  });

  test('a refresh token sent again within a minute brings the same successor: the answer was lost', async () => {
    const { tokens } = await connect(site, { client });
    let next;
    await runtime.withStoppedClock(async () => {
      next = await renewed(tokens);
      for (const seconds of [0, 20, 39]) {
        await site.passes(seconds);
        const again = await renewed(tokens);
        assert.equal(again.refresh_token, next.refresh_token, 'never two live successors');
        await isWelcome(site, again.access_token);
      }
    });
    const third = await renewed(next);
    assert.notEqual(third.refresh_token, next.refresh_token, 'the successor works as if nothing had happened');
  });

  test('a refresh token sent again later brings it three times in a month, then ends the grant', async () => {
    const { tokens } = await connect(site, { client });
    const next = await renewed(tokens);
    for (const turn of [1, 2, 3]) {
      await site.passes(2 * HOUR);
      assert.equal((await renewed(tokens)).refresh_token, next.refresh_token, `time ${turn}`);
    }
    await site.passes(2 * HOUR);
    isOAuthError(await refresh(tokens), 400, 'invalid_grant', 'four times is no lost answer');
    isOAuthError(await refresh(next), 400, 'invalid_grant', 'RFC 9700 §4.14.2: the family is revoked');
  });

  test('a refresh token older than the last one ends the grant: two parties hold it', async () => {
    const { tokens } = await connect(site, { client });
    const second = await renewed(tokens);
    const third = await renewed(second);
    isOAuthError(await refresh(tokens), 400, 'invalid_grant', 'RFC 9700 §4.14.2');
    for (const one of [second, third]) isOAuthError(await refresh(one), 400, 'invalid_grant', 'RFC 9700 §4.14.2: the family is revoked');
    await isTurnedAway(site, third.access_token, { rule: 'no isolate had looked yet, so this one looks' });
  });

  test('a refresh token of one grant ends no other grant of the same client', async () => {
    const first = (await connect(site, { client })).tokens;
    const second = (await connect(site, { client })).tokens;
    await isWelcome(site, (await renewed(first)).access_token, { rule: 'signing in again ends nothing' });
    const next = await renewed(await renewed(second));
    isOAuthError(await refresh(second), 400, 'invalid_grant', 'the second is stolen');
    isOAuthError(await refresh(next), 400, 'invalid_grant', 'and ended');
    await renewed(first);
  });

  for (const [what, change, status, error] of [
    ['another client', () => ({ client_id: other.client_id }), 400, 'invalid_grant'],
    ['an unknown client', () => ({ client_id: 'nobody' }), 401, 'invalid_client'],
    ['no client', () => ({ client_id: null }), 401, 'invalid_client'],
    ['another resource', () => ({ resource: site.privateUrl }), 400, 'invalid_target'],
    ['a resource that is not here', () => ({ resource: 'https://elsewhere.example/mcp' }), 400, 'invalid_target'],
    ['scopes that were not granted', () => ({ scope: 'notes:write' }), 400, 'invalid_scope'],
    ['a malformed scope', () => ({ scope: 'pro"file' }), 400, 'invalid_scope'],
    ['two refresh tokens', (tokens) => ({ refresh_token: [tokens.refresh_token, tokens.refresh_token] }), 400, 'invalid_request'],
    ['two scopes', () => ({ scope: ['profile', 'profile'] }), 400, 'invalid_request'],
    ['two grant types', () => ({ grant_type: ['refresh_token', 'refresh_token'] }), 400, 'invalid_request'],
    ['a secret, from a public client', () => ({ client_secret: 'cs1_made-up-for-this-test' }), 401, 'invalid_client'],
  ]) {
    test(`a refresh token is not used up by a request with ${what}`, async () => {
      const { tokens } = await connect(site, { client });
      isOAuthError(await refresh(tokens, change(tokens)), status, error, 'everything is checked before anything changes');
      await renewed(tokens);
    });
  }

  test('a refresh token may ask for less, and for more in vain', async () => {
    const { tokens } = await connect(site, { client, scope: ALL_SCOPES });
    const less = await renewed(tokens, { scope: 'profile' });
    assert.deepEqual(scopesIn(less.scope), ['profile'], 'RFC 6749 §6');
    (await call(site, less.access_token, 'list_notes')).hasStatus(403, 'the token has only what was asked for');
    const habit = await renewed(less, { scope: `${ALL_SCOPES} offline_access openid` });
    assert.deepEqual(scopesIn(habit.scope), scopesIn(ALL_SCOPES), 'the grant is as wide as before; what it does not have is dropped');
  });

  test('a refresh token of a month ago that nobody used is worth nothing', async () => {
    const { tokens } = await connect(site, { client });
    await site.passes(31 * DAY);
    isOAuthError(await refresh(tokens), 400, 'invalid_grant', 'an idle grant expires');
  });

  test('a refresh token that is used now and then stays valid', async () => {
    let { tokens } = await connect(site, { client });
    for (let month = 1; month <= 3; month += 1) {
      await site.passes(25 * DAY);
      tokens = await renewed(tokens);
    }
    await isWelcome(site, tokens.access_token);
  });

  test('a refresh token is no access token', async () => {
    const { tokens } = await connect(site, { client });
    await isTurnedAway(site, tokens.refresh_token, { rule: 'it is no access token' });
  });

  test('a refresh token that was made up is told nothing more than one that was revoked', async () => {
    const { tokens } = await connect(site, { client });
    await renewed(await renewed(tokens));
    const revoked = await refresh(tokens);
    for (const token of ['x', 'mr1_', `${tokens.refresh_token.slice(0, -1)}~`, tokens.access_token, 'r'.repeat(9000)]) {
      const answer = await refresh({ refresh_token: token });
      isOAuthError(answer, 400, 'invalid_grant', 'OAuth 2.1 §3.2.4');
      assert.deepEqual(told(answer), told(revoked), answer.story('unknown, revoked and foreign look the same'));
    }
  });
});

describe('a confidential client', () => {
  for (const method of ['client_secret_basic', 'client_secret_post']) {
    test(`a confidential client that registered ${method} shows its secret, in the header or in the body`, async () => {
      const web = await register(site, { token_endpoint_auth_method: method, redirect_uris: ['https://web.example/cb'] });
      const headers = basic(web.client_id, web.client_secret);
      const { tokens } = await connect(site, { client: web, token: { headers, client_id: null } });
      const next = tokensOf(await refresh(tokens, { client_secret: web.client_secret }, web), 'RFC 6749 §2.3.1: in the body');
      const last = tokensOf(await refresh(next, { headers }, web), 'the identifier in the body beside the header is harmless');
      for (const [what, more] of [
        ['nothing', {}],
        ['a wrong secret', { client_secret: `${web.client_secret}x` }],
        ["another client's secret", { client_secret: (await register(site, { token_endpoint_auth_method: method })).client_secret }],
        ['an empty secret', { client_secret: '' }],
      ]) {
        const answer = await refresh(last, more, web);
        isOAuthError(answer, 401, 'invalid_client', `RFC 6749 §5.2: ${what}`);
      }
      const wrong = await refresh(last, { headers: basic(web.client_id, 'wrong-secret-of-the-test'), client_id: null }, web);
      isOAuthError(wrong, 401, 'invalid_client', 'RFC 6749 §5.2');
      wrong.hasHeader('www-authenticate', /^Basic\b/i, 'RFC 6749 §5.2: the scheme the client used');
      isOAuthError(
        await refresh(last, { headers, client_secret: web.client_secret }, web),
        400,
        'invalid_request',
        'RFC 6749 §2.3: one method per request',
      );
      isOAuthError(
        await refresh(last, { headers, client_id: other.client_id }, web),
        400,
        'invalid_request',
        'header and body name the same client',
      );
      for (const authorization of ['Basic', 'Basic !!!', `Basic ${Buffer.from('no-colon').toString('base64')}`, 'Bearer x', 'Digest a=b']) {
        isOAuthError(await refresh(last, { headers: { authorization }, client_id: null }, web), 401, 'invalid_client', authorization);
      }
      tokensOf(await refresh(last, { headers, client_id: null }, web), 'none of that has used up the token');
    });
  }
});

describe('a token request', () => {
  const post = (body, headers) => send(site, { method: 'POST', path: '/token', headers: { 'content-type': FORM, ...headers }, body });

  for (const [what, parameters, error] of [
    ['nothing', {}, 'invalid_request'],
    ['no grant type', () => ({ client_id: client.client_id }), 'invalid_request'],
    ['an empty grant type', () => ({ grant_type: '', client_id: client.client_id }), 'invalid_request'],
    ['no code', () => ({ grant_type: 'authorization_code', client_id: client.client_id }), 'invalid_request'],
    ['no refresh token', () => ({ grant_type: 'refresh_token', client_id: client.client_id }), 'invalid_request'],
    [
      'the password grant',
      () => ({ grant_type: 'password', client_id: client.client_id, username: 'owner', password: 'x' }),
      'unsupported_grant_type',
    ],
    ['the implicit grant', () => ({ grant_type: 'token', client_id: client.client_id }), 'unsupported_grant_type'],
    [
      'the device grant',
      () => ({ grant_type: 'urn:ietf:params:oauth:grant-type:device_code', client_id: client.client_id }),
      'unsupported_grant_type',
    ],
    ['a grant type in capitals', () => ({ grant_type: 'AUTHORIZATION_CODE', client_id: client.client_id }), 'unsupported_grant_type'],
    [
      'client_credentials from a public client',
      () => ({ grant_type: 'client_credentials', client_id: client.client_id }),
      'unauthorized_client',
    ],
  ]) {
    test(`a token request with ${what} is refused`, async () => {
      const answer = await send(site, form('/token', typeof parameters === 'function' ? parameters() : parameters));
      isOAuthError(answer, 400, error, 'RFC 6749 §5.2');
    });
  }

  test('a token request is a form, not JSON', async () => {
    const { code, verifier, redirectUri } = await aCode();
    const body = JSON.stringify({
      grant_type: 'authorization_code',
      client_id: client.client_id,
      code,
      code_verifier: verifier,
      redirect_uri: redirectUri,
    });
    for (const type of ['application/json', 'text/plain', undefined]) {
      const answer = await send(site, { method: 'POST', path: '/token', headers: { 'content-type': type }, body });
      answer.hasStatus([400, 415], 'RFC 6749 §3.2');
      assert.equal(answer.json().error, 'invalid_request', answer.story('RFC 6749 §5.2'));
    }
    tokensOf(
      await redeem({ code, verifier, redirectUri }, { headers: { 'content-type': `${FORM}; charset=UTF-8` } }),
      'with a charset it is a form',
    );
  });

  test('a token request has no parameters in its address', async () => {
    const { code, verifier, redirectUri } = await aCode();
    const { body } = redeeming(client, { code, verifier, redirectUri });
    isOAuthError(
      await send(site, { method: 'POST', path: `/token?${body}`, headers: { 'content-type': FORM }, body: '' }),
      400,
      'invalid_request',
      'OAuth 2.1 §3.2',
    );
    tokensOf(await redeem({ code, verifier, redirectUri }));
  });

  for (const [what, body] of [
    ['a percent sign that encodes nothing', 'grant_type=%zz'],
    ['bytes that are no UTF-8', 'grant_type=%ff'],
    ['thousands of parameters', 'a=b&'.repeat(4000)],
    ['a megabyte', `grant_type=${'x'.repeat(1_000_000)}`],
  ]) {
    test(`a token request with ${what} is refused`, async () => {
      const answer = await post(body);
      answer.hasStatus([400, 413], 'every body has a limit');
      assert.equal(answer.json().error, 'invalid_request', answer.story('RFC 6749 §5.2'));
    });
  }

  test('a token request is a POST', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await send(site, { method, path: '/token?grant_type=refresh_token' });
      answer.hasStatus(405, 'OAuth 2.1 §3.2').hasHeader('allow', /\bPOST\b/, 'RFC 9110 §15.5.6');
    }
  });

  test('a token request may come from a web page', async () => {
    const origin = 'http://localhost:6274';
    const { tokens } = await connect(site, { client });
    const answer = await refresh(tokens, { headers: { origin } });
    tokensOf(answer);
    assert.ok(['*', origin].includes(answer.headers['access-control-allow-origin']), answer.story('clients in browsers'));
    assert.ok(!('access-control-allow-credentials' in answer.headers), answer.story('no cookies'));
    const preflight = await send(site, {
      method: 'OPTIONS',
      path: '/token',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization, content-type' },
    });
    preflight.hasStatus([200, 204], 'Fetch, CORS preflight');
    assert.match(preflight.headers['access-control-allow-headers'] ?? '', /authorization/i, preflight.story('Basic'));
  });
});
test('no secret is in the log', () => keepsSecrets([site]));
