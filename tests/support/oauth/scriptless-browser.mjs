// A person's browser, as far as a sign-in needs one: cookies, redirects and forms as browsers handle them, and no scripts.
//
// It fills whatever form it meets and knows no hidden field by its name. It is as strict as the strictest browser: a `Secure`
// cookie does not come over http, `__Host-` has its conditions, `form-action` also holds for the redirect that answers the
// form, and a page without a referrer policy that allows it sends `Origin: null`.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { send } from '../http/exchange.mjs';

/** More redirects in a row than any sign-in needs. */
const MOST_REDIRECTS = 8;

/** @typedef {import('../http/exchange.mjs').Site & {origin: string}} Site */

export class Browser {
  /** @type {Map<string, {name: string, value: string, secure: boolean}>} */
  #cookies = new Map();

  /**
   * @param {Site} site        the one origin it reaches; whatever is elsewhere ends the journey
   * @param {Record<string, string>} [headers]  sent with every request of this browser, such as its address
   */
  constructor(site, headers = {}) {
    this.site = site;
    this.headers = headers;
    /** Cookies that a browser would not have taken, with the reason. */
    this.refused = [];
    /** Every answer, in order. */
    this.answers = [];
  }

  get origin() {
    return this.site.origin;
  }

  /** The names and values of all cookies. */
  get cookies() {
    return [...this.#cookies.values()].map(({ name, value }) => ({ name, value }));
  }

  /** The value of the `Cookie` header; undefined without cookies. */
  get cookieHeader() {
    return this.cookies.map(({ name, value }) => `${name}=${value}`).join('; ') || undefined;
  }

  /** Takes the cookies of an answer to a request that was sent without them. */
  keeps(answer) {
    this.#keepCookies(answer);
  }

  forgetCookies() {
    this.#cookies.clear();
  }

  /**
   * Follows a link.
   * @returns {Promise<Page | Arrival>}
   */
  async open(url) {
    return this.#navigate({ method: 'GET', url: new URL(url, this.origin), headers: { 'sec-fetch-site': 'cross-site' } });
  }

  /**
   * Submits a form of a page: what it holds, changed by `values` (an array ticks exactly these; null leaves the field out),
   * with `button` (its name and value) pressed.
   * @param {Page} page
   * @param {Form} form
   * @param {{values?: Record<string, string | string[] | null>, button?: {name: string, value: string}}} [how]
   */
  async submit(page, form, how = {}) {
    return this.send(page, form, form.entries(how));
  }

  /** Submits a form with exactly these fields. */
  async send(page, form, entries) {
    const action = new URL(form.action || page.url, page.url);
    const body = new URLSearchParams(entries).toString();
    const policy = (page.answer.headers['referrer-policy'] ?? '').split(',').at(-1).trim();
    const headers = { 'sec-fetch-site': action.origin === this.origin ? 'same-origin' : 'cross-site', 'sec-fetch-user': '?1' };
    if (form.method === 'get') {
      action.search = body;
      return this.#navigate({ method: 'GET', url: action, headers, from: page });
    }
    return this.#navigate({
      method: 'POST',
      url: action,
      headers: {
        ...headers,
        'content-type': 'application/x-www-form-urlencoded',
        // Fetch, "append a request Origin header": such a policy hides the origin, too.
        origin: policy === 'no-referrer' ? 'null' : this.origin,
      },
      body,
      from: page,
    });
  }

  /** @returns {Promise<Page | Arrival>} */
  async #navigate({ method, url, headers, body, from }) {
    let asked = { method, headers, body };
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      if (from) from.allowsForm(url);
      if (url.origin !== this.origin) return new Arrival(url, this.answers.at(-1));
      const answer = await send(this.site, {
        ...asked,
        path: `${url.pathname}${url.search}`,
        headers: {
          accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8',
          'accept-language': 'en',
          'user-agent': 'a-browser-without-scripts',
          'sec-fetch-mode': 'navigate',
          'sec-fetch-dest': 'document',
          ...this.headers,
          ...asked.headers,
          ...(this.cookieHeader && { cookie: this.cookieHeader }),
        },
      });
      this.answers.push(answer);
      this.#keepCookies(answer);
      if (![301, 302, 303, 307, 308].includes(answer.status)) return new Page(url, answer);
      assert.ok(answer.headers.location, answer.story('a redirect says where to'));
      url = new URL(answer.headers.location, url);
      // A method that is kept carries the passphrase on: OAuth 2.1 §7.5.4.
      const kept = [307, 308].includes(answer.status);
      assert.ok(!(kept && asked.body), answer.story('a redirect after a form does not repeat the form elsewhere'));
      asked = { method: 'GET', headers: { 'sec-fetch-site': 'same-origin' } };
    }
    return assert.fail(this.answers.at(-1).story('the redirects end'));
  }

  #keepCookies(answer) {
    for (const text of [answer.headers['set-cookie'] ?? []].flat()) {
      const [pair, ...rest] = text.split(';').map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(pair.indexOf('=') + 1);
      const attributes = new Map(rest.map((part) => part.split(/=(.*)/s)).map(([key, content]) => [key.toLowerCase(), content ?? '']));
      const secure = attributes.has('secure');
      const refuse = (why) => this.refused.push(`${name}: ${why}`);
      if (secure && !this.origin.startsWith('https:')) refuse('Secure, over http');
      else if (name.startsWith('__Secure-') && !secure) refuse('__Secure- without Secure');
      else if (name.startsWith('__Host-') && (!secure || attributes.has('domain') || attributes.get('path') !== '/')) {
        refuse('__Host- without its conditions');
      } else if (attributes.get('max-age') === '0') this.#cookies.delete(name);
      else this.#cookies.set(name, { name, value, secure });
    }
  }
}

