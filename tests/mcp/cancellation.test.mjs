// Calls of older clients that last: how they are cancelled ("Cancellation", until 2025-11-25), by a notification that names them
// and is taken by any instance, and that the transport of 2024-11-05 carries them for longer than half a minute. A call looks
// whether it was cancelled when it has lasted for five seconds, so these tests run side by side.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { instancesForSuite, startInstances } from '../support/workers/instances.mjs';
import { eventually } from '../support/eventually.mjs';
import { LEGACY, calling, legacy, send, stream, textOf } from '../support/mcp/requests.mjs';
import { openStream } from '../support/mcp/http-sse-client.mjs';
import { openSession } from '../support/mcp/session.mjs';
import { ALL_SCOPES, SIGN_IN, bearer, connect } from '../support/oauth/client.mjs';

const vars = { ...SIGN_IN, SSE_TRANSPORT: 'on', KEEP_ALIVE_MS: '200', TIME_LIMIT_SECONDS: '60' };
const runtime = instancesForSuite({ worker: 'examples/everything', vars });
const [here, there] = runtime.instances;

let keys = 0;
/** Arguments of a call that lasts `ticks` of 50 ms, and says at once that it has begun. */
const hang = (ticks = 400) => ({ key: `cancelled-${(keys += 1)}`, ticks });
const hanging = (args) => ({ ...calling('hang_until_cancelled', args), _meta: { progressToken: 'p' } });

/** How the call ended. */
const endOf = ({ key }, at = here, limit = 15_000) =>
  eventually(
    async () => (await send(at, legacy('tools/call', calling('hang_counts', { key })))).result().structuredContent,
    (counts) => counts.finished + counts.cancelled === 1,
    'the call ends',
    limit,
  ).then(({ cancelled }) => (cancelled ? 'cancelled' : 'finished'));

/** Says at another instance that a request is cancelled. */
const cancel = (session, requestId, more) =>
  send(there, session.notification('notifications/cancelled', { requestId, reason: 'changed my mind' }, more));

/** A client of the transport of 2024-11-05 after its handshake: its stream is held by one instance, it posts to the other. */
async function openSse({ version = '2024-11-05', capabilities } = {}) {
  const client = await openStream({ at: here, postAt: there, limit: 60_000 });
  await client.initialize(version, capabilities);
  return client;
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
  const session = await openSession(here, { version: '2025-06-18' });
  const args = hang(4);
  await rest(await stream(here, session.request('tools/call', hanging(args))));
  assert.equal((await runtime.counts()).objects.Session ?? 0, 0, 'no object is woken');
  const cancelled = async (id) => {
    const long = hang();
    const call = await stream(here, session.request('tools/call', hanging(long), { id }));
    await begun(call);
    (await cancel(session, id)).hasStatus(202);
    await rest(call);
    assert.equal(await endOf(long), 'cancelled');
    return (await runtime.counts()).rowsWritten;
  };
  // An anonymous client's session is counted once, when it first needs its object.
  const rowsWritten = await cancelled(5);
  assert.equal(await cancelled(6), rowsWritten);
});

describe('calls of older clients', { concurrency: true }, () => {
  // MCP "Timing Considerations"
  describe('a call that its client cancels', { concurrency: true }, () => cancelled());
  describe('a call at /sse', { concurrency: true }, () => atSse());
});

