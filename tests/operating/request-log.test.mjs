// What the one who runs a connector sees of it: a line in the log for each request, which names no secret and repeats nothing
// that came from outside, and an id for the request that is also in its answer.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instancesForSuite } from '../support/workers/instances.mjs';
import { eventually } from '../support/eventually.mjs';
import { KEY, calling, initialize, legacy, modern, notification, post, stream } from '../support/mcp/requests.mjs';
import {
  Browser,
  REDIRECT,
  SIGN_IN,
  asking,
  authorizePath,
  bearer,
  call,
  connect,
  form,
  keepsSecrets,
  refreshing,
  register,
  revoking,
  send,
  toLogin,
} from '../support/oauth/client.mjs';

const runtime = instancesForSuite({ count: 1, vars: { ...SIGN_IN, OAUTH_CLIENTS: JSON.stringify([{ client_id: 'the-robot', redirect_uris: [REDIRECT] }]) } });
const [site] = runtime.instances;

/** The lines of a log, as objects. */
const linesOf = (log) =>
  log
    .split('\n')
    .filter((line) => line.startsWith('{"message":'))
    .map((line) => JSON.parse(line));

/** The line of one answer, which comes a moment later. */
const lineOf = (answer, from = site) =>
  eventually(
    async () => linesOf(from.log()).filter((line) => line.request_id === answer.headers['x-request-id']),
    (lines) => lines.length > 0,
    'each request has its line',
  ).then((lines) => {
    assert.equal(lines.length, 1, 'one line');
    return lines[0];
  });

/** Those members of a line that are the same each time. */
const told = ({ ms, request_id, trace, span, message, ...rest }) => rest;

