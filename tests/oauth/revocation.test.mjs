// Revocation (RFC 7009) and how soon the resource learns of it: refresh tokens are dead at once, access tokens as soon as an
// instance asks the object that keeps the grant, which it does before the first call and then at least once a minute.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instancesForSuite } from '../support/workers/instances.mjs';
import {
  FORM,
  SIGN_IN,
  basic,
  call,
  connect,
  form,
  isDead,
  isOAuthError,
  isTurnedAway,
  isWelcome,
  keepsSecrets,
  refreshing,
  register,
  revoking,
  send,
  tokensOf,
} from '../support/oauth/client.mjs';

/** The resource must know of a revocation after this time. */
const LIMIT = 60;

let client;
let other;
const runtime = instancesForSuite({ count: 2, vars: SIGN_IN, lateKv: true }, async () => {
  client = await register(here);
  other = await register(here);
});
const [here, there] = runtime.instances;

const revoke = (token, more, who = client, at = here) => send(at, revoking(who, token, more));
const done = (answer, rule = 'RFC 7009 §2.2') => {
  answer.hasStatus(200, rule);
  assert.ok(answer.text.trim() === '' || answer.text.trim() === '{}', answer.story('RFC 7009 §2.2: nothing to say'));
};

describe('revoking', () => {
  for (const [what, pick, hint] of [
    ['the refresh token', 'refresh_token', 'refresh_token'],
    ['the refresh token, called an access token', 'refresh_token', 'access_token'],
    ['the refresh token, without a hint', 'refresh_token', null],
    ['the access token', 'access_token', 'access_token'],
    ['the access token, with a hint that nobody knows', 'access_token', 'id_token'],
  ]) {
    test(`revoking ${what} ends the grant at once, everywhere`, async () => {
      const { tokens } = await connect(here, { client });
      done(await revoke(tokens[pick], { token_type_hint: hint }));
      for (const at of [here, there]) await isDead(at, { client, tokens }, 'RFC 7009 §2.1: and the other token with it');
      await isTurnedAway(here, tokens.access_token, { rule: 'an instance looks before the first call' });
    });
  }

  test('a refresh token that has been replaced ends the grant, too', async () => {
    const { tokens } = await connect(here, { client });
    const next = tokensOf(await send(here, refreshing(client, tokens)));
    done(await revoke(tokens.refresh_token));
    await isDead(here, { client, tokens: next }, 'the client kept the wrong one');
  });

  test('an access token that has expired ends the grant, too', async () => {
    const { tokens } = await connect(here, { client });
    await runtime.passes(2 * 3600);
    done(await revoke(tokens.access_token));
    await isDead(here, { client, tokens }, 'RFC 7009 §2.1');
  });

  test('revoking is the same the second time', async () => {
    const { tokens } = await connect(here, { client });
    done(await revoke(tokens.refresh_token));
    done(await revoke(tokens.refresh_token), 'RFC 7009 §2.2: revoked already');
    done(await revoke(tokens.access_token), 'Claude Code revokes both');
  });

  test('revoking ends one grant and no other', async () => {
    const first = (await connect(here, { client })).tokens;
    const second = (await connect(here, { client })).tokens;
    done(await revoke(first.refresh_token));
    await isWelcome(here, second.access_token);
    tokensOf(await send(here, refreshing(client, second)));
  });

  test('what is no token is no error', async () => {
    for (const token of ['x', 'mr1_made_up', 'a.b.c', `eyJ${'a'.repeat(3000)}`])
      done(await revoke(token), 'RFC 7009 §2.2: invalid tokens do not cause an error');
  });

  test("another client's token does nothing", async () => {
    const { tokens } = await connect(here, { client });
    for (const token of [tokens.refresh_token, tokens.access_token]) {
      const answer = await revoke(token, {}, other);
      answer.hasStatus([200, 400], 'RFC 7009 §2.1: refused, or as if unknown');
    }
    tokensOf(await send(here, refreshing(client, tokens)), 'it lives on');
    await isWelcome(here, tokens.access_token);
  });

  test('revoking needs the secret of a client that has one', async () => {
    const web = await register(here, { token_endpoint_auth_method: 'client_secret_basic' });
    const headers = basic(web.client_id, web.client_secret);
    const { tokens } = await connect(here, { client: web, token: { headers, client_id: null } });
    isOAuthError(await revoke(tokens.refresh_token, {}, web), 401, 'invalid_client', 'RFC 7009 §2.1');
    tokensOf(await send(here, refreshing(web, tokens, { headers, client_id: null })), 'it lives on');
    done(await revoke(tokens.refresh_token, { headers, client_id: null }, web));
    isOAuthError(await send(here, refreshing(web, tokens, { headers, client_id: null })), 400, 'invalid_grant', 'and now it is dead');
  });
});

