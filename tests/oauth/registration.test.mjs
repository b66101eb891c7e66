// Dynamic client registration (RFC 7591, MCP "Dynamic Client Registration"): strict about where a client may be sent, lenient
// about everything it says of itself.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startInstances } from '../support/workers/instances.mjs';
import {
  Browser,
  REDIRECT,
  SIGN_IN,
  asking,
  authorizePath,
  connect,
  isOAuthError,
  keepsSecrets,
  refreshing,
  register,
  registering,
  secret,
  send,
} from '../support/oauth/client.mjs';
import { startConnector } from '../support/workers/wrangler-dev.mjs';

/** @type {Awaited<ReturnType<typeof startInstances>>} */
let runtime;
/** @type {import("../support/workers/instances.mjs").Instance} */
let site;
before(async () => {
  // Plain workerd, where nothing limits how often one address may register.
  runtime = await startInstances({ count: 1, vars: SIGN_IN });
  [site] = runtime.instances;
});
after(() => runtime?.stop());

const post = (body, headers) => send(site, registering(body, headers));

/** Registrations as released clients send them. */
const REAL = {
  'Claude (hosted)': {
    client_name: 'Claude',
    redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    scope: 'profile notes:read offline_access',
  },
  'Claude Code': {
    client_name: 'Claude Code (notes)',
    redirect_uris: ['http://localhost:53682/callback'],
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: 'profile notes:read offline_access',
  },
  'Cursor, three kinds of redirect in one request': {
    client_name: 'Cursor',
    redirect_uris: [
      'cursor://anysphere.cursor-mcp/oauth/callback',
      'https://www.cursor.com/agents/mcp/oauth/callback',
      'http://localhost:8787/callback',
    ],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    client_uri: 'https://cursor.com',
  },
  'VS Code': {
    client_name: 'Visual Studio Code',
    client_uri: 'https://code.visualstudio.com',
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: ['code'],
    redirect_uris: [
      'https://insiders.vscode.dev/redirect',
      'https://vscode.dev/redirect',
      'http://localhost/',
      'http://127.0.0.1/',
      'http://localhost:33418/',
      'http://127.0.0.1:33418/',
    ],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  },
  'Claude’s app, with a scheme of its own': {
    client_name: 'Claude Code (notes)',
    redirect_uris: ['claude://claude.ai/mcp-auth-callback/sdk'],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  },
  ChatGPT: {
    client_name: 'ChatGPT',
    redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    token_endpoint_auth_method: 'none',
  },
  'the AI playground': {
    client_name: 'mcp-V1StGXR8_Z5jdHi6B-myT',
    client_uri: 'https://playground.ai.cloudflare.com',
    redirect_uris: ['https://playground.ai.cloudflare.com/agents/playground/abc/callback'],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  },
  'the Inspector': {
    client_name: 'MCP Inspector',
    redirect_uris: ['http://127.0.0.1:6274/oauth/callback'],
    token_endpoint_auth_method: 'none',
  },
  'an IPv6 loopback': { redirect_uris: ['http://[::1]:4711/cb'], token_endpoint_auth_method: 'none' },
};

