// The validation that every behaviour test makes of what the server sends: it knows each method and refuses what the official
// schema of a revision refuses.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { send, stream } from '../support/http/exchange.mjs';
import { LEGACY, initialize, legacy, modern } from '../support/mcp/requests.mjs';
import { schemaComplaints } from '../support/mcp/schema.mjs';

const TOOL = { name: 'echo', inputSchema: { type: 'object' } };
const answer = (result) => ({ jsonrpc: '2.0', id: 1, result });
const ALL = ['2024-11-05', ...LEGACY, '2026-07-28'];

describe('the validation against the official schemas', () => {
  for (const revision of ALL) {
    const complete = revision === '2026-07-28' ? { resultType: 'complete', ttlMs: 0, cacheScope: 'private' } : {};

    test(`the validation against the official schemas accepts what is right (${revision})`, () => {
      assert.deepEqual(schemaComplaints(revision, answer({ ...complete, tools: [TOOL] }), 'tools/list'), []);
      assert.deepEqual(schemaComplaints(revision, { jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'No' } }, 'tools/list'), []);
      const progress = { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress: 1 } };
      assert.deepEqual(schemaComplaints(revision, progress), []);
    });

    const WRONG = {
      'a tool without a schema': [answer({ ...complete, tools: [{ name: 'echo' }] }), 'tools/list'],
      'a list that is missing': [answer({ ...complete }), 'tools/list'],
      'content of an unknown type': [answer({ ...complete, content: [{ type: 'smell', text: 'x' }] }), 'tools/call'],
      'an error whose code is a text': [{ jsonrpc: '2.0', id: 1, error: { code: 'x', message: 'No' } }, 'tools/list'],
      'an id that is null': [{ jsonrpc: '2.0', id: null, result: complete }, undefined],
      'progress without a token': [{ jsonrpc: '2.0', method: 'notifications/progress', params: { progress: 1 } }, undefined],
    };
    for (const [what, [message, method]] of Object.entries(WRONG)) {
      test(`the validation against the official schemas refuses ${what} (${revision})`, () => assert.notDeepEqual(schemaComplaints(revision, message, method), []));
    }
  }

  test('the validation against the official schemas refuses a result of 2026-07-28 without resultType, and a discovery without what a cache needs', () => {
    assert.notDeepEqual(schemaComplaints('2026-07-28', answer({ content: [] }), 'tools/call'), []);
    const discovered = { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: {} };
    assert.notDeepEqual(schemaComplaints('2026-07-28', answer(discovered), 'server/discover'), []);
  });

  test('the validation against the official schemas refuses an error of 2026-07-28 without the data that its code demands', () => {
    const error = { code: -32022, message: 'Unsupported protocol version', data: { supported: ['2026-07-28'] } };
    assert.notDeepEqual(schemaComplaints('2026-07-28', { jsonrpc: '2.0', id: 1, error }), []);
  });
});

describe('an answer that breaks its schema fails the test', () => {
  let server;
  let port;
  /** What the server answers. */
  let body;
  let type = 'application/json';
  before(async () => {
    server = http.createServer((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': type }).end(body);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address());
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const wrong = (id) => JSON.stringify({ jsonrpc: '2.0', id, result: { tools: [{ name: 'echo' }] } });

  test('an answer that breaks its schema fails the test as JSON, in either era, and the failure shows request, answer and complaint', async () => {
    type = 'application/json';
    for (const [asked, revision] of [
      [modern('tools/list', {}, { id: 7 }), '2026-07-28'],
      [legacy('tools/list', {}, { id: 7, version: '2025-06-18' }), '2025-06-18'],
      [legacy('tools/list', {}, { id: 7, version: null }), '2025-03-26'],
    ]) {
      body = wrong(7);
      await assert.rejects(send({ port }, asked), (error) => {
        for (const part of [`${revision} ListToolsResult`, 'inputSchema', '> POST /mcp', '< 200', body]) {
          assert.ok(error.message.includes(part), `${part} in ${error.message}`);
        }
        return true;
      });
    }
  });

  test('an answer that breaks its schema fails the test in a batch', async () => {
    type = 'application/json';
    const [one, two] = [8, 9].map((id) => legacy('tools/list', {}, { id, version: '2025-03-26' }));
    body = `[${JSON.stringify({ jsonrpc: '2.0', id: 8, result: { tools: [] } })},${wrong(9)}]`;
    await assert.rejects(send({ port }, { ...one, body: `[${one.body},${two.body}]` }), /ListToolsResult.*inputSchema/s);
  });

  test('on an event stream, read as a whole or event by event', async () => {
    type = 'text/event-stream';
    body = `data: ${wrong(10)}\n\n`;
    const asked = modern('tools/list', {}, { id: 10 });
    await assert.rejects(send({ port }, asked), /ListToolsResult/);
    const { events } = await stream({ port }, asked);
    await assert.rejects(events.next(), /ListToolsResult/);
  });

  test('an answer that breaks its schema fails the test by the revision that initialize negotiates', async () => {
    type = 'application/json';

    body = JSON.stringify({ jsonrpc: '2.0', id: 11, result: { protocolVersion: '2024-11-05', capabilities: {}, serverInfo: { version: '1' } } });
    await assert.rejects(send({ port }, initialize('2025-11-25', { id: 11 })), /2024-11-05 InitializeResult/);
  });
});
