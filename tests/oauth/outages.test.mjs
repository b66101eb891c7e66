// When a part of the platform fails: clients throw credentials away on `invalid_client` and `invalid_grant`, so an outage is
// always 503 with `Retry-After`, nothing is half done, and everything goes on when it is over.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { instancesForSuite, startInstances } from '../support/workers/instances.mjs';
import { calling, legacy } from '../support/mcp/requests.mjs';
import {
  Arrival,
  Browser,
  PASSPHRASE,
  SIGN_IN,
  answerPage,
  asking,
  authorize,
  authorizePath,
  call,
  connect,
  isOAuthError,
  isSafePage,
  isTurnedAway,
  isWelcome,
  keepsSecrets,
  redeeming,
  refreshing,
  register,
  registering,
  revoking,
  send,
  toLogin,
  tokensOf,
} from '../support/oauth/client.mjs';

let client;
const runtime = instancesForSuite({ count: 1, vars: SIGN_IN }, async () => {
  client = await register(site);
});
const [site] = runtime.instances;
afterEach(async () => {
  await runtime.kvNow('works');
  for (const name of ['Grants', 'Keyring', 'Directory']) await runtime.objectsNow(name, 'works');
});

/** An outage at an endpoint for programs. */
function isOutage(answer, rule) {
  isOAuthError(answer, 503, 'temporarily_unavailable', rule);
  answer.hasHeader('retry-after', /^\d+$/, `${rule}: when to come again`);
}

/** An outage in front of a person. */
function isOutagePage(page, rule) {
  assert.ok(!(page instanceof Arrival), `${rule}: ${page.url}`);
  page.answer.hasStatus(503, rule).hasHeader('retry-after', /^\d+$/, rule);
  isSafePage(page.answer, rule);
}

/** An outage at the resource. */
const isOutageOfTheResource = (answer, rule) => {
  answer.hasStatus(503, rule).hasHeader('retry-after', /^\d+$/, rule);
  assert.ok(!('www-authenticate' in answer.headers), answer.story(`${rule}: no client should sign in again for it`));
};

describe('while the grants are out of reach', () => {
  beforeEach(() => runtime.objectsNow('Grants', 'works'));

  test('while the grants are out of reach, a code is not consumed', async () => {
    const authorization = await authorize(site, client);
    await runtime.objectsNow('Grants', 'fails');
    isOutage(await send(site, redeeming(client, authorization)), 'the code');
    await runtime.objectsNow('Grants', 'works');
    tokensOf(await send(site, redeeming(client, authorization)), 'it is as good as before');
  });

  test('while the grants are out of reach, a refresh token is not used up', async () => {
    const { tokens } = await connect(site, { client });
    await runtime.objectsNow('Grants', 'fails');
    isOutage(await send(site, refreshing(client, tokens)), 'the refresh token');
    await runtime.objectsNow('Grants', 'works');
    tokensOf(await send(site, refreshing(client, tokens)), 'it is as good as before');
  });

  test('while the grants are out of reach, nobody is told that something was revoked', async () => {
    const { tokens } = await connect(site, { client });
    await runtime.objectsNow('Grants', 'fails');
    isOutage(await send(site, revoking(client, tokens.refresh_token)), 'RFC 7009 §2.2.1');
    await runtime.objectsNow('Grants', 'works');
    tokensOf(await send(site, refreshing(client, tokens)), 'it was not');
  });

  test('while the grants are out of reach, what is wrong with a request is told all the same', async () => {
    await runtime.objectsNow('Grants', 'fails');
    isOAuthError(await send(site, refreshing(client, { refresh_token: 'made-up' })), 400, 'invalid_grant', 'nobody has to be asked');
    isOAuthError(await send(site, redeeming({ client_id: 'nobody' }, { code: 'x' })), 401, 'invalid_client', 'nobody has to be asked');
  });

  test('while the grants are out of reach, calls go on for a minute after the last look, and then nobody can tell', async () => {
    const { tokens } = await connect(site, { client });
    await runtime.withStoppedClock(async () => {
      await isWelcome(site, tokens.access_token);
      await runtime.objectsNow('Grants', 'fails');
      for (const seconds of [0, 46, 13]) {
        await site.passes(seconds);
        await isWelcome(site, tokens.access_token, { rule: 'the last look is younger than a minute' });
      }
      await site.passes(1);
      isOutageOfTheResource(await call(site, tokens.access_token), 'nobody can tell whether the grant is still valid');
    });
    await runtime.objectsNow('Grants', 'works');
    await isWelcome(site, tokens.access_token, { rule: 'a failure is not remembered' });
  });

  test('while the grants are out of reach, a call that waits for a look is answered in time', async () => {
    const { tokens } = await connect(site, { client });
    await runtime.objectsNow('Grants', 'hangs');
    const begun = performance.now();
    const answers = await Promise.all([1, 2, 3].map(() => call(site, tokens.access_token)));
    for (const answer of answers) isOutageOfTheResource(answer, 'a look that hangs');
    assert.ok(performance.now() - begun < 11_500, `after ${performance.now() - begun} ms`);
  });

  test('while the grants are out of reach, a sign-in ends with a page or at the client, and can be tried again', async () => {
    const browser = new Browser(site);
    const login = await toLogin(browser, authorizePath(asking(client)));
    await runtime.objectsNow('Grants', 'fails');
    const at = await browser.submit(login, login.form('passphrase'), { values: { passphrase: PASSPHRASE } });
    if (at instanceof Arrival) assert.equal(at.parameters.error, 'temporarily_unavailable', String(at.url));
    else isOutagePage(at, 'after the passphrase');
    await runtime.objectsNow('Grants', 'works');
    assert.ok((await authorize(site, client, { browser })).code, 'and then it works');
  });

  test('while the grants are out of reach, an object that hangs is given up after twice four seconds', async () => {
    const { tokens } = await connect(site, { client });
    const authorization = await authorize(site, client);
    await runtime.objectsNow('Grants', 'hangs');
    const begun = performance.now();
    const answers = await Promise.all([send(site, redeeming(client, authorization)), send(site, refreshing(client, tokens))]);
    const took = performance.now() - begun;
    for (const answer of answers) isOutage(answer, 'an object that hangs must not hang its caller');
    // Three and a half seconds are for everything else; a third try would take twelve.
    assert.ok(took < 11_500, `in time: ${took} ms`);
    await runtime.objectsNow('Grants', 'works');
    tokensOf(await send(site, redeeming(client, authorization)), 'the code is as good as before');
    tokensOf(await send(site, refreshing(client, tokens)), 'and so is the refresh token');
  });
});

