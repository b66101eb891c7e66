// Access keys: made at /account after the person has proved who they are, shown once, taken in two headers and nowhere else, and
// ended there. A key calls one endpoint with its scopes and does nothing else.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { instancesForSuite, startInstances } from '../support/workers/instances.mjs';
import { connect, bearer, Browser, call, form, isOAuthError, isTurnedAway, isWelcome, keepsSecrets, redeeming, register, revoking, secret, send, SIGN_IN, asking, authorizePath } from '../support/oauth/client.mjs';
import { askForKey, endKey, enterAccount, keyOn, makeKey, prove } from '../support/oauth/access-keys.mjs';
import { formFor } from '../support/oauth/forms.mjs';
import { enterAt, startProvider } from '../support/oauth/openid-provider.mjs';
import { BOTH_TYPES, calling, legacy, modern, textOf } from '../support/mcp/requests.mjs';

const DAY = 24 * 3600;
const other = (character) => (character === 'x' ? 'y' : 'x');
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A text of the form of a key with the right checksum. */
function withChecksum(body) {
  let number = crc32(body);
  let digits = '';
  for (let place = 0; place < 6; place += 1) {
    digits = DIGITS[number % 62] + digits;
    number = Math.floor(number / 62);
  }
  return body + digits;
}

const whoami = (path = '/mcp', headers = {}) => modern('tools/call', calling('whoami'), { path, headers });

