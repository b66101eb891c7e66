// Files that people send and fetch by links: in the real runtime, with the local form of R2.
// RFC 9110 §14 (ranges), §13.1.2 (If-None-Match); RFC 6266 §4 and RFC 8187 §3.2 (names); RFC 7578 (forms).

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../support/eventually.mjs';
import { calling, modern, textOf } from '../support/mcp/requests.mjs';
import { SIGN_IN, bearer, connect, revoking, send } from '../support/oauth/client.mjs';
import { startInstances } from '../support/workers/instances.mjs';
import { startEverything } from '../support/workers/wrangler-dev.mjs';

const WEB_CLIENT = 'https://client.example';
const MEGABYTE = 1_000_000;

/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let server;
let ada;
/** Uploads whose bytes stop coming. The Worker waits half a minute for them, while the other tests run. */
let stopped;
before(async () => {
  server = await startEverything({ ...SIGN_IN, ALLOWED_ORIGINS: WEB_CLIENT });
  ada = await someone();
  const links = [await ada.link(), await ada.link()];
  const begun = ['text/csv', 'multipart/form-data; boundary=b'].map(async (type, at) => {
    const beginning = at === 0 ? 'a,b' : '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b';
    return statusBeforeEnd(links[at].url, beginning, { 'content-type': type }, at === 0 ? 'PUT' : 'POST');
  });
  stopped = { links, statuses: Promise.all(begun) };
  // It is awaited by the test.
  stopped.statuses.catch(() => {});
});
after(() => server?.stop());

/** Calls tools in the name of somebody who has signed in, or of an anonymous client. */
function caller(headers = {}, at = server) {
  const call = async (name, args = {}) => (await send(at, modern('tools/call', calling(name, args), { headers }))).result(name);
  return {
    call,
    /** What a tool gives that must not fail. */
    async get(name, args) {
      const result = await call(name, args);
      assert.ok(!result.isError, textOf(result));
      return result.structuredContent ?? textOf(result);
    },
    async fails(name, args) {
      const result = await call(name, args);
      assert.equal(result.isError, true, textOf(result));
      return textOf(result);
    },
    link: (more = {}) => caller(headers, at).get('upload_link', { purpose: 'tests', max_bytes: MEGABYTE, ...more }),
  };
}

async function someone() {
  const { client, tokens } = await connect(server, { scope: 'diary:read' });
  return { ...caller(bearer(tokens.access_token)), client, tokens };
}

const path = (url) => new URL(url).pathname;
const put = (url, body, { headers = {}, ...more } = {}) =>
  send(server, { method: 'PUT', path: path(url), headers: { 'content-type': 'text/csv', ...headers }, body, ...more });
const get = (url, headers = {}, method = 'GET') => send(server, { method, path: path(url), headers });

/** A form as browsers send it. */
function form(parts, { end = '--\r\n' } = {}) {
  const boundary = '----form-boundary-7MA4YWxk';
  const body = parts.map(({ disposition, type, content }) =>
    Buffer.concat([
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n${type ? `Content-Type: ${type}\r\n` : ''}\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ]),
  );
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([...body, Buffer.from(`--${boundary}${end}`)]),
  };
}
const post = (url, { headers, body }, more = {}) => send(server, { method: 'POST', path: path(url), headers: { ...headers, ...more }, body });

/** Sends the beginning of a body and leaves. */
const leaveAfter = (url, sent, announced, headers = {}) =>
  new Promise((resolve) => {
    const request = http.request({ host: '127.0.0.1', port: server.port, method: 'PUT', path: path(url), agent: false });
    for (const [name, value] of Object.entries({ 'content-type': 'text/csv', ...(announced && { 'content-length': announced }), ...headers })) request.setHeader(name, value);
    request.on('error', () => {}).on('close', resolve);
    request.write(sent, () => request.destroy());
  });