/** The end of the journey: an address that is not on the site. */
export class Arrival {
  constructor(url, answer) {
    this.url = url;
    /** The redirect that led there. */
    this.answer = answer;
  }

  /** The parameters of the address; fails if one is there twice. */
  get parameters() {
    const parameters = {};
    for (const [name, value] of this.url.searchParams) {
      assert.ok(!(name in parameters), `${name} is twice in ${this.url}`);
      parameters[name] = value;
    }
    return parameters;
  }
}

export class Page {
  constructor(url, answer) {
    this.url = url;
    this.answer = answer;
    this.status = answer.status;
    this.html = /^text\/html\b/.test(answer.headers['content-type'] ?? '') ? answer.text : '';
    this.elements = [...elementsOf(this.html)];
    this.#refuseScripts();
    this.forms = formsOf(this.elements);
  }

  /** What a person reads. */
  get text() {
    const visible = this.html.replace(/<!--[\s\S]*?-->|<(style|title)\b[\s\S]*?<\/\1>|<[^>]*>/gi, ' ');
    return decodeEntities(visible).replace(/\s+/g, ' ').trim();
  }

  story(rule) {
    return this.answer.story(rule);
  }

  /** The one form that has a field or a button of this name. */
  form(name) {
    const found = this.forms.filter((form) => form.has(name));
    assert.equal(
      found.length,
      1,
      this.story(`one form with ${name}; there are forms with ${this.forms.map((form) => form.names.join(', ')).join(' | ') || 'nothing'}`),
    );
    return found[0];
  }

  has(name) {
    return this.forms.some((form) => form.has(name));
  }

  /**
   * A sign-in works in a browser that runs no scripts, and nothing on the page can be one. The offer of a passkey may have the one
   * script whose hash is in the policy.
   */
  #refuseScripts() {
    const scripts = [...this.html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text]) => text);
    const mayHave = this.elements.some(({ attributes }) => attributes['data-passkey']) ? 1 : 0;
    assert.ok(scripts.length <= mayHave, this.story('no scripts'));
    for (const script of scripts) {
      const hash = `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
      assert.ok(this.answer.headers['content-security-policy'].endsWith(`; script-src ${hash}`), this.story(hash));
    }
    for (const { name, attributes } of this.elements) {
      assert.ok(name !== 'script' || mayHave, this.story('no scripts'));
      for (const [key, value] of Object.entries(attributes)) {
        assert.ok(!/^on/.test(key), this.story(`no scripts: ${key}`));
        assert.ok(!/^\s*javascript:/i.test(value), this.story(`no scripts: ${key}`));
      }
    }
  }

  /** Fails where `form-action` of this page keeps a browser from going to `url` (CSP 3 §6.4.1). */
  allowsForm(url) {
    const policy = this.answer.headers['content-security-policy'] ?? '';
    const directive = policy
      .split(';')
      .map((part) => part.trim().split(/\s+/))
      .find(([name]) => name.toLowerCase() === 'form-action');
    if (!directive) return;
    const allowed = directive.slice(1).some((source) => {
      if (source === "'self'") return url.origin === this.url.origin;
      if (/^[a-z][a-z0-9+.-]*:$/i.test(source)) return url.protocol === source.toLowerCase();
      const [, scheme, host, port] = /^([a-z][a-z0-9+.-]*):\/\/([^:/]+)(?::(\d+|\*))?$/i.exec(source) ?? [];
      const defaultPort = { 'http:': '80', 'https:': '443' }[url.protocol] ?? '';
      return (
        scheme !== undefined &&
        `${scheme.toLowerCase()}:` === url.protocol &&
        host.toLowerCase() === url.hostname &&
        (port === '*' || (port ?? defaultPort) === (url.port || defaultPort))
      );
    });
    assert.ok(allowed, this.story(`form-action lets a browser go to ${url.protocol}//${url.host}: ${directive.join(' ')}`));
  }
}

