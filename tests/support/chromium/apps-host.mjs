// A host with MCP Apps in a real browser. Two local servers give it its page and, on another origin, its sandbox; the first one
// also passes requests on to the MCP server, with a token.

import assert from 'node:assert/strict';
import http from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { eventually } from '../eventually.mjs';
import { runAxe } from './chromium.mjs';

/** What a host must allow at most, if a view asks for nothing ("Host Behavior" of MCP Apps). */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "media-src 'self' data:",
  "connect-src 'none'",
].join('; ');

/** Passes messages on, both ways; the view itself has no origin at all. */
const SANDBOX = `<!doctype html><meta charset="utf-8"><title>Sandbox</title>
<style>html, body, iframe { margin: 0; border: 0; width: 100%; height: 100%; display: block; }</style>
<body><script>
  let view;
  addEventListener('message', ({ source, data }) => {
    if (source === view?.contentWindow) parent.postMessage(data, '*');
    else if (source !== parent) return;
    else if (data.method === 'ui/notifications/sandbox-resource-ready') {
      view = document.createElement('iframe');
      view.setAttribute('sandbox', 'allow-scripts');
      view.title = 'View';
      view.srcdoc = data.params.html;
      document.body.append(view);
    } else view?.contentWindow.postMessage(data, '*');
  });
  parent.postMessage({ jsonrpc: '2.0', method: 'ui/notifications/sandbox-proxy-ready', params: {} }, '*');
</script>`;

const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Host</title><link rel="icon" href="data:,">
<style>body { margin: 0 } iframe { border: 0; width: 100%; height: 4rem; display: block }</style>
<script type="module" src="/host.mjs"></script>`;

/** With everything that a browser needs in one file. */
async function bundled() {
  const require = createRequire(createRequire(import.meta.url).resolve('wrangler/package.json'));
  const { build } = require('esbuild');
  const entryPoints = [fileURLToPath(new URL('apps-host-page.mjs', import.meta.url))];
  const { outputFiles } = await build({ entryPoints, bundle: true, format: 'esm', platform: 'browser', write: false, logLevel: 'error' });
  return outputFiles[0].contents;
}

const listening = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));

/** Options of Chromium with which all frames of a page are in one process, so that the mouse and the accessibility tree reach them. */
export const CHROMIUM_OPTIONS = ['--disable-features=IsolateSandboxedIframes'];

/**
 * Starts a host for one MCP server.
 * @param {import("../workers/wrangler-dev.mjs").Server} server
 * @param {string} token
 */
export async function startHost(server, token) {
  const script = await bundled();
  const sandbox = http.createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': POLICY }).end(SANDBOX);
  });
  const host = http.createServer((request, response) => {
    if (request.url === '/mcp') {
      const { host: _, origin: __, referer: ___, ...headers } = request.headers;
      const options = { method: request.method, headers: { ...headers, authorization: `Bearer ${token}` } };
      const passedOn = http.request(server.url, options, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      passedOn.on('error', () => response.destroy());
      request.pipe(passedOn);
    } else if (request.url === '/host.mjs') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    } else {
      response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    }
  });
  const [page, frames] = await Promise.all([listening(host), listening(sandbox)]);
  const origins = { host: `http://127.0.0.1:${page}`, sandbox: `http://127.0.0.1:${frames}` };
  return {
    /**
     * Opens the view of a tool in a tab of its own.
     * @param {{tab: () => Promise<object>}} chromium
     */
    async show(chromium, { device, ...options } = {}) {
      const tab = await chromium.tab();
      if (device) await tab.resize(device);
      const view = new View(tab);
      await tab.open(`${origins.host}/`);
      const capabilities = { serverTools: {}, updateModelContext: { text: {} } };
      await eventually(() => view.inHost('typeof showView'), (type) => type === 'function', 'the page of the host runs');
      const shown = { sandbox: origins.sandbox, tool: 'list_notes', capabilities, context: {}, ...options };
      await view.inHost(`showView(${JSON.stringify(shown)})`);
      return view;
    },
    async stop() {
      for (const one of [host, sandbox]) {
        one.closeAllConnections();
        one.close();
      }
    },
  };
}

/** The view as a person sees it, and the host around it. */
class View {
  constructor(tab) {
    this.tab = tab;
  }

  /** Runs something in the page of the host. */
  inHost(expression) {
    return this.tab.evaluate(expression);
  }

  /** The frame of the view, which is in the frame of the sandbox. */
  get frame() {
    const view = this.tab.page.mainFrame().childFrames()[0]?.childFrames()[0];
    assert.ok(view, 'the view is in a frame in the sandbox');
    return view;
  }

  /** Runs something in the view. */
  async evaluate(expression) {
    return this.frame.evaluate(expression);
  }

  /** Waits until something holds in the view. */
  async until(expression, rule) {
    return eventually(() => this.evaluate(expression), Boolean, `${rule}: ${expression}`).catch(async (error) => {
      error.message += `\nThe view says:\n${await this.text()}`;
      throw error;
    });
  }

  /** All that a person reads. */
  text() {
    return this.evaluate('document.body.innerText');
  }

  status() {
    return this.evaluate('document.querySelector("#status").textContent');
  }

  /** What the keyboard acts on. */
  focus() {
    return this.evaluate('document.hasFocus() ? document.activeElement.innerText : ""');
  }

  press(key) {
    return this.tab.press(key);
  }

  /** Presses Tab until the button with these words has the focus. */
  async tabTo(words) {
    const reached = [];
    for (let presses = 0; presses < 40; presses += 1) {
      const focus = await this.focus();
      if (focus === words) return;
      reached.push(focus);
      await this.press('Tab');
    }
    assert.fail(`the keyboard reaches "${words}"; it reached ${reached.join(' | ')}`);
  }

  /** Clicks with the mouse, where the element is on the screen. */
  async click(selector) {
    await this.until('innerHeight >= document.documentElement.getBoundingClientRect().height', 'the host gives the view its height');
    await (await this.frame.$(selector)).click();
  }

  /** Role and name of everything that a screen reader tells of the view. */
  accessibilityTree() {
    return this.tab.accessibilityTree(this.frame._id);
  }

  /** What axe says of the view. */
  axe(options) {
    return runAxe((expression) => this.evaluate(expression), options);
  }
}
