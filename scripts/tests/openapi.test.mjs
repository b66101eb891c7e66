// What `npm run openapi` makes of a document.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { generate } from '../openapi/generate.mjs';
import { argumentName, toolName, UniqueNames } from '../openapi/names.mjs';
import { number } from '../openapi/rust/attributes.mjs';
import { literal, sentence } from '../openapi/text.mjs';
import { ensureOpenApiPackages } from '../setup/packages.mjs';
import { root } from '../support/paths.mjs';

const FIXTURES = 'scripts/tests/fixtures/openapi';
const scratch = mkdtempSync(path.join(tmpdir(), 'openapi-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
before(ensureOpenApiPackages);

/** Runs the generator in this process; what it says is left out. */
async function generated(source, options = {}, before) {
  const { error } = console;
  console.error = () => {};
  try {
    return await generate({ source, tags: [], ...options }, { cwd: root, before });
  } finally {
    console.error = error;
  }
}

/** Generates from paths, with a server and nothing else. */
async function fromPaths(paths, { components = {}, openapi = '3.1.0', ...more } = {}, options) {
  const file = path.join(scratch, 'document.json');
  writeFileSync(file, JSON.stringify({ openapi, info: { title: 'Tea', version: '1' }, servers: [{ url: 'https://tea.example' }], paths, components, ...more }));
  return generated(file, options);
}

const ok = { responses: { 200: { description: 'Fine.' } } };
const answering = (schema) => ({ responses: { 200: { description: 'Fine.', content: { 'application/json': { schema } } } } });
const taking = (schema, type = 'application/json') => ({ operationId: 'brew', requestBody: { required: true, content: { [type]: { schema } } }, ...ok });
const flush = (text) => text.replace(/\s+/g, ' ');

describe('the examples', () => {
  // They are compiled with the other recipes, and tests/operating/openapi.test.mjs calls them.
  for (const [file, document, options] of [
    ['library_api.rs', 'library.yaml', { name: 'library' }],
    ['github_search.rs', 'github.json', { name: 'github', search: true, bearer: 'GITHUB_TOKEN' }],
  ]) {
    test(`${file} is what the generator makes of ${document}`, async () => {
      const { text } = await generated(`${FIXTURES}/${document}`, { ...options, file: `examples/recipes/src/${file}` });
      assert.equal(readFileSync(path.join(root, 'examples/recipes/src', file), 'utf8'), text, 'run the command in the head of the file');
    });
  }

  test('an operation that no tool is made of is named with its reason', async () => {
    const { text, skipped } = await generated(`${FIXTURES}/library.yaml`);
    assert.deepEqual(skipped.map(({ method, path: where, reason }) => `${method} ${where}: ${reason}`), [
      'HEAD /books/{isbn}: HEAD has no answer that a model could read',
      'PUT /books/{isbn}/cover: its body is multipart/form-data: files are not sent',
      'GET /books/{isbn}/scan: it answers with application/pdf, which is not text',
      'GET /vault: it needs a client certificate (mutual TLS)',
      'GET /a/{b}: its path names {b}, and no parameter describes it',
    ]);
    for (const { path: where, reason } of skipped) assert.ok(text.includes(`${where}: ${reason}`), reason);
  });
});

describe('what is asked for', () => {
  test('--tag takes the operations with a tag, --read-only those that change nothing', async () => {
    const names = async (options) => (await generated(`${FIXTURES}/library.yaml`, options)).operations.map(({ name }) => name);
    assert.deepEqual(await names({ tags: ['Loans'] }), ['list_books', 'post_loans']);
    assert.deepEqual(await names({ readOnly: true }), ['list_books', 'get_book', 'list_books_2', 'opening_hours']);
    await assert.rejects(names({ tags: ['tea'] }), /Its tags are books, loans/);
  });

  test('--search makes three tools, or two where nothing writes', async () => {
    const tools = async (options) => [...(await generated(`${FIXTURES}/github.json`, { search: true, ...options })).text.matchAll(/Tool::new\(\s*"(\w+)"/g)].map(([, name]) => name);
    assert.deepEqual(await tools({ name: 'hub' }), ['hub_find', 'hub_read', 'hub_write']);
    assert.deepEqual(await tools({ name: 'hub', readOnly: true }), ['hub_find', 'hub_read']);
  });

  test('with --search, an operation with credentials of its own is left out with the reason', async () => {
    const { operations, skipped } = await generated(`${FIXTURES}/library.yaml`, { search: true });
    assert.ok(operations.some(({ name }) => name === 'opening_hours'), 'what needs no credentials takes them as well');
    assert.match(skipped.find(({ path: where }) => where === '/loans').reason, /other credentials/);
  });
});

describe('names', () => {
  test('are 64 characters of a-z, 0-9 and _, begin with a letter, and are unique', () => {
    const unique = new UniqueNames();
    const name = (operationId, method = 'get', where = '/x') => toolName({ operationId, method, path: where }, unique);
    assert.equal(name('repos/list-for-user'), 'repos_list_for_user');
    assert.equal(name('listPetsByID'), 'list_pets_by_id');
    assert.equal(name('listPetsByID'), 'list_pets_by_id_2');
    assert.equal(name(undefined, 'delete', '/pets/{petId}'), 'delete_pets_by_pet_id');
    assert.equal(name('2fa'), 'get_2fa');
    assert.equal(name('type'), 'type_x');
    assert.equal(name('Überprüfung'), 'uberprufung');
    assert.equal(name('日本'), 'get_x');
    const long = 'organizations/list-custom-property-values-for-repositories-by-name-of-organization';
    assert.match(name(long), /^organizations_list_.*_of_organization$/);
    assert.ok(name(long).length <= 64 && name(long).endsWith('_3'));
  });

  test('of arguments are those that the APIs of models take', () => {
    for (const [before, after] of [['$filter', 'filter'], ['filter[state]', 'filter_state'], ['per-page', 'per-page'], ['ключ', 'value'], ['StartTime<', 'start_time_less'], ['StartTime>', 'start_time_more']]) assert.equal(argumentName(before), after);
  });

  test('of arguments that no parameter has are refused, so that no filter is lost without a word', async () => {
    const { text } = await fromPaths({ '/a': { get: { operationId: 'see', parameters: [{ name: 'q', in: 'query', schema: { type: 'string' } }], ...ok } } });
    assert.ok(text.includes('#[schemars(extend("additionalProperties" = false))]\nstruct See {'), text);
  });

  test('of fields are renamed where Rust has the word, and sent as the API has them', async () => {
    const { text } = await fromPaths({ '/a': { get: { operationId: 'brew', parameters: ['type', 'self', 'x-y', '2nd', '$top'].map((name) => ({ name, in: 'query', schema: { type: 'string' } })), ...ok } } });
    for (const line of ['r#type: Option<String>', '#[serde(rename = "self")]', '#[serde(rename = "x-y")]', '#[serde(rename = "2nd")]', '_2nd: Option<String>', '.query("$top", &args.top)', '.query("type", &args.r#type)']) assert.ok(text.includes(line), line);
  });

  test('of members of a body that clients refuse differ between the client and the API', async () => {
    const { text } = await fromPaths({ '/a': { post: taking({ type: 'object', properties: { $ref: { type: 'string' }, 'a b': { type: 'integer' } } }) } });
    assert.ok(text.includes('rename(serialize = "a b", deserialize = "a_b")'), text);
  });

  test('of two arguments in two places stay apart', async () => {
    const parameters = [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }, { name: 'id', in: 'query', schema: { type: 'string' } }];
    const { text } = await fromPaths({ '/a/{id}': { get: { operationId: 'brew', parameters, ...ok } } });
    assert.ok(text.includes('.path("id", &args.id).query("id", &args.id_query2)'), text);
  });

  test('of a parameter and of the body do not meet', async () => {
    const parameters = ['body', 'X-Y', 'x_y', 'x_y_2'].map((name) => ({ name, in: 'query', schema: { type: 'string' } }));
    const { text } = await fromPaths({ '/a': { post: { parameters, ...taking({ type: 'object', properties: { leaf: { type: 'string' } } }) } } });
    const fields = [...text.matchAll(/^ {4}(\w+): .*,$/gm)].map(([, name]) => name);
    assert.deepEqual(fields, ['body', 'x_y', 'x_y_2', 'x_y_2_2', 'request_body', 'leaf']);
    for (const call of ['.query("x_y", &args.x_y_2)', '.query("x_y_2", &args.x_y_2_2)', '.json(&args.request_body)']) assert.ok(flush(text).replaceAll(' .', '.').includes(call), call);
  });
});

describe('words of the document', () => {
  test('are one paragraph without markup, cut at a sentence', () => {
    assert.equal(sentence('# Brew\n\n**Hot** [tea](https://x.example) <script>alert(1)</script>', 80), 'Brew Hot tea alert(1)');
    assert.equal(sentence(`One sentence. ${'word '.repeat(50)}`, 40), 'One sentence.');
    assert.equal(sentence('word '.repeat(50), 22), 'word word word word…');
    assert.equal(sentence('a\u202eb\u200bc\u0007d', 20), 'abc d.');
    assert.equal(sentence(undefined, 20), '');
  });

  test('cannot leave their literal', () => {
    assert.equal(literal('a"b\\c\nd\u202e'), String.raw`"a\"b\\c\nd\u{202e}"`);
  });

  // Tabs in place of spaces: a comment that is wrapped would cut the code apart.
  const code = 'x\r\n\tpub\tmod\tevil;\n//\u2028\'"#*/ pub\tmod\tevil;\n//';
  /** A document with that text wherever the specification does not say which texts there are. */
  const hostile = (version) => {
    const texts = { description: code, summary: code, title: code };
    const schema = { type: 'object', ...texts, required: [code], properties: { [code]: { type: 'string', enum: [code, 'b'], default: code, pattern: code, format: code, ...texts }, b: { $ref: '#/components/schemas/Leaf' } } };
    const parameters = [
      { name: code, in: 'query', content: { 'text/plain': { schema: {} } } },
      { name: `${code}2`, in: 'query', schema: { type: 'string', format: 'binary' } },
      { name: `${code}3`, in: 'header', content: { 'application/json': { schema: {} } } },
      { name: `${code}4`, in: 'query', description: code, schema: { type: 'array', items: { type: 'string', enum: [code] } } },
      { name: `${code}5`, in: 'header', schema: { type: 'string' } },
      { name: `${code}6`, in: 'cookie', schema: { type: 'string' } },
    ];
    const content = { [`application/json; ${code}`]: { schema }, 'application/json': { schema } };
    const operation = (id, more) => ({ operationId: id, tags: [code], ...texts, parameters, responses: { 200: { description: code, content }, 400: { description: code } }, ...more });
    return [
      {
        [`/a/${code}`]: { get: operation(code, { security: [{ [code]: [code] }] }), post: operation(`${code}2`, { requestBody: { content }, security: [{ [code]: [code] }] }) },
        [`/b/${code}`]: { get: operation('b', { security: [{ other: [] }] }), delete: operation('c', { parameters: [{ name: 'd', in: code, schema: {} }] }) },
        [`/c/{${code}}`]: { get: operation('d', {}), put: operation('e', { requestBody: { content: { [code]: { schema } } } }) },
      },
      {
        openapi: version,
        info: { title: code, version: code, description: code },
        servers: [{ url: 'https://tea.example', description: code }, { url: `https://tea.example/${code}` }],
        tags: [{ name: code, description: code }],
        components: {
          schemas: { Leaf: { ...schema, properties: { [code]: { type: 'string' }, leaf: { $ref: '#/components/schemas/Leaf' } } } },
          securitySchemes: { [code]: { type: 'oauth2', description: code, flows: { authorizationCode: { authorizationUrl: 'https://tea.example/a', tokenUrl: 'https://tea.example/t', scopes: { [code]: code } } } }, other: { type: 'apiKey', in: 'header', name: code, description: code } },
        },
      },
    ];
  };
  /** What of Rust is neither a comment nor a literal. */
  const bare = (text) => text.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\/|r(#*)"[\s\S]*?"\1|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\\n]|\\[^\n]{1,8})'/g, '_').replace(/\s+/g, ' ');

  for (const version of ['3.0.3', '3.1.0']) {
    for (const options of [{}, { search: true }, { accounts: true }, { bearer: 'TEA' }]) {
      test(`are never code (${version}, ${Object.keys(options)})`, async () => {
        const [paths, more] = hostile(version);
        const { text, skipped } = await fromPaths(paths, { ...more }, { lenient: true, ...options });
        assert.ok(!bare(text).includes('mod evil'), bare(text).slice(Math.max(0, bare(text).indexOf('mod evil') - 200)).slice(0, 500));
        assert.ok(text.includes('evil'), 'the texts are in the file');
        const said = skipped.map(({ path: where, reason }) => `${where}${reason}`).join('');
        assert.doesNotMatch(said, /[\p{Cc}\p{Zl}\p{Zp}]/u);
      });
    }
  }

  test('have a length in tools and arguments', async () => {
    const { text } = await fromPaths({ '/a': { get: { operationId: 'brew', description: 'Tea. '.repeat(5000), parameters: [{ name: 'q', in: 'query', description: 'Leaf. '.repeat(5000), schema: { type: 'string' } }], ...ok } } });
    assert.ok(text.length < 4500, `${text.length}`);
  });
});

describe('types', () => {
  const typeOf = async (schema, options) => {
    const { text } = await fromPaths({ '/a': { post: taking({ type: 'object', properties: { leaf: schema } }) } }, options);
    return flush(/struct BrewBody \{([\s\S]*?)\n\}/.exec(text)[1]).replace(' /// The leaf. ', '').trim();
  };

  for (const [what, schema, expected, options] of [
    ['null is left out (3.1)', { type: ['string', 'null'] }, 'leaf: Option<String>,'],
    ['null is left out (3.0)', { type: 'string', nullable: true }, 'leaf: Option<String>,', { openapi: '3.0.3' }],
    ['null among choices is left out', { anyOf: [{ type: 'integer', format: 'int32' }, { type: 'null' }] }, 'leaf: Option<i32>,'],
    ['limits of a number', { type: 'integer', minimum: 1, maximum: 5000000000 }, '#[schemars(range(min = 1, max = 5_000_000_000_i64))] leaf: Option<i64>,'],
    ['exclusive limits (3.0)', { type: 'number', minimum: 0, exclusiveMinimum: true }, '#[schemars(extend("exclusiveMinimum" = 0))] leaf: Option<f64>,', { openapi: '3.0.3' }],
    ['a pattern', { type: 'string', pattern: '^\\d+$' }, String.raw`#[schemars(regex(pattern = r"^\d+$"))] leaf: Option<String>,`],
    ['a list with limits of its items', { type: 'array', minItems: 1, items: { type: 'string', maxLength: 9 } }, '#[schemars(length(min = 1), inner(length(max = 9)))] leaf: Option<Vec<String>>,'],
    ['a map', { type: 'object', additionalProperties: { type: 'boolean' } }, 'leaf: Option<BTreeMap<String, bool>>,'],
    ['anything', {}, 'leaf: Option<Value>,'],
    ['an enum of integers', { type: 'integer', enum: [1, 2] }, '#[schemars(extend("enum" = [1, 2]))] leaf: Option<i64>,'],
    ['a default and a format', { type: 'string', format: 'date', default: '2026-01-01' }, '#[schemars(extend("format" = "date", "default" = "2026-01-01"))] leaf: Option<String>,'],
    ['an enum of more than 100 values is a string', { enum: Array.from({ length: 150 }, (_, index) => `v${index}`) }, '/// One of 150 values, such as v0, v1, v2, v3, v4. leaf: Option<String>,'],
  ]) test(what, async () => assert.equal(await typeOf(schema, options), expected));

  test('what the API alone writes is not sent, and what it never tells is not returned', async () => {
    const schema = { type: 'object', properties: { id: { type: 'string', readOnly: true }, pin: { type: 'string', writeOnly: true }, name: { type: 'string' } } };
    const { text } = await fromPaths({ '/a': { post: { ...taking(schema), ...answering(schema) } } });
    const members = (name) => [...new RegExp(`struct ${name} \\{([\\s\\S]*?)\\n\\}`).exec(text)[1].matchAll(/^ {4}(\w+):/gm)].map(([, member]) => member);
    assert.deepEqual(members('BrewBody'), ['pin', 'name']);
    assert.deepEqual(members('BrewOutput'), ['id', 'name']);
  });

  test('a schema that contains itself, directly, by another or in a list, has a size', async () => {
    const schemas = {
      Node: { type: 'object', properties: { next: { $ref: '#/components/schemas/Node' }, other: { $ref: '#/components/schemas/Other' }, all: { type: 'array', items: { $ref: '#/components/schemas/Node' } } } },
      Other: { type: 'object', properties: { node: { $ref: '#/components/schemas/Node' } } },
    };
    const { text } = await fromPaths({ '/a': { post: taking({ $ref: '#/components/schemas/Node' }) } }, { components: { schemas } });
    for (const field of ['next: Option<Box<Node>>', 'other: Option<Other>', 'all: Option<Vec<Node>>', 'node: Option<Box<Node>>']) assert.ok(text.includes(field), field);
  });

  test('an input that would fill the context of a model passes inner objects on as JSON', async () => {
    const wide = (count, of) => ({ type: 'object', properties: Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, of])) });
    const { text } = await fromPaths({ '/a': { post: taking(wide(5, wide(50, { type: 'string' }))) } });
    assert.ok(text.includes('p0: Option<Map<String, Value>>'), text);
  });

  test('a result is structured if it is a small object', async () => {
    const result = async (schema) => /-> Result<(.*), ToolError> \{\n {4}open|-> Result<(.*), ToolError> \{\n {4}api/.exec((await fromPaths({ '/a': { get: { operationId: 'brew', ...answering(schema) } } })).text).slice(1).find(Boolean);
    const small = { type: 'object', properties: { a: { type: 'string', enum: ['x'] } } };
    const large = { type: 'object', properties: Object.fromEntries(Array.from({ length: 41 }, (_, index) => [`p${index}`, { type: 'string' }])) };
    assert.equal(await result(small), 'Answer<BrewOutput>');
    for (const other of [large, { type: 'array', items: small }, { type: 'object' }]) assert.equal(await result(other), 'CallToolResult');
  });

  test('numbers are written as Rust has them', () => {
    for (const [value, text] of [[5, '5'], [1000000, '1_000_000'], [-3000000000, '-3_000_000_000_i64'], [0.25, '0.25'], [1e21, '1e21_f64']]) assert.equal(number(value), text);
  });
});

describe('hints, scopes and credentials', () => {
  test('each method says what it changes', async () => {
    const { text } = await fromPaths({ '/a': Object.fromEntries(['get', 'post', 'put', 'patch', 'delete'].map((method) => [method, { operationId: `${method}Tea`, ...ok }])) });
    const hints = (name) => /\.(read_only|additive|destructive)\(\)(\s*\.idempotent\(\))?/.exec(text.slice(text.indexOf(`fn ${name}_tool`)))[0].replace(/\s/g, '');
    assert.deepEqual(['get_tea', 'post_tea', 'put_tea', 'patch_tea', 'delete_tea'].map(hints), ['.read_only()', '.additive()', '.destructive().idempotent()', '.destructive()', '.destructive().idempotent()']);
  });

  test('without credentials in the document, reading is public and writing takes a sign-in', async () => {
    const { text } = await fromPaths({ '/a': { get: { operationId: 'see', ...ok }, post: { operationId: 'brew', ...ok } } });
    assert.ok(!text.includes('const READ:') && text.includes('const WRITE: Scope = Scope::new("tea:write"'), text);
    assert.ok(!text.includes('.sign_in('), 'the first sign-in asks for nothing that only writing needs');
  });

  for (const [scheme, call, secret] of [
    [{ type: 'http', scheme: 'Bearer' }, '.bearer(cx.secret', 'TEA_TOKEN'],
    [{ type: 'http', scheme: 'basic' }, '.basic(cx.secret', 'TEA_LOGIN'],
    [{ type: 'apiKey', in: 'header', name: 'X-Key' }, '.header("X-Key", cx.secret', 'TEA_KEY'],
    [{ type: 'apiKey', in: 'query', name: 'key' }, '.query("key", cx.secret', 'TEA_KEY'],
    [{ type: 'apiKey', in: 'cookie', name: 'sid' }, '.cookie("sid", cx.secret', 'TEA_KEY'],
    [{ type: 'openIdConnect', openIdConnectUrl: 'https://tea.example/.well-known/openid-configuration' }, '.bearer(cx.secret', 'TEA_TOKEN'],
  ]) {
    test(`${JSON.stringify(scheme)} is sent, and whoever uses it has signed in`, async () => {
      const { text } = await fromPaths({ '/a': { get: { operationId: 'see', ...ok } } }, { components: { securitySchemes: { it: scheme } }, security: [{ it: [] }] });
      assert.ok(text.includes(call) && text.includes(`"${secret}"`) && text.includes('.scope(READ)'), text);
    });
  }

  test('secrets are named after what is sent: a token or a key before a login, two of a kind by their own names', async () => {
    const securitySchemes = {
      login: { type: 'http', scheme: 'basic' },
      unused: { type: 'http', scheme: 'bearer' },
      token: { type: 'http', scheme: 'bearer' },
      clientId: { type: 'apiKey', in: 'header', name: 'X-Id' },
      secret: { type: 'apiKey', in: 'header', name: 'X-Secret' },
    };
    const secretsFor = async (security) => Object.keys((await fromPaths({ '/a': { get: { operationId: 'see', security, ...ok } } }, { components: { securitySchemes } })).secrets);
    assert.deepEqual(await secretsFor([{ login: [] }, { token: [] }]), ['TEA_TOKEN']);
    assert.deepEqual(await secretsFor([{ login: [] }]), ['TEA_LOGIN']);
    assert.deepEqual(await secretsFor([{ clientId: [], secret: [] }]), ['TEA_CLIENT_ID', 'TEA_SECRET']);
  });

  test('with --accounts, OAuth is the account of the person who is calling', async () => {
    const { text } = await generated(`${FIXTURES}/library.yaml`, { accounts: true, name: 'library', tags: ['loans'] });
    const declared = flush('.title("City Library API").client("LIBRARY_ID", "LIBRARY_SECRET").scopes(["loans:read", "loans:write"]).hosts([HOST])');
    assert.ok(flush(text).replaceAll(' .', '.').includes(`Upstream::oauth("library", "https://library.example/authorize", "https://library.example/token")${declared}`), text);
    assert.ok(text.includes('api(&cx).await?.get("/loans")') && text.includes('cx.upstream("library").await?') && text.includes('.upstream(library_account())'), text);
    assert.ok(!text.includes('cx.secret'), 'no key of the operator');
    const search = await generated(`${FIXTURES}/library.yaml`, { accounts: true, search: true, name: 'library', tags: ['loans'] });
    assert.ok(search.text.includes('"loans:read", "loans:write"') && search.text.includes('api(&cx).await?'), search.text);
  });

  test('more scopes than a person reads become two', async () => {
    const scopes = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`tea:${index}`, `Tea ${index}`]));
    const oauth = { type: 'oauth2', flows: { authorizationCode: { authorizationUrl: 'https://tea.example/a', tokenUrl: 'https://tea.example/t', scopes } } };
    const paths = Object.fromEntries(Object.keys(scopes).map((scope, index) => [`/${index}`, { get: { operationId: `see${index}`, security: [{ oauth: [scope] }], ...ok } }]));
    const { text } = await fromPaths(paths, { components: { securitySchemes: { oauth } } });
    assert.deepEqual([...text.matchAll(/^const (\w+): Scope/gm)].map(([, name]) => name), ['READ']);
  });
});

