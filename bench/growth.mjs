// How the cost of a list and of a call grows with the number of tools and of scopes: `--growth`. One Worker, whose numbers are set by a
// module that runs before it.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { step, Stop } from '../scripts/support/log.mjs';
import { calls, post, result } from './calls.mjs';
import { ask, load } from './load.mjs';
import { median, ratio } from './numbers.mjs';
import { install, start } from './runtime.mjs';

/** Tools and scopes; everything is a multiple of the first. */
const SIZES = [
  { tools: 5, scopes: 1 },
  { tools: 50, scopes: 1 },
  { tools: 500, scopes: 1 },
  { tools: 5000, scopes: 1 },
  { tools: 5000, scopes: 1000 },
];
/** Of a page of a list, as `PAGE_SIZE` is by default. */
const PAGE_SIZE = 250;
const ROUNDS = 7;
const WARM_UP = 2000;
const REQUESTS = { call: 800, list: 100, page: 100, initialize: 800 };
const CONNECTIONS = 16;

const echo = calls.find(({ name }) => name === 'legacy-100B');
const initialize = calls.find(({ name }) => name === 'initialize');
const list = (id, params) => post('legacy', id, 'tools/list', params);

/** @returns {Promise<object[]>} one row for each size */
export async function measureGrowth(program, scratch) {
  const rows = [];
  const servers = [];
  try {
    for (const size of SIZES) {
      step(`Starting a connector of ${size.tools} tools and ${size.scopes} scopes`);
      const began = performance.now();
      const server = await start(install(sized(program, size, scratch)));
      servers.push(server);
      const row = { ...size, server, samples: {} };
      try {
        row.requests = await checkedRequests(server, size, began, row);
      } catch (error) {
        throw new Stop(`A connector of ${size.tools} tools does not answer as it should: ${error.message}\n${server.output()}`);
      }
      for (const name of Object.keys(row.requests)) row.samples[name] = [];
      rows.push(row);
    }
    step('Warming up');
    for (const { server, requests } of rows) {
      for (const [name, { request, expected }] of Object.entries(requests)) {
        await load(server.port, request, { count: name === 'call' ? WARM_UP : WARM_UP / 10, concurrency: CONNECTIONS, expected });
      }
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      step(`Round ${round + 1} of ${ROUNDS}`);
      for (const name of Object.keys(rows[0].requests)) {
        for (const { server, requests, samples } of rows) {
          const { request, expected } = requests[name];
          const before = server.cpu();
          await load(server.port, request, { count: REQUESTS[name], concurrency: CONNECTIONS, expected });
          samples[name].push({ cpu: (server.cpu() - before) / REQUESTS[name] });
        }
      }
    }
    return rows.map(({ tools, scopes, startMilliseconds, pages, bytes, samples }) => ({
      tools,
      scopes,
      startMilliseconds,
      pages,
      bytes,
      ...Object.fromEntries(Object.entries(samples).map(([name, of]) => [name, { cpu: median(of.map(({ cpu }) => cpu)), ratio: ratio(of, rows[0].samples[name]) }])),
    }));
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** The program with its numbers. */
function sized(program, { tools, scopes }, scratch) {
  const name = `growth-${tools}-${scopes}`;
  const [{ file }, ...others] = program.modules;
  const numbers = path.join(scratch, `${name}.js`);
  writeFileSync(numbers, `globalThis.benchTools = ${tools};\nglobalThis.benchScopes = ${scopes};\n`);
  const main = path.join(scratch, 'growth-main.js');
  writeFileSync(main, "import 'numbers.js';\nexport * from 'index.js';\nexport { default } from 'index.js';\n");
  return { ...program, name, modules: [{ name: 'main.js', file: main }, { name: 'numbers.js', file: numbers }, { name: 'index.js', file }, ...others] };
}

/** The requests that are timed, each checked and with the bytes that its answers must have. */
async function checkedRequests(server, { tools, scopes }, began, row) {
  const first = await ask(server.port, echo.request(1));
  echo.check(first, 1);
  row.startMilliseconds = performance.now() - began;
  initialize.check(await ask(server.port, initialize.request(1)), 1, '2025-11-25');
  // All pages together are all tools, each once.
  const names = [];
  let cursor;
  row.pages = 0;
  do {
    const page = result(await ask(server.port, list(2, cursor === undefined ? {} : { cursor })), 2);
    assert.equal(page.tools.length, Math.min(PAGE_SIZE, tools - names.length));
    names.push(...page.tools.map(({ name }) => name));
    row.pages += 1;
    if (page.nextCursor !== undefined) row.last = page.nextCursor;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  assert.equal(new Set(names).size, tools);
  assert.ok(names.includes('echo'));
  const metadata = await ask(server.port, { method: 'GET', path: '/.well-known/oauth-authorization-server', headers: {} });
  const { scopes_supported: supported = [] } = JSON.parse(metadata.body);
  assert.equal(supported.filter((scope) => scope.startsWith('records:')).length, Math.min(scopes, tools - 1));
  const requests = { call: echo.request(1), list: list(1, {}), page: list(1, row.last === undefined ? {} : { cursor: row.last }), initialize: initialize.request(1) };
  const ready = {};
  for (const [name, request] of Object.entries(requests)) {
    const answer = await ask(server.port, request);
    result(answer, 1);
    const body = Buffer.from(answer.body);
    ready[name] = { request, expected: { status: 200, length: body.length, body } };
    if (name === 'list') row.bytes = body.length;
  }
  return ready;
}
