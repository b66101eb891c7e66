// What clients without a token get, and that nothing is written or held awake for them unless the connector says so.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { openStream } from '../support/mcp/http-sse-client.mjs';
import { instancesForSuite, startInstances } from '../support/workers/instances.mjs';
import { eventually } from '../support/eventually.mjs';
import { CODE, calling, initialize, legacy, modern, notification, post, textOf } from '../support/mcp/requests.mjs';
import { SIGN_IN, bearer, connect, send } from '../support/oauth/client.mjs';
import { stream } from '../support/http/exchange.mjs';

const TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const LISTENED = { resourcesListChanged: true, resourceSubscriptions: ['ui://dice'] };
const LAST = { 'last-event-id': '0123456789abcdef-1' };
const sessionOf = async (at, headers = {}) => {
  const answer = await send(at, initialize('2025-11-25', { headers }));
  return { 'mcp-session-id': answer.headers['mcp-session-id'] };
};
const level = (session, value = 'debug', headers = {}) =>
  legacy('logging/setLevel', { level: value }, { headers: { ...session, ...headers } });

describe('a connector that serves people who sign in', () => {
  let runtime;
  let at;
  before(async () => {
    // It announces, and has a tool that goes on in the background.
    runtime = await startInstances({ worker: 'examples/recipes', count: 1, vars: SIGN_IN });
    [at] = runtime.instances;
    // The master key is made once, whoever comes first.
    (await send(at, modern('ping', {}, { headers: bearer('nonsense') }))).hasStatus(401);
  });
  after(() => runtime?.stop());

  /** Sends what `asked` gives, and says how many requests to objects and how many written rows that cost. */
  async function cost(asked) {
    const before = await runtime.counts();
    const answer = await asked();
    const { objects, rowsWritten } = await runtime.counts();
    const requests = Object.entries(objects).flatMap(([name, count]) => {
      const more = count - (before.objects[name] ?? 0);
      return more === 0 ? [] : [[name, more]];
    });
    return { answer, objects: Object.fromEntries(requests), rows: rowsWritten - before.rowsWritten };
  }

  /** Each way in which a request without a token once reached an object, and what is answered now. */
  const WAYS = [
    ['a log level', (session) => level(session), 200],
    ['an end of the session', (session) => ({ method: 'DELETE', path: '/mcp', headers: session }), 405],
    ['a stream of changes', (session) => ({ method: 'GET', path: '/mcp', headers: { accept: 'text/event-stream', ...session } }), 405],
    ['a lost stream', (session) => ({ method: 'GET', path: '/mcp', headers: { accept: 'text/event-stream', ...session, ...LAST } }), 405],
    ['a subscription', (session) => legacy('resources/subscribe', { uri: 'ui://dice' }, { headers: session }), 401],
    ['the end of one', (session) => legacy('resources/unsubscribe', { uri: 'ui://dice' }, { headers: session }), 200],
    ['a cancellation', (session) => notification('notifications/cancelled', { requestId: 1 }, { headers: session }), 202],
    ['an answer', (session) => post({ jsonrpc: '2.0', id: 'a', result: {} }, { headers: session }), 202],
    ['a call that logs', (session) => legacy('tools/call', calling('count', { to: 2 }), { headers: session }), 200],
    ['listening', () => modern('subscriptions/listen', { notifications: LISTENED }, { capabilities: TASKS }), 200],
    ['listening to a task of others', () => modern('subscriptions/listen', { notifications: { taskIds: [`send_letter.${'0'.repeat(31)}7`] } }, { capabilities: TASKS }), 401],
    ['HTTP+SSE', () => ({ method: 'GET', path: '/sse', headers: { accept: 'text/event-stream' } }), 404],
    ['a message of HTTP+SSE', () => post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { path: `/sse/messages?session=${'0'.repeat(40)}` }), 404],
  ];

  for (const [name, asked, status] of WAYS) {
    test(`${name} of a client without a token costs no storage`, async () => {
      const session = await sessionOf(at);
      const { answer, ...spent } = await cost(() => send(at, asked(session)));
      answer.hasStatus(status, name);
      assert.deepEqual(spent, { objects: {}, rows: 0 }, answer.story('nothing is kept, and no object is asked'));
    });
  }

  test('a thousand of them make no object and no row', async () => {
    const { objects, rows } = await cost(async () => {
      for (let turn = 0; turn < 50; turn += 1) {
        await Promise.all(
          Array.from({ length: 20 }, async () => {
            const session = await sessionOf(at);
            (await send(at, level(session))).result('it is answered');
            (await send(at, { method: 'DELETE', path: '/mcp', headers: session })).hasStatus(405);
          }),
        );
      }
    });
    assert.deepEqual({ objects, rows }, { objects: {}, rows: 0 });
  });

  test('a task is an ordinary call, and nobody has one', async () => {
    const unknown = modern('tasks/get', { taskId: `count.${'0'.repeat(31)}7` }, { capabilities: TASKS });
    const { answer, ...spent } = await cost(() => send(at, unknown));
    answer.error(200, CODE.invalidParams, 'there is no such task');
    assert.deepEqual(spent, { objects: {}, rows: 0 });
  });

  test('who signs in goes on in the session that began without a token', async () => {
    const session = await sessionOf(at);
    (await send(at, level(session, 'error'))).result('it is answered');
    const { tokens } = await connect(at, { scope: 'profile' });
    const headers = bearer(tokens.access_token);
    const { answer, objects } = await cost(() => send(at, level(session, 'debug', headers)));
    assert.deepEqual(answer.result('it is kept'), {});
    assert.equal(objects.Session, 1);
    (await send(at, { method: 'DELETE', path: '/mcp', headers: { ...session, ...headers } })).hasStatus(204);
    (await send(at, legacy('ping', {}, { headers: { ...session, ...headers } }))).hasStatus(404, 'it has ended');
  });

  test('a challenge for a subscription names where to sign in', async () => {
    const session = await sessionOf(at);
    const answer = await send(at, legacy('resources/subscribe', { uri: 'ui://dice' }, { headers: session }));
    answer.hasStatus(401).hasHeader('www-authenticate', /resource_metadata="[^"]+\/\.well-known\/oauth-protected-resource\/mcp"/);
  });
});

