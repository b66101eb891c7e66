// What `Store` keeps for a person: read in pages and by name, however much it is.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { instancesForSuite, startInstances } from '../support/workers/instances.mjs';
import { calling, modern, post } from '../support/mcp/requests.mjs';
import { ALL_SCOPES, SIGN_IN, bearer, connect, send } from '../support/oauth/client.mjs';

const MEGABYTE = 1024 * 1024;
/** As many as a collection holds. */
const NOTES = 10_000;
const BODY_BYTES = 20_000;
/** Most bytes of notes on a page of `list_notes`. */
const PAGE_BYTES = 64 * 1024;

describe('a full store', () => {
  let headers;
  /** What the memory of the Worker's code and of the runtime was before anything was read. */
  let earlier;
  const runtime = instancesForSuite({ count: 1, vars: SIGN_IN }, async () => {
    headers = bearer((await connect(at, { scope: ALL_SCOPES })).tokens.access_token);
    const body = 'x'.repeat(BODY_BYTES - 20);
    const save = (number) => ({
      jsonrpc: '2.0',
      id: number,
      method: 'tools/call',
      params: calling('save_note', { title: `Note ${String(number).padStart(5, '0')}`, body }),
    });
    const inBatches = { ...headers, 'mcp-protocol-version': '2025-03-26' };
    for (let number = 1; number <= NOTES; number += 20) {
      const batch = Array.from({ length: 20 }, (_, more) => save(number + more));
      const answers = (await send(at, post(batch, { headers: inBatches }))).hasStatus(200).json();
      for (const { result } of answers) assert.equal(result.isError ?? false, false, JSON.stringify(result));
    }
    await call('list_notes', {});
    earlier = await runtime.memory();
  });
  const [at] = runtime.instances;

  const call = async (name, args) => (await send(at, modern('tools/call', calling(name, args), { headers }))).result(name);
  const list = async (args) => (await call('list_notes', args)).structuredContent;
  /** The memory that was gained since the store was full, in megabytes. */
  const gained = async (what, t) => {
    const now = await runtime.memory();
    const grown = { wasm: (now.wasm - earlier.wasm) / MEGABYTE, process: ((now.process ?? 0) - (earlier.process ?? 0)) / MEGABYTE };
    t.diagnostic(`${what}: ${grown.wasm.toFixed(1)} MB of wasm (${(now.wasm / MEGABYTE).toFixed(1)} in all), ${grown.process.toFixed(1)} MB of the process (${((now.process ?? 0) / MEGABYTE).toFixed(0)} in all)`);
    assert.ok(grown.wasm <= 8, `${what}: wasm has grown by ${grown.wasm} MB`);
  };

  test('a full store takes no more', async () => {
    const refused = await call('save_note', { title: 'one more', body: '' });
    assert.equal(refused.isError, true);
    assert.match(refused.content[0].text, /no room for more/);
  });

  test('a full store is listed page by page, each note once, and no page is large', async (t) => {
    const ids = [];
    let cursor;
    do {
      const page = await list(cursor === undefined ? {} : { cursor });
      const bytes = Buffer.byteLength(JSON.stringify(page.notes));
      assert.ok(page.notes.length > 0 && bytes < PAGE_BYTES + 2000, `a page of ${bytes} bytes`);
      ids.push(...page.notes.map(({ id }) => id));
      cursor = page.next_cursor;
    } while (cursor !== undefined);
    assert.deepEqual(ids, Array.from({ length: NOTES }, (_, number) => number + 1));
    await gained('listed', t);
  });

  test('a full store is searched by title', async (t) => {
    const page = await list({ title: 'note 0999' });
    assert.deepEqual(
      page.notes.map(({ title }) => title),
      ['Note 09990', 'Note 09991', 'Note 09992'],
      'as many as fit',
    );
    const rest = await list({ title: 'note 0999', cursor: page.next_cursor });
    assert.deepEqual(rest.notes.map(({ title }) => title), ['Note 09993', 'Note 09994', 'Note 09995']);
    assert.deepEqual((await list({ title: 'nothing' })), { notes: [] });
    await gained('searched', t);
  });

  test('a full store is among the resources page by page', async (t) => {
    const uris = [];
    let cursor;
    let pages = 0;
    do {
      const result = (await send(at, modern('resources/list', cursor === undefined ? {} : { cursor }, { headers }))).result('a page');
      uris.push(...result.resources.filter(({ uri }) => uri.startsWith('note://')).map(({ uri }) => uri));
      assert.equal(result.resources.at(-1).name, `Note ${String(uris.length).padStart(5, '0')}`);
      cursor = result.nextCursor;
      pages += 1;
    } while (cursor !== undefined);
    assert.deepEqual([uris.length, new Set(uris).size, pages], [NOTES, NOTES, 41], 'the view, and 250 on a page');
    await gained('among the resources', t);
  });

  test('a full store completes ids, and sums up what a model can read', async (t) => {
    const argument = { ref: { type: 'ref/resource', uri: 'note://{id}' }, argument: { name: 'id', value: '99' } };
    const { completion } = (await send(at, modern('completion/complete', argument, { headers }))).result('suggestions');
    assert.deepEqual([completion.values.length, completion.values[0], completion.values.every((id) => id.startsWith('99'))], [100, '99', true]);
    const { messages } = (await send(at, modern('prompts/get', { name: 'summarize_notes' }, { headers }))).result('a prompt');
    const { text } = messages[0].content;
    assert.ok(text.length < PAGE_BYTES + 2000, `${text.length} characters`);
    assert.match(text, /These are the first notes\. For the others call list_notes with \d+ as cursor\./);
    await gained('completed and summed up', t);
  });

  test('a full store has room again for each note that is deleted', async (t) => {
    const DELETED = 1000;
    const inBatches = { ...headers, 'mcp-protocol-version': '2025-03-26' };
    for (let number = 1; number <= DELETED; number += 50) {
      const batch = Array.from({ length: 50 }, (_, more) => ({ jsonrpc: '2.0', id: number + more, method: 'tools/call', params: calling('delete_note', { id: number + more }) }));
      const answers = (await send(at, post(batch, { headers: inBatches }))).hasStatus(200).json();
      for (const { result } of answers) assert.match(result.content[0].text, /is deleted/);
    }
    assert.equal((await list({})).notes[0].id, DELETED + 1);
    assert.match((await call('save_note', { title: 'one more', body: '' })).content[0].text, /is saved as note 10001\./, 'no id comes twice');
    await gained('deleted', t);
  });
});

