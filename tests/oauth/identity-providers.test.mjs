// Where somebody else finds out who a person is: an OpenID provider, which is a real one here, GitHub, or Cloudflare Access.
// The consent comes first, then the provider; whatever comes back from there has to belong to this browser and this sign-in
// (OpenID Connect Core §3.1.2, §3.1.3), and who is not on the list does not enter.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { instancesForSuite, startInstances } from '../support/workers/instances.mjs';
import { textOf } from '../support/mcp/requests.mjs';
import {
  ALL_SCOPES,
  Arrival,
  Browser,
  PASSPHRASE,
  REDIRECT,
  answerPage,
  asking,
  authorizePath,
  call,
  isOAuthError,
  isSafePage,
  isTurnedAway,
  keepsSecrets,
  pkce,
  redeeming,
  refreshing,
  register,
  secret,
  send,
  signIn,
  tokensOf,
} from '../support/oauth/client.mjs';
import { bodyOf, enterAt, json, jwt, seconds, startProvider } from '../support/oauth/openid-provider.mjs';
import { tokensAs } from '../support/oauth/provider-sign-in.mjs';

const HERE = 'https://mcp.example.com';
const CALLBACK = `${HERE}/authorize/callback`;
const CLIENT_ID = 'the-connector';
const CLIENT_SECRET = secret('colon:plus+percent%amp&slash/equals=', 'the client secret');
const PEOPLE = {
  alice: { email: 'alice@example.com', email_verified: true, name: 'Alice' },
  bob: { email: 'bob@elsewhere.example', email_verified: true, name: 'Bob' },
  mallory: { email: 'mallory@elsewhere.example', email_verified: true, name: 'Mallory' },
  pretender: { email: 'alice@example.com', email_verified: false, name: 'Alice' },
  // As Entra ID sends it: nothing is said of the address.
  'tenant|carol': { email: 'carol@example.com', name: 'Carol' },
};
const VARS = {
  IDENTITY: 'openid',
  OPENID_ISSUER: 'https://id.example',
  OPENID_CLIENT_ID: CLIENT_ID,
  OPENID_CLIENT_SECRET: CLIENT_SECRET,
  ALLOWED_USERS: 'Alice@Example.com, bob',
  // It opens nothing where somebody else is asked.
  OWNER_PASSPHRASE: PASSPHRASE,
};

/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;
/** @type {Awaited<ReturnType<typeof startInstances>>} */
let runtime;
/** @type {import("../support/workers/instances.mjs").Instance} */
let site;
let client;
before(async () => {
  provider = await startProvider({
    clients: [{ client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [CALLBACK] }],
    people: PEOPLE,
  });
  runtime = await startInstances({ count: 1, vars: VARS, outbound: provider.port });
  [site] = runtime.instances;
  client = await register(site);
});
after(async () => {
  await runtime?.stop();
  provider?.stop();
});
afterEach(() => provider.isBack());

/** Up to the provider: consent, and the address to which the browser is sent. */
async function leave(browser = new Browser(site), parameters = {}) {
  const { verifier, challenge } = pkce();
  const sent = asking(client, { challenge, ...parameters });
  const away = await signIn(browser, authorizePath(sent));
  assert.equal(away.url.origin, 'https://id.example', 'after consent comes the provider');
  secret(away.url.searchParams.get('state'), 'the state at the provider');
  secret(away.url.searchParams.get('nonce'), 'the nonce');
  return { browser, away, sent, verifier };
}

/** The whole way to tokens. */
const connectAs = (account, parameters) => tokensAs({ provider, site, client }, account, parameters);

