// What answers on the port of `npm start`: requests reach the Worker as they are, and get a clear answer while there is none.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Front } from '../serve/front.mjs';
import { freePort } from '../serve/wrangler-dev.mjs';
import { Stop } from '../support/log.mjs';

let front;
let port;
let worker;
/** What the Worker does with a request. */
let handle;

before(async () => {
  port = await freePort();
  front = await Front.listen(port, 'npm start', 'It is being built.');
  worker = http.createServer((request, response) => handle(request, response));
  await new Promise((resolve) => worker.listen(0, '127.0.0.1', resolve));
});
after(() => {
  front.close();
  worker.close();
  worker.closeAllConnections();
});

/** One exchange with the front, on a connection of its own. */
async function ask({ method = 'GET', path = '/', headers = {}, body } = {}) {
  const request = http.request({ host: '127.0.0.1', port, method, path, headers: { ...(body && { 'content-length': Buffer.byteLength(body) }), ...headers }, agent: false });
  request.end(body);
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, headers: response.headers, rawHeaders: response.rawHeaders, text };
}

test('a port that is taken is said, with the way out', async () => {
  await assert.rejects(Front.listen(port, 'npm start', ''), (error) => {
    assert.ok(error instanceof Stop);
    assert.match(error.message, new RegExp(`^Port ${port} is taken .*PORT=\\d+ npm start$`));
    return true;
  });
});