/** Sends the beginning of a body and waits: the status of an answer that comes although the body has not ended. */
const statusBeforeEnd = (url, sent, headers, method = 'POST') =>
  new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port: server.port, method, path: path(url), agent: false, headers });
    request.on('error', reject).on('response', ({ statusCode }) => {
      request.off('error', reject).on('error', () => {}).destroy();
      resolve(statusCode);
    });
    request.write(sent);
  });

describe('an upload link', () => {
  test('takes one file by PUT, which a tool then reads by its key', async () => {
    const { url, key } = await ada.link();
    assert.match(key, /^tests\/[\w-]{22}$/);
    const answer = await put(url, 'a,b\r\n1,2\r\n', { headers: { 'content-disposition': "attachment; filename*=UTF-8''Umsatz%20%C3%BC.csv" } });
    answer.hasStatus(201);
    assert.deepEqual(answer.json(), { key, size: 10, content_type: 'text/csv', name: 'Umsatz ü.csv' });
    const { name, size, bytes, first_line, lines } = await ada.get('read_file', { key });
    assert.deepEqual({ name, size, bytes, first_line, lines }, { name: 'Umsatz ü.csv', size: 10, bytes: 10, first_line: 'a,b', lines: 2 });
    (await put(url, 'again')).hasStatus(409, 'a link takes one file');
    assert.equal((await ada.get('read_file', { key })).size, 10);
  });

  test('takes a body of unknown length, in parts of 5 MiB', async () => {
    for (const size of [0, 1, 5 * 1024 * 1024, 5 * 1024 * 1024 + 1, 11 * MEGABYTE]) {
      const { url, key } = await ada.link({ max_bytes: 11 * MEGABYTE });
      (await put(url, Buffer.alloc(size, 1), { chunked: true, headers: { 'content-type': 'application/octet-stream' } })).hasStatus(201, `${size} bytes`);
      const read = await ada.get('read_file', { key });
      assert.deepEqual([read.size, read.bytes, read.sum], [size, size, size]);
    }
  });

  test('is used once, however many uploads come at once', async () => {
    for (const chunked of [false, true]) {
      const { url, key } = await ada.link();
      const bodies = Array.from({ length: 6 }, (_, number) => Buffer.alloc(1000 + number, number));
      const answers = await Promise.all(bodies.map((body) => put(url, body, { chunked })));
      const statuses = answers.map(({ status }) => status).sort();
      assert.deepEqual(statuses, [201, 409, 409, 409, 409, 409]);
      const winner = answers.findIndex(({ status }) => status === 201);
      assert.equal((await ada.get('read_file', { key })).size, 1000 + winner);
    }
  });

  test('takes an empty file', async () => {
    const { url, key } = await ada.link();
    (await put(url, '')).hasStatus(201);
    assert.deepEqual([(await ada.get('read_file', { key })).size, (await ada.get('read_file', { key })).lines], [0, 0]);
  });

  const REFUSED = [
    ['a file that announces to be too large', 413, (url) => put(url, Buffer.alloc(1001))],
    ['a file that turns out to be too large', 413, (url) => put(url, Buffer.alloc(1001), { chunked: true })],
    ['a form with a file that is too large', 413, (url) => post(url, form([{ disposition: 'name="file"; filename="a.csv"', type: 'text/csv', content: Buffer.alloc(1001) }]))],
    ['a form that is much too large', 413, (url) => post(url, form([{ disposition: 'name="file"; filename="a.csv"', type: 'text/csv', content: Buffer.alloc(100_000) }]))],
    ['another type', 415, (url) => put(url, 'a', { headers: { 'content-type': 'text/html' } })],
    ['no type', 415, (url) => put(url, 'a', { headers: { 'content-type': null } })],
    ['another type in a form', 415, (url) => post(url, form([{ disposition: 'name="file"; filename="a.html"', type: 'text/html', content: 'a' }]))],
    ['a compressed body', 415, (url) => put(url, 'a', { headers: { 'content-encoding': 'gzip' } })],
    ['a form without a file', 400, (url) => post(url, form([{ disposition: 'name="file"', content: 'a' }]))],
    ['a form in which no file was chosen', 415, (url) => post(url, form([{ disposition: 'name="file"; filename=""', type: 'application/octet-stream', content: '' }]))],
    ['two files', 400, (url) => post(url, form([1, 2].map((at) => ({ disposition: `name="file"; filename="${at}.csv"`, type: 'text/csv', content: 'a' }))))],
    ['a form that is cut off', 400, (url) => post(url, form([{ disposition: 'name="file"; filename="a.csv"', type: 'text/csv', content: 'a' }], { end: '' }))],
    ['DELETE', 405, (url) => send(server, { method: 'DELETE', path: path(url) })],
  ];

  test('refuses what it does not admit, keeps nothing of it, and can then be used', async () => {
    const { url, key } = await ada.link({ max_bytes: 1000, content_types: ['text/csv', 'image/*'] });
    for (const [what, status, attempt] of REFUSED) {
      const answer = await attempt(url);
      answer.hasStatus(status, what);
      assert.ok(answer.json().error_description.length > 20, answer.story('says what to do'));
      assert.match(await ada.fails('read_file', { key }), /no such file/, `${what} leaves nothing behind`);
    }
    (await put(url, Buffer.alloc(1000), { headers: { 'content-type': 'image/png' } })).hasStatus(201);
  });

  test('keeps nothing of an upload whose client leaves, and can be used again', async () => {
    for (const [what, announced] of [['of known length', 900_000], ['in chunks', undefined]]) {
      const { url, key } = await ada.link();
      await leaveAfter(url, Buffer.alloc(300_000, 1), announced);
      // The runtime learns a moment later that the client has left.
      const answer = await eventually(() => put(url, 'complete'), ({ status }) => status !== 409, `${what}: the link is free again`);
      answer.hasStatus(201, what);
      assert.equal((await ada.get('read_file', { key })).size, 8);
    }
  });

  test('of a page is a form, and says what has become of the file', async () => {
    const { url, key } = await ada.link({ content_types: ['text/csv'] });
    const browser = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };
    const page = await get(url, browser);
    page.hasStatus(200);
    assert.match(page.text, /<form method="post" enctype="multipart\/form-data"/);
    assert.match(page.text, /type="file" name="file" required accept="text\/csv"/);
    assert.match(page.headers['content-security-policy'], /^default-src 'none'.*form-action 'self'/);
    const wrong = await post(url, form([{ disposition: 'name="file"; filename="a.html"', type: 'text/html', content: 'a' }]), browser);
    wrong.hasStatus(415);
    assert.match(wrong.text, /role="alert">This type of file is not accepted\. This link takes only text\/csv\..*<form method="post"/s);
    const sent = await post(url, form([{ disposition: 'name="file"; filename="<b>.csv"', type: 'text/csv', content: 'a\nb\n' }]), { ...browser, origin: server.origin });
    sent.hasStatus(200);
    assert.match(sent.text, /The file has arrived/);
    assert.equal((await ada.get('read_file', { key })).name, 'b.csv');
    const used = await get(url, browser);
    used.hasStatus(409);
    assert.match(used.text, /used already/);
  });

  test('stops a form that gives the parser nothing to pass on, before it has arrived', async () => {
    const { url, key } = await ada.link({ max_bytes: 8 * MEGABYTE });
    for (const [what, beginning] of [
      ['no boundary', ''],
      ['a header that never ends', '--b\r\nContent-Disposition: form-data; name="file"; filename="'],
    ]) {
      const sent = Buffer.concat([Buffer.from(beginning), Buffer.alloc(MEGABYTE, 'x')]);
      assert.equal(await statusBeforeEnd(url, sent, { 'content-type': 'multipart/form-data; boundary=b' }), 400, what);
      assert.match(await ada.fails('read_file', { key }), /no such file/, what);
    }
  });

  test('of a large form arrives whole', async () => {
    const { url, key } = await ada.link({ max_bytes: 7 * MEGABYTE });
    const content = Buffer.alloc(7 * MEGABYTE, '\r\n------form-boundary-7MA4YWxj');
    (await post(url, form([{ disposition: 'name="note"', content: 'x' }, { disposition: 'name="file"; filename="a.bin"', content }]))).hasStatus(201);
    const read = await ada.get('read_file', { key });
    assert.deepEqual([read.bytes, read.sum], [content.length, content.reduce((sum, byte) => sum + byte, 0)]);
  });
});