/** Waits until the log says so, from a place on. */
async function isLogged(from, words) {
  const end = performance.now() + 5000;
  while (!site.log().slice(from).includes(words)) {
    assert.ok(performance.now() < end, `the log says "${words}": ${site.log().slice(from)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A page and no way on. */
function isRefused(page, status, rule) {
  assert.ok(!(page instanceof Arrival), `${rule}: a page, not ${page.url}`);
  page.answer.hasStatus(status, rule);
  isSafePage(page.answer, rule);
  assert.ok(!('location' in page.answer.headers), page.story(`${rule}: nobody is sent anywhere`));
  return page;
}

const said = async (token, name = 'whoami', args = {}) => textOf((await call(site, token, name, args)).result(`${name} is answered`));

describe('an OpenID provider', () => {
  // MCP "Third-Party Authorization Flow", "Confused Deputy Problem"
  // RFC 7636 §4.1, §4.2
  test('an OpenID provider is asked after consent, with a state, a nonce and a challenge that are new each time', async () => {
    const [one, other] = [await leave(), await leave()];
    for (const { away } of [one, other]) {
      assert.ok(away.url.href.startsWith('https://id.example/auth?'), 'at the endpoint that its metadata names');
      const { state, nonce, code_challenge: challenge, ...rest } = away.parameters;
      assert.deepEqual(rest, {
        response_type: 'code',
        client_id: CLIENT_ID,
        redirect_uri: CALLBACK,
        code_challenge_method: 'S256',
        scope: 'openid profile email',
      });
      assert.ok(nonce.length >= 22 && challenge.length === 43 && state.length > 40, away.url.href);
      away.answer.hasStatus(303, 'the form does not travel along');
      away.answer.hasHeader('referrer-policy', 'no-referrer', 'nor the page');
    }
    for (const name of ['state', 'nonce', 'code_challenge']) {
      assert.notEqual(one.away.parameters[name], other.away.parameters[name], `${name} is new`);
    }
  });

  test('an OpenID provider is not reached by a person who says no', async () => {
    const before = provider.asked.length;
    const arrival = await signIn(new Browser(site), authorizePath(asking(client)), { decision: 'deny' });
    assert.equal(arrival.parameters.error, 'access_denied');
    assert.ok(arrival.url.href.startsWith(REDIRECT), 'back at the client');
    assert.equal(provider.asked.length, before, 'nobody was asked');
  });

  test('an OpenID provider signs a person in, and the client gets its code, its state and our name', async () => {
    const { browser, away, sent, verifier } = await leave();
    const back = await enterAt(provider, away.url, 'alice');
    const arrival = await browser.open(back);
    assert.ok(arrival instanceof Arrival, arrival.text);
    assert.ok(arrival.url.href.startsWith(REDIRECT));
    assert.equal(arrival.parameters.state, sent.state, 'RFC 6749 §4.1.2');
    assert.equal(arrival.parameters.iss, HERE, 'RFC 9207: who issues the tokens is this server, not the provider');
    const tokens = tokensOf(await send(site, redeeming(client, { ...arrival.parameters, verifier, redirectUri: REDIRECT })));
    assert.match(await said(tokens.access_token), /./);
    const renewed = tokensOf(await send(site, refreshing(client, tokens)), 'and refreshes');
    assert.match(await said(renewed.access_token), /./);
  });

  test('an OpenID provider leads back to a browser that has kept its cookie over the way', async () => {
    const browser = new Browser(site);
    await browser.open(authorizePath(asking(client)));
    const cookies = browser.answers.flatMap(({ headers }) => headers['set-cookie'] ?? []);
    assert.ok(cookies.length > 0);
    for (const cookie of cookies) assert.match(cookie, /; *SameSite=Lax/i, 'a strict one does not come along from another site');
  });

  test('an OpenID provider knows two people, who are two here, each with their own notes', async () => {
    const alice = await connectAs('alice', { scope: ALL_SCOPES });
    const bob = await connectAs('bob', { scope: ALL_SCOPES });
    const aliceAgain = await connectAs('alice', { scope: ALL_SCOPES });
    const [a, b, again] = await Promise.all([alice, bob, aliceAgain].map(({ access_token: token }) => said(token)));
    assert.notEqual(a, b, 'two people');
    assert.equal(a, again, 'the same person again');
    for (const text of [a, b]) assert.doesNotMatch(text, /owner|@example\.com/i, 'nobody is the owner of the passphrase');
    await said(alice.access_token, 'save_note', { title: 'Only for Alice', body: 'b' });
    assert.match(await said(aliceAgain.access_token, 'list_notes'), /Only for Alice/);
    assert.doesNotMatch(await said(bob.access_token, 'list_notes'), /Only for Alice/, 'Bob does not see it');
  });

  for (const [account, who] of [
    ['mallory', 'who is not on the list'],
    ['pretender', 'with the address of somebody on the list that was never verified'],
  ]) {
    test(`a person ${who} reads so, and gets no code`, async () => {
      const { browser, away } = await leave();
      const page = isRefused(await browser.open(await enterAt(provider, away.url, account)), 403, who);
      assert.match(page.text, /list/, page.story('it says why'));
    });
  }

  /** The page of somebody who is not on the list, and what its buttons do. */
  async function turnedAway(parameters) {
    const { browser, away, sent, verifier } = await leave(undefined, parameters);
    const page = isRefused(await browser.open(await enterAt(provider, away.url, 'mallory')), 403, 'not on the list');
    const press = (value) => {
      const form = page.form('decision');
      return browser.submit(page, form, { button: form.buttons.find((button) => button.value === value) });
    };
    return { browser, sent, verifier, press };
  }

  test('a person who is not on the list goes back to the client, which gets access_denied', async () => {
    const { press, sent } = await turnedAway();
    const arrival = await press('deny');
    assert.ok(arrival instanceof Arrival, arrival.text);
    const { error, state, iss, code } = arrival.parameters;
    assert.deepEqual({ error, state, iss, code }, { error: 'access_denied', state: sent.state, iss: HERE, code: undefined });
  });

  test('a person who is not on the list comes back as somebody else, and is asked which account', async () => {
    const { press, browser, verifier } = await turnedAway({ login_hint: 'mallory@elsewhere.example' });
    const again = await press('another');
    assert.ok(again instanceof Arrival && again.url.origin === 'https://id.example', again.text);
    assert.equal(again.parameters.prompt, 'select_account');
    assert.equal(again.parameters.login_hint, undefined, 'not the one who was turned away');
    secret(again.parameters.state, 'the state at the provider');
    again.url.searchParams.delete('prompt');
    const arrival = await browser.open(await enterAt(provider, again.url, 'alice'));
    assert.ok(arrival instanceof Arrival && arrival.parameters.code, arrival.text);
    tokensOf(await send(site, redeeming(client, { ...arrival.parameters, verifier, redirectUri: REDIRECT })), 'the same request');
  });

  for (const [what, sent, expected] of [
    ['prompt and login_hint', { prompt: 'login', login_hint: 'alice@example.com' }, { prompt: 'login', login_hint: 'alice@example.com' }],
    ['several prompts', { prompt: 'select_account login' }, { prompt: 'login select_account' }],
    ['a hint of any characters', { login_hint: 'Zoë & Söhne+1=%' }, { login_hint: 'Zoë & Söhne+1=%' }],
    ['no consent: that is asked for here', { prompt: 'consent' }, {}],
    ['nothing that it need not know', { prompt: 'create', login_hint: 'x'.repeat(321), max_age: '0' }, {}],
  ]) {
    test(`an OpenID provider is told ${what}`, async () => {
      const { away } = await leave(undefined, sent);
      const { prompt, login_hint: hint, max_age: age } = away.parameters;
      assert.deepEqual({ prompt, login_hint: hint, max_age: age }, { prompt: undefined, login_hint: undefined, max_age: undefined, ...expected });
    });
  }

  test('Entra ID is sent one prompt: that of the client, or else that of the owner', async () => {
    const origin = 'https://login.microsoftonline.com';
    const issuer = `${origin}/8a8f1a3e-0000-4000-8000-000000000001/v2.0`;
    const endpoints = { authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` };
    try {
      await runtime.restart({ ...VARS, OPENID_ISSUER: issuer, IDENTITY_PARAMETERS: 'prompt=consent' });
      provider.place(`${issuer.slice('https://'.length)}/.well-known/openid-configuration`, json({ issuer, ...endpoints }));
      for (const [asked, sent] of [
        ['select_account', 'select_account'],
        ['login select_account', 'login'],
        [undefined, 'consent'],
      ]) {
        const away = await signIn(new Browser(site), authorizePath(asking(client, { prompt: asked })));
        assert.equal(away.url.origin, origin);
        secret(away.parameters.state, 'the state at the provider');
        assert.equal(away.parameters.prompt, sent, `the client asks for ${asked}`);
      }
    } finally {
      await runtime.restart(VARS);
    }
  });

  test('an OpenID provider is sent no URL that it could refuse for its length, whatever the client has put into its state', async () => {
    const browser = new Browser(site);
    for (const state of ['s'.repeat(8 * 1024), 's'.repeat(2048), 'ü'.repeat(2048)]) {
      const { away, verifier } = await leave(browser, { state });
      assert.ok(away.url.href.length < 6 * 1024, `${away.url.href.length} bytes`);
      assert.ok(!browser.refused.length, browser.refused.join(', '));
      const back = await enterAt(provider, away.url, 'alice');
      isRefused(await new Browser(site).open(back), 400, 'another browser');
      const arrival = await browser.open(back);
      assert.ok(arrival instanceof Arrival, arrival.text);
      assert.equal(arrival.parameters.state, state, 'byte for byte');
      tokensOf(await send(site, redeeming(client, { ...arrival.parameters, verifier, redirectUri: REDIRECT })));
      assert.deepEqual(browser.cookies.filter(({ name }) => /request/.test(name)), [], 'the browser carries nothing on');
    }
  });

  test('an OpenID provider that announces no choice of an account is asked for a new sign-in', async () => {
    publishes({ prompt_values_supported: ['none', 'login', 'consent'] });
    const { away } = await leave(undefined, { prompt: 'select_account' });
    assert.equal(away.parameters.prompt, 'login');
  });

  test('an OpenID provider that refuses the choice of an account is asked for a new sign-in, once', async () => {
    const { browser, away, sent } = await leave(undefined, { prompt: 'select_account', login_hint: 'alice@example.com' });
    const back = await enterAt(provider, away.url, 'alice');
    assert.equal(back.searchParams.get('error'), 'invalid_request', 'this provider does not know it');
    const again = await browser.open(back);
    assert.ok(again instanceof Arrival, again.text);
    assert.deepEqual([again.parameters.prompt, again.parameters.login_hint], ['login', 'alice@example.com']);
    secret(again.parameters.state, 'the state at the provider');
    const refused = new URL(CALLBACK);
    refused.search = new URLSearchParams({ error: 'invalid_request', state: again.parameters.state, iss: 'https://id.example' });
    const end = await browser.open(refused);
    assert.deepEqual([end.parameters?.error, end.parameters?.state], ['invalid_request', sent.state], 'no circle');
  });

  for (const [error, told] of [
    ['server_error', 'server_error'],
    ['temporarily_unavailable', 'temporarily_unavailable'],
    ['login_required', 'login_required'],
    ['interaction_required', 'interaction_required'],
    ['account_selection_required', 'account_selection_required'],
    ['unauthorized_client', 'unauthorized_client'],
    ['redirect_uri_mismatch', 'server_error'],
    ['jane@example.com', 'server_error'],
  ]) {
    // OpenID Connect Core §3.1.2.6
    test(`an OpenID provider that answers ${error} is told to the client as ${told}, and by nobody with its words`, async () => {
      const { browser, away, sent } = await leave();
      const back = new URL(CALLBACK);
      const words = secret('a description that names jane@example.com', 'text of the provider');
      back.search = new URLSearchParams({ error, error_description: words, error_uri: 'https://id.example/e', state: away.parameters.state, iss: 'https://id.example' });
      const before = site.log().length;
      const arrival = await browser.open(back);
      assert.ok(arrival instanceof Arrival && arrival.url.href.startsWith(REDIRECT), arrival.text);
      const { error_description: description, ...rest } = arrival.parameters;
      assert.deepEqual(rest, { error: told, state: sent.state, iss: HERE });
      assert.equal(description, `the identity provider answered with ${told}`);
      const reason = told === error ? `the identity provider answered with ${told}` : 'the identity provider answered with an error that is not registered';
      await isLogged(before, reason);
    });
  }

  test('an OpenID provider that signs nobody in to the account page leads back there, and the page says so', async () => {
    const browser = new Browser(site);
    const begun = await browser.open('/authorize/account');
    secret(begun.parameters.state, 'the state at the provider');
    const back = await enterAt(provider, begun.url, 'alice', { button: 'leave' });
    const page = await browser.open(back);
    page.answer.hasStatus(200, 'the account page');
    assert.match(page.text, /You are not signed in/, page.story('it says so'));
  });

  test('an OpenID provider lets a person choose who they are on the account page', async () => {
    const browser = new Browser(site);
    const page = await browser.open('/account');
    const other = page.elements.find(({ name, attributes }) => name === 'a' && /prompt=select_account$/.test(attributes.href));
    assert.ok(other, page.story('a link for it'));
    const away = await browser.open(other.attributes.href);
    assert.equal(away.parameters.prompt, 'select_account');
    secret(away.parameters.state, 'the state at the provider');
    const refused = await browser.open(await enterAt(provider, (await browser.open('/authorize/account')).url, 'mallory'));
    isRefused(refused, 403, 'not on the list');
    assert.ok(refused.elements.some(({ attributes }) => attributes.href === '/authorize/account?prompt=select_account'), refused.story('a way on'));
  });

  test('an OpenID provider is not replaced by the passphrase', async () => {
    const browser = new Browser(site);
    const page = await browser.open(authorizePath(asking(client)));
    assert.ok(!page.has('passphrase'), page.story('no field for it'));
    const form = page.form('decision');
    const body = new URLSearchParams([...form.entries({}), ['decision', 'allow'], ['passphrase', PASSPHRASE]]).toString();
    const answer = await send(site, {
      method: 'POST',
      path: '/authorize/login',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: HERE, cookie: browser.cookieHeader },
      body,
    });
    assert.ok(answer.status >= 400 && !answer.headers.location, answer.story('no way around the provider'));
  });

  test('an OpenID provider that says no sends the person back to the client with a no', async () => {
    const { browser, away, sent } = await leave();
    const back = await enterAt(provider, away.url, 'alice', { button: 'leave' });
    assert.equal(back.searchParams.get('error'), 'access_denied');
    const arrival = await browser.open(back);
    assert.ok(arrival instanceof Arrival, arrival.text);
    assert.ok(arrival.url.href.startsWith(REDIRECT));
    const { error, state, iss, code } = arrival.parameters;
    assert.deepEqual({ error, state, iss, code }, { error: 'access_denied', state: sent.state, iss: HERE, code: undefined });
  });

  test('an OpenID provider may be asked for two sign-ins of a new browser at once', async () => {
    const both = [asking(client), asking(client)];
    const apart = both.map(() => new Browser(site));
    const pages = await Promise.all(apart.map((one, at) => one.open(authorizePath(both[at]))));
    // What a browser keeps that had no cookie when it sent both.
    const browser = new Browser(site);
    for (const one of apart) for (const answer of one.answers) browser.keeps(answer);
    const aways = [];
    for (const page of pages) aways.push(await answerPage(browser, page));
    for (const [at, away] of aways.entries()) {
      assert.ok(away instanceof Arrival, away.text);
      secret(away.parameters.state, 'the state at the provider');
      const arrival = await browser.open(await enterAt(provider, away.url, 'alice'));
      assert.ok(arrival instanceof Arrival && arrival.parameters.code, arrival.text);
      assert.equal(arrival.parameters.state, both[at].state, 'each its own answer');
    }
  });

  test('an OpenID provider whose list is reordered, longer or spelled otherwise signs nobody out', async () => {
    const bob = await connectAs('bob');
    let tokens = bob;
    try {
      for (const allowed of ['bob, Alice@Example.com', 'alice@example.com bob carol', 'carol,bob', 'alice@example.com *']) {
        await runtime.restart({ ...VARS, ALLOWED_USERS: allowed });
        await call(site, tokens.access_token).then((answer) => answer.hasStatus(200, allowed));
        tokens = tokensOf(await send(site, refreshing(client, tokens)), allowed);
      }
      await runtime.restart({ ...VARS, OPENID_CLIENT_SECRET: 'another-secret-0123456789' });
      tokens = tokensOf(await send(site, refreshing(client, tokens)), 'a new secret at the provider admits nobody else');
      await runtime.restart({ OWNER_PASSPHRASE: PASSPHRASE });
      isOAuthError(await send(site, refreshing(client, tokens)), 400, 'invalid_grant', 'another identity admits nobody of this one');
    } finally {
      await runtime.restart();
    }
  });

  test('an OpenID provider whose list got shorter: who is on it no more is out at once', async () => {
    const bob = await connectAs('bob');
    try {
      await runtime.restart({ ...VARS, ALLOWED_USERS: 'alice@example.com' });
      await isTurnedAway(site, bob.access_token, { rule: 'the access token' });
      const answer = await send(site, refreshing(client, bob));
      answer.hasStatus(400, 'the refresh token');
      assert.equal(answer.json().error, 'invalid_grant');
      const { browser, away } = await leave();
      isRefused(await browser.open(await enterAt(provider, away.url, 'bob')), 403, 'and again');
    } finally {
      await runtime.restart();
    }
  });
});

