// The revisions with a handshake, 2025-03-26 to 2025-11-25, as they are served here: without a session, one POST at a time.
// Section numbers are those of the specification's "Transports", "Lifecycle" and "Base Protocol".

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../support/eventually.mjs';
import {
  BOTH_TYPES,
  CODE,
  LEGACY,
  MODERN,
  callTool,
  calling,
  initialize,
  legacy,
  listTools,
  notification,
  post,
  send,
  stream,
  textOf,
} from '../support/mcp/requests.mjs';
import { startEverything } from '../support/workers/wrangler-dev.mjs';

/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let server;
before(async () => {
  server = await startEverything({ KEEP_ALIVE_MS: 300 });
});
after(() => server?.stop());

const ask = (method, params, options) => send(server, legacy(method, params, options));
const isLegacyResult = (answer, rule) => {
  const result = answer.result(rule);
  for (const member of ['resultType', 'ttlMs', 'cacheScope']) {
    assert.ok(!(member in result), answer.story(`MCP "Result Responses": ${member} belongs to 2026-07-28`));
  }
  return result;
};

// MCP "Lifecycle › Initialization"
describe('initialize', () => {
  const rows = [
    ...LEGACY.map((version) => [version, version]),
    ['2024-11-05', LEGACY[0]],
    [MODERN, LEGACY[0]],
    ['2030-01-01', LEGACY[0]],
    ['nonsense', LEGACY[0]],
    ['', LEGACY[0]],
  ];
  for (const [asked, given] of rows) {
    test(`${JSON.stringify(asked)} is answered with ${given}`, async () => {
      const answer = await send(server, initialize(asked));
      const result = isLegacyResult(answer, 'MCP "Version Negotiation": the same version, or the newest with a handshake');
      assert.equal(result.protocolVersion, given, answer.story('MCP "Version Negotiation": never 2026-07-28'));
      assert.equal(typeof result.serverInfo?.name, 'string', answer.story('serverInfo.name'));
      assert.equal(typeof result.serverInfo?.version, 'string', answer.story('serverInfo.version'));
      assert.equal(typeof result.capabilities?.tools, 'object', answer.story('capabilities.tools'));
      answer.hasHeader('content-type', /^application\/json\b/, 'nothing is streamed');
    });
  }

  // MCP "Protocol Version Header"
  test('a version header of the same revision does no harm', async () => {
    for (const version of LEGACY) {
      const answer = await send(server, initialize(version, { headers: { 'mcp-protocol-version': version } }));
      assert.equal(answer.result().protocolVersion, version, answer.story('some clients send it at once'));
    }
  });

  test('capabilities and clientInfo that this server does not know are ignored', async () => {
    const params = {
      protocolVersion: LEGACY[0],
      capabilities: { roots: { listChanged: true }, unheard: { a: 1 } },
      clientInfo: { name: 'x', version: '1', title: 'X', unheard: [] },
    };
    (await ask('initialize', params, { version: null })).result('MCP "Lifecycle › Capability Negotiation": extensions are ignored');
  });

  test('parameters of a wrong type are -32602', async () => {
    for (const params of [{}, { protocolVersion: 3, capabilities: {} }, { protocolVersion: null, capabilities: {} }]) {
      (await ask('initialize', params, { version: null })).error([200, 400], CODE.invalidParams, 'MCP "Error Responses": invalid params');
    }
  });
});

describe('sessions', () => {
  test('an id that initialize gives is visible ASCII and nobody can guess it', async () => {
    const ids = await Promise.all(
      Array.from({ length: 5 }, async () => (await send(server, initialize(LEGACY[0]))).headers['mcp-session-id']),
    );
    if (ids.every((id) => id === undefined)) return; // A server may do without (MCP "Session Management").
    for (const id of ids) assert.match(id, /^[\x21-\x7e]{16,}$/, 'MCP "Session Management": visible ASCII, long enough to be random');
    assert.equal(new Set(ids).size, ids.length, 'MCP "Session Management": each is another');
  });

  test('requests are served with the id that initialize gave, and without', async () => {
    const id = (await send(server, initialize(LEGACY[0]))).headers['mcp-session-id'] ?? null;
    for (const session of [id, null]) {
      const headers = { 'mcp-session-id': session };
      (await send(server, notification('notifications/initialized', undefined, { headers }))).hasStatus(202, 'MCP "Sending Messages to the Server"');
      const { tools } = (await ask('tools/list', {}, { headers })).result('plain calls need no session');
      assert.equal(tools[0].name, 'test_simple_text');
    }
  });
});