describe('the line of a request', () => {
  test('what an isolate rehearses while it starts has none', () => {
    assert.deepEqual(linesOf(site.log()), []);
  });

  test('the line of a request says what was asked and what came of it', async () => {
    const rows = [
      [
        legacy('tools/call', calling('echo', { text: 'x' })),
        { http: 'POST', route: '/mcp', status: 200, rpc: 'tools/call', tool: 'echo', version: '2025-11-25', era: 'legacy', outcome: 'ok' },
      ],
      [
        modern('tools/call', calling('echo', { text: 'x' }), { path: '/mcp/' }),
        { http: 'POST', route: '/mcp', status: 200, rpc: 'tools/call', tool: 'echo', version: '2026-07-28', era: 'modern', outcome: 'ok' },
      ],
      [
        legacy('tools/call', calling('echo', {})),
        { http: 'POST', route: '/mcp', status: 200, rpc: 'tools/call', tool: 'echo', version: '2025-11-25', era: 'legacy', outcome: 'tool_error' },
      ],
      [
        modern('tools/call', calling('no_such_tool')),
        { http: 'POST', route: '/mcp', status: 200, rpc: 'tools/call', version: '2026-07-28', era: 'modern', outcome: 'error', code: -32602 },
      ],
      [
        modern('no/such/method'),
        { http: 'POST', route: '/mcp', status: 404, rpc: 'other', version: '2026-07-28', era: 'modern', outcome: 'error', code: -32601 },
      ],
      [
        legacy('tools/call', calling('whoami')),
        {
          http: 'POST',
          route: '/mcp',
          status: 401,
          rpc: 'tools/call',
          tool: 'whoami',
          version: '2025-11-25',
          era: 'legacy',
          outcome: 'sign_in',
          reason: 'invalid_token',
        },
      ],
      [initialize('2025-06-18'), { http: 'POST', route: '/mcp', status: 200, rpc: 'initialize', version: '2025-06-18', era: 'legacy', outcome: 'ok' }],
      [
        notification('notifications/initialized'),
        { http: 'POST', route: '/mcp', status: 202, rpc: 'notifications/initialized', version: '2025-11-25', era: 'legacy', outcome: 'ok' },
      ],
      [post('{"no json'), { http: 'POST', route: '/mcp', status: 400, outcome: 'error', code: -32700 }],
      [post('[]'), { http: 'POST', route: '/mcp', status: 400, outcome: 'error', code: -32600 }],
      [{ path: '/' }, { http: 'GET', route: '/', status: 200, outcome: 'ok' }],
      [
        { path: '/.well-known/oauth-protected-resource/mcp' },
        { http: 'GET', route: '/.well-known/oauth-protected-resource/mcp', status: 200, outcome: 'ok' },
      ],
      [form('/token', { grant_type: 'refresh_token' }), { http: 'POST', route: '/token', status: 401, outcome: 'sign_in', reason: 'invalid_client' }],
    ];
    for (const [asked, expected] of rows) {
      const answer = await send(site, asked);
      const line = await lineOf(answer);
      const reason = expected.reason === undefined ? {} : { reason: line.reason };
      assert.deepEqual(told(line), { ...expected, ...reason }, answer.story('its line'));
      if (expected.reason) assert.ok(line.reason.startsWith(expected.reason), `${line.reason}: why`);
      assert.ok(Number.isInteger(line.ms) && line.ms >= 0 && line.ms < 20_000, `${line.ms} ms`);
      assert.match(line.trace, /^[0-9a-f]{32}$/);
      assert.match(line.span, /^[0-9a-f]{16}$/);
    }
  });

  test('the line of a request names the client: its host, its name, or the end of its registration', async () => {
    for (const [client, name] of [
      [undefined, (id) => `registered:${id.slice(-8)}`],
      [{ client_id: 'the-robot', redirect_uris: [REDIRECT] }, () => 'the-robot'],
    ]) {
      const { client: used, tokens } = await connect(site, { client });
      const answer = await call(site, tokens.access_token);
      assert.equal((await lineOf(answer)).client, name(used.client_id));
      const renewed = await send(site, refreshing(used, tokens));
      renewed.hasStatus(200, 'a refresh');
      assert.equal((await lineOf(renewed)).client, name(used.client_id), 'at the token endpoint too');
    }
  });

  test('the line of a request says nothing of a client that is none', async () => {
    const answer = await send(site, form('/token', { grant_type: 'refresh_token', client_id: 'made-up-client', refresh_token: 'x' }));
    const line = await lineOf(answer);
    assert.equal(line.client, undefined);
    assert.equal(line.status, 401);
  });

  test('the line of a request says why a sign-in did not go on', async () => {
    const client = await register(site);
    const browser = new Browser(site);
    const login = await toLogin(browser, authorizePath(asking(client)));
    const page = await browser.submit(login, login.form('passphrase'), { values: { passphrase: 'wrong-and-secret-words' } });
    const line = await lineOf(page.answer);
    assert.deepEqual([line.route, line.status, line.reason], ['/authorize/login', 403, 'wrong passphrase']);
    assert.doesNotMatch(site.log(), /wrong-and-secret-words/);
  });

  test('the line of a request of a stream comes at its end, with what came of it', async () => {
    const asked = legacy('tools/call', calling('echo', { text: 'x' }), { headers: { accept: 'text/event-stream' } });
    const events = await stream(site, asked);
    for await (const _ of events.events);
    const line = await lineOf(events);
    assert.deepEqual([line.status, line.tool, line.outcome], [200, 'echo', 'ok']);
  });
});

describe('nothing that came from outside is repeated', () => {
  const PROBE = 'zebra-crossing-7391';
  test('wherever it was put', async () => {
    const asks = [
      { path: `/${PROBE}` },
      { path: `/mcp/${PROBE}?x=${PROBE}` },
      { path: `/.well-known/oauth-authorization-server/${PROBE}` },
      { path: '/', headers: { 'user-agent': PROBE, referer: `https://${PROBE}.example/`, cookie: `a=${PROBE}` } },
      { path: '/', headers: { 'cf-ray': PROBE, traceparent: PROBE, tracestate: `a=${PROBE}`, baggage: `b=${PROBE}` } },
      { path: '/', method: PROBE.toUpperCase().replaceAll('-', '') },
      legacy(PROBE, { [PROBE]: PROBE }),
      legacy('tools/call', calling(PROBE, { text: PROBE })),
      legacy('tools/call', calling('echo', { text: PROBE })),
      legacy('prompts/get', { name: PROBE }),
      legacy('resources/read', { uri: `note://${PROBE}` }),
      legacy('ping', {}, { version: PROBE }),
      legacy('ping', {}, { id: PROBE }),
      modern('tools/call', calling('echo', { text: PROBE }), {
        meta: { [KEY.clientInfo]: { name: PROBE, version: PROBE }, tracestate: `a=${PROBE}`, baggage: `b=${PROBE}`, traceparent: PROBE },
      }),
      { ...initialize('2025-11-25'), body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: PROBE, clientInfo: { name: PROBE } } }) },
      post(`{"${PROBE}`),
      legacy('tools/call', calling('echo', { text: 'x' }), { headers: { authorization: `Bearer ${PROBE}` } }),
      form('/token', { grant_type: PROBE, client_id: PROBE, code: PROBE }),
      form('/revoke', { token: PROBE, client_id: PROBE }),
      { path: `/authorize?client_id=${PROBE}&redirect_uri=https://${PROBE}.example/&state=${PROBE}` },
      { path: `/authorize/callback?state=${PROBE}&code=${PROBE}&iss=${PROBE}` },
    ];
    const answers = [];
    for (const asked of asks) answers.push(await send(site, asked).catch((error) => error));
    // The runtime itself refuses a method that HTTP does not have.
    const named = answers.filter(({ headers }) => headers?.['x-request-id']);
    assert.ok(named.length >= asks.length - 1, 'they were answered');
    for (const answer of named) await lineOf(answer);
    assert.doesNotMatch(site.log(), /zebra/i);
  });
});

