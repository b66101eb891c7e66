// Accounts of people at upstream services: how a person connects one, how the call goes on that needed it, and how the account is
// disconnected. The services are on loopback; the OpenID provider is a real one.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../support/eventually.mjs';
import { calling, modern, send, stream, textOf } from '../../support/mcp/requests.mjs';
import { openSession } from '../../support/mcp/session.mjs';
import { bearer, call, isSafePage, keepsSecrets, secret } from '../../support/oauth/client.mjs';
import { HERE, Person, UPSTREAM_CLIENT, callbackOf, linkIn, signInBy, startUpstreams } from '../../support/oauth/upstream-services.mjs';
import { startInstances } from '../../support/workers/instances.mjs';

let services;
let runtime;
let here;
let there;
let owner;
before(async () => {
  services = await startUpstreams();
  owner = new Person(services, undefined, 'owner', null);
  const vars = { ...signInBy(), OWNER: owner.account };
  runtime = await startInstances({ worker: 'examples/everything', vars, outbound: services.provider.port });
  [here, there] = runtime.instances;
  owner = Object.assign(new Person(services, here, 'owner'), { account: owner.account });
});
after(async () => {
  await runtime?.stop();
  services?.provider.stop();
});

/** A new person, with a client. */
async function somebody(account) {
  const person = new Person(services, here, account);
  return Object.assign(person, { token: (await person.connectClient()).access_token });
}
const PLAIN = { upstream: 'plain', url: 'https://api.plain.example/issues' };
const ID = { upstream: 'id', url: 'https://id.example/me' };
const ACME = { upstream: 'acme', url: 'https://api.acme.example/me' };
const asks = async (person, args = PLAIN, at = here) => (await call(at, person.token, 'ask_upstream', args)).result('the tool answers');
const cx = (token, args, more = {}) => modern('tools/call', calling('ask_upstream', args, more.params), { ...more, headers: bearer(token) });
const form = (page, part) => page.forms.find(({ action, fields }) => action.includes(part) || fields.some(({ value }) => value === part));

describe('a call without an account', () => {
  test('a client that shows no URLs gets the link for the person, and the same call works after they have connected', async () => {
    const alice = await somebody('alice');
    for (const answer of [await call(here, alice.token, 'ask_upstream', PLAIN), await send(here, cx(alice.token, PLAIN))]) {
      const result = answer.result('a tool without its account answers with the link');
      assert.equal(result.isError, true);
      assert.match(textOf(result), /^Nothing was done: the person’s Plain account is not connected yet\. Ask them to open https:\S+ in their browser/);
      assert.ok(linkIn(textOf(result)).length < 100, 'a model can repeat it');
    }
    const page = await alice.connectPlain(linkIn(textOf(await asks(alice))));
    assert.equal(page.url.href, `${HERE}/account/connect/plain`, 'no code and no state stay in the address');
    assert.ok(page.text.includes(`Plain is connected Your account ${alice.account} at Plain is connected to Everything`), page.text);
    isSafePage(page.answer, 'the page of a connected account');
    for (const at of [here, there]) assert.deepEqual(JSON.parse(textOf(await asks(alice, PLAIN, at))), { login: alice.account, path: '/issues' });
  });

  // MCP "URL Mode Elicitation Requests", "Completion Notifications for URL Mode Elicitation"
  test('until 2025-11-25 a client that shows URLs is asked, the call waits, and the client is told when the person is done', async () => {
    const carol = await somebody('carol');
    const session = await openSession(here, { capabilities: { elicitation: { url: {} } }, headers: bearer(carol.token) });
    const calls = await stream(here, session.call('ask_upstream', ID));
    const methods = [];
    let asked;
    for await (const { data } of calls.events) {
      if (!data) continue;
      const message = JSON.parse(data);
      if (message.result) {
        assert.equal(JSON.parse(textOf(message.result)).sub, carol.account, calls.story('the same call goes on'));
        break;
      }
      methods.push(message.method);
      if (message.method !== 'elicitation/create') {
        assert.deepEqual(message.params, { elicitationId: asked.elicitationId });
        continue;
      }
      asked = message.params;
      assert.deepEqual({ mode: asked.mode, message: asked.message }, { mode: 'url', message: 'Connect your Example ID account to go on.' });
      (await send(there, session.answer(message.id, { action: 'accept' }))).hasStatus(202, 'MCP "Sending Messages to the Server"');
      assert.match((await carol.connectId(asked.url)).text, /Example ID is connected/);
    }
    assert.deepEqual(methods, ['elicitation/create', 'notifications/elicitation/complete']);
  });

  test('from 2026-07-28 on a client that shows URLs comes back with the answer, and that call waits for the person', async () => {
    const bob = await somebody('bob');
    const capabilities = { elicitation: { url: {} } };
    const first = (await send(here, cx(bob.token, PLAIN, { capabilities }))).result('a question');
    assert.equal(first.resultType, 'input_required');
    const [[key, question]] = Object.entries(first.inputRequests);
    assert.deepEqual([question.method, question.params.mode], ['elicitation/create', 'url']);
    const params = { requestState: first.requestState, inputResponses: { [key]: { action: 'accept' } } };
    const [second, page] = await Promise.all([
      send(there, cx(bob.token, PLAIN, { capabilities, params })),
      bob.connectPlain(question.params.url),
    ]);
    assert.match(page.text, /Plain is connected/);
    assert.equal(JSON.parse(textOf(second.result('the call goes on'))).login, bob.account);
  });

  test('a person who declines to connect is not sent there, and the model learns it', async () => {
    const carol = await somebody('carol');
    const capabilities = { elicitation: { url: {} } };
    const first = (await send(here, cx(carol.token, PLAIN, { capabilities }))).result('a question');
    const [key] = Object.keys(first.inputRequests);
    const params = { requestState: first.requestState, inputResponses: { [key]: { action: 'decline' } } };
    const second = (await send(here, cx(carol.token, PLAIN, { capabilities, params }))).result('an answer');
    assert.equal(textOf(second), 'The person was asked and declined. Nothing was done.');
  });
});

