// Cloudflare's `agents`: the stateless handler of 'Creating MCP Servers' around the official SDK v2.
import { McpServer } from '@modelcontextprotocol/server';
import { createMcpHandler } from 'agents/mcp/server';
import { z } from 'zod';

export function createServer() {
  const server = new McpServer({ name: 'reference', version: '1.0.0' });
  server.registerTool(
    'echo',
    { description: 'Say something back.', inputSchema: z.object({ text: z.string().describe('What to say.') }) },
    ({ text }) => ({ content: [{ type: 'text', text }] }),
  );
  return server;
}

const handler = createMcpHandler(createServer);

export default {
  fetch: (request, env, context) => handler(request, env, context),
};
