// What is known of the person who calls, and what their roles allow: from an OpenID provider, which is a real one here, that says who
// they are, renews it at each refresh, and disables them.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { startInstances } from '../support/workers/instances.mjs';
import { textOf } from '../support/mcp/requests.mjs';
import {
  ALL_SCOPES,
  Browser,
  FIRST_SCOPES,
  PASSPHRASE,
  asking,
  authorizePath,
  call,
  isOAuthError,
  keepsSecrets,
  refreshing,
  register,
  secret,
  send,
  signIn,
  tokensOf,
} from '../support/oauth/client.mjs';
import { askForKey, keyOn } from '../support/oauth/access-keys.mjs';
import { enterAt, json } from '../support/oauth/openid-provider.mjs';
import { BY_COMPANY, allowAs, startCompany, tokensAs } from '../support/oauth/provider-sign-in.mjs';

const alice = () => ({ email: 'alice@example.com', email_verified: true, name: 'Alice', groups: ['staff'] });
const PEOPLE = {
  alice: alice(),
  // Of this one the provider knows no name.
  carol: { email: 'carol@example.com', email_verified: true },
  bob: { email: 'bob@elsewhere.example', email_verified: true, name: 'Bob', groups: ['sales'] },
};
const VARS = {
  ...BY_COMPANY,
  ALLOWED_USERS: '@example.com bob',
  ROLES: 'admin = notes:write if group:staff or carol@example.com',
};

