// Questions to the clients of the revisions with a handshake: a request of the server on the stream of a call, and an answer
// that is POSTed, to whatever instance. Section numbers are those of the specification's "Elicitation" and "Transports".

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { startInstances } from '../support/workers/instances.mjs';
import { accept, calling, legacy, post, send, stream, textOf } from '../support/mcp/requests.mjs';
import { openSession } from '../support/mcp/session.mjs';
import { PYTHON_PACKAGE, python } from '../support/clients/python.mjs';
import { ALL_SCOPES, PASSPHRASE, SIGN_IN, bearer, connect } from '../support/oauth/client.mjs';

const EVERYTHING = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };

/** Several instances with all fixtures, and several of the starter. */
let fixtures;
let starter;
let here;
let there;
before(async () => {
  [fixtures, starter] = await Promise.all([
    startInstances({ worker: 'examples/everything', vars: { TIME_LIMIT_SECONDS: '5' } }),
    startInstances({ vars: { ...SIGN_IN } }),
  ]);
  [here, there] = fixtures.instances;
});
after(() => Promise.all([fixtures?.stop(), starter?.stop()]));

/** A session of a client that can do everything. */
const begin = (instance, client = {}) => openSession(instance, { capabilities: EVERYTHING, ...client });

/** Calls a tool and answers what it asks; `answers` gets the question and gives the result, or null for silence. */
async function converse(session, asked, answers, { at = here, answerAt = there } = {}) {
  const calls = await stream(at, asked);
  assert.equal(calls.status, 200, calls.story('a call that asks is answered with a stream'));
  assert.match(calls.headers['content-type'], /^text\/event-stream/);
  const questions = [];
  for await (const event of calls.events) {
    if (!event.data) continue;
    const message = JSON.parse(event.data);
    if (!message.method) return { message, questions };
    if (message.id === undefined) continue;
    questions.push(message);
    const result = await answers(message);
    if (result) (await send(answerAt, session.answer(message.id, result))).hasStatus(202, 'MCP "Sending Messages to the Server"').hasNoBody('MCP "Sending Messages to the Server"');
  }
  return assert.fail(calls.story('the stream ends with the response'));
}

const USER = { username: 'ada', email: 'ada@example.com' };

