// The recipes of docs/ as they run: each tool called in the real runtime, with the local forms of D1, KV and R2, and with a
// server on loopback where a recipe calls somebody else. Workers AI has no local form: that recipe is only compiled.
// MCP "URL Mode Elicitation for OAuth Flows".

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse, stringify } from 'smol-toml';
import { promisify } from 'node:util';
import { currentNode } from '../../scripts/setup/node.mjs';
import { openStream } from '../support/mcp/http-sse-client.mjs';
import { eventually } from '../support/eventually.mjs';
import { calling, legacy, listTools, modern, post, send, stream, textOf } from '../support/mcp/requests.mjs';
import { ReceivedMessages } from '../support/mcp/received-messages.mjs';
import { openSession } from '../support/mcp/session.mjs';
import { Browser, SIGN_IN, answerPage, bearer, connect, form, register, secret, tokensOf } from '../support/oauth/client.mjs';
import { ROOT, WRANGLER, start } from '../support/workers/wrangler-dev.mjs';

const KEY = secret('key-of-the-weather-service', 'an API key');
const WIKI_KEY = secret('key-of-the-search', 'an API key');
const UPSTREAM_SECRET = secret('secret-at-the-other-service', 'a client secret');
const HOOK_SECRET = secret('the-secret-of-the-webhook', 'the secret of a webhook');
/** As Standard Webhooks show it. */
const PAYMENTS_SECRET = secret('whsec_dGhlLXNlY3JldC1vZi10aGUtcGF5bWVudHM=', 'the secret of another webhook');
/** A service that acts in its own name: somebody who is not the owner. */
const SERVICE = { client_id: 'nightly', client_secret: secret('nightly-nightly-nightly-nightly', 'the secret of a service'), own_scopes: 'audit cards' };
const CONFIG = 'examples/recipes/wrangler.toml';
/** Without Workers AI, for which wrangler needs an account even here. */
const LOCAL = `examples/recipes/wrangler.local-${process.pid}.toml`;
const TABLES = `examples/recipes/tables.local-${process.pid}.sql`;

let elsewhere;
/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let server;
let client;
before(async () => {
  elsewhere = await startElsewhere();
  const { ai, ...config } = parse(await readFile(join(ROOT, CONFIG), 'utf8'));
  assert.ok(ai, 'a recipe uses Workers AI');
  await writeFile(join(ROOT, LOCAL), stringify(config));
  const vars = {
    ...SIGN_IN,
    WEATHER_API: elsewhere.origin,
    WEATHER_API_KEY: KEY,
    OTHER_MCP: `${elsewhere.origin}/mcp`,
    OTHER_SECRET: secret('secret-at-the-other-server', 'a client secret'),
    WIKI_SEARCH: elsewhere.origin,
    WIKI_KEY,
    GITHUB_SECRET: UPSTREAM_SECRET,
    GITHUB_WEBHOOK_SECRET: HOOK_SECRET,
    PAYMENTS_WEBHOOK_SECRET: PAYMENTS_SECRET,
    OAUTH_CLIENTS: JSON.stringify([SERVICE]),
    SSE_TRANSPORT: 'on',
    LOG_PERSON: 'hash',
    KEEP_ALIVE_MS: '200',
  };
  server = await start(LOCAL, vars, async (storage) => {
    const here = ['--local', '--config', join(ROOT, LOCAL), '--persist-to', storage];
    const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true' };
    const wrangler = (...how) => promisify(execFile)(currentNode(), [WRANGLER, ...how, ...here], { env, cwd: ROOT });
    const tables = await Promise.all(['books', 'audit', 'quota', 'wiki'].map((name) => readFile(join(ROOT, `examples/recipes/${name}.sql`), 'utf8')));
    await writeFile(join(ROOT, TABLES), tables.join('\n'));
    // One after the other: each starts a runtime, and two on one storage can find its database locked.
    await wrangler('d1', 'execute', 'DB', '--file', join(ROOT, TABLES));
    await wrangler('kv', 'key', 'put', '--binding', 'FLAGS', 'two_audiences', 'It says too much.');
  });
  client = await register(server);
});
after(async () => {
  await server?.stop();
  elsewhere?.close();
  await rm(join(ROOT, LOCAL), { force: true });
  await rm(join(ROOT, TABLES), { force: true });
});

