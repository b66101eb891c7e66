// Skills (extension `io.modelcontextprotocol/skills`): what a host does with one. It reads the entry, then the files, and
// holds each against the digest, the size and the frontmatter of the entry.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { CODE, LEGACY, legacy, modern, send } from '../support/mcp/requests.mjs';
import { startEverything, startConnector } from '../support/workers/wrangler-dev.mjs';

const EXTENSION = 'io.modelcontextprotocol/skills';
const SKILL = 'skill://demo-skill/SKILL.md';
const GUIDE = 'skill://demo-skill/references/GUIDE.md';

/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let everything;
/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let notes;
before(async () => {
  [everything, notes] = await Promise.all([startEverything({ PAGE_SIZE: 1 }), startConnector()]);
});
after(() => Promise.all([everything?.stop(), notes?.stop()]));

const ask = (method, params, server = everything) => send(server, modern(method, params));
const source = (path) => readFile(new URL(`../../examples/everything/src/skill/${path}`, import.meta.url));

describe('a host', () => {
  test('a host learns from server/discover that there are skills', async () => {
    const { capabilities } = (await ask('server/discover')).result('capabilities');
    assert.deepEqual(capabilities.extensions[EXTENSION], { directoryRead: true });
    assert.equal(typeof capabilities.resources, 'object', 'skill files are resources');
  });

  test('a host gets the whole skill in its entry, and the files are what the entry says', async () => {
    const listed = (await ask('skills/list')).result('the list');
    assert.deepEqual([listed.resultType, listed.cacheScope, listed.ttlMs > 0], ['complete', 'public', true]);
    assert.deepEqual(listed.skills.map(({ uri }) => uri), [SKILL]);
    const [skill] = listed.skills;
    assert.deepEqual(skill.frontmatter, {
      name: 'demo-skill',
      description: 'Shows what a skill served over MCP looks like. For tests only.',
      license: 'MIT OR Apache-2.0',
      metadata: { version: '1.0' },
    });
    const got = (await ask('skills/get', { uri: SKILL })).result('the same entry');
    assert.deepEqual(got.skill, skill);
    assert.ok(!('nextCursor' in got) && got.cacheScope && Number.isInteger(got.ttlMs), 'an entry is no list');

    const files = { [SKILL]: await source('SKILL.md'), [GUIDE]: await source('references/GUIDE.md') };
    assert.deepEqual(skill.resources.map(({ uri }) => uri).sort(), Object.keys(files).sort());
    for (const { uri, digest, size } of skill.resources) {
      const [contents] = (await ask('resources/read', { uri })).result('the file').contents;
      assert.deepEqual([contents.uri, contents.mimeType, contents.text], [uri, 'text/markdown', files[uri].toString()]);
      assert.equal(size, files[uri].length);
      assert.equal(digest, `sha256:${createHash('sha256').update(files[uri]).digest('hex')}`);
    }
  });

  test('a host reads a directory page by page', async () => {
    const children = [];
    let cursor;
    do {
      const answer = await ask('resources/directory/read', { uri: 'skill://demo-skill', ...(cursor && { cursor }) });
      const result = answer.result('direct children only');
      assert.equal(result.resultType, 'complete', answer.story('resultType'));
      children.push(...result.resources.map(({ uri, mimeType }) => `${mimeType} ${uri}`));
      cursor = result.nextCursor;
    } while (cursor !== undefined);
    assert.deepEqual(children, [`text/markdown ${SKILL}`, 'inode/directory skill://demo-skill/references']);
  });

  const wrong = [
    ['skills/get', 'skill://demo-skill'],
    ['skills/get', GUIDE],
    ['skills/get', 'skill://other/SKILL.md'],
    ['skills/get', undefined],
    ['resources/directory/read', SKILL],
    ['resources/directory/read', 'skill://demo-skill/'],
    ['resources/directory/read', 'test://static-text'],
    ['resources/read', 'skill://demo-skill'],
    ['resources/read', 'skill://demo-skill/references/../SKILL.md'],
  ];
  for (const [method, uri] of wrong) {
    test(`a host is refused ${method} of ${uri}`, async () => {
      (await ask(method, { uri })).error(200, CODE.invalidParams, 'what is not there is -32602');
    });
  }
});

test('before 2026-07-28 there are the files and no skills', async () => {
  for (const version of LEGACY) {
    const old = (method, params) => send(everything, legacy(method, params, { version }));
    (await old('skills/list', {})).error(200, CODE.methodNotFound, 'the extension needs 2026-07-28');
    const read = (await old('resources/read', { uri: SKILL })).result('a resource like any other');
    assert.equal(read.contents[0].mimeType, 'text/markdown');
  }
});

test('a connector without skills declares none and has no such methods', async () => {
  const { capabilities } = (await ask('server/discover', {}, notes)).result('capabilities');
  assert.ok(!capabilities.extensions?.[EXTENSION]);
  for (const method of ['skills/list', 'skills/get', 'resources/directory/read']) {
    (await ask(method, { uri: SKILL }, notes)).error(404, CODE.methodNotFound, method);
  }
});
