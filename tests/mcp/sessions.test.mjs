// Sessions of the revisions with a handshake: streams that a client loses and comes back to, calls that outlive their client,
// and the end of a session; over several instances. Section numbers are those of the specification's "Transports".
// MCP "Lifecycle › HTTP".

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instancesForSuite, startInstances } from '../support/workers/instances.mjs';
import { eventually } from '../support/eventually.mjs';
import { CODE, LEGACY, calling, legacy, modern, notification, send, stream, textOf } from '../support/mcp/requests.mjs';
import { openSession } from '../support/mcp/session.mjs';
import { ALL_SCOPES, SIGN_IN, bearer, connect } from '../support/oauth/client.mjs';

const runtime = instancesForSuite({ worker: 'examples/everything', vars: { KEEP_ALIVE_MS: '200', TIME_LIMIT_SECONDS: '30' } });
const [here, there] = runtime.instances;

/** A call in a session that reports `steps` times, and then answers. */
const working = (session, steps, delay_ms = 15, progressToken = 'p') =>
  session.request('tools/call', { ...calling('progress_slowly', { steps, delay_ms }), _meta: { progressToken } });

/** Reads events until the stream ends or `enough` of them with an id have come, then breaks off. */
async function read(connection, enough = Infinity) {
  const events = [];
  try {
    if (enough > 0) {
      for await (const event of connection.events) {
        if (event.id === undefined) continue;
        events.push(event);
        if (events.length >= enough) break;
      }
    }
  } finally {
    connection.close();
  }
  return events;
}

/** The next event with an id; the connection stays. */
async function next({ events }) {
  for (;;) {
    const { value, done } = await events.next();
    assert.ok(!done, 'the stream goes on');
    if (value.id !== undefined) return value;
  }
}

const messagesIn = (events) => events.filter(({ data }) => data).map(({ data }) => JSON.parse(data));
const isLast = (event) => event.data !== '' && 'result' in JSON.parse(event.data);

