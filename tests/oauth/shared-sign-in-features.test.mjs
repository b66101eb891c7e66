// What a connector does in the name of people whose sign-in another one keeps (docs/shared-sign-in.md): tasks, streams of changes, links
// for files, and tokens for assertions of a company. The authorization server alone knows whether a sign-in stands.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { ReceivedMessages } from '../support/mcp/received-messages.mjs';
import { eventually } from '../support/eventually.mjs';
import { calling, modern, stream, textOf } from '../support/mcp/requests.mjs';
import { SIGN_IN, basic, bearer, call, connect, form, isOAuthError, isTurnedAway, keepsSecrets, revoking, secret, send } from '../support/oauth/client.mjs';
import { enterAccount } from '../support/oauth/access-keys.mjs';
import { JWT_BEARER, startIdJagProvider } from '../support/oauth/id-jag-provider.mjs';
import { startInstances } from '../support/workers/instances.mjs';
import { startEverything } from '../support/workers/wrangler-dev.mjs';

const SERVER = 'https://mcp.example.com';
const WIKI = 'https://wiki.example.com';
const TO_WIKI = { resource: `${WIKI}/mcp`, scope: 'diary:read' };
const CLAUDE = { client_id: 'claude', client_secret: secret('a-secret-for-claude-of-the-tests', 'a client secret') };
const CONNECTORS = [{ url: WIKI, name: 'Wiki', scopes: { 'diary:read': 'Read your diary', elsewhere: 'Use your accounts elsewhere' }, sign_in: 'diary:read' }];
const VARS = {
  ...SIGN_IN,
  PUBLIC_URL: SERVER,
  CONNECTORS: JSON.stringify(CONNECTORS),
  OAUTH_CLIENTS: JSON.stringify([CLAUDE]),
  TRUSTED_ISSUERS: JSON.stringify([{ issuer: 'https://acme.example', clients: ['claude'], email_domains: ['acme.example'] }]),
};
const OF_WIKI = { AUTHORIZATION_SERVER: SERVER, PUBLIC_URL: WIKI, KEEP_ALIVE_MS: '250', SIGN_IN_HOURS: '8' };

let provider;
/** @type {Awaited<ReturnType<typeof startInstances>>} */
let runtime;
let server;
let wiki;
let otherWiki;
before(async () => {
  provider = await startIdJagProvider({ people: { alice: { name: 'Alice Acme', email: 'alice@acme.example' } } });
  runtime = await startInstances({
    worker: 'examples/everything',
    count: 1,
    vars: VARS,
    connector: { count: 2, origin: WIKI, vars: OF_WIKI },
    outbound: provider.port,
  });
  [server] = runtime.instances;
  [wiki, otherWiki] = runtime.connectors;
});
after(async () => {
  await runtime?.stop();
  provider?.stop();
});
afterEach(() => ReceivedMessages.closeAll());

const connectToWiki = () => connect(server, TO_WIKI);
const revoke = async ({ client, tokens }) => (await send(server, revoking(client, tokens.refresh_token))).hasStatus(200, 'RFC 7009 §2.2');

