// A real browser, told what to do over a pipe (Chrome DevTools Protocol). Whatever Chromium is on the machine serves; nothing
// is installed for it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const LIMIT_MS = 30_000;

/** The program, or nothing. `CHROMIUM` names another one. */
export function findChromium() {
  const places = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [process.env.CHROMIUM, ...places].filter(Boolean).find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Starts it with an empty profile; `more` are options of its command line. */
export async function startChromium(program, more = []) {
  const profile = await mkdtemp(join(tmpdir(), 'mcp-connector-chromium-'));
  const options = [
    '--headless=new',
    '--remote-debugging-pipe',
    `--user-data-dir=${profile}`,
    '--no-first-run',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--disable-component-update',
    // As root, as in most containers, the sandbox does not start; only our own pages are opened.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ...more,
    'about:blank',
  ];
  const child = spawn(program, options, { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => (complaints = (complaints + chunk).slice(-4000)));
  const ended = new Promise((resolve) => child.once('close', resolve));
  const [, , , input, output] = child.stdio;
  input.on('error', () => {});
  const waiting = new Map();
  const listeners = new Set();
  let number = 0;
  let rest = '';
  output.setEncoding('utf8').on('data', (chunk) => {
    rest += chunk;
    for (let end; (end = rest.indexOf('\0')) >= 0; rest = rest.slice(end + 1)) {
      const message = JSON.parse(rest.slice(0, end));
      if (message.id) waiting.get(message.id)?.(message);
      else for (const listener of listeners) listener(message);
    }
  });
  const send = (method, params = {}, sessionId = undefined) =>
    new Promise((resolve, reject) => {
      const id = (number += 1);
      const limit = setTimeout(() => reject(new Error(`${method}: no answer from the browser\n${complaints}`)), LIMIT_MS);
      waiting.set(id, ({ result, error }) => {
        clearTimeout(limit);
        waiting.delete(id);
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result);
      });
      input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  const tabIn = async (browserContextId) => {
    const { targetId } = await send('Target.createTarget', { url: 'about:blank', browserContextId });
    const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
    const tab = new Tab((method, params) => send(method, params, sessionId), listeners, sessionId);
    tab.allow = (origin, permissions) => send('Browser.grantPermissions', { origin, permissions, browserContextId });
    for (const domain of ['Page', 'Runtime', 'Log', 'Accessibility']) await tab.send(`${domain}.enable`);
    // Or the load of the empty page counts as that of the first one.
    await tab.until('document.readyState === "complete"', 'the empty page is there');
    return tab;
  };
  return {
    /** Opens a tab of its own, in a profile of its own. */
    async tab() {
      return (await this.tabs(1))[0];
    },
    /** Opens so many tabs in one profile of their own. */
    async tabs(count) {
      const { browserContextId } = await send('Target.createBrowserContext');
      const tabs = [];
      for (let number = 0; number < count; number += 1) tabs.push(await tabIn(browserContextId));
      return tabs;
    },
    async stop() {
      child.kill();
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const KEYS = {
  Tab: { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 },
  Enter: { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' },
  Escape: { key: 'Escape', code: 'Escape', windowsVirtualKeyCode: 27 },
  Space: { key: ' ', code: 'Space', windowsVirtualKeyCode: 32, text: ' ' },
};

class Tab {
  constructor(send, listeners, sessionId) {
    this.send = send;
    /** What the browser complained about: refused forms, blocked styles. */
    this.complaints = [];
    this.loads = 0;
    /** Calls `heard` with the parameters of each event of this name. */
    this.on = (method, heard) =>
      listeners.add((message) => {
        if (message.sessionId === sessionId && message.method === method) heard(message.params);
      });
    listeners.add((message) => {
      if (message.sessionId !== sessionId) return;
      if (message.method === 'Page.loadEventFired') this.loads += 1;
      if (message.method === 'Log.entryAdded') this.complaints.push(`${message.params.entry.level}: ${message.params.entry.text}`);
    });
  }

  /** Does something that leads to another page, and waits for that page. */
  async leads(act) {
    const before = this.loads;
    await act();
    const end = performance.now() + LIMIT_MS;
    while (this.loads === before) {
      assert.ok(
        performance.now() < end,
        `the browser goes on to another page; it is at ${await this.url()}: ${this.complaints.join('; ')}`,
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  open(url) {
    return this.leads(() => this.send('Page.navigate', { url }));
  }

  async evaluate(expression) {
    const how = { returnByValue: true, awaitPromise: true, userGesture: true };
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, ...how });
    assert.ok(!exceptionDetails, `${expression}: ${exceptionDetails?.text}`);
    return result.value;
  }

  url() {
    return this.evaluate('location.href');
  }

  /** Waits until an expression is true. */
  async until(expression, rule) {
    const end = performance.now() + LIMIT_MS;
    while (!(await this.evaluate(expression))) {
      assert.ok(performance.now() < end, `${rule}: ${expression}; ${this.complaints.join('; ')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Clicks as a mouse does. */
  async follow(selector) {
    const place = `(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))(document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect())`;
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).scrollIntoView({ block: "center", behavior: "instant" })`);
    const at = { ...(await this.evaluate(place)), button: 'left', clickCount: 1 };
    for (const type of ['mousePressed', 'mouseReleased']) await this.send('Input.dispatchMouseEvent', { type, ...at });
  }

  /** The origins of everything that is asked for from now on. */
  places() {
    const places = new Set();
    this.on('Network.requestWillBeSent', ({ request }) => places.add(new URL(request.url).origin));
    return places;
  }

  async press(name) {
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', ...KEYS[name] });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...KEYS[name], text: undefined });
  }

  type(text) {
    return this.send('Input.insertText', { text });
  }

  /** Presses Tab until what is in focus fits; for people who have no mouse. */
  async tabTo(selector) {
    const seen = [];
    for (let presses = 0; presses < 30; presses += 1) {
      if (await this.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) return;
      seen.push(await this.evaluate('document.activeElement.outerHTML.slice(0, 60)'));
      await this.press('Tab');
    }
    assert.fail(`the keyboard reaches ${selector}; it reached ${seen.join(' | ')}`);
  }

  /** Role and name of everything that a screen reader tells. */
  async spoken() {
    const { nodes } = await this.send('Accessibility.getFullAXTree');
    return nodes.filter(({ ignored }) => !ignored).map(({ role, name }) => ({ role: role?.value, name: name?.value ?? '' }));
  }
}
