// Schemas that plain Rust types derive, as released clients take them, and arguments as clients cannot help sending them.
// MCP "$ref Resolution".

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ListToolsResultSchema as List132 } from '@modelcontextprotocol/sdk/types.js';
import { ListToolsResultSchema as List110 } from 'sdk-1-10/types.js';
import { ListToolsResultSchema as List17 } from 'sdk-1-7/types.js';
import { ERAS, REVISIONS, callTool, calling, listTools, modern, send, textOf } from '../support/mcp/requests.mjs';
import { startEverything, startConnector } from '../support/workers/wrangler-dev.mjs';

let everything;
let notes;
before(async () => {
  [everything, notes] = await Promise.all([startEverything(), startConnector()]);
});
after(() => Promise.all([everything?.stop(), notes?.stop()]));

/** The suite asks for its keywords: it is written by hand and published as it is. */
const WRITTEN = 'json_schema_2020_12_tool';
const find = (tools, name) => tools.find((tool) => tool.name === name) ?? assert.fail(`${name} is not listed`);

const SCHEMAS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const NAMED = ['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'];
const SINGLE = ['items', 'contains', 'not', 'if', 'then', 'else', 'propertyNames'];
const REST = ['additionalProperties', 'unevaluatedProperties', 'unevaluatedItems'];

/** What released clients refuse in a schema, with where it is. */
function refused(schema, path = '#') {
  if (typeof schema !== 'object' || schema === null) return [`${path} is ${JSON.stringify(schema)}`];
  const found = [];
  const types = [schema.type].flat();
  if (Array.isArray(schema.type)) found.push(`${path} has a list of types`);
  if (types.includes('null') || schema.const === null || schema.enum?.includes(null)) found.push(`${path} names null`);
  if (types.includes('array') && schema.items === undefined) found.push(`${path} is an array without items`);
  if ('$ref' in schema) found.push(`${path} refers to ${schema.$ref}`);
  for (const [keyword, value] of Object.entries(schema)) {
    const at = `${path}/${keyword}`;
    if (SCHEMAS.includes(keyword)) value.forEach((one, index) => found.push(...refused(one, `${at}/${index}`)));
    else if (NAMED.includes(keyword)) for (const [name, one] of Object.entries(value)) found.push(...refused(one, `${at}/${name}`));
    else if (SINGLE.includes(keyword) || (REST.includes(keyword) && value !== false)) found.push(...refused(value, at));
  }
  return found;
}