/** @type {Awaited<ReturnType<typeof startCompany>>} */
let provider;
/** @type {Awaited<ReturnType<typeof startInstances>>} */
let runtime;
let site;
let client;
before(async () => {
  // One refresh token for each use: a second use is taken for a theft, and ends all.
  provider = await startCompany(PEOPLE, { rotateRefreshToken: true });
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

const signedIn = (account, scope = ALL_SCOPES) => tokensAs({ provider, site, client }, account, { scope });
const refreshed = async (tokens, rule) => tokensOf(await send(site, refreshing(client, tokens)), rule);
const write = (token) => call(site, token, 'save_note', { title: 'A note', body: 'b' });
const whoami = async (token) => textOf((await call(site, token)).result('whoami is answered'));
const tokenCalls = () => provider.asked.filter(({ url }) => url === 'id.example/token').length;

/** Fails unless a call is refused for the role of the caller, in a way that begins no sign-in. */
function isNotAllowed(answer, rule) {
  answer.hasStatus(403, rule);
  const { error, error_description: description } = answer.json();
  assert.equal(error, 'insufficient_scope', rule);
  assert.match(description, /role.*signing in again will not help/, rule);
  const header = answer.headers['www-authenticate'];
  assert.match(header, /^Bearer error="insufficient_scope"/, rule);
  assert.doesNotMatch(header, /resource_metadata|scope="/, `${rule}: what leads clients to a sign-in`);
}

describe('a person with an identity provider', () => {
  test('is known by name and verified address', async () => {
    const { access_token: token } = await signedIn('alice');
    assert.match(await whoami(token), /^You are Alice \(/);
    const { access_token: other } = await signedIn('carol');
    assert.match(await whoami(other), /^You are carol@example\.com \(/, 'by the address where no name is known');
  });

  test('has a scope that a role names only in that role, and a call beyond it is 403 and leads to no sign-in', async () => {
    const [staff, sales] = [await signedIn('alice'), await signedIn('bob')];
    assert.equal(staff.scope, ALL_SCOPES);
    (await write(staff.access_token)).result('a role allows it');
    assert.equal(sales.scope, FIRST_SCOPES, 'RFC 6749 §5.1: what was issued is less than what was asked for');
    isNotAllowed(await write(sales.access_token), 'no role allows it');
    (await call(site, sales.access_token, 'list_notes')).result('what no role names is open to everybody');
  });

  test('whose roles allow nothing of what an app asks for reads so, and the app gets access_denied', async () => {
    const { page, browser } = await allowAs({ provider, site, client }, 'bob', { scope: 'notes:write' });
    page.answer.hasStatus(403, 'nothing is left');
    assert.match(page.text, /role/, page.story('it says why'));
    const form = page.form('decision');
    assert.deepEqual(form.choices('decision'), ['another', 'deny'], page.story('a way on, and a way back'));
    const arrival = await browser.submit(page, form, { button: { name: 'decision', value: 'deny' } });
    assert.equal(arrival.parameters.error, 'access_denied');
  });

  // OpenID Connect Core §12.2
  test('who loses a group loses its scopes at the next refresh, and has them again with the group', async () => {
    const first = await signedIn('alice');
    PEOPLE.alice = { ...alice(), groups: ['sales'], name: 'Alice Liddell' };
    (await write(first.access_token)).result('nobody has asked the provider yet');
    const lost = await refreshed(first, 'the sign-in stands');
    assert.equal(lost.scope, FIRST_SCOPES);
    isNotAllowed(await write(lost.access_token), 'the new token');
    assert.match(await whoami(lost.access_token), /Alice Liddell/, 'what the provider says now');
    await runtime.passes(61);
    isNotAllowed(await write(first.access_token), 'the old token, a minute later');
    PEOPLE.alice = alice();
    const regained = await refreshed(lost, 'the sign-in stands');
    assert.equal(regained.scope, ALL_SCOPES, 'without another consent');
    (await write(regained.access_token)).result('the role is back');
  });

  test('who loses a role by the configuration loses its scopes at once, with the token that they have', async () => {
    const tokens = await signedIn('alice');
    (await write(tokens.access_token)).result('a role allows it');
    try {
      await runtime.restart({ ...VARS, ROLES: 'admin = notes:write if carol@example.com' });
      isNotAllowed(await write(tokens.access_token), 'the configuration of today');
      isNotAllowed(await call(site, tokens.access_token, 'delete_note', { id: 1 }), 'a tool that checks revocation');
      await runtime.restart({ ...VARS, ROLES: '' });
      (await write(tokens.access_token)).result('without roles everybody may');
    } finally {
      await runtime.restart(VARS);
    }
  });

  test('whose address leaves the list loses the sign-in that asks', async () => {
    const tokens = await signedIn('alice');
    PEOPLE.alice = { ...alice(), email: 'alice@left.example' };
    isOAuthError(await send(site, refreshing(client, tokens)), 400, 'invalid_grant', 'ALLOWED_USERS');
  });

  test('who is disabled at the provider loses every sign-in', async () => {
    const [one, other] = [await signedIn('alice'), await signedIn('alice')];
    delete PEOPLE.alice;
    isOAuthError(await send(site, refreshing(client, one)), 400, 'invalid_grant', 'the provider says invalid_grant');
    await runtime.passes(61);
    (await call(site, other.access_token)).hasStatus(401, 'the other sign-in has ended, too');
  });

  test('whose key is used is asked about once an hour: the key loses a group, keeps what is known in an outage, and ends with the person', async () => {
    const browser = new Browser(site);
    const through = async (path) => browser.open(await enterAt(provider, (await browser.open(path)).url, 'alice'));
    await through('/authorize/account?prompt=login');
    const page = await askForKey(browser, { scopes: ['notes:read', 'notes:write'] });
    const [, again] = /href="([^"]*\/authorize\/account\?[^"]*pending=[^"]*)"/.exec(page.html) ?? [];
    const back = await through(again.replaceAll('&amp;', '&'));
    const key = keyOn(await browser.submit(back, back.form('pending')));
    (await write(key)).result('she is of the staff');
    PEOPLE.alice = { ...alice(), groups: ['sales'] };
    await runtime.passes(61);
    (await write(key)).result('nobody has asked the provider yet');
    await runtime.passes(3600);
    isNotAllowed(await write(key), 'an hour later');
    PEOPLE.alice = alice();
    provider.isDown();
    await runtime.passes(3601);
    isNotAllowed(await write(key), 'an outage changes nothing');
    provider.isBack();
    const before = tokenCalls();
    await runtime.passes(61);
    isNotAllowed(await write(key), 'and is not asked about at each call');
    assert.equal(tokenCalls(), before);
    await runtime.passes(3600);
    (await write(key)).result('the group is back');
    delete PEOPLE.alice;
    await runtime.passes(3601);
    (await call(site, key)).hasStatus(401, 'the key of a person who is disabled');
  });

  for (const [what, breaks] of [
    ['is down', () => provider.isDown()],
    ['hangs', () => provider.place('id.example/token', () => {})],
    ['says that it is the settings', () => provider.place('id.example/token', json({ error: 'invalid_client' }, 401))],
    ['gives tokens, the old one being used up, and does not say who the person is', () => provider.place('id.example/me', json({}, 503))],
  ]) {
    test(`keeps the sign-in and the roles while the provider ${what}`, async () => {
      const tokens = await signedIn('alice');
      breaks();
      const kept = await refreshed(tokens, 'an outage there is none here');
      assert.equal(kept.scope, ALL_SCOPES);
      provider.isBack();
      PEOPLE.alice = { ...alice(), name: 'Alice Liddell' };
      const again = await refreshed(kept, 'the next refresh asks again');
      assert.match(await whoami(again.access_token), /Alice Liddell/);
    });
  }

  test('whose apps refresh at the same time is asked about one after the other: the provider sees no token twice', async () => {
    const apps = [await signedIn('alice'), await signedIn('alice'), await signedIn('alice')];
    const before = tokenCalls();
    const renewed = await Promise.all(apps.map((tokens) => refreshed(tokens, 'all of them')));
    assert.ok(tokenCalls() > before, 'the provider was asked');
    for (const tokens of renewed) await refreshed(tokens, 'and the provider still takes its token');
  });

  test('a refresh token that is invalid, or sent again, does not reach the provider', async () => {
    // Where the machine is so busy that the provider's answer comes too late, the next refresh rightly asks again.
    for (let attempt = 1, asked = 1; asked > 0; attempt += 1) {
      const tokens = await signedIn('alice');
      const next = await refreshed(tokens, 'once');
      const before = tokenCalls();
      await refreshed(tokens, 'the same again');
      await send(site, refreshing(client, { refresh_token: `${next.refresh_token.slice(0, -2)}AA` }));
      asked = tokenCalls() - before;
      assert.ok(asked === 0 || attempt < 3, `${asked} requests to the provider`);
    }
  });
});

describe('roles that cannot be read', () => {
  afterEach(() => runtime.restart(VARS));

  for (const [roles, words] of [
    ['admin = notes:write if alice@example.com group:staff', 'in role 1: word 6 must be or, or and'],
    ['reader = notes:read; admin = notes:wrote if group:staff', 'in role 2: this connector has no scope notes:wrote'],
  ]) {
    test(`roles that cannot be read close sign-in and calls with a token, and are named: ${words}`, async () => {
      const { access_token: token } = await signedIn('alice');
      await runtime.restart({ ...VARS, ROLES: roles });
      (await call(site, token)).hasStatus(503, 'nobody is let in by a guess');
      const page = await send(site, { path: '/', headers: { accept: 'text/html' } });
      assert.ok(page.text.includes(words), page.story('the page names it'));
      assert.ok(!page.text.includes('alice@example.com'), 'and no address');
      (await call(site, undefined, 'echo', { text: 'x' }, { headers: { authorization: undefined } })).result('public tools work');
    });
  }
});

test('an OpenID provider is asked for the scopes and with the parameters that the owner sets', async () => {
  try {
    await runtime.restart({ ...VARS, IDENTITY_PARAMETERS: 'access_type=offline&prompt=consent' });
    const away = await signIn(new Browser(site), authorizePath(asking(client, { prompt: 'login' })));
    secret(away.url.searchParams.get('state'), 'the state at the provider');
    const { scope, prompt, access_type: type } = away.parameters;
    assert.deepEqual({ scope, prompt, type }, { scope: VARS.IDENTITY_SCOPE, prompt: 'login consent', type: 'offline' });
  } finally {
    await runtime.restart(VARS);
  }
});

test('roles with a passphrase: the consent page offers what the owner may have', async () => {
  try {
    await runtime.restart({ OWNER_PASSPHRASE: PASSPHRASE, ROLES: 'nobody = notes:write if somebody' });
    const page = await new Browser(site).open(authorizePath(asking(client, { scope: ALL_SCOPES })));
    assert.deepEqual(page.form('decision').choices('scope').sort(), FIRST_SCOPES.split(' '));
  } finally {
    await runtime.restart(VARS);
  }
});

test('no secret is in the log', () => keepsSecrets([site]));
