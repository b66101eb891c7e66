// Streams of changes: `subscriptions/listen` of 2026-07-28, and until 2025-11-25 the GET stream of a session with
// `resources/subscribe`. Two instances of the Worker over the same objects, as Cloudflare runs them: what is announced at one
// reaches the streams that were opened at the other.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  PromptListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { ReceivedMessages, ARRIVAL_LIMIT_MS } from '../support/mcp/received-messages.mjs';
import { instancesForSuite, startInstances } from '../support/workers/instances.mjs';
import { eventually } from '../support/eventually.mjs';
import { CODE, KEY, LEGACY, calling, initialize, legacy, modern, send, stream } from '../support/mcp/requests.mjs';
import { SIGN_IN, bearer, connect, revoking } from '../support/oauth/client.mjs';
import { jwt, seconds, startProvider } from '../support/oauth/openid-provider.mjs';
import { startEverything } from '../support/workers/wrangler-dev.mjs';

const ISSUER = 'https://id.example';
const RESOURCE = 'https://mcp.example.com/mcp';
const DIARY = 'diary:read';
const WATCHED = 'test://watched-resource';
const MONDAY = 'diary://monday';
/** A silent stream writes after this long, in milliseconds. */
const KEEP_ALIVE_MS = 250;
/** Streams that one person may have, and URIs that one stream or session may name. */
const MOST_STREAMS = 50;
const MOST_URIS = 100;
const HOUR = 3600;
/** Most sessions of one person that are remembered. */
const MOST_OF_PERSON = 200;
/** Most sessions of anonymous clients that are remembered. */
const MOST_ANONYMOUS = 1000;

const CHANGED = {
  tools: 'notifications/tools/list_changed',
  prompts: 'notifications/prompts/list_changed',
  resources: 'notifications/resources/list_changed',
  resource: 'notifications/resources/updated',
};

const signedIn = (token) => (token ? bearer(token) : {});

/** Opens a subscription, and waits for its acknowledgement. */
async function listen(site, notifications, { token, id = 'listen', wait = true } = {}) {
  const asked = modern('subscriptions/listen', { notifications }, { id, headers: signedIn(token) });
  const received = new ReceivedMessages(await stream(site, asked));
  if (wait) {
    assert.equal(received.status, 200, received.story('the subscription is accepted'));
    await eventually(
      () => received.messages.length,
      (length) => length > 0,
      'the acknowledgement comes at once',
    );
  }
  return received;
}

/** Opens the GET stream of a session. */
async function get(site, session, { token, accept = 'text/event-stream', version = LEGACY[0] } = {}) {
  const headers = { accept, 'mcp-protocol-version': version, 'mcp-session-id': session, ...signedIn(token) };
  return new ReceivedMessages(await stream(site, { path: '/mcp', headers }));
}

const newSession = async (site) => (await send(site, initialize(LEGACY[0]))).headers['mcp-session-id'];

const inSession = (site, session, method, params, { token, network } = {}) =>
  send(site, legacy(method, params, { headers: { 'mcp-session-id': session, ...signedIn(token), ...(network && { 'cf-connecting-ip': network }) } }));

/** Calls a tool that announces something. */
async function announce(site, name, args = {}, { token } = {}) {
  const answer = await send(site, modern('tools/call', calling(name, args), { headers: signedIn(token) }));
  answer.result(`${name} succeeds`);
  return answer;
}
const updated = (site, uri, who) => announce(site, 'resource_updated', { uri }, who);

afterEach(() => ReceivedMessages.closeAll());

