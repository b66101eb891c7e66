// A panic in a handler ends the WebAssembly instance that all requests of an isolate and all its Durable Objects share. Its own
// caller gets an error at once; every other request in flight gets an answer or an error at once too; the next request is
// served; nothing that was acknowledged is lost.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instancesForSuite } from '../support/workers/instances.mjs';
import { eventually } from '../support/eventually.mjs';
import { CODE, ERAS, calling, legacy, modern, post, send, stream, textOf } from '../support/mcp/requests.mjs';
import { SIGN_IN, authorize, redeeming, refreshing, register, tokensOf } from '../support/oauth/client.mjs';

/** Within this time everybody who waits for a dead instance has an answer. */
const AT_ONCE_MS = 4000;
/** How long a fixture waits before it panics. */
const LATER_MS = 200;

const runtime = instancesForSuite({ worker: 'examples/everything', count: 1, vars: { ...SIGN_IN, SSE_TRANSPORT: 'on' } });
const [site] = runtime.instances;

/** The answer, and how long it took. */
async function timed(asked) {
  const begun = performance.now();
  const answer = await send(site, asked);
  return { answer, took: performance.now() - begun };
}

const isThere = async () =>
  assert.equal(textOf((await send(site, modern('tools/call', calling('reads_slowly', { milliseconds: 1 })))).result('the next request is served')), 'done');

/** An error that says whose fault it was and whether something may have been done. */
function isFailure(answer, id, { effect, rule }) {
  const message = answer.final(rule);
  assert.equal(message.id, id, answer.story(`${rule}: the id of the request`));
  assert.equal(message.error?.code, CODE.internal, answer.story(rule));
  assert.match(message.error.message, /^The server failed while it carried this out\./, answer.story(rule));
  assert.match(message.error.message, new RegExp(`\\(request ${answer.headers['x-request-id']}\\)$`), answer.story(`${rule}: named as in the log`));
  assert.equal(/may have taken effect/.test(message.error.message), effect, answer.story(rule));
  answer.hasStatus(200, rule);
}

let ids = 1000;
const nextId = () => (ids += 1);

describe('a handler that panics', () => {
  const panicking = [
    ['a tool', 'tools/call', (when) => calling('panics', { when })],
    ['a tool that writes', 'tools/call', (when) => calling('panics_writing', { when }), true],
    ['a resource', 'resources/read', (when) => ({ uri: `panics://${when}` })],
    ['a prompt', 'prompts/get', (when) => ({ name: 'panics', arguments: { when } })],
    [
      'a completion',
      'completion/complete',
      (when) => ({ ref: { type: 'ref/prompt', name: 'panics' }, argument: { name: 'when', value: when } }),
    ],
  ];
  for (const [what, method, params, effect = false] of panicking) {
    for (const when of ['at_once', 'later']) {
      for (const { era, ask: request } of ERAS) {
        test(`a handler that panics, ${what}, ${when.replace('_', ' ')}, ${era}: its caller gets an error with the id at once`, async () => {
          const id = nextId();
          const { answer, took } = await timed(request(method, params(when), { id }));
          isFailure(answer, id, { effect, rule: `${what} ${when}` });
          assert.ok(took < AT_ONCE_MS, `${took} ms`);
          await isThere();
        });
      }
    }
  }

  for (const how of ['out_of_memory', 'out_of_stack']) {
    for (const when of ['at_once', 'later']) {
      test(`a handler that panics and one that runs ${how.replaceAll('_', ' ')} ${when.replace('_', ' ')}`, async () => {
        const id = nextId();
        const { answer, took } = await timed(modern('tools/call', calling('panics', { when, how }), { id }));
        isFailure(answer, id, { effect: false, rule: how });
        assert.ok(took < AT_ONCE_MS, `${took} ms`);
        await isThere();
      });
    }
  }

  test('on an open stream: the error is its last event', async () => {
    for (const { era, ask: request } of ERAS) {
      const id = nextId();
      const { answer, took } = await timed(request('tools/call', { ...calling('panics', { when: 'later' }), _meta: { progressToken: 'p' } }, { id }));
      assert.ok(answer.isEventStream, answer.story(era));
      assert.deepEqual(answer.messages(era).map(({ method }) => method), ['notifications/progress', undefined], answer.story(era));
      isFailure(answer, id, { effect: false, rule: era });
      assert.ok(took < AT_ONCE_MS, `${took} ms`);
    }
  });

  test('a handler that panics in a batch: each of its requests gets an error', async () => {
    const batch = ['panics', 'writes_slowly', 'reads_slowly'].map((name, n) => ({
      jsonrpc: '2.0',
      id: `b${n}`,
      method: 'tools/call',
      params: calling(name, name === 'panics' ? { when: 'later' } : { milliseconds: 5000 }),
    }));
    const { answer, took } = await timed({ ...legacy('ping', {}, { version: '2025-03-26' }), body: JSON.stringify(batch) });
    assert.deepEqual(answer.json().map(({ id, error }) => [id, error.code]), batch.map(({ id }) => [id, CODE.internal]));
    assert.ok(took < AT_ONCE_MS, `${took} ms`);
  });

  test('a handler that panics prints its message and its place once', async () => {
    const printed = () => runtime.log().split(/panicked at examples\/everything\/src\/panics\.rs:\d+:\d+:\na fixture panics/).length - 1;
    const said = () => runtime.log().split('a fixture panics').length - 1;
    const [printedBefore, saidBefore] = [printed(), said()];
    await send(site, modern('tools/call', calling('panics', { when: 'later' })));
    await eventually(async () => printed(), (times) => times > printedBefore, 'it is printed');
    assert.equal(printed() - printedBefore, 1, 'message and place');
    assert.equal(said() - saidBefore, 1, 'and nobody says it a second time');
  });
});

