// The stateless revision, 2026-07-28: which requests it takes, what it checks in which order, how it answers.
// Section numbers T, H and the codes are those of the specification's "Streamable HTTP", "Request Metadata" and "Error Codes".

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../support/eventually.mjs';
import {
  BOTH_TYPES,
  CODE,
  KEY,
  MODERN,
  base64Sentinel,
  callTool,
  calling,
  modern,
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

const ask = (method, params, options) => send(server, modern(method, params, options));
const envelope = { [KEY.version]: MODERN, [KEY.capabilities]: {} };
const hasNoId = (answer) => assert.ok(!('id' in answer.json()), answer.story('an error to nothing readable has no id'));

/** `modern` with a body member replaced after the headers were built. */
function altered(asked, change) {
  const body = JSON.parse(asked.body);
  change(body);
  return { ...asked, body: JSON.stringify(body) };
}

describe('which era a request belongs to', () => {
  test('a body that is not JSON is 400 -32700 without id', async () => {
    const answer = await send(server, post('{', { headers: { 'mcp-protocol-version': MODERN } }));
    answer.error(400, CODE.parse, 'MCP "Backward Compatibility with Initialization-Based Versions"');
    hasNoId(answer);
  });

  test('an array is 400 -32600, whatever is in it', async () => {
    const request = JSON.parse(modern('tools/list').body);
    const legacyRequest = { jsonrpc: '2.0', id: 1, method: 'ping' };
    const rows = {
      empty: [],
      'one modern request': [request],
      'a modern among legacy ones': [legacyRequest, request],
      'legacy requests under a modern header': [legacyRequest],
    };
    for (const [row, body] of Object.entries(rows)) {
      (await send(server, post(body, { headers: { 'mcp-protocol-version': MODERN } }))).error(400, CODE.invalidRequest, `${row}: MCP "Sending Messages"`);
    }
    (await send(server, post([legacyRequest, request]))).error(
      400,
      CODE.invalidRequest,
      'the claim in the body decides, without any header',
    );
  });

  test('initialize with a modern claim does not exist: 404 -32601', async () => {
    (await ask('initialize', { protocolVersion: MODERN, capabilities: {} })).error(404, CODE.methodNotFound, 'MCP "Backward Compatibility with Initialization-Based Versions"');
  });

  test('initialize under a modern header without a claim is 400 -32020', async () => {
    const body = { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: MODERN, capabilities: {} } };
    (await send(server, post(body, { headers: { 'mcp-protocol-version': MODERN } }))).error(400, CODE.headerMismatch, 'MCP "Backward Compatibility with Initialization-Based Versions"');
  });

  test('a request under a modern header without a claim is 400 -32602 that names what is missing', async () => {
    for (const params of [undefined, {}, { _meta: {} }, { _meta: { progressToken: 1 } }]) {
      const body = { jsonrpc: '2.0', id: 7, method: 'tools/list', ...(params && { params }) };
      const answer = await send(server, post(body, { headers: { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/list' } }));
      const { message } = answer.error(400, CODE.invalidParams, 'MCP "Backward Compatibility with Initialization-Based Versions"');
      assert.ok(message.includes(KEY.version), answer.story('names the missing key'));
      assert.equal(answer.json().id, 7, answer.story('the id is echoed'));
    }
  });

  test('a later date in the header is modern too', async () => {
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
    (await send(server, post(body, { headers: { 'mcp-protocol-version': '2027-01-01' } }))).error(400, CODE.invalidParams, 'MCP "Backward Compatibility with Initialization-Based Versions"');
  });

  test('a claim in the body makes a request modern, so its header is required: 400 -32020', async () => {
    (await ask('tools/list', {}, { headers: { 'mcp-protocol-version': null } })).error(400, CODE.headerMismatch, 'MCP "Protocol Version Header"');
  });

  test('a posted response is not a request: 400 -32600', async () => {
    const headers = { 'mcp-protocol-version': MODERN };
    for (const body of [
      { jsonrpc: '2.0', id: 1, result: {} },
      { jsonrpc: '2.0', id: 1, error: { code: -1, message: 'no' } },
    ]) {
      (await send(server, post(body, { headers }))).error(400, CODE.invalidRequest, 'MCP "Sending Messages": only requests and notifications');
    }
  });
});

// MCP "Base Protocol › Requests"
describe('the envelope of a request', () => {
  const rows = {
    'no version': { [KEY.capabilities]: {} },
    'a version that is a number': { ...envelope, [KEY.version]: 20260728 },
    'a version that is null': { ...envelope, [KEY.version]: null },
    'a version that is an object': { ...envelope, [KEY.version]: {} },
    'no capabilities': { [KEY.version]: MODERN },
    'capabilities that are null': { ...envelope, [KEY.capabilities]: null },
    'capabilities that are an array': { ...envelope, [KEY.capabilities]: [] },
    'capabilities that are a string': { ...envelope, [KEY.capabilities]: 'all' },
  };
  for (const [row, meta] of Object.entries(rows)) {
    test(`the envelope of a request, ${row}: 400 -32602`, async () => {
      const asked = altered(modern('server/discover'), (body) => {
        body.params._meta = meta;
      });
      const answer = await send(server, asked);
      answer.error(400, CODE.invalidParams, 'MCP "_meta": a bad envelope');
      assert.equal(answer.json().id, JSON.parse(asked.body).id, answer.story('the id is echoed'));
    });
  }

  test('_meta that is no object is 400 -32602', async () => {
    for (const meta of ['x', 1, [], null]) {
      const asked = altered(modern('server/discover'), (body) => {
        body.params._meta = meta;
      });
      (await send(server, asked)).error(400, [CODE.invalidParams, CODE.invalidRequest], 'MCP "_meta": a bad envelope');
    }
  });

  test('clientInfo may be missing', async () => {
    const asked = altered(modern('server/discover'), (body) => {
      body.params._meta = envelope;
    });
    (await send(server, asked)).result('MCP "_meta": only version and capabilities are required');
  });

  test('members that this server does not know are ignored', async () => {
    const meta = {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'com.example/anything': { deep: [1, null] },
      'io.modelcontextprotocol/unheard': true,
    };
    (await ask('tools/list', {}, { meta, capabilities: { extensions: { 'com.example/x': {} }, unheard: {} } })).result(
      'MCP "_meta": extension keys',
    );
  });
});

describe('version negotiation', () => {
  const rejected = (version) => ask('tools/list', {}, { version });

  for (const version of ['v999.0.0', '2027-01-01', '2025-11-25', '2024-11-05', '']) {
    test(`a version that is not served per request is 400 -32022 with data: ${JSON.stringify(version)}`, async () => {
      const answer = await rejected(version);
      if (version === '') {
        answer.error(400, [CODE.unsupportedVersion, CODE.invalidParams, CODE.headerMismatch], 'MCP "Protocol Version Negotiation": never served');
        return;
      }
      const { data } = answer.error(400, CODE.unsupportedVersion, 'MCP "Protocol Version Negotiation": an unsupported version');
      assert.equal(data?.requested, version, answer.story('data.requested is the version that was asked'));
      assert.deepEqual(data.supported, [MODERN], answer.story('data.supported names ours'));
      const discovered = (await ask('server/discover')).result().supportedVersions;
      assert.deepEqual(data.supported, discovered, answer.story('data.supported is what discover says'));
    });
  }

  test('a header that differs from the body is 400 -32020, before the version itself is judged', async () => {
    for (const [inBody, inHeader] of [
      ['v999.0.0', MODERN],
      [MODERN, '2025-11-25'],
      [MODERN, '2027-01-01'],
      [MODERN, 'v999.0.0'],
    ]) {
      const answer = await ask('tools/list', {}, { version: inBody, headers: { 'mcp-protocol-version': inHeader } });
      answer.error(400, CODE.headerMismatch, `MCP "Protocol Version Header": body ${inBody}, header ${inHeader}`);
    }
  });

  // MCP "Discovery › Response", "DiscoverResult"
  test('server/discover tells versions, capabilities and who this is', async () => {
    const answer = await ask('server/discover');
    const result = answer.result();
    assert.deepEqual(result.supportedVersions, [MODERN], answer.story('supportedVersions'));
    assert.equal(typeof result.capabilities.tools, 'object', answer.story('capabilities.tools'));
    assert.equal(result.resultType, 'complete', answer.story('resultType'));
    assert.ok(Number.isInteger(result.ttlMs) && result.ttlMs >= 0, answer.story('ttlMs is an integer from 0'));
    assert.ok(['public', 'private'].includes(result.cacheScope), answer.story('cacheScope'));
    assert.equal(typeof result._meta?.[KEY.serverInfo]?.name, 'string', answer.story('serverInfo in _meta'));
    assert.equal(typeof result._meta?.[KEY.serverInfo]?.version, 'string', answer.story('serverInfo in _meta'));
    if ('instructions' in result) assert.equal(typeof result.instructions, 'string', answer.story('instructions are a text'));
  });
});

describe('Mcp-Method and Mcp-Name', () => {
  const call = (headers) => ask('tools/call', calling('test_simple_text'), { headers });

  const refused = {
    'Mcp-Method is missing': () => call({ 'mcp-method': null }),
    'Mcp-Method is another method': () => call({ 'mcp-method': 'tools/list' }),
    'Mcp-Method differs in case': () => call({ 'mcp-method': 'Tools/Call' }),
    'Mcp-Method is there twice with different values': () => call({ 'mcp-method': ['tools/call', 'tools/list'] }),
    'Mcp-Method is empty': () => call({ 'mcp-method': '' }),
    'Mcp-Method is missing where nothing is named': () => ask('tools/list', {}, { headers: { 'mcp-method': null } }),
    'Mcp-Name is missing': () => call({ 'mcp-name': null }),
    'Mcp-Name is another tool': () => call({ 'mcp-name': 'test_image_content' }),
    'Mcp-Name differs in case': () => call({ 'mcp-name': 'Test_Simple_Text' }),
    'Mcp-Name is base64 that is badly padded': () => call({ 'mcp-name': '=?base64?dGVzdF9zaW1wbGVfdGV4dA=?=' }),
    'Mcp-Name is base64 with alien characters': () => call({ 'mcp-name': '=?base64?dGVzd!9zaW1wbGVfdGV4dA==?=' }),
    'Mcp-Name is base64 of bytes that are no UTF-8': () =>
      call({ 'mcp-name': `=?base64?${Buffer.from([0xff, 0xfe]).toString('base64')}?=` }),
    'Mcp-Name is base64 of another tool': () => call({ 'mcp-name': base64Sentinel('test_image_content') }),
    'Mcp-Name is base64 under a prefix in upper case': () => call({ 'mcp-name': `=?BASE64?${btoa('test_simple_text')}?=` }),
    'Mcp-Name is base64 without the suffix': () => call({ 'mcp-name': `=?base64?${btoa('test_simple_text')}` }),
    'Mcp-Name is missing for prompts/get': () => ask('prompts/get', { name: 'test_simple_prompt' }, { headers: { 'mcp-name': null } }),
    'Mcp-Name is missing for resources/read': () => ask('resources/read', { uri: 'test://static-text' }, { headers: { 'mcp-name': null } }),
    'Mcp-Name is another resource': () =>
      ask('resources/read', { uri: 'test://static-text' }, { headers: { 'mcp-name': 'test://static-binary' } }),
  };
  for (const [row, request] of Object.entries(refused)) {
    test(`Mcp-Method and Mcp-Name, ${row}: 400 -32020`, async () => {
      const answer = await request();
      answer.error(400, CODE.headerMismatch, 'MCP "Standard Request Headers", MCP "Value Encoding": the server must reject what disagrees');
      assert.ok(answer.json().id !== undefined, answer.story('the id is echoed'));
    });
  }

  const accepted = {
    'names of headers in any case': {
      'mcp-method': null,
      'mcp-name': null,
      'MCP-METHOD': 'tools/call',
      'Mcp-NAME': 'test_simple_text',
    },
    'white space around a value': { 'mcp-method': '  tools/call\t', 'mcp-name': '\ttest_simple_text  ' },
    'a name as base64': { 'mcp-name': base64Sentinel('test_simple_text') },
    'a Mcp-Param header that no tool declares': { 'mcp-param-nobody': 'x' },
    'a session id and an event id of another revision': { 'mcp-session-id': 'nobody', 'last-event-id': '7' },
  };
  for (const [row, headers] of Object.entries(accepted)) {
    test(`Mcp-Method and Mcp-Name, ${row}: accepted`, async () => {
      const cleaned = Object.fromEntries(
        Object.entries({ 'mcp-method': 'tools/call', 'mcp-name': 'test_simple_text', ...headers }).filter(([, value]) => value !== null),
      );
      const asked = modern('tools/call', calling('test_simple_text'));
      const { 'mcp-method': _method, 'mcp-name': _name, ...rest } = asked.headers;
      const answer = await send(server, { ...asked, headers: { ...rest, ...cleaned } });
      assert.equal(
        textOf(answer.result('MCP "Case Sensitivity", MCP "Value Encoding", MCP "Server Behavior for Custom Headers", MCP "Earlier Streamable HTTP Revisions"')),
        'This is a simple text response for testing.',
        answer.story('the tool answers'),
      );
    });
  }

  test('a name beyond ASCII travels as base64', async () => {
    const uri = 'test://nichts/täglich ☃';
    const answer = await ask('resources/read', { uri }, { headers: { 'mcp-name': base64Sentinel(uri) } });
    assert.notEqual(answer.final().error?.code, CODE.headerMismatch, answer.story('MCP "Value Encoding": decoded before it is compared'));
  });

  test('a request that fails its headers executes nothing', async () => {
    const key = 'headers';
    await ask('tools/call', calling('count', { key }), { headers: { 'mcp-method': 'tools/list' } });
    await ask('tools/call', calling('count', { key }), { headers: { 'mcp-name': 'read_count' } });
    const { structuredContent } = await callTool(server, modern, 'read_count', { key });
    assert.equal(structuredContent.count, 0, 'MCP "Server Validation": rejected before the handler');
  });
});

// MCP "x-mcp-header", "Schema Extension"
describe('Mcp-Param headers', () => {
  const call = (args, headers) => ask('tools/call', calling('mirrored_headers', args), { headers });
  const all = { 'mcp-param-region': 'eu', 'mcp-param-level': '3', 'mcp-param-flag': 'true', 'mcp-param-zone': 'a' };
  const args = { region: 'eu', level: 3, flag: true, place: { zone: 'a' } };

  const accepted = [
    ['every value mirrored', args, all],
    ['no value, no header', {}, {}],
    ['a text as base64', { region: 'Zürich ☃' }, { 'mcp-param-region': base64Sentinel('Zürich ☃') }],
    ['a text with a prefix but no suffix is literal', { region: '=?base64?ZXU=' }, { 'mcp-param-region': '=?base64?ZXU=' }],
    ['a text with a suffix but no prefix is literal', { region: 'ZXU=?=' }, { 'mcp-param-region': 'ZXU=?=' }],
    ['an integer as a number', { level: 42 }, { 'mcp-param-level': '42.0' }],
    ['a negative integer', { level: -7 }, { 'mcp-param-level': '-7' }],
    ['false', { flag: false }, { 'mcp-param-flag': 'false' }],
    ['name of the header in another case', { region: 'eu' }, { 'MCP-PARAM-REGION': 'eu' }],
    ['white space around the value', { region: 'eu' }, { 'mcp-param-region': ' eu ' }],
    ['a header that no property declares', {}, { 'mcp-param-other': 'x' }],
  ];
  for (const [row, body, headers] of accepted) {
    test(`Mcp-Param headers: ${row}: accepted`, async () => {
      const answer = await call(body, headers);
      const result = answer.result('MCP "Value Encoding", MCP "Server Behavior for Custom Headers"');
      assert.ok(!result.isError, answer.story('the tool answers'));
    });
  }

  test('null has no header: whatever the schema says to it, it is no mismatch', async () => {
    (await call({ region: null }, {})).result('MCP "Server Behavior for Custom Headers"');
  });

  const refused = [
    ['a missing header', { region: 'eu' }, {}],
    ['another value', { region: 'eu' }, { 'mcp-param-region': 'us' }],
    ['another case', { region: 'eu' }, { 'mcp-param-region': 'EU' }],
    ['a header although the value is absent', {}, { 'mcp-param-region': 'eu' }],
    ['a header although the value is null', { region: null }, { 'mcp-param-region': 'eu' }],
    ['base64 that is badly padded', { region: 'Hello' }, { 'mcp-param-region': '=?base64?SGVsbG8?=' }],
    ['base64 with alien characters', { region: 'Hello' }, { 'mcp-param-region': '=?base64?SGVs!G8=?=' }],
    ['base64 of bytes that are no UTF-8', { region: '\ufffd' }, { 'mcp-param-region': '=?base64?/w==?=' }],
    ['another integer', { level: 3 }, { 'mcp-param-level': '4' }],
    ['an integer that is no number', { level: 3 }, { 'mcp-param-level': 'three' }],
    ['another boolean', { flag: true }, { 'mcp-param-flag': 'false' }],
    ['a boolean in upper case', { flag: true }, { 'mcp-param-flag': 'TRUE' }],
    ['a boolean as a number', { flag: true }, { 'mcp-param-flag': '1' }],
    ['a nested value without header', { place: { zone: 'a' } }, {}],
    ['another nested value', { place: { zone: 'a' } }, { 'mcp-param-zone': 'b' }],
    ['a header for a nested value whose parent is absent', {}, { 'mcp-param-zone': 'a' }],
  ];
  for (const [row, body, headers] of refused) {
    test(`Mcp-Param headers: ${row}: 400 -32020`, async () => {
      (await call(body, headers)).error(400, CODE.headerMismatch, 'MCP "Value Encoding", MCP "Server Behavior for Custom Headers"');
    });
  }
});

describe('methods', () => {
  const REMOVED = [
    ['ping', {}],
    ['logging/setLevel', { level: 'info' }],
    ['resources/subscribe', { uri: 'test://static-text' }],
    ['resources/unsubscribe', { uri: 'test://static-text' }],
    ['tasks/list', {}],
    ['tasks/result', { taskId: '1' }],
    ['unknown/method', {}],
    ['tools/Call', {}],
    ['', {}],
  ];
  for (const [method, params] of REMOVED) {
    test(`${JSON.stringify(method)} is 404 -32601`, async () => {
      const answer = await ask(method, params, { id: 'm-1' });
      answer.error(404, CODE.methodNotFound, 'MCP "Protocol Version Header": unknown and removed methods');
      assert.equal(answer.json().id, 'm-1', answer.story('the id is echoed'));
    });
  }

  test('an unknown tool is -32602 in band', async () => {
    (await ask('tools/call', calling('no_such_tool'))).error(200, CODE.invalidParams, 'MCP "Tools › Error Handling": in the handler');
  });

  test('a tool call without a name is -32602', async () => {
    const asked = altered(modern('tools/call', calling('test_simple_text')), (body) => {
      delete body.params.name;
    });
    (await send(server, { ...asked, headers: { ...asked.headers, 'mcp-name': null } })).error(
      [200, 400],
      [CODE.invalidParams, CODE.headerMismatch],
      'MCP "Error Codes"',
    );
  });

  test('a tool that needs what the client did not declare is 400 -32021 and says what', async () => {
    const answer = await ask('tools/call', calling('test_missing_capability'), { capabilities: {} });
    const { data } = answer.error(400, CODE.missingCapability, 'MCP "Error Codes"');
    assert.deepEqual(data?.requiredCapabilities, { sampling: {} }, answer.story('data.requiredCapabilities'));
  });

  for (const method of ['GET', 'DELETE', 'PUT']) {
    test(`${method} is 405`, async () => {
      const headers = {
        'mcp-protocol-version': MODERN,
        accept: 'text/event-stream',
        'mcp-session-id': 'x',
        'last-event-id': '1',
      };
      const answer = await send(server, { method, path: '/mcp', headers });
      answer.hasStatus(405, 'MCP "Streamable HTTP", MCP "Earlier Streamable HTTP Revisions", MCP "Session Management"').hasHeader('allow', /\bPOST\b/, 'RFC 9110 §15.5.6');
    });
  }
});

// MCP "Notifications", "Transport-Specific Cancellation"
describe('notifications', () => {
  const notify = (method, params, headers = {}) =>
    send(
      server,
      post(
        { jsonrpc: '2.0', method, params: { ...params, _meta: envelope } },
        { headers: { 'mcp-protocol-version': MODERN, 'mcp-method': method, ...headers } },
      ),
    );

  test('notifications are taken with 202 and no body', async () => {
    for (const [method, params] of [
      ['notifications/cancelled', { requestId: 'nobody' }],
      ['notifications/cancelled', { requestId: 12345, reason: 'because' }],
      ['notifications/unheard/of', { anything: [1] }],
      ['notifications/roots/list_changed', {}],
    ]) {
      (await notify(method, params)).hasStatus(202, 'MCP "Sending Messages"').hasNoBody('MCP "Sending Messages"');
    }
  });

  test('headers are not demanded of them', async () => {
    (await notify('notifications/cancelled', { requestId: 1 }, { 'mcp-method': null })).hasStatus(202, 'MCP "Request Metadata": lenient').hasNoBody('MCP "Sending Messages"');
  });
});

describe('answers', () => {
  for (const id of ['a string', '', 0, 7, -1, Number.MAX_SAFE_INTEGER, '7']) {
    test(`the id ${JSON.stringify(id)} comes back as it was`, async () => {
      for (const answer of [await ask('tools/list', {}, { id }), await ask('nope', {}, { id })]) {
        assert.strictEqual(answer.json().id, id, answer.story('MCP "Responses": the id is echoed, its type too'));
      }
    });
  }

  const SERVED = [
    { method: 'server/discover' },
    { method: 'tools/list' },
    { method: 'tools/call', params: calling('test_simple_text') },
    { method: 'tools/call', params: calling('test_error_handling') },
    { method: 'resources/list', capability: 'resources' },
    { method: 'resources/templates/list', capability: 'resources' },
    { method: 'resources/read', params: { uri: 'test://static-text' }, capability: 'resources' },
    { method: 'prompts/list', capability: 'prompts' },
    { method: 'prompts/get', params: { name: 'test_simple_prompt' }, capability: 'prompts' },
    {
      method: 'completion/complete',
      params: { ref: { type: 'ref/prompt', name: 'test_prompt_with_arguments' }, argument: { name: 'arg1', value: 'pa' } },
      capability: 'completions',
    },
  ];
  for (const { method, params, capability } of SERVED) {
    test(`${method} is served exactly if it is declared; its result is typed and says who gave it`, async () => {
      const { capabilities } = (await ask('server/discover')).result();
      const answer = await ask(method, params);
      if (capability && !(capability in capabilities)) {
        answer.error(404, CODE.methodNotFound, `MCP "Error Codes": ${capability} is not declared, so its methods do not exist`);
        return;
      }
      const result = answer.result(`${method} is served`);
      assert.equal(result.resultType, 'complete', answer.story('MCP "Result Responses": resultType is required'));
      assert.equal(typeof result._meta?.[KEY.serverInfo]?.name, 'string', answer.story('MCP "_meta": serverInfo on every result'));
    });
  }

  // MCP "Statelessness"
  test('nothing of a session appears', async () => {
    const answer = await ask('server/discover');
    answer.hasHeader('mcp-session-id', undefined, 'MCP "Earlier Streamable HTTP Revisions": there are no sessions');
  });

  const ACCEPTED = {
    absent: null,
    '*/*': '*/*',
    'both types': BOTH_TYPES,
    'both in the other order': 'text/event-stream, application/json',
    'JSON alone': 'application/json',
    'JSON with a weight': 'application/json;q=0.9, text/event-stream;q=0.1',
    'application/*': 'application/*',
    'upper case': 'APPLICATION/JSON, TEXT/EVENT-STREAM',
    'among others': 'text/html, application/json',
  };
  for (const [row, accept] of Object.entries(ACCEPTED)) {
    test(`Accept ${row}: a plain call is answered as JSON`, async () => {
      const answer = await ask('tools/call', calling('test_simple_text'), { headers: { accept } });
      answer.result('MCP "Sending Messages"');
      answer.hasHeader('content-type', /^application\/json\b/, 'nothing was streamed');
    });
  }

  test('Accept of event streams alone: the answer is a stream of one event', async () => {
    const answer = await ask('tools/call', calling('test_simple_text'), { headers: { accept: 'text/event-stream' } });
    answer.result('MCP "Sending Messages"');
    answer.hasHeader('content-type', /^text\/event-stream\b/, 'only what the client accepts');
  });

  test('Accept of neither type is 406', async () => {
    for (const accept of ['text/html', 'application/xml', 'image/*, text/plain', 'application/jsonp']) {
      const answer = await ask('tools/call', calling('test_simple_text'), { headers: { accept } });
      answer.hasStatus(406, `MCP "Sending Messages": nothing that ${accept} allows can be sent`);
    }
  });

  test('Accept of JSON alone: a tool that reports progress is answered as JSON, without it', async () => {
    const answer = await ask('tools/call', calling('progress_slowly', { steps: 2, delay_ms: 10 }), {
      meta: { progressToken: 1 },
      headers: { accept: 'application/json' },
    });
    assert.equal(textOf(answer.result('MCP "Sending Messages"')), 'done', answer.story('the result is complete'));
    answer.hasHeader('content-type', /^application\/json\b/, 'only what the client accepts');
  });
});

describe('streams', () => {
  const slow = (options = {}, args = { steps: 3, delay_ms: 200 }) =>
    stream(server, modern('tools/call', calling('progress_slowly', args), { meta: { progressToken: 'token-1' }, ...options }));

  test('each event leaves when it happens; the result ends the stream', async () => {
    const answer = await slow({ id: 's-1' });
    assert.equal(answer.status, 200, answer.story('MCP "Sending Messages"'));
    assert.match(answer.headers['content-type'], /^text\/event-stream\b/, 'MCP "Sending Messages"');
    assert.equal(answer.headers['x-accel-buffering'], 'no', answer.story('MCP "Receiving Messages"'));
    assert.match(answer.headers['cache-control'] ?? '', /no-(cache|store)/, answer.story('an event stream is not cached'));
    const events = [];
    for await (const event of answer.events) if (event.data !== undefined) events.push({ ...event, message: JSON.parse(event.data) });
    const progress = events.slice(0, -1);
    assert.deepEqual(
      progress.map((event) => [
        event.message.method,
        event.message.params.progressToken,
        event.message.params.progress,
        event.message.params.total,
      ]),
      [1, 2, 3].map((step) => ['notifications/progress', 'token-1', step, 3]),
      answer.story('MCP "Progress › Behavior Requirements": progress for the token of this request, strictly increasing'),
    );
    const last = events.at(-1);
    assert.equal(last.message.id, 's-1', answer.story('MCP "Receiving Messages": the response is the last event'));
    assert.equal(textOf(last.message.result), 'done', answer.story('MCP "Receiving Messages"'));
    assert.equal(last.message.result.resultType, 'complete', answer.story('MCP "Result Responses"'));
    assert.ok(
      last.at - events[0].at > 250,
      answer.story(`MCP "Receiving Messages": events are flushed one by one, not at the end (${events.map((event) => Math.round(event.at))} ms)`),
    );
    for (const event of events) assert.ok([undefined, 'message'].includes(event.event), answer.story('the event type is `message`'));
  });

  test('an integer progress token stays one', async () => {
    const answer = await slow({ meta: { progressToken: 7 } }, { steps: 1, delay_ms: 1 });
    for await (const event of answer.events) {
      const message = event.data && JSON.parse(event.data);
      if (message?.method) assert.strictEqual(message.params.progressToken, 7, answer.story('MCP "Progress › Behavior Requirements": string or integer, as it was sent'));
    }
  });

  for (const [of, method, meta] of [
    ['progress', 'notifications/progress', { progressToken: 'flood' }],
    ['logs', 'notifications/message', { [KEY.logLevel]: 'info' }],
  ]) {
    // MCP "Progress › Implementation Notes", "Logging › Security"
    test(`a tool that floods its client with ${of} is held back: a hundred at once, then twenty a second`, async () => {
      const begun = performance.now();
      const answer = await ask('tools/call', calling('flood', { of }), { meta });
      const seconds = (performance.now() - begun) / 1000;
      const sent = answer.messages('MCP "Receiving Messages"').filter((message) => message.method === method).length;
      assert.ok(sent >= 100 && sent <= 101 + 20 * seconds, answer.story(`${sent} in ${seconds} s`));
      const all = answer.messages('MCP "Receiving Messages"');
      assert.equal(textOf(all.at(-1).result), 'flooded', answer.story('the result is the last: nothing follows completion'));
    });
  }

  test('without a progress token nothing is streamed', async () => {
    const answer = await ask('tools/call', calling('progress_slowly', { steps: 2, delay_ms: 10 }));
    assert.equal(textOf(answer.result('MCP "Progress › Behavior Requirements"')), 'done', answer.story('MCP "Progress › Behavior Requirements": progress only if asked'));
    answer.hasHeader('content-type', /^application\/json\b/, 'nothing to stream');
  });

  const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];
  for (const [at, level] of LEVELS.entries()) {
    // MCP "Requesting Log Messages", "Log Levels", "Log Message Notifications"
    test(`logLevel ${level}: logs of that level and above, on this stream`, async () => {
      const answer = await ask('tools/call', calling('log_levels'), { meta: { [KEY.logLevel]: level } });
      const logs = answer.messages('MCP "Receiving Messages"').filter((message) => message.method === 'notifications/message');
      assert.deepEqual(
        logs.map(({ params }) => [params.level, params.logger, params.data]),
        LEVELS.slice(at).map((one) => [one, 'levels', { level: one }]),
        answer.story('MCP "Per-request log level": only at or above the level'),
      );
      assert.equal(textOf(answer.result('MCP "Per-request log level"')), 'logged', answer.story('the result follows'));
    });
  }

  // MCP "Logging › Capabilities"
  test('without logLevel nothing is logged to the client', async () => {
    const answer = await ask('tools/call', calling('log_levels'));
    assert.equal(answer.messages('MCP "Per-request log level"').length, 1, answer.story('MCP "Per-request log level": logs only when the request asks'));
    assert.equal(textOf(answer.result()), 'logged', answer.story('the result comes'));
  });

  // MCP "Logging › Error Handling"
  test('a logLevel that does not exist is -32602', async () => {
    for (const level of ['loud', 'INFO', 3]) {
      (await ask('tools/call', calling('log_levels'), { meta: { [KEY.logLevel]: level } })).error(
        [200, 400],
        CODE.invalidParams,
        `MCP "Per-request log level": ${level}`,
      );
    }
    (await ask('tools/call', calling('log_levels'), { meta: { [KEY.logLevel]: null } })).result('null counts as absent');
  });

  test('while a tool is silent, comments keep the connection open', async () => {
    const answer = await stream(
      server,
      modern('tools/call', calling('hang_until_cancelled', { key: 'keep-alive' }), { meta: { progressToken: 1 } }),
    );
    let comments = 0;
    for await (const event of answer.events) {
      if (event.comment !== undefined) comments += 1;
      if (comments === 2) break;
    }
    answer.close();
    assert.equal(comments, 2, answer.story('MCP "Receiving Messages"'));
  });

  test('a client that goes away cancels the handler', async () => {
    const key = 'modern-gone';
    const answer = await stream(server, modern('tools/call', calling('hang_until_cancelled', { key }), { meta: { progressToken: 1 } }));
    for await (const event of answer.events) if (event.data) break;
    answer.close();
    const counts = await eventually(
      async () => (await callTool(server, modern, 'hang_counts', { key })).structuredContent,
      (counts) => counts.cancelled === 1,
      'MCP "Transports › Cancellation": the disconnect stops the work',
    );
    assert.deepEqual({ ...counts }, { started: 1, cancelled: 1, finished: 0 }, 'MCP "Transports › Cancellation"');
  });

  test('two streams at once do not mix', async () => {
    const read = async (token) => {
      const answer = await slow({ id: token, meta: { progressToken: token } }, { steps: 3, delay_ms: 30 });
      const messages = [];
      for await (const event of answer.events) if (event.data) messages.push(JSON.parse(event.data));
      return messages;
    };
    const both = await Promise.all([read('one'), read('two')]);
    for (const [at, token] of ['one', 'two'].entries()) {
      assert.deepEqual(
        both[at].map((message) => message.params?.progressToken ?? message.id),
        [token, token, token, token],
        'MCP "Receiving Messages": a stream carries only what belongs to its request',
      );
    }
  });
});