describe('a published schema', () => {
  for (const { version, ask } of REVISIONS) {
    test(`a published schema holds nothing that a released client refuses (${version})`, async () => {
      for (const server of [everything, notes]) {
        for (const { name, inputSchema, outputSchema } of await listTools(server, ask)) {
          if (name === WRITTEN) continue;
          assert.deepEqual(refused(inputSchema), [], `the arguments of ${name}`);
          assert.equal(inputSchema.type, 'object', name);
          assert.equal(typeof inputSchema.properties, 'object', name);
          const choices = ['allOf', 'anyOf', 'oneOf'].filter((keyword) => keyword in inputSchema);
          assert.deepEqual(choices, [], `Claude Code drops ${name} for choices at the root`);
          if (outputSchema) assert.deepEqual(refused(outputSchema), [], `the results of ${name}`);
        }
      }
    });
  }

  test('a published schema says of each field what its type is', async () => {
    const { inputSchema } = find(await listTools(everything), 'plain_types');
    const byte = { type: 'integer', minimum: 0, maximum: 255 };
    assert.deepEqual(inputSchema, {
      type: 'object',
      properties: {
        any: { description: 'Anything at all.' },
        id: { type: 'integer', minimum: 0, description: 'A whole number.' },
        sure: { type: 'boolean', description: 'Yes or no.' },
        text: { type: 'string', description: 'A text.' },
        colour: {
          type: 'string',
          enum: ['red', 'blue'],
          description: 'One of several texts.\n`red`: Like a rose.\n`blue`: Like the sea.',
        },
        points: {
          type: 'array',
          description: 'Points.',
          items: {
            type: 'object',
            properties: {
              x: { type: 'number', description: 'Across.' },
              label: { type: 'string', description: 'What it is called.' },
            },
            required: ['x'],
          },
        },
        named: { type: 'object', description: 'Anything by name.' },
        pair: { type: 'array', description: 'Two of a kind.', prefixItems: [byte, byte], items: byte, minItems: 2, maxItems: 2 },
      },
      required: ['any', 'id'],
    });
  });

  test('a published schema has the properties of every choice that is flattened into it', async () => {
    const { inputSchema } = find(await listTools(everything), 'flattened_choice');
    assert.deepEqual(Object.keys(inputSchema.properties).sort(), ['at', 'fill', 'kind', 'radius', 'side']);
    assert.deepEqual([...inputSchema.required].sort(), ['at', 'kind']);
    assert.deepEqual([...inputSchema.properties.kind.enum].sort(), ['circle', 'square']);
    assert.match(inputSchema.properties.kind.description, /`circle`: Round\. \(with `radius`\)/);
  });

  test('a published schema of a tool that is written by hand reaches clients as it is', async () => {
    const { inputSchema } = find(await listTools(everything), WRITTEN);
    assert.deepEqual(inputSchema.allOf, [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }]);
    assert.equal(inputSchema.$defs.address.$anchor, 'addressDef');
    assert.deepEqual(inputSchema.then, { required: ['phone'] });
  });
});

describe('null', () => {
  const most = { any: null, id: 1 };
  const nothing = { sure: null, text: null, colour: null, points: null, named: null, pair: null };

  for (const { version, ask } of REVISIONS) {
    test(`null is taken where an argument may be left out (${version})`, async () => {
      const result = await callTool(everything, ask, 'plain_types', { ...most, ...nothing, points: [{ x: 1, label: null }] });
      assert.ok(!result.isError, textOf(result));
      assert.deepEqual(JSON.parse(textOf(result)), { any: null, id: 1, points: [{ x: 1 }] });
    });
  }

  test('null is refused where an argument is required', async () => {
    for (const { ask } of ERAS) {
      const result = await callTool(everything, ask, 'plain_types', { any: 1, id: null });
      assert.equal(result.isError, true);
      assert.match(textOf(result), /id/);
    }
  });

  test('null of an Option is left out of results, and of a value it stays', async () => {
    const { outputSchema } = find(await listTools(everything), 'absent_members');
    assert.deepEqual([...outputSchema.required].sort(), ['any', 'points']);
    assert.deepEqual(outputSchema.properties.gone, { type: 'string' });
    for (const { ask } of ERAS) {
      const { structuredContent, content } = await callTool(everything, ask, 'absent_members');
      assert.deepEqual(structuredContent, { there: 'here', any: null, points: [{ x: 0 }] });
      assert.deepEqual(JSON.parse(content[0].text), structuredContent);
      assert.equal(content.length, 1);
    }
  });
});

describe('a choice that is flattened into the arguments', () => {
  for (const { era, ask } of ERAS) {
    test(`a choice that is flattened into the arguments is checked exactly at the call (${era})`, async () => {
      const circle = await callTool(everything, ask, 'flattened_choice', { at: 1, kind: 'circle', radius: 2 });
      assert.deepEqual(circle.structuredContent, { at: 1, kind: 'circle', radius: 2 });
      const square = await callTool(everything, ask, 'flattened_choice', { at: 1, kind: 'square', side: 2, fill: null });
      assert.deepEqual(square.structuredContent, { at: 1, kind: 'square', side: 2 });
      const wrong = await callTool(everything, ask, 'flattened_choice', { at: 1, kind: 'circle', side: 2 });
      assert.equal(wrong.isError, true);
    });
  }
});

