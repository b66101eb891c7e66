// Asking the client's model with tools (`sampling.tools`, SEP-1577), as the recipe does it: in rounds from 2026-07-28 on, and
// until 2025-11-25 as requests on the stream of the call. Played by official clients with a model that is a script.
// MCP "Tools in Sampling", "Sampling with Tools", "Multi-turn Tool Loop",
// MCP "Message Content Constraints", "Tool Result Messages", "Tool Use and Result Balance".

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { instancesForSuite } from '../support/workers/instances.mjs';
import { CODE, calling, modern, send, textOf } from '../support/mcp/requests.mjs';
import { SIGN_IN, bearer, connect } from '../support/oauth/client.mjs';

const CAPABLE = { sampling: { tools: {} } };
const CALL = calling('choose_town', { towns: ['Paris', 'London', 'Atlantis'] });

/** Until 2025-11-25 only a client with a token has a session, in which it can be asked. */
let requestInit;
const runtime = instancesForSuite({ worker: 'examples/recipes', count: 1, origin: null, vars: SIGN_IN }, async () => {
  const { tokens } = await connect(site, { scope: 'notes:read' });
  requestInit = { headers: bearer(tokens.access_token) };
});
const [site] = runtime.instances;

const says = (content, stopReason) => ({ role: 'assistant', model: 'a-script', stopReason, content });
const uses = (id, input) => ({ type: 'tool_use', id, name: 'forecast', input });
const words = (text) => ({ type: 'text', text });

/** A model that looks at the weather of two towns, then of the others, and then decides. Keeps what it was asked. */
function script() {
  const asked = [];
  const answers = [
    says([words('Let me see.'), uses('a', { town: 'Paris' }), uses('b', { town: 'London' })], 'toolUse'),
    says([uses('c', { town: 'Atlantis' }), uses('d', { village: 'Paris' })], 'toolUse'),
    says(words('Paris.'), 'endTurn'),
  ];
  return { asked, answer: (params) => (asked.push(params), answers[asked.length - 1]) };
}

/** "Message Content Constraints", for each list of messages. */
function isBalanced(messages) {
  const blocks = ({ content }) => [content].flat();
  messages.forEach((message, n) => {
    const results = blocks(message).filter(({ type }) => type === 'tool_result');
    assert.ok(results.length === 0 || results.length === blocks(message).length, 'results stand alone');
    const wanted = blocks(message).filter(({ type }) => type === 'tool_use').map(({ id }) => id);
    if (wanted.length > 0) {
      const given = blocks(messages[n + 1]).map(({ toolUseId }) => toolUseId);
      assert.deepEqual([messages[n + 1].role, given.sort()], ['user', wanted.sort()], 'each use has its result, at once');
    }
  });
}

function wasAskedWell(asked) {
  assert.equal(asked.length, 3);
  for (const { messages, tools, maxTokens } of asked) {
    assert.deepEqual(tools.map(({ name }) => name), ['forecast']);
    assert.equal(tools[0].inputSchema.type, 'object');
    assert.equal(maxTokens, 300);
    isBalanced(messages);
  }
  const said = asked[2].messages.flatMap(({ content }) => [content].flat());
  const results = said.filter(({ type }) => type === 'tool_result').map(({ content, isError }) => [isError ?? false, content[0].text]);
  assert.deepEqual(results.slice(0, 3), [
    [false, '18 °C, partly cloudy'],
    [false, '15 °C, rain'],
    [true, 'Nobody knows the weather in Atlantis.'],
  ]);
  assert.match(results[3][1], /town/, 'what did not fit');
  assert.ok(said.some(({ text }) => text === 'Let me see.'), 'the model is told what it said itself');
}

describe('official clients lend their model', () => {
  const INFO = { name: 'behaviour-tests', version: '1.0.0' };
  const options = (mode) => ({ capabilities: CAPABLE, ...(mode && { versionNegotiation: { mode } }) });
  const CLIENTS = {
    'TypeScript v1 (2025-11-25)': (answer) => {
      const client = new ClientV1(INFO, options());
      client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => answer(params));
      return [client, new TransportV1(new URL(site.url), { requestInit })];
    },
    'TypeScript v2 (2025-11-25)': (answer) => {
      const client = new ClientV2(INFO, options('legacy'));
      client.setRequestHandler('sampling/createMessage', ({ params }) => answer(params));
      return [client, new TransportV2(new URL(site.url), { requestInit })];
    },
    'TypeScript v2 (2026-07-28)': (answer) => {
      const client = new ClientV2(INFO, options('auto'));
      client.setRequestHandler('sampling/createMessage', ({ params }) => answer(params));
      return [client, new TransportV2(new URL(site.url), { requestInit })];
    },
  };
  for (const [name, make] of Object.entries(CLIENTS)) {
    test(name, async () => {
      const { asked, answer } = script();
      const [client, transport] = make(answer);
      await client.connect(transport);
      try {
        assert.equal(textOf(await client.callTool(CALL)), 'Paris.');
        wasAskedWell(asked);
      } finally {
        await client.close();
      }
    });
  }
});

describe('in rounds', () => {
  const ask = async (more = {}, capabilities = CAPABLE) => (await send(site, modern('tools/call', { ...CALL, ...more }, { capabilities }))).final();

  test('in rounds, a model that wants more and more is told to come to an end', async () => {
    let more = {};
    for (let round = 1; round <= 4; round += 1) {
      const { result } = await ask(more);
      assert.equal(result.resultType, 'input_required', JSON.stringify(result));
      const [[key, { params }]] = Object.entries(result.inputRequests);
      assert.deepEqual(params.toolChoice, round === 4 ? { mode: 'none' } : undefined);
      assert.equal(params.messages.length, 2 * round - 1, 'with all that was said before');
      isBalanced(params.messages);
      const answer = says(uses(`use-${round}`, { town: 'Paris' }), 'toolUse');
      more = { inputResponses: { [key]: answer }, requestState: result.requestState };
    }
    const { result } = await ask(more);
    assert.deepEqual([result.isError, textOf(result)], [true, 'The model came to no end.']);
  });

  test('in rounds, an answer that is none is refused', async () => {
    const { result } = await ask();
    const [key] = Object.keys(result.inputRequests);
    for (const content of [[uses('a', {}), uses('a', {})], uses(undefined, {}), uses('a', 'Paris')]) {
      const { error } = await ask({ inputResponses: { [key]: says(content) }, requestState: result.requestState });
      assert.equal(error?.code, CODE.invalidParams, JSON.stringify(content));
    }
  });

  test('in rounds, a client whose model takes no tools is not asked', async () => {
    for (const capabilities of [{}, { sampling: {} }]) {
      assert.match(textOf((await ask({}, capabilities)).result), /^Paris: 18/);
    }
  });
});
