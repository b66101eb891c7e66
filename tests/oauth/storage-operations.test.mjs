// What each step of a client's life costs in storage, counted at the bindings: reads and writes of KV, requests to Durable
// Objects, rows written. This is what Cloudflare charges for and limits on the free plan.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { serveDocuments } from '../support/http/document-server.mjs';
import { Authenticator, asked } from '../support/oauth/authenticator.mjs';
import { startInstances } from '../support/workers/instances.mjs';
import {
  Browser,
  PASSPHRASE,
  REDIRECT,
  SIGN_IN,
  asking,
  authorizePath,
  basic,
  call,
  connect,
  form,
  isWelcome,
  pkce,
  redeeming,
  refreshing,
  register,
  revoking,
  secret,
  send,
  signIn,
  toLogin,
  tokensOf,
} from '../support/oauth/client.mjs';
import { formFor } from '../support/oauth/forms.mjs';
import { askForKey, endKey, enterAccount, keyOn, prove } from '../support/oauth/access-keys.mjs';
import { JWT_BEARER, startIdJagProvider } from '../support/oauth/id-jag-provider.mjs';
import { enterAt, startProvider } from '../support/oauth/openid-provider.mjs';

const DOCUMENT = 'https://client.example/oauth/client.json';

/** @type {Awaited<ReturnType<typeof startInstances>>} */
let runtime;
let site;
let client;
let outside;
before(async () => {
  outside = await serveDocuments({
    [DOCUMENT]: { client_id: DOCUMENT, client_name: 'A published client', redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' },
  });
  runtime = await startInstances({ count: 1, vars: SIGN_IN, outbound: outside.port });
  [site] = runtime.instances;
  // The first sign-in of a deployment makes its keys and tables; an instance that has just started asks for the keys once.
  ({ client } = await connect(site));
});
after(async () => {
  await runtime?.stop();
  outside?.stop();
});

/** A person whose browser is not to be remembered. */
const FORGOTTEN = { remember: false };

/** Counts what `act` asks of storage. */
async function costOf(act) {
  await runtime.settled();
  const flat = ({ kv, objects, rowsWritten }) => ({
    'KV reads': kv.reads,
    'KV writes': kv.writes + kv.deletes,
    'KV lists': kv.lists,
    'object requests': Object.values(objects).reduce((sum, one) => sum + one, 0),
    'rows written': rowsWritten,
  });
  const earlier = flat(await runtime.counts());
  const result = await act();
  await runtime.settled();
  const later = flat(await runtime.counts());
  return { result, cost: Object.fromEntries(Object.entries(later).map(([what, count]) => [what, count - earlier[what]])) };
}

const NOTHING = { 'KV reads': 0, 'KV writes': 0, 'KV lists': 0, 'object requests': 0, 'rows written': 0 };

/** Fails if something costs more than `most`; says what it did cost. */
async function costsAtMost(t, most, act) {
  const { result, cost } = await costOf(act);
  t.diagnostic(
    Object.entries(cost)
      .filter(([, count]) => count > 0)
      .map(([what, count]) => `${count} ${what}`)
      .join(', ') || 'nothing',
  );
  for (const [what, count] of Object.entries(cost)) {
    assert.ok(count <= (most[what] ?? 0), `${what}: ${count}, and not more than ${most[what] ?? 0}: ${JSON.stringify(cost)}`);
  }
  return result;
}

test('metadata, keys and refusals cost nothing', (t) =>
  costsAtMost(t, NOTHING, async () => {
    for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/oauth-protected-resource/mcp', '/.well-known/jwks.json']) {
      (await send(site, { path })).hasStatus(200, path);
    }
    (await call(site, 'no-token-of-ours')).hasStatus(401, 'a bad token');
  }));

test('registering costs nothing', (t) => costsAtMost(t, NOTHING, () => register(site)));

test('whoever looks at a sign-in costs at most one look at KV in a minute, and writes nothing', (t) =>
  costsAtMost(t, { 'KV reads': 1 }, async () => {
    for (let turn = 0; turn < 20; turn += 1) {
      const browser = new Browser(site);
      const login = await toLogin(browser, authorizePath(asking(client)));
      assert.ok(login.has('passphrase'), login.story('the login page'));
    }
  }));

