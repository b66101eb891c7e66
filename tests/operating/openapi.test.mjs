// The code that `npm run openapi` makes, in the real runtime: what reaches the API, and what reaches the model. The documents are in
// scripts/tests/fixtures/openapi, and the Worker is that of the recipes. A server on loopback is the whole internet.
// MCP "Tools", "Structured Content".
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import { callTool, modern, send } from '../support/mcp/requests.mjs';
import { SIGN_IN, bearer, connect, secret } from '../support/oauth/client.mjs';
import { startInstances } from '../support/workers/instances.mjs';

const KEY = secret('key-of-the-library', 'an API key');
const TOKEN = secret('token-of-the-loans', 'a bearer token');
const GITHUB = secret('token-of-github', 'a bearer token');

const SCOPES = 'library:read library:write loans:read loans:write github:read github:write';

let internet;
let runtime;
let site;
let headers;
/** What the API answers: `[status, body, headers]`. */
let answers;
/** The requests that reached it. */
let seen;

before(async () => {
  internet = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push({ asked: `${request.method} https://${request.headers.host}${request.url}`, headers: request.headers, body });
    const [status, value, more = {}] = answers;
    const isText = typeof value === 'string';
    response.writeHead(status, { ...(value !== undefined && { 'content-type': isText ? 'text/plain' : 'application/json' }), ...more });
    response.end(value === undefined || isText ? value : JSON.stringify(value));
  });
  await new Promise((resolve) => internet.listen(0, '127.0.0.1', resolve));
  runtime = await startInstances({
    worker: 'examples/recipes',
    count: 1,
    vars: { ...SIGN_IN, LIBRARY_KEY: KEY, LIBRARY_TOKEN: TOKEN, GITHUB_TOKEN: GITHUB },
    outbound: internet.address().port,
  });
  [site] = runtime.instances;
  const { tokens } = await connect(site, { scope: SCOPES });
  headers = bearer(tokens.access_token);
});
after(async () => {
  await runtime?.stop();
  internet?.close();
});
beforeEach(() => {
  seen = [];
  answers = [200, {}];
});

/** Calls a tool, and returns its texts, its structured content and whether it is an error. */
async function call(name, args = {}) {
  const result = await callTool(site, modern, name, args, { headers });
  return { texts: result.content.map(({ text }) => text), structured: result.structuredContent, isError: result.isError === true };
}

