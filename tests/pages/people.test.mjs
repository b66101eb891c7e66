// /account/people: the owner sees everybody who has signed in, what each has connected, and ends one of it or all. Nobody else does.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startInstances } from '../support/workers/instances.mjs';
import {
  Browser,
  FORM,
  PASSPHRASE,
  SIGN_IN,
  isOAuthError,
  isSafePage,
  isTurnedAway,
  call,
  keepsSecrets,
  refreshing,
  register,
  secret,
  send,
  tokensOf,
} from '../support/oauth/client.mjs';
import { formFor, hasForm } from '../support/oauth/forms.mjs';
import { enterAt } from '../support/oauth/openid-provider.mjs';
import { BY_PROVIDER, startSignIn, tokensAs } from '../support/oauth/provider-sign-in.mjs';

const HERE = 'https://mcp.example.com';
const PEOPLE = {
  alice: { email: 'alice@example.com', email_verified: true, name: 'Alice Liddell' },
  bob: { email: 'bob@elsewhere.example', email_verified: true, name: 'Bob' },
  carol: { email: 'carol@example.com', email_verified: true },
};
const VARS = {
  ...BY_PROVIDER,
  ALLOWED_USERS: '*',
  OWNER: 'alice',
};

let provider;
/** @type {Awaited<ReturnType<typeof startInstances>>} */
let runtime;
let site;
let client;
before(async () => {
  provider = await startSignIn(PEOPLE);
  runtime = await startInstances({ count: 1, vars: VARS, outbound: provider.port });
  [site] = runtime.instances;
  client = await register(site, { client_name: 'Claude Code' });
});
after(async () => {
  await runtime?.stop();
  provider?.stop();
});

/** Connects an app for a person. */
const connectAs = (account) => tokensAs({ provider, site, client }, account);

