// /account/people: the owner sees everybody who has signed in, what each has connected, and ends one of it or all. Nobody else does.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startInstances } from '../support/workers/instances.mjs';
import {
  Arrival,
  Browser,
  FORM,
  PASSPHRASE,
  SIGN_IN,
  asking,
  authorizePath,
  isOAuthError,
  isSafePage,
  isTurnedAway,
  call,
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
import { enterAt, startProvider } from '../support/oauth/openid-provider.mjs';

const HERE = 'https://mcp.example.com';
const PEOPLE = {
  alice: { email: 'alice@example.com', email_verified: true, name: 'Alice Liddell' },
  bob: { email: 'bob@elsewhere.example', email_verified: true, name: 'Bob' },
  carol: { email: 'carol@example.com', email_verified: true },
};
const VARS = {
  IDENTITY: 'openid',
  OPENID_ISSUER: 'https://id.example',
  OPENID_CLIENT_ID: 'the-connector',
  OPENID_CLIENT_SECRET: secret('a-secret-of-the-connector', 'the client secret'),
  ALLOWED_USERS: '*',
  OWNER: 'alice',
};

let provider;
/** @type {Awaited<ReturnType<typeof startInstances>>} */
let runtime;
let site;
let client;
before(async () => {
  provider = await startProvider({
    clients: [{ client_id: 'the-connector', client_secret: VARS.OPENID_CLIENT_SECRET, redirect_uris: [`${HERE}/authorize/callback`] }],
    people: PEOPLE,
  });
  runtime = await startInstances({ count: 1, vars: VARS, outbound: provider.port });
  [site] = runtime.instances;
  client = await register(site, { client_name: 'Claude Code' });
});
after(async () => {
  await runtime?.stop();
  provider?.stop();
});

/** Connects an app for a person. */
async function connectAs(account) {
  const browser = new Browser(site);
  const { verifier, challenge } = pkce();
  const sent = asking(client, { challenge });
  const away = await signIn(browser, authorizePath(sent));
  secret(away.url.searchParams.get('state'), 'the state at the provider');
  const arrival = await browser.open(await enterAt(provider, away.url, account));
  assert.ok(arrival instanceof Arrival, arrival.text);
  const authorization = { code: secret(arrival.parameters.code, 'a code'), verifier, redirectUri: sent.redirect_uri };
  return tokensOf(await send(site, redeeming(client, authorization)), 'the code is redeemed');
}

/** Signs in to the account page. */
async function enter(account) {
  const browser = new Browser(site);
  const begun = await browser.open('/authorize/account');
  secret(begun.parameters.state, 'the state at the provider');
  const page = await browser.open(await enterAt(provider, begun.url, account));
  // Who has signed in is entered behind the answer.
  await new Promise((resolve) => setTimeout(resolve, 200));
  return noted(browser, page);
}

function noted(browser, page) {
  for (const { value } of browser.cookies) secret(value, 'a cookie');
  for (const form of page.forms) for (const { name, value } of form.fields) if (name === 'request') secret(value, 'a sealed form');
  return { browser, page };
}

/** Fails unless a token is good. */
const isWelcome = async (_, token) => (await call(site, token)).result('the token is good');

const linkTo = (page, pattern) => page.elements.find(({ name, attributes }) => name === 'a' && pattern.test(attributes.href ?? ''))?.attributes.href;
const namesOn = (page) => [...page.answer.text.matchAll(/<h3><bdi>([^<]*)<\/bdi><\/h3>/g)].map(([, name]) => name);
const formFor = (page, action, grant) =>
  page.forms.find((form) => form.has('action') && form.chosen('action')[0] === action && (grant === undefined || form.chosen('grant')[0] === grant));
const grantsOn = (page) => page.forms.filter((form) => form.has('grant')).map((form) => form.chosen('grant')[0]);

/** Opens the page about a person, whom the owner searches for. */
async function find(owner, words) {
  const found = await owner.browser.open(`/account/people?q=${encodeURIComponent(words)}`);
  found.answer.hasStatus(200, 'the search');
  const path = linkTo(found, /person=/);
  assert.ok(path, found.story(`somebody is found by ${words}`));
  return noted(owner.browser, await owner.browser.open(path)).page;
}

/** Sends what a form of a page would send, changed. */
const post = (browser, path, values) =>
  send(site, {
    method: 'POST',
    path,
    headers: { 'content-type': FORM, origin: HERE, cookie: browser.cookieHeader },
    body: new URLSearchParams(values).toString(),
  });

describe('the owner’s page with people', () => {
  test('lists who has signed in, and finds them by any word of the name, the address and its domain', async () => {
    for (const account of ['bob', 'carol']) await connectAs(account);
    const owner = await enter('alice');
    const link = linkTo(owner.page, /^\/account\/people$/);
    assert.ok(link, owner.page.story('the account page of the owner leads there'));
    const list = await owner.browser.open(link);
    isSafePage(list.answer, 'the list');
    assert.deepEqual(namesOn(list).sort(), ['Alice Liddell', 'Bob', 'carol@example.com']);
    for (const [words, found] of [
      ['liddell', ['Alice Liddell']],
      ['ALICE l', ['Alice Liddell']],
      ['alice bob', []],
      ['bob@elsewhere.example', ['Bob']],
      ['example.com', ['Alice Liddell', 'carol@example.com']],
      ['@example.com', ['Alice Liddell', 'carol@example.com']],
      ['iddell', []],
      ['%', []],
      ["' OR 1=1 --", []],
    ]) {
      const page = await owner.browser.open(`/account/people?q=${encodeURIComponent(words)}`);
      page.answer.hasStatus(200, words);
      assert.deepEqual(namesOn(page).sort(), found, words);
    }
  });

  test('ends one app of a person and no other, and the page says what it was', async () => {
    const owner = await enter('alice');
    const earlier = grantsOn(await find(owner, 'bob'));
    const [one, other] = [await connectAs('bob'), await connectAs('bob')];
    const page = await find(owner, 'bob');
    isSafePage(page.answer, 'the page about a person');
    const before = grantsOn(page);
    const mine = before.find((grant) => !earlier.includes(grant));
    const after = await owner.browser.submit(page, formFor(page, 'disconnect', mine));
    assert.match(after.text, /Claude Code.* is disconnected/, after.story('what was done to what'));
    assert.deepEqual(grantsOn(after).sort(), before.filter((grant) => grant !== mine).sort());
    // Both were made in the same second; which of them is first on the page does not matter.
    const alive = [];
    for (const tokens of [one, other]) alive.push((await send(site, refreshing(client, tokens))).status === 200);
    assert.deepEqual(alive.sort(), [false, true], 'one of both');
  });

  test('ends everything of a person, who may sign in again', async () => {
    const [bob, carol] = [await connectAs('bob'), await connectAs('carol')];
    const visitor = await enter('bob');
    await isWelcome(site, bob.access_token);
    const owner = await enter('alice');
    const page = await find(owner, 'bob');
    assert.match(page.text, /can sign in again.*ALLOWED_USERS/s, page.story('what an end does not do'));
    const ended = await owner.browser.submit(page, formFor(page, 'disconnect-all'));
    assert.match(ended.text, /Everything of .*Bob.* is ended/, ended.story('what was done to whom'));
    assert.deepEqual(grantsOn(ended), []);
    await isTurnedAway(site, bob.access_token, { rule: 'the access token, in the isolate that has ended it' });
    isOAuthError(await send(site, refreshing(client, bob)), 400, 'invalid_grant', 'the refresh token');
    const page2 = await visitor.browser.open('/account');
    assert.ok(!formFor(page2, 'sign-out'), page2.story('and the account page in their browser'));
    await isWelcome(site, carol.access_token);
    await runtime.passes(2);
    await isWelcome(site, (await connectAs('bob')).access_token);
  });

  test('costs two requests to objects, and the page about a person three, and no row', async () => {
    const owner = await enter('alice');
    const costOf = async (path) => {
      const total = ({ objects, rowsWritten }) => [Object.values(objects).reduce((sum, one) => sum + one, 0), rowsWritten];
      const before = total(await runtime.counts());
      const page = await owner.browser.open(path);
      page.answer.hasStatus(200, path);
      return [page, total(await runtime.counts()).map((count, at) => count - before[at])];
    };
    const [list, cost] = await costOf('/account/people');
    assert.deepEqual(cost, [2, 0], 'the list');
    assert.deepEqual((await costOf(linkTo(list, /person=/)))[1], [3, 0], 'a person');
  });

  test('has ten thousand people, page by page, and reads no more of them than it shows', async () => {
    const owner = await enter('alice');
    const seed = (...statements) => runtime.sql('DIRECTORY', 'directory', statements.join(';'));
    await seed(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
       INSERT INTO people SELECT printf('%032x', i), 'subject-' || i, printf('Person %05d', i), 1700000000, 1700000000 + i FROM n`,
      `INSERT INTO words SELECT lower(substr(name, 8)), person FROM people WHERE name LIKE 'Person %'`,
      `INSERT INTO words SELECT 'person', person FROM people WHERE name LIKE 'Person %'`,
      `INSERT INTO addresses SELECT person, subject || '@many.example' FROM people WHERE name LIKE 'Person %'`,
    );
    const read = async (path) => {
      const before = (await runtime.counts()).rowsRead;
      const began = performance.now();
      const page = await owner.browser.open(path);
      page.answer.hasStatus(200, path);
      return { page, rows: (await runtime.counts()).rowsRead - before, time: performance.now() - began };
    };
    const first = await read('/account/people');
    let { page } = first;
    assert.ok(first.rows < 400, `the first page reads ${first.rows} rows`);
    const seen = new Set(namesOn(page));
    assert.ok(seen.size >= 49, `${seen.size} on the first page`);
    for (let turn = 0; turn < 5; turn += 1) {
      const next = await read(linkTo(page, /after=/));
      assert.ok(next.rows < 400, `the next page reads ${next.rows} rows`);
      for (const name of namesOn(next.page)) assert.ok(!seen.has(name) && seen.add(name), `${name} once`);
      ({ page } = next);
    }
    const one = await read('/account/people?q=07777');
    assert.deepEqual(namesOn(one.page), ['Person 07777']);
    assert.ok(one.rows < 400, `a search reads ${one.rows} rows`);
    const last = await read(`/account/people?after=${(10000).toString(16).padStart(32, '0')}`);
    assert.ok(!linkTo(last.page, /after=/), last.page.story('the end of the list'));
    await seed(...['people', 'words', 'addresses'].map((table) => `DELETE FROM ${table} WHERE person LIKE '0000000000000000%'`));
  });
});

describe('somebody who is not the owner', () => {
  test('is not shown the people, nor a link to them', async () => {
    await connectAs('carol');
    const visitor = await enter('bob');
    assert.ok(!linkTo(visitor.page, /people/), visitor.page.story('no link'));
    for (const path of ['/account/people', '/account/people?q=carol', `/account/people?person=${'0'.repeat(32)}`]) {
      const answer = await send(site, { path, headers: { cookie: visitor.browser.cookieHeader } });
      answer.hasStatus(303, path);
      assert.equal(answer.headers.location, '/account');
      assert.ok(!answer.text.includes('carol'), 'and nothing of them');
      (await send(site, { path })).hasStatus(303, `${path}, without a sign-in`);
    }
  });

  test('ends nothing of another person: not by the owner’s form, not by their own', async () => {
    const carol = await connectAs('carol');
    const owner = await enter('alice');
    const page = await find(owner, 'carol');
    const stolen = Object.fromEntries(formFor(page, 'disconnect-all').entries({}));
    const visitor = await enter('bob');
    const own = Object.fromEntries(formFor(visitor.page, 'sign-out').entries({}));
    const grant = grantsOn(page)[0];
    for (const [what, path, values, status] of [
      ['the owner’s form, as it is', '/account/people', stolen, 403],
      ['the owner’s form with the mark of an own one', '/account/people', { ...stolen, request: own.request }, 403],
      ['the owner’s form without a mark', '/account/people', { ...stolen, request: '' }, 403],
      ['an own form, for the sign-in of another', '/account', { ...own, action: 'disconnect', grant, name: 'x' }, 303],
      ['an own form, for a client of everybody', '/account/clients', { ...own, action: 'end-client', client: 'x' }, 403],
    ]) {
      const answer = await post(visitor.browser, path, values);
      answer.hasStatus(status, what);
    }
    (await post(new Browser(site), '/account/people', stolen)).hasStatus(303, 'nobody is signed in');
    await isWelcome(site, carol.access_token);
    tokensOf(await send(site, refreshing(client, carol)), 'nothing of it has ended');
  });

  test('makes the owner end nothing by a form of another site, or of an earlier sign-in', async () => {
    const carol = await connectAs('carol');
    const [first, again] = [await enter('alice'), await enter('alice')];
    const page = await find(first, 'carol');
    const values = Object.fromEntries(formFor(page, 'disconnect-all').entries({}));
    const forged = await send(site, {
      method: 'POST',
      path: '/account/people',
      headers: { 'content-type': FORM, origin: 'https://evil.example', cookie: first.browser.cookieHeader },
      body: new URLSearchParams(values).toString(),
    });
    forged.hasStatus(403, 'a form of another site');
    (await post(again.browser, '/account/people', values)).hasStatus(403, 'a form of another sign-in');
    for (const person of ['', 'x', '0'.repeat(31), `${'0'.repeat(31)}A`, `${values.person}0`]) {
      (await post(first.browser, '/account/people', { ...values, person })).hasStatus(400, `the person "${person}"`);
    }
    await isWelcome(site, carol.access_token);
  });
});

test('the owner of a passphrase is alone, and their account page says nothing of people', async () => {
  try {
    await runtime.restart(SIGN_IN);
    const browser = new Browser(site);
    const way = await browser.open('/account');
    const { page } = noted(browser, await browser.submit(way, way.form('passphrase'), { values: { passphrase: PASSPHRASE } }));
    assert.ok(!linkTo(page, /people/), page.story('no link'));
  } finally {
    await runtime.restart(VARS);
  }
});

test('no secret is in the log', () => keepsSecrets([site]));