describe('ping', () => {
  for (const version of [...LEGACY, null]) {
    test(`ping is answered with an empty object (${version ?? 'no version header'})`, async () => {
      const answer = await ask('ping', undefined, { version });
      assert.deepEqual(answer.result('MCP "Ping › Behavior Requirements": promptly'), {}, answer.story('MCP "Ping › Behavior Requirements": exactly {}'));
    });
  }
});

describe('the version header', () => {
  for (const version of [...LEGACY, null]) {
    test(`${version ?? 'absent'}: tools are listed and called`, async () => {
      const { tools } = isLegacyResult(await ask('tools/list', {}, { version }), 'MCP "Protocol Version Header"');
      assert.deepEqual(tools.map(({ name }) => name), (await listTools(server)).map(({ name }) => name), 'the same as ever');
      const result = isLegacyResult(await ask('tools/call', calling('test_simple_text'), { version }), 'MCP "Protocol Version Header"');
      assert.equal(textOf(result), 'This is a simple text response for testing.');
    });
  }

  for (const version of ['2024-11-05', '1999-01-01', 'v999.0.0', 'latest', '2025-11-25, 2025-06-18', '2025-11-2']) {
    test(`the version header ${version} is 400 without a modern code`, async () => {
      const answer = await ask('tools/list', {}, { version });
      answer.hasStatus(400, 'MCP "Protocol Version Header": invalid or unsupported');
      const code = answer.json().error?.code;
      assert.ok(code !== undefined && !(code <= -32020 && code >= -32099), answer.story('MCP "Error Responses": on this path -32600, never -3202x'));
    });
  }

  test('white space around it does not matter', async () => {
    (await ask('ping', undefined, { version: ' 2025-11-25\t' })).result('RFC 9110 §5.5');
  });
});

// MCP "Notifications"
describe('notifications and responses', () => {
  for (const version of [...LEGACY, null]) {
    test(`notifications and responses are taken with 202 and no body (${version ?? 'no version header'})`, async () => {
      for (const asked of [
        notification('notifications/initialized', undefined, { version }),
        notification('notifications/cancelled', { requestId: 99, reason: 'changed my mind' }, { version }),
        notification('notifications/roots/list_changed', {}, { version }),
        notification('notifications/unheard/of', { x: [] }, { version }),
        post({ jsonrpc: '2.0', id: 1, result: {} }, { headers: { 'mcp-protocol-version': version } }),
        post({ jsonrpc: '2.0', id: 'x', error: { code: -1, message: 'no' } }, { headers: { 'mcp-protocol-version': version } }),
      ]) {
        (await send(server, asked)).hasStatus(202, 'MCP "Sending Messages to the Server"').hasNoBody('MCP "Sending Messages to the Server"');
      }
    });
  }

  test("a notification with a request's name executes nothing", async () => {
    const key = 'notified';
    (await send(server, notification('tools/call', calling('count', { key })))).hasStatus([202, 400], 'MCP "Sending Messages to the Server"');
    assert.equal((await callTool(server, legacy, 'read_count', { key })).structuredContent.count, 0, 'without an id there is no request');
  });
});

