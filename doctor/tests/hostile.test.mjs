// A server that means harm: garbage, nothing, too much, for ever. The doctor ends in time, prints nothing that steers a terminal, goes
// nowhere it should not, and says what it saw.
import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, test } from 'node:test';
import { CHECKLIST, examine } from '../src/checklist.mjs';
import { asData, cleaned, lines } from '../src/report.mjs';
import { doctor } from './support/doctor.mjs';

const ESCAPES = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202eevil\r\nok    Fake';
const STEERS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

/** Answers every request by `answer`. */
async function during(answer, body) {
  const server = http.createServer((request, response) => {
    response.on('error', () => {});
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk)).on('end', () => answer(request, response, Buffer.concat(chunks).toString('utf8')));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await body(`http://127.0.0.1:${server.address().port}/mcp`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** The report, and all that would be printed of it. */
async function looked(url, options) {
  const report = await examine(new URL(url), { timeout: 400, ...options });
  assert.equal(report.findings.length, CHECKLIST.length);
  const findings = report.findings.map((finding) => cleaned(finding));
  const writer = lines({ colour: false });
  const printed = [
    ...findings.map((finding) => writer.finding(finding) ?? ''),
    writer.summary({ ...report, findings }),
    JSON.stringify(asData({ ...report, findings }, '0')),
  ].join('\n');
  assert.ok(!STEERS.test(printed), JSON.stringify(printed.match(STEERS)));
  assert.ok(
    !findings.some(({ seen }) => /stumbled/.test(seen)),
    findings
      .filter(({ seen }) => /stumbled/.test(seen))
      .map(({ id, seen }) => `${id}: ${seen}`)
      .join('\n'),
  );
  for (const { id, seen, details = [] } of findings)
    for (const text of [seen, ...details]) assert.ok(text.length < 2000, `${id} is ${text.length} characters long`);
  return { report, printed };
}

const json = (response, value, headers = {}) => {
  response.writeHead(200, {
    'content-type': 'application/json',
    'www-authenticate': `Bearer resource_metadata="http://127.0.0.1:9/${'x'.repeat(3000)}", scope="${'s '.repeat(1000)}"`,
    ...headers,
  });
  response.end(typeof value === 'string' ? value : JSON.stringify(value));
};

describe('whatever comes back', () => {
  for (const [rule, answer] of [
    ['nothing', (_, response) => response.destroy()],
    ['an empty answer', (_, response) => response.end()],
    ['bytes that are no text', (_, response) => response.end(Buffer.from(Array.from({ length: 4096 }, (_, n) => (n * 89) % 256)))],
    ['JSON that nests 100,000 times', (_, response) => json(response, '['.repeat(100_000) + ']'.repeat(100_000))],
    [
      'a result that nests 50,000 times',
      (_, response, body) => json(response, `{"jsonrpc":"2.0","id":${idIn(body)},"result":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`),
    ],
    ['titles without end', (_, response) => (response.writeHead(200, { 'content-type': 'text/html' }), response.end('<title'.repeat(100_000)))],
    [
      'a challenge of commas and quotes',
      (_, response) => (response.writeHead(401, { 'www-authenticate': `Bearer ${'a="\\'.repeat(2500)}` }), response.end()),
    ],
    [
      'headers without measure',
      (_, response) => (
        response.writeHead(200, Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`x-${n}`, 'y'.repeat(60)]))),
        response.end()
      ),
    ],
    ['a redirect to itself', (request, response) => (response.writeHead(307, { location: request.url }), response.end())],
    ['a redirect to a file', (_, response) => (response.writeHead(302, { location: 'file:///etc/passwd' }), response.end())],
    ['status 599', (_, response) => (response.writeHead(599), response.end(ESCAPES))],
    [
      'a stream of empty events',
      (_, response) => (response.writeHead(200, { 'content-type': 'text/event-stream' }), response.end('data:\n\n'.repeat(50_000))),
    ],
    ['an answer to another request', (_, response) => json(response, { jsonrpc: '2.0', id: 'other', result: {} })],
  ]) {
    test(rule, () => during(answer, looked));
  }

  test('an answer without end is cut, and all of it ends in time', async () => {
    const endless = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const more = setInterval(() => response.write(': still here\n\n'), 5);
      response.on('close', () => clearInterval(more));
    };
    const began = performance.now();
    const { report } = await during(endless, (url) => looked(url, { timeout: 100 }));
    assert.equal(report.answered, false);
    assert.ok(performance.now() - began < 60_000);
  });

  test('a server that is slow on purpose does not hold the doctor for ever', async () => {
    let calls = 0;
    const slow = (_, response, body) =>
      setTimeout(
        () =>
          json(response, { jsonrpc: '2.0', id: JSON.parse(idIn(body)), result: { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: {} } }),
        (calls += 1) > 3 ? 90 : 0,
      );
    const began = performance.now();
    await during(slow, (url) => looked(url, { timeout: 100 }));
    // Thirty timeouts, and what is not waiting.
    assert.ok(performance.now() - began < 60_000);
  });

  test('escape sequences in every text reach neither the terminal nor the report', async () => {
    const nasty = (_, response, body) => {
      const all = Object.fromEntries(MEMBERS.map((name) => [name, ESCAPES]));
      json(response, {
        jsonrpc: '2.0',
        id: JSON.parse(idIn(body)),
        ...all,
        result: {
          ...all,
          protocolVersion: '2025-11-25',
          capabilities: {},
          serverInfo: all,
          tools: [{ ...all, inputSchema: { type: 'object', properties: { [ESCAPES]: { type: ESCAPES } } } }],
        },
      });
    };
    await during(nasty, async (url) => {
      const { printed } = await looked(url);
      assert.match(printed, /evil/);
      const { status, out, err } = await doctor([url, '--timeout', '1']);
      assert.equal(status, 1, err);
      assert.ok(!STEERS.test(out), JSON.stringify(out.match(STEERS)));
      assert.ok(!/^ok {4}Fake/m.test(out));
    });
  });
});

