// One authorization server for several connectors (docs/shared-sign-in.md): people sign in at one connector of the account, and the
// others ask it about the tokens that they get, over a Service Binding that nothing from outside reaches.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { Client } from '@modelcontextprotocol/client';
import { StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { endKey, enterAccount, makeKey } from '../support/oauth/access-keys.mjs';
import { formFor } from '../support/oauth/forms.mjs';
import { authProvider } from '../support/oauth/auth-provider.mjs';
import {
  Browser,
  SIGN_IN,
  asking,
  authorizePath,
  basic,
  bearer,
  call,
  connect,
  form,
  isOAuthError,
  isTurnedAway,
  isWelcome,
  keepsSecrets,
  redeeming,
  refreshing,
  register,
  registering,
  revoking,
  secret,
  send,
  signIn,
  tokensOf,
} from '../support/oauth/client.mjs';
import { eventually } from '../support/eventually.mjs';
import { calling, legacy, modern, textOf } from '../support/mcp/requests.mjs';
import { instancesForSuite } from '../support/workers/instances.mjs';

const SERVER = 'https://mcp.example.com';
const WIKI = 'https://wiki.example.com';
const NEWS = 'https://news.example.com';
const SERVICE = { client_id: 'nightly', client_secret: secret('a-secret-of-the-nightly-service', 'a client_secret'), own_scopes: 'profile notes:read news:read' };
const CONNECTORS = [
  {
    url: WIKI,
    name: 'Wiki',
    scopes: { profile: 'See who you are in the wiki', 'notes:read': 'Read the wiki', 'notes:write': 'Change the wiki' },
    sign_in: 'profile notes:read',
  },
  { url: NEWS, name: 'News', scopes: { 'news:read': 'Read the news' }, sign_in: 'news:read' },
];
const VARS = { ...SIGN_IN, PUBLIC_URL: SERVER, CONNECTORS: JSON.stringify(CONNECTORS), OAUTH_CLIENTS: JSON.stringify([SERVICE]) };
const OF_WIKI = { AUTHORIZATION_SERVER: SERVER, PUBLIC_URL: WIKI };

const runtime = instancesForSuite({ count: 2, vars: VARS, connector: { count: 2, origin: WIKI, vars: OF_WIKI } }, async () => {
  // An instance that has just started asks for the keys once.
  for (const site of runtime.instances) await isTurnedAway(site, 'a.b.c');
});
const [server, otherServer] = runtime.instances;
const [wiki, otherWiki] = runtime.connectors;

const AT_WIKI = { resource: `${WIKI}/mcp` };
/** Signs in at the authorization server, for the wiki. */
const connectToWiki = (how = {}) => connect(server, { ...AT_WIKI, ...how });
/** What the entry point and the objects were asked while `act` ran. */
async function asked(act) {
  const earlier = await runtime.counts();
  const result = await act();
  const later = await runtime.counts();
  const cost = { rowsWritten: later.rowsWritten - earlier.rowsWritten };
  for (const [name, count] of Object.entries(later.objects)) {
    const difference = count - (earlier.objects[name] ?? 0);
    if (difference > 0) cost[name] = difference;
  }
  return { result, cost };
}

describe('a connector whose sign-in another one keeps', () => {
  test('RFC 9728 §2: its metadata names the other one as the authorization server, for each endpoint and slash form', async () => {
    for (const path of ['/mcp', '/private/mcp']) {
      for (const slash of ['', '/']) {
        const { authorization_servers, resource, scopes_supported } = (await send(wiki, { path: `/.well-known/oauth-protected-resource${path}${slash}` })).json();
        assert.deepEqual({ authorization_servers, resource, scopes_supported }, {
          authorization_servers: [SERVER],
          resource: WIKI + path,
          scopes_supported: ['notes:read', 'profile'],
        });
      }
      const refused = await send(wiki, legacy('tools/call', calling('whoami'), { path }));
      refused.hasStatus(401, 'RFC 6750 §3');
      refused.hasHeader('www-authenticate', new RegExp(`resource_metadata="${WIKI}/.well-known/oauth-protected-resource${path}"`), 'its own metadata');
    }
    const { issuer, scopes_supported } = (await send(server, { path: '/.well-known/oauth-authorization-server' })).json();
    assert.equal(issuer, SERVER);
    assert.deepEqual(scopes_supported, ['news:read', 'notes:read', 'notes:write', 'profile']);
  });

  test('is no authorization server, and says where one is', async () => {
    const program = { accept: 'application/json' };
    for (const asked of [
      { path: '/.well-known/oauth-authorization-server', headers: program },
      { path: '/.well-known/openid-configuration', headers: program },
      { path: '/.well-known/jwks.json', headers: program },
      { path: `/authorize?client_id=x`, headers: program },
      registering({ redirect_uris: ['http://127.0.0.1/cb'] }),
      form('/token', { grant_type: 'authorization_code', code: 'x' }),
      form('/revoke', { token: 'x' }),
      form('/authorize/login', { passphrase: 'x' }),
      form('/account', {}),
    ]) {
      const answer = await send(wiki, asked);
      answer.hasStatus(404, asked.path);
      assert.equal(answer.json().authorization_server, SERVER, answer.story('where it is'));
    }
    const navigation = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const page = await send(wiki, { path: '/authorize', headers: navigation });
    page.hasStatus(404, 'for people');
    assert.match(page.text, /<a [^>]*href="https:\/\/mcp\.example\.com\/account"/, page.story('a way on'));
    const account = await send(wiki, { path: '/account', headers: navigation });
    account.hasStatus(303, 'one account page');
    account.hasHeader('location', `${SERVER}/account`, 'that of the authorization server');
    const home = await send(wiki, { path: '/' });
    home.hasStatus(200, 'its own home page');
    const [, item] = /<pre><code>(\{[^<]*\})<\/code><\/pre>/.exec(home.text);
    const { url, scopes, sign_in } = JSON.parse(item.replaceAll('&quot;', '"'));
    assert.deepEqual({ url, sign_in, scopes: Object.keys(scopes).sort() }, { url: WIKI, sign_in: 'notes:read profile', scopes: ['notes:read', 'notes:write', 'profile'] }, 'what to paste into CONNECTORS');
    assert.doesNotMatch((await send(server, { path: '/' })).text, /CONNECTORS/);
  });

  test('asks nobody about a public tool', async () => {
    const { cost } = await asked(async () => {
      const answer = await send(wiki, modern('tools/call', calling('echo', { text: 'hello' })));
      assert.equal(textOf(answer.result()), 'hello');
    });
    assert.deepEqual(cost, { rowsWritten: 0 });
  });
});

describe('signing in', () => {
  /** `fetch` of an application, which reaches each host at its instance. */
  const reached = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const site = { [SERVER]: server, [WIKI]: wiki }[url.origin];
    assert.ok(site, `only the two hosts are asked, not ${url}`);
    const headers = Object.fromEntries(request.headers);
    const body = request.body && Buffer.from(await request.arrayBuffer());
    const answer = await send(site, { method: request.method, path: url.pathname + url.search, headers, ...(body && { body }) });
    return new Response(answer.bytes.length ? answer.bytes : null, { status: answer.status, headers: Object.entries(answer.headers).flatMap(([name, value]) => [value].flat().map((one) => [name, one])) });
  };

  test('the official client connects to the wiki, signs in at the other host, steps up, refreshes, and ends', async () => {
    const app = authProvider();
    const begin = async () => {
      const transport = new StreamableHTTPClientTransport(new URL(`${WIKI}/mcp`), { authProvider: app, fetch: reached });
      const client = new Client({ name: 'behaviour-tests', version: '1.0.0' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
      await client.connect(transport);
      return { client, transport };
    };
    const { client, transport } = await begin();
    const signedIn = async (act) => {
      await assert.rejects(act(), UnauthorizedError);
      const arrival = await signIn(new Browser(server), app.kept.redirects.at(-1));
      await transport.finishAuth(arrival.url.searchParams);
      return act();
    };
    const tool = (name, args = {}) => client.callTool({ name, arguments: args });
    assert.match(textOf(await signedIn(() => tool('whoami'))), /owner/);
    const [authorize] = app.kept.redirects;
    assert.equal(authorize.origin, SERVER, 'the person signs in at the authorization server');
    assert.equal(authorize.searchParams.get('resource'), `${WIKI}/mcp`, 'RFC 8707');
    assert.match(textOf(await signedIn(() => tool('save_note', { title: 'Milk', body: 'Two' }))), /saved/, '403 makes it step up');
    const first = app.kept.tokens;
    app.kept.tokens = { ...first, access_token: `${first.access_token.slice(0, -6)}broken` };
    assert.match(textOf(await tool('whoami')), /owner/, 'a 401 makes it refresh');
    assert.notEqual(app.kept.tokens.refresh_token, first.refresh_token);
    (await send(server, revoking(app.kept.client, app.kept.tokens.refresh_token))).hasStatus(200, 'RFC 7009');
    await runtime.passes(61);
    await assert.rejects(tool('whoami'), UnauthorizedError, 'within a minute');
    await client.close();
  });

  test('the consent page says whose connector it is, and what the scopes of that one allow', async () => {
    const client = await register(server);
    const open = async (resource) => (await new Browser(server).open(authorizePath(asking(client, { resource })))).text;
    const page = await open(`${WIKI}/private/mcp`);
    for (const text of ['Wiki', 'Read the wiki', `${WIKI}/private/mcp`]) assert.ok(page.includes(text), text);
    for (const text of ['Read your notes', 'Read the news', 'Change the wiki']) assert.ok(!page.includes(text), text);
    assert.match(await open(`${NEWS}/mcp`), /Read the news/);
    assert.doesNotMatch(await open(`${SERVER}/mcp`), /wiki/i);
  });

  test('RFC 8707 §2: a resource that no connector has is refused at the client, before anybody signs in', async () => {
    const client = await register(server);
    for (const resource of ['https://other.example.com/mcp', `${WIKI}/x`, 'http://wiki.example.com/mcp', `${WIKI}.evil.example/mcp`]) {
      const answer = await send(server, { path: authorizePath(asking(client, { resource })) });
      answer.hasStatus(303, resource);
      assert.equal(new URL(answer.headers.location).searchParams.get('error'), 'invalid_target', resource);
    }
  });

  test('a client gets scopes of the connector only, whatever it asks for, and stays with the resource when it refreshes', async () => {
    const { client, tokens } = await connectToWiki({ scope: 'notes:read news:read openid' });
    assert.equal(tokens.scope, 'notes:read');
    const other = await send(server, refreshing(client, tokens, { resource: `${NEWS}/mcp` }));
    isOAuthError(other, 400, 'invalid_target', 'RFC 8707 §2.2');
    const refreshed = tokensOf(await send(server, refreshing(client, tokens, { resource: `${WIKI}/mcp` })));
    await isTurnedAway(server, refreshed.access_token, { rule: 'it is still for the wiki' });
  });

  test('the account page says for which connector an app is, and ends it there', async () => {
    const { tokens } = await connectToWiki({ metadata: { client_name: 'An app for the wiki' } });
    await isWelcome(wiki, tokens.access_token);
    const { browser, page } = await enterAccount(server);
    assert.match(page.text, /For [^·]*Wiki/, page.story('for which connector'));
    assert.ok(page.text.includes('Read the wiki'), page.story('what it can do there'));
    await browser.submit(page, formFor(page, 'disconnect', 'name', 'An app for the wiki'));
    await runtime.passes(61);
    await isTurnedAway(wiki, tokens.access_token);
  });
});

describe('audiences stay apart', () => {
  test('a token is accepted at the one resource that it is for, and everywhere else as if it were invented', async () => {
    const forWiki = (await connectToWiki()).tokens.access_token;
    const forPrivate = (await connect(server, { resource: `${WIKI}/private/mcp` })).tokens.access_token;
    const forNews = (await connect(server, { resource: `${NEWS}/mcp` })).tokens.access_token;
    const forServer = (await connect(server)).tokens.access_token;
    await isWelcome(wiki, forWiki);
    await isWelcome(otherWiki, forWiki, { path: '/mcp/' });
    await isWelcome(wiki, forPrivate, { path: '/private/mcp' });
    await isWelcome(wiki, forPrivate, { path: '/private/mcp/' });
    await isWelcome(server, forServer);
    const { cost } = await asked(async () => {
      for (const [site, token, path] of [
        [wiki, forWiki, '/private/mcp'],
        [wiki, forPrivate, '/mcp'],
        [wiki, forNews, '/mcp'],
        [wiki, forServer, '/mcp'],
        [server, forWiki, '/mcp'],
        [server, forPrivate, '/private/mcp'],
        [otherServer, forNews, '/mcp'],
      ]) {
        await isTurnedAway(site, token, { path, rule: 'RFC 9068 §4, RFC 8707' });
      }
    });
    assert.deepEqual(cost, { rowsWritten: 0 }, 'and nobody is asked');
  });

  test('an access key is for one endpoint of one connector, asked about as a token is, and ends everywhere', async () => {
    const { key, browser, page } = await makeKey(server, { name: 'wiki key', endpoint: `${WIKI}/mcp`, scopes: ['profile', 'notes:read', 'news:read'] });
    assert.ok(page.text.includes(`${WIKI}/mcp`), page.story('where it works'));
    const first = await asked(() => isWelcome(wiki, key));
    assert.deepEqual({ ...first.cost, rowsWritten: undefined }, { Introspection: 1, Grants: 1, rowsWritten: undefined });
    const listed = await call(wiki, key, 'list_notes');
    listed.result('the scopes of the wiki');
    (await call(wiki, key, 'save_note', { title: 'a', body: 'b' })).hasStatus(403, 'no other');
    const { cost } = await asked(() => isWelcome(wiki, key));
    assert.deepEqual(cost, { rowsWritten: 0 }, 'it is remembered');
    for (const [site, path] of [[wiki, '/private/mcp'], [server, '/mcp'], [otherServer, '/private/mcp']]) await isTurnedAway(site, key, { path });
    await endKey(browser, 'wiki key');
    await runtime.passes(61);
    await isTurnedAway(wiki, key);
    await isTurnedAway(otherWiki, key);
  });

  test('an access key of the authorization server opens nothing at the wiki', async () => {
    const { key } = await makeKey(server);
    await isWelcome(server, key);
    await isTurnedAway(wiki, key);
    await isTurnedAway(wiki, `${key.slice(0, -1)}${key.endsWith('a') ? 'b' : 'a'}`, { rule: 'nor does a damaged one' });
  });

  test('a service gets a token for the connector that it names, with the scopes that the connector has', async () => {
    const ask = (resource) => send(server, form('/token', { grant_type: 'client_credentials', resource }, basic(SERVICE.client_id, SERVICE.client_secret)));
    const tokens = tokensOf(await ask(`${WIKI}/mcp`));
    assert.equal(tokens.scope, 'notes:read profile');
    const answer = await call(wiki, tokens.access_token);
    assert.match(textOf(answer.result()), /client:nightly/);
    await isTurnedAway(server, tokens.access_token);
    assert.equal(tokensOf(await ask(`${NEWS}/mcp`)).scope, 'news:read');
    isOAuthError(await ask('https://other.example.com/mcp'), 400, 'invalid_target', 'RFC 8707 §2');
  });
});

describe('what a call costs', () => {
  test('the first asks once, with one look at the object of the person, and the next ones nothing for 45 seconds', async (t) => {
    const { tokens } = await connectToWiki();
    const first = await asked(() => isWelcome(wiki, tokens.access_token));
    assert.deepEqual(first.cost, { Introspection: 1, Grants: 1, rowsWritten: 0 });
    const more = await asked(async () => {
      for (let turn = 0; turn < 20; turn += 1) await isWelcome(wiki, tokens.access_token);
    });
    assert.deepEqual(more.cost, { rowsWritten: 0 });
    await runtime.passes(61);
    const later = await asked(() => isWelcome(wiki, tokens.access_token));
    assert.deepEqual(later.cost, { Introspection: 1, Grants: 1, rowsWritten: 0 });
    t.diagnostic(`first ${JSON.stringify(first.cost)}, then nothing, after a minute ${JSON.stringify(later.cost)}`);
  });

  test('between 45 and 60 seconds the answer is renewed behind the call', () =>
    runtime.withStoppedClock(async () => {
      const { tokens } = await connectToWiki();
      await isWelcome(wiki, tokens.access_token);
      await runtime.passes(50);
      const before = (await runtime.counts()).objects;
      await isWelcome(wiki, tokens.access_token);
      await eventually(
        () => runtime.counts(),
        ({ objects }) => objects.Introspection === before.Introspection + 1 && objects.Grants === before.Grants + 1,
        'it was renewed',
      );
      await runtime.passes(44);
      const { cost } = await asked(() => isWelcome(wiki, tokens.access_token));
      assert.deepEqual(cost, { rowsWritten: 0 }, 'and the renewed answer serves');
    }));

  test('the wiki has no object of a sign-in of its own', async () => {
    const { objects } = await runtime.countsOfConnector();
    for (const name of ['Keyring', 'Directory', 'Grants']) assert.equal(objects[name], undefined, name);
  });

  test('a forged token reaches no object, and one that says it is for somebody else not even the authorization server', async () => {
    const { tokens } = await connectToWiki();
    const [header, claims] = tokens.access_token.split('.');
    const with_ = (change) => Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(claims, 'base64url')), ...change })).toString('base64url');
    const signed = (content) => `${content}.${createHmac('sha256', 'a key').update(content).digest('base64url')}`;
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    const well = await asked(async () => {
      for (const forged of [signed(`${header}.${claims}`), signed(`${header}.${with_({ sub: 'somebody', scope: 'notes:write' })}`), `${none}.${claims}.x`]) {
        await isTurnedAway(wiki, forged, { rule: 'a forged signature' });
      }
    });
    assert.deepEqual(well.cost, { Introspection: 3, rowsWritten: 0 });
    const badly = await asked(async () => {
      for (const forged of ['x', 'a.b.c', signed(`${header}.${with_({ aud: `${SERVER}/mcp` })}`), signed(`${header}.${with_({ iss: WIKI })}`), signed(`${header}.${with_({ exp: 1 })}`)]) {
        await isTurnedAway(wiki, forged, { rule: 'it names another resource, another issuer, or has expired' });
      }
    });
    assert.deepEqual(badly.cost, { rowsWritten: 0 });
  });

  test('calls that come at once with a new token share one question for each instance', async () => {
    const { tokens } = await connectToWiki();
    const { cost } = await asked(() => Promise.all(Array.from({ length: 40 }, (_, number) => isWelcome(number % 2 ? wiki : otherWiki, tokens.access_token))));
    assert.ok(cost.Introspection <= 2 && cost.Grants <= 2, JSON.stringify(cost));
  });
});

