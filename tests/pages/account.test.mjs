// /account: a person sees which apps they have connected, ends one or all, and signs out. The sign-in is a sealed cookie that
// ends with the credentials; every form is bound to it; what is ended is as dead as after a revocation by the client (RFC 7009).

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { instancesForSuite, startInstances } from '../support/workers/instances.mjs';
import {
  FORM,
  PASSPHRASE,
  SIGN_IN,
  Arrival,
  Browser,
  asking,
  authorizePath,
  connect,
  isDead,
  isSafePage,
  isTurnedAway,
  isWelcome,
  keepsSecrets,
  pkce,
  redeeming,
  refreshing,
  register,
  secret,
  send,
  signIn,
  toLogin,
  tokensOf,
} from '../support/oauth/client.mjs';
import { formFor } from '../support/oauth/forms.mjs';
import { bodyOf, enterAt, json, jwt, seconds, startProvider } from '../support/oauth/openid-provider.mjs';

const HERE = 'https://mcp.example.com';
const HALF_AN_HOUR = 30 * 60;

const press = (browser, page, action, grant) => browser.submit(page, formFor(page, action, grant && 'grant', grant));
/** The names of the grants on the page, in its order. */
const grantsOn = (page) => page.forms.filter((form) => form.has('grant')).map((form) => form.chosen('grant')[0]);
/** Whether the page is that of somebody who is signed in. */
const isIn = (page) => page.forms.some((form) => form.chosen('action')[0] === 'sign-out');

/** Notes what of a browser is secret. */
function noted(browser, page) {
  for (const { value } of browser.cookies) secret(value, 'a cookie');
  for (const form of page.forms) for (const { name, value } of form.fields) if (name === 'request') secret(value, 'a sealed form');
  return page;
}

/** Signs in to the account page with the passphrase. */
async function enter(site, { passphrase = PASSPHRASE, browser = new Browser(site) } = {}) {
  const way = noted(browser, await browser.open('/account'));
  way.answer.hasStatus(200, 'the way in');
  isSafePage(way.answer, 'the way in');
  const page = noted(browser, await browser.submit(way, way.form('passphrase'), { values: { passphrase } }));
  return { browser, page };
}

const lives = async (site, { client, tokens }, rule) => tokensOf(await send(site, refreshing(client, tokens)), rule);