test('connecting costs five requests to objects, and the first time one write to KV, however the client is known', async (t) => {
  const most = { 'object requests': 5, 'rows written': 4, 'KV reads': 1 };
  const clients = { registered: await register(site), 'described by a document': { client_id: DOCUMENT, redirect_uris: [REDIRECT] } };
  for (const [name, one] of Object.entries(clients)) {
    await t.test(`${name}, the first time`, (inner) =>
      costsAtMost(inner, { ...most, 'KV writes': 1 }, async () => {
        await connect(site, { client: one, person: FORGOTTEN });
      }),
    );
    await t.test(`${name}, again`, (inner) => costsAtMost(inner, most, () => connect(site, { client: one, person: FORGOTTEN })));
  }
});

test('remembering the browser costs one row more, and so does its use, which saves the request about the passphrase', async (t) => {
  const one = await register(site);
  const browser = new Browser(site);
  const most = { 'object requests': 5, 'rows written': 5, 'KV reads': 1, 'KV writes': 1 };
  await t.test('with the passphrase', (inner) =>
    costsAtMost(inner, most, async () => {
      await connect(site, { client: one, browser, person: { remember: true } });
    }),
  );
  await t.test('looking at the page', (inner) =>
    costsAtMost(inner, { 'object requests': 1, 'KV reads': 1 }, async () => {
      const page = await browser.open(authorizePath(asking(one)));
      assert.ok(!page.has('passphrase'), page.story('one click'));
    }),
  );
  await t.test('remembered', (inner) =>
    costsAtMost(inner, { 'object requests': 5, 'rows written': 5, 'KV reads': 1 }, () =>
      connect(site, { client: one, browser, person: { passphrase: null } }),
    ),
  );
  await t.test('a made-up cookie: nothing', (inner) =>
    costsAtMost(inner, { 'KV reads': 1 }, async () => {
      const stranger = new Browser(site);
      const { name, value } = browser.cookies.find((cookie) => /remembered/.test(cookie.name));
      stranger.keeps({ headers: { 'set-cookie': [`${name}=${value.slice(0, -4)}AAAA; Path=/; Secure`] } });
      const page = await stranger.open(authorizePath(asking(one)));
      assert.ok(page.has('passphrase'), page.story('nobody who is known'));
    }),
  );
});

test('a passkey costs three requests and one row to add, and no more requests than the passphrase to use', async (t) => {
  const one = await register(site);
  const browser = new Browser(site);
  const authenticator = new Authenticator();
  const way = await browser.open('/account');
  const page = await browser.submit(way, way.form('passphrase'), { values: { passphrase: PASSPHRASE } });
  const confirm = await browser.submit(page, formFor(page, 'new-passkey'), { values: { 'passkey-name': 'Laptop' } });
  await t.test('to add', (inner) =>
    // And one for the account page that follows.
    costsAtMost(inner, { 'object requests': 4, 'rows written': 1 }, async () => {
      const making = await browser.submit(confirm, confirm.form('passphrase'), { values: { passphrase: PASSPHRASE } });
      const passkey = authenticator.create({ origin: site.origin, ...asked(making) });
      const after = await browser.submit(making, making.form('passkey'), { values: { passkey } });
      assert.match(after.text, /is added/, after.story('added'));
    }),
  );
  const { verifier, challenge } = pkce();
  const consent = await browser.open(authorizePath(asking(one, { challenge })));
  const passkey = authenticator.get({ origin: site.origin, ...asked(consent) });
  await t.test('to use', (inner) =>
    costsAtMost(inner, { 'object requests': 5, 'rows written': 5, 'KV writes': 1, 'KV reads': 1 }, async () => {
      const arrival = await browser.submit(consent, consent.form('passkey'), { values: { passkey, remember: [] } });
      tokensOf(await send(site, redeeming(one, { code: arrival.parameters.code, verifier, redirectUri: REDIRECT })));
    }),
  );
  await t.test('a made-up response: nothing', (inner) =>
    costsAtMost(inner, { 'KV reads': 1 }, async () => {
      const stranger = new Browser(site);
      const login = await stranger.open(authorizePath(asking(one)));
      const button = { name: 'way', value: 'passkey' };
      const offer = await stranger.submit(login, login.form('decision'), { values: { passphrase: '' }, button });
      const user = Buffer.alloc(32, 7).toString('base64url');
      const made = new Authenticator().get({ origin: site.origin, ...asked(offer), user });
      const after = await stranger.submit(offer, offer.form('passkey'), { values: { passkey: made } });
      after.answer.hasStatus(403, 'refused');
    }),
  );
});

