// The official TypeScript SDK v1, stateless: its web-standard transport and a fresh server for each request.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { tools, whoami } from './zod-tools.mjs';

function createServer() {
  const server = new McpServer({ name: 'reference', version: '1.0.0' });
  for (const { name, description, shape, handler } of tools) server.registerTool(name, { description, inputSchema: shape }, handler);
  server.registerTool(whoami.name, { description: whoami.description }, () => whoami.said('You are nobody.'));
  return server;
}

export default {
  async fetch(request) {
    const transport = new WebStandardStreamableHTTPServerTransport();
    await createServer().connect(transport);
    return transport.handleRequest(request);
  },
};
