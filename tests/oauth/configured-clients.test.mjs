// What the owner can configure about signing in: clients that need not register, services that act in their own name
// (RFC 6749 §4.4), redirect URIs of private schemes, the passphrase, and the master key and its replacement.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instancesForSuite, startInstances } from '../support/workers/instances.mjs';
import { textOf } from '../support/mcp/requests.mjs';
import {
  Arrival,
  Browser,
  REDIRECT,
  SIGN_IN,
  asking,
  authorize,
  authorizePath,
  basic,
  call,
  connect,
  form,
  isOAuthError,
  isTurnedAway,
  isWelcome,
  keepsSecrets,
  redeeming,
  refreshing,
  register,
  registering,
  revoking,
  scopesIn,
  secret,
  send,
  tokensOf,
} from '../support/oauth/client.mjs';

const APP = { client_id: 'my-app', client_name: 'My app', redirect_uris: [REDIRECT] };
const CLAUDE = {
  client_id: 'claude',
  client_name: 'Claude',
  client_secret: secret('a-configured-secret-of-the-tests', 'a configured client_secret'),
  redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
};
const NIGHTLY = {
  client_id: 'nightly',
  client_secret: secret('another-configured-secret-of-the-tests', 'a configured client_secret'),
  own_scopes: 'notes:read notes:write',
};
const PRIVATE_USE = 'my.app:/signed-in';

const runtime = instancesForSuite({
  count: 1,
  vars: { ...SIGN_IN, OAUTH_CLIENTS: JSON.stringify([APP, CLAUDE, NIGHTLY]), REDIRECT_URIS: PRIVATE_USE },
});
const [site] = runtime.instances;

// MCP "Pre-registration", "Preregistration"
describe('a configured client', () => {
  test('a configured client signs in without registering', async () => {
    const { tokens } = await connect(site, { client: APP });
    await isWelcome(site, tokens.access_token);
    tokensOf(await send(site, refreshing(APP, tokens)));
  });

  test('a configured client with a secret shows it', async () => {
    const authorization = await authorize(site, CLAUDE);
    const headers = basic(CLAUDE.client_id, CLAUDE.client_secret);
    isOAuthError(await send(site, redeeming(CLAUDE, authorization)), 401, 'invalid_client', 'without');
    isOAuthError(
      await send(site, redeeming(CLAUDE, authorization, { client_secret: 'wrong-secret-of-the-test' })),
      401,
      'invalid_client',
      'a wrong one',
    );
    const tokens = tokensOf(
      await send(site, redeeming(CLAUDE, authorization, { headers, client_id: null })),
      'RFC 6749 §2.3.1: in the header',
    );
    tokensOf(await send(site, refreshing(CLAUDE, tokens, { client_secret: CLAUDE.client_secret })), 'RFC 6749 §2.3.1: in the body');
  });

  test('a configured client is shown as one that the owner has set up', async () => {
    const [own, registered] = await Promise.all([
      new Browser(site).open(authorizePath(asking(APP))),
      register(site, { client_name: APP.client_name }).then((client) => new Browser(site).open(authorizePath(asking(client)))),
    ]);
    assert.ok(own.text.includes(APP.client_name), own.story('its name'));
    assert.notEqual(own.text, registered.text, own.story('not like one that named itself'));
  });

  test('a configured client may be sent only where the configuration says', async () => {
    for (const client of [APP, CLAUDE]) {
      const page = await new Browser(site).open(authorizePath(asking(client, { redirect_uri: 'https://evil.example/cb' })));
      assert.ok(!(page instanceof Arrival), String(page.url));
      page.answer.hasStatus(400, 'RFC 6749 §3.1.2.3');
    }
  });
});