describe('a download link', () => {
  let url;
  const content = Buffer.from(Array.from({ length: 1000 }, (_, number) => number % 251));
  before(async () => {
    const upload = await ada.link();
    await put(upload.url, content, { headers: { 'content-type': 'text/html; charset=utf-8', 'content-disposition': 'attachment; filename="x\\"<script>\\r\\n.html"' } });
    url = await ada.get('download_link', { key: upload.key });
  });

  test('saves the file and never shows it, whatever it is', async () => {
    const answer = await get(url, { accept: 'text/html', 'sec-fetch-mode': 'navigate' });
    answer.hasStatus(200);
    assert.deepEqual(answer.bytes, content);
    for (const [name, value] of [
      ['content-type', 'text/html; charset=utf-8'],
      ['content-disposition', 'attachment; filename="xscriptrn.html"'],
      ['content-security-policy', "default-src 'none'; sandbox; frame-ancestors 'none'"],
      ['x-content-type-options', 'nosniff'],
      ['cross-origin-resource-policy', 'same-origin'],
      ['referrer-policy', 'no-referrer'],
      ['cache-control', 'private, no-cache'],
      ['accept-ranges', 'bytes'],
      ['set-cookie', undefined],
      ['access-control-allow-origin', undefined],
    ]) {
      assert.equal(answer.headers[name], value, name);
    }
  });

  test('says how long the file is', async () => {
    const upload = await ada.link();
    await put(upload.url, content, { headers: { 'content-type': 'application/pdf' } });
    const answer = await get(await ada.get('download_link', { key: upload.key }));
    // Of HTML, the server for development makes a stream of unknown length.
    assert.deepEqual([answer.headers['content-length'], answer.headers['content-disposition']], ['1000', 'attachment']);
  });

  test('answers HEAD without the file', async () => {
    const answer = await get(url, {}, 'HEAD');
    answer.hasStatus(200);
    assert.deepEqual([answer.bytes.length, answer.headers['content-length'], answer.headers['accept-ranges']], [0, '1000', 'bytes']);
  });

  test('sends a part, and all where the part is of another version', async () => {
    const { etag } = (await get(url)).headers;
    for (const [headers, status, from, to] of [
      [{ range: 'bytes=0-9' }, 206, 0, 10],
      [{ range: 'bytes=990-2000' }, 206, 990, 1000],
      [{ range: 'bytes=-10' }, 206, 990, 1000],
      [{ range: 'bytes=5-', 'if-range': etag }, 206, 5, 1000],
      [{ range: 'bytes=5-', 'if-range': '"other"' }, 200, 0, 1000],
      [{ range: 'bytes=0-1,5-6' }, 200, 0, 1000],
      [{ range: 'lines=1-2' }, 200, 0, 1000],
    ]) {
      const answer = await get(url, headers);
      answer.hasStatus(status, JSON.stringify(headers));
      assert.deepEqual(answer.bytes, content.subarray(from, to), JSON.stringify(headers));
      assert.equal(answer.headers['content-range'], status === 206 ? `bytes ${from}-${to - 1}/1000` : undefined);
    }
    const beyond = await get(url, { range: 'bytes=1000-' });
    beyond.hasStatus(416);
    assert.equal(beyond.headers['content-range'], 'bytes */1000');
  });

  test('says that a file has not changed', async () => {
    const { etag } = (await get(url)).headers;
    const answer = await get(url, { 'if-none-match': `"other", W/${etag}` });
    answer.hasStatus(304);
    assert.deepEqual([answer.bytes.length, answer.headers.etag], [0, etag]);
  });

  test('of a file that was deleted leads to nothing', async () => {
    const upload = await ada.link();
    await put(upload.url, 'a');
    const link = await ada.get('download_link', { key: upload.key });
    await ada.get('delete_file', { key: upload.key });
    (await get(link)).hasStatus(404);
    assert.match(await ada.fails('download_link', { key: upload.key }), /no such file/);
  });
});

