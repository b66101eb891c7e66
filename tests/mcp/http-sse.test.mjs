// The transport of 2024-11-05, "HTTP with SSE": one stream for all that the server says, and POSTs to where it says. Over
// several instances, since the stream is held by one and a POST may reach another.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { openStream, opening } from '../support/mcp/http-sse-client.mjs';
import { instancesForSuite, startInstances } from '../support/workers/instances.mjs';
import { calling, listTools, modern, post, send, stream, textOf } from '../support/mcp/requests.mjs';
import { ALL_SCOPES, SIGN_IN, bearer, connect } from '../support/oauth/client.mjs';

const runtime = instancesForSuite({ worker: 'examples/everything', vars: { SSE_TRANSPORT: 'on', KEEP_ALIVE_MS: '200' } });
const [here, there] = runtime.instances;

const open = ({ at = here, postAt = there, ...rest } = {}) => openStream({ at, postAt, ...rest });

// MCP "HTTP with SSE"
describe('a stream', () => {
  test('a stream of 2024-11-05 answers what is posted at another instance', async () => {
    const client = await open();
    const begun = await client.initialize();
    assert.equal(begun.protocolVersion, '2024-11-05', 'its own revision is spoken here');
    const id = await client.request('tools/call', calling('test_simple_text'));
    const answer = await client.receive();
    assert.equal(answer.id, id);
    assert.equal(textOf(answer.result), 'This is a simple text response for testing.');
    assert.ok(!('resultType' in answer.result));
    await client.request('no/such/method');
    assert.equal((await client.receive()).error.code, -32601);
    client.close();
  });

  test('a stream of 2024-11-05 carries what comes before an answer, and the answers of several requests', async () => {
    const client = await open();
    await client.initialize('2025-06-18');
    const params = { ...calling('progress_slowly', { steps: 3, delay_ms: 20 }), _meta: { progressToken: 'p' } };
    const ids = await Promise.all([client.request('tools/call', params), client.request('ping'), client.request('tools/list')]);
    const received = [];
    while (received.filter((one) => 'id' in one).length < 3) received.push(await client.receive());
    assert.deepEqual(
      received.filter(({ method }) => method === 'notifications/progress').map((one) => one.params.progress),
      [1, 2, 3],
    );
    assert.deepEqual(received.filter((one) => 'id' in one).map(({ id }) => id).sort(), [...ids].sort());
    client.close();
  });

  test('a stream of 2024-11-05 carries questions; the answers are posted', async () => {
    const client = await open();
    await client.initialize('2025-06-18', { elicitation: {} });
    await client.request('tools/call', calling('ask_twice'));
    for (const word of ['one', 'two']) {
      const question = await client.receive();
      assert.equal(question.method, 'elicitation/create');
      (await client.post({ id: question.id, result: { action: 'accept', content: { word } } })).hasStatus(202);
    }
    assert.equal(textOf((await client.receive()).result), 'one two');
    client.close();
  });

  test('a stream of 2024-11-05 asks nothing of a client that did not say at the handshake that it can be asked', async () => {
    const client = await open();
    await client.initialize('2025-06-18');
    await client.request('tools/call', calling('ask_twice'));
    const answer = await client.receive();
    assert.ok(answer.error || answer.result.isError);
    client.close();
  });

  test('a stream of 2024-11-05 receives nothing of another', async () => {
    const [one, other] = await Promise.all([open(), open({ at: there, postAt: here })]);
    assert.notEqual(one.path, other.path, 'each has an address that nobody can guess');
    assert.match(one.path, /^\/sse\/messages\?session=[0-9a-f]{40}$/);
    await Promise.all([one.initialize(), other.initialize()]);
    await one.request('ping');
    await other.request('tools/list');
    assert.deepEqual((await one.receive()).result, {});
    assert.ok((await other.receive()).result.tools.some(({ name }) => name === 'test_simple_text'));
    one.close();
    other.close();
  });

  test('a stream of 2024-11-05 sends comments while it is silent', async () => {
    const connection = await stream(here, opening(here.headers));
    let comments = 0;
    for await (const event of connection.events) if (event.comment !== undefined && (comments += 1) === 2) break;
    connection.close();
    assert.equal(comments, 2);
  });

  test('a stream of 2024-11-05 that is gone takes no messages', async () => {
    const client = await open();
    await client.initialize();
    client.close();
    await new Promise((resolve) => setTimeout(resolve, 600));
    await runtime.passes(100);
    (await client.post({ id: 9, method: 'ping' })).hasStatus(404, 'nobody would read the answer');
  });

  test('a stream of 2024-11-05 costs no write but that of its place among those without a sign-in', async () => {
    const earlier = await runtime.counts();
    const client = await open();
    await client.initialize();
    await client.request('ping');
    await client.receive();
    assert.equal((await runtime.counts()).rowsWritten, earlier.rowsWritten + 1);
    client.close();
  });
});

