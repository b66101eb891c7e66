// Signing in again: what a remembered browser may do without the passphrase, and what it may not. Consent is never skipped.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { instancesForSuite, startInstances } from '../support/workers/instances.mjs';
import {
  PASSPHRASE,
  SIGN_IN,
  Arrival,
  Browser,
  answerPage,
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
  tokensOf,
} from '../support/oauth/client.mjs';

const DAY = 24 * 3600;
const WEB = 'https://app.example/cb?tenant=7';
const LOOPBACK = 'http://127.0.0.1:52311/callback';
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

let client;
const runtime = instancesForSuite({ count: 1, vars: SIGN_IN }, async () => {
  client = await clientOf(WEB);
});
const [site] = runtime.instances;
// Codes that nobody redeems are gone after a minute; only so many may wait.
afterEach(() => site.passes(61));

const clientOf = (uri, at = site) => register(at, { client_name: 'An app', redirect_uris: [uri] });

/** The page of a request to a redirect URI that a client of its own has registered. */
async function ask(browser, uri, more = {}) {
  const asked = asking(uri === WEB && browser.site === site ? client : await clientOf(uri, browser.site), { redirect_uri: uri, ...more });
  return browser.open(authorizePath(asked));
}

/** A browser in which the owner has signed in with the passphrase. */
async function remembered(uri = WEB, at = site) {
  const browser = new Browser(at, { 'user-agent': CHROME });
  const arrival = await answerPage(browser, await ask(browser, uri), { remember: true });
  assert.ok(arrival instanceof Arrival && arrival.parameters.code, 'a sign-in with the passphrase');
  return browser;
}

const needsPassphrase = (page, rule) => assert.ok(page.has('passphrase'), page.story(rule));
const needsOneClick = (page, rule) => {
  assert.ok(!(page instanceof Arrival), `${rule}: consent is never skipped`);
  assert.ok(!page.has('passphrase') && page.has('decision'), page.story(rule));
};
/** What the form of a page does when the person allows it without a passphrase. */
const allowed = (browser, page) => answerPage(browser, page, { passphrase: null });

