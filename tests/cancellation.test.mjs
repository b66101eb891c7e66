// How an older client cancels a call ("Cancellation", until 2025-11-25): a notification that names it, taken by any instance.
// A call looks whether it was cancelled when it has lasted for five seconds, so these tests run side by side.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { startInstances } from './support/instances.mjs';
import { LEGACY, calling, eventually, legacy, notification, post, send, stream, textOf } from './support/mcp.mjs';
import { ALL_SCOPES, SIGN_IN, bearer, connect } from './support/oauth.mjs';

const vars = { ...SIGN_IN, KEEP_ALIVE_MS: '200', TIME_LIMIT_SECONDS: '30' };
let world;
let here;
let there;
before(async () => {
  world = await startInstances({ worker: 'tests/everything', vars });
  [here, there] = world.instances;
});
after(() => world?.stop());

const to = (instance, asked) => ({ ...asked, headers: { ...instance.headers, ...asked.headers } });
const sendTo = (instance, asked) => send(instance, to(instance, asked));
const streamFrom = (instance, asked) => stream(instance, to(instance, asked));

let keys = 0;
/** Arguments of a call that lasts `ticks` of 50 ms, and says at once that it has begun. */
const hang = (ticks = 400) => ({ key: `cancelled-${(keys += 1)}`, ticks });
const hanging = (args) => ({ ...calling('hang_until_cancelled', args), _meta: { progressToken: 'p' } });

/** How the call ended. */
const endOf = ({ key }, at = here) =>
  eventually(
    async () => (await sendTo(at, legacy('tools/call', calling('hang_counts', { key })))).result().structuredContent,
    (counts) => counts.finished + counts.cancelled === 1,
    'the call ends',
    15_000,
  ).then(({ cancelled }) => (cancelled ? 'cancelled' : 'finished'));

/** A session, and what its client sends in it. */
async function begin({ version = LEGACY[0], headers = {}, capabilities = { elicitation: {} } } = {}) {
  const params = { protocolVersion: version, capabilities, clientInfo: { name: 'behaviour-tests', version: '1' } };
  const id = (await sendTo(here, legacy('initialize', params, { version: null, headers }))).headers['mcp-session-id'];
  const all = { 'mcp-session-id': id, ...headers };
  const within = (more) => ({ version, ...more, headers: { ...all, ...more?.headers } });
  return {
    id,
    version,
    request: (method, params, more) => legacy(method, params, within(more)),
    cancel: (requestId, more = {}) =>
      sendTo(there, notification('notifications/cancelled', { requestId, reason: 'changed my mind' }, within(more))),
    post: (body) => post(body, { headers: { 'mcp-protocol-version': version, ...all } }),
    get: (last) => ({
      path: '/mcp',
      headers: { accept: 'text/event-stream', 'mcp-protocol-version': version, ...all, 'last-event-id': last },
    }),
    end: () => ({ method: 'DELETE', path: '/mcp', headers: { 'mcp-protocol-version': version, ...all } }),
  };
}

/** The messages that still come, to the end of the stream. */
async function rest(connection) {
  const messages = [];
  for await (const event of connection.events) if (event.data) messages.push(JSON.parse(event.data));
  return messages;
}

/** Reads until the call has begun. */
async function begun(connection) {
  for (;;) {
    const { value, done } = await connection.events.next();
    assert.ok(!done, connection.story('the call has begun'));
    if (value.data) return JSON.parse(value.data);
  }
}

test('a short call asks nobody, and a cancellation writes no row', async () => {
  const session = await begin({ version: '2025-06-18' });
  const args = hang(4);
  await rest(await streamFrom(here, session.request('tools/call', hanging(args))));
  assert.equal((await world.counts()).objects.Session ?? 0, 0, 'no object is woken');
  const { rowsWritten } = await world.counts();
  const long = hang();
  const call = await streamFrom(here, session.request('tools/call', hanging(long), { id: 5 }));
  await begun(call);
  (await session.cancel(5)).hasStatus(202);
  await rest(call);
  assert.equal(await endOf(long), 'cancelled');
  assert.equal((await world.counts()).rowsWritten, rowsWritten);
});

