// The tools of this connector, called by the official client. Replace these tests with those of your own tools.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startConnector } from 'mcp-connector/testing';

const connector = startConnector();

test('echo says the same text back, without a sign-in', async () => {
  const client = await connector.client();
  const { content } = await client.callTool({ name: 'echo', arguments: { text: 'Hello' } });
  assert.deepEqual(content, [{ type: 'text', text: 'Hello' }]);
});

test('a note that is saved is in the list', async () => {
  const client = await connector.signedInClient();
  await client.callTool({ name: 'save_note', arguments: { title: 'Shopping', body: 'Milk' } });
  const { structuredContent } = await client.callTool({ name: 'list_notes', arguments: {} });
  assert.ok(structuredContent.notes.some(({ title }) => title === 'Shopping'));
});