describe('a task', () => {
  const CLIENT = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
  const ask = async (method, params, { tokens }, at = wiki) =>
    (await send(at, modern(method, params, { capabilities: CLIENT, headers: bearer(tokens.access_token) }))).result(method);
  const begin = async (label, seconds, who) => (await ask('tools/call', calling('slow_compute', { seconds, label }), who)).taskId;
  const runs = async (label, who) => (await ask('tools/call', calling('count_runs', { label }), who)).structuredContent;

  test('has its result at any instance of the connector, for the client that began it and for no other person', async () => {
    const owner = await connectToWiki();
    const id = await begin('short', 0.2, owner);
    const done = await eventually(() => ask('tasks/get', { taskId: id }, owner, otherWiki), ({ status }) => status !== 'working', 'it ends');
    assert.equal(textOf(done.result), 'short took 0.2 seconds.');
    const alice = { tokens: await granted(provider.minted({ resource: TO_WIKI.resource, scope: TO_WIKI.scope })) };
    const asked = modern('tasks/get', { taskId: id }, { capabilities: CLIENT, headers: bearer(alice.tokens.access_token) });
    assert.match((await send(wiki, asked)).final().error.message, /task/i, 'for somebody else there is no such task');
  });

  test('ends when the authorization server ends the sign-in behind it, and that of another client goes on', async () => {
    const [gone, stays] = [await connectToWiki(), await connectToWiki()];
    for (const [label, who] of [['gone', gone], ['stays', stays]]) {
      await begin(label, 60, who);
      await eventually(() => runs(label, stays), ({ running }) => running === 1, 'it runs');
    }
    await revoke(gone);
    await runtime.passes(61);
    await eventually(() => runs('gone', stays), ({ running }) => running === 0, 'the handler is dropped', 15_000);
    assert.deepEqual(await runs('gone', stays), { begun: 1, running: 0 }, 'and does not begin again');
    assert.deepEqual(await runs('stays', stays), { begun: 1, running: 1 });
  });
});

describe('a stream of changes', () => {
  test('hears what another instance announces, and ends when the authorization server ends the sign-in behind it', async () => {
    const who = await connectToWiki();
    const headers = bearer(who.tokens.access_token);
    const uri = 'diary://monday';
    const listening = modern('subscriptions/listen', { notifications: { resourceSubscriptions: [uri] } }, { id: 1, headers });
    const received = new ReceivedMessages(await stream(wiki, listening));
    await eventually(() => received.messages.length, (length) => length > 0, 'the subscription is acknowledged');
    assert.deepEqual(received.messages[0].params.notifications, { resourceSubscriptions: [uri] }, 'the resource needs the scope of the token');
    (await send(otherWiki, modern('tools/call', calling('resource_updated', { uri }), { headers }))).result('it is announced');
    const [change] = await received.waitFor(1, 'the change arrives');
    assert.equal(change.params.uri, uri);
    await revoke(who);
    await runtime.passes(61);
    await received.ended;
    assert.equal(received.messages.at(-1).result?.resultType, 'complete', received.story('MCP "Subscriptions › Graceful Closure"'));
  });
});

/** Exchanges an assertion at the authorization server. */
const exchange = (assertion) =>
  send(server, form('/token', { grant_type: JWT_BEARER, assertion }, basic(CLAUDE.client_id, CLAUDE.client_secret)));
async function granted(assertion) {
  const tokens = (await exchange(assertion)).hasStatus(200, 'the assertion is exchanged').json();
  secret(tokens.access_token, 'an access token');
  return tokens;
}

describe('an assertion of a company', () => {
  const diary = (at, token) => send(at, modern('resources/read', { uri: 'diary://monday' }, { headers: bearer(token) }));

  // RFC 8707 §2
  test('gives access to the connector that it names, with scopes of that one, and to no other', async () => {
    const assertion = await provider.issued('alice', { audience: SERVER, resource: TO_WIKI.resource, scope: 'diary:read profile' });
    const { access_token: token, scope, refresh_token } = await granted(assertion);
    assert.deepEqual([scope, refresh_token], ['diary:read', undefined]);
    for (const at of [wiki, otherWiki]) (await diary(at, token)).result('the diary of the person');
    (await diary(server, token)).hasStatus(401, 'its audience is the wiki');
    isOAuthError(await exchange(assertion), 400, 'invalid_grant', 'an assertion is used once');
    for (const resource of ['https://elsewhere.example/mcp', `${WIKI}/other`]) {
      isOAuthError(await exchange(provider.minted({ resource })), 400, 'invalid_target', resource);
    }
  });

  test('gives nothing more when the owner has ended the person, at the connector either', async () => {
    const claims = { sub: 'trudy', name: 'Trudy Ended', resource: TO_WIKI.resource, scope: TO_WIKI.scope };
    const { access_token: token } = await granted(provider.minted(claims));
    (await diary(wiki, token)).result('the diary of the person');
    const { browser } = await enterAccount(server);
    const found = await browser.open('/account/people?q=Trudy');
    const link = found.elements.find(({ name, attributes }) => name === 'a' && /person=/.test(attributes.href ?? ''));
    const page = await browser.open(link.attributes.href);
    assert.match(page.text, /Wiki/, page.story('which connector it is for'));
    await browser.submit(page, page.forms.find((one) => one.has('action') && one.chosen('action')[0] === 'disconnect-all'));
    await runtime.passes(61);
    await isTurnedAway(wiki, token, { rule: 'the token' });
    provider.clock.ahead += 61;
    isOAuthError(await exchange(provider.minted(claims)), 400, 'invalid_grant', 'the next assertion');
  });
});