describe('when an object has done its work and the answer is lost', () => {
  const requests = async () => (await runtime.counts()).objects.Grants ?? 0;

  test('when an object has done its work and the answer is lost, a redemption is asked for again and succeeds, and its code stays a replay for a client that sends it twice', async () => {
    const authorization = await authorize(site, client);
    const earlier = await requests();
    await runtime.objectsNow('Grants', 'loses-one');
    const tokens = tokensOf(await send(site, redeeming(client, authorization)), 'nobody has used the code before');
    assert.equal((await requests()) - earlier, 2, 'it was asked twice');
    await isWelcome(site, tokens.access_token);
    const next = tokensOf(await send(site, refreshing(client, tokens)), 'the grant is valid');
    isOAuthError(await send(site, redeeming(client, authorization)), 400, 'invalid_grant', 'OAuth 2.1 §4.1.3');
    isOAuthError(await send(site, refreshing(client, next)), 400, 'invalid_grant', 'RFC 9700: what came of the code has ended');
  });

  test('when an object has done its work and the answer is lost, a refresh is asked for again and succeeds, and no token is taken for stolen', async () => {
    const { tokens } = await connect(site, { client });
    const earlier = await requests();
    await runtime.objectsNow('Grants', 'loses-one');
    const second = tokensOf(await send(site, refreshing(client, tokens)), 'nobody has used the token before');
    assert.equal((await requests()) - earlier, 2, 'it was asked twice');
    const again = tokensOf(await send(site, refreshing(client, tokens)), 'a retry of the client itself');
    assert.equal(again.refresh_token, second.refresh_token, 'it was used up once');
    const third = tokensOf(await send(site, refreshing(client, second)), 'and so on');
    await isWelcome(site, third.access_token);
  });

  test('when an object has done its work and the answer is lost, a refresh whose answers are all lost can be tried again', async () => {
    const { tokens } = await connect(site, { client });
    await runtime.objectsNow('Grants', 'loses');
    isOutage(await send(site, refreshing(client, tokens)), 'twice');
    await runtime.objectsNow('Grants', 'works');
    const second = tokensOf(await send(site, refreshing(client, tokens)), 'the same token');
    tokensOf(await send(site, refreshing(client, second)), 'is no replay');
  });
});

describe('while the keyring is out of reach', () => {
  test('while the keyring is out of reach, an instance that has its keys goes on, except that nobody can log in', async () => {
    const { tokens } = await connect(site, { client });
    const browser = new Browser(site);
    const login = await toLogin(browser, authorizePath(asking(client)));
    await runtime.objectsNow('Keyring', 'fails');
    await isWelcome(site, tokens.access_token);
    tokensOf(await send(site, refreshing(client, tokens)));
    const at = await browser.submit(login, login.form('passphrase'), { values: { passphrase: PASSPHRASE } });
    if (at instanceof Arrival)
      assert.equal(at.parameters.error, 'temporarily_unavailable', `a guess that is not counted is not looked at: ${at.url}`);
    else isOutagePage(at, 'a guess that is not counted is not looked at');
  });

  test('while the keyring is out of reach, an instance that has just started says so, serves what is public, and recovers', async () => {
    const cold = await startInstances({ count: 1, vars: SIGN_IN });
    try {
      const [here] = cold.instances;
      await cold.objectsNow('Keyring', 'fails');
      (await send(here, { path: '/.well-known/oauth-authorization-server' })).hasStatus(200, 'metadata need no key');
      (await send(here, legacy('tools/call', calling('echo', { text: 'public' })))).result('public tools need no key');
      (await send(here, legacy('tools/call', calling('whoami')))).hasStatus(401, 'nor does the challenge');
      isOutage(await send(here, registering({ redirect_uris: ['http://127.0.0.1/cb'] })), 'registering');
      isOutage(await send(here, refreshing(client, { refresh_token: 'x' })), 'nobody can tell whose it is');
      isOutageOfTheResource(await call(here, 'eyJ.made.up'), 'nobody can tell whose it is');
      (await send(here, { path: '/account' })).hasStatus(503, 'the page by which the home page tells whether sign-in works');
      isOutagePage(await new Browser(here).open(authorizePath(asking(client))), 'a sign-in');
      await cold.objectsNow('Keyring', 'works');
      const { tokens } = await connect(here);
      await isWelcome(here, tokens.access_token, { rule: 'a failure is not remembered' });
    } finally {
      await cold.stop();
    }
  });
});