export class Form {
  constructor({ method = 'get', action = '', id }) {
    this.method = method.toLowerCase();
    this.action = action;
    this.id = id;
    /** Fields in order: `{name, value, type, checked}`. */
    this.fields = [];
    this.buttons = [];
  }

  get names() {
    return [...new Set([...this.fields, ...this.buttons].map(({ name }) => name))];
  }

  has(name) {
    return this.names.includes(name);
  }

  /** The values that could be chosen for a name: boxes, options, buttons. */
  choices(name) {
    return [...this.fields, ...this.buttons].filter((field) => field.name === name).map((field) => field.value);
  }

  /** What is ticked or filled in at first. */
  chosen(name) {
    return this.fields.filter((field) => field.name === name && isSuccessful(field)).map((field) => field.value);
  }

  /** What a browser would send. */
  entries({ values = {}, button } = {}) {
    const entries = [];
    const done = new Set();
    for (const field of this.fields) {
      if (!(field.name in values)) {
        if (isSuccessful(field)) entries.push([field.name, field.value]);
      } else if (!done.has(field.name)) {
        done.add(field.name);
        for (const value of [values[field.name] ?? []].flat()) entries.push([field.name, value]);
      }
    }
    for (const name of Object.keys(values)) {
      assert.ok(done.has(name) || values[name] === null, `the form has a field ${name}: ${this.names.join(', ')}`);
    }
    if (button) {
      assert.ok(
        this.buttons.some(({ name, value }) => name === button.name && value === button.value),
        `the form has a button ${button.name}=${button.value}: ${this.buttons.map(({ name, value }) => `${name}=${value}`).join(', ')}`,
      );
      entries.push([button.name, button.value]);
    }
    return entries;
  }
}

const isSuccessful = ({ type, checked }) => !['checkbox', 'radio'].includes(type) || checked;

function formsOf(elements) {
  const forms = [];
  let current;
  let select;
  for (const { name, attributes, closing, text } of elements) {
    if (name === 'form') {
      current = closing ? undefined : new Form(attributes);
      if (current) forms.push(current);
      continue;
    }
    if (name === 'select') select = closing ? undefined : attributes;
    if (closing) continue;
    const form = attributes.form === undefined ? current : forms.find(({ id }) => id === attributes.form);
    if (!form) continue;
    const type = (attributes.type ?? (name === 'button' ? 'submit' : 'text')).toLowerCase();
    const disabled = 'disabled' in attributes;
    if (name === 'option' && select?.name) {
      const value = attributes.value ?? text.trim();
      form.fields.push({ name: select.name, value, type: 'radio', checked: 'selected' in attributes });
    } else if (!attributes.name || disabled) continue;
    else if (name === 'button' || (name === 'input' && ['submit', 'image', 'button', 'reset'].includes(type))) {
      if (type === 'submit') form.buttons.push({ name: attributes.name, value: attributes.value ?? '' });
    } else if (name === 'input') {
      const value = attributes.value ?? (['checkbox', 'radio'].includes(type) ? 'on' : '');
      form.fields.push({ name: attributes.name, value, type, checked: 'checked' in attributes });
    } else if (name === 'textarea') form.fields.push({ name: attributes.name, value: text, type, checked: false });
  }
  return forms;
}

/** Tags of a document in order, each with the text up to the next. */
function* elementsOf(html) {
  const tag =
    /<!--[\s\S]*?-->|<(\/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?)*)\s*\/?>([^<]*)/g;
  for (const [, slash, name, inside, text = ''] of html.matchAll(tag)) {
    if (!name) continue;
    const attributes = {};
    for (const [, key, double, single, bare] of (inside ?? '').matchAll(
      /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g,
    )) {
      attributes[key.toLowerCase()] ??= decodeEntities(double ?? single ?? bare ?? '');
    }
    yield { name: name.toLowerCase(), attributes, closing: slash === '/', text: decodeEntities(text) };
  }
}

const NAMED = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

const decodeEntities = (text) =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name) return NAMED[name.toLowerCase()] ?? whole;
    return String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal));
  });
