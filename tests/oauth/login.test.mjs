// The owner's login: the passphrase opens, nothing else does, who guesses is slowed down, and the owner is never locked out.
// Where no good passphrase is set, nobody signs in.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { instancesForSuite, startInstances } from '../support/workers/instances.mjs';
import {
  PASSPHRASE,
  REDIRECT,
  SIGN_IN,
  Arrival,
  Browser,
  asking,
  authorizePath,
  isSafePage,
  isWelcome,
  keepsSecrets,
  pkce,
  redeeming,
  register,
  secret,
  send,
  signIn,
  toLogin,
  tokensOf,
} from '../support/oauth/client.mjs';

const WEB = 'https://app.example/cb?tenant=7';

let web;
const runtime = instancesForSuite({ count: 1, vars: SIGN_IN }, async () => {
  web = await register(site, { client_name: 'A web app', redirect_uris: [WEB] });
});
const [site] = runtime.instances;
// Codes that nobody redeems are gone after a minute; only so many may wait.
afterEach(() => site.passes(61));

describe('the login', () => {
  /** Opens a login page; each test comes from a network of its own. */
  async function login(address) {
    const browser = new Browser(site, { 'cf-connecting-ip': address });
    const page = await toLogin(browser, authorizePath(asking(web, { redirect_uri: WEB })));
    assert.ok(page.has('passphrase'), page.story('the login page'));
    return { browser, page };
  }
  const type = (browser, page, passphrase) => browser.submit(page, page.form('passphrase'), { values: { passphrase } });

  test('a login can be left: the client is told, and no try is counted', async () => {
    for (const typed of [undefined, 'wrong-otter-canal-trumpet']) {
      const { browser, page } = await login('192.0.2.77');
      const form = page.form('passphrase');
      const button = form.buttons.find(({ value }) => value === 'deny');
      const arrival = await browser.submit(page, form, { values: typed ? { passphrase: typed } : {}, button });
      assert.ok(arrival instanceof Arrival, arrival.text);
      arrival.answer.hasStatus(303, 'after a POST');
      assert.equal(arrival.parameters.error, 'access_denied');
      assert.equal(arrival.parameters.iss, site.origin);
      assert.ok(arrival.parameters.state, 'RFC 6749 §4.1.2.1');
      assert.deepEqual(browser.cookies.filter(({ name }) => /known/.test(name)), [], 'nobody has signed in');
    }
  });

  test('a login that is sent twice gives one code, and none once that is redeemed', async () => {
    const { verifier, challenge } = pkce();
    const browser = new Browser(site, { 'cf-connecting-ip': '192.0.2.78' });
    const asked = asking(web, { redirect_uri: WEB, challenge });
    const page = await toLogin(browser, authorizePath(asked));
    const clicks = await Promise.all([type(browser, page, PASSPHRASE), type(browser, page, PASSPHRASE)]);
    const [one, other] = clicks.map((arrival) => secret(arrival.parameters.code, 'an authorization code'));
    assert.ok(one && one === other, 'one page, one code');
    const tokens = tokensOf(await send(site, redeeming(web, { code: one, verifier, redirectUri: WEB })));
    const late = await type(browser, page, PASSPHRASE);
    assert.ok(!(late instanceof Arrival), `no other code: ${late.url}`);
    late.answer.hasStatus(409, 'the page has done its work');
    isSafePage(late.answer, 'the page that says so');
    assert.match(late.text, /already finished/);
    await isWelcome(site, tokens.access_token, { rule: 'a click ends nothing' });
  });

  test('the login takes no wrong passphrase, and says so', async () => {
    const { browser, page } = await login('192.0.2.1');
    let at = page;
    for (const wrong of ['wrong-otter-canal-trumpet', '', `${PASSPHRASE}x`, PASSPHRASE.toUpperCase()]) {
      at = await type(browser, at, wrong);
      assert.ok(!(at instanceof Arrival), `${wrong} opens nothing`);
      assert.ok(at.has('passphrase'), at.story('one can try again'));
      isSafePage(at.answer, 'the login page after a wrong try');
      if (wrong) assert.ok(!at.answer.text.includes(wrong), at.story('it is not echoed'));
    }
    const arrival = await type(browser, at, PASSPHRASE);
    assert.ok(arrival instanceof Arrival && arrival.parameters.code, 'the right one does');
  });

  test('the login takes no passphrase of 12 KB either', async () => {
    const { browser, page } = await login('192.0.10.1');
    const at = await type(browser, page, PASSPHRASE + 'x'.repeat(6_000));
    assert.ok(!(at instanceof Arrival), 'it opens nothing');
    at.answer.hasStatus([200, 400, 401, 403, 413], 'and breaks nothing');
  });

  test('white space around the passphrase does not count', async () => {
    const { browser, page } = await login('192.0.3.1');
    assert.ok((await type(browser, page, ` ${PASSPHRASE}\n`)) instanceof Arrival, 'it was copied out of a terminal');
  });

  test('the login slows down guessing, even when they guess right, and nobody else', async () => {
    const known = new Browser(site, { 'cf-connecting-ip': '198.51.100.7' });
    await signIn(known, authorizePath(asking(web, { redirect_uri: WEB })));

    const { browser, page } = await login('198.51.100.66');
    let at = page;
    let slowed;
    for (let tries = 1; tries <= 12 && !slowed; tries += 1) {
      at = await type(browser, at, `guess-${tries}-of-a-thief`);
      assert.ok(!(at instanceof Arrival), 'a guess opens nothing');
      if (at.status === 429) slowed = at;
    }
    assert.ok(slowed, at.story('after a few tries there is a wait'));
    slowed.answer.hasHeader('retry-after', /^\d+$/, 'RFC 6585 §4: how long');
    isSafePage(slowed.answer, 'the page about the wait');
    const again = await login('198.51.100.66');
    const right = await type(again.browser, again.page, PASSPHRASE);
    assert.ok(!(right instanceof Arrival), 'during the wait the right one is not looked at either: that would tell');

    const elsewhere = await login('203.0.113.9');
    assert.ok((await type(elsewhere.browser, elsewhere.page, PASSPHRASE)) instanceof Arrival, 'the owner, from another network, enters');
    const own = await signIn(known, authorizePath(asking(web, { redirect_uri: WEB })));
    assert.ok(own.parameters.code, "the owner's own browser, in the same network, enters");

    await site.passes(Number(slowed.answer.headers['retry-after']) + 1);
    const later = await login('198.51.100.66');
    assert.ok((await type(later.browser, later.page, PASSPHRASE)) instanceof Arrival, 'after the wait the right one enters');
  });

  test('the 65,536 networks of one customer are one', async () => {
    const { browser, page } = await login('2001:db8:77:1::1');
    let at = page;
    const seen = [];
    for (let tries = 1; tries <= 12 && at.status !== 429; tries += 1) {
      browser.headers['cf-connecting-ip'] = `2001:db8:77:${tries}::1`;
      at = await type(browser, at, `guess-${tries}-of-a-customer`);
      seen.push(at.status);
    }
    assert.equal(at.status, 429, `RFC 6177: a /48 is what one customer may be given; the statuses were ${seen}`);
    const elsewhere = await login('2001:db8:78:1::1');
    assert.ok((await type(elsewhere.browser, elsewhere.page, PASSPHRASE)) instanceof Arrival, 'another customer enters');
  });

  test('a flood of guesses from everywhere keeps the owner from nothing', async () => {
    const flood = Array.from({ length: 110 }, (_, number) => `100.64.${number}.1`);
    const { browser, page } = await login(flood[0]);
    const form = page.form('passphrase');
    const action = new URL(form.action || page.url, page.url).pathname;
    const body = new URLSearchParams(form.entries({ values: { passphrase: 'not-the-passphrase' } })).toString();
    await Promise.all(
      flood.map((address) =>
        send(site, {
          method: 'POST',
          path: action,
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            origin: site.origin,
            cookie: browser.cookieHeader,
            'cf-connecting-ip': address,
          },
          body,
        }),
      ),
    );
    const owner = await login('203.0.113.77');
    assert.ok((await type(owner.browser, owner.page, PASSPHRASE)) instanceof Arrival, 'the first try of a network is always looked at');
  });
});