// MCP "Dynamic Client Registration", "Client Registration Approaches"
describe('a registration', () => {
  for (const [name, metadata] of Object.entries(REAL)) {
    test(`a registration of ${name} is accepted`, async () => {
      const answer = await post(metadata);
      answer.hasStatus(201, 'RFC 7591 §3.2.1').hasHeader('content-type', /^application\/json\b/, 'RFC 7591 §3.2.1');
      answer.hasHeader('cache-control', /\bno-store\b/, 'RFC 7591 §3.2.1');
      const client = answer.json();
      assert.match(client.client_id, /^[\x21-\x7e]{8,}$/, answer.story('an identifier'));
      assert.deepEqual(client.redirect_uris, metadata.redirect_uris, answer.story('as they were sent'));
      assert.equal(client.client_name, metadata.client_name, answer.story('as it was sent, or absent'));
      assert.equal(client.token_endpoint_auth_method, 'none', answer.story('what was asked for'));
      assert.ok(!('client_secret' in client), answer.story('a public client has no secret'));
      assert.ok(Number.isInteger(client.client_id_issued_at), answer.story('RFC 7591 §3.2.1'));
      assert.ok(!Object.values(client).includes(null), answer.story('null breaks clients'));
    });
  }

  test('a registration is told its scope: what a request with that scope asks for', async () => {
    for (const [scope, stated] of [
      ['profile notes:read offline_access', 'notes:read profile'],
      ['notes:write', 'notes:write'],
      ['openid profile email', 'notes:read profile'],
      [undefined, 'notes:read profile'],
    ]) {
      const client = await register(site, { scope });
      assert.equal(client.scope, stated, `RFC 7591 §3.2.1: ${scope}`);
      const { tokens } = await connect(site, { client, scope });
      assert.equal(tokens.scope, stated, `and so it is: ${scope}`);
    }
  });

  test('a registration of several redirect URIs keeps the acceptable ones and says which are not', async () => {
    const bad = 'javascript:alert(1)//"<script>';
    const answer = await post({ token_endpoint_auth_method: 'none', redirect_uris: [bad, REDIRECT, 'http://app.example/cb', 'https://app.example/cb'] });
    const client = answer.hasStatus(201, 'RFC 7591 §3.2.1').json();
    assert.deepEqual(client.redirect_uris, [REDIRECT, 'https://app.example/cb'], 'what was registered');
    assert.deepEqual(client.refused_redirect_uris.map(({ index }) => index), [0, 2], answer.story('which were not'));
    for (const { error_description: why } of client.refused_redirect_uris) assert.match(why, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, 'why');
    assert.ok(!answer.text.includes('alert') && !answer.text.includes('http://app.example'), answer.story('nothing of them is echoed'));
    await connect(site, { client: { ...client, redirect_uris: [REDIRECT] } });
    const page = await new Browser(site).open(authorizePath(asking(client, { redirect_uri: 'http://app.example/cb' })));
    page.answer.hasStatus(400, 'what was refused is not the client’s');
  });

  test('a registration without a name is accepted', async () => {
    const client = await register(site, { client_name: undefined });
    assert.ok(!('client_name' in client));
  });

  test('a registration may say members that this server does not know', async () => {
    await register(site, {
      application_type: 'native',
      software_id: 'x',
      software_version: '1',
      logo_uri: 'https://a.example/logo.png',
      policy_uri: 'https://a.example/policy',
      contacts: ['a@a.example'],
      'client_name#de': 'Prüfung',
      nested: { deep: [1, { a: null }] },
      scope: 'openid email profile offline_access',
      jwks_uri: null,
      client_uri: null,
    });
  });

  for (const method of ['client_secret_basic', 'client_secret_post']) {
    test(`a registration by ${method} is given a secret`, async () => {
      const client = await register(site, { token_endpoint_auth_method: method });
      assert.equal(client.token_endpoint_auth_method, method);
      assert.ok(client.client_secret.length >= 32, 'a secret that nobody guesses');
      assert.ok(Number.isInteger(client.client_secret_expires_at), 'an integer: null breaks clients');
    });
  }

  test('a registration without a method is confidential, as RFC 7591 §2 says', async () => {
    const client = await register(site, { token_endpoint_auth_method: undefined });
    assert.equal(client.token_endpoint_auth_method, 'client_secret_basic');
    assert.ok(client.client_secret.length >= 32, 'a secret that nobody guesses');
  });

  // RFC 6749 §2.2
  test('a registration gives an identifier of its own each time', async () => {
    const clients = await Promise.all([1, 2, 3, 4].map(() => register(site)));
    assert.equal(new Set(clients.map((client) => client.client_id)).size, 4);
  });

  test('a registration may be sent by a web page', async () => {
    const origin = 'http://localhost:6274';
    const preflight = await send(site, {
      method: 'OPTIONS',
      path: '/register',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    });
    preflight.hasStatus([200, 204], 'Fetch, CORS preflight');
    const answer = await post(REAL['the Inspector'], { origin });
    answer.hasStatus(201, 'clients in browsers');
    assert.ok(['*', origin].includes(answer.headers['access-control-allow-origin']), answer.story('clients in browsers'));
  });
});

const withRedirects = (...redirects) => ({ redirect_uris: redirects, token_endpoint_auth_method: 'none' });

