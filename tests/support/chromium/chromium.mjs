// A real browser, driven by `puppeteer-core`. It uses the Chromium that is on the machine and installs none.

import assert from 'node:assert/strict';
import { accessSync, constants, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import puppeteer from 'puppeteer-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** Where Chrome is on a Mac, which has it on no PATH. */
const ON_A_MAC = ['/Applications/Chromium.app/Contents/MacOS/Chromium', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];
const LIMIT_MS = 30_000;
const LOOK_AGAIN_MS = 20;

/** The program, or nothing. `CHROMIUM` names one. */
function findChromium() {
  const places = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const onMac = process.platform === 'darwin' ? ON_A_MAC : [];
  return [process.env.CHROMIUM, ...places, ...onMac].filter(Boolean).find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * The Chromium for a suite. Where there is none, it says so aloud and registers a skipped test of that name.
 * @param {string} what  what is not tested without it
 * @returns {{program?: string, skip: string | false}}  `skip` is an option of `describe`
 */
export function chromiumFor(what) {
  const program = findChromium();
  if (program) return { program, skip: false };
  const skip = 'there is no Chromium or Chrome on the PATH or in the variable CHROMIUM';
  console.error(`\nNOT TESTED: ${what}: ${skip}.\n`);
  test(what, { skip }, () => {});
  return { skip };
}

/** Starts it with an empty profile; `more` are options of its command line. */
export async function startChromium(program, more = []) {
  const browser = await puppeteer.launch({
    executablePath: program,
    pipe: true,
    defaultViewport: null,
    protocolTimeout: LIMIT_MS,
    args: [
      '--disable-gpu',
      // As root, as in most containers, the sandbox does not start; only our own pages are opened.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...more,
    ],
  });
  return {
    /** Opens a tab in a profile of its own. Without `scripts`, no page in it may run any. */
    async tab(options) {
      return (await this.tabs(1, options))[0];
    },
    /** Opens so many tabs in one profile of their own. */
    async tabs(count, options) {
      const context = await browser.createBrowserContext();
      return Promise.all(Array.from({ length: count }, async () => Tab.in(context, options)));
    },
    stop: () => browser.close(),
  };
}

export class Tab {
  /** What the browser complained about: refused forms, blocked styles. */
  complaints = [];
  /** Every address that the tab was led to, redirects included. */
  visited = [];
  /** The origins of everything that was asked for. */
  origins = new Set();
  /** How many pages have loaded. */
  loads = 0;

  static async in(context, { scripts = true } = {}) {
    const tab = new Tab();
    tab.page = await context.newPage();
    tab.page.setDefaultTimeout(LIMIT_MS);
    tab.page.on('load', () => (tab.loads += 1));
    await tab.page.setJavaScriptEnabled(scripts);
    const session = await tab.page.createCDPSession();
    session.on('Log.entryAdded', ({ entry }) => tab.complaints.push(`${entry.level}: ${entry.text}`));
    session.on('Network.requestWillBeSent', ({ request, type }) => {
      tab.origins.add(new URL(request.url).origin);
      if (type === 'Document') tab.visited.push(request.url);
    });
    for (const domain of ['Log', 'Network', 'Accessibility']) await session.send(`${domain}.enable`);
    /** A command of the DevTools protocol. */
    tab.send = (method, params) => session.send(method, params);
    return tab;
  }

  /** Does something that leads to another page, and waits for that page. */
  async leads(act) {
    const before = this.loads;
    await act();
    const end = performance.now() + LIMIT_MS;
    while (this.loads === before) {
      assert.ok(performance.now() < end, `the browser goes on to another page; it is at ${this.page.url()}: ${this.complaints.join('; ')}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  /** Opens an address. The event of its page may come late, and would count as that of what is done next. */
  async open(url) {
    await this.leads(() => this.page.goto(url));
  }

  /** The value of an expression in the page, whatever its policy says of scripts. */
  evaluate(expression) {
    return this.page.evaluate(expression);
  }

  text() {
    return this.evaluate('document.body.innerText');
  }

  /** Waits until an expression is true. The page may be replaced meanwhile. */
  async until(expression, rule) {
    const end = performance.now() + LIMIT_MS;
    while (!(await this.evaluate(expression).catch(whileItNavigates))) {
      assert.ok(performance.now() < end, `${rule}: ${expression}; ${this.complaints.join('; ')}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  /** Clicks as a mouse does. */
  async click(selector) {
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).scrollIntoView({ block: "center", behavior: "instant" })`);
    const element = await this.page.$(selector);
    const { x, y, width, height } = await element.boundingBox();
    await this.page.mouse.click(x + width / 2, y + height / 2);
  }

  press(key) {
    return this.page.keyboard.press(key);
  }

  type(text) {
    return this.page.keyboard.sendCharacter(text);
  }

  /** Presses Tab until what is in focus fits; for people who have no mouse. */
  async tabTo(selector) {
    const reached = [];
    for (let presses = 0; presses < 30; presses += 1) {
      if (await this.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) return;
      reached.push(await this.evaluate('document.activeElement.outerHTML.slice(0, 60)'));
      await this.press('Tab');
    }
    assert.fail(`the keyboard reaches ${selector}; it reached ${reached.join(' | ')}`);
  }

  /** Sets the size of the screen, and leaves the page as it is. */
  async resize(screen) {
    await this.send('Emulation.setDeviceMetricsOverride', { deviceScaleFactor: 1, mobile: false, ...screen });
  }

  /** Prefers a colour scheme. Without motion: a colour in transition is not the page's. */
  async prefers(colorScheme) {
    await this.page.emulateMediaFeatures([
      { name: 'prefers-color-scheme', value: colorScheme },
      { name: 'prefers-reduced-motion', value: 'reduce' },
    ]);
  }

  /** Role, name and description of everything that a screen reader tells, of the page or of one of its frames. */
  async accessibilityTree(frameId) {
    const { nodes } = await this.send('Accessibility.getFullAXTree', frameId && { frameId });
    return nodes
      .filter(({ ignored }) => !ignored)
      .map(({ role, name, description }) => ({ role: role?.value, name: name?.value ?? '', description: description?.value ?? '' }));
  }
}

/** Takes the error of an evaluation whose page has just been left. */
function whileItNavigates(error) {
  if (/context was destroyed|Cannot find context|navigat|detached/i.test(error.message)) return undefined;
  throw error;
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SHOWN = '({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`';

/**
 * What axe says of a page or a frame. It comes in through the DevTools protocol, so that no content security policy is weakened.
 * @param {(expression: string) => Promise<any>} evaluate
 * @param {object} [options]  of `axe.run`
 * @returns {Promise<{violations: string[], incomplete: string[], passes: string[]}>}
 */
export async function runAxe(evaluate, options = {}) {
  await evaluate(`if (!window.axe) { ${AXE} }`);
  return evaluate(
    `axe.run(${JSON.stringify(options)}).then(({ violations, incomplete, passes }) => ({
      violations: violations.map(${SHOWN}), incomplete: incomplete.map(${SHOWN}), passes: passes.map(({ id }) => id),
    }))`,
  );
}

/** The screens on which every page has to fit. */
export const SCREENS = {
  phone: { width: 390, height: 844, deviceScaleFactor: 2, mobile: true },
  desk: { width: 1280, height: 900, deviceScaleFactor: 1, mobile: false },
};

/**
 * Fails unless what `open` leads to fits on a phone and a desk, also with text of twice the size, and axe finds nothing, in light and dark.
 * With `PICTURES=FOLDER` in the environment, pictures of it are left there.
 * @param {Tab} tab
 * @param {string} name  of the page
 * @param {(tab: Tab) => Promise<unknown>} open
 */
export async function isGoodPage(tab, name, open) {
  await tab.resize(SCREENS.desk);
  await open(tab);
  assert.equal(await tab.evaluate('document.contentType'), 'text/html', await tab.text());
  const fits = async (where) => {
    const [content, width] = await tab.evaluate('[document.scrollingElement.scrollWidth, innerWidth]');
    assert.ok(content <= width, `${where}: it does not scroll sideways: ${content} of ${width}`);
  };
  for (const [screen, metrics] of Object.entries(SCREENS)) {
    await tab.resize(metrics);
    for (const colours of ['light', 'dark']) {
      await tab.prefers(colours);
      await fits(screen);
      const path = `${process.env.PICTURES}/${name.replaceAll(/\W+/g, '-')}-${screen}-${colours}.png`;
      if (process.env.PICTURES) await tab.page.screenshot({ path, fullPage: true });
      const { violations } = await runAxe((expression) => tab.evaluate(expression));
      assert.deepEqual(violations, [], `${screen}, ${colours}`);
    }
  }
  // WCAG 2.2, 1.4.4
  await tab.resize(SCREENS.phone);
  await tab.evaluate('document.documentElement.style.fontSize = "200%"');
  await fits('with large text');
}

/** Fails if a tab has asked for anything at other origins than these. A URL with `data:` has the origin `null`, and loads nothing. */
export function loadedNothingElse(tab, origins) {
  const foreign = [...tab.origins].filter((place) => !['null', ...origins].includes(place));
  assert.deepEqual(foreign, [], 'nothing was loaded from elsewhere');
}