describe('a tool for each operation', () => {
  test('each parameter is where the document wants it, with the key in its header', async () => {
    answers = [200, { items: [{ id: 7, title: 'Tea', shelf: 'B' }], next: null }];
    const result = await call('list_books', {
      'X-Request-Id': 'r 1',
      q: 'tea & cake',
      filter: { state: 'on hold', year: 1900 },
      sort: '-title',
      shelf: ['A', 'B'],
      tag: ['x', 'y'],
      type: 2,
      near: { lat: 1.5 },
      lang: 'en',
      page: 2,
    });
    const query = 'q=tea%20%26%20cake&%24filter%5Bstate%5D=on%20hold&%24filter%5Byear%5D=1900&sort=-title&shelf=A%7CB&tag=x&tag=y&type=2&near=%7B%22lat%22%3A1.5%7D&page=2';
    assert.equal(seen.length, 1);
    assert.equal(seen[0].asked, `GET https://api.library.example/v2/books?${query}`);
    assert.equal(seen[0].headers['x-library-key'], KEY);
    assert.equal(seen[0].headers['x-request-id'], 'r 1');
    assert.equal(seen[0].headers.cookie, 'lang=en');
    assert.deepEqual(result.structured, { items: [{ id: 7, title: 'Tea' }] }, 'what the document describes, without null');
    assert.equal(result.isError, false);
  });

  test('an argument that the operation does not have is refused before anything is sent', async () => {
    const { isError, texts } = await call('list_books', { q: 'tea', titel: 'x' });
    assert.equal(isError, true);
    assert.match(texts.join(), /titel/);
    assert.deepEqual(seen, []);
  });

  test('a body is JSON with the names of the API, and without what was left out', async () => {
    answers = [201, { id: 1, title: 'Tea' }];
    const result = await call('books_create', { title: 'Tea', author: { kind: 'company', name: 'Leaf' }, id: 'urn:x:1', price: '5 EUR', first: { name: 'a', next: { name: 'b' } }, labels: { green: 3 } });
    assert.deepEqual(JSON.parse(seen[0].body), { title: 'Tea', author: { kind: 'company', name: 'Leaf' }, '@id': 'urn:x:1', price: '5 EUR', first: { name: 'a', next: { name: 'b' } }, labels: { green: 3 } });
    assert.equal(seen[0].headers['content-type'], 'application/json');
    assert.deepEqual(result.structured, { id: 1, title: 'Tea' });
  });

  test('a body has the media type that the document names', async () => {
    await call('update_book', { isbn: '1', body: { title: 'Green tea' } });
    assert.equal(seen[0].asked, 'PATCH https://api.library.example/v2/books/1');
    assert.equal(seen[0].headers['content-type'], 'application/merge-patch+json');
    assert.equal(seen[0].body, '{"title":"Green tea"}');
  });

  // RFC 7396 §2: null deletes a member, and one that is left out stays.
  test('an update clears the members that it names, and only those that may be null', async () => {
    await call('update_book', { isbn: '1', body: { title: 'Green tea' }, clear: ['subtitle'] });
    assert.deepEqual(JSON.parse(seen[0].body), { title: 'Green tea', subtitle: null });
    await call('update_book', { isbn: '1', body: { subtitle: null } });
    assert.equal(seen[1].body, '{}', 'null alone means that nothing was given');
    const refused = await call('update_book', { isbn: '1', body: {}, clear: ['title'] });
    assert.equal(refused.isError, true);
    assert.equal(seen.length, 2);
  });

  test('a form, and the token of its operation', async () => {
    answers = [200, 'Lent until Monday.'];
    const result = await call('post_loans', { isbn: '1 2', copies: [1, 2], note: { text: 'a' } });
    assert.equal(seen[0].body, 'copies=1&copies=2&isbn=1%202&note=%7B%22text%22%3A%22a%22%7D');
    assert.equal(seen[0].headers['content-type'], 'application/x-www-form-urlencoded');
    assert.equal(seen[0].headers.authorization, `Bearer ${TOKEN}`);
    assert.equal(seen[0].headers['x-library-key'], undefined);
    assert.deepEqual(result.texts, ['Lent until Monday.']);
  });

  test('an operation without credentials gets none', async () => {
    const result = await callTool(site, modern, 'opening_hours', {});
    assert.equal(result.isError, undefined);
    assert.deepEqual([seen[0].headers.authorization, seen[0].headers['x-library-key']], [undefined, undefined]);
  });

  test('an argument cannot leave its place in the path', async () => {
    await call('get_book', { isbn: '../users?x#y' });
    assert.equal(seen[0].asked, 'GET https://api.library.example/v2/books/..%2Fusers%3Fx%23y');
    const result = await call('get_book', { isbn: '..' });
    assert.deepEqual([result.isError, seen.length], [true, 1]);
    assert.match(result.texts[0], /`isbn` must not be/);
  });

  test('an argument that breaks a limit of the document does not reach the API', async () => {
    for (const args of [{ sort: 'price' }, { type: 4 }, { per_page: 101 }, { filter: { year: 1200 } }, { near: { lat: -90 } }]) {
      const result = await call('list_books', args);
      assert.equal(result.isError, true, JSON.stringify(args));
    }
    assert.deepEqual(seen, []);
  });

  test('an answer without a body is done', async () => {
    answers = [204];
    assert.deepEqual((await call('delete_book', { isbn: '1' })).texts, ['Done.']);
    assert.equal(seen[0].asked, 'DELETE https://api.library.example/v2/books/1');
  });

  test('an error of the API is one that the model can act on, without the key', async () => {
    answers = [422, { message: `isbn is wrong, key ${KEY}`, detail: 'The ISBN has 13 digits.' }];
    const result = await call('get_book', { isbn: '1' });
    assert.equal(result.isError, true);
    assert.match(result.texts[0], /status 422.*The ISBN has 13 digits.*Correct the arguments/);
    assert.ok(!result.texts[0].includes(KEY));
  });

  test('an answer that is not what its document says is shown nevertheless', async () => {
    answers = [200, { items: [{ id: 'seven', title: 'Tea' }] }];
    const result = await call('list_books');
    assert.equal(result.isError, true);
    assert.match(result.texts[0], /differs from its document.*"id":"seven"/);
  });

  test('a large answer is cut, and the model learns how to go on', async () => {
    const items = Array.from({ length: 2000 }, (_, id) => ({ id, title: 'Tea '.repeat(10) }));
    answers = [200, { items, next: 3 }];
    const result = await call('list_books', { page: 1 });
    assert.ok(result.structured.items.length > 300 && result.structured.items.length < 1000);
    assert.equal(result.structured.next, 3);
    assert.equal(result.texts[1], `The answer was too large and is cut: it shows ${result.structured.items.length} of 2000 items of \`items\`. Go on with \`page\`, or ask for less with \`per_page\`.`);
  });
});

