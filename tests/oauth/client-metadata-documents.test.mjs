// Client ID Metadata Documents (MCP "Client ID Metadata Documents"): the identifier of a client is an https URL, and this
// server reads what is there. A server of this test answers all that the Worker fetches.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startInstances } from '../support/workers/instances.mjs';
import {
  Arrival,
  Browser,
  REDIRECT,
  SIGN_IN,
  asking,
  authorize,
  authorizePath,
  connect,
  isOAuthError,
  isWelcome,
  keepsSecrets,
  redeeming,
  refreshing,
  send,
  tokensOf,
} from '../support/oauth/client.mjs';

/** What the Worker has fetched, and what it answers, by URL without its scheme. */
const asked = [];
const answers = new Map();
const outside = http.createServer((request, response) => {
  const url = `${request.headers.host}${request.url}`;
  asked.push({ url, method: request.method, headers: request.headers });
  const answer = answers.get(url) ?? ((_, gone) => gone.writeHead(502).end('nobody is there'));
  answer(request, response);
});

/** @type {Awaited<ReturnType<typeof startInstances>>} */
let runtime;
let site;
before(async () => {
  await new Promise((resolve) => outside.listen(0, '127.0.0.1', resolve));
  runtime = await startInstances({ count: 1, vars: SIGN_IN, outbound: outside.address().port });
  [site] = runtime.instances;
});
after(async () => {
  await runtime?.stop();
  outside.closeAllConnections();
  outside.close();
});
beforeEach(() => {
  asked.length = 0;
  answers.clear();
});
// Past every cache, and codes that nobody redeems are gone.
afterEach(() => site.passes(3 * 24 * 3600));

let number = 0;
/** A client of its own for each test, so that none meets the cache of another. */
const newId = () => `https://client-${(number += 1)}.example/oauth/client.json`;
const documentOf = (id, change = {}) => ({
  client_id: id,
  client_name: 'A published client',
  redirect_uris: [REDIRECT, 'https://app.example/cb'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
  ...change,
});
const place = (id, answer) => answers.set(id.replace('https://', ''), answer);
const publish = (id, document = documentOf(id), { status = 200, headers = {} } = {}) =>
  place(id, (_, response) => {
    const body = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length, ...headers }).end(body);
  });
const clientOf = (id) => ({ client_id: id, redirect_uris: [REDIRECT] });
const open = (id, parameters) => new Browser(site).open(authorizePath(asking(clientOf(id), parameters)));
const fetches = (id) => asked.filter(({ url }) => url === id.replace('https://', '')).length;

const isUnknown = (page, rule) => {
  assert.ok(!(page instanceof Arrival), `${rule}: no redirect: ${page.url}`);
  page.answer.hasStatus(400, rule).hasHeader('location', undefined, rule);
};