/** What the weather service does for a city that is not one. */
const FAILURES = {
  Busy: [429, {}],
  Later: [429, { message: `Too often, ${KEY}` }, { 'retry-after': '30' }],
  Broken: [500, { error: { message: 'The  gauge\nis stuck at /gauge?key=7.' } }],
  Moved: () => [302, {}, { location: `/weather?city=${encodeURIComponent('São Paulo & more')}` }],
  Elsewhere: [302, {}, { location: 'https://elsewhere.example/weather' }],
  Other: [200, { celsius: 'warm' }],
  Long: () => [200, { celsius: 1, sky: 'x'.repeat(5_000_000) }],
};

/** A weather service and a search. */
async function startElsewhere() {
  const here = { seen: [], indexed: new Map() };
  const { seen } = here;
  const answers = {
    'GET /weather': ({ query, headers }) => {
      if (headers.authorization !== `Bearer ${KEY}`) return [401, {}];
      const city = query.get('city');
      const failure = FAILURES[city];
      if (failure) return typeof failure === 'function' ? failure(query) : failure;
      return city === 'São Paulo & more' ? [200, { celsius: 21.5, sky: 'Clear', humidity: 80 }] : [404, {}];
    },
    'GET /search': ({ query, headers }) => {
      if (headers.authorization !== `Bearer ${WIKI_KEY}`) return [401, { message: `${headers.authorization} is not a key` }];
      return [200, { hits: [...here.indexed].filter(([, page]) => page.body.includes(query.get('q'))).map(([id, { title }]) => ({ id, title })) }];
    },
  };
  const listener = createServer(async (incoming, response) => {
    const { pathname, searchParams } = new URL(incoming.url, 'http://elsewhere');
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    seen.push(`${incoming.method} ${pathname}`);
    if (pathname === '/mcp') return void (await otherServer(incoming, text, response));
    const page = incoming.method === 'PUT' && /^\/pages\/(\d+)$/.exec(pathname);
    if (page) here.indexed.set(Number(page[1]), JSON.parse(text));
    const [status, body, more = {}] = page ? [200, {}] : answers[`${incoming.method} ${pathname}`]?.({ query: searchParams, headers: incoming.headers }) ?? [404, {}];
    response.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(body));
  });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return Object.assign(here, { origin: `http://127.0.0.1:${listener.address().port}`, close: () => listener.close() });
}

/** Another MCP server: behind it this Worker answers. */
async function otherServer({ method, headers: { host, connection, 'content-length': length, ...headers } }, body, response) {
  const answer = await fetch(server.url, { method, headers, body });
  response.writeHead(answer.status, Object.fromEntries([...answer.headers].filter(([name]) => /^(content-type|mcp-session-id)$/.test(name)))).end(await answer.text());
}

/** Calls a tool as somebody without a token, or with `headers`. */
async function call(name, args = {}, { headers = {}, capabilities = {}, more = {} } = {}) {
  const answer = await send(server, modern('tools/call', calling(name, args, more), { headers, capabilities }));
  return answer.result(`tools/call ${name}`);
}

/** Somebody who has signed in with `scope`. */
async function someone(scope) {
  const { tokens } = await connect(server, { client, scope });
  const headers = bearer(tokens.access_token);
  return (name, args, how) => call(name, args, { headers, ...how });
}

const said = (result) => {
  assert.ok(!result.isError, textOf(result));
  return textOf(result);
};
const failed = (result) => {
  assert.equal(result.isError, true, textOf(result));
  return textOf(result);
};

test('hello says hello', async () => assert.equal(said(await call('hello', { name: 'Ada' })), 'Hello, Ada!'));

test('the tool of the README checks a place, and says what it gives', async () => {
  const listed = (await listTools(server)).find(({ name }) => name === 'weather_at');
  assert.deepEqual(Object.keys(listed.outputSchema.properties), ['temperature_2m', 'wind_speed_10m']);
  assert.equal(listed.inputSchema.properties.latitude.description, 'Degrees north of the equator.');
  assert.match(failed(await call('weather_at', { latitude: 91, longitude: 0 })), /latitude/);
});