describe('the end of a sign-in', () => {
  test('RFC 7009: a revocation at the authorization server ends it at every instance of the wiki within a minute', async () => {
    const { client, tokens } = await connectToWiki();
    await Promise.all([isWelcome(wiki, tokens.access_token), isWelcome(otherWiki, tokens.access_token)]);
    const racing = Array.from({ length: 20 }, (_, number) => call(number % 2 ? wiki : otherWiki, tokens.access_token));
    (await send(otherServer, revoking(client, tokens.refresh_token))).hasStatus(200, 'RFC 7009');
    for (const answer of await Promise.all(racing)) answer.hasStatus([200, 401], 'an answer to everybody');
    await runtime.passes(61);
    await Promise.all(Array.from({ length: 20 }, (_, number) => isTurnedAway(number % 2 ? wiki : otherWiki, tokens.access_token)));
    const { cost } = await asked(() => isTurnedAway(wiki, tokens.access_token));
    assert.deepEqual(cost, { rowsWritten: 0 }, 'an end is remembered');
  });

  test('a tool that checks revocation asks at every call, and refuses at once', async () => {
    const { client, tokens } = await connectToWiki({ scope: 'profile notes:write' });
    await isWelcome(wiki, tokens.access_token);
    const remove = () => call(wiki, tokens.access_token, 'delete_note', { id: 'aaaaaaaa' });
    const { cost } = await asked(async () => assert.notEqual((await remove()).status, 401));
    assert.deepEqual(cost, { Introspection: 1, Grants: 1, rowsWritten: 0 });
    (await send(server, revoking(client, tokens.refresh_token))).hasStatus(200, 'RFC 7009');
    (await remove()).hasStatus(401, 'not within a minute, but now');
  });

  test('a token that was revoked before the wiki saw it is refused', async () => {
    const { client, tokens } = await connectToWiki();
    (await send(server, revoking(client, tokens.refresh_token))).hasStatus(200, 'RFC 7009');
    await isTurnedAway(wiki, tokens.access_token);
  });

  test('a replayed code ends the grant, also for the wiki', async () => {
    const { client, tokens, authorization } = await connectToWiki();
    await isWelcome(wiki, tokens.access_token);
    isOAuthError(await send(server, redeeming(client, authorization)), 400, 'invalid_grant', 'OAuth 2.1 §4.1.3');
    await runtime.passes(61);
    await isTurnedAway(wiki, tokens.access_token);
  });
});

