// The connector of this project, whatever its tools are: what every connector has. A project's own tests stand beside this file.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LEGACY, initialize, legacy, listTools, modern, send } from '../support/mcp/requests.mjs';
import { startConnector } from '../support/workers/wrangler-dev.mjs';

/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let server;
before(async () => {
  server = await startConnector();
});
after(() => server?.stop());

test('it introduces itself in both eras', async () => {
  const { serverInfo } = (await send(server, initialize(LEGACY[0]))).result('initialize');
  assert.ok(serverInfo.name.length > 0 && serverInfo.version.length > 0);
  const discovered = (await send(server, modern('server/discover'))).result('server/discover');
  assert.deepEqual(discovered._meta['io.modelcontextprotocol/serverInfo'].name, serverInfo.name);
});

test('it lists its tools as a reviewer wants them, and leaves none out', async () => {
  const tools = await listTools(server);
  const names = (listed) => listed.map(({ name }) => name);
  assert.notDeepEqual(tools, [], 'a connector has tools');
  assert.deepEqual(names(await listTools(server, legacy)), names(tools), 'the same in both eras');
  for (const { name, title, description, annotations } of tools) {
    assert.ok(title && description, `${name} has a title and a description`);
    assert.equal(typeof annotations?.readOnlyHint, 'boolean', `${name} says whether it only reads`);
  }
  assert.doesNotMatch(server.log(), /left out:/);
});

test('it has a page for people', async () => {
  (await send(server, { path: '/' })).hasStatus(200, 'the page').hasHeader('content-type', /^text\/html/, 'for people');
});