// MCP "Session Binding Requirements"
describe('what comes back', () => {
  const tokenCalls = () => provider.asked.filter(({ url }) => url === 'id.example/token').length;

  test('a callback from a provider in another browser is refused, and its code is not even looked at', async () => {
    const { away } = await leave();
    const back = await enterAt(provider, away.url, 'alice');
    const before = tokenCalls();
    isRefused(await new Browser(site).open(back), 400, 'a browser that began nothing (RFC 9700 §4.7)');
    const { browser: other } = await leave();
    isRefused(await other.open(back), 400, 'a browser that began a sign-in of its own');
    assert.equal(tokenCalls(), before, 'the provider was not asked');
  });

  test('a second time gives no second code', async () => {
    const { browser, away } = await leave();
    const back = await enterAt(provider, away.url, 'alice');
    assert.ok((await browser.open(back)) instanceof Arrival, 'once');
    isRefused(await browser.open(back), 403, 'the provider redeems a code once');
  });

  test('a callback from a provider with the state of one sign-in and the code of another is refused', async () => {
    const browser = new Browser(site);
    const [one, other] = [await leave(browser), await leave(browser)];
    const back = await enterAt(provider, one.away.url, 'alice');
    back.searchParams.set('state', other.away.parameters.state);
    isRefused(await browser.open(back), 403, 'RFC 7636: the verifier is that of the other');
  });

  test('a callback from a provider too late, changed, incomplete or twofold is refused', async () => {
    const { browser, away, sent } = await leave();
    const back = await enterAt(provider, away.url, 'alice');
    const before = tokenCalls();
    const changed = (change) => {
      const url = new URL(back);
      change(url.searchParams);
      return url;
    };
    for (const [what, url] of [
      ['no state', changed((query) => query.delete('state'))],
      ['an empty state', changed((query) => query.set('state', ''))],
      ['a changed state', changed((query) => query.set('state', `${query.get('state').slice(0, -4)}AAAA`))],
      ['two states', changed((query) => query.append('state', query.get('state')))],
      ['no code', changed((query) => query.delete('code'))],
      ['two codes', changed((query) => query.append('code', 'another'))],
      ['a code and an error', changed((query) => query.set('error', 'access_denied'))],
    ]) {
      isRefused(await browser.open(url), 400, what);
    }
    const sealed = await browser.open(authorizePath(asking(client)));
    const [{ value }] = sealed.form('decision').fields.filter(({ type }) => type === 'hidden');
    isRefused(await browser.open(changed((query) => query.set('state', value))), 400, 'what another form has sealed');
    await site.passes(11 * 60);
    const late = isRefused(await browser.open(back), 400, 'eleven minutes later');
    const { href } = late.elements.find(({ name, text }) => name === 'a' && text === 'Back to the app')?.attributes ?? {};
    assert.ok(href?.startsWith(REDIRECT), late.story('the way back to the app'));
    const { error, state, iss } = Object.fromEntries(new URL(href).searchParams);
    assert.deepEqual({ error, state, iss }, { error: 'access_denied', state: sent.state, iss: HERE });
    assert.equal(tokenCalls(), before, 'the provider was not asked');
  });

  test('a callback from a provider under the name of another provider is refused, and its code is not even looked at', async () => {
    const { browser, away } = await leave();
    const back = await enterAt(provider, away.url, 'alice');
    assert.equal(back.searchParams.get('iss'), 'https://id.example', 'this provider says its name (RFC 9207 §2)');
    const before = tokenCalls();
    for (const [what, change, status] of [
      ['another', (query) => query.set('iss', 'https://evil.example'), 403],
      ['ours', (query) => query.set('iss', HERE), 403],
      ['a slash more', (query) => query.set('iss', 'https://id.example/'), 403],
      ['in another case', (query) => query.set('iss', 'https://ID.example'), 403],
      ['an empty one', (query) => query.set('iss', ''), 403],
      ['none, though it has announced one', (query) => query.delete('iss'), 403],
      ['two', (query) => query.append('iss', 'https://id.example'), 400],
    ]) {
      const url = new URL(back);
      change(url.searchParams);
      const page = isRefused(await browser.open(url), status, `RFC 9207 §2.4: ${what}`);
      assert.ok(page.form('decision').choices('decision').includes('deny'), page.story('the way back to the app'));
    }
    assert.equal(tokenCalls(), before, 'the provider was not asked');
    assert.ok((await browser.open(back)) instanceof Arrival, 'the right one is still good');
  });

  test('a callback from a provider as a no under the name of another provider ends nothing', async () => {
    const { browser, away } = await leave();
    const back = await enterAt(provider, away.url, 'alice', { button: 'leave' });
    for (const change of [(query) => query.set('iss', 'https://evil.example'), (query) => query.delete('iss')]) {
      const url = new URL(back);
      change(url.searchParams);
      isRefused(await browser.open(url), 403, 'RFC 9207 §2.4 holds for errors too');
    }
  });

  test('a callback from a provider without a name is good where the provider has announced none, and with a wrong one it is not', async () => {
    publishes({});
    const { browser, away } = await leave();
    const back = await enterAt(provider, away.url, 'bob');
    provider.isBack();
    const wrong = new URL(back);
    wrong.searchParams.set('iss', 'https://evil.example');
    isRefused(await browser.open(wrong), 403, 'RFC 9207 §2.4: if it is there, it is right');
    back.searchParams.delete('iss');
    assert.ok((await browser.open(back)) instanceof Arrival, 'RFC 9207 is optional');
  });

  test('a callback from a provider is a GET', async () => {
    const answer = await send(site, { method: 'POST', path: '/authorize/callback', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'code=x' });
    answer.hasStatus(405, 'RFC 9110 §15.5.6').hasHeader('allow', /GET/, 'RFC 9110 §15.5.6');
  });

  /** What the provider's ID token says when all is well. */
  const claimsFor = (away) => ({
    iss: 'https://id.example',
    sub: 'alice',
    aud: CLIENT_ID,
    nonce: away.parameters.nonce,
    iat: seconds(),
    exp: seconds() + 3600,
    email: 'alice@example.com',
    email_verified: true,
  });
  /** Goes through with an ID token of the test's own. */
  async function comeBack(change) {
    const { browser, away } = await leave();
    const back = await enterAt(provider, away.url, 'alice');
    const token = jwt(provider.keys, { ...claimsFor(away), ...change }, { typ: 'JWT' });
    provider.place('id.example/token', json({ access_token: 'opaque-opaque', token_type: 'Bearer', id_token: token }));
    return browser.open(back);
  }

  // OpenID Connect Core §2
  test('a callback from a provider with an ID token as it should be is good', async () => {
    assert.ok((await comeBack({})) instanceof Arrival);
    assert.ok((await comeBack({ aud: [CLIENT_ID] })) instanceof Arrival, 'a list of one');
  });

  // The clock of this instance may be minutes ahead of the provider's.
  for (const [what, change] of [
    ['of another issuer', { iss: 'https://evil.example' }],
    ['of an issuer with a slash more', { iss: 'https://id.example/' }],
    ['for another client', { aud: 'another-client' }],
    ['for several, and another is the party', { aud: [CLIENT_ID, 'another-client'], azp: 'another-client' }],
    ['for nobody', { aud: undefined }],
    ['of another sign-in', { nonce: 'another-nonce' }],
    ['without a nonce', { nonce: undefined }],
    ['that has expired', { exp: seconds() - 3600 }],
    ['that never expires', { exp: undefined }],
    ['about nobody', { sub: undefined }],
  ]) {
    test(`a callback from a provider with an ID token ${what} is refused`, async () => {
      isRefused(await comeBack(change), 403, `OpenID Connect Core §3.1.3.7: ${what}`);
    });
  }

  test('a callback from a provider without an ID token, or with one that is none, is refused', async () => {
    for (const answer of [{ access_token: 'opaque-opaque', token_type: 'Bearer' }, { id_token: 'x' }, { id_token: 7 }, []]) {
      const { browser, away } = await leave();
      const back = await enterAt(provider, away.url, 'alice');
      provider.place('id.example/token', json(answer));
      isRefused(await browser.open(back), 403, JSON.stringify(answer));
    }
  });

  test('a callback from a provider with word of another person from the userinfo endpoint is refused', async () => {
    const { browser, away } = await leave();
    const back = await enterAt(provider, away.url, 'mallory');
    provider.place('id.example/me', json({ sub: 'alice', email: 'alice@example.com', email_verified: true }));
    isRefused(await browser.open(back), 403, 'OpenID Connect Core §5.3.2');
  });

  test('a callback from a provider while the provider is down is an outage, and good when it is over', async () => {
    const { browser, away } = await leave();
    const back = await enterAt(provider, away.url, 'alice');
    for (const part of ['id.example/token', 'id.example']) {
      provider.isDown(part);
      const page = isRefused(await browser.open(back), 503, `${part} is down`);
      page.answer.hasHeader('retry-after', /^\d+$/, 'when to come again');
      provider.isBack();
    }
    assert.ok((await browser.open(back)) instanceof Arrival, 'loading the page again helps');
  });

  for (const status of [408, 429, 500, 502, 503]) {
    test(`a callback from a provider while the token or the userinfo endpoint answers ${status} is an outage, and good when it is over`, async () => {
      for (const part of ['id.example/token', 'id.example/me']) {
        // Of this person the userinfo endpoint is asked: the ID token names no address.
        const { browser, away } = await leave();
        const back = await enterAt(provider, away.url, 'bob');
        provider.place(part, (_, response) => response.writeHead(status, { 'retry-after': '1' }).end('as a test has asked'));
        const page = isRefused(await browser.open(back), 503, `${part}: ${status} says nothing about the person`);
        page.answer.hasHeader('retry-after', /^\d+$/, 'when to come again');
        provider.isBack();
        // The code may be used up: whoever comes again has to have a way in.
        const again = await leave(browser);
        assert.ok((await browser.open(await enterAt(provider, again.away.url, 'bob'))) instanceof Arrival, 'connecting again helps');
      }
    });
  }

  test('a callback from a provider that the token endpoint refuses is the end of this sign-in, and no outage', async () => {
    for (const status of [400, 401, 403]) {
      const { browser, away } = await leave();
      const back = await enterAt(provider, away.url, 'alice');
      const error = { 400: 'invalid_grant', 401: 'invalid_client', 403: 'jane@example.com' }[status];
      provider.place('id.example/token', json({ error, error_description: 'text of the provider' }, status));
      const before = site.log().length;
      const page = isRefused(await browser.open(back), 403, `${status}: the code is refused`);
      assert.ok(page.form('decision').choices('decision').includes('again'), page.story('one can try again'));
      await isLogged(before, `refused the code: ${{ 403: 'an error that is not registered' }[status] ?? error}`);
      provider.isBack();
    }
  });

  test('a callback from a provider by way of a redirect of the token endpoint is an outage: the secret goes nowhere else', async () => {
    const { browser, away } = await leave();
    const back = await enterAt(provider, away.url, 'alice');
    const before = provider.asked.length;
    provider.place('id.example/token', (_, response) => response.writeHead(307, { location: 'https://evil.example/token' }).end());
    isRefused(await browser.open(back), [403, 503], 'RFC 9700 §4.12');
    assert.ok(!provider.asked.slice(before).some(({ url }) => url.startsWith('evil.example')), 'nobody followed it');
  });
});