describe('a call that its client cancels', { concurrency: true }, () => {
  for (const version of LEGACY) {
    test(`is dropped and not answered (${version})`, async () => {
      const session = await begin({ version });
      for (const id of [41, 'forty-two']) {
        const args = hang();
        const call = await streamFrom(here, session.request('tools/call', hanging(args), { id }));
        await begun(call);
        (await session.cancel(id)).hasStatus(202, 'T8').hasNoBody('T8');
        assert.deepEqual(await rest(call), [], call.story('S send no response'));
        assert.equal(await endOf(args), 'cancelled', 'S stop');
      }
    });
  }

  test('after a while ends at once', async () => {
    const session = await begin();
    const args = hang();
    const call = await streamFrom(here, session.request('tools/call', hanging(args), { id: 1 }));
    const ends = rest(call);
    await new Promise((resolve) => setTimeout(resolve, 6500));
    const then = performance.now();
    (await session.cancel(1)).hasStatus(202);
    assert.equal((await ends).filter((message) => 'id' in message).length, 0);
    assert.ok(performance.now() - then < 1500, 'it was waiting for it');
    assert.equal(await endOf(args), 'cancelled');
  });

  test('goes on where the notification names another: 1 is not "1", and a session has its own ids', async () => {
    const [session, other] = [await begin(), await begin()];
    const args = hang(140);
    const call = await streamFrom(here, session.request('tools/call', hanging(args), { id: '1' }));
    await begun(call);
    for (const wrong of [1, '01', 1.5, null, { 1: 1 }, undefined]) (await session.cancel(wrong)).hasStatus(202, 'S be ignored');
    (await other.cancel('1')).hasStatus(202, 'unknown there');
    (await session.cancel('1', { headers: { 'mcp-session-id': null } })).hasStatus(202, 'it names nobody’s call');
    (await session.cancel('1', { headers: { 'mcp-session-id': 'made-up' } })).hasStatus(404, 'T25');
    const [answer] = (await rest(call)).filter((message) => 'id' in message);
    assert.equal(textOf(answer.result), 'finished');
    assert.equal(await endOf(args), 'finished');
    (await session.cancel('1')).hasStatus(202, 'too late');
  });

  test('goes on where somebody else sent the notification', async () => {
    const { access_token: token } = (await connect(here, { scope: ALL_SCOPES })).tokens;
    const session = await begin({ headers: bearer(token) });
    const args = hang(140);
    const call = await streamFrom(here, session.request('tools/call', hanging(args), { id: 1 }));
    await begun(call);
    await session.cancel(1, { headers: { authorization: null } });
    const [answer] = (await rest(call)).filter((message) => 'id' in message);
    assert.equal(textOf(answer.result), 'finished', 'a guest who knows of the session cancels nothing');
    (await session.cancel(1, { headers: { authorization: null } })).hasStatus(404, 'it is that person’s');
  });

  test('ends while it waits for an answer', async () => {
    const session = await begin();
    const call = await streamFrom(here, session.request('tools/call', calling('ask_twice'), { id: 'q' }));
    assert.equal((await begun(call)).method, 'elicitation/create');
    (await session.cancel('q')).hasStatus(202);
    assert.deepEqual(await rest(call), []);
  });

  test('and was lost is over for who comes back to it', async () => {
    const session = await begin();
    const args = hang();
    const call = await streamFrom(here, session.request('tools/call', hanging(args), { id: 1 }));
    const { value: opening } = await call.events.next();
    await begun(call);
    call.close();
    (await session.cancel(1)).hasStatus(202);
    assert.equal(await endOf(args), 'cancelled');
    const back = await streamFrom(there, session.get(opening.id));
    assert.deepEqual((await rest(back)).map(({ method }) => method), ['notifications/progress'], 'what was sent before');
    const last = opening.id.replace(/-0$/, '-2');
    (await sendTo(there, session.get(last))).hasStatus(405, 'there is nothing to come back to');
  });

  test('is left out of the answer to its batch', async () => {
    const session = await begin({ version: '2025-03-26' });
    const args = hang();
    const batch = [
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: hanging(args) },
      { jsonrpc: '2.0', id: 2, method: 'ping' },
    ];
    const answered = sendTo(here, session.post(batch));
    await new Promise((resolve) => setTimeout(resolve, 500));
    (await session.cancel(1)).hasStatus(202);
    const answer = await answered;
    assert.deepEqual(answer.json(), [{ jsonrpc: '2.0', id: 2, result: {} }]);
    assert.equal(await endOf(args), 'cancelled');
    const alone = hang();
    const empty = sendTo(here, session.post(JSON.stringify([{ ...batch[0], id: 3, params: hanging(alone) }])));
    (await sendTo(there, session.post([{ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 3 } }]))).hasStatus(202);
    (await empty).hasStatus(202, 'there is nothing left to answer').hasNoBody();
  });

  test('ends at /sse too, and nothing is said of it', async () => {
    const connection = await streamFrom(here, { path: '/sse', headers: { accept: 'text/event-stream' } });
    const { value } = await connection.events.next();
    const say = (message, at = there) => sendTo(at, post({ jsonrpc: '2.0', ...message }, { path: value.data }));
    const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'tests', version: '1' } };
    (await say({ id: 0, method: 'initialize', params })).hasStatus(202);
    await begun(connection);
    const args = hang();
    (await say({ id: 1, method: 'tools/call', params: hanging(args) }, here)).hasStatus(202);
    assert.equal((await begun(connection)).method, 'notifications/progress');
    (await say({ method: 'notifications/cancelled', params: { requestId: 1 } })).hasStatus(202);
    assert.equal(await endOf(args), 'cancelled');
    (await say({ id: 2, method: 'ping' })).hasStatus(202);
    assert.deepEqual(await begun(connection), { jsonrpc: '2.0', id: 2, result: {} }, 'the next that comes');
    connection.close();
  });

  test('ends with its session, and is told so', async () => {
    const session = await begin();
    const args = hang();
    const call = await streamFrom(here, session.request('tools/call', hanging(args), { id: 1 }));
    await begun(call);
    (await sendTo(there, session.end())).hasStatus(204, 'T26');
    const [answer] = await rest(call);
    assert.deepEqual([answer.id, answer.error.code], [1, -32600], 'and nobody waits for ever');
    assert.equal(await endOf(args), 'cancelled');
  });

  for (const [name, transport] of [
    ['Streamable HTTP', ({ origin }) => new StreamableHTTPClientTransport(new URL(`${origin}/mcp`))],
    ['HTTP+SSE', ({ origin }) => new SSEClientTransport(new URL(`${origin}/sse`))],
  ]) {
    test(`of the TypeScript v1 client ends over ${name}`, async () => {
      const own = await startInstances({ worker: 'tests/everything', count: 1, origin: null, vars });
      const client = new Client({ name: 'behaviour-tests', version: '1.0.0' });
      try {
        const [at] = own.instances;
        await client.connect(transport(at));
        const args = hang();
        const abort = new AbortController();
        const onprogress = () => abort.abort('changed my mind');
        const call = client.callTool({ name: 'hang_until_cancelled', arguments: args }, undefined, { signal: abort.signal, onprogress });
        await assert.rejects(call, /changed my mind/);
        assert.equal(await endOf(args, at), 'cancelled');
        // It takes the end of the stream for a lost connection, and must not come back again and again.
        await new Promise((resolve) => setTimeout(resolve, 4000));
        const gets = own.log().match(/"message":"GET \/mcp [^"]*"/g) ?? [];
        assert.ok(gets.length <= 3, gets.join('\n'));
        assert.equal(textOf(await client.callTool({ name: 'test_simple_text', arguments: {} })), 'This is a simple text response for testing.');
      } finally {
        await client.close();
        await own.stop();
      }
    });
  }
});
