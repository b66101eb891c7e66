// Calls that go on in the background (`io.modelcontextprotocol/tasks`), in the real runtime: the object of a task, its alarm,
// and what is left after an eviction. The conformance suite covers the shapes; here is what it leaves open.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startInstances } from '../support/workers/instances.mjs';
import { eventually } from '../support/eventually.mjs';
import { CODE, LEGACY, accept, calling, legacy, modern, textOf } from '../support/mcp/requests.mjs';
import { SIGN_IN, bearer, connect, revoking, send } from '../support/oauth/client.mjs';

const EXTENSION = 'io.modelcontextprotocol/tasks';
const CLIENT = { elicitation: {}, extensions: { [EXTENSION]: {} } };
const OVER = ['completed', 'failed', 'cancelled'];

const start = (vars = {}) => startInstances({ worker: 'examples/everything', count: 2, vars });

/** @type {Awaited<ReturnType<typeof startInstances>>} */
let runtime;
let here;
let there;
before(async () => {
  runtime = await start(SIGN_IN);
  [here, there] = runtime.instances;
});
after(() => runtime?.stop());

/** The message that answers. */
const ask = async (method, params, { at = here, capabilities = CLIENT, headers } = {}) =>
  (await send(at, modern(method, params, { capabilities, headers }))).final();
const result = (message, rule) => {
  assert.ok(message.result, `${rule}: ${JSON.stringify(message)}`);
  return message.result;
};

/** Begins a task and gives its id. */
async function begin(name, args = {}, options = {}) {
  const task = result(await ask('tools/call', calling(name, args), options), `${name} begins`);
  assert.equal(task.resultType, 'task', JSON.stringify(task));
  return task.taskId;
}
const get = async (taskId, options) => result(await ask('tasks/get', { taskId }, options), `tasks/get ${taskId}`);
const update = async (taskId, inputResponses, options) =>
  result(await ask('tasks/update', { taskId, inputResponses }, options), 'tasks/update');
const cancel = async (taskId, options) => result(await ask('tasks/cancel', { taskId }, options), 'tasks/cancel');
const until = (taskId, statuses, options) =>
  eventually(() => get(taskId, options), ({ status }) => [statuses].flat().includes(status), `the task becomes ${statuses}`, 15_000);
const outcome = (taskId, options) => until(taskId, OVER, options);
const runs = async (label, at = here) => result(await ask('tools/call', calling('count_runs', { label }), { at }), 'count_runs').structuredContent;
const isUnknown = (message, rule) => assert.equal(message.error?.code, CODE.invalidParams, `${rule}: ${JSON.stringify(message)}`);

let labels = 0;
const newLabel = () => `label-${(labels += 1)}`;