describe('nothing from outside reaches the entry point', () => {
  const question = (token, more = {}) => form('/introspect', { token, resource: `${WIKI}/mcp` }, more);

  test('no path of a public address answers what only a Service Binding may ask', async () => {
    const { tokens } = await connectToWiki();
    const grants = JSON.stringify({ resource: `${WIKI}/mcp`, subject: 'owner', grants: [] });
    const disguises = [
      {},
      { 'x-internal-caller': JSON.stringify({ client: 'wiki', subject: 'owner', scope: 'notes:read' }) },
      { 'x-introspection': '1', 'x-entrypoint': 'Introspection', 'cf-worker': 'wiki.example.com' },
      { host: 'introspection' },
      bearer(tokens.access_token),
    ];
    const { cost } = await asked(async () => {
      for (const site of [server, otherServer, wiki]) {
        for (const headers of disguises) {
          for (const asked of [
            question(tokens.access_token, headers),
            { method: 'POST', path: '/grants', headers: { 'content-type': 'application/json', ...headers }, body: grants },
            { path: `/introspect?token=${tokens.access_token}`, headers },
          ]) {
            const answer = await send(site, asked);
            assert.ok([403, 404].includes(answer.status), answer.story('no such path'));
            assert.ok(!/"active"/.test(answer.text), answer.story('and no answer'));
          }
        }
      }
    });
    assert.deepEqual(cost, { rowsWritten: 0 });
  });

  test('whoever may introspect calls no tool as somebody, and the wiki takes no word of its client for it', async () => {
    const claimed = { 'x-internal-caller': JSON.stringify({ client: 'wiki', subject: 'owner', scope: 'notes:read' }) };
    (await send(wiki, modern('tools/call', calling('list_notes', {}), { headers: claimed }))).hasStatus(401, 'from outside');
  });
});

