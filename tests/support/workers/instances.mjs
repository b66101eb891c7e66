// Several instances of the Worker over the same storage, as Cloudflare runs them: plain workerd, one process, each instance
// an isolate of its own on a port of its own, all with the same Durable Objects. What is around the Worker is under the
// test's control: the clock, the lag of KV, and what the outside world answers to its fetches.

import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { MODULES } from '../../../scripts/build/entry-point.mjs';
import { ROOT } from './wrangler-dev.mjs';

const START_LIMIT_MS = 30_000;
const workerd = createRequire(createRequire(join(ROOT, 'package.json')).resolve('wrangler/package.json'))('workerd').default;

/**
 * @typedef {object} Instance
 * @property {number} port
 * @property {string} origin
 * @property {Record<string, string>} headers  what makes a request look as if it came to `origin`
 * @property {string} url
 * @property {string} privateUrl
 * @property {() => string} log
 * @property {(seconds: number) => Promise<void>} passes  lets time pass for this instance
 */

/**
 * @typedef {object} Runtime
 * @property {Instance[]} instances
 * @property {() => string} log
 * @property {(seconds: number) => Promise<void>} passes  lets time pass for all instances and for the objects
 * @property {() => Promise<void>} kvCatchesUp
 * @property {() => Promise<Record<string, string>>} kv   all entries
 * @property {() => Promise<Record<string, {value: string, metadata: string | null, ttl: number | null}>>} kvDetails  all of each entry
 * @property {(key: string) => Promise<void>} kvForgets  an entry, as when its time is over
 * @property {(how: 'fails' | 'hangs' | 'refuses' | 'works') => Promise<void>} kvNow  `refuses`: writes only
 * @property {(name: string, how: 'fails' | 'hangs' | 'loses' | 'loses-one' | 'loses-every-other' | 'dies-one' | 'works') => Promise<void>} objectsNow
 *   of one class; `loses`: they do what they are asked and the answers do not arrive; `loses-one`: the next answer only;
 *   `loses-every-other`: the next, not the one after, and so on; `dies-one`: the next object that is asked does it, keeps it and is
 *   replaced before it answers
 * @property {(binding: string, name: string) => Promise<void>} alarm  rings the alarm of an object before its time
 * @property {(binding: string, name: string) => Promise<void>} replace  an object by a new one, as a deploy does
 * @property {() => Promise<{kv: Record<string, number>, objects: Record<string, number>, rowsWritten: number}>} counts
 *   what storage was asked since the start; of KV only without `lateKv`
 * @property {(vars?: Record<string, string>, how?: {without?: string[], unbound?: string[]}) => Promise<void>} restart  over the same objects,
 *   with other variables; `without` what the objects of these classes have kept, and without the `unbound` bindings
 * @property {(text: string) => Promise<number>} filesHolding  how many files of the objects' storage hold a text
 * @property {() => Promise<{wasm: number, process?: number}>} memory  of the first instance's code, and of the whole runtime, in bytes
 * @property {() => Promise<void>} stop
 */

/**
 * Ends with the test process in any case: the shell reads our end of a pipe and kills the group when that closes.
 */
const SUPERVISE = `
{ "$@"; echo "[ended $?]"; } 3>&4 </dev/null &
cat >/dev/null
trap : TERM
kill -TERM 0
sleep 0.3
[ -e "$0/again" ] || rm -rf "$0"
kill -KILL 0
`;

/**
 * @param {object} options
 * @param {string} [options.worker]    folder of the Worker, from the repository's root; the project's own by default
 * @param {number} [options.count]     how many instances
 * @param {string | null} [options.origin]  under which name all of them are asked; null: each under its own address
 * @param {Record<string, unknown>} [options.vars]  a string is a text, anything else a value of JSON
 * @param {boolean} [options.lateKv]   an instance sees what others write to KV only after `kvCatchesUp`, misses included
 * @param {number} [options.callLimit]  how many calls the binding CALL_LIMIT lets pass for each key; it prints the keys
 * @param {boolean} [options.metrics]  whether there is a dataset METRICS, which prints its data points
 * @param {number} [options.outbound]  port of a server on this machine that answers all fetches of the Worker
 * @returns {Promise<Runtime>}
 */
