// Where a sign-in ends, in a real browser without scripts: whatever the address of a client redirects to, the browser gets
// there, after a yes and after a no, and no click makes a second code. Chromium holds a form to `form-action` over all
// redirects that follow it, also those of other sites. And several sign-ins may go on in one browser, also in one that is new.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';
import { chromiumFor, startChromium } from '../support/chromium/chromium.mjs';
import { startReverseProxy } from '../support/http/reverse-proxy.mjs';
import { startInstances } from '../support/workers/instances.mjs';
import {
  PASSPHRASE,
  SIGN_IN,
  asking,
  authorizePath,
  isOAuthError,
  isWelcome,
  keepsSecrets,
  pkce,
  redeeming,
  register,
  secret,
  send,
  tokensOf,
} from '../support/oauth/client.mjs';
import { startProvider } from '../support/oauth/openid-provider.mjs';

const { program, skip } = chromiumFor('redirects in a real browser');

const HERE = 'https://mcp.example.com';
const CLIENT_ID = 'the-connector';
const CLIENT_SECRET = secret('a-client-secret-of-the-connector', 'the client secret');
const OPENID = {
  IDENTITY: 'openid',
  OPENID_ISSUER: 'https://id.example',
  OPENID_CLIENT_ID: CLIENT_ID,
  OPENID_CLIENT_SECRET: CLIENT_SECRET,
  ALLOWED_USERS: 'alice@example.com',
};

/** What reached a redirect URI, in order. */
const arrivals = [];

