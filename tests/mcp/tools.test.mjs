// Tools: what a list says, revision by revision, how arguments are checked, and what results look like.
// "Tools", "Pagination" and "Caching" of the specification.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CODE, ERAS, MODERN, REVISIONS, callTool, calling, legacy, listTools, modern, send, textOf } from '../support/mcp/requests.mjs';
import { CONNECTOR_NAME, startEverything, startConnector } from '../support/workers/wrangler-dev.mjs';

const PAGE_SIZE = 7;

/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let everything;
/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let notes;
before(async () => {
  [everything, notes] = await Promise.all([startEverything({ PAGE_SIZE }), startConnector()]);
});
after(() => Promise.all([everything?.stop(), notes?.stop()]));

const isAtLeast = (version, first) => version >= first;
const find = (tools, name) => tools.find((tool) => tool.name === name) ?? assert.fail(`${name} is not listed`);

describe('the connector', () => {
  const EXPECTED = {
    echo: { readOnlyHint: true },
    whoami: { readOnlyHint: true },
    list_notes: { readOnlyHint: true },
    save_note: { readOnlyHint: false },
    delete_note: { readOnlyHint: false, destructiveHint: true },
  };

  test('the connector lists its five tools, each with title, description, schema and hints', async () => {
    const tools = await listTools(notes);
    assert.deepEqual(tools.map((tool) => tool.name).sort(), Object.keys(EXPECTED).sort());
    for (const [name, hints] of Object.entries(EXPECTED)) {
      const tool = find(tools, name);
      assert.ok(tool.title, `${name} has a title (directories demand it)`);
      assert.ok(tool.description?.length > 10, `${name} has a description`);
      assert.equal(tool.inputSchema.type, 'object', `${name}.inputSchema`);
      for (const [hint, value] of Object.entries(hints)) {
        // A hint may be left out where its default says the same.
        const fallback = { readOnlyHint: false, destructiveHint: true }[hint];
        assert.equal(tool.annotations?.[hint] ?? fallback, value, `${name}.annotations.${hint}`);
      }
      for (const [field, schema] of Object.entries(tool.inputSchema.properties ?? {})) {
        assert.ok(schema.description, `${name}.${field} is described: the model reads it`);
      }
    }
    const { outputSchema } = find(tools, 'list_notes');
    assert.equal(outputSchema.properties.notes.type, 'array', 'list_notes says what it gives');
    assert.deepEqual([...find(tools, 'save_note').inputSchema.required].sort(), ['body', 'title']);
  });

  for (const { version, ask } of REVISIONS) {
    test(`echo answers (${version})`, async () => {
      const result = await callTool(notes, ask, 'echo', { text: 'Grüße ☃ \u0000 "quoted"\n' });
      assert.ok(textOf(result).includes('Grüße ☃ \u0000 "quoted"\n'), 'any text survives the way there and back');
      assert.ok(!result.isError);
    });
  }

  test('serverInfo and instructions come from the connector', async () => {
    const discovered = (await send(notes, modern('server/discover'))).result();
    assert.equal(discovered._meta['io.modelcontextprotocol/serverInfo'].name, CONNECTOR_NAME);
    assert.ok(discovered.instructions?.length > 0, 'instructions');
  });
});