describe('a service acts in its own name', () => {
  const request = (more = {}, client = NIGHTLY) =>
    form(
      '/token',
      {
        grant_type: 'client_credentials',
        ...(!more.headers && { client_id: client.client_id, client_secret: client.client_secret }),
        ...more,
        headers: null,
      },
      more.headers,
    );
  /** RFC 6749 §4.4.3. */
  const tokenOf = (answer) => {
    const tokens = tokensOf(answer, 'RFC 6749 §4.4.3');
    assert.ok(!('refresh_token' in tokens), answer.story('RFC 6749 §4.4.3: no refresh token'));
    return tokens;
  };

  test('a service acts in its own name with its secret, in the header or in the body, and its own scopes', async () => {
    for (const more of [{}, { headers: basic(NIGHTLY.client_id, NIGHTLY.client_secret) }]) {
      const tokens = tokenOf(await send(site, request(more)));
      assert.deepEqual(scopesIn(tokens.scope), scopesIn(NIGHTLY.own_scopes));
      assert.match(
        textOf((await call(site, tokens.access_token, 'save_note', { title: 'Nightly', body: 'b' })).result('its scope')),
        /saved/,
      );
    }
  });

  // RFC 9068 §5
  test('a service acts in its own name, not in that of the owner', async () => {
    const service = tokenOf(await send(site, request()));
    (await call(site, service.access_token, 'save_note', { title: 'of-the-service', body: 'b' })).result('its own notes');
    const { tokens } = await connect(site, { client: APP });
    const notes = await call(site, tokens.access_token, 'list_notes');
    assert.ok(!notes.text.includes('of-the-service'), notes.story('each subject has its own data'));
    notes.result('the notes of the owner');
  });

  test('a service acts in its own name for less if it asks for less, for one resource', async () => {
    const less = tokenOf(await send(site, request({ scope: 'notes:read profile openid' })));
    assert.equal(less.scope, 'notes:read', 'what it may have of what it asked for');
    (await call(site, less.access_token, 'whoami')).hasStatus(403, 'RFC 6750 §3.1');
    const strict = tokenOf(await send(site, request({ resource: site.privateUrl })));
    (await call(site, strict.access_token, 'list_notes', {}, { path: '/private/mcp' })).result('its resource');
    await isTurnedAway(site, strict.access_token, { rule: 'RFC 8707' });
  });

  test('no other client acts in its own name', async () => {
    isOAuthError(await send(site, request({ client_secret: 'wrong-secret-of-the-test' })), 401, 'invalid_client', 'a wrong secret');
    isOAuthError(await send(site, request({ client_secret: null })), 401, 'invalid_client', 'no secret');
    isOAuthError(await send(site, request({ scope: 'profile' })), 400, 'invalid_scope', 'a scope that it may not have');
    isOAuthError(await send(site, request({ resource: 'https://elsewhere.example/mcp' })), 400, 'invalid_target', 'RFC 8707');
    isOAuthError(await send(site, request({ client_secret: null }, APP)), 400, 'unauthorized_client', 'a public client');
    isOAuthError(await send(site, request({}, CLAUDE)), 400, 'unauthorized_client', 'a client without scopes of its own');
    const registered = await register(site, { token_endpoint_auth_method: 'client_secret_post' });
    isOAuthError(await send(site, request({}, registered)), 400, 'unauthorized_client', 'a client that registered itself');
    const page = await new Browser(site).open(authorizePath(asking(NIGHTLY)));
    assert.ok(!(page instanceof Arrival), String(page.url));
    page.answer.hasStatus(400, 'a service has no redirect URI');
  });

  test('the metadata has client_credentials only where a service is configured', async () => {
    const grants = async (at) => (await send(at, { path: '/.well-known/oauth-authorization-server' })).json().grant_types_supported;
    assert.ok((await grants(site)).includes('client_credentials'));
    const bare = await startInstances({ count: 1, vars: SIGN_IN });
    try {
      assert.ok(!(await grants(bare.instances[0])).includes('client_credentials'), 'RFC 8414 §2');
    } finally {
      await bare.stop();
    }
  });

  test('a service that revokes its own token is told that only time ends it', async () => {
    const { access_token: token } = tokenOf(await send(site, request()));
    const answer = await send(site, revoking(NIGHTLY, token, { client_secret: NIGHTLY.client_secret }));
    isOAuthError(answer, 400, 'unsupported_token_type', 'RFC 7009 §2.2.1');
    (await call(site, token, 'list_notes')).result('a 200 would say that it is worth nothing any more');
  });
});

