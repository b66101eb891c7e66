// Prompts and completion: lists, arguments, messages, suggestions. "Prompts" and "Completion" of the specification.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CODE, ERAS, MODERN, REVISIONS, send } from '../support/mcp/requests.mjs';
import { startEverything, startConnector } from '../support/workers/wrangler-dev.mjs';

/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let everything;
/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let notes;
before(async () => {
  [everything, notes] = await Promise.all([startEverything(), startConnector()]);
});
after(() => Promise.all([everything?.stop(), notes?.stop()]));

const get = (ask, name, args) => send(everything, ask('prompts/get', { name, ...(args && { arguments: args }) }));

// MCP "Prompt", "Prompts › Capabilities"
describe('prompts/list', () => {
  for (const { version, ask } of REVISIONS) {
    test(`each prompt says what it is for and what it takes (${version})`, async () => {
      const answer = await send(everything, ask('prompts/list'));
      const { prompts, cacheScope } = answer.result('MCP "Listing Prompts": prompts/list');
      assert.equal(cacheScope, version === MODERN ? 'public' : undefined, answer.story('MCP "Cache Scope Field": caching hints are new in 2026-07-28'));
      const names = ['arguments', 'embedded_resource', 'image'].map((what) => `test_prompt_with_${what}`);
      assert.deepEqual(
        prompts.map(({ name }) => name).sort(),
        ['panics', 'test_input_required_result_prompt', ...names, 'test_simple_prompt'],
        answer.story('every prompt is listed'),
      );
      for (const { name, description } of prompts) assert.ok(description, `${name} has a description`);
      const [listed] = prompts.filter(({ name }) => name === 'test_prompt_with_arguments');
      assert.deepEqual(
        listed.arguments.map(({ name, required }) => [name, required]),
        [
          ['arg1', true],
          ['arg2', true],
        ],
      );
      assert.ok(listed.arguments.every(({ description }) => description), 'each argument is described');
      assert.ok(!('arguments' in prompts.find(({ name }) => name === 'test_simple_prompt')), 'no empty list of arguments');
    });
  }
});

describe('prompts/get', () => {
  for (const { version, ask } of REVISIONS) {
    // MCP "PromptMessage", "Prompts › Text Content", "Prompts › Image Content", "Prompts › Embedded Resources"
    test(`messages have a role and one block of content (${version})`, async () => {
      const simple = (await get(ask, 'test_simple_prompt')).result('MCP "Getting a Prompt": a prompt without arguments');
      assert.deepEqual(simple.messages, [{ role: 'user', content: { type: 'text', text: 'This is a simple prompt for testing.' } }]);
      assert.equal(typeof simple.description, 'string');

      const filled = (await get(ask, 'test_prompt_with_arguments', { arg1: 'a "b"', arg2: 'ü' })).result('MCP "Getting a Prompt": with arguments');
      assert.equal(filled.messages[0].content.text, `Prompt with arguments: arg1='a "b"', arg2='ü'`);

      const uri = 'test://anything';
      const embedded = (await get(ask, 'test_prompt_with_embedded_resource', { resourceUri: uri })).result('MCP "Getting a Prompt": with a resource');
      assert.deepEqual([embedded.messages[0].content.type, embedded.messages[0].content.resource.uri], ['resource', uri]);

      const image = (await get(ask, 'test_prompt_with_image')).result('MCP "Getting a Prompt": with an image');
      assert.deepEqual([image.messages[0].content.type, image.messages[0].content.mimeType], ['image', 'image/png']);
    });
  }

  const wrong = [
    ['an unknown prompt', 'test_prompt', {}],
    ['a missing argument', 'test_prompt_with_arguments', { arg1: 'a' }],
    ['no arguments where some are required', 'test_prompt_with_arguments', undefined],
    ['an unknown argument', 'test_simple_prompt', { arg1: 'a' }],
    ['an argument that is no string', 'test_prompt_with_arguments', { arg1: 1, arg2: 'b' }],
    ['null for an argument', 'test_prompt_with_arguments', { arg1: null, arg2: 'b' }],
    ['a list of arguments', 'test_prompt_with_arguments', ['a', 'b']],
    ['a name out of a prototype', 'constructor', {}],
  ];
  for (const [row, name, args] of wrong) {
    test(`prompts/get or completion/complete with ${row} is -32602`, async () => {
      for (const { ask } of ERAS) {
        const { message } = (await get(ask, name, args)).error(200, CODE.invalidParams, 'MCP "Prompts › Error Handling": unknown prompt or wrong arguments');
        assert.ok(message.length > 10, 'and says what is wrong');
      }
    });
  }

  // MCP "Prompts › Security"
  test('a prompt with a scope is challenged like a tool', async () => {
    for (const { ask } of ERAS) {
      const answer = await send(notes, ask('prompts/get', { name: 'summarize_notes' }));
      answer.hasStatus(401, 'MCP "Token Handling": refused at the HTTP layer');
      answer.hasHeader('www-authenticate', /scope="notes:read profile"/, 'MCP "Scope Selection Strategy": the challenge names what the next token should have');
    }
  });
});

