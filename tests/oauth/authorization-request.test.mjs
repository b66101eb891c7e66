// The authorization endpoint (OAuth 2.1 §4.1, RFC 8707, RFC 9207): which request may lead to a redirect, what is told on a page
// and what to the client, and what a good request brings.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { instancesForSuite } from '../support/workers/instances.mjs';
import {
  FIRST_SCOPES,
  SIGN_IN,
  Arrival,
  Browser,
  answerPage,
  asking,
  authorize,
  authorizePath,
  connect,
  isSafePage,
  keepsSecrets,
  newState,
  redeeming,
  register,
  scopesIn,
  send,
  tokensOf,
} from '../support/oauth/client.mjs';

const WEB = 'https://app.example/cb?tenant=7';

/** A web client, and a native one. */
let web;
let native;
const runtime = instancesForSuite({ count: 1, vars: SIGN_IN }, async () => {
  web = await register(site, { client_name: 'A web app', redirect_uris: [WEB] });
  native = await register(site, { client_name: 'A native app', redirect_uris: ['http://127.0.0.1:4000/callback', 'http://localhost/cb'] });
});
const [site] = runtime.instances;
// Codes that nobody redeems are gone after a minute; only so many may wait.
afterEach(() => site.passes(61));

const get = (parameters, headers) =>
  send(site, {
    path: typeof parameters === 'string' ? parameters : authorizePath(parameters),
    headers: { accept: 'text/html', ...headers },
  });

