// Cloudflare's `agents`: the stateless handler of 'Creating MCP Servers' around the official SDK v2.
import { McpServer } from '@modelcontextprotocol/server';
import { createMcpHandler } from 'agents/mcp/server';
import { z } from 'zod';
import { tools, whoami } from './zod-tools.mjs';

/** @param {() => string} who says who is calling */
export function createServer(who) {
  const server = new McpServer({ name: 'reference', version: '1.0.0' });
  for (const { name, description, shape, handler } of tools) {
    server.registerTool(name, { description, inputSchema: z.object(shape) }, handler);
  }
  server.registerTool(whoami.name, { description: whoami.description }, () => whoami.said(who()));
  return server;
}

const handler = createMcpHandler(() => createServer(() => 'You are nobody.'));

export default {
  fetch: (request, env, context) => handler(request, env, context),
};