describe('a stream that can be resumed', () => {
  test('a stream that can be resumed opens with an id without a message, says when to come back, and numbers its events', async () => {
    const session = await openSession(here);
    const calls = await stream(here, working(session, 3));
    const events = await read(calls);
    const [opening, ...rest] = events;
    assert.equal(opening.data, '', calls.story('MCP "Sending Messages to the Server"'));
    assert.match(opening.id, /^[0-9a-f]{16}-0$/, calls.story('MCP "Resumability and Redelivery": the id names the stream'));
    assert.match(opening.retry, /^\d+$/, calls.story('MCP "Sending Messages to the Server"'));
    const name = opening.id.slice(0, 16);
    assert.deepEqual(
      rest.map(({ id }) => id),
      [1, 2, 3, 4].map((number) => `${name}-${number}`),
      calls.story('MCP "Resumability and Redelivery"'),
    );
    assert.equal(textOf(messagesIn(events).at(-1).result), 'done');
  });

  test('only a stream of 2025-11-25 in a session can be resumed: all others have no ids and no event without data', async () => {
    const rows = [...LEGACY.slice(1).map((version) => ({ version })), { version: LEGACY[0], headers: { 'mcp-session-id': null } }];
    for (const { version, headers } of rows) {
      const session = await openSession(here, { version });
      const asked = working(session, 2);
      const calls = await stream(here, { ...asked, headers: { ...asked.headers, ...headers } });
      for await (const event of calls.events) {
        assert.ok(event.comment !== undefined || (event.data && event.id === undefined && event.retry === undefined), calls.story('MCP "Sending Messages to the Server"'));
      }
    }
    const asked = modern('tools/call', { ...calling('progress_slowly', { steps: 2, delay_ms: 10 }), _meta: { progressToken: 1 } });
    const calls = await stream(here, asked);
    for await (const event of calls.events) assert.ok(event.id === undefined, calls.story('2026-07-28 has no resumption'));
  });

  test('a stream that breaks anywhere, again and again, is resumed at any instance: nothing is lost and nothing doubled', async (t) => {
    let drops = 0;
    const journey = async (number) => {
      const session = await openSession(here);
      const steps = 12;
      const got = [];
      let connection = await stream(here, working(session, steps));
      for (let round = 0; ; round += 1) {
        assert.ok(round < 40, 'the stream ends');
        // Sometimes all that comes is read, and the connection breaks only then.
        const enough = Math.random() < 0.15 ? Infinity : Math.floor(Math.random() * 6);
        got.push(...(await read(connection, round === 0 ? Math.max(1, enough) : enough)));
        if (isLast(got.at(-1))) break;
        drops += 1;
        const at = [here, there][Math.floor(Math.random() * 2)];
        connection = await stream(at, session.get(got.at(-1).id));
        assert.equal(connection.status, 200, connection.story('MCP "Resumability and Redelivery"'));
      }
      const name = got[0].id.slice(0, 16);
      assert.deepEqual(
        got.map(({ id }) => id),
        Array.from({ length: steps + 2 }, (_, place) => `${name}-${place}`),
        `journey ${number}: each event once, in order`,
      );
      const messages = messagesIn(got);
      assert.deepEqual(
        messages.slice(0, -1).map(({ params }) => params.progress),
        Array.from({ length: steps }, (_, step) => step + 1),
      );
      assert.equal(textOf(messages.at(-1).result), 'done');
    };
    for (let round = 0; round < 5; round += 1) await Promise.all(Array.from({ length: 8 }, (_, n) => journey(round * 8 + n)));
    t.diagnostic(`40 calls, ${drops} lost connections`);
    assert.ok(drops > 40, 'connections were lost');
  });

  test('a stream that can be resumed shares no message with another stream of its session', async () => {
    const session = await openSession(here);
    const streams = await Promise.all(['a', 'b', 'c'].map((token) => stream(here, working(session, 6, 20, token))));
    const firsts = await Promise.all(streams.map((one) => read(one, 3)));
    const rests = await Promise.all(
      firsts.map(async (events) => read(await stream(there, session.get(events.at(-1).id)))),
    );
    for (const [at, token] of ['a', 'b', 'c'].entries()) {
      const messages = messagesIn([...firsts[at], ...rests[at]]);
      const tokens = new Set(messages.slice(0, -1).map(({ params }) => params.progressToken));
      assert.deepEqual([...tokens], [token], 'MCP "Multiple Connections", MCP "Resumability and Redelivery": its own messages only');
      assert.equal(messages.length, 7);
    }
    const ids = [...firsts, ...rests].flat().map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, 'MCP "Resumability and Redelivery": unique in the session');
  });

  test('a stream that its handler ends on purpose is answered when the client is back', async () => {
    const session = await openSession(here);
    for (const at of [here, there]) {
      const calls = await stream(here, session.request('tools/call', calling('test_reconnection')));
      const events = await read(calls);
      assert.equal(events.length, 1, calls.story('SEP-1699: the opening, then the end'));
      const rest = await read(await stream(at, session.get(events[0].id)));
      assert.equal(rest.length, 1);
      assert.equal(textOf(messagesIn(rest)[0].result), 'Reconnection test completed successfully.');
    }
  });

  test('a stream that its handler would end is an answer in JSON where the client could not come back', async () => {
    for (const version of LEGACY.slice(1)) {
      const session = await openSession(here, { version });
      const answer = await send(here, session.request('tools/call', calling('test_reconnection')));
      answer.hasHeader('content-type', /^application\/json/, 'there is nothing to stream');
      assert.equal(textOf(answer.result()), 'Reconnection test completed successfully.');
    }
  });

  test('a question on it is asked again where its client comes back', async () => {
    const session = await openSession(here);
    const calls = await stream(here, session.request('tools/call', calling('ask_twice')));
    const [opening] = await read(calls, 1);
    const back = await stream(there, session.get(opening.id));
    let result;
    for await (const event of back.events) {
      if (!event.data) continue;
      const message = JSON.parse(event.data);
      if (!message.method) result = message.result;
      else {
        const answer = { jsonrpc: '2.0', id: message.id, result: { action: 'accept', content: { word: 'w' } } };
        const headers = session.get().headers;
        (await send(there, { ...session.request('x'), headers: { ...session.request('x').headers, ...headers, accept: '*/*' }, body: JSON.stringify(answer) })).hasStatus(202);
      }
    }
    assert.equal(textOf(result), 'w w');
  });

  test('a stream that was read to its end costs no write; what was read can be read again for a moment', async () => {
    const session = await openSession(here);
    // A client without a sign-in has a place from its first stream on.
    await read(await stream(here, working(session, 1)));
    const earlier = await runtime.counts();
    const calls = await stream(here, working(session, 3));
    const events = await read(calls);
    const again = await read(await stream(there, session.get(events[1].id)));
    assert.deepEqual(
      again.map(({ id }) => id),
      events.slice(2).map(({ id }) => id),
    );
    (await send(there, session.get(events.at(-1).id))).hasStatus(405, 'who has got it all need not come again');
    const later = await runtime.counts();
    assert.equal(later.rowsWritten - earlier.rowsWritten, 0, 'no row is written for a stream that nobody lost');
  });

  test('a stream that can be resumed belongs to its session: another session gets nothing of it', async () => {
    const [session, other] = [await openSession(here), await openSession(here)];
    const calls = await stream(here, working(session, 40, 25));
    const [opening] = await read(calls, 2);
    (await send(there, other.get(opening.id))).hasStatus(405, 'MCP "Resumability and Redelivery": of a stream of another session there is nothing');
    const rest = await read(await stream(there, session.get(opening.id)));
    assert.ok(isLast(rest.at(-1)), 'the owner gets it');
  });

  test('a stream that can be resumed is kept for ten minutes', async () => {
    const session = await openSession(here);
    const calls = await stream(here, working(session, 4));
    const [opening] = await read(calls, 2);
    const rest = await read(await stream(here, session.get(opening.id)));
    assert.ok(isLast(rest.at(-1)));
    await runtime.passes(590);
    assert.equal((await read(await stream(there, session.get(opening.id)))).length, rest.length, 'it still is');
    await runtime.passes(20);
    (await send(there, session.get(opening.id))).hasStatus(405, 'then it is forgotten, and the client is told at once');
  });
});

