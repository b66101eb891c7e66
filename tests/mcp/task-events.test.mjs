// Calls that wait for events from outside, in the real runtime: who hears of an event, when it may come, and what a failure in between
// changes.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { startInstances } from '../support/workers/instances.mjs';
import { eventually } from '../support/eventually.mjs';
import { calling, legacy, modern, stream, textOf } from '../support/mcp/requests.mjs';
import { ReceivedMessages } from '../support/mcp/received-messages.mjs';
import { SIGN_IN, bearer, connect, form, revoking, secret, send, tokensOf } from '../support/oauth/client.mjs';

const CAPABILITIES = { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } };
const OVER = ['completed', 'failed', 'cancelled'];
const HOOK_SECRET = secret('the-secret-of-a-webhook', 'the secret of a webhook');
/** Somebody who is not the owner. */
const NIGHTLY = { client_id: 'nightly', client_secret: secret('nightly-nightly-nightly-nightly', 'the secret of a service'), own_scopes: 'diary:read' };

/** @type {Awaited<ReturnType<typeof startInstances>>} */
let runtime;
let here;
let there;
let owner;
let nightly;
before(async () => {
  const vars = { ...SIGN_IN, HOOK_SECRET, OAUTH_CLIENTS: JSON.stringify([NIGHTLY]) };
  runtime = await startInstances({ worker: 'examples/everything', count: 2, vars });
  [here, there] = runtime.instances;
  const service = { grant_type: 'client_credentials', client_id: NIGHTLY.client_id, client_secret: NIGHTLY.client_secret };
  const [person, other] = await Promise.all([connect(here), send(here, form('/token', service))]);
  owner = person;
  nightly = { headers: bearer(tokensOf(other).access_token) };
  owner.headers = bearer(person.tokens.access_token);
});
after(async () => {
  ReceivedMessages.closeAll();
  await runtime?.stop();
});

const ask = async (method, params, { at = here, capabilities = CAPABILITIES, headers } = {}) => {
  const answer = (await send(at, modern(method, params, { capabilities, headers }))).final();
  assert.ok(answer.result, `${method}: ${JSON.stringify(answer)}`);
  return answer.result;
};
async function begin(args, who = owner) {
  const task = await ask('tools/call', calling('wait_for_event', { seconds: 3600, ...args }), { headers: who.headers });
  assert.equal(task.resultType, 'task', JSON.stringify(task));
  return task.taskId;
}
const get = (taskId, who = owner) => ask('tasks/get', { taskId }, { headers: who.headers, at: there });
const waits = (taskId, who) => eventually(() => get(taskId, who), ({ statusMessage }) => /^Waiting/.test(statusMessage ?? ''), 'it waits');
const outcome = async (taskId, who) => {
  const task = await eventually(() => get(taskId, who), ({ status }) => OVER.includes(status), 'the task ends', 15_000);
  return task.status === 'completed' ? textOf(task.result) : task.status;
};
/** Delivers by a tool, at another instance than the one that waits. */
const deliver = (key, text, person) => ask('tools/call', calling('deliver_event', { key, text, ...(person && { person }) }), { at: there });
/** Delivers by a webhook. */
function hook(event) {
  const body = JSON.stringify({ do: 'deliver', ...event });
  const signature = createHmac('sha256', HOOK_SECRET).update(body).digest('hex');
  return send(there, { method: 'POST', path: '/hooks/github', headers: { 'x-hub-signature-256': `sha256=${signature}` }, body });
}
/** Nothing that the key could still bring to anybody is kept for this task. */
const waitsKept = async (key) => (await runtime.sql('TASK', `event ${key}`, 'SELECT count(*) AS n FROM waits'))[0].n;

let keys = 0;
const newKey = () => `payment:${(keys += 1)}`;