describe('a connector with nothing to announce', () => {
  const runtime = instancesForSuite({ count: 1 });
  const [site] = runtime.instances;

  // MCP "Tools › Capabilities", "Resources › Capabilities", "Prompts › Capabilities"
  test('a connector with nothing to announce says so, offers no streams, and never wakes who would hold them', async () => {
    const discovered = (await send(site, modern('server/discover'))).result();
    const begun = (await send(site, initialize(LEGACY[0]))).result();
    for (const { capabilities } of [discovered, begun]) {
      assert.deepEqual([capabilities.tools, capabilities.prompts, capabilities.resources], [{}, {}, {}]);
    }
    const listening = await send(site, modern('subscriptions/listen', { notifications: { toolsListChanged: true } }));
    listening.error(404, CODE.methodNotFound, 'a method of a capability that is not declared');
    const session = await newSession(site);
    for (const method of ['resources/subscribe', 'resources/unsubscribe']) {
      const answer = await inSession(site, session, method, { uri: 'note://1' });
      answer.error(200, CODE.methodNotFound, 'a method of a capability that is not declared');
    }
    const stream = await send(site, { path: '/mcp', headers: { accept: 'text/event-stream', 'mcp-session-id': session } });
    stream.hasStatus(405, 'MCP "Listening for Messages from the Server"');
    assert.equal((await runtime.counts()).objects.Subscriptions, undefined);
  });
});