// `wrangler dev` has the local form of R2, and finds the Worker of a Service Binding in its registry.
describe('a link for a file', () => {
  const INTROSPECTION = '[[services]]\nbinding = "INTROSPECTION"\nservice = "mcp-everything"\nentrypoint = "Introspection"\n';
  const under = (origin, { port, log }) => ({ port, origin, headers: { host: new URL(origin).host, 'x-forwarded-proto': 'https' }, log });
  let registry;
  let started = [];
  let own;
  let shared;
  before(async () => {
    registry = await mkdtemp(join(tmpdir(), 'mcp-connector-registry-'));
    started = [await startEverything({ ...SIGN_IN, PUBLIC_URL: SERVER, CONNECTORS: VARS.CONNECTORS }, { registry })];
    const vars = { PUBLIC_URL: WIKI, AUTHORIZATION_SERVER: SERVER };
    started.push(await startEverything(vars, { registry, lines: `name = "mcp-wiki"\n${INTROSPECTION}` }));
    [own, shared] = [under(SERVER, started[0]), under(WIKI, started[1])];
  });
  after(async () => {
    for (const one of started) await one.stop();
    if (registry) await rm(registry, { recursive: true, force: true });
  });

  test('takes and gives a file in the name of its person, until the authorization server ends the sign-in behind it', async () => {
    const who = await connect(own, TO_WIKI);
    const use = async (name, args) => {
      const answer = await send(shared, modern('tools/call', calling(name, args), { headers: bearer(who.tokens.access_token) }));
      const result = answer.result(name);
      return result.structuredContent ?? textOf(result);
    };
    const limits = { purpose: 'tests', max_bytes: 1000 };
    const put = ({ url }) => send(shared, { method: 'PUT', path: new URL(url).pathname, headers: { 'content-type': 'text/csv' }, body: 'a,b' });
    const [first, second] = [await use('upload_link', limits), await use('upload_link', limits)];
    assert.ok(first.url.startsWith(`${WIKI}/files/upload/`), first.url);
    (await put(first)).hasStatus(201, 'the file is stored');
    assert.equal((await use('read_file', { key: first.key })).first_line, 'a,b');
    const download = await use('download_link', { key: first.key });
    const get = () => send(shared, { path: new URL(download).pathname });
    assert.equal((await get()).hasStatus(200, 'the file').text, 'a,b');
    (await send(own, { path: new URL(download).pathname })).hasStatus(404, 'a link of the other connector');
    (await send(own, revoking(who.client, who.tokens.refresh_token))).hasStatus(200, 'RFC 7009 §2.2');
    for (const [what, answer] of [['an upload', await put(second)], ['a download', await get()]]) {
      assert.equal(answer.hasStatus(410, what).json().error, 'gone', what);
    }
  });
});

test('a connector names the settings without effect in its log, and the one that keeps the sign-in does not', async () => {
  const words = 'configuration: no effect here: SIGN_IN_HOURS. AUTHORIZATION_SERVER is set, so https://mcp.example.com decides';
  await call(wiki, 'a.b.c');
  await eventually(() => runtime.log(), (log) => log.includes(words), 'the log names it');
  assert.ok(!runtime.log().includes('no effect here: OWNER_PASSPHRASE'));
});

test('no log has a secret', () => keepsSecrets([server]));
