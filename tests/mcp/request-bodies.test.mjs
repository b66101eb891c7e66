// Bodies from anybody: types, sizes, JSON that is broken, hostile or merely odd. Whatever comes, the answer is no 5xx.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { CODE, ERAS, LEGACY, MODERN, calling, legacy, modern, post, send, textOf } from '../support/mcp/requests.mjs';
import { SIGN_IN, bearer, connect } from '../support/oauth/client.mjs';
import { startConnector } from '../support/workers/wrangler-dev.mjs';

const MIB = 1024 * 1024;
/** How the proxy of `wrangler dev` says that the Worker has closed a connection before it had read the whole body. */
const GONE = /restarted mid-request|Network connection lost/;

/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let server;
before(async () => {
  server = await startConnector(SIGN_IN);
  signedIn = { ...LEGACY_HEADERS, ...bearer((await connect(server)).tokens.access_token) };
});
after(() => server?.stop());

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
const LEGACY_HEADERS = { 'mcp-protocol-version': LEGACY[0] };
const MODERN_HEADERS = { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
/** The same broken body must be refused in either era. */
const BOTH = [
  ['legacy', LEGACY_HEADERS],
  ['modern', MODERN_HEADERS],
];
/** The same as a legacy client with a token. */
let signedIn;
const raw = (body, headers = LEGACY_HEADERS, options = {}) => send(server, post(body, { headers, ...options }));

/** A legacy echo whose body has exactly `size` bytes. */
function sized(size) {
  const frame = JSON.stringify({ ...ping, method: 'tools/call', params: calling('echo', { text: '' }) });
  return frame.replace('"text":""', `"text":"${'x'.repeat(size - frame.length)}"`);
}

describe('content types', () => {
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'APPLICATION/JSON',
    'application/json ; charset=utf-8',
  ]) {
    test(`${type} is JSON`, async () => {
      for (const { ask } of ERAS) {
        const answer = await send(server, ask('tools/call', calling('echo', { text: 'hi' }), { headers: { 'content-type': type } }));
        answer.result('RFC 9110 §8.3.1: type and parameters are case-insensitive');
      }
    });
  }

  for (const type of [
    null,
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/json-seq',
    'application',
    'json',
  ]) {
    test(`${type ?? 'no content type'} is 415`, async () => {
      for (const { ask } of ERAS) {
        const answer = await send(server, ask('tools/call', calling('echo', { text: 'hi' }), { headers: { 'content-type': type } }));
        answer
          .hasStatus(415, 'a web page may send such a body to any host without asking')
          .hasHeader('content-type', /^application\/json\b/, 'for programs');
      }
    });
  }
});

describe('sizes', () => {
  test('a body of exactly 1 MiB is read, with a token', async () => {
    const answer = await raw(sized(MIB), signedIn);
    assert.ok(textOf(answer.result('the default limit is 1 MiB')).length > MIB - 200, 'echo gives back all of it');
  });

  test('an anonymous client may send 256 KiB; more needs a sign-in, which the answer asks for', async () => {
    const text = textOf((await raw(sized(MIB / 4))).result('the default limit for anonymous clients'));
    assert.ok(text.length > MIB / 4 - 200, 'echo gives back all of it');
    for (const chunked of [false, true]) {
      (await raw(sized(MIB / 4 + 1), LEGACY_HEADERS, { chunked }))
        .hasStatus(401, 'the tool may need one anyway, and a client that got 413 would never sign in')
        .hasHeader('www-authenticate', /resource_metadata=/, 'where to');
    }
    // The proxy of `wrangler dev` may have lost its connection over the body that was refused before its end; it then asks to send
    // the next request again, which has not reached the Worker.
    const first = await raw(sized(MIB / 4 + 1), signedIn);
    const answer = GONE.test(first.text) ? await raw(sized(MIB / 4 + 1), signedIn) : first;
    answer.result('with a token it is read');
  });

  test('a body of 1 MiB and one byte is 413', async () => {
    (await raw(sized(MIB + 1))).hasStatus(413, 'RFC 9110 §15.5.14').hasHeader('content-type', /^application\/json\b/, 'for programs');
  });

  test('the same without Content-Length', async () => {
    (await raw(sized(MIB), signedIn, { chunked: true })).result('the limit itself');
    (await raw(sized(MIB + 1), signedIn, { chunked: true })).hasStatus(413, 'the bytes are counted, not only the header');
  });

  test('a body of 20 MiB is refused and harms nobody', async () => {
    const sent = raw(Buffer.alloc(20 * MIB, 0x20), signedIn, { chunked: true });
    // A server need not read on to the end of what it refuses; closing can overtake its answer (RFC 9112 §9.6).
    await sent.then(
      (answer) => GONE.test(answer.text) || answer.hasStatus(413, 'bounded'),
      (error) => assert.match(error.message, /ECONNRESET|EPIPE|broke off/),
    );
    (await raw(ping)).result('the server goes on');
  });

  describe('with MAX_BODY_BYTES', () => {
    /** @type {import("../support/workers/wrangler-dev.mjs").Server} */
    let small;
    before(async () => {
      small = await startConnector({ MAX_BODY_BYTES: 2000 });
    });
    after(() => small?.stop());

    for (const chunked of [false, true]) {
      test(`with MAX_BODY_BYTES, the limit is what it says (${chunked ? 'without' : 'with'} Content-Length)`, async () => {
        (await send(small, post(sized(2000), { headers: LEGACY_HEADERS, chunked }))).result('2000 bytes');
        (await send(small, post(sized(2001), { headers: LEGACY_HEADERS, chunked }))).hasStatus(413, '2001 bytes');
      });
    }
  });
});