describe('with streams', () => {
  let provider;
  let runtime;
  let here;
  let there;
  before(async () => {
    provider = await startProvider({ issuer: ISSUER, resources: { [RESOURCE]: DIARY } });
    runtime = await startInstances({
      worker: 'examples/everything',
      vars: { AUTH_ISSUER: ISSUER, KEEP_ALIVE_MS },
      outbound: provider.port,
    });
    [here, there] = runtime.instances;
  });
  after(async () => {
    await runtime?.stop();
    await provider?.stop();
  });

  let number = 0;
  const tokenOf = (sub, { scope = DIARY, lifetime = 3600 } = {}) =>
    jwt(provider.keys, {
      iss: ISSUER,
      sub,
      aud: RESOURCE,
      client_id: 'an-application',
      scope,
      iat: seconds(),
      exp: seconds() + lifetime,
      jti: `minted-${(number += 1)}`,
    });

  describe('subscriptions/listen', () => {
    test('subscriptions/listen is declared', async () => {
      const discovered = (await send(here, modern('server/discover'))).result();
      const begun = (await send(here, initialize(LEGACY[0]))).result();
      for (const { capabilities } of [discovered, begun]) {
        assert.deepEqual(capabilities.tools, { listChanged: true });
        assert.deepEqual(capabilities.prompts, { listChanged: true });
        assert.deepEqual(capabilities.resources, { listChanged: true, subscribe: true });
      }
    });

    // MCP "Opening a Stream"
    test('subscriptions/listen acknowledges first, and keeps its id with its type', async () => {
      for (const id of [7, '7', 'über "7"', 0]) {
        const received = await listen(here, { toolsListChanged: true }, { id });
        assert.deepEqual(
          received.messages[0],
          {
            jsonrpc: '2.0',
            method: 'notifications/subscriptions/acknowledged',
            params: { _meta: { [KEY.subscription]: id }, notifications: { toolsListChanged: true } },
          },
          received.story('MCP "Subscriptions › Acknowledgment"'),
        );
        for (const [name, value] of [
          ['content-type', 'text/event-stream'],
          ['cache-control', 'no-store'],
          ['x-accel-buffering', 'no'],
        ]) {
          assert.equal(received.opened.headers[name], value, received.story('MCP "Receiving Messages"'));
        }
        await announce(here, 'test_trigger_tool_change');
        const [change] = await received.waitFor(1, 'the change arrives');
        assert.strictEqual(change.params._meta[KEY.subscription], id, received.story('MCP "Subscriptions › Receiving Notifications"'));
        received.close();
      }
    });

    test('subscriptions/listen is told at one instance what happens at another, soon', async () => {
      const one = await listen(here, { toolsListChanged: true }, { id: 1 });
      const two = await listen(there, { toolsListChanged: true, promptsListChanged: true }, { id: 2 });
      const begun = performance.now();
      await announce(there, 'test_trigger_tool_change');
      for (const [received, id] of [[one, 1], [two, 2]]) {
        const [change] = await received.waitFor(1, 'a change at another instance');
        assert.deepEqual(change, { jsonrpc: '2.0', method: CHANGED.tools, params: { _meta: { [KEY.subscription]: id } } });
      }
      assert.ok(performance.now() - begun < ARRIVAL_LIMIT_MS);
      await announce(here, 'test_trigger_prompt_change');
      assert.deepEqual(await two.waitFor(2, 'a change of prompts').then((changes) => changes[1].method), CHANGED.prompts);
      assert.equal(one.changes.length, 1, one.story('it asked for tools only'));
    });

    // MCP "Notification Filter", "Multiple Concurrent Subscriptions"
    test('subscriptions/listen honours what is announced here and what can be read', async () => {
      const received = await listen(here, {
        toolsListChanged: true,
        promptsListChanged: false,
        resourceSubscriptions: [WATCHED, 'test://nothing', WATCHED, 'test://template/7/data'],
        somethingElse: true,
      });
      assert.deepEqual(received.messages[0].params.notifications, {
        toolsListChanged: true,
        resourceSubscriptions: [WATCHED, 'test://template/7/data'],
      });
      await announce(here, 'test_trigger_prompt_change');
      await announce(here, 'resources_changed');
      await updated(here, 'test://static-text');
      await updated(there, WATCHED);
      await received.waitFor(1, 'the resource that was asked for');
      assert.deepEqual(received.changes, [
        { jsonrpc: '2.0', method: CHANGED.resource, params: { _meta: { [KEY.subscription]: 'listen' }, uri: WATCHED } },
      ]);
    });

    // MCP "Notification Filter"
    test('subscriptions/listen refuses a filter that is none', async () => {
      const many = Array.from({ length: MOST_URIS + 1 }, (_, n) => `test://template/${n}/data`);
      for (const notifications of [undefined, [], { toolsListChanged: 1 }, { resourceSubscriptions: 'x' }, { resourceSubscriptions: many }]) {
        const answer = await send(here, modern('subscriptions/listen', { notifications }));
        answer.error(200, CODE.invalidParams, 'a filter of a wrong form');
      }
      const json = modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, { headers: { accept: 'application/json' } });
      (await send(here, json)).hasStatus(406, 'it is a stream');
      const full = await listen(here, { resourceSubscriptions: many.slice(1) });
      assert.equal(full.messages[0].params.notifications.resourceSubscriptions.length, MOST_URIS);
    });

    test('subscriptions/listen ends at once where nothing of it is honoured', async () => {
      const earlier = (await runtime.counts()).objects.Subscriptions;
      const received = await listen(here, { resourceSubscriptions: ['test://nothing'] }, { id: 5 });
      await received.ended;
      assert.deepEqual(received.messages[0].params.notifications, {});
      const { result, id } = received.messages[1];
      assert.deepEqual([id, result.resultType, result._meta[KEY.subscription]], [5, 'complete', 5], 'MCP "Subscriptions › Graceful Closure"');
      assert.equal((await runtime.counts()).objects.Subscriptions, earlier, 'nobody holds a stream that never says anything');
    });

    test('subscriptions/listen needs for a resource what reading it needs', async () => {
      const asked = (headers) => modern('subscriptions/listen', { notifications: { resourceSubscriptions: [WATCHED, MONDAY] } }, { headers });
      (await send(here, asked({}))).hasStatus(401, 'no token').hasHeader('www-authenticate', new RegExp(`scope="${DIARY} elsewhere"`), 'MCP "Scope Selection Strategy", with what the connector asks for at the first sign-in');
      const weak = await send(here, asked(bearer(tokenOf('alice', { scope: 'other' }))));
      weak.hasStatus(403, 'MCP "Runtime Insufficient Scope Errors"').hasHeader('www-authenticate', /insufficient_scope/, 'MCP "Runtime Insufficient Scope Errors"');
      const received = await listen(here, { resourceSubscriptions: [WATCHED, MONDAY] }, { token: tokenOf('alice') });
      assert.deepEqual(received.messages[0].params.notifications.resourceSubscriptions, [WATCHED, MONDAY]);
    });

    test("subscriptions/listen says nothing of one person's resources to another", async () => {
      const wanted = { toolsListChanged: true, resourcesListChanged: true, resourceSubscriptions: [MONDAY, WATCHED] };
      const [alice, bob] = [tokenOf('alice'), tokenOf('bob')];
      const ofAlice = await listen(here, wanted, { token: alice });
      const ofAliceToo = await listen(there, wanted, { token: tokenOf('alice') });
      const ofBob = await listen(here, wanted, { token: bob });
      const ofAnonymous = await listen(here, { toolsListChanged: true, resourcesListChanged: true });
      await updated(there, MONDAY, { token: alice });
      await announce(there, 'resources_changed', {}, { token: alice });
      // An anonymous client has no diary; what it says about one concerns nobody.
      await updated(here, MONDAY);
      await announce(here, 'resources_changed');
      // Everybody is told what is public, and last.
      await updated(here, WATCHED);
      await announce(here, 'test_trigger_tool_change');
      const methods = async (received, count) => (await received.waitFor(count, 'all that concerns them')).map(({ method }) => method);
      const everybody = [CHANGED.resource, CHANGED.tools];
      for (const received of [ofAlice, ofAliceToo]) {
        assert.deepEqual(await methods(received, 4), [CHANGED.resource, CHANGED.resources, ...everybody]);
      }
      assert.deepEqual(await methods(ofBob, 2), everybody);
      assert.equal(ofBob.changes[0].params.uri, WATCHED);
      assert.deepEqual(await methods(ofAnonymous, 1), [CHANGED.tools]);
    });

    test('subscriptions/listen writes comments while nothing happens', async () => {
      const received = await listen(here, { toolsListChanged: true });
      await eventually(() => received.comments, (count) => count >= 2, 'MCP "Receiving Messages"');
      assert.equal(received.messages.length, 1);
    });

    // MCP "Subscriptions › Cancellation"
    test('subscriptions/listen is bounded for each person, and forgets clients that are gone', async () => {
      const wanted = { toolsListChanged: true };
      const token = tokenOf('crowd');
      const streams = [];
      for (let n = 0; n < MOST_STREAMS; n += 1) streams.push(await listen(n % 2 ? here : there, wanted, { token }));
      const once = async () => listen(here, wanted, { token, id: 'more', wait: false });
      const refused = await send(here, modern('subscriptions/listen', { notifications: wanted }, { id: 'more', headers: bearer(token) }));
      assert.equal(refused.error(429, CODE.internal, 'too many streams').message.includes('too many'), true);
      assert.equal(refused.json().id, 'more');
      refused.hasHeader('retry-after', /^\d+$/, 'RFC 6585 §4');
      await listen(here, wanted, { token: tokenOf('somebody-else') });
      for (const received of streams.slice(0, 10)) received.close();
      const again = await eventually(once, ({ status }) => status === 200, 'whoever is gone leaves room');
      await announce(here, 'test_trigger_tool_change');
      for (const received of [...streams.slice(10), again]) await received.waitFor(1, 'those who are still there');
    });

    test('subscriptions/listen ends, with its result, when the token expires', async () => {
      const [token, longer] = [tokenOf('alice', { lifetime: 600 }), tokenOf('alice', { lifetime: 3000 })];
      const soon = await listen(here, { toolsListChanged: true }, { token, id: 'soon' });
      const later = await listen(here, { toolsListChanged: true }, { token: longer, id: 'later' });
      await runtime.passes(700);
      await eventually(() => soon.messages.length, (length) => length === 2, 'the end of the token is the end of the stream');
      await soon.ended;
      const { id, result } = soon.messages[1];
      assert.deepEqual([id, result.resultType, result._meta[KEY.subscription]], ['soon', 'complete', 'soon'], 'MCP "Subscriptions › Graceful Closure"');
      await announce(here, 'test_trigger_tool_change');
      await later.waitFor(1, 'another token is good for longer');
      await runtime.passes(-700);
    });

    test('subscriptions/listen ends after half a day, however long the token is good', async () => {
      const halfADay = 12 * 3600;
      const received = await listen(here, { toolsListChanged: true }, { token: tokenOf('alice', { lifetime: 2 * halfADay }) });
      await runtime.passes(halfADay - 60);
      await announce(here, 'test_trigger_tool_change');
      await received.waitFor(1, 'a minute before');
      await runtime.passes(61);
      await received.ended;
      assert.equal(received.messages.at(-1).result?.resultType, 'complete', received.story('MCP "Subscriptions › Graceful Closure"'));
      await runtime.passes(-halfADay - 1);
    });

    test('subscriptions/listen fails with an outage, and an announcement fails no call', async () => {
      for (const how of ['fails', 'hangs']) {
        await runtime.objectsNow('Subscriptions', how);
        try {
          const begun = performance.now();
          await announce(here, 'test_trigger_tool_change');
          assert.ok(performance.now() - begun < 4000, `${how}: the call does not wait for it`);
          const answer = await send(here, modern('subscriptions/listen', { notifications: { toolsListChanged: true } }));
          answer.error(503, CODE.internal, `${how}: an outage`);
          answer.hasHeader('retry-after', /^\d+$/, how);
        } finally {
          await runtime.objectsNow('Subscriptions', 'works');
        }
      }
    });
  });

  describe('resources/subscribe and the GET stream', () => {
    // MCP "Resources › Subscriptions", "Tools › List Changed Notification", "Prompts › List Changed Notification"
    // MCP "Resources › List Changed Notification"
    test('the stream of a session says what is announced, and what the session subscribed to', async () => {
      const session = await newSession(here);
      const received = await get(there, session);
      assert.equal(received.status, 200, received.story('MCP "Listening for Messages from the Server"'));
      assert.match(received.opened.headers['content-type'], /^text\/event-stream/);
      for (const n of [1, 2]) {
        const answer = await inSession(here, session, 'resources/subscribe', { uri: WATCHED });
        assert.deepEqual(answer.result('again is the same'), {}, `time ${n}`);
      }
      await updated(there, 'test://static-text');
      await updated(there, WATCHED);
      await announce(here, 'test_trigger_tool_change');
      await received.waitFor(2, 'both');
      assert.deepEqual(received.messages, [
        { jsonrpc: '2.0', method: CHANGED.resource, params: { uri: WATCHED } },
        { jsonrpc: '2.0', method: CHANGED.tools },
      ]);
      assert.deepEqual((await inSession(there, session, 'resources/unsubscribe', { uri: WATCHED })).result(), {});
      assert.deepEqual((await inSession(there, session, 'resources/unsubscribe', { uri: WATCHED })).result(), {}, 'again');
      await updated(there, WATCHED);
      await announce(here, 'test_trigger_prompt_change');
      assert.equal((await received.waitFor(3, 'no resource any more'))[2].method, CHANGED.prompts);
    });

    test('each message is on exactly one stream of a session', async () => {
      const [session, other] = [await newSession(here), await newSession(here)];
      const streams = [await get(here, session), await get(there, session), await get(here, session)];
      const ofOther = await get(here, other);
      const sum = () => streams.reduce((count, { changes }) => count + changes.length, 0);
      for (let n = 1; n <= 3; n += 1) {
        await announce(here, 'test_trigger_tool_change');
        await ofOther.waitFor(n, 'another session is told too');
      }
      await eventually(sum, (count) => count >= 3, 'each message arrives');
      assert.equal(sum(), 3, 'MCP "Multiple Connections": not on several');
      const [busy] = streams.filter(({ changes }) => changes.length > 0);
      busy.close();
      // That it is gone shows at a comment.
      await eventually(
        async () => {
          const earlier = sum();
          await announce(here, 'test_trigger_tool_change');
          await new Promise((resolve) => setTimeout(resolve, 100));
          return sum() - earlier;
        },
        (count) => count === 1,
        'the others take over',
      );
    });

    test('a subscription needs a session, a resource, and what reading it needs', async () => {
      const session = await newSession(here);
      for (const method of ['resources/subscribe', 'resources/unsubscribe']) {
        (await send(here, legacy(method, { uri: WATCHED }))).error(200, CODE.invalidParams, 'which session?');
        (await inSession(here, session, method, {})).error(200, CODE.invalidParams, 'which resource?');
        (await inSession(here, 'made-up', method, { uri: WATCHED })).hasStatus(404, 'MCP "Session Management"');
      }
      (await inSession(here, session, 'resources/subscribe', { uri: 'test://nothing' })).error(200, -32002, 'there is none');
      (await inSession(here, session, 'resources/subscribe', { uri: MONDAY })).hasStatus(401, 'an anonymous client has no diary');
      const token = tokenOf('alice', { scope: 'other' });
      (await inSession(here, session, 'resources/subscribe', { uri: MONDAY }, { token })).hasStatus(403, 'nor has this token');
    });

    test('a session belongs to the person who used it first', async () => {
      const session = await newSession(here);
      const [alice, bob] = [tokenOf('alice'), tokenOf('bob')];
      const anonymous = await get(here, session);
      assert.equal(anonymous.status, 200);
      const subscribe = (who) => inSession(here, session, 'resources/subscribe', { uri: MONDAY }, who);
      assert.deepEqual((await subscribe({ token: alice })).result('the first who signed in'), {});
      (await subscribe({ token: bob })).error(404, CODE.invalidRequest, 'it is not his');
      for (const token of [bob, undefined]) {
        const refused = await get(there, session, { token });
        assert.equal(refused.status, 404, refused.story('MCP "Session Management"'));
      }
      const asAlice = await get(there, session, { token: alice });
      await updated(here, MONDAY, { token: bob });
      await updated(here, MONDAY, { token: alice });
      await announce(here, 'test_trigger_tool_change');
      await asAlice.waitFor(2, 'her own change, once');
      assert.deepEqual(asAlice.methods, [CHANGED.resource, CHANGED.tools]);
      assert.deepEqual(anonymous.methods, [], 'one stream, and never one of an anonymous client');
    });

    test('the stream ends when the token expires', async () => {
      const received = await get(here, await newSession(here), { token: tokenOf('alice', { lifetime: 600 }) });
      await runtime.passes(700);
      await received.ended;
      assert.deepEqual(received.messages, [], received.story('it just ends'));
      await runtime.passes(-700);
    });

    test('DELETE ends the streams of the session and forgets what it subscribed to', async () => {
      const [session, other] = [await newSession(here), await newSession(here)];
      const streams = [await get(here, session), await get(there, session)];
      const ofOther = await get(there, other);
      await inSession(here, session, 'resources/subscribe', { uri: WATCHED });
      const ended = await send(here, { method: 'DELETE', path: '/mcp', headers: { 'mcp-session-id': session } });
      ended.hasStatus(204, 'MCP "Session Management"');
      for (const received of streams) {
        await received.ended;
        assert.deepEqual([received.messages, received.brokeOff], [[], undefined], received.story('it just ends'));
      }
      for (const site of [here, there]) {
        assert.equal((await get(site, session)).status, 404, 'MCP "Session Management"');
        const again = await inSession(site, session, 'resources/subscribe', { uri: WATCHED });
        again.hasStatus(404, 'MCP "Session Management"');
      }
      await announce(here, 'test_trigger_tool_change');
      await ofOther.waitFor(1, 'other sessions go on');
    });

    test('a GET that is none is refused', async () => {
      const session = await newSession(here);
      const asked = (headers) => send(here, { path: '/mcp', headers: { accept: 'text/event-stream', 'mcp-protocol-version': LEGACY[0], ...headers } });
      (await asked({})).hasStatus(405, 'MCP "Listening for Messages from the Server": a stream belongs to a session').hasHeader('allow', 'GET, POST, DELETE, OPTIONS', 'RFC 9110 §15.5.6');
      (await asked({ 'mcp-session-id': 'made-up' })).hasStatus(404, 'MCP "Session Management"');
      (await asked({ 'mcp-session-id': session, accept: 'application/json' })).hasStatus(406, 'it is a stream');
      (await asked({ 'mcp-session-id': session, 'mcp-protocol-version': 'v0' })).hasStatus(400, 'MCP "Protocol Version Header"');
      (await asked({ 'mcp-session-id': session, 'mcp-protocol-version': '2026-07-28' })).hasStatus(405, 'MCP "Earlier Streamable HTTP Revisions": there is no GET any more');
      const put = await send(here, { method: 'PUT', path: '/mcp', body: '' });
      put.hasStatus(405, 'no such method').hasHeader('allow', 'GET, POST, DELETE, OPTIONS', 'RFC 9110 §15.5.6');
    });

    test('what a session remembers is bounded', async () => {
      const session = await newSession(here);
      const subscribe = (n) => inSession(here, session, 'resources/subscribe', { uri: `test://template/${n}/data` });
      for (let n = 0; n < MOST_URIS; n += 1) (await subscribe(n)).result();
      (await subscribe('more')).error(200, CODE.invalidParams, 'no room');
      (await subscribe(7)).result('what is there already needs no room');
      await inSession(here, session, 'resources/unsubscribe', { uri: 'test://template/7/data' });
      (await subscribe('more')).result('there is room again');
    });

    test('the sessions of one person are bounded, and leave room for those of others', async () => {
      const subscribe = async (token) => inSession(here, await newSession(here), 'resources/subscribe', { uri: WATCHED }, { token });
      const carol = tokenOf('carol');
      for (let count = 0; count < MOST_OF_PERSON; count += 50) {
        for (const answer of await Promise.all(Array.from({ length: 50 }, () => subscribe(carol)))) answer.result('there is room');
      }
      (await subscribe(carol)).result('her oldest session makes room');
      const most = 'SELECT max(number) AS most FROM (SELECT count(*) AS number FROM sessions WHERE owner IS NOT NULL GROUP BY owner)';
      assert.deepEqual(await runtime.sql('SUBSCRIPTIONS', 'all', most), [{ most: MOST_OF_PERSON }]);
      (await subscribe(tokenOf('dave'))).result('another has room');
    });
  });
});

