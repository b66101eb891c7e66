// Attacks on upstream accounts: what comes back from a service counts only in the browser and for the person that began, once, and from
// that service; a link gives access to nothing; and a token goes to the hosts of its service and nowhere else.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { calling, modern, send, textOf } from '../../support/mcp/requests.mjs';
import { Arrival, Browser, bearer, call, isSafePage, keepsSecrets } from '../../support/oauth/client.mjs';
import { HERE, Person, callbackOf, linkIn, signInBy, startUpstreams } from '../../support/oauth/upstream-services.mjs';
import { enterAt } from '../../support/oauth/openid-provider.mjs';
import { startInstances } from '../../support/workers/instances.mjs';

let services;
let runtime;
let here;
before(async () => {
  services = await startUpstreams();
  runtime = await startInstances({ worker: 'examples/everything', count: 1, vars: signInBy(), outbound: services.provider.port });
  [here] = runtime.instances;
});
after(async () => {
  await runtime?.stop();
  services?.provider.stop();
});

const person = (account, browser) => new Person(services, here, account, browser);
async function withClient(account) {
  const one = person(account);
  return Object.assign(one, { token: (await one.connectClient()).access_token });
}
const ask = async (one, url = 'https://api.plain.example/issues', upstream = 'plain', tool = 'ask_upstream') =>
  (await call(here, one.token, tool, { upstream, url })).result('the tool answers');
const isNotConnected = async (one, rule) => assert.match(textOf(await ask(one)), /is not connected yet/, rule);
const isRefused = (page, status, words, rule) => {
  assert.ok(!(page instanceof Arrival), `${rule}: ${page.url}`);
  page.answer.hasStatus(status, rule);
  isSafePage(page.answer, rule);
  assert.match(page.text, words, rule);
};
const tokenRequests = () => services.plain.asked.filter(({ grant }) => grant === 'authorization_code').length;

describe('whose account is connected', () => {
  // RFC 9700 §4.7: login CSRF at the client. The victim's account must not be bound to the attacker.
  test('an attacker who sends a victim to the service with their own request does not get the victim’s account', async () => {
    const [mallory, victim] = [await withClient('bob'), person('alice')];
    const away = await mallory.leaveFor('/account/connect/plain');
    await victim.enter();
    const before = tokenRequests();
    // The victim allows it at the service, and lands here in the victim's own browser.
    isRefused(await victim.browser.open(services.plain.allow(away.url, 'alice')), 400, /was not expected here/, 'the victim’s browser');
    isRefused(await new Browser(here).open(services.plain.allow(away.url, 'alice')), 400, /was not expected here/, 'nobody’s browser');
    assert.equal(tokenRequests(), before, 'the code is not redeemed');
    await isNotConnected(mallory, 'the attacker has nothing');
  });

  // RFC 9700 §4.5: the attacker's account must not be bound to the victim.
  test('an attacker who sends a victim the answer of the service for their own account does not get it bound to the victim', async () => {
    const [mallory, victim] = [person('bob'), await withClient('alice')];
    const answer = services.plain.allow((await mallory.leaveFor('/account/connect/plain')).url, 'mallory');
    await victim.enter();
    isRefused(await victim.browser.open(answer), 400, /was not expected here/, 'the victim’s browser');
    // Nor with a request of the victim's own under way.
    const own = await victim.leaveFor('/account/connect/plain');
    isRefused(await victim.browser.open(answer), 400, /was not expected here/, 'the state of somebody else');
    const mixed = new URL(answer);
    mixed.searchParams.set('state', own.url.searchParams.get('state'));
    isRefused(await victim.browser.open(mixed), 403, /did not accept its own code/, 'the code of somebody else: PKCE');
    await isNotConnected(victim, 'nothing is bound to the victim');
  });

  // MCP "URL Mode Elicitation for OAuth Flows": the server verifies that the person who opens the URL is the one who started it.
  // MCP "Elicitation › Phishing"
  test('a link that was sent to somebody else connects nothing for either of them', async () => {
    const [mallory, victim] = [await withClient('bob'), await withClient('alice')];
    const link = linkIn(textOf(await ask(mallory)));
    const page = await victim.enter(link);
    isRefused(page, 403, /This link is not for you/, 'the link of somebody else');
    assert.equal(page.forms.length, 0, 'there is nothing to press');
    for (const changed of [link.slice(0, -1), link.replace('connect/plain', 'connect/acme'), `${HERE}/account/connect/plain?for=`]) {
      const shown = await victim.browser.open(changed);
      assert.ok(shown.status === 403 || changed.endsWith('for='), `${changed}: ${shown.status}`);
    }
    await isNotConnected(mallory, 'the attacker');
    await isNotConnected(victim, 'the victim');
  });

  test('somebody who signs in to another account while the person is at the service gets nothing', async () => {
    const alice = person('alice');
    const away = await alice.leaveFor('/account/connect/plain');
    const answer = services.plain.allow(away.url, 'alice');
    const bob = person('bob', alice.browser);
    const page = await bob.browser.open('/account');
    await bob.browser.submit(page, page.forms.find(({ fields }) => fields.some(({ value }) => value === 'sign-out')));
    await bob.enter();
    isRefused(await bob.browser.open(answer), 403, /not signed in as the same person/, 'another person in the same browser');
  });

  test('an answer counts once in its browser, and after ten minutes no more', async () => {
    const alice = await withClient('carol');
    const away = await alice.leaveFor('/account/connect/plain');
    const answer = services.plain.allow(away.url, alice.account);
    assert.match((await alice.browser.open(answer)).text, /Plain is connected/);
    const before = tokenRequests();
    isRefused(await alice.browser.open(answer), 400, /was not expected here/, 'RFC 6749 §4.1.2: the code would end its tokens');
    assert.equal(tokenRequests(), before, 'the code is not sent again');
    assert.equal(JSON.parse(textOf(await ask(alice))).login, alice.account, 'the account stays connected');
    const late = person('bob');
    const away2 = await late.leaveFor('/account/connect/plain');
    await runtime.passes(601);
    isRefused(await late.browser.open(services.plain.allow(away2.url, 'bob')), 400, /took too long|was not expected/, 'too late');
  });

  test('a link expires after half an hour, and the page leads on', async () => {
    const bob = await withClient('bob');
    const link = linkIn(textOf(await ask(bob)));
    await runtime.passes(1801);
    const page = await bob.enter(link);
    isRefused(page, 400, /This link has expired/, 'an old link');
    assert.ok(page.elements.some(({ name, attributes }) => name === 'a' && attributes.href === '/account'), 'a way on');
  });
});

