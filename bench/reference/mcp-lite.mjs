// mcp-lite, as its README shows it: one server, one transport without a session adapter, so every request is stateless.
import { McpServer, StreamableHttpTransport } from 'mcp-lite';
import { z } from 'zod';

const server = new McpServer({
  name: 'reference',
  version: '1.0.0',
  schemaAdapter: (schema) => z.toJSONSchema(schema),
});

server.tool('echo', {
  description: 'Say something back.',
  inputSchema: z.object({ text: z.string().describe('What to say.') }),
  handler: ({ text }) => ({ content: [{ type: 'text', text }] }),
});

const handle = new StreamableHttpTransport().bind(server);

export default {
  fetch: (request) => handle(request),
};
