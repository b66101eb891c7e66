// What is measured beside each other: the bare Worker, this connector, and what else one could build a server with.
import { randomBytes } from 'node:crypto';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../scripts/support/paths.mjs';
import { MODULES } from '../scripts/build/entry-point.mjs';
import { buildWorker } from '../scripts/build/worker.mjs';
import { wranglerRequire } from './runtime.mjs';
import { signIn } from './sign_in.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

/**
 * @typedef {object} Column
 * @property {string} name for `--columns`
 * @property {string} title
 * @property {string} short above the table of all calls
 * @property {string[]} kinds which calls it can answer; see calls.mjs
 * @property {boolean} [contends] whether it is a server that one would deploy, and not a measure for others
 * @property {boolean} [optional] measured only with `--log`, or when it is named
 * @property {string} [revision] of the legacy protocol, where the column does not know the one that the calls name
 * @property {Record<string, string>} [paths] where the column has what the calls name under another path
 * @property {(settings: Settings, scratch: string) => Promise<import('./runtime.mjs').Program>} build
 * @property {(connection: import('./load.mjs').Connection, origin: string) => Promise<{access_token: string}>} [signIn]
 * @property {boolean} [anyToken] looks at no token, so that one needs no sign-in
 * @property {string} [pages] what a sign-in has between the authorization request and the code
 * @property {boolean} [closed] answers no call without a token
 * @typedef {{compatibilityDate: string, compatibilityFlags: string[], vars: object, kv: string[], objects: object[]}} Settings of wrangler.toml
 */

const EVERY_KIND = ['legacy', 'modern', 'token', 'whoami', 'challenge', 'metadata'];
const ONE_DOOR = { '/private/mcp': '/mcp' };

const PASSPHRASE = randomBytes(16).toString('hex');

/** What everything is a multiple of. It takes any token. */
const floor = { kinds: EVERY_KIND, paths: ONE_DOOR, anyToken: true };

const peers = [
  { name: 'mcp-lite', title: 'mcp-lite', kinds: ['legacy'], revision: '2025-06-18', build: bundle('mcp-lite') },
  { name: 'tmcp', title: 'tmcp', kinds: ['legacy', 'modern'], revision: '2025-06-18', build: bundle('tmcp') },
  { name: 'sdk', title: 'official SDK v1', kinds: ['legacy'], build: bundle('sdk') },
  { name: 'agents', title: 'agents (SDK v2)', kinds: ['legacy', 'modern'], build: bundle('agents') },
  {
    name: 'agents-oauth',
    title: 'agents + workers-oauth-provider',
    kinds: EVERY_KIND,
    paths: ONE_DOOR,
    build: bundle('agents-oauth', { kv: ['OAUTH_KV'], vars: { MCP_RESOURCE: '$ORIGIN/mcp' } }),
    signIn: (connection, origin) => signIn(connection, { origin, register: '/oauth/register', token: '/oauth/token' }),
    pages: 'none, it approves at once',
    closed: true,
  },
].map((peer) => ({ ...peer, short: peer.name, contends: true }));

/** @type {Column[]} */
export const columns = [
  { name: 'floor', title: 'JavaScript by hand', short: 'floor', ...floor, build: bundle('floor') },
  { name: 'bare', title: 'bare Rust Worker', short: 'bare', kinds: EVERY_KIND, build: rust('bench/bare', () => ({})) },
  { name: 'connector', title: 'this connector', short: 'ours', contends: true, ...connector({ LOG: 'off' }) },
  // Locally a line costs what the runtime takes to print it. The floor with a line shows how much of it that is.
  { name: 'connector-log', title: 'this connector, with its log lines', short: 'ours+log', ...connector({ LOG: 'all' }) },
  { name: 'floor-log', title: 'JavaScript by hand, with a log line', short: 'floor+log', ...floor, build: bundle('floor').withLine },
  ...peers,
  ...peers.map(loggingPeer),
];

/** A peer that writes a line for each request. It is measured beside the others and is not what one would get from its README. */
function loggingPeer({ name, title, build, ...rest }) {
  return { ...rest, name: `${name}-log`, title: `${title}, with a log line`, short: `${name}+log`, contends: false, optional: true, build: build.withLine };
}

/** What is deployed, with these variables beside its own. */
function connector(more) {
  return {
    kinds: EVERY_KIND,
    build: rust('.', ({ vars, kv, objects }) => ({ kv, objects, vars: { ...vars, OWNER_PASSPHRASE: PASSPHRASE, ...more } })),
    signIn: (connection, origin, how) => signIn(connection, { origin, register: '/register', token: '/token', passphrase: PASSPHRASE, ...how }),
    pages: 'consent and passphrase',
  };
}

