// What an access token opens (RFC 9068, RFC 8707, RFC 6750): one resource, for an hour, for its scopes, and only if it is ours.

import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { describe, test } from 'node:test';
import { parseChallenges } from '../support/http/exchange.mjs';
import { calling, legacy, modern } from '../support/mcp/requests.mjs';
import { instancesForSuite } from '../support/workers/instances.mjs';
import {
  ALL_SCOPES,
  SIGN_IN,
  bearer,
  call,
  connect,
  isTurnedAway,
  isWelcome,
  keepsSecrets,
  refreshing,
  register,
  scopesIn,
  send,
  tokensOf,
} from '../support/oauth/client.mjs';

let client;
const runtime = instancesForSuite({ count: 1, vars: SIGN_IN }, async () => {
  client = await register(site);
});
const [site] = runtime.instances;

const MINUTE = 60;
const HOUR = 3600;

const refresh = (tokens, more, who = client) => send(site, refreshing(who, tokens, more));
const renewed = async (tokens, more) => tokensOf(await refresh(tokens, more), 'OAuth 2.1 §4.3');

// MCP "Access Token Usage"
describe('an access token', () => {
  const parts = (token) => token.split('.').map((part, at) => (at < 2 ? JSON.parse(Buffer.from(part, 'base64url')) : part));
  const unsigned = (header, claims) => [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');

  test('an access token is an at+jwt for one resource, for an hour, signed with HS256', async () => {
    const { tokens } = await connect(site, { client });
    const [header, claims, signature] = parts(tokens.access_token);
    assert.deepEqual(Object.keys(header).sort(), ['alg', 'kid', 'typ']);
    assert.equal(header.typ, 'at+jwt', 'RFC 9068 §2.1');
    assert.equal(header.alg, 'HS256', 'RFC 7518 §3.2');
    assert.equal(Buffer.from(header.kid, 'base64url').length, 32, 'RFC 7638 §3: a SHA-256 thumbprint');
    assert.equal(Buffer.from(signature, 'base64url').length, 32, 'RFC 7518 §3.2');
    assert.equal(claims.iss, site.origin);
    assert.equal(claims.aud, site.url, 'RFC 8707: exactly the resource');
    assert.equal(claims.client_id, client.client_id, 'RFC 9068 §2.2');
    assert.equal(claims.exp - claims.iat, HOUR);
    assert.ok(claims.jti, 'RFC 9068 §2.2');
  });

  // MCP "Access Token Privilege Restriction", "Canonical Server URI"
  test('an access token is good at its own resource and at no other', async () => {
    const lazy = (await connect(site, { client })).tokens.access_token;
    const strict = (await connect(site, { client, resource: site.privateUrl })).tokens.access_token;
    for (const era of [legacy, modern]) {
      await isWelcome(site, lazy, { era });
      await isWelcome(site, strict, { path: '/private/mcp', era });
    }
    await isWelcome(site, lazy, { path: '/mcp/', rule: 'both slash forms are the same resource' });
    await isWelcome(site, strict, { path: '/private/mcp/', rule: 'both slash forms are the same resource' });
    await isTurnedAway(site, lazy, { path: '/private/mcp', rule: 'RFC 8707, MCP "Token Audience Binding and Validation"' });
    await isTurnedAway(site, strict, { path: '/mcp', rule: 'RFC 8707, MCP "Token Audience Binding and Validation"' });
  });

  // MCP "Token Theft"
  test('an access token is good for an hour', async () => {
    const { tokens } = await connect(site, { client });
    await site.passes(HOUR - MINUTE);
    await isWelcome(site, tokens.access_token, { rule: 'a minute before the end' });
    await site.passes(2 * MINUTE);
    await isTurnedAway(site, tokens.access_token, { rule: 'RFC 9068 §4: it has expired, also where it was verified before' });
    await isWelcome(site, (await renewed(tokens)).access_token, { rule: 'its refresh token still works' });
  });

  test('an access token that was changed, or signed by somebody else, is worth nothing', async () => {
    const { access_token: good } = (await connect(site, { client })).tokens;
    const [header, claims] = parts(good);
    const [head, body, signature] = good.split('.');
    const ours = randomBytes(32);
    const hmac = (h, key = ours, { hash = 'sha256', c = claims } = {}) => {
      const text = unsigned(h, c);
      return `${text}.${createHmac(hash, key).update(text).digest('base64url')}`;
    };
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const bySignature = (h) => {
      const text = unsigned(h, claims);
      return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
    };
    const jwk = publicKey.export({ format: 'jwk' });
    const oct = { kty: 'oct', k: ours.toString('base64url') };
    const flip = (text) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
    for (const [what, token] of [
      ['no signature', `${head}.${body}.`],
      ['no third part', `${head}.${body}`],
      ['a changed signature', `${head}.${body}.${flip(signature)}`],
      ['other claims', `${head}.${Buffer.from(JSON.stringify({ ...claims, scope: ALL_SCOPES })).toString('base64url')}.${signature}`],
      ['alg none', `${unsigned({ ...header, alg: 'none' }, claims)}.`],
      ['alg None with the signature', `${unsigned({ ...header, alg: 'None' }, claims)}.${signature}`],
      ['alg None without a signature', `${unsigned({ ...header, alg: 'None' }, claims)}.`],
      ['another algorithm with the signature', `${unsigned({ ...header, alg: 'HS512' }, claims)}.${signature}`],
      ['HS512 by another key', hmac({ ...header, alg: 'HS512' }, ours, { hash: 'sha512' })],
      ['HS256 by another key under our kid', hmac(header)],
      ['HS256 by the empty key', hmac(header, '')],
      ['HS256 by a key of zeros', hmac(header, Buffer.alloc(32))],
      ['HS256 by the kid', hmac(header, Buffer.from(header.kid, 'base64url'))],
      ['more scope, signed again', hmac(header, ours, { c: { ...claims, scope: ALL_SCOPES } })],
      ['a public-key algorithm', bySignature({ ...header, alg: 'EdDSA' })],
      ['a public-key signature under HS256', bySignature(header)],
      ['an unknown key', hmac({ ...header, kid: 'other' })],
      ['no kid', hmac({ typ: header.typ, alg: header.alg })],
      ['a key that it brings along', hmac({ ...header, jwk: oct })],
      ['a public key that it brings along', bySignature({ ...header, alg: 'EdDSA', jwk })],
      ['a key that it points to', hmac({ ...header, jku: 'https://evil.example/jwks.json' })],
      ['another type', hmac({ ...header, typ: 'JWT' })],
      ['another type with the signature', `${unsigned({ ...header, typ: 'JWT' }, claims)}.${signature}`],
      ['a critical extension', hmac({ ...header, crit: ['exp'] })],
      ['a critical extension with the signature', `${unsigned({ ...header, crit: ['exp'] }, claims)}.${signature}`],
      ['a fourth part', `${good}.x`],
      ['padding', `${good}==`],
      ['white space', `${head}.${body}. ${signature}`],
    ]) {
      const answer = await send(site, legacy('tools/call', calling('whoami'), { headers: bearer(token) }));
      answer.hasStatus([400, 401], what).hasHeader('www-authenticate', /error="invalid_(token|request)"/, what);
    }
    await isWelcome(site, good, { rule: 'the true one is' });
  });

  test('an access token is good in the header only, under any spelling of Bearer', async () => {
    const { access_token: token } = (await connect(site, { client })).tokens;
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      const answer = await send(site, legacy('tools/call', calling('whoami'), { headers: { authorization: `${scheme} ${token}` } }));
      answer.result('RFC 9110 §11.1: schemes are case-insensitive');
    }
    const inQuery = await send(site, legacy('tools/call', calling('whoami'), { path: `/mcp?access_token=${token}` }));
    inQuery.hasStatus([400, 401], 'RFC 9700 §4.3.2, MCP: never in the query');
    const twice = await send(
      site,
      legacy('tools/call', calling('whoami'), { headers: { authorization: [`Bearer ${token}`, `Bearer ${token}`] } }),
    );
    twice.hasStatus([400, 401], 'RFC 6750 §2: one');
  });

  // MCP "Step-Up Authorization Flow"
  test('an access token without the scope of a tool is refused with all that is needed, and stepping up adds a grant beside', async () => {
    const first = await connect(site, { client });
    for (const era of [legacy, modern]) {
      const refused = await call(site, first.tokens.access_token, 'save_note', { title: 't', body: 'b' }, { era });
      refused.hasStatus(403, 'RFC 6750 §3.1');
      const [{ parameters }] = parseChallenges(refused.headers['www-authenticate']);
      assert.equal(parameters.error, 'insufficient_scope', refused.story('RFC 6750 §3.1'));
      assert.equal(parameters.resource_metadata, `${site.origin}/.well-known/oauth-protected-resource/mcp`, refused.story('RFC 9728 §5.1'));
      assert.ok(scopesIn(parameters.scope).includes('notes:write'), refused.story('everything still needed'));
    }
    const wider = await connect(site, { client, scope: ALL_SCOPES });
    const saved = await call(site, wider.tokens.access_token, 'save_note', { title: 'Stepped up', body: 'b' });
    assert.match(saved.result('with the scope').content[0].text, /saved/);
    await renewed(first.tokens);
    await isWelcome(site, first.tokens.access_token, { rule: 'the older grant is untouched' });
  });
});

test('no secret is in the log', () => keepsSecrets([site]));