describe('the account page of the owner', () => {
  const runtime = instancesForSuite({ count: 2, vars: SIGN_IN });
  const [here, there] = runtime.instances;
  // Each test begins without apps, and with no codes that wait.
  afterEach(async () => {
    await runtime.passes(61);
    const { browser, page } = await enter(here);
    if (grantsOn(page).length > 0) await press(browser, page, 'disconnect-all');
    await runtime.passes(61);
  });

  test('the account page of the owner asks who it is, and shows nothing before', async () => {
    await connect(here, { metadata: { client_name: 'Secret app' } });
    const way = await new Browser(here).open('/account');
    assert.ok(way.has('passphrase') && !isIn(way), way.story('a field for the passphrase'));
    assert.ok(!way.text.includes('Secret app'), way.story('no app'));
    isSafePage(way.answer, 'the way in');
    const both = await new Browser(here).open('/account/');
    both.answer.hasStatus(200, 'both slash forms');
  });

  test('the account page of the owner lists what was connected: the name, unverified, where it leads, what it may, when', async () => {
    const { browser, page: empty } = await enter(here);
    assert.ok(isIn(empty) && grantsOn(empty).length === 0, empty.story('nothing yet'));
    assert.match(empty.text, /No app has access/);
    await connect(here, { metadata: { client_name: 'A desktop app' } });
    await runtime.passes(2 * 60);
    const web = { client_name: '<b>A web app</b>', redirect_uris: ['https://app.example/cb?tenant=7'] };
    await connect(here, { metadata: web, scope: 'profile notes:read notes:write' });
    const page = await browser.open('/account');
    page.answer.hasStatus(200, 'the list');
    isSafePage(page.answer, 'the list');
    assert.equal(grantsOn(page).length, 2, page.story('two apps'));
    assert.match(page.text, /Signed in as the owner/);
    const [first, second] = page.html.split('<details class="entry">').slice(1);
    for (const part of ['&lt;b&gt;A web app&lt;/b&gt;', 'what the app calls itself', '<bdi>app.example</bdi>', 'just now']) {
      assert.ok(first.includes(part), page.story(`the one that was used last comes first: ${part}`));
    }
    assert.ok(!first.includes('tenant'), page.story('the host, not the address'));
    assert.equal(first.match(/<ul class="plain">.*?<\/ul>/s)[0].match(/<li>/g).length, 3, page.story('its permissions in words'));
    assert.ok(!first.includes('notes:write'), page.story('not as names'));
    for (const part of ['A desktop app', 'what the app calls itself', '127.0.0.1:39321', '2 minutes ago']) {
      assert.ok(second.includes(part), page.story(part));
    }
  });

  test('the account page of the owner tells when an app was used last: at its last refresh', async () => {
    const app = await connect(here);
    await runtime.passes(2 * 3600);
    const { browser, page } = await enter(here);
    assert.match(page.text, /Last used 2 hours ago/);
    await lives(here, app, 'it refreshes');
    assert.match((await browser.open('/account')).text, /Last used just now/);
  });

  test('the account page of the owner ends one app at once, and no other', async () => {
    const one = await connect(here, { metadata: { client_name: 'One' } });
    const other = await connect(here, { metadata: { client_name: 'Other' } });
    const { browser, page } = await enter(here);
    const grant = grantsOn(page).find((id) => page.html.split('<details class="entry">').find((card) => card.includes(id)).includes('>One<'));
    const next = await press(browser, page, 'disconnect', grant);
    browser.answers.at(-2).hasStatus(303, 'a page that can be loaded again').hasHeader('location', /^\/account\?/, 'on this page');
    next.answer.hasStatus(200, 'the list again');
    assert.match(next.text, /One is disconnected\./);
    assert.deepEqual(grantsOn(next).length, 1, next.story('the other stays'));
    for (const site of [here, there]) await isDead(site, one, 'the refresh token is dead everywhere');
    await isTurnedAway(here, one.tokens.access_token, { rule: 'the access token, where it was ended' });
    await isWelcome(here, other.tokens.access_token);
    await lives(there, other, 'the other lives');
  });

  test('the account page of the owner shows the sign-ins of one app as one entry, and ends them together or one by one', async () => {
    const again = (port) => connect(here, { metadata: { client_name: 'A terminal', redirect_uris: [`http://127.0.0.1:${port}/callback`] } });
    const terminals = [await again(4001), await again(4002), await again(4003)];
    const other = await connect(here, { metadata: { client_name: 'Other' } });
    const { browser, page } = await enter(here);
    const entries = page.html.split('<details class="entry">').slice(1);
    const of = (name) => entries.filter((entry) => entry.includes(`<h3><bdi>${name}</bdi></h3>`));
    assert.deepEqual([of('A terminal').length, of('Other').length], [1, 1], page.story('one entry for each app'));
    assert.match(page.text, /3 sign-ins · On a computer/);
    const one = await press(browser, page, 'disconnect', grantsOn(page).find((id) => of('A terminal')[0].includes(`value="${id}"`)));
    assert.match(one.text, /One sign-in of A terminal has ended\. The others stay connected\./);
    assert.equal(grantsOn(one).length, 3, one.story('one less'));
    const all = await press(browser, one, 'disconnect-app');
    assert.match(all.text, /A terminal is disconnected\. Its 2 sign-ins are ended\./);
    assert.equal(grantsOn(all).length, 1, all.story('the other app stays'));
    for (const app of terminals) await isDead(here, app, 'each sign-in');
    await lives(here, other, 'the other app');
  });

  test('the account page of the owner says what was done only to the session in which it was', async () => {
    await connect(here, { metadata: { client_name: 'Once connected' } });
    const { browser, page } = await enter(here);
    const done = await press(browser, page, 'disconnect-all');
    assert.match(done.text, /All apps are disconnected/);
    const { search } = new URL(done.url);
    assert.match((await browser.open(`/account${search}`)).text, /All apps are disconnected/, 'loaded again');
    const elsewhere = await enter(here);
    assert.doesNotMatch((await elsewhere.browser.open(`/account${search}`)).text, /are disconnected/, 'another session');
    assert.doesNotMatch((await new Browser(here).open(`/account${search}`)).text, /are disconnected/, 'nobody');
    const ofNobody = ['signed-out', 'signed-out-everywhere', 'expired', 'not-signed-in'];
    for (const made of ['disconnected', 'Your%20account%20is%20blocked', ...ofNobody]) {
      const shown = await browser.open(`/account?done=${made}`);
      assert.ok(!shown.html.includes('class="note'), shown.story(`a link cannot make the page say something: ${made}`));
    }
    for (const made of ['somebody-else', 'too-many-keys']) {
      const shown = await new Browser(here).open(`/account?done=${made}`);
      assert.ok(!shown.html.includes('class="note'), shown.story(`nor the page of nobody: ${made}`));
    }
  });

  test('the account page of the owner ends an access token elsewhere within a minute, as RFC 7009 does', async () => {
    const app = await connect(here);
    await isWelcome(there, app.tokens.access_token);
    const { browser, page } = await enter(here);
    await press(browser, page, 'disconnect', grantsOn(page)[0]);
    await runtime.passes(60);
    await isTurnedAway(there, app.tokens.access_token, { rule: 'good for no more than 60 seconds' });
  });

  test('the account page of the owner says that the 51st sign-in of one app ended its oldest', async () => {
    const client = await register(here, { client_name: 'Crowded app' });
    const first = await connect(here, { client });
    // Which one was used last is known to the second.
    await runtime.passes(1);
    for (let number = 1; number < 50; number += 1) await connect(here, { client });
    const note = /ended the oldest one of\s*Crowded app/;
    assert.doesNotMatch((await enter(here)).page.text, note);
    await connect(here, { client });
    const { page } = await enter(here);
    assert.match(page.text, note, page.story('which one ended, and why'));
    await isDead(here, first, 'the oldest');
  });

  test('the account page of the owner ends all apps, and the person stays signed in', async () => {
    const apps = [await connect(here), await connect(here), await connect(here)];
    const { browser, page } = await enter(here);
    const next = await press(browser, page, 'disconnect-all');
    assert.ok(isIn(next) && grantsOn(next).length === 0, next.story('no apps, signed in'));
    for (const app of apps) {
      await isDead(here, app, 'a refresh token');
      await isTurnedAway(here, app.tokens.access_token);
    }
    await lives(here, await connect(here), 'a new sign-in of an app is good');
  });

  test('the account page of the owner ends as many as there may be, and the other instances refuse each', async () => {
    const client = await register(here);
    const connected = [];
    for (let number = 0; number < 25; number += 1) connected.push(await connect(here, { client }));
    const { browser, page } = await enter(here);
    assert.equal(grantsOn(page).length, 25);
    await press(browser, page, 'disconnect-all');
    for (const { tokens } of connected) await isTurnedAway(there, tokens.access_token);
  });

  test('the account page of the owner lets a person leave in one browser, and stays open in another', async () => {
    const app = await connect(here);
    const [one, other] = [await enter(here), await enter(here)];
    const left = await press(one.browser, one.page, 'sign-out');
    assert.ok(left.has('passphrase') && !isIn(left), left.story('signed out'));
    assert.match(left.text, /You are signed out/);
    assert.ok(!one.browser.cookies.some(({ name }) => name === '__Host-mcp-account'), 'the cookie is gone');
    assert.ok(isIn(await other.browser.open('/account')), 'another browser is not touched');
    await lives(here, app, 'nor is an app');
  });

  test('the account page of the owner lets a person leave everywhere: all apps, every browser, copies of the cookie too', async () => {
    const app = await connect(here);
    const [one, other] = [await enter(here), await enter(here)];
    const left = await press(one.browser, one.page, 'sign-out-everywhere');
    assert.ok(left.has('passphrase') && !isIn(left), left.story('signed out'));
    await isDead(here, app, 'the app');
    for (const site of [here, there]) {
      const answer = await send(site, { path: '/account', headers: { cookie: other.browser.cookieHeader } });
      answer.hasStatus(303, 'another browser').hasHeader('set-cookie', /__Host-mcp-account=; Max-Age=0/, 'its cookie is taken away');
    }
    // A sign-in in the second of a sign-out everywhere is over, too.
    await runtime.passes(1);
    const later = await connect(here);
    const stale = await other.browser.submit(other.page, formFor(other.page, 'disconnect-all'));
    assert.ok(stale.has('passphrase'), stale.story('an open page of that browser does nothing any more'));
    await lives(here, later, 'the new app');
    assert.ok(isIn((await enter(here)).page), 'one can sign in again');
  });

  test('the account page of the owner keeps a sign-in for half an hour, in a cookie of this host that no script reads', async () => {
    const { browser, page } = await enter(here);
    const set = browser.answers.flatMap(({ headers }) => headers['set-cookie'] ?? []).find((one) => one.startsWith('__Host-mcp-account='));
    assert.match(set, /; Max-Age=1800; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
    assert.deepEqual(browser.refused, [], 'a browser takes it');
    assert.ok(isIn(page));
    await runtime.passes(HALF_AN_HOUR - 10);
    assert.ok(isIn(await browser.open('/account')), 'still');
    await runtime.passes(20);
    const over = await browser.open('/account');
    assert.ok(over.has('passphrase') && !isIn(over), over.story('it is over, however often it was used'));
  });

  test('the account page of the owner takes no cookie that was forged, changed, or made for something else', async () => {
    const app = await connect(here);
    const { browser } = await enter(here);
    const { value } = browser.cookies.find(({ name }) => name === '__Host-mcp-account');
    const nonce = browser.cookies.find(({ name }) => name.startsWith('__Host-mcp-browser-')).value;
    const known = browser.cookies.find(({ name }) => name === '__Host-mcp-known').value;
    for (const [what, cookie] of [
      ['changed at its end', `__Host-mcp-account=${value.slice(0, -2)}${value.endsWith('AA') ? 'BB' : 'AA'}`],
      ['cut', `__Host-mcp-account=${value.slice(0, 40)}`],
      ['another kind of cookie', `__Host-mcp-account=${known}`],
      ['the nonce of the browser', `__Host-mcp-account=${nonce}`],
      ['in words', '__Host-mcp-account=owner'],
      ['without its prefix', `mcp-account=${value}`],
      ['twice', `__Host-mcp-account=${value}; __Host-mcp-account=${value}`],
    ]) {
      const answer = await send(here, { path: '/account', headers: { cookie } });
      answer.hasStatus(200, what);
      assert.ok(/name="passphrase"/.test(answer.text) && !/name="grant"/.test(answer.text), answer.story(what));
    }
    await lives(here, app);
  });

  test('the account page of the owner is closed again by another passphrase', async () => {
    const { browser, page } = await enter(here);
    assert.ok(isIn(page));
    try {
      await runtime.restart({ OWNER_PASSPHRASE: secret('another-quiet-river-42-lamp', 'the other passphrase') });
      assert.ok((await browser.open('/account')).has('passphrase'), 'the sign-in has ended');
      const wrong = await enter(here);
      assert.equal(wrong.page.status, 403, wrong.page.story('the old passphrase opens nothing'));
      assert.ok(isIn((await enter(here, { passphrase: 'another-quiet-river-42-lamp' })).page), 'the new one does');
    } finally {
      await runtime.restart();
    }
  });

  test('the account page of the owner is slowed down with the login, try by try, by one count', async () => {
    const address = '198.51.100.88';
    const thief = new Browser(here, { 'cf-connecting-ip': address });
    const client = await register(here);
    const login = await toLogin(thief, authorizePath(asking(client)));
    const account = await thief.open('/account');
    let slowed;
    for (let tries = 1; tries <= 12 && !slowed; tries += 1) {
      const page = tries % 2 ? account : login;
      const at = await thief.submit(page, page.form('passphrase'), { values: { passphrase: `guess-${tries}-of-a-thief` } });
      assert.ok(!(at instanceof Arrival) && !isIn(at), 'a guess opens nothing');
      isSafePage(at.answer, 'the page after a wrong try');
      if (at.status === 429) slowed = at;
      else assert.equal(at.status, 403, at.story('a wrong try'));
    }
    assert.ok(slowed, 'after a few tries there is a wait');
    slowed.answer.hasHeader('retry-after', /^\d+$/, 'RFC 6585 §4');
    const right = await thief.submit(account, account.form('passphrase'), { values: { passphrase: PASSPHRASE } });
    assert.equal(right.status, 429, 'during the wait the right one is not looked at either');
    assert.ok(isIn((await enter(here, { browser: new Browser(here, { 'cf-connecting-ip': '203.0.113.5' }) })).page), 'nobody else waits');
    await runtime.passes(3700);
  });

  describe('a form', () => {
    let app;
    let opened;
    beforeEach(async () => {
      app = await connect(here);
      opened = await enter(here);
    });
    /** Sends the form that ends everything, changed. */
    async function sendForm({ headers = {}, fields = {}, cookie = opened.browser.cookieHeader } = {}) {
      const form = formFor(opened.page, 'disconnect-all');
      const entries = Object.entries({ ...Object.fromEntries(form.entries()), ...fields }).filter(([, value]) => value !== null);
      return send(here, {
        method: 'POST',
        path: form.action,
        headers: { 'content-type': FORM, origin: HERE, 'sec-fetch-site': 'same-origin', cookie, ...headers },
        body: new URLSearchParams(entries).toString(),
      });
    }
    for (const [what, change, status] of [
      ['from another site', { headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' } }, 403],
      ['from another site, in a browser that says only that', { headers: { origin: null, 'sec-fetch-site': 'cross-site' } }, 403],
      ['from another host of the same site', { headers: { origin: 'https://evil.mcp.example.com', 'sec-fetch-site': 'same-site' } }, 403],
      ['from nowhere', { headers: { origin: 'null', 'sec-fetch-site': null } }, 403],
      ['without its mark', { fields: { request: null } }, 400],
      ['with an empty mark', { fields: { request: '' } }, 400],
      ['with a mark that was made up', { fields: { request: 'x'.repeat(80) } }, 403],
      ['that wants nothing', { fields: { action: null } }, 400],
      ['that wants what there is not', { fields: { action: 'drop' } }, 400],
      ['that ends a grant without naming it', { fields: { action: 'disconnect' } }, 400],
      ['that ends a grant by no name', { fields: { action: 'disconnect', grant: '../x' } }, 400],
      ['that is no form', { headers: { 'content-type': 'text/plain' } }, 400],
    ]) {
      test(`a form of the account page ${what} does nothing, and is told so on a page`, async () => {
        const answer = await sendForm(change);
        answer.hasStatus(status, what);
        isSafePage(answer, what);
        await lives(here, app, 'the app lives');
      });
    }

    test('a form of the account page of another sign-in of the same person does nothing', async () => {
      const again = await enter(here);
      const answer = await sendForm({ cookie: again.browser.cookieHeader });
      answer.hasStatus(403, 'each sign-in has marks of its own');
      await lives(here, app);
    });

    test('a form of the account page without a sign-in leads to the way in, and does nothing', async () => {
      const answer = await sendForm({ cookie: opened.browser.cookieHeader.replace(/__Host-mcp-account=[^;]*/, 'a=b') });
      answer.hasStatus(303, 'nobody is signed in').hasHeader('location', '/account?done=expired', 'the way in');
      await lives(here, app);
    });

    test('a form of the account page is not a link', async () => {
      const form = formFor(opened.page, 'disconnect-all');
      const query = new URLSearchParams(form.entries()).toString();
      (await send(here, { path: `/account?${query}`, headers: { cookie: opened.browser.cookieHeader } })).hasStatus(200, 'only shows the page');
      await lives(here, app);
      const put = await send(here, { method: 'PUT', path: '/account', headers: { cookie: opened.browser.cookieHeader }, body: query });
      put.hasStatus(405, 'RFC 9110 §15.5.6').hasHeader('allow', /\bPOST\b/, 'RFC 9110 §15.5.6');
      isSafePage(put, 'a page');
    });

    test('a form of the account page may come from a browser that sends neither Origin nor Sec-Fetch-Site: it has the mark', async () => {
      (await sendForm({ headers: { origin: null, 'sec-fetch-site': null } })).hasStatus(303, 'it is ours');
      await isDead(here, app, 'done');
    });
  });

  test('a form of the way in belongs to the browser that it was shown to', async () => {
    const way = await new Browser(here).open('/account');
    const other = new Browser(here);
    await other.open('/account');
    const page = await other.submit(way, way.form('passphrase'), { values: { passphrase: PASSPHRASE } });
    page.answer.hasStatus(400, 'nobody is signed in by somebody else’s form');
    isSafePage(page.answer, 'the problem');
    assert.match(page.html, /href="\/account"/, page.story('it leads back'));
    assert.ok(!other.cookies.some(({ name }) => name === '__Host-mcp-account'));
  });

  test('the account page of the owner answers 503 while storage is down, and changes nothing', async () => {
    const app = await connect(here);
    const { browser, page } = await enter(here);
    await runtime.objectsNow('Grants', 'fails');
    try {
      for (const answer of [await browser.open('/account'), await press(browser, page, 'disconnect-all')]) {
        answer.answer.hasStatus(503, 'an outage').hasHeader('retry-after', /^\d+$/, 'when to come again');
        isSafePage(answer.answer, 'an outage');
      }
    } finally {
      await runtime.objectsNow('Grants', 'works');
    }
    await lives(here, app, 'the app');
    assert.ok(isIn(await browser.open('/account')), 'the sign-in is not lost');
  });

  test('the account page of the owner writes nothing for who only looks', async () => {
    const { browser } = await enter(here);
    // The Directory is told of the sign-in after the answer.
    await runtime.settled();
    const before = await runtime.counts();
    await browser.open('/account');
    await new Browser(here).open('/account');
    const counts = await runtime.counts();
    assert.equal(counts.rowsWritten - before.rowsWritten, 0);
    const asked = (of) => Object.values(of.objects).reduce((sum, count) => sum + count, 0);
    assert.equal(asked(counts) - asked(before), 1, 'one request for the list, none for the way in');
  });

  test('no secret is in the log', () => keepsSecrets(runtime.instances));
});

describe('where nobody can sign in', () => {
  test('where nobody can sign in, because no passphrase is set, the page says what to do', async () => {
    const bare = await startInstances({ count: 1 });
    try {
      const page = await new Browser(bare.instances[0]).open('/account');
      page.answer.hasStatus(503, 'nobody can');
      isSafePage(page.answer, 'not set up');
      assert.match(page.text, /wrangler secret put OWNER_PASSPHRASE/);
    } finally {
      await bare.stop();
    }
  });

  test('where nobody can sign in, because tokens come from somebody else, there is no such page', async () => {
    const foreign = await startInstances({ count: 1, vars: { AUTH_ISSUER: 'https://id.example' } });
    try {
      for (const path of ['/account', '/authorize/account']) (await send(foreign.instances[0], { path })).hasStatus(404, path);
    } finally {
      await foreign.stop();
    }
  });
});

describe('where somebody else finds out who it is', () => {
  const CLIENT_SECRET = secret('a-secret-of-the-connector-77', 'the client secret');
  let provider;
  before(async () => {
    provider = await startProvider({
      clients: [{ client_id: 'the-connector', client_secret: CLIENT_SECRET, redirect_uris: [`${HERE}/authorize/callback`] }],
      people: { alice: { name: 'Alice', email: 'alice@example.com', email_verified: true }, bob: { name: 'Bob' }, eve: { name: 'Eve' } },
    });
  });
  after(() => provider?.stop());
  afterEach(() => provider.isBack());

  describe('an OpenID provider', () => {
    const VARS = {
      IDENTITY: 'openid',
      OPENID_ISSUER: 'https://id.example',
      OPENID_CLIENT_ID: 'the-connector',
      OPENID_CLIENT_SECRET: CLIENT_SECRET,
      ALLOWED_USERS: 'alice bob',
      OWNER_PASSPHRASE: PASSPHRASE,
    };
    const runtime = instancesForSuite(() => ({ count: 1, vars: VARS, outbound: provider.port }));
    const [site] = runtime.instances;

    async function leave(browser = new Browser(site)) {
      const way = await browser.open('/account');
      assert.match(way.text, /Sign in with id\.example/);
      assert.ok(!way.has('passphrase'), way.story('the passphrase opens nothing here'));
      const [link] = way.elements.filter(({ name, attributes }) => name === 'a' && /button/.test(attributes.class ?? ''));
      const away = await browser.open(link.attributes.href);
      assert.ok(away instanceof Arrival && away.url.href.startsWith('https://id.example/auth?'), 'the provider is asked');
      secret(away.url.searchParams.get('state'), 'the state');
      return { browser, away };
    }
    async function enterAs(account) {
      const { browser, away } = await leave();
      const page = await browser.open(await enterAt(provider, away.url, account));
      return { browser, page: noted(browser, page) };
    }
    async function connectAs(account, name) {
      const client = await register(site, { client_name: name });
      const { verifier, challenge } = pkce();
      const browser = new Browser(site);
      const away = await signIn(browser, authorizePath(asking(client, { challenge })));
      const arrival = await browser.open(await enterAt(provider, away.url, account));
      const authorization = { code: secret(arrival.parameters.code, 'a code'), verifier, redirectUri: client.redirect_uris[0] };
      return { client, tokens: tokensOf(await send(site, redeeming(client, authorization))) };
    }

    test('the account page behind an OpenID provider opens to each person their own apps, and nobody else’s', async () => {
      const [a, b] = [await connectAs('alice', 'App of Alice'), await connectAs('bob', 'App of Bob')];
      const [alice, bob] = [await enterAs('alice'), await enterAs('bob')];
      assert.match(alice.page.text, /Signed in as Alice/);
      assert.ok(/App of Alice/.test(alice.page.text) && !/App of Bob/.test(alice.page.text), alice.page.text);
      assert.ok(/App of Bob/.test(bob.page.text) && !/App of Alice/.test(bob.page.text), bob.page.text);
      const form = formFor(alice.page, 'disconnect', 'grant', grantsOn(alice.page)[0]);
      await alice.browser.submit(alice.page, form, { values: { grant: grantsOn(bob.page)[0] } });
      await lives(site, b, 'Alice cannot end what is Bob’s, though she knows its name');
      await press(alice.browser, alice.page, 'sign-out-everywhere');
      await isDead(site, a, 'what is hers she can');
      assert.ok(isIn(await bob.browser.open('/account')), 'Bob stays');
      // A sign-in in the second of a sign-out everywhere is over, too.
      await site.passes(1);
    });

    test('the account page behind an OpenID provider opens nothing to who is not on the list, and says so', async () => {
      const { browser, page } = await enterAs('eve');
      page.answer.hasStatus(403, 'not on the list');
      isSafePage(page.answer, 'not on the list');
      assert.match(page.text, /list/);
      assert.ok(!isIn(await browser.open('/account')));
    });

    test('the account page behind an OpenID provider begins and ends at the address that the provider knows, wherever the page was opened', async () => {
      await runtime.restart({ ...VARS, PUBLIC_URL: HERE });
      try {
        const elsewhere = new Browser({ ...site, port: site.port, origin: 'https://old.example.org', headers: { ...site.headers, host: 'old.example.org' } });
        const way = await elsewhere.open('/account');
        const [link] = way.elements.filter(({ name, attributes }) => name === 'a' && /button/.test(attributes.class ?? ''));
        assert.equal(link.attributes.href, `${HERE}/authorize/account`);
      } finally {
        await runtime.restart();
      }
    });

    test('the account page behind an OpenID provider opens nothing in another browser', async () => {
      const { away } = await leave();
      const back = await enterAt(provider, away.url, 'alice');
      const { browser: other } = await leave();
      for (const browser of [new Browser(site), other]) {
        (await browser.open(back)).answer.hasStatus(400, 'RFC 9700 §4.7');
        assert.ok(!browser.cookies.some(({ name }) => name === '__Host-mcp-account'));
      }
    });

    test('the account page behind an OpenID provider leads back to the way in who says no there', async () => {
      const { browser, away } = await leave();
      const page = await browser.open(await enterAt(provider, away.url, 'alice', { button: 'leave' }));
      assert.match(page.text, /Sign in with/);
    });

    test('the account page behind an OpenID provider is an outage while it is down', async () => {
      provider.isDown();
      const page = await new Browser(site).open('/authorize/account');
      page.answer.hasStatus(503, 'down').hasHeader('retry-after', /^\d+$/, 'down');
      isSafePage(page.answer, 'down');
    });

    test('the account page behind an OpenID provider is out again when the list changes', async () => {
      const { browser, page } = await enterAs('alice');
      assert.ok(isIn(page));
      try {
        await runtime.restart({ ...VARS, ALLOWED_USERS: 'bob' });
        assert.ok(!isIn(await browser.open('/account')), 'the sign-in has ended');
      } finally {
        await runtime.restart();
      }
    });

    test('the account page behind an OpenID provider gets no passphrase in its place', async () => {
      const { browser } = await leave();
      const body = new URLSearchParams({ passphrase: PASSPHRASE, request: 'x' }).toString();
      const headers = { 'content-type': FORM, origin: HERE, cookie: browser.cookieHeader };
      (await send(site, { method: 'POST', path: '/authorize/account', headers, body })).hasStatus(400, 'no way around');
    });

    test('no secret is in the log', () => keepsSecrets([site]));
  });

  test('where somebody else finds out who it is, GitHub opens it', async () => {
    const vars = { IDENTITY: 'github', GITHUB_CLIENT_ID: 'Iv1.0123', GITHUB_CLIENT_SECRET: secret('github-secret-0123456789', 'a secret'), ALLOWED_USERS: 'octocat' };
    const runtime = await startInstances({ count: 1, vars, outbound: provider.port });
    try {
      const browser = new Browser(runtime.instances[0]);
      assert.match((await browser.open('/account')).text, /Sign in with GitHub/);
      const away = await browser.open('/authorize/account');
      assert.ok(away.url.href.startsWith('https://github.com/login/oauth/authorize?'), away.url.href);
      provider.place('github.com/login/oauth/access_token', async (request, response) => {
        const { code } = Object.fromEntries(new URLSearchParams((await bodyOf(request)).toString()));
        json(code === 'good' ? { access_token: 'gho_0123456789', token_type: 'bearer' } : { error: 'bad_verification_code' })(request, response);
      });
      provider.place('api.github.com/user', json({ id: 583231, login: 'octocat', name: 'The Octocat' }));
      const page = await browser.open(`/authorize/callback?${new URLSearchParams({ code: 'good', state: away.parameters.state })}`);
      assert.ok(isIn(page), page.story('signed in'));
      assert.match(page.text, /Signed in as The Octocat/);
    } finally {
      await runtime.stop();
    }
  });

  test('where somebody else finds out who it is, Cloudflare Access opens it, and only what comes through Access', async () => {
    const TEAM = 'https://team.cloudflareaccess.com';
    const AUDIENCE = 'f'.repeat(64);
    const runtime = await startInstances({
      count: 1,
      vars: { IDENTITY: 'access', ACCESS_TEAM_URL: TEAM, ACCESS_AUDIENCE: AUDIENCE },
      outbound: provider.port,
    });
    try {
      const [site] = runtime.instances;
      const keys = provider.keys.map(({ kty, kid, use, n, e, crv, x, y }) => ({ kty, kid, use, n, e, crv, x, y }));
      provider.place('team.cloudflareaccess.com/cdn-cgi/access/certs', json({ keys, public_cert: {}, public_certs: [] }));
      const claims = { iss: TEAM, aud: [AUDIENCE], sub: 'a-person', email: 'alice@example.com', iat: seconds(), nbf: seconds(), exp: seconds() + 600, type: 'app' };
      const through = new Browser(site, { 'cf-access-jwt-assertion': jwt(provider.keys, claims, { typ: null }) });
      assert.match((await through.open('/account')).text, /Sign in with Cloudflare Access/);
      assert.ok(isIn(await through.open('/authorize/account')), 'who comes through is known');
      for (const headers of [{}, { 'cf-access-jwt-assertion': jwt(provider.keys, { ...claims, aud: ['e'.repeat(64)] }, { typ: null }) }]) {
        const around = new Browser(site, headers);
        (await around.open('/authorize/account')).answer.hasStatus(403, 'who goes around is not');
        assert.ok(!isIn(await around.open('/account')));
      }
    } finally {
      await runtime.stop();
    }
  });
});
