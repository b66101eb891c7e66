// The clients that people have allowed: their records in KV, the owner's page with all of them, and the end of one for everybody.
// KV is an index and a shortcut; the end is a row of the Directory, which is asked when a person allows and when a code is redeemed.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import http from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { eventually } from '../support/eventually.mjs';
import { startInstances } from '../support/workers/instances.mjs';
import {
  Arrival,
  Browser,
  PASSPHRASE,
  REDIRECT,
  SIGN_IN,
  answerPage,
  asking,
  authorize,
  authorizePath,
  connect,
  form,
  isDead,
  isOAuthError,
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
import { authProvider } from '../support/oauth/auth-provider.mjs';
import { enterAt, startProvider } from '../support/oauth/openid-provider.mjs';

const DAY = 24 * 3600;
const HERE = 'https://mcp.example.com';
const DOCUMENT = 'https://app.example/oauth/client.json';
const SERVICE = { client_id: 'nightly', client_secret: secret('a-secret-of-the-nightly-service', 'a client_secret'), own_scopes: 'notes:read' };
const CONFIGURED = { client_id: 'configured-app', client_name: 'A configured app', redirect_uris: [REDIRECT] };

const hashOf = (id) => createHash('sha256').update(id).digest('base64url');
const keyOf = (id) => `client:${hashOf(id)}`;

/** The host of a client with a document. */
let hostAnswers = true;
const outside = http.createServer((_, response) => {
  if (!hostAnswers) return response.writeHead(503).end();
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=60' });
  return response.end(
    JSON.stringify({
      client_id: DOCUMENT,
      client_name: 'A published app',
      redirect_uris: ['https://app.example/cb', REDIRECT],
      token_endpoint_auth_method: 'none',
    }),
  );
});
const published = { client_id: DOCUMENT, redirect_uris: [REDIRECT] };

/** @type {import('../support/workers/instances.mjs').Runtime} */
let runtime;
let here;
let there;
const VARS = { ...SIGN_IN, OAUTH_CLIENTS: JSON.stringify([CONFIGURED, SERVICE]) };
before(async () => {
  await new Promise((resolve) => outside.listen(0, '127.0.0.1', resolve));
  runtime = await startInstances({ count: 2, vars: VARS, outbound: outside.address().port });
  [here, there] = runtime.instances;
});
after(async () => {
  await runtime?.stop();
  outside.closeAllConnections();
  outside.close();
});
afterEach(async () => {
  hostAnswers = true;
  await runtime.kvNow('works');
  for (const name of ['Grants', 'Directory']) await runtime.objectsNow(name, 'works');
  // No test leaves codes behind that count against the next.
  await runtime.passes(61);
});

/** What a record says; it is written behind the answer. */
async function recordOf(id, at = runtime) {
  return until(async () => {
    const entry = (await at.kvDetails())[keyOf(id)];
    return entry && { ...entry, record: JSON.parse(entry.value) };
  }, 'a record');
}

/** Waits for something that happens behind an answer. */
const until = (check, what, seconds = 20) => eventually(check, Boolean, what, seconds * 1000);

/** Signs in to the account page with the passphrase. */
async function enter(site) {
  const browser = new Browser(site);
  const way = await browser.open('/account');
  const page = await browser.submit(way, way.form('passphrase'), { values: { passphrase: PASSPHRASE } });
  for (const { value } of browser.cookies) secret(value, 'a cookie');
  return { browser, page };
}
/** Whether the page is that of one's own apps. */
const isAccount = (page) => page.forms.some((one) => one.chosen('action')[0] === 'sign-out-everywhere');
const cardsOf = (page) => page.html.split('<details class="entry">').slice(1);
/** The card of a client on the owner's page, by its hash or, where it has ended and no form, by its name. */
const cardOf = (page, mark) => cardsOf(page).find((card) => card.includes(mark));
const endForm = (page, id) => page.forms.find((one) => one.chosen('action')[0] === 'end-client' && one.chosen('client')[0] === hashOf(id));

/** The owner ends a client for everybody. */
async function end(site, id) {
  const { browser } = await enter(site);
  const page = await browser.open('/account/clients');
  const next = await browser.submit(page, endForm(page, id));
  next.answer.hasStatus(200, 'the list again');
  assert.match(next.text, / is ended for everybody\./);
  return { browser, page: next };
}

/** Waits until the alarm has been at a grant. */
const dies = (site, { client, tokens }, seconds) =>
  until(async () => (await send(site, refreshing(client, tokens))).status === 400, 'the grant ends', seconds);
/** The same in the runtime whose clock is ahead: workerd, which rings alarms, does not know, so the test does. */
const diesAtTheAlarm = async (site, app) => {
  await runtime.alarm('DIRECTORY', 'directory');
  await dies(site, app, 1);
};

/** A page that refuses an ended client, with a way back to it. */
function isRefused(page, rule) {
  assert.ok(!(page instanceof Arrival), `${rule}: ${page.url}`);
  page.answer.hasStatus(403, rule);
  isSafePage(page.answer, rule);
  assert.match(page.text, /owner of this server has ended/, page.story(rule));
  const back = page.elements.find(({ name, attributes }) => name === 'a' && /error=access_denied/.test(attributes.href ?? ''));
  assert.ok(back, page.story('a way back to the client'));
}

describe('the record of a client in KV', () => {
  test('the record of a client in KV is written when a person allows the client, and not before', async () => {
    const client = await register(here, { client_name: 'Recorded', redirect_uris: ['https://a.example/cb', REDIRECT] });
    const browser = new Browser(here);
    const login = await toLogin(browser, authorizePath(asking(client)));
    assert.equal((await runtime.kv())[keyOf(client.client_id)], undefined, 'an anonymous client causes no write');
    assert.ok((await browser.submit(login, login.form('passphrase'), { values: { passphrase: PASSPHRASE } })) instanceof Arrival);
    const { record, metadata, ttl } = await recordOf(client.client_id);
    const { first_allowed_at: first, last_used_at: last, ...rest } = record;
    assert.deepEqual(rest, {
      id: client.client_id,
      name: 'Recorded',
      redirect_uris: ['https://a.example/cb', REDIRECT],
      registered_at: client.client_id_issued_at,
    });
    assert.equal(first, last);
    assert.ok(first >= client.client_id_issued_at && first < client.client_id_issued_at + 60);
    assert.equal(ttl, 90 * DAY);
    assert.deepEqual(JSON.parse(metadata), { n: 'Recorded', h: 'a.example', k: 'Registered', f: first, l: last });
  });

  test('the record in KV of a client with a document has what the document says', async () => {
    await connect(here, { client: published });
    const { record, metadata } = await recordOf(DOCUMENT);
    assert.deepEqual(
      { ...record, first_allowed_at: 0, last_used_at: 0 },
      { id: DOCUMENT, name: 'A published app', redirect_uris: ['https://app.example/cb', REDIRECT], first_allowed_at: 0, last_used_at: 0 },
    );
    assert.equal(JSON.parse(metadata).h, 'app.example');
  });

  test('the record of a client in KV is all that is in KV, and a client of the configuration has none', async () => {
    await connect(here, { client: CONFIGURED });
    await connect(here);
    const keys = Object.keys(await runtime.kv());
    assert.ok(keys.length > 0);
    for (const key of keys) assert.match(key, /^client:[\w-]{43}$/);
    assert.ok(!keys.includes(keyOf(CONFIGURED.client_id)));
  });

  test('the record of a client in KV is written again when it was in use for thirty days, and not sooner', async () => {
    const { client, tokens } = await connect(here, { metadata: { client_name: 'In use' } });
    const first = await recordOf(client.client_id);
    const writes = async () => (await runtime.counts()).kv.writes;
    const earlier = await writes();
    let next = tokens;
    for (let day = 0; day < 29; day += 1) {
      await runtime.passes(DAY);
      next = tokensOf(await send(here, refreshing(client, next)));
    }
    assert.equal(await writes(), earlier, '29 days of use: no write');
    await runtime.passes(DAY + 60);
    tokensOf(await send(here, refreshing(client, next)));
    await until(async () => (await writes()) === earlier + 1, 'one write');
    const { record, ttl } = await recordOf(client.client_id);
    assert.equal(record.first_allowed_at, first.record.first_allowed_at, 'when it began is kept');
    assert.ok(record.last_used_at >= first.record.last_used_at + 30 * DAY);
    assert.ok(ttl > 89 * DAY);
  });

  test('the record of a client in KV shows a client whose document cannot be fetched as it was when a person allowed it', async () => {
    await connect(here, { client: published });
    await recordOf(DOCUMENT);
    hostAnswers = false;
    // Two days later no isolate uses its own copy any more.
    await runtime.passes(2 * DAY);
    await connect(there, { client: published });
    const other = { client_id: 'https://other.example/client.json', redirect_uris: [REDIRECT] };
    const page = await new Browser(there).open(authorizePath(asking(other)));
    page.answer.hasStatus(503, 'one that nobody allowed');
  });
});

describe('the whole sign-in works and calls go on', () => {
  for (const how of ['refuses', 'fails', 'hangs']) {
    test(`the whole sign-in works and calls go on while KV ${how === 'refuses' ? 'refuses writes' : how}`, async () => {
      const before_ = await connect(here);
      await runtime.kvNow(how);
      const begun = performance.now();
      const app = await connect(here);
      await connect(here, { client: published });
      assert.ok(performance.now() - begun < 8000, `nobody waits for KV: ${performance.now() - begun} ms`);
      for (const { tokens } of [app, before_]) await isWelcome(here, tokens.access_token);
      tokensOf(await send(here, refreshing(app.client, app.tokens)));
      await runtime.kvNow('works');
      // The next use writes what could not be written.
      await runtime.passes(61);
      await connect(here, { client: app.client });
      await recordOf(app.client.client_id);
    });
  }

  test('the whole sign-in works for a registration that is older than ninety days, whose record KV does not show: the Directory knows its use', async () => {
    const app = await connect(here);
    await recordOf(app.client.client_id);
    await runtime.passes(60 * DAY);
    await connect(here, { client: app.client });
    await runtime.passes(40 * DAY);
    for (const how of ['fails', 'works']) {
      await runtime.kvNow(how);
      if (how === 'works') await runtime.kvForgets(keyOf(app.client.client_id));
      await connect(how === 'works' ? there : here, { client: app.client });
    }
  });

  test('the whole sign-in works with a KV that shows everything a minute late, at another instance than wrote it', async () => {
    const late = await startInstances({ count: 2, vars: SIGN_IN, lateKv: true });
    try {
      const [one, other] = late.instances;
      const client = await register(one);
      // The other has looked, so that it sees nothing for a minute.
      await new Browser(other).open(authorizePath(asking(client)));
      const app = await connect(one, { client });
      await isWelcome(other, (await connect(other, { client })).tokens.access_token);
      await recordOf(client.client_id, late);
      await end(one, client.client_id);
      isRefused(await signIn_(other, client), 'KV is late, and the Directory is asked all the same');
      await dies(other, app);
    } finally {
      await late.stop();
    }
  });
});

/** What a person gets who allows a client and signs in. */
async function signIn_(site, client) {
  const browser = new Browser(site);
  let at = await browser.open(authorizePath(asking(client)));
  for (let step = 0; step < 3 && !(at instanceof Arrival) && at.status === 200; step += 1) at = await answerPage(browser, at);
  return at;
}

describe('the page with all clients', () => {
  test('the page with all clients lists what was allowed: name, host, kind, when, and by whom', async () => {
    const one = await connect(here, { metadata: { client_name: '<b>Listed</b>', redirect_uris: ['https://listed.example/cb'] } });
    await connect(here, { client: published });
    await recordOf(one.client.client_id);
    await recordOf(DOCUMENT);
    const { browser, page: account } = await enter(here);
    assert.match(account.html, /href="\/account\/clients"/, account.story('the owner is led there'));
    const page = await browser.open('/account/clients');
    page.answer.hasStatus(200, 'the list');
    isSafePage(page.answer, 'the list');
    const card = cardOf(page, hashOf(one.client.client_id));
    for (const part of ['<bdi>&lt;b&gt;Listed&lt;/b&gt;</bdi>', '<bdi>listed.example</bdi>', 'registered itself', 'just now', '<bdi>owner</bdi>']) {
      assert.ok(card.includes(part), `${part} in ${card}`);
    }
    const document = cardOf(page, hashOf(DOCUMENT));
    for (const part of ['<bdi>A published app</bdi>', 'published by <bdi>app.example</bdi>']) assert.ok(document.includes(part), document);
    const configured = cardOf(page, hashOf(SERVICE.client_id));
    for (const part of ['<bdi>nightly</bdi>', 'in your configuration', 'Never', 'Nobody']) assert.ok(configured.includes(part), configured);
  });

  test('the page with all clients is one list of KV for each page', async () => {
    const many = await startInstances({ count: 1, vars: SIGN_IN });
    try {
      const [site] = many.instances;
      const clients = [];
      for (let number = 0; number < 60; number += 1) {
        const client = await register(site, { client_name: `App ${number}` });
        clients.push(client);
        await many.passes(number % 20 === 0 ? 61 : 0);
        await connect(site, { client });
      }
      await until(async () => Object.keys(await many.kv()).length === 60, 'all records');
      const { browser } = await enter(site);
      const lists = async () => (await many.counts()).kv.lists;
      const earlier = await lists();
      const first = await browser.open('/account/clients');
      assert.equal(cardsOf(first).length, 50);
      const more = first.elements.find(({ name, attributes }) => name === 'a' && /after=/.test(attributes.href ?? ''));
      const second = await browser.open(more.attributes.href);
      assert.equal(cardsOf(second).length, 10);
      assert.equal((await lists()) - earlier, 2);
      const shown = [...cardsOf(first), ...cardsOf(second)].join();
      for (const { client_id: id } of clients) assert.ok(shown.includes(hashOf(id)));
      assert.ok(!/after=/.test(second.html), 'and there is no third');
    } finally {
      await many.stop();
    }
  });

  test('the page with all clients is for the owner, signed in, and for nobody else', async () => {
    const page = await new Browser(here).open('/account/clients');
    assert.ok(page.has('passphrase'), page.story('the way in'));
    assert.ok(!page.html.includes('<details class="entry">'));
  });

  test('the page with all clients says 503 while KV or the Directory is out of reach, and ends nothing', async () => {
    const app = await connect(here);
    await recordOf(app.client.client_id);
    const { browser } = await enter(here);
    const page = await browser.open('/account/clients');
    await runtime.kvNow('fails');
    (await browser.open('/account/clients')).answer.hasStatus(503, 'KV').hasHeader('retry-after', /^\d+$/, 'KV');
    await runtime.kvNow('works');
    await runtime.objectsNow('Directory', 'fails');
    const answer = (await browser.submit(page, endForm(page, app.client.client_id))).answer;
    answer.hasStatus(503, 'the Directory').hasHeader('retry-after', /^\d+$/, 'the Directory');
    await runtime.objectsNow('Directory', 'works');
    tokensOf(await send(here, refreshing(app.client, app.tokens)), 'nothing was ended');
  });

  for (const [what, change, status] of [
    ['from another site', { headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' } }, 403],
    ['without its mark', { fields: { request: null } }, 400],
    ['with a mark that was made up', { fields: { request: 'x'.repeat(80) } }, 403],
    ['without a client', { fields: { client: null } }, 400],
    ['with a client that cannot be one', { fields: { client: '../x' } }, 400],
    ['that wants something else', { fields: { action: 'disconnect-all' } }, 400],
    ['without a sign-in', { headers: { cookie: 'a=b' } }, 303],
  ]) {
    test(`a form ${what} ends nothing`, async () => {
      const app = await connect(here);
      await recordOf(app.client.client_id);
      const { browser } = await enter(here);
      const page = await browser.open('/account/clients');
      const fields = { ...Object.fromEntries(endForm(page, app.client.client_id).entries()), ...change.fields };
      const headers = { origin: HERE, 'sec-fetch-site': 'same-origin', cookie: browser.cookieHeader, ...change.headers };
      (await send(here, form('/account/clients', fields, headers))).hasStatus(status, what);
      await runtime.passes(31);
      tokensOf(await send(here, refreshing(app.client, app.tokens)), 'it lives');
    });
  }
});

describe('a client that the owner has ended', () => {
  test('a client that the owner has ended is refused at consent, at redemption and at refresh, its calls end, and other clients do not notice', async () => {
    const app = await connect(here, { metadata: { client_name: 'To be ended' } });
    const other = await connect(here, { metadata: { client_name: 'Not ended' } });
    const waiting = await authorize(here, app.client);
    const page = await new Browser(there).open(authorizePath(asking(app.client)));
    await recordOf(app.client.client_id);
    const { browser, page: list } = await end(here, app.client.client_id);
    assert.match(cardOf(list, 'To be ended'), /Ended<\/dt>/, 'the page says so at once');
    isOAuthError(await send(there, redeeming(app.client, waiting)), 400, 'invalid_grant', 'a code that was under way');
    isRefused(await signIn_(there, app.client), 'a person allows it');
    await diesAtTheAlarm(there, app);
    await runtime.alarm('DIRECTORY', 'directory');
    await runtime.alarm('DIRECTORY', 'directory');
    await runtime.passes(61);
    for (const site of [here, there]) await isTurnedAway(site, app.tokens.access_token, { rule: 'within a minute' });
    await isWelcome(there, other.tokens.access_token);
    tokensOf(await send(here, refreshing(other.client, other.tokens)), 'another client');
    const { record } = await until(async () => {
      const found = await recordOf(app.client.client_id);
      return found.record.ended_at && found;
    }, 'the record says so');
    assert.ok(record.ended_at >= record.first_allowed_at);
    assert.equal(endForm(await browser.open('/account/clients'), app.client.client_id), undefined, 'it cannot be ended twice');
    await runtime.passes(61);
    isRefused(await new Browser(there).open(authorizePath(asking(app.client))), 'the page refuses early');
    assert.ok(page.has('decision'), 'before, it was asked for');
  });

  test('stays refused when its record has lapsed', async () => {
    const app = await connect(here);
    await recordOf(app.client.client_id);
    await end(here, app.client.client_id);
    await diesAtTheAlarm(here, app);
    await runtime.kvForgets(keyOf(app.client.client_id));
    await runtime.passes(61);
    isRefused(await signIn_(here, app.client), 'KV has forgotten it, the Directory has not');
    assert.equal((await runtime.kv())[keyOf(app.client.client_id)], undefined, 'and it gets no new record');
  });

  test('a client that the owner has ended may be one with a document or one of the configuration', async () => {
    const world_ = await startInstances({ count: 1, vars: VARS, outbound: outside.address().port });
    try {
      const [site] = world_.instances;
      for (const client of [published, CONFIGURED]) {
        const app = await connect(site, { client });
        if (client === published) await recordOf(DOCUMENT, world_);
        await end(site, client.client_id);
        isRefused(await signIn_(site, client), client.client_id);
        await dies(site, app);
      }
      const service = { grant_type: 'client_credentials', ...SERVICE, own_scopes: null };
      (await send(site, form('/token', service))).hasStatus(200, 'a service');
      await end(site, SERVICE.client_id);
      isOAuthError(await send(site, form('/token', service)), 400, 'unauthorized_client', 'a service');
    } finally {
      await world_.stop();
    }
  });

  test('a client that the owner has ended is not let in while the Directory is out of reach: nobody can tell, and nothing is used up', async () => {
    const app = await connect(here);
    const authorization = await authorize(here, app.client);
    for (const how of ['fails', 'hangs']) {
      await runtime.objectsNow('Directory', how);
      isOAuthError(await send(here, redeeming(app.client, authorization)), 503, 'temporarily_unavailable', 'a code');
    }
    const at = await signIn_(here, app.client);
    assert.ok(!(at instanceof Arrival), 'no code');
    at.answer.hasStatus(503, 'a person').hasHeader('retry-after', /^\d+$/, 'a person');
    let next = tokensOf(await send(here, refreshing(app.client, app.tokens)), 'what is signed in goes on');
    for (const how of ['fails', 'hangs']) {
      await runtime.passes(DAY);
      await runtime.objectsNow('Directory', how);
      next = tokensOf(await send(here, refreshing(app.client, next)), `also once a day (the Directory ${how})`);
    }
    await runtime.objectsNow('Directory', 'works');
    // A day is over for the code, but not what was asked: it was not used up.
    isOAuthError(await send(here, redeeming(app.client, authorization)), 400, 'invalid_grant', 'it has expired');
    const young = await authorize(here, app.client);
    await runtime.objectsNow('Directory', 'fails');
    isOAuthError(await send(here, redeeming(app.client, young)), 503, 'temporarily_unavailable', 'a code');
    await runtime.objectsNow('Directory', 'works');
    tokensOf(await send(here, redeeming(app.client, young)), 'it is as good as before');
  });

  test('a client that the owner has ended loses also a grant from before there was a Directory, when that is refreshed on another day', async () => {
    const earlier = await startInstances({ count: 1, vars: VARS });
    try {
      const [site] = earlier.instances;
      const [app, other] = [await connect(site), await connect(site)];
      await earlier.restart(VARS, { without: ['Directory'] });
      const { browser } = await enter(site);
      const page = await browser.open('/account/clients');
      // No row of the Directory leads to the grant.
      const values = { client: hashOf(app.client.client_id) };
      await browser.submit(page, endForm(page, CONFIGURED.client_id), { values });
      const next = tokensOf(await send(site, refreshing(app.client, app.tokens)), 'on the day of the sign-in nobody asks');
      await earlier.passes(DAY);
      await isDead(site, { client: app.client, tokens: next }, 'the Directory is asked');
      await isDead(site, { client: app.client, tokens: next }, 'and it stays so');
      tokensOf(await send(site, refreshing(other.client, other.tokens)), 'another client is entered');
      const again = await enter(site);
      await recordOf(other.client.client_id, earlier);
      const card = cardOf(await again.browser.open('/account/clients'), hashOf(other.client.client_id));
      assert.match(card, /Used by<\/dt><dd><bdi>owner<\/bdi>/);
    } finally {
      await earlier.stop();
    }
  });
});

describe('a released client', () => {
  test('registers, is allowed, appears in KV and on the owner’s page, is ended there, and is refused, also without its record', async () => {
    const own = await startInstances({ count: 1, origin: null, vars: SIGN_IN });
    const application = authProvider({ name: 'A released client' });
    const { kept } = application;
    const client = new Client({ name: 'behaviour-tests', version: '1.0.0' });
    try {
      const [site] = own.instances;
      const transport = new StreamableHTTPClientTransport(new URL(site.url), { authProvider: application });
      await client.connect(transport);
      const whoami = () => client.callTool({ name: 'whoami', arguments: {} });
      await assert.rejects(whoami(), UnauthorizedError, 'the tool needs a sign-in');
      const arrival = await signIn(new Browser(site), kept.redirects.at(-1));
      await transport.finishAuth(arrival.url.searchParams.get('code'));
      assert.match((await whoami()).content[0].text, /owner/);

      const { client_id: id } = kept.client;
      assert.equal((await recordOf(id, own)).record.name, 'A released client');
      const { browser } = await enter(site);
      assert.match(cardOf(await browser.open('/account/clients'), hashOf(id)), /A released client/);
      await end(site, id);
      await dies(site, { client: kept.client, tokens: kept.tokens });
      await own.passes(61);
      await assert.rejects(whoami(), UnauthorizedError, 'it has to sign in again');
      assert.equal(kept.client.client_id, id, 'as the same client');
      for (const record of ['there', 'lapsed']) {
        if (record === 'lapsed') {
          await own.kvForgets(keyOf(id));
          await own.passes(61);
        }
        const browser_ = new Browser(site);
        let at = await browser_.open(kept.redirects.at(-1));
        for (let step = 0; step < 3 && at.status === 200; step += 1) at = await answerPage(browser_, at);
        isRefused(at, `its record is ${record}`);
      }
    } finally {
      await client.close();
      await own.stop();
    }
  });
});

describe('the grants of an ended client', () => {
  test('end however many they are, also when everything is killed in the middle, and in objects that did not answer', async (t) => {
    const PEOPLE = 300;
    const provider = await startProvider({
      clients: [{ client_id: 'the-connector', client_secret: secret('a-secret-of-the-connector-88', 'the client secret'), redirect_uris: [`${HERE}/authorize/callback`] }],
      people: Object.fromEntries(Array.from({ length: PEOPLE }, (_, number) => [`person-${number}`, { name: `Person ${number}` }])),
    });
    const vars = {
      IDENTITY: 'openid',
      OPENID_ISSUER: 'https://id.example',
      OPENID_CLIENT_ID: 'the-connector',
      OPENID_CLIENT_SECRET: 'a-secret-of-the-connector-88',
      ALLOWED_USERS: '*',
      OWNER: 'person-0',
    };
    const many = await startInstances({ count: 1, vars, outbound: provider.port });
    try {
      const [site] = many.instances;
      const client = await register(site, { client_name: 'Of many' });
      const other = await register(site, { client_name: 'Of one' });
      const connectAs = async (account, one) => {
        const { verifier, challenge } = pkce();
        const browser = new Browser(site);
        const away = await signIn(browser, authorizePath(asking(one, { challenge })));
        const arrival = await browser.open(await enterAt(provider, away.url, account));
        const authorization = { code: secret(arrival.parameters.code, 'a code'), verifier, redirectUri: one.redirect_uris[0] };
        return { client: one, tokens: tokensOf(await send(site, redeeming(one, authorization))) };
      };
      const enterAs = async (account) => {
        const browser = new Browser(site);
        const way = await browser.open('/account');
        const [link] = way.elements.filter(({ name, attributes }) => name === 'a' && /button/.test(attributes.class ?? ''));
        const away = await browser.open(link.attributes.href);
        const page = await browser.open(await enterAt(provider, away.url, account));
        for (const { value } of browser.cookies) secret(value, 'a cookie');
        return { browser, page };
      };
      const apps = [];
      for (let from = 0; from < PEOPLE; from += 10) {
        apps.push(...(await Promise.all(Array.from({ length: 10 }, (_, number) => connectAs(`person-${from + number}`, client)))));
      }
      const kept = await connectAs('person-1', other);
      await recordOf(client.client_id, many);

      const somebody = await enterAs('person-1');
      assert.ok(!somebody.page.html.includes('/account/clients'), 'only the owner is led there');
      const turned = await somebody.browser.open('/account/clients');
      assert.ok(isAccount(turned) && !/Used by/.test(turned.html), turned.story('and only the owner sees it'));

      const { browser, page: account } = await enterAs('person-0');
      assert.match(account.html, /href="\/account\/clients"/);
      const page = await browser.open('/account/clients');
      assert.match(cardOf(page, hashOf(client.client_id)), /Used by<\/dt><dd>(<bdi>Person \d+<\/bdi>(, )?){5} and 295 others/);
      // Somebody who is not the owner cannot send the owner's form, nor one of their own.
      const fields = Object.fromEntries(endForm(page, client.client_id).entries());
      const headers = { origin: HERE, 'sec-fetch-site': 'same-origin', cookie: somebody.browser.cookieHeader };
      (await send(site, form('/account/clients', fields, headers))).hasStatus(403, 'not the owner');

      const begun = performance.now();
      await browser.submit(page, endForm(page, client.client_id));
      await dies(site, apps[0]).catch(() => {});
      // In the middle of it everything is killed.
      await many.restart();
      for (const app of apps) await dies(site, app, 90);
      t.diagnostic(`${PEOPLE} people's grants ended ${Math.round(performance.now() - begun)} ms after the click, with a kill in the middle`);
      tokensOf(await send(site, refreshing(kept.client, kept.tokens)), 'another client of one of them');
    } finally {
      await many.stop();
      await provider.stop();
    }
  });

  test('end when their object answers again', async () => {
    const app = await connect(here);
    await recordOf(app.client.client_id);
    await end(here, app.client.client_id);
    for (const how of ['fails', 'works']) {
      await runtime.objectsNow('Grants', how);
      await runtime.alarm('DIRECTORY', 'directory');
      if (how === 'fails') {
        await runtime.objectsNow('Grants', 'works');
        tokensOf(await send(here, refreshing(app.client, app.tokens)), 'it was not reached');
      }
    }
    // The first round ended without it, and the second begins where the first began.
    await runtime.alarm('DIRECTORY', 'directory');
    await diesAtTheAlarm(here, app);
  });
});

test('no secret is in the log, and the Directory keeps none', async () => {
  keepsSecrets([here]);
  const { tokens } = await connect(here);
  for (const token of [tokens.access_token, tokens.refresh_token, PASSPHRASE]) {
    assert.equal(await runtime.filesHolding(token), 0);
  }
});
