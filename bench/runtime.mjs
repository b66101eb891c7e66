// Plain workerd, without a development proxy in front: one process per column, its configuration written into a temporary
// folder, on a port that is free. Also reads what such a process has used of the processor.
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../scripts/support/paths.mjs';

/** How long workerd may take to open its port, in milliseconds. */
const START_TIMEOUT = 20_000;

/** How long it may take to end, in milliseconds. */
const PATIENCE = 3000;

const fromWrangler = createRequire(createRequire(path.join(root, 'package.json')).resolve('wrangler/package.json'));
/** Resolves what wrangler brings along: workerd, esbuild, and through miniflare a WebSocket client. */
export const wranglerRequire = fromWrangler;

const workerd = fromWrangler('workerd');
export const workerdVersion = workerd.version;

/**
 * In memory where there is such a folder. For each class of objects workerd begins a database when it starts, and waits for the disk
 * seven times; at Cloudflare that is no part of a start.
 */
const memory = '/dev/shm';
const scratch = mkdtempSync(path.join(existsSync(memory) ? memory : tmpdir(), 'bench-'));
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});
for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) process.on(signal, () => process.exit(status));

/**
 * What runs in one process.
 * @typedef {object} Program
 * @property {string} name
 * @property {{name: string, file: string}[]} modules the entry module first
 * @property {string} compatibilityDate
 * @property {string[]} compatibilityFlags
 * @property {Record<string, string>} [vars] `$ORIGIN` in a value becomes the address of the Worker
 * @property {string[]} [kv] names of KV bindings
 * @property {{binding: string, className: string}[]} [objects] Durable Objects, all with SQLite
 * @property {number} [outbound] port of a server on this machine that answers all fetches of the Worker
 */

/** Puts a program's files into a folder of its own, so that a build in the meantime changes nothing. */
export function install(program) {
  const folder = path.join(scratch, program.name);
  mkdirSync(folder, { recursive: true });
  for (const { name, file } of program.modules) copyFileSync(file, path.join(folder, name));
  copyFileSync(fileURLToPath(new URL('kv.mjs', import.meta.url)), path.join(folder, 'kv.mjs'));
  return { program, folder, starts: 0 };
}

/**
 * Starts a program. Its storage is empty each time.
 * @returns {Promise<{pid: number, port: number, inspectorPort?: number, cpu: () => number, stop: () => Promise<void>}>}
 */
export async function start(installed, { inspector = false } = {}) {
  installed.starts += 1;
  const storage = path.join(installed.folder, `storage-${installed.starts}`);
  mkdirSync(storage);
  const file = path.join(installed.folder, 'config.capnp');
  const port = await freePort();
  writeFileSync(file, configuration(installed.program, storage, port));
  const options = ['serve', '--control-fd=3', ...(inspector ? ['--inspector-addr=127.0.0.1:0'] : []), file];
  const child = spawn(workerd.default, options, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  running.add(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said = (said + chunk).slice(-8000)));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  ended.then(() => running.delete(child));
  const ports = await listening(child, inspector ? ['http', 'inspector'] : ['http'], () => said);
  return {
    pid: child.pid,
    port,
    inspectorPort: ports.inspector,
    cpu: () => cpuMicroseconds(child.pid),
    output: () => said,
    async stop() {
      child.kill('SIGTERM');
      // It waits for open streams, which would keep it for ever.
      const impatience = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
      await ended;
      clearTimeout(impatience);
      rmSync(storage, { recursive: true, force: true });
    },
  };
}

/** A port nobody listens on. Chosen beforehand, because some Workers have to be told their own address. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Waits until workerd has named the port of each of `sockets` on its control channel. */
function listening(child, sockets, said) {
  return new Promise((resolve, reject) => {
    const ports = {};
    let text = '';
    const fail = (why) => reject(new Error(`workerd ${why}:\n${said()}`));
    const timer = setTimeout(() => fail('does not open its port'), START_TIMEOUT);
    child.once('error', (error) => fail(`cannot be started (${error.code})`));
    child.once('exit', (status) => fail(`ended with status ${status}`));
    child.stdio[3].on('data', (chunk) => {
      text += chunk;
      for (let end; (end = text.indexOf('\n')) >= 0; text = text.slice(end + 1)) {
        const event = JSON.parse(text.slice(0, end));
        if (event.event === 'listen') ports[event.socket] = event.port;
        if (event.event === 'listen-inspector') ports.inspector = event.port;
      }
      if (!sockets.every((name) => ports[name])) return;
      clearTimeout(timer);
      resolve(ports);
    });
  });
}

/**
 * Processor time of all threads of a process, in microseconds. The scheduler counts it in nanoseconds for each thread;
 * the sum in /proc/<pid>/stat only has steps of ten milliseconds, which is as much as a hundred requests take.
 */
function cpuMicroseconds(pid) {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      sum += Number.parseInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'), 10);
    } catch (error) {
      // A thread may end while we look; the ones that do the work never do.
      if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
    }
  }
  return sum / 1000;
}

/**
 * The configuration, in Cap'n Proto's text form. Its string literals are close enough to JSON's. KV starts first: with each isolate
 * workerd tells V8 that memory is short, and V8 then drops what it has compiled of all modules.
 */
function configuration(program, storage, port) {
  const text = JSON.stringify;
  const list = (items) => `[${items.join(', ')}]`;
  const { modules, vars = {}, kv = [], objects = [] } = program;
  const bindings = [
    ...Object.entries(vars).map(([name, value]) => `(name = ${text(name)}, text = ${text(value.replaceAll('$ORIGIN', `http://127.0.0.1:${port}`))})`),
    ...kv.map((name) => `(name = ${text(name)}, kvNamespace = "kv")`),
    ...objects.map(({ binding, className }) => `(name = ${text(binding)}, durableObjectNamespace = ${text(className)})`),
  ];
  const namespaces = objects.map(({ className }) => `(className = ${text(className)}, uniqueKey = ${text(className)}, enableSql = true)`);
  const embedded = modules.map(({ name }) => `(name = ${text(name)}, ${name.endsWith('.wasm') ? 'wasm' : 'esModule'} = embed ${text(name)})`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "kv", worker = .kv),
    (name = "worker", worker = .worker),
    (name = "storage", disk = (path = ${text(storage)}, writable = true)),${
      program.outbound ? `\n    (name = "internet", external = (address = "127.0.0.1:${program.outbound}", http = ())),` : ''
    }
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "worker")],
);
const worker :Workerd.Worker = (
  modules = ${list(embedded)},
  compatibilityDate = ${text(program.compatibilityDate)},
  compatibilityFlags = ${list(program.compatibilityFlags.map(text))},
  bindings = ${list(bindings)},
  durableObjectNamespaces = ${list(namespaces)},
  durableObjectStorage = (localDisk = "storage"),
);
const kv :Workerd.Worker = (
  modules = [(name = "kv.mjs", esModule = embed "kv.mjs")],
  compatibilityDate = ${text(program.compatibilityDate)},
);
`;
}