// MCP "Pagination Model"
describe('tools/list', () => {
  /** The cursor that the first page gives. */
  async function firstCursor(ask) {
    const answer = await send(everything, ask('tools/list'));
    const { nextCursor } = answer.result();
    assert.equal(typeof nextCursor, 'string', answer.story('MCP "Pagination › Response Format": there is a second page'));
    return nextCursor;
  }

  test('two calls give the same tools in the same order', async () => {
    for (const { ask } of ERAS) {
      const first = (await listTools(everything, ask)).map((tool) => tool.name);
      const second = (await listTools(everything, ask)).map((tool) => tool.name);
      assert.deepEqual(second, first, 'MCP "Listing Tools": the order is deterministic');
      assert.equal(new Set(first).size, first.length, 'no tool is listed twice');
    }
  });

  for (const { era, ask } of ERAS) {
    test(`pages are of the configured size and end without a cursor (${era})`, async () => {
      const sizes = [];
      let cursor;
      do {
        const answer = await send(everything, ask('tools/list', cursor === undefined ? {} : { cursor }));
        const result = answer.result('MCP "Pagination › Response Format": pagination');
        sizes.push(result.tools.length);
        cursor = result.nextCursor;
        if (cursor !== undefined) {
          assert.equal(typeof cursor, 'string', answer.story('MCP "Pagination › Response Format": a cursor is a string'));
          assert.equal(result.tools.length, PAGE_SIZE, answer.story('MCP "Pagination › Response Format": a full page before the last'));
        }
      } while (cursor !== undefined);
      assert.ok(sizes.length > 2, `the connector has more than two pages: ${sizes}`);
      assert.ok(sizes.at(-1) >= 1, 'the last page is not empty');
    });

    // MCP "Request Format", "Pagination › Implementation Guidelines"
    test(`a cursor that was not given here is -32602 (${era})`, async () => {
      const given = await firstCursor(ask);
      const tampered = [
        'made up',
        '0',
        '7',
        '-1',
        `${given}x`,
        given.slice(0, -1),
        given.toUpperCase() === given ? given.toLowerCase() : given.toUpperCase(),
        Buffer.from('99999').toString('base64'),
        '☃',
        'x'.repeat(10_000),
      ].filter((cursor) => cursor !== given);
      for (const cursor of tampered) {
        (await send(everything, ask('tools/list', { cursor }))).error(
          200,
          CODE.invalidParams,
          `MCP "Pagination › Error Handling": an invalid cursor: ${cursor.slice(0, 40)}`,
        );
      }
      for (const cursor of [1, null, {}, []]) {
        const answer = await send(everything, ask('tools/list', { cursor }));
        // null is what some clients send for "from the start".
        if (cursor === null && answer.final().result) continue;
        answer.error([200, 400], CODE.invalidParams, `a cursor is a string: ${JSON.stringify(cursor)}`);
      }
    });

    // MCP "Operations Supporting Pagination"
    test(`a cursor of one list is none of another (${era})`, async () => {
      const { capabilities } = (await send(everything, modern('server/discover'))).result();
      const answer = await send(everything, ask('prompts/list', { cursor: await firstCursor(ask) }));
      if ('prompts' in capabilities) answer.error(200, CODE.invalidParams, 'MCP "Pagination › Error Handling": a cursor belongs to its list');
      else answer.error([200, 404], CODE.methodNotFound, 'MCP "Error Codes": prompts are not declared');
    });
  }

  // MCP "Cacheable Results", "Interaction with Pagination", "Choosing a Cache Scope"
  test('on 2026-07-28 every page says how long and for whom it may be cached', async () => {
    const scopes = new Set();
    let cursor;
    do {
      const answer = await send(everything, modern('tools/list', cursor === undefined ? {} : { cursor }));
      const result = answer.result();
      assert.ok(Number.isInteger(result.ttlMs) && result.ttlMs >= 0, answer.story('MCP "Time-to-Live (TTL) Field": ttlMs is an integer from 0'));
      assert.ok(['public', 'private'].includes(result.cacheScope), answer.story('MCP "Cache Scope Field": cacheScope'));
      scopes.add(result.cacheScope);
      cursor = result.nextCursor;
    } while (cursor !== undefined);
    assert.equal(scopes.size, 1, 'MCP "Cache Scope Field": the same cacheScope on all pages');
  });

  for (const { version, ask } of REVISIONS) {
    test(`each tool has only the members of its revision (${version})`, async () => {
      const decorated = find(await listTools(everything, ask), 'decorated');
      assert.equal(decorated.title, isAtLeast(version, '2025-06-18') ? 'Decorated' : undefined, 'title is new in 2025-06-18');
      const icon = { src: 'https://example.com/icon.png', mimeType: 'image/png', sizes: ['48x48'], theme: 'light' };
      assert.deepEqual(decorated.icons, isAtLeast(version, '2025-11-25') ? [icon] : undefined, 'icons are new in 2025-11-25');
      const { title: _title, ...hints } = decorated.annotations ?? {};
      assert.deepEqual(
        hints,
        { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
        'annotations are in all',
      );

      const object = find(await listTools(everything, ask), 'structured_object');
      assert.equal(object.outputSchema?.type, isAtLeast(version, '2025-06-18') ? 'object' : undefined, 'outputSchema is new in 2025-06-18');
      const array = find(await listTools(everything, ask), 'structured_array');
      assert.equal(array.outputSchema?.type, version === MODERN ? 'array' : undefined, 'an output that is no object is new in 2026-07-28');
    });

    test(`every tool can be used by a model (${version})`, async () => {
      for (const tool of await listTools(everything, ask)) {
        assert.match(tool.name, /^[A-Za-z0-9_.-]{1,128}$/, 'MCP "Tool Names": names');
        assert.ok(tool.description?.length > 0, `${tool.name} has a description`);
        assert.equal(tool.inputSchema?.type, 'object', `${tool.name}: the root of an inputSchema is an object`);
        for (const [member, value] of Object.entries(tool)) assert.notEqual(value, null, `${tool.name}.${member}: no null members`);
      }
    });
  }

  test('a tool without arguments says so', async () => {
    assert.deepEqual(
      (({ type, additionalProperties }) => ({ type, additionalProperties }))(
        find(await listTools(everything), 'test_simple_text').inputSchema,
      ),
      { type: 'object', additionalProperties: false },
      'MCP "Tools › Tool": declare {type: object, additionalProperties: false}',
    );
  });

  test('each tool names its properties, be they none: some clients read them unasked, some models refuse a tool without', async () => {
    for (const server of [notes, everything]) {
      for (const tool of await listTools(server)) assert.equal(typeof tool.inputSchema.properties, 'object', tool.name);
    }
  });

  // MCP "JSON Schema Usage"
  test('a schema arrives as its author wrote it', async () => {
    const { inputSchema } = find(await listTools(everything), 'json_schema_2020_12_tool');
    assert.equal(inputSchema.$schema, 'https://json-schema.org/draft/2020-12/schema');
    assert.equal(inputSchema.$defs.address.$anchor, 'addressDef');
    assert.deepEqual(inputSchema.properties.address, { $ref: '#/$defs/address' });
    assert.deepEqual(inputSchema.allOf, [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }]);
    assert.deepEqual(inputSchema.if, {
      properties: { contactMethod: { const: 'phone' } },
      required: ['contactMethod'],
    });
    assert.equal(inputSchema.additionalProperties, false);
  });

  // MCP "Schema Extension", "x-mcp-header"
  test('mirrored arguments are declared', async () => {
    const { inputSchema } = find(await listTools(everything), 'mirrored_headers');
    assert.equal(inputSchema.properties.region['x-mcp-header'], 'Region');
    assert.equal(inputSchema.properties.level['x-mcp-header'], 'Level');
    assert.equal(inputSchema.properties.flag['x-mcp-header'], 'Flag');
    assert.equal(inputSchema.properties.place.properties.zone['x-mcp-header'], 'Zone');
  });
});

