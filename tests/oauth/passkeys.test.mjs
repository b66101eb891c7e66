// Passkeys at the endpoints: what is accepted, and every response that is not. What a real browser does with them is in
// `passkeys-in-chromium.test.mjs`.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { Authenticator, asked } from '../support/oauth/authenticator.mjs';
import { instancesForSuite } from '../support/workers/instances.mjs';
import {
  PASSPHRASE,
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
  tokensOf,
} from '../support/oauth/client.mjs';
import { formFor, hasForm } from '../support/oauth/forms.mjs';

const WEB = 'https://app.example/cb';

let client;
const runtime = instancesForSuite({ count: 1, vars: SIGN_IN }, async () => {
  client = await register(site, { client_name: 'An app', redirect_uris: [WEB] });
});
const [site] = runtime.instances;
// Codes that nobody redeems are gone after a minute; only so many may wait.
afterEach(() => site.passes(61));

/** Opens the account page, with the passphrase if that is needed. */
async function account(browser) {
  const at = await browser.open('/account');
  return at.has('passphrase') ? browser.submit(at, at.form('passphrase'), { values: { passphrase: PASSPHRASE } }) : at;
}

/** The page on which a passkey is made. */
async function creating(browser, name = 'Laptop') {
  const page = await account(browser);
  const confirm = await browser.submit(page, formFor(page, 'new-passkey'), { values: { 'passkey-name': name } });
  const form = confirm.form('passphrase');
  return browser.submit(confirm, form, { values: { passphrase: PASSPHRASE } });
}

/** Adds a passkey, and returns its authenticator. */
async function added(browser, { algorithm, name, ...falsified } = {}) {
  const authenticator = new Authenticator(algorithm);
  const page = await creating(browser, name);
  const passkey = authenticator.create({ origin: site.origin, ...asked(page), ...falsified });
  const after = await browser.submit(page, page.form('passkey'), { values: { passkey } });
  return { authenticator, after };
}

/** Ends what the browser is remembered for, so that the next page asks who the person is. */
const signOut = async (browser) => {
  const page = await account(browser);
  return browser.submit(page, formFor(page, 'sign-out'));
};

/** The consent page of a browser that has used a passkey. */
async function consent(browser, more = {}) {
  await signOut(browser);
  return browser.open(authorizePath(asking(client, { redirect_uri: WEB, ...more })));
}

/** Sends the response of an authenticator, as the script does: without a button. */
const answerWith = (browser, page, passkey) => browser.submit(page, page.form('passkey'), { values: { passkey } });

const isRefused = (at, rule) => {
  assert.ok(!(at instanceof Arrival), `${rule}: ${at.url}`);
  at.answer.hasStatus(403, rule);
  isSafePage(at.answer, rule);
  assert.match(at.text, /That passkey was not accepted/, at.story(rule));
};

describe('a passkey', () => {
  for (const [algorithm, name] of [
    [-7, 'ES256'],
    [-8, 'Ed25519'],
    [-257, 'RS256'],
  ]) {
    test(`a passkey with a key of ${name} is added after proof, and signs in`, async () => {
      const browser = new Browser(site);
      const { authenticator, after } = await added(browser, { algorithm, name });
      assert.match(after.text, new RegExp(`The passkey ${name} is added`), after.story('it is named'));
      const { verifier, challenge } = pkce();
      const page = await consent(browser, { challenge });
      isSafePage(page.answer, 'the consent page');
      assert.ok(page.has('passphrase'), page.story('the passphrase stays'));
      const arrival = await answerWith(browser, page, authenticator.get({ origin: site.origin, ...asked(page) }));
      assert.ok(arrival instanceof Arrival, arrival.text);
      const code = secret(arrival.parameters.code, 'an authorization code');
      await isWelcome(site, tokensOf(await send(site, redeeming(client, { code, verifier, redirectUri: WEB }))).access_token);
      const next = await browser.open(authorizePath(asking(client, { redirect_uri: WEB })));
      assert.ok(!next.has('passphrase'), next.story('the browser is remembered after a passkey, too'));
    });
  }

  test('a passkey signs in to the account page and confirms an action', async () => {
    const browser = new Browser(site);
    const { authenticator } = await added(browser);
    await signOut(browser);
    const way = await browser.open('/account');
    const page = await answerWith(browser, way, authenticator.get({ origin: site.origin, ...asked(way) }));
    assert.ok(hasForm(page, 'new-passkey'), page.story('signed in'));
    const confirm = await browser.submit(page, formFor(page, 'new-passkey'), { values: { 'passkey-name': 'Second' } });
    const made = await answerWith(browser, confirm, authenticator.get({ origin: site.origin, ...asked(confirm) }));
    assert.match(made.text, /Create a passkey/, made.story('a passkey is proof'));
  });

  test('a browser that has used no passkey has a page without a script, and a way there', async () => {
    const browser = new Browser(site);
    const page = await browser.open(authorizePath(asking(client, { redirect_uri: WEB })));
    assert.ok(!page.html.includes('<script'), page.story('no script'));
    const button = { name: 'way', value: 'passkey' };
    const login = await browser.submit(page, page.form('decision'), { values: { passphrase: '' }, button });
    assert.ok(asked(login).challenge && login.has('passphrase'), login.story('the offer, and the passphrase'));
    const way = await browser.open('/account');
    const account = await browser.submit(way, way.form('passphrase'), { button });
    assert.ok(asked(account).challenge, account.story('the offer'));
  });
});