describe('an upstream API', () => {
  test('an upstream API is called with the secret, and its answer is put into words', async () => {
    assert.equal(said(await call('weather', { city: 'São Paulo & more' })), 'Clear, 21.5 °C');
  });

  test('an upstream API has failures that the model can act on, and none of them shows the key', async () => {
    for (const [city, words] of [
      ['Atlantis', /larger one near it/],
      ['Busy', /^127\.0\.0\.1 limits how often it can be called \(status 429\)\. Try again in a minute/],
      ['Later', /^127\.0\.0\.1 limits how often it can be called \(status 429\)\. Try again in 30 seconds\.$/],
      ['Broken', /^127\.0\.0\.1 has a problem of its own \(status 500\)\. It says: “The gauge is stuck at \/gauge\?…”\. Try again/],
      ['Elsewhere', /^127\.0\.0\.1 sent the request elsewhere \(status 302\)/],
      ['Other', /^127\.0\.0\.1 answered in a form that the connector does not read: expected f64/],
      ['Long', /^The answer of 127\.0\.0\.1 is longer than 4194304 bytes/],
    ]) {
      const text = failed(await call('weather', { city }));
      assert.match(text, words, city);
      assert.ok(!text.includes(KEY));
    }
  });

  test('an upstream API is asked again where that may help, and a redirect within it is followed', async () => {
    const asked = async (city) => {
      elsewhere.seen.length = 0;
      const result = await call('weather', { city });
      return [elsewhere.seen.length, textOf(result)];
    };
    assert.equal((await asked('Busy'))[0], 3, 'twice more');
    assert.equal((await asked('Later'))[0], 1, 'the wait is longer than the request may take');
    assert.equal((await asked('Broken'))[0], 1, 'it would be the same');
    assert.deepEqual(await asked('Moved'), [2, 'Clear, 21.5 °C']);
    assert.equal((await asked('Elsewhere'))[0], 1);
  });
});

test('D1 keeps books and finds them, whatever an argument looks like', async () => {
  for (const [title, author] of [['Emma', 'Jane Austen'], ['Persuasion', 'Jane Austen'], ["'); DROP TABLE books; --", 'Bobby Tables']]) {
    said(await call('add_book', { title, author }));
  }
  const found = async (author) => (await call('find_books', { author })).structuredContent.books.map(({ title }) => title);
  assert.deepEqual(await found('austen'), ['Emma', 'Persuasion']);
  assert.deepEqual(await found('tables'), ["'); DROP TABLE books; --"]);
  assert.deepEqual(await found('%%'), []);
});

describe('the team wiki of docs/fastmcp.md', () => {
  const SURE = { elicitation: { form: {} } };
  const answered = (sure, { requestState }) => ({ capabilities: SURE, more: { inputResponses: { confirm: { action: 'accept', content: { sure } } }, requestState } });

  test('it creates, indexes with progress, finds, reads, counts, and deletes after a question', async () => {
    const { tokens } = await connect(server, { client, scope: 'wiki:read wiki:write' });
    const headers = bearer(tokens.access_token);
    const mine = (name, args, how) => call(name, args, { headers, ...how });
    assert.equal(said(await mine('create_page', { title: 'Holidays', body: "Closed in August'; --" })), '“Holidays” is page 1.');
    assert.equal(said(await mine('create_page', { title: 'Coffee', body: 'In the kitchen' })), '“Coffee” is page 2.');
    assert.deepEqual((await mine('wiki_stats')).structuredContent, { pages: 2, authors: 1, letters: 35 });

    const asked = modern('tools/call', { ...calling('index_wiki'), _meta: { progressToken: 'p' } }, { headers });
    const messages = (await send(server, asked)).messages('progress and a result');
    const progress = messages.filter(({ method }) => method === 'notifications/progress').map(({ params }) => [params.progress, params.total]);
    assert.deepEqual(progress, [[1, 2], [2, 2]]);
    assert.equal(messages.at(-1).result.content[0].text, '2 pages are in the index.');

    assert.deepEqual((await mine('search_wiki', { q: 'August' })).structuredContent, { hits: [{ id: 1, title: 'Holidays' }] });
    const read = async (uri) => send(server, modern('resources/read', { uri }, { headers }));
    assert.equal((await read('page://2')).result().contents[0].text, '# Coffee\n\nIn the kitchen');

    const first = await mine('delete_page', { id: 2 }, { capabilities: SURE });
    assert.equal(first.inputRequests.confirm.params.message, 'Delete “Coffee” for good?');
    assert.equal(said(await mine('delete_page', { id: 2 }, answered(false, first))), '“Coffee” is kept.');
    const second = await mine('delete_page', { id: 2 }, { capabilities: SURE });
    assert.equal(said(await mine('delete_page', { id: 2 }, answered(true, second))), '“Coffee” is deleted.');
    assert.equal((await mine('wiki_stats')).structuredContent.pages, 1);
    assert.match(failed(await mine('delete_page', { id: 2 })), /There is no page 2\. Call search_wiki/);
  });
});