describe('while there is no Worker', () => {
  before(() => front.wait('It is being built & tried.'));

  test('a client of MCP gets an error of its request', async () => {
    for (const [body, id] of [['{"jsonrpc":"2.0","id":7,"method":"ping"}', 7], ['{"jsonrpc":"2.0","id":"a","method":"ping"}', 'a'], ['[]', null], ['{', null], ['{"id":{}}', null]]) {
      for (const path of ['/mcp', '/private/mcp/', '/mcp?x', '/sse/messages?s=1']) {
        const answer = await ask({ method: 'POST', path, body, headers: { accept: 'application/json, text/event-stream' } });
        assert.equal(answer.status, 503);
        assert.equal(answer.headers['retry-after'], '2');
        assert.equal(answer.headers['content-type'], 'application/json');
        assert.deepEqual(JSON.parse(answer.text), { jsonrpc: '2.0', id, error: { code: -32603, message: 'It is being built & tried. Try again in a moment.' } });
      }
    }
  });

  test('a body of any size is read to its end, so that the client reads the answer', async () => {
    const { status, text } = await ask({ method: 'POST', path: '/mcp', body: `{"id":1,"x":"${'x'.repeat(4 * 1024 * 1024)}"}` });
    assert.deepEqual([status, JSON.parse(text).id], [503, null]);
  });

  test('a browser gets a page that reloads', async () => {
    const page = await ask({ headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
    assert.deepEqual([page.status, page.headers['cache-control'], page.headers['retry-after']], [503, 'no-store', '2']);
    assert.match(page.text, /<meta http-equiv="refresh" content="2">[^]*It is being built &amp; tried\./);
  });

  test('everything else gets an error of the form of OAuth, a page of another origin too', async () => {
    const answer = await ask({ method: 'POST', path: '/token', body: 'grant_type=x', headers: { origin: 'http://localhost:6274' } });
    assert.equal(answer.status, 503);
    assert.equal(JSON.parse(answer.text).error, 'temporarily_unavailable');
    assert.equal(answer.headers['access-control-allow-origin'], '*');
    const preflight = await ask({ method: 'OPTIONS', path: '/mcp', headers: { 'access-control-request-headers': 'authorization' } });
    assert.deepEqual([preflight.status, preflight.headers['access-control-allow-headers']], [204, 'authorization']);
    assert.deepEqual((await ask({ method: 'HEAD' })).text, '');
  });

  test('a connection that would become another protocol is refused', async () => {
    const socket = net.connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 503 /);
    socket.destroy();
  });
});

describe('a request to the Worker', () => {
  before(() => front.passTo(worker.address().port));

  test('arrives with its method, path, headers and body', async () => {
    handle = async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const { method, url, rawHeaders } = request;
      response.writeHead(201, 'Made', ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Request-Id', 'r']).end(JSON.stringify({ method, url, rawHeaders, body: String(Buffer.concat(chunks)) }));
    };
    const headers = { Host: `127.0.0.1:${port}`, Authorization: 'Bearer x', 'Mcp-Param-Region': 'eu', Connection: 'close, X-Hop', 'X-Hop': '1', 'Content-Length': '5' };
    const { status, rawHeaders, text } = await ask({ method: 'POST', path: '/mcp?a=%20b', headers, body: 'hello' });
    assert.equal(status, 201);
    assert.deepEqual(rawHeaders.slice(0, 6), ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Request-Id', 'r']);
    const seen = JSON.parse(text);
    assert.deepEqual([seen.method, seen.url, seen.body], ['POST', '/mcp?a=%20b', 'hello']);
    const names = seen.rawHeaders.filter((_, at) => at % 2 === 0);
    assert.equal(seen.rawHeaders[seen.rawHeaders.indexOf('Host') + 1], `127.0.0.1:${port}`, 'URLs of the Worker follow from it');
    assert.ok(names.includes('Mcp-Param-Region') && !names.includes('X-Hop'), names.join());
  });

  test('arrives with a body of unknown length, and a large one', async () => {
    handle = async (request, response) => {
      let length = 0;
      for await (const chunk of request) length += chunk.length;
      response.end(String(length));
    };
    const request = http.request({ host: '127.0.0.1', port, method: 'POST', agent: false });
    request.write('chunk');
    request.end('ed');
    const [response] = await once(request, 'response');
    assert.equal(String((await once(response, 'data'))[0]), '7');
    assert.equal((await ask({ method: 'POST', body: 'x'.repeat(5_000_000) })).text, '5000000');
  });

  test('gets each event of a stream when it is sent', async () => {
    let stream;
    handle = (_, response) => {
      stream = response;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
    };
    const request = http.get({ host: '127.0.0.1', port, agent: false });
    const [response] = await once(request, 'response');
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      const arrived = once(response, 'data');
      stream.write(event);
      assert.equal(String((await arrived)[0]), event);
    }
    const ended = once(response, 'end');
    stream.end();
    response.resume();
    await ended;
  });

  test('is over for the Worker when its client goes away, before an answer and in the middle of one', async () => {
    for (const begins of [false, true]) {
      const gone = new Promise((resolve) => {
        handle = (_, response) => {
          response.once('close', resolve);
          if (begins) response.write('x');
        };
      });
      const request = http.get({ host: '127.0.0.1', port, agent: false }).on('error', () => {});
      await (begins ? once(request, 'response') : new Promise((resolve) => setTimeout(resolve, 50)));
      request.destroy();
      await gone;
    }
  });

  test('breaks off where the answer breaks off, and is told that there is nothing where the Worker does not answer', async () => {
    front.wait('It has ended.');
    front.passTo(worker.address().port);
    handle = (request) => request.socket.destroy();
    const answer = await ask({ method: 'POST', path: '/mcp', body: '{"id":3}' });
    assert.deepEqual([answer.status, JSON.parse(answer.text).error.message], [503, 'It has ended. Try again in a moment.']);
    handle = (request, response) => {
      response.write('x');
      setTimeout(() => request.socket.destroy(), 20);
    };
    await assert.rejects(ask(), /aborted/);
    front.passTo(await freePort());
    assert.equal((await ask()).status, 503);
    front.passTo(worker.address().port);
  });

  test('may become another protocol', async () => {
    worker.once('upgrade', (request, socket) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${request.headers.upgrade}\r\nConnection: Upgrade\r\n\r\n`);
      socket.on('data', (text) => socket.write(`${text}!`)).on('end', () => socket.end());
    });
    const socket = net.connect(port, '127.0.0.1');
    socket.write('GET /own HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 101 [^]*Upgrade: echo/);
    socket.write('hi');
    assert.equal(String((await once(socket, 'data'))[0]), 'hi!');
    socket.destroy();
  });
});