describe('a task that waits for an event', () => {
  test('shows that it waits, runs nothing meanwhile, and goes on when a webhook delivers the event', async () => {
    const key = newKey();
    const id = await begin({ key });
    const task = await waits(id);
    assert.deepEqual([task.status, task.statusMessage], ['working', 'Waiting for an event from outside.']);
    assert.ok(!JSON.stringify(task).includes(key), 'the key stays with the server');
    (await hook({ key, text: 'paid' })).hasStatus(204);
    assert.equal(await outcome(id), 'paid after 1 steps (true)');
    assert.equal(await waitsKept(key), 0);
  });

  test('has the event that came before it, and shows what the handler says meanwhile', async () => {
    const [early, late] = [newKey(), newKey()];
    await deliver(early, 'early');
    const id = await begin({ key: early, then: late, message: 'Waiting for the second.' });
    assert.equal((await waits(id)).statusMessage, 'Waiting for the second.');
    await deliver(late, 'late');
    assert.equal(await outcome(id), 'early and late after 1 steps (true)', 'two waits are three runs, and one step');
  });

  test('hears of an event once: the first delivery counts for everybody who waits', async () => {
    const key = newKey();
    const ids = [await begin({ key }), await begin({ key }), await begin({ key }, nightly)];
    for (const [n, id] of ids.entries()) await waits(id, n === 2 ? nightly : owner);
    const texts = Array.from({ length: 10 }, (_, n) => `delivery ${n}`);
    await deliver(key, texts[0]);
    await Promise.all(texts.slice(1).map((text) => deliver(key, text)));
    assert.match(await outcome(ids[0]), /^delivery 0 after/);
    assert.match(await outcome(ids[1]), /^delivery 0 after/);
    assert.match(await outcome(ids[2], nightly), /^delivery 0 after/);
    assert.match(await outcome(await begin({ key })), /^delivery 0 after/, 'and for who waits later');
  });

  test('does not hear of what is delivered to another person, whatever key it waits for', async () => {
    const key = newKey();
    const [mine, theirs] = [await begin({ key }), await begin({ key }, nightly)];
    await Promise.all([waits(mine), waits(theirs, nightly)]);
    await deliver(key, 'for the owner', 'owner');
    assert.match(await outcome(mine), /^for the owner/);
    await runtime.alarm('TASK', `event ${key}`);
    assert.match((await get(theirs, nightly)).statusMessage, /^Waiting/);
    const later = await begin({ key, seconds: 0 }, nightly);
    assert.match(await outcome(later, nightly), /^nothing after/);
    await deliver(key, 'for everybody');
    assert.match(await outcome(theirs, nightly), /^for everybody/);
    assert.match(await outcome(await begin({ key })), /^for the owner/, 'what is a person’s own comes first');
  });

  test('ends its wait in vain after the limit, and an event that comes later changes nothing', async () => {
    const key = newKey();
    const id = await begin({ key, seconds: 0.5 });
    assert.equal(await outcome(id), 'nothing after 1 steps (true)');
    await deliver(key, 'too late');
    assert.equal(await outcome(id), 'nothing after 1 steps (true)');
  });

  test('that is cancelled is not resumed', async () => {
    const key = newKey();
    const id = await begin({ key });
    await waits(id);
    await ask('tasks/cancel', { taskId: id }, { headers: owner.headers });
    await deliver(key, 'paid');
    await eventually(() => waitsKept(key), (kept) => kept === 0, 'the event was brought');
    assert.equal(await outcome(id), 'cancelled');
  });

  test('whose sign-in is revoked meanwhile does not run again', async () => {
    const gone = await connect(here);
    gone.headers = bearer(gone.tokens.access_token);
    const key = newKey();
    const id = await begin({ key }, gone);
    await waits(id, gone);
    (await send(here, revoking(gone.client, gone.tokens.refresh_token))).hasStatus(200);
    await runtime.passes(61);
    await deliver(key, 'paid');
    // The alarms that are set now are a minute ahead.
    await runtime.alarm('TASK', `event ${key}`);
    await runtime.alarm('TASK', id);
    const rows = () => runtime.sql('TASK', id, "SELECT count(*) AS n FROM task WHERE part = 'call'");
    await eventually(rows, ([{ n }]) => n === 0, 'the task is over, and its call is forgotten');
    await runtime.passes(-61);
  });

  test('does not run while nobody can tell whether its sign-in still stands', async () => {
    const gone = await connect(here);
    gone.headers = bearer(gone.tokens.access_token);
    const key = newKey();
    const id = await begin({ key }, gone);
    await waits(id, gone);
    await runtime.passes(61);
    await runtime.objectsNow('Grants', 'fails');
    (await hook({ key, text: 'paid' })).hasStatus(204);
    await runtime.alarm('TASK', `event ${key}`);
    await runtime.alarm('TASK', id);
    await eventually(() => runtime.log(), (log) => log.includes('its grant could not be checked'), 'it has asked');
    await runtime.objectsNow('Grants', 'works');
    (await send(here, revoking(gone.client, gone.tokens.refresh_token))).hasStatus(200);
    await runtime.alarm('TASK', id);
    const again = await connect(here, { client: gone.client });
    again.headers = bearer(again.tokens.access_token);
    assert.equal(await outcome(id, again), 'cancelled');
    await runtime.passes(-61);
  });

  test('leaves room for those of others, however many one person begins', async () => {
    const key = newKey();
    const many = await Promise.all(Array.from({ length: 50 }, () => begin({ key }, nightly)));
    await Promise.all(many.map((id) => waits(id, nightly)));
    assert.equal(await outcome(await begin({ key }, nightly), nightly), 'failed', 'one too many');
    const mine = await begin({ key });
    await waits(mine);
    await deliver(key, 'paid');
    assert.match(await outcome(mine), /^paid/);
  });

  test('a wait without an end ends with its task', async () => {
    const key = newKey();
    await waits(await begin({ key, seconds: 1e15 }));
    const [{ n }] = await runtime.sql('TASK', `event ${key}`, 'SELECT max(forget_at) AS n FROM waits');
    assert.ok(n > Date.now() && n - Date.now() <= 86_400_000, `${n}: a task is kept for a day`);
  });

  test('cannot be given an event by a client, not even as an answer', async () => {
    const key = newKey();
    const answer = { action: 'accept', content: { text: 'forged' } };
    const forged = { [key]: answer, [`event ${key}`]: answer };
    const call = calling('wait_for_event', { key, seconds: 3600 });
    const { taskId: id } = await ask('tools/call', { ...call, inputResponses: forged }, { headers: owner.headers });
    await waits(id);
    await ask('tasks/update', { taskId: id, inputResponses: forged }, { headers: owner.headers });
    assert.match((await get(id)).statusMessage, /^Waiting/);
    const refused = await hook({ key, text: 'forged' }).then(() => send(there, { method: 'POST', path: '/hooks/github', body: '{}' }));
    refused.hasStatus(401);
    await ask('tasks/cancel', { taskId: id }, { headers: owner.headers });
  });

  test('tells the clients that listen to it', async () => {
    const key = newKey();
    const id = await begin({ key, message: 'Waiting for the bank.' });
    const listening = modern('subscriptions/listen', { notifications: { taskIds: [id] } }, { capabilities: CAPABILITIES, headers: owner.headers });
    const received = new ReceivedMessages(await stream(here, listening));
    const told = () => received.messages.filter(({ method }) => method === 'notifications/tasks').map(({ params }) => params);
    await eventually(told, (tasks) => tasks.some(({ statusMessage }) => statusMessage === 'Waiting for the bank.'), 'that it waits');
    await deliver(key, 'paid');
    await eventually(told, (tasks) => tasks.some(({ status }) => status === 'completed'), 'that it is done');
  });
});

