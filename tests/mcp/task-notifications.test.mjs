// `notifications/tasks` on a stream of `subscriptions/listen` (`io.modelcontextprotocol/tasks`, "Task Status Notifications"),
// in the real runtime: the task's object tells the object that holds the streams. The conformance suite has a scenario of this
// name, but skips it whatever a server does; what it asks for is checked here.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { ReceivedMessages } from '../support/mcp/received-messages.mjs';
import { instancesForSuite, startInstances } from '../support/workers/instances.mjs';
import { eventually } from '../support/eventually.mjs';
import { CODE, KEY, accept, calling, modern, stream, textOf } from '../support/mcp/requests.mjs';
import { SIGN_IN, bearer, connect, send } from '../support/oauth/client.mjs';

const EXTENSION = 'io.modelcontextprotocol/tasks';
const CLIENT = { elicitation: {}, extensions: { [EXTENSION]: {} } };
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const TASK = 'notifications/tasks';
const OVER = ['completed', 'failed', 'cancelled'];
/** A silent stream writes after this long, in milliseconds; and one that has nothing more to say ends. */
const KEEP_ALIVE_MS = 250;
/** Tasks that one stream may name. */
const MOST_IDS = 32;

const runtime = instancesForSuite({ worker: 'examples/everything', count: 2, vars: { ...SIGN_IN, KEEP_ALIVE_MS } });
const [here, there] = runtime.instances;
afterEach(() => ReceivedMessages.closeAll());

const ask = async (method, params, { at = here, headers } = {}) =>
  (await send(at, modern(method, params, { capabilities: CLIENT, headers }))).result(method);

/** Begins a task and gives its id. */
async function begin(name, args = {}, options = {}) {
  const task = await ask('tools/call', calling(name, args), options);
  assert.equal(task.resultType, 'task', JSON.stringify(task));
  return task.taskId;
}
const get = (taskId, options) => ask('tasks/get', { taskId }, options);
const update = (taskId, inputResponses, options) => ask('tasks/update', { taskId, inputResponses }, options);
/** A task as a notification carries it: without what every result has. */
const whole = ({ resultType, _meta, ...task }) => task;

const listening = (notifications, { id = 'listen', capabilities = CLIENT, headers } = {}) =>
  modern('subscriptions/listen', { notifications }, { id, capabilities, headers });

/** Opens a stream, and waits for its acknowledgement. */
async function listen(notifications, { at = here, ...options } = {}) {
  const asked = listening(notifications, options);
  const received = new ReceivedMessages(await stream(at, asked));
  assert.equal(received.status, 200, received.story('the subscription is accepted'));
  await eventually(() => received.messages.length, (length) => length > 0, 'the acknowledgement');
  assert.equal(received.messages[0].method, ACKNOWLEDGED, received.story('MCP "Subscriptions › Acknowledgment"'));
  return received;
}
const honoured = (received) => received.messages[0].params.notifications;
/** What was said of tasks so far, without the id of the subscription. */
const told = (received) => received.changes.map(({ method, params: { _meta, ...task } }) => (assert.equal(method, TASK), task));
const waitForTask = (received, condition, rule) => eventually(() => told(received), (tasks) => tasks.some(condition), rule, 15_000);
const waitForStatus = async (received, status) =>
  (await waitForTask(received, (task) => task.status === status, `the stream says that it is ${status}`)).find((task) => task.status === status);

async function endsWell(received, id = 'listen') {
  await received.ended;
  const last = received.messages.at(-1);
  assert.deepEqual([last.id, last.result?.resultType, last.result?._meta[KEY.subscription]], [id, 'complete', id], received.story('MCP "Subscriptions › Graceful Closure"'));
}

