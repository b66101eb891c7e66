// A sign-in in a real browser: with its own rules for cookies, forms and redirects, without JavaScript, by keyboard alone, on a
// phone, in light and dark.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { chromiumFor, startChromium } from '../support/chromium/chromium.mjs';
import {
  PASSPHRASE,
  SIGN_IN,
  asking,
  authorizePath,
  isWelcome,
  keepsSecrets,
  pkce,
  redeeming,
  register,
  secret,
  send,
  tokensOf,
} from '../support/oauth/client.mjs';
import { startConnector } from '../support/workers/wrangler-dev.mjs';

const { program, skip } = chromiumFor('a sign-in in a real browser');

/** The application on the person's machine: it gets the code, and sends the browser on to a page of its own. */
const arrivals = [];
/** What its page for an attack shows in a frame. */
let framed;
const application = http.createServer((request, response) => {
  const url = new URL(request.url, `http://${request.headers.host}`);
  if (url.pathname === '/callback') {
    arrivals.push({ url, headers: request.headers });
    response.writeHead(302, { location: '/done' }).end();
  } else {
    const frame = url.pathname === '/framing' ? `<iframe src="${framed.replaceAll('&', '&amp;')}"></iframe>` : '';
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>Done</title>${frame}`);
  }
});

describe('in a real browser', { skip }, () => {
  /** @type {import("../support/workers/wrangler-dev.mjs").Server} */
  let server;
  let chromium;
  let redirect;
  let client;
  before(async () => {
    await new Promise((resolve) => application.listen(0, '127.0.0.1', resolve));
    redirect = `http://127.0.0.1:${application.address().port}/callback`;
    [server, chromium] = await Promise.all([startConnector(SIGN_IN), startChromium(program)]);
    client = await register(server, { client_name: 'A desktop app', redirect_uris: [redirect] });
  });
  after(async () => {
    await chromium?.stop();
    await server?.stop();
    application.closeAllConnections();
    application.close();
  });

  /** Opens a request in a browser of its own, in which no page may run scripts. */
  async function begin(more = {}) {
    const { verifier, challenge } = pkce();
    const asked = asking(client, { challenge, scope: 'profile notes:read notes:write', ...more });
    const tab = await chromium.tab({ scripts: false });
    await tab.open(`${server.origin}${authorizePath(asked)}`);
    arrivals.length = 0;
    return { tab, verifier, asked };
  }

  test('the owner signs in by keyboard alone, and the application gets its code', async () => {
    const { tab, verifier, asked } = await begin();
    await tab.tabTo('[name=scope][value="notes:write"]');
    await tab.press('Space');
    await tab.tabTo('button[value=allow]');
    await tab.leads(() => tab.press('Enter'));
    await tab.tabTo('[name=passphrase]');
    await tab.type(PASSPHRASE);
    await tab.leads(() => tab.press('Enter'));
    assert.equal(
      await tab.page.url(),
      redirect.replace('/callback', '/done'),
      `the browser followed all redirects: ${tab.complaints.join('; ')}`,
    );
    assert.equal(arrivals.length, 1, 'one answer');
    const [{ url, headers }] = arrivals;
    const { code, state, iss } = Object.fromEntries(url.searchParams);
    secret(code, 'an authorization code');
    assert.equal(state, asked.state);
    assert.equal(iss, server.origin);
    assert.ok(!headers.referer, `the application learns no address of ours: ${headers.referer}`);
    const tokens = tokensOf(await send(server, redeeming(client, { code, verifier, redirectUri: redirect })));
    assert.equal(tokens.scope, 'notes:read profile', 'what was unticked was not granted');
    await isWelcome(server, tokens.access_token);
    assert.deepEqual(tab.complaints, [], 'the browser complained about nothing');
  });

  test('the owner says no by keyboard alone', async () => {
    const { tab, asked } = await begin();
    await tab.tabTo('button[value=deny]');
    await tab.leads(() => tab.press('Enter'));
    const [{ url }] = arrivals;
    assert.equal(url.searchParams.get('error'), 'access_denied');
    assert.equal(url.searchParams.get('state'), asked.state);
  });

  test('a wrong passphrase can be corrected', async () => {
    const { tab } = await begin();
    await tab.tabTo('button[value=allow]');
    await tab.leads(() => tab.press('Enter'));
    await tab.tabTo('[name=passphrase]');
    await tab.type('not-the-passphrase');
    await tab.leads(() => tab.press('Enter'));
    assert.ok(await tab.evaluate('!!document.querySelector("[name=passphrase]")'), 'one can try again');
    assert.equal(await tab.evaluate('document.querySelector("[name=passphrase]").value'), '', 'it is not filled in');
    await tab.tabTo('[name=passphrase]');
    await tab.type(PASSPHRASE);
    await tab.leads(() => tab.press('Enter'));
    assert.ok(arrivals[0].url.searchParams.get('code'));
  });

  test('a screen reader tells everything by its name', async () => {
    const { tab } = await begin();
    const named = async (role) => (await tab.accessibilityTree()).filter((one) => one.role === role).map(({ name }) => name);
    assert.ok(
      (await named('heading')).some((name) => name.includes(new URL(redirect).host)),
      'the heading says who gets the code',
    );
    const boxes = await named('checkbox');
    assert.equal(boxes.length, 5, `each scope, the offer to remember the browser, and to show the passphrase: ${boxes}`);
    for (const name of [...boxes, ...(await named('button'))]) assert.ok(name.length > 2, `"${name}" is a name`);
    await tab.tabTo('button[value=allow]');
    await tab.leads(() => tab.press('Enter'));
    const fields = (await tab.accessibilityTree()).filter(({ role }) => /^textbox$/i.test(role));
    assert.deepEqual(
      fields.map(({ name }) => name),
      ['Signing in as', 'Owner’s passphrase'],
    );
  });

  test('it fits a phone, and follows light and dark', async () => {
    const { tab } = await begin();
    await tab.resize({ width: 320, height: 640, deviceScaleFactor: 2, mobile: true });
    for (const page of ['consent', 'login']) {
      const [content, width] = await tab.evaluate('[document.scrollingElement.scrollWidth, innerWidth]');
      assert.ok(content <= width && width <= 330, `the ${page} page does not scroll sideways: ${content} of ${width}`);
      const colours = [];
      for (const value of ['light', 'dark']) {
        await tab.prefers(value);
        colours.push(await tab.evaluate('getComputedStyle(document.body).backgroundColor + getComputedStyle(document.body).color'));
      }
      assert.notEqual(colours[0], colours[1], `the ${page} page follows the scheme`);
      if (page === 'consent') {
        await tab.tabTo('button[value=allow]');
        await tab.leads(() => tab.press('Enter'));
      }
    }
  });

  test('a name stays in its own place, whatever marks are piled up on it', async () => {
    const above = async (name) => {
      const strange = await register(server, { client_name: name, redirect_uris: [redirect] });
      const tab = await chromium.tab();
      await tab.open(`${server.origin}${authorizePath(asking(strange))}`);
      const [x, y, width, height] = await tab.evaluate(
        '(({ x, y, width, height }) => [x, y, width, height])(document.getElementById("recipient").getBoundingClientRect())',
      );
      return tab.page.screenshot({ clip: { x, y, width, height }, encoding: 'base64' });
    };
    // A stroke over each letter, again and again: they reach down to the host that gets the code.
    assert.equal(await above(`X${'\u030d'.repeat(60)}`), await above('X'), 'MCP "Confused Deputy Problem": the host that gets the code can be read');
  });

  test('no other page can frame it', async () => {
    const tab = await chromium.tab();
    framed = `${server.origin}${authorizePath(asking(client))}`;
    await tab.open(redirect.replace('/callback', '/framing'));
    const { frameTree } = await tab.send('Page.getFrameTree');
    const [{ frame }] = frameTree.childFrames;
    assert.equal(frame.unreachableUrl, framed, `an error page is in the frame: ${JSON.stringify(frame)}`);
  });

  test('no secret is in the log', () => keepsSecrets([server]));
});
