// Faults of the metadata of the resource and of the authorization server.
import { PAGE, inResource, inServer } from '../support/changes.mjs';

/** @type {import('../faults.test.mjs').Fault[]} */
export const METADATA = [
  {
    rule: 'there is protected-resource metadata',
    fault: (server) => {
      server.instead['GET /.well-known/oauth-protected-resource/mcp'] = () => ({ status: 404 });
      server.instead['GET /.well-known/oauth-authorization-server'] = () => ({ status: 404 });
    },
    check: 'resource-metadata',
    seen: /no protected-resource metadata/,
    effect: /does not learn where to sign in.*“Couldn’t reach/,
    also: ['server-metadata'],
  },
  {
    rule: 'metadata as in 2025-03-26 is worth knowing',
    fault: (server) => (server.instead['GET /.well-known/oauth-protected-resource/mcp'] = () => ({ status: 404 })),
    check: 'resource-metadata',
    level: 'note',
    also: ['pointer'],
    seen: /connector’s own origin/,
  },
  {
    rule: 'the metadata is JSON',
    fault: (server) => {
      server.instead['GET /.well-known/oauth-protected-resource/mcp'] = () => ({ headers: PAGE, body: '<title>App</title>' });
      server.instead['GET /.well-known/oauth-authorization-server'] = () => ({ headers: PAGE, body: '<title>App</title>' });
    },
    check: 'resource-metadata',
    details: /no JSON object/,
    also: ['server-metadata'],
  },
  {
    rule: 'resource is the URL, path included',
    fault: (server) => (server.resourceDocument = (document) => ({ ...document, resource: new URL(document.resource).origin })),
    check: 'resource-metadata',
    seen: /resource is http:\/\/127\.0\.0\.1:\d+, but the URL is http:\/\/127\.0\.0\.1:\d+\/mcp/,
    fix: /path included/,
  },
  {
    rule: 'resource has the public host and scheme',
    fault: inResource({ resource: 'http://localhost:3000/mcp' }),
    check: 'resource-metadata',
    seen: /resource is http:\/\/localhost:3000\/mcp/,
    fix: /Behind a proxy/,
  },
  {
    rule: 'an authorization server is named',
    fault: inResource({ authorization_servers: [] }),
    check: 'resource-metadata',
    seen: /authorization_servers is \[\]/,
  },
  {
    rule: 'null members are worth knowing',
    fault: inResource({ resource_name: null }),
    check: 'resource-metadata',
    level: 'note',
    seen: /resource_name is null/,
  },
  {
    rule: 'the authorization server has metadata',
    fault: (server) => (server.instead['GET /.well-known/oauth-authorization-server'] = () => ({ status: 404 })),
    check: 'server-metadata',
    seen: /has no metadata/,
    details: /oauth-authorization-server: status 404/,
  },
  {
    rule: 'the issuer is identical',
    fault: inServer({ issuer: 'https://auth.example' }),
    check: 'issuer',
    seen: /issuer is https:\/\/auth\.example, but it is known as http/,
    effect: /identical/,
  },
  {
    rule: 'the issuer is identical to the slash',
    fault: (server) => (server.serverDocument = (document) => ({ ...document, issuer: `${document.issuer}/` })),
    check: 'issuer',
    seen: /differ by a slash/,
  },
  {
    rule: 'the endpoints are whole URLs',
    fault: inServer({ token_endpoint: '/token' }),
    check: 'server-metadata',
    seen: /token_endpoint is \/token/,
  },
  {
    rule: 'S256 is announced',
    fault: inServer({ code_challenge_methods_supported: ['plain'] }),
    check: 'pkce',
    seen: /\["plain"\]/,
    fix: /S256/,
  },
  {
    rule: 'there is a way to register',
    fault: inServer({ registration_endpoint: undefined, client_id_metadata_document_supported: false }),
    check: 'registration',
    seen: /neither a registration_endpoint nor client_id_metadata_document_supported/,
    effect: /no client id/,
  },
  {
    rule: 'client documents need clients without a secret',
    fault: inServer({ registration_endpoint: undefined, token_endpoint_auth_methods_supported: ['client_secret_basic'] }),
    check: 'registration',
    seen: /no “none”/,
    fix: /Add "none"/,
  },
  {
    rule: 'that clients need a secret is worth knowing',
    fault: inServer({ token_endpoint_auth_methods_supported: undefined }),
    check: 'public-clients',
    level: 'note',
    seen: /missing, which means client_secret_basic/,
  },
  {
    rule: 'a document that is not at its well-known place is worth knowing (RFC 9728 §3.1)',
    fault: (server) => {
      server.challenge = (origin) => `Bearer resource_metadata="${origin}/metadata", scope="notes"`;
      server.instead['GET /metadata'] = ({ origin }) => ({ body: { resource: `${origin}/mcp`, authorization_servers: [origin] } });
      server.instead['GET /.well-known/oauth-protected-resource/mcp'] = () => ({ status: 404 });
    },
    check: 'well-known',
    level: 'note',
    seen: /is not at \/\.well-known\/oauth-protected-resource\/mcp/,
    effect: /claude mcp login/,
  },
  {
    rule: 'offline_access among the scopes of the resource is worth knowing',
    fault: inResource({ scopes_supported: ['notes', 'offline_access'] }),
    check: 'offline-access',
    level: 'note',
    seen: /scopes_supported of the resource/,
  },
  {
    rule: 'scopes_supported is a list',
    fault: inServer({ scopes_supported: 'notes profile' }),
    check: 'metadata-members',
    details: /scopes_supported of the server is notes profile, not a list of texts/,
    effect: /TypeScript SDK/,
  },
  {
    rule: 'resource_policy_uri is a URL',
    fault: inResource({ resource_policy_uri: '/privacy' }),
    check: 'metadata-members',
    details: /resource_policy_uri of the resource is \/privacy, not a URL/,
  },
  {
    rule: 'response_types_supported is required (RFC 8414 §2)',
    fault: inServer({ response_types_supported: undefined }),
    check: 'metadata-members',
    details: /response_types_supported of the server is missing/,
  },
  {
    rule: 'a document that is not sent as JSON is worth knowing',
    fault: (server) => {
      const { reply } = server;
      server.reply = (key, asked) => {
        const good = reply.call(server, key, asked);
        return key.includes('oauth-protected-resource/mcp') ? { ...good, headers: { 'content-type': 'text/plain' } } : good;
      };
    },
    check: 'metadata-type',
    level: 'note',
    details: /text\/plain/,
  },
  {
    rule: 'grant_types_supported has authorization_code',
    fault: inServer({ grant_types_supported: ['client_credentials'] }),
    check: 'grant-types',
    seen: /no authorization_code/,
  },
  {
    rule: 'a missing refresh_token is worth knowing',
    fault: inServer({ grant_types_supported: ['authorization_code'] }),
    check: 'grant-types',
    level: 'note',
    effect: /sign in again/,
  },
  {
    rule: 'what OAuth 2.1 has dropped is worth knowing',
    fault: inServer({
      grant_types_supported: ['authorization_code', 'refresh_token', 'implicit'],
      code_challenge_methods_supported: ['S256', 'plain'],
    }),
    check: 'grant-types',
    level: 'note',
    seen: /implicit, the PKCE method plain/,
  },
  {
    rule: 'a response without iss is worth knowing (RFC 9207)',
    fault: inServer({ authorization_response_iss_parameter_supported: undefined }),
    check: 'issuer-parameter',
    level: 'note',
    seen: /is not true/,
  },
  {
    rule: 'client_credentials that is not announced as an extension is worth knowing',
    fault: inServer({ grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'] }),
    check: 'client-credentials',
    level: 'note',
    fix: /io\.modelcontextprotocol\/oauth-client-credentials/,
  },
  {
    rule: 'a profile of assertions without its grant type is an error (draft-ietf-oauth-identity-assertion-authz-grant §7.2)',
    fault: inServer({ authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:id-jag'] }),
    check: 'enterprise-managed',
    level: 'fail',
    fix: /grant_types_supported/,
  },
  {
    rule: 'assertions that are accepted and not announced are worth knowing',
    fault: inServer({ grant_types_supported: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:jwt-bearer'] }),
    check: 'enterprise-managed',
    level: 'note',
    seen: /authorization_grant_profiles_supported lacks .*enterprise-managed-authorization/,
  },
  {
    rule: 'a document that is in the wrong place is found there',
    fault: (server) => {
      server.challenge = () => 'Bearer scope="notes"';
      server.instead['GET /.well-known/oauth-protected-resource/mcp'] = () => ({ status: 404 });
      server.instead['GET /.well-known/oauth-authorization-server'] = () => ({ status: 404 });
      server.instead['GET /mcp/.well-known/oauth-protected-resource'] = ({ origin }) => ({
        body: { resource: `${origin}/mcp`, authorization_servers: [origin] },
      });
    },
    check: 'resource-metadata',
    details: /\/mcp\/\.well-known\/oauth-protected-resource: a document is here, where no client looks/,
    also: ['challenge', 'server-metadata'],
  },
  {
    rule: 'the metadata of an issuer with a path is looked for before the path (RFC 8414 §3.1)',
    fault: (server) => {
      server.resourceDocument = (document) => ({ ...document, authorization_servers: [`${server.origin}/tenant`] });
      server.instead['GET /tenant/.well-known/oauth-authorization-server'] = ({ origin }) => ({ body: { issuer: `${origin}/tenant` } });
    },
    check: 'server-metadata',
    details: /\/tenant\/\.well-known\/oauth-authorization-server: a document is here/,
  },
];