function cancelled() {
  for (const version of LEGACY) {
    test(`a cancelled call is dropped and not answered (${version})`, async () => {
      const session = await openSession(here, { version });
      for (const id of [41, 'forty-two']) {
        const args = hang();
        const call = await stream(here, session.request('tools/call', hanging(args), { id }));
        await begun(call);
        (await cancel(session, id)).hasStatus(202, 'MCP "Sending Messages to the Server"').hasNoBody('MCP "Sending Messages to the Server"');
        assert.deepEqual(await rest(call), [], call.story('MCP "Cancellation › Behavior Requirements": no response'));
        assert.equal(await endOf(args), 'cancelled', 'MCP "Cancellation › Behavior Requirements": the work stops');
      }
    });
  }

  test('a cancelled call after a while ends at once', async () => {
    const session = await openSession(here);
    const args = hang();
    const call = await stream(here, session.request('tools/call', hanging(args), { id: 1 }));
    const ends = rest(call);
    await new Promise((resolve) => setTimeout(resolve, 6500));
    const then = performance.now();
    (await cancel(session, 1)).hasStatus(202);
    assert.equal((await ends).filter((message) => 'id' in message).length, 0);
    assert.ok(performance.now() - then < 4000, 'it was waiting for it');
    assert.equal(await endOf(args), 'cancelled');
  });

  test('a call goes on where the notification names another: 1 is not "1", and a session has its own ids', async () => {
    const [session, other] = [await openSession(here), await openSession(here)];
    const args = hang(140);
    const call = await stream(here, session.request('tools/call', hanging(args), { id: '1' }));
    await begun(call);
    for (const wrong of [1, '01', 1.5, null, { 1: 1 }, undefined]) (await cancel(session, wrong)).hasStatus(202, 'MCP "Cancellation › Error Handling": it is ignored');
    (await cancel(other, '1')).hasStatus(202, 'unknown there');
    (await cancel(session, '1', { headers: { 'mcp-session-id': null } })).hasStatus(202, 'it names nobody’s call');
    (await cancel(session, '1', { headers: { 'mcp-session-id': 'made-up' } })).hasStatus(404, 'MCP "Session Management"');
    const [answer] = (await rest(call)).filter((message) => 'id' in message);
    assert.equal(textOf(answer.result), 'finished');
    assert.equal(await endOf(args), 'finished');
    (await cancel(session, '1')).hasStatus(202, 'too late');
  });

  test('a call goes on where somebody else sent the notification', async () => {
    const { access_token: token } = (await connect(here, { scope: ALL_SCOPES })).tokens;
    const session = await openSession(here, { headers: bearer(token) });
    const args = hang(140);
    const call = await stream(here, session.request('tools/call', hanging(args), { id: 1 }));
    await begun(call);
    await cancel(session, 1, { headers: { authorization: null } });
    const [answer] = (await rest(call)).filter((message) => 'id' in message);
    assert.equal(textOf(answer.result), 'finished', 'an anonymous client that knows of the session cancels nothing');
    (await cancel(session, 1, { headers: { authorization: null } })).hasStatus(404, 'it is that person’s');
  });

  test('a cancelled call ends while it waits for an answer', async () => {
    const session = await openSession(here);
    const call = await stream(here, session.request('tools/call', calling('ask_twice'), { id: 'q' }));
    const question = await begun(call);
    assert.equal(question.method, 'elicitation/create');
    (await cancel(session, 'q')).hasStatus(202);
    const [cancelled, ...more] = await rest(call);
    assert.deepEqual([cancelled.method, cancelled.params.requestId, more], ['notifications/cancelled', question.id, []], 'nobody waits for the answer');
  });

  test('a cancelled call whose stream was lost is over for who comes back to it', async () => {
    const session = await openSession(here);
    const args = hang();
    const call = await stream(here, session.request('tools/call', hanging(args), { id: 1 }));
    const { value: opening } = await call.events.next();
    await begun(call);
    call.close();
    (await cancel(session, 1)).hasStatus(202);
    assert.equal(await endOf(args), 'cancelled');
    const back = await stream(there, session.get(opening.id));
    assert.deepEqual((await rest(back)).map(({ method }) => method), ['notifications/progress'], 'what was sent before');
    const last = opening.id.replace(/-0$/, '-2');
    (await send(there, session.get(last))).hasStatus(405, 'there is nothing to come back to');
  });

  test('a cancelled call is left out of the answer to its batch', async () => {
    const session = await openSession(here, { version: '2025-03-26' });
    const args = hang();
    const batch = [
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: hanging(args) },
      { jsonrpc: '2.0', id: 2, method: 'ping' },
    ];
    const answered = send(here, session.post(batch));
    await new Promise((resolve) => setTimeout(resolve, 500));
    (await cancel(session, 1)).hasStatus(202);
    const answer = await answered;
    assert.deepEqual(answer.json(), [{ jsonrpc: '2.0', id: 2, result: {} }]);
    assert.equal(await endOf(args), 'cancelled');
    const alone = hang();
    const empty = send(here, session.post(JSON.stringify([{ ...batch[0], id: 3, params: hanging(alone) }])));
    (await send(there, session.post([{ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 3 } }]))).hasStatus(202);
    (await empty).hasStatus(202, 'there is nothing left to answer').hasNoBody();
  });

  test('a cancelled call at /sse ends too, and nothing is said of it', async () => {
    const client = await openSse();
    const args = hang();
    (await client.post({ id: 1, method: 'tools/call', params: hanging(args) })).hasStatus(202);
    assert.equal((await client.receive()).method, 'notifications/progress');
    (await client.post({ method: 'notifications/cancelled', params: { requestId: 1 } })).hasStatus(202);
    assert.equal(await endOf(args), 'cancelled');
    (await client.post({ id: 2, method: 'ping' })).hasStatus(202);
    assert.deepEqual(await client.receive(), { jsonrpc: '2.0', id: 2, result: {} }, 'the next that comes');
    client.close();
  });

  test('a call ends with its session, and is told so', async () => {
    const session = await openSession(here);
    const args = hang();
    const call = await stream(here, session.request('tools/call', hanging(args), { id: 1 }));
    await begun(call);
    (await send(there, session.end())).hasStatus(204, 'MCP "Session Management"');
    const [answer] = await rest(call);
    assert.deepEqual([answer.id, answer.error.code], [1, -32600], 'and nobody waits for ever');
    assert.equal(await endOf(args), 'cancelled');
  });

  for (const [name, transport] of [
    ['Streamable HTTP', ({ origin }) => new StreamableHTTPClientTransport(new URL(`${origin}/mcp`))],
    ['HTTP+SSE', ({ origin }) => new SSEClientTransport(new URL(`${origin}/sse`))],
  ]) {
    test(`a cancelled call of the TypeScript v1 client ends over ${name}`, async () => {
      const own = await startInstances({ worker: 'examples/everything', count: 1, origin: null, vars });
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
}

function atSse() {
  test('a call at /sse lasts longer than half a minute, and is answered', async () => {
    const client = await openSse();
    const args = hang(740);
    (await client.post({ id: 'long', method: 'tools/call', params: calling('hang_until_cancelled', args) })).hasStatus(202);
    const began = performance.now();
    const answer = await client.receive();
    assert.equal(answer.id, 'long');
    assert.equal(textOf(answer.result), 'finished');
    assert.ok(performance.now() - began > 35_000, 'it has lasted');
    assert.equal(await endOf(args, here), 'finished', 'where the objects are, not where it was posted');
    client.close();
  });

  test('a call at /sse is one of 32 at most; what answers a question is taken nevertheless', async () => {
    const client = await openSse({ version: '2025-06-18', capabilities: { elicitation: {} } });
    const ask = (id) => client.post({ id, method: 'tools/call', params: calling('ask_twice') });
    for (let id = 1; id <= 32; id += 1) (await ask(id)).hasStatus(202);
    (await ask(33)).hasStatus(429, 'bounded').hasHeader('retry-after', /^\d+$/);
    const question = await client.receive();
    const answer = { action: 'accept', content: { word: 'w' } };
    (await client.post({ id: question.id, result: answer })).hasStatus(202);
    let second;
    // The other questions come first.
    do second = await client.receive();
    while (!second.params.message.startsWith('And'));
    (await client.post({ id: second.id, result: answer })).hasStatus(202);
    let last;
    do last = await client.receive();
    while (last.method);
    assert.equal(textOf(last.result), 'w w');
    (await ask(33)).hasStatus(202, 'one has ended');
    client.close();
  });

  test('a call at /sse is lost with its object: the stream ends, and takes no more messages', async () => {
    const client = await openSse();
    (await client.post({ id: 1, method: 'tools/call', params: hanging(hang()) })).hasStatus(202);
    await client.receive();
    await runtime.replace('SESSION', client.session);
    assert.deepEqual(await rest(client.connection), [], 'the client connects anew');
    (await client.post({ id: 2, method: 'ping' })).hasStatus(404, 'there is no such session');
  });

  test('a call at /sse leaves one line in the log, with what came of it and the name that its POST was given', async () => {
    const client = await openSse();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01';
    const { headers } = await client.post({ id: 1, method: 'tools/call', params: calling('test_error_handling') }, { traceparent });
    const answer = await client.receive();
    assert.equal(answer.result.isError, true);
    const lines = await eventually(
      () => runtime.log().split('\n').filter((line) => line.includes(headers['x-request-id']) && line.includes('"message"')),
      (lines) => lines.length > 0,
      'a line',
    );
    assert.equal(lines.length, 1, lines.join('\n'));
    const line = JSON.parse(lines[0].slice(lines[0].indexOf('{')));
    assert.deepEqual(
      [line.route, line.status, line.rpc, line.tool, line.outcome, line.trace, line.parent],
      ['/sse/messages', 202, 'tools/call', 'test_error_handling', 'tool_error', traceparent.slice(3, 35), traceparent.slice(36, 52)],
    );
    assert.ok(line.ms < 20_000);
    client.close();
  });
}
