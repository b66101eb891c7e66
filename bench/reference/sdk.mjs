// The official TypeScript SDK v1, stateless: its web-standard transport and a fresh server for each request.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { z } from 'zod';

function createServer() {
  const server = new McpServer({ name: 'reference', version: '1.0.0' });
  server.registerTool(
    'echo',
    { description: 'Say something back.', inputSchema: { text: z.string().describe('What to say.') } },
    ({ text }) => ({ content: [{ type: 'text', text }] }),
  );
  return server;
}

export default {
  async fetch(request) {
    const transport = new WebStandardStreamableHTTPServerTransport();
    await createServer().connect(transport);
    return transport.handleRequest(request);
  },
};