describe('a question', () => {
  for (const version of ['2025-11-25', '2025-06-18']) {
    // MCP "Elicitation Requests", "Creating Elicitation Requests"
    test(`a question goes out on the stream of its call and is answered at another instance (${version})`, async () => {
      const session = await begin(here, { version });
      const { message, questions } = await converse(session, session.call('test_elicitation', { message: 'Who are you?' }), () =>
        accept(USER),
      );
      assert.equal(questions.length, 1);
      assert.equal(questions[0].method, 'elicitation/create');
      assert.equal(questions[0].params.message, 'Who are you?');
      assert.deepEqual(questions[0].params.requestedSchema.required, ['username', 'email']);
      assert.match(textOf(message.result), /"username":"ada"/);
    });
  }

  // MCP "Requested Schema", "Request Schema", "Supported Schema Types"
  test('a question may be answered with texts for numbers and with null for nothing', async () => {
    const session = await begin(here);
    const content = { name: '7', age: '30', score: '95.5', status: null, verified: 'true' };
    const { message } = await converse(session, session.call('test_elicitation_sep1034_defaults', {}), () => accept(content));
    const answer = textOf(message.result).replace('Elicitation completed: accept ', '');
    assert.deepEqual(JSON.parse(answer), { name: '7', age: 30, score: 95.5, verified: true });
    const wrong = await converse(session, session.call('test_elicitation_sep1034_defaults', {}), () => accept({ age: 'thirty' }));
    assert.equal(wrong.message.result.isError, true);
  });

  // MCP "Creating Messages", "Listing Roots", "URL Mode Elicitation Requests"
  test('a question may be the model’s, the folders’ or a page to visit', async () => {
    const session = await begin(here);
    const sampled = await converse(session, session.call('test_sampling', { prompt: 'Capital of France?' }), ({ method, params }) => {
      assert.equal(method, 'sampling/createMessage');
      assert.equal(params.maxTokens, 100);
      assert.equal(params.messages[0].content.text, 'Capital of France?');
      return { role: 'assistant', model: 'm', content: { type: 'text', text: 'Paris' } };
    });
    assert.equal(textOf(sampled.message.result), 'LLM response: Paris');
    const roots = await converse(session, session.call('ask_roots'), () => ({ roots: [{ uri: 'file:///a' }, { uri: 'file:///b' }] }));
    assert.equal(textOf(roots.message.result), 'file:///a file:///b');
    const visited = await converse(session, session.call('ask_to_visit'), ({ params }) => {
      assert.equal(params.mode, 'url');
      assert.equal(typeof params.elicitationId, 'string', '2025-11-25 has an id for it');
      return { action: 'accept' };
    });
    assert.equal(textOf(visited.message.result), 'on the way');
  });

  test('a question may follow another: the handler runs once', async () => {
    const session = await begin(here);
    const words = ['one', 'two'];
    const { message, questions } = await converse(session, session.call('ask_twice'), () => accept({ word: words.shift() }));
    assert.equal(textOf(message.result), 'one two');
    assert.notEqual(questions[0].id, questions[1].id, 'each request has an id of its own');
  });

  test('a question is answered at the same instance too', async () => {
    const session = await begin(here);
    const { message } = await converse(session, session.call('ask_twice'), () => accept({ word: 'x' }), { answerAt: here });
    assert.equal(textOf(message.result), 'x x');
  });

  // MCP "Response Actions"
  test('a question that is declined or put away is told to the model', async () => {
    const session = await begin(here);
    for (const [action, words] of [
      ['decline', /declined/],
      ['cancel', /no answer/],
    ]) {
      const { message } = await converse(session, session.call('ask_twice'), () => ({ action }));
      assert.equal(message.result.isError, true);
      assert.match(textOf(message.result), words);
    }
  });

  // MCP "Elicitation › Error Handling"
  test('a question that the client answers with an error is an error for the model, without the client’s words', async () => {
    const session = await begin(here);
    const { message } = await converse(session, session.call('ask_twice'), () => ({ error: { code: -1, message: 'secret words' } }));
    assert.equal(message.result.isError, true);
    assert.match(textOf(message.result), /-1/);
    assert.doesNotMatch(JSON.stringify(message), /secret/);
  });

  test('a question whose answer does not fit is told so', async () => {
    const session = await begin(here);
    for (const wrong of [accept({ word: 7 }), accept({}), { action: 'perhaps' }, {}]) {
      const { message } = await converse(session, session.call('ask_twice'), () => wrong);
      assert.equal(message.result.isError, true, JSON.stringify(wrong));
    }
  });

  // MCP "Elicitation › Capabilities", "Sampling › Capabilities", "Roots › Capabilities"
  test('a question is not asked of a client that cannot', async () => {
    for (const capabilities of [{}, { sampling: {} }]) {
      const session = await begin(here, { capabilities });
      const answer = await send(here, session.call('test_elicitation', { message: 'Who?' }));
      const message = answer.final('an answer without a question');
      assert.ok(message.error || message.result.isError, answer.story('the call fails'));
      assert.ok(!(message.error?.code <= -32020), answer.story('without a modern code'));
    }
  });

  test('a question is not asked of a client without a session, or that takes no stream', async () => {
    const without = await send(here, legacy('tools/call', calling('ask_twice')));
    assert.ok(without.final().error || without.final().result.isError, without.story('nobody can answer'));
    const session = await begin(here);
    const json = await send(here, session.call('ask_twice', {}, { headers: { accept: 'application/json' } }));
    assert.equal(json.final().result.isError, true, json.story('there is no way to ask'));
  });

  test('a question that nobody answers ends with the time limit of its call', async () => {
    const session = await begin(here);
    const { message } = await converse(session, session.call('ask_twice'), () => null);
    assert.equal(message.result.isError, true);
    assert.match(textOf(message.result), /5 seconds/);
  });
});