// MCP "Open Redirection"
describe('a request that cannot be trusted is answered with a page and no redirect', () => {
  const good = () => asking(web, { redirect_uri: WEB });
  /** @type {[string, () => object | string][]} */
  const rows = [
    ['no parameters at all', () => '/authorize'],
    ['no client_id', () => ({ ...good(), client_id: null })],
    ['an empty client_id', () => ({ ...good(), client_id: '' })],
    ['two client_ids', () => ({ ...good(), client_id: [web.client_id, web.client_id] })],
    ['an unknown client', () => ({ ...good(), client_id: 'nobody' })],
    ['a forged client', () => ({ ...good(), client_id: `${web.client_id.slice(0, -1)}${web.client_id.endsWith('A') ? 'B' : 'A'}` })],
    ['a client_id of 5 KB', () => ({ ...good(), client_id: 'x'.repeat(5000) })],
    ['a client_id that is a URL on this machine', () => ({ ...good(), client_id: 'https://127.0.0.1/client.json' })],
    ['a client_id that is a URL on this server', () => ({ ...good(), client_id: `${site.origin}/client.json` })],
    ['a client_id that is an http URL', () => ({ ...good(), client_id: 'http://client.example/client.json' })],
    ['another redirect URI', () => ({ ...good(), redirect_uri: 'https://evil.example/cb' })],
    ['two redirect URIs', () => ({ ...good(), redirect_uri: [WEB, WEB] })],
    ['the redirect URI with a longer query', () => ({ ...good(), redirect_uri: `${WEB}&x=1` })],
    ['the redirect URI without its query', () => ({ ...good(), redirect_uri: 'https://app.example/cb' })],
    ['the redirect URI with a fragment', () => ({ ...good(), redirect_uri: `${WEB}#x` })],
    ['the redirect URI in capitals', () => ({ ...good(), redirect_uri: 'https://app.example/CB?tenant=7' })],
    ['the redirect URI with a port', () => ({ ...good(), redirect_uri: 'https://app.example:443/cb?tenant=7' })],
    ['the redirect URI over http', () => ({ ...good(), redirect_uri: WEB.replace('https', 'http') })],
    ['the redirect URI with dot segments', () => ({ ...good(), redirect_uri: 'https://app.example/x/../cb?tenant=7' })],
    ['the redirect URI below its host', () => ({ ...good(), redirect_uri: 'https://app.example.evil.example/cb?tenant=7' })],
    ['userinfo before the host', () => ({ ...good(), redirect_uri: 'https://app.example@evil.example/cb?tenant=7' })],
    ['javascript:', () => ({ ...good(), redirect_uri: 'javascript:alert(1)' })],
    ['no redirect URI where there are several', () => ({ ...asking(native), redirect_uri: null })],
    ['loopback under another name', () => asking(native, { redirect_uri: 'http://localhost:4000/callback' })],
    ['loopback on another path', () => asking(native, { redirect_uri: 'http://127.0.0.1:4000/callback/x' })],
    ['loopback as https', () => asking(native, { redirect_uri: 'https://127.0.0.1:4000/callback' })],
    ['loopback with a port that is none', () => asking(native, { redirect_uri: 'http://127.0.0.1:4000.evil.example/callback' })],
    ['a percent sign that encodes nothing', () => `${authorizePath(good())}&x=%zz`],
    ['bytes that are no UTF-8', () => `${authorizePath(good())}&x=%ff%fe`],
    ['a query of 20 KB', () => `${authorizePath(good())}&x=${'y'.repeat(20_000)}`],
  ];
  for (const [what, parameters] of rows) {
    // OAuth 2.1 §2.3
    test(`a request that cannot be trusted is answered with a page and no redirect: ${what}`, async () => {
      const answer = await get(parameters());
      answer.hasStatus(400, 'RFC 6749 §4.1.2.1: no redirect').hasHeader('location', undefined, 'RFC 6749 §4.1.2.1');
      isSafePage(answer, 'an error page');
      assert.ok(!/evil\.example|alert\(1\)|nobody|state-/.test(answer.text), answer.story('an error echoes no input'));
      assert.ok(!/http-equiv="?refresh/i.test(answer.text), answer.story('no redirect by any other means'));
    });
  }

  // Who does the same again comes back to the same page.
  const again = 'Remove this connector in the app, then add it again.';
  for (const [what, change, told] of [
    ['a broken link', { client_id: null }, 'Update the app, or tell its maker.'],
    ['an unknown client', { client_id: 'nobody' }, again],
    ['a redirect URI that is not registered', { redirect_uri: 'https://app.example/other' }, again],
    ['a redirect URI of another kind', { redirect_uri: 'an-app://callback' }, 'Ask the owner of this connector to allow the app'],
    ['a redirect URI that nobody may have', { redirect_uri: 'http://app.example/cb' }, 'Update the app, or tell its maker.'],
  ]) {
    test(`a person whose app sends ${what} reads what helps`, async () => {
      const { text } = await get({ ...good(), ...change });
      const shown = /<strong>(.*?)<\/strong>/.exec(text.replace(/<\/?bdi>/g, ''))?.[1];
      assert.ok(shown?.startsWith(told), `${told}: ${shown}`);
    });
  }
});

// RFC 7636 §4.3, RFC 8707 §2
describe('what else is wrong is told to the client, with state and iss', () => {
  const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
  for (const [what, change, code] of [
    ['no response_type', { response_type: null }, 'invalid_request'],
    ['response_type token', { response_type: 'token' }, 'unsupported_response_type'],
    ['response_type code id_token', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['two response_types', { response_type: ['code', 'code'] }, 'invalid_request'],
    ['response_mode fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['response_mode form_post', { response_mode: 'form_post' }, 'invalid_request'],
    ['no PKCE', { code_challenge: null, code_challenge_method: null }, 'invalid_request'],
    ['no code_challenge', { code_challenge: null }, 'invalid_request'],
    ['no code_challenge_method, which means plain', { code_challenge_method: null }, 'invalid_request'],
    ['plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['an unknown method', { code_challenge_method: 'S512' }, 'invalid_request'],
    ['s256 in small letters', { code_challenge_method: 's256' }, 'invalid_request'],
    ['a short challenge', { code_challenge: challenge.slice(1) }, 'invalid_request'],
    ['a padded challenge', { code_challenge: `${challenge}=` }, 'invalid_request'],
    ['a challenge that is no base64url', { code_challenge: `${challenge.slice(1)}!` }, 'invalid_request'],
    ['two challenges', { code_challenge: [challenge, challenge] }, 'invalid_request'],
    ['two methods', { code_challenge_method: ['S256', 'plain'] }, 'invalid_request'],
    ['two scopes', { scope: ['profile', 'notes:write'] }, 'invalid_request'],
    ['a malformed scope', { scope: 'pro"file' }, 'invalid_scope'],
    ['a resource that is not here', { resource: 'https://elsewhere.example/mcp' }, 'invalid_target'],
    ['a path that is no resource', { resource: 'https://mcp.example.com/other' }, 'invalid_target'],
    ['a resource with a fragment', { resource: 'https://mcp.example.com/mcp#x' }, 'invalid_target'],
    ['a resource with a query', { resource: 'https://mcp.example.com/mcp?x=1' }, 'invalid_target'],
    ['a resource that is no URL', { resource: 'mcp' }, 'invalid_target'],
    ['an answer without a page', { prompt: 'none' }, 'consent_required'],
    ['an answer without a page, and a login', { prompt: 'none login' }, 'invalid_request'],
    ['two prompts', { prompt: ['login', 'consent'] }, 'invalid_request'],
    ['two resources', { resource: ['https://mcp.example.com/mcp', 'https://mcp.example.com/private/mcp'] }, 'invalid_target'],
  ]) {
    test(`what else is wrong is told to the client, with state and iss: ${what}`, async () => {
      const sent = { ...asking(web, { redirect_uri: WEB }), ...change };
      const answer = await get(sent);
      answer.hasStatus([302, 303], 'RFC 6749 §4.1.2.1');
      answer.hasHeader('cache-control', /\bno-store\b/, 'it may not be kept');
      const location = answer.headers.location;
      assert.ok(location.startsWith(`${WEB}&`), answer.story('RFC 6749 §3.1.2: the query of the redirect URI stays'));
      const { tenant, error, state, iss, error_description: description, ...others } = new Arrival(new URL(location), answer).parameters;
      assert.equal(tenant, '7');
      assert.equal(error, code, answer.story('RFC 6749 §4.1.2.1'));
      assert.equal(state, sent.state, answer.story('RFC 6749 §4.1.2.1: unchanged'));
      assert.equal(iss, site.origin, answer.story('RFC 9207 §2: errors, too'));
      assert.match(description ?? '', /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/, answer.story('RFC 6749 §4.1.2.1: its characters'));
      assert.deepEqual(others, {}, answer.story('nothing else'));
    });
  }

  test('a state of 8 KB is sent back, and so is one that is refused for its characters', async () => {
    for (const [state, change, code] of [
      ['s'.repeat(8 * 1024), { scope: 'pro"file' }, 'invalid_scope'],
      ['line\r\nbreak', {}, 'invalid_request'],
    ]) {
      const answer = await get(asking(web, { redirect_uri: WEB, state, ...change }));
      answer.hasStatus([302, 303], 'RFC 6749 §4.1.2.1');
      const { searchParams } = new URL(answer.headers.location);
      assert.equal(searchParams.get('error'), code, answer.story('RFC 6749 §4.1.2.1'));
      assert.equal(searchParams.get('state'), state, answer.story('which of its requests it was'));
    }
  });

  test('a state that is too long, or there twice, is not sent back', async () => {
    for (const state of ['s'.repeat(8 * 1024 + 1), ['one-state', 'another-state']]) {
      const answer = await get(asking(web, { redirect_uri: WEB, state }));
      answer.hasStatus([302, 303], 'every text has a limit');
      const url = new URL(answer.headers.location);
      assert.equal(url.searchParams.get('error'), 'invalid_request', answer.story('RFC 6749 §4.1.2.1'));
      assert.equal(url.searchParams.get('state'), null, answer.story('which one would it be'));
    }
  });
});

// MCP "Authorization › Authorization Flow"
// RFC 6749 §4.1.1, OAuth 2.1 §4.1.1
describe('a good request', () => {
  test('a good request comes with what clients say by habit', async () => {
    for (const more of [
      { prompt: 'consent' },
      { prompt: 'login select_account', login_hint: 'jane@example.com' },
      { access_type: 'offline', login_hint: 'x', nonce: 'n', unknown: 'y' },
      { response_mode: 'query' },
      { scope: 'openid email profile offline_access' },
      { resource: `${site.origin}/mcp/` },
      { resource: `${site.origin.toUpperCase()}/mcp` },
      { scope: '' },
      { state: null },
    ]) {
      const page = await new Browser(site).open(authorizePath({ ...asking(web, { redirect_uri: WEB }), ...more }));
      assert.ok(!(page instanceof Arrival), `${JSON.stringify(more)}: a page, not ${page.url}`);
      assert.ok(page.has('decision'), page.story(JSON.stringify(more)));
    }
  });

  test('a good request gives back state byte for byte, and iss', async () => {
    for (const state of ['a&b=c d+é%25/?#', 's'.repeat(384), 's'.repeat(8 * 1024), '{"a":"b"}', '=', 'ünïcödé ✓']) {
      const { arrival, state: got, iss, code } = await authorize(site, web, { parameters: { redirect_uri: WEB, state } });
      assert.ok(code, `a code, not ${arrival.url}`);
      assert.equal(got, state, 'RFC 6749 §4.1.2');
      assert.equal(iss, site.origin, 'RFC 9207 §2');
      assert.ok(arrival.url.href.startsWith(`${WEB}&`), 'the query of the redirect URI stays');
    }
  });

  test('a good request without a state gets none back', async () => {
    const { arrival } = await authorize(site, web, { parameters: { redirect_uri: WEB, state: null } });
    assert.deepEqual(Object.keys(arrival.parameters).sort(), ['code', 'iss', 'tenant']);
  });

  test('a good request may leave out the redirect URI where there is one', async () => {
    const { code } = await authorize(site, web, { parameters: { redirect_uri: null } });
    assert.ok(code, 'RFC 6749 §3.1.2.3');
  });

  for (const [what, redirect] of [
    ['the port it registered', 'http://127.0.0.1:4000/callback'],
    ['another port', 'http://127.0.0.1:52311/callback'],
    ['no port', 'http://127.0.0.1/callback'],
    ['a port where none was registered', 'http://localhost:9/cb'],
  ]) {
    test(`a good request of a native application may name ${what}`, async () => {
      const { arrival, code } = await authorize(site, native, { parameters: { redirect_uri: redirect } });
      assert.ok(code, `RFC 8252 §7.3: ${arrival.url}`);
      assert.ok(arrival.url.href.startsWith(`${redirect}?`), 'the code goes where the request said');
    });
  }

  test('a good request of Cursor leads to its scheme', async () => {
    const cursor = 'cursor://anysphere.cursor-mcp/oauth/callback';
    const client = await register(site, {
      redirect_uris: [cursor, 'https://www.cursor.com/agents/mcp/oauth/callback', 'http://localhost:8787/callback'],
    });
    const { arrival, code } = await authorize(site, client, { parameters: { redirect_uri: cursor } });
    assert.ok(code && arrival.url.href.startsWith(`${cursor}?`), String(arrival.url));
  });

  test('a good request may be repeated and changes nothing', async () => {
    const browser = new Browser(site);
    const path = authorizePath(asking(web, { redirect_uri: WEB }));
    const first = await browser.open(path);
    const cookies = browser.cookieHeader;
    const second = await browser.open(path);
    assert.equal(second.text, first.text, second.story('the same page'));
    assert.equal(browser.cookieHeader, cookies, 'the browser stays the one it was: another tab may be open');
    for (const page of [first, second]) {
      let at = await answerPage(browser, page);
      if (!(at instanceof Arrival)) at = await answerPage(browser, at);
      assert.ok(at instanceof Arrival && at.parameters.code, 'both tabs lead to a code');
    }
  });

  test('a good request is answered to HEAD like to GET, and to nothing else', async () => {
    const path = authorizePath(asking(web, { redirect_uri: WEB }));
    (await send(site, { method: 'HEAD', path })).hasStatus(200, 'RFC 9110 §9.3.2').hasNoBody('HEAD');
    for (const method of ['PUT', 'DELETE', 'PATCH']) (await send(site, { method, path })).hasStatus(405, 'RFC 6749 §3.1');
  });
});
test('the first sign-in asks for what the resource names, and no more', async () => {
  const { tokens } = await connect(site, { client: web, parameters: { redirect_uri: WEB, state: newState() } });
  assert.deepEqual(scopesIn(tokens.scope), scopesIn(FIRST_SCOPES));
});

test('a code goes to nobody but the client it was made for', async () => {
  const authorization = await authorize(site, web, { parameters: { redirect_uri: WEB } });
  const other = await register(site, { redirect_uris: [WEB] });
  (await send(site, redeeming(other, authorization))).hasStatus(400, 'RFC 6749 §4.1.3');
  tokensOf(await send(site, redeeming(web, authorization)), 'and the client it was made for is not harmed');
});

test('no secret is in the log', () => keepsSecrets([site]));