describe('a message', () => {
  test('a message to a stream of 2024-11-05 needs a stream', async () => {
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
    const initialized = await send(here, post({ ...ping, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {} } }));
    const ofAnother = initialized.headers['mcp-session-id'];
    for (const query of ['', '?session=', '?session=x', `?session=${'0'.repeat(40)}`, `?session=${ofAnother}`]) {
      (await send(there, post(ping, { path: `/sse/messages${query}` }))).hasStatus(404, `no stream: ${query}`);
    }
  });

  test('a message to a stream of 2024-11-05 must be one', async () => {
    const client = await open();
    for (const body of ['{', '[]', '3', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', '{"jsonrpc":"2.0","id":1}']) {
      (await send(there, post(body, { path: client.path }))).hasStatus(400, body);
    }
    client.close();
  });

  test('a message to a stream of 2024-11-05 has its place, and the stream has its own', async () => {
    (await send(here, post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { path: '/sse' }))).hasStatus(405).hasHeader('allow', 'GET, OPTIONS');
    (await send(here, { ...opening(), path: '/sse/messages' })).hasStatus(405).hasHeader('allow', 'POST, OPTIONS');
  });
});

test('a web page that may not call is turned away', async () => {
  (await send(here, opening({ origin: 'https://evil.example' }))).hasStatus(403, 'MCP "Security Warning"');
});

describe('sign-in', () => {
  let starter;
  before(async () => {
    starter = await startInstances({ vars: { ...SIGN_IN, SSE_TRANSPORT: 'on', KEEP_ALIVE_MS: '200' } });
  });
  after(() => starter?.stop());

  test('sign-in at /sse is asked for by the POST that needs it, for this resource; the stream goes on', async () => {
    const [at, postAt] = starter.instances;
    const client = await open({ at, postAt });
    await client.initialize('2025-06-18', { elicitation: {} });
    await client.request('tools/call', calling('echo', { text: 'public' }));
    assert.equal(textOf((await client.receive()).result), 'public');
    const refused = await client.post({ id: 7, method: 'tools/call', params: calling('whoami') });
    refused.hasStatus(401, 'lazily').hasHeader('www-authenticate', /resource_metadata="[^"]*\/\.well-known\/oauth-protected-resource\/sse"/);
    const metadata = await send(at, { path: '/.well-known/oauth-protected-resource/sse' });
    const resource = metadata.json().resource;
    assert.equal(resource, `${at.origin}/sse`);
    const { access_token: token } = (await connect(at, { scope: ALL_SCOPES, resource, token: { resource } })).tokens;
    (await client.post({ id: 8, method: 'tools/call', params: calling('whoami') }, bearer(token))).hasStatus(202);
    const answer = await client.receive();
    assert.equal(answer.id, 8);
    assert.match(textOf(answer.result), /owner/);
    (await client.post({ id: 9, method: 'ping' })).hasStatus(404, 'from now on it is that person’s');
    (await client.post({ id: 10, method: 'ping' }, bearer(token))).hasStatus(202);
    assert.deepEqual((await client.receive()).result, {});
    client.close();
    const other = await client.post({ id: 11, method: 'ping' }, { authorization: 'Bearer nonsense' });
    other.hasStatus(401, 'a bad token is told on every message');
    (await send(at, opening({ authorization: 'Bearer nonsense' }))).hasStatus(401, 'and at the stream');
    const forMcp = (await connect(at, { scope: ALL_SCOPES })).tokens.access_token;
    (await send(at, opening(bearer(forMcp)))).hasStatus(401, 'a token of another resource is none here');
  });
});

// MCP "HTTP+SSE Transport (2024-11-05)", "Transports › Backwards Compatibility"
test('it is off unless SSE_TRANSPORT is "on"', async () => {
  const off = await startInstances({ count: 1 });
  try {
    const [at] = off.instances;
    for (const asked of [opening(), post({}, { path: '/sse/messages' }), { path: '/.well-known/oauth-protected-resource/sse' }]) {
      (await send(at, asked)).hasStatus(404, 'it is gone');
    }
  } finally {
    await off.stop();
  }
});

test('the TypeScript v1 client connects, lists, calls and is asked', async () => {
  const own = await startInstances({ worker: 'examples/everything', count: 1, origin: null, vars: { SSE_TRANSPORT: 'on' } });
  const client = new Client({ name: 'behaviour-tests', version: '1.0.0' }, { capabilities: { elicitation: {} } });
  try {
    const errors = [];
    client.onerror = (error) => errors.push(error);
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { word: 'yes' } }));
    await client.connect(new SSEClientTransport(new URL(`${own.instances[0].origin}/sse`)));
    const { tools } = await client.listTools();
    const [at] = own.instances;
    const modernly = await listTools(at, (method, params) => modern(method, params, { headers: at.headers }));
    assert.deepEqual(tools.map(({ name }) => name), modernly.map(({ name }) => name));
    assert.equal(textOf(await client.callTool({ name: 'ask_twice', arguments: {} })), 'yes yes');
    // A tool that waits after its last report: the client stumbles over one that comes together with the response.
    const progress = [];
    await client.callTool({ name: 'test_tool_with_progress', arguments: {} }, undefined, {
      onprogress: (one) => progress.push(one.progress),
    });
    assert.deepEqual(progress, [0, 50, 100]);
    assert.deepEqual(errors, [], 'no error on the side');
  } finally {
    await client.close();
    await own.stop();
  }
});
