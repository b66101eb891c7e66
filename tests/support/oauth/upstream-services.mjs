// The upstream services of `examples/everything`, on loopback: an OpenID provider that is a real one, a service with OAuth 2.0 alone, and
// one with keys. The service with OAuth is strict as RFC 9700 wants it: a code counts once, refresh tokens rotate, and what is used twice
// ends everything that came of it. A test can change how it answers.

import { createHash, randomBytes } from 'node:crypto';
import { Arrival, Browser } from './scriptless-browser.mjs';
import { bodyOf, enterAt, startProvider } from './openid-provider.mjs';
import { REDIRECT, asking, authorizePath, pkce, redeeming, register, secret, send, signIn, tokensOf } from './client.mjs';

export const HERE = 'https://mcp.example.com';
/** What this server is at the services, as in the `wrangler.toml` of the example. */
export const UPSTREAM_CLIENT = { id: 'the-connector', secret: secret('only for tests', 'the client secret') };
const SIGN_IN_CLIENT = { id: 'the-sign-in', secret: secret('the secret of the sign-in', 'the secret of the sign-in') };
/** Whoever asks for an account has one. */
const PEOPLE = new Proxy({}, {
  get: (_, name) => ({ email: `${name}@example.com`, email_verified: true, name: name[0].toUpperCase() + name.slice(1) }),
});
let number = 0;
export const callbackOf = (name) => `${HERE}/upstream/callback/${name}`;

/** Settings by which people sign in with the provider, as one client of it or as the same one that the connector uses. */
export const signInBy = (client = SIGN_IN_CLIENT) => ({
  IDENTITY: 'openid',
  OPENID_ISSUER: 'https://id.example',
  OPENID_CLIENT_ID: client.id,
  OPENID_CLIENT_SECRET: client.secret,
  ALLOWED_USERS: '@example.com',
});

const answer = (response, status, body, headers = {}) =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(typeof body === 'string' ? body : JSON.stringify(body));
const token = (what) => secret(randomBytes(24).toString('base64url'), what);

/** A service with OAuth 2.0 alone. */
class PlainService {
  codes = new Map();
  /** Living access tokens, and whose they are. */
  living = new Map();
  /** Refresh tokens, with the grant that each belongs to. */
  refreshTokens = new Map();
  /** What was asked: the grant types, and requests to the API with their tokens. */
  asked = [];
  /** How long access tokens live, in seconds; undefined for those that say nothing. */
  lifetime = 600;
  issuesRefreshTokens = true;
  /** Called before a token request is answered; what it returns is sent instead. */
  before = async () => undefined;
  /** Called before an API request is answered, likewise. */
  api = () => undefined;

  /** How often refresh tokens were sent. */
  get refreshes() {
    return this.asked.filter(({ grant }) => grant === 'refresh_token').length;
  }

  /** What the browser is sent back with when `login` allows the request at `url`. */
  allow(url, login, { iss = 'https://login.plain.example', ...more } = {}) {
    const asked = Object.fromEntries(url.searchParams);
    const code = secret(`${login}-${randomBytes(12).toString('base64url')}`, 'a code of the service');
    this.codes.set(code, { ...asked, login, used: false });
    const back = new URL(asked.redirect_uri);
    for (const [name, value] of Object.entries({ code, state: asked.state, iss, ...more })) if (value !== null) back.searchParams.set(name, value);
    return back;
  }

  /** The access tokens of a person that live. */
  livingOf(login) {
    return [...this.living].filter(([, whose]) => whose === login).map(([text]) => text);
  }

  /** Ends everything that a person has allowed, as in the settings of their account there. */
  withdraw(login) {
    for (const [text, whose] of this.living) if (whose === login) this.living.delete(text);
    for (const grant of this.refreshTokens.values()) if (grant.login === login) grant.ended = true;
  }

  #issue(grant) {
    const access = token('an access token of the service');
    this.living.set(access, grant.login);
    const tokens = { access_token: access, token_type: 'bearer', scope: grant.scope };
    if (this.lifetime) tokens.expires_in = this.lifetime;
    if (this.issuesRefreshTokens) {
      grant.current = token('a refresh token of the service');
      this.refreshTokens.set(grant.current, grant);
      tokens.refresh_token = grant.current;
    }
    return tokens;
  }

  #end(grant) {
    grant.ended = true;
    this.withdraw(grant.login);
  }

  async tokens(request, response) {
    const form = Object.fromEntries(new URLSearchParams((await bodyOf(request)).toString()));
    this.asked.push({ grant: form.grant_type, form, authorization: request.headers.authorization });
    if (form.client_id !== UPSTREAM_CLIENT.id || form.client_secret !== UPSTREAM_CLIENT.secret) return answer(response, 401, { error: 'invalid_client' });
    const own = await this.before(form);
    if (own === 'hang up') return void request.socket.destroy();
    if (own && !own.after) return answer(response, own.status ?? 200, own.body ?? own);
    const result = this.#redeem(form);
    // The service has done its part, and its answer is lost.
    if (own?.after === 'hang up') return void request.socket.destroy();
    return answer(response, result.error ? 400 : 200, result);
  }

  #redeem(form) {
    if (form.grant_type === 'authorization_code') {
      const code = this.codes.get(form.code);
      if (!code) return { error: 'invalid_grant' };
      if (code.used) {
        if (code.grant) this.#end(code.grant);
        return { error: 'invalid_grant' };
      }
      const challenge = createHash('sha256').update(form.code_verifier ?? '').digest('base64url');
      if (code.redirect_uri !== form.redirect_uri || challenge !== code.code_challenge) return { error: 'invalid_grant' };
      code.used = true;
      code.grant = { login: code.login, scope: code.scope };
      return this.#issue(code.grant);
    }
    const grant = this.refreshTokens.get(form.refresh_token);
    if (!grant || grant.ended) return { error: 'invalid_grant' };
    if (grant.current !== form.refresh_token) {
      // A second use: of two that have it, one is a thief (RFC 9700 §4.14.2).
      this.#end(grant);
      return { error: 'invalid_grant' };
    }
    return this.#issue(grant);
  }

  async revoke(request, response) {
    const form = Object.fromEntries(new URLSearchParams((await bodyOf(request)).toString()));
    this.asked.push({ grant: 'revoke', form });
    const grant = this.refreshTokens.get(form.token);
    if (grant) this.#end(grant);
    this.living.delete(form.token);
    return answer(response, 200, {});
  }

  answerApi(request, response) {
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    this.asked.push({ grant: 'api', url: request.url, method: request.method, bearer, headers: request.headers });
    const own = this.api(request, response, bearer);
    if (own === 'answered') return undefined;
    const login = this.living.get(bearer);
    if (!login) return answer(response, 401, { message: 'Bad credentials' }, { 'www-authenticate': 'Bearer error="invalid_token"' });
    return answer(response, 200, { login, path: request.url });
  }
}