/** What `--cost` counts beside this connector: the peer whose sessions have an object each. */
export const agentsObjects = {
  name: 'agents-objects',
  title: '`McpAgent` of agents + workers-oauth-provider',
  short: 'McpAgent',
  build: bundle('agents-objects', {
    kv: ['OAUTH_KV'],
    objects: [{ binding: 'MCP_OBJECT', className: 'NotesAgent' }],
    vars: { MCP_RESOURCE: '$ORIGIN/mcp' },
  }),
  signIn: (connection, origin, how) => signIn(connection, { origin, register: '/oauth/register', token: '/oauth/token', ...how }),
};

/** How often a silent stream of it writes, in milliseconds: often, so that it need not be watched for minutes. */
export const keepAlive = { measured: 5000, usual: 15_000 };

/** The connector with every feature, for what the starter has not. */
export const everything = rust('examples/everything', ({ kv, objects }) => ({ kv, objects, vars: { KEEP_ALIVE_MS: String(keepAlive.measured) } }));

/** What `--growth` measures: a connector of any number of tools. */
export const growing = rust('bench/growth', ({ kv, objects }) => ({ kv, objects, vars: { OWNER_PASSPHRASE: PASSPHRASE, LOG: 'off' } }));

/** The least that holds open streams. */
export const streamsFloor = bundle('streams-floor', { objects: [{ binding: 'STREAMS', className: 'Streams' }] });

/** A Worker of this repository, built as it is deployed. MCP_PREBUILT=1 takes the last build. */
function rust(crate, bindings) {
  return async (settings) => {
    if (process.env.MCP_PREBUILT !== '1') await buildWorker(crate);
    const build = path.join(root, crate, 'build');
    return {
      ...runtimeOf(settings),
      modules: MODULES.map((name) => ({ name, file: path.join(build, name) })),
      ...bindings(settings),
    };
  };
}

/** A JavaScript Worker, bundled as wrangler does it; `withLine` is the same with a line for each request. */
function bundle(name, bindings = {}) {
  const entry = path.join(here, 'reference', `${name}.mjs`);
  const build = bundled(name, bindings, { entryPoints: [entry] });
  build.withLine = bundled(`${name}-log`, bindings, { stdin: { contents: withLine(entry), resolveDir: here } });
  return build;
}

function bundled(name, bindings, source) {
  return async (settings, scratch) => {
    const file = path.join(scratch, `${name}.mjs`);
    const esbuild = wranglerRequire('esbuild');
    await esbuild.build({
      ...source,
      outfile: file,
      bundle: true,
      format: 'esm',
      target: 'es2024',
      conditions: ['workerd', 'worker', 'browser'],
      define: { 'process.env.NODE_ENV': '"production"' },
      external: ['cloudflare:*'],
      plugins: [nodeModules, noEmail],
      logLevel: 'error',
    });
    const { compatibilityDate, compatibilityFlags } = runtimeOf(settings);
    // The others use Node's modules, which the date switches on and this project's own flags switch off.
    const flags = compatibilityFlags.filter((flag) => !flag.startsWith('no_nodejs_compat'));
    return { compatibilityDate, compatibilityFlags: flags, modules: [{ name: 'index.js', file }], ...bindings };
  };
}

/** The least that a log line can be: as many members as the connector's, of what is known without looking at the body. */
function withLine(entry) {
  return `import worker from ${JSON.stringify(entry)};
export default {
  async fetch(request, env, context) {
    const began = Date.now();
    const answer = await worker.fetch(request, env, context);
    const route = new URL(request.url).pathname;
    const message = request.method + ' ' + route + ' ' + answer.status;
    const id = request.headers.get('cf-ray') ?? crypto.randomUUID();
    console.log(JSON.stringify({ message, request_id: id, http: request.method, route, status: answer.status, ms: Date.now() - began,
      version: request.headers.get('mcp-protocol-version') ?? undefined }));
    return answer;
  },
};
`;
}

/** Leaves Node's modules to the runtime, under the one spelling it knows. */
const nodeModules = {
  name: 'node modules',
  setup(build) {
    const filter = new RegExp(`^(node:.*|${builtinModules.join('|')})$`);
    build.onResolve({ filter }, ({ path: name }) => ({ path: name.startsWith('node:') ? name : `node:${name}`, external: true }));
  },
};

/** `agents` imports a module for e-mail that workerd on its own has not. Nothing here sends any. */
const noEmail = {
  name: 'no e-mail',
  setup(build) {
    build.onResolve({ filter: /^cloudflare:email$/ }, ({ path: name }) => ({ path: name, namespace: 'absent' }));
    build.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'export class EmailMessage {}' }));
  },
};

/** Every column runs on the runtime that this project's wrangler.toml asks for. */
function runtimeOf({ compatibilityDate, compatibilityFlags }) {
  return { compatibilityDate, compatibilityFlags };
}