test('KV keeps a notice for everybody', async () => {
  assert.match(said(await call('read_notice')), /empty/);
  said(await call('post_notice', { text: 'The office is closed on Monday.' }));
  assert.equal(said(await call('read_notice')), 'The office is closed on Monday.');
});

test('R2 keeps files for the person who is calling, and for nobody without a sign-in', async () => {
  const mine = await someone('files');
  said(await mine('save_file', { name: 'list.md', text: 'Milk' }));
  assert.equal(said(await mine('read_file', { name: 'list.md' })), 'Milk');
  failed(await mine('read_file', { name: 'other.md' }));
  failed(await mine('save_file', { name: '../list.md', text: 'Milk' }));
  (await send(server, modern('tools/call', calling('read_file', { name: 'list.md' })))).hasStatus(401, 'it needs a sign-in');
});

test('the guide moves drafts from KV to R2 and lists them in D1, all at once', async () => {
  for (const [name, text] of [['first', 'One'], ['second', "Two'; --"]]) said(await call('save_draft', { name, text }));
  assert.equal(said(await call('publish_drafts')), '2 drafts are published.');
  const listed = async () => (await call('find_books', { author: 'the board' })).structuredContent.books.map(({ title }) => title);
  assert.deepEqual(await listed(), ['first', 'second']);
  assert.equal(said(await call('clear_published')), '2 files of 11 bytes and 2 rows are gone.');
  assert.deepEqual(await listed(), []);
});

test('the view is there for who shows it, and its tool answers with what it shows', async () => {
  const { dice } = (await call('roll_dice', { count: 3 })).structuredContent;
  assert.equal(dice.length, 3);
  for (const eyes of dice) assert.ok(eyes >= 1 && eyes <= 6, String(eyes));
  const { contents } = (await send(server, modern('resources/read', { uri: 'ui://dice' }))).result();
  assert.match(contents[0].text, /ui\/initialize/);
});

test('a tool of another MCP server is called, with a session', async () => {
  elsewhere.seen.length = 0;
  assert.equal(said(await call('greet_elsewhere', { name: 'Ada' })), 'Hello, Ada!');
  assert.deepEqual(elsewhere.seen, ['POST /mcp', 'POST /mcp', 'POST /mcp']);
  const mine = await someone('elsewhere');
  assert.match(failed(await mine('cards_elsewhere')), /\/account\/connect\/other/, 'each person connects an account there');
});

test('Workers AI that is not bound is an error in words', async () => {
  assert.match(failed(await call('translate', { text: 'Bonjour' })), /AI/);
});

test('the server of docs/moving.md keeps a list for its person', async () => {
  const mine = await someone('todos');
  said(await mine('add_todo', { text: 'Water the plants' }));
  assert.deepEqual((await mine('list_todos')).structuredContent.todos, [{ text: 'Water the plants' }]);
});