describe('an access key', () => {
  const runtime = instancesForSuite({ count: 2, vars: SIGN_IN });
  const [here, there] = runtime.instances;
  let browser;
  let key;
  before(async () => {
    ({ browser, key } = await makeKey(here, { name: 'n8n' }));
  });

  const objectRequests = async () => Object.values((await runtime.counts()).objects).reduce((sum, one) => sum + one, 0);

  test('a new access key is shown once, with lines that are ready to be pasted', async () => {
    const page = await prove(browser, await askForKey(browser, { name: 'Paste <me>', endpoint: 'private' }));
    const text = keyOn(page);
    for (const line of [
      `Authorization: Bearer ${text}`,
      `claude mcp add --transport http notes https://mcp.example.com/private/mcp --header "Authorization: Bearer ${text}"`,
      `"Authorization": "Bearer ${text}"`,
      '"Authorization": "Bearer ${input:notes-key}"',
      'Server Transport: HTTP Streamable',
      `-H 'Authorization: Bearer ${text}'`,
      `X-API-Key: ${text}`,
    ]) {
      assert.ok(page.text.includes(line), page.story(line));
    }
    const [, data] = /-d '([^']+)'/.exec(page.text);
    const headers = Object.fromEntries([...page.text.matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name, value]) => [name.toLowerCase(), value]));
    (await send(here, { method: 'POST', path: '/private/mcp', headers, body: data })).result('the line for curl');
    assert.ok(page.html.includes('<bdi>Paste &lt;me&gt;</bdi>'), page.story('its name'));
    assert.equal(text, withChecksum(text.slice(0, -6)), 'the checksum that scanners check');
    const account = await browser.open('/account');
    assert.ok(!account.html.includes(text) && account.html.includes('Paste &lt;me&gt;'), account.story('only its name from then on'));
    assert.equal(await runtime.filesHolding(text), 0, 'it is not stored');
    assert.equal(await runtime.filesHolding(text.slice(50, 80)), 0, 'nor a piece of it');
  });

  test('an access key calls as its person, in either header, on both instances', async () => {
    for (const site of [here, there]) {
      await isWelcome(site, key);
      const answer = await send(site, whoami('/mcp', { 'x-api-key': key }));
      assert.match(textOf(answer.result('the key in its header')), /owner/);
    }
    (await send(here, whoami('/mcp', { 'x-api-key': key, ...bearer(key) }))).result('the same key in both');
    (await send(here, whoami('/mcp', { 'x-api-key': 'of-somebody-else', ...bearer(key) }))).result('what is no key is ignored');
    const saved = await makeKey(here, { browser, name: 'Writer', scopes: ['notes:read', 'notes:write'] });
    (await call(here, saved.key, 'save_note', { title: 'By key', body: 'x' })).result('it saves a note');
    const { tokens } = await connect(here, { scope: 'notes:read' });
    const listed = (await call(here, tokens.access_token, 'list_notes')).result('the person sees it');
    assert.ok(listed.structuredContent.notes.some(({ title }) => title === 'By key'), 'their notes are one');
  });

  test('a call with an access key is questioned like any other', async () => {
    const { key: writer } = await makeKey(here, { browser, name: 'Deleter', scopes: ['notes:read', 'notes:write'] });
    (await call(here, writer, 'save_note', { title: 'To go', body: 'x' })).result('saved');
    const { notes } = (await call(here, writer, 'list_notes')).result('listed').structuredContent;
    const { id } = notes.find(({ title }) => title === 'To go');
    const asked = await send(here, modern('tools/call', calling('delete_note', { id }), { headers: bearer(writer), capabilities: { elicitation: { form: {} } } }));
    const round = asked.result('it asks');
    assert.equal(round.resultType, 'input_required', asked.story('elicitation'));
    const name = Object.keys(round.inputRequests)[0];
    const params = calling('delete_note', { id }, { requestState: round.requestState, inputResponses: { [name]: { action: 'accept', content: { sure: true } } } });
    const again = await send(here, modern('tools/call', params, { headers: bearer(writer), capabilities: { elicitation: { form: {} } } }));
    assert.match(textOf(again.result('answered')), /is deleted/);
    const stolen = await send(here, modern('tools/call', params, { headers: bearer(key), capabilities: { elicitation: { form: {} } } }));
    stolen.hasStatus([403, 400], 'the state of one key is of no use to another');
  });

  test('an access key in both headers with another credential is refused with 400', async () => {
    const { tokens } = await connect(here);
    const { key: second } = await makeKey(here, { browser, name: 'Second' });
    for (const [what, authorization] of [
      ['a token', `Bearer ${tokens.access_token}`],
      ['another key', `Bearer ${second}`],
      ['another scheme', 'Basic dXNlcjpwYXNz'],
    ]) {
      for (const ask of [whoami('/mcp', { 'x-api-key': key, authorization }), legacy('tools/list', {}, { headers: { 'x-api-key': key, authorization } })]) {
        const answer = await send(here, ask);
        answer.hasStatus(400, `RFC 6750 §2: ${what}`);
        answer.hasHeader('www-authenticate', /error="invalid_request", error_description="more than one/, what);
      }
    }
  });

  test('an access key in the URL is refused, whatever else is sent, and is in no log', async () => {
    for (const query of [`api_key=${key}`, `access_token=${key}`, key, `authorization=Bearer%20${key}`]) {
      for (const headers of [{}, bearer(key)]) {
        const answer = await send(here, legacy('tools/list', {}, { path: `/mcp?${query}`, headers }));
        answer.hasStatus(401, 'MCP: tokens MUST NOT be in the URI');
        answer.hasHeader('www-authenticate', /error="invalid_token", error_description="an access key in a URL is not accepted/, query.split('=')[0]);
      }
    }
    (await send(here, legacy('tools/list', {}, { path: '/mcp?client=mck' }))).result('another query is served');
    keepsSecrets(runtime.instances);
  });

  test('an access key of another endpoint is refused as a bad token on every method', async () => {
    const { key: own } = await makeKey(here, { browser, name: 'Private', endpoint: 'private' });
    await isWelcome(here, own, { path: '/private/mcp' });
    await isTurnedAway(here, own, { path: '/mcp' });
    await isTurnedAway(here, key, { path: '/private/mcp' });
    for (const ask of [legacy('tools/list', {}, { headers: bearer(own) }), { method: 'GET', path: '/mcp', headers: { accept: BOTH_TYPES, ...bearer(own) } }]) {
      const answer = await send(here, ask);
      answer.hasStatus(401, 'also where no token is needed');
      answer.hasHeader('www-authenticate', /error="invalid_token".*resource_metadata=/, 'the challenge of a bad token');
    }
    const before = await objectRequests();
    for (let turn = 0; turn < 5; turn += 1) await isTurnedAway(here, own, { path: '/mcp' });
    assert.equal(await objectRequests(), before, 'and no object is asked about it again');
  });

  test('a truncated, changed or made-up access key is refused, and wakes no object', async () => {
    const before = await objectRequests();
    const body = key.slice(0, -6);
    for (const [what, text] of [
      ['truncated', key.slice(0, -1)],
      ['only its prefix', 'mck_'],
      ['a wrong checksum', body + [...key.slice(-6)].map(other).join('')],
      ['another object, checksum right', withChecksum(`mck_${other(key[4])}${body.slice(5)}`)],
      ['another id, checksum right', withChecksum(body.slice(0, 30) + other(body[30]) + body.slice(31))],
      ['another secret, checksum right', withChecksum(body.slice(0, 50) + other(body[50]) + body.slice(51))],
      ['another MAC, checksum right', withChecksum(body.slice(0, 80) + other(body[80]) + body.slice(81))],
      ['invented', withChecksum(`mck_${'0'.repeat(88)}`)],
      ['longer', `${key}0`],
      ['in lower case', key.toLowerCase()],
    ]) {
      for (const headers of [bearer(text), { 'x-api-key': text }]) {
        const answer = await send(here, whoami('/mcp', headers));
        answer.hasStatus(401, what);
        answer.hasHeader('www-authenticate', /error="invalid_token"/, what);
      }
      (await send(here, legacy('tools/list', {}, { headers: bearer(text) }))).hasStatus(401, `${what}, on a public method`);
    }
    assert.equal(await objectRequests(), before, 'no storage operation');
    await isWelcome(here, key, { rule: 'the genuine one still works' });
  });

  test('an access key that lacks a scope is refused without a hint to sign in', async () => {
    const answer = await call(here, key, 'save_note', { title: 'x', body: 'x' });
    answer.hasStatus(403, 'RFC 6750 §3.1');
    const header = answer.headers['www-authenticate'];
    assert.match(header, /^Bearer error="insufficient_scope", error_description="this access key lacks a permission/, answer.story('it says why'));
    assert.ok(!/resource_metadata|scope="/.test(header), answer.story('a sign-in would not change the key'));
  });

  test('an access key is no code, no client, no token of the token endpoint, and no sign-in', async () => {
    const client = await register(here);
    for (const [what, request, status, code] of [
      ['as a code', redeeming(client, { code: key, verifier: 'x'.repeat(43), redirectUri: client.redirect_uris[0] }), 400, 'invalid_grant'],
      ['as a refresh token', form('/token', { grant_type: 'refresh_token', client_id: client.client_id, refresh_token: key }), 400, 'invalid_grant'],
      ['as a client', form('/token', { grant_type: 'client_credentials', client_id: key, client_secret: key }), 401, 'invalid_client'],
      ['as a bearer', form('/token', { grant_type: 'client_credentials' }, bearer(key)), [400, 401], ['invalid_client', 'invalid_request']],
      ['exchanged', form('/token', { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', client_id: client.client_id, subject_token: key }), 400, 'unsupported_grant_type'],
      ['revoked by a client', revoking(client, key), 400, 'unsupported_token_type'],
      ['revoked by itself', form('/revoke', { token: key, client_id: key }), 401, 'invalid_client'],
    ]) {
      const answer = await send(here, request);
      answer.hasStatus(status, what);
      assert.ok([code].flat().includes(answer.json().error), answer.story(what));
    }
    isOAuthError(await send(here, revoking(client, key)), 400, 'unsupported_token_type', 'RFC 7009 §2.2.1');
    for (const headers of [bearer(key), { 'x-api-key': key }]) {
      const account = await new Browser(here, headers).open('/account');
      assert.ok(account.has('passphrase'), account.story('/account asks who it is'));
      const consent = await new Browser(here, headers).open(authorizePath(asking(client)));
      assert.ok(!/code=/.test(consent.html), consent.story('/authorize asks, too'));
    }
    await isWelcome(here, key, { rule: 'it still calls' });
  });

  test('an access key that its person ends is refused at once by a strict tool, and elsewhere within a minute', async () => {
    const { key: ended } = await makeKey(here, { browser, name: 'To end', scopes: ['profile', 'notes:write'] });
    await isWelcome(here, ended);
    await isWelcome(there, ended);
    const page = await endKey(browser, 'To end');
    assert.match(page.text, /The access key To end is ended/);
    assert.ok(!page.forms.some((one) => one.chosen('name')[0] === 'To end'), page.story('it is gone'));
    await isTurnedAway(here, ended, { rule: 'where it was ended' });
    const strict = await call(there, ended, 'delete_note', { id: 1 });
    strict.hasStatus(401, 'a tool that checks revocation');
    strict.hasHeader('www-authenticate', /error="invalid_token"/, 'and the challenge says so');
    await runtime.passes(61);
    await isTurnedAway(there, ended, { rule: 'within a minute everywhere' });
    await isWelcome(there, key, { rule: 'the others work' });
  });

  test('an access key ends by itself', async () => {
    const { key: brief } = await makeKey(here, { browser: (await enterAccount(here)).browser, name: 'Thirty days' });
    await isWelcome(there, brief);
    await runtime.passes(30 * DAY - 300);
    await isWelcome(there, brief, { rule: 'its last minutes' });
    await runtime.passes(300);
    await isTurnedAway(there, brief, { rule: 'its end, on an instance that knew it' });
    await isTurnedAway(here, brief, { rule: 'and on one that did not' });
    const { page } = await enterAccount(here);
    assert.ok(!page.text.includes('Thirty days'), page.story('it is not listed any more'));
    ({ browser, key } = await makeKey(here, { name: 'Next' }));
  });

  test('the account page knows the day on which a key was last used', async () => {
    const { browser: own } = await makeKey(here, { browser, name: 'Fresh' });
    let page = await own.open('/account');
    assert.match(page.text, /Fresh Ends \d+ \w+ \d{4} · Never used/, page.story('not yet'));
    const { key: used } = await makeKey(here, { browser: own, name: 'Used one' });
    await isWelcome(here, used);
    page = await own.open('/account');
    const [, id] = /Used one Ends.*?In the log key:([0-9a-f]{16})/.exec(page.text);
    assert.match(runtime.log(), new RegExp(`"client":"key:${id}"`), 'the log names the key by its id');
    assert.match(page.text, /Used one Ends \d+ \w+ \d{4} · Used \d+ \w+ \d{4}/, page.story('today'));
  });

  test('a web page may send the header for access keys', async () => {
    const origin = here.origin;
    const preflight = await send(here, {
      method: 'OPTIONS',
      path: '/mcp',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-api-key,content-type' },
    });
    preflight.hasHeader('access-control-allow-headers', /\bx-api-key\b/, 'Fetch, CORS preflight');
  });

  test('no access key is in a log', () => keepsSecrets(runtime.instances));
});

describe('making an access key', () => {
  const runtime = instancesForSuite({ count: 1, vars: SIGN_IN });
  const [site] = runtime.instances;

  test('an access key is made only for who types the passphrase again', async () => {
    const { browser } = await enterAccount(site);
    let page = await askForKey(browser, { name: 'Guarded' });
    assert.ok(page.has('passphrase'), page.story('it asks'));
    assert.match(page.text, /Guarded.*See who you are.*30 days/, page.story('and says what for'));
    page = await prove(browser, page, 'not-the-passphrase');
    page.answer.hasStatus(403, 'a wrong passphrase');
    assert.match(page.text, /That is not the passphrase/);
    assert.ok(!/mck_/.test(page.html), page.story('no key'));
    page = await prove(browser, page);
    keyOn(page);
    const wrong = await browser.open('/account');
    assert.equal(wrong.forms.filter((form) => form.chosen('name')[0] === 'Guarded').length, 1, 'one key');
  });

  test('wrong passphrases are throttled here as at the sign-in', async () => {
    const { browser } = await enterAccount(site, { browser: new Browser(site, { 'cf-connecting-ip': '192.0.2.77' }) });
    let page = await askForKey(browser);
    for (let turn = 0; turn < 5; turn += 1) {
      page = await prove(browser, page, `wrong-passphrase-${turn}`);
      page.answer.hasStatus(403, 'a wrong passphrase');
    }
    page = await prove(browser, page);
    page.answer.hasStatus(429, 'also for the right one');
    page.answer.hasHeader('retry-after', /^\d+$/, 'it says when');
    await runtime.passes(3600);
  });

  test('the form that asks for a key is bound to the browser, the session and the person', async () => {
    const { browser } = await enterAccount(site);
    const page = await askForKey(browser, { name: 'Bound' });
    const stranger = new Browser(site);
    let answer = await stranger.submit(page, page.form('passphrase'), { values: { passphrase: SIGN_IN.OWNER_PASSPHRASE } });
    assert.ok(!/mck_/.test(answer.html), answer.story('without a session'));
    const { browser: elsewhere } = await enterAccount(site);
    answer = await elsewhere.submit(page, page.form('passphrase'), { values: { passphrase: SIGN_IN.OWNER_PASSPHRASE } });
    assert.ok(!/mck_/.test(answer.html), answer.story('in another browser of the same person'));
    const own = await askForKey(elsewhere, { name: 'Own' });
    answer = await elsewhere.submit(own, own.form('passphrase'), {
      values: { passphrase: SIGN_IN.OWNER_PASSPHRASE, pending: page.form('passphrase').chosen('pending')[0] },
    });
    assert.ok(!/mck_/.test(answer.html), answer.story('the action of another browser'));
    await runtime.passes(11 * 60);
    const late = await prove(browser, page);
    assert.ok(!/mck_/.test(late.html), late.story('too late'));
  });

  test('a form that is sent twice makes one key, and shows it once', async () => {
    const { browser } = await enterAccount(site);
    const page = await askForKey(browser, { name: 'Twice' });
    keyOn(await prove(browser, page));
    const again = await prove(browser, page);
    assert.match(again.text, /made before, and its text is not shown again/, again.story('the second time'));
    assert.equal(again.forms.filter((form) => form.chosen('name')[0] === 'Twice').length, 1, again.story('one key'));
  });

  test('a key needs a name and a permission, and gets no more than there is', async () => {
    const { browser } = await enterAccount(site);
    assert.match((await askForKey(browser, { name: '  ' })).text, /give it a name/);
    assert.match((await askForKey(browser, { name: 'x'.repeat(61) })).text, /give it a name/);
    assert.match((await askForKey(browser, { scopes: [] })).text, /tick at least one permission/);
    assert.match((await askForKey(browser, { scopes: ['admin', '*'] })).text, /tick at least one permission/);
    for (const [field, value] of [['days', '366'], ['days', '1'], ['days', ''], ['endpoint', 'sse'], ['endpoint', 'https://evil.example/mcp']]) {
      const page = await askForKey(browser, { [field]: value });
      page.answer.hasStatus(400, `${field}: ${value}`);
    }
  });

  test('a person has at most fifty keys', async () => {
    const { browser } = await enterAccount(site);
    const count = async () => (await browser.open('/account')).forms.filter((form) => form.chosen('action')[0] === 'end-key').length;
    for (let number = await count(); number < 50; number += 1) keyOn(await prove(browser, await askForKey(browser, { name: `Key ${number}` })));
    assert.equal(await count(), 50);
    const page = await prove(browser, await askForKey(browser, { name: 'One too many' }));
    assert.match(page.text, /50 is the limit/);
    assert.equal(await count(), 50);
  });

  test('disconnecting all, and signing out everywhere, end the keys', async () => {
    for (const action of ['disconnect-all', 'sign-out-everywhere']) {
      const { browser } = await enterAccount(site);
      let page = await browser.open('/account');
      if (page.forms.some((form) => form.chosen('action')[0] === 'disconnect-all')) page = await browser.submit(page, formFor(page, 'disconnect-all'));
      await runtime.passes(2);
      const { key } = await makeKey(site, { browser, name: action });
      await isWelcome(site, key);
      page = await browser.open('/account');
      await browser.submit(page, formFor(page, action));
      await isTurnedAway(site, key, { rule: action });
      await runtime.passes(2);
    }
  });

  test('another passphrase ends the keys', async () => {
    const { key } = await makeKey(site);
    await isWelcome(site, key);
    await runtime.restart({ OWNER_PASSPHRASE: secret('quite-another-passphrase-42', 'another passphrase') });
    await isTurnedAway(site, key, { rule: 'the passphrase has changed' });
    await runtime.restart({ OWNER_PASSPHRASE: SIGN_IN.OWNER_PASSPHRASE, KEY_HEADER: 'X-Notes-Key' });
    const { key: next } = await makeKey(site);
    const welcome = await send(site, whoami('/mcp', { 'x-notes-key': next }));
    assert.match(textOf(welcome.result('KEY_HEADER names the header')), /owner/);
    (await send(site, whoami('/mcp', { 'x-api-key': next }))).hasStatus(401, 'and the default is none any more');
    await runtime.restart({ OWNER_PASSPHRASE: SIGN_IN.OWNER_PASSPHRASE, KEY_HEADER: 'Cookie' });
    const home = await send(site, { path: '/', headers: { accept: 'text/html' } });
    assert.match(runtime.log(), /KEY_HEADER must be a header without another meaning/);
    assert.match(home.text, /KEY_HEADER must be a header without another meaning, such as X-API-Key; the default is used/);
    keepsSecrets([{ log: runtime.log }]);
  });
});

describe('an access key of a person with a provider', () => {
  let provider;
  let runtime;
  let site;
  const VARS = {
    IDENTITY: 'openid',
    OPENID_ISSUER: 'https://id.example',
    OPENID_CLIENT_ID: 'this-connector',
    OPENID_CLIENT_SECRET: 'a-secret-of-the-provider-0123456789',
    ALLOWED_USERS: 'alice@example.com bob@example.com',
  };
  before(async () => {
    const redirect_uris = ['https://mcp.example.com/authorize/callback'];
    provider = await startProvider({
      clients: [{ client_id: VARS.OPENID_CLIENT_ID, client_secret: VARS.OPENID_CLIENT_SECRET, redirect_uris }],
      people: {
        alice: { email: 'alice@example.com', email_verified: true, name: 'Alice' },
        bob: { email: 'bob@example.com', email_verified: true, name: 'Bob' },
      },
    });
    runtime = await startInstances({ count: 1, vars: VARS, outbound: provider.port });
    [site] = runtime.instances;
  });
  after(async () => {
    await runtime?.stop();
    provider?.stop();
  });

  /** Follows the link of a page to the provider, and comes back as `account`. */
  const through = async (browser, path, account) => {
    const away = await browser.open(path);
    return browser.open(await enterAt(provider, away.url, account));
  };
  const linkOn = (page) => {
    const [, href] = /href="([^"]*\/authorize\/account\?[^"]*pending=[^"]*)"/.exec(page.html) ?? assert.fail(page.story('a link to sign in again'));
    return href.replaceAll('&amp;', '&');
  };

  /** Signs in anew, as the page asks, and comes back to it. */
  const anew = async (browser, page, account) => {
    assert.ok(!/mck_/.test(page.html) && /Sign in again to confirm that it is you/.test(page.text), page.story('it asks'));
    const away = await browser.open(linkOn(page));
    assert.deepEqual(['prompt', 'max_age'].map((name) => away.url.searchParams.get(name)), ['login', '0'], 'the provider asks anew');
    const back = await browser.open(await enterAt(provider, away.url, account));
    return browser.submit(back, back.form('pending'));
  };

  test('a key has no more than the roles of its person allow', async () => {
    await runtime.restart({ ...VARS, ROLES: 'editor = notes:write if bob@example.com' });
    const offered = (page) => formFor(page, 'new-key').fields.filter(({ name }) => name === 'key-scope').map(({ value }) => value);
    const alice = new Browser(site);
    const page = await through(alice, '/authorize/account', 'alice');
    assert.ok(!offered(page).includes('notes:write'), page.story('Alice is no editor'));
    const forged = await alice.send(page, formFor(page, 'new-key'), [
      ...formFor(page, 'new-key').entries({ values: { 'key-name': 'Forged', 'key-scope': null, endpoint: 'mcp' } }),
      ['key-scope', 'notes:write'],
    ]);
    const refused = await anew(alice, forged, 'alice');
    assert.match(refused.text, /tick at least one permission/, refused.story('a form of her own'));
    const bob = new Browser(site);
    assert.ok(offered(await through(bob, '/authorize/account', 'bob')).includes('notes:write'), 'Bob is one');
    const key = keyOn(await anew(bob, await askForKey(bob, { scopes: ['notes:read', 'notes:write'] }), 'bob'));
    (await call(site, key, 'save_note', { title: 'x', body: 'x' })).result('his key writes');
    await runtime.restart({ ...VARS, ROLES: 'editor = notes:write if alice@example.com' });
    (await call(site, key, 'save_note', { title: 'x', body: 'x' })).hasStatus(403, 'until he loses the role');
    (await call(site, key, 'list_notes')).result('and it still reads');
    await runtime.restart(VARS);
  });

  test('who cancels at the provider comes back to the key that waits, still signed in', async () => {
    const browser = new Browser(site);
    await through(browser, '/authorize/account', 'alice');
    const page = await askForKey(browser, { name: 'Waiting' });
    const away = await browser.open(linkOn(page));
    const back = await browser.open(await enterAt(provider, away.url, 'alice', { button: 'leave' }));
    assert.ok(/Waiting/.test(back.text) && linkOn(back), back.story('the same page again'));
    assert.doesNotMatch(back.text, /not signed in/, back.story('she is'));
    keyOn(await anew(browser, back, 'alice'));
  });

  test('somebody else who signs in meanwhile makes no key for anybody', async () => {
    const browser = new Browser(site);
    await through(browser, '/authorize/account', 'alice');
    const page = await askForKey(browser, { name: 'Not for Bob' });
    const back = await through(browser, linkOn(page), 'bob');
    assert.match(back.text, /signed in as somebody else now, so nothing was changed/, back.story('Bob'));
    assert.ok(!back.text.includes('Not for Bob'), back.story('he sees nothing of it'));
  });

  // The last one: the clock of the provider stays behind.
  test('a sign-in is proof for ten minutes if the provider has asked anew for it, and leads back', async () => {
    const browser = new Browser(site);
    await through(browser, '/authorize/account?prompt=login', 'alice');
    const key = keyOn(await anew(browser, await askForKey(browser, { name: 'The first' }), 'alice'));
    keyOn(await askForKey(browser, { name: 'At once' }));
    await runtime.passes(10 * 60);
    keyOn(await anew(browser, await askForKey(browser, { name: 'After a while' }), 'alice'));
    const answer = await call(site, key);
    answer.result('it calls');
    await runtime.passes(61);
    await runtime.restart({ ...VARS, ALLOWED_USERS: 'bob@example.com' });
    await isTurnedAway(site, key, { rule: 'who is off the list has no key either' });
    await runtime.restart(VARS);
  });
});