describe('files belong to a person', () => {
  test('nobody reads the file of another, an anonymous client included, and no key leads out of a folder', async () => {
    const anonymous = caller();
    const { url, key } = await ada.link();
    await put(url, 'mine');
    assert.match(await anonymous.fails('read_file', { key }), /no such file/);
    assert.match(await anonymous.fails('download_link', { key }), /no such file/);
    const theirs = await anonymous.link();
    await put(theirs.url, 'a guest');
    assert.equal((await anonymous.get('read_file', { key: theirs.key })).size, 7, 'the connector keeps state for anonymous clients');
    assert.match(await ada.fails('read_file', { key: theirs.key }), /no such file/);
    for (const other of ['', 'tests', `../guests/${theirs.key}`, `tests/../../guests/${theirs.key}`, `${key}/`, `${key}%00`, encodeURIComponent(key)]) {
      assert.match(await ada.fails('read_file', { key: other }), /no such file/, other);
    }
  });

  test('a link that was changed or made up is none, and one that has expired says so', async () => {
    const { url } = await ada.link();
    const { url: short } = await ada.link({ seconds: 1 });
    const upload = path(url);
    for (const changed of [`${upload.slice(0, -1)}${upload.endsWith('A') ? 'B' : 'A'}`, '/files/upload/x', `${upload}A`, upload.replace('upload', 'download')]) {
      const answer = await send(server, { method: changed.includes('download') ? 'GET' : 'PUT', path: changed, body: changed.includes('download') ? undefined : 'a' });
      answer.hasStatus(404, changed);
    }
    const expired = await eventually(() => get(short), ({ status }) => status !== 200, 'the link expires');
    expired.hasStatus(410);
    assert.match(expired.json().error_description, /expired/);
  });

  test('the links of a sign-in end with it', async () => {
    const person = await someone();
    const { url, key } = await person.link();
    await put(url, 'a');
    const [download, { url: unused }] = [await person.get('download_link', { key }), await person.link()];
    (await get(download)).hasStatus(200);
    (await send(server, revoking(person.client, person.tokens.refresh_token))).hasStatus(200);
    (await get(download)).hasStatus(410);
    (await put(unused, 'a')).hasStatus(410);
  });

  test('limits that cannot be held make no link', async () => {
    for (const [limits, words] of [
      [{ purpose: '../x' }, /purpose/],
      [{ max_bytes: 0 }, /no bytes/],
      [{ content_types: ['.csv'] }, /media types/],
      [{ seconds: 86_401 }, /24 hours/],
    ]) {
      assert.match(await ada.fails('upload_link', { purpose: 'a', max_bytes: 1, ...limits }), words);
    }
  });
});

