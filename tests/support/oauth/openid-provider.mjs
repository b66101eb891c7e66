// A real OpenID provider under a name of its own: the Worker's fetches to that name reach it, and so does a person's browser.
// A test can make it fail or answer falsely, request by request.

import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, sign } from 'node:crypto';
import http from 'node:http';
import { Arrival, Browser } from './scriptless-browser.mjs';
import { secret } from './client.mjs';

// Its warning about the version of Node would be among the results; what these tests use of it runs on older ones.
const { warn } = console;
console.warn = () => {};
const { Provider } = await import('oidc-provider');
console.warn = warn;

const MOST_FORM = 64 * 1024;

/** A key of each kind that may sign, as JSON Web Keys with their private parts. */
export function newKeys(name) {
  return Object.entries({
    rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    ed: generateKeyPairSync('ed25519'),
  }).map(([kind, { privateKey }]) => ({ ...privateKey.export({ format: 'jwk' }), kid: `${name}-${kind}`, use: 'sig' }));
}

/** How to sign with an algorithm, and the kind of key that it takes (RFC 7518 §3.1, RFC 8037 §3.1). */
export const ALGORITHMS = {
  RS256: { kty: 'RSA', digest: 'sha256' },
  PS256: { kty: 'RSA', digest: 'sha256', how: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } },
  ES256: { kty: 'EC', digest: 'sha256', how: { dsaEncoding: 'ieee-p1363' } },
  EdDSA: { kty: 'OKP', digest: null },
};

/** Signs claims; `header` changes the header, null leaves a member of it out. */
export function jwt(keys, claims, { alg = 'RS256', ...header } = {}) {
  const { kty, digest, how } = ALGORITHMS[alg] ?? ALGORITHMS.RS256;
  const key = keys.find((one) => one.kty === kty);
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = Object.fromEntries(Object.entries({ alg, typ: 'at+jwt', kid: key.kid, ...header }).filter(([, value]) => value !== null));
  const text = `${encode(head)}.${encode(claims)}`;
  const signature = alg === 'none' ? '' : sign(digest, Buffer.from(text), { key, format: 'jwk', ...how });
  return secret(`${text}.${Buffer.from(signature).toString('base64url')}`, 'a token of the provider');
}

/** Seconds since 1970. */
export const seconds = () => Math.floor(Date.now() / 1000);

/**
 * The internet for a Worker, with one OpenID provider in it and nothing else.
 * @param {object} options
 * @param {string} [options.issuer]
 * @param {object[]} [options.clients]      as oidc-provider wants them
 * @param {Record<string, object>} [options.people]  claims by account
 * @param {Record<string, string>} [options.resources]  scopes by resource for which it issues tokens
 * @param {object} [options.more]           more of its configuration
 * @param {(provider: object) => void} [options.prepare]  is given each provider that it becomes
 */
export async function startProvider({
  issuer = 'https://id.example',
  clients = [],
  people = {},
  resources = {},
  more = {},
  prepare = () => {},
} = {}) {
  const { host, origin } = new URL(issuer);
  let keys = newKeys('first');
  let provider;
  /** Answers of a test's own, by URL without its scheme and query. */
  const answers = new Map();
  /** What was asked, by the Worker and by browsers. */
  const asked = [];
  const become = () => {
    provider = new Provider(issuer, {
      clients,
      jwks: { keys },
      cookies: { keys: ['only for these tests'] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      pkce: { required: () => true },
      // Who signs in there agrees to everything that is asked.
      loadExistingGrant: async ({ oidc }) => {
        const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
        grant.addOIDCScope('openid profile email');
        for (const [resource, scopes] of Object.entries(resources)) grant.addResourceScope(resource, scopes);
        await grant.save();
        return grant;
      },
      features: {
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: Object.keys(resources).length > 0,
          getResourceServerInfo: (_, resource) => ({
            scope: resources[resource],
            audience: resource,
            accessTokenTTL: 3600,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
      ttl: { AccessToken: 3600, AuthorizationCode: 60, IdToken: 3600, Interaction: 600, Session: 600, Grant: 600 },
      ...more,
    });
    provider.proxy = true;
    prepare(provider);
  };
  become();

  const interact = async (request, response) => {
    const { params } = await provider.interactionDetails(request, response);
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(
        `<!doctype html><title>Sign in</title><form method="post"><input name="account"><button name="do" value="enter">Enter</button>` +
          `<button name="do" value="leave">Leave</button></form><p>For ${encodeURIComponent(params.client_id)}</p>`,
      );
      return;
    }
    const form = new URLSearchParams((await bodyOf(request)).toString());
    const result =
      form.get('do') === 'enter'
        ? { login: { accountId: form.get('account') } }
        : { error: 'access_denied', error_description: 'the person has left' };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  };
  const server = http.createServer((request, response) => {
    const path = request.url.split('?')[0];
    asked.push({ url: `${request.headers.host}${path}`, method: request.method, headers: request.headers });
    const own = answers.get(`${request.headers.host}${path}`) ?? answers.get(request.headers.host);
    if (own) return void own(request, response);
    if (request.headers.host !== host) return void response.writeHead(502).end('nobody is there');
    request.headers['x-forwarded-proto'] = 'https';
    if (!path.startsWith('/interaction/')) return void provider.callback()(request, response);
    interact(request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return {
    issuer,
    host,
    port,
    /** The provider as a person's browser sees it. */
    site: { port, origin, headers: { host } },
    asked,
    get keys() {
      return keys;
    },
    /** Signs with other keys from now on, and publishes only those. */
    rotate: (name) => {
      keys = newKeys(name);
      become();
    },
    /** Puts an answer of the test's own in place of what is at a URL, or of a whole host. */
    place: (url, answer) => void answers.set(url, answer),
    isDown: (url = host) => void answers.set(url, (_, response) => response.writeHead(503).end('as a test has asked')),
    /** Takes back what a test has put in place, at one URL or everywhere. */
    isBack: (url) => void (url === undefined ? answers.clear() : answers.delete(url)),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** An answer in JSON. */
export const json =
  (body, status = 200) =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

export async function bodyOf(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    assert.ok(length <= MOST_FORM, 'a form is small');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * A person signs in at the provider, or leaves it.
 * @returns {Promise<URL>} where the provider sends them
 */
export async function enterAt(provider, url, account, { button = 'enter', browser = new Browser(provider.site) } = {}) {
  let at = await browser.open(url);
  if (!(at instanceof Arrival)) {
    at.answer.hasStatus(200, 'the provider takes the request');
    at = await browser.submit(at, at.form('account'), { values: { account }, button: { name: 'do', value: button } });
  }
  assert.ok(at instanceof Arrival, `the provider sends the person back: ${at.answer.text}`);
  secret(at.url.searchParams.get('code'), 'a code of the provider');
  return at.url;
}
