// What a person reads who opens an address in a browser that is none for people: the URL for clients, and what does not exist.
// A program gets what it always got.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instancesForSuite, startInstances } from '../support/workers/instances.mjs';
import { SIGN_IN, isSafePage, send } from '../support/oauth/client.mjs';

const [site] = instancesForSuite({ count: 1, vars: SIGN_IN }).instances;
const BROWSER = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};
const open = (path, headers = BROWSER, method = 'GET') => send(site, { method, path, headers });

describe('a browser', () => {
  for (const [path, url] of [
    ['/mcp', '/mcp'],
    ['/mcp/', '/mcp'],
    ['/private/mcp', '/private/mcp'],
  ]) {
    test(`a browser that opens ${path} reads what this is and where to paste it`, async () => {
      const answer = await open(path);
      answer.hasStatus(200, 'a page').hasHeader('vary', /accept/i, 'others get something else');
      isSafePage(answer, 'the page of the URL for clients');
      assert.match(answer.text, /<h1><bdi>Notes<\/bdi>|<h1>This address is for AI apps<\/h1>/);
      assert.ok(answer.text.includes(`<code>${site.origin}${url}</code>`), answer.text);
      assert.ok(answer.text.includes('<a class="button primary" href="/">'), 'the way on');
    });
  }

  for (const path of ['/nothing', '/mcp/x', '/sse', '/favicon.gif']) {
    test(`a browser that opens ${path}, which does not exist, reads where the connector is`, async () => {
      const answer = await open(path);
      answer.hasStatus(404, 'it says so');
      isSafePage(answer, 'the page of an unknown address');
      assert.ok(answer.text.includes(`<code>${site.origin}/mcp</code>`), answer.text);
      assert.ok(!answer.text.includes('nothing</'), 'it repeats nothing of the address');
    });
  }
});

describe('over plain http', () => {
  const WITHOUT_TLS = { host: 'other.example.org', 'x-forwarded-proto': 'http' };
  const PATHS = ['/', '/authorize?client_id=x', '/account', '/account/connect/x', '/.well-known/oauth-authorization-server'];
  const isRefused = (answer, path) => {
    answer.hasStatus(403, path).hasHeader('vary', /accept/i, 'others get something else');
    isSafePage(answer, path);
    assert.match(answer.text, /<h1>This address works over https only<\/h1>/, path);
    assert.ok(!/other\.example\.org|Notes/.test(answer.text), answer.story(`${path}: the host may be anybody’s`));
  };

  test('a browser reads that a page works over https only, and no link leads to the host that was asked', async () => {
    for (const path of PATHS) {
      const answer = await open(path, { ...BROWSER, ...WITHOUT_TLS });
      isRefused(answer, path);
      assert.doesNotMatch(answer.text, /<a /, answer.story(path));
    }
  });

  test('a browser is led to PUBLIC_URL, where that is set', async () => {
    const public_ = 'https://public.example.com';
    const runtime = await startInstances({ count: 1, vars: { ...SIGN_IN, PUBLIC_URL: public_ } });
    try {
      for (const path of PATHS) {
        const answer = await send(runtime.instances[0], { path, headers: { ...BROWSER, ...WITHOUT_TLS } });
        isRefused(answer, path);
        assert.deepEqual(answer.text.match(/<a [^>]*href="[^"]*"/g), [`<a class="button primary" href="${public_}"`], path);
      }
    } finally {
      await runtime.stop();
    }
  });

  test('a program, and an MCP URL, get JSON as ever', async () => {
    for (const [path, headers] of [...PATHS.map((path) => [path, { accept: '*/*' }]), ['/mcp', BROWSER], ['/private/mcp', BROWSER]]) {
      const answer = await open(path, { ...headers, ...WITHOUT_TLS });
      answer.hasStatus(403, path).hasHeader('content-type', /^application\/json/, path);
    }
  });
});

describe('a program', () => {
  for (const [who, headers] of [
    ['a client of the stream', { accept: 'text/event-stream' }],
    ['a client of both', { accept: 'application/json, text/event-stream' }],
    ['curl', { accept: '*/*' }],
    ['one that likes both alike', { accept: 'text/html, application/json' }],
    ['one that likes HTML less', { accept: 'text/html;q=0.5, */*' }],
    ['one that refuses HTML', { accept: 'text/html;q=0, */*' }],
    ['one without the header', {}],
    ['a script in a page', { ...BROWSER, 'sec-fetch-mode': 'cors' }],
    ['one with a session', { ...BROWSER, 'mcp-session-id': 'x' }],
  ]) {
    test(`a program gets no page: ${who}`, async () => {
      for (const path of ['/mcp', '/nothing']) {
        const answer = await open(path, headers);
        assert.doesNotMatch(answer.headers['content-type'] ?? '', /text\/html/, `${path}: ${answer.status}`);
      }
      (await open('/nothing', headers)).hasStatus(404, 'as ever').hasHeader('content-type', 'application/json', 'as ever');
    });
  }

  test('a program that posts as a browser would gets no page', async () => {
    const answer = await open('/mcp', BROWSER, 'POST');
    assert.doesNotMatch(answer.headers['content-type'] ?? '', /text\/html/, String(answer.status));
  });
});
