// Enterprise-managed authorization: a client exchanges an assertion of a company's identity provider (ID-JAG) for an access token, as
// the extension of MCP, draft-ietf-oauth-identity-assertion-authz-grant and RFC 7523 §2.1 say. The provider is a real one.

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { startInstances } from '../support/workers/instances.mjs';
import { legacy, modern, textOf } from '../support/mcp/requests.mjs';
import {
  ALL_SCOPES,
  SIGN_IN,
  basic,
  call,
  connect,
  form,
  isOAuthError,
  isTurnedAway,
  isWelcome,
  keepsSecrets,
  revoking,
  scopesIn,
  secret,
  send,
} from '../support/oauth/client.mjs';
import { formFor, hasForm } from '../support/oauth/forms.mjs';
import { endKey, enterAccount, makeKey } from '../support/oauth/access-keys.mjs';
import { JWT_BEARER, startIdJagProvider } from '../support/oauth/id-jag-provider.mjs';
import { json, newKeys, seconds } from '../support/oauth/openid-provider.mjs';

const HERE = 'https://mcp.example.com';
const MCP = `${HERE}/mcp`;
const PRIVATE = `${HERE}/private/mcp`;
const ACME = 'https://acme.example';
/** Longer than the server waits before it asks for unknown keys again. */
const A_WHILE = 40;
/** Longer than the server waits before it asks again where no key is known. */
const A_PAUSE = 6;
const DAY = 24 * 3600;
const CLAUDE = { client_id: 'claude', client_name: 'Claude', client_secret: secret('a-secret-for-claude-of-the-tests', 'a client secret') };
const OTHER = { client_id: 'other', client_secret: secret('another-secret-of-the-tests-too', 'a client secret') };
const DESKTOP = { client_id: 'desktop', redirect_uris: ['http://127.0.0.1:39321/callback'] };
const ALICE = { name: 'Alice Acme', email: 'alice@acme.example' };

const VARS = {
  ...SIGN_IN,
  OAUTH_CLIENTS: JSON.stringify([CLAUDE, OTHER, DESKTOP]),
  TRUSTED_ISSUERS: JSON.stringify([
    { issuer: ACME, clients: ['claude'], public_clients: ['desktop'], email_domains: ['acme.example'] },
    { issuer: 'https://evil.example', clients: ['claude', 'other'], scopes: 'profile' },
  ]),
};

let provider;
/** @type {Awaited<ReturnType<typeof startInstances>>} */
let runtime;
let site;
before(async () => {
  provider = await startIdJagProvider({ people: { alice: ALICE, bob: { name: 'Bob Acme' } } });
  runtime = await startInstances({ count: 2, vars: VARS, outbound: provider.port });
  [site] = runtime.instances;
});
after(async () => {
  await runtime?.stop();
  provider?.stop();
});
afterEach(() => provider.isBack());

const exchanging = (assertion, { client = CLAUDE, headers, ...more } = {}) =>
  form('/token', { grant_type: JWT_BEARER, assertion, ...more }, headers ?? basic(client.client_id, client.client_secret));
const exchange = (assertion, how) => send(site, exchanging(assertion, how));
function granted(answer, rule = 'the assertion is exchanged') {
  const tokens = answer.hasStatus(200, rule).json();
  secret(tokens.access_token, 'an access token');
  answer.hasHeader('cache-control', /no-store/);
  assert.deepEqual(Object.keys(tokens).sort(), ['access_token', 'expires_in', 'scope', 'token_type'], answer.story('no refresh token'));
  return tokens;
}
/** Lets time pass for the servers, and for what the provider signs. */
async function passes(amount) {
  await runtime.passes(amount);
  provider.clock.ahead += amount;
}
/** The records of a file of comma-separated values (RFC 4180), each cell of which is quoted. */
const recordsOf = (text) =>
  text
    .split('\r\n')
    .filter(Boolean)
    .map((line) => [...line.matchAll(/(?:^(\ufeff?)|,)"((?:[^"]|"")*)"/g)].map(([, mark = '', cell]) => mark + cell.replaceAll('""', '"')));
