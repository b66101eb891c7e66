// The OAuth side of a client, built from its parts so that a test can leave out or falsify each of them, and the person who
// signs in. Whatever secret passes through here is noted, and `keepsSecrets` looks for all of them in the logs.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { send } from '../http/exchange.mjs';
import { Arrival, Browser } from './scriptless-browser.mjs';
import { calling, legacy, textOf } from '../mcp/requests.mjs';

export { Arrival, Browser, send };

/** @typedef {import('../http/exchange.mjs').Site & {origin: string}} Site */

/** The owner's passphrase in every test. */
export const PASSPHRASE = 'violet-otter-canal-trumpet-9';
/** What a server needs so that somebody can sign in. */
export const SIGN_IN = { OWNER_PASSPHRASE: PASSPHRASE };
/** A redirect URI of a native application; nobody listens there. */
export const REDIRECT = 'http://127.0.0.1:39321/callback';
export const FORM = 'application/x-www-form-urlencoded';
export const ALL_SCOPES = 'notes:read notes:write profile';
export const FIRST_SCOPES = 'notes:read profile';

/** Secrets that this process has seen, with what they are. */
const noted = new Map([[PASSPHRASE, 'the passphrase']]);

/** Notes a secret, and gives it back. */
export function secret(value, what) {
  if (typeof value === 'string' && value.length >= 8) noted.set(value, what);
  return value;
}

/** Fails if a log contains a secret that was issued, sent or typed in this process, or a piece of one. */
export function keepsSecrets(servers) {
  assert.ok(noted.size > 1, 'there were secrets');
  for (const server of servers) {
    // Before that line wrangler itself prints the variables it was started with.
    const log = server.log().replace(/^[\s\S]*?Ready on [^\n]*\n/, '');
    for (const [value, what] of noted) {
      for (const form of [value, encodeURIComponent(value), value.slice(0, 40)]) {
        const at = log.indexOf(form);
        assert.equal(at, -1, `${what} is in the log: …${log.slice(Math.max(0, at - 200), at)}[here]`);
      }
    }
  }
}