describe('a connector that says .anonymous_sessions()', () => {
  /** How much clients without a token hold: of one network, and in all. */
  const MOST_OF_NETWORK = 200;
  const MOST = 2000;
  const HOUR = 3600;

  const runtime = instancesForSuite({ worker: 'examples/everything', count: 1, vars: { ...SIGN_IN, SSE_TRANSPORT: 'on' } });
  const [at] = runtime.instances;

  const from = (network) => ({ 'cf-connecting-ip': network });
  const setsLevel = async (network, headers = {}) => send(at, level(await sessionOf(at), 'debug', { ...from(network), ...headers }));
  const several = async (count, act) => {
    for (let done = 0; done < count; done += 50) await Promise.all(Array.from({ length: Math.min(50, count - done) }, act));
  };
  const isRefused = (answer, rule) =>
    assert.match(answer.error(200, CODE.internal, rule).message, /too many clients without a sign-in/, answer.story(rule));

  test('a connector with anonymous sessions keeps what a session of theirs needs', async () => {
    const session = { ...(await sessionOf(at)), ...from('192.0.2.1') };
    const before = await runtime.counts();
    (await send(at, level(session, 'error'))).result('it is kept');
    const { objects } = await runtime.counts();
    assert.equal(objects.Session, (before.objects.Session ?? 0) + 1);
    (await send(at, { method: 'DELETE', path: '/mcp', headers: session })).hasStatus(204, 'it ends');
    (await send(at, level(session))).hasStatus(404, 'it has ended');
    assert.equal((await runtime.counts()).objects.AnonymousQuota, (before.objects.AnonymousQuota ?? 0) + 1, 'one place, asked for once');
  });

  test('a connector with anonymous sessions keeps a limited number for each network, and people who sign in have room', async () => {
    await several(MOST_OF_NETWORK, async () => (await setsLevel('198.51.100.7')).result('there is room'));
    isRefused(await setsLevel('198.51.100.99'), 'one more of the network');
    (await setsLevel('192.0.2.1')).result('another network');
    const end = await send(at, { method: 'DELETE', path: '/mcp', headers: { ...(await sessionOf(at)), ...from('198.51.100.7') } });
    end.hasStatus(503, 'the end of a session would be kept, too').hasHeader('retry-after', /^\d+$/);
    const task = modern('tools/call', calling('slow_compute', { seconds: 1 }), { capabilities: TASKS, headers: from('198.51.100.7') });
    assert.match((await send(at, task)).error(200, CODE.internal, 'no task').message, /too many clients without a sign-in/);
    const { tokens } = await connect(at, { scope: 'profile' });
    (await setsLevel('198.51.100.7', bearer(tokens.access_token))).result('who signs in has room');
  });

  test('a connector with anonymous sessions keeps a limited number in all, and what is kept expires', async () => {
    let refused;
    for (let network = 0; network < MOST / MOST_OF_NETWORK && !refused; network += 1) {
      await several(MOST_OF_NETWORK, async () => {
        const answer = await setsLevel(`203.0.${network}.1`);
        if (answer.json().error) refused = answer;
      });
    }
    isRefused(refused, 'the last networks find no room');
    isRefused(await setsLevel('192.0.77.1'), 'a new network');
    await runtime.passes(HOUR + 1);
    (await setsLevel('192.0.77.1')).result('an hour later there is room');
    (await setsLevel('198.51.100.7')).result('for everybody');
  });

  test('a connector with anonymous sessions holds few streams at /sse, and sees soon that one is free', async () => {
    const MOST_STREAMS = 10;
    const opening = (network, headers = {}) => ({
      method: 'GET',
      path: '/sse',
      headers: { ...at.headers, accept: 'text/event-stream', ...from(network), ...headers },
    });
    const open = [];
    for (let count = 0; count < MOST_STREAMS; count += 1) {
      const one = await stream(at, opening('198.51.100.7'));
      assert.equal(one.status, 200, one.story('a few'));
      await one.events.next();
      open.push(one);
    }
    const refused = await send(at, opening('198.51.100.8'));
    refused.hasStatus(503, 'no more of one network').hasHeader('retry-after', /^\d+$/);
    const { tokens } = await connect(at, { scope: 'profile', resource: `${at.origin}/sse` });
    for (const more of [opening('192.0.2.1'), opening('198.51.100.7', bearer(tokens.access_token))]) {
      const one = await stream(at, more);
      assert.equal(one.status, 200, one.story('another network, or a sign-in'));
      one.close();
    }
    const before = await runtime.counts();
    assert.equal(before.rowsWritten > 0, true);
    open.pop().close();
    const again = await eventually(
      async () => {
        const one = await stream(at, opening('198.51.100.7'));
        one.close();
        return one.status;
      },
      (status) => status === 200,
      'the place of one that hung up is free',
      6000,
    );
    assert.equal(again, 200);
    for (const one of open) one.close();
  });
});