describe('the name of a request', () => {
  test('the name of a request is another each time, and is in every answer', async () => {
    const seen = new Set();
    for (const asked of [
      { path: '/' },
      { path: '/nowhere' },
      { path: '/mcp', method: 'OPTIONS', headers: { origin: 'https://claude.ai', 'access-control-request-method': 'POST' } },
      { path: '/.well-known/jwks.json' },
      { path: '/authorize' },
      legacy('ping'),
      legacy('tools/call', calling('whoami')),
      form('/token', {}),
    ]) {
      const answer = await send(site, asked);
      answer.hasHeader('x-request-id', /^[0-9a-f]{16}$/, 'the name');
      seen.add(answer.headers['x-request-id']);
    }
    assert.equal(seen.size, 8);
  });

  test('the name of a request is the Ray ID where Cloudflare gave one, and nothing that only claims to be one', async () => {
    const named = async (ray) => (await send(site, { path: '/', headers: { 'cf-ray': ray } })).headers['x-request-id'];
    assert.equal(await named('8f3a2b1c4d5e6f70-FRA'), '8f3a2b1c4d5e6f70-FRA');
    for (const ray of ['8f3a2b1c4d5e6f70-fra', 'x', `${'a'.repeat(16)}-LONGER`, '"}', '8F3A2B1C4D5E6F70']) {
      assert.match(await named(ray), /^[0-9a-f]{16}$/, ray);
    }
  });

  test('the name of a request is in errors that programs read', async () => {
    for (const asked of [
      form('/token', {}),
      { path: '/nowhere' },
      legacy('tools/call', calling('whoami')),
      { ...legacy('ping'), path: '/private/mcp' },
      { path: '/register', method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' },
    ]) {
      const answer = await send(site, asked);
      assert.equal(answer.json().request_id, answer.headers['x-request-id'], answer.story('the same name'));
    }
  });

  test('the name of a request is on the page that tells a person that it did not work', async () => {
    const page = await new Browser(site).open('/authorize?client_id=nobody');
    assert.ok(page.text.includes(page.answer.headers['x-request-id']), page.story('the name, for the owner'));
  });

  test('the name of a request may be read by a web page that calls', async () => {
    const answer = await send(site, legacy('ping', {}, { headers: { origin: 'https://claude.ai' } }));
    answer.hasHeader('access-control-expose-headers', /\bx-request-id\b/, 'Fetch, CORS');
  });
});

describe('an answer that is the same each time', () => {
  const METADATA = '/.well-known/oauth-protected-resource/mcp';
  const unsigned = { ...legacy('ping'), path: '/private/mcp' };
  const same = [{ path: METADATA }, { path: METADATA, method: 'HEAD' }, { path: '/.well-known/oauth-authorization-server' }, { path: '/.well-known/jwks.json' }, unsigned];
  /** The headers of an answer without those of the connection. */
  const headers = ({ headers: { date, connection, 'keep-alive': _, ...rest } }) => rest;

  test('an answer that is the same each time has an id and a line of its own each time', async () => {
    const seen = new Set();
    for (const asked of same) {
      const answers = [];
      for (let times = 0; times < 4; times += 1) answers.push(await send(site, asked));
      const [first] = answers;
      const firstLine = await lineOf(first);
      for (const answer of answers) {
        const id = answer.headers['x-request-id'];
        assert.equal(answer.status, first.status, answer.story('the same status'));
        assert.deepEqual({ ...headers(answer), 'x-request-id': '' }, { ...headers(first), 'x-request-id': '' }, answer.story('the same headers'));
        assert.equal(answer.text.replaceAll(id, ''), first.text.replaceAll(first.headers['x-request-id'], ''), answer.story('the same body'));
        if (answer.status === 401) assert.equal(answer.json().request_id, id, answer.story('the id in its error'));
        const line = await lineOf(answer);
        assert.deepEqual(told(line), told(firstLine));
        assert.deepEqual([line.message, Object.keys(line)], [firstLine.message, Object.keys(firstLine)], 'every member, in the same order');
        assert.match(`${line.request_id} ${line.trace} ${line.span}`, /^[0-9a-f]{16} [0-9a-f]{32} [0-9a-f]{16}$/);
        seen.add(id).add(line.trace);
      }
    }
    assert.equal(seen.size, 2 * 4 * same.length);
  });

  test('an answer that is the same each time has the Ray ID where Cloudflare gave one, and nothing that only claims to be one', async () => {
    for (const asked of same) {
      const named = async (ray) => (await send(site, { ...asked, headers: { ...asked.headers, 'cf-ray': ray } })).headers['x-request-id'];
      assert.equal(await named('8f3a2b1c4d5e6f71-FRA'), '8f3a2b1c4d5e6f71-FRA');
      for (const ray of ['8f3a2b1c4d5e6f70-fra', 'x', `${'a'.repeat(16)}-LONGER`, '8F3A2B1C4D5E6F70']) assert.match(await named(ray), /^[0-9a-f]{16}$/, ray);
    }
  });

  test('an answer that is the same each time is not given to a request that asks for another', async () => {
    const { tokens } = await connect(site, { scope: 'profile' });
    const authorization = `Bearer ${tokens.access_token}`;
    const trace = '0af7651916cd43dd8448eb211c80319c';
    for (let times = 0; times < 2; times += 1) {
      (await send(site, unsigned)).hasStatus(401, 'without a token');
      const more = (headers) => send(site, { ...unsigned, headers: { ...unsigned.headers, ...headers } });
      (await more({ authorization: 'Bearer x' })).hasStatus(401, 'a bad token').hasHeader('www-authenticate', /error="invalid_token"/, 'RFC 6750 §3.1');
      (await more({ authorization: 'Basic x' })).hasHeader('www-authenticate', /Bearer scheme|error=/, 'another scheme');
      assert.equal((await send(site, { ...unsigned, path: '/mcp' })).status, 200, 'where most is public');
      (await more({ origin: 'https://evil.example' })).hasStatus(403, 'a page of somebody else');
      (await more({ origin: 'https://claude.ai' })).hasHeader('access-control-allow-origin', 'https://claude.ai', 'a page that may call');
      assert.ok(!('access-control-allow-origin' in (await more({})).headers), 'and only that page');
      assert.equal((await lineOf(await more({ traceparent: `00-${trace}-00f067aa0ba902b7-01` }))).trace, trace, 'a request in a trace');
      (await more({ 'x-api-key': 'mck_x' })).hasStatus(401, 'a bad key').hasHeader('www-authenticate', /error="invalid_token"/, 'as any bad token');
      (await send(site, { ...unsigned, path: '/private/mcp', method: 'OPTIONS', body: undefined })).hasStatus(204, 'a preflight');
      const read = (method) => send(site, { path: METADATA, method });
      assert.notEqual((await read('GET')).text, '');
      assert.equal((await read('HEAD')).text, '', 'HEAD has no body');
      (await read('POST')).hasStatus(405, 'a document can only be read');
      (await read('OPTIONS')).hasStatus(204, 'a preflight');
    }
    const here = { ...unsigned, headers: { ...unsigned.headers, authorization } };
    (await send(site, here)).hasStatus(401, 'a token for the other endpoint');
  });
});

describe('a trace (W3C Trace Context)', () => {
  const TRACE = '0af7651916cd43dd8448eb211c80319c';
  const PARENT = '00f067aa0ba902b7';
  const good = `00-${TRACE}-${PARENT}-01`;
  const inHeader = (traceparent) => modern('ping', {}, { headers: { traceparent } });
  const inMeta = (traceparent, header) => modern('tools/list', {}, { meta: { traceparent }, headers: { traceparent: header } });

  test('a trace (W3C Trace Context) is continued from `_meta`, or else from the header', async () => {
    const other = good.replace(TRACE, 'f'.repeat(32));
    for (const asked of [inHeader(good), inMeta(good), inMeta(good, other), inMeta('malformed', good)]) {
      const line = await lineOf(await send(site, asked));
      assert.deepEqual([line.trace, line.parent], [TRACE, PARENT]);
      assert.notEqual(line.span, PARENT, 'the request is a span of its own');
    }
  });

  test('a trace (W3C Trace Context) begins anew where there is none, or a malformed one', async () => {
    const traces = new Set();
    const malformed = [good.toUpperCase(), `${good}-00`, good.replace(TRACE, '0'.repeat(32)), `00-${TRACE}-${PARENT}`, `ff${good.slice(2)}`];
    for (const traceparent of [undefined, '', ...malformed]) {
      for (const asked of [inHeader(traceparent), inMeta(traceparent)]) {
        const answer = await send(site, asked);
        const line = await lineOf(answer);
        assert.match(line.trace, /^(?!0{32})[0-9a-f]{32}$/, `${traceparent}`);
        assert.ok(!('parent' in line) && line.trace !== TRACE, `${traceparent} is not continued`);
        traces.add(line.trace);
      }
    }
    assert.equal(traces.size, 14, 'a trace of its own each time');
  });

  test('a trace (W3C Trace Context) does no harm where it is no text', async () => {
    for (const traceparent of [7, null, {}, [good]]) (await send(site, inMeta(traceparent))).result('malformed values are ignored');
  });
});

describe('LOG', () => {
  test('errors: only what was refused or has failed; off: nothing', async () => {
    try {
      await runtime.restart({ ...SIGN_IN, LOG: 'errors' });
      const begun = linesOf(site.log()).length;
      const good = await send(site, legacy('tools/call', calling('echo', { text: 'x' })));
      const bad = await send(site, legacy('tools/call', calling('echo', {})));
      assert.equal((await lineOf(bad)).outcome, 'tool_error');
      assert.match(good.headers['x-request-id'], /./, 'named all the same');
      assert.equal(linesOf(site.log()).length, begun + 1);
      await runtime.restart({ ...SIGN_IN, LOG: 'off' });
      await send(site, legacy('tools/call', calling('echo', {})));
      await send(site, { path: '/nowhere' });
      assert.equal(linesOf(site.log()).length, begun + 1);
      await runtime.restart({ ...SIGN_IN, LOG: 'none' });
      (await send(site, { path: '/' })).hasStatus(200, 'a value that makes no sense closes the log of requests and nothing else');
      await eventually(() => site.log(), (log) => /configuration: .*\bLOG\b/.test(log), 'the log names the variable');
      assert.equal(linesOf(site.log()).length, begun + 1);
    } finally {
      await runtime.restart();
    }
  });
});

describe('ALLOWED_ADDRESSES', () => {
  const forbidden = 403;
  const fenced = instancesForSuite({ count: 1, vars: { ...SIGN_IN, ALLOWED_ADDRESSES: '160.79.104.0/21 2001:db8::/32' } });
  const [here] = fenced.instances;
  const from = (headers, asked = legacy('ping')) => send(here, { ...asked, headers: { ...asked.headers, ...headers } });

  test('ALLOWED_ADDRESSES lets in who comes from there', async () => {
    for (const address of ['160.79.104.1', '160.79.111.255', '::ffff:160.79.104.1', '2001:db8:1::1']) {
      (await from({ 'cf-connecting-ip': address })).result(address);
    }
  });

  test('ALLOWED_ADDRESSES keeps out who comes from elsewhere, or from nowhere, before anything else', async () => {
    for (const address of ['160.79.112.0', '203.0.113.7', '2001:db9::1', '', 'localhost', '160.79.104.1, 203.0.113.7', '160.79.104.1:443', null]) {
      for (const asked of [
        legacy('ping'),
        { ...legacy('ping'), path: '/private/mcp' },
        legacy('ping', {}, { headers: { authorization: 'Bearer x' } }),
        { path: '/mcp' },
        { path: '/mcp', method: 'OPTIONS', headers: { origin: 'https://claude.ai', 'access-control-request-method': 'POST' } },
        post('{'),
      ]) {
        const answer = await from({ 'cf-connecting-ip': address }, asked);
        const { message } = answer.error(forbidden, -32600, `from ${address}`);
        assert.match(message, /ALLOWED_ADDRESSES/, 'the owner reads what to do');
        assert.ok(!('www-authenticate' in answer.headers), 'signing in would not help');
      }
    }
  });

  test('believes no header that anybody can write', async () => {
    for (const name of ['x-forwarded-for', 'x-real-ip', 'true-client-ip', 'forwarded', 'cf-connecting-ipv6', 'x-client-ip', 'cf-pseudo-ipv4', 'x-cluster-client-ip']) {
      const value = name === 'forwarded' ? 'for=160.79.104.1' : '160.79.104.1';
      (await from({ [name]: value })).error(forbidden, -32600, name);
      (await from({ [name]: value, 'cf-connecting-ip': '203.0.113.7' })).error(forbidden, -32600, name);
    }
  });

  test('ALLOWED_ADDRESSES holds for the connector and not for the person who signs in', async () => {
    for (const path of ['/', '/.well-known/oauth-protected-resource', '/.well-known/oauth-authorization-server']) {
      (await from({ 'cf-connecting-ip': '203.0.113.7' }, { path })).hasStatus(200, path);
    }
    const { tokens } = await connect(here);
    (await call(here, tokens.access_token)).error(forbidden, -32600, 'a good token is no way around it');
    (await call(here, tokens.access_token, 'whoami', {}, { headers: { 'cf-connecting-ip': '160.79.104.1' } })).result('from there it is good');
  });
});

describe('a limit of calls', () => {
  const limited = instancesForSuite({ count: 1, vars: SIGN_IN, callLimit: 3, metrics: true });
  const [here] = limited.instances;
  const anonymous = (address, asked = legacy('tools/call', calling('echo', { text: 'x' }))) =>
    send(here, { ...asked, headers: { ...asked.headers, 'cf-connecting-ip': address } });
  const isTooMany = (answer, rule) => {
    answer.error(429, -32600, rule);
    answer.hasHeader('retry-after', /^\d+$/, 'RFC 6585 §4');
  };

  /** The binding is asked about none of the first calls of a minute. */
  const UNASKED = 60;
  const asksTheBinding = () => here.log().split('\n').filter((line) => line.startsWith('[limit] ')).length;

  test('a limit of calls asks the binding only beyond what is usual', async () => {
    for (let turn = 0; turn < UNASKED; turn += 1) (await anonymous('192.0.2.1')).result('a usual one');
    assert.equal(asksTheBinding(), 0);
    (await anonymous('192.0.2.1')).result('one more');
    await eventually(asksTheBinding, (asked) => asked === 1, 'the first beyond the usual ones');
    await limited.passes(60);
    (await anonymous('192.0.2.1')).result('the next minute');
    assert.equal(asksTheBinding(), 1);
  });

  test('a limit of calls counts anonymous clients by their network', async () => {
    for (let turn = 0; turn < UNASKED + 3; turn += 1) (await anonymous('203.0.113.7')).result('so many are fine');
    isTooMany(await anonymous('203.0.113.7'), 'one too many');
    isTooMany(await anonymous('203.0.113.99'), 'the same network');
    (await anonymous('198.51.100.1')).result('another network');
    assert.equal((await lineOf(await anonymous('203.0.113.7'), here)).outcome, 'too_many');
  });

  test('a limit of calls counts each request of a batch', async () => {
    const batch = (count) => post(Array.from({ length: count }, (_, id) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: calling('echo', { text: 'x' }) })), { headers: { 'mcp-protocol-version': '2025-03-26' } });
    assert.equal((await anonymous('203.0.114.7', batch(50))).hasStatus(200, 'MCP "Batching"').json().length, 50);
    assert.equal((await anonymous('203.0.114.7', batch(UNASKED + 3 - 50))).hasStatus(200, 'the last that is fine').json().length, 13);
    isTooMany(await anonymous('203.0.114.7'), 'one too many');
    (await anonymous('198.51.101.1', batch(20))).hasStatus(200, 'fewer than are fine');
    isTooMany(await anonymous('198.51.101.1', batch(50)), 'a batch that goes beyond');
  });

  test('a limit of calls counts a request whose credential is refused, by its network', async () => {
    for (const [name, address, headers] of [
      ['a token that is none', '203.0.117.7', bearer('x')],
      ['a key that is none', '203.0.118.7', { 'x-api-key': 'mck_' }],
      ['a header of another scheme', '203.0.119.7', { authorization: 'Basic eDp4' }],
    ]) {
      const refused = () => anonymous(address, legacy('tools/call', calling('whoami'), { headers }));
      for (let turn = 0; turn < UNASKED + 3; turn += 1) (await refused()).hasStatus(401, name);
      isTooMany(await refused(), name);
      isTooMany(await anonymous(address), `${name}: all requests of the network have one count`);
    }
  });

  test('a limit of calls counts each response and each notification of a batch, because each can wake an object', async () => {
    const version = { 'mcp-protocol-version': '2025-03-26' };
    const cancellation = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
    for (const [name, address, message] of [
      ['notifications', '203.0.115.7', cancellation],
      ['responses', '203.0.116.7', { jsonrpc: '2.0', id: 'a', result: {} }],
    ]) {
      const batch = (count) => post(Array.from({ length: count }, () => message), { headers: version });
      (await anonymous(address, batch(50))).hasStatus(202, name);
      (await anonymous(address, batch(UNASKED + 3 - 50))).hasStatus(202, `the last ${name} that are fine`);
      isTooMany(await anonymous(address, batch(1)), `one of the ${name} too many`);
    }
  });

  test('a limit of calls counts who has signed in by person and client, wherever they call from', async () => {
    const [one, other] = [await connect(here), await connect(here)];
    const called = ({ tokens }, address) => call(here, tokens.access_token, 'whoami', {}, { headers: { 'cf-connecting-ip': address } });
    for (let turn = 0; turn < UNASKED + 3; turn += 1) (await called(one, `203.0.113.${turn}`)).result('so many are fine');
    isTooMany(await called(one, '192.0.2.1'), 'one too many');
    (await called(other, '203.0.113.7')).result('another client');
    keepsSecrets([here]);
  });

  test('a limit of calls does not concern metadata, pages and tokens', async () => {
    for (let turn = 0; turn < 5; turn += 1) (await anonymous('203.0.113.7', { path: '/.well-known/oauth-protected-resource' })).hasStatus(200, 'no limit');
  });

  test('a dataset gets a data point for each request', async () => {
    const points = (log) => log.split('\n').flatMap((line) => (line.startsWith('[point] ') ? [JSON.parse(line.slice(8))] : []));
    const before = points(here.log()).length;
    await anonymous('192.0.2.77', modern('tools/call', calling('echo', { text: 'x' })));
    const isOfCall = ({ blobs: [, method] }) => method === 'tools/call';
    // Those of the requests before it may still be on their way.
    const seen = await eventually(async () => points(here.log()).slice(before).filter(isOfCall), (all) => all.length > 0, 'a data point');
    const { blobs, doubles, indexes } = seen[0];
    assert.deepEqual(blobs, ['/mcp', 'tools/call', 'echo', '', 'ok', '2026-07-28']);
    assert.deepEqual([doubles.length, ...doubles.slice(1)], [3, 200, 0]);
    assert.deepEqual(indexes, ['/mcp']);
  });
});

test('a whole life of a client leaves lines and no secret', async () => {
  const { client, tokens } = await connect(site);
  await call(site, tokens.access_token);
  const renewed = await send(site, refreshing(client, tokens));
  await send(site, refreshing(client, tokens));
  await send(site, revoking(client, renewed.json().refresh_token));
  const last = await call(site, tokens.access_token);
  await lineOf(last);
  const routes = new Set(linesOf(site.log()).map(({ route }) => route));
  for (const route of ['/register', '/authorize', '/authorize/consent', '/authorize/login', '/token', '/mcp', '/revoke']) {
    assert.ok(routes.has(route), `${route} is there: ${[...routes].join(' ')}`);
  }
  keepsSecrets([site]);
});
