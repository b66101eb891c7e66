// The pages between a request and its code: what they say, whose form a form is, and what a decision is worth (RFC 9700 §4.16,
// OAuth 2.1 §7.5.4; MCP "Confused Deputy Problem", "Localhost Redirect URI Risks").

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { instancesForSuite } from '../support/workers/instances.mjs';
import {
  FIRST_SCOPES,
  PASSPHRASE,
  SIGN_IN,
  Arrival,
  Browser,
  answerPage,
  asking,
  authorize,
  authorizePath,
  connect,
  isSafePage,
  keepsSecrets,
  register,
  scopesIn,
  secret,
  send,
  signIn,
} from '../support/oauth/client.mjs';

const WEB = 'https://app.example/cb?tenant=7';

let web;
const runtime = instancesForSuite({ count: 1, vars: SIGN_IN }, async () => {
  web = await register(site, { client_name: 'A web app', redirect_uris: [WEB] });
});
const [site] = runtime.instances;
// Codes that nobody redeems are gone after a minute; only so many may wait.
afterEach(() => site.passes(61));

describe('the pages', () => {
  test('the pages are safe, work without scripts, and say who asks for what', async () => {
    const client = await register(site, { client_name: `<b>Bold</b> & "quoted" 'app'`, redirect_uris: ['https://receiver.example/cb'] });
    const browser = new Browser(site);
    const consent = await browser.open(authorizePath(asking(client, { scope: 'profile notes:read notes:write' })));
    isSafePage(consent.answer, 'the consent page');
    assert.ok(consent.text.includes('receiver.example'), consent.story('the host that will receive the code'));
    assert.ok(consent.text.includes(`<b>Bold</b> & "quoted" 'app'`), consent.story('the name, as text'));
    assert.ok(!consent.elements.some(({ name }) => name === 'b'), consent.story('a name is never markup'));
    const host = consent.text.indexOf('receiver.example');
    assert.ok(host < consent.text.indexOf('Bold'), consent.story('the page leads with the host: the name is unverified'));
    assert.ok(consent.text.includes('https://receiver.example/cb'), consent.story('the whole address: a host may be shared'));
    const form = consent.form('decision');
    assert.equal(form.method, 'post', consent.story('a decision changes something'));
    assert.deepEqual(form.choices('decision').sort(), ['allow', 'deny'], consent.story('yes and no'));
    assert.deepEqual(form.choices('scope').sort(), ['notes:read', 'notes:write', 'profile'], consent.story('each scope can be unticked'));
    assert.ok(!/receiver\.example/.test(consent.answer.headers['set-cookie']?.join(';') ?? ''), 'the request is not in a cookie');

    const login = await answerPage(browser, consent, { passphrase: null });
    assert.ok(!(login instanceof Arrival), 'consent alone opens nothing');
    isSafePage(login.answer, 'the login page');
    const field = login.elements.find(({ attributes }) => attributes.name === 'passphrase');
    assert.equal(field?.attributes.type, 'password', login.story('it is not shown'));
    assert.equal(field?.attributes.autocomplete, 'current-password', login.story('password managers'));
    assert.equal(login.form('passphrase').method, 'post', login.story('RFC 9700: no credential in a URL'));
    for (const page of [consent, login]) {
      assert.ok(
        page.elements.some(({ name, attributes }) => name === 'html' && attributes.lang),
        page.story('screen readers need the language'),
      );
      assert.ok(
        page.elements.some(({ name, attributes }) => name === 'meta' && attributes.name === 'viewport'),
        page.story('a phone'),
      );
      assert.equal(page.elements.filter(({ name, closing }) => name === 'h1' && !closing).length, 1, page.story('one heading'));
      const ids = new Map(page.elements.filter(({ attributes }) => attributes.id).map((element) => [element.attributes.id, element]));
      for (const { name, attributes } of page.elements) {
        if (name !== 'input' || attributes.type === 'hidden') continue;
        const labelled = page.elements.some(
          (element) => element.name === 'label' && (element.attributes.for === attributes.id || !element.attributes.for),
        );
        assert.ok(labelled && (!attributes.id || ids.has(attributes.id)), page.story(`${attributes.name} has a label`));
      }
    }
    const arrival = await answerPage(browser, login);
    assert.ok(arrival instanceof Arrival && arrival.parameters.code, 'and then the code');
    secret(arrival.parameters.code, 'an authorization code');
    for (const answer of browser.answers.filter(({ status }) => status >= 300 && status < 400)) {
      answer.hasStatus(303, 'OAuth 2.1 §7.5.4: the browser must not repeat the POST');
      answer.hasHeader('cache-control', /\bno-store\b/, 'it may not be kept');
      answer.hasHeader('referrer-policy', /^(no-referrer|same-origin|strict-origin)$/, 'the client learns no URL of ours');
    }
    assert.deepEqual(browser.refused, [], 'a strict browser keeps the cookies');
  });

  test('the pages keep their cookies to this host, out of reach of scripts', async () => {
    const browser = new Browser(site);
    await signIn(browser, authorizePath(asking(web, { redirect_uri: WEB })));
    const set = browser.answers.flatMap((answer) => answer.headers['set-cookie'] ?? []);
    assert.ok(set.length > 0, 'a sign-in is bound to a browser');
    for (const cookie of set) {
      assert.match(cookie, /^__Host-/, 'no other host and no other path can have set it');
      for (const attribute of [/; *Secure(;|$)/i, /; *HttpOnly(;|$)/i, /; *SameSite=(Lax|Strict)(;|$)/i, /; *Path=\/(;|$)/i])
        assert.match(cookie, attribute);
      assert.ok(!/; *Domain=/i.test(cookie), cookie);
    }
  });

  test('lead with the address where there is no host', async () => {
    const native = await register(site, { redirect_uris: ['http://127.0.0.1:52311/callback'] });
    const page = await new Browser(site).open(authorizePath(asking(native)));
    assert.ok(page.text.includes('127.0.0.1'), page.story('MCP "Localhost Redirect URI Risks"'));
  });
});