describe('the request to a service', () => {
  // RFC 7636 §4.3, RFC 9700 §2.1.1, §4.4.2
  test('a service is asked with a new state and challenge each time, and with a redirect URI of its own', async () => {
    const alice = new Person(services, here, 'alice');
    const away = [await alice.leaveFor('/account/connect/id'), await new Person(services, here, 'alice').leaveFor('/account/connect/id')];
    for (const { url, answer, parameters } of away) {
      const { state, nonce, code_challenge: challenge, ...rest } = parameters;
      assert.equal(url.origin + url.pathname, 'https://id.example/auth');
      assert.deepEqual(rest, {
        response_type: 'code',
        client_id: UPSTREAM_CLIENT.id,
        redirect_uri: callbackOf('id'),
        code_challenge_method: 'S256',
        scope: 'openid profile email',
      });
      assert.ok(state.length === 22 && nonce.length === 22 && challenge.length === 43, url.href);
      answer.hasStatus(303, 'the form does not travel along');
      answer.hasHeader('referrer-policy', 'no-referrer', 'nor the page');
    }
    for (const name of ['state', 'nonce', 'code_challenge']) assert.notEqual(away[0].parameters[name], away[1].parameters[name], name);
  });

  test('the page says for whom the account is connected, what is asked for, and where the token goes', async () => {
    const alice = new Person(services, here, 'alice');
    const page = await alice.enter('/account/connect/id');
    isSafePage(page.answer, 'the page');
    for (const words of [`For ${alice.account.replace('a', 'A')}`, 'openid', 'profile', 'Your token goes to id.example']) assert.ok(page.text.includes(words), page.text);
  });
});

describe('a key', () => {
  test('a key is kept only if it passes the check of the author, and no page shows it again', async () => {
    const alice = await somebody('alice');
    const link = linkIn(textOf(await asks(alice, ACME)));
    const page = await alice.enter(link);
    const wrong = await alice.browser.submit(page, form(page, '/account/connect/'), { values: { key: secret('not-a-key-at-all', 'a wrong key') } });
    wrong.answer.hasStatus(400, 'a key that the service refuses');
    assert.ok(!wrong.html.includes('not-a-key-at-all'), 'it is not repeated');
    assert.match(textOf(await asks(alice, ACME)), /Nothing was done/, 'nothing was kept');
    const [key] = services.acme.keys.keys();
    const right = await alice.browser.submit(wrong, form(wrong, '/account/connect/'), { values: { key } });
    assert.match(right.text, /Acme is connected Your account alice at Acme/);
    assert.deepEqual(JSON.parse(textOf(await asks(alice, ACME))), { login: 'alice' });
    for (const path of ['/account', '/account/connect/acme']) assert.ok(!(await alice.browser.open(path)).html.includes(key), path);
    assert.equal(await runtime.filesHolding(key), 0, 'it is stored encrypted');

    // A 401 may be about something else than the key: the check of the author decides.
    const beyond = await asks(alice, { ...ACME, url: 'https://api.acme.example/admin' });
    assert.match(textOf(beyond), /does not accept the account or key/);
    assert.deepEqual(JSON.parse(textOf(await asks(alice, ACME))), { login: 'alice' }, 'the connection goes on');
    services.acme.keys.delete(key);
    assert.equal((await asks(alice, ACME)).isError, true);
    assert.match(textOf(await asks(alice, ACME)), /has to be connected again/, 'a key that the check refuses ends it');
    services.acme.keys.set(key, 'alice');
  });
});

