// The tokens of upstream accounts: refreshed before they end, once at a time however many calls ask, through lost answers, outages and a
// restart; and what the service has ended leads back to connecting. Two instances over the same objects, and a clock under the test's
// control.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { textOf } from '../../support/mcp/requests.mjs';
import { call, keepsSecrets, secret } from '../../support/oauth/client.mjs';
import { Person, signInBy, startUpstreams } from '../../support/oauth/upstream-services.mjs';
import { startInstances } from '../../support/workers/instances.mjs';

const LIFETIME = 600;

let services;
let runtime;
before(async () => {
  services = await startUpstreams();
  runtime = await startInstances({ worker: 'examples/everything', vars: signInBy(), outbound: services.provider.port });
});
after(async () => {
  await runtime?.stop();
  services?.provider.stop();
});
afterEach(() => {
  services.plain.before = async () => undefined;
  services.plain.api = () => undefined;
});

const at = (number) => runtime.instances[number % 2];
const URLS = { plain: 'https://api.plain.example/issues', id: 'https://id.example/me' };
const asks = async (one, upstream = 'plain', instance = 0, tool = 'ask_upstream') =>
  (await call(at(instance), one.token, tool, { upstream, url: URLS[upstream] })).result('the tool answers');
const loginOf = async (...args) => JSON.parse(textOf(await asks(...args))).login;
/** A person with a client and a fresh account at the service. */
async function connected(account, upstream = 'plain') {
  const one = new Person(services, runtime.instances[0], account);
  one.token = (await one.connectClient()).access_token;
  services.plain.lifetime = LIFETIME;
  services.plain.issuesRefreshTokens = true;
  await (upstream === 'plain' ? one.connectPlain() : one.connectId());
  return one;
}
const idRefreshes = () => services.provider.asked.filter(({ url, method }) => url === 'id.example/token' && method === 'POST').length;

describe('a refresh', () => {
  // RFC 6749 §6; RFC 9700 §4.14.2: a second use of a rotated refresh token would end the connection.
  test('a hundred calls at once across the end of a token make one refresh, at a service that rotates', async () => {
    const alice = await connected('alice');
    assert.equal(await loginOf(alice), alice.account);
    await runtime.passes(LIFETIME);
    const before = services.plain.refreshes;
    const logins = await Promise.all(Array.from({ length: 100 }, (_, index) => loginOf(alice, 'plain', index)));
    assert.deepEqual([...new Set(logins)], [alice.account]);
    assert.equal(services.plain.refreshes - before, 1);
  });

  test('the same at a real OpenID provider', async () => {
    const bob = await connected('bob', 'id');
    const me = async (index) => JSON.parse(textOf(await asks(bob, 'id', index))).sub;
    assert.equal(await me(0), bob.account);
    await runtime.passes(LIFETIME);
    const before = idRefreshes();
    assert.deepEqual([...new Set(await Promise.all(Array.from({ length: 100 }, (_, index) => me(index))))], [bob.account]);
    assert.equal(idRefreshes() - before, 1);
    await runtime.passes(LIFETIME);
    assert.equal(await me(1), bob.account, 'with the rotated refresh token');
    assert.equal(idRefreshes() - before, 2);
  });

  test('a token is used without asking storage for 45 seconds, and is refreshed a minute before its end', async () => {
    const alice = await connected('alice');
    await loginOf(alice);
    const before = await runtime.counts();
    for (let times = 0; times < 5; times += 1) await loginOf(alice);
    assert.deepEqual((await runtime.counts()).objects, before.objects, 'no object is asked');
    const refreshes = services.plain.refreshes;
    await runtime.passes(LIFETIME - 61 - 30);
    await loginOf(alice);
    assert.equal(services.plain.refreshes, refreshes);
    await runtime.passes(35);
    await loginOf(alice, 'plain', 1);
    assert.equal(services.plain.refreshes, refreshes + 1);
  });

  test('an outage of the service costs no connection: while the token is good it is used, later the call says so, and then it goes on', async () => {
    const alice = await connected('carol');
    services.plain.before = async () => ({ status: 503, body: {} });
    await runtime.passes(LIFETIME - 30);
    assert.equal(await loginOf(alice), alice.account, 'half a minute is left');
    await runtime.passes(60);
    const result = await asks(alice);
    assert.equal(result.isError, true);
    assert.equal(textOf(result), 'Plain cannot be reached at the moment. The account stays connected. Try again in a minute.');
    services.plain.before = async () => undefined;
    await runtime.passes(5);
    assert.equal(await loginOf(alice), alice.account);
  });

  test('an answer of a refresh that is lost costs no connection where the service takes the same refresh token again', async () => {
    const bob = await connected('bob');
    await runtime.passes(LIFETIME);
    const sent = [];
    services.plain.before = async (form) => (sent.push(form.refresh_token), sent.length === 1 ? 'hang up' : undefined);
    assert.match(textOf(await asks(bob)), /cannot be reached at the moment/);
    await runtime.passes(5);
    assert.equal(await loginOf(bob), bob.account);
    assert.deepEqual([sent.length, sent[0] === sent[1]], [2, true], 'the same refresh token');
  });

  test('a process that is killed while the service is asked goes on with the same refresh token', async () => {
    const carol = await connected('carol');
    await runtime.passes(LIFETIME);
    let arrived;
    const asked = new Promise((resolve) => (arrived = resolve));
    const sent = [];
    services.plain.before = async (form) => {
      sent.push(form.refresh_token);
      if (sent.length > 1) return undefined;
      arrived();
      return new Promise((resolve) => setTimeout(() => resolve('hang up'), 1000).unref());
    };
    const lost = call(at(0), carol.token, 'ask_upstream', { upstream: 'plain', url: URLS.plain }).catch(() => undefined);
    await asked;
    await runtime.restart();
    await lost;
    assert.equal(await loginOf(carol), carol.account);
    assert.deepEqual([sent.length, sent[0] === sent[1]], [2, true]);
  });
});

