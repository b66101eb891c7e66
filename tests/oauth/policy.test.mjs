// A company's policy: which groups an endpoint needs, which apps may connect, how long access lasts, and who says who somebody is. Each
// rule holds at the sign-in, at the refresh and at each call, and a change of it ends exactly what it no longer admits.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { startInstances } from '../support/workers/instances.mjs';
import {
  ALL_SCOPES,
  Arrival,
  Browser,
  SIGN_IN,
  asking,
  authorizePath,
  basic,
  call,
  form,
  isOAuthError,
  isTurnedAway,
  keepsSecrets,
  refreshing,
  register,
  registering,
  secret,
  send,
  signIn,
  tokensOf,
} from '../support/oauth/client.mjs';
import { enterAccount, makeKey } from '../support/oauth/access-keys.mjs';
import { formFor } from '../support/oauth/forms.mjs';
import { JWT_BEARER } from '../support/oauth/id-jag-provider.mjs';
import { enterAt, json, jwt, seconds } from '../support/oauth/openid-provider.mjs';
import { BY_COMPANY, allowAs, startCompany, tokensAs } from '../support/oauth/provider-sign-in.mjs';

const HERE = 'https://mcp.example.com';
const PRIVATE = `${HERE}/private/mcp`;
const ISSUER = 'https://id.example';
const SERVICE = { client_id: 'claude', client_secret: secret('a-secret-for-claude-of-the-tests', 'a client secret') };
const alice = () => ({ name: 'Alice', groups: ['staff'] });
const PEOPLE = { alice: alice(), bob: { name: 'Bob', groups: ['sales'] } };
const VARS = {
  ...BY_COMPANY,
  ALLOWED_USERS: '*',
  OAUTH_CLIENTS: JSON.stringify([SERVICE]),
  TRUSTED_ISSUERS: JSON.stringify([{ issuer: ISSUER, clients: ['claude'] }]),
};
const REMOTE = 'https://app.example/cb';

/** @type {Awaited<ReturnType<typeof startCompany>>} */
let provider;
/** @type {Awaited<ReturnType<typeof startInstances>>} */
let runtime;
let site;
let client;
before(async () => {
  provider = await startCompany(PEOPLE);
  runtime = await startInstances({ count: 1, vars: VARS, outbound: provider.port });
  [site] = runtime.instances;
  client = await register(site);
});
after(async () => {
  await runtime?.stop();
  provider?.stop();
});
afterEach(() => {
  provider.isBack();
  PEOPLE.alice = alice();
});

const allow = (account, { of = client, ...how } = {}) => allowAs({ provider, site, client: of }, account, { scope: ALL_SCOPES, ...how });
const signedIn = (account, { of = client, ...how } = {}) => tokensAs({ provider, site, client: of }, account, { scope: ALL_SCOPES, ...how });
const whoami = (tokens, path = '/mcp') => call(site, tokens.access_token, 'whoami', {}, { path });
const isIn = async (tokens, path) => void (await whoami(tokens, path)).result('has access');
const isOut = (tokens, rule, path) => isTurnedAway(site, tokens.access_token, { path, rule });
const refresh = (tokens, of = client) => send(site, refreshing(of, tokens));
const cannotRefresh = async (tokens, rule, of) => isOAuthError(await refresh(tokens, of), 400, 'invalid_grant', rule);
const press = (browser, page, value) => {
  const form = page.form('decision');
  return browser.submit(page, form, { button: form.buttons.find((button) => button.value === value) });
};
const home = () => send(site, { path: '/', headers: { accept: 'text/html' } });
const asserting = (claims, resource = `${HERE}/mcp`) => {
  const now = seconds();
  const all = { iss: ISSUER, aud: HERE, client_id: SERVICE.client_id, resource, jti: randomUUID(), iat: now, exp: now + 300, ...claims };
  const assertion = jwt(provider.keys, all, { typ: 'oauth-id-jag+jwt' });
  return send(site, form('/token', { grant_type: JWT_BEARER, assertion }, basic(SERVICE.client_id, SERVICE.client_secret)));
};

