// Access keys as a person makes them at /account.

import assert from 'node:assert/strict';
import { Browser, PASSPHRASE, secret } from './client.mjs';
import { formFor } from './forms.mjs';

/** What a key looks like: `docs/security.md` gives this expression to scanners. */
export const KEY_FORM = /\bmck_[0-9A-Za-z]{94}\b/g;

/** Signs in to the account page with the passphrase. */
export async function enterAccount(site, { passphrase = PASSPHRASE, browser = new Browser(site) } = {}) {
  const way = await browser.open('/account');
  const page = await browser.submit(way, way.form('passphrase'), { values: { passphrase } });
  page.answer.hasStatus(200, 'the account page');
  return { browser, page };
}

/** Fills in the form for a key, up to the page that asks for proof. */
export async function askForKey(browser, { name = 'n8n', scopes = ['profile', 'notes:read'], endpoint = 'mcp', days = '30' } = {}) {
  const page = await browser.open('/account');
  const form = formFor(page, 'new-key');
  return browser.submit(page, form, { values: { 'key-name': name, 'key-scope': scopes, endpoint, days } });
}

/** The key on the page that shows it once. */
export function keyOn(page) {
  page.answer.hasStatus(200, 'the page with the key');
  page.answer.hasHeader('cache-control', /\bno-store\b/, 'the key is not kept');
  const keys = new Set(page.text.match(KEY_FORM));
  assert.equal(keys.size, 1, page.story('one key'));
  return secret([...keys][0], 'an access key');
}

/** Proves who it is with the passphrase. */
export const prove = (browser, page, passphrase = PASSPHRASE) =>
  browser.submit(page, page.form('passphrase'), { values: { passphrase } });

/** Makes a key, from the sign-in to the page that shows it. */
export async function makeKey(site, { browser, ...wanted } = {}) {
  browser ??= (await enterAccount(site)).browser;
  const page = await prove(browser, await askForKey(browser, wanted));
  return { key: keyOn(page), page, browser };
}

/** Ends the key with this name at the account page. */
export async function endKey(browser, name) {
  const page = await browser.open('/account');
  return browser.submit(page, formFor(page, 'end-key', 'name', name));
}
