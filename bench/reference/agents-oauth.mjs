// The same `agents` handler behind `workers-oauth-provider`, as the “Authentication” section of its page shows.
import { OAuthProvider } from '@cloudflare/workers-oauth-provider';
import { createMcpHandler, getMcpAuthContext } from 'agents/mcp/server';
import { env } from 'cloudflare:workers';
import { createServer } from './agents.mjs';
import { consent } from './consent.mjs';

const handler = createMcpHandler(() => createServer(() => `You are ${getMcpAuthContext().props.userId}.`));

export default new OAuthProvider({
  apiRoute: '/mcp',
  apiHandler: { fetch: (request, bindings, context) => handler(request, bindings, context) },
  defaultHandler: consent,
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/oauth/token',
  clientRegistrationEndpoint: '/oauth/register',
  resourceMetadata: { resource: env.MCP_RESOURCE },
});