describe('REQUIRED_GROUPS', () => {
  const RULE = { ...VARS, REQUIRED_GROUPS: '{"/private/mcp": ["staff", "contractors"]}' };
  before(() => runtime.restart(RULE));
  after(() => runtime.restart(VARS));

  test('a person without the group meets a page that says why, with a way back to the client', async () => {
    const { browser, page } = await allow('bob', { resource: PRIVATE });
    assert.ok(page, 'no redirect');
    assert.equal(page.status, 403);
    assert.match(page.text, /You are not in a group that may use this/);
    assert.match(page.text, /does not list you in any of them/);
    const told = (await press(browser, page, 'deny')).parameters;
    assert.equal(told.error, 'access_denied', 'RFC 6749 §4.1.2.1');
    assert.equal(told.iss, HERE, 'RFC 9207 §2');
  });

  test('a person without the group can sign in as somebody else who has it', async () => {
    const { browser, page } = await allow('bob', { resource: PRIVATE });
    const away = await press(browser, page, 'another');
    assert.equal(away.parameters.prompt, 'select_account', 'the provider lets them choose');
    const arrival = await browser.open(await enterAt(provider, away.url, 'alice'));
    secret(arrival.parameters.code, 'a code of an account in the group');
  });

  test('the other endpoint, and who has one of the groups, are as before', async () => {
    await isIn(await signedIn('bob'));
    await isIn(await signedIn('alice', { resource: PRIVATE }), '/private/mcp');
  });

  test('a refresh after the group was lost ends the access, and getting it back needs a sign-in', async () => {
    const tokens = await signedIn('alice', { resource: PRIVATE });
    PEOPLE.alice = { ...alice(), groups: ['sales'] };
    await cannotRefresh(tokens, 'the group is lost');
    await isOut(tokens, 'the access token is refused, too', '/private/mcp');
    PEOPLE.alice = alice();
    await cannotRefresh(tokens, 'the grant has ended');
    await isIn(await signedIn('alice', { resource: PRIVATE }), '/private/mcp');
  });

  test('a group that another app’s refresh has shown to be lost counts for all apps of the person', async () => {
    const [private_, lazy] = [await signedIn('alice', { resource: PRIVATE }), await signedIn('alice')];
    PEOPLE.alice = { ...alice(), groups: [] };
    tokensOf(await refresh(lazy), 'its endpoint needs no group');
    await runtime.passes(61);
    await isOut(private_, 'a look at the grant', '/private/mcp');
  });

  test('an assertion of a person without the group gives nothing, and is not used up', async () => {
    isOAuthError(await asserting({ sub: 'carol', groups: ['sales'] }, PRIVATE), 400, 'invalid_grant', 'the group of the assertion');
    isOAuthError(await asserting({ sub: 'carol' }, PRIVATE), 400, 'invalid_grant', 'no group is known');
    const refused = (await asserting({ sub: 'carol', groups: ['sales'] }, PRIVATE)).json();
    assert.match(refused.error_description, /none of the groups that this endpoint requires/);
    const tokens = (await asserting({ sub: 'carol', groups: ['contractors'] }, PRIVATE)).hasStatus(200, 'one of the groups').json();
    await isIn({ access_token: secret(tokens.access_token, 'an access token') }, '/private/mcp');
    (await asserting({ sub: 'carol', groups: ['sales'] })).hasStatus(200, 'the other endpoint');
  });

  test('a new REQUIRED_GROUPS ends exactly the access that it no longer admits, and at once', async () => {
    const [staff, sales, elsewhere] = [await signedIn('alice'), await signedIn('bob'), await signedIn('alice', { resource: PRIVATE })];
    await runtime.restart({ ...VARS, REQUIRED_GROUPS: '{"/mcp": ["staff"]}' });
    await isIn(staff);
    await isOut(sales, 'not in the group');
    await isIn(elsewhere, '/private/mcp');
    tokensOf(await refresh(staff), 'it goes on');
    await cannotRefresh(sales, 'not in the group');
    await runtime.restart(RULE);
  });
});