describe('a GET', () => {
  const get = async (headers, at = here) => send(at, { method: 'GET', path: '/mcp', headers });
  test('a GET of a client that has nothing to come back to is 405', async () => {
    // This connector announces changes, so a session has a stream for them; without one there is none.
    (await get({ accept: 'text/event-stream', 'last-event-id': `${'0'.repeat(16)}-1` })).hasStatus(405, 'MCP "Listening for Messages from the Server"');
    (await get({ accept: 'text/event-stream', 'mcp-protocol-version': '2026-07-28', 'last-event-id': `${'0'.repeat(16)}-1` })).hasStatus(405, 'MCP "Earlier Streamable HTTP Revisions"');
  });

  test('a GET that comes back needs a session that exists, and takes a stream', async () => {
    const session = await openSession(here);
    const last = `${'0'.repeat(16)}-1`;
    (await send(here, session.get(last, { 'mcp-session-id': 'made-up' }))).hasStatus(404, 'MCP "Session Management"');
    for (const [accept, status] of [
      ['application/json', 406],
      ['x-text/event-stream', 406],
      ['text/*', 405],
      [undefined, 405],
    ]) {
      const { accept: _, ...headers } = session.get(last).headers;
      const answer = await send(here, { method: 'GET', path: '/mcp', headers: accept === undefined ? headers : { ...headers, accept } });
      // Where a stream is accepted, this session has none to come back to.
      answer.hasStatus(status, `MCP "Sending Messages to the Server": ${accept}`);
    }
  });
});