describe('a remembered browser', () => {
  test('the second connection is one click, with the consent of every time', async () => {
    const browser = await remembered();
    const { verifier, challenge } = pkce();
    const page = await ask(browser, WEB, { challenge, scope: 'profile notes:read' });
    needsOneClick(page, 'the browser is remembered, and the redirect URI is known');
    isSafePage(page.answer, 'the consent page');
    assert.match(page.text, /Did you just start this yourself\?/, page.story('it asks'));
    const arrival = await answerPage(browser, page, { scopes: ['profile'] });
    assert.ok(arrival instanceof Arrival, 'a code');
    const code = secret(arrival.parameters.code, 'an authorization code');
    const tokens = tokensOf(await send(site, redeeming(client, { code, verifier, redirectUri: WEB })));
    assert.equal(tokens.scope, 'profile', 'what was left ticked');
    await isWelcome(site, tokens.access_token);
    const denied = await answerPage(browser, await ask(browser, WEB), { decision: 'deny' });
    assert.equal(denied.parameters.error, 'access_denied', 'or no');
  });

  // OpenID Connect Core §3.1.2.1
  test('a client that asks for a new sign-in gets one, and the browser stays remembered', async () => {
    const browser = await remembered();
    for (const prompt of ['login', 'select_account login']) {
      const page = await ask(browser, WEB, { prompt });
      needsPassphrase(page, prompt);
      assert.doesNotMatch(page.text, /never allowed this place before/, page.story('it is no new place'));
      const next = await allowed(browser, page);
      assert.ok(!(next instanceof Arrival), `${prompt}: no code without the passphrase`);
      needsPassphrase(next, `${prompt}: it is asked for`);
    }
    const arrival = await answerPage(browser, await ask(browser, WEB, { prompt: 'login' }), { remember: true });
    assert.ok(arrival instanceof Arrival && arrival.parameters.code, 'with it');
    needsOneClick(await ask(browser, WEB), 'another client that does not ask');
  });

  test('it is remembered on request only, and looking at a page changes nothing', async () => {
    const browser = new Browser(site);
    await answerPage(browser, await ask(browser, WEB), { remember: false });
    assert.ok(!browser.cookies.some(({ name }) => /remembered/.test(name)), 'no cookie');
    needsPassphrase(await ask(browser, WEB), 'it was not to be remembered');
    const other = await remembered();
    const before = other.cookieHeader;
    for (let turn = 0; turn < 3; turn += 1) await ask(other, WEB);
    assert.equal(other.cookieHeader, before, 'the cookie changes with its use only');
  });

  test('a loopback redirect URI is known with every port, and no other look-alike is', async () => {
    const browser = await remembered(LOOPBACK);
    needsOneClick(await ask(browser, 'http://127.0.0.1:61999/callback'), 'RFC 8252 §7.3: another port');
    await remembered('https://claude.example/api/callback');
    for (const uri of [
      'http://localhost:52311/callback',
      'http://[::1]:52311/callback',
      'https://127.0.0.1:52311/callback',
      'http://127.0.0.1:52311/callback/',
      'http://127.0.0.1:52311/Callback',
      'http://127.0.0.1:52311/callback?to=evil',
      'https://claude.example.evil.example/api/callback',
      'https://claude.example:8443/api/callback',
      'https://evil.example/claude.example/api/callback',
      'https://claude.example/api/callback2',
      'https://claude.example/api/callback/../evil',
      'https://claude.example@evil.example/api/callback',
      'https://xn--clude-sua.example/api/callback',
      'https://evil.example/cb',
    ]) {
      const asked = await register(site, { redirect_uris: [uri] }).catch(() => undefined);
      // Some cannot even be registered.
      if (!asked) continue;
      const page = await browser.open(authorizePath(asking(asked)));
      needsPassphrase(page, `${uri} is new to the person`);
      assert.match(page.text, /never allowed this place before/, page.story(`${uri}: it says why`));
      const next = await allowed(browser, page);
      assert.ok(!(next instanceof Arrival), `${uri}: no code without the passphrase`);
      needsPassphrase(next, `${uri}: it is asked for`);
    }
    needsOneClick(await ask(browser, LOOPBACK), 'none of that has ended what was known');
  });

  test('a wrong passphrase shows the consent again, as it was left', async () => {
    const browser = new Browser(site, { 'cf-connecting-ip': '192.0.2.44' });
    const page = await ask(browser, WEB, { scope: 'profile notes:read' });
    const again = await answerPage(browser, page, { passphrase: 'not-the-passphrase', scopes: ['profile'], remember: false });
    again.answer.hasStatus(403, 'a wrong passphrase');
    isSafePage(again.answer, 'the consent page again');
    const form = again.form('decision');
    assert.deepEqual(form.chosen('scope'), ['profile'], again.story('as it was left'));
    assert.deepEqual(form.chosen('remember'), [], again.story('as it was left'));
    assert.deepEqual(form.chosen('passphrase'), [''], again.story('it is not echoed'));
    const button = { name: 'decision', value: 'allow' };
    const arrival = await browser.submit(again, form, { values: { passphrase: PASSPHRASE }, button });
    assert.ok(arrival instanceof Arrival && arrival.parameters.code, 'corrected');
    assert.ok(!browser.cookies.some(({ name }) => /remembered/.test(name)));
  });

  test('guesses on the consent page are slowed down by the same count', async () => {
    const browser = new Browser(site, { 'cf-connecting-ip': '192.0.2.55' });
    let at = await ask(browser, WEB);
    for (let tries = 1; tries <= 8 && at.status !== 429; tries += 1) {
      const form = at.form('decision');
      at = await browser.submit(at, form, { values: { passphrase: `guess-${tries}` }, button: { name: 'decision', value: 'allow' } });
      assert.ok(!(at instanceof Arrival), 'a guess opens nothing');
    }
    at.answer.hasStatus(429, 'after a few tries there is a wait').hasHeader('retry-after', /^\d+$/, 'how long');
    assert.ok(at.has('decision'), at.story('the consent page'));
  });

  test('it ends after the time that the owner has set, and use does not extend it', async () => {
    const browser = await remembered();
    for (let turn = 0; turn < 5; turn += 1) {
      await site.passes(6 * DAY - 61);
      const page = await ask(browser, WEB);
      if (turn < 4) assert.ok((await allowed(browser, page)) instanceof Arrival, `day ${6 * (turn + 1)}`);
    }
    await site.passes(600);
    needsPassphrase(await ask(browser, WEB), 'thirty days');
  });
});

describe('a copy of the cookie', () => {
  /** Another browser with the cookies of this one. */
  async function copyOf(browser) {
    const copy = new Browser(site, { 'cf-connecting-ip': '203.0.113.66' });
    for (const { name, value } of browser.cookies) {
      copy.keeps({ headers: { 'set-cookie': [`${name}=${value}; Path=/; Secure; HttpOnly`] } });
    }
    return copy;
  }

  test('it opens known redirect URIs until its original or itself is used, and then ends both', async () => {
    const owner = await remembered();
    const thief = await copyOf(owner);
    needsPassphrase(await ask(thief, 'https://evil.example/cb'), 'a new redirect URI, with the copy');
    const stolen = await allowed(thief, await ask(thief, WEB));
    assert.ok(stolen instanceof Arrival, 'what is not prevented: a known redirect URI, once');
    await site.passes(61);
    needsPassphrase(await ask(owner, WEB), 'the owner is asked: the cookie was used elsewhere');
    needsOneClick(await ask(thief, WEB), 'looking ends nothing');
    assert.ok((await answerPage(owner, await ask(owner, WEB))) instanceof Arrival, 'the owner signs in');
    needsPassphrase(await ask(thief, WEB), 'and the copy has ended');
    needsOneClick(await ask(owner, WEB), 'and the owner is remembered');
  });

  test('a copy that is used after its original ends the browser', async () => {
    const owner = await remembered();
    const thief = await copyOf(owner);
    const page = await ask(thief, WEB);
    assert.ok((await allowed(owner, await ask(owner, WEB))) instanceof Arrival, 'the owner was faster');
    await site.passes(61);
    const next = await allowed(thief, page);
    assert.ok(!(next instanceof Arrival), 'no code');
    needsPassphrase(next, 'the copy');
    needsPassphrase(await ask(owner, WEB), 'nobody knows who is who');
  });

  test('a made-up cookie is none', async () => {
    const browser = await remembered();
    const { name, value } = browser.cookies.find((cookie) => /remembered/.test(cookie.name));
    for (const forged of ['x', value.slice(0, -1), `${value}A`, `${value.slice(0, 40)}${value[40] === 'A' ? 'B' : 'A'}${value.slice(41)}`]) {
      browser.keeps({ headers: { 'set-cookie': [`${name}=${forged}; Path=/; Secure; HttpOnly`] } });
      needsPassphrase(await ask(browser, WEB), 'a forged cookie');
    }
  });
});