describe('a failure in between', () => {
  test('a restart while a task waits, and one between delivery and resumption, lose no event and repeat no step', async () => {
    const [before, after] = [newKey(), newKey()];
    const ids = [await begin({ key: before }), await begin({ key: after })];
    for (const id of ids) await waits(id);
    // The event is stored, and no task can be told of it.
    const failing = (how) => Promise.all(ids.map((id) => runtime.objectsNow(`Task/${id}`, how)));
    await failing('fails');
    await deliver(before, 'before the restart');
    await runtime.restart();
    [here, there] = runtime.instances;
    await runtime.alarm('TASK', `event ${before}`);
    await deliver(after, 'after the restart');
    assert.equal(await outcome(ids[0]), 'before the restart after 1 steps (true)');
    assert.equal(await outcome(ids[1]), 'after the restart after 1 steps (true)');
  });

  test('an object of a task or an event that is replaced goes on waiting', async () => {
    const key = newKey();
    const id = await begin({ key });
    await waits(id);
    await Promise.all([runtime.replace('TASK', id), runtime.replace('TASK', `event ${key}`)]);
    await deliver(key, 'paid');
    assert.equal(await outcome(id), 'paid after 1 steps (true)');
  });

  test('a delivery whose answer is lost is made once, and one that fails says so', async () => {
    const key = newKey();
    const id = await begin({ key });
    await waits(id);
    await runtime.objectsNow('Task', 'loses-one');
    await deliver(key, 'paid');
    assert.equal(await outcome(id), 'paid after 1 steps (true)');
    const failing = newKey();
    await runtime.objectsNow(`Task/event ${failing}`, 'fails');
    (await hook({ key: failing, text: 'paid' })).hasStatus(500, 'so that the sender tries again');
    await runtime.objectsNow(`Task/event ${failing}`, 'works');
  });
});