export async function startInstances({
  worker = '.',
  count = 2,
  origin = 'https://mcp.example.com',
  vars = {},
  lateKv = false,
  callLimit,
  metrics = false,
  outbound,
} = {}) {
  const state = await mkdtemp(join(tmpdir(), 'mcp-connector-instances-'));
  const bindings = await bindingsIn(join(ROOT, worker, 'wrangler.toml'));
  await mkdir(join(state, 'storage'));
  // A copy: a build in the meantime changes nothing.
  for (const name of await readdir(join(ROOT, worker, 'build'))) {
    if (/\.(js|wasm)$/.test(name)) await cp(join(ROOT, worker, 'build', name), join(state, name));
  }
  await writeFile(join(state, 'around.js'), around(bindings.objects.map(({ className }) => className), { callLimit, metrics }));
  await writeFile(join(state, 'store.js'), KV_STORE);
  await writeFile(join(state, 'view.js'), KV_VIEW);
  await writeFile(join(state, 'nowhere.js'), NOWHERE);

  const names = Array.from({ length: count }, (_, number) => `instance-${number}`);
  const written = { log: '' };
  let running;
  const launch = async (these, unbound = []) => {
    await writeFile(
      join(state, 'config.capnp'),
      configuration({ state, count, bindings, vars: { ...bindings.vars, ...these }, lateKv, outbound, unbound }),
    );
    running = await startWorkerd(state, [...names, 'kv-control'], written);
  };
  await launch(vars);

  const control = async (name, path) => {
    const answer = await fetch(`http://127.0.0.1:${running.ports[name]}${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  /** By how much the clock of each instance is ahead; a new process begins at the true time. */
  const ahead = Object.fromEntries(names.map((name) => [name, 0]));
  const putForward = (name, seconds) => control(name, `/..clock?seconds=${seconds}`);
  const instances = names.map((name) => ({
    get port() {
      return running.ports[name];
    },
    get origin() {
      return origin ?? `http://127.0.0.1:${this.port}`;
    },
    get headers() {
      const { protocol, host } = new URL(this.origin);
      return { host, ...(protocol === 'https:' && { 'x-forwarded-proto': 'https' }) };
    },
    get url() {
      return `${this.origin}/mcp`;
    },
    get privateUrl() {
      return `${this.origin}/private/mcp`;
    },
    log: () => written.log,
    passes: async (seconds) => {
      ahead[name] += seconds;
      await putForward(name, seconds);
    },
  }));
  return {
    instances,
    log: () => written.log,
    passes: async (seconds) => void (await Promise.all(instances.map((one) => one.passes(seconds)))),
    kvCatchesUp: async () => void (await control('kv-control', '/..catch-up')),
    kv: async () => (await control('kv-control', '/..entries')).json(),
    kvDetails: async () => (await control('kv-control', '/..details')).json(),
    kvForgets: async (key) => void (await control('kv-control', `/..forget?key=${key}`)),
    kvNow: async (how) => void (await control('kv-control', `/..now?how=${how}`)),
    objectsNow: async (name, how) => void (await control('instance-0', `/..objects?name=${name}&how=${how}`)),
    alarm: async (binding, name) => void (await control('instance-0', `/..alarm?binding=${binding}&name=${name}`)),
    replace: async (binding, name) => void (await control('instance-0', `/..replace?binding=${binding}&name=${name}`)),
    counts: async () => ({
      kv: await (await control('kv-control', '/..counts')).json(),
      ...(await (await control('instance-0', '/..counts')).json()),
    }),
    memory: async () => ({ wasm: Number(await (await control('instance-0', '/..memory')).text()), process: await residentBytes(join(state, 'config.capnp')) }),
    restart: async (these = vars, { without = [], unbound } = {}) => {
      await writeFile(join(state, 'again'), '');
      await running.stop();
      await rm(join(state, 'again'));
      for (const name of without) await rm(join(state, 'storage', name), { recursive: true });
      await launch(these, unbound);
      await Promise.all(names.map((name) => putForward(name, ahead[name])));
    },
    filesHolding: async (text) => {
      const names = await readdir(join(state, 'storage'), { recursive: true });
      const files = names.filter((name) => /\.sqlite(-wal)?$/.test(name));
      // A file may go while we look.
      const contents = await Promise.all(files.map((name) => readFile(join(state, 'storage', name)).catch(() => Buffer.alloc(0))));
      return contents.filter((bytes) => bytes.includes(text)).length;
    },
    stop: async () => {
      await running.stop();
      await rm(state, { recursive: true, force: true });
    },
  };
}