// MCP "Batching"
describe('batches (2025-03-26)', () => {
  const request = (id, method = 'ping', params = {}) => ({ jsonrpc: '2.0', id, method, params });
  const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' };
  const batch = (messages, version = null) => send(server, post(messages, { headers: { 'mcp-protocol-version': version } }));

  for (const version of ['2025-03-26', null]) {
    test(`requests are answered with an array (${version ?? 'no version header'})`, async () => {
      const answer = await batch(
        [request('a'), initialized, request(2, 'tools/call', calling('test_simple_text')), request('c', 'nope')],
        version,
      );
      answer.hasStatus(200, 'MCP "Batching"');
      const replies = answer.messages('MCP "Batching": a JSON array or an event stream');
      assert.deepEqual(replies.map((reply) => reply.id).sort(), [2, 'a', 'c'], answer.story('MCP "Batching": one response for each request'));
      const by = (id) => replies.find((reply) => reply.id === id);
      assert.deepEqual(by('a').result, {}, answer.story('ping'));
      assert.equal(textOf(by(2).result), 'This is a simple text response for testing.', answer.story('the tool'));
      assert.equal(by('c').error.code, CODE.methodNotFound, answer.story('one bad request spoils no other'));
      if (!answer.isEventStream) assert.ok(Array.isArray(answer.json()), answer.story('MCP "Batching": an array, also of one'));
    });

    test(`a batch of one is answered with an array of one (${version ?? 'no version header'})`, async () => {
      const answer = await batch([request(1)], version);
      assert.deepEqual(answer.json(), [{ jsonrpc: '2.0', id: 1, result: {} }], answer.story('JSON-RPC 2.0 §6'));
    });

    test(`a batch without a request is taken with 202 and no body (${version ?? 'no version header'})`, async () => {
      (await batch([initialized, initialized], version)).hasStatus(202, 'MCP "Batching"').hasNoBody('MCP "Batching"');
      (await batch([{ jsonrpc: '2.0', id: 1, result: {} }], version)).hasStatus(202, 'MCP "Batching"').hasNoBody('MCP "Batching"');
    });
  }

  test('later revisions have no batches: 400 -32600, nothing executed', async () => {
    for (const version of ['2025-06-18', '2025-11-25']) {
      const key = `batch-${version}`;
      const answer = await batch([request(1, 'tools/call', calling('count', { key }))], version);
      answer.error(400, CODE.invalidRequest, 'MCP "Batching": removed in 2025-06-18');
      assert.equal((await callTool(server, legacy, 'read_count', { key })).structuredContent.count, 0, 'nothing was executed');
    }
  });

  test('an empty batch is 400 -32600', async () => {
    (await batch([])).error(400, CODE.invalidRequest, 'JSON-RPC 2.0 §6');
  });

  test('fifty messages are taken, fifty-one are not', async () => {
    const many = (count) => Array.from({ length: count }, (_, at) => request(at));
    const answer = await batch(many(50));
    assert.equal(answer.hasStatus(200, 'the limit itself').messages('MCP "Batching"').length, 50, answer.story('each is answered'));
    const key = 'long-batch';
    const long = [...many(50), request('last', 'tools/call', calling('count', { key }))];
    (await batch(long)).error(400, CODE.invalidRequest, 'bounded');
    assert.equal((await callTool(server, legacy, 'read_count', { key })).structuredContent.count, 0, 'nothing was executed');
  });

  test('an element that is no message refuses all of it, nothing executed', async () => {
    for (const [at, bad] of [
      1,
      null,
      'x',
      [],
      {},
      { jsonrpc: '2.0', id: null, method: 'ping' },
      { jsonrpc: '1.0', id: 1, method: 'ping' },
    ].entries()) {
      const key = `bad-element-${at}`;
      const answer = await batch([request(1, 'tools/call', calling('count', { key })), bad]);
      answer.error(400, CODE.invalidRequest, `MCP "Batching": ${JSON.stringify(bad)}`);
      assert.equal((await callTool(server, legacy, 'read_count', { key })).structuredContent.count, 0, 'nothing was executed');
    }
  });

  test('initialize is no part of a batch', async () => {
    const params = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    const answer = await batch([request(1, 'initialize', params), request(2)]);
    answer.hasStatus([200, 400], 'MCP "Batching"');
    const replies = answer.messages('MCP "Batching"');
    assert.ok(
      replies.some((reply) => reply.error?.code === CODE.invalidRequest),
      answer.story('MCP "Batching": initialize must not be in a batch'),
    );
    assert.ok(!replies.some((reply) => reply.result?.protocolVersion), answer.story('it is not answered'));
  });
});

