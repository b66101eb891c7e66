// What every connector is tested for, whatever its tools are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startConnector } from './start-connector.mjs';

/** Pages for people, and documents for clients. */
const PAGES = [
  ['/', /^text\/html/],
  ['/account', /^text\/html/],
  ['/.well-known/oauth-protected-resource/mcp', /^application\/json/],
  ['/.well-known/oauth-authorization-server', /^application\/json/],
];

/** Declares the tests. They start the connector by themselves. */
export function testConnector() {
  const connector = startConnector();

  test('the connector has no mistakes, and leaves nothing out', () => {
    const reported = connector.log.split('\n').filter((line) => /left out:|\[(WARNING|ERROR)\]|^\s*configuration:/.test(line));
    assert.deepEqual(reported, []);
  });

  test('the tools are listed as a reviewer wants them', async () => {
    const client = await connector.client();
    assert.ok(client.getServerVersion().name, 'the connector has a name');
    const { tools } = await client.listTools();
    assert.notDeepEqual(tools, [], 'a connector has tools');
    for (const { name, title, description, annotations } of tools) {
      assert.ok(title && description, `${name} has a title and a description`);
      assert.equal(typeof annotations?.readOnlyHint, 'boolean', `${name} says whether it only reads`);
    }
  });

  test('each tool answers, or asks for a sign-in and names its scopes', async (t) => {
    const client = await connector.client();
    const { tools } = await client.listTools();
    for (const tool of tools) {
      await t.test(tool.name, async (t) => {
        if (argumentsFor(tool) === undefined) return t.skip('a call would change something');
        const response = await call(connector.url, tool);
        if (response.status === 401) {
          assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer .*resource_metadata="http.*scope="[^"]+"/, 'the challenge says where to sign in, and for what');
          return;
        }
        assert.equal(response.status, 200, await response.clone().text());
      });
    }
  });

  test('the official client signs in when a tool asks for it', async (t) => {
    const { tools } = await (await connector.client()).listTools();
    const challenged = [];
    for (const tool of tools.filter(({ annotations }) => annotations?.readOnlyHint)) {
      if ((await call(connector.url, tool)).status === 401) challenged.push(tool);
    }
    const [tool] = challenged;
    if (!tool) return t.skip('no tool that only reads needs a sign-in');
    const client = await connector.clientThatSignsIn();
    await client.callTool({ name: tool.name, arguments: smallest(tool.inputSchema) });
    assert.ok(client.tokens()?.access_token, 'it has a token');
  });

  test('the pages and the documents for clients answer', async () => {
    for (const [page, type] of PAGES) {
      const response = await fetch(`${connector.origin}${page}`);
      assert.equal(response.status, 200, page);
      assert.match(response.headers.get('content-type') ?? '', type, page);
    }
  });

  test('nothing panicked', () => assert.doesNotMatch(connector.log, /panicked at|RuntimeError: /));
}

/** Calls a tool without a token. */
function call(url, tool) {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-11-25' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool.name, arguments: argumentsFor(tool) } }),
  });
}

/** Arguments with which a call changes nothing; none where there are no such. */
function argumentsFor({ inputSchema, annotations }) {
  if (annotations?.readOnlyHint) return smallest(inputSchema);
  // Without its required arguments a tool is refused before it runs.
  return inputSchema.required?.length > 0 ? {} : undefined;
}

/** Small arguments of the right types, as far as a schema says them plainly. */
function smallest(schema) {
  const root = schema;
  const value = (part, depth = 0) => {
    if (depth > 5) return null;
    const at = part.$ref?.startsWith('#/') ? part.$ref.slice(2).split('/').reduce((from, key) => from?.[key], root) ?? {} : part;
    if ('const' in at) return at.const;
    if ('default' in at) return at.default;
    if (at.enum) return at.enum[0];
    const choice = at.anyOf?.[0] ?? at.oneOf?.[0];
    if (choice) return value(choice, depth + 1);
    const type = [at.type].flat()[0];
    if (type === 'object' || at.properties) return Object.fromEntries((at.required ?? []).map((key) => [key, value(at.properties?.[key] ?? {}, depth + 1)]));
    if (type === 'string') return 'x'.repeat(Math.max(1, at.minLength ?? 1));
    if (type === 'integer' || type === 'number') return at.minimum ?? 1;
    if (type === 'boolean') return false;
    if (type === 'array') return Array.from({ length: at.minItems ?? 0 }, () => value(at.items ?? {}, depth + 1));
    return null;
  };
  return value(schema);
}