/** Metadata of the test's own, under both names that may be asked. */
function publishes(change) {
  const document = {
    issuer: 'https://id.example',
    authorization_endpoint: 'https://id.example/auth',
    token_endpoint: 'https://id.example/token',
    ...change,
  };
  for (const name of ['oauth-authorization-server', 'openid-configuration']) {
    provider.place(`id.example/.well-known/${name}`, json(document));
  }
}

// OpenID Connect Discovery §4
describe('a provider that is down before it was reached', () => {
  for (const [what, change] of [
    ['is down', () => provider.isDown()],
    ['describes another issuer', () => publishes({ issuer: 'https://evil.example' })],
    ['redeems codes over plain http', () => publishes({ token_endpoint: 'http://id.example/token' })],
    ['lets people sign in over plain http', () => publishes({ authorization_endpoint: 'http://id.example/auth' })],
    ['does not say where', () => publishes({ authorization_endpoint: undefined })],
  ]) {
    test(`a provider that is down before it was reached because it ${what} is an outage, and nobody is sent there`, async () => {
      change();
      const browser = new Browser(site);
      const page = await answerPage(browser, await browser.open(authorizePath(asking(client))));
      isRefused(page, 503, what).answer.hasHeader('retry-after', /^\d+$/, what);
    });
  }
});

