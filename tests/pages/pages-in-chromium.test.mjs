// The pages in a real browser: copying, signing in to the account and disconnecting an app, by keyboard and without scripts;
// nothing from elsewhere; and no finding of axe on any page, on a phone and a desk, in light and dark.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { chromiumFor, isGoodPage, loadedNothingElse, startChromium } from '../support/chromium/chromium.mjs';
import { KEY, modern } from '../support/mcp/requests.mjs';
import {
  ALL_SCOPES,
  PASSPHRASE,
  SIGN_IN,
  asking,
  authorizePath,
  connect,
  isOAuthError,
  isTurnedAway,
  keepsSecrets,
  refreshing,
  register,
  send,
  tokensOf,
} from '../support/oauth/client.mjs';
import { startConnector } from '../support/workers/wrangler-dev.mjs';

const { program, skip } = chromiumFor('the pages in a real browser');

describe('the pages in a real browser', { skip }, () => {
  /** @type {import("../support/workers/wrangler-dev.mjs").Server} */
  let server;
  let bare;
  let deployed;
  let chromium;
  before(async () => {
    [server, bare, deployed, chromium] = await Promise.all([
      startConnector(SIGN_IN),
      startConnector(),
      startConnector({ ...SIGN_IN, PUBLIC_URL: 'https://mcp.example.com' }),
      startChromium(program),
    ]);
  });
  after(async () => {
    await chromium?.stop();
    for (const one of [server, bare, deployed]) await one?.stop();
  });

  /** A tab in which no page may run scripts. */
  const withoutScripts = () => chromium.tab({ scripts: false });
  /** Signs in to the account page, by keyboard alone. */
  async function enter(tab, at = server) {
    await tab.open(`${at.origin}/account`);
    await isPage(tab);
    await tab.until('document.activeElement.name === "passphrase"', 'the field has the focus already');
    await tab.type(PASSPHRASE);
    await tab.leads(() => tab.press('Enter'));
    assert.equal(await tab.evaluate('document.querySelector("h1").textContent'), 'Your account');
  }
  const text = (tab) => tab.text();
  const isPage = async (tab) => assert.equal(await tab.evaluate('document.contentType'), 'text/html', await text(tab));

  describe('the page at /', () => {
    test('the page at / copies the URL and the commands, by keyboard too', async () => {
      const tab = await chromium.tab();
      await tab.page.browserContext().overridePermissions(server.origin, ['clipboard-read', 'clipboard-write', 'clipboard-sanitized-write']);
      await tab.open(server.origin);
      const buttons = await tab.evaluate('[...document.querySelectorAll("button[data-copies]")].map((button) => button.dataset.copies)');
      assert.ok(buttons.length >= 4, `each URL and command has one: ${buttons}`);
      for (const id of buttons) {
        await tab.tabTo(`[data-copies="${id}"]`);
        await tab.press('Enter');
        await tab.until(`document.querySelector('[data-copies="${id}"] + [role=status]').textContent === "Copied."`, 'it says that it has copied');
        const copied = await tab.evaluate('navigator.clipboard.readText()');
        const shown = await tab.evaluate(`(({ value, textContent }) => value ?? textContent)(document.getElementById("${id}"))`);
        assert.equal(copied, shown, id);
        assert.ok(copied.includes(server.origin), `${id}: ${copied}`);
      }
      assert.equal(await tab.evaluate('document.getElementById("url").value'), server.url, 'the exact URL');
      assert.deepEqual(tab.complaints, []);
    });

    test('the page at / says whether the connector answers and whether sign-in works', async () => {
      const tab = await chromium.tab();
      await tab.open(server.origin);
      await tab.until('document.getElementById("health").textContent !== "Running."', 'it has asked');
      assert.match(await tab.evaluate('document.getElementById("health").textContent'), /^Answers in \d+ ms\. Sign-in works\.$/);
      await tab.open(bare.origin);
      await tab.until('document.getElementById("health").textContent !== "Running."', 'it has asked');
      const bareText = await text(tab);
      assert.match(bareText, /Answers in \d+ ms\. Version/, 'it says nothing of a sign-in that is not set up');
      assert.match(bareText, /One thing is missing: a passphrase/);
      assert.deepEqual(tab.complaints, []);
    });

    test('the page at / says so when the connector does not answer', async () => {
      const dying = await startConnector(SIGN_IN);
      const page = (await send(dying, { path: '/' })).text;
      await dying.stop();
      // The same page from a place where nothing else is.
      const empty = http.createServer((request, response) =>
        request.url === '/' ? response.writeHead(200, { 'content-type': 'text/html' }).end(page) : response.writeHead(502).end(),
      );
      await new Promise((resolve) => empty.listen(0, '127.0.0.1', resolve));
      try {
        const tab = await chromium.tab();
        await tab.open(`http://127.0.0.1:${empty.address().port}/`);
        await tab.until('document.getElementById("health").textContent !== "Running."', 'it has asked');
        assert.match(await text(tab), /Does not answer at the moment/);
      } finally {
        empty.closeAllConnections();
        empty.close();
      }
    });

    test('the page at / has all of it without scripts but the buttons that would do nothing', async () => {
      const tab = await withoutScripts();
      await tab.open(deployed.origin);
      const shown = await text(tab);
      for (const part of ['Running. Version', 'Add to Claude', 'claude mcp add', 'Add to Cursor', 'Add to VS Code', 'What it can do', 'Can delete']) {
        assert.ok(shown.includes(part), `${part} in ${shown}`);
      }
      assert.ok(!shown.includes('Copy'), 'no button that copies');
      await tab.leads(() => tab.click('a[href="/account"]'));
      assert.match(await text(tab), /Owner’s passphrase/, 'a link leads to the account');
    });

    test('the page at / hands each client the URL of this connector', async () => {
      const { name } = (await send(deployed, modern('server/discover'))).result('a connector has a name')._meta[KEY.serverInfo];
      const tab = await chromium.tab();
      await tab.open(deployed.origin);
      const links = await tab.evaluate('[...document.querySelectorAll(".clients a")].map((link) => link.href)');
      const url = 'https://mcp.example.com/mcp';
      const [claude, chatgpt, cursor, code] = links.map((link) => new URL(link));
      assert.equal(links.length, 4, links.join(' '));
      assert.equal(`${claude.origin}${claude.pathname}`, 'https://claude.ai/customize/connectors');
      assert.deepEqual(Object.fromEntries(claude.searchParams), {
        modal: 'add-custom-connector',
        connectorName: await tab.evaluate('document.querySelector("h1").textContent'),
        connectorUrl: url,
      });
      assert.equal(chatgpt.href, 'https://chatgpt.com/#settings/Connectors');
      assert.ok(cursor.href.startsWith('cursor://anysphere.cursor-deeplink/mcp/install?'), cursor.href);
      assert.equal(cursor.searchParams.get('name'), name);
      assert.deepEqual(JSON.parse(Buffer.from(cursor.searchParams.get('config'), 'base64').toString()), { url });
      assert.ok(code.href.startsWith('vscode:mcp/install?'), code.href);
      assert.deepEqual(JSON.parse(decodeURIComponent(code.search.slice(1))), { name, type: 'http', url });
    });
  });

  describe('the account page', () => {
    test('the account page opens by keyboard, without scripts, and disconnects one app and no other', async () => {
      const one = await connect(server, { metadata: { client_name: 'The lost phone' } });
      const other = await connect(server, { metadata: { client_name: 'The desk' } });
      const tab = await withoutScripts();
      await enter(tab);
      await tab.tabTo('summary:has(+ * [aria-label^="Disconnect The lost phone"])');
      await tab.press('Enter');
      await tab.tabTo('button[aria-label^="Disconnect The lost phone"]');
      await tab.leads(() => tab.press('Enter'));
      const shown = await text(tab);
      assert.equal(shown.split('The lost phone').length, 2, `only what was done names it: ${shown}`);
      assert.ok(shown.includes('The lost phone is disconnected.') && shown.includes('The desk'), shown);
      isOAuthError(await send(server, refreshing(one.client, one.tokens)), 400, 'invalid_grant', 'its refresh token is dead');
      await isTurnedAway(server, one.tokens.access_token);
      tokensOf(await send(server, refreshing(other.client, other.tokens)), 'the other lives');
      await tab.leads(() => tab.page.reload());
      assert.ok((await text(tab)).includes('The desk'), 'loading the page again does nothing twice');
      assert.deepEqual(tab.complaints, []);
    });

    test('the account page signs out everywhere from behind its fold, and every other browser with it', async () => {
      const app = await connect(server, { metadata: { client_name: 'An app' } });
      const [tab, elsewhere] = [await withoutScripts(), await withoutScripts()];
      for (const one of [tab, elsewhere]) await enter(one);
      const pressable = await tab.evaluate('[...document.querySelectorAll("details button")].filter((one) => one.checkVisibility()).length');
      assert.equal(pressable, 0, 'what cannot be undone is folded away');
      await tab.tabTo('section[aria-labelledby=all] > details:last-of-type > summary');
      await tab.press('Enter');
      await tab.press('Tab');
      await tab.leads(() => tab.press('Enter'));
      assert.match(await text(tab), /signed out in every browser/);
      isOAuthError(await send(server, refreshing(app.client, app.tokens)), 400, 'invalid_grant', 'the app');
      await elsewhere.leads(() => elsewhere.page.reload());
      assert.match(await text(elsewhere), /Owner’s passphrase/);
      // A sign-in in the second of a sign-out everywhere is over, too.
      await new Promise((resolve) => setTimeout(resolve, 1100));
    });

    test('the account page tells a screen reader each app, each button and what was done', async () => {
      await connect(server, { metadata: { client_name: 'A spoken app' } });
      const tab = await withoutScripts();
      await enter(tab);
      await tab.evaluate('for (const fold of document.querySelectorAll("details.entry")) fold.open = true');
      const spoken = await tab.accessibilityTree();
      const named = (role) => spoken.filter((one) => one.role === role).map(({ name }) => name);
      assert.ok(named('heading').includes('A spoken app'), named('heading').join(' | '));
      assert.ok(named('button').includes('Disconnect A spoken app, 127.0.0.1:39321'), named('button').join(' | '));
      assert.ok(new Set(named('button')).size === named('button').length, 'no two buttons have one name');
    });

    test('the account page takes no form that another page sends for the person', async () => {
      const app = await connect(server, { metadata: { client_name: 'A wanted app' } });
      const tab = await chromium.tab();
      await enter(tab);
      const fields = await tab.evaluate('Object.fromEntries(new FormData(document.querySelector("details.entry form")))');
      const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
      const attack = `<!doctype html><title>Win</title><form method="post" action="${server.origin}/account">${inputs.join('')}<button>Go</button></form>`;
      const evil = http.createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(attack));
      await new Promise((resolve) => evil.listen(0, '127.0.0.1', resolve));
      try {
        await tab.open(`http://localhost:${evil.address().port}/`);
        await tab.leads(() => tab.click('button'));
        assert.equal(await tab.page.url(), `${server.origin}/account`, 'the form was sent');
        assert.doesNotMatch(await text(tab), /disconnected/);
        tokensOf(await send(server, refreshing(app.client, app.tokens)), 'the app lives');
      } finally {
        evil.closeAllConnections();
        evil.close();
      }
    });
  });

  describe('the consent page', () => {
    /** Opens the request of a client of this name, which wants its code here. */
    async function ask(tab, name, uri) {
      const client = await register(server, { client_name: name, redirect_uris: [uri] });
      await tab.open(`${server.origin}${authorizePath(asking(client, { scope: ALL_SCOPES, redirect_uri: uri }))}`);
      await isPage(tab);
    }

    test('the consent page has its answers above the fold, however long the address is', async () => {
      const tab = await withoutScripts();
      const long = `https://a-rather-long-name-of-a-host.some-region.example/${'callback-path/'.repeat(25)}`;
      for (const size of [
        { width: 1280, height: 800 },
        { width: 390, height: 844 },
      ]) {
        await tab.resize({ ...size, deviceScaleFactor: 1, mobile: size.width < 500 });
        await ask(tab, 'A client with a name that is longer than most', long);
        const seen = await tab.evaluate(`[...document.querySelectorAll('h1, #recipient, button[value=allow], button[value=deny]')].map((one) => {
          const { top, bottom } = one.getBoundingClientRect();
          return [one.tagName, top >= 0 && bottom <= innerHeight];
        })`);
        assert.deepEqual(seen, [['H1', true], ['H2', true], ['BUTTON', true], ['BUTTON', true]], `${size.width}×${size.height}`);
        assert.equal(await tab.evaluate('document.querySelector(".uri").textContent'), long, 'the whole address');
        await tab.tabTo('[name=scope][value="notes:write"]');
        const hidden = await tab.evaluate(`document.activeElement.getBoundingClientRect().bottom > document.querySelector('.actions').getBoundingClientRect().top`);
        assert.equal(hidden, false, 'what has the focus is not behind the answers (WCAG 2.2, 2.4.11)');
      }
      assert.deepEqual(tab.complaints, []);
    });

    test('the consent page tells a known client from one that borrows its name', async () => {
      const tab = await withoutScripts();
      const boxes = () => tab.evaluate('[...document.querySelectorAll(".note")].map((one) => one.textContent)');
      await ask(tab, 'Whatever', 'https://claude.ai/api/mcp/auth_callback');
      assert.match(await text(tab), /Claude wants to use Notes/);
      assert.match(await text(tab), /This is an address of Claude\./);
      assert.deepEqual(await boxes(), [], 'no warning');
      await ask(tab, 'Claude', 'https://evil.example/cb');
      assert.match(await text(tab), /evil\.example wants to use Notes/);
      assert.match((await boxes()).join(), /^This is probably not Claude\./);
      await ask(tab, 'Claude Code (notes)', 'http://127.0.0.1:8953/callback');
      assert.match(await text(tab), /Claude Code \(notes\) wants to use Notes/);
      assert.match(await text(tab), /This computer 127\.0\.0\.1:8953/);
      assert.deepEqual(await boxes(), [], 'a question, and no box that is on every page of that kind');
    });

    test('a passphrase can be shown without a script, and is sent as it was seen', async () => {
      const tab = await withoutScripts();
      await tab.open(`${server.origin}/account`);
      await tab.tabTo('[name=passphrase-show]');
      await tab.press('Space');
      const shown = await tab.evaluate('[...document.querySelectorAll(".passphrase input:not([type=checkbox])")].map((one) => [one.type, one.checkVisibility()])');
      assert.deepEqual(shown, [['password', false], ['text', true]]);
      await tab.click('[name=passphrase-shown]');
      await tab.type(PASSPHRASE);
      await tab.leads(() => tab.press('Enter'));
      assert.match(await text(tab), /Signed in as the owner/);
    });
  });

  describe('each page', () => {
    let client;
    before(async () => {
      client = await register(server, { client_name: 'Claude Code (notes)' });
      for (const [name, uri] of [
        ['Claude', 'https://claude.ai/api/mcp/auth_callback'],
        ['Cursor', 'cursor://anysphere.cursor-mcp/oauth/callback'],
        ['A name that is longer than anybody would like to read at once, and then some', 'http://localhost:51234/callback'],
      ]) {
        await connect(server, { metadata: { client_name: name, redirect_uris: [uri] }, scope: ALL_SCOPES });
      }
    });

    const consent = (tab) => tab.open(`${server.origin}${authorizePath(asking(client, { scope: ALL_SCOPES }))}`);
    const login = async (tab) => {
      await consent(tab);
      await tab.leads(() => tab.click('button[value=allow]'));
    };
    const wrong = async (tab, passphrase) => {
      await tab.until('document.activeElement.name === "passphrase"', 'the field has the focus already');
      await tab.type(passphrase);
      await tab.leads(() => tab.press('Enter'));
    };
    /** Fills in the form for an access key, which leads to the page that asks for the passphrase again. */
    const askForKey = async (tab) => {
      await enter(tab);
      await tab.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true');
      await tab.click('input[name="key-name"]');
      await tab.type('n8n');
      await tab.leads(() => tab.press('Enter'));
      assert.match(await text(tab), /Confirm that it is you/);
    };
    const PAGES = {
      'home, on this machine': (tab) => tab.open(server.origin),
      'home, deployed': (tab) => tab.open(deployed.origin),
      'home, without a passphrase': (tab) => tab.open(bare.origin),
      consent,
      login,
      'login, wrong': async (tab) => {
        await login(tab);
        await wrong(tab, 'not-the-passphrase');
      },
      'the URL for clients': (tab) => tab.open(server.url),
      'an unknown address': (tab) => tab.open(`${server.origin}/nothing`),
      problem: (tab) => tab.open(`${server.origin}/authorize?client_id=nobody&redirect_uri=https%3A%2F%2Fapp.example`),
      'not set up': (tab) => tab.open(`${bare.origin}/account`),
      'account, way in': (tab) => tab.open(`${server.origin}/account?done=signed-out`),
      'account, empty': (tab) => enter(tab, deployed),
      'account, filled and unfolded': async (tab) => {
        await enter(tab);
        await tab.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true');
      },
      'confirm an action': askForKey,
      'confirm an action, wrong': async (tab) => {
        await askForKey(tab);
        await wrong(tab, 'not-the-passphrase');
      },
      'access key, shown and unfolded': async (tab) => {
        await askForKey(tab);
        await tab.until('document.activeElement.name === "passphrase"', 'the field has the focus already');
        await tab.type(PASSPHRASE);
        await tab.leads(() => tab.press('Enter'));
        assert.match(await text(tab), /mck_/);
        await tab.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true');
      },
      'account, with a key, unfolded': async (tab) => {
        await enter(tab);
        assert.match(await text(tab), /n8n/);
        await tab.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true');
      },
      'all clients, unfolded': async (tab) => {
        await enter(tab);
        await tab.leads(() => tab.click('a[href="/account/clients"]'));
        assert.equal(await tab.evaluate('document.querySelector("h1").textContent'), 'All clients');
        assert.match(await text(tab), /Cursor/, 'a client that was allowed');
        await tab.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true');
      },
    };

    for (const [name, open] of Object.entries(PAGES)) {
      test(`${name}: axe finds nothing, it fits, and nothing comes from elsewhere`, async () => {
        const tab = await chromium.tab();
        await isGoodPage(tab, name, open);
        loadedNothingElse(tab, [server.origin, bare.origin, deployed.origin]);
      });
    }
  });

  test('no secret is in the log', () => keepsSecrets([server, deployed]));
});