describe('a registration is refused', () => {
  for (const [what, redirect] of [
    ['http to another machine', 'http://app.example/cb'],
    ['http to a private address', 'http://192.168.1.7/cb'],
    ['a name that begins like localhost', 'http://localhost.evil.example/cb'],
    ['userinfo that looks like a host', 'https://claude.ai@evil.example/cb'],
    ['two at signs', 'https://a@b@evil.example/cb'],
    ['a backslash', 'https://app.example\\@evil.example/cb'],
    ['a fragment', 'https://app.example/cb#fragment'],
    ['a parameter that the answer has too', 'https://app.example/cb?code=somebody-elses'],
    ['a name for this server', 'https://app.example/cb?tenant=7&iss=https%3A%2F%2Fevil.example'],
    ['javascript:', 'javascript:alert(1)'],
    ['JavaScript: in capitals', 'JaVaScRiPt:alert(1)'],
    ['javascript: after white space', ' javascript:alert(1)'],
    ['data:', 'data:text/html,hello'],
    ['file:', 'file:///etc/passwd'],
    ['a scheme that is not on the list', 'myapp://callback'],
    ['another address of a listed scheme', 'cursor://evil/oauth/callback'],
    ['another address of Claude’s scheme', 'claude://claude.ai/mcp-auth-callback/other'],
    ['a relative URL', '/callback'],
    ['no host', 'https:///cb'],
    ['a wildcard', 'https://*.app.example/cb'],
    ['a line break', 'https://app.example/cb\r\nset-cookie: a=b'],
    ['a space', 'https://app.example/c b'],
    ['an empty text', ''],
    ['the scheme in capitals', 'HTTPS://app.example/cb'],
    ['an endless one', `https://app.example/${'a'.repeat(600)}`],
  ]) {
    // MCP "Application Type and Redirect URI Constraints", "Communication Security"
    test(`a registration is refused for its redirect URI: ${what}`, async () => {
      const answer = await post(withRedirects(redirect));
      answer.hasStatus(400, 'RFC 7591 §3.2.2').hasHeader('cache-control', /\bno-store\b/, 'RFC 7591 §3.2.2');
      const body = answer.json();
      assert.equal(body.error, 'invalid_redirect_uri', answer.story('RFC 7591 §3.2.2'));
      if (redirect.length > 12) assert.ok(!answer.text.includes(redirect.slice(0, 60)), answer.story('an error echoes no input'));
    });
  }

  test('a registration is refused if none of several redirect URIs is acceptable', async () => {
    const answer = await post(withRedirects('http://app.example/cb', 'myapp://callback'));
    assert.equal(answer.hasStatus(400, 'RFC 7591 §3.2.2').json().error, 'invalid_redirect_uri');
  });

  test('a registration is refused if it names a member twice, at any depth', async () => {
    for (const body of [
      `{"redirect_uris":["${REDIRECT}"],"redirect_uris":["https://evil.example/cb"]}`,
      `{"client_name":"A","redirect_uris":["${REDIRECT}"],"client_name":"B"}`,
      `{"redirect_uris":["${REDIRECT}"],"jwks":{"keys":[{"kid":"a","kid":"b"}]}}`,
      `{"redirect_uris":["${REDIRECT}"],"client_name":"A","client\\u005fname":"A"}`,
    ]) {
      const answer = await post(body);
      const { error, error_description: description } = answer.hasStatus(400, 'docs/security.md').json();
      assert.equal(error, 'invalid_client_metadata', answer.story('RFC 7591 §3.2.2'));
      assert.match(description, /twice/, answer.story('why'));
    }
  });

  for (const [what, body, code] of [
    ['no redirect URIs', { client_name: 'a' }, 'invalid_redirect_uri'],
    ['an empty list', { redirect_uris: [] }, 'invalid_redirect_uri'],
    [
      'more redirect URIs than anybody needs',
      withRedirects(...Array.from({ length: 40 }, (_, n) => `https://a.example/${n}`)),
      'invalid_redirect_uri',
    ],
    ['redirect URIs that are a text', { redirect_uris: REDIRECT }, 'invalid_client_metadata'],
    ['redirect URIs that are numbers', { redirect_uris: [1] }, 'invalid_client_metadata'],
    ['a name that is a number', { ...withRedirects(REDIRECT), client_name: 7 }, 'invalid_client_metadata'],
    [
      'a method that is not offered',
      { redirect_uris: [REDIRECT], token_endpoint_auth_method: 'private_key_jwt' },
      'invalid_client_metadata',
    ],
    ['no code flow', { ...withRedirects(REDIRECT), grant_types: ['client_credentials'] }, 'invalid_client_metadata'],
    ['the implicit flow', { ...withRedirects(REDIRECT), response_types: ['token'] }, 'invalid_client_metadata'],
    ['an array', [withRedirects(REDIRECT)], 'invalid_client_metadata'],
    ['a text', '"hello"', 'invalid_client_metadata'],
    ['no JSON', '{"redirect_uris":[', 'invalid_client_metadata'],
    ['nothing', '', 'invalid_client_metadata'],
    ['null', 'null', 'invalid_client_metadata'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'invalid_client_metadata'],
    ['nesting without end', `{"redirect_uris":["${REDIRECT}"],"x":${'['.repeat(5000)}${']'.repeat(5000)}}`, 'invalid_client_metadata'],
  ]) {
    test(`a registration is refused with ${what}`, async () => {
      const answer = await post(body);
      answer.hasStatus(400, 'RFC 7591 §3.2.2');
      assert.equal(answer.json().error, code, answer.story('RFC 7591 §3.2.2'));
    });
  }

  for (const [what, chunked] of [
    ['with its length', false],
    ['without it', true],
  ]) {
    test(`a registration is refused when it is too long, sent ${what}`, async () => {
      const asked = registering({ ...withRedirects(REDIRECT), filler: 'x'.repeat(2_000_000) });
      const answer = await send(site, { ...asked, chunked });
      answer.hasStatus([400, 413], 'every body has a limit');
      assert.match(answer.json().error, /^invalid_(client_metadata|request)$/, answer.story('RFC 7591 §3.2.2'));
    });
  }

  test('a registration is refused in another content type than JSON', async () => {
    const answer = await post(`redirect_uris=${encodeURIComponent(REDIRECT)}`, { 'content-type': 'application/x-www-form-urlencoded' });
    answer.hasStatus([400, 415], 'RFC 7591 §3.1');
    assert.equal(answer.json().error, 'invalid_client_metadata', answer.story('RFC 7591 §3.2.2'));
  });

  test('a registration is refused by any other method than POST', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await send(site, { method, path: '/register' });
      answer.hasStatus(405, 'RFC 7591 §3.1').hasHeader('allow', /\bPOST\b/, 'RFC 9110 §15.5.6');
    }
  });
});