/** A verifier and its challenge (RFC 7636 §4.1). */
export function pkce() {
  const verifier = secret(randomBytes(32).toString('base64url'), 'a code_verifier');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

// --- clients ---------------------------------------------------------------------------------------------------------

/** A registration request (RFC 7591). `body` may be a text. */
export const registering = (body, headers = {}) => ({
  method: 'POST',
  path: '/register',
  headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
  body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
});

/** Registers a public native client, or whatever `metadata` says. */
export async function register(site, metadata = {}) {
  const answer = await send(
    site,
    registering({ client_name: 'Behaviour tests', redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none', ...metadata }),
  );
  answer.hasStatus(201, 'RFC 7591 §3.2.1');
  const client = answer.json();
  secret(client.client_secret, 'a client_secret');
  return client;
}

// --- the person ------------------------------------------------------------------------------------------------------

/** Path and query of an authorization request; null leaves a parameter out, an array repeats it. */
export function authorizePath(parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of value === null || value === undefined ? [] : [value].flat()) query.append(name, one);
  }
  return `/authorize?${query}`;
}

/** The parameters that a good request has. */
export const asking = (client, { challenge = pkce().challenge, state = newState(), ...more } = {}) => ({
  response_type: 'code',
  client_id: client.client_id,
  redirect_uri: client.redirect_uris?.[0] ?? REDIRECT,
  code_challenge: challenge,
  code_challenge_method: 'S256',
  state,
  ...more,
});

export const newState = () => secret(`state-${randomBytes(12).toString('base64url')}`, 'a state');

/**
 * What a person does with the pages they meet: allows (or denies) and signs in, whatever comes first.
 * @param {Browser} browser
 * @param {string | URL} url
 * @param {{passphrase?: string, decision?: 'allow' | 'deny', scopes?: string[]}} [person]  `scopes`: what they leave ticked
 * @returns {Promise<Arrival>}
 */
export async function signIn(browser, url, person = {}) {
  let at = await browser.open(url);
  for (let step = 0; step < 5; step += 1) {
    if (at instanceof Arrival) return arrived(at);
    at = await answerPage(browser, at, person);
  }
  return assert.fail(`the sign-in ends; it is at ${at instanceof Arrival ? at.url : at.story('a page')}`);
}

/** Opens a request and allows it without the passphrase, which is asked for on a page of its own then. */
export const toLogin = async (browser, url) => answerPage(browser, await browser.open(url), { passphrase: null });

/**
 * Answers one page of a sign-in.
 * @param {{passphrase?: string | null, decision?: 'allow' | 'deny', scopes?: string[], remember?: boolean}} [person]
 *   null leaves the field of the consent page empty
 */
export async function answerPage(browser, page, { passphrase = PASSPHRASE, decision = 'allow', scopes, remember } = {}) {
  assert.equal(page.status, 200, page.story('a page of the sign-in'));
  for (const form of page.forms) for (const { type, value } of form.fields) if (type === 'hidden') secret(value, 'a sealed form');
  for (const { value } of browser.cookies) secret(value, 'a cookie');
  const consents = page.forms.find((form) => form.choices('decision').includes('allow'));
  const form = consents ?? page.form('passphrase');
  const button = consents && form.buttons.find(({ name, value }) => name === 'decision' && value === decision);
  const values = {
    ...(form.has('passphrase') && { passphrase: decision === 'allow' ? (passphrase ?? '') : '' }),
    ...(form.has('remember') && remember !== undefined && { remember: remember ? 'yes' : [] }),
    ...(scopes && form.has('scope') && { scope: scopes }),
    ...(consents && !button && { decision }),
  };
  return browser.submit(page, form, { values, button });
}

function arrived(arrival) {
  const code = arrival.url.searchParams.get('code');
  if (code) secret(code, 'an authorization code');
  return arrival;
}

/**
 * A whole authorization, up to the code.
 * @param {Site} site
 * @param {object} client  as registered
 * @param {{scope?: string, resource?: string, person?: object, browser?: Browser, parameters?: object}} [how]
 */
export async function authorize(site, client, { scope, resource, person, browser = new Browser(site), parameters } = {}) {
  const { verifier, challenge } = pkce();
  const sent = asking(client, { challenge, scope, resource, ...parameters });
  const arrival = await signIn(browser, authorizePath(sent), person);
  return { verifier, state: sent.state, redirectUri: sent.redirect_uri, arrival, browser, ...arrival.parameters };
}

/** Headers that every page of a sign-in has. */
export function isSafePage(answer, rule) {
  answer.hasHeader('content-type', /^text\/html; *charset=utf-8/i, rule);
  answer.hasHeader('cache-control', /\bno-store\b/, `${rule}: it may not be kept`);
  answer.hasHeader('x-frame-options', /^deny$/i, `${rule}: RFC 9700 §4.16, clickjacking`);
  answer.hasHeader('x-content-type-options', 'nosniff', rule);
  answer.hasHeader('referrer-policy', /^(no-referrer|same-origin|strict-origin)$/, `${rule}: RFC 9700 §4.2, no query in a Referer`);
  const policy = new Map(
    (answer.headers['content-security-policy'] ?? '').split(';').map((part) => {
      const [name, ...sources] = part.trim().split(/\s+/);
      return [name, sources.join(' ')];
    }),
  );
  assert.equal(policy.get('default-src'), "'none'", answer.story(`${rule}: content-security-policy`));
  assert.equal(policy.get('frame-ancestors'), "'none'", answer.story(`${rule}: content-security-policy`));
  assert.equal(policy.get('base-uri'), "'none'", answer.story(`${rule}: content-security-policy`));
  // A browser holds a form to it through all the redirects that follow, wherever the client's own lead.
  const leadsAway =
    /<form [^>]*action="\/authorize\/(consent|login)"/.test(answer.text) ||
    (/<form [^>]*action="\/account\/connect\//.test(answer.text) && !/name="key"/.test(answer.text));
  assert.equal(policy.get('form-action'), leadsAway ? undefined : "'self'", answer.story(`${rule}: content-security-policy`));
  // The offer of a passkey is the one that needs a script, which the policy names.
  const scripts = /data-passkey=/.test(answer.text) ? /^'sha256-[A-Za-z0-9+/]{43}='$/ : /^(|'none')$/;
  assert.match(policy.get('script-src') ?? '', scripts, answer.story(`${rule}: no scripts`));
  assert.ok(!/unsafe/.test(answer.headers['content-security-policy']), answer.story(`${rule}: content-security-policy`));
  assert.ok(!('access-control-allow-origin' in answer.headers), answer.story(`${rule}: no other page reads it`));
}

// --- tokens ----------------------------------------------------------------------------------------------------------

/** A POST of a form; an array repeats a parameter, null leaves it out. */
export function form(path, parameters, headers = {}) {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of value === null || value === undefined ? [] : [value].flat()) body.append(name, one);
  }
  return { method: 'POST', path, headers: { 'content-type': FORM, accept: 'application/json', ...headers }, body: body.toString() };
}