describe('a disconnect', () => {
  // RFC 7009 §2.1
  test('while a refresh runs has the token revoked that comes back, and nothing of it is kept', async () => {
    const dave = await connected('dave');
    const page = await dave.browser.open('/account');
    await runtime.passes(LIFETIME);
    const late = { access_token: secret('late-access-token', 'an access token'), refresh_token: secret('late-refresh-token', 'a refresh token') };
    let arrived;
    let answers;
    const asked = new Promise((resolve) => (arrived = resolve));
    const released = new Promise((resolve) => (answers = resolve));
    services.plain.before = async () => {
      arrived();
      await released;
      return { ...late, token_type: 'bearer', expires_in: LIFETIME };
    };
    const refreshing = asks(dave);
    await asked;
    await dave.browser.submit(page, page.forms.find(({ fields }) => fields.some(({ value }) => value === 'disconnect-upstream')));
    answers();
    assert.match(textOf(await refreshing), /is not connected yet/);
    const revoked = services.plain.asked.filter(({ grant }) => grant === 'revoke').map(({ form }) => form.token);
    assert.ok(revoked.includes(late.refresh_token), `${revoked.length} tokens are revoked`);
  });
});

describe('what the service ends', () => {
  // RFC 6749 §5.2
  test('a connection that the person has withdrawn at the service leads back to connecting, from the refresh on', async () => {
    const alice = await connected('alice');
    services.plain.withdraw(alice.account);
    const result = await asks(alice);
    assert.match(textOf(result), /^api\.plain\.example does not accept the account or key of this person/, 'the call that met it');
    assert.match(textOf(await asks(alice)), /has to be connected again, because the connection has ended\. Ask them to open https:/);
    assert.match((await alice.browser.open('/account')).text, /Plain ended Was connected as alice/, 'with the name that it had');
    assert.match((await alice.connectPlain()).text, /Plain is connected/);
    assert.equal(await loginOf(alice), alice.account);
  });

  // RFC 6750 §3.1
  test('a token that the service refuses before its time is refreshed, and the same request goes on, also one that writes', async () => {
    const bob = await connected('bob');
    assert.equal(await loginOf(bob), bob.account);
    for (const tool of ['ask_upstream', 'tell_upstream']) {
      for (const [token, whose] of services.plain.living) if (whose === bob.account) services.plain.living.delete(token);
      const before = services.plain.refreshes;
      assert.equal(await loginOf(bob, 'plain', 0, tool), bob.account, tool);
      assert.equal(services.plain.refreshes - before, 1);
    }
  });

  test('a token without a refresh token is used to its end, and then the person connects again', async () => {
    const carol = await connected('carol');
    services.plain.issuesRefreshTokens = false;
    await carol.enter();
    const page = await carol.browser.open('/account');
    await carol.browser.submit(page, page.forms.find(({ fields }) => fields.some(({ value }) => value === 'disconnect-upstream')));
    await carol.connectPlain();
    assert.equal(await loginOf(carol), carol.account);
    await runtime.passes(LIFETIME);
    assert.match(textOf(await asks(carol)), /has to be connected again/);
  });
});

describe('what is stored', () => {
  test('tokens are encrypted in the person’s own object, and nothing of them is in KV', async () => {
    const alice = await connected('alice');
    const [token] = [...services.plain.living].find(([, whose]) => whose === alice.account);
    assert.equal(await runtime.filesHolding(token), 0);
    for (const refresh of services.plain.refreshTokens.keys()) assert.equal(await runtime.filesHolding(refresh), 0);
    assert.ok(!JSON.stringify(await runtime.kv()).includes(token));
    assert.equal(await loginOf(alice), alice.account);
  });
});

test('no secret of a person, a service or a browser is in the log', () => keepsSecrets([runtime]));