describe('coming back to a stream', () => {
  test('coming back to a stream that nobody knows is answered at once: anybody can make up its id', async () => {
    const session = await openSession(here);
    const began = performance.now();
    (await send(here, session.get(`${'0'.repeat(16)}-1`))).hasStatus(405, 'there is nothing, and nothing will come');
    const seconds = (performance.now() - began) / 1000;
    assert.ok(seconds < 3, `${seconds} s`);
  });

  test('coming back to a stream that still has a connection takes it over: what waits is read there, and the result goes there only', async () => {
    const session = await openSession(here);
    const first = await stream(here, session.request('tools/call', calling('ask_twice')));
    const [opening, asked] = [await next(first), await next(first)];
    const question = JSON.parse(asked.data);
    assert.equal(question.method, 'elicitation/create', first.story('the call asks'));
    const began = performance.now();
    const second = await stream(there, session.get(opening.id));
    const third = await stream(here, session.get(opening.id));
    const got = { first: [], second: [], third: [] };
    const collect = async (name, { events }) => {
      for await (const event of events) {
        if (event.data) got[name].push(JSON.parse(event.data));
        const last = got[name].at(-1);
        if (name === 'third' && event.data && last.method === 'elicitation/create') {
          got.waited ??= performance.now() - began;
          const answer = { jsonrpc: '2.0', id: last.id, result: { action: 'accept', content: { word: 'w' } } };
          const { headers } = session.request('x');
          (await send(there, { ...session.request('x'), headers, body: JSON.stringify(answer) })).hasStatus(202);
        }
      }
    };
    await Promise.all([collect('first', first), collect('second', second), collect('third', third)]);
    assert.equal(got.third[0].id, question.id, 'the question that waits is asked on the stream that came last');
    assert.ok(got.waited < 3000, `at once: ${got.waited} ms`);
    const results = Object.entries(got).flatMap(([name, messages]) =>
      Array.isArray(messages) ? messages.filter(({ result }) => result).map(({ result }) => [name, textOf(result)]) : [],
    );
    assert.deepEqual(results, [['third', 'w w']], 'MCP "Multiple Connections": a message goes on one stream');
  });
});

describe('a header that names a version nobody speaks', () => {
  test('a header that names a version nobody speaks is 400 on GET and DELETE, as on POST', async () => {
    const session = await openSession(here);
    for (const version of ['1999-01-01', 'nonsense', '']) {
      const headers = { 'mcp-protocol-version': version };
      (await send(here, session.get(undefined, headers))).error(400, CODE.invalidRequest, 'MCP "Protocol Version Header"');
      (await send(here, session.end(headers))).error(400, CODE.invalidRequest, 'MCP "Protocol Version Header"');
    }
    (await send(here, session.request('ping'))).result('nothing has ended');
  });
});

describe('a notification', () => {
  test('a notification with a session that nobody began is 404', async () => {
    for (const method of ['notifications/initialized', 'notifications/cancelled', 'notifications/roots/list_changed', 'x/y']) {
      const asked = notification(method, {}, { headers: { 'mcp-session-id': 'made-up' } });
      (await send(here, asked)).hasStatus(404, `MCP "Session Management": ${method}`);
      (await send(here, notification(method))).hasStatus(202, 'without one it is taken');
    }
  });
});

describe('a client that leaves', () => {
  for (const version of LEGACY) {
    test(`a client that leaves does not cancel its call (${version})`, async () => {
      const key = `left-${version}`;
      const session = await openSession(here, { version });
      const params = { ...calling('hang_until_cancelled', { key, ticks: 20 }), _meta: { progressToken: 1 } };
      const calls = await stream(here, session.request('tools/call', params));
      for await (const event of calls.events) if (event.data) break;
      calls.close();
      const counts = await eventually(
        async () => (await send(here, legacy('tools/call', calling('hang_counts', { key })))).result().structuredContent,
        (counts) => counts.finished + counts.cancelled === 1,
        'MCP "Sending Messages to the Server": the work goes on',
      );
      assert.deepEqual({ ...counts }, { started: 1, cancelled: 0, finished: 1 });
    });
  }
});