describe('which service has answered', () => {
  // RFC 9207 §2.4, RFC 9700 §4.4
  test('an answer with the issuer of another service, or without one that is always sent, is refused before its code is used', async () => {
    for (const [rule, change] of [
      ['another issuer', (url) => url.searchParams.set('iss', 'https://id.example')],
      ['no issuer', (url) => url.searchParams.delete('iss')],
      ['a prefix', (url) => url.searchParams.set('iss', 'https://login.plain.exampl')],
      ['another issuer, with an error', (url) => (url.searchParams.set('iss', 'https://id.example'), url.searchParams.delete('code'), url.searchParams.set('error', 'access_denied'))],
    ]) {
      const alice = person('alice');
      const answer = services.plain.allow((await alice.leaveFor('/account/connect/plain')).url, 'alice');
      change(answer);
      const before = tokenRequests();
      isRefused(await alice.browser.open(answer), 403, /does not fit this sign-in/, rule);
      assert.equal(tokenRequests(), before, rule);
    }
  });

  // RFC 9700 §4.4.2
  test('the answer of one service at the redirect URI of another is refused', async () => {
    const alice = person('alice');
    const answer = services.plain.allow((await alice.leaveFor('/account/connect/plain')).url, 'alice');
    const other = new URL(answer);
    other.pathname = new URL(callbackOf('id')).pathname;
    other.searchParams.set('iss', 'https://id.example');
    isRefused(await alice.browser.open(other), 400, /was not expected here/, 'mix-up');
    isRefused(await alice.browser.open(answer), 400, /was not expected here/, 'the state is spent by then');
  });

  // OpenID Connect Core §3.1.3.7
  test('the code of another sign-in at the same provider does not pass', async () => {
    const [mallory, victim] = [person('bob'), person('alice')];
    const stolen = await enterAt(services.provider, (await mallory.leaveFor('/account/connect/id')).url, 'bob');
    const own = await victim.leaveFor('/account/connect/id');
    const answer = new URL(stolen);
    answer.searchParams.set('state', own.url.searchParams.get('state'));
    isRefused(await victim.browser.open(answer), 403, /did not accept its own code/, 'code injection (RFC 9700 §4.5)');
  });

  test('errors of a service are named by their registered names, and nothing that it says is repeated', async () => {
    for (const [sent, status, words] of [
      ['access_denied', 403, /You, or Plain, did not allow it/],
      ['invalid_scope', 403, /answered with the error invalid_scope/],
      ['<b>evil</b>', 403, /answered with the error server_error/],
    ]) {
      const alice = person('alice');
      const away = await alice.leaveFor('/account/connect/plain');
      const back = new URL(callbackOf('plain'));
      for (const [name, value] of Object.entries({ error: sent, error_description: 'call 555-0100', state: away.url.searchParams.get('state'), iss: 'https://login.plain.example' })) {
        back.searchParams.set(name, value);
      }
      const page = await alice.browser.open(back);
      isRefused(page, status, words, sent);
      assert.ok(!page.html.includes('555-0100') && !page.html.includes('evil'), page.html);
      assert.ok(page.elements.some(({ name, attributes }) => name === 'a' && attributes.href === '/account/connect/plain'), 'a way on');
    }
  });
});