// MCP "Completion › Capabilities", "Reference Types", "Completion Results"
describe('completion/complete', () => {
  const ref = { type: 'ref/prompt', name: 'test_prompt_with_arguments' };
  const complete = (ask, params) => send(everything, ask('completion/complete', params));

  for (const { version, ask } of REVISIONS) {
    test(`suggestions begin with what was typed (${version})`, async () => {
      const suggested = async (value) => {
        const params = { ref, argument: { name: 'arg1', value }, context: { arguments: { arg2: 'x' } } };
        return (await complete(ask, params)).result('MCP "Requesting Completions": completion').completion;
      };
      assert.deepEqual(await suggested('par'), { values: ['paris', 'park', 'party'], total: 3, hasMore: false });
      assert.deepEqual((await suggested('PARK')).values, ['park'], 'in any case');
      assert.deepEqual((await suggested('')).values.length, 3, 'all at first');
      assert.deepEqual(await suggested('x'), { values: [], total: 0, hasMore: false });
    });
  }

  // MCP "Completion › Implementation Considerations"
  test('an argument without suggestions has none; nor has one that there is not', async () => {
    const template = { type: 'ref/resource', uri: 'test://template/{id}/data' };
    for (const { ask } of ERAS) {
      for (const params of [
        { ref, argument: { name: 'arg2', value: 'a' } },
        { ref, argument: { name: 'arg3', value: 'a' } },
        { ref: template, argument: { name: 'nothing', value: 'a' } },
      ]) {
        const { completion } = (await complete(ask, params)).result();
        assert.deepEqual(completion, { values: [], total: 0, hasMore: false }, JSON.stringify(params));
      }
    }
  });

  const wrong = [
    ['no ref', { argument: { name: 'arg1', value: '' } }],
    ['an unknown prompt', { ref: { ...ref, name: 'nothing' }, argument: { name: 'arg1', value: '' } }],
    ['an unknown template', { ref: { type: 'ref/resource', uri: 'test://{x}' }, argument: { name: 'x', value: '' } }],
    ['an unknown kind of ref', { ref: { type: 'ref/tool', name: 'greet' }, argument: { name: 'name', value: '' } }],
    ['a value that is no string', { ref, argument: { name: 'arg1', value: 1 } }],
    ['no argument', { ref }],
    ['a context of a wrong form', { ref, argument: { name: 'arg1', value: '' }, context: { arguments: { arg2: 1 } } }],
    ['a value without end', { ref, argument: { name: 'arg1', value: 'x'.repeat(100_000) } }],
  ];
  for (const [row, params] of wrong) {
    test(`prompts/get or completion/complete with ${row} is -32602`, async () => {
      for (const { ask } of ERAS) (await complete(ask, params)).error(200, CODE.invalidParams, 'MCP "Completion › Error Handling": inputs are validated');
    });
  }
});
