// A setting that cannot be read never takes the whole Worker down, and nothing is guessed in its place: what depends on it is
// closed and says which variable it is and what is expected, the log names it, and everything else is served.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instancesForSuite } from '../support/workers/instances.mjs';
import { calling, legacy, modern, textOf } from '../support/mcp/requests.mjs';
import {
  PASSPHRASE,
  REDIRECT,
  SIGN_IN,
  bearer,
  connect,
  form,
  isWelcome,
  keepsSecrets,
  refreshing,
  registering,
  send,
  tokensOf,
} from '../support/oauth/client.mjs';

/** Of somebody who signed in while all was well. */
let kept;
const runtime = instancesForSuite({ count: 1, vars: SIGN_IN }, async () => {
  kept = await connect(site);
});
const [site] = runtime.instances;

/** Starts over the same storage with other variables or fewer bindings; gives what is logged from then on. */
async function restart(vars, how) {
  const before = site.log().length;
  await runtime.restart({ ...SIGN_IN, ...vars }, how);
  return () => site.log().slice(before);
}

const echo = (options) => send(site, legacy('tools/call', calling('echo', { text: 'hello' }), options));
/** What is asked of each part. `open` is its answer while all is well. */
const PARTS = {
  calls: { open: 200, asked: () => legacy('tools/call', calling('echo', { text: 'hello' })) },
  'calls in the modern era': { open: 200, asked: () => modern('tools/call', calling('echo', { text: 'hello' })) },
  'protected tools without a token': { open: 401, asked: () => legacy('tools/call', calling('whoami')) },
  tokens: { open: 200, asked: () => legacy('tools/call', calling('whoami'), { headers: bearer(kept.tokens.access_token) }) },
  'bad tokens': { open: 401, asked: () => legacy('tools/call', calling('echo'), { headers: bearer('a.bad.token') }) },
  'the private endpoint': { open: 401, asked: () => legacy('tools/list', {}, { path: '/private/mcp' }) },
  home: { open: 200, asked: () => ({ path: '/' }) },
  account: { open: 200, asked: () => ({ path: '/account' }) },
  authorize: { open: 400, asked: () => ({ path: '/authorize' }) },
  register: { open: 201, asked: () => registering({ redirect_uris: [REDIRECT] }) },
  token: { open: 400, asked: () => form('/token', { grant_type: 'refresh_token', client_id: kept.client.client_id, refresh_token: 'mr1x' }) },
  revoke: { open: 200, asked: () => form('/revoke', { client_id: kept.client.client_id, token: 'mr1x' }) },
  'metadata of the resource': { open: 200, asked: () => ({ path: '/.well-known/oauth-protected-resource/mcp' }) },
  'metadata of the server': { open: 200, asked: () => ({ path: '/.well-known/oauth-authorization-server' }) },
};
const SIGNING_IN = ['authorize', 'register', 'token', 'revoke'];
const PEOPLE = ['protected tools without a token', 'tokens', 'bad tokens', 'the private endpoint', 'account', ...SIGNING_IN];
const DOCUMENTS = ['metadata of the resource', 'metadata of the server'];
const CALLS = ['calls', 'calls in the modern era', 'protected tools without a token', 'tokens', 'bad tokens', 'the private endpoint'];
const OPENID = { OPENID_ISSUER: 'https://id.example', OPENID_CLIENT_ID: 'us', OPENID_CLIENT_SECRET: 'a-secret-of-the-provider' };

test('all parts are open while all is well', async () => {
  for (const [name, { open, asked }] of Object.entries(PARTS)) (await send(site, asked())).hasStatus(open, name);
});