describe('the decision', () => {
  test('no is told to the client, without a login', async () => {
    const browser = new Browser(site);
    const { arrival, error, code, iss, ...got } = await authorize(site, web, {
      browser,
      person: { decision: 'deny' },
      parameters: { redirect_uri: WEB },
    });
    assert.equal(error, 'access_denied', String(arrival.url));
    assert.equal(code, undefined);
    assert.equal(iss, site.origin);
    assert.equal(got.state, arrival.parameters.state);
    arrival.answer.hasStatus(303, 'after a POST');
    assert.equal(browser.answers.filter(({ asked }) => asked.method === 'POST').length, 1, 'nobody has to sign in to say no');
  });

  for (const [what, scopes, granted] of [
    ['some', ['profile'], 'profile'],
    ['one', ['notes:read'], 'notes:read'],
    ['what was not asked for', ['profile', 'notes:write'], 'profile'],
    ['what does not exist', ['profile', 'admin'], 'profile'],
  ]) {
    test(`scopes can be narrowed to ${what} and never widened`, async () => {
      const { tokens } = await connect(site, { client: web, scope: FIRST_SCOPES, person: { scopes }, parameters: { redirect_uri: WEB } });
      assert.deepEqual(scopesIn(tokens.scope), scopesIn(granted));
    });
  }

  test('yes to nothing is asked for again, and can be corrected or left', async () => {
    for (const scopes of [[], ['notes:write', 'admin']]) {
      const browser = new Browser(site);
      const page = await browser.open(authorizePath(asking(web, { redirect_uri: WEB, scope: FIRST_SCOPES })));
      const again = await answerPage(browser, page, { scopes });
      again.answer.hasStatus(400, 'a token that opens nothing helps nobody');
      isSafePage(again.answer, 'the consent page again');
      assert.match(again.text, /Nothing is ticked\. Tick at least one, or cancel\./, again.story('it says what to do'));
      const form = again.form('decision');
      assert.deepEqual(form.choices('scope').sort(), scopesIn(FIRST_SCOPES), again.story('the same choice'));
      assert.deepEqual(form.chosen('scope'), [], again.story('as the person left it'));
      const button = (value) => form.buttons.find((one) => one.value === value);
      const login = await browser.submit(again, form, { values: { scope: ['profile'] }, button: button('allow') });
      assert.ok(login.has('passphrase'), login.story('corrected'));
      const arrival = await browser.submit(again, form, { button: button('deny') });
      assert.equal(arrival.parameters?.error, 'access_denied', 'or left');
    }
  });

  test('a decision that is none opens nothing', async () => {
    for (const values of [{}, { decision: 'yes' }, { decision: '' }]) {
      const browser = new Browser(site);
      const page = await browser.open(authorizePath(asking(web, { redirect_uri: WEB })));
      const form = page.form('decision');
      const next = await browser.send(page, form, [...form.entries(), ...Object.entries(values)]);
      assert.ok(!(next instanceof Arrival) && !next.has('passphrase'), 'neither a code nor a login');
      next.answer.hasStatus(400, 'only a clear answer counts');
    }
  });
});

