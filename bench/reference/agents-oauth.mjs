// The same `agents` handler behind `workers-oauth-provider`, as the “Authentication” section of its page shows.
// The consent page approves at once, for one fixed user: no page is shown and nobody logs in.
import { OAuthProvider } from '@cloudflare/workers-oauth-provider';
import { createMcpHandler, getMcpAuthContext } from 'agents/mcp/server';
import { env } from 'cloudflare:workers';
import { createServer } from './agents.mjs';

const handler = createMcpHandler(() => createServer(() => `You are ${getMcpAuthContext().props.userId}.`));

const consent = {
  async fetch(request, bindings) {
    if (new URL(request.url).pathname !== '/authorize') return new Response(null, { status: 404 });
    const oauth = bindings.OAUTH_PROVIDER;
    const authorization = await oauth.parseAuthRequest(request);
    const { redirectTo } = await oauth.completeAuthorization({
      request: authorization,
      userId: 'owner',
      metadata: {},
      scope: authorization.scope,
      props: { userId: 'owner' },
    });
    return new Response(null, { status: 302, headers: { Location: redirectTo } });
  },
};

export default new OAuthProvider({
  apiRoute: '/mcp',
  apiHandler: { fetch: (request, bindings, context) => handler(request, bindings, context) },
  defaultHandler: consent,
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/oauth/token',
  clientRegistrationEndpoint: '/oauth/register',
  resourceMetadata: { resource: env.MCP_RESOURCE },
});