describe('an answer', () => {
  test('an answer that nobody waits for is taken and does nothing', async () => {
    const session = await begin(here);
    for (const id of ['0'.repeat(32), 'never asked', 7]) {
      (await send(there, session.answer(id, accept({ word: 'x' })))).hasStatus(202, 'MCP "Sending Messages to the Server"').hasNoBody('MCP "Sending Messages to the Server"');
    }
    const { message } = await converse(session, session.call('ask_twice'), () => accept({ word: 'right' }));
    assert.equal(textOf(message.result), 'right right', 'calls go on as ever');
  });

  test('an answer counts once: a second one to the same question is dropped', async () => {
    const session = await begin(here);
    let n = 0;
    const { message, questions } = await converse(session, session.call('ask_twice'), async ({ id }) => {
      n += 1;
      if (n === 1) {
        (await send(there, session.answer(id, accept({ word: 'first' })))).hasStatus(202, 'MCP "Sending Messages to the Server"');
        (await send(there, session.answer(id, accept({ word: 'again' })))).hasStatus(202, 'MCP "Sending Messages to the Server"');
        return null;
      }
      return accept({ word: 'second' });
    });
    assert.equal(textOf(message.result), 'first second');
    (await send(there, session.answer(questions[0].id, accept({ word: 'late' })))).hasStatus(202, 'MCP "Sending Messages to the Server": late ones too');
  });

  test('an answer to one of several calls of a session goes to that call', async () => {
    const session = await begin(here);
    const results = await Promise.all(
      ['a', 'b', 'c', 'd'].map((word) => converse(session, session.call('ask_twice'), () => accept({ word }))),
    );
    assert.deepEqual(
      results.map(({ message }) => textOf(message.result)),
      ['a a', 'b b', 'c c', 'd d'],
    );
  });

  test('an answer of another session does not reach the call', async () => {
    const session = await begin(here);
    const other = await begin(here);
    const { message } = await converse(session, session.call('ask_twice'), async ({ id }) => {
      (await send(there, other.answer(id, accept({ word: 'foreign' })))).hasStatus(202, 'MCP "Sending Messages to the Server"');
      return accept({ word: 'own' });
    });
    assert.equal(textOf(message.result), 'own own');
  });

  test('an answer without a session id, or with one that nobody gave, reaches nobody', async () => {
    const session = await begin(here);
    const { message } = await converse(session, session.call('ask_twice'), async ({ id }) => {
      const foreign = (headers) => post({ jsonrpc: '2.0', id, result: accept({ word: 'foreign' }) }, { headers });
      (await send(there, foreign({}))).hasStatus(202, 'MCP "Sending Messages to the Server"');
      (await send(there, foreign({ 'mcp-session-id': '1'.repeat(40) }))).hasStatus(404, 'MCP "Session Management"');
      return accept({ word: 'own' });
    });
    assert.equal(textOf(message.result), 'own own');
  });

  test('an answer costs no write, nor does the question', async () => {
    const session = await begin(here);
    // An anonymous client's session is counted once, when it first needs its object.
    await converse(session, session.call('ask_twice'), () => accept({ word: 'x' }));
    const earlier = await fixtures.counts();
    await converse(session, session.call('ask_twice'), () => accept({ word: 'x' }));
    const later = await fixtures.counts();
    assert.equal(later.rowsWritten - earlier.rowsWritten, 0, 'no row is written');
    const requests = later.objects.Session - (earlier.objects.Session ?? 0);
    assert.equal(requests, 6, 'two for each question, one that asks whether the client reads elsewhere, one for the end of the stream');
  });

  test('an answer while storage is down is 503, and the call says that it could not ask', async () => {
    const session = await begin(here);
    await fixtures.objectsNow('Session', 'fails');
    try {
      (await send(there, session.answer('0'.repeat(32), accept({})))).hasStatus(503, 'an outage');
      const { message } = await converse(session, session.call('ask_twice'), () => null);
      assert.equal(message.result.isError, true);
    } finally {
      await fixtures.objectsNow('Session', 'works');
    }
  });
});

describe('the official clients', () => {
  /** Under its own address: they resolve no names of ours. */
  let runtime;
  let url;
  before(async () => {
    runtime = await startInstances({ worker: 'examples/everything', count: 1, origin: null });
    url = runtime.instances[0].url;
  });
  after(() => runtime?.stop());

  const INFO = { name: 'behaviour-tests', version: '1.0.0' };
  const OPTIONS = { capabilities: { elicitation: {}, sampling: {} } };
  const SAMPLED = { role: 'assistant', model: 'm', content: { type: 'text', text: 'Paris' } };
  const CLIENTS = {
    'TypeScript v1': () => {
      const client = new ClientV1(INFO, OPTIONS);
      client.setRequestHandler(ElicitRequestSchema, () => accept(USER));
      client.setRequestHandler(CreateMessageRequestSchema, () => SAMPLED);
      return [client, new TransportV1(new URL(url))];
    },
    'TypeScript v2': () => {
      const client = new ClientV2(INFO, { ...OPTIONS, versionNegotiation: { mode: 'legacy' } });
      client.setRequestHandler('elicitation/create', () => accept(USER));
      client.setRequestHandler('sampling/createMessage', () => SAMPLED);
      return [client, new TransportV2(new URL(url))];
    },
  };
  for (const [name, make] of Object.entries(CLIENTS)) {
    test(`${name} is asked and answers`, async () => {
      const [client, transport] = make();
      const errors = [];
      client.onerror = (error) => errors.push(error);
      await client.connect(transport);
      try {
        const elicited = await client.callTool({ name: 'test_elicitation', arguments: { message: 'Who are you?' } });
        assert.match(textOf(elicited), /"username":"ada"/);
        const sampled = await client.callTool({ name: 'test_sampling', arguments: { prompt: 'Capital of France?' } });
        assert.equal(textOf(sampled), 'LLM response: Paris');
        assert.deepEqual(errors, [], 'no error on the side');
      } finally {
        await client.close();
      }
    });
  }

  test(`Python (${PYTHON_PACKAGE}) is asked and answers`, async (t) => {
    const found = await python();
    if (found.why) {
      console.error(`\nNOT TESTED: elicitation with the official Python client: ${found.why}.\n`);
      return t.skip(found.why);
    }
    const script = fileURLToPath(new URL('../support/clients/answering_client.py', import.meta.url));
    const setting = { url, name: 'test_elicitation', arguments: { message: 'Who are you?' }, content: USER };
    const { stdout } = await promisify(execFile)(found.program, [script, JSON.stringify(setting)], { timeout: 30_000 });
    const { text, asked } = JSON.parse(stdout);
    assert.match(text, /"username":"ada"/);
    assert.deepEqual(asked, ['Who are you?']);
    return undefined;
  });
});

