// Passkeys in a real browser with a virtual authenticator, and how many clicks and keys it takes to connect an application: the
// first time and again, with the passphrase, in a remembered browser, and with a passkey.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { chromiumFor, runAxe, startChromium } from '../support/chromium/chromium.mjs';
import { startInstances } from '../support/workers/instances.mjs';
import { FORM, PASSPHRASE, SIGN_IN, asking, authorizePath, keepsSecrets, pkce, redeeming, register, secret, send, tokensOf } from '../support/oauth/client.mjs';

const { program, skip } = chromiumFor('passkeys in a real browser');
const OTHER = secret('another-quiet-river-42-lamp', 'another passphrase');

/** The application on the person's machine, which gets the code. */
const arrivals = [];
const application = http.createServer((request, response) => {
  const url = new URL(request.url, `http://${request.headers.host}`);
  if (url.pathname === '/callback') arrivals.push(url);
  response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><link rel="icon" href="data:,"><title>Done</title>');
});

/** A person at a browser, whose clicks and keys are counted. */
class Person {
  clicks = 0;
  keys = 0;

  constructor(tab) {
    this.tab = tab;
  }

  async click(selector) {
    await this.tab.until(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).visibility === 'visible'`, 'it is there');
    this.clicks += 1;
    await this.tab.click(selector);
  }

  async type(text) {
    this.keys += text.length;
    await this.tab.type(text);
  }

  async press(key) {
    this.keys += 1;
    await this.tab.press(key);
  }
}

describe('in a real browser', { skip }, () => {
  /** @type {import('../support/workers/instances.mjs').Runtime} */
  let runtime;
  let site;
  let chromium;
  let redirect;
  let client;
  before(async () => {
    await new Promise((resolve) => application.listen(0, '127.0.0.1', resolve));
    redirect = `http://127.0.0.1:${application.address().port}/callback`;
    [runtime, chromium] = await Promise.all([startInstances({ count: 1, origin: null, vars: SIGN_IN }), startChromium(program)]);
    [site] = runtime.instances;
    client = await register(site, { client_name: 'A desktop app', redirect_uris: [redirect] });
  });
  after(async () => {
    await chromium?.stop();
    await runtime?.stop();
    application.closeAllConnections();
    application.close();
  });

  /** Passkeys are for names: an IP address has none. */
  const at = (path) => `http://localhost:${site.port}${path}`;

  /** A browser with an authenticator that has no passkeys yet. */
  async function browser(options) {
    const tab = await chromium.tab(options);
    await tab.send('WebAuthn.enable');
    const { authenticatorId } = await tab.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    });
    const authenticator = {
      is: (verified) => tab.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: verified }),
      passkeys: async () => (await tab.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
      add: (credential) => tab.send('WebAuthn.addCredential', { authenticatorId, credential }),
      clear: () => tab.send('WebAuthn.clearCredentials', { authenticatorId }),
    };
    /** What the last form had, to send it again. */
    tab.page.on('request', (request) => {
      if (request.method() === 'POST') tab.sent = { path: new URL(request.url()).pathname, body: request.postData() };
    });
    return { tab, authenticator };
  }

  const enter = async (tab, passphrase = PASSPHRASE) => {
    await tab.evaluate('document.querySelector("[name=passphrase]").focus()');
    await tab.type(passphrase);
    await tab.leads(() => tab.press('Enter'));
  };
  const openAccount = async (tab, passphrase) => {
    await tab.open(at('/account'));
    if (await tab.evaluate('!!document.querySelector("[name=passphrase]")')) await enter(tab, passphrase);
  };

  /** Adds a passkey at the account page. */
  async function addPasskey(tab, name, passphrase) {
    await openAccount(tab, passphrase);
    await tab.evaluate('[...document.querySelectorAll("summary")].find((one) => one.textContent === "Add a passkey").click()');
    await tab.evaluate('document.querySelector("[name=passkey-name]").focus()');
    await tab.type(name);
    await tab.leads(() => tab.press('Enter'));
    await enter(tab, passphrase);
    await tab.leads(() => tab.click('[data-passkey=create] button'));
  }

  /** Opens a request of the application. */
  async function ask(tab) {
    const { verifier, challenge } = pkce();
    arrivals.length = 0;
    await tab.open(at(authorizePath(asking(client, { challenge, redirect_uri: redirect }))));
    return { verifier };
  }

  /** Fails unless the application got a code, and redeems it. */
  async function connected({ verifier }) {
    assert.equal(arrivals.length, 1, 'one answer');
    const code = secret(arrivals[0].searchParams.get('code'), 'an authorization code');
    const headers = { host: `localhost:${site.port}` };
    return tokensOf(await send(site, redeeming(client, { code, verifier, redirectUri: redirect }, { headers })));
  }

  /** Sends a form again, with the cookies of this browser. */
  async function again(tab, { path, body }) {
    const cookies = await tab.page.cookies(at('/'));
    return send(site, {
      method: 'POST',
      path,
      headers: {
        host: `localhost:${site.port}`,
        'content-type': FORM,
        origin: at('').replace(/\/$/, ''),
        cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
      },
      body,
    });
  }

  const isRefused = (answer, rule) => {
    answer.hasStatus([400, 403], rule).hasHeader('location', undefined, rule);
    assert.match(answer.text, /passkey was not accepted|cannot be used/, answer.story(rule));
  };

  test('clicks and keys from "Connect" to connected', async (t) => {
    const { tab } = await browser();
    const counted = {};
    /** Counts what `act` needs from the page of the request to the code. */
    const count = async (name, act) => {
      const person = new Person(tab);
      const asked = await ask(tab);
      await tab.leads(() => act(person));
      await connected(asked);
      counted[name] = { clicks: person.clicks, keys: person.keys };
    };
    await count('first, passphrase', async (person) => {
      // Chromium gives the focus a moment after the page is there.
      await tab.until('document.activeElement.name === "passphrase"', 'the field has the focus already');
      await person.type(PASSPHRASE);
      await person.press('Enter');
    });
    await count('again, remembered', (person) => person.click('button[value=allow]'));
    await addPasskey(tab, 'Laptop');
    const forget = async () => {
      await openAccount(tab);
      await tab.leads(() => tab.click('button[type=submit]'));
    };
    // Signing out forgets the browser, so that the passkey is needed.
    await forget();
    await count('again, passkey', (person) => person.click('[data-passkey=get] button'));
    await forget();
    await count('again, passphrase', async (person) => {
      await tab.evaluate('document.querySelector("[name=passphrase]").focus()');
      person.clicks += 1;
      await person.type(PASSPHRASE);
      await person.press('Enter');
    });
    const typed = PASSPHRASE.length + 1;
    for (const [name, { clicks, keys }] of Object.entries(counted)) t.diagnostic(`${name}: ${clicks} clicks, ${keys} keys`);
    assert.deepEqual(counted, {
      'first, passphrase': { clicks: 0, keys: typed },
      'again, remembered': { clicks: 1, keys: 0 },
      'again, passkey': { clicks: 1, keys: 0 },
      'again, passphrase': { clicks: 1, keys: typed },
    });
    const documented = readFileSync(new URL('../../docs/account.md', import.meta.url), 'utf8');
    for (const row of [
      '| the first time | passphrase | 0 | the passphrase and Enter |',
      '| again | remembered browser | 1 | none |',
      '| again | passkey | 1, and what the device asks | none |',
    ]) {
      assert.ok(documented.includes(row), `docs/account.md: ${row}`);
    }
    assert.deepEqual(tab.complaints, [], 'the browser complained about nothing');
  });

  test('the button of a remembered browser comes after a second, for the mouse and for the keyboard', async () => {
    for (const motion of ['no-preference', 'reduce']) {
      const { tab } = await browser();
      await ask(tab);
      await enter(tab);
      await tab.page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: motion }]);
      // Time stands still for animations, as on a page that has just been shown.
      await tab.send('Animation.enable');
      await tab.send('Animation.setPlaybackRate', { playbackRate: 0 });
      const asked = await ask(tab);
      const style = (property) => tab.evaluate(`getComputedStyle(document.querySelector('button[value=allow]')).${property}`);
      assert.equal(await style('animationDuration'), '1s', motion);
      assert.equal(await style('visibility'), 'hidden', motion);
      const { x, y, width, height } = await (await tab.page.$('button[value=allow]')).boundingBox();
      await tab.page.mouse.click(x + width / 2, y + height / 2);
      for (let presses = 0; presses < 12; presses += 1) {
        await tab.press('Tab');
        const [isAllow, isButton] = await tab.evaluate('[document.activeElement?.value === "allow", !document.activeElement || document.activeElement.matches("body, button, a, summary")]');
        assert.ok(!isAllow, 'the keyboard does not reach it');
        if (!isButton) await tab.press('Enter');
      }
      assert.equal(arrivals.length, 0, `nothing is allowed yet: ${motion}`);
      await tab.send('Animation.setPlaybackRate', { playbackRate: 1 });
      await tab.until(`getComputedStyle(document.querySelector('button[value=allow]')).visibility === 'visible'`, 'it comes');
      await tab.leads(() => tab.click('button[value=allow]'));
      await connected(asked);
    }
  });

  test('a passkey is added after proof, signs in to the account and to an application, and is removed', async () => {
    const { tab, authenticator } = await browser();
    await addPasskey(tab, 'My laptop');
    assert.match(await tab.text(), /The passkey My laptop is added\./);
    const [passkey] = await authenticator.passkeys();
    assert.ok(passkey.isResidentCredential, 'it needs no user name');
    assert.equal(passkey.rpId, 'localhost', 'the host that was asked');
    assert.ok(Buffer.from(passkey.userHandle, 'base64').length === 32, 'the handle names nobody');
    await openAccount(tab);
    const { violations } = await runAxe((expression) => tab.evaluate(expression));
    assert.deepEqual(violations, [], 'axe on the account page');

    await tab.leads(() => tab.click('button[type=submit]'));
    await tab.open(at('/account'));
    const order = await tab.evaluate('document.body.innerHTML.indexOf("data-passkey") < document.body.innerHTML.indexOf("type=\\"password\\"")');
    assert.ok(order, 'it is offered first');
    await tab.leads(() => tab.click('[data-passkey=get] button'));
    assert.match(await tab.text(), /Passkeys[\s\S]*My laptop/, 'signed in');

    const asked = await ask(tab);
    await tab.leads(() => tab.click('[data-passkey=get] button'));
    await connected(asked);

    await openAccount(tab);
    const before = await tab.evaluate('document.querySelectorAll("button[aria-label^=\'Remove this passkey\']").length');
    await tab.evaluate('[...document.querySelectorAll("summary")].find((one) => one.textContent.includes("My laptop")).click()');
    await tab.leads(() => tab.click('button[aria-label="Remove this passkey: My laptop"]'));
    assert.match(await tab.text(), /The passkey My laptop is removed\./);
    const left = await tab.evaluate('document.querySelectorAll("button[aria-label^=\'Remove this passkey\']").length');
    assert.equal(left, before - 1);
    await ask(tab);
    await tab.evaluate('document.cookie');
    assert.deepEqual(tab.complaints, [], 'the browser complained about nothing');
  });

  test('a new browser comes to the passkey by one more click, and a passkey without verification signs nobody in', async () => {
    const { tab, authenticator } = await browser();
    await addPasskey(tab, 'Synced');
    const [passkey] = await authenticator.passkeys();
    const other = await browser();
    await other.authenticator.add(passkey);
    const asked = await ask(other.tab);
    assert.ok(!(await other.tab.evaluate('!!document.querySelector("script")')), 'no script where nobody has used a passkey');
    await other.tab.leads(() => other.tab.click('button[value=passkey]'));
    await other.authenticator.is(false);
    await other.tab.click('[data-passkey=get] button');
    await other.tab.until('document.querySelector("[data-passkey] [role=status]").textContent.includes("try again")', 'it says so');
    assert.equal(arrivals.length, 0, 'no fingerprint, no code');
    await other.authenticator.is(true);
    await other.tab.leads(() => other.tab.click('[data-passkey=get] button'));
    await connected(asked);
    await tab.send('WebAuthn.disable');
  });

  test('a browser that can use no passkeys, or runs no scripts, says so and still takes the passphrase', async () => {
    for (const [scripts, words] of [
      [true, 'This browser cannot use passkeys here.'],
      [false, 'A passkey needs JavaScript. Without it, use the passphrase.'],
    ]) {
      const tab = await chromium.tab({ scripts });
      await tab.page.evaluateOnNewDocument('delete window.PublicKeyCredential');
      const asked = await ask(tab);
      await tab.leads(() => tab.click('button[value=passkey]'));
      const text = await tab.text();
      assert.ok(text.includes(words), text);
      assert.doesNotMatch(text, /or with the passphrase/, 'the passphrase is no alternative');
      assert.ok(!(await tab.evaluate('document.querySelector("[data-passkey] button").checkVisibility()')), 'no button that does nothing');
      await enter(tab);
      await connected(asked);
    }
  });

  test('a response is good once, for its own form, browser and purpose', async () => {
    const { tab, authenticator } = await browser();
    await addPasskey(tab, 'Once');
    await openAccount(tab);
    await tab.leads(() => tab.click('button[type=submit]'));
    await tab.open(at('/account'));
    await tab.leads(() => tab.click('[data-passkey=get] button'));
    const forAccount = tab.sent;
    const replayed = await again(tab, forAccount);
    isRefused(replayed, 'the same form again');

    await openAccount(tab);
    await tab.leads(() => tab.click('button[type=submit]'));
    const asked = await ask(tab);
    await tab.leads(() => tab.click('[data-passkey=get] button'));
    const forCode = tab.sent;
    isRefused(await again(tab, forCode), 'the same consent again');
    await connected(asked);

    const swap = (sent, from) => {
      const [body, other] = [new URLSearchParams(sent.body), new URLSearchParams(from.body)];
      body.set('passkey', other.get('passkey'));
      return { path: sent.path, body: body.toString() };
    };
    isRefused(await again(tab, swap(forCode, forAccount)), 'a response of another purpose and form');
    isRefused(await again(tab, swap(forAccount, forCode)), 'and the other way round');
    const stranger = await browser();
    await stranger.authenticator.add((await authenticator.passkeys())[0]);
    await ask(stranger.tab);
    const stolen = await again(stranger.tab, forCode);
    stolen.hasStatus([400, 403], 'the form of another browser').hasHeader('location', undefined, 'the form of another browser');
    const fields = new URLSearchParams(forCode.body);
    fields.set('request', await stranger.tab.evaluate('document.querySelector("[name=request]").value'));
    isRefused(await again(stranger.tab, { path: forCode.path, body: fields.toString() }), 'the response of another browser');
    assert.equal(arrivals.length, 0, 'no code for any of them');
  });

  test('a counter that goes back, and another passphrase, end a passkey', async () => {
    const { tab, authenticator } = await browser();
    await addPasskey(tab, 'Copied');
    const [first] = await authenticator.passkeys();
    for (let turn = 0; turn < 2; turn += 1) {
      await openAccount(tab);
      await tab.leads(() => tab.click('button[type=submit]'));
      await tab.open(at('/account'));
      await tab.leads(() => tab.click('[data-passkey=get] button'));
    }
    const [used] = await authenticator.passkeys();
    assert.ok(used.signCount > first.signCount, 'this authenticator counts');
    await authenticator.clear();
    await authenticator.add({ ...used, signCount: first.signCount });
    await openAccount(tab);
    await tab.leads(() => tab.click('button[type=submit]'));
    await ask(tab);
    await tab.leads(() => tab.click('[data-passkey=get] button'));
    assert.match(await tab.text(), /That passkey was not accepted/, 'Web Authentication §6.1.1');
    await authenticator.clear();
    await authenticator.add({ ...used, signCount: used.signCount + 10 });
    const asked = await ask(tab);
    await tab.leads(() => tab.click('[data-passkey=get] button'));
    await connected(asked);

    await runtime.restart({ OWNER_PASSPHRASE: OTHER });
    try {
      await ask(tab);
      assert.ok(!(await tab.evaluate('!!document.querySelector("[data-passkey]")')), 'it is not offered first any more');
      await tab.leads(() => tab.click('button[value=passkey]'));
      await tab.leads(() => tab.click('[data-passkey=get] button'));
      assert.match(await tab.text(), /That passkey was not accepted/, 'it belonged to the other passphrase');
      assert.equal(arrivals.length, 0);
      await addPasskey(tab, 'New', OTHER);
      assert.match(await tab.text(), /The passkey New is added\./, 'it replaces the old one on the device');
    } finally {
      await runtime.restart(SIGN_IN);
    }
  });

  test('no secret is in the log', () => keepsSecrets([runtime]));
});