test('anonymous clients, which can make up sessions, leave room for the sessions of people', async () => {
  const runtime = await startInstances({ worker: 'examples/everything', count: 1, vars: { ...SIGN_IN, KEEP_ALIVE_MS } });
  try {
    const [site] = runtime.instances;
    const { tokens } = await connect(site, { scope: DIARY });
    const madeUp = Array.from({ length: MOST_ANONYMOUS }, () => {
      const body = `${randomBytes(14).toString('hex')}0003`;
      return `${body}${createHash('sha256').update(body).digest('hex').slice(0, 8)}`;
    });
    const subscribe = (session, who) => inSession(site, session, 'resources/subscribe', { uri: 'test://template/1/data' }, who);
    for (let at = 0; at < madeUp.length; at += 50) {
      // From several networks: each has room for two hundred sessions.
      const network = `203.0.${Math.floor(at / 200)}.1`;
      const answers = await Promise.all(madeUp.slice(at, at + 50).map((session) => subscribe(session, { network })));
      for (const answer of answers) answer.result('the id is one that a server here could have made');
    }
    (await subscribe(await newSession(site))).error(200, CODE.invalidParams, 'there is no room for one more anonymous client');
    (await subscribe(await newSession(site), { token: tokens.access_token })).result('there is room for people');
  } finally {
    await runtime.stop();
  }
});