test('a redirect URI of a private scheme is allowed byte for byte', async () => {
  const client = await register(site, { redirect_uris: [PRIVATE_USE] });
  const { arrival, code } = await authorize(site, client);
  assert.ok(code && arrival.url.href.startsWith(`${PRIVATE_USE}?`), String(arrival.url));
  for (const redirect of [`${PRIVATE_USE}/x`, 'my.app:/other', 'my.other.app:/signed-in']) {
    (await send(site, registering({ redirect_uris: [redirect] }))).hasStatus(400, redirect);
  }
});

describe('what a change of the configuration ends', () => {
  const OLD = secret(Buffer.alloc(32, 7).toString('base64'), 'a master key');
  const NEW = secret(Buffer.alloc(32, 8).toString('base64'), 'a master key');

  test('another passphrase ends every grant, for good', async () => {
    const here = await startInstances({ count: 1, vars: SIGN_IN });
    try {
      const [at] = here.instances;
      const { client, tokens } = await connect(at);
      await here.restart(SIGN_IN);
      await isWelcome(at, tokens.access_token, { rule: 'a restart ends nothing' });
      const next = tokensOf(await send(at, refreshing(client, tokens)), 'a restart ends nothing');

      const waiting = await authorize(at, client);
      const other = secret('quite-another-lantern-42', 'the passphrase');
      await here.restart({ OWNER_PASSPHRASE: other });
      await isTurnedAway(at, next.access_token, { rule: 'at once' });
      isOAuthError(await send(at, refreshing(client, next)), 400, 'invalid_grant', 'at once');
      isOAuthError(await send(at, redeeming(client, waiting)), 400, 'invalid_grant', 'a code that was under way, too');
      await connect(at, { client, person: { passphrase: other } });

      await here.restart(SIGN_IN);
      isOAuthError(await send(at, refreshing(client, next)), 400, 'invalid_grant', 'what was ended stays so');
    } finally {
      await here.stop();
    }
  });

  test('no passphrase ends every grant', async () => {
    const here = await startInstances({ count: 1, vars: SIGN_IN });
    try {
      const [at] = here.instances;
      const { client, tokens } = await connect(at);
      await here.restart({});
      await isTurnedAway(at, tokens.access_token);
      isOAuthError(await send(at, refreshing(client, tokens)), 400, 'invalid_grant', 'no token is ever issued without a passphrase');
    } finally {
      await here.stop();
    }
  });

  test('a new master key beside the old one ends nothing; without the old one it ends everything', async () => {
    const here = await startInstances({ count: 1, vars: { ...SIGN_IN, MASTER_KEY: OLD } });
    try {
      const [at] = here.instances;
      const web = await register(at, { token_endpoint_auth_method: 'client_secret_post' });
      const more = { client_secret: web.client_secret };
      const { tokens } = await connect(at, { client: web, token: more });
      const kidOf = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid;

      await here.restart({ ...SIGN_IN, MASTER_KEY: NEW, MASTER_KEY_PREVIOUS: OLD });
      await isWelcome(at, tokens.access_token, { rule: 'the old access token' });
      const next = tokensOf(await send(at, refreshing(web, tokens, more)), 'the old client, its secret and its refresh token');
      await isWelcome(at, next.access_token);
      assert.notEqual(kidOf(next.access_token), kidOf(tokens.access_token), 'the new key signs');
      await connect(at, { client: web, token: more });

      await here.restart({ ...SIGN_IN, MASTER_KEY: NEW });
      isOAuthError(await send(at, refreshing(web, next, more)), 401, 'invalid_client', 'an identifier that was made with the old key');
      await isTurnedAway(at, tokens.access_token, { rule: 'the old access token' });
      await connect(at);
    } finally {
      await here.stop();
    }
  });
});

test('no secret is in the log', () => keepsSecrets([site]));