// MCP "Lifecycle › Error Handling"
describe('errors', () => {
  const rows = [
    ['an unknown method', ['no/such', undefined], CODE.methodNotFound],
    ['server/discover', ['server/discover', {}], CODE.methodNotFound],
    ['subscriptions/listen', ['subscriptions/listen', {}], CODE.methodNotFound],
    ['an unknown tool', ['tools/call', calling('no_such_tool')], CODE.invalidParams],
    ['a tool call without a name', ['tools/call', { arguments: {} }], CODE.invalidParams],
    ['a tool call whose name is a number', ['tools/call', { name: 3 }], CODE.invalidParams],
    ['arguments that are an array', ['tools/call', { name: 'test_simple_text', arguments: [] }], CODE.invalidParams],
    ['a cursor that was never given', ['tools/list', { cursor: 'made up' }], CODE.invalidParams],
  ];
  for (const [row, [method, params], code] of rows) {
    for (const version of LEGACY) {
      test(`${row} is ${code} in band (${version})`, async () => {
        (await ask(method, params, { version })).error(200, code, 'MCP "Error Responses": with status 200');
      });
    }
  }

  for (const [row, [method, params], capability, code] of [
    ['a resource that does not exist', ['resources/read', { uri: 'test://nowhere' }], 'resources', -32002],
    ['a prompt that does not exist', ['prompts/get', { name: 'nope' }], 'prompts', CODE.invalidParams],
  ]) {
    for (const version of LEGACY) {
      // MCP "Operation"
      test(`${row} is ${code} in band, or its method is unknown if ${capability} are not declared (${version})`, async () => {
        const { capabilities } = (await send(server, initialize(version))).result();
        const answer = await ask(method, params, { version });
        answer.error(200, capability in capabilities ? code : CODE.methodNotFound, 'MCP "Error Responses": with status 200');
      });
    }
  }

  test('a tool that needs what the client did not declare never answers with a modern code', async () => {
    const answer = await ask('tools/call', calling('test_missing_capability'));
    const code = answer.final().error?.code ?? 0;
    assert.ok(!(code <= -32020 && code >= -32099), answer.story('MCP "Error Responses": -3202x never on this path'));
  });

  test('headers of the later revision are not looked at', async () => {
    const headers = { 'mcp-method': 'tools/list', 'mcp-name': 'somebody', 'mcp-param-region': 'eu' };
    const answer = await ask('tools/call', calling('mirrored_headers', { region: 'us' }), { headers });
    assert.ok(!answer.result('decision 2: no -32020 on this path').isError, answer.story('the tool answers'));
  });

  test('no refusal carries a modern code', async () => {
    const version = { 'mcp-protocol-version': LEGACY[0] };
    const requests = [
      post('{', { headers: version }),
      post('', { headers: version }),
      post({ jsonrpc: '2.0', id: null, method: 'ping' }, { headers: version }),
      post({ jsonrpc: '2.0', id: 1 }, { headers: version }),
      post([], { headers: version }),
      legacy('tools/call', calling('nope')),
      legacy('nope', {}),
      legacy('tools/list', {}, { version: 'v0' }),
      legacy('tools/list', {}, { headers: { accept: 'text/html' } }),
      legacy('tools/list', {}, { headers: { 'content-type': 'text/plain' } }),
      legacy('initialize', {}),
      { method: 'GET', path: '/mcp', headers: version },
    ];
    for (const asked of requests) {
      const answer = await send(server, asked);
      assert.doesNotMatch(
        answer.text,
        /-3202\d/,
        answer.story('decision 2: clients would take this for a modern server and not fall back'),
      );
    }
  });
});

describe('methods of HTTP', () => {
  for (const version of LEGACY) {
    test(`GET and DELETE are 405 (${version})`, async () => {
      for (const [method, accept] of [
        ['GET', 'text/event-stream'],
        ['GET', BOTH_TYPES],
        ['DELETE', BOTH_TYPES],
      ]) {
        const answer = await send(server, {
          method,
          path: '/mcp',
          headers: { accept, 'mcp-protocol-version': version },
        });
        answer.hasStatus(405, 'MCP "Listening for Messages from the Server", MCP "Session Management": there is no stream and no session').hasHeader('allow', /\bPOST\b/, 'RFC 9110 §15.5.6');
      }
    });
  }
});