test('records that were kept without names have them later', async () => {
  const runtime = await startInstances({ worker: 'examples/everything', count: 1 });
  try {
    const [at] = runtime.instances;
    const answer = await send(at, modern('tools/call', calling('names_of_older_records', { shelf: 'one' })));
    assert.deepEqual(answer.result('the names').structuredContent, {
      nothing: 0,
      titles: ['Beowulf', '100%', 'Candide', 'the Book of b'],
      found: ['Beowulf', 'Bambi'],
      later: ['Brand', 'Candide', 'the Book of b', 'Bambi'],
    });
  } finally {
    await runtime.stop();
  }
});

describe('a write whose answer is lost', () => {
  let headers;
  const runtime = instancesForSuite({ count: 1, vars: SIGN_IN }, async () => {
    headers = bearer((await connect(at, { scope: ALL_SCOPES })).tokens.access_token);
  });
  const [at] = runtime.instances;
  afterEach(() => runtime.objectsNow('SubjectStore', 'works'));

  const call = async (name, args = {}) => (await send(at, modern('tools/call', calling(name, args), { headers }))).result(name);
  const said = async (name, args) => {
    const { isError = false, content } = await call(name, args);
    return { isError, text: content[0].text };
  };
  const titles = async () => (await call('list_notes')).structuredContent.notes.map(({ title }) => title);
  /** Says that a note is saved, and gives its id. */
  const saved = ({ isError, text }, title) => {
    assert.equal(isError, false, text);
    const [, id] = new RegExp(`^“${title}” is saved as note (\\d+)\\.$`).exec(text) ?? assert.fail(text);
    return Number(id);
  };
  const requests = async () => (await runtime.counts()).objects.SubjectStore ?? 0;

  for (const [how, what] of [
    ['loses-one', 'the object did it'],
    ['dies-one', 'the object did it and died'],
  ]) {
    test(`a write whose answer is lost is asked for again and is the same write: ${what}`, async () => {
      const before = await titles();
      const earlier = await requests();
      await runtime.objectsNow('SubjectStore', how);
      const id = saved(await said('save_note', { title: how, body: '' }), how);
      assert.equal((await requests()) - earlier, 2, 'it was asked twice');
      assert.deepEqual(await titles(), [...before, how], 'it is saved once');
      assert.equal(saved(await said('save_note', { title: 'next', body: '' }), 'next'), id + 1, 'no id went to a second one');
    });
  }

  test('a write whose answer is lost deletes, and the person is told that it is deleted', async () => {
    const before = await titles();
    const id = saved(await said('save_note', { title: 'to go', body: '' }), 'to go');
    const earlier = await requests();
    await runtime.objectsNow('SubjectStore', 'loses-every-other');
    assert.deepEqual(await said('delete_note', { id }), { isError: false, text: '“to go” is deleted.' });
    assert.equal((await requests()) - earlier, 4, 'the look and the deletion were both asked for twice');
    await runtime.objectsNow('SubjectStore', 'works');
    assert.deepEqual(await titles(), before);
  });

  test('a write whose answer is lost may have been saved where no answer comes at all: the error says so, and it is saved once', async () => {
    const before = await titles();
    await runtime.objectsNow('SubjectStore', 'loses');
    const unsure = { isError: true, text: 'storage does not answer, but this may have been saved; look before you try again' };
    assert.deepEqual(await said('save_note', { title: 'twice lost', body: '' }), unsure);
    await runtime.objectsNow('SubjectStore', 'works');
    assert.deepEqual(await titles(), [...before, 'twice lost']);
    await runtime.objectsNow('SubjectStore', 'hangs');
    const begun = performance.now();
    assert.deepEqual(await said('save_note', { title: 'never heard', body: '' }), unsure, 'nobody can tell');
    const took = performance.now() - begun;
    assert.ok(took < 11_500, `it is given up after twice four seconds: ${took} ms`);
  });

  test('a write whose answer is lost is no failure of a read, which is asked for again too', async () => {
    await runtime.objectsNow('SubjectStore', 'fails');
    const failed = { isError: true, text: 'storage does not answer; try again in a moment' };
    assert.deepEqual(await said('list_notes'), failed, 'a read changes nothing');
    const before = await (await runtime.objectsNow('SubjectStore', 'works'), titles());
    await runtime.objectsNow('SubjectStore', 'loses-one');
    assert.deepEqual(await titles(), before);
  });
});

test('to look into a store that holds nothing writes nothing', async () => {
  const runtime = await startInstances({ count: 1, vars: SIGN_IN });
  try {
    const [at] = runtime.instances;
    const headers = bearer((await connect(at, { scope: ALL_SCOPES })).tokens.access_token);
    const earlier = await runtime.counts();
    const listed = (await send(at, modern('tools/call', calling('list_notes'), { headers }))).result('a list');
    assert.deepEqual(listed.structuredContent, { notes: [] });
    (await send(at, modern('resources/list', {}, { headers }))).result('a list');
    const missing = (await send(at, modern('tools/call', calling('delete_note', { id: 7 }), { headers }))).result('an answer');
    assert.equal(missing.isError, true);
    const { rowsWritten, objects } = await runtime.counts();
    assert.ok(objects.SubjectStore >= 3, 'it was looked into');
    assert.equal(rowsWritten, earlier.rowsWritten);
  } finally {
    await runtime.stop();
  }
});
