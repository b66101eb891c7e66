// Asking the client from 2026-07-28 on: an open question goes back with the result, and its answer comes with the next try
// ("Multi Round-Trip Requests", "Elicitation"). The conformance suite covers the shapes; here is what it leaves open.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { instancesForSuite } from '../support/workers/instances.mjs';
import { CODE, calling, modern, textOf } from '../support/mcp/requests.mjs';
import { ALL_SCOPES, SIGN_IN, bearer, connect, register, send } from '../support/oauth/client.mjs';
import { startConnector } from '../support/workers/wrangler-dev.mjs';

const FORMS = { elicitation: {} };

let client;
const runtime = instancesForSuite({ count: 2, vars: SIGN_IN }, async () => {
  client = await register(here);
});
const [here, there] = runtime.instances;

/** Somebody with all scopes and a note. */
async function someone(site = here, its = client) {
  const { tokens } = await connect(site, { client: its, scope: ALL_SCOPES });
  const headers = bearer(tokens.access_token);
  const ask = async (name, args, more = {}, { at = site, capabilities = FORMS } = {}) =>
    (await send(at, modern('tools/call', calling(name, args, more), { headers, capabilities }))).final();
  const answer = await ask('save_note', { title: 'Milk', body: 'Two bottles' });
  assert.ok(answer.result, 'save_note: ' + JSON.stringify(answer));
  const saved = textOf(answer.result);
  const id = Number(saved.match(/note (\d+)/)[1]);
  const titles = async () => (await ask('list_notes', {})).result.structuredContent.notes.map((note) => note.id);
  return { ask, id, headers, has: async () => (await titles()).includes(id) };
}

const confirm = (sure) => ({ inputResponses: { confirm: { action: 'accept', content: { sure } } } });

// MCP "Server Requirements (Basic Workflow)", "Form Mode Elicitation Requests", "Input Required Tool Results"
describe('delete_note', () => {
  test('delete_note asks first, keeps the note meanwhile, and deletes it after a yes, at any instance', async () => {
    const { ask, id, has } = await someone();
    const { result } = await ask('delete_note', { id });
    assert.equal(result.resultType, 'input_required');
    const { method, params } = result.inputRequests.confirm;
    assert.equal(method, 'elicitation/create');
    assert.match(params.message, /Milk/);
    assert.deepEqual(params.requestedSchema.required, ['sure']);
    assert.ok(await has(), 'nothing happens before the answer');
    const more = { ...confirm(true), requestState: result.requestState };
    const done = await ask('delete_note', { id }, more, { at: there });
    assert.match(textOf(done.result), /deleted/);
    assert.ok(!(await has()));
  });

  for (const [what, answer] of [
    ['a no', confirm(false)],
    ['a decline', { inputResponses: { confirm: { action: 'decline' } } }],
    ['a cancel', { inputResponses: { confirm: { action: 'cancel' } } }],
  ]) {
    // MCP "Response Actions"
    test(`delete_note keeps the note after ${what}`, async () => {
      const { ask, id, has } = await someone();
      const { result } = await ask('delete_note', { id });
      const done = await ask('delete_note', { id }, { ...answer, requestState: result.requestState });
      assert.equal(done.result.resultType, 'complete');
      assert.ok(await has());
    });
  }

  // MCP "Elicitation › Capabilities"
  test('delete_note deletes at once for a client that cannot ask: such a client confirms destructive calls by itself', async () => {
    const { ask, id, has } = await someone();
    const { result } = await ask('delete_note', { id }, {}, { capabilities: {} });
    assert.equal(result.resultType, 'complete');
    assert.ok(!(await has()));
  });

  // MCP "InputRequests", "Supported Requests"
  test('delete_note is asked for and answered by the released client as its application answers', async (t) => {
    const server = await startConnector(SIGN_IN);
    t.after(() => server.stop());
    const { id, headers, has } = await someone(server, await register(server));
    for (const [sure, text] of [
      [false, /kept/],
      [true, /deleted/],
    ]) {
      const asked = [];
      const app = new Client(
        { name: 'behaviour-tests', version: '1.0.0' },
        { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: { pin: '2026-07-28' } } },
      );
      app.setRequestHandler('elicitation/create', (request) => {
        asked.push(request.params.message);
        return { action: 'accept', content: { sure } };
      });
      await app.connect(new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers } }));
      try {
        assert.match(textOf(await app.callTool({ name: 'delete_note', arguments: { id } })), text);
        assert.equal(asked.length, 1);
        assert.equal(await has(), !sure);
      } finally {
        await app.close();
      }
    }
  });
});