/** How much of the machine's memory the runtime with this configuration has. Undefined where the system does not say. */
async function residentBytes(config) {
  const processes = await readdir('/proc').catch(() => []);
  for (const id of processes.filter((name) => /^\d+$/.test(name))) {
    const [command, status] = await Promise.all(['cmdline', 'status'].map((name) => readFile(`/proc/${id}/${name}`, 'utf8').catch(() => '')));
    if (/^Name:\s+workerd$/m.test(status) && command.split('\0').includes(config)) return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)[1]);
  }
  return undefined;
}

/** Starts workerd in its folder and waits until it listens on all `sockets`. */
async function startWorkerd(state, sockets, written) {
  const options = ['serve', '--control-fd=3', '--verbose', join(state, 'config.capnp')];
  const group = spawn('sh', ['-c', SUPERVISE, state, workerd, ...options], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'ignore', 'pipe'],
  });
  const handles = [group, ...group.stdio.filter(Boolean)];
  for (const handle of handles) handle.unref();
  group.stdin.on('error', () => {});
  const ended = new Promise((resolve) => group.once('close', resolve));
  const stop = async () => {
    for (const handle of handles) handle.ref();
    group.stdin.end();
    await ended;
  };
  const ports = {};
  const ready = new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`workerd ${why}:\n${written.log}`));
    const limit = setTimeout(() => fail(`did not start in ${START_LIMIT_MS} ms`), START_LIMIT_MS);
    const read = (chunk) => {
      written.log += chunk;
      if (/^\[ended \d+\]$/m.test(chunk)) fail('ended');
    };
    group.stdout.setEncoding('utf8').on('data', read);
    group.stderr.setEncoding('utf8').on('data', read);
    group.once('error', reject);
    let control = '';
    group.stdio[4].setEncoding('utf8').on('data', (chunk) => {
      control += chunk;
      for (let end; (end = control.indexOf('\n')) >= 0; control = control.slice(end + 1)) {
        const event = JSON.parse(control.slice(0, end));
        if (event.event === 'listen') ports[event.socket] = event.port;
      }
      if (!sockets.every((name) => ports[name])) return;
      clearTimeout(limit);
      resolve();
    });
  });
  try {
    await ready;
  } catch (error) {
    await stop();
    throw error;
  }
  return { ports, stop };
}

/** What the Worker is bound to, as its `wrangler.toml` says. */
async function bindingsIn(file) {
  const config = parse(await readFile(file, 'utf8'));
  return {
    date: config.compatibility_date,
    flags: config.compatibility_flags ?? [],
    kv: (config.kv_namespaces ?? []).map(({ binding }) => binding),
    objects: (config.durable_objects?.bindings ?? []).map(({ name, class_name }) => ({ binding: name, className: class_name })),
    vars: config.vars ?? {},
  };
}