describe('answers', () => {
  for (const id of ['a string', '', 0, 7, -1, Number.MAX_SAFE_INTEGER, '7']) {
    test(`the id ${JSON.stringify(id)} comes back as it was`, async () => {
      for (const answer of [await ask('ping', undefined, { id }), await ask('nope', {}, { id })]) {
        assert.strictEqual(answer.json().id, id, answer.story('MCP "Responses": the id is echoed, its type too'));
      }
    });
  }

  for (const accept of [
    null,
    '*/*',
    BOTH_TYPES,
    'text/event-stream, application/json',
    'application/json',
    'application/*',
    'Application/JSON',
  ]) {
    test(`Accept ${accept ?? 'absent'}: a plain call is answered as JSON`, async () => {
      const answer = await ask('tools/call', calling('test_simple_text'), { headers: { accept } });
      answer.result('MCP "Sending Messages to the Server"');
      answer.hasHeader('content-type', /^application\/json\b/, 'nothing was streamed');
    });
  }

  test('Accept of event streams alone: the answer is a stream of one event', async () => {
    const answer = await ask('tools/call', calling('test_simple_text'), { headers: { accept: 'text/event-stream' } });
    answer.result('MCP "Sending Messages to the Server"');
    answer.hasHeader('content-type', /^text\/event-stream\b/, 'only what the client accepts');
  });

  test('Accept of neither type is 406', async () => {
    for (const accept of ['text/html', 'application/xml, text/plain']) {
      (await ask('ping', undefined, { headers: { accept } })).hasStatus(406, `MCP "Sending Messages to the Server": nothing that ${accept} allows can be sent`);
    }
  });

  test('a large result arrives whole', async () => {
    const result = await callTool(server, legacy, 'repeat', { text: 'täglich ', times: 50_000 });
    assert.equal(textOf(result).length, 8 * 50_000, 'as one answer');
  });
});

describe('streams', () => {
  for (const version of LEGACY) {
    test(`each event leaves when it happens; the result ends the stream (${version})`, async () => {
      const params = { ...calling('progress_slowly', { steps: 3, delay_ms: 150 }), _meta: { progressToken: 5 } };
      const answer = await stream(server, legacy('tools/call', params, { id: 's-1', version }));
      assert.match(answer.headers['content-type'] ?? '', /^text\/event-stream\b/, answer.story('MCP "Sending Messages to the Server"'));
      assert.equal(answer.headers['x-accel-buffering'], 'no', answer.story('MCP "Receiving Messages"'));
      const events = [];
      for await (const event of answer.events) {
        if (event.comment !== undefined) continue;
        assert.ok(event.data, answer.story('MCP "Sending Messages to the Server": an event with empty data breaks older clients'));
        events.push({ ...event, message: JSON.parse(event.data) });
      }
      assert.deepEqual(
        events
          .slice(0, -1)
          .map(({ message }) => [message.method, message.params.progressToken, message.params.progress, message.params.total]),
        [1, 2, 3].map((step) => ['notifications/progress', 5, step, 3]),
        answer.story('MCP "Progress › Behavior Requirements": strictly increasing, for the token of this request'),
      );
      const last = events.at(-1);
      assert.equal(last.message.id, 's-1', answer.story('MCP "Sending Messages to the Server": the response is the last event'));
      assert.equal(textOf(last.message.result), 'done', answer.story('MCP "Sending Messages to the Server"'));
      assert.ok(
        last.at - events[0].at > 180,
        answer.story(`events are flushed one by one, not at the end (${events.map((event) => Math.round(event.at))} ms)`),
      );
    });
  }

  test('without a progress token nothing is streamed', async () => {
    const answer = await ask('tools/call', calling('progress_slowly', { steps: 2, delay_ms: 10 }));
    assert.equal(textOf(answer.result('MCP "Progress › Behavior Requirements"')), 'done', answer.story('MCP "Progress › Behavior Requirements": progress only if asked'));
    answer.hasHeader('content-type', /^application\/json\b/, 'nothing to stream');
  });

  test('while a tool is silent, comments keep the connection open', async () => {
    const params = { ...calling('hang_until_cancelled', { key: 'legacy-keep-alive' }), _meta: { progressToken: 1 } };
    const answer = await stream(server, legacy('tools/call', params));
    let comments = 0;
    for await (const event of answer.events) {
      if (event.comment !== undefined) comments += 1;
      if (comments === 2) break;
    }
    answer.close();
    assert.equal(comments, 2, answer.story('MCP "Receiving Messages"'));
  });

  test('a client that goes away without a session does not cancel its call either', async () => {
    const key = 'legacy-gone';
    const params = { ...calling('hang_until_cancelled', { key, ticks: 20 }), _meta: { progressToken: 1 } };
    const answer = await stream(server, legacy('tools/call', params));
    for await (const event of answer.events) if (event.data) break;
    answer.close();
    const counts = await eventually(
      async () => (await callTool(server, legacy, 'hang_counts', { key })).structuredContent,
      (counts) => counts.finished + counts.cancelled === 1,
      'MCP "Sending Messages to the Server": a closed connection is no cancellation',
    );
    assert.deepEqual({ ...counts }, { started: 1, cancelled: 0, finished: 1 });
  });
});