// MCP "Multi Round-Trip Requests › Security Considerations", "InputRequiredResult"
describe('a requestState', () => {
  /** The question of delete_note, and a retry of it with something changed. */
  async function asked() {
    const person = await someone();
    const { result } = await person.ask('delete_note', { id: person.id });
    return { ...person, state: result.requestState };
  }
  const isRefused = (answer, rule) => assert.equal(answer.error?.code, CODE.invalidParams, `${rule}: ${JSON.stringify(answer)}`);

  test('a requestState is not readable', async () => {
    const { state } = await asked();
    assert.ok(!Buffer.from(state, 'base64url').toString('latin1').includes('delete_note'));
  });

  test('a requestState of one person is refused from another', async () => {
    const mine = await asked();
    const stranger = await register(here);
    const { tokens } = await connect(here, { client: stranger, scope: ALL_SCOPES });
    const params = calling('delete_note', { id: mine.id }, { ...confirm(true), requestState: mine.state });
    const headers = bearer(tokens.access_token);
    const answer = await send(here, modern('tools/call', params, { headers, capabilities: FORMS }));
    isRefused(answer.final(), 'another client of the same person');
    assert.ok(await mine.has());
  });

  test('a requestState for one set of arguments is refused beside another, and so is one that was changed', async () => {
    const { ask, id, state, has } = await asked();
    const other = state[40] === 'A' ? 'B' : 'A';
    for (const [what, args, requestState] of [
      ['other arguments', { id: id + 1 }, state],
      ['longer', { id }, `${state}A`],
      ['shorter', { id }, state.slice(0, -4)],
      ['other bytes', { id }, `${state.slice(0, 40)}${other}${state.slice(41)}`],
      ['empty', { id }, ''],
      ['not base64', { id }, '%%%'],
      ['huge', { id }, 'A'.repeat(300_000)],
    ]) {
      isRefused(await ask('delete_note', args, { ...confirm(true), requestState }), what);
    }
    assert.ok(await has());
  });
});

// MCP "InputResponses", "Multi Round-Trip Requests › Error Handling"
describe('answers', () => {
  test('answers that are no results are refused and change nothing', async () => {
    const { ask, id, has } = await someone();
    for (const inputResponses of [[], 7, { confirm: 1 }, { confirm: { action: 'accept', content: { sure: 'yes' } } }]) {
      const answer = await ask('delete_note', { id }, { inputResponses });
      assert.equal(answer.error?.code, CODE.invalidParams, JSON.stringify({ inputResponses, answer }));
      assert.ok(!JSON.stringify(answer).includes('yes'), 'what was sent is not echoed');
    }
    assert.ok(await has());
  });

  test('answers that are null are none: the question is asked again', async () => {
    const { ask, id, has } = await someone();
    for (const inputResponses of [null, { confirm: null }]) {
      const { result } = await ask('delete_note', { id }, { inputResponses });
      assert.deepEqual(Object.keys(result.inputRequests), ['confirm'], JSON.stringify(inputResponses));
    }
    assert.ok(await has());
  });

  test('answers are bounded in number', async () => {
    const { ask, id } = await someone();
    const inputResponses = Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`k${at}`, {}]));
    assert.equal((await ask('delete_note', { id }, { inputResponses })).error.code, CODE.invalidParams);
  });
});

// The last one: the clock of the instance does not go back.
test('a requestState expires, and the client is told to start over', async () => {
  const { ask, id, has } = await someone();
  const { requestState } = (await ask('delete_note', { id })).result;
  await here.passes(45 * 60);
  const answer = await ask('delete_note', { id }, { ...confirm(true), requestState });
  assert.equal(answer.error?.code, CODE.invalidParams);
  assert.match(answer.error.message, /expired/);
  assert.ok(await has());
});