/** The configuration, in Cap'n Proto's text form. Its string literals are close enough to JSON's. */
function configuration({ state, count, bindings, vars, lateKv, outbound, unbound }) {
  const text = JSON.stringify;
  const { date, flags, kv, objects } = bindings;
  const numbers = Array.from({ length: count }, (_, number) => number);
  const modules = `[
    (name = "around.js", esModule = embed "around.js"),
    ${MODULES.map((name) => `(name = "${name}", ${name.endsWith('.js') ? 'esModule' : 'wasm'} = embed "${name}"),`).join('\n    ')}
  ]`;
  const bindingsOf = (number) => [
    // What is no string in `[vars]` reaches a Worker as a value of JSON.
    ...Object.entries(vars).map(([name, content]) =>
      typeof content === 'string'
        ? `(name = ${text(name)}, text = ${text(content)})`
        : `(name = ${text(name)}, json = ${text(text(content))})`,
    ),
    ...kv.filter((name) => !unbound.includes(name)).map((name) => `(name = ${text(name)}, kvNamespace = ${lateKv ? `"view-${number}"` : '"store"'})`),
    ...objects.filter(({ binding }) => !unbound.includes(binding)).map(({ binding, className }) =>
      number === 0
        ? `(name = ${text(binding)}, durableObjectNamespace = ${text(className)})`
        : `(name = ${text(binding)}, durableObjectNamespace = (className = ${text(className)}, serviceName = "instance-0"))`,
    ),
  ];
  const small = (name, file, more = '') =>
    `const ${name} :Workerd.Worker = (modules = [(name = "${file}", esModule = embed "${file}")], compatibilityDate = ${text(date)}${more});`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${numbers.map((number) => `(name = "instance-${number}", worker = .instance${number}),`).join('\n    ')}
    ${numbers.map((number) => `(name = "view-${number}", worker = .view${number}),`).join('\n    ')}
    (name = "store", worker = .store),
    (name = "internet", ${outbound ? `external = (address = "127.0.0.1:${outbound}", http = ())` : 'worker = .nowhere'}),
    (name = "storage", disk = (path = ${text(join(state, 'storage'))}, writable = true)),
  ],
  sockets = [
    ${numbers.map((number) => `(name = "instance-${number}", address = "127.0.0.1:0", http = (forwardedProtoHeader = "X-Forwarded-Proto"), service = "instance-${number}"),`).join('\n    ')}
    (name = "kv-control", address = "127.0.0.1:0", http = (), service = "store"),
  ],
);
${numbers
  .map(
    (number) => `const instance${number} :Workerd.Worker = (
  modules = ${modules},
  compatibilityDate = ${text(date)},
  compatibilityFlags = [${flags.map(text).join(', ')}],
  globalOutbound = "internet",
  bindings = [${bindingsOf(number).join(',\n    ')}],
${
  number === 0
    ? `  durableObjectNamespaces = [${objects
        .map(({ className }) => `(className = ${text(className)}, uniqueKey = ${text(className)}, enableSql = true)`)
        .join(', ')}],
  durableObjectStorage = (localDisk = "storage"),
`
    : ''
});
const view${number} :Workerd.Worker = (
  modules = [(name = "view.js", esModule = embed "view.js")],
  compatibilityDate = ${text(date)},
  bindings = [(name = "STORE", service = "store")],
);`,
  )
  .join('\n')}