describe('ALLOWED_CLIENT_HOSTS and LOCAL_CLIENTS', () => {
  const RULE = { ...VARS, ALLOWED_CLIENT_HOSTS: 'app.example vouching.example' };
  let remote;
  let earlier;
  before(async () => {
    remote = await register(site, { redirect_uris: [REMOTE] });
    const [allowed, local] = [await signedIn('alice', { of: remote }), await signedIn('alice')];
    const other = await register(site, { redirect_uris: ['https://app.example.evil.example/cb'] });
    earlier = { allowed, local, other, evil: await signedIn('alice', { of: other }) };
    await runtime.restart(RULE);
  });
  after(() => runtime.restart(VARS));

  test('a client whose redirect URI only looks like an allowed host cannot register', async () => {
    for (const redirect of [
      'https://app.example.evil.example/cb',
      'https://evil.example/app.example',
      'https://app.example:8443/cb',
      'https://sub.app.example/cb',
      'https://app.example./cb',
      'https://app.example@evil.example/cb',
      'http://127.0.0.1/cb',
      'http://localhost:3000/cb',
      'cursor://anysphere.cursor-mcp/oauth/callback',
    ]) {
      const answer = await send(site, registering({ redirect_uris: [redirect], token_endpoint_auth_method: 'none' }));
      isOAuthError(answer.hasHeader('cache-control', /no-store/), 400, 'invalid_redirect_uri', redirect);
    }
    const mixed = await register(site, { redirect_uris: ['https://evil.example/cb', REMOTE] });
    assert.deepEqual(mixed.redirect_uris, [REMOTE], 'RFC 7591 §3.2.1: what was registered');
    assert.equal(mixed.refused_redirect_uris[0].index, 0);
  });

  test('a client that registered before the rule meets a page, and has no access any more', async () => {
    for (const [of, tokens] of [
      [client, earlier.local],
      [earlier.other, earlier.evil],
    ]) {
      const page = await new Browser(site).open(authorizePath(asking(of)));
      assert.ok(!(page instanceof Arrival), 'no redirect');
      assert.equal(page.status, 403);
      assert.match(page.text, /This app may not connect here/);
      await isOut(tokens, 'its access token');
      await cannotRefresh(tokens, 'its refresh token', of);
    }
    await isIn(earlier.allowed);
    await isIn(await signedIn('alice', { of: remote }));
  });

  test('a metadata document at another host is not even fetched', async () => {
    const before = provider.asked.length;
    const page = await new Browser(site).open(authorizePath(asking({ client_id: 'https://evil.example/client', redirect_uris: [REMOTE] })));
    assert.equal(page.status, 403);
    assert.match(page.text, /This app may not connect here/);
    assert.equal(provider.asked.length, before);
  });

  test('a metadata document at an allowed host does not allow a redirect URI at another', async () => {
    const id = 'https://vouching.example/client';
    const redirects = [REMOTE, 'https://evil.example/cb'];
    provider.place('vouching.example/client', json({ client_id: id, client_name: 'Vouched for', redirect_uris: redirects }));
    const asked = (redirect) => new Browser(site).open(authorizePath(asking({ client_id: id, redirect_uris: [redirect] })));
    const [good, bad] = [await asked(redirects[0]), await asked(redirects[1])];
    assert.equal(good.status, 200, good.story('the consent page'));
    assert.equal(bad.status, 403);
  });

  test('programs on the computer of the person are a choice of their own', async () => {
    await runtime.restart({ ...RULE, LOCAL_CLIENTS: 'on' });
    await isIn(await signedIn('alice'));
    await runtime.restart({ ...VARS, LOCAL_CLIENTS: 'off' });
    const page = await new Browser(site).open(authorizePath(asking(client)));
    assert.equal(page.status, 403);
    await isIn(await signedIn('alice', { of: await register(site, { redirect_uris: ['https://any.example/cb'] }) }));
    await runtime.restart(RULE);
  });
});

describe('ACCESS_KEYS', () => {
  after(() => runtime.restart(VARS));

  test('a key from before keys were off is refused without a look into storage, and no page offers one', async () => {
    await runtime.restart(SIGN_IN);
    const { key, browser } = await makeKey(site);
    await isIn({ access_token: key });
    const page = await browser.open('/account');
    const offer = formFor(page, 'new-key');
    await runtime.restart({ ...SIGN_IN, ACCESS_KEYS: 'off' });
    const asked = async () => (await runtime.counts()).objects.Grants ?? 0;
    const before = await asked();
    await isOut({ access_token: key }, 'keys are off');
    assert.equal(await asked(), before, 'no object of a person is asked');
    const now = await browser.open('/account');
    assert.ok(!/Access keys/.test(now.text), now.story('nothing about keys'));
    const refused = await browser.submit(page, offer, { values: { 'key-name': 'x', 'key-scope': ['profile'], endpoint: 'mcp', days: '30' } });
    assert.match(refused.text, /The key was not made/);
    await runtime.restart(SIGN_IN);
    await isIn({ access_token: key });
  });
});