test('search and fetch have the form that ChatGPT reads', async () => {
  const found = await call('search', { query: 'open on Mondays' });
  assert.deepEqual(found.structuredContent, { results: [{ id: 'opening-hours', title: 'Opening hours', url: 'https://library.example/opening-hours' }] });
  assert.equal(found.content.length, 1, 'exactly one item');
  assert.deepEqual(JSON.parse(textOf(found)), found.structuredContent);
  const page = await call('fetch', { id: 'opening-hours' });
  assert.deepEqual(Object.keys(page.structuredContent).sort(), ['id', 'metadata', 'text', 'title', 'url']);
  assert.deepEqual(JSON.parse(textOf(page)), page.structuredContent);
  assert.match(failed(await call('fetch', { id: 'nothing' })), /id that search returned/);
  for (const { name, inputSchema } of (await listTools(server)).filter(({ name }) => ['search', 'fetch'].includes(name))) {
    const [only] = Object.entries(inputSchema.properties);
    assert.deepEqual([only[0], only[1].type, inputSchema.required], [name === 'search' ? 'query' : 'id', 'string', [only[0]]]);
  }
});

describe('functions around calls', () => {
  test('an audit has a row for each call that changes something, with who made it', async () => {
    const mine = await someone('audit');
    said(await mine('post_notice', { text: 'Closed for inventory.' }));
    failed(await call('add_book', { title: '', author: 7 }));
    const { changes } = (await mine('recent_changes')).structuredContent;
    const rows = changes.slice(0, 2).map(({ person, tool, outcome }) => [person, tool, outcome]);
    assert.deepEqual(rows, [['', 'add_book', 'failed'], ['owner', 'post_notice', 'done']]);
    assert.ok(!changes.some(({ tool }) => tool === 'recent_changes'), 'what only reads is not in it');
  });

  test('a quota ends at its number, and says when to come back', async () => {
    const mine = await someone('cards');
    const draws = await Promise.all(Array.from({ length: 5 }, () => mine('draw_card')));
    assert.equal(draws.filter(({ isError }) => !isError).length, 3, 'however many come at once');
    assert.match(failed(await mine('draw_card')), /3 times a day. Try again tomorrow/);
    const service = bearer(await serviceToken());
    assert.equal(said(await call('draw_card', {}, { headers: service })), 'The seven of clubs.', 'somebody else has their own');
  });

  test('a flag switches a tool off', async () => {
    assert.match(failed(await call('two_audiences')), /two_audiences is switched off: It says too much\./);
  });

  test('a function around a call goes on to its end after its client has left', async () => {
    const asked = modern('tools/call', calling('kitchen_timer', { seconds: 20 }), { headers: { accept: 'text/event-stream' } });
    (await stream(server, asked)).close();
    await eventually(async () => server.log(), (log) => log.includes('tool kitchen_timer: stopped'), 'it learns that the call was stopped');
  });

  test('usage goes to Analytics Engine, which keeps nobody waiting', async () => {
    said(await call('read_notice'));
    assert.doesNotMatch(server.log(), /usage: /);
  });
});

/** A token of the service, which is not the owner, for one of the endpoints. */
async function serviceToken(path = '/mcp') {
  const { client_id, client_secret } = SERVICE;
  return tokensOf(await send(server, form('/token', { grant_type: 'client_credentials', client_id, client_secret, resource: server.origin + path })), 'a token').access_token;
}