describe('delete_note of the starter', () => {
  let token;
  let at;
  let other;
  before(async () => {
    [at, other] = starter.instances;
    token = (await connect(at, { scope: ALL_SCOPES })).tokens.access_token;
  });

  const save = async (title) => {
    const answer = await send(at, legacy('tools/call', calling('save_note', { title, body: 'b' }), { headers: bearer(token) }));
    return Number(/note (\d+)/.exec(textOf(answer.result()))[1]);
  };
  const titles = async () => {
    const answer = await send(at, legacy('tools/call', calling('list_notes'), { headers: bearer(token) }));
    return answer.result().structuredContent.notes.map(({ title }) => title);
  };

  test('delete_note asks a client that can be asked', async () => {
    const session = await begin(at, { headers: bearer(token) });
    const id = await save('asked');
    const kept = await converse(session, session.call('delete_note', { id }), () => accept({ sure: false }), { at, answerAt: other });
    assert.match(textOf(kept.message.result), /kept/);
    assert.match(kept.questions[0].params.message, /asked/);
    const declined = await converse(session, session.call('delete_note', { id }), () => ({ action: 'decline' }), { at, answerAt: other });
    assert.match(textOf(declined.message.result), /Nothing was done/);
    assert.deepEqual(await titles(), ['asked']);
    const gone = await converse(session, session.call('delete_note', { id }), () => accept({ sure: true }), { at, answerAt: other });
    assert.match(textOf(gone.message.result), /deleted/);
    assert.deepEqual(await titles(), []);
  });

  test('delete_note deletes without asking for one that cannot', async () => {
    for (const headers of [{}, { 'mcp-session-id': (await begin(at, { capabilities: {} })).id }]) {
      const id = await save('unasked');
      const asked = legacy('tools/call', calling('delete_note', { id }), { headers: { ...bearer(token), ...headers } });
      assert.match(textOf((await send(at, asked)).result()), /deleted/);
    }
    assert.deepEqual(await titles(), []);
  });

  // MCP "Elicitation › Security Considerations", "Identifying the User"
  test('delete_note takes the answer of the person whose call it is, and of nobody else', async () => {
    const session = await begin(at, { headers: bearer(token) });
    const id = await save('mine');
    const { message } = await converse(
      session,
      session.call('delete_note', { id }),
      async ({ id: question }) => {
        const answer = session.answer(question, accept({ sure: true }), { authorization: null });
        (await send(other, answer)).hasStatus(202, 'that of a stranger is taken and reaches nobody: the call still waits');
        const bad = session.answer(question, accept({ sure: true }), { authorization: 'Bearer nonsense' });
        (await send(other, bad)).hasStatus(401, 'a bad token is told on every message');
        return accept({ sure: false });
      },
      { at, answerAt: other },
    );
    assert.match(textOf(message.result), /kept/);
  });

  // MCP "Setting Log Level"
  test('delete_note keeps the level of a person, and of an anonymous client none', async () => {
    const session = await begin(at);
    const level = (headers) => send(at, session.request('logging/setLevel', { level: 'debug' }, { headers }));
    const rows = async (headers) => {
      const earlier = await starter.counts();
      (await level(headers)).result('logging/setLevel');
      const later = await starter.counts();
      return [later.objects.Session - (earlier.objects.Session ?? 0), later.rowsWritten - earlier.rowsWritten > 0];
    };
    assert.deepEqual(await rows({}), [0, false], 'that of an anonymous client is kept nowhere');
    assert.deepEqual(await rows(bearer(token)), [1, true], 'a person’s is kept with their session');
    assert.deepEqual(await rows({}), [0, false], 'and no anonymous client changes it');
  });

  test('no log names the passphrase', () => assert.ok(!starter.log().includes(PASSPHRASE)));
});
