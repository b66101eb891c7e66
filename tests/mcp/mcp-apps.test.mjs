// MCP Apps (extension `io.modelcontextprotocol/ui`): what hosts learn of a view, and the view of the notes itself, in a real
// browser beside the official host side. `support/chromium/apps-host-page.mjs` is the host.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { RESOURCE_MIME_TYPE, RESOURCE_URI_META_KEY, getToolUiResourceUri } from '@modelcontextprotocol/ext-apps/app-bridge';
import { CHROMIUM_OPTIONS, startHost } from '../support/chromium/apps-host.mjs';
import { chromiumFor, startChromium } from '../support/chromium/chromium.mjs';
import { LEGACY, MODERN, REVISIONS, calling, initialize, legacy, listTools, modern, send, textOf } from '../support/mcp/requests.mjs';
import { ALL_SCOPES, SIGN_IN, bearer, connect, keepsSecrets } from '../support/oauth/client.mjs';
import { startConnector } from '../support/workers/wrangler-dev.mjs';

const EXTENSION = 'io.modelcontextprotocol/ui';
const VIEW = 'ui://notes';

/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let server;
let token;
before(async () => {
  server = await startConnector(SIGN_IN);
  ({
    tokens: { access_token: token },
  } = await connect(server, { scope: ALL_SCOPES }));
});
after(async () => {
  if (server) keepsSecrets([server]);
  await server?.stop();
});

/** Calls a tool as the owner. */
async function call(name, args = {}) {
  const answer = await send(server, legacy('tools/call', calling(name, args), { headers: bearer(token) }));
  return answer.result(`${name} succeeds`);
}

/** The owner has these notes, and no others. */
async function keep(...notes) {
  for (const { id } of (await call('list_notes')).structuredContent.notes) await call('delete_note', { id });
  for (const [title, body] of notes) await call('save_note', { title, body });
}

describe('a host learns', () => {
  for (const { version, ask } of REVISIONS.filter(({ version }) => version !== '2025-03-26')) {
    test(`a host learns that list_notes has a view, in both forms (${version})`, async () => {
      const tools = await listTools(server, ask);
      const [{ _meta }] = tools.filter(({ name }) => name === 'list_notes');
      assert.deepEqual(_meta.ui, { resourceUri: VIEW, visibility: ['model', 'app'] });
      assert.equal(_meta[RESOURCE_URI_META_KEY], VIEW, 'the deprecated form, for hosts that know no other');
      const withView = tools.filter((tool) => getToolUiResourceUri(tool) !== undefined).map(({ name }) => name);
      assert.deepEqual(withView, ['list_notes'], 'the official reader finds the same');
    });

    test(`the page, without signing in (${version})`, async () => {
      const { resources } = (await send(server, ask('resources/list'))).result('the list');
      const [listed] = resources.filter(({ uri }) => uri === VIEW);
      assert.equal(listed?.mimeType, RESOURCE_MIME_TYPE);
      const { contents } = (await send(server, ask('resources/read', { uri: VIEW }))).result('the page');
      assert.equal(contents.length, 1);
      assert.deepEqual([contents[0].uri, contents[0].mimeType], [VIEW, RESOURCE_MIME_TYPE]);
      assert.match(contents[0].text, /^<!doctype html>/i);
      // Some hosts read this in the list, and others with the contents.
      for (const { _meta } of [listed, contents[0]]) assert.deepEqual(_meta, { ui: { prefersBorder: true } });
    });
  }

  // MCP "Extension Negotiation"
  test('a host learns that the server has views, in both eras', async () => {
    const { capabilities } = (await send(server, modern('server/discover'))).result('capabilities');
    assert.deepEqual(capabilities.extensions, { [EXTENSION]: {} }, MODERN);
    for (const version of LEGACY) {
      const { capabilities } = (await send(server, initialize(version))).result('capabilities');
      assert.deepEqual(capabilities.extensions, { [EXTENSION]: {} }, version);
    }
  });

  test('the notes as text too, if it shows no views', async () => {
    await keep(['Shopping', 'Milk']);
    const result = await call('list_notes');
    assert.deepEqual(JSON.parse(textOf(result)), result.structuredContent);
    assert.match(textOf(result), /Shopping/);
  });
});