test('a name is shown without what would deceive', async () => {
  const client = await register(site, { client_name: ' Cla\u202eude\u200b \n by  Anthropic ' });
  assert.equal(client.client_name, 'Claude by Anthropic');
});

test('a name cannot be endless', async () => {
  const answer = await post({ ...withRedirects(REDIRECT), client_name: 'n'.repeat(10_000) });
  answer.hasStatus([201, 400], 'cut or refused');
  if (answer.status === 201) assert.ok(answer.json().client_name.length <= 200, answer.story('every text has a limit'));
});

test('a registration access token is not promised', async () => {
  const client = await register(site);
  for (const member of ['registration_access_token', 'registration_client_uri'])
    assert.ok(!(member in client), `RFC 7592 is not here: ${member}`);
});

test('one address cannot register without end, and is told when to come again', async () => {
  const server = await startConnector(SIGN_IN);
  try {
    const asked = registering({ redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' });
    const answers = await Promise.all(Array.from({ length: 100 }, () => send(server, asked)));
    const accepted = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ status }) => status !== 201);
    assert.ok(accepted.length >= 20, `a household of clients may: ${accepted.length}`);
    assert.ok(refused.length > 0, 'there is a limit');
    for (const answer of refused) {
      answer.hasStatus(429, 'RFC 6585 §4').hasHeader('retry-after', /^\d+$/, 'RFC 6585 §4');
      assert.equal(answer.json().error, 'temporarily_unavailable', answer.story('never an error on which a client gives up'));
    }
  } finally {
    await server.stop();
  }
});

describe('a registration lives for ninety days after its last use', () => {
  const DAY = 24 * 3600;
  const opens = async (client, rule) => {
    const page = await new Browser(site).open(authorizePath(asking(client)));
    assert.ok(page.has?.('decision'), `${rule}: ${page.url}`);
  };
  const isGone = async (client, rule) => {
    const page = await new Browser(site).open(authorizePath(asking(client)));
    page.answer.hasStatus(400, rule);
    isOAuthError(await send(site, refreshing(client, { refresh_token: 'x' })), 401, 'invalid_client', rule);
  };

  test('one that nobody uses is gone then', async () => {
    const client = await register(site);
    await site.passes(89 * DAY);
    await opens(client, 'after 89 days');
    await site.passes(2 * DAY);
    await isGone(client, 'after 91 days: looking at a page is no use');
  });

  test('one that is used stays valid', async () => {
    const client = await register(site);
    for (const days of [60, 80, 80]) {
      await site.passes(days * DAY);
      await connect(site, { client });
    }
    await site.passes(20 * DAY);
    await opens(client, '240 days after it registered');
    await site.passes(91 * DAY);
    await isGone(client, 'and 111 days after its last use it is gone');
  });

  test('one that was registered and never allowed costs nothing, and one in use one write to KV in thirty days', async () => {
    const writes = async () => (await runtime.counts()).kv.writes;
    const earlier = await writes();
    const client = await register(site);
    await opens(client, 'it is looked at');
    assert.equal(await writes(), earlier, 'an anonymous client causes no write');
    for (const [days, expected] of [[0, 1], [29, 1], [2, 2]]) {
      await site.passes(days * DAY);
      for (let turn = 0; turn < 3; turn += 1) await connect(site, { client });
      // The record is written behind the answer.
      for (let turn = 0; turn < 100 && (await writes()) < earlier + expected; turn += 1) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(await writes(), earlier + expected, `${days} days later`);
    }
  });
});

test('no secret is in the log', async () => {
  secret((await register(site, { token_endpoint_auth_method: 'client_secret_post' })).client_secret, 'a client_secret');
  keepsSecrets([site]);
});