describe('beside 50 slow calls', () => {
  test('each of them is answered at once, and told whether to try again', async () => {
    const kinds = [
      { name: 'reads_slowly', era: legacy, more: {}, effect: false, isStream: false },
      { name: 'writes_slowly', era: modern, more: {}, effect: true, isStream: false },
      { name: 'reads_slowly', era: modern, more: { _meta: { progressToken: 1 } }, effect: false, isStream: true },
      { name: 'writes_slowly', era: legacy, more: { _meta: { progressToken: 1 } }, effect: true, isStream: true },
      { name: 'reads_slowly', era: modern, more: {}, effect: false, isStream: false },
    ];
    const slow = Array.from({ length: 50 }, (_, n) => ({ ...kinds[n % kinds.length], id: nextId() }));
    let died;
    const answered = slow.map(async ({ name, era, more, id }) => {
      const answer = await send(site, era('tools/call', { ...calling(name, { milliseconds: 15_000 }), ...more }, { id }));
      return { answer, took: performance.now() - died };
    });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const id = nextId();
    died = performance.now() + LATER_MS;
    isFailure(await send(site, modern('tools/call', calling('panics', { when: 'later' }), { id })), id, { effect: false, rule: 'its own caller' });
    for (const [n, { answer, took }] of (await Promise.all(answered)).entries()) {
      const { id, effect, isStream } = slow[n];
      const message = answer.final('an error');
      assert.equal(message.id, id, answer.story('its own id'));
      assert.equal(answer.isEventStream, isStream, answer.story('the form that was begun'));
      const says = effect ? /interrupted .*It may have taken effect/ : /interrupted\. Nothing was changed: try again/;
      assert.match(message.error.message, says, answer.story('what became of it'));
      if (!isStream) answer.hasStatus(effect ? 200 : 503, 'only what can be repeated may be repeated by itself');
      assert.equal(answer.headers['retry-after'], !isStream && !effect ? '1' : undefined, answer.story('Retry-After'));
      assert.ok(took < AT_ONCE_MS, answer.story(`${took} ms after the panic`));
    }
    await isThere();
  });

  test('a page that may read answers may read this one', async () => {
    const { origin } = site;
    const waiting = send(site, legacy('tools/call', calling('reads_slowly', { milliseconds: 15_000 }), { headers: { origin } }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await send(site, modern('tools/call', calling('panics', { when: 'at_once' })));
    (await waiting).hasStatus(503, 'interrupted').hasHeader('access-control-allow-origin', origin, 'CORS');
  });
});

describe('a task', () => {
  const CLIENT = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
  const capable = { capabilities: CLIENT };
  const begin = async (name, args) => {
    const result = (await send(site, modern('tools/call', calling(name, args), capable))).result('a task begins');
    assert.equal(result.resultType, 'task', JSON.stringify(result));
    return result.taskId;
  };
  const get = async (taskId) => (await send(site, modern('tasks/get', { taskId }, capable))).final('tasks/get').result ?? {};
  const isOver = ({ status }) => ['completed', 'failed', 'cancelled'].includes(status);

  test('a task whose handler panics has failed, and is not begun again', async () => {
    const panics = () => runtime.log().split('a fixture panics').length;
    const before = panics();
    const id = await begin('panics_as_task', { when: 'later' });
    const task = await eventually(() => get(id), isOver, 'it is over', 5000);
    assert.equal(task.status, 'failed', JSON.stringify(task));
    assert.equal(task.error?.code, CODE.internal, JSON.stringify(task));
    assert.equal(task.statusMessage, 'The server failed while it carried this out.');
    assert.equal(panics() - before, 1, 'one run');
  });

  test('a task that goes on while another handler panics begins again and ends', async () => {
    const id = await begin('slow_compute', { seconds: 2, label: 'beside a panic' });
    await send(site, modern('tools/call', calling('panics', { when: 'later' })));
    const task = await eventually(() => get(id), isOver, 'it is over', 15_000);
    assert.equal(task.status, 'completed', JSON.stringify(task));
  });
});

describe('what else is in flight', () => {
  const panicking = () => send(site, modern('tools/call', calling('panics', { when: 'at_once' })));

  test('a code that is being redeemed is redeemed once, and its tokens arrive', async () => {
    const client = await register(site);
    for (let round = 0; round < 10; round += 1) {
      const authorization = await authorize(site, client);
      const [answer] = await Promise.all([send(site, redeeming(client, authorization)), panicking()]);
      const tokens = tokensOf(answer, 'the request is carried out again, as the same');
      const next = tokensOf(await send(site, refreshing(client, tokens)), 'the grant is valid');
      const [refreshed] = await Promise.all([send(site, refreshing(client, next)), panicking()]);
      tokensOf(refreshed, 'so is a refresh');
    }
  });

  test('a stream of changes ends, and can be opened again', async () => {
    const listening = modern('subscriptions/listen', { notifications: { toolsListChanged: true } });
    const open = await stream(site, listening);
    await open.events.next();
    const begun = performance.now();
    await panicking();
    for await (const { data } of open.events) assert.equal(data, undefined, open.story('nothing more is said'));
    assert.ok(performance.now() - begun < AT_ONCE_MS, open.story('nobody would write to it any more, so it ends at once'));
    const again = await stream(site, listening);
    assert.ok((await again.events.next()).value, again.story('it is open again'));
    again.close();
  });

  test('a session of 2024-11-05 is told of each of its calls, and its stream ends', async () => {
    const open = await stream(site, { path: '/sse', headers: { accept: 'text/event-stream' } });
    const path = (await open.events.next()).value.data;
    const request = async (id, method, params) => (await send(site, post({ jsonrpc: '2.0', id, method, params }, { path }))).hasStatus(202, method);
    await request(1, 'initialize', { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'tests', version: '1' } });
    await open.events.next();
    await request(2, 'tools/call', calling('writes_slowly', { milliseconds: 15_000 }));
    await request(3, 'tools/call', calling('panics', { when: 'later' }));
    const begun = performance.now();
    const said = new Map();
    for await (const { data } of open.events) {
      if (!data) continue;
      const { id, error } = JSON.parse(data);
      said.set(id, error?.message);
    }
    assert.ok(performance.now() - begun < AT_ONCE_MS, open.story('at once'));
    assert.match(said.get(3), /^The server failed while it carried this out\. \(request /, open.story('the one that panicked'));
    assert.match(said.get(2), /^The server was interrupted .*may have taken effect/, open.story('the one beside it'));
  });

  test('documents are read as if nothing had happened', async () => {
    const asked = { path: '/.well-known/oauth-authorization-server' };
    const answers = await Promise.all([...Array.from({ length: 10 }, () => send(site, asked)), panicking()]);
    for (const answer of answers.slice(0, 10)) answer.hasStatus(200, 'what only reads is read again');
  });
});