test('a refresh costs one request and two rows more once a day', async (t) => {
  const { client: its, tokens } = await connect(site);
  await runtime.passes(24 * 3600);
  const most = { 'object requests': 2, 'rows written': 3, 'KV reads': 1 };
  const next = await costsAtMost(t, most, async () => tokensOf(await send(site, refreshing(its, tokens))));
  await t.test('and not again on that day', (inner) =>
    costsAtMost(inner, { 'object requests': 1, 'rows written': 1 }, async () => tokensOf(await send(site, refreshing(its, next)))),
  );
});

test('the owner’s page with all clients costs two requests to objects and one list of KV', async (t) => {
  const browser = new Browser(site);
  const way = await browser.open('/account');
  await browser.submit(way, way.form('passphrase'), { values: { passphrase: PASSPHRASE } });
  await costsAtMost(t, { 'object requests': 2, 'KV lists': 1 }, async () =>
    (await browser.open('/account/clients')).answer.hasStatus(200, 'the list'),
  );
});

test('a call costs no operation of KV, and one request to an object in a minute', async (t) => {
  const { tokens } = await connect(site, { client });
  const one = { 'object requests': 1 };
  await t.test('the first', (inner) => costsAtMost(inner, one, () => isWelcome(site, tokens.access_token)));
  await t.test('a hundred more within 45 seconds', (inner) =>
    costsAtMost(inner, NOTHING, async () => {
      for (let turn = 0; turn < 100; turn += 1) (await call(site, tokens.access_token)).result('served');
    }),
  );
  await runtime.passes(46);
  await t.test('the next, served while the answer is renewed', (inner) =>
    costsAtMost(inner, one, async () => {
      for (let turn = 0; turn < 20; turn += 1) await isWelcome(site, tokens.access_token);
    }),
  );
  await t.test('and then none again', (inner) => costsAtMost(inner, NOTHING, () => isWelcome(site, tokens.access_token)));
  await runtime.passes(61);
  await t.test('twenty at once after more than a minute share one look', async (inner) => {
    const { result, cost } = await costOf(() => Promise.all(Array.from({ length: 20 }, () => call(site, tokens.access_token))));
    for (const answer of result) answer.result('served');
    inner.diagnostic(JSON.stringify(cost));
    assert.deepEqual(cost, { ...NOTHING, ...one });
  });
});

test('a refresh costs one request to an object and one row', async (t) => {
  const { tokens } = await connect(site, { client });
  const next = await costsAtMost(t, { 'object requests': 1, 'rows written': 1 }, async () =>
    tokensOf(await send(site, refreshing(client, tokens))),
  );
  await t.test('sent again: no row', (inner) =>
    costsAtMost(inner, { 'object requests': 1 }, async () => tokensOf(await send(site, refreshing(client, tokens)))),
  );
  await t.test('of a made-up token: nothing', (inner) =>
    costsAtMost(inner, NOTHING, async () =>
      (await send(site, refreshing(client, { refresh_token: `${next.refresh_token.slice(0, -2)}AA` }))).hasStatus(400, 'made up'),
    ),
  );
});

test('a revocation costs one request to an object and one row', async (t) => {
  const { tokens } = await connect(site, { client });
  await costsAtMost(t, { 'object requests': 1, 'rows written': 1 }, async () =>
    (await send(site, revoking(client, tokens.refresh_token))).hasStatus(200, 'RFC 7009'),
  );
});