describe('a long call', () => {
  // MCP "Task Creation", "Task Polling", "Tasks Extension › Response", "Polymorphic Results"
  test('a long call is a task at once, tells its progress, and has its result at any instance', async () => {
    const label = newLabel();
    const before = performance.now();
    const id = await begin('slow_compute', { seconds: 2.5, label });
    assert.ok(performance.now() - before < 2400, 'nobody waits for the work');
    const working = await eventually(() => get(id, { at: there }), (task) => task.statusMessage, 'it says how far it is');
    assert.match(working.statusMessage, /of 2\.5 seconds/);
    assert.equal(working.status, 'working');
    const done = await outcome(id, { at: there });
    assert.equal(done.status, 'completed');
    assert.equal(textOf(done.result), `${label} took 2.5 seconds.`);
    assert.equal(done.statusMessage, undefined, 'what it said on its way is over');
    assert.ok(Date.parse(done.lastUpdatedAt) - Date.parse(done.createdAt) >= 2400, 'it was updated when it was done');
    assert.deepEqual(await runs(label), { begun: 1, running: 0 });
  });

  test('a long call begins once where the answer of its object is lost', async () => {
    const label = newLabel();
    const earlier = (await runtime.counts()).objects.Task ?? 0;
    await runtime.objectsNow('Task', 'loses-one');
    const id = await begin('slow_compute', { seconds: 0.2, label });
    assert.equal((await runtime.counts()).objects.Task - earlier, 2, 'it was asked twice');
    assert.equal(textOf((await outcome(id)).result), `${label} took 0.2 seconds.`);
    assert.deepEqual(await runs(label), { begun: 1, running: 0 });
  });

  test('a long call that may have begun says so where no answer comes at all', async () => {
    await runtime.objectsNow('Task', 'loses');
    const { error } = await ask('tools/call', calling('slow_compute', { seconds: 0, label: newLabel() }));
    await runtime.objectsNow('Task', 'works');
    assert.match(error.message, /^Storage does not answer\. The task may have been started: check before you try again\./);
  });

  // MCP "Tasks Extension › Capability Negotiation", "Extension Identifier", "Tasks Extension › Backwards Compatibility"
  test('a long call is an ordinary call for everybody else, and touches no object', async () => {
    const count = (await runtime.counts()).objects.Task ?? 0;
    const call = calling('slow_compute', { seconds: 0.2, label: 'plain' });
    assert.match(textOf(result(await ask('tools/call', call, { capabilities: {} }), 'modern')), /plain took/);
    for (const version of LEGACY) {
      const answer = (await send(here, legacy('tools/call', { ...call, task: { ttl: 1000 } }, { version }))).final();
      assert.match(textOf(result(answer, version)), /plain took/);
    }
    const greeting = result(await ask('tools/call', calling('greet', { name: 'Ada' })), 'greet');
    assert.equal(greeting.resultType, 'complete', 'a tool that is not long-running never becomes a task');
    assert.equal((await runtime.counts()).objects.Task ?? 0, count);
  });

  test('a long call costs a few rows', async (t) => {
    const before = await runtime.counts();
    const id = await begin('slow_compute', { seconds: 0, label: newLabel() });
    await eventually(async () => (await get(id)).status, (status) => status === 'completed', 'done');
    const after = await runtime.counts();
    const rows = after.rowsWritten - before.rowsWritten;
    t.diagnostic(`a task without questions: ${rows} rows`);
    assert.ok(rows <= 8, `${rows} rows`);
  });

  test('a long call goes on where nobody asks for longer than an object stays awake', async () => {
    const label = newLabel();
    const id = await begin('slow_compute', { seconds: 12, label });
    await eventually(() => runs(label), ({ begun, running }) => begun > 0 && running === 0, 'it ends', 30_000);
    assert.deepEqual(await runs(label), { begun: 1, running: 0 }, 'in one go');
    assert.equal((await get(id)).status, 'completed');
  });

  test('a long call may be many at once', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, n) => begin('slow_compute', { seconds: 0.3, label: `many-${n}` }, { at: n % 2 ? there : here })),
    );
    assert.equal(new Set(ids).size, ids.length, 'each has an id of its own');
    const done = await Promise.all(ids.map((id, n) => outcome(id, { at: n % 2 ? here : there })));
    done.forEach((task, n) => assert.equal(textOf(task.result), `many-${n} took 0.3 seconds.`));
  });
});

// MCP "Supported Methods", "Tasks Extension › Protocol Errors", "Streamable HTTP: Routing Headers"
describe('requests about tasks', () => {
  test('requests about tasks have the statuses of the specification', async () => {
    const id = await begin('slow_compute', { seconds: 0, label: newLabel() });
    for (const [method, params, capabilities, headers, status, code] of [
      ['tasks/get', { taskId: id }, {}, {}, 400, CODE.missingCapability],
      ['tasks/get', { taskId: id }, CLIENT, { 'mcp-name': 'another' }, 400, CODE.headerMismatch],
      ['tasks/update', { taskId: id, inputResponses: {} }, CLIENT, { 'mcp-name': null }, 400, CODE.headerMismatch],
      ['tasks/cancel', { taskId: `${id}0` }, CLIENT, {}, 200, CODE.invalidParams],
      ['tasks/result', { taskId: id }, CLIENT, {}, 404, CODE.methodNotFound],
      ['tasks/list', {}, CLIENT, {}, 404, CODE.methodNotFound],
      ['tools/call', calling('failing_job'), {}, {}, 400, CODE.missingCapability],
    ]) {
      const answer = await send(here, modern(method, params, { capabilities, headers }));
      answer.hasStatus(status, method);
      assert.equal(answer.final().error.code, code, answer.story(method));
    }
    const old = await send(here, legacy('tasks/get', { taskId: id }));
    assert.equal(old.final().error.code, CODE.methodNotFound, 'no earlier revision has these methods');
  });

  // MCP "Tasks Extension › Security Considerations"
  test('requests about tasks of a stranger are about nothing, and one who looks for tasks leaves no trace', async () => {
    const [mine, other] = await Promise.all([connect(here), connect(here)]);
    const me = { headers: bearer(mine.tokens.access_token) };
    const id = await begin('multi_input', {}, me);
    await until(id, 'input_required', me);
    for (const [who, headers] of [
      ['somebody without a token', undefined],
      ['the same person through another client', bearer(other.tokens.access_token)],
    ]) {
      for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
        const params = { taskId: id, inputResponses: { name: accept({ name: 'Eve' }) } };
        const told = await ask(method, params, { headers });
        isUnknown(told, `${method} of ${who}`);
        const unknown = await ask(method, { ...params, taskId: `multi_input.${'0'.repeat(32)}` }, { headers });
        assert.deepEqual(told.error, unknown.error, 'nobody learns that there is such a task');
      }
    }
    const untouched = await get(id, me);
    assert.deepEqual(Object.keys(untouched.inputRequests), ['name', 'confirm']);
    const made = await runtime.filesHolding('TABLE task');
    assert.ok(made > 0);
    for (let n = 1; n < 5; n += 1) isUnknown(await ask('tasks/get', { taskId: `greet.${String(n).repeat(32)}` }, me), 'a guess');
    assert.equal(await runtime.filesHolding('TABLE task'), made, 'a guess stores nothing');
    await cancel(id, me);
  });
});