/** Signs in to the account page. */
async function enter(account) {
  const browser = new Browser(site);
  const begun = await browser.open('/authorize/account');
  secret(begun.parameters.state, 'the state at the provider');
  const page = await browser.open(await enterAt(provider, begun.url, account));
  // Who has signed in is entered behind the answer.
  await runtime.settled();
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
    const after = await owner.browser.submit(page, formFor(page, 'disconnect', 'grant', mine));
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
    assert.ok(!hasForm(page2, 'sign-out'), page2.story('and the account page in their browser'));
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

  describe('does not cost more with more people', () => {
    const rows = async (act) => {
      const before = await runtime.counts();
      const result = await act();
      // What is written behind an answer.
      await runtime.settled();
      const after = await runtime.counts();
      return { result, read: after.rowsRead - before.rowsRead, written: after.rowsWritten - before.rowsWritten };
    };
    const seed = (...statements) => runtime.sql('DIRECTORY', 'directory', statements.join(';'));
    const NOW = Math.floor(Date.now() / 1000);
    /** People from one number to another, each with two words, an address, and a use of one of a hundred clients. */
    const people = (from, to) =>
      seed(
        `CREATE TABLE numbers AS WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to}) SELECT i FROM n`,
        `INSERT INTO people SELECT printf('%032x', i), 'subject-' || i, printf('Person %06d', i), 1700000000, 1700000000 + i FROM numbers`,
        `INSERT INTO words SELECT printf('%06d', i), printf('%032x', i) FROM numbers`,
        `INSERT INTO words SELECT 'person', printf('%032x', i) FROM numbers`,
        `INSERT INTO addresses SELECT printf('%032x', i), 'subject-' || i || '@many.example' FROM numbers`,
        `INSERT INTO uses SELECT printf('%064x', i % 100), printf('%032x', i), ${NOW}, ${NOW} FROM numbers`,
        'DROP TABLE numbers',
      );
    /** @type {Record<number, Record<string, {read: number, written: number}>>} what each step costs, by the number of people */
    const costs = {};
    let owner;
    before(async () => {
      owner = await enter('alice');
      await connectAs('bob');
    });
    after(() => seed(...['people', 'words', 'addresses', 'uses'].map((table) => `DELETE FROM ${table} WHERE person LIKE '0000000000000000%'`)));

    for (const [from, to] of [[1, 1000], [1001, 10_000], [10_001, 100_000]]) {
      test(`${to} people`, async (t) => {
        await people(from, to);
        const open = async (path) => {
          const page = await owner.browser.open(path);
          page.answer.hasStatus(200, path);
          return page;
        };
        const steps = {
          'the first page': () => open('/account/people'),
          'a page in the middle': () => open(`/account/people?after=${(500).toString(16).padStart(32, '0')}`),
          'a search for one person': () => open(`/account/people?q=${String(to - 1).padStart(6, '0')}`),
          'a search for a word that all have': () => open('/account/people?q=person'),
          'a search for nobody': () => open('/account/people?q=person+nobody'),
          'the list of clients': () => open('/account/clients'),
          'a person who connects again': () => connectAs('bob'),
          'an alarm that forgets': () => runtime.alarm('DIRECTORY', 'directory'),
        };
        costs[to] = {};
        for (const [name, act] of Object.entries(steps)) {
          const { result, read, written } = await rows(act);
          costs[to][name] = { read, written };
          t.diagnostic(`${name}: ${read} rows read, ${written} written`);
          if (name === 'the first page') assert.ok(namesOn(result).length >= 49, result.story('a full page'));
          if (name === 'a page in the middle') assert.deepEqual(namesOn(result).slice(0, 2), ['Person 000501', 'Person 000502']);
          if (name === 'a search for one person') assert.deepEqual(namesOn(result), [`Person ${String(to - 1).padStart(6, '0')}`]);
          if (name === 'a search for a word that all have') assert.equal(namesOn(result).length, 50, result.story('a full page'));
          if (name === 'a search for nobody') assert.deepEqual(namesOn(result), []);
        }
      });
    }

    test('a step that reads a page reads no more rows, and one that reads through the rows has a limit', () => {
      const limits = { 'a search for a word that all have': 45_000, 'a search for nobody': 85_000, 'an alarm that forgets': 11_000, 'the list of clients': 2000 };
      for (const [name, { read }] of Object.entries(costs[100_000])) {
        const most = limits[name] ?? costs[1000][name].read + 20;
        assert.ok(read <= most, `${name}: ${read} rows read with 100,000 people, and not more than ${most}`);
      }
      for (const [name, { written }] of Object.entries(costs[100_000])) {
        assert.ok(written <= costs[1000][name].written + 1, `${name}: ${written} rows written`);
      }
    });

    test('a search that reads through the list finds everybody, part by part, and once', async () => {
      const seen = [];
      for (let path = '/account/people?q=person+9999', turn = 0; path; turn += 1) {
        assert.ok(turn < 20, `${seen.length} found, and no end`);
        const page = await owner.browser.open(path);
        seen.push(...namesOn(page));
        path = linkTo(page, /after=/);
      }
      const numbers = Array.from({ length: 100_000 }, (_, n) => String(n + 1).padStart(6, '0')).filter((number) => number.includes('9999'));
      assert.deepEqual(seen, numbers.map((number) => `Person ${number}`));
    });

    test('uses that are over are deleted, part by part', async () => {
      await seed(`UPDATE uses SET last_at = 1600000000 WHERE person LIKE '0000000000000000%' AND client LIKE '%7'`);
      const left = async () => (await seed(`SELECT count(*) AS n FROM uses WHERE last_at < 1700000000`))[0].n;
      assert.equal(await left(), 6000);
      for (let turn = 0; (await left()) > 0; turn += 1) {
        assert.ok(turn < 50, `${await left()} are left`);
        await runtime.alarm('DIRECTORY', 'directory');
      }
      assert.equal((await seed('SELECT count(*) AS n FROM uses'))[0].n > 90_000, true, 'and no others');
    });
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