describe('PROVIDER_ONLY', () => {
  after(() => runtime.restart(VARS));

  test('nobody has access but by the provider: no passphrase and no key', async () => {
    await runtime.restart(SIGN_IN);
    const { key } = await makeKey(site);
    await runtime.restart({ ...VARS, ...SIGN_IN, PROVIDER_ONLY: 'true' });
    await isOut({ access_token: key }, 'a key');
    const browser = new Browser(site);
    const page = await browser.open(authorizePath(asking(client)));
    assert.ok(page.forms.every((one) => !one.has('passphrase')), page.story('no passphrase is asked for'));
    const away = await signIn(browser, authorizePath(asking(client)));
    secret(away.url.searchParams.get('state'), 'the state at the provider');
    assert.equal(away.url.origin, ISSUER, 'who consents is sent to the provider');
    await isIn(await signedIn('alice'));
    const tokens = (await asserting({ sub: 'alice' })).hasStatus(200, 'a trusted issuer').json();
    await isIn({ access_token: secret(tokens.access_token, 'an access token') });
  });

  test('a provider that is no longer set does not bring the passphrase back', async () => {
    await runtime.restart({ ...SIGN_IN, PROVIDER_ONLY: 'true' });
    const page = await new Browser(site).open(authorizePath(asking(client)));
    assert.equal(page.status, 503);
    assert.match(page.text, /PROVIDER_ONLY needs IDENTITY = openid, github or access/);
  });
});

test('a policy that cannot be read closes sign-in and calls with a token, and the page and the log say why', async () => {
  const tokens = await signedIn('alice');
  for (const [vars, words] of [
    [{ REQUIRED_GROUPS: '{"/private": ["staff"]}' }, 'REQUIRED_GROUPS must name endpoints only'],
    [{ REQUIRED_GROUPS: '{"/mcp": []}' }, 'REQUIRED_GROUPS must list 1 to 64 groups'],
    [{ ALLOWED_CLIENT_HOSTS: 'https://app.example' }, 'ALLOWED_CLIENT_HOSTS must list 1 to 64 hosts'],
    [{ ACCESS_KEYS: 'on', PROVIDER_ONLY: 'true' }, 'ACCESS_KEYS must be off if PROVIDER_ONLY is set'],
    [{ SIGN_IN_HOURS: '0' }, 'SIGN_IN_HOURS must be a whole number from 1 to 2160'],
  ]) {
    await runtime.restart({ ...VARS, ...vars });
    (await whoami(tokens)).hasStatus(503, words);
    (await refresh(tokens)).hasStatus(503, words);
    (await send(site, registering({ redirect_uris: [REMOTE] }))).hasStatus(503, words);
    assert.ok((await home()).text.includes(words), words);
    assert.ok(site.log().includes(words), words);
  }
  await runtime.restart({ ...SIGN_IN, REQUIRED_GROUPS: '{"/mcp": ["staff"]}' });
  assert.ok((await home()).text.includes('with the passphrase, no groups are known'));
  await runtime.restart(VARS);
  await isIn(tokens);
});

// The clock of the server only goes forward, so what needs days comes last.
describe('SIGN_IN_HOURS and SIGN_IN_IDLE_HOURS', () => {
  after(() => runtime.restart(VARS));

  test('a sign-in ends when its hours are over, however it is used', async () => {
    await runtime.restart({ ...VARS, SIGN_IN_HOURS: '2', ACCESS_TOKEN_SECONDS: '86400' });
    let tokens = await signedIn('alice');
    await runtime.passes(3600);
    tokens = tokensOf(await refresh(tokens), 'within its hours');
    await runtime.passes(3700);
    await isOut(tokens, 'the access token, which would be good for a day');
    await cannotRefresh(tokens, 'the refresh token');
  });

  test('a sign-in that exists ends at once where it is older than a new setting allows', async () => {
    await runtime.restart(VARS);
    const [old, used] = [await signedIn('alice'), await signedIn('bob')];
    await runtime.passes(3 * 3600);
    const kept = tokensOf(await refresh(used), 'used just now');
    await runtime.restart({ ...VARS, SIGN_IN_IDLE_HOURS: '2' });
    await cannotRefresh(old, 'not used for three hours');
    await isIn(kept);
    tokensOf(await refresh(kept), 'and goes on');
  });
});

describe('ACCESS_KEY_DAYS', () => {
  test('keys live no longer than the setting allows, those that exist too', async () => {
    await runtime.restart(SIGN_IN);
    const { key } = await makeKey(site, { days: '90' });
    await runtime.restart({ ...SIGN_IN, ACCESS_KEY_DAYS: '7' });
    const { browser, page } = await enterAccount(site);
    assert.deepEqual(formFor(page, 'new-key').choices('days'), ['7']);
    const { key: short } = await makeKey(site, { browser, days: '7' });
    await runtime.passes(7 * 24 * 3600 - 600);
    for (const one of [key, short]) await isIn({ access_token: one });
    await runtime.passes(700);
    for (const one of [key, short]) await isOut({ access_token: one }, 'its week is over');
  });
});

test('no secret is in the log', () => keepsSecrets([site]));