test('a provider that wants the secret in the body gets it there', async () => {
  let seen;
  publishes({ token_endpoint_auth_methods_supported: ['client_secret_post'] });
  const { browser, away } = await leave();
  const back = await enterAt(provider, away.url, 'alice');
  provider.place('id.example/token', async (request, response) => {
    const form = new URLSearchParams((await bodyOf(request)).toString());
    seen = { authorization: request.headers.authorization, ...Object.fromEntries(form) };
    const claims = { iss: 'https://id.example', sub: 'bob', aud: CLIENT_ID, nonce: away.parameters.nonce, exp: seconds() + 3600 };
    json({ access_token: 'opaque-opaque', id_token: jwt(provider.keys, claims, { typ: 'JWT' }) })(request, response);
  });
  assert.ok((await browser.open(back)) instanceof Arrival);
  const { code_verifier: verifier, ...rest } = seen;
  secret(verifier, 'the verifier at the provider');
  assert.equal(createHash('sha256').update(verifier).digest('base64url'), away.parameters.code_challenge, 'RFC 7636 §4.6');
  assert.deepEqual(rest, {
    authorization: undefined,
    grant_type: 'authorization_code',
    code: back.searchParams.get('code'),
    redirect_uri: CALLBACK,
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
  });
});

describe('a provider that does not say whether an address is verified', () => {
  const LIST = 'alice@example.com carol@example.com';
  let app;
  const entra = instancesForSuite(() => ({ count: 1, vars: { ...VARS, ALLOWED_USERS: LIST }, outbound: provider.port }), async () => {
    app = await register(here);
  });
  const [here] = entra.instances;

  async function come(account) {
    const browser = new Browser(here);
    const away = await signIn(browser, authorizePath(asking(app)));
    secret(away.url.searchParams.get('state'), 'the state at the provider');
    return browser.open(await enterAt(provider, away.url, account));
  }

  test('a provider that does not say whether an address is verified is told so, with what the owner can put on the list, on the page and in the log', async () => {
    for (const [account, arrived] of [
      ['tenant|carol', 'the address carol@example.com without saying that it is verified'],
      ['pretender', 'the address alice@example.com as not verified'],
    ]) {
      const before = here.log().length;
      const page = isRefused(await come(account), 403, 'not on the list');
      assert.ok(page.text.includes(`https://id.example calls you ${account}.`), page.story('who they are'));
      assert.ok(page.text.includes(arrived), page.story('what arrived'));
      assert.ok(page.text.includes(`The owner can add ${account} to ALLOWED_USERS.`), page.story('what helps'));
      assert.equal(page.text.includes('OPENID_TRUST_EMAIL'), account !== 'pretender', page.story('where the switch would help'));
      const log = here.log().slice(before);
      assert.ok(log.includes(`sign-in: subject ${account} of https://id.example is not on the list`), log);
      assert.ok(!log.includes('@example.com'), `no address in the log: ${log}`);
    }
  });

  test('a provider that does not say whether an address is verified signs in by its identifier, and by the address where the owner trusts this issuer', async () => {
    await entra.restart({ ...VARS, ALLOWED_USERS: 'tenant|carol' });
    assert.ok((await come('tenant|carol')) instanceof Arrival, 'by what the page has said');
    await entra.restart({ ...VARS, ALLOWED_USERS: LIST, OPENID_TRUST_EMAIL: 'true' });
    const arrival = await come('tenant|carol');
    assert.ok(arrival instanceof Arrival && arrival.parameters.code, arrival.text);
    isRefused(await come('pretender'), 403, 'an address that is called not verified never counts');
  });

  test('a provider that does not say whether an address is verified is never trusted where it speaks for tenants that the owner does not know', async () => {
    for (const tenant of ['common', 'organizations', 'consumers']) {
      const issuer = `https://login.microsoftonline.com/${tenant}/v2.0`;
      await entra.restart({ ...VARS, OPENID_ISSUER: issuer, OPENID_TRUST_EMAIL: 'true' });
      const answer = await send(here, { path: '/authorize' });
      answer.hasStatus(503, 'nobody signs in');
      assert.match(answer.text, /OPENID_TRUST_EMAIL cannot be true/, answer.story('which variable'));
    }
  });

  test('a provider that does not say whether an address is verified: no secret is in the log', () => keepsSecrets([here]));
});