describe('a limit of calls', () => {
  /** The calls of a minute about which the binding is not asked, and those that it admits then. */
  const [UNASKED, LIMIT] = [60, 3];
  const limited = instancesForSuite({ count: 1, vars: VARS, connector: { count: 1, origin: WIKI, vars: OF_WIKI }, callLimit: LIMIT });
  const [issuer] = limited.instances;
  const [site] = limited.connectors;

  test('a limit of calls holds for forged tokens before the authorization server is asked about them, and not for those that are known', async () => {
    const known = (await connect(issuer, AT_WIKI)).tokens.access_token;
    const from = (address) => ({ headers: { 'cf-connecting-ip': address } });
    await isWelcome(site, known);
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forged = (number) => [encode({ alg: 'none' }), encode({ iss: SERVER, aud: `${WIKI}/mcp`, exp: Math.floor(Date.now() / 1000) + 3600 }), `x${number}`].join('.');
    const count = async () => (await limited.counts()).objects.Introspection ?? 0;
    const before = await count();
    const answers = [];
    for (let number = 0; number < 200; number += 1) answers.push((await call(site, forged(number), 'whoami', {}, from('203.0.113.7'))).status);
    assert.deepEqual([answers.slice(0, UNASKED + LIMIT), answers.slice(UNASKED + LIMIT)].map((some) => [...new Set(some)]), [[401], [429]]);
    assert.equal((await count()) - before, UNASKED + LIMIT, 'one question for each that is admitted');
    (await call(site, known, 'whoami', {}, from('203.0.113.7'))).result('a token that is known, from the same network');
    (await call(site, forged('y'), 'whoami', {}, from('198.51.100.7'))).hasStatus(401, 'another network');
    const fresh = (await connect(issuer, AT_WIKI)).tokens.access_token;
    for (let turn = 0; turn < UNASKED + LIMIT; turn += 1) (await call(site, 'x', 'whoami', {}, from('203.0.120.7'))).hasStatus(401, 'no token');
    (await call(site, 'x', 'whoami', {}, from('203.0.120.7'))).hasStatus(429, 'one too many');
    (await call(site, fresh, 'whoami', {}, from('203.0.120.7'))).result('a valid token that is not known yet, from the same network');
  });
});