${small('store', 'store.js')}
${small('nowhere', 'nowhere.js')}
`;
}

/** Around the Worker: its clock can be put forward. An isolate's objects share the clock of the isolate. */
const around = (classes, { callLimit, metrics }) => `
let ahead = 0;
const counts = { objects: {}, rowsWritten: 0 };
const cursors = [];
const settle = () => {
  for (const cursor of cursors.splice(0)) counts.rowsWritten += cursor.rowsWritten;
};
/** How the objects of a class are now, if not well. */
const state = {};
/** And how after an answer, if that differs. */
const afterwards = { 'loses-one': 'works', 'dies-one': 'works', 'loses-every-other': 'loses-not-this', 'loses-not-this': 'loses-every-other' };
/** The answer of what does not answer. A timer keeps the request alive. */
const silence = () => new Promise((resolve) => setTimeout(resolve, 60_000));
let isWatched = false;
/** Notes the cursor of every statement: it knows the rows that it has read and written. */
function watch(storage) {
  if (isWatched) return;
  isWatched = true;
  const prototype = Object.getPrototypeOf(storage.sql);
  const { exec } = prototype;
  prototype.exec = function (...args) {
    const cursor = exec.apply(this, args);
    cursors.push(cursor);
    return cursor;
  };
}
/** The class of an object, counted. */
const counted = (name, Class) => class extends Class {
  constructor(context, env) {
    watch(context.storage);
    super(context, env);
    this.kept = () => context.storage.sync();
    this.replaced = () => context.abort('replaced, by order of a test');
  }
  async fetch(request) {
    if (new URL(request.url).pathname === '/..alarm') {
      await super.alarm();
      return new Response('');
    }
    if (new URL(request.url).pathname === '/..replace') this.replaced();
    if (state[name] === 'fails') throw new Error('the object is out of order, by order of a test');
    if (state[name] === 'hangs') await silence();
    counts.objects[name] = (counts.objects[name] ?? 0) + 1;
    const answer = await super.fetch(request);
    const how = state[name];
    state[name] = afterwards[how] ?? how;
    if (!['loses', 'loses-one', 'loses-every-other', 'dies-one'].includes(how)) return answer;
    // As a whole: what is thrown away unread would be called unfinished.
    await answer.arrayBuffer();
    if (how === 'dies-one') {
      await this.kept();
      this.replaced();
    }
    throw new Error('the answer is lost, by order of a test');
  }
};
/** The memory of each instance of the Worker's own code. */
const memories = [];
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(target, args) {
    const made = Reflect.construct(target, args);
    memories.push(made.exports.memory);
    return made;
  },
});
const Real = Date;
globalThis.Date = class Date extends Real {
  constructor(...args) { args.length === 0 ? super(Real.now() + ahead) : super(...args); }
  static now() { return Real.now() + ahead; }
};
const { default: Worker, ...rest } = await import('index.js');
${classes.map((name) => `export const ${name} = counted('${name}', rest.${name});`).join('\n')}
const more = {
  ${callLimit === undefined ? '' : `CALL_LIMIT: {
    counts: {},
    async limit({ key }) {
      console.log('[limit] ' + JSON.stringify(key));
      return { success: (this.counts[key] = (this.counts[key] ?? 0) + 1) <= ${callLimit} };
    },
  },`}
  ${metrics ? `METRICS: { writeDataPoint: (point) => console.log('[point] ' + JSON.stringify(point)) },` : ''}
};
export default class extends Worker {
  constructor(context, env) {
    super(context, { ...env, ...more });
  }
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === '/..clock') {
      ahead += 1000 * Number(url.searchParams.get('seconds'));
      return new Response(String(Date.now()));
    }
    if (url.pathname === '/..objects') {
      state[url.searchParams.get('name')] = url.searchParams.get('how');
      return new Response('');
    }
    if (url.pathname === '/..alarm') {
      const objects = this.env[url.searchParams.get('binding')];
      return objects.get(objects.idFromName(url.searchParams.get('name'))).fetch('http://object/..alarm');
    }
    if (url.pathname === '/..replace') {
      const objects = this.env[url.searchParams.get('binding')];
      await objects.get(objects.idFromName(url.searchParams.get('name'))).fetch('http://object/..replace').catch(() => {});
      return new Response('');
    }
    if (url.pathname === '/..memory') {
      return new Response(String(memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0)));
    }
    if (url.pathname === '/..counts') {
      settle();
      return Response.json(counts);
    }
    return super.fetch(request);
  }
}
`;

/** Workers KV at its centre: the requests that workerd makes of a namespace, answered from memory. */
const KV_STORE = `
const entries = new Map();
const counts = { reads: 0, writes: 0, lists: 0, deletes: 0 };
let epoch = 0;
let state = 'works';
export default {
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === '/..now') return new Response(state = url.searchParams.get('how'));
    if (url.pathname === '/..counts') return Response.json(counts);
    if (url.pathname === '/..catch-up') return new Response(String(epoch += 1));
    if (url.pathname === '/..epoch') return new Response(String(epoch));
    if (url.pathname === '/..entries') {
      const text = new TextDecoder();
      return Response.json(Object.fromEntries([...entries].map(([key, { value }]) => [key, text.decode(value)])));
    }
    if (url.pathname === '/..details') {
      const text = new TextDecoder();
      const shown = ({ value, metadata, ttl }) => ({ value: text.decode(value), metadata, ttl });
      return Response.json(Object.fromEntries([...entries].map(([key, entry]) => [key, shown(entry)])));
    }
    if (url.pathname === '/..forget') return new Response(String(entries.delete(url.searchParams.get('key'))));
    const isWrite = request.method === 'PUT' || request.method === 'DELETE';
    if (state === 'fails' || (state === 'refuses' && isWrite)) {
      await request.arrayBuffer();
      return new Response('out of order, by order of a test', { status: 500 });
    }
    if (state === 'hangs') await new Promise((resolve) => setTimeout(resolve, 60_000));
    const key = decodeURIComponent(url.pathname.slice(1));
    counts[request.method === 'PUT' ? 'writes' : request.method === 'DELETE' ? 'deletes' : key === '' ? 'lists' : 'reads'] += 1;
    if (request.method === 'PUT') {
      const ttl = url.searchParams.get('expiration_ttl');
      const metadata = request.headers.get('CF-KV-Metadata');
      entries.set(key, { value: await request.arrayBuffer(), metadata, ttl: ttl && Number(ttl) });
      return new Response(null);
    }
    if (request.method === 'DELETE') return entries.delete(key), new Response(null);
    if (key === '') {
      const prefix = url.searchParams.get('prefix') ?? '';
      const names = [...entries.keys()].filter((name) => name.startsWith(prefix)).sort();
      const from = Number(url.searchParams.get('cursor') ?? 0);
      const to = from + Number(url.searchParams.get('key_count_limit') ?? 1000);
      const keys = names.slice(from, to).map((name) => {
        const { metadata } = entries.get(name);
        return { name, ...(metadata && { metadata }) };
      });
      return Response.json(to < names.length ? { keys, list_complete: false, cursor: String(to) } : { keys, list_complete: true });
    }
    const entry = entries.get(key);
    if (!entry) return new Response(null, { status: 404 });
    return new Response(entry.value, { headers: entry.metadata ? { 'CF-KV-Metadata': entry.metadata } : {} });
  },
};
`;

/** Workers KV as one place sees it: what was read once, a miss too, stays so until the place has caught up. */
const KV_VIEW = `
const seen = new Map();
let epoch = '0';
export default {
  async fetch(request, env) {
    const now = await (await env.STORE.fetch('http://store/..epoch')).text();
    if (now !== epoch) seen.clear();
    epoch = now;
    const key = new URL(request.url).pathname;
    if (request.method !== 'GET' || key === '/') return env.STORE.fetch(request);
    if (!seen.has(key)) {
      const answer = await env.STORE.fetch(request);
      seen.set(key, { status: answer.status, headers: [...answer.headers], body: answer.status === 404 ? null : await answer.arrayBuffer() });
    }
    const { status, headers, body } = seen.get(key);
    return new Response(body, { status, headers });
  },
};
`;

/** The outside world, when nobody is there. */
const NOWHERE = `
export default { fetch: () => new Response('nobody is there', { status: 503 }) };
`;
