// Which schemas are valid, and which released clients refuse.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { headersIn, refusedIn } from '../src/schema/refused.mjs';
import { invalidIn } from '../src/schema/valid.mjs';

const object = (properties, more) => ({ type: 'object', properties, ...more });

describe('schemas that are not of JSON Schema 2020-12', () => {
  for (const [rule, schema, found] of [
    ['a type that does not exist', object({ a: { type: 'str' } }), /^type of a /],
    ['a type that is listed twice', object({ a: { type: ['string', 'string'] } }), /^type of a /],
    ['required as a flag', object({ a: { type: 'string', required: true } }), /^required of a is true or false, as in draft 3/],
    ['required of two equal names', object({}, { required: ['a', 'a'] }), /^required has a value/],
    [
      'a tuple as in older drafts',
      object({ a: { type: 'array', items: [{ type: 'string' }] } }),
      /^items of a is a list, which 2020-12 calls prefixItems/,
    ],
    ['exclusiveMinimum as in draft 4', object({ a: { type: 'number', exclusiveMinimum: true } }), /^exclusiveMinimum of a .*draft 4/],
    ['properties as a list', { type: 'object', properties: [] }, /^properties has a value/],
    ['a property that is a text', object({ a: 'string' }), /^properties has a value/],
    ['an enum that is no list', object({ a: { enum: 'x' } }), /^enum of a /],
    ['an empty anyOf', object({ a: { anyOf: [] } }), /^anyOf of a /],
    ['a description that is null', object({ a: { description: null } }), /^description of a is null/],
    ['a length below nothing', object({ a: { minLength: -1 } }), /^minLength of a /],
    ['what is below a definition', { type: 'object', $defs: { A: { type: 7 } } }, /^type has a value/],
  ]) {
    test(rule, () => assert.match(invalidIn(schema)[0] ?? 'nothing', found));
  }

  for (const [rule, schema] of [
    ['an empty schema', {}],
    ['true and false as schemas', object({ a: true, b: false }, { additionalProperties: false })],
    ['keywords that nobody knows', object({ a: { type: 'string', 'x-order': 3, examples: ['b'], default: null } })],
    [
      'a property that is named like a keyword',
      object({ type: { type: 'string' }, required: { type: 'boolean' }, items: { type: 'array', items: {} } }),
    ],
    [
      'composition and conditions',
      object({ a: { anyOf: [{ type: 'string' }, { type: 'number', exclusiveMinimum: 0 }] } }, { if: {}, then: {}, allOf: [true] }),
    ],
    ['definitions and references', object({ a: { $ref: '#/$defs/A' } }, { $defs: { A: { type: ['string', 'null'] } } })],
    ['a pattern of ECMA-262', object({ a: { type: 'string', pattern: '^\\p{L}+$' } })],
  ]) {
    test(`${rule}: valid`, () => assert.deepEqual(invalidIn(schema), []));
  }
});

describe('schemas that clients refuse', () => {
  for (const [rule, schema, found] of [
    ['a choice at the root', object({}, { anyOf: [{}] }), /^anyOf at the root: Claude’s API/],
    ['true as a property', object({ a: true }), /^a is true: clients on the TypeScript SDK drop every tool/],
    ['a name with a blank', object({ 'first name': {} }), /^the name "first name": Claude’s API/],
    ['a name that is too long', object({ ['n'.repeat(65)]: {} }), /^the name "nnn/],
  ]) {
    test(`${rule}: broken`, () => {
      const { broken, narrow } = refusedIn(schema);
      assert.match(broken[0] ?? 'nothing', found);
      assert.deepEqual(narrow, []);
    });
  }

  for (const [rule, schema, found] of [
    ['a reference', object({ a: { $ref: '#/$defs/A' } }, { $defs: { A: {} } }), /^a holds a \$ref: Cursor, Zed and VS Code/],
    ['another document', object({ a: { $ref: 'https://example.com/schema.json' } }), /^a refers to another document/],
    ['a pattern of another language', object({ a: { type: 'string', pattern: '(?P<n>a)' } }), /^the pattern of a is not a regular expression of ECMA-262/],
    ['null as a type', object({ a: { type: ['string', 'null'] } }), /^a may be null: /],
    ['null as a value', object({ a: { enum: ['x', null] } }), /^a may be null: /],
    ['null among choices', object({ a: { anyOf: [{ type: 'string' }, { type: 'null' }] } }), /^a may be null: /],
    ['a list of anything', object({ a: { type: 'array' } }), /^a is a list without items: Gemini/],
    ['a tuple', object({ a: { type: 'array', items: {}, prefixItems: [{}] } }), /^a is a tuple: /],
    ['a format', object({ a: { type: 'string', format: 'uuid' } }), /^a has the format "uuid": Gemini/],
    ['no properties', { type: 'object' }, /^there are no properties, not even \{\}: OpenAI/],
    ['an old dialect', object({}, { $schema: 'http://json-schema.org/draft-04/schema#' }), /^\$schema names a dialect/],
  ]) {
    test(`${rule}: narrow`, () => {
      const { broken, narrow } = refusedIn(schema);
      assert.match(narrow[0] ?? 'nothing', found);
      assert.deepEqual(broken, []);
    });
  }

  test('a plain schema is refused by nobody', () => {
    const schema = object(
      { a: { type: 'string', format: 'date-time' }, b: { type: 'array', items: { type: 'integer' } }, 'c.d-e_F': { enum: ['x'] } },
      { $schema: 'http://json-schema.org/draft-07/schema#', required: ['a'], additionalProperties: false },
    );
    assert.deepEqual(refusedIn(schema), { broken: [], narrow: [] });
    assert.deepEqual(invalidIn(schema), []);
  });
});

describe('x-mcp-header', () => {
  const header = (name, more) => ({ type: 'string', 'x-mcp-header': name, ...more });
  for (const [rule, schema, found] of [
    ['an empty name', object({ a: header('') }), [/^x-mcp-header of a is no name/]],
    ['a name that is used twice', object({ a: header('X'), b: header('x') }), [/repeats a name$/]],
    ['a number', object({ a: header('X', { type: 'number' }) }), [/not on a text, an integer or a boolean/]],
    ['an item of a list', object({ a: { type: 'array', items: header('X') } }), [/not reached by properties alone/]],
    ['a property of a property', object({ a: object({ b: header('X') }) }), []],
    ['a property that is named like it', object({ 'x-mcp-header': { type: 'string' } }), []],
  ]) {
    test(rule, () => {
      const given = headersIn(schema);
      assert.equal(given.length, found.length, given.join());
      found.forEach((pattern, index) => assert.match(given[index], pattern));
    });
  }
});

describe('schemas without measure end', () => {
  const deep = (levels) => {
    let schema = { type: 'string' };
    for (let level = 0; level < levels; level += 1) schema = { type: 'object', properties: { a: schema } };
    return schema;
  };
  const wide = object(Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`p${n}`, { type: 'string', pattern: '(a+)+$' }])));
  for (const [rule, schema] of [
    ['one that nests 5,000 times', deep(5000)],
    ['one with 100,000 properties', wide],
    ['a list', []],
    ['null', null],
    ['a text', 'x'],
  ]) {
    test(rule, () => {
      const began = process.cpuUsage();
      invalidIn(schema);
      refusedIn(schema);
      headersIn(schema);
      const { user } = process.cpuUsage(began);
      assert.ok(user < 3_000_000, `${user} µs of the processor`);
    });
  }
});