describe('redirects in a real browser', { skip }, () => {
  let runtime;
  let site;
  let provider;
  let proxy;
  let chromium;
  /** Two programs on the person's machine, and where the first one sends the browser on to. */
  const programs = [];
  let onward;
  before(async () => {
    for (const name of ['first', 'second']) {
      const server = http.createServer((request, response) => {
        const url = new URL(request.url, `http://${request.headers.host}`);
        if (url.pathname !== '/callback') return void response.writeHead(200, { 'content-type': 'text/html' }).end(`<title>${name}</title>`);
        arrivals.push(url);
        response.writeHead(302, { location: onward }).end();
      });
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      programs.push({ server, origin: `http://127.0.0.1:${server.address().port}` });
    }
    provider = await startProvider({
      clients: [{ client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [`${HERE}/authorize/callback`] }],
      people: { alice: { email: 'alice@example.com', email_verified: true, name: 'Alice' } },
    });
    runtime = await startInstances({ count: 1, vars: SIGN_IN, outbound: provider.port });
    [site] = runtime.instances;
    const hosts = {
      'mcp.example.com': site.port,
      'id.example': provider.port,
      'app.example': (request, response) => {
        const url = new URL(request.url, 'https://app.example');
        if (url.pathname !== '/callback') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<title>app</title>');
        arrivals.push(url);
        response.writeHead(302, { location: onward }).end();
      },
      'other.example': (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<title>other</title>'),
    };
    proxy = await startReverseProxy(hosts);
    // Another process has another port.
    runtime.restartAs = async (vars) => {
      await runtime.restart(vars);
      hosts['mcp.example.com'] = site.port;
    };
    chromium = await startChromium(program, proxy.chromium);
  });
  after(async () => {
    await chromium?.stop();
    proxy?.stop();
    await runtime?.stop();
    provider?.stop();
    for (const { server } of programs) {
      server.closeAllConnections();
      server.close();
    }
  });
  afterEach(() => {
    arrivals.length = 0;
    return site.passes(61);
  });

  /** A tab in which no page may run scripts, and every address that it was led to. */
  async function begin(client, { tab, ...more } = {}) {
    const { verifier, challenge } = pkce();
    const asked = asking(client, { challenge, scope: 'profile notes:read', ...more });
    if (!tab) {
      tab = await chromium.tab({ scripts: false });
    }
    await tab.open(`${HERE}${authorizePath(asked)}`);
    return { tab, verifier, asked };
  }

  /** Does something, and waits until the browser was led to an address that begins so; which address that was. */
  async function isLedTo(tab, beginning, act, rule) {
    const from = tab.visited.length;
    await act();
    const end = performance.now() + 10_000;
    for (;;) {
      const found = tab.visited.slice(from).find((url) => url.startsWith(beginning));
      if (found) return found;
      assert.ok(
        performance.now() < end,
        `${rule}: the browser goes on to ${beginning}; it went to ${tab.visited.slice(from).map((url) => url.split('?')[0]).join(', ')}: ${tab.complaints.join('; ')}`,
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  const isFree = (tab, rule) => assert.deepEqual(tab.complaints.filter((text) => /Content Security Policy|form-action/i.test(text)), [], rule);

  /** The steps of a person, each up to what follows it. */
  const allow = (tab) => tab.leads(() => tab.click('button[value=allow]'));
  const type = async (tab) => {
    await tab.tabTo('[name=passphrase]');
    // The page may still stand, with what was typed.
    await tab.evaluate('document.activeElement.select()');
    await tab.type(PASSPHRASE);
  };
  const WAYS = [
    ['a yes', async (tab) => {
      await allow(tab);
      await type(tab);
      return () => tab.press('Enter');
    }],
    ['a no on the consent page', async (tab) => () => tab.click('button[value=deny]')],
    ['a no on the login page', async (tab) => {
      await allow(tab);
      return () => tab.click('button[value=deny]');
    }],
  ];

  const CALLBACKS = {
    'a web site': () => 'https://app.example/callback',
    'a program on this machine': () => `${programs[0].origin}/callback`,
  };
  const ONWARD = {
    'an application by claude://': () => 'claude://claude.ai/settings/connectors?done=1',
    'an application by vscode://': () => 'vscode://vscode.github-authentication/did-authenticate',
    'an application by cursor://': () => 'cursor://anysphere.cursor-mcp/done',
    'a program on this machine': () => `${programs[0].origin}/done`,
    'another program on this machine': () => `${programs[1].origin}/done`,
    'another web site': () => 'https://other.example/done',
    'a page of its own': () => '/done',
  };
  for (const [from, callback] of Object.entries(CALLBACKS)) {
    for (const [to, target] of Object.entries(ONWARD)) {
      test(`the callback of ${from} may lead on to ${to}`, async () => {
        const client = await register(site, { client_name: 'An app', redirect_uris: [callback()] });
        onward = target();
        for (const [way, steps] of WAYS) {
          arrivals.length = 0;
          const { tab, asked } = await begin(client);
          const last = await steps(tab);
          await isLedTo(tab, new URL(target(), callback()).href, last, way);
          assert.equal(arrivals.length, 1, `${way}: one answer`);
          const { code, error, state } = Object.fromEntries(arrivals[0].searchParams);
          assert.equal(state, asked.state, way);
          assert.equal(error, way === 'a yes' ? undefined : 'access_denied', way);
          if (code) secret(code, 'an authorization code');
          isFree(tab, way);
        }
      });
    }
  }

  test('an application with a scheme of its own gets the answer', async () => {
    const cursor = 'cursor://anysphere.cursor-mcp/oauth/callback';
    const client = await register(site, { client_name: 'Cursor', redirect_uris: [cursor] });
    for (const [way, steps] of WAYS) {
      const { tab, asked } = await begin(client);
      const last = await steps(tab);
      const { code, error, state } = Object.fromEntries(new URL(await isLedTo(tab, cursor, last, way)).searchParams);
      assert.equal(state, asked.state, way);
      assert.equal(error, way === 'a yes' ? undefined : 'access_denied', way);
      if (code) secret(code, 'an authorization code');
      isFree(tab, way);
    }
  });

  test('a second click gives the same code, and none when that is redeemed', async () => {
    const cursor = 'cursor://anysphere.cursor-mcp/oauth/callback';
    const client = await register(site, { client_name: 'Cursor', redirect_uris: [cursor] });
    const { tab, verifier } = await begin(client);
    await allow(tab);
    /** Sends the form. While the browser is busy with the application's link it takes no key, so a person presses again. */
    const pressUntil = async (done) => {
      for (let presses = 0; presses < 20; presses += 1) {
        await type(tab);
        await tab.press('Enter');
        for (let waited = 0; waited < 50; waited += 1) {
          const found = done();
          if (found) return found;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
      return assert.fail(`the form is sent: ${tab.visited.map((url) => url.split('?')[0]).join(', ')}; ${tab.complaints.join('; ')}`);
    };
    const click = async () => {
      const from = tab.visited.length;
      const url = new URL(await pressUntil(() => tab.visited.slice(from).find((led) => led.startsWith(cursor))));
      return secret(url.searchParams.get('code'), 'an authorization code');
    };
    const [first, second] = [await click(), await click()];
    assert.equal(second, first, 'one page, one code');
    const tokens = tokensOf(await send(site, redeeming(client, { code: first, verifier, redirectUri: cursor })), 'it is redeemed once');
    const { loads } = tab;
    await pressUntil(() => tab.loads > loads);
    assert.match(await tab.evaluate('document.body.innerText'), /already finished/);
    await isWelcome(site, tokens.access_token, { rule: 'a click ends nothing' });
    isOAuthError(await send(site, redeeming(client, { code: second, verifier, redirectUri: cursor })), 400, 'invalid_grant', 'a client that redeems twice');
  });

  /** Two tabs of one new browser, whose requests are on their way at the same time. */
  async function twoTabs(urls) {
    const tabs = await chromium.tabs(urls.length, { scripts: false });
    await Promise.all(tabs.map((tab, at) => tab.open(urls[at])));
    return tabs;
  }

  test('two sign-ins that begin at once in a new browser both end with a code', async () => {
    const client = await register(site, { client_name: 'An app', redirect_uris: ['https://app.example/callback'] });
    onward = '/done';
    const asked = [asking(client), asking(client)];
    const tabs = await twoTabs(asked.map((one) => `${HERE}${authorizePath(one)}`));
    for (const tab of tabs) await allow(tab);
    for (const tab of tabs) {
      await type(tab);
      await tab.leads(() => tab.press('Enter'));
    }
    const answers = arrivals.map((url) => Object.fromEntries(url.searchParams));
    assert.deepEqual(answers.map(({ state }) => state), asked.map(({ state }) => state), 'each its own answer');
    for (const { code } of answers) secret(code, 'an authorization code');
    assert.ok(answers.every(({ code }) => code) && answers[0].code !== answers[1].code, 'each its own code');
  });

  test('two account pages that are opened at once in a new browser both let in', async () => {
    const tabs = await twoTabs([`${HERE}/account`, `${HERE}/account`]);
    for (const tab of tabs) {
      await type(tab);
      await tab.leads(() => tab.press('Enter'));
      assert.equal(await tab.evaluate('document.querySelector("h1").textContent'), 'Your account');
    }
  });

  describe('by way of an identity provider', () => {
    before(() => runtime.restartAs(OPENID));

    const enter = async (tab) => {
      await tab.tabTo('[name=account]');
      await tab.type('alice');
      return () => tab.click('button[value=enter]');
    };

    test('by way of an identity provider, every way back arrives', async () => {
      const client = await register(site, { client_name: 'An app', redirect_uris: ['https://app.example/callback'] });
      onward = 'claude://claude.ai/settings/connectors';
      for (const [way, error, last] of [
        ['a yes', undefined, enter],
        ['a no there', 'access_denied', async (tab) => () => tab.click('button[value=leave]')],
      ]) {
        arrivals.length = 0;
        const { tab, asked } = await begin(client);
        await allow(tab);
        assert.ok((await tab.page.url()).startsWith('https://id.example/'), await tab.page.url());
        await isLedTo(tab, onward, await last(tab), way);
        assert.equal(arrivals[0].searchParams.get('state'), asked.state, way);
        assert.equal(arrivals[0].searchParams.get('error') ?? undefined, error, way);
        isFree(tab, way);
      }
    });

    test('by way of an identity provider, a person who is signed in there already is led through to the end', async () => {
      const client = await register(site, { client_name: 'An app', redirect_uris: ['https://app.example/callback'] });
      onward = `${programs[1].origin}/done`;
      const { tab } = await begin(client);
      await allow(tab);
      await isLedTo(tab, onward, await enter(tab), 'the first time');
      // Otherwise that page might take the place of the next one.
      await tab.until(`location.href.startsWith(${JSON.stringify(onward)}) && document.readyState === 'complete'`, 'it is there');
      await begin(client, { tab });
      // One click: consent, the provider, the callback, the client, and where that leads.
      await isLedTo(tab, onward, () => tab.click('button[value=allow]'), 'the second time');
      isFree(tab, 'all of it after one form');
    });

    test('by way of an identity provider, who is not on the list can go back to the app, which learns of it', async () => {
      await runtime.restartAs({ ...OPENID, ALLOWED_USERS: 'somebody-else' });
      try {
        const client = await register(site, { client_name: 'An app', redirect_uris: ['https://app.example/callback'] });
        onward = 'claude://claude.ai/settings/connectors';
        const { tab, asked } = await begin(client);
        await allow(tab);
        await tab.leads(await enter(tab));
        assert.match(await tab.evaluate('document.body.innerText'), /list/);
        await isLedTo(tab, onward, () => tab.click('button[value=deny]'), 'back to the app');
        const { error, state, iss } = Object.fromEntries(arrivals[0].searchParams);
        assert.deepEqual({ error, state, iss }, { error: 'access_denied', state: asked.state, iss: HERE });
        isFree(tab, 'back to the app');
      } finally {
        await runtime.restartAs(OPENID);
      }
    });

    test('by way of an identity provider, two sign-ins that are away at the provider at once in a new browser both end with a code', async () => {
      const client = await register(site, { client_name: 'An app', redirect_uris: ['https://app.example/callback'] });
      onward = '/done';
      const asked = [asking(client), asking(client)];
      const tabs = await twoTabs(asked.map((one) => `${HERE}${authorizePath(one)}`));
      for (const tab of tabs) await allow(tab);
      for (const tab of tabs) await tab.leads(await enter(tab));
      const answers = arrivals.map((url) => Object.fromEntries(url.searchParams));
      assert.deepEqual(answers.map(({ state, error }) => error ?? state), asked.map(({ state }) => state), 'each its own answer');
      for (const { code } of answers) secret(code, 'an authorization code');
    });

    test('by way of an identity provider, the way into the account page leads through the provider', async () => {
      const tab = await chromium.tab({ scripts: false });
      await tab.open(`${HERE}/account`);
      await tab.leads(() => tab.click('a.button.primary'));
      await tab.leads(await enter(tab));
      assert.equal(await tab.page.url(), `${HERE}/account`);
      assert.equal(await tab.evaluate('document.querySelector("h1").textContent'), 'Your account');
      assert.deepEqual(tab.complaints, []);
    });
  });

  test('no secret is in the log', () => keepsSecrets([runtime]));
});