describe('what ends a remembered browser', () => {
  const account = async (browser) => {
    const way = await browser.open('/account');
    return way.has('passphrase') ? browser.submit(way, way.form('passphrase'), { values: { passphrase: PASSPHRASE } }) : way;
  };
  /** Presses the button of the form with this action. */
  async function press(browser, page, action) {
    const form = page.forms.find((one) => one.choices('action').includes(action));
    assert.ok(form, page.story(`a form for ${action}`));
    return browser.submit(page, form);
  }

  test('signing out everywhere ends every browser', async () => {
    const [one, other] = [await remembered(), await remembered()];
    await press(one, await account(one), 'sign-out-everywhere');
    for (const browser of [one, other]) needsPassphrase(await ask(browser, WEB), 'signed out everywhere');
    needsOneClick(await ask(await remembered(), WEB), 'a sign-in after that');
  });

  test('an ended cookie gets no code, and enters neither the person nor an app in the owner’s list', async () => {
    const [copied, owner] = [await remembered(), await remembered()];
    const page = await ask(copied, WEB);
    needsOneClick(page, 'before the end');
    const another = await copied.open(authorizePath(asking(await clientOf(WEB), { redirect_uri: WEB })));
    await press(owner, await account(owner), 'sign-out-everywhere');
    const entered = () => runtime.sql('DIRECTORY', 'directory', 'SELECT client, last_at FROM uses ORDER BY client');
    const before = await entered();
    for (const form of [page, another]) needsPassphrase(await allowed(copied, form), 'the passphrase is asked for');
    assert.deepEqual(await entered(), before, 'nothing is entered');
  });

  test('disconnecting an app makes its redirect URI new again', async () => {
    const browser = await remembered();
    const { verifier, challenge } = pkce();
    const arrival = await allowed(browser, await ask(browser, WEB, { challenge }));
    tokensOf(await send(site, redeeming(client, { code: arrival.parameters.code, verifier, redirectUri: WEB })));
    await press(browser, await account(browser), 'disconnect');
    needsPassphrase(await ask(browser, WEB), 'who has ended an app proves who they are when it comes back');
  });

  test('another passphrase ends it, and what was allowed under the old one is new again', async () => {
    const browser = await remembered();
    const other = secret('another-quiet-river-42-lamp', 'the other passphrase');
    await runtime.restart({ OWNER_PASSPHRASE: other });
    try {
      needsPassphrase(await ask(browser, WEB), 'another passphrase');
      const fresh = new Browser(site);
      const elsewhere = 'https://elsewhere.example/cb';
      await answerPage(fresh, await ask(fresh, elsewhere), { passphrase: other });
      needsOneClick(await ask(fresh, elsewhere), 'the new sign-in');
      needsPassphrase(await ask(fresh, WEB), 'what was allowed before the change');
    } finally {
      await runtime.restart(SIGN_IN);
    }
  });

  test('REMEMBER_BROWSER_DAYS=0 remembers nobody, and a smaller number for a shorter time', async () => {
    const none = await startInstances({ count: 1, vars: { ...SIGN_IN, REMEMBER_BROWSER_DAYS: '0' } });
    try {
      const [here] = none.instances;
      const browser = new Browser(here);
      const page = await ask(browser, WEB);
      assert.ok(!page.has('remember'), page.story('no offer'));
      assert.ok((await answerPage(browser, page)) instanceof Arrival);
      assert.ok(!browser.cookies.some(({ name }) => /remembered/.test(name)), 'no cookie');
      await none.restart({ ...SIGN_IN, REMEMBER_BROWSER_DAYS: '1' });
      const short = await remembered(WEB, here);
      needsOneClick(await ask(short, WEB), 'a day');
      await here.passes(DAY);
      needsPassphrase(await ask(short, WEB), 'and no longer');
    } finally {
      await none.stop();
    }
  });
});
test('no secret is in the log', () => keepsSecrets([site]));
test('the owner signs in with the passphrase whatever has happened', async () => {
  const arrival = await signIn(new Browser(site), authorizePath(asking(client, { redirect_uri: WEB })));
  assert.ok(arrival.parameters.code);
});
