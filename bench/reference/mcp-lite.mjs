// mcp-lite, as its README shows it: one server, one transport without a session adapter, so every request is stateless.
import { McpServer, StreamableHttpTransport } from 'mcp-lite';
import { z } from 'zod';
import { tools, whoami } from './zod-tools.mjs';

const server = new McpServer({
  name: 'reference',
  version: '1.0.0',
  schemaAdapter: (schema) => z.toJSONSchema(schema),
});

for (const { name, description, shape, handler } of tools) server.tool(name, { description, inputSchema: z.object(shape), handler });
server.tool(whoami.name, { description: whoami.description, handler: () => whoami.said('You are nobody.') });

const handle = new StreamableHttpTransport().bind(server);

export default {
  fetch: (request) => handle(request),
};