// MCP "Task Status Notifications"
describe('a stream that listens to a task', () => {
  test('a stream that listens to a task is told at another instance what tasks/get says, from the beginning to the end', async () => {
    const id = await begin('confirm_delete', { filename: 'a.txt' });
    const received = await listen({ taskIds: [id] }, { at: there, id: 7 });
    assert.deepEqual(received.messages[0].params, { _meta: { [KEY.subscription]: 7 }, notifications: { taskIds: [id] } });
    const asked = await waitForStatus(received, 'input_required');
    assert.deepEqual(asked, whole(await get(id)), 'the whole task, with its questions');
    assert.equal(asked.inputRequests.confirm.method, 'elicitation/create');
    await update(id, { confirm: accept({ confirm: true }) });
    const done = await waitForStatus(received, 'completed');
    assert.deepEqual(done, whole(await get(id)), 'the whole task, with its result');
    assert.equal(textOf(done.result), 'a.txt is deleted.');
    for (const { params } of received.changes) assert.strictEqual(params._meta[KEY.subscription], 7, 'each names its subscription');
    const statuses = told(received).map(({ status }) => status);
    assert.deepEqual(statuses.filter((status, n) => status !== statuses[n - 1]).slice(-3), ['input_required', 'working', 'completed']);
    await endsWell(received, 7);
    assert.deepEqual(received.methods.filter((method) => ![ACKNOWLEDGED, TASK].includes(method)), [], 'no progress, no log');
  });

  test('a stream that listens to a task is told how far it is, and that it failed or was cancelled', async () => {
    const [slow, broken] = [await begin('slow_compute', { seconds: 60 }), await begin('protocol_error_job')];
    const received = await listen({ taskIds: [slow, broken] });
    await waitForTask(received, (task) => /of 60\.0 seconds/.test(task.statusMessage ?? ''), 'its progress');
    const failed = await waitForStatus(received, 'failed');
    assert.deepEqual([failed.taskId, failed.error.code], [broken, CODE.internal]);
    await ask('tasks/cancel', { taskId: slow }, { at: there });
    const cancelled = await waitForStatus(received, 'cancelled');
    assert.deepEqual(cancelled, whole(await get(slow)));
    assert.equal(told(received).at(-1).status, 'cancelled', 'nothing comes after the last');
    await endsWell(received);
  });

  test('a stream that listens to a task is told of each answer to one of several questions', async () => {
    const id = await begin('multi_input');
    const received = await listen({ taskIds: [id] });
    const open = (count) => (task) => Object.keys(task.inputRequests ?? {}).length === count;
    await waitForTask(received, open(2), 'both questions');
    await update(id, { confirm: accept({ confirm: true }) }, { at: there });
    await waitForTask(received, open(1), 'one is left');
    await update(id, { name: accept({ name: 'Ada' }) });
    assert.equal(textOf((await waitForStatus(received, 'completed')).result), 'Ada said yes.');
  });

  test('a stream that listens to a task loses no answer that comes at the moment when the question is told', async () => {
    const one = async (n) => {
      const id = await begin('confirm_delete', { filename: `${n}.txt` }, { at: n % 2 ? here : there });
      const received = await listen({ taskIds: [id] }, { id: n });
      await waitForStatus(received, 'input_required');
      await update(id, { confirm: accept({ confirm: true }) });
      assert.equal(textOf((await waitForStatus(received, 'completed')).result), `${n}.txt is deleted.`);
    };
    await Promise.all(Array.from({ length: 20 }, (_, n) => one(n)));
  });

  test('a stream that listens to a task begins with what is over already, and ends', async () => {
    const ids = [await begin('slow_compute', { seconds: 0 }), await begin('failing_job')];
    for (const id of ids) await eventually(() => get(id), ({ status }) => OVER.includes(status), 'it is over');
    const received = await listen({ taskIds: ids }, { at: there });
    await endsWell(received);
    const expected = await Promise.all(ids.map(async (id) => whole(await get(id))));
    assert.deepEqual(told(received).sort((a, b) => ids.indexOf(a.taskId) - ids.indexOf(b.taskId)), expected);
  });

  test('a stream that listens to a task goes on where it listens to something else', async () => {
    const id = await begin('slow_compute', { seconds: 0 });
    const received = await listen({ taskIds: [id], toolsListChanged: true });
    assert.deepEqual(honoured(received), { toolsListChanged: true, taskIds: [id] });
    await waitForStatus(received, 'completed');
    const comments = received.comments;
    await eventually(() => received.comments, (count) => count > comments + 2, 'it stays open');
    await ask('tools/call', calling('test_trigger_tool_change'));
    await eventually(() => received.methods.at(-1), (method) => method === 'notifications/tools/list_changed', 'a change of tools');
  });

  test('a stream that listens to a task may be one of several', async () => {
    const id = await begin('confirm_delete', { filename: 'b.txt' });
    const streams = [await listen({ taskIds: [id] }, { id: 1 }), await listen({ taskIds: [id] }, { id: 2, at: there })];
    for (const received of streams) await waitForStatus(received, 'input_required');
    await update(id, { confirm: accept({ confirm: false }) });
    for (const received of streams) assert.equal(textOf((await waitForStatus(received, 'completed')).result), 'b.txt is kept.');
  });
});

describe('in a Worker without tasks', () => {
  const bytes = 1_000_000;
  let fresh;
  before(async () => {
    fresh = await startInstances({ worker: 'examples/everything', count: 1 });
  });
  after(() => fresh?.stop());

  test('in a Worker without tasks, a guess stores nothing', async () => {
    const taskIds = Array.from({ length: 5 }, (_, n) => `multi_input.${String(n).repeat(32)}`);
    await endsWell(await listen({ taskIds }, { at: fresh.instances[0] }));
    assert.equal(await fresh.filesHolding('TABLE task'), 0);
  });

  test('in a Worker without tasks, large results arrive whole, also where the client does not read for a while', async (t) => {
    const [at] = fresh.instances;
    const ids = await Promise.all(Array.from({ length: 16 }, () => begin('long_result', { bytes }, { at })));
    for (const id of ids) await eventually(() => get(id, { at }), ({ status }) => status === 'completed', 'it is completed', 15_000);
    const held = async () => (await fresh.counts()).objects.Subscriptions ?? 0;
    const before = await held();
    const asked = listening({ taskIds: ids });
    const opened = await stream(at, asked);
    // One request opens the stream, and each task sends one. More are those that were told to come later.
    const requests = await eventually(held, (count) => count > before + 1 + ids.length, 'what is not read waits in its task');
    t.diagnostic(`${requests - before - 1 - ids.length} of ${ids.length} came later`);
    const received = new ReceivedMessages(opened);
    for (const id of ids) {
      await eventually(() => told(received).map(({ taskId }) => taskId), (all) => all.includes(id), `${id} arrives`, 15_000);
      const [task, ...more] = told(received).filter(({ taskId }) => taskId === id);
      assert.equal(textOf(task.result).length, bytes);
      assert.equal(more.length, 0, 'once');
    }
    assert.equal(received.brokeOff, undefined, 'nothing was too much');
  });
});

