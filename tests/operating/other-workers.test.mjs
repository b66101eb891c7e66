// Another Worker of the account calls tools by a Service Binding (docs/other-workers.md). The entry point `Internal` is reached by
// nobody else, and what a request says of its caller counts there alone.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { calling, modern, send, textOf } from '../support/mcp/requests.mjs';
import { instancesForSuite } from '../support/workers/instances.mjs';

const runtime = instancesForSuite({ count: 1, neighbour: true, vars: { ALLOWED_ADDRESSES: '192.0.2.0/24' } });

/** Where the other Worker passes requests on. */
const neighbour = () => {
  const origin = runtime.neighbour();
  return { port: Number(new URL(origin).port), origin, url: `${origin}/mcp`, privateUrl: `${origin}/private/mcp`, headers: {}, log: runtime.log };
};
const caller = (fields) => ({ 'x-internal-caller': JSON.stringify(fields) });
const call = (name, args, headers = {}) => send(neighbour(), modern('tools/call', calling(name, args), { headers }));

describe('another Worker of the account', () => {
  test('calls a public tool without a caller, from no address that a list could name', async () => {
    assert.equal(textOf((await call('echo', { text: 'hello' })).result()), 'hello');
  });

  test('calls as a person, whose data it reads and writes', async () => {
    const owner = caller({ client: 'nightly', subject: 'owner', scope: 'notes:read notes:write' });
    assert.match(textOf((await call('save_note', { title: 'Milk', body: 'Two' }, owner)).result()), /saved/);
    assert.deepEqual((await call('list_notes', {}, owner)).result().structuredContent.notes.map(({ title }) => title), ['Milk']);
    const other = caller({ client: 'nightly', subject: 'somebody', scope: 'notes:read' });
    assert.deepEqual((await call('list_notes', {}, other)).result().structuredContent.notes, []);
  });

  test('calls as itself, which is nobody else', async () => {
    const itself = caller({ client: 'nightly', scope: 'profile notes:read' });
    assert.match(textOf((await call('whoami', {}, itself)).result()), /client:worker:nightly/);
    assert.deepEqual((await call('list_notes', {}, itself)).result().structuredContent.notes, []);
  });

  test('is refused what its scopes do not cover, and a caller that cannot be read', async () => {
    const answer = await call('save_note', { title: 'a', body: 'b' }, caller({ client: 'nightly', scope: 'notes:read' }));
    answer.hasStatus(403, 'RFC 6750 §3.1: insufficient_scope');
    assert.match(answer.headers['www-authenticate'], /scope="[^"]*notes:write/);
    (await call('list_notes', {})).hasStatus(401, 'without a caller');
    for (const headers of [{ 'x-internal-caller': 'nightly' }, caller({ scope: 'notes:read' }), { ...caller({ client: 'nightly' }), authorization: 'Bearer x' }]) {
      (await call('list_notes', {}, headers)).hasStatus(400, JSON.stringify(headers));
    }
  });
});

test('the code of docs/other-workers.md calls a tool, and throws what it says', async () => {
  const page = await readFile(new URL('../../docs/other-workers.md', import.meta.url), 'utf8');
  const [, code] = /```ts\n([\s\S]*?)```/.exec(page);
  const env = { NOTES: { fetch: (url, how) => fetch(url.replace('https://notes', runtime.neighbour()), how) } };
  const AsyncFunction = (async () => {}).constructor;
  const callTool = await new AsyncFunction('env', code.replace(/^await callTool.*$/m, 'return callTool;'))(env);
  const as = { subject: 'reader', scope: 'notes:read' };
  assert.deepEqual(await callTool(env, 'list_notes', {}, as), { notes: [] });
  await assert.rejects(callTool(env, 'list_notes', { cursor: 'x' }, as), /cursor/);
});

test('a request from outside names a caller in vain', async () => {
  const [here] = runtime.instances;
  const outside = { 'cf-connecting-ip': '192.0.2.7', ...caller({ client: 'nightly', subject: 'owner', scope: 'notes:read' }) };
  const asked = (more = {}) => send(here, modern('tools/call', calling('list_notes', {}), { headers: { ...outside, ...more } }));
  (await asked()).hasStatus(401, 'it has no token');
  (await asked({ 'cf-worker': 'nightly', 'x-internal-caller': '{"client":"a","subject":"owner","scope":"notes:read"}' })).hasStatus(401, 'whatever it says');
  (await send(here, modern('tools/call', calling('echo', { text: 'a' }), { headers: caller({ client: 'nightly' }) }))).hasStatus(403, 'nor from another address');
});
