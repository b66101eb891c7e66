// Signs in to a connector with the owner's passphrase, as a client and a person with a browser do it together: registration
// (RFC 7591), the consent and the login page, and the exchange of the code (OAuth 2.1 §4.1).
import { createHash, randomBytes } from 'node:crypto';
import { Stop } from '../support/log.mjs';
import { formsIn } from './html-forms.mjs';

/** Nobody listens there: the code is read from the redirect. */
export const REDIRECT_URI = 'http://127.0.0.1:39321/callback';

/** More pages than any sign-in has. */
const MAX_STEPS = 12;

/**
 * Registers a public client.
 * @returns {Promise<string>} its `client_id`
 */
export async function register(origin, name) {
  const metadata = { client_name: name, redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token'] };
  const response = await fetch(`${origin}/register`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(metadata) });
  const body = await response.json().catch(() => ({}));
  if (response.status !== 201) throw new Stop(`The connector did not register this client: status ${response.status}, ${body.error_description ?? body.error ?? 'no reason given'}`);
  return body.client_id;
}

/**
 * Signs in and returns the answer of the token endpoint.
 * @param {{origin: string, resource: string, passphrase: string, scope?: string, name?: string}} how `resource`: the URL of the
 *   MCP endpoint; `scope`: separated by spaces, by default what the connector asks for first; `name`: what the client is called
 * @returns {Promise<{access_token: string, refresh_token?: string, scope?: string, expires_in?: number}>}
 */
export async function signIn({ origin, resource, passphrase, scope, name = 'npm run call' }) {
  const clientId = await register(origin, name);
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state,
    resource,
    ...(scope && { scope }),
  });
  const redirect = await authorize(new URL(`/authorize?${query}`, origin), passphrase);
  if (redirect.searchParams.get('state') !== state) throw new Stop('The connector answered with another `state` than was sent.');
  const code = redirect.searchParams.get('code');
  if (!code) throw new Stop(`The connector did not sign in: ${redirect.searchParams.get('error_description') ?? redirect.searchParams.get('error')}`);
  const form = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, client_id: clientId, code_verifier: verifier, resource };
  const response = await fetch(`${origin}/token`, { method: 'POST', body: new URLSearchParams(form) });
  const tokens = await response.json();
  if (!response.ok) throw new Stop(`The connector gave no token: ${tokens.error_description ?? tokens.error}`);
  return tokens;
}

/**
 * Walks through the pages as a person does who allows everything.
 * @returns {Promise<URL>} the redirect to the client
 */
export async function authorize(url, passphrase) {
  const cookies = new Map();
  let sawLogin = false;
  let request = { method: 'GET' };
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const headers = { accept: 'text/html', cookie: [...cookies].map((pair) => pair.join('=')).join('; '), ...(request.body && { origin: url.origin }) };
    const response = await fetch(url, { ...request, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location) {
      const next = new URL(location, url);
      if (next.origin !== url.origin) return next;
      url = next;
      request = { method: 'GET' };
      continue;
    }
    const page = await response.text();
    const form = formsIn(page).find(({ fields, buttons }) => [...fields, ...buttons].some(({ name }) => ['passphrase', 'decision'].includes(name)));
    if (!form) throw new Stop(`The sign-in stopped at a page without a form: ${textOf(page)}`);
    const asksPassphrase = form.fields.some(({ name }) => name === 'passphrase');
    if (asksPassphrase && sawLogin) throw new Stop(`The passphrase was refused: ${textOf(page)}`);
    sawLogin ||= asksPassphrase;
    const body = new URLSearchParams();
    for (const { name, value, type, checked } of form.fields) {
      if (name === 'passphrase') body.append(name, passphrase);
      // A program has nothing to be remembered by.
      else if (name !== 'remember' && (type !== 'checkbox' || checked)) body.append(name, value);
    }
    if (!asksPassphrase) body.append('decision', 'allow');
    const target = new URL(form.action, url);
    if (target.origin !== url.origin) throw new Stop(`The page ${url.origin}${url.pathname} sends what is filled in to ${target.origin}. Nothing was sent.`);
    url = target;
    request = { method: 'POST', body };
  }
  throw new Stop('The sign-in did not come to an end.');
}

/** What a person reads on a page, shortened. */
const textOf = (html) => html.replace(/<(style|title|script)\b[\s\S]*?<\/\1>|<[^>]*>/gi, ' ').replace(/\s+/g, ' ').trim().slice(0, 300);