const objectOf = (page) => page.forms.find((one) => one.has('person')).chosen('person')[0];
const said = async (token, name = 'whoami', args = {}, more = {}) => textOf((await call(site, token, name, args, more)).result(name));

describe('a person of a company', () => {
  test('is signed in by an assertion of the company’s provider, without a page, in both eras', async () => {
    const assertion = await provider.issued('alice', { audience: HERE, resource: MCP, scope: 'profile notes:read notes:write' });
    const tokens = granted(await exchange(assertion));
    assert.deepEqual(scopesIn(tokens.scope), ['notes:read', 'notes:write', 'profile']);
    for (const era of [legacy, modern]) assert.match(await said(tokens.access_token, 'whoami', {}, { era }), /Alice Acme/);
    await isTurnedAway(site, tokens.access_token, { path: '/private/mcp', rule: 'its audience is /mcp' });
    isOAuthError(await exchange(assertion), 400, 'invalid_grant', 'an assertion is used once');
  });

  test('has one account, whatever assertion names them, and shares it with nobody', async () => {
    const of = async (claims, header, keys) => granted(await exchange(provider.minted(claims, header, keys))).access_token;
    const alice = await of({});
    await said(alice, 'save_note', { title: 'Only for Alice', body: 'b' });
    assert.match(await said(await of({}), 'list_notes'), /Only for Alice/, 'the same person again');
    assert.doesNotMatch(await said(await of({ sub: 'bob' }), 'list_notes'), /Only for Alice/);
    assert.doesNotMatch(await said(await of({ sub: 'owner' }), 'list_notes'), /Only for Alice/);
    const { tokens } = await connect(site, { scope: ALL_SCOPES });
    await said(tokens.access_token, 'save_note', { title: 'Only for the owner', body: 'b' });
    for (const sub of ['owner', await said(tokens.access_token)]) {
      assert.doesNotMatch(await said(await of({ sub }), 'list_notes'), /Only for the owner/, `no issuer can name the owner: ${sub}`);
    }
  });

  test('gets what request, assertion and settings have in common', async () => {
    for (const [what, claims, more, scopes] of [
      ['a part', { scope: 'notes:read profile' }, { scope: 'notes:read notes:write' }, ['notes:read']],
      ['the private endpoint', { resource: [MCP, PRIVATE] }, { resource: PRIVATE }, ['notes:read', 'notes:write', 'profile']],
      ['a first sign-in', { scope: undefined }, {}, ['notes:read', 'profile']],
    ]) {
      assert.deepEqual(scopesIn(granted(await exchange(provider.minted(claims), more), what).scope), scopes, what);
    }
    for (const [what, claims, more, code] of [
      ['a scope that was not given', { scope: 'notes:read' }, { scope: 'notes:write' }, 'invalid_scope'],
      ['another resource', { resource: 'https://elsewhere.example/mcp' }, {}, 'invalid_target'],
      ['a resource that was not given', {}, { resource: PRIVATE }, 'invalid_target'],
    ]) {
      isOAuthError(await exchange(provider.minted(claims), more), 400, code, what);
    }
  });
});