const idIn = (body) => /"id":\s*("[^"]*"|\d+)/.exec(body)?.[1] ?? 'null';

const MEMBERS = [
  ...[
    'issuer',
    'authorization_endpoint',
    'token_endpoint',
    'registration_endpoint',
    'revocation_endpoint',
    'resource',
    'authorization_servers',
    'scopes_supported',
  ],
  ...[
    'response_types_supported',
    'grant_types_supported',
    'code_challenge_methods_supported',
    'token_endpoint_auth_methods_supported',
    'client_id',
    'client_secret',
  ],
  ...[
    'redirect_uris',
    'error',
    'error_description',
    'protocolVersion',
    'capabilities',
    'serverInfo',
    'supportedVersions',
    'resultType',
    'ttlMs',
    'cacheScope',
    'tools',
  ],
  ...[
    'nextCursor',
    'content',
    'isError',
    'structuredContent',
    '_meta',
    'name',
    'title',
    'description',
    'inputSchema',
    'outputSchema',
    'annotations',
    'icons',
    'src',
  ],
  ...[
    'version',
    'remotes',
    'url',
    'type',
    '$schema',
    'specVersion',
    'entries',
    'identifier',
    'data',
    'extensions',
    'instructions',
    'properties',
    'required',
    '$ref',
  ],
];

/** A generator of the same values for the same seed (xorshift). */
function random(seed) {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.abs(state) % below;
  };
}

/** JSON of the members that the doctor reads, with values that none of them should have. */
function nonsense(pick, depth = 4) {
  const leaves = [
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    '',
    'object',
    'none',
    'S256',
    '2025-11-25',
    '2026-07-28',
    ESCAPES,
    'http://127.0.0.1:9/',
    'https://[::1]/',
    '/relative',
    'javascript:alert(1)',
    'x'.repeat(5000),
  ];
  const kind = depth === 0 ? 0 : pick(4);
  if (kind < 2) return leaves[pick(leaves.length)];
  if (kind === 2) return Array.from({ length: pick(4) }, () => nonsense(pick, depth - 1));
  return Object.fromEntries(Array.from({ length: pick(12) }, () => [MEMBERS[pick(MEMBERS.length)], nonsense(pick, depth - 1)]));
}

describe('nonsense of the right shape', () => {
  for (let seed = 1; seed <= 24; seed += 1) {
    test(`seed ${seed}`, async () => {
      const pick = random(seed * 7919);
      const whole = (value) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {});
      const answer = (request, response, body) => {
        const own = `http://${request.headers.host}`;
        const good = {
          resource: `${own}/mcp`,
          authorization_servers: [own],
          issuer: own,
          authorization_endpoint: `${own}/authorize`,
          token_endpoint: `${own}/token`,
          registration_endpoint: `${own}/register`,
          protocolVersion: '2025-11-25',
          capabilities: {},
          serverInfo: {},
          tools: [{ name: 'a', annotations: { readOnlyHint: true }, inputSchema: { type: 'object' } }],
          client_id: 'c',
          supportedVersions: ['2026-07-28'],
        };
        // Some of what is right is kept, so that the later checks are reached.
        const kept = Object.fromEntries(Object.entries(good).filter(() => pick(5) > 0));
        const said = { ...good, ...whole(nonsense(pick)), ...kept };
        const status = [200, 200, 200, 200, 201, 400, 401][pick(7)];
        response.writeHead(status, {
          'content-type': 'application/json',
          'mcp-session-id': 'session',
          'www-authenticate': `Bearer resource_metadata="${own}/x"`,
        });
        response.end(
          JSON.stringify(
            request.url.startsWith('/mcp') ? { jsonrpc: '2.0', id: JSON.parse(idIn(body)), result: said, ...whole(nonsense(pick, 1)) } : said,
          ),
        );
      };
      await during(answer, looked);
    });
  }
});