describe('a tool that is hidden from the caller', () => {
  const UNKNOWN = 'recent_nothing';
  const same = (hidden, unknown) => assert.equal(hidden.replaceAll('recent_changes', UNKNOWN), unknown, 'byte for byte, as one that nobody has');

  test('is in no list of theirs, in that of the owner, and challenges who has no token', async () => {
    const listed = async (headers) => (await listTools(server, modern, { headers })).map(({ name }) => name);
    assert.ok(!(await listed(bearer(await serviceToken()))).includes('recent_changes'));
    const { tokens } = await connect(server, { client, scope: 'audit' });
    assert.ok((await listed(bearer(tokens.access_token))).includes('recent_changes'));
    assert.ok((await listed({})).includes('recent_changes'));
    (await send(server, modern('tools/call', calling('recent_changes')))).hasStatus(401, 'it needs a sign-in');
  });

  test('is called by name as one that does not exist: both eras, a session, a batch, and /sse', async () => {
    const headers = bearer(await serviceToken());
    const session = await openSession(server, { headers });
    const batch = (name) => post([{ jsonrpc: '2.0', id: 1, method: 'tools/call', params: calling(name) }], { headers: { ...headers, 'mcp-protocol-version': '2025-03-26' } });
    for (const ask of [
      (name) => modern('tools/call', calling(name), { id: 1, headers }),
      (name) => legacy('tools/call', calling(name), { id: 1, headers }),
      (name) => session.request('tools/call', calling(name), { id: 1 }),
      batch,
    ]) {
      const [hidden, unknown] = [await send(server, ask('recent_changes')), await send(server, ask(UNKNOWN))];
      assert.equal(hidden.status, unknown.status);
      assert.match(hidden.text, /There is no tool of this name/, hidden.story('unknown'));
      same(hidden.text, unknown.text);
    }
    const old = await openStream({ at: server, headers: bearer(await serviceToken('/sse')) });
    await old.initialize();
    const answers = [];
    for (const name of ['recent_changes', UNKNOWN]) {
      await old.request('tools/call', calling(name));
      answers.push(JSON.stringify((await old.receive()).error));
    }
    old.close();
    same(...answers);
  });

  test('has no tasks for them', async () => {
    const headers = bearer(await serviceToken());
    const declared = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
    for (const method of ['tasks/get', 'tasks/cancel']) {
      const ask = (tool) => send(server, modern(method, { taskId: `${tool}.${'0'.repeat(32)}` }, { id: 1, headers, capabilities: declared }));
      same((await ask('recent_changes')).text, (await ask(UNKNOWN)).text);
    }
  });
});

test('LOG_PERSON=hash: the line of a call tells people apart and names nobody', async () => {
  const lineOf = async (answer) => {
    const id = answer.headers['x-request-id'];
    const lines = () => server.log().split('\n').filter((line) => line.startsWith('{"message":') && line.includes(id));
    return JSON.parse((await eventually(async () => lines(), (found) => found.length > 0, 'a line'))[0]);
  };
  const { tokens } = await connect(server, { client, scope: 'cards' });
  const ask = async (headers) => lineOf(await send(server, modern('tools/call', calling('hello', { name: 'Ada' }), { headers })));
  const [first, second] = [await ask(bearer(tokens.access_token)), await ask(bearer(tokens.access_token))];
  assert.match(first.person, /^[0-9a-f]{16}$/);
  assert.equal(second.person, first.person);
  assert.notEqual((await ask(bearer(await serviceToken()))).person, first.person);
  assert.equal((await ask({})).person, undefined);
});

describe('an account elsewhere', () => {
  test('the tool of a service with accounts leads the person to connect theirs, and the page leads to the service', async () => {
    const mine = await someone('issues');
    const link = new URL(/http:\S+/.exec(failed(await mine('my_issues')))[0]);
    assert.equal(link.origin + link.pathname, `${server.origin}/account/connect/github`);
    const browser = new Browser(server);
    let page = await answerPage(browser, await browser.open(link));
    page = await browser.submit(page, page.forms.find(({ action }) => action === '/account/connect/github'));
    assert.equal(page.url.origin + page.url.pathname, 'https://github.com/login/oauth/authorize');
    assert.equal(page.parameters.client_id, 'Iv1.0123456789abcdef');
    assert.equal(page.parameters.scope, 'repo');
    assert.equal(page.parameters.redirect_uri, `${server.origin}/upstream/callback/github`);
  });
});