describe('a text', () => {
  const sent = { any: '1', id: '7', sure: 'true', text: '8', points: [{ x: '1.5', label: '9' }], pair: ['1', 2] };
  const taken = { any: '1', id: 7, sure: true, text: '8', points: [{ x: 1.5, label: '9' }], pair: [1, 2] };

  for (const { version, ask } of REVISIONS) {
    test(`a text is taken for the number or the boolean that is wanted, at every depth (${version})`, async () => {
      const result = await callTool(everything, ask, 'plain_types', sent);
      assert.ok(!result.isError, textOf(result));
      assert.deepEqual(JSON.parse(textOf(result)), taken);
    });
  }

  for (const id of ['', ' 7', '7 ', '+7', '07', '0x7', 'seven', '7.5', '-7', 'true', 'null', '[7]']) {
    test(`a text is refused where it is not exactly one: ${JSON.stringify(id)}`, async () => {
      const result = await callTool(everything, modern, 'plain_types', { any: 1, id });
      assert.equal(result.isError, true);
      assert.match(textOf(result), /id/);
    });
  }

  test('a text that is taken for a number agrees with the header that repeats it', async () => {
    const headers = { 'mcp-param-level': '7', 'mcp-param-flag': 'true' };
    const args = { level: '7', flag: 'true' };
    const answer = await send(everything, modern('tools/call', calling('mirrored_headers', args), { headers }));
    assert.deepEqual(JSON.parse(textOf(answer.result())), { level: 7, flag: true });
  });
});

test('a tool without arguments ignores those that are sent', async () => {
  for (const { ask } of REVISIONS) {
    const result = await callTool(everything, ask, 'test_simple_text', { more: 1 });
    assert.equal(textOf(result), 'This is a simple text response for testing.');
  }
  const { inputSchema } = find(await listTools(everything), 'test_simple_text');
  assert.deepEqual(inputSchema, { type: 'object', properties: {}, additionalProperties: false });
});

describe('released clients', () => {
  const clients = [
    ['TypeScript 1.32', () => new ClientV1({ name: 'tests', version: '1' }), (url) => new TransportV1(url)],
    ['TypeScript 2', () => new ClientV2({ name: 'tests', version: '1' }, { versionNegotiation: { mode: 'auto' } }), (url) => new TransportV2(url)],
  ];
  for (const [name, make, transport] of clients) {
    test(`${name} lists every tool, and finds that results fit what was published`, async () => {
      const client = make();
      await client.connect(transport(new URL(everything.url)));
      try {
        const names = [];
        let cursor;
        do {
          const page = await client.listTools(cursor === undefined ? {} : { cursor });
          names.push(...page.tools.map((tool) => tool.name));
          cursor = page.nextCursor;
        } while (cursor !== undefined);
        assert.deepEqual(names, (await listTools(everything)).map((tool) => tool.name));
        // These clients check a structured result against the schema that they were given.
        for (const [tool, args] of [
          ['plain_types', { any: null, id: 1 }],
          ['flattened_choice', { at: 1, kind: 'square', side: 2 }],
          ['absent_members', {}],
        ]) {
          const result = await client.callTool({ name: tool, arguments: args });
          assert.ok(!result.isError, `${tool}: ${textOf(result)}`);
        }
      } finally {
        await client.close();
      }
    });
  }

  for (const [name, schema] of [
    ['1.7', List17],
    ['1.10', List110],
    ['1.32', List132],
  ]) {
    test(`the list has the form that TypeScript ${name} expects, in every revision`, async () => {
      for (const { version, ask } of REVISIONS.filter(({ version }) => version !== '2026-07-28')) {
        const list = (await send(everything, ask('tools/list'))).result();
        const parsed = schema.safeParse(list);
        assert.deepEqual(parsed.error?.issues ?? [], [], version);
        assert.deepEqual(parsed.data.tools.map((tool) => tool.name), list.tools.map((tool) => tool.name), version);
      }
    });
  }
});