describe('GitHub', () => {
  const GITHUB_SECRET = secret('github-secret-0123456789', 'the secret at GitHub');
  let hub;
  before(async () => {
    hub = await startInstances({
      count: 1,
      vars: { IDENTITY: 'github', GITHUB_CLIENT_ID: 'Iv1.0123', GITHUB_CLIENT_SECRET: GITHUB_SECRET, ALLOWED_USERS: 'OctoCat 1234567' },
      outbound: provider.port,
    });
  });
  after(() => hub?.stop());

  async function come(user) {
    const [here] = hub.instances;
    const browser = new Browser(here);
    const away = await signIn(browser, authorizePath(asking(await register(here))));
    assert.ok(away.url.href.startsWith('https://github.com/login/oauth/authorize?'), away.url.href);
    const { state, client_id: id, redirect_uri: callback } = away.parameters;
    assert.deepEqual([id, callback], ['Iv1.0123', CALLBACK]);
    const token = secret('gho_0123456789abcdef', 'a token of GitHub');
    let form;
    provider.place('github.com/login/oauth/access_token', async (request, response) => {
      assert.equal(request.headers.accept, 'application/json', 'or GitHub answers with a form');
      form = Object.fromEntries(new URLSearchParams((await bodyOf(request)).toString()));
      json(form.code === 'the-code-of-github' ? { access_token: token, token_type: 'bearer', scope: '' } : { error: 'bad_verification_code' })(request, response);
    });
    provider.place('api.github.com/user', (request, response) => {
      const good = request.headers.authorization === `Bearer ${token}` && request.headers['user-agent'];
      json(good ? user : { message: 'Bad credentials' }, good ? 200 : 401)(request, response);
    });
    const end = (code) => browser.open(`/authorize/callback?${new URLSearchParams({ code, state })}`);
    return { end, form: () => form };
  }

  test('GitHub names a person by their login', async () => {
    const { end, form } = await come({ id: 583231, login: 'octocat', name: null });
    const arrival = await end('the-code-of-github');
    assert.ok(arrival instanceof Arrival && arrival.parameters.code, arrival.text);
    assert.equal(form().client_secret, GITHUB_SECRET);
  });

  test('GitHub is asked for an account, and told which, in its own words', async () => {
    const [here] = hub.instances;
    const github = await register(here);
    for (const [sent, prompt, login] of [
      [{ prompt: 'select_account', login_hint: 'octocat' }, 'select_account', 'octocat'],
      [{ prompt: 'login' }, 'select_account', undefined],
      [{}, undefined, undefined],
    ]) {
      const away = await signIn(new Browser(here), authorizePath(asking(github, sent)));
      assert.deepEqual([away.parameters.prompt, away.parameters.login, away.parameters.login_hint], [prompt, login, undefined]);
      secret(away.parameters.state, 'the state at GitHub');
    }
  });

  test('GitHub names somebody who is not on the list, who gets a page', async () => {
    const { end } = await come({ id: 7, login: 'octocat-', name: 'octocat', email: 'octocat' });
    isRefused(await end('the-code-of-github'), 403, 'not the name, not the address');
  });

  test('GitHub names nobody who calls themselves like the number of somebody on the list', async () => {
    const { end: impostor } = await come({ id: 8, login: '1234567', name: null });
    isRefused(await impostor('the-code-of-github'), 403, 'a login may be a number, and anybody may choose it');
    const { end } = await come({ id: 1234567, login: 'somebody', name: null });
    assert.ok((await end('the-code-of-github')) instanceof Arrival, 'who has that number enters');
  });

  test('GitHub does not know the code', async () => {
    const { end } = await come({ id: 583231, login: 'octocat', name: null });
    isRefused(await end('another-code'), 403, 'GitHub says so with 200');
  });

  test('GitHub: no secret is in the log', () => keepsSecrets(hub.instances));
});