describe('files and events', () => {
  const CSV_ROWS = 2_500_000;
  const resource = async (uri, headers = {}) => (await send(server, modern('resources/read', { uri }, { headers }))).result(uri).contents[0].text;

  test('a CSV file of 50 MB is summed up as it comes, and only for the person who has sent it', async () => {
    const ada = await someone('tables');
    const { link, table } = (await ada('send_table')).structuredContent;
    // 20 bytes for each row.
    const row = (at) => `${String(at % 1000).padStart(6)},name${String(at % 100_000).padStart(8)}\n`;
    const content = Buffer.from(`number,"a, name"\n${Array.from({ length: CSV_ROWS - 1 }, (_, at) => row(at)).join('')}`);
    assert.ok(content.length > 49_000_000 && content.length <= 50_000_000, `${content.length} bytes`);
    const sent = await send(server, { method: 'PUT', path: new URL(link).pathname, headers: { 'content-type': 'text/csv' }, body: content });
    sent.hasStatus(201);
    const { rows, columns } = (await ada('summarize_table', { table })).structuredContent;
    assert.equal(rows, CSV_ROWS - 1);
    const [number, name] = columns;
    assert.deepEqual([number.name, number.numbers, number.least, number.greatest, Number(number.mean.toFixed(1))], ['number', rows, 0, 999, 499.5]);
    assert.deepEqual([name.name, name.texts, name.numbers], ['a, name', rows, 0]);
    const anonymous = await send(server, modern('tools/call', calling('summarize_table', { table })));
    anonymous.hasStatus(401);
    assert.match(failed(await ada('summarize_table', { table: 'tables/AAAAAAAAAAAAAAAAAAAAAA' })), /no such file/);
  });

  test('a webhook of the payment service ends the wait of the order that is paid, and of no other', async () => {
    const { tokens } = await connect(server, { client, scope: 'orders' });
    const headers = bearer(tokens.access_token);
    const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
    const ask = async (method, params) => (await send(server, modern(method, params, { headers, capabilities }))).result(method);
    const get = ({ taskId }) => ask('tasks/get', { taskId });
    const [chair, table] = [await ask('tools/call', calling('order', { article: 'chair' })), await ask('tools/call', calling('order', { article: 'table' }))];
    for (const [number, task] of [[1, chair], [2, table]]) {
      await eventually(() => get(task), ({ statusMessage }) => statusMessage === `Waiting for the payment of order ${number}.`, 'it waits');
    }
    const pay = (order, key = PAYMENTS_SECRET.slice('whsec_'.length)) => {
      const [id, time] = ['msg_1', String(Math.floor(Date.now() / 1000))];
      const body = JSON.stringify({ person: 'owner', order, amount: '€ 7' });
      const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(`${id}.${time}.${body}`).digest('base64');
      const signed = { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': `v1,${signature}` };
      return send(server, { method: 'POST', path: '/hooks/payments', headers: { ...signed, 'content-type': 'application/json' }, body });
    };
    (await pay(1, 'a-forger')).hasStatus(401);
    (await pay(2)).hasStatus(204);
    const done = await eventually(() => get(table), ({ status }) => status === 'completed', 'it is paid');
    assert.equal(textOf(done.result), 'Order 2 is paid: € 7.');
    assert.equal((await get(chair)).status, 'working');
    assert.equal(said(await call('order', { article: 'table' }, { headers })), 'Order 2 is paid: € 7.', 'a client without tasks has it too');
  });

  test('a webhook of GitHub, a schedule and a queue change resources, and whoever listens hears of it', async () => {
    const { tokens } = await connect(server, { client, scope: 'exports' });
    const ada = bearer(tokens.access_token);
    const listened = ['report://today', 'repository://latest-commit', 'export://latest'];
    const asked = modern('subscriptions/listen', { notifications: { resourceSubscriptions: listened } }, { headers: ada });
    const received = new ReceivedMessages(await stream(server, asked));
    await eventually(() => received.messages.length, (length) => length > 0, 'the acknowledgement comes at once');

    const body = JSON.stringify({ head_commit: { message: 'Mend the roof' } });
    const signature = createHmac('sha256', HOOK_SECRET).update(body).digest('hex');
    const push = { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${signature}`, 'content-type': 'application/json' };
    (await send(server, { method: 'POST', path: '/hooks/github', headers: push, body })).hasStatus(204);
    assert.equal(await resource('repository://latest-commit'), 'Mend the roof');

    (await send(server, { path: `/cdn-cgi/local/scheduled?cron=${encodeURIComponent('0 6 * * *')}` })).hasStatus(200);
    assert.match(await resource('report://today'), /there are \d+ books\.$/);

    said(await call('export_books', {}, { headers: ada }));
    const changed = () => received.messages.filter(({ method }) => method === 'notifications/resources/updated').map(({ params }) => params.uri);
    await eventually(changed, (uris) => listened.every((uri) => uris.includes(uri)), 'all three are announced');
    assert.equal(typeof (await resource('export://latest', ada)), 'string');
    ReceivedMessages.closeAll();
  });
});