describe('an access key', () => {
  let browser;
  let key;

  test('making an access key costs two requests to objects and one row', async (t) => {
    ({ browser } = await enterAccount(site));
    // The account page, the form, and the passphrase with the key.
    await costsAtMost(t, { 'object requests': 3, 'rows written': 1 }, async () => {
      key = keyOn(await prove(browser, await askForKey(browser)));
    });
  });

  test('a call with an access key costs what one with a token costs, and one row on the first of each day', async (t) => {
    const one = { 'object requests': 1 };
    await t.test('the first', (inner) => costsAtMost(inner, { ...one, 'rows written': 1 }, () => isWelcome(site, key)));
    await t.test('a hundred more within 45 seconds, in either header', (inner) =>
      costsAtMost(inner, NOTHING, async () => {
        for (let turn = 0; turn < 50; turn += 1) {
          (await call(site, key)).result('served');
          (await call(site, null, 'whoami', {}, { headers: { authorization: null, 'x-api-key': key } })).result('served');
        }
      }),
    );
    await runtime.passes(61);
    await t.test('twenty at once after more than a minute share one look, and write nothing', async (inner) => {
      const { result, cost } = await costOf(() => Promise.all(Array.from({ length: 20 }, () => call(site, key))));
      for (const answer of result) answer.result('served');
      inner.diagnostic(JSON.stringify(cost));
      assert.deepEqual(cost, { ...NOTHING, ...one });
    });
    await runtime.passes(24 * 3600);
    await t.test('the first of the next day', (inner) => costsAtMost(inner, { ...one, 'rows written': 1 }, () => isWelcome(site, key)));
  });

  test('a made-up access key costs nothing', (t) =>
    costsAtMost(t, NOTHING, async () => {
      for (const text of [`${key.slice(0, -1)}${key.endsWith('0') ? 1 : 0}`, 'mck_', `mck_${'0'.repeat(94)}`]) {
        (await call(site, text)).hasStatus(401, 'made up');
      }
    }));

  test('ending an access key costs one request to an object and two rows, one of which says for half a year that it was there', async (t) => {
    ({ browser } = await enterAccount(site));
    // The page before and the page after are one request each.
    await costsAtMost(t, { 'object requests': 3, 'rows written': 2 }, () => endKey(browser, 'n8n'));
  });

  test('the file of who had access when costs a request for each person and for each thirty people, and no row', async (t) => {
    const page = await browser.open('/account/people/export');
    // Whether the owner is still signed in, the people, and one person.
    await costsAtMost(t, { 'object requests': 3 }, async () =>
      (await browser.submit(page, page.form('part'), { button: page.form('part').buttons[0] })).answer.hasHeader('content-type', /^text\/csv/),
    );
  });
});

describe('where an identity provider gives refresh tokens', () => {
  const HERE = 'https://mcp.example.com';
  const vars = {
    IDENTITY: 'openid',
    OPENID_ISSUER: 'https://id.example',
    OPENID_CLIENT_ID: 'the-connector',
    OPENID_CLIENT_SECRET: secret('a-secret-of-the-connector', 'the client secret'),
    ALLOWED_USERS: '*',
    ROLES: 'writer = notes:write if @example.com',
  };
  let provider;
  let passphrase;
  before(async () => {
    provider = await startProvider({
      clients: [
        {
          client_id: 'the-connector',
          client_secret: vars.OPENID_CLIENT_SECRET,
          redirect_uris: [`${HERE}/authorize/callback`],
          grant_types: ['authorization_code', 'refresh_token'],
        },
      ],
      people: { bob: { email: 'bob@example.com', email_verified: true, name: 'Bob' }, alice: { email: 'alice@example.com', email_verified: true, name: 'Alice Liddell' } },
      more: { issueRefreshToken: () => true },
    });
    passphrase = { runtime, site };
    runtime = await startInstances({ count: 1, vars, outbound: provider.port });
    [site] = runtime.instances;
    // The keys and tables of the deployment.
    await enter(await register(site), 'bob');
  });
  after(async () => {
    await runtime.stop();
    ({ runtime, site } = passphrase);
    provider.stop();
  });

  async function enter(app, account = 'alice') {
    const browser = new Browser(site);
    const { verifier, challenge } = pkce();
    const sent = asking(app, { challenge });
    const away = await signIn(browser, authorizePath(sent));
    const arrival = await browser.open(await enterAt(provider, away.url, account));
    // The record of the client is written behind the answer.
    await runtime.settled();
    return tokensOf(await send(site, redeeming(app, { ...arrival.parameters, verifier, redirectUri: sent.redirect_uri })));
  }

  test('a sign-in costs a row more, a refresh three, and a call costs the same', async (t) => {
    const app = await register(site);
    // It makes the tables of the person's object, and each counts as a row; those of the directory, too, if nobody has signed in before.
    await t.test('the first sign-in of a person', (inner) =>
      costsAtMost(inner, { 'object requests': 5, 'rows written': 18, 'KV reads': 1, 'KV writes': 1 }, () => enter(app)),
    );
    const tokens = await costsAtMost(t, { 'object requests': 4, 'rows written': 6, 'KV reads': 1 }, () => enter(app));
    await t.test('a refresh, for which the provider is asked', (inner) =>
      costsAtMost(inner, { 'object requests': 1, 'rows written': 4 }, async () => tokensOf(await send(site, refreshing(app, tokens)))),
    );
    await t.test('a call, with roles', (inner) =>
      costsAtMost(inner, { 'object requests': 1 }, async () => {
        for (let turn = 0; turn < 20; turn += 1) (await call(site, tokens.access_token)).result('served');
      }),
    );
  });
});