describe('three tools for many operations', () => {
  test('one finds, with the schema of the arguments', async () => {
    const { texts } = await call('github_find', { query: 'open a new issue' });
    const [first, schema] = texts[0].split('\n');
    assert.equal(first, 'issues_create (writes; POST /repos/{owner}/{repo}/issues): ' + first.split('): ')[1]);
    assert.deepEqual(JSON.parse(schema.replace('  arguments: ', '')).required, ['owner', 'repo', 'body']);
    assert.deepEqual(seen, []);
  });

  test('one reads, by name and with checked arguments, and tells of the next page', async () => {
    answers = [200, [{ number: 1, title: 'It leaks' }], { link: '<https://api.github.com/repositories/1/issues?state=open&page=3>; rel="next"' }];
    const { texts } = await call('github_read', { operation: 'issues_list_for_repo', arguments: { owner: 'a', repo: 'b', state: 'open', page: 2 } });
    assert.equal(seen[0].asked, 'GET https://api.github.com/repos/a/b/issues?state=open&page=2');
    assert.equal(seen[0].headers.authorization, `Bearer ${GITHUB}`);
    assert.deepEqual(texts, ['[{"number":1,"title":"It leaks"}]', 'There is more. For the next page, send `page`: 3.']);
  });

  test('one writes', async () => {
    answers = [201, { number: 2 }];
    const { texts } = await call('github_write', { operation: 'issues_create', arguments: { owner: 'a', repo: 'b', body: { title: 'It leaks' } } });
    assert.deepEqual([seen[0].asked, seen[0].body], ['POST https://api.github.com/repos/a/b/issues', '{"title":"It leaks"}']);
    assert.deepEqual(texts, ['{"number":2}']);
  });

  test('what does not fit is refused before it reaches the API', async () => {
    for (const [tool, args, message] of [
      ['github_read', { operation: 'issues_create', arguments: {} }, /changes something/],
      ['github_write', { operation: 'issues_get', arguments: {} }, /only reads/],
      ['github_read', { operation: 'issue_get' }, /Similar ones are issues_get/],
      ['github_read', { operation: 'issues_get', arguments: { owner: 'a', repo: 'b', issue_number: 'x' } }, /issue_number.*\n.*Its schema is \{/s],
    ]) {
      const result = await call(tool, args);
      assert.equal(result.isError, true);
      assert.match(result.texts[0], message);
    }
    assert.deepEqual(seen, []);
  });

  test('each has its scope', async () => {
    const answer = await send(site, modern('tools/call', { name: 'github_write', arguments: { operation: 'issues_create' } }));
    assert.equal(answer.status, 401);
    assert.match(answer.headers['www-authenticate'], /github:write/);
  });
});
