// Resources: lists, templates, reading, and what happens where there is nothing. "Resources", "Pagination" and "Caching"
// of the specification; the notes show what signing in changes.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CODE, ERAS, MODERN, REVISIONS, legacy, modern, send } from '../support/mcp/requests.mjs';
import { startEverything, startConnector } from '../support/workers/wrangler-dev.mjs';

/** Before 2026-07-28 a missing resource has a code of its own. */
const LEGACY_NOT_FOUND = -32002;
const PAGE_SIZE = 2;

/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let everything;
/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let notes;
before(async () => {
  [everything, notes] = await Promise.all([startEverything({ PAGE_SIZE }), startConnector()]);
});
after(() => Promise.all([everything?.stop(), notes?.stop()]));

const read = (ask, uri) => send(everything, ask('resources/read', { uri }));

// MCP "Resource", "Resources › Capabilities"
describe('lists', () => {
  for (const { version, ask } of REVISIONS) {
    test(`every page of resources/list has whole entries (${version})`, async () => {
      const uris = [];
      let cursor;
      do {
        const answer = await send(everything, ask('resources/list', cursor === undefined ? {} : { cursor }));
        const result = answer.result('MCP "Listing Resources": resources/list');
        for (const { uri, name, description, title } of result.resources) {
          assert.ok(uri && name && description, answer.story('uri, name and description'));
          // A skill has no title: its name is the one of its frontmatter.
          const hasTitle = version !== '2025-03-26' && !uri.startsWith('skill:');
          assert.equal(typeof title, hasTitle ? 'string' : 'undefined', answer.story('title is new in 2025-06-18'));
          uris.push(uri);
        }
        if (version === MODERN) assert.ok(Number.isInteger(result.ttlMs) && result.cacheScope, answer.story('MCP "Cache Scope Field": caching hints'));
        else assert.ok(!('ttlMs' in result || 'cacheScope' in result), answer.story('caching hints are new in 2026-07-28'));
        cursor = result.nextCursor;
      } while (cursor !== undefined);
      assert.deepEqual(uris, [
        'test://static-text',
        'test://static-binary',
        'test://watched-resource',
        'skill://demo-skill/SKILL.md',
      ]);
    });

    test(`templates are listed (${version})`, async () => {
      const templates = [];
      let cursor;
      do {
        const answer = await send(everything, ask('resources/templates/list', cursor === undefined ? {} : { cursor }));
        const result = answer.result('MCP "Resource Templates": templates');
        templates.push(...result.resourceTemplates);
        cursor = result.nextCursor;
      } while (cursor !== undefined);
      assert.deepEqual(
        templates.map(({ uriTemplate, mimeType }) => [uriTemplate, mimeType]),
        [
          ['diary://{day}', 'text/plain'],
          ['panics://{when}', undefined],
          ['test://template/{id}/data', 'application/json'],
        ],
      );
    });
  }

  test('a cursor of another list is -32602', async () => {
    for (const { ask } of ERAS) {
      const { nextCursor } = (await send(everything, ask('resources/list'))).result('a first page');
      for (const method of ['resources/templates/list', 'prompts/list', 'tools/list']) {
        (await send(everything, ask(method, { cursor: nextCursor }))).error(200, CODE.invalidParams, 'MCP "Pagination › Error Handling": a cursor belongs to its list');
      }
    }
  });
});

describe('reading', () => {
  for (const { version, ask } of REVISIONS) {
    // MCP "Resources › Text Content", "Binary Content", "Custom URI Schemes"
    test(`text, bytes and what a template leads to (${version})`, async () => {
      const [text] = (await read(ask, 'test://static-text')).result('MCP "Reading Resources": text').contents;
      assert.deepEqual([text.uri, text.mimeType, typeof text.text], ['test://static-text', 'text/plain', 'string']);

      const [image] = (await read(ask, 'test://static-binary')).result('MCP "Reading Resources": blob').contents;
      assert.equal(image.mimeType, 'image/png');
      assert.equal(Buffer.from(image.blob, 'base64').subarray(1, 4).toString(), 'PNG');

      const [data] = (await read(ask, 'test://template/a%20%C3%A9/data')).result('MCP "Reading Resources": template').contents;
      assert.equal(data.uri, 'test://template/a%20%C3%A9/data', 'the URI that was asked for');
      assert.equal(JSON.parse(data.text).id, 'a é', 'RFC 6570: the variable is decoded');
    });
  }

  test('on 2026-07-28 what was read says how long and for whom it may be kept', async () => {
    const answer = await read(modern, 'test://static-text');
    const { ttlMs, cacheScope } = answer.result();
    assert.ok(Number.isInteger(ttlMs) && ttlMs >= 0 && cacheScope === 'private', answer.story('MCP "Cache Scope Field"'));
  });

  test('where there is nothing, the error names the URI', async () => {
    for (const uri of ['test://nowhere', 'test://template//data', 'test://template/a/b/data', 'TEST://static-text', 'https://example.com/']) {
      const current = (await read(modern, uri)).error(200, CODE.invalidParams, 'MCP "Resources › Error Handling": not found in 2026-07-28');
      assert.equal(current.data?.uri, uri);
      const earlier = (await read(legacy, uri)).error(200, LEGACY_NOT_FOUND, 'MCP "Resources › Error Handling": not found before 2026-07-28');
      assert.equal(earlier.data?.uri, uri);
    }
  });

  test('what is no URI is -32602 in both eras', async () => {
    for (const uri of [undefined, null, 7, {}, '', 'static-text', 'test://a b', 'test://a\u0000', 'test://ä', 'test://%zz', `test://${'x'.repeat(5000)}`]) {
      (await send(everything, legacy('resources/read', { uri }))).error(200, CODE.invalidParams, 'MCP "Resources › Security Considerations": URIs are validated');
    }
  });
});

// MCP "Caching › Security Considerations"
describe('notes', () => {
  test('an anonymous client sees the template, no notes, and a list that nobody shares', async () => {
    const list = await send(notes, modern('resources/list'));
    const { resources, ttlMs, cacheScope } = list.result();
    const uris = resources.map(({ uri }) => uri);
    // The view holds no notes.
    assert.deepEqual({ uris, ttlMs, cacheScope }, { uris: ['ui://notes'], ttlMs: 0, cacheScope: 'private' }, list.story('MCP "Cache Scope Field": it varies by caller'));
    const templates = await send(notes, modern('resources/templates/list'));
    assert.deepEqual(
      templates.result().resourceTemplates.map(({ uriTemplate }) => uriTemplate),
      ['note://{id}'],
    );
  });

  test('a note needs the scope of the notes, whether it exists or not', async () => {
    for (const { ask } of ERAS) {
      for (const uri of ['note://1', 'note://999999']) {
        const answer = await send(notes, ask('resources/read', { uri }));
        answer.hasStatus(401, 'MCP "Token Handling": refused at the HTTP layer, like a tool');
        answer.hasHeader('www-authenticate', /scope="notes:read profile"/, 'MCP "Scope Selection Strategy": the challenge names what the next token should have');
      }
      const complete = ask('completion/complete', { ref: { type: 'ref/resource', uri: 'note://{id}' }, argument: { name: 'id', value: '' } });
      (await send(notes, complete)).hasStatus(401, 'MCP "Completion › Security": completion has the access control of what it completes');
    }
  });
});
