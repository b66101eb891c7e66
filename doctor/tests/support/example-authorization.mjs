// The authorization server of the example server. It registers clients, shows a page, and gives nobody a token.

const PAGE = { 'content-type': 'text/html', 'content-security-policy': "frame-ancestors 'none'" };
/** Clients that describe themselves by a document. */
const DOCUMENTS = { 'https://claude.ai/oauth/mcp-oauth-client-metadata': ['https://claude.ai/api/mcp/auth_callback'] };

export class ExampleAuthorization {
  /** Redirect URIs of each client. */
  clients = new Map(Object.entries(DOCUMENTS));

  /** @param {import('./example-server.mjs').ExampleServer} server */
  constructor(server) {
    this.server = server;
  }

  /** @returns {import('./example-server.mjs').Reply | undefined} */
  reply(key, { origin, path, json, body }) {
    const query = new URL(path, origin).searchParams;
    switch (key) {
      case 'GET /.well-known/oauth-authorization-server':
        return { body: this.server.serverDocument(documentOf(origin)) };
      case 'POST /register': {
        const id = `client-${this.clients.size}`;
        this.clients.set(id, json.redirect_uris);
        return { status: 201, body: { ...json, client_id: id } };
      }
      case 'GET /authorize':
        return this.authorize(query, origin);
      case 'POST /token':
        return this.token(new URLSearchParams(body));
      case 'POST /revoke':
        return {};
      default:
        return undefined;
    }
  }

  authorize(query, origin) {
    const redirect = query.get('redirect_uri');
    const known = this.clients.get(query.get('client_id')) ?? [];
    if (!known.some((uri) => portless(uri) === portless(redirect)))
      return { status: 400, headers: PAGE, body: '<title>This link cannot be used</title>' };
    if (query.get('code_challenge_method') === 'S256') return { headers: PAGE, body: '<title>Allow?</title><form method="post"></form>' };
    const answer = new URL(redirect);
    for (const [name, value] of [
      ['error', 'invalid_request'],
      ['state', query.get('state')],
      ['iss', origin],
    ])
      answer.searchParams.set(name, value);
    return { status: 303, headers: { location: answer.href } };
  }

  token(form) {
    if (!this.clients.has(form.get('client_id'))) return { status: 401, body: { error: 'invalid_client' } };
    const isKnown = ['authorization_code', 'refresh_token'].includes(form.get('grant_type'));
    return { status: 400, body: { error: isKnown ? 'invalid_grant' : 'unsupported_grant_type' } };
  }
}

/** A loopback address counts at any port (RFC 8252 §7.3). */
const portless = (uri) => uri.replace(/^(http:\/\/(?:localhost|127\.0\.0\.1)):\d+/, '$1');

const documentOf = (origin) => ({
  issuer: origin,
  authorization_endpoint: `${origin}/authorize`,
  token_endpoint: `${origin}/token`,
  registration_endpoint: `${origin}/register`,
  revocation_endpoint: `${origin}/revoke`,
  response_types_supported: ['code'],
  grant_types_supported: ['authorization_code', 'refresh_token'],
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['none'],
  client_id_metadata_document_supported: true,
  authorization_response_iss_parameter_supported: true,
});