describe('Cloudflare Access', () => {
  const TEAM = 'https://team.cloudflareaccess.com';
  const AUDIENCE = 'f'.repeat(64);
  let guarded;
  before(async () => {
    guarded = await startInstances({
      count: 1,
      vars: { IDENTITY: 'access', ACCESS_TEAM_URL: TEAM, ACCESS_AUDIENCE: AUDIENCE },
      outbound: provider.port,
    });
  });
  after(() => guarded?.stop());

  const claims = () => ({ iss: TEAM, aud: [AUDIENCE], sub: 'a-person', email: 'alice@example.com', iat: seconds(), nbf: seconds(), exp: seconds() + 600, type: 'app' });
  const publish = () => {
    const keys = provider.keys.map(({ kty, kid, use, n, e, crv, x, y }) => ({ kty, kid, use, n, e, crv, x, y }));
    provider.place('team.cloudflareaccess.com/cdn-cgi/access/certs', json({ keys, public_cert: {}, public_certs: [] }));
  };
  async function come(assertion) {
    const [here] = guarded.instances;
    const browser = new Browser(here, assertion && { 'cf-access-jwt-assertion': assertion });
    return answerPage(browser, await browser.open(authorizePath(asking(await register(here)))));
  }

  test('Cloudflare Access that cannot be asked for its keys is an outage', async () => {
    isRefused(await come(jwt(provider.keys, claims(), { typ: null })), 503, 'nobody can tell');
    // A failure is remembered for five seconds.
    await guarded.passes(6);
  });

  test('Cloudflare Access vouches for the person', async () => {
    publish();
    for (const typ of [null, 'JWT']) {
      const arrival = await come(jwt(provider.keys, claims(), { typ }));
      assert.ok(arrival instanceof Arrival && arrival.parameters.code, arrival.text);
    }
  });

  test('Cloudflare Access is believed only by its signature, for this application, now', async () => {
    publish();
    const good = jwt(provider.keys, claims(), { typ: null });
    const [head, , signature] = good.split('.');
    for (const [what, assertion] of [
      ['none', undefined],
      ['no token', 'alice@example.com'],
      ['another person in it', `${head}.${Buffer.from(JSON.stringify({ ...claims(), sub: 'x' })).toString('base64url')}.${signature}`],
      ['alg none', jwt(provider.keys, claims(), { alg: 'none', typ: null })],
      ['another application', jwt(provider.keys, { ...claims(), aud: ['e'.repeat(64)] }, { typ: null })],
      ['another team', jwt(provider.keys, { ...claims(), iss: 'https://evil.cloudflareaccess.com' }, { typ: null })],
      ['expired', jwt(provider.keys, { ...claims(), exp: seconds() - 120 }, { typ: null })],
      ['nobody', jwt(provider.keys, { ...claims(), sub: '' }, { typ: null })],
    ]) {
      isRefused(await come(assertion), 403, what);
    }
  });

  test('Cloudflare Access: no secret is in the log', () => keepsSecrets(guarded.instances));
});

test('no secret is in the log', () => keepsSecrets([site]));