// MCP "Calling Tools", "Tools › Security Considerations", "Schema Validation"
describe("arguments are checked against the tool's own schema", () => {
  const good = { age: 30, color: 'red', tags: ['a', 'b'], address: { city: 'Bern', zip: '30011' } };
  // Row, arguments, what the message must name: the field and a word of the reason.
  const bad = [
    ['a required field is missing', {}, [/\bage\b/, /required|missing/i]],
    ['a wrong type', { age: 'thirty' }, [/\bage\b/, /integer|type/i]],
    ['a fraction for an integer', { age: 1.5 }, [/\bage\b/, /integer/i]],
    ['below the minimum', { age: -1 }, [/\bage\b/, /minimum|least|less|>=|0/i]],
    ['above the maximum', { age: 151 }, [/\bage\b/, /150/]],
    ['outside an enum', { age: 1, color: 'mauve' }, [/\bcolor\b/, /red/]],
    ['too many items', { age: 1, tags: ['a', 'b', 'c', 'd'] }, [/\btags\b/, /3/]],
    ['items that repeat', { age: 1, tags: ['a', 'a'] }, [/\btags\b/, /unique|repeat|duplicate|twice/i]],
    ['an item of a wrong type', { age: 1, tags: ['a', 2] }, [/\btags\b.*1/, /string/i]],
    ['a nested field that is missing', { age: 1, address: {} }, [/\bcity\b/, /required|missing/i]],
    ['a nested field that is empty', { age: 1, address: { city: '' } }, [/\bcity\b/, /1|short|empty/i]],
    ['a pattern that does not match', { age: 1, address: { city: 'Bern', zip: '3001' } }, [/\bzip\b/, /pattern|match/i]],
    ['a field that is unknown', { age: 1, height: 2 }, [/\bheight\b/, /additional|known|not allowed|unexpected/i]],
    [
      'an unknown nested field',
      { age: 1, address: { city: 'Bern', street: 'x' } },
      [/\bstreet\b/, /additional|known|not allowed|unexpected/i],
    ],
    ['null where a value is wanted', { age: null }, [/\bage\b/, /integer|type|null/i]],
  ];

  for (const { version, ask } of REVISIONS) {
    test(`good ones reach the handler (${version})`, async () => {
      const result = await callTool(everything, ask, 'strict_arguments', good);
      assert.equal(textOf(result), 'accepted');
      assert.ok(!result.isError);
    });
  }

  for (const [row, args, reasons] of bad) {
    test(`arguments are checked against the tool's own schema: ${row}: the model reads which field and why`, async () => {
      for (const { ask } of ERAS) {
        const answer = await send(everything, ask('tools/call', calling('strict_arguments', args)));
        const result = answer.result('MCP "Tools › Error Handling": validation errors are results with isError');
        assert.equal(result.isError, true, answer.story('isError'));
        for (const reason of reasons) assert.match(textOf(result), reason, answer.story(`the text matches ${reason}`));
      }
    });
  }

  test('all of several mistakes are named', async () => {
    const result = await callTool(everything, modern, 'strict_arguments', { age: 'x', color: 'mauve' });
    assert.match(textOf(result), /\bage\b/);
    assert.match(textOf(result), /\bcolor\b/);
  });

  test('a refusal is bounded however many mistakes there are', async () => {
    const args = { age: 1, ...Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`extra_${at}`, at])) };
    const result = await callTool(everything, modern, 'strict_arguments', args);
    assert.equal(result.isError, true);
    assert.ok(textOf(result).length < 5000, `${textOf(result).length} characters go into the model's context`);
  });

  test('invalid arguments never reach the handler', async () => {
    const key = 'validated';
    const refused = await callTool(everything, modern, 'count', { key, amount: 0 });
    assert.equal(refused.isError, true, 'amount is at least 1');
    await callTool(everything, modern, 'count', { key, amount: 3 });
    assert.equal((await callTool(everything, modern, 'read_count', { key })).structuredContent.count, 3, 'only the valid call counted');
  });

  test('arguments may be left out where none is required', async () => {
    for (const { ask } of ERAS) {
      assert.equal(
        textOf((await send(everything, ask('tools/call', { name: 'test_simple_text' }))).result()),
        'This is a simple text response for testing.',
      );
    }
  });

  // MCP "JSON Schema Usage", "Schema Dialect"
  test('a schema with composition and conditions is enforced', async () => {
    const call = (args) => callTool(everything, modern, 'json_schema_2020_12_tool', args);
    assert.ok(!(await call({ name: 'x', contactMethod: 'phone', phone: '1' })).isError, 'phone with a number');
    assert.ok(!(await call({ email: 'a@b.example' })).isError, 'an address by mail');
    assert.equal((await call({ contactMethod: 'phone', email: 'a@b.example' })).isError, true, 'if/then: phone needs a number');
    assert.equal((await call({ name: 'x' })).isError, true, 'allOf/anyOf: one of both');
    assert.equal((await call({ email: 'a@b.example', address: { street: 1 } })).isError, true, '$ref: an address has texts');
  });
});

