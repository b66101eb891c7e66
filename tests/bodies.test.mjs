// Bodies from anybody: types, sizes, JSON that is broken, hostile or merely odd. Whatever comes, the answer is no 5xx.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CODE, ERAS, LEGACY, MODERN, calling, legacy, modern, post, send, textOf } from './support/mcp.mjs';
import { startMain } from './support/server.mjs';

const MIB = 1024 * 1024;

/** @type {import("./support/server.mjs").Server} */
let server;
before(async () => {
  server = await startMain();
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
  test('a body of exactly 1 MiB is read', async () => {
    const answer = await raw(sized(MIB));
    assert.ok(textOf(answer.result('the default limit is 1 MiB')).length > MIB - 200, 'echo gives back all of it');
  });

  test('a body of 1 MiB and one byte is 413', async () => {
    (await raw(sized(MIB + 1))).hasStatus(413, 'RFC 9110 §15.5.14').hasHeader('content-type', /^application\/json\b/, 'for programs');
  });

  test('the same without Content-Length', async () => {
    (await raw(sized(MIB), LEGACY_HEADERS, { chunked: true })).result('the limit itself');
    (await raw(sized(MIB + 1), LEGACY_HEADERS, { chunked: true })).hasStatus(413, 'the bytes are counted, not only the header');
  });

  test('a body of 20 MiB is refused and harms nobody', async () => {
    const sent = raw(Buffer.alloc(20 * MIB, 0x20), LEGACY_HEADERS, { chunked: true });
    // A server need not read on to the end of what it refuses; closing can overtake its answer (RFC 9112 §9.6).
    const outcome = await sent.then(
      // That is how the proxy of `wrangler dev` says it.
      (answer) => /restarted mid-request/.exec(answer.text)?.[0] ?? answer.hasStatus(413, 'bounded').status,
      (error) => /ECONNRESET|EPIPE|broke off/.exec(error.message)?.[0] ?? assert.fail(error),
    );
    assert.ok(outcome);
    (await raw(ping)).result('the server goes on');
  });

  describe('with MAX_BODY_BYTES', () => {
    /** @type {import("./support/server.mjs").Server} */
    let small;
    before(async () => {
      small = await startMain({ MAX_BODY_BYTES: 2000 });
    });
    after(() => small?.stop());

    for (const chunked of [false, true]) {
      test(`the limit is what it says (${chunked ? 'without' : 'with'} Content-Length)`, async () => {
        (await send(small, post(sized(2000), { headers: LEGACY_HEADERS, chunked }))).result('2000 bytes');
        (await send(small, post(sized(2001), { headers: LEGACY_HEADERS, chunked }))).hasStatus(413, '2001 bytes');
      });
    }
  });
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
      test(`${row}: 400 -32700 (${era})`, async () => {
        const answer = await raw(body, headers);
        answer.error(
          400,
          row.includes('nested') || row.includes('brackets') ? [CODE.parse, CODE.invalidRequest] : CODE.parse,
          '1.4: parse error',
        );
        assert.ok((answer.json().id ?? null) === null, answer.story('there was no id to read'));
      });
    }
  }

  test('a member that stands twice is refused: two readers could disagree', async () => {
    for (const body of [
      '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{}}',
      '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","name":"echo","arguments":{"text":"x"}}}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"x","te\\u0078t":"y"}}}',
    ]) {
      (await raw(body)).error(400, [CODE.parse, CODE.invalidRequest], 'RFC 8259 §4 leaves it open, so it is refused');
    }
  });

  test('a byte order mark is ignored or refused', async () => {
    const answer = await raw(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify(ping))]));
    answer.hasStatus([200, 400], 'RFC 8259 §8.1: a parser may ignore it');
    if (answer.status === 400) answer.error(400, CODE.parse, 'then as a parse error');
  });

  test('a lone surrogate is refused or replaced', async () => {
    const answer = await raw('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"\\ud800"}}}');
    answer.hasStatus([200, 400], 'RFC 8259 §8.2: unpredictable, so anything but a failure');
    answer.json();
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
    'id of a megabyte': { ...ping, id: 'x'.repeat(MIB - 1000) },
  };
  for (const [row, body] of Object.entries(rows)) {
    for (const [era, headers] of BOTH) {
      test(`${row}: 400 -32600 (${era})`, async () => {
        (await raw(JSON.stringify(body), headers)).error(400, CODE.invalidRequest, '1.4: invalid request');
      });
    }
  }

  for (const params of [[], [1], 'x', 3, true, null]) {
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
