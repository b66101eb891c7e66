// People sign in with the same client of the same provider whose accounts the connector uses: the sign-in connects the account in the same
// step, and one refresh token serves both. And what is said where a setting of a service is missing.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../support/eventually.mjs';
import { textOf } from '../../support/mcp/requests.mjs';
import { call, isOAuthError, keepsSecrets, refreshing, send, tokensOf } from '../../support/oauth/client.mjs';
import { Person, UPSTREAM_CLIENT, signInBy, startUpstreams } from '../../support/oauth/upstream-services.mjs';
import { startInstances } from '../../support/workers/instances.mjs';

const LIFETIME = 600;
const VARS = signInBy(UPSTREAM_CLIENT);
let services;
let runtime;
let here;
before(async () => {
  services = await startUpstreams();
  runtime = await startInstances({ worker: 'examples/everything', vars: VARS, outbound: services.provider.port });
  [here] = runtime.instances;
});
after(async () => {
  await runtime?.stop();
  services?.provider.stop();
});

const ask = async (one, upstream = 'id', url = 'https://id.example/me', at = here) =>
  (await call(at, one.tokens.access_token, 'ask_upstream', { upstream, url })).result('the tool answers');
async function somebody(name) {
  const one = new Person(services, here, name);
  return Object.assign(one, { tokens: await one.connectClient() });
}
const isConnected = (one, at) => eventually(async () => textOf(await ask(one, undefined, undefined, at)), (text) => text.includes(one.account), 'the account is connected');

describe('a sign-in with the service itself', () => {
  test('connects the account in the same step, and the account page shows it', async () => {
    const alice = await somebody('alice');
    await isConnected(alice);
    await alice.enter();
    const page = await alice.browser.open('/account');
    assert.ok(page.text.includes(`Example ID Connected as ${alice.account}@example.com`), page.text);
    assert.match(textOf(await ask(alice, 'plain', 'https://api.plain.example/')), /is not connected yet/, 'another service');
  });

  test('one refresh token, which rotates, serves the sign-in and the account, also when both are refreshed at once', async () => {
    const bob = await somebody('bob');
    await isConnected(bob);
    for (let times = 0; times < 3; times += 1) {
      await runtime.passes(LIFETIME);
      const calls = Array.from({ length: 10 }, (_, index) => ask(bob, undefined, undefined, runtime.instances[index % 2]));
      const [refreshed, ...answers] = await Promise.all([send(here, refreshing(bob.client, bob.tokens)), ...calls]);
      bob.tokens = tokensOf(refreshed, 'the sign-in is refreshed');
      for (const answer of answers) assert.equal(JSON.parse(textOf(answer)).sub, bob.account, `round ${times}`);
    }
  });

  test('disconnecting the account does not end the sign-in', async () => {
    const carol = await somebody('carol');
    await isConnected(carol);
    await carol.enter();
    const page = await carol.browser.open('/account');
    const form = page.forms.find(({ fields }) => fields.some(({ value }) => value === 'disconnect-upstream'));
    assert.match((await carol.browser.submit(page, form)).text, /Example ID is disconnected, and its token is deleted here\. To end the permission there, too/);
    assert.match(textOf(await ask(carol)), /is not connected yet/);
    await runtime.passes(LIFETIME);
    tokensOf(await send(here, refreshing(carol.client, carol.tokens)), 'the sign-in goes on');
  });

  // RFC 7009 §2.1
  test('a person who is no longer at the identity provider loses their accounts at other services, and their tokens are revoked there', async () => {
    const dora = await somebody('dora');
    await dora.connectPlain();
    assert.equal(services.plain.livingOf(dora.account).length, 1);
    services.provider.place('id.example/token', (_, response) => {
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: 'invalid_grant' }));
    });
    isOAuthError(await send(here, refreshing(dora.client, dora.tokens)), 400, 'invalid_grant', 'the sign-in has ended');
    services.provider.isBack('id.example/token');
    await eventually(() => services.plain.livingOf(dora.account), (tokens) => tokens.length === 0, 'the service has ended what it gave');
  });
});

test('a missing setting of a service is named on /, in the log and to the model, and everything else works', async () => {
  const alice = await somebody('alice');
  await runtime.restart({ ...VARS, UPSTREAM_SECRET: '' });
  const home = await send(here, { method: 'GET', path: '/', headers: { accept: 'text/html' } });
  const report = 'UPSTREAM_SECRET is not set; closed until that is corrected: the upstream service Plain';
  assert.ok(home.text.includes(report), home.story('the page names it'));
  assert.ok(runtime.log().includes(report), 'so does the log');
  const result = await ask(alice, 'plain', 'https://api.plain.example/');
  assert.equal(textOf(result), 'Plain cannot be used: UPSTREAM_SECRET is not set. The owner of this connector has to set it up.');
  assert.match(textOf(await ask(alice, 'unknown')), /uses the upstream service `unknown`, which it does not declare/);
  await eventually(() => runtime.log(), (log) => log.includes('a handler uses `unknown`'), 'the log names it');
  assert.match((await alice.enter('/account/connect/plain')).text, /Plain is not set up/);
  assert.match(textOf(await ask(alice, 'acme')), /Acme account is not connected yet/, 'a service that is set up');
});

test('no secret of a person, a service or a browser is in the log', () => keepsSecrets([runtime]));