describe('results', () => {
  for (const { version, ask } of REVISIONS) {
    // MCP "Output Schema"
    test(`structured output comes with a text copy (${version})`, async () => {
      const result = await callTool(everything, ask, 'structured_object');
      const expected = { temperature: 22.5, conditions: 'Partly cloudy' };
      assert.deepEqual(JSON.parse(textOf(result)), expected, 'MCP "Structured Content": also as serialized text');
      assert.deepEqual(
        result.structuredContent,
        isAtLeast(version, '2025-06-18') ? expected : undefined,
        'structuredContent is new in 2025-06-18',
      );
    });

    test(`structured output that is no object (${version})`, async () => {
      const result = await callTool(everything, ask, 'structured_array');
      const expected = [{ id: '1' }, { id: '2' }];
      assert.deepEqual(JSON.parse(textOf(result)), expected, 'as text everywhere');
      assert.deepEqual(result.structuredContent, version === MODERN ? expected : undefined, 'any JSON value is new in 2026-07-28');
    });

    // MCP "Tools › Text Content", "Tools › Image Content", "Tools › Audio Content", "Tools › Embedded Resources"
    // MCP "Resource Contents"
    test(`kinds of content (${version})`, async () => {
      const one = async (name) => (await callTool(everything, ask, name)).content;
      assert.deepEqual(await one('test_simple_text'), [{ type: 'text', text: 'This is a simple text response for testing.' }]);

      const [image] = await one('test_image_content');
      assert.deepEqual([image.type, image.mimeType], ['image', 'image/png']);
      assert.equal(Buffer.from(image.data, 'base64').subarray(1, 4).toString(), 'PNG', 'base64 of an image');

      const [audio] = await one('test_audio_content');
      assert.deepEqual([audio.type, audio.mimeType], ['audio', 'audio/wav']);
      assert.equal(Buffer.from(audio.data, 'base64').subarray(0, 4).toString(), 'RIFF', 'base64 of a sound');

      const [embedded] = await one('test_embedded_resource');
      assert.deepEqual(embedded, {
        type: 'resource',
        resource: {
          uri: 'test://embedded-resource',
          mimeType: 'text/plain',
          text: 'This is an embedded resource content.',
        },
      });
      assert.deepEqual((await one('test_multiple_content_types')).map((block) => block.type).sort(), ['image', 'resource', 'text']);
    });
  }

  test('a link to a resource', async () => {
    for (const { version, ask } of REVISIONS) {
      if (!isAtLeast(version, '2025-06-18')) continue;
      const [{ description, ...link }] = (await callTool(everything, ask, 'resource_link')).content;
      assert.deepEqual(link, { type: 'resource_link', uri: 'test://static-text', name: 'static-text', mimeType: 'text/plain' }, version);
      assert.equal(typeof description, 'string');
    }
  });

  test('a link becomes text where the revision has no links', async () => {
    const content = (await callTool(everything, REVISIONS.at(-1).ask, 'resource_link')).content;
    assert.ok(!content.some((block) => block.type === 'resource_link'), 'MCP "Tools › Resource Links": resource_link is new in 2025-06-18');
    assert.ok(JSON.stringify(content).includes('test://static-text'), 'the address is not lost');
  });

  test('annotations of content', async () => {
    const [block] = (await callTool(everything, modern, 'annotated_content')).content;
    assert.deepEqual(block.annotations, { audience: ['user'], priority: 0.9, lastModified: '2025-01-12T15:00:58Z' });
  });

  for (const { version, ask } of REVISIONS) {
    test(`an error of the tool is a result with isError (${version})`, async () => {
      const declared = await callTool(everything, ask, 'test_error_handling');
      assert.equal(declared.isError, true);
      assert.equal(textOf(declared), 'This tool intentionally returns an error for testing');
      const thrown = await callTool(everything, ask, 'fails');
      assert.equal(thrown.isError, true, 'an error by `?` is one too');
      assert.match(textOf(thrown), /the shelf is empty/);
      assert.equal(
        textOf(await callTool(everything, ask, 'test_simple_text')),
        'This is a simple text response for testing.',
        'the next call is served',
      );
    });
  }

  test('names of tools are exact', async () => {
    for (const name of [
      'Test_Simple_Text',
      'test_simple_text ',
      ' test_simple_text',
      'test_simple_tex',
      '',
      '__proto__',
      'constructor',
      'x'.repeat(5000),
    ]) {
      const headers = { 'mcp-name': /^[\x21-\x7e]+$/.test(name) ? name.slice(0, 4000) : null };
      const answer = await send(everything, legacy('tools/call', calling(name)));
      answer.error(200, CODE.invalidParams, `MCP "Tools › Error Handling": unknown tool ${JSON.stringify(name.slice(0, 40))}`);
      if (headers['mcp-name'] === name)
        (await send(everything, modern('tools/call', calling(name)))).error(200, CODE.invalidParams, 'MCP "Tools › Error Handling": unknown tool');
    }
  });

  test('calls at the same time do not mix', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const ask = at % 2 ? modern : legacy;
        const answer = await send(notes, ask('tools/call', calling('echo', { text: `call ${at}` }), { id: `id-${at}` }));
        return [answer.json().id, textOf(answer.result()).includes(`call ${at}`)];
      }),
    );
    assert.deepEqual(
      answers,
      Array.from({ length: 20 }, (_, at) => [`id-${at}`, true]),
    );
  });

  test('a result of a megabyte arrives whole', async () => {
    for (const { ask } of ERAS) {
      assert.equal(textOf(await callTool(everything, ask, 'repeat', { text: '0123456789', times: 100_000 })).length, 1_000_000);
    }
  });
});