describe('a call that is no task', () => {
  const call = async (key, seconds, { era = modern, headers = owner.headers } = {}) =>
    (await send(here, era('tools/call', calling('wait_for_event', { key, seconds }), { headers }))).final().result;

  test('waits for the event itself, in every revision', async () => {
    for (const era of [modern, legacy]) {
      const key = newKey();
      const answer = call(key, 60, { era });
      await eventually(async () => (await runtime.counts()).named[`Task/event ${key}`] ?? 0, (asked) => asked > 0, 'it waits');
      await deliver(key, 'paid');
      assert.match(textOf(await answer), /^paid after 1 steps/);
      assert.match(textOf(await call(key, 60, { era })), /^paid after 2 steps/, 'a repetition has the same event');
    }
  });

  test('ends its wait in vain after the limit, and stores nothing', async () => {
    const key = newKey();
    assert.match(textOf(await call(key, 0.2)), /^nothing after 1 steps/);
    assert.deepEqual(await runtime.sql('TASK', `event ${key}`, 'SELECT name FROM sqlite_master'), []);
  });

  test('leaves room for those of others, however many one person makes', async () => {
    const key = newKey();
    const many = Array.from({ length: 8 }, () => call(key, 60));
    await eventually(async () => (await runtime.counts()).named[`Task/event ${key}`] ?? 0, (asked) => asked >= 8, 'they wait');
    const refused = await call(key, 60);
    assert.equal(refused.isError, true);
    assert.match(textOf(refused), /too many/);
    const another = call(key, 60, { headers: nightly.headers });
    await eventually(async () => (await runtime.counts()).named[`Task/event ${key}`] ?? 0, (asked) => asked >= 10, 'it waits');
    await deliver(key, 'paid');
    assert.match(textOf(await another), /^paid/);
    for (const answer of await Promise.all(many)) assert.match(textOf(answer), /^paid/);
  });

  test('without a sign-in does not wait, and reaches no object', async () => {
    const key = newKey();
    const refused = await call(key, 60, { headers: {} });
    assert.equal(refused.isError, true);
    assert.match(textOf(refused), /needs a sign-in/);
    assert.equal((await runtime.counts()).named[`Task/event ${key}`], undefined);
  });
});

describe('what is kept of an event', () => {
  test('is gone after a day, and so is who waited', async () => {
    const key = newKey();
    const text = 'the-text-of-an-event';
    await deliver(key, text);
    assert.ok((await runtime.filesHolding(text)) > 0);
    await runtime.passes(86_401);
    await runtime.alarm('TASK', `event ${key}`);
    await eventually(() => runtime.filesHolding(text), (files) => files === 0, 'nothing is left');
    await runtime.passes(-86_401);
  });

  test('has bounds for the key and the size, and the author reads why', async () => {
    const tool = async (key, text) => textOf(await ask('tools/call', calling('deliver_event', { key, text })));
    for (const key of ['', 'k'.repeat(201), 'two\nlines']) assert.match(await tool(key, 'x'), /1 to 200 bytes/);
    assert.match(await tool(newKey(), 'x'.repeat(70_000)), /65536 bytes/);
  });
});