describe('by assertions', () => {
  let provider;
  let passphrase;
  const CLAUDE = { client_id: 'claude', client_secret: secret('a-secret-for-claude-of-the-tests', 'a client secret') };
  before(async () => {
    provider = await startIdJagProvider({ people: {} });
    passphrase = { runtime, site };
    const keys = provider.keys.map(({ kty, kid, n, e, crv, x, y }) => ({ kty, kid, n, e, crv, x, y }));
    const vars = {
      ...SIGN_IN,
      OAUTH_CLIENTS: JSON.stringify([CLAUDE, { client_id: 'robot', own_scopes: 'notes:read', jwks: { keys } }]),
      TRUSTED_ISSUERS: JSON.stringify([{ issuer: 'https://acme.example', clients: ['claude'] }]),
    };
    runtime = await startInstances({ count: 1, vars, outbound: provider.port });
    [site] = runtime.instances;
    await connect(site);
  });
  after(async () => {
    await runtime.stop();
    ({ runtime, site } = passphrase);
    provider.stop();
  });

  const exchange = async (claims) => {
    const request = { grant_type: JWT_BEARER, assertion: provider.minted(claims) };
    const answer = await send(site, form('/token', request, basic(CLAUDE.client_id, CLAUDE.client_secret)));
    return secret(answer.hasStatus(200, 'the assertion is exchanged').json().access_token, 'an access token');
  };

  test('an assertion of a trusted issuer costs two requests to objects, a refused one nothing', async (t) => {
    // It makes the tables of the person's object, and enters the person in the directory.
    await t.test('the first of a person', (inner) =>
      costsAtMost(inner, { 'object requests': 3, 'rows written': 12 }, () => exchange({ name: 'Alice Acme' })),
    );
    const token = await costsAtMost(t, { 'object requests': 2, 'rows written': 2 }, () => exchange({ name: 'Alice Acme' }));
    await t.test('calls', (inner) =>
      costsAtMost(inner, { 'object requests': 1 }, async () => {
        for (let turn = 0; turn < 20; turn += 1) (await call(site, token)).result('served');
      }),
    );
    await t.test('a forged one', (inner) =>
      costsAtMost(inner, NOTHING, async () => {
        const forged = form('/token', { grant_type: JWT_BEARER, assertion: `${provider.minted()}x` }, basic(CLAUDE.client_id, CLAUDE.client_secret));
        (await send(site, forged)).hasStatus(400, 'a wrong signature');
      }),
    );
  });

  test('a client that signs costs one request and one row more for each request', async (t) => {
    const ask = () => {
      const claims = { iss: 'robot', sub: 'robot', client_id: undefined, resource: undefined, scope: undefined };
      const proof = provider.minted(claims, { typ: 'client-authentication+jwt' });
      return form('/token', {
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: proof,
      });
    };
    const send1 = async () => void (await send(site, ask())).hasStatus(200);
    // The tables of the client's object.
    await send1();
    await costsAtMost(t, { 'object requests': 2, 'rows written': 1 }, send1);
  });
});

test('a wrong passphrase costs one request to an object and one row', async (t) => {
  const browser = new Browser(site, { 'cf-connecting-ip': '192.0.2.9' });
  const login = await toLogin(browser, authorizePath(asking(client)));
  await costsAtMost(t, { 'object requests': 1, 'rows written': 1 }, () =>
    browser.submit(login, login.form('passphrase'), { values: { passphrase: 'not-the-passphrase' } }),
  );
});