describe('the memory that values take', () => {
  const tiny = (bytes) => {
    const list = (count) => JSON.stringify({ ...ping, id: 'tiny', method: 'tools/call', params: calling('echo', { text: Array.from({ length: count }, () => ({ '': 0 })) }) });
    return list(Math.floor((bytes - list(0).length) / 7));
  };
  test('the memory that values take is bounded before they are built: 1 MB of tiny objects is refused, with the id of the request', async () => {
    const answer = await raw(tiny(MIB), signedIn);
    assert.match(answer.error(413, CODE.invalidRequest, 'it would take 60 MB').message, /more values/);
    assert.equal(answer.json().id, 'tiny', answer.story('a client waits for an answer with its id'));
    (await raw(tiny(MIB / 4))).hasStatus(401, 'of an anonymous client less is read');
    (await raw(tiny(MIB / 64))).result('a few thousand harm nobody');
  });

  test('the memory that values take leaves room for what real calls hold', async () => {
    const records = Array.from({ length: 12_000 }, (_, id) => ({ id, name: `record ${id}`, price: id / 7, tags: ['a', 'b'] }));
    const body = JSON.stringify({ ...ping, method: 'tools/call', params: calling('echo', { text: records }) });
    assert.ok(body.length > MIB * 0.75 && body.length < MIB, `${body.length}`);
    const result = (await raw(body, signedIn)).result('it is read; the tool wants a text');
    assert.match(textOf(result), /do not fit/);
  });
});

describe('a compressed body', () => {
  const FORM = 'application/x-www-form-urlencoded';
  const routes = [
    ['/mcp', 'application/json'],
    ['/register', 'application/json'],
    ['/token', FORM],
    ['/revoke', FORM],
    ['/authorize/login', FORM],
    ['/authorize/consent', FORM],
  ];
  for (const [path, type] of routes) {
    test(`a compressed body is 415 at ${path}`, async () => {
      for (const encoding of ['gzip', 'br', 'identity, gzip', 'x-unknown']) {
        const headers = { 'content-type': type, 'content-encoding': encoding };
        const answer = await send(server, { method: 'POST', path, headers, body: gzipSync(JSON.stringify(ping)) });
        answer.hasStatus(415, `RFC 9110 §15.5.16: ${encoding}`);
        assert.match(answer.text, /compressed/, answer.story('says what is wrong'));
      }
    });
  }

  test('a body that says it is not compressed is read', async () => {
    (await raw(ping, { ...LEGACY_HEADERS, 'content-encoding': 'identity' })).result('RFC 9110 §8.4.1');
  });
});

describe('an upload that stalls', () => {
  test('an upload that stalls is ended after half a minute, a hundred of them too, and holds nothing', { timeout: 90_000 }, async () => {
    const began = performance.now();
    const stalled = ['/mcp', '/token', '/register'].flatMap((path) => Array.from({ length: 34 }, () => stall(path)));
    const ended = await Promise.all(stalled);
    const seconds = (performance.now() - began) / 1000;
    assert.ok(seconds > 25 && seconds < 43, `${seconds} s`);
    const statuses = new Set(ended.map(({ status }) => status));
    assert.deepEqual([...statuses], [408], 'RFC 9110 §15.5.9');
    assert.match(ended[0].text, /within 30 seconds/);
    (await raw(ping)).result('the server goes on');
  });

  /** Sends the half of a body, and waits for what comes. */
  function stall(path) {
    return new Promise((resolve, reject) => {
      const type = path === '/token' ? 'application/x-www-form-urlencoded' : 'application/json';
      const headers = { 'content-type': type, 'content-length': '200', accept: 'application/json' };
      const request = http.request({ host: '127.0.0.1', port: server.port, method: 'POST', path, headers, agent: false });
      request.once('error', reject);
      request.once('response', async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        request.destroy();
        resolve({ status: response.statusCode, text });
      });
      request.write('{"jsonrpc":"2.0",');
    });
  }
});