test('what was subscribed to is deleted when the last session has expired, and a later session begins anew', async () => {
  const runtime = await startInstances({ worker: 'examples/everything', count: 1 });
  try {
    const [site] = runtime.instances;
    const subscribe = async () => (await inSession(site, await newSession(site), 'resources/subscribe', { uri: WATCHED })).result('there is room');
    await subscribe();
    await runtime.passes(HOUR + 1);
    await runtime.alarm('SUBSCRIPTIONS', 'all');
    const tables = "SELECT name FROM sqlite_master WHERE name = 'sessions'";
    assert.deepEqual(await runtime.sql('SUBSCRIPTIONS', 'all', tables), []);
    await subscribe();
    assert.deepEqual(await runtime.sql('SUBSCRIPTIONS', 'all', 'SELECT count(*) AS sessions FROM sessions'), [{ sessions: 1 }]);
  } finally {
    await runtime.stop();
  }
});

test('a stream ends when the sign-in behind it is revoked', async () => {
  const runtime = await startInstances({ worker: 'examples/everything', count: 1, vars: { ...SIGN_IN, KEEP_ALIVE_MS } });
  try {
    const [site] = runtime.instances;
    const { client, tokens } = await connect(site, { scope: DIARY });
    const token = tokens.access_token;
    const received = await listen(site, { resourceSubscriptions: [MONDAY] }, { token });
    const ofAnonymous = await listen(site, { toolsListChanged: true });
    (await send(site, revoking(client, tokens.refresh_token))).hasStatus(200, 'RFC 7009 §2.2');
    await runtime.passes(31);
    await received.ended;
    assert.equal(received.messages.at(-1).result?.resultType, 'complete', received.story('MCP "Subscriptions › Graceful Closure"'));
    await announce(site, 'test_trigger_tool_change');
    await ofAnonymous.waitFor(1, 'others go on');
  } finally {
    await runtime.stop();
  }
});