describe('a setting that cannot be read', () => {
  for (const [name, value, closed, beside = {}] of [
    ['PUBLIC_URL', 'connector.test', [...PEOPLE, ...DOCUMENTS]],
    ['ALLOWED_ADDRESSES', 'everybody-at-home', CALLS],
    ['MASTER_KEY', 'c2hvcnQ-and-no-key', PEOPLE],
    ['MASTER_KEY_PREVIOUS', Buffer.alloc(32, 7).toString('base64'), PEOPLE],
    ['IDENTITY', 'passphrase-and-openid', PEOPLE],
    ['ALLOWED_USERS', undefined, PEOPLE, { IDENTITY: 'openid', ...OPENID }],
    ['OPENID_ISSUER', 'http://id.example', PEOPLE, { IDENTITY: 'openid', ...OPENID, ALLOWED_USERS: 'jane@example.com' }],
    ['AUTH_ISSUER', 'id.example.test', [...PEOPLE, ...DOCUMENTS]],
    ['REDIRECT_URIS', 'javascript:alert(1)', SIGNING_IN],
    ['OAUTH_CLIENTS', '{"secret-of-nobody"', SIGNING_IN],
    ['OAUTH_CLIENTS', '[{"client_id":"x","client_secret":"short-secret","redirect_uris":["https://a.example/cb"]}]', SIGNING_IN],
    ['ACCESS_TOKEN_SECONDS', 'one-hour', SIGNING_IN],
    ['PRIVATE_SIGN_IN', 'everything', []],
    ['CHALLENGE', 'HTTP-status', []],
    ['ANNOUNCE_ISS', 'perhaps', []],
    ['MAX_BODY_BYTES', '1-megabyte', []],
    ['PAGE_SIZE', 'a-hundred', []],
    ['TIME_LIMIT_SECONDS', '5-minutes', []],
  ]) {
    test(`a setting that cannot be read closes what depends on it and nothing else: ${name}${value === undefined ? ' is missing' : ''}`, async () => {
      const log = await restart({ ...beside, ...(value !== undefined && { [name]: value }) });
      for (const [part, { open, asked }] of Object.entries(PARTS)) {
        const isClosed = closed.includes(part);
        const answer = await send(site, asked());
        answer.hasStatus(isClosed ? 503 : open, `${part} ${isClosed ? 'is closed' : 'is open'}`);
        if (isClosed) {
          assert.ok(answer.text.includes(`${name} `), answer.story('it says which variable has to be corrected'));
          answer.hasHeader('retry-after', /^\d+$/, 'no client throws its credentials away');
          answer.hasHeader('www-authenticate', undefined, 'nobody is sent to sign in, where they would be told the same');
        }
        if (value) assert.ok(!answer.text.includes(value), answer.story('an answer never shows the value'));
      }
      const page = await send(site, { path: '/' });
      assert.ok(page.text.includes(`${name} `), page.story('the page for people names it'));
      assert.match(log(), new RegExp(`configuration: ${name} `), 'the log names it');
      const printed = log().replace(/^[\s\S]*?Ready on [^\n]*\n/, '');
      if (value) assert.ok(!printed.includes(value), `and no value: ${printed}`);
    });
  }

  test('a setting that cannot be read does not let the passphrase in where somebody else is to be asked', async () => {
    await restart({ IDENTITY: 'openid', ...OPENID });
    const login = await send(site, form('/authorize/login', { passphrase: PASSPHRASE, request: 'x' }));
    login.hasStatus(503, 'nobody signs in');
    const account = await send(site, form('/authorize/account', { passphrase: PASSPHRASE, request: 'x' }));
    account.hasStatus(503, 'nobody signs in');
  });

  test('a setting that cannot be read ends nobody’s sign-in: all goes on when it is corrected', async () => {
    for (const vars of [{ ALLOWED_USERS: '', IDENTITY: 'openid', ...OPENID }, { MASTER_KEY: 'x' }, { PUBLIC_URL: 'x' }, { OAUTH_CLIENTS: 'x' }]) {
      await restart(vars);
      (await send(site, refreshing(kept.client, kept.tokens))).hasStatus(503, 'design: an outage, never invalid_grant');
    }
    await restart({});
    await isWelcome(site, kept.tokens.access_token, { rule: 'the access token of before' });
    kept.tokens = tokensOf(await send(site, refreshing(kept.client, kept.tokens)), 'and the refresh token');
  });

  test('a setting that cannot be read closes the pages of other sites and no program: ALLOWED_ORIGINS', async () => {
    for (const list of ['https://claude.ai null', '*', 'https://claude.ai https://a.example/path']) {
      await restart({ ALLOWED_ORIGINS: list });
      const refused = await echo({ headers: { origin: 'https://claude.ai' } });
      refused.hasStatus(403, 'no entry of a list that cannot be read');
      assert.match(refused.json().error.message, /ALLOWED_ORIGINS must /, refused.story('which variable'));
      assert.match(textOf((await echo()).result('a hosted client sends no Origin')), /hello/);
      (await echo({ headers: { origin: site.origin } })).result('a page of this server');
    }
  });

  test('a setting that cannot be read closes /sse, and says so: SSE_TRANSPORT', async () => {
    await restart({ SSE_TRANSPORT: 'sometimes' });
    const answer = await send(site, { path: '/sse', headers: { accept: 'text/event-stream' } });
    answer.hasStatus(503, 'whether it is wanted cannot be told');
    assert.match(answer.json().error_description, /SSE_TRANSPORT must be on or off/, answer.story('which variable'));
    (await echo()).result('and nothing else');
  });

  test('a setting that cannot be read closes the log of requests: LOG', async () => {
    const log = await restart({ LOG: 'none' });
    (await echo()).result('calls are served');
    assert.match(log(), /configuration: LOG must be all, errors or off/);
    assert.doesNotMatch(log(), /"message":"POST/, 'nobody knows which requests should not be written down');
  });
});

describe('a variable that is no string', () => {
  test('a variable that is no string is read if it is a number, a boolean or a list of texts', async () => {
    const log = await restart({
      PAGE_SIZE: 2,
      ANNOUNCE_ISS: false,
      ALLOWED_ORIGINS: ['https://claude.ai', 'tauri://localhost'],
      OAUTH_CLIENTS: [{ client_id: 'an-app', redirect_uris: [REDIRECT] }],
    });
    assert.doesNotMatch(log(), /configuration: /);
    const tools = (await send(site, legacy('tools/list', {}))).result('PAGE_SIZE');
    assert.equal(tools.tools.length, 2);
    const metadata = (await send(site, { path: '/.well-known/oauth-authorization-server' })).json();
    assert.ok(!('authorization_response_iss_parameter_supported' in metadata), 'ANNOUNCE_ISS');
    (await echo({ headers: { origin: 'tauri://localhost' } })).result('ALLOWED_ORIGINS');
    await connect(site, { client: { client_id: 'an-app', redirect_uris: [REDIRECT] } });
  });

  test('a variable that is no string does not pass for one that is not set', async () => {
    for (const value of [{}, 7, [1], true]) {
      await restart({ ALLOWED_ADDRESSES: value });
      const answer = await echo();
      answer.hasStatus(503, `${JSON.stringify(value)} is no list of networks`);
      assert.match(answer.json().error.message, /ALLOWED_ADDRESSES/);
    }
  });
});

test('any serialized origin may be listed, and is compared byte by byte', async () => {
  const listed = ['chrome-extension://abcdefghijklmnopabcdefghijklmnop', 'moz-extension://0f5a-4b', 'vscode-webview://1a2B3c', 'app://obsidian.md', 'tauri://localhost'];
  await restart({ ALLOWED_ORIGINS: listed.join(' ') });
  for (const origin of listed) {
    const answer = await echo({ headers: { origin } });
    answer.result(origin);
    answer.hasHeader('access-control-allow-origin', origin, 'the browser lets the page read it');
    for (const other of [`${origin}/`, origin.toUpperCase(), `${origin}x`, 'null']) {
      (await echo({ headers: { origin: other } })).hasStatus(403, `${other} is another one`);
    }
  }
});

describe('a binding that is missing', () => {
  const STREAM = 'the stream of a session';
  for (const [name, className, closed] of [
    ['OAUTH_KV', undefined, SIGNING_IN],
    ['GRANTS', 'Grants', [...PEOPLE, STREAM]],
    ['KEYRING', 'Keyring', [...PEOPLE, STREAM]],
    ['DIRECTORY', 'Directory', [...PEOPLE, STREAM]],
    ['SESSION', 'Session', [STREAM]],
    ['SUBJECT_STORE', 'SubjectStore', []],
    ['ANONYMOUS_QUOTA', 'AnonymousQuota', []],
  ]) {
    test(`a binding that is missing closes what needs it, and is named with the lines to add: ${name}`, async () => {
      const log = await restart({}, { unbound: [name] });
      const lines = className ? `class_name = "${className}"` : `binding = "${name}"`;
      const parts = { ...PARTS, [STREAM]: { open: 405, asked: listening } };
      for (const [part, { open, asked }] of Object.entries(parts)) {
        const isClosed = closed.includes(part);
        const answer = await send(site, asked());
        answer.hasStatus(isClosed ? 503 : open, `${part} ${isClosed ? 'is closed' : 'is open'}`);
        if (isClosed) {
          assert.ok(answer.text.includes(name), answer.story('it says which binding is missing'));
          answer.hasHeader('retry-after', /^\d+$/, 'no client throws its credentials away');
        }
      }
      const page = await send(site, { path: '/' });
      page.hasStatus(200, 'the page for people stays');
      assert.equal(page.text.includes(lines.replaceAll('"', '&quot;')), closed.length > 0, page.story('it has the lines to add'));
      const isNeeded = name !== 'ANONYMOUS_QUOTA';
      assert.equal(log().includes(lines), isNeeded, 'the log has the lines, if this connector needs the binding');
    });
  }

  test('a binding that is missing is named by the tool that needs it: SUBJECT_STORE', async () => {
    await restart({}, { unbound: ['SUBJECT_STORE'] });
    const answer = await send(site, legacy('tools/call', calling('list_notes'), { headers: bearer(kept.tokens.access_token) }));
    assert.match(textOf(answer.result('the model is told')), /must bind SUBJECT_STORE in wrangler\.toml/);
  });
});

/** A GET for the stream of a session, by somebody who is signed in. */
function listening() {
  return { path: '/mcp', headers: { accept: 'text/event-stream', ...bearer(kept.tokens.access_token) } };
}

test('no secret is in the log', () => keepsSecrets([site]));