describe('bodies that are not JSON', () => {
  const deep = (open, close, levels) => open.repeat(levels) + close.repeat(levels);
  const rows = {
    empty: '',
    'white space': ' \r\n\t',
    'cut off': '{"jsonrpc":"2.0","id":1,"meth',
    'a bare word': 'ping',
    'single quotes': "{'jsonrpc':'2.0','id':1,'method':'ping'}",
    'a trailing comma': '{"jsonrpc":"2.0","id":1,"method":"ping",}',
    'two messages in a row': JSON.stringify(ping) + JSON.stringify(ping),
    NaN: '{"jsonrpc":"2.0","id":NaN,"method":"ping"}',
    'a comment': '{"jsonrpc":"2.0",/* x */"id":1,"method":"ping"}',
    'a number too large': '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":1e999999}}',
    'a control character in a string': '{"jsonrpc":"2.0","id":1,"method":"pi\u0001ng"}',
    'half an escape': '{"jsonrpc":"2.0","id":1,"method":"ping\\u12"}',
    'invalid UTF-8': Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"pi'),
      Buffer.from([0xff, 0xc3, 0x28]),
      Buffer.from('ng"}'),
    ]),
    'an overlong UTF-8 sequence': Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"pi'),
      Buffer.from([0xc0, 0xaf]),
      Buffer.from('ng"}'),
    ]),
    'UTF-16': Buffer.from(JSON.stringify(ping), 'utf16le'),
    gzip: Buffer.from('1f8b0800000000000003ab56ca2a2c0500', 'hex'),
    'a hundred thousand open brackets': '['.repeat(100_000),
    'a hundred thousand nested arrays': deep('[', ']', 100_000),
    'a hundred thousand nested objects': `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
    'nested too deep in the arguments': JSON.stringify({ ...ping, method: 'tools/call' }).replace(
      /}$/,
      `,"params":{"name":"echo","arguments":{"text":${deep('[', ']', 500)}}}}`,
    ),
  };
  for (const [row, body] of Object.entries(rows)) {
    for (const [era, headers] of BOTH) {
      test(`a body that is not JSON, ${row}: 400 -32700 (${era})`, async () => {
        const answer = await raw(body, { ...headers, authorization: signedIn.authorization });
        answer.error(
          400,
          row.includes('nested') || row.includes('brackets') ? [CODE.parse, CODE.invalidRequest] : CODE.parse,
          'MCP "Error Codes": parse error',
        );
        assert.ok((answer.json().id ?? null) === null, answer.story('there was no id to read'));
      });
    }
  }

  test('a member that is there twice is refused: two readers could disagree', async () => {
    for (const body of [
      '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{}}',
      '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","name":"echo","arguments":{"text":"x"}}}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"x","te\\u0078t":"y"}}}',
    ]) {
      (await raw(body)).error(400, [CODE.parse, CODE.invalidRequest], 'RFC 8259 §4 leaves it open, so it is refused');
    }
  });

  test('a byte order mark is skipped', async () => {
    const answer = await raw(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify(ping))]));
    assert.deepEqual(answer.result('RFC 8259 §8.1: a parser may ignore it'), {});
    assert.equal(answer.json().id, 1);
  });

  test('half of a surrogate pair is an error that says so and has the id of the request', async () => {
    for (const { ask } of ERAS) {
      for (const half of ['\\ud800', '\\udc00', '\\ud800x', '\\udc00\\ud800']) {
        const asked = ask('tools/call', calling('echo', { text: 'HALF' }), { id: 'id of mine' });
        const answer = await send(server, { ...asked, body: asked.body.replace('HALF', half) });
        const error = answer.error(400, CODE.parse, 'RFC 8259 §8.2: it is no character');
        assert.match(error.message, /half of a surrogate pair.*line 1, column \d+/);
        assert.equal(answer.json().id, 'id of mine', answer.story('a client waits for an answer with its id'));
      }
      const whole = await send(server, ask('tools/call', calling('echo', { text: '😀' })));
      assert.match(textOf(whole.result('a whole pair is one character')), /😀/);
    }
  });

  test('no refusal repeats the body', async () => {
    for (const body of [
      '{"password":"hunter2secret"',
      '{"jsonrpc":"2.0","id":{"a":"hunter2secret"},"method":"ping"}',
      '"hunter2secret"',
      '{"jsonrpc":"2.0","id":1,"method":["hunter2secret"]}',
    ]) {
      const answer = await raw(body);
      answer.hasStatus(400, 'refused');
      assert.ok(!answer.text.includes('hunter2'), answer.story('an error never echoes input'));
    }
  });
});

// MCP "Base Protocol › Messages", "Base Protocol › Requests"
describe('JSON that is no message', () => {
  const rows = {
    null: null,
    'a number': 1,
    'a string': 'ping',
    true: true,
    'an empty object': {},
    'without jsonrpc': { id: 1, method: 'ping' },
    'jsonrpc 1.0': { ...ping, jsonrpc: '1.0' },
    'jsonrpc as a number': { ...ping, jsonrpc: 2.0 },
    'neither method nor answer': { jsonrpc: '2.0', id: 1 },
    'a method that is a number': { ...ping, method: 1 },
    'a method that is null': { ...ping, method: null },
    'a method that is an object': { ...ping, method: {} },
    'an answer that is both': { jsonrpc: '2.0', id: 1, result: {}, error: { code: 1, message: 'x' } },
    'id null': { ...ping, id: null },
    'id true': { ...ping, id: true },
    'id object': { ...ping, id: {} },
    'id array': { ...ping, id: [1] },
    'id fraction': { ...ping, id: 1.5 },
    'id beyond any integer': { ...ping, id: 1e300 },
    'a very long id': { ...ping, id: 'x'.repeat(MIB / 4 - 1000) },
  };
  for (const [row, body] of Object.entries(rows)) {
    for (const [era, headers] of BOTH) {
      test(`JSON that is no message, ${row}: 400 -32600 (${era})`, async () => {
        (await raw(JSON.stringify(body), headers)).error(400, CODE.invalidRequest, 'MCP "Error Codes": invalid request');
      });
    }
  }

  for (const params of [[], [1], 'x', 3, true]) {
    test(`params ${JSON.stringify(params)} are refused`, async () => {
      for (const [, headers] of BOTH) {
        (await raw({ ...ping, method: 'tools/list', params }, headers)).error(
          [200, 400],
          [CODE.invalidRequest, CODE.invalidParams],
          'params are an object',
        );
      }
    });
  }

  describe('null counts as absent, except for an id', () => {
    const initialize = { protocolVersion: '2025-11-25', capabilities: { roots: null, elicitation: { url: null } }, clientInfo: null };
    const rows = [
      ['ping', null],
      ['ping', { _meta: null }],
      ['tools/list', null],
      ['tools/list', { cursor: null, _meta: { progressToken: null } }],
      ['resources/list', { cursor: null }],
      ['resources/templates/list', null],
      ['prompts/list', { cursor: null }],
      ['initialize', initialize],
      ['initialize', { ...initialize, capabilities: null, _meta: null }],
      ['tools/call', { ...calling('echo', { text: 'x' }), _meta: null, task: null }],
    ];
    for (const [method, params] of rows) {
      test(`null counts as absent: ${method} ${JSON.stringify(params)} (legacy)`, async () => {
        (await raw({ ...ping, method, params, result: null, error: null })).result('as if it were not there');
      });
      if (method === 'ping' || method === 'initialize') continue;
      test(`null counts as absent: ${method} ${JSON.stringify(params)} (modern)`, async () => {
        const { _meta, ...others } = params ?? {};
        const asked = modern(method, { ...others, inputResponses: null, requestState: null }, { meta: { ..._meta, x: null } });
        (await send(server, asked)).result('as if it were not there');
      });
    }

    test('a notification with null parameters is taken', async () => {
      (await raw({ jsonrpc: '2.0', method: 'notifications/initialized', params: null })).hasStatus(202, 'nothing to answer');
    });

    test('a registration with null members is taken', async () => {
      const metadata = { redirect_uris: ['https://a.example/cb'], client_name: null, scope: null, grant_types: null, jwks: null, contacts: null };
      const answer = await send(server, { method: 'POST', path: '/register', headers: { 'content-type': 'application/json' }, body: `\ufeff${JSON.stringify(metadata)}` });
      answer.hasStatus(201, 'RFC 7591 §3.2.1');
      for (const [name, value] of Object.entries(answer.json())) assert.notEqual(value, null, `${name}: no null goes out`);
    });
  });

  test('an integer that is written as a fraction is an id', async () => {
    const answer = await raw('{"jsonrpc":"2.0","id":7.0,"method":"ping"}');
    answer.result('7.0 is 7 in JSON');
    assert.equal(answer.json().id, 7, answer.story('clients whose numbers are floats send it'));
  });

  test('members beyond those of JSON-RPC are ignored', async () => {
    (await raw({ ...ping, extra: { a: 1 }, trace: 'x' })).result('lenient in what is habit');
  });
});

test('nothing from a generator of broken requests fails the server', async () => {
  const ROUNDS = 400;
  const random = generator(20261121);
  const pick = (items) => items[Math.floor(random() * items.length)];
  const VALUES = [
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e21,
    '',
    'x',
    '\u0000',
    '☃'.repeat(50),
    [],
    [[]],
    {},
    { a: { b: [] } },
    '2026-07-28',
    'tools/call',
    'echo',
    -(2 ** 53),
  ];
  const seeds = [
    modern('tools/call', calling('echo', { text: 'hello' })),
    modern('tools/list', { cursor: 'abc' }),
    modern('server/discover'),
    legacy('tools/call', calling('echo', { text: 'hello' })),
    legacy('tools/call', calling('save_note', { title: 'a', body: 'b' })),
    legacy('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } }),
    post([ping, { jsonrpc: '2.0', method: 'notifications/initialized' }]),
  ];

  /** Replaces, removes or adds something at a random place. */
  function mutate(value) {
    if (value === null || typeof value !== 'object' || random() < 0.15) return pick(VALUES);
    const keys = Object.keys(value);
    const key = pick(keys) ?? 'x';
    const copy = Array.isArray(value) ? [...value] : { ...value };
    const choice = random();
    if (choice < 0.15) delete copy[key];
    else if (choice < 0.25) copy[pick(['id', 'method', 'params', 'name', 'arguments', '_meta', '__proto__', 'x'])] = pick(VALUES);
    else copy[key] = mutate(value[key]);
    return copy;
  }

  /** Flips, drops or doubles bytes. */
  function damage(text) {
    const bytes = Buffer.from(text);
    const at = Math.floor(random() * bytes.length);
    const choice = random();
    if (choice < 0.4) bytes[at] = Math.floor(random() * 256);
    else if (choice < 0.7) return bytes.subarray(0, at);
    else return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.floor(random() * at))]);
    return bytes;
  }

  function broken() {
    const seed = pick(seeds);
    const headers = { ...seed.headers };
    if (random() < 0.3)
      headers[pick(['mcp-protocol-version', 'mcp-method', 'mcp-name', 'accept', 'content-type'])] = pick([
        '',
        'x',
        '=?base64?!!?=',
        '2025-03-26',
        MODERN,
        null,
        '*/*',
        'a, b',
        '\u00ff',
      ]);
    if (random() < 0.1) headers.authorization = pick(['', 'Bearer', 'Bearer  x', 'Basic eA==', 'bearer \u00ff', 'x'.repeat(9000)]);
    let body = JSON.stringify(random() < 0.7 ? mutate(JSON.parse(seed.body)) : JSON.parse(seed.body)) ?? '';
    if (random() < 0.4) body = damage(body);
    return { ...seed, headers, body, path: pick(['/mcp', '/mcp', '/mcp', '/mcp/', '/private/mcp']) };
  }

  const requests = Array.from({ length: ROUNDS }, broken);
  const seen = new Map();
  const work = requests.entries();
  const worker = async () => {
    for (const [, asked] of work) {
      const answer = await send(server, asked);
      assert.ok(answer.status < 500, answer.story('no input fails the server'));
      assert.ok(answer.status < 300 || answer.status >= 400, answer.story('no input redirects'));
      if (/^application\/json\b/.test(answer.headers['content-type'] ?? '')) answer.json('what says JSON is JSON');
      for (const message of answer.isEventStream ? answer.messages() : []) assert.equal(message.jsonrpc, '2.0', answer.story('JSON-RPC'));
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  assert.ok(seen.size >= 4, `the generator reaches several answers: ${JSON.stringify([...seen])}`);
  assert.equal(
    textOf((await send(server, modern('tools/call', calling('echo', { text: 'still here' })))).result('afterwards')).includes('still here'),
    true,
  );
  assert.doesNotMatch(server.log(), /panicked at|RuntimeError/, 'no panic in the log');
});

/** A small generator of random numbers with a seed, so that a failure can be repeated (mulberry32). */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
