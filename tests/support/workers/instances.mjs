// Several instances of the Worker over the same storage, as Cloudflare runs them: plain workerd, one process, each instance
// an isolate of its own on a port of its own, all with the same Durable Objects. What is around the Worker is under the
// test's control: the clock, the lag of KV, and what answers its fetches.

import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bindingsIn, configuration } from './workerd-config.mjs';
import { ROOT } from './wrangler-dev.mjs';

const START_LIMIT_MS = 30_000;
/** The modules that run in workerd, beside those of the Worker. */
const INSIDE = fileURLToPath(new URL('inside', import.meta.url));
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
 * @property {(during: () => Promise<void>) => Promise<void>} withStoppedClock  `during` only `passes` lets time pass, however long the
 *   machine takes: for what changes from one second to the next
 * @property {() => string} neighbour  where the other Worker is
 * @property {Instance[]} connectors  the instances of the other connector, whose sign-in this Worker keeps
 * @property {() => Promise<void>} kvCatchesUp
 * @property {() => Promise<Record<string, string>>} kv   all entries
 * @property {() => Promise<Record<string, {value: string, metadata: string | null, ttl: number | null}>>} kvDetails  all of each entry
 * @property {(key: string) => Promise<void>} kvForgets  an entry, as when its time is over
 * @property {(how: 'fails' | 'hangs' | 'refuses' | 'works') => Promise<void>} kvNow  `refuses`: writes only
 * @property {(name: string, how: 'fails' | 'hangs' | 'loses' | 'loses-one' | 'loses-every-other' | 'dies-one' | 'works') => Promise<void>} objectsNow
 *   of one class, or `fails` of one object by its class and name (`Subscriptions/all-2`); `loses`: they do what they are asked and the answers do not arrive; `loses-one`: the next answer only;
 *   `loses-every-other`: the next, not the one after, and so on; `dies-one`: the next object that is asked does it, keeps it and is
 *   replaced before it answers
 * @property {(binding: string, name: string) => Promise<void>} alarm  rings the alarm of an object before its time
 * @property {(binding: string, name: string) => Promise<void>} replace  an object by a new one, as a deploy does
 * @property {(binding: string, name: string, statement: string) => Promise<object[]>} sql  runs a statement in the database of an object
 * @property {() => Promise<void>} settled  waits until what earlier requests write behind their answers is written
 * @property {() => Promise<{objects: Record<string, number>, rowsWritten: number}>} countsOfConnector  the same of the other connector's objects
 * @property {() => Promise<{kv: Record<string, number>, objects: Record<string, number>, named: Record<string, number>, rowsWritten: number, rowsRead: number}>} counts
 *   what storage was asked since the start, `named` by class and name of an object; of KV only without `lateKv`
 * @property {(vars?: Record<string, string>, how?: {without?: string[], unbound?: string[], ofConnector?: Record<string, string>}) => Promise<void>} restart  over the same objects,
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
 * @param {boolean} [options.buckets]  whether there are buckets of R2 for links, which take nothing: R2 is no part of workerd
 * @param {boolean} [options.neighbour]  whether there is another Worker with a Service Binding to `Internal`: what is sent to
 *   `neighbour()` it passes on
 * @param {{count?: number, origin?: string, vars?: Record<string, string>}} [options.connector]  another connector of this build, with a
 *   Service Binding to `Introspection`; `objectsNow` and `counts` know that entry point by its name
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
  buckets = false,
  neighbour = false,
  connector,
  outbound,
} = {}) {
  const state = await mkdtemp(join(tmpdir(), 'mcp-connector-instances-'));
  const bindings = await bindingsIn(join(ROOT, worker, 'wrangler.toml'));
  await mkdir(join(state, 'storage'));
  if (connector) {
    connector = { count: 1, origin: 'https://wiki.example.com', vars: {}, ...connector };
    await mkdir(join(state, 'storage-of-connector'));
  }
  // A copy: a build in the meantime changes nothing.
  for (const name of await readdir(join(ROOT, worker, 'build'))) {
    if (/\.(js|wasm)$/.test(name)) await cp(join(ROOT, worker, 'build', name), join(state, name));
  }
  await cp(INSIDE, state, { recursive: true });
  await writeFile(join(state, 'settings.js'), `export const callLimit = ${callLimit}, metrics = ${metrics}, databases = ${JSON.stringify(bindings.databases)}, buckets = ${JSON.stringify(buckets ? bindings.buckets : [])};`);
  await writeFile(join(state, 'main.js'), mainModule(bindings.objects.map(({ className }) => className)));

  const names = Array.from({ length: count }, (_, number) => `instance-${number}`);
  const connectors = Array.from({ length: connector?.count ?? 0 }, (_, number) => `connector-${number}`);
  const written = { log: '' };
  let running;
  const launch = async (these, unbound = [], ofConnector = connector?.vars) => {
    await writeFile(
      join(state, 'config.capnp'),
      configuration({ state, count, bindings, vars: { ...bindings.vars, ...these }, lateKv, outbound, neighbour, connector: connector && { ...connector, vars: ofConnector }, unbound }),
    );
    running = await startWorkerd(state, [...names, ...connectors, 'kv-control', ...(neighbour ? ['neighbour'] : [])], written);
  };
  await launch(vars);

  const control = async (name, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${running.ports[name]}${path}`, body && { method: 'POST', body });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  /** By how much the clock of each instance is ahead; a new process begins at the true time. */
  const ahead = Object.fromEntries([...names, ...connectors].map((name) => [name, 0]));
  const putForward = (name, seconds) => control(name, `/..clock?seconds=${seconds}`);
  const clocksRun = (answer) => Promise.all([...names, ...connectors].map((name) => control(name, `/..clock?runs=${answer}`)));
  const counts = async () => ({
    kv: await (await control('kv-control', '/..counts')).json(),
    ...(await (await control('instance-0', '/..counts')).json()),
  });
  const instanceAt = (origin) => (name) => ({
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
  });
  const instances = names.map(instanceAt(origin));
  const instancesOfConnector = connectors.map(instanceAt(connector?.origin));
  return {
    instances,
    connectors: instancesOfConnector,
    neighbour: () => `http://127.0.0.1:${running.ports.neighbour}`,
    log: () => written.log,
    passes: async (seconds) => void (await Promise.all([...instances, ...instancesOfConnector].map((one) => one.passes(seconds)))),
    withStoppedClock: async (during) => {
      await clocksRun('no');
      try {
        await during();
      } finally {
        await clocksRun('yes');
      }
    },
    kvCatchesUp: async () => void (await control('kv-control', '/..catch-up')),
    kv: async () => (await control('kv-control', '/..entries')).json(),
    kvDetails: async () => (await control('kv-control', '/..details')).json(),
    kvForgets: async (key) => void (await control('kv-control', `/..forget?key=${key}`)),
    kvNow: async (how) => void (await control('kv-control', `/..now?how=${how}`)),
    objectsNow: async (name, how) => void (await control('instance-0', `/..objects?name=${name}&how=${how}`)),
    alarm: async (binding, name) => void (await control('instance-0', `/..alarm?binding=${binding}&name=${name}`)),
    replace: async (binding, name) => void (await control('instance-0', `/..replace?binding=${binding}&name=${name}`)),
    sql: async (binding, name, statement) => (await control('instance-0', `/..sql?binding=${binding}&name=${name}`, statement)).json(),
    counts,
    settled: async () => {
      // A write behind an answer may begin late.
      for (let quiet = 0, before; quiet < 3; ) {
        const now = JSON.stringify(await counts());
        quiet = now === before ? quiet + 1 : 0;
        before = now;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    countsOfConnector: async () => (await control('connector-0', '/..counts')).json(),
    memory: async () => ({ wasm: Number(await (await control('instance-0', '/..memory')).text()), process: await residentBytes(join(state, 'config.capnp')) }),
    restart: async (these = vars, { without = [], unbound, ofConnector } = {}) => {
      await writeFile(join(state, 'again'), '');
      await running.stop();
      await rm(join(state, 'again'));
      for (const name of without) await rm(join(state, 'storage', name), { recursive: true });
      await launch(these, unbound, ofConnector);
      await Promise.all([...names, ...connectors].map((name) => putForward(name, ahead[name])));
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

/**
 * Instances for a whole file or suite: they start before its tests and stop after them. What it gives may be named at once and is
 * there as soon as they have started.
 * @param {Parameters<typeof startInstances>[0] | (() => Parameters<typeof startInstances>[0])} [options]  a function is called when
 *   they start
 * @param {() => Promise<void>} [prepare]  what else is done before the tests, once they have started. (Other `before` hooks of a file
 *   do not wait for this one.)
 * @returns {Runtime}
 */
export function instancesForSuite(options = {}, prepare = async () => {}) {
  let runtime;
  before(async () => {
    runtime = await startInstances(typeof options === 'function' ? options() : options);
    await prepare();
  });
  after(() => runtime?.stop());
  const instance = (of) => (_, number) => new Proxy({}, { get: (_, name) => runtime[of][number][name] });
  const { count = 2, connector } = options;
  const own = {
    instances: Array.from({ length: count }, instance('instances')),
    connectors: Array.from({ length: connector ? (connector.count ?? 1) : 0 }, instance('connectors')),
  };
  return new Proxy(own, { get: (_, name) => own[name] ?? runtime?.[name] });
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

/** The module that workerd starts: the Worker's class and those of its objects, each in `around.js`. */
const mainModule = (classes) =>
  `import { counted } from 'around.js';\nexport { default, Introspection } from 'around.js';\nexport { Internal } from 'index.js';\n` +
  classes.map((name) => `export const ${name} = counted('${name}');\n`).join('');

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
