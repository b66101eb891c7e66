// The pages for upstream accounts in a real browser: connecting by keyboard and without scripts, and no finding of axe on any of them,
// on a phone and a desk, in light and dark.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { chromiumFor, isGoodPage, startChromium } from '../support/chromium/chromium.mjs';
import { textOf } from '../support/mcp/requests.mjs';
import { PASSPHRASE, SIGN_IN, call, connect, keepsSecrets } from '../support/oauth/client.mjs';
import { startUpstreams } from '../support/oauth/upstream-services.mjs';
import { startInstances } from '../support/workers/instances.mjs';

const { program, skip } = chromiumFor('the pages for upstream accounts in a real browser');

describe('the pages for upstream accounts in a real browser', { skip }, () => {
  let services;
  let runtime;
  let here;
  let chromium;
  let link;
  before(async () => {
    services = await startUpstreams();
    [runtime, chromium] = await Promise.all([
      startInstances({ worker: 'examples/everything', count: 1, origin: null, vars: SIGN_IN, outbound: services.provider.port }),
      startChromium(program),
    ]);
    [here] = runtime.instances;
    const { tokens } = await connect(here, { scope: 'elsewhere' });
    const asked = await call(here, tokens.access_token, 'ask_upstream', { upstream: 'plain', url: 'https://api.plain.example/' });
    link = /http:\S+/.exec(textOf(asked.result('a link')))[0];
  });
  after(async () => {
    await chromium?.stop();
    await runtime?.stop();
    services?.provider.stop();
  });

  const text = (tab) => tab.text();
  async function enter(tab, url) {
    await tab.open(url);
    await tab.until('document.activeElement.name === "passphrase"', 'the field has the focus already');
    await tab.type(PASSPHRASE);
    await tab.leads(() => tab.press('Enter'));
  }
  const unfold = (tab) => tab.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true');
  /** Where the form has led, although nobody is there. */
  async function leaves(tab) {
    await tab.tabTo('button.primary');
    await tab.press('Enter');
    await tab.until('location.protocol === "chrome-error:"', 'the browser leaves for the service');
    return new URL(tab.visited.findLast((url) => url.startsWith('https://login.plain.example/')));
  }
  const PAGES = {
    'the sign-in that a link leads to': (tab) => tab.open(link),
    'an account to connect': (tab) => enter(tab, link),
    'a key to type': (tab) => enter(tab, `${here.origin}/account/connect/acme`),
    'a key that is refused': async (tab) => {
      await enter(tab, `${here.origin}/account/connect/acme`);
      await tab.tabTo('[name=key]');
      await tab.type('not-a-key');
      await tab.leads(() => tab.press('Enter'));
      assert.match(await text(tab), /does not accept the account or key/);
    },
    'a link that is not for this person': (tab) => enter(tab, `${here.origin}/account/connect/plain?for=AAAAAAAAAAAAAAAAAAAAAA`),
    'a service that is not there': (tab) => tab.open(`${here.origin}/account/connect/nothing`),
    'an answer that nobody expects': async (tab) => {
      await enter(tab, link);
      await tab.open(`${here.origin}/upstream/callback/plain?code=x&state=${'A'.repeat(22)}`);
      assert.match(await text(tab), /not expected here/);
    },
    'the account page, with nothing connected': async (tab) => {
      await enter(tab, `${here.origin}/account`);
      await unfold(tab);
      assert.match(await text(tab), /Not connected/);
    },
    'an account that is connected': async (tab) => {
      await enter(tab, link);
      if (/is connected/.test(await text(tab))) return;
      await tab.open(services.plain.allow(await leaves(tab), 'ada').href);
      assert.match(await text(tab), /Plain is connected/);
    },
    'the account page, with an account': async (tab) => {
      await enter(tab, `${here.origin}/account`);
      await unfold(tab);
      assert.match(await text(tab), /Connected as ada/);
    },
  };

  for (const [name, open] of Object.entries(PAGES)) {
    test(`${name}: axe finds nothing, and it fits`, async () => {
      await isGoodPage(await chromium.tab(), name, open);
    });
  }

  test('an account is connected without scripts', async () => {
    const tab = await chromium.tab({ scripts: false });
    await enter(tab, `${here.origin}/account/connect/acme`);
    await tab.click('[name=key]');
    const [key] = services.acme.keys.keys();
    await tab.type(key);
    await tab.leads(() => tab.press('Enter'));
    assert.match(await text(tab), /Acme is connected/);
    assert.deepEqual(tab.complaints, []);
  });

  test('no secret is in the log', () => keepsSecrets([runtime]));
});