test('an object that fails is in the log with its name, what it was asked and why', async () => {
  const browser = new Browser(site);
  const login = await toLogin(browser, authorizePath(asking(client)));
  await runtime.sql('KEYRING', 'keyring', 'ALTER TABLE kept RENAME TO elsewhere');
  try {
    const at = await browser.submit(login, login.form('passphrase'), { values: { passphrase: PASSPHRASE } });
    if (at instanceof Arrival) assert.equal(at.parameters.error, 'temporarily_unavailable', String(at.url));
    else isOutagePage(at, 'a guess that is not counted is not looked at');
  } finally {
    await runtime.sql('KEYRING', 'keyring', 'ALTER TABLE elsewhere RENAME TO kept');
  }
  assert.match(site.log(), /Durable Object KEYRING: CountAttempt failed: .*no such table: kept/);
});

describe('while KV is out of reach', () => {
  for (const how of ['fails', 'hangs']) {
    test(`while KV is out of reach, signing in, calls and revocations go on (KV ${how})`, async () => {
      await runtime.kvNow(how);
      const { tokens } = await connect(site);
      tokensOf(await send(site, refreshing(client, (await connect(site, { client })).tokens)));
      await isWelcome(site, tokens.access_token, { rule: 'a call needs no KV' });
      await site.passes(61);
      await isWelcome(site, tokens.access_token, { rule: 'nor does the look' });
      const other = (await connect(site, { client })).tokens;
      await isWelcome(site, other.access_token);
      (await send(site, revoking(client, other.refresh_token))).hasStatus(200, 'RFC 7009 §2.2');
      await isTurnedAway(site, other.access_token);
    });
  }

  test('while KV is out of reach, a stolen token ends its grant all the same', async () => {
    const { tokens } = await connect(site, { client });
    const second = tokensOf(await send(site, refreshing(client, tokens)));
    const third = tokensOf(await send(site, refreshing(client, second)));
    await runtime.kvNow('fails');
    isOAuthError(await send(site, refreshing(client, tokens)), 400, 'invalid_grant', 'the thief gets nothing');
    isOAuthError(await send(site, refreshing(client, third)), 400, 'invalid_grant', 'RFC 9700 §4.14.2');
  });

  test('while KV is out of reach, an old registration is not called unknown', async () => {
    const old = await register(site);
    await connect(site, { client: old });
    for (const days of [60, 60]) {
      await site.passes(days * 24 * 3600);
      await connect(site, { client: old });
    }
    await site.passes(61);
    await runtime.kvNow('fails');
    assert.ok((await authorize(site, old)).code, 'the Directory knows that it is in use');
    await runtime.objectsNow('Directory', 'fails');
    await site.passes(61);
    isOutage(await send(site, redeeming(old, { code: 'x' })), 'nobody can tell whether it is still in use');
    isOutagePage(await new Browser(site).open(authorizePath(asking(old))), 'nobody can tell whether it is still in use');
    const young = await register(site);
    const page = await new Browser(site).open(authorizePath(asking(young)));
    page.answer.hasStatus(200, 'a young one needs no look');
  });
});

test('a restart of everything loses nothing', async () => {
  // The one of the other tests is older than ninety days by now.
  const { client, tokens } = await connect(site);
  const authorization = await authorize(site, client);
  const browser = new Browser(site);
  const login = await toLogin(browser, authorizePath(asking(client)));
  await runtime.restart();
  await isWelcome(site, tokens.access_token, { rule: 'the keys are the same' });
  tokensOf(await send(site, redeeming(client, authorization)), 'a code that was under way');
  const next = tokensOf(await send(site, refreshing(client, tokens)), 'a refresh token');
  assert.equal(tokensOf(await send(site, refreshing(client, tokens))).refresh_token, next.refresh_token, 'and its retry');
  assert.ok((await answerPage(browser, login)) instanceof Arrival, 'a form that was open');
});

test('no secret is in the log', () => keepsSecrets([site]));
