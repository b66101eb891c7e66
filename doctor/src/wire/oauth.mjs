// The small pieces of OAuth that a client needs before anybody signs in.
import { createHash, randomBytes } from 'node:crypto';

/** Where hosted Claude wants the code, on the web, on the desktop and on phones. */
export const CALLBACK = 'https://claude.ai/api/mcp/auth_callback';

/** Hosted Claude's Client ID Metadata Document. */
export const CLAUDE_CLIENT_ID = 'https://claude.ai/oauth/mcp-oauth-client-metadata';

/**
 * The challenges of a WWW-Authenticate value (RFC 9110 §11.6.1), as far as they can be read.
 * @returns {{scheme: string, parameters: Record<string, string>}[]}
 */
export function challengesIn(value) {
  const challenges = [];
  let rest = value.trim();
  while (rest !== '') {
    const parameter = /^([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,\s*|$|(?=\s))/.exec(rest);
    const scheme = parameter ? undefined : /^([\w!#$%&'*+.^`|~-]+)(?:\s+|,\s*|$)/.exec(rest);
    if (parameter && challenges.length > 0) {
      challenges.at(-1).parameters[parameter[1].toLowerCase()] = parameter[2]?.replace(/\\(.)/g, '$1') ?? parameter[3];
    } else if (scheme) {
      challenges.push({ scheme: scheme[1], parameters: {} });
    } else {
      break;
    }
    rest = rest.slice((parameter ?? scheme)[0].length).trimStart();
  }
  return challenges;
}

/** The Bearer challenge of a refusal. */
export function challengeOf(answer) {
  const header = answer.headers?.['www-authenticate'];
  const bearer = header === undefined ? undefined : challengesIn(header).find(({ scheme }) => scheme.toLowerCase() === 'bearer');
  return { header, challenge: bearer?.parameters };
}

/** The URL as Claude names it to the authorization server (RFC 8707): no fragment, no slash at the end, scheme and host in lower case. */
export function canonicalResource(url) {
  const { origin, pathname, search } = new URL(url);
  return `${origin}${pathname.replace(/\/+$/, '')}${search}`;
}

const slashless = (pathname) => pathname.replace(/\/+$/, '');

/** Where a resource's metadata is looked for without a pointer: RFC 9728 §3.1, then the root. */
export function resourceMetadataUrls(url) {
  const path = slashless(url.pathname);
  const base = `${url.origin}/.well-known/oauth-protected-resource`;
  return [...new Set([`${base}${path}`, base])].map((text) => new URL(text));
}

/** Where an issuer's metadata is looked for: RFC 8414 §3.1, then OpenID Connect Discovery in both forms. */
export function serverMetadataUrls(issuer) {
  const { origin, pathname } = new URL(issuer);
  const path = slashless(pathname);
  return [
    ...new Set([
      `${origin}/.well-known/oauth-authorization-server${path}`,
      `${origin}/.well-known/openid-configuration${path}`,
      `${origin}${path}/.well-known/openid-configuration`,
    ]),
  ].map((text) => new URL(text));
}

/** A verifier and its S256 challenge (RFC 7636). */
export function pkce() {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** A registration as hosted Claude sends it (RFC 7591), under a name of its own. */
export const registrationRequest = (scope) => ({
  client_name: 'Connector doctor',
  redirect_uris: [CALLBACK],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
  ...(scope && { scope }),
});

/** The loopback address among those of a native client, and the same with a port that another run of it would have. */
export const LOOPBACK = { registered: 'http://localhost:8787/callback', other: 'http://localhost:49321/callback' };

/** A registration as Cursor sends it, under a name of its own: three kinds of redirect URI in one request. */
export const nativeRegistrationRequest = (scope) => ({
  ...registrationRequest(scope),
  redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback', 'https://www.cursor.com/agents/mcp/oauth/callback', LOOPBACK.registered],
});

/** An authorization request as hosted Claude sends it, with the changes that a check makes to it; null leaves a parameter out. */
export function authorizationUrl(endpoint, { clientId, resource, scope, changes = {} }) {
  const url = new URL(endpoint);
  const parameters = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: CALLBACK,
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
    state: randomBytes(16).toString('base64url'),
    resource,
    ...(scope && { scope }),
    ...changes,
  };
  for (const [name, value] of Object.entries(parameters)) if (value !== null) url.searchParams.set(name, value);
  return url;
}