describe('official clients', () => {
  const INFO = { name: 'behaviour-tests', version: '1.0.0' };
  let server;
  before(async () => {
    server = await startEverything();
  });
  after(() => server?.stop());

  test('TypeScript v1 subscribes and is notified on its GET stream', async () => {
    const client = new ClientV1(INFO);
    const transport = new TransportV1(new URL(server.url));
    const received = [];
    for (const schema of [ToolListChangedNotificationSchema, PromptListChangedNotificationSchema, ResourceUpdatedNotificationSchema]) {
      client.setNotificationHandler(schema, ({ method, params }) => void received.push([method, params?.uri]));
    }
    const errors = [];
    client.onerror = (error) => errors.push(error);
    await client.connect(transport);
    try {
      await client.subscribeResource({ uri: WATCHED });
      // Its stream is opened on the side; the first announcements may come before it.
      await eventually(
        async () => {
          await client.callTool({ name: 'test_trigger_tool_change' });
          return received.length;
        },
        (count) => count > 0,
        'the stream is there',
      );
      received.length = 0;
      await client.callTool({ name: 'resource_updated', arguments: { uri: WATCHED } });
      await client.callTool({ name: 'test_trigger_prompt_change' });
      await eventually(() => received.length, (count) => count >= 2, 'both arrive');
      assert.deepEqual(received, [[CHANGED.resource, WATCHED], [CHANGED.prompts, undefined]]);
      await client.unsubscribeResource({ uri: WATCHED });
      assert.deepEqual(errors, []);
    } finally {
      await client.close();
    }
  });

  test('TypeScript v2 listens', async () => {
    const client = new ClientV2(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    const received = [];
    for (const method of [CHANGED.tools, CHANGED.resource]) client.setNotificationHandler(method, (notification) => void received.push(notification.method));
    await client.connect(new TransportV2(new URL(server.url)));
    try {
      const subscription = await client.listen({ toolsListChanged: true, resourceSubscriptions: [WATCHED] });
      await client.callTool({ name: 'test_trigger_tool_change', arguments: {} });
      await client.callTool({ name: 'resource_updated', arguments: { uri: WATCHED } });
      await eventually(() => received.length, (count) => count >= 2, 'both arrive');
      assert.deepEqual(received, [CHANGED.tools, CHANGED.resource]);
      await subscription.close();
    } finally {
      await client.close();
    }
  });
});