// MCP "Task Update Requests"
describe('questions in a task', () => {
  test('questions in a task are answered one by one, at any instance', async () => {
    const id = await begin('multi_input');
    const asked = await until(id, 'input_required');
    assert.deepEqual(Object.keys(asked.inputRequests), ['name', 'confirm']);
    await update(id, { confirm: accept({ confirm: true }), nobody: accept({}) }, { at: there });
    const half = await get(id);
    assert.deepEqual([half.status, Object.keys(half.inputRequests)], ['input_required', ['name']]);
    await update(id, { confirm: accept({ confirm: false }), name: accept({ name: 'Ada' }) });
    const done = await outcome(id, { at: there });
    assert.equal(textOf(done.result), 'Ada said yes.', 'the first answer counts');
  });

  test('questions in a task answered twice at the same moment are answered once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await begin('confirm_delete', { filename: 'a.txt' });
      await until(id, 'input_required');
      await Promise.all([here, there, here, there].map((at) => update(id, { confirm: accept({ confirm: true }) }, { at })));
      assert.equal(textOf((await outcome(id)).result), 'a.txt is deleted.');
    }
  });

  test('questions in a task may be declined, and an answer that is none ends the task', async () => {
    const declined = await begin('confirm_delete', { filename: 'a.txt' });
    await until(declined, 'input_required');
    await update(declined, { confirm: { action: 'decline' } });
    const { status, result } = await outcome(declined);
    assert.deepEqual([status, result.isError], ['completed', true]);
    const broken = await begin('confirm_delete', { filename: 'a.txt' });
    await until(broken, 'input_required');
    await update(broken, { confirm: accept({ confirm: 'perhaps' }) });
    const failed = await outcome(broken);
    assert.deepEqual([failed.status, failed.error.code], ['failed', CODE.invalidParams]);
  });

  test('questions in a task that come first are asked in the call itself', async () => {
    const call = calling('test_tool_with_task');
    const asked = result(await ask('tools/call', call), 'asked');
    assert.deepEqual([asked.resultType, Object.keys(asked.inputRequests)], ['input_required', ['user_name']]);
    const more = { inputResponses: { user_name: accept({ name: 'Ada' }) }, requestState: asked.requestState };
    const task = result(await ask('tools/call', { ...call, ...more }, { at: there }), 'a task');
    assert.equal(task.resultType, 'task');
    assert.equal(textOf((await outcome(task.taskId)).result), 'Worked for Ada.');
  });
});

// MCP "Tasks Extension › Task Cancellation"
describe('a cancelled task', () => {
  test('a cancelled task stops its handler, and may be cancelled again', async () => {
    const label = newLabel();
    const id = await begin('slow_compute', { seconds: 60, label });
    await eventually(() => runs(label), ({ running }) => running === 1, 'it runs');
    for (const at of [there, here]) assert.deepEqual(Object.keys(await cancel(id, { at })).sort(), ['_meta', 'resultType']);
    const cancelled = await get(id);
    assert.deepEqual([cancelled.status, cancelled.statusMessage], ['cancelled', undefined]);
    assert.deepEqual(await runs(label), { begun: 1, running: 0 }, 'the handler was dropped');
  });

  test('a cancelled task is not resumed by answers', async () => {
    const id = await begin('confirm_delete', { filename: 'a.txt' });
    await until(id, 'input_required');
    await cancel(id);
    await update(id, { confirm: accept({ confirm: true }) });
    assert.equal((await get(id)).status, 'cancelled');
  });

  test('a cancelled task or a finished one stays what it was first', async () => {
    const id = await begin('slow_compute', { seconds: 0, label: newLabel() });
    await outcome(id);
    await cancel(id);
    assert.equal((await get(id)).status, 'completed');
  });
});

