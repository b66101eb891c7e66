// What is measured beside each other: the bare Worker, this connector, and what else one could build a server with.
import { createHash, randomBytes } from 'node:crypto';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../scripts/lib/paths.mjs';
import { buildWorker } from '../scripts/lib/worker.mjs';
import { ask } from './load.mjs';
import { wranglerRequire } from './runtime.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

/**
 * @typedef {object} Column
 * @property {string} name for `--columns`
 * @property {string} title
 * @property {string[]} kinds which calls it can answer; see calls.mjs
 * @property {string} [revision] of the legacy protocol, where the column does not know the one that the calls name
 * @property {(settings: Settings, scratch: string) => Promise<import('./runtime.mjs').Program>} build
 * @property {(port: number) => Promise<Record<string, string>>} [signIn] gives the headers of a caller who has signed in
 * @typedef {{compatibilityDate: string, compatibilityFlags: string[], vars: object, kv: string[], objects: object[]}} Settings of wrangler.toml
 */

const LEGACY = ['legacy', 'list'];
const BOTH = ['legacy', 'modern', 'list'];
const ALL = [...BOTH, 'challenge', 'metadata'];

/** @type {Column[]} */
export const columns = [
  { name: 'bare', title: 'bare Rust Worker', kinds: ALL, build: rust('bench/bare', () => ({})) },
  {
    name: 'connector',
    title: 'this connector',
    kinds: ALL,
    build: rust('.', ({ vars, kv, objects }) => ({ kv, objects, vars: { ...vars, OWNER_PASSPHRASE: randomBytes(16).toString('hex') } })),
  },
  { name: 'javascript', title: 'JavaScript by hand', kinds: ALL, build: bundle('javascript') },
  { name: 'mcp-lite', title: 'mcp-lite', kinds: LEGACY, revision: '2025-06-18', build: bundle('mcp-lite') },
  { name: 'tmcp', title: 'tmcp', kinds: BOTH, build: bundle('tmcp') },
  { name: 'sdk', title: 'official SDK v1', kinds: LEGACY, build: bundle('sdk') },
  { name: 'agents', title: 'agents (SDK v2)', kinds: BOTH, build: bundle('agents') },
  {
    name: 'agents-oauth',
    title: 'agents + workers-oauth-provider',
    kinds: ALL,
    build: bundle('agents-oauth', { kv: ['OAUTH_KV'], vars: { MCP_RESOURCE: '$ORIGIN/mcp' } }),
    signIn,
  },
];

/** A Worker of this repository, built as it is deployed. */
function rust(crate, bindings) {
  return async (settings) => {
    await buildWorker(crate);
    const build = path.join(root, crate, 'build');
    return {
      ...runtimeOf(settings),
      modules: ['index.js', 'index_bg.wasm'].map((name) => ({ name, file: path.join(build, name) })),
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
    const flags = [...new Set([...compatibilityFlags, 'nodejs_compat'])];
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

/** Registers a client and takes it through an authorization whose consent page approves at once. */
async function signIn(port) {
  const origin = `http://127.0.0.1:${port}`;
  const redirectUri = 'http://127.0.0.1/callback';
  const registration = await ask(port, {
    method: 'POST',
    path: '/oauth/register',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ client_name: 'bench', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' }),
  });
  const { client_id: client } = JSON.parse(registration.body);
  const verifier = randomBytes(32).toString('base64url');
  const authorization = new URLSearchParams({
    response_type: 'code',
    client_id: client,
    redirect_uri: redirectUri,
    state: 'state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    resource: `${origin}/mcp`,
  });
  const approved = await ask(port, { method: 'GET', path: `/authorize?${authorization}`, headers: {} });
  const code = approved.headers.location && new URL(approved.headers.location).searchParams.get('code');
  if (!code) throw new Error(`no authorization code: ${approved.status} ${approved.body.slice(0, 300)}`);
  const token = await ask(port, {
    method: 'POST',
    path: '/oauth/token',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      client_id: client,
      redirect_uri: redirectUri,
      code_verifier: verifier,
      resource: `${origin}/mcp`,
    }).toString(),
  });
  const { access_token: accessToken } = JSON.parse(token.body);
  if (!accessToken) throw new Error(`no access token: ${token.status} ${token.body.slice(0, 300)}`);
  return { Authorization: `Bearer ${accessToken}` };
}
