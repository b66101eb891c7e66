// A whole sign-in as a client and a browser do it: registration, authorization with whatever pages there are, redemption of
// the code, and the first refresh. It is as quick as it can be: one connection, and nothing but what the server has to answer.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Page } from '../tests/support/oauth/scriptless-browser.mjs';

const REDIRECT_URI = 'http://127.0.0.1/callback';
const FORM = 'application/x-www-form-urlencoded';
/** More pages and redirects than any sign-in has. */
const MOST_STEPS = 8;

/**
 * @param {import('./load.mjs').Connection} connection
 * @param {object} server
 * @param {string} server.origin
 * @param {string} server.register path of its endpoint
 * @param {string} server.token path of its endpoint
 * @param {string} [server.passphrase]
 * @param {(work: () => Promise<object>) => Promise<object>} [server.refreshing] is told of the refresh, which is the last step
 * @returns {Promise<{access_token: string, refresh_token: string}>} what the refresh gave
 */
export async function signIn(connection, { origin, register, token, passphrase, refreshing = (work) => work() }) {
  const resource = `${origin}/mcp`;
  const { client_id: client } = await json(connection, 201, {
    method: 'POST',
    path: register,
    headers: { 'Content-Type': 'application/json' },
    // Every client is another one: servers limit what one client may hold.
    body: JSON.stringify({
      client_name: `bench ${randomBytes(4).toString('hex')}`,
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: 'none',
    }),
  });
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(12).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client,
    redirect_uri: REDIRECT_URI,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    resource,
  });
  const back = await authorize(connection, new URL(`/authorize?${query}`, origin), passphrase);
  assert.equal(back.searchParams.get('state'), state, `not the redirect that was asked for: ${back}`);
  const redeemed = await json(connection, 200, grant(token, {
    grant_type: 'authorization_code',
    code: back.searchParams.get('code'),
    client_id: client,
    redirect_uri: REDIRECT_URI,
    code_verifier: verifier,
    resource,
  }));
  const refreshed = await refreshing(() => json(connection, 200, grant(token, {
    grant_type: 'refresh_token',
    refresh_token: redeemed.refresh_token,
    client_id: client,
    resource,
  })));
  assert.ok(refreshed.access_token && refreshed.access_token !== redeemed.access_token, 'the refresh gave no new access token');
  return refreshed;
}

/** Follows redirects and sends forms until the way leads to the client. */
async function authorize(connection, url, passphrase) {
  const cookies = new Map();
  let asked = { method: 'GET', headers: { 'Sec-Fetch-Site': 'cross-site' } };
  const { origin } = url;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const headers = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', ...asked.headers };
    if (cookies.size > 0) headers.Cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const answer = await connection.ask({ ...asked, path: `${url.pathname}${url.search}`, headers });
    for (const [name, value] of answer.cookies) {
      if (value) cookies.set(name, value);
      else cookies.delete(name);
    }
    if (answer.status === 302 || answer.status === 303) {
      url = new URL(answer.headers.location, url);
      if (url.origin !== origin) return url;
      asked = { method: 'GET', headers: { 'Sec-Fetch-Site': 'same-origin' } };
      continue;
    }
    assert.equal(answer.status, 200, `a page of the sign-in has status ${answer.status}: ${answer.body.slice(0, 300)}`);
    const page = new Page(url, { ...answer, text: answer.body, story: (rule) => `${rule}: ${answer.body.slice(0, 300)}` });
    const login = page.has('passphrase');
    const form = page.form(login ? 'passphrase' : 'decision');
    const entries = form.entries(login ? { values: { passphrase } } : { button: { name: 'decision', value: 'allow' } });
    url = new URL(form.action || url, url);
    asked = {
      method: 'POST',
      headers: { 'Sec-Fetch-Site': 'same-origin', Origin: origin, 'Content-Type': FORM },
      body: new URLSearchParams(entries).toString(),
    };
  }
  throw new Error(`the sign-in does not end; it is at ${url}`);
}

/** A request to the token endpoint. */
function grant(path, parameters) {
  return { method: 'POST', path, headers: { 'Content-Type': FORM }, body: new URLSearchParams(parameters).toString() };
}

/** The JSON of an answer that must have this status. */
async function json(connection, status, request) {
  const answer = await connection.ask(request);
  assert.equal(answer.status, status, `${request.path} answers ${answer.status}: ${answer.body.slice(0, 300)}`);
  return JSON.parse(answer.body);
}