describe('with .anonymous_sessions() and /sse on', () => {
  const MOST_OF_NETWORK = 200;
  const HERE = 'https://mcp.example.com';
  // A link that is made in an object needs to know where the server is.
  const runtime = instancesForSuite({ worker: 'examples/everything', count: 1, buckets: true, vars: { SSE_TRANSPORT: 'on', PUBLIC_URL: HERE } });
  const [at] = runtime.instances;
  const headers = { 'cf-connecting-ip': '198.51.100.7' };

  test('what a client without a token stores by way of /sse counts as by way of /mcp, beside the place of its stream', async () => {
    const client = await openStream({ at, headers });
    await client.initialize('2025-06-18');
    await client.request('resources/subscribe', { uri: 'test://watched-resource' });
    assert.deepEqual((await client.receive()).result, {}, 'the session has a place of its own');
    const upload = async () => {
      await client.request('tools/call', calling('upload_link', { purpose: 'tests', max_bytes: 1 }));
      return (await client.receive()).result;
    };
    for (let count = 1; count < MOST_OF_NETWORK; count += 1) {
      const { isError, ...answer } = await upload();
      assert.ok(!isError, textOf(answer));
    }
    const refused = await upload();
    assert.equal(refused.isError, true, 'one more of the network');
    assert.match(textOf(refused), /too many clients without a sign-in/);
    client.close();
    await eventually(async () => (await runtime.sql('ANONYMOUS_QUOTA', 'all', 'SELECT key FROM places WHERE held = 1')).length, (streams) => streams === 0, 'the place of the stream is given back', 6000);
    const [{ count }] = await runtime.sql('ANONYMOUS_QUOTA', 'all', 'SELECT count(*) AS count FROM places WHERE held = 0');
    assert.equal(count, MOST_OF_NETWORK, 'and that of the session is not');
  });

  /** What is asked while `act` runs, of each class of objects. */
  async function asks(act) {
    const { objects: before } = await runtime.counts();
    await act();
    const { objects } = await runtime.counts();
    return Object.fromEntries(Object.entries(objects).map(([name, count]) => [name, count - (before[name] ?? 0)]).filter(([, more]) => more > 0));
  }
  const invented = () => `slow_compute.${randomBytes(16).toString('hex')}`;

  test('an invented id of a task wakes no object of one', async () => {
    const taskIds = Array.from({ length: 32 }, invented);
    const listening = await asks(async () => {
      const answer = await send(at, modern('subscriptions/listen', { notifications: { taskIds } }, { capabilities: TASKS, headers }));
      answer.hasStatus(200, 'MCP "Subscriptions": what is not honoured is left out');
      assert.doesNotMatch(answer.text, /slow_compute/, answer.story('none of them is'));
    });
    assert.deepEqual(listening, { AnonymousQuota: 1 }, 'it knows the tasks of clients without a token');
    for (const [method, params] of [['tasks/get', {}], ['tasks/update', { inputResponses: {} }], ['tasks/cancel', {}]]) {
      const asked = await asks(async () => {
        const answer = await send(at, modern(method, { taskId: invented(), ...params }, { capabilities: TASKS, headers }));
        answer.error(200, CODE.invalidParams, 'there is no such task');
      });
      assert.deepEqual(asked, { AnonymousQuota: 1 }, method);
    }
  });

  test('a client without a token has its own tasks, at once and while it polls', async () => {
    const from = { 'cf-connecting-ip': '192.0.2.7' };
    const begun = await send(at, modern('tools/call', calling('slow_compute', { seconds: 0 }), { capabilities: TASKS, headers: from }));
    const { taskId } = begun.result('a task');
    const asked = await asks(async () => {
      for (let turn = 0; turn < 3; turn += 1) (await send(at, modern('tasks/get', { taskId }, { capabilities: TASKS, headers: from }))).result('it is there');
    });
    assert.equal(asked.AnonymousQuota, undefined, 'the instance knows its place');
  });

  test('a message to an invented stream of 2024-11-05 wakes no object of a session', async () => {
    const client = await openStream({ at, headers: { 'cf-connecting-ip': '192.0.2.8' } });
    const made = `${randomBytes(14).toString('hex')}${client.session.slice(28, 32)}`;
    const session = `${made}${createHash('sha256').update(made).digest('hex').slice(0, 8)}`;
    const path = `/sse/messages?session=${session}`;
    const asked = await asks(async () => (await send(at, post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { path, headers }))).hasStatus(404, 'no stream'));
    assert.deepEqual(asked, { AnonymousQuota: 1 });
    client.close();
  });
});

test('when many listeners hang up, the next one has a place at once', async () => {
  const MOST_OF_NETWORK = 500;
  // Their streams are written to every quarter of a minute.
  const runtime = await startInstances({ worker: 'examples/everything', count: 1 });
  try {
    const [at] = runtime.instances;
    const listening = () => {
      const asked = modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, { headers: { 'cf-connecting-ip': '192.0.2.1' } });
      return { ...asked, headers: { ...at.headers, ...asked.headers } };
    };
    const open = [];
    for (let count = 0; count < MOST_OF_NETWORK; count += 50) {
      open.push(...(await Promise.all(Array.from({ length: 50 }, () => stream(at, listening())))));
    }
    for (const one of open) assert.equal(one.status, 200, one.story('there is room'));
    (await send(at, listening())).hasStatus(429, 'the network has no more').hasHeader('retry-after', '5');
    for (const one of open) one.close();
    const began = performance.now();
    await eventually(
      async () => {
        const one = await stream(at, listening());
        one.close();
        return one.status;
      },
      (status) => status === 200,
      'a place is free',
      10_000,
    );
    const seconds = (performance.now() - began) / 1000;
    assert.ok(seconds < 6, `it took ${seconds} s`);
  } finally {
    await runtime.stop();
  }
});