// MCP "Client ID Metadata Documents", "Client Registration"
describe('a client that is described by a document', () => {
  test('a client that is described by a document goes the whole way without a registration', async () => {
    const id = newId();
    publish(id);
    const kept = Object.keys(await runtime.kv());
    const { client, tokens } = await connect(site, { client: clientOf(id) });
    await isWelcome(site, tokens.access_token);
    assert.equal(fetches(id), 1, 'one fetch');
    const [{ method, headers }] = asked;
    assert.equal(method, 'GET');
    assert.match(headers.accept ?? '', /application\/json/, 'what is asked for');
    for (const name of ['cookie', 'authorization', 'referer', 'origin']) assert.ok(!(name in headers), `no ${name}`);
    publish(id, 'gone', { status: 500 });
    await site.passes(7200);
    tokensOf(await send(site, refreshing(client, tokens)), 'a token request needs no document');
    const written = Object.keys(await runtime.kv()).filter((key) => !kept.includes(key));
    assert.equal(written.length, 1, `connecting by a document writes its record to KV, and nothing else: ${written}`);
  });

  // MCP "Trust Policies"
  test('a client that is described by a document is shown with the host that vouches for it', async () => {
    const id = newId();
    publish(id, documentOf(id, { client_name: 'Vouched for' }));
    const page = await open(id);
    assert.ok(page.text.includes(new URL(id).host), page.story('who has published it'));
    assert.ok(page.text.includes('Vouched for'), page.story('its name'));
    assert.ok(page.text.includes('127.0.0.1'), page.story('where the code goes'));
  });

  test('a client that is described by a document may be sent only where its document says', async () => {
    const id = newId();
    publish(id);
    isUnknown(await open(id, { redirect_uri: 'https://evil.example/cb' }), 'RFC 6749 §3.1.2.3');
    for (const redirect of ['https://app.example/cb', 'http://127.0.0.1:5/callback']) {
      const page = await open(id, { redirect_uri: redirect });
      assert.ok(page.has?.('decision'), `${redirect}: ${page.url}`);
    }
  });

  test('a client that is described by a document may say members that this server does not know, and list redirect URIs that are not acceptable here', async () => {
    const id = newId();
    publish(
      id,
      documentOf(id, {
        logo_uri: 'https://x.example/l.png',
        jwks_uri: null,
        redirect_uris: ['weird://x', 'http://x.example/', REDIRECT],
        x: { y: [null] },
      }),
      {
        headers: { 'content-type': 'application/manifest+json; charset=utf-8' },
      },
    );
    assert.ok((await open(id)).has('decision'), 'what is acceptable is used');
  });

  test('a client that is described by a document may prefer signed assertions if it can do without', async () => {
    const id = newId();
    publish(
      id,
      documentOf(id, { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'] }),
    );
    assert.ok((await open(id)).has('decision'), 'ChatGPT');
  });
});

// MCP "Client ID Metadata Document Security"
describe('a document is refused', () => {
  for (const [what, document] of [
    ['that describes another client', (id) => documentOf(`${id}x`)],
    ['that names itself with a slash more', (id) => documentOf(id.replace('client.json', '/client.json'))],
    ['without client_id', (id) => documentOf(id, { client_id: undefined })],
    ['without a name', (id) => documentOf(id, { client_name: undefined })],
    ['without redirect URIs', (id) => documentOf(id, { redirect_uris: [] })],
    ['with no acceptable redirect URI', (id) => documentOf(id, { redirect_uris: ['http://evil.example/', 'javascript:alert(1)'] })],
    ['with a secret', (id) => documentOf(id, { client_secret: 'everybody-can-read-this' })],
    ['with a method that needs a secret', (id) => documentOf(id, { token_endpoint_auth_method: 'client_secret_basic' })],
    ['that can only sign', (id) => documentOf(id, { token_endpoint_auth_method: 'private_key_jwt' })],
    ['for another flow', (id) => documentOf(id, { grant_types: ['client_credentials'] })],
    ['whose redirect URIs are a text', (id) => documentOf(id, { redirect_uris: REDIRECT })],
  ]) {
    test(`a document is refused: ${what}`, async () => {
      const id = newId();
      publish(id, document(id));
      isUnknown(await open(id), 'such a client does not exist');
    });
  }

  for (const status of [404, 410]) {
    test(`a document that was taken away is refused (${status})`, async () => {
      const id = newId();
      publish(id, 'gone', { status });
      isUnknown(await open(id), 'the client is gone');
    });
  }

  test('a document that is longer than 5 KB is refused, with and without its length', async () => {
    const [long, chunked] = [newId(), newId()];
    const body = (id) => JSON.stringify(documentOf(id, { filler: 'x'.repeat(6000) }));
    publish(long, body(long));
    place(chunked, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(body(chunked).slice(0, 3000));
      response.end(body(chunked).slice(3000));
    });
    for (const id of [long, chunked]) {
      const page = await open(id);
      assert.ok(!(page instanceof Arrival) && !page.has('decision'), 'no sign-in');
      page.answer.hasStatus([400, 503], 'MCP: limit the response size');
    }
  });
});

// MCP "Authorization Server Abuse Protection"
describe('an identifier is never fetched', () => {
  for (const [what, id] of [
    ['http', 'http://client.example/c.json'],
    ['an IPv4 address', 'https://93.184.216.34/c.json'],
    ['this machine', 'https://127.0.0.1/c.json'],
    ['this machine, in IPv6', 'https://[::1]/c.json'],
    ['this machine, mapped', 'https://[::ffff:127.0.0.1]/c.json'],
    ['a private address', 'https://10.0.0.1/c.json'],
    ['the metadata service of a cloud', 'https://169.254.169.254/latest/meta-data'],
    ['an address as one number', 'https://2130706433/c.json'],
    ['an address in hexadecimal', 'https://0x7f.0.0.1/c.json'],
    ['a short address', 'https://127.1/c.json'],
    ['localhost', 'https://localhost/c.json'],
    ['a name below localhost', 'https://x.localhost/c.json'],
    ['a name with one label', 'https://intranet/c.json'],
    ['an internal name', 'https://metadata.google.internal/c.json'],
    ['a local name', 'https://printer.local/c.json'],
    ['a name with a dot at its end', 'https://localhost./c.json'],
    ['this server', 'https://mcp.example.com/c.json'],
    ['another port', 'https://client.example:8443/c.json'],
    ['userinfo', 'https://user@client.example/c.json'],
    ['no path', 'https://client.example'],
    ['only a slash', 'https://client.example/'],
    ['dot segments', 'https://client.example/a/../c.json'],
    ['encoded dot segments', 'https://client.example/a/%2e%2e/c.json'],
    ['a fragment', 'https://client.example/c.json#x'],
    ['a host in capitals', 'https://CLIENT.example/c.json'],
    ['a scheme in capitals', 'HTTPS://client.example/c.json'],
    ['another scheme', 'ftp://client.example/c.json'],
    ['a backslash', 'https://client.example\\@127.0.0.1/c.json'],
    ['a space', 'https://client.example/c json'],
  ]) {
    test(`an identifier that is ${what} is never fetched`, async () => {
      isUnknown(await open(id), 'MCP "Client ID Metadata Documents", SSRF');
      assert.deepEqual(asked, [], 'nothing was fetched');
    });
  }

  test('an identifier at another server like this one is never fetched: between two of them a request would go in circles', async () => {
    const [first, second] = [newId(), newId()];
    publish(first);
    publish(second);
    const path = (id) => authorizePath(asking(clientOf(id)));
    (await send(site, { path: path(first) })).hasStatus(200, 'a browser is shown the consent page');
    const headers = { 'user-agent': asked[0].headers['user-agent'] };
    assert.ok(headers['user-agent'], 'the Worker says who it is');
    (await send(site, { path: path(second), headers })).hasStatus(400, 'who calls itself so is no browser');
    assert.equal(asked.length, 1, 'nothing more was fetched');
  });

  test('an identifier is never fetched at the token endpoint', async () => {
    const id = newId();
    publish(id);
    isOAuthError(
      await send(site, redeeming(clientOf(id), { code: 'x', verifier: 'v'.repeat(43) })),
      400,
      'invalid_grant',
      'a code names its client',
    );
    assert.deepEqual(asked, [], 'nothing was fetched');
  });
});

describe('when the host of a document does not answer well', () => {
  const isUnavailable = (page, rule) => {
    assert.ok(!(page instanceof Arrival), `${rule}: no redirect: ${page.url}`);
    page.answer.hasStatus(503, `${rule}: an outage is never an unknown client`).hasHeader('retry-after', /^\d+$/, rule);
  };

  for (const [what, answer] of [
    ['an error', (_, response) => response.writeHead(500).end('no')],
    ['a challenge page with 403', (_, response) => response.writeHead(403, { 'content-type': 'text/html' }).end('<html>are you a robot')],
    ['a page with 200', (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>hello')],
    ['a page labelled as JSON', (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('<html>hello')],
    ['nothing', (request) => request.socket.destroy()],
  ]) {
    test(`when the host of a document does not answer well, ${what}, sign-in waits for better times`, async () => {
      const id = newId();
      place(id, answer);
      isUnavailable(await open(id), what);
    });
  }

  for (const status of [301, 302, 303, 307, 308]) {
    test(`when the host of a document does not answer well, a redirect (${status}) is not followed`, async () => {
      const id = newId();
      const elsewhere = 'https://elsewhere.example/client.json';
      publish(elsewhere, documentOf(id));
      publish(id, '', { status, headers: { location: elsewhere } });
      const page = await open(id);
      assert.ok(!(page instanceof Arrival) && !page.has('decision'), 'MCP: no redirects');
      page.answer.hasStatus([400, 503], 'MCP: no redirects');
      assert.equal(fetches(elsewhere), 0, 'it was not asked');
    });
  }

  test('when the host of a document does not answer well, a host that hangs is given up after a few seconds', async () => {
    const [silent, dripping] = [newId(), newId()];
    place(silent, () => {});
    place(dripping, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 300);
      response.on('close', () => clearInterval(drip));
    });
    const begun = performance.now();
    const pages = await Promise.all([silent, dripping].map((id) => open(id)));
    const seconds = (performance.now() - begun) / 1000;
    for (const page of pages) isUnavailable(page, 'a limit of five seconds');
    assert.ok(seconds < 9, `after ${seconds.toFixed(1)} s`);
  });

  /** Answers with a head and then, every `pause` milliseconds, with `chunk`, until the other side hangs up. */
  function endless(id, { chunk, pause, headers = {} }) {
    const told = { bytes: 0 };
    told.over = new Promise((resolve) => {
      place(id, (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', ...headers });
        const more = () => void (response.destroyed || ((told.bytes += chunk.length), response.write(chunk)));
        const drip = setInterval(more, pause);
        more();
        response.on('close', () => (clearInterval(drip), resolve(performance.now())));
      });
    });
    return told;
  }

  test('when the host of a document does not answer well, a document without an end is cut at 5 KB, at once', async () => {
    const id = newId();
    const told = endless(id, { chunk: Buffer.from(' '.repeat(1024)), pause: 20 });
    const begun = performance.now();
    isUnknown(await open(id), 'draft §6.6: longer than a document may be');
    assert.ok(performance.now() - begun < 3000, 'not only after the time limit');
    assert.ok((await told.over) - begun < 3000, 'the connection is closed');
    assert.ok(told.bytes < 256 * 1024, `nobody reads on: ${told.bytes} bytes were sent`);
  });

  test('when the host of a document does not answer well, a document that never gets long enough is cut after five seconds', async () => {
    const id = newId();
    const told = endless(id, { chunk: Buffer.from(' '), pause: 250 });
    const begun = performance.now();
    isUnavailable(await open(id), 'a limit of five seconds for head and body together');
    const seconds = ((await told.over) - begun) / 1000;
    assert.ok(seconds > 4 && seconds < 8, `the connection is closed after ${seconds.toFixed(1)} s`);
  });

  test('when the host of a document does not answer well, a small body that becomes a large document is cut, too', async () => {
    const id = newId();
    const bomb = gzipSync(JSON.stringify(documentOf(id, { filler: 'x'.repeat(8 * 1024 * 1024) })));
    place(id, (_, response) =>
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip', 'transfer-encoding': 'chunked' }).end(bomb),
    );
    const page = await open(id);
    assert.ok(!(page instanceof Arrival) && !page.has('decision'), 'no sign-in');
    page.answer.hasStatus([400, 503], 'the limit is that of the text');
  });

  test('when the host of a document does not answer well, the built-in copy of a well-known client serves', async () => {
    for (const [id, redirect] of [
      ['https://claude.ai/oauth/mcp-oauth-client-metadata', 'https://claude.ai/api/mcp/auth_callback'],
      ['https://claude.ai/oauth/claude-code-client-metadata', 'http://localhost:53682/callback'],
      ['https://chatgpt.com/oauth/client.json', 'https://chatgpt.com/connector_platform_oauth_redirect'],
      ['https://vscode.dev/oauth/client-metadata.json', 'http://127.0.0.1:33418/'],
    ]) {
      place(id, (_, response) => response.writeHead(403, { 'content-type': 'text/html' }).end('<html>are you a robot'));
      const { tokens } = await connect(site, { client: { client_id: id, redirect_uris: [redirect] } });
      await isWelcome(site, tokens.access_token);
      assert.equal(fetches(id) >= 1, true, 'the document itself was asked for first');
      isUnknown(await open(id, { redirect_uri: 'https://evil.example/cb' }), 'only where the copy says');
    }
  });
});

// MCP "Authorization Server Abuse Protection"
describe('how often documents are fetched', () => {
  /** Fetches that one network may cause in a minute, and that one host is asked for. */
  const MOST = 20;
  const asks = (id, network, parameters) =>
    send(site, { path: authorizePath(asking(clientOf(id), parameters)), headers: { 'cf-connecting-ip': network } });
  const isRefused = (answer, rule) => answer.hasStatus(429, rule).hasHeader('retry-after', /^\d+$/, rule);

  test('how often documents are fetched is limited for each network, and never concerns what is kept or built in', async () => {
    const kept = newId();
    publish(kept);
    (await asks(kept, '203.0.113.7')).hasStatus(200, 'the first');
    for (let turn = 1; turn < MOST; turn += 1) {
      const id = newId();
      publish(id);
      (await asks(id, `203.0.113.${turn}`)).hasStatus(200, 'so many are fine');
    }
    asked.length = 0;
    for (let turn = 0; turn < 100; turn += 1) {
      const id = newId();
      publish(id);
      isRefused(await asks(id, '203.0.113.7'), 'one more');
    }
    assert.deepEqual(asked, [], 'nobody was asked');
    (await asks(kept, '203.0.113.7')).hasStatus(200, 'what is kept serves');
    const builtIn = { client_id: 'https://claude.ai/oauth/mcp-oauth-client-metadata', redirect_uri: 'https://claude.ai/api/mcp/auth_callback' };
    const shown = await asks(builtIn.client_id, '203.0.113.7', builtIn);
    shown.hasStatus(200, 'what is built in serves');
    const other = newId();
    publish(other);
    (await asks(other, '198.51.100.1')).hasStatus(200, 'another network');
  });

  test('how often documents are fetched is limited for each host, whoever causes it', async () => {
    const at = (path) => `https://victim.example/${path}`;
    for (let turn = 0; turn < MOST; turn += 1) {
      publish(at(turn));
      (await asks(at(turn), `203.0.${turn}.1`)).hasStatus(200, 'so many are fine');
    }
    publish(at('more'));
    isRefused(await asks(at('more'), '203.0.99.1'), 'one more');
    assert.equal(fetches(at('more')), 0);
    (await asks(at(MOST - 1), '203.0.98.1')).hasStatus(200, 'what is kept serves');
  });

  test('a failure is remembered for a moment', async () => {
    for (const [status, shown] of [[404, 400], [500, 503]]) {
      const id = newId();
      publish(id, 'nothing', { status });
      for (let turn = 0; turn < 5; turn += 1) (await asks(id, '203.0.113.7')).hasStatus(shown);
      assert.equal(fetches(id), 1, `${status}: asked once`);
      await site.passes(16);
      publish(id);
      (await asks(id, '203.0.113.7')).hasStatus(200, `${status}: a moment later it is asked again`);
    }
  });
});

describe('a document is kept', () => {
  test('a document is kept as long as its host says, and not longer', async () => {
    const id = newId();
    publish(id, documentOf(id), { headers: { 'cache-control': 'max-age=300' } });
    for (let turn = 0; turn < 3; turn += 1) assert.ok((await open(id)).has('decision'));
    assert.equal(fetches(id), 1, 'within five minutes: once');
    publish(id, documentOf(id, { redirect_uris: ['https://new.example/cb'] }));
    await site.passes(301);
    isUnknown(await open(id), 'the new document counts');
    assert.equal(fetches(id), 2, 'after five minutes: again');
    assert.ok((await open(id, { redirect_uri: 'https://new.example/cb' })).has('decision'));
  });

  test('a document is kept for a day when its host is down', async () => {
    const id = newId();
    publish(id, documentOf(id), { headers: { 'cache-control': 'max-age=60' } });
    assert.ok((await open(id)).has('decision'));
    publish(id, 'down', { status: 500 });
    await site.passes(20 * 3600);
    assert.ok((await open(id)).has('decision'), 'RFC 5861 §4: a vendor may have a bad day');
    await site.passes(10 * 3600);
    (await open(id)).answer.hasStatus(503, 'and not for ever');
  });

  test('a document is not kept if its host says so', async () => {
    const id = newId();
    publish(id, documentOf(id), { headers: { 'cache-control': 'no-store' } });
    await open(id);
    await open(id);
    assert.equal(fetches(id), 2, 'RFC 9111 §5.2.2.5');
  });

  test('an error is never kept as a document', async () => {
    const id = newId();
    publish(id, 'down', { status: 500 });
    (await open(id)).answer.hasStatus(503, 'down');
    publish(id);
    await site.passes(61);
    assert.ok((await open(id)).has('decision'), 'as soon as it is up again');
  });
});

test('a code for one document is not for another', async () => {
  const [one, two] = [newId(), newId()];
  publish(one);
  publish(two);
  const authorization = await authorize(site, clientOf(one));
  isOAuthError(await send(site, redeeming(clientOf(two), authorization)), 400, 'invalid_grant', 'RFC 6749 §4.1.3');
  tokensOf(await send(site, redeeming(clientOf(one), authorization)));
});

test('no secret is in the log', () => keepsSecrets([site]));