describe('while the authorization server is out of reach', () => {
  const isUnavailable = (answer, rule) => {
    answer.hasStatus(503, rule);
    answer.hasHeader('retry-after', /^\d+$/, `${rule}: no client throws its credentials away`);
    answer.hasHeader('www-authenticate', undefined, `${rule}: and nobody is sent to sign in`);
  };

  test('a token that is known serves for a minute, an unknown one gets 503, and both work again afterwards', async () => {
    const known = (await connectToWiki()).tokens.access_token;
    const unknown = (await connectToWiki()).tokens.access_token;
    await isWelcome(wiki, known);
    await runtime.objectsNow('Introspection', 'fails');
    await isWelcome(wiki, known, { rule: 'what it remembers' });
    isUnavailable(await call(wiki, unknown), 'an unknown token');
    await runtime.passes(61);
    isUnavailable(await call(wiki, known), 'after a minute');
    const answer = await send(wiki, modern('tools/call', calling('echo', { text: 'hello' })));
    assert.equal(textOf(answer.result()), 'hello', 'public tools work');
    await runtime.objectsNow('Introspection', 'works');
    await isWelcome(wiki, known);
    await isWelcome(wiki, unknown);
  });

  test('an authorization server whose own storage fails is no reason to sign in again', async () => {
    const { tokens } = await connectToWiki();
    await runtime.objectsNow('Grants', 'fails');
    isUnavailable(await call(wiki, tokens.access_token), 'its objects fail');
    await runtime.objectsNow('Grants', 'works');
    await isWelcome(wiki, tokens.access_token);
  });

  test('one that does not answer is waited for a limited time', async () => {
    const { tokens } = await connectToWiki();
    await runtime.objectsNow('Introspection', 'hangs');
    isUnavailable(await call(wiki, tokens.access_token), 'it hangs');
    await runtime.objectsNow('Introspection', 'works');
    await isWelcome(wiki, tokens.access_token);
  });

  test('without the binding no token is accepted, the page at / and the log say what to add', async () => {
    const { tokens } = await connectToWiki();
    await runtime.restart(VARS, { unbound: ['INTROSPECTION'] });
    const answer = await call(wiki, tokens.access_token);
    isUnavailable(answer, 'no binding');
    assert.match(answer.text, /INTROSPECTION/);
    const page = await send(wiki, { path: '/' });
    assert.match(page.text, /INTROSPECTION[^]*entrypoint = &quot;Introspection&quot;/, page.story('the lines to add'));
    assert.match(runtime.log(), /wrangler\.toml does not bind the Service Binding INTROSPECTION/);
    await runtime.restart(VARS);
    await isWelcome(wiki, tokens.access_token);
  });

  test('a connector that the authorization server does not name is told so in its log, and its people are not', async () => {
    const { client, tokens } = await connectToWiki();
    const others = JSON.stringify(CONNECTORS.slice(1));
    await runtime.restart({ ...VARS, CONNECTORS: others });
    isUnavailable(await call(wiki, tokens.access_token), 'it may come back');
    assert.match(runtime.log(), /https:\/\/mcp\.example\.com gives no information about tokens for https:\/\/wiki\.example\.com\/mcp: its CONNECTORS must name/);
    const refused = await send(server, refreshing(client, tokens));
    isOAuthError(refused, 400, 'invalid_grant', 'no new tokens for it');
    await runtime.restart(VARS);
    await isWelcome(wiki, tokens.access_token);
  });

  test('a setting that cannot be read closes the sign-in, and the page and the log name it', async () => {
    for (const [vars, ofConnector, site, name] of [
      [{ ...VARS, CONNECTORS: '[{"url":"wiki.example.com","name":"Wiki"}]' }, OF_WIKI, server, 'CONNECTORS'],
      [{ ...VARS, PUBLIC_URL: '' }, OF_WIKI, server, 'CONNECTORS'],
      [VARS, { ...OF_WIKI, AUTHORIZATION_SERVER: 'mcp.example.com' }, wiki, 'AUTHORIZATION_SERVER'],
      [VARS, { ...OF_WIKI, PUBLIC_URL: '' }, wiki, 'AUTHORIZATION_SERVER'],
    ]) {
      await runtime.restart(vars, { ofConnector });
      const answer = await send(site, { path: '/.well-known/oauth-protected-resource/mcp' });
      isUnavailable(answer, name);
      assert.ok(answer.text.includes(`${name} `), answer.story('which setting'));
      assert.ok((await send(site, { path: '/' })).text.includes(`${name} `), 'the page for people names it');
      assert.match(runtime.log(), new RegExp(`configuration: ${name} `));
    }
    await runtime.restart(VARS);
  });
});

test('no log has a secret', () => keepsSecrets([server]));