// MCP "Authorization › Security Considerations"
describe('a form belongs to its request and to its browser', () => {
  /** Consent and login page of a sign-in, each with the browser it is open in. */
  async function pages() {
    const browser = new Browser(site);
    const consent = await browser.open(authorizePath(asking(web, { redirect_uri: WEB })));
    const entries = consent.form('decision').entries({ button: { name: 'decision', value: 'allow' } });
    const login = await answerPage(browser, consent, { passphrase: null });
    return { browser, consent, login, entries };
  }

  const isRefused = (at, rule) => {
    assert.ok(!(at instanceof Arrival), `${rule}: ${at.url}`);
    at.answer.hasStatus([400, 403], rule).hasHeader('location', undefined, rule);
    isSafePage(at.answer, rule);
    assert.ok(!at.has('passphrase') && !at.has('decision'), at.story(rule));
  };

  test('a browser without the cookie cannot send it', async () => {
    const { consent, login, entries } = await pages();
    const stranger = new Browser(site);
    isRefused(await stranger.send(consent, consent.form('decision'), entries), 'the consent form, without a cookie');
    const typed = login.form('passphrase').entries({ values: { passphrase: PASSPHRASE } });
    isRefused(await stranger.send(login, login.form('passphrase'), typed), 'the login form, without a cookie');
  });

  test('another browser with a cookie of its own cannot send it', async () => {
    const { browser, consent, login, entries } = await pages();
    const stranger = new Browser(site);
    await stranger.open(authorizePath(asking(web, { redirect_uri: WEB })));
    assert.ok(stranger.cookieHeader, 'it has a cookie');
    isRefused(await stranger.send(consent, consent.form('decision'), entries), 'the consent form, from another browser');
    const typed = login.form('passphrase').entries({ values: { passphrase: PASSPHRASE } });
    isRefused(await stranger.send(login, login.form('passphrase'), typed), 'the login form, from another browser');
    const arrival = await answerPage(browser, login);
    assert.ok(arrival instanceof Arrival && arrival.parameters.code, 'the one it belongs to still can');
  });

  test('a changed form is refused', async () => {
    const { browser, consent, login, entries } = await pages();
    const change = (value) => {
      const at = Math.floor(value.length / 2);
      return value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1);
    };
    let changed = 0;
    for (const [page, name, all] of [
      [consent, 'decision', entries],
      [login, 'passphrase', login.form('passphrase').entries({ values: { passphrase: PASSPHRASE } })],
    ]) {
      const form = page.form(name);
      for (const hidden of form.fields.filter(({ type }) => type === 'hidden')) {
        const variants = [change(hidden.value), hidden.value.slice(0, -1), `${hidden.value}A`, '', 'x', 'x'.repeat(15_000)];
        for (const value of variants) {
          isRefused(
            await browser.send(
              page,
              form,
              all.map(([key, old]) => [key, key === hidden.name ? value : old]),
            ),
            `${name}: a changed ${hidden.name}`,
          );
          changed += 1;
        }
        isRefused(
          await browser.send(
            page,
            form,
            all.filter(([key]) => key !== hidden.name),
          ),
          `${name}: without ${hidden.name}`,
        );
        isRefused(await browser.send(page, form, [...all, [hidden.name, hidden.value]]), `${name}: ${hidden.name} twice`);
      }
    }
    assert.ok(changed > 0, 'there was something to change');
  });

  test('login cannot be reached around the consent', async () => {
    const { browser, consent, login } = await pages();
    const sealed = consent.form('decision').entries();
    const at = await browser.send(login, login.form('passphrase'), [
      ...sealed.filter(([name]) => name !== 'scope'),
      ['passphrase', PASSPHRASE],
    ]);
    assert.ok(!(at instanceof Arrival), `a request without consent gets no code: ${at.url}`);
    // And with the seal of the consent form in each place of the login form.
    const typed = login.form('passphrase').entries({ values: { passphrase: PASSPHRASE } });
    const hidden = (page, name) => page.form(name).fields.filter(({ type }) => type === 'hidden');
    for (const { value } of hidden(consent, 'decision')) {
      for (const { name } of hidden(login, 'passphrase')) {
        const swapped = typed.map(([key, old]) => [key, key === name ? value : old]);
        isRefused(await browser.send(login, login.form('passphrase'), swapped), `the seal of the consent form as ${name}`);
      }
    }
  });

  test('a form is good for a while only', async () => {
    const { browser, consent, login, entries } = await pages();
    await site.passes(601);
    const typed = login.form('passphrase').entries({ values: { passphrase: PASSPHRASE } });
    for (const [page, form, sent, rule] of [
      [consent, 'decision', entries, 'an old consent form'],
      [login, 'passphrase', typed, 'an old login form'],
    ]) {
      const expired = await browser.send(page, page.form(form), sent);
      isRefused(expired, rule);
      const { href } = expired.elements.find(({ name, text }) => name === 'a' && text === 'Back to the app')?.attributes ?? {};
      assert.ok(href?.startsWith(`${WEB}&`), expired.story(`${rule} leads back to the app`));
      const told = new URL(href).searchParams;
      assert.equal(told.get('error'), 'access_denied', rule);
      assert.equal(told.get('state'), new URL(consent.url).searchParams.get('state'), rule);
      assert.equal(told.get('iss'), site.origin, rule);
      const stranger = new Browser(site);
      await stranger.open(consent.url);
      const elsewhere = await stranger.send(page, page.form(form), sent);
      isRefused(elsewhere, `${rule} of another browser`);
      assert.ok(!elsewhere.html.includes(WEB), elsewhere.story(`${rule} leads nobody else anywhere`));
    }
    const { code } = await authorize(site, web, { browser, parameters: { redirect_uri: WEB } });
    assert.ok(code, 'the same browser can begin anew');
  });

  test('a form in another content type, or too long, is refused', async () => {
    const { browser, consent, entries } = await pages();
    const path = new URL(consent.form('decision').action || consent.url, consent.url).pathname;
    const body = new URLSearchParams(entries).toString();
    for (const [type, sent] of [
      ['application/json', JSON.stringify(Object.fromEntries(entries))],
      ['text/plain', body],
      ['application/x-www-form-urlencoded', `${body}&x=${'y'.repeat(100_000)}`],
    ]) {
      const answer = await send(site, { method: 'POST', path, headers: { 'content-type': type, cookie: browser.cookieHeader }, body: sent });
      answer.hasStatus([400, 413, 415], type).hasHeader('location', undefined, type);
    }
  });
});
test('no secret is in the log', () => keepsSecrets([site]));