describe('who may listen', () => {
  test("only the person who may ask for a task may listen to it: another's task is as good as none", async () => {
    const [mine, other] = await Promise.all([connect(here), connect(here)]);
    const me = { headers: bearer(mine.tokens.access_token) };
    const id = await begin('multi_input', {}, me);
    const unknown = `multi_input.${'0'.repeat(32)}`;
    const held = (await runtime.counts()).objects.Subscriptions;
    for (const [who, headers] of [
      ['an anonymous client', undefined],
      ['the same person through another client', bearer(other.tokens.access_token)],
    ]) {
      for (const taskIds of [[id], [unknown], ['nonsense'], []]) {
        const received = await listen({ taskIds }, { headers });
        assert.deepEqual(honoured(received), {}, `${who}: ${taskIds}`);
        await endsWell(received);
        assert.equal(received.messages.length, 2, received.story('nothing is said of it'));
      }
    }
    assert.equal((await runtime.counts()).objects.Subscriptions, held, 'and nobody holds a stream for it');
    const received = await listen({ taskIds: [unknown, id, id] }, { at: there, ...me });
    assert.deepEqual(honoured(received), { taskIds: [id] });
    await ask('tasks/cancel', { taskId: id }, me);
    await waitForStatus(received, 'cancelled');
  });

  test('only a client that takes tasks may listen to one, with a filter in its form', async () => {
    const id = await begin('slow_compute', { seconds: 0 });
    const asked = async (...options) => send(here, listening(...options));
    const missing = (await asked({ taskIds: [id] }, { capabilities: {} })).error(400, CODE.missingCapability, 'SEP-2663');
    assert.deepEqual(missing.data.requiredCapabilities, { extensions: { [EXTENSION]: {} } });
    const many = Array.from({ length: MOST_IDS + 1 }, (_, n) => `slow_compute.${String(n).padStart(32, '0')}`);
    for (const taskIds of [id, [7], { id }, many]) (await asked({ taskIds })).error(200, CODE.invalidParams, JSON.stringify(taskIds).slice(0, 40));
    const full = await listen({ taskIds: [...many.slice(2), id] });
    assert.deepEqual(honoured(full), { taskIds: [id] }, `of ${MOST_IDS} ids`);
  });
});

describe('a task', () => {
  test('a task that nobody listens to tells nobody', async () => {
    const before = await runtime.counts();
    const id = await begin('slow_compute', { seconds: 0.5 });
    await eventually(() => get(id), ({ status }) => OVER.includes(status), 'it is over');
    assert.equal((await runtime.counts()).objects.Subscriptions, before.objects.Subscriptions);
  });

  test('a task says its end when it can, where it could not at first', async () => {
    const id = await begin('confirm_delete', { filename: 'c.txt' });
    const received = await listen({ taskIds: [id] });
    await waitForStatus(received, 'input_required');
    await runtime.objectsNow('Subscriptions', 'fails');
    try {
      await update(id, { confirm: accept({ confirm: true }) });
      await eventually(() => get(id), ({ status }) => status === 'completed', 'the task does not wait for it');
    } finally {
      await runtime.objectsNow('Subscriptions', 'works');
    }
    await runtime.alarm('TASK', id);
    assert.equal(textOf((await waitForStatus(received, 'completed')).result), 'c.txt is deleted.');
  });

  test('a task that cannot be asked is an outage, not a task that is not there', async () => {
    const id = await begin('slow_compute', { seconds: 0 });
    for (const name of ['Task', 'Subscriptions']) {
      await runtime.objectsNow(name, 'fails');
      try {
        const answer = await send(here, listening({ taskIds: [id] }));
        answer.error(503, CODE.internal, name);
        answer.hasHeader('retry-after', /^\d+$/, name);
      } finally {
        await runtime.objectsNow(name, 'works');
      }
    }
  });

  test('a task that goes on after an eviction is announced to a client that listens again', async () => {
    const id = await begin('slow_compute', { seconds: 2, label: 'evicted' });
    const lost = await listen({ taskIds: [id] });
    await waitForTask(lost, (task) => task.statusMessage, 'it runs');
    await runtime.restart();
    await lost.ended;
    assert.ok(!told(lost).some(({ status }) => OVER.includes(status)), lost.story('it was not over'));
    const received = await listen({ taskIds: [id] }, { at: there });
    assert.equal(textOf((await waitForStatus(received, 'completed')).result), 'evicted took 2 seconds.');
    await endsWell(received);
  });
});