describe('a sign-in that is revoked', () => {
  test('a sign-in that is revoked ends what goes on in its name, and nothing else', async () => {
    const [gone, stays] = await Promise.all([connect(here), connect(here)]);
    const labels = [newLabel(), newLabel()];
    const slow = (label, { tokens }) => begin('slow_compute', { seconds: 60, label }, { headers: bearer(tokens.access_token) });
    await Promise.all([slow(labels[0], gone), slow(labels[1], stays)]);
    for (const label of labels) await eventually(() => runs(label), ({ running }) => running === 1, 'it runs');
    (await send(here, revoking(gone.client, gone.tokens.refresh_token))).hasStatus(200, 'RFC 7009 §2.2');
    await runtime.passes(61);
    await eventually(() => runs(labels[0]), ({ running }) => running === 0, 'the handler is dropped', 15_000);
    assert.deepEqual(await runs(labels[0]), { begun: 1, running: 0 }, 'and does not begin again');
    assert.deepEqual(await runs(labels[1]), { begun: 1, running: 1 }, 'that of another client goes on');
    await runtime.passes(-61);
  });
});

describe('what is too large', () => {
  test('what is too large is said, and nothing breaks', async () => {
    const fits = await begin('long_result', { bytes: 900_000 });
    assert.equal(textOf((await outcome(fits)).result).length, 900_000);
    const large = await begin('long_result', { bytes: 2_500_000 });
    const failed = await outcome(large);
    assert.deepEqual([failed.status, failed.error.code], ['failed', CODE.internal]);
    assert.match(failed.error.message, /larger/);
    const id = await begin('confirm_delete', { filename: 'a.txt' });
    await until(id, 'input_required');
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`key-${n}`, {}]));
    isUnknown(await ask('tasks/update', { taskId: id, inputResponses: many }), 'too many answers are wrong parameters');
    assert.equal((await get(id)).status, 'input_required');
    await cancel(id);
  });
});

describe('an eviction', () => {
  let evicted;
  before(async () => {
    evicted = await start();
  });
  after(() => evicted?.stop());
  const at = () => ({ at: evicted.instances[0] });

  test('an eviction in the middle of a run begins the handler again, without anybody asking', async () => {
    const label = newLabel();
    const id = await begin('slow_compute', { seconds: 2, label }, at());
    await eventually(() => get(id, at()), (task) => task.statusMessage, 'it runs');
    await evicted.restart();
    const begun = await eventually(() => runs(label, at().at), ({ begun }) => begun > 0, 'the alarm runs again', 20_000);
    assert.equal(begun.begun, 1, 'once in the new process');
    assert.equal(textOf((await outcome(id, at())).result), `${label} took 2 seconds.`);
  });

  test('an eviction leaves open questions, the answers that came, and results', async () => {
    const waiting = await begin('multi_input', {}, at());
    await until(waiting, 'input_required', at());
    await update(waiting, { name: accept({ name: 'Ada' }) }, at());
    const done = await begin('slow_compute', { seconds: 0, label: 'kept' }, at());
    await outcome(done, at());
    await evicted.restart();
    assert.deepEqual(Object.keys((await get(waiting, at())).inputRequests), ['confirm']);
    await update(waiting, { confirm: accept({ confirm: true }) }, at());
    assert.equal(textOf((await outcome(waiting, at())).result), 'Ada said yes.');
    assert.equal(textOf((await get(done, at())).result), 'kept took 0 seconds.');
  });

  test('an eviction six times within seconds does not end the task', async () => {
    const label = newLabel();
    const id = await begin('slow_compute', { seconds: 2, label }, at());
    await eventually(() => get(id, at()), (task) => task.statusMessage, 'it runs');
    for (let round = 0; round < 6; round += 1) await evicted.restart();
    // Only runs that began count for the pause before the next one, which is at most 16 seconds after six.
    const done = await eventually(() => get(id, at()), ({ status }) => status !== 'working', 'it ends', 60_000);
    assert.equal(textOf(done.result), `${label} took 2 seconds.`);
  });
});