describe('what no passkey opens', () => {
  /** A browser with a passkey, and its consent page. */
  async function ready() {
    const browser = new Browser(site);
    const { authenticator } = await added(browser);
    return { browser, authenticator, page: await consent(browser) };
  }

  test('a falsified response is refused, and a good one is accepted after it', async () => {
    const { browser, authenticator, page } = await ready();
    const good = { origin: site.origin, ...asked(page) };
    const other = new Authenticator();
    const signature = Buffer.from('3006020101020101', 'hex');
    for (const [what, passkey] of [
      ['another origin', authenticator.get({ ...good, origin: 'https://evil.example' })],
      ['a look-alike origin', authenticator.get({ ...good, origin: `${site.origin}.evil.example` })],
      ['another port', authenticator.get({ ...good, origin: `${site.origin}:8443` })],
      ['another relying party', authenticator.get({ ...good, party: 'evil.example' })],
      ['the domain above', authenticator.get({ ...good, party: 'example.com' })],
      ['no user verification', authenticator.get({ ...good, flags: 0x01 })],
      ['no user', authenticator.get({ ...good, flags: 0x04 })],
      ['a frame on another site', authenticator.get({ ...good, crossOrigin: true })],
      ['the other ceremony', authenticator.get({ ...good, type: 'webauthn.create' })],
      ['another challenge', authenticator.get({ ...good, challenge: Buffer.alloc(32).toString('base64url') })],
      ['another signature', authenticator.get({ ...good, signature })],
      ['no DER', authenticator.get({ ...good, signature: Buffer.alloc(64, 1) })],
      ['another user', authenticator.get({ ...good, user: Buffer.alloc(32).toString('base64url') })],
      ['an unknown passkey', other.get({ ...good, user: authenticator.user })],
      ['nonsense', 'x.y.z'],
      ['too much', `${'A'.repeat(9000)}.AA.AA.AA.AA`],
    ]) {
      isRefused(await answerWith(browser, page, passkey), what);
    }
    const arrival = await answerWith(browser, page, authenticator.get(good));
    assert.ok(arrival instanceof Arrival && arrival.parameters.code, 'none of that has used the challenge up');
  });

  test('a response is good once: for its form, its browser and its purpose', async () => {
    const { browser, authenticator, page } = await ready();
    const passkey = authenticator.get({ origin: site.origin, ...asked(page) });
    const arrival = await answerWith(browser, page, passkey);
    assert.ok(arrival instanceof Arrival && arrival.parameters.code, 'the first time');
    isRefused(await answerWith(browser, page, passkey), 'the same form again');
    const next = await consent(browser);
    isRefused(await answerWith(browser, next, passkey), 'another form');
    const way = await (await signOut(browser), browser.open('/account'));
    isRefused(await answerWith(browser, way, authenticator.get({ origin: site.origin, ...asked(next) })), 'another purpose');

    const stranger = new Browser(site);
    for (const { name, value } of browser.cookies.filter((cookie) => !/browser|account/.test(cookie.name))) {
      stranger.keeps({ headers: { 'set-cookie': [`${name}=${value}; Path=/; Secure`] } });
    }
    const theirs = await stranger.open(authorizePath(asking(client, { redirect_uri: WEB })));
    isRefused(await answerWith(stranger, theirs, authenticator.get({ origin: site.origin, ...asked(next) })), 'another browser');
    const sent = await stranger.submit(next, next.form('passkey'), {
      values: { passkey: authenticator.get({ origin: site.origin, ...asked(next) }) },
    });
    sent.answer.hasStatus([400, 403], 'the form of another browser').hasHeader('location', undefined, 'no code');
  });

  test('two at once with one response give one code', async () => {
    const { browser, authenticator, page } = await ready();
    const passkey = authenticator.get({ origin: site.origin, ...asked(page) });
    const answers = await Promise.all([1, 2, 3].map(() => answerWith(browser, page, passkey)));
    assert.equal(answers.filter((answer) => answer instanceof Arrival).length, 1, 'exactly once');
  });

  test('a response is refused when its form has expired', async () => {
    const { browser, authenticator, page } = await ready();
    const passkey = authenticator.get({ origin: site.origin, ...asked(page) });
    await site.passes(601);
    const late = await answerWith(browser, page, passkey);
    late.answer.hasStatus([400, 403], 'ten minutes').hasHeader('location', undefined, 'no code');
  });

  test('a counter that does not increase is refused', async () => {
    const { browser, authenticator } = await ready();
    for (const [counter, good] of [[5, true], [5, false], [4, false], [0, false], [6, true]]) {
      authenticator.counter = counter;
      const page = await consent(browser);
      const at = await answerWith(browser, page, authenticator.get({ origin: site.origin, ...asked(page) }));
      if (good) assert.ok(at instanceof Arrival, `${counter}`);
      else isRefused(at, `Web Authentication §6.1.1: ${counter} after 5`);
    }
  });

  test('what is no passkey of this site is not added', async () => {
    const browser = new Browser(site);
    for (const [what, falsified] of [
      ['another origin', { origin: 'https://evil.example' }],
      ['another relying party', { party: 'evil.example' }],
      ['no user verification', { flags: 0x41 }],
      ['the other ceremony', { type: 'webauthn.get' }],
      ['another challenge', { challenge: Buffer.alloc(32).toString('base64url') }],
    ]) {
      const { after } = await added(browser, falsified);
      assert.match(after.text, /The passkey was not added/, after.story(what));
    }
    const page = await creating(browser);
    const passkey = new Authenticator().create({ origin: site.origin, ...asked(page) });
    const first = await browser.submit(page, page.form('passkey'), { values: { passkey } });
    assert.match(first.text, /is added/, first.story('a good one'));
    const again = await browser.submit(page, page.form('passkey'), { values: { passkey } });
    assert.match(again.text, /was not added/, again.story('the same form again'));
    const stranger = new Browser(site);
    await account(stranger);
    const sent = await stranger.submit(page, page.form('passkey'), { values: { passkey } });
    sent.answer.hasStatus([400, 403], 'the form of another sign-in');
  });

  test('adding one takes the passphrase or a passkey anew', async () => {
    const browser = new Browser(site);
    const page = await account(browser);
    const confirm = await browser.submit(page, formFor(page, 'new-passkey'), { values: { 'passkey-name': 'x' } });
    assert.ok(!confirm.html.includes('data-passkey="create"'), confirm.story('an open page is no proof'));
    const wrong = await browser.submit(confirm, confirm.form('passphrase'), { values: { passphrase: 'not-the-passphrase' } });
    wrong.answer.hasStatus(403, 'a wrong one');
  });

  test('another passphrase removes all passkeys', async () => {
    const { browser, authenticator } = await ready();
    const other = secret('another-quiet-river-42-lamp', 'the other passphrase');
    await runtime.restart({ OWNER_PASSPHRASE: other });
    try {
      const page = await browser.open(authorizePath(asking(client, { redirect_uri: WEB })));
      assert.ok(!page.html.includes('data-passkey'), page.story('not offered first'));
      const button = { name: 'way', value: 'passkey' };
      const login = await browser.submit(page, page.form('decision'), { values: { passphrase: '' }, button });
      isRefused(await answerWith(browser, login, authenticator.get({ origin: site.origin, ...asked(login) })), 'of the old passphrase');
    } finally {
      await runtime.restart(SIGN_IN);
    }
  });

  test('a removed passkey opens nothing, and the page is quiet about it', async () => {
    const browser = new Browser(site);
    const { authenticator } = await added(browser, { name: 'To be removed' });
    const page = await account(browser);
    const form = page.forms.find((one) => one.choices('name').includes('To be removed'));
    const after = await browser.submit(page, form);
    assert.match(after.text, /The passkey To be removed is removed/, after.story('it names it'));
    const way = await consent(browser);
    if (!way.html.includes('data-passkey')) return;
    isRefused(await answerWith(browser, way, authenticator.get({ origin: site.origin, ...asked(way) })), 'removed');
  });
});
test('no secret is in the log', () => keepsSecrets([site]));