describe('an attacker', () => {
  test('gets nothing for an assertion that is not genuine, not for this server, or not for this client', async () => {
    const evil = newKeys('evil');
    const hmac = () => {
      const [, claims] = provider.minted().split('.');
      const head = `${Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'oauth-id-jag+jwt', kid: 'first-rsa' })).toString('base64url')}.${claims}`;
      const { kty, n, e } = provider.keys[0];
      return `${head}.${createHmac('sha256', JSON.stringify({ kty, n, e })).update(head).digest('base64url')}`;
    };
    const swapped = () => {
      const [head, , signature] = provider.minted().split('.');
      return [head, provider.minted({ sub: 'bob' }).split('.')[1], signature].join('.');
    };
    const before = (await runtime.counts()).rowsWritten;
    for (const [what, assertion] of [
      ['keys of its own under the names of the issuer’s', provider.minted({}, {}, evil.map((key, at) => ({ ...key, kid: provider.keys[at].kid })))],
      ['an unknown key', provider.minted({}, { kid: 'unknown' })],
      ['the name of a key of another kind', provider.minted({}, { kid: 'first-ec' })],
      ['the address of its own keys', provider.minted({}, { jku: 'https://evil.example/jwks', kid: 'evil-rsa' }, evil)],
      ['other claims under the same signature', swapped()],
      ['no signature', provider.minted({}, { alg: 'none' })],
      ['HMAC with the public key', hmac()],
      ['a critical extension', provider.minted({}, { crit: ['exp'] })],
      ['a JWT in a JWT', provider.minted({}, { cty: 'JWT' })],
      ['an ID token', provider.minted({}, { typ: 'JWT' })],
      ['an access token', provider.minted({}, { typ: 'at+jwt' })],
      ['no type', provider.minted({}, { typ: null })],
      ['an unknown issuer', provider.minted({ iss: 'https://unknown.example' })],
      ['another audience', provider.minted({ aud: 'https://elsewhere.example' })],
      ['two audiences', provider.minted({ aud: [HERE, 'https://elsewhere.example'] })],
      ['the token endpoint as audience', provider.minted({ aud: `${HERE}/token` })],
      ['another client', provider.minted({ client_id: 'other' })],
      ['no client', provider.minted({ client_id: undefined })],
      ['no resource', provider.minted({ resource: undefined })],
      ['no jti', provider.minted({ jti: undefined })],
      ['no person', provider.minted({ sub: undefined })],
      ['an end that is over', provider.minted({ iat: seconds() - 600, exp: seconds() - 300 })],
      ['no end', provider.minted({ exp: undefined })],
      ['no beginning', provider.minted({ iat: undefined })],
      ['a beginning in the future', provider.minted({ iat: seconds() + 120, exp: seconds() + 400 })],
      ['a life of a day', provider.minted({ exp: seconds() + 86_400 })],
      ['a proof of possession', provider.minted({ cnf: { jkt: 'x' } })],
      ['a tenant', provider.minted({ tenant: 'other' })],
      ['no JWT', 'opaque'],
    ]) {
      const body = isOAuthError(await exchange(assertion), 400, 'invalid_grant', what);
      assert.ok(!JSON.stringify(body).includes('alice'), 'nothing of it is repeated');
    }
    assert.equal((await runtime.counts()).rowsWritten, before, 'and writes nothing');
  });

  test('cannot use an assertion that was stolen from a client', async () => {
    const stolen = provider.minted();
    for (const [what, how, status, code] of [
      ['without a client', { headers: {} }, 401, 'invalid_client'],
      ['with the name of the client', { headers: {}, client_id: 'claude' }, 401, 'invalid_client'],
      ['with a wrong secret', { headers: basic('claude', 'wrong') }, 401, 'invalid_client'],
      ['as another client', { client: OTHER }, 400, 'unauthorized_client'],
      ['as a public client', { headers: {}, client_id: 'desktop' }, 400, 'invalid_grant'],
    ]) {
      isOAuthError(await exchange(stolen, how), status, code, what);
    }
    granted(await exchange(stolen), 'its owner still can');
    isOAuthError(await exchange(provider.minted({ client_id: 'desktop' }), { headers: {} }), 401, 'invalid_client', 'no client at all');
    granted(await exchange(provider.minted({ client_id: 'desktop' }), { headers: {}, client_id: 'desktop' }), 'the settings admit this one');
  });

  test('who is a trusted issuer cannot speak for another one, nor for the owner, nor give more than it may', async () => {
    const evil = newKeys('evil');
    const place = (change = {}) => {
      const keys = evil.map(({ kty, kid, use, n, e, crv, x, y }) => ({ kty, kid, use, n, e, crv, x, y }));
      const at = { '/.well-known/oauth-authorization-server': { issuer: 'https://evil.example', jwks_uri: 'https://evil.example/jwks' }, '/jwks': { keys }, ...change };
      provider.place('evil.example', (request, response) => json(at[request.url] ?? {}, at[request.url] ? 200 : 404)(request, response));
    };
    place();
    const of = (claims) => provider.minted({ iss: 'https://evil.example', ...claims }, {}, evil);
    const alice = granted(await exchange(provider.minted())).access_token;
    await said(alice, 'save_note', { title: 'Alice at Acme', body: 'b' });
    const tokens = granted(await exchange(of({ sub: 'alice', email: 'alice@acme.example' })));
    assert.deepEqual(scopesIn(tokens.scope), ['profile'], 'no more than the settings let it');
    assert.notEqual(await said(tokens.access_token), await said(alice), 'another person');
    (await call(site, tokens.access_token, 'list_notes')).hasStatus(403, 'and no scope for notes');
    isOAuthError(await exchange(provider.minted({}, {}, evil)), 400, 'invalid_grant', 'its keys are not those of the other');
    isOAuthError(await exchange(of({ scope: 'notes:write' })), 400, 'invalid_scope', 'a scope that it may not give');
  });

  test('makes a hostile issuer’s host cost little: a slow, huge, redirected or false answer is an outage', async () => {
    const [, other] = runtime.instances;
    const ask = () => send(other, exchanging(provider.minted({ iss: 'https://evil.example' }, {}, newKeys('new'))));
    const metadata = { issuer: 'https://evil.example', jwks_uri: 'https://evil.example/jwks' };
    const answers = [
      ['a redirect', (_, response) => response.writeHead(302, { location: 'https://acme.example/jwks' }).end()],
      ['no JSON', (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('<html>')],
      ['metadata of another', json({ ...metadata, issuer: ACME })],
      ['keys by plain http', json({ ...metadata, jwks_uri: 'http://evil.example/jwks' })],
      ['keys that are too many', (request, response) => json(request.url === '/jwks' ? { keys: [], x: 'x'.repeat(70_000) } : metadata)(request, response)],
    ];
    for (const [what, answer] of answers) {
      provider.place('evil.example', answer);
      await passes(A_PAUSE);
      const refused = await ask();
      const asked = provider.asked.length;
      isOAuthError(await ask(), 503, 'temporarily_unavailable', what);
      assert.equal(provider.asked.length, asked, `${what}: it is not asked again at once`);
      isOAuthError(refused, 503, 'temporarily_unavailable', what);
      refused.hasHeader('retry-after', /^\d+$/, what);
    }
  });
});

describe('at two instances at once', () => {
  test('one assertion gives one token, however often it is sent', async () => {
    const assertion = provider.minted({ sub: 'racer' });
    const requests = Array.from({ length: 60 }, (_, at) => send(runtime.instances[at % 2], exchanging(assertion)));
    const answers = await Promise.all(requests);
    const winners = answers.filter(({ status }) => status === 200);
    for (const answer of answers.filter(({ status }) => status !== 200)) isOAuthError(answer, 400, 'invalid_grant', 'a replay');
    assert.equal(winners.length, 1, 'one of sixty');
    granted(winners[0]);
  });

  test('a request whose answer is lost gets it when the object is asked again', async () => {
    await runtime.objectsNow('Grants', 'loses-one');
    granted(await exchange(provider.minted({ sub: 'unlucky' })), 'the same request again');
    await runtime.objectsNow('Grants', 'works');
  });

  test('keys that are changed while tokens are asked for are found by both', async () => {
    const ask = (at) => send(runtime.instances[at % 2], exchanging(provider.minted({ sub: `rotating-${at}` })));
    for (const answer of await Promise.all([0, 1, 2, 3].map(ask))) granted(answer);
    const old = provider.minted({ sub: 'late' });
    provider.rotate('second');
    await passes(A_WHILE);
    // All of them name a key that no instance knows yet.
    for (const answer of await Promise.all(Array.from({ length: 12 }, (_, at) => ask(at)))) granted(answer, 'after the change');
    isOAuthError(await exchange(old), 400, 'invalid_grant', 'the old key is published no more');
  });

  test('a slow issuer holds up its own people only, who get their tokens when it has answered', async () => {
    const evil = 'https://evil.example';
    // Longer than its keys are kept, and than a failure is remembered.
    await passes(3 * DAY);
    let release;
    const isAsked = new Promise((asked) => {
      provider.place('evil.example/.well-known/openid-configuration', (_, response) => {
        release = () => json({ issuer: evil, jwks_uri: `${evil}/jwks` })(_, response);
        asked();
      });
    });
    provider.place('evil.example/jwks', json({ keys: provider.keys.map(({ kty, kid, use, n, e, crv, x, y }) => ({ kty, kid, use, n, e, crv, x, y })) }));
    const slow = exchange(provider.minted({ iss: evil, scope: 'profile' }));
    await isAsked;
    granted(await exchange(provider.minted()), 'another issuer is not waited for');
    (await send(site, modern('tools/list'))).result('and neither is anything else');
    release();
    granted(await slow, 'late, and in time');
  });

  test('an issuer that is down is an outage for a key that is not known, and nothing for one that is', async () => {
    const known = provider.minted();
    await passes(A_WHILE);
    provider.isDown('acme.example');
    granted(await exchange(known), 'its key is known');
    const refused = await exchange(provider.minted({}, { kid: 'perhaps-new' }));
    isOAuthError(refused, 503, 'temporarily_unavailable', 'it may be a new key');
    refused.hasHeader('retry-after', /^\d+$/);
    provider.isBack();
  });
});

describe('the owner of the server', () => {
  const enterPeople = async () => {
    const { browser } = await enterAccount(site);
    return browser;
  };
  const find = async (browser, words) => {
    const found = await browser.open(`/account/people?q=${encodeURIComponent(words)}`);
    const link = found.elements.find(({ name, attributes }) => name === 'a' && /person=/.test(attributes.href ?? ''));
    assert.ok(link, found.story(`${words} is in the directory`));
    return browser.open(link.attributes.href);
  };
  const submit = (browser, page, action) => browser.submit(page, formFor(page, action));

  test('sees who was admitted and by whom, ends an app or everything for good, and takes it back', async () => {
    const ask = () => exchange(provider.minted({ sub: 'to-be-ended', name: 'Trudy Ended', email: 'trudy@acme.example' }));
    for (const [what, action] of [
      ['one app', 'disconnect'],
      ['everything', 'disconnect-all'],
    ]) {
      const { access_token: token } = granted(await ask(), what);
      let browser = await enterPeople();
      const page = await find(browser, 'Trudy');
      assert.match(page.text, /trudy@acme\.example/, page.story('the address of a domain that the issuer has'));
      assert.match(page.text, /Admitted by acme\.example/, page.story('who has admitted the app'));
      assert.ok(!hasForm(page, 'admit-again'), page.story('nothing is ended yet'));
      await submit(browser, page, action);
      await passes(70);
      await isTurnedAway(site, token, { rule: `${what}: the token` });
      isOAuthError(await ask(), 400, 'invalid_grant', `${what}: the next assertion`);
      await runtime.alarm('GRANTS', objectOf(page));
      await passes(400 * DAY);
      await runtime.alarm('GRANTS', objectOf(page));
      isOAuthError(await ask(), 400, 'invalid_grant', `${what}: an end never lapses`);
      browser = await enterPeople();
      await submit(browser, await find(browser, 'Trudy'), 'admit-again');
      granted(await ask(), `${what}: the owner has taken it back`);
    }
  });

  test('gets a file that says who had access when, and nobody else does', async () => {
    const name = '=HYPERLINK("https://evil.example","Eve")';
    granted(await exchange(provider.minted({ sub: 'eve', name, email: 'eve@acme.example' })));
    const { browser, key } = await makeKey(site, { name: 'A key that ends' });
    await isWelcome(site, key);
    await endKey(browser, 'A key that ends');
    const page = await browser.open('/account/people/export');
    const form = page.form('part');
    const [part, ...others] = form.buttons;
    assert.deepEqual([part.value, others], ['1/1', []], page.story('one part'));
    const answer = (await browser.submit(page, form, { button: part })).answer.hasStatus(200, 'the file');
    answer.hasHeader('content-type', /^text\/csv; charset=utf-8/);
    answer.hasHeader('content-disposition', /^attachment; filename="access-\d{4}-\d\d-\d\d\.csv"$/);
    answer.hasHeader('x-content-type-options', /^nosniff$/);
    answer.hasHeader('cache-control', /\bno-store\b/);
    const [header, ...lines] = recordsOf(answer.text);
    assert.equal(header[0], '\ufeffperson', 'UTF-8, as spreadsheets know it');
    assert.ok(lines.every((line) => line.length === header.length), 'RFC 4180 §2');
    const all = lines.map((line) => Object.fromEntries(header.map((column, at) => [column.replace('\ufeff', ''), line[at]])));
    const eve = all.find(({ address }) => address === 'eve@acme.example');
    assert.deepEqual(
      [eve.person, eve.access, eve['app identifier'], eve['sent to'], eve.endpoint, eve.permissions, eve.state],
      [`'${name}`, 'assertion', 'claude', ACME, MCP, 'notes:read notes:write profile', 'active'],
    );
    const ended = all.find((line) => line.app === 'A key that ends');
    assert.deepEqual([ended.access, ended.state, ended['why it ended']], ['access key', 'ended', 'the person ended it']);
    assert.match(ended.until, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.ok(all.every((line) => Object.values(line).every((cell) => !/^[=+@-]/.test(cell))), 'no cell is a formula');

    const asked = { path: '/account/people/export', headers: { cookie: browser.cookieHeader } };
    (await send(site, asked)).hasHeader('content-type', /^text\/html/, 'a link gets the page and no file');
    const body = new URLSearchParams({ request: form.chosen('request')[0], part: '1/1' }).toString();
    const post = (headers, text = body) =>
      send(site, { ...asked, method: 'POST', headers: { ...asked.headers, 'content-type': 'application/x-www-form-urlencoded', ...headers }, body: text });
    for (const [what, refused] of [
      ['another site', await post({ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })],
      ['no mark', await post({ origin: HERE }, 'part=1%2F1')],
      ['a part that there is not', await post({ origin: HERE }, `${body.split('&')[0]}&part=1%2F101`)],
      ['nobody', await post({ origin: HERE, cookie: '' })],
    ]) {
      assert.notEqual(refused.status, 200, what);
      assert.ok(!/text\/csv/.test(refused.headers['content-type'] ?? ''), what);
    }
    await runtime.objectsNow('Grants', 'fails');
    const outage = await post({ origin: HERE });
    await runtime.objectsNow('Grants', 'works');
    outage.hasStatus(503, 'an outage is a page and no file that ends early');
  });

  test('gets the file in parts where there are many people, each with everybody once, and makes no object', async () => {
    granted(await exchange(provider.minted({ sub: 'one-of-many' })), 'somebody is in the directory');
    const digits = "printf('%08x%024x', (n * 2654435761) & 4294967295, n)";
    await runtime.sql(
      'DIRECTORY',
      'directory',
      `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1100)
       INSERT INTO people SELECT ${digits}, 'many-' || n, 'Many ' || n, 1, 1 FROM numbers`,
    );
    const { browser } = await enterAccount(site);
    const page = await browser.open('/account/people/export');
    const form = page.form('part');
    assert.equal(form.buttons.length, 2, page.story('two parts'));
    // Each person costs a request, so that most of them go before the file is made.
    await runtime.sql('DIRECTORY', 'directory', "DELETE FROM people WHERE subject LIKE 'many-%' AND CAST(substr(subject, 6) AS INTEGER) > 80");
    const before = (await runtime.counts()).rowsWritten;
    const seen = [];
    for (const button of form.buttons) {
      const { answer } = await browser.submit(page, form, { button });
      seen.push(recordsOf(answer.hasStatus(200, 'a part').text).slice(1).filter(([, , subject]) => subject.startsWith('many-')).map(([, , subject]) => subject));
    }
    assert.ok(seen.every((part) => part.length > 30), `more than one batch in each: ${seen.map((part) => part.length)}`);
    assert.equal(new Set(seen.flat()).size, 80);
    assert.equal(seen.flat().length, 80);
    assert.ok((await runtime.counts()).rowsWritten - before < 10, 'reading writes nothing');
    await runtime.sql('DIRECTORY', 'directory', "DELETE FROM people WHERE subject LIKE 'many-%'");
  });

  test('ends a client for everybody, whatever a provider says', async () => {
    const ask = (sub) => exchange(provider.minted({ sub, client_id: 'desktop' }), { headers: {}, client_id: 'desktop' });
    const { access_token: token } = granted(await ask('one'));
    await runtime.sql('DIRECTORY', 'directory', `INSERT INTO ended VALUES ('${createHash('sha256').update('desktop').digest('base64url')}', 1, '', 1)`);
    isOAuthError(await ask('two'), 400, 'invalid_grant', 'an ended client');
    assert.match(await said(token), /./, 'its grants end by the sweep of the directory, which this test has not begun');
  });
});

describe('what a client reads', () => {
  test('the metadata says so, and names no issuer', async () => {
    for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']) {
      const answer = (await send(site, { path })).hasStatus(200, path);
      const metadata = answer.json();
      assert.ok(metadata.grant_types_supported.includes(JWT_BEARER), answer.story('draft §7.2'));
      assert.deepEqual(metadata.authorization_grant_profiles_supported, ['urn:ietf:params:oauth:grant-profile:id-jag']);
      assert.ok(!answer.text.includes('acme'), answer.story('draft §8.4'));
    }
    const discovered = (await send(site, modern('server/discover'))).result('the capabilities');
    assert.deepEqual(discovered.capabilities.extensions['io.modelcontextprotocol/enterprise-managed-authorization'], {});
  });

  test('a client revokes its token', async () => {
    const { access_token: token } = granted(await exchange(provider.minted({ sub: 'revoked' })));
    (await send(site, revoking(CLAUDE, token, { headers: basic('claude', CLAUDE.client_secret) }))).hasStatus(200);
    await passes(70);
    await isTurnedAway(site, token);
    granted(await exchange(provider.minted({ sub: 'revoked' })), 'and the provider admits them again');
  });

  test('no secret is in the log', () => keepsSecrets(runtime.instances));
});

test('without trusted issuers nothing of it is there, and a setting that cannot be read closes sign-in', async () => {
  for (const [vars, check] of [
    [
      SIGN_IN,
      async (one) => {
        isOAuthError(await send(one, exchanging('x', { headers: {}, client_id: 'x' })), 401, 'invalid_client', 'an unknown client');
        const metadata = (await send(one, { path: '/.well-known/oauth-authorization-server' })).json();
        assert.ok(!metadata.grant_types_supported.includes(JWT_BEARER));
        assert.ok(!('authorization_grant_profiles_supported' in metadata));
      },
    ],
    [{ ...VARS, TRUSTED_ISSUERS: '[{"issuer":"http://acme.example","clients":["claude"]}]' }, async (one) => void (await send(one, exchanging('x'))).hasStatus(503)],
    [{ ...VARS, TRUSTED_ISSUERS: '[{"issuer":"https://acme.example","clients":["desktop"]}]' }, async (one) => void (await send(one, exchanging('x'))).hasStatus(503)],
  ]) {
    await runtime.restart(vars);
    await check(runtime.instances[0]);
  }
});