const { program, skip } = chromiumFor('a view in a real browser');

describe('in a real browser, the view', { skip }, () => {
  const PHONE = { width: 360, height: 740 };
  const DESKTOP = { width: 900, height: 700 };
  const HOSTILE = '<img src=x onerror="window.hacked=1">';
  const LONG = Array.from({ length: 14 }, (_, line) => `Line ${line + 1}.`).join('\n');
  let chromium;
  let host;
  before(async () => {
    [chromium, host] = await Promise.all([startChromium(program, CHROMIUM_OPTIONS), startHost(server, token)]);
  });
  after(async () => {
    await chromium?.stop();
    await host?.stop();
  });

  const notes = (count) => `document.querySelectorAll('li').length === ${count}`;
  const saying = (words) => `document.querySelector('#status').textContent.includes(${JSON.stringify(words)})`;
  const titles = async () => (await call('list_notes')).structuredContent.notes.map(({ title }) => title);

  test('the view of the notes shows the notes, with whatever is in them as text', async () => {
    await keep(['Shopping', 'Milk\nBread'], [HOSTILE, `</li><script>window.hacked=1</script>${HOSTILE}`], ['Empty', '']);
    const view = await host.show(chromium);
    await view.until(notes(3), 'one item for each note');
    const text = await view.text();
    for (const part of ['Shopping', 'Milk\nBread', HOSTILE, '</li><script>', '3 notes.']) assert.ok(text.includes(part), `${part} in ${text}`);
    assert.equal(await view.evaluate('document.images.length + document.scripts.length'), 1, 'its own script, and nothing else');
    assert.equal(await view.evaluate('window.hacked'), undefined);
    assert.deepEqual(await view.inHost('seen.appInfo'), { name: 'notes', version: '1.0.0' });
  });

  test('the view of the notes loads nothing, breaks no policy and complains about nothing', async () => {
    await keep(['Shopping', 'Milk']);
    const view = await host.show(chromium);
    await view.until(notes(1), 'the notes');
    assert.deepEqual(await view.evaluate('performance.getEntriesByType("resource").map(({ name }) => name)'), []);
    // The host's own client asks for a stream that there is not.
    assert.deepEqual(
      view.tab.complaints.filter((text) => !text.includes('405')),
      [],
    );
  });

  test('the view of the notes asks again when the person wants it to', async () => {
    await keep(['First', 'a']);
    const view = await host.show(chromium);
    await view.until(notes(1), 'the notes');
    await call('save_note', { title: 'Second', body: 'b' });
    await view.click('#refresh');
    await view.until(notes(2), 'the new note too');
    assert.equal(await view.status(), '2 notes.');
  });

  test('the view of the notes deletes a note by keyboard alone, after a second question, and tells the model', async () => {
    await keep(['First', 'a'], ['Second', 'b'], ['Third', 'c']);
    const [, { id }] = (await call('list_notes')).structuredContent.notes;
    const view = await host.show(chromium);
    await view.until(notes(3), 'the notes');
    await view.click('h1');
    await view.tabTo('Delete');
    await view.press('Tab');
    assert.equal(await view.evaluate('document.activeElement.ariaLabel'), 'Delete: Second');
    await view.press('Enter');
    assert.equal(await view.focus(), 'Keep', 'what does no harm has the focus');
    await view.press('Escape');
    assert.equal(await view.focus(), 'Delete', 'the focus is back');
    await view.press('Space');
    await view.press('Enter');
    assert.equal(await view.focus(), 'Delete', 'Keep keeps it');
    assert.equal(await view.inHost('seen.calls.length'), 0, 'nothing was asked so far');
    await view.press('Enter');
    await view.press('Tab');
    assert.equal(await view.evaluate('document.activeElement.ariaLabel'), 'Delete: Second');
    await view.press('Enter');
    await view.until(notes(2), 'the note is gone');
    assert.deepEqual(await titles(), ['First', 'Third'], 'on the server too');
    assert.match(await view.status(), /Second.*deleted/, 'the words of the tool');
    assert.equal(await view.evaluate('document.activeElement.ariaLabel'), 'Delete: Third', 'the focus is where the note was');
    const [told] = await view.inHost('seen.contexts');
    assert.ok(told.content[0].text.includes(`note ${id}`), JSON.stringify(told));
    await view.tabTo('Refresh');
  });

  test('the view of the notes says what went wrong, and goes on', async () => {
    await keep(['Only', 'a']);
    const view = await host.show(chromium);
    await view.until(notes(1), 'the notes');
    await view.inHost('void (window.refusing = "The person said no.")');
    await view.click('.delete');
    await view.click('.yes');
    await view.until(saying('The person said no.'), 'the refusal of the host');
    assert.deepEqual(await titles(), ['Only']);
    await view.inHost('void (window.refusing = undefined)');
    // Somebody else was faster.
    await keep();
    await view.click('.yes');
    await view.until(notes(0), 'what is there now');
    assert.match(await view.status(), /There is no note/, 'the words of the tool');
    assert.equal(await view.focus(), 'Notes', 'the focus is not lost');
  });

  const results = [
    ['a result without structured content', { content: [{ type: 'text', text: '{"notes":[{"id":7,"title":"T","body":"B"}]}' }] }, 'One note.'],
    ['a result with an error', { isError: true, content: [{ type: 'text', text: 'The shelf is empty.' }] }, 'The shelf is empty.'],
    ['a result without notes', { content: [{ type: 'text', text: 'Hello.' }] }, 'The host passed no notes on.'],
    ['an empty list', { content: [], structuredContent: { notes: [] } }, 'There are no notes yet.'],
    ['what is no note', { content: [], structuredContent: { notes: [null, 7, { id: '1' }, { id: 1, title: 't', body: 'b' }] } }, 'One note.'],
  ];
  for (const [what, result, words] of results) {
    test(`the view of the notes takes ${what}`, async () => {
      const view = await host.show(chromium, { result });
      await view.until(saying(words), what);
    });
  }

  test('the view of the notes says that a call was cancelled', async () => {
    const view = await host.show(chromium, { cancelled: true });
    await view.until(saying('cancelled'), 'the end');
  });

  test('the view of the notes offers nothing that the host does not do', async () => {
    await keep(['Only', 'a']);
    const view = await host.show(chromium, { capabilities: {} });
    await view.until(notes(1), 'the notes');
    const buttons = (await view.accessibilityTree()).filter(({ role }) => role === 'button');
    assert.deepEqual(buttons, []);
  });

  test('the view of the notes is as high as what is in it', async () => {
    await keep(['Long', LONG], ['Other', 'a']);
    const view = await host.show(chromium, { device: PHONE });
    const fits = 'innerHeight === Math.ceil(document.documentElement.getBoundingClientRect().height)';
    await view.until(`${notes(2)} && ${fits}`, 'the frame has the height of the view');
    const before = await view.evaluate('innerHeight');
    await view.click('.fold');
    await view.until(`innerHeight > ${before} && ${fits}`, 'it grows');
    assert.equal(await view.evaluate('document.querySelector(".fold").ariaExpanded'), 'true');
    await view.click('.fold');
    await view.until(`innerHeight === ${before}`, 'it shrinks');
    assert.equal(await view.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, 'nothing is cut off at the side');
  });

  test('the view of the notes takes the colours of its host, when they change too', async () => {
    await keep(['Only', 'a']);
    const colours = 'getComputedStyle(document.body).backgroundColor + getComputedStyle(document.body).color';
    const view = await host.show(chromium, { context: { theme: 'light' } });
    await view.until(notes(1), 'the notes');
    assert.equal(await view.evaluate(colours), 'rgb(255, 255, 255)rgb(27, 27, 27)');
    await view.inHost('bridge.setHostContext({ theme: "dark" })');
    await view.until(`${colours} === 'rgb(28, 28, 30)rgb(242, 242, 242)'`, 'dark');
    const variables = { '--color-background-primary': 'light-dark(#eef, #112)', '--color-text-primary': 'light-dark(#001, #ffe)' };
    await view.inHost(`bridge.setHostContext({ theme: "dark", styles: { variables: ${JSON.stringify(variables)} } })`);
    await view.until('document.documentElement.style.getPropertyValue("--color-text-primary") !== ""', 'the variables');
    assert.equal(await view.evaluate(colours), 'rgb(28, 28, 30)rgb(242, 242, 242)', 'not some of them alone: they might not fit ours');
    for (const name of ['--color-background-secondary', '--color-text-secondary', '--color-border-primary']) variables[name] = 'gray';
    await view.inHost(`bridge.setHostContext({ theme: "dark", styles: { variables: ${JSON.stringify(variables)} } })`);
    await view.until(`${colours} === 'rgb(17, 17, 34)rgb(255, 255, 238)'`, 'all of them');
  });

  test('the view of the notes answers its host, and says goodbye', async () => {
    const view = await host.show(chromium, { result: { content: [], structuredContent: { notes: [] } } });
    assert.deepEqual(await view.inHost('bridge.teardownResource({})'), {});
    const refused = 'bridge.listTools({}).then(() => "an answer", ({ code }) => code)';
    assert.equal(await view.inHost(refused), -32601, 'it has no tools of its own');
  });

  test('the view of the notes listens to nobody but its host', async () => {
    await keep(['Only', 'a']);
    const view = await host.show(chromium);
    await view.until(notes(1), 'the notes');
    const forged = { jsonrpc: '2.0', method: 'ui/notifications/tool-result', params: { content: [], structuredContent: { notes: [] } } };
    await view.evaluate(`new Promise((resolve) => { addEventListener('message', resolve, { once: true }); postMessage(${JSON.stringify(forged)}, '*'); })`);
    assert.equal(await view.evaluate(notes(1)), true, 'the notes are still there');
  });

  for (const theme of ['light', 'dark']) {
    for (const [name, device] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
      test(`the view of the notes has no barrier that axe finds (${theme}, ${name})`, async () => {
        await keep(['Shopping', 'Milk'], ['Long', LONG]);
        const view = await host.show(chromium, { device, context: { theme } });
        await view.until(notes(2), 'the notes');
        await view.click('li .delete');
        const { violations, passes, incomplete } = await view.axe({
          runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        });
        assert.deepEqual(violations, []);
        assert.deepEqual(incomplete, []);
        assert.ok(passes.includes('color-contrast') && passes.includes('button-name'), `it looked: ${passes}`);
      });
    }
  }

  test('the view of the notes tells a screen reader each note and each button by its name', async () => {
    await keep(['Shopping', 'Milk'], ['Long', LONG]);
    const view = await host.show(chromium);
    await view.until(notes(2), 'the notes');
    const spoken = await view.accessibilityTree();
    const named = (role) => spoken.filter((one) => one.role === role).map(({ name }) => name);
    assert.deepEqual(named('heading'), ['Notes', 'Shopping', 'Long']);
    assert.deepEqual(named('button'), ['Refresh', 'Delete: Shopping', 'Show all: Long', 'Delete: Long']);
    assert.deepEqual([named('list'), named('listitem').length, named('status').length], [['Notes'], 2, 1]);
  });
});
