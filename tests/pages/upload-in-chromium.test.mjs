// The page of an upload link in a real browser: sending by keyboard, with and without scripts, what it says of its progress and of every
// failure, and no finding of axe, on a phone and a desk, in light and dark.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromiumFor, isGoodPage, loadedNothingElse, startChromium } from '../support/chromium/chromium.mjs';
import { eventually } from '../support/eventually.mjs';
import { calling, modern } from '../support/mcp/requests.mjs';
import { SIGN_IN, bearer, connect, revoking, send } from '../support/oauth/client.mjs';
import { startEverything } from '../support/workers/wrangler-dev.mjs';

const { program, skip } = chromiumFor('the upload page in a real browser');

const FILES = { csv: ['numbers.csv', 'a,b\n1,2\n'], html: ['page.html', '<b>bold</b>'], large: ['large.csv', Buffer.alloc(1_500_000, 'x')] };

describe('the upload page in a real browser', { skip }, () => {
  /** @type {import("../support/workers/wrangler-dev.mjs").Server} */
  let server;
  let chromium;
  let folder;
  let ada;
  const paths = {};
  before(async () => {
    [server, chromium, folder] = await Promise.all([startEverything(SIGN_IN), startChromium(program), mkdtemp(join(tmpdir(), 'upload-page-'))]);
    ada = await connect(server, { scope: 'diary:read' });
    for (const [kind, [name, content]] of Object.entries(FILES)) {
      paths[kind] = join(folder, name);
      await writeFile(paths[kind], content);
    }
  });
  after(async () => {
    await chromium?.stop();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true });
  });

  async function call(name, args, { tokens } = ada) {
    return (await send(server, modern('tools/call', calling(name, args), { headers: bearer(tokens.access_token) }))).result(name);
  }
  const link = async (more = {}, who = ada) => {
    const limits = { purpose: 'tests', max_bytes: 1_000_000, content_types: ['text/csv', 'image/png'], ...more };
    return (await call('upload_link', limits, who)).structuredContent;
  };
  const text = (tab) => tab.text();
  const heading = (tab) => tab.evaluate('document.querySelector("h1").textContent');
  const choose = async (tab, kind) => (await tab.page.$('#file')).uploadFile(paths[kind]);
  const problem = (tab) => tab.evaluate('document.querySelector("[role=alert]")?.textContent ?? ""');
  const hasArrived = (tab) => tab.until('document.querySelector("h1").textContent === "The file has arrived"', 'it has arrived');
  /** Sends a file and waits until the page says something of it. */
  const sendFile = async (tab, kind) => {
    await choose(tab, kind);
    await tab.click('button');
    await tab.until('document.querySelector("h1").textContent !== "Send a file" || document.querySelector("[role=alert]")', 'it says what became of the file');
  };

  test('a file is sent by keyboard, and the page says how much is sent and that it has arrived', async () => {
    const { url, key } = await link();
    const tab = await chromium.tab();
    await tab.open(url);
    await tab.tabTo('#file');
    await choose(tab, 'csv');
    await tab.evaluate(`window.heard = []; new MutationObserver(() => heard.push(document.querySelector("[role=status]")?.textContent)).observe(document.querySelector("[role=status]"), { childList: true })`);
    await tab.tabTo('button');
    await tab.press('Enter');
    await hasArrived(tab);
    assert.match(await text(tab), /numbers\.csv is stored\./);
    assert.equal(await tab.evaluate('document.activeElement.tagName'), 'H1', 'a screen reader goes on there');
    assert.equal(await tab.evaluate('document.title.startsWith("The file has arrived")'), true);
    const heard = await tab.evaluate('heard');
    assert.equal(heard[0], 'Sending …');
    assert.ok(heard.length <= 12, `${heard}`);
    const texts = /^(Sending …|\d+% sent|Sent\. It is being stored …)?$/;
    assert.deepEqual(heard.filter((said) => !texts.test(said)), []);
    assert.equal((await call('read_file', { key })).structuredContent.name, 'numbers.csv');
    assert.deepEqual(tab.complaints, []);
  });

  test('a file is sent without scripts, and an error leads back to the form', async () => {
    const { url, key } = await link();
    const tab = await chromium.tab({ scripts: false });
    await tab.open(url);
    await choose(tab, 'html');
    await tab.leads(() => tab.click('button'));
    assert.equal(await problem(tab), 'This type of file is not accepted. This link takes only text/csv, image/png.');
    await choose(tab, 'large');
    await tab.leads(() => tab.click('button'));
    assert.equal(await problem(tab), 'This file is too large. The limit is 1 MB.');
    await choose(tab, 'csv');
    await tab.leads(() => tab.click('button'));
    assert.equal(await heading(tab), 'The file has arrived');
    assert.equal((await call('read_file', { key })).structuredContent.name, 'numbers.csv');
  });

  test('a file that is too large is refused before it is sent, and another one can be sent in its place', async () => {
    const { url } = await link();
    const tab = await chromium.tab();
    await tab.open(url);
    await choose(tab, 'large');
    const said = await tab.evaluate('document.querySelector("#file").validationMessage');
    assert.equal(said, 'This file is too large. The limit is 1 MB.');
    await tab.click('button');
    assert.equal(await heading(tab), 'Send a file', 'nothing was sent');
    await sendFile(tab, 'html');
    assert.equal(await problem(tab), 'This type of file is not accepted. This link takes only text/csv, image/png.');
    assert.equal(await tab.evaluate('document.querySelector("button").disabled'), false);
    await sendFile(tab, 'csv');
    await hasArrived(tab);
  });

  test('a connection that breaks off is said to have, and the file can be sent again', async () => {
    const { url } = await link();
    const tab = await chromium.tab();
    await tab.open(url);
    await choose(tab, 'csv');
    await tab.page.setOfflineMode(true);
    await tab.click('button');
    await tab.until('document.querySelector("[role=alert]")', 'it says so');
    assert.match(await problem(tab), /broke off.*try again/);
    await tab.page.setOfflineMode(false);
    await tab.click('button');
    await hasArrived(tab);
  });

  const PAGES = {
    'the form': async (tab) => tab.open((await link()).url),
    'the form, of any type': async (tab) => tab.open((await link({ content_types: [] })).url),
    'another type': async (tab) => {
      await tab.open((await link()).url);
      await sendFile(tab, 'html');
      assert.match(await problem(tab), /is not accepted/);
    },
    'on its way': async (tab) => {
      await tab.open((await link()).url);
      await tab.evaluate('sends("50% sent"); progress.value = 0.5');
    },
    arrived: async (tab) => {
      await tab.open((await link()).url);
      await sendFile(tab, 'csv');
      assert.equal(await heading(tab), 'The file has arrived');
    },
    'used twice': async (tab) => {
      const { url } = await link();
      await tab.open(url);
      await sendFile(tab, 'csv');
      await tab.open(url);
      assert.match(await text(tab), /used already/);
    },
    'sent in another tab meanwhile': async (tab) => {
      const { url } = await link();
      await tab.open(url);
      const other = await chromium.tab();
      await other.open(url);
      await sendFile(other, 'csv');
      await sendFile(tab, 'csv');
      assert.match(await problem(tab), /used already/);
    },
    expired: async (tab) => {
      const { url } = await link({ seconds: 1 });
      await eventually(() => send(server, { path: new URL(url).pathname }), ({ status }) => status === 410, 'it expires');
      await tab.open(url);
      assert.match(await text(tab), /has expired/);
    },
    'no sign-in any more': async (tab) => {
      const gone = await connect(server, { scope: 'diary:read' });
      const { url } = await link({}, gone);
      (await send(server, revoking(gone.client, gone.tokens.refresh_token))).hasStatus(200);
      await tab.open(url);
      assert.equal(await heading(tab), 'This link does not work');
    },
    unknown: (tab) => tab.open(`${server.origin}/files/upload/x`),
  };
  for (const [name, open] of Object.entries(PAGES)) {
    test(`${name}: axe finds nothing, it fits, and nothing comes from elsewhere`, async () => {
      const tab = await chromium.tab();
      await isGoodPage(tab, name, open);
      loadedNothingElse(tab, [server.origin]);
    });
  }
});
