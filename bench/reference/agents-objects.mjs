// `McpAgent` of `agents`, which has a Durable Object for each session, behind `workers-oauth-provider`: what Cloudflare's guide to a
// remote server with sign-in builds.
import { OAuthProvider } from '@cloudflare/workers-oauth-provider';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpAgent } from 'agents/mcp';
import { env } from 'cloudflare:workers';
import { consent } from './consent.mjs';
import { tools, whoami } from './zod-tools.mjs';

export class NotesAgent extends McpAgent {
  server = new McpServer({ name: 'reference', version: '1.0.0' });

  async init() {
    for (const { name, description, shape, handler } of tools) this.server.registerTool(name, { description, inputSchema: shape }, handler);
    this.server.registerTool(whoami.name, { description: whoami.description }, () => whoami.said(`You are ${this.props.userId}.`));
  }
}

export default new OAuthProvider({
  apiRoute: '/mcp',
  apiHandler: NotesAgent.serve('/mcp'),
  defaultHandler: consent,
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/oauth/token',
  clientRegistrationEndpoint: '/oauth/register',
  resourceMetadata: { resource: env.MCP_RESOURCE },
});