describe('a crash', () => {
  // MCP "Tasks Extension › Task Execution Errors"
  test('a crash of the handler ends its task, and no other', async () => {
    const other = await begin('confirm_delete', { filename: 'a.txt' }, { at: there });
    await until(other, 'input_required');
    const id = await begin('crash_job');
    const failed = await eventually(
      () => ask('tasks/get', { taskId: id }).catch(() => ({})),
      ({ result }) => OVER.includes(result?.status),
      'the task ends',
      40_000,
    );
    assert.equal(failed.result.status, 'failed', JSON.stringify(failed));
    assert.equal(failed.result.statusMessage, 'The server failed while it carried this out.', 'it is not begun again');
    await update(other, { confirm: accept({ confirm: true }) });
    assert.equal(textOf((await outcome(other)).result), 'a.txt is deleted.');
  });
});

describe('the recipe of a long task', () => {
  let recipes;
  before(async () => {
    recipes = await startInstances({ worker: 'examples/recipes', count: 1, vars: SIGN_IN });
  });
  after(() => recipes?.stop());

  test('the recipe of a long task goes on after an eviction and does nothing twice', async () => {
    const [at] = recipes.instances;
    const { client, tokens } = await connect(at, { scope: 'letters' });
    const me = { at, headers: bearer(tokens.access_token) };
    const recipients = Array.from({ length: 11 }, (_, n) => `person-${n}`);
    const id = await begin('send_letter', { name: 'May', recipients }, me);
    assert.match((await until(id, 'input_required', me)).inputRequests.confirm.params.message, /to 11 people/);
    await update(id, { confirm: accept({ sure: true }) }, me);
    const half = await eventually(() => get(id, me), ({ statusMessage }) => /^[3-9] of 11 sent$/.test(statusMessage ?? ''), 'it sends');
    await recipes.restart();
    const done = await until(id, OVER, me);
    const [, had] = /went to 11 people; (\d+) had it before/.exec(textOf(done.result));
    assert.ok(Number(had) >= Number.parseInt(half.statusMessage, 10), `${had} had it before, after ${half.statusMessage}`);
    assert.ok(Number(had) < 11, 'and the others have it now');

    // What the tool needs is needed for its tasks.
    const { tokens: less } = await connect(at, { client, scope: 'files' });
    for (const [headers, status] of [
      [bearer(less.access_token), 403],
      [{}, 401],
    ]) {
      for (const [method, params] of [
        ['tasks/get', { taskId: id }],
        ['subscriptions/listen', { notifications: { taskIds: [id] } }],
      ]) {
        const refused = await send(at, modern(method, params, { capabilities: CLIENT, headers }));
        refused.hasStatus(status, `${method} of a tool with a scope`);
        refused.hasHeader('www-authenticate', /letters/, 'the challenge names the scope');
      }
    }
  });
});

// MCP "Tasks Extension › Task Status"
describe('limits', () => {
  let limited;
  before(async () => {
    limited = await start({ TASK_TIME_LIMIT_SECONDS: '1', TASK_TTL_SECONDS: '4' });
  });
  after(() => limited?.stop());

  test('a run that takes too long is stopped, and the model reads why', async () => {
    const at = limited.instances[0];
    const done = await outcome(await begin('slow_compute', { seconds: 60, label: newLabel() }, { at }), { at });
    assert.deepEqual([done.status, done.result.isError], ['completed', true]);
    assert.match(textOf(done.result), /longer than 1 seconds/);
    assert.equal(done.ttlMs, 4000);
  });

  test('a task that expires is gone, and nothing of it is left', async () => {
    const at = limited.instances[1];
    const secret = 'the-argument-of-a-task';
    const ids = [
      await begin('confirm_delete', { filename: secret }, { at }),
      await begin('slow_compute', { seconds: 0, label: secret }, { at }),
    ];
    for (const id of ids) await until(id, ['input_required', 'completed'], { at });
    assert.ok((await limited.filesHolding(secret)) >= 2);
    await eventually(() => limited.filesHolding(secret), (count) => count === 0, 'the alarm deletes it', 15_000);
    for (const id of ids) isUnknown(await ask('tasks/get', { taskId: id }, { at }), 'expired');
  });

  test('a task that has expired is gone even where nobody has cleaned up yet', async () => {
    const at = limited.instances[0];
    const id = await begin('multi_input', {}, { at });
    await until(id, 'input_required', { at });
    await limited.passes(4);
    isUnknown(await ask('tasks/get', { taskId: id }, { at }), 'expired');
    isUnknown(await ask('tasks/update', { taskId: id, inputResponses: {} }, { at }), 'expired');
  });
});
