// An application's side of a sign-in for the official TypeScript clients (their `OAuthClientProvider`), kept in memory.

import { REDIRECT, secret } from './client.mjs';

/**
 * @param {object} [options]
 * @param {object} [options.client]  a client that is configured at the server; without one the application registers
 * @param {string} [options.clientMetadataUrl]  where its document is
 * @param {string} [options.name]
 */
export function authProvider({ client, clientMetadataUrl, name = 'Behaviour tests' } = {}) {
  let state = 0;
  const kept = { client: client && { ...client }, tokens: undefined, verifier: undefined, redirects: [] };
  return {
    /** What the application has, and where it sent the person. */
    kept,
    redirectUrl: REDIRECT,
    clientMetadataUrl,
    clientMetadata: {
      client_name: name,
      redirect_uris: [REDIRECT],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    clientInformation: () => kept.client,
    saveClientInformation: (information) => void (kept.client = information),
    tokens: () => kept.tokens,
    saveTokens(tokens) {
      kept.tokens = tokens;
      secret(tokens.access_token, 'an access token');
      secret(tokens.refresh_token, 'a refresh token');
    },
    redirectToAuthorization: (url) => void kept.redirects.push(url),
    saveCodeVerifier: (verifier) => void (kept.verifier = secret(verifier, 'a code_verifier')),
    codeVerifier: () => kept.verifier,
    state: () => secret(`state-of-the-application-${(state += 1)}`, 'a state'),
    invalidateCredentials: (what) => {
      if (what === 'all' || what === 'tokens') kept.tokens = undefined;
      if (what === 'all' || what === 'client') kept.client = client && { ...client };
    },
  };
}