describe('web pages and the log', () => {
  test('an allowed page may use a link, and no other', async () => {
    const { url } = await ada.link();
    const preflight = await get(url, { origin: WEB_CLIENT, 'access-control-request-method': 'PUT' }, 'OPTIONS');
    preflight.hasStatus(204);
    assert.equal(preflight.headers['access-control-allow-origin'], WEB_CLIENT);
    assert.match(preflight.headers['access-control-allow-methods'], /PUT/);
    assert.match(preflight.headers['access-control-allow-headers'], /content-type, content-disposition/);
    const evil = await put(url, 'a', { headers: { origin: 'https://evil.example' } });
    evil.hasStatus(403);
    assert.equal(evil.headers['access-control-allow-origin'], undefined);
    const sent = await put(url, 'a', { headers: { origin: WEB_CLIENT } });
    sent.hasStatus(201);
    assert.equal(sent.headers['access-control-allow-origin'], WEB_CLIENT);
    assert.equal(sent.headers['access-control-allow-credentials'], undefined);
  });

  test('the log has the route of a link and nothing of its seal', async () => {
    const { url, key } = await ada.link();
    await put(url, 'a');
    const download = await ada.get('download_link', { key });
    await get(download);
    const hasBoth = (log) => /"message":"GET \/files\/download 200"/.test(log) && /"message":"PUT \/files\/upload 201".*"route":"\/files\/upload"/.test(log);
    await eventually(() => server.log(), hasBoth, 'the log has the routes');
    for (const link of [url, download]) {
      const seal = path(link).split('/').at(-1);
      const lines = server.log().split('\n').filter((line) => line.startsWith('{'));
      assert.ok(lines.length > 0 && !lines.some((line) => line.includes(seal.slice(0, 20))), 'a line of the log has a seal');
    }
  });
});

