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
 * @property {string[]} kinds which calls it can answer; see calls.mjs
 * @property {string} [revision] of the legacy protocol, where the column does not know the one that the calls name
 * @property {(settings: Settings, scratch: string) => Promise<import('./runtime.mjs').Program>} build
 * @property {(connection: import('./load.mjs').Connection, origin: string) => Promise<{access_token: string}>} [signIn]
 * @property {string} [pages] what a sign-in has between the authorization request and the code
 * @property {boolean} [closed] answers no call without a token
 * @typedef {{compatibilityDate: string, compatibilityFlags: string[], vars: object, kv: string[], objects: object[]}} Settings of wrangler.toml
 */

const LEGACY = ['legacy', 'list'];
const BOTH = ['legacy', 'modern', 'list'];
const ALL = [...BOTH, 'challenge', 'metadata'];
const SIGNED_IN = [...ALL, 'whoami'];

const PASSPHRASE = randomBytes(16).toString('hex');

/** @type {Column[]} */
export const columns = [
  { name: 'bare', title: 'bare Rust Worker', kinds: SIGNED_IN, build: rust('bench/bare', () => ({})) },
  // No other column writes a line for each request, and locally a line costs what the runtime takes to print it.
  { name: 'connector', title: 'this connector', ...connector({ LOG: 'off' }) },
  { name: 'connector-log', title: 'this connector, with its log lines', ...connector({ LOG: 'all' }) },
  { name: 'javascript', title: 'JavaScript by hand', kinds: ALL, build: bundle('javascript') },
  { name: 'mcp-lite', title: 'mcp-lite', kinds: LEGACY, revision: '2025-06-18', build: bundle('mcp-lite') },
  { name: 'tmcp', title: 'tmcp', kinds: BOTH, build: bundle('tmcp') },
  { name: 'sdk', title: 'official SDK v1', kinds: LEGACY, build: bundle('sdk') },
  { name: 'agents', title: 'agents (SDK v2)', kinds: BOTH, build: bundle('agents') },
  {
    name: 'agents-oauth',
    title: 'agents + workers-oauth-provider',
    kinds: SIGNED_IN,
    build: bundle('agents-oauth', { kv: ['OAUTH_KV'], vars: { MCP_RESOURCE: '$ORIGIN/mcp' } }),
    signIn: (connection, origin) => signIn(connection, { origin, register: '/oauth/register', token: '/oauth/token' }),
    pages: 'none, it approves at once',
    closed: true,
  },
];

/** What is deployed, with these variables beside its own. */
function connector(more) {
  return {
    kinds: SIGNED_IN,
    build: rust('.', ({ vars, kv, objects }) => ({ kv, objects, vars: { ...vars, OWNER_PASSPHRASE: PASSPHRASE, ...more } })),
    signIn: (connection, origin) => signIn(connection, { origin, register: '/register', token: '/token', passphrase: PASSPHRASE }),
    pages: 'consent and passphrase',
  };
}

/** How often a silent stream of it writes, in milliseconds: often, so that it need not be watched for minutes. */
export const keepAlive = { measured: 1000, usual: 15_000 };

/** The connector with every feature, for what the starter has not. */
export const everything = rust('examples/everything', ({ kv, objects }) => ({ kv, objects, vars: { KEEP_ALIVE_MS: String(keepAlive.measured) } }));

/** A Worker of this repository, built as it is deployed. */
function rust(crate, bindings) {
  return async (settings) => {
    await buildWorker(crate);
    const build = path.join(root, crate, 'build');
    return {
      ...runtimeOf(settings),
      modules: MODULES.map((name) => ({ name, file: path.join(build, name) })),
      ...bindings(settings),
    };
  };
}

/** A JavaScript Worker, bundled as wrangler does it. */
function bundle(name, bindings = {}) {
  return async (settings, scratch) => {
    const file = path.join(scratch, `${name}.mjs`);
    const esbuild = wranglerRequire('esbuild');
    await esbuild.build({
      entryPoints: [path.join(here, 'reference', `${name}.mjs`)],
      outfile: file,
      bundle: true,
      format: 'esm',
      target: 'es2024',
      conditions: ['workerd', 'worker', 'browser'],
      define: { 'process.env.NODE_ENV': '"production"' },
      external: ['cloudflare:*'],
      plugins: [nodeModules],
      logLevel: 'error',
    });
    const { compatibilityDate, compatibilityFlags } = runtimeOf(settings);
    // The others use Node's modules, which the date switches on and this project's own flags switch off.
    const flags = compatibilityFlags.filter((flag) => !flag.startsWith('no_nodejs_compat'));
    return { compatibilityDate, compatibilityFlags: flags, modules: [{ name: 'index.js', file }], ...bindings };
  };
}

/** Leaves Node's modules to the runtime, under the one spelling it knows. */
const nodeModules = {
  name: 'node modules',
  setup(build) {
    const filter = new RegExp(`^(node:.*|${builtinModules.join('|')})$`);
    build.onResolve({ filter }, ({ path: name }) => ({ path: name.startsWith('node:') ? name : `node:${name}`, external: true }));
  },
};

/** Every column runs on the runtime that this project's wrangler.toml asks for. */
function runtimeOf({ compatibilityDate, compatibilityFlags }) {
  return { compatibilityDate, compatibilityFlags };
}