describe('a revocation request', () => {
  test('a malformed revocation request is refused', async () => {
    const { tokens } = await connect(here, { client });
    const { refresh_token: token } = tokens;
    for (const [what, asked, status, error] of [
      ['without a token', form('/revoke', { client_id: client.client_id }), 400, 'invalid_request'],
      ['without a client', form('/revoke', { token }), 401, 'invalid_client'],
      ['of an unknown client', form('/revoke', { token, client_id: 'nobody' }), 401, 'invalid_client'],
      ['with two tokens', form('/revoke', { token: [token, token], client_id: client.client_id }), 400, 'invalid_request'],
      ['with two hints', form('/revoke', { token, client_id: client.client_id, token_type_hint: ['a', 'b'] }), 400, 'invalid_request'],
      [
        'as JSON',
        {
          method: 'POST',
          path: '/revoke',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ token, client_id: client.client_id }),
        },
        400,
        'invalid_request',
      ],
      [
        'in the address',
        { method: 'POST', path: `/revoke?token=${token}&client_id=${client.client_id}`, headers: { 'content-type': FORM }, body: '' },
        [400, 401],
        undefined,
      ],
    ]) {
      const answer = await send(here, asked);
      if (error) isOAuthError(answer, status, error, what);
      else answer.hasStatus(status, what);
    }
    (await send(here, { path: '/revoke' })).hasStatus(405, 'RFC 7009 §2.1: a POST').hasHeader('allow', /\bPOST\b/, 'RFC 9110 §15.5.6');
    tokensOf(await send(here, refreshing(client, tokens)), 'none of that has ended anything');
  });

  test('a revocation request may come from a web page', async () => {
    const { tokens } = await connect(here, { client });
    const answer = await revoke(tokens.refresh_token, { headers: { origin: 'http://localhost:6274' } });
    done(answer);
    assert.ok(['*', 'http://localhost:6274'].includes(answer.headers['access-control-allow-origin']), answer.story('clients in browsers'));
  });
});

describe('an access token of a grant that was revoked', () => {
  for (const used of [
    [],
    [30],
    [44, 10],
    [46, 13],
  ]) {
    test(`an access token of a grant that was revoked is refused within a minute where it was used before, and again after ${used.join(' and ') || 'no'} seconds`, async () => {
      const { tokens } = await connect(here, { client });
      for (const at of [here, there]) await isWelcome(at, tokens.access_token);
      done(await revoke(tokens.access_token));
      let passed = 0;
      for (const seconds of used) {
        await runtime.passes(seconds);
        passed += seconds;
        // Whether it is served or refused here; what counts is the end.
        await call(there, tokens.access_token);
      }
      await runtime.passes(LIMIT - passed);
      for (const at of [here, there]) await isTurnedAway(at, tokens.access_token, { rule: 'good for no more than 60 seconds' });
    });
  }

  test('an access token of a grant that was revoked is refused at once by a tool that is strict, at an instance that knows nothing of the revocation', async () => {
    const { tokens } = await connect(here, { client, scope: 'notes:read notes:write profile' });
    const deleting = (at) => call(at, tokens.access_token, 'delete_note', { id: 999999 });
    for (const at of [here, there]) (await deleting(at)).result('the grant is valid');
    done(await revoke(tokens.refresh_token, {}, client, here));
    for (const at of [there, here]) {
      const answer = await deleting(at);
      answer.hasStatus(401, 'the object that keeps the grant is asked').hasHeader('www-authenticate', /error="invalid_token"/, 'MCP "Token Handling"');
    }
  });

  test('an access token of a grant that was revoked is refused for all its life, however long the instance has run', async () => {
    const { tokens } = await connect(here, { client });
    done(await revoke(tokens.refresh_token));
    for (const seconds of [0, 600, 1800, 1100]) {
      await runtime.passes(seconds);
      await isTurnedAway(here, tokens.access_token);
      await isTurnedAway(there, tokens.access_token);
    }
  });

  test('an access token of a grant that was revoked leaves nothing in KV', async () => {
    const { tokens } = await connect(here, { client });
    const earlier = await runtime.kv();
    done(await revoke(tokens.refresh_token));
    assert.deepEqual(await runtime.kv(), earlier);
  });
});

test('no secret is in the log', () => keepsSecrets([here]));