test('50 MB go up, down and through a tool while the memory of the Worker does not grow by more than a few pieces', async () => {
  const size = 50 * MEGABYTE;
  const content = Buffer.alloc(size, '0123456,abcdef\n');
  const { url, key } = await ada.link({ max_bytes: size });
  const before = Number(await ada.get('memory'));
  const bound = before + 4 * 1024 * 1024;
  (await put(url, content)).hasStatus(201);
  assert.ok(Number(await ada.get('memory')) <= bound, 'after the upload');
  const { url: second } = await ada.link({ max_bytes: size });
  (await put(second, content, { chunked: true })).hasStatus(201);
  assert.ok(Number(await ada.get('memory')) <= bound, 'after an upload in chunks');
  const { url: third } = await ada.link({ max_bytes: size });
  (await post(third, form([{ disposition: 'name="file"; filename="a.csv"', type: 'text/csv', content }]))).hasStatus(201);
  assert.ok(Number(await ada.get('memory')) <= bound, 'after a form');
  const download = await ada.get('download_link', { key });
  assert.equal((await get(download)).bytes.length, size);
  const read = await ada.get('read_file', { key });
  assert.deepEqual([read.bytes, read.lines], [size, Math.ceil(size / 15)]);
  assert.ok(read.largest_piece <= 64 * 1024, `a piece of ${read.largest_piece} bytes`);
  assert.ok(Number(await ada.get('memory')) <= bound, 'after a download and a tool that reads all of it');
});

// RFC 9110 §15.5.9
test('a body whose bytes stop coming is refused with 408, nothing of it is kept, and its link can be used again', async () => {
  assert.deepEqual(await stopped.statuses, [408, 408]);
  for (const { url, key } of stopped.links) {
    assert.match(await ada.fails('read_file', { key }), /no such file/);
    (await put(url, 'complete')).hasStatus(201);
  }
});

describe('without the bucket', () => {
  let runtime;
  before(async () => {
    runtime = await startInstances({ worker: 'examples/everything', count: 1 });
  });
  after(() => runtime?.stop());

  test('the log and a tool name the binding with the lines to add', async () => {
    const lines = '[[r2_buckets]]\nbinding = "FILES"\nbucket_name = "files"\n';
    const said = await caller({}, runtime.instances[0]).fails('upload_link', { purpose: 'a', max_bytes: 1 });
    assert.ok(said.includes(lines), said);
    assert.ok(runtime.instances[0].log().includes('binding = "FILES"'), runtime.instances[0].log());
  });

  test('an invented link reaches no storage', async () => {
    const [at] = runtime.instances;
    await send(at, { path: '/files/upload/x' });
    const before = await runtime.counts();
    for (const method of ['GET', 'PUT', 'POST']) {
      const answer = await send(at, { method, path: `/files/upload/${'A'.repeat(300)}`, body: method === 'GET' ? undefined : 'a' });
      answer.hasStatus(404);
    }
    const { objects, rowsWritten } = await runtime.counts();
    assert.deepEqual([objects, rowsWritten], [before.objects, before.rowsWritten]);
  });
});
