// Streams of changes that one Durable Object has no room for: how several share them, and that every stream hears what it heard when
// there was one. Each object takes two streams here, so that a dozen are enough.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { ReceivedMessages } from '../support/mcp/received-messages.mjs';
import { startInstances } from '../support/workers/instances.mjs';
import { eventually } from '../support/eventually.mjs';
import { LEGACY, calling, initialize, legacy, modern, send, stream } from '../support/mcp/requests.mjs';
import { bearer } from '../support/oauth/client.mjs';
import { jwt, seconds, startProvider } from '../support/oauth/openid-provider.mjs';

const ISSUER = 'https://id.example';
const RESOURCE = 'https://mcp.example.com/mcp';
const DIARY = 'diary:read';
const MONDAY = 'diary://monday';
const ROOM = 2;
const KEEP_ALIVE_MS = 250;
/** A message to an object that does not answer is sent again after a second. */
const AFTER_A_FAILURE_MS = 5000;
const EXTENSION = 'io.modelcontextprotocol/tasks';
const TASKS = { extensions: { [EXTENSION]: {} } };

let provider;
let runtime;
let here;
let there;
before(async () => {
  provider = await startProvider({ issuer: ISSUER, resources: { [RESOURCE]: DIARY } });
  runtime = await startInstances({
    worker: 'examples/everything',
    vars: { AUTH_ISSUER: ISSUER, KEEP_ALIVE_MS, STREAMS_PER_OBJECT: ROOM },
    outbound: provider.port,
  });
  [here, there] = runtime.instances;
});
after(async () => {
  await runtime?.stop();
  await provider?.stop();
});

let number = 0;
const tokenOf = (sub) =>
  jwt(provider.keys, {
    iss: ISSUER,
    sub,
    aud: RESOURCE,
    client_id: 'an-application',
    scope: DIARY,
    iat: seconds(),
    exp: seconds() + 3600,
    jti: `minted-${(number += 1)}`,
  });

/** Requests to each object of the streams so far, by its name. */
async function requests() {
  const { named } = await runtime.counts();
  const prefix = 'Subscriptions/';
  return Object.fromEntries(Object.entries(named).filter(([name]) => name.startsWith(prefix)).map(([name, count]) => [name.slice(prefix.length), count]));
}

/** What `work` gives, and which objects it asked. */
async function asking(work) {
  const before = await requests();
  const result = await work();
  const after = await requests();
  return { result, asked: Object.keys(after).filter((name) => after[name] !== before[name]).sort() };
}

/** Opens a subscription, and waits for its acknowledgement. */
async function listen(notifications, { token, at = here, capabilities } = {}) {
  const received = new ReceivedMessages(await stream(at, modern('subscriptions/listen', { notifications }, { id: 'listen', capabilities, headers: token ? bearer(token) : {} })));
  assert.equal(received.status, 200, received.story('the subscription is accepted'));
  await eventually(() => received.messages.length, (length) => length > 0, 'the acknowledgement');
  return received;
}

/** Opens the GET stream of a session. */
const get = async (session, token) =>
  new ReceivedMessages(await stream(there, { path: '/mcp', headers: { accept: 'text/event-stream', 'mcp-protocol-version': LEGACY[0], 'mcp-session-id': session, ...bearer(token) } }));

async function announce(name, args = {}, token) {
  (await send(there, modern('tools/call', calling(name, args), { headers: token ? bearer(token) : {} }))).result(`${name} succeeds`);
}
const updated = (uri, token) => announce('resource_updated', { uri }, token);

/** Fills the root with anonymous clients. */
const fill = () => Promise.all(Array.from({ length: ROOM }, () => listen({ toolsListChanged: true })));

/**
 * Streams of two people whose shards are beside each other: neither is on the way to the other. Who that is follows from a hash of the
 * subject, so people come until there are two.
 */
