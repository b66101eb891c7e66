// The development server behind `npm start` survives what its author does. The Worker is in JavaScript here, so that nothing is compiled; the
// small project beside this file has the same with Rust.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { currentNode } from '../../scripts/setup/node.mjs';
import { freePort, Start, terminal } from '../support/projects/commands.mjs';

const SCRIPT = fileURLToPath(new URL('../support/projects/serve-javascript.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mcp-connector-dev-server-'));
const file = (name) => join(folder, name);
after(() => rmSync(folder, { recursive: true, force: true }));

const worker = (version) => `import { DurableObject, WorkerEntrypoint } from 'cloudflare:workers';
export class Counter extends DurableObject {
  async count() {
    const count = ((await this.ctx.storage.get('count')) ?? 0) + 1;
    await this.ctx.storage.put('count', count);
    return count;
  }
}
export default class extends WorkerEntrypoint {
  async fetch({ url }) {
    const count = this.env.COUNTER && (await this.env.COUNTER.getByName('one').count());
    return Response.json({ version: '${version}', url, bindings: Object.keys(this.env).sort(), secret: this.env.SECRET, count });
  }
}
`;
const SETTINGS = `name = "dev"
main = "build/index.js"
compatibility_date = "2026-11-17"
compatibility_flags = ["no_nodejs_compat", "no_nodejs_compat_v2"]
[build]
command = "false"
`;
const write = (name, text) => writeFileSync(file(name), text);

let port;
let start;
/** When wrangler was started last. */
let startedAt;
const command = () => [currentNode(), SCRIPT, folder, String(port)];
/** What is awaited comes within seconds. */
const LIMIT = 60_000;
const launched = (env = {}, its = command()) => new Start(folder, port, env, { command: its, limit: LIMIT });
const ask = (path = '/', how = {}) => fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(10_000), ...how });
const answer = async () => (await ask()).json();

/** Does something, and waits until `pattern` is printed after it. Returns what was printed. */
async function when(action, pattern) {
  const from = start.mark();
  await action();
  return start.printed(pattern, from);
}