describe('where nobody can sign in', () => {
  for (const [what, vars] of [
    ['no passphrase is set', {}],
    ['the passphrase is empty', { OWNER_PASSPHRASE: ' ' }],
    ['the passphrase is too short', { OWNER_PASSPHRASE: 'otter-7' }],
    ['the passphrase is one that everybody tries', { OWNER_PASSPHRASE: 'password1234' }],
  ]) {
    test(`where nobody can sign in, because ${what}, a page says what to do, and there is no token`, async () => {
      const bare = await startInstances({ count: 1, vars });
      try {
        const [here] = bare.instances;
        const client = await register(here);
        const browser = new Browser(here);
        const page = await browser.open(authorizePath(asking(client)));
        assert.ok(!(page instanceof Arrival), `no redirect: ${page.url}`);
        isSafePage(page.answer, 'the set-up page');
        assert.match(page.text, /OWNER_PASSPHRASE/, page.story('it names the secret'));
        assert.ok(!page.has('passphrase') && !page.has('decision'), page.story('nothing to fill in'));
        if (vars.OWNER_PASSPHRASE?.trim()) assert.ok(!page.text.includes(vars.OWNER_PASSPHRASE), page.story('it does not show it'));
        for (const body of [
          '',
          'decision=allow&passphrase=',
          `decision=allow&passphrase=${encodeURIComponent(vars.OWNER_PASSPHRASE ?? '')}`,
        ]) {
          const answer = await send(here, {
            method: 'POST',
            path: '/authorize',
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            body,
          });
          assert.ok(answer.status >= 400 && !answer.headers.location, answer.story('no way around it'));
        }
        const answer = await send(here, redeeming(client, { code: 'mc1_x', verifier: 'v'.repeat(43), redirectUri: REDIRECT }));
        answer.hasStatus([400, 503], 'no token');
      } finally {
        await bare.stop();
      }
    });
  }
});
test('no secret is in the log', () => keepsSecrets([site]));