describe('the account page', () => {
  // RFC 7009 §2.1
  test('the account page lists each service with its account and scopes, and disconnecting revokes the token there', async () => {
    const bob = await somebody('bob');
    await bob.connectPlain('/account/connect/plain', 'bobby');
    const page = await bob.browser.open('/account');
    for (const words of ['Your accounts elsewhere', 'Plain Connected as bobby', 'read', 'write', 'api.plain.example', 'Acme Not connected']) {
      assert.ok(page.text.includes(words), `${words}: ${page.text}`);
    }
    assert.equal(JSON.parse(textOf(await asks(bob))).login, 'bobby');
    const living = services.plain.living.size;
    const done = await bob.browser.submit(page, form(page, 'disconnect-upstream'));
    assert.match(done.text, /Plain is disconnected, and its token is deleted here\. Plain was told to end it, too\./);
    assert.equal(services.plain.living.size, living - 1, 'the service has ended it');
    assert.match(textOf(await asks(bob)), /is not connected yet/, 'at once where it was disconnected');
    assert.deepEqual(await runtime.sql('GRANTS', objectOf(bob.account), 'SELECT name FROM upstreams'), [], 'nothing is left');
  });

  test('signing out everywhere deletes and revokes what the services gave, and disconnecting all apps does not', async () => {
    const carol = await somebody('carol');
    await carol.connectPlain();
    const rows = async () => (await runtime.sql('GRANTS', objectOf(carol.account), 'SELECT name FROM upstreams ORDER BY name')).map(({ name }) => name);
    const connected = await rows();
    assert.ok(connected.includes('plain'), `${connected}`);
    let page = await carol.browser.open('/account');
    page = await carol.browser.submit(page, form(page, 'disconnect-all'));
    assert.deepEqual(await rows(), connected);
    const living = services.plain.livingOf(carol.account);
    assert.equal(living.length, 1, 'and revokes nothing');
    await carol.browser.submit(page, form(page, 'sign-out-everywhere'));
    assert.deepEqual(await rows(), []);
    await eventually(() => services.plain.livingOf(carol.account), (tokens) => tokens.length === 0, 'RFC 7009 §2.1: the service has ended it');
  });

  // RFC 7009 §2.1
  test('the owner who ends a person has what they connected revoked at the service, too, also if the answer about the end is lost', async () => {
    const dora = await somebody('dora');
    await dora.connectPlain();
    assert.equal(JSON.parse(textOf(await asks(dora))).login, dora.account);
    assert.equal(services.plain.livingOf(dora.account).length, 1);
    await owner.enter();
    const found = await owner.browser.open(`/account/people?q=${dora.account}`);
    const link = found.elements.find(({ name, attributes }) => name === 'a' && attributes.href?.includes('person='));
    const page = await owner.browser.open(link.attributes.href);
    // Each command is sent twice: the first time it is carried out, and its answer does not arrive.
    await runtime.objectsNow('Grants', 'loses-every-other');
    const done = await owner.browser.submit(page, page.forms.find((one) => one.has('action') && one.chosen('action')[0] === 'disconnect-all'));
    await runtime.objectsNow('Grants', 'works');
    assert.equal(done.status, 200, done.text);
    assert.deepEqual(await runtime.sql('GRANTS', objectOf(dora.account), 'SELECT name FROM upstreams'), []);
    await eventually(() => services.plain.livingOf(dora.account), (tokens) => tokens.length === 0, 'the service has ended it');
  });
});

/** The name of the object that stores what a person has. */
function objectOf(account) {
  const digest = (text) => createHash('sha256').update(text);
  const subject = digest(`https://id.example\0${account}`).digest('base64url');
  return digest(`subject\0${subject}`).digest('hex').slice(0, 32);
}

test('no secret of a person, a service or a browser is in the log', () => keepsSecrets([runtime]));