describe('the end of a session', () => {
  test('the end of a session is 204; from then on there is no such session', async () => {
    const session = await openSession(here);
    (await send(here, session.request('tools/list'))).result('before');
    (await send(here, session.end())).hasStatus(204, 'MCP "Session Management"').hasNoBody('MCP "Session Management"');
    (await send(here, session.request('tools/list'))).hasStatus(404, 'MCP "Session Management": plain calls where it ended');
    (await send(here, session.get(`${'0'.repeat(16)}-1`))).hasStatus(404, 'MCP "Session Management"');
    const headers = { 'mcp-session-id': session.id };
    (await send(here, modern('tools/list', {}, { headers }))).result('MCP "Earlier Streamable HTTP Revisions": the header says nothing any more');
    (await send(here, session.end())).hasStatus(404, 'MCP "Session Management"');
    (await send(there, session.end())).hasStatus(404, 'MCP "Session Management": anywhere');
    (await send(there, session.get(`${'0'.repeat(16)}-1`))).hasStatus(404, 'MCP "Session Management": anywhere');
    (await send(there, session.request('logging/setLevel', { level: 'debug' }))).hasStatus(404, 'MCP "Session Management": whatever a session is for');
    (await send(here, (await openSession(here)).request('tools/list'))).result('others go on');
  });

  test('the end of a session wakes who waits: a call with an open question ends', async () => {
    const session = await openSession(here);
    const calls = await stream(here, session.request('tools/call', calling('ask_twice')));
    let message;
    for await (const event of calls.events) {
      if (!event.data) continue;
      message = JSON.parse(event.data);
      if (message.method === 'elicitation/create') (await send(there, session.end())).hasStatus(204, 'MCP "Session Management"');
    }
    assert.equal(message.result.isError, true, calls.story('nobody can answer any more'));
    assert.match(textOf(message.result), /no such session/);
  });

  test('the end of a session is forgotten with all else when its alarm rings, a day after the last', async () => {
    const session = await openSession(here);
    const level = (level, at = there) => send(at, session.request('logging/setLevel', { level }));
    const logged = async () => {
      const calls = await stream(here, session.request('tools/call', calling('log_levels')));
      return messagesIn(await read(calls)).filter(({ method }) => method === 'notifications/message').length;
    };
    (await level('error')).result('it is remembered');
    assert.equal(await logged(), 4);
    await runtime.alarm('SESSION', session.id);
    assert.equal(await logged(), 7, 'what nobody asked for: info and above');
    (await send(there, session.end())).hasStatus(204, 'MCP "Session Management"');
    (await level('error')).hasStatus(404, 'MCP "Session Management"');
    await runtime.alarm('SESSION', session.id);
    (await level('error', here)).result('nothing is known of it any more, except where it ended');
  });

  test('the end of a session needs its id, and one that exists', async () => {
    const session = await openSession(here);
    (await send(here, session.end({ 'mcp-session-id': null }))).hasStatus(405, 'MCP "Session Management": there is nothing to end');
    (await send(here, session.end({ 'mcp-session-id': 'made-up' }))).hasStatus(404, 'MCP "Session Management"');
    (await send(here, session.end({ 'mcp-protocol-version': '2026-07-28' }))).hasStatus(405, 'MCP "Earlier Streamable HTTP Revisions"');
    (await send(here, session.request('ping'))).result('nothing has ended');
  });
});

describe('a session of a person', () => {
  test('a session of a person belongs to that person: nobody else resumes or ends it', async () => {
    const starter = await startInstances({ vars: { ...SIGN_IN, KEEP_ALIVE_MS: '200' } });
    try {
      const [at, other] = starter.instances;
      const { access_token: token } = (await connect(at, { scope: ALL_SCOPES })).tokens;
      const session = await openSession(at, { headers: bearer(token) });
      const save = await send(at, session.request('tools/call', calling('save_note', { title: 'mine', body: 'b' })));
      const id = Number(/note (\d+)/.exec(textOf(save.result()))[1]);
      const calls = await stream(at, session.request('tools/call', calling('delete_note', { id })));
      const [opening] = await read(calls, 2);
      for (const authorization of [null]) {
        (await send(other, session.get(opening.id, { authorization }))).hasStatus(405, 'a client without a token has no session here');
        (await send(other, session.end({ authorization }))).hasStatus(405, 'a client without a token has no session here');
      }
      (await send(other, session.get(opening.id, { authorization: 'Bearer nonsense' }))).hasStatus(401, 'a bad token is told so');
      const [question] = messagesIn(await read(await stream(other, session.get(opening.id)), 1));
      assert.equal(question.method, 'elicitation/create', 'its person comes back to it');
      (await send(other, session.end())).hasStatus(204, 'MCP "Session Management"');
    } finally {
      await starter.stop();
    }
  });
});