/** Does something that takes a while, and returns the status of every request meanwhile. */
async function statusesDuring(action) {
  let going = true;
  const statuses = new Set();
  const asking = (async () => {
    while (going) {
      const { status, headers } = await ask();
      statuses.add(status === 503 && headers.get('retry-after') === '2' ? 'told' : status);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  await action();
  going = false;
  await asking;
  return [...statuses].sort();
}

before(async () => {
  port = await freePort();
  mkdirSync(file('src'));
  write('src/worker.js', 'SYNTAX');
  write('wrangler.toml', `${SETTINGS}[broken\n`);
});
after(() => start?.stop());

describe('before there is a Worker', () => {
  test('a broken wrangler.toml and code that does not compile are said, and corrected while it runs', async () => {
    start = launched({ BUILD_TAKES: '500' });
    assert.match(await start.printed(/Save again/), /wrangler\.toml is not valid TOML[^]*\[broken/);
    assert.match(await when(() => write('wrangler.toml', SETTINGS), /Save again/), /does not compile/);
    await when(() => write('src/worker.js', worker('one')), /Ready: http/);
    assert.equal((await answer()).version, 'one');
  });

  test('every request is told at once that the connector is being built', async () => {
    await start.stop();
    start = launched({ BUILD_TAKES: '3000' });
    await when(() => {}, /Building/);
    const call = await ask('/mcp', { method: 'POST', body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' });
    assert.deepEqual([call.status, call.headers.get('retry-after')], [503, '2']);
    assert.deepEqual((await call.json()).id, 1);
    const page = await ask('/', { headers: { accept: 'text/html' } });
    assert.match(await page.text(), /http-equiv="refresh"[^]*is being built/);
    await start.printed(/Ready: http/);
  });

  test('a second one in the same folder, or on the same port, says that and ends', async () => {
    const other = async (args) => {
      const second = launched({}, [...command().slice(0, 3), ...args]);
      await assert.rejects(second.printed(/Ready/), /has ended/);
      return second.log;
    };
    assert.match(await other([String(await freePort())]), /running in this folder already \(process \d+\)/);
    assert.match(await other([String(port)]), new RegExp(`Port ${port} is taken`));
    assert.equal((await answer()).version, 'one');
  });
});

describe('while it serves', () => {
  test('a change of the code is served, and no request fails meanwhile', async (t) => {
    await start.stop();
    start = launched();
    await start.printed(/Ready: http/);
    const statuses = await statusesDuring(async () => {
      const printed = await when(() => write('src/worker.js', worker('two')), /Served ([\d.]+) s after the change/);
      t.diagnostic(/Served .*/.exec(printed)[0]);
    });
    assert.deepEqual(statuses, [200]);
    assert.equal((await answer()).version, 'two');
  });

  test('code that does not compile, or has gone, leaves the last good version', async () => {
    for (const [action, back] of [
      [() => write('src/worker.js', 'SYNTAX'), () => write('src/worker.js', worker('two'))],
      [() => renameSync(file('src'), file('other')), () => renameSync(file('other'), file('src'))],
    ]) {
      await when(action, /The last good version still answers/);
      assert.equal((await answer()).version, 'two');
      await when(back, /Nothing has changed|Served/);
    }
  });

  test('a package that is new is watched before it compiles', async () => {
    const manifest = (name, more = '') => `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2024"\n${more}`;
    await when(() => {
      mkdirSync(file('words/src'), { recursive: true });
      write('words/Cargo.toml', manifest('words'));
      write('words/src/lib.rs', 'SYNTAX');
      write('src/lib.rs', '');
      write('Cargo.toml', manifest('worker', '[dependencies]\nwords = { path = "words" }\n'));
    }, /Changed: .*Cargo\.toml[^]*The last good version still answers/);
    await when(() => write('words/src/lib.rs', ''), /Changed: .*words\/src\/lib\.rs[^]*(Nothing has changed|Served)/);
  });

  test('wrangler.toml that is broken, or has gone, leaves the last good version', async () => {
    for (const action of [() => write('wrangler.toml', '[broken'), () => rmSync(file('wrangler.toml'))]) {
      await when(action, /wrangler\.toml is (not valid|missing)[^]*The last good version still answers/);
      assert.equal((await answer()).version, 'two');
      await when(() => write('wrangler.toml', SETTINGS), /Nothing has changed/);
    }
  });

  test('new bindings and migrations appear', async () => {
    const bindings = '[[kv_namespaces]]\nbinding = "KV"\n[[d1_databases]]\nbinding = "DB"\ndatabase_name = "db"\n';
    const object = '[[durable_objects.bindings]]\nname = "COUNTER"\nclass_name = "Counter"\n[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["Counter"]\n';
    await when(() => write('wrangler.toml', SETTINGS + bindings + object), /Served/);
    assert.deepEqual((await answer()).bindings, ['COUNTER', 'DB', 'KV']);
    const { count } = await answer();
    assert.equal((await answer()).count, count + 1);
    await when(() => write('wrangler.toml', SETTINGS), /Served/);
    assert.deepEqual((await answer()).bindings, []);
  });

  test('settings that wrangler refuses leave the last good version, and requests are told where it has to start again', async () => {
    for (const settings of [
      `${SETTINGS}[[durable_objects.bindings]]\nname = "X"\nclass_name = "Missing"\n`,
      SETTINGS.replace(/compatibility_date = .*/, 'compatibility_date = 7'),
    ]) {
      const statuses = await statusesDuring(() => when(() => write('wrangler.toml', settings), /The last good version still answers/));
      startedAt = Date.now();
      assert.ok(statuses.every((status) => status === 200 || status === 'told'), statuses.join());
      assert.equal((await answer()).version, 'two');
      await when(() => write('wrangler.toml', SETTINGS), /Nothing has changed/);
    }
  });

  test('another name, and a domain of one’s own, change nothing about where it is', async () => {
    await when(() => write('wrangler.toml', SETTINGS.replace('"dev"', '"renamed"')), /Served/);
    assert.equal((await answer()).url, `http://127.0.0.1:${port}/`);
    await when(() => write('wrangler.toml', `routes = [{ pattern = "mcp.example.com", custom_domain = true }]\n${SETTINGS}`), /Served/);
    assert.equal((await answer()).url, `http://127.0.0.1:${port}/`);
    await when(() => write('wrangler.toml', SETTINGS), /Nothing has changed/);
  });

  test('.dev.vars may come, change and go', async () => {
    for (const [action, secret] of [
      [() => write('.dev.vars', 'SECRET=1'), '1'],
      [() => write('.dev.vars', 'SECRET=2\n'), '2'],
      [() => rmSync(file('.dev.vars')), undefined],
    ]) {
      await when(action, /Served/);
      assert.equal((await answer()).secret, secret);
    }
  });

  test('the folder of the builds may be cleared away', async () => {
    await when(() => rmSync(file('build'), { recursive: true }), /Served/);
    startedAt = Date.now();
    assert.equal((await answer()).version, 'two');
  });

  test('it goes on after everything has slept', { skip: process.platform !== 'linux' }, async () => {
    const asleep = processesOf(folder);
    for (const id of asleep) process.kill(id, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    for (const id of asleep) process.kill(id, 'SIGCONT');
    assert.equal((await answer()).version, 'two');
    await when(() => write('src/worker.js', worker('three')), /Served/);
    assert.equal((await answer()).version, 'three');
  });

  test('wrangler is started again when it ends by itself', { skip: process.platform !== 'linux' }, async () => {
    // One that ends soon after its start would end again.
    await new Promise((resolve) => setTimeout(resolve, startedAt + 11_000 - Date.now()));
    await when(() => process.kill(processesOf(folder, 'wrangler-dist').at(-1), 'SIGKILL'), /Served again/);
    assert.equal((await answer()).version, 'three');
    await start.stop();
  });
});

describe('Ctrl-C', { skip: process.platform !== 'linux' }, () => {
  for (const [moment, env, pattern] of [
    ['during the first build', { BUILD_TAKES: '60000' }, /Building/],
    ['while wrangler starts', {}, /Starting the Worker/],
    ['while it serves', {}, /Ready: http/],
  ]) {
    test(`ends everything ${moment}`, async () => {
      await new Promise((resolve, reject) => {
        const [program, ...args] = command();
        const child = spawn(program, args, { env: terminal(env), stdio: ['ignore', 'pipe', 'inherit'], detached: true });
        let text = '';
        child.stdout.setEncoding('utf8').on('data', (more) => {
          text += more;
          // As a terminal does it: to the whole group.
          if (pattern.test(text)) process.kill(-child.pid, 'SIGINT');
        });
        child.once('exit', (status) => (status === 0 ? resolve() : reject(new Error(`status ${status}:\n${text}`))));
      });
      assert.deepEqual(processesOf(folder), []);
      assert.ok(!existsSync(file('wrangler.dev.json')) && !existsSync(file('build/dev.lock')));
      await assert.rejects(ask(), /fetch failed/);
    });
  }
});

/** The processes whose command names the folder, and `more` if given. */
function processesOf(place, more = '') {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.map(Number).filter((id) => {
    try {
      const text = readFileSync(`/proc/${id}/cmdline`, 'utf8');
      return id !== process.pid && text.includes(place) && text.includes(more);
    } catch {
      return false;
    }
  });
}