describe('forms and redirects', () => {
  test('a form of another site, of nobody or of another session connects and disconnects nothing', async () => {
    const [alice, bob] = [person('alice'), person('bob')];
    const [page, account] = [await alice.enter('/account/connect/plain'), await bob.enter()];
    const foreign = account.forms[0].fields.find(({ name }) => name === 'request').value;
    const own = page.forms.find(({ action }) => action.includes('connect'));
    for (const [rule, path, fields, headers, status] of [
      ['another site', '/account/connect/plain', own.entries(), { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 403],
      ['another session', '/account/connect/plain', [['request', foreign]], {}, 403],
      ['no mark', '/account/connect/plain', [], {}, 400],
      ['another site, the end', '/account', [...own.entries(), ['action', 'disconnect-upstream'], ['upstream', 'plain']], { origin: 'https://evil.example' }, 403],
      ['another session, the end', '/account', [['request', foreign], ['action', 'disconnect-upstream'], ['upstream', 'plain']], {}, 403],
    ]) {
      const answer = await send(here, {
        method: 'POST',
        path,
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: HERE, 'sec-fetch-site': 'same-origin', cookie: alice.browser.cookieHeader, ...headers },
        body: new URLSearchParams(fields).toString(),
      });
      answer.hasStatus(status, rule);
      assert.ok(!answer.headers.location && !answer.headers['set-cookie'], answer.story(rule));
    }
    // And none by a mere link.
    for (const path of ['/account/connect/plain', '/account?action=disconnect-upstream&upstream=plain']) {
      assert.ok(!((await alice.browser.open(path)) instanceof Arrival), path);
    }
  });

  test('no address leads away from this server', async () => {
    const alice = person('alice');
    await alice.enter();
    for (const path of [
      '/account/connect/plain?for=x&return=https://evil.example',
      '/upstream/callback/plain?redirect_uri=https://evil.example&state=x&code=y',
      '/authorize/account?connect=//evil.example',
      '/account/connect//evil.example',
      '/upstream/callback/unknown?state=x',
    ]) {
      const page = await alice.browser.open(path);
      assert.ok(!(page instanceof Arrival) || page.url.origin === 'https://id.example', `${path}: ${page.url}`);
    }
  });
});

describe('where a token goes', () => {
  test('a token is sent to the hosts of its service and to no other', async () => {
    const alice = await withClient('alice');
    await alice.connectPlain();
    const sent = services.provider.asked.length;
    for (const url of [
      'https://evil.example/',
      'https://id.example/me',
      'https://api.acme.example/me',
      'http://api.plain.example/issues',
      'https://api.plain.example:8443/issues',
      'https://api.plain.example.evil.example/',
      'https://evil.example/?https://api.plain.example/',
      'https://api.plain.example@evil.example/',
    ]) {
      const result = await ask(alice, url);
      assert.equal(result.isError, true, url);
    }
    assert.equal(services.provider.asked.length, sent, 'no request has left');
  });

  test('no redirect is followed with a token', async () => {
    const alice = await withClient('alice');
    await alice.connectPlain();
    const caught = [];
    const thief = http.createServer((request, response) => void (caught.push(request.headers), response.end('{}')));
    services.provider.place('evil.example', (request, response) => void (caught.push(request.headers), response.end('{}')));
    for (const location of ['https://evil.example/', '/elsewhere', 'https://api.plain.example/elsewhere', '//evil.example/']) {
      const before = services.plain.asked.length;
      services.plain.api = (request, response) => (response.writeHead(302, { location }).end(), 'answered');
      for (const tool of ['ask_upstream', 'tell_upstream']) assert.equal((await ask(alice, undefined, 'plain', tool)).isError, true, location);
      assert.equal(services.plain.asked.length - before, 2, `one request each: ${location}`);
    }
    services.plain.api = () => undefined;
    assert.deepEqual(caught, [], 'nobody else was asked');
    thief.close();
  });

  test('two people never get each other’s token, in one isolate and at once', async () => {
    const people = [await withClient('alice'), await withClient('bob'), await withClient('carol')];
    for (const one of people) await one.connectPlain();
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => ask(people[index % 3]).then((result) => [people[index % 3].account, JSON.parse(textOf(result)).login])));
    for (const [account, login] of answers) assert.equal(login, account);
  });

  test('a client without the scope, and one without a token, get neither a token nor a link', async () => {
    const alice = person('alice');
    const { access_token: token } = await alice.connectClient('diary:read');
    for (const headers of [bearer(token), {}]) {
      const answer = await send(here, modern('tools/call', calling('ask_upstream', { upstream: 'plain', url: 'https://api.plain.example/' }), { headers }));
      assert.ok([401, 403].includes(answer.status), answer.story('refused before the handler runs'));
      assert.ok(!answer.text.includes('/account/connect'), answer.text);
    }
  });
});

test('no secret of a person, a service or a browser is in the log', () => keepsSecrets([runtime]));