/** A service with keys. */
class KeyService {
  keys = new Map([[secret('acme-key-of-alice-123', 'a key'), 'alice']]);
  asked = [];

  answer(request, response) {
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    this.asked.push({ url: request.url, bearer });
    // What the key is not good enough for. Some services answer that with 401.
    if (request.url.startsWith('/admin')) return answer(response, 401, { message: 'Not with this key' });
    const login = this.keys.get(bearer);
    return login ? answer(response, 200, { login }) : answer(response, 401, { message: 'No such key' });
  }
}

/**
 * The internet with these services.
 * @param {object} [more]  more of the configuration of the OpenID provider
 */
export async function startUpstreams(more = {}) {
  const provider = await startProvider({
    clients: [
      { client_id: SIGN_IN_CLIENT.id, client_secret: SIGN_IN_CLIENT.secret, redirect_uris: [`${HERE}/authorize/callback`] },
      {
        client_id: UPSTREAM_CLIENT.id,
        client_secret: UPSTREAM_CLIENT.secret,
        redirect_uris: [callbackOf('id'), `${HERE}/authorize/callback`],
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    people: PEOPLE,
    more: {
      issueRefreshToken: async (_, client) => client.clientId === UPSTREAM_CLIENT.id,
      rotateRefreshToken: true,
      features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
      // The clock of the Worker runs ahead.
      ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 2_592_000, Interaction: 600, Session: 600, Grant: 3600, RefreshToken: 3600 },
      ...more,
    },
  });
  const [plain, acme] = [new PlainService(), new KeyService()];
  const fail = (response) => (error) => response.writeHead(500).end(String(error));
  const login = (request, response) => {
    const path = request.url.split('?')[0];
    if (path === '/token') return void plain.tokens(request, response).catch(fail(response));
    if (path === '/revoke') return void plain.revoke(request, response).catch(fail(response));
    return answer(response, 404, {});
  };
  provider.place('login.plain.example', login);
  provider.place('api.plain.example', (request, response) => plain.answerApi(request, response));
  provider.place('api.acme.example', (request, response) => acme.answer(request, response));
  return { provider, plain, acme };
}

/** A person of the connector, in a browser of their own: each has an account that begins with `name`. */
export class Person {
  constructor(services, site, name, browser = new Browser(site)) {
    Object.assign(this, { services, site, account: `${name}${(number += 1)}`, browser });
  }

  /** Signs in to the account page, or to where a link leads that asks for it first. */
  async enter(url = '/account') {
    let page = await this.browser.open(url);
    const link = page.elements.find(({ name, attributes }) => name === 'a' && attributes.href?.includes('/authorize/account'));
    if (!link || page.status !== 200) return page;
    page = await this.browser.open(link.attributes.href);
    return this.browser.open(await enterAt(this.services.provider, page.url, this.account));
  }

  /** Opens the page of a link, and presses its button. */
  async leaveFor(url) {
    const page = await this.enter(url);
    return this.browser.submit(page, page.forms.find((one) => one.action.includes('/account/connect/')));
  }

  /** Connects the account at the service with OAuth. */
  async connectPlain(url = '/account/connect/plain', login = this.account) {
    const away = await this.leaveFor(url);
    secret(away.url.searchParams.get('state'), 'a state');
    return this.browser.open(this.services.plain.allow(away.url, login));
  }

  /** Connects the account at the OpenID provider. */
  async connectId(url = '/account/connect/id') {
    const away = await this.leaveFor(url);
    return this.browser.open(await enterAt(this.services.provider, away.url, this.account));
  }

  /** Gives a client access, and returns its tokens. */
  async connectClient(scope = 'elsewhere', browser = new Browser(this.site)) {
    const client = await register(this.site);
    this.client = client;
    const { verifier, challenge } = pkce();
    const sent = asking(client, { challenge, scope });
    const away = await signIn(browser, authorizePath(sent));
    let arrival = away;
    if (away.url.origin === this.services.provider.issuer) arrival = await browser.open(await enterAt(this.services.provider, away.url, this.account));
    if (!(arrival instanceof Arrival) || !arrival.url.href.startsWith(REDIRECT)) throw new Error(`no code: ${arrival.url}`);
    const authorization = { code: secret(arrival.url.searchParams.get('code'), 'a code'), verifier, redirectUri: sent.redirect_uri };
    return tokensOf(await send(this.site, redeeming(client, authorization)), 'the code is redeemed');
  }
}

/** The link in a text for the model. */
export const linkIn = (text) => /https:\/\/mcp\.example\.com\/account\/connect\/\S+/.exec(text)?.[0].replace(/[.,]$/, '');