async function twoPeople(notifications) {
  const people = new Map();
  for (let turn = 0; people.size < 2; turn += 1) {
    const token = tokenOf(`person-${turn}`);
    const { result: received, asked } = await asking(() => listen(notifications, { token }));
    const shard = asked.at(-1);
    if (people.has(shard) || !['all-2', 'all-3'].includes(shard)) received.close();
    else people.set(shard, { received, token, shard });
  }
  return [...people.keys()].sort().map((shard) => people.get(shard));
}

/** Waits until the clients that have gone are noticed, so that each test begins with nothing. */
async function nothingIsOpen() {
  ReceivedMessages.closeAll();
  await eventually(
    async () => {
      await announce('test_trigger_tool_change');
      return runtime.sql('SUBSCRIPTIONS', 'all', "SELECT name FROM sqlite_master WHERE name = 'shards'").then((tables) =>
        tables.length === 0 ? [] : runtime.sql('SUBSCRIPTIONS', 'all', 'SELECT number FROM shards'),
      );
    },
    (shards) => shards.length === 0,
    'no shard is in use once its streams have ended',
    10_000,
  );
}

afterEach(nothingIsOpen);

describe('where one object has no room for more streams', () => {
  let anonymous;
  beforeEach(async () => {
    anonymous = await fill();
  });

  test('the first streams are in one object, and the next in others', async () => {
    const [left, right] = await twoPeople({ toolsListChanged: true });
    assert.deepEqual([left.shard, right.shard], ['all-2', 'all-3']);
    assert.deepEqual(await runtime.sql('SUBSCRIPTIONS', 'all', 'SELECT number FROM shards'), [{ number: 2 }, { number: 3 }]);
    for (let turn = 0; turn < ROOM; turn += 1) await listen({ toolsListChanged: true }, { token: left.token });
    const { asked } = await asking(() => listen({ toolsListChanged: true }, { token: left.token }));
    assert.deepEqual(asked.slice(0, 2), ['all', 'all-2']);
    assert.match(asked[2], /^all-[45]$/, 'one of the two below');
  });

  test('a change that concerns everybody reaches the streams of every object, each once', async () => {
    const [left, right] = await twoPeople({ toolsListChanged: true });
    const { asked } = await asking(async () => {
      await announce('test_trigger_tool_change');
      for (const received of [...anonymous, left.received, right.received]) await received.waitFor(1, 'the change');
    });
    assert.deepEqual(asked, ['all', 'all-2', 'all-3']);
    await announce('test_trigger_tool_change');
    for (const received of [...anonymous, left.received, right.received]) {
      assert.equal((await received.waitFor(2, 'and the next')).length, 2, received.story('each once'));
    }
  });

  test('a change that concerns one person asks only the objects where that person’s streams may be', async () => {
    const [left, right] = await twoPeople({ resourceSubscriptions: [MONDAY] });
    const { asked } = await asking(async () => {
      await updated(MONDAY, left.token);
      await left.received.waitFor(1, 'the own diary');
    });
    assert.deepEqual(asked, ['all', 'all-2']);
    await updated(MONDAY, right.token);
    await right.received.waitFor(1, 'the own diary');
    assert.deepEqual([left.received.changes.length, right.received.changes.length], [1, 1], 'nobody hears of another’s');
    const { asked: ofNobody } = await asking(() => updated(MONDAY));
    assert.deepEqual(ofNobody, [], 'a call without a sign-in concerns nobody’s diary');
  });

  test('an object that fails holds up no other, and is told in order when it answers again', async () => {
    const [left, right] = await twoPeople({ toolsListChanged: true, promptsListChanged: true });
    await runtime.objectsNow('Subscriptions/all-2', 'fails');
    const told = ['test_trigger_tool_change', 'test_trigger_prompt_change'];
    try {
      for (const name of told) await announce(name);
      await right.received.waitFor(told.length, 'the others hear at once');
      assert.equal(left.received.changes.length, 0, 'not those of the object');
    } finally {
      await runtime.objectsNow('Subscriptions/all-2', 'works');
    }
    await left.received.waitFor(told.length, 'those of the object hear later', AFTER_A_FAILURE_MS);
    for (const { received } of [left, right]) {
      assert.deepEqual(received.methods.slice(1), ['notifications/tools/list_changed', 'notifications/prompts/list_changed']);
    }
  });

  test('the streams of a session stay together, and each message goes to the newest', async () => {
    const [{ token }] = await twoPeople({ toolsListChanged: true });
    const session = (await send(here, initialize(LEGACY[0]))).headers['mcp-session-id'];
    const subscribe = legacy('resources/subscribe', { uri: MONDAY }, { headers: { 'mcp-session-id': session, ...bearer(token) } });
    (await send(here, subscribe)).result('subscribed');
    const { result: older, asked } = await asking(() => get(session, token));
    assert.deepEqual(asked, ['all', 'all-2']);
    // There is room in the first object again, but the session's next stream goes where the other is.
    for (const client of anonymous) client.close();
    const another = tokenOf('another');
    const opened = () => asking(() => listen({ toolsListChanged: true }, { token: another }));
    await eventually(opened, ({ result, asked }) => asked.at(-1) === 'all' || result.close(), 'there is room in the first object', 10_000);
    const { result: newer, asked: again } = await asking(() => get(session, token));
    assert.deepEqual(again, ['all', 'all-2']);
    await updated(MONDAY, token);
    await newer.waitFor(1, 'what the session subscribed to, stored in the first object');
    assert.equal(older.changes.length, 0, 'MCP "Multiple Connections": on one stream only');
    newer.close();
    await eventually(
      async () => {
        await updated(MONDAY, token);
        return older.changes.length;
      },
      (count) => count > 0,
      'the older one when the newer is gone',
      10_000,
    );
    const ended = await send(here, { method: 'DELETE', path: '/mcp', headers: { 'mcp-session-id': session, 'mcp-protocol-version': LEGACY[0], ...bearer(token) } });
    ended.hasStatus(204, 'the session ends');
    await older.ended;
  });

  test('where the streams of a session are is known as long as the session is, and no longer', async () => {
    const [{ token }] = await twoPeople({ toolsListChanged: true });
    const session = (await send(here, initialize(LEGACY[0]))).headers['mcp-session-id'];
    (await send(here, legacy('resources/subscribe', { uri: MONDAY }, { headers: { 'mcp-session-id': session, ...bearer(token) } }))).result('subscribed');
    const { asked } = await asking(() => get(session, token));
    assert.deepEqual(asked, ['all', 'all-2'], 'its stream is not in the first object');
    const placed = () => runtime.sql('SUBSCRIPTIONS', 'all', 'SELECT session FROM placed');
    assert.equal((await placed()).length, 1);
    await runtime.alarm('SUBSCRIPTIONS', 'all');
    assert.equal((await placed()).length, 1, 'a sweep leaves what is in use');
    await runtime.sql('SUBSCRIPTIONS', 'all', 'UPDATE sessions SET forget_at = 1');
    await runtime.alarm('SUBSCRIPTIONS', 'all');
    assert.deepEqual(await placed(), [], 'and takes it with the session, whose day is over');
  });

  test('a stream that listens to a task is told of it in whichever object it is', async () => {
    const [{ token }] = await twoPeople({ toolsListChanged: true });
    const begun = await send(here, modern('tools/call', calling('slow_compute', { seconds: 0.5 }), { capabilities: TASKS, headers: bearer(token) }));
    const { taskId } = begun.result('a task');
    const received = await listen({ taskIds: [taskId] }, { token, capabilities: TASKS });
    await eventually(() => received.changes.map(({ params }) => params.status), (states) => states.includes('completed'), 'its end', 15_000);
    await received.ended;
  });
});

test('people without a sign-in stay in the first object, so that strangers wake no other', async () => {
  await fill();
  const { result: answer, asked } = await asking(() => send(here, modern('subscriptions/listen', { notifications: { toolsListChanged: true } })));
  answer.hasStatus(503, 'too many streams');
  assert.deepEqual(asked, ['all']);
});