/** `Authorization: Basic` as RFC 6749 §2.3.1 has it. */
export const basic = (id, password) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(password)}`).toString('base64')}`,
});

/** A token request for a code. */
export const redeeming = (client, authorization, { headers, ...more } = {}) =>
  form(
    '/token',
    {
      grant_type: 'authorization_code',
      client_id: client.client_id,
      code: authorization.code,
      code_verifier: authorization.verifier,
      redirect_uri: authorization.redirectUri,
      ...more,
    },
    headers,
  );

/** A token request for a refresh token. */
export const refreshing = (client, tokens, { headers, ...more } = {}) =>
  form('/token', { grant_type: 'refresh_token', client_id: client.client_id, refresh_token: tokens.refresh_token, ...more }, headers);

export const revoking = (client, token, { headers, ...more } = {}) =>
  form('/revoke', { token, client_id: client.client_id, ...more }, headers);

/** The tokens of a good answer, checked for what every such answer must be (RFC 6749 §5.1). */
export function tokensOf(answer, rule = 'RFC 6749 §5.1') {
  answer.hasStatus(200, rule);
  answer.hasHeader('content-type', /^application\/json\b/, rule);
  answer.hasHeader('cache-control', /\bno-store\b/, 'RFC 6749 §5.1');
  const tokens = answer.json(rule);
  assert.ok(!Object.values(tokens).includes(null), answer.story('no null members'));
  assert.equal(typeof tokens.access_token, 'string', answer.story(rule));
  assert.equal(tokens.token_type.toLowerCase(), 'bearer', answer.story(rule));
  assert.ok(Number.isInteger(tokens.expires_in) && tokens.expires_in > 0, answer.story('clients refresh by expires_in'));
  assert.equal(typeof tokens.scope, 'string', answer.story('what was granted'));
  secret(tokens.access_token, 'an access token');
  secret(tokens.refresh_token, 'a refresh token');
  return tokens;
}

/** Checks an error of the token or revocation endpoint (RFC 6749 §5.2). */
export function isOAuthError(answer, status, code, rule) {
  answer.hasStatus(status, rule);
  answer.hasHeader('content-type', /^application\/json\b/, rule);
  answer.hasHeader('cache-control', /\bno-store\b/, 'an error may not be cached either');
  const body = answer.json(rule);
  assert.equal(body.error, code, answer.story(rule));
  assert.ok(!Object.values(body).includes(null), answer.story('no null members'));
  if (body.error_description !== undefined) {
    // RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E.
    assert.match(body.error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, answer.story('RFC 6749 §5.2: its characters'));
  }
  return body;
}

/** The scopes of a text, sorted. */
export const scopesIn = (text) => (text ?? '').split(' ').filter(Boolean).sort();

/**
 * Everything from registration to tokens.
 * @returns {Promise<{client: object, tokens: object, authorization: object}>}
 */
export async function connect(site, { client, metadata, token = {}, ...how } = {}) {
  client ??= await register(site, metadata);
  const authorization = await authorize(site, client, how);
  assert.ok(authorization.code, `a code, not ${authorization.arrival.url}`);
  const tokens = tokensOf(await send(site, redeeming(client, authorization, token)), 'the code is redeemed');
  return { client, tokens, authorization };
}

// --- the resource ----------------------------------------------------------------------------------------------------

export const bearer = (token) => ({ authorization: `Bearer ${token}` });

/** Calls a tool with a token. */
export const call = (site, token, name = 'whoami', args = {}, { path = '/mcp', era = legacy, headers } = {}) =>
  send(site, era('tools/call', calling(name, args), { path, headers: { ...bearer(token), ...headers } }));

/** Fails unless the resource accepts the token. */
export async function isWelcome(site, token, { path = '/mcp', rule = 'the token is good', ...more } = {}) {
  const answer = await call(site, token, 'whoami', {}, { path, ...more });
  const result = answer.result(rule);
  assert.match(textOf(result), /owner/, answer.story('whoami names the owner'));
  return answer;
}

/** Fails unless the refresh token is refused. */
export const isDead = async (site, { client, tokens }, rule = 'the refresh token is good no more') =>
  isOAuthError(await send(site, refreshing(client, tokens)), 400, 'invalid_grant', rule);

/** Fails unless the token is turned away with the challenge of a bad token. */
export async function isTurnedAway(site, token, { path = '/mcp', rule = 'the token is good no more' } = {}) {
  const answer = await call(site, token, 'whoami', {}, { path });
  answer.hasStatus(401, rule);
  answer.hasHeader('www-authenticate', /error="invalid_token"/, rule);
  return answer;
}