describe('the document', () => {
  /** Runs the command. */
  const run = (...args) => spawnSync(process.execPath, ['scripts/openapi.mjs', ...args], { cwd: root, encoding: 'utf8', env: { ...process.env, INIT_CWD: scratch } });
  const write = (name, text) => writeFileSync(path.join(scratch, name), text);

  test('may be in several files, and its references go in circles', async () => {
    write('leaf.yaml', 'Leaf: { type: object, properties: { name: { type: string }, parent: { $ref: "#/Leaf" } } }');
    write('split.yaml', 'openapi: 3.0.3\ninfo: { title: Tea, version: "1" }\nservers: [{ url: https://tea.example }]\npaths:\n  /a:\n    post:\n      operationId: brew\n      requestBody: { required: true, content: { application/json: { schema: { $ref: "leaf.yaml#/Leaf" } } } }\n      responses: { "204": { description: Done. } }\n');
    const { text } = await generated(path.join(scratch, 'split.yaml'));
    assert.match(text, /parent: Option<Box<\w+>>/);
  });

  test('may be at a URL, to which its server is relative, and reads no files then', async () => {
    const document = { openapi: '3.1.0', info: { title: 'Tea', version: '1' }, servers: [{ url: '/v1' }], paths: { '/a': { get: { operationId: 'brew', ...ok } } } };
    const secretFile = path.join(scratch, 'secret.json');
    writeFileSync(secretFile, '{"type": "string", "description": "A secret."}');
    const stealing = { ...document, paths: { '/a': { post: taking({ type: 'object', properties: { a: { $ref: `file://${secretFile}` } } }) } } };
    const server = createServer((request, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(request.url === '/a.json' ? document : stealing)));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${server.address().port}`;
    try {
      const { text } = await generated(`${origin}/a.json`);
      assert.ok(text.includes(`const BASE: &str = "${origin}/v1";`), text);
      await assert.rejects(generated(`${origin}/b.json`), /refers to something that cannot be read/);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test('in a file names no address of this network, and says which other files it takes', async () => {
    const server = createServer((request, response) => response.end('{"type": "string", "description": "A secret."}'));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const leaf = { $ref: `http://127.0.0.1:${server.address().port}/leaf.json` };
      await assert.rejects(fromPaths({ '/a': { post: taking({ type: 'object', properties: { leaf } }) } }), /refers to something that cannot be read/);
    } finally {
      server.close();
      server.closeAllConnections();
    }
    const { stderr } = run('split.yaml');
    assert.match(stderr, /^split\.yaml refers to other files, which become part of it: leaf\.yaml$/m);
  });

  for (const [what, text, message] of [
    ['Swagger 2.0', '{"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": {}}', /is Swagger 2\.0.*\n.*swagger2openapi/],
    ['a later version', '{"openapi": "4.0.0", "info": {"title": "t", "version": "1"}, "paths": {}}', /is OpenAPI 4\.0\.0, and this takes 3\.0 and 3\.1/],
    ['no OpenAPI', '{"a": 1}', /no OpenAPI document/],
    ['no JSON', '{"openapi": ', /is neither JSON nor YAML/],
    ['a mistake, with its place', '{"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": {"parameters": [{"name": "x", "in": "pth", "schema": {}}], "responses": {"200": {"description": "ok"}}}}}}', /\/paths\/~1a\/get\/parameters\/0\/in: must be/],
    ['no server', '{"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "servers": [{"url": "/v1"}], "paths": {}}', /Its servers are \/v1, which have no host\. Name its address with --server/],
  ]) {
    test(`${what} is refused`, () => {
      write('bad.json', text);
      const { status, stderr, stdout } = run('bad.json');
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, message);
    });
  }

  test('is written to a file as Rust alone, though npm speaks first', () => {
    const file = path.join(scratch, 'api.rs');
    execFileSync('sh', ['-c', `npm run openapi -- '${path.join(root, FIXTURES, 'github.json')}' --tag activity > '${file}'`], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
    assert.match(readFileSync(file, 'utf8'), /^\/\/! Tools for GitHub REST API/);
  });
});
