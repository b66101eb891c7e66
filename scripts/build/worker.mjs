// Builds a Worker: cargo compiles the package, worker-build makes a module for the Workers runtime out of it, and the guard
// is put around that.
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureBuildTools } from '../setup/build-tools.mjs';
import { ensureWasmTarget } from '../setup/requirements.mjs';
import { engine, root } from '../support/paths.mjs';
import { attempt } from '../support/processes.mjs';
import { Stop } from '../support/log.mjs';
import { CARGO_ENV, compile, sourcesOf, versionOf } from './cargo-build.mjs';
import { addGuard, GUARD } from './entry-point.mjs';
import { dropNames } from './wasm-names.mjs';

/** The profiles of Cargo.toml: what is deployed, and what `npm start` serves. */
export const RELEASE = 'release';
export const DEVELOPMENT = 'development';

/** What decides how a build is made, beside the code. */
const RECIPE = [
  GUARD,
  ...['build/worker.mjs', 'build/entry-point.mjs', 'build/wasm-names.mjs', 'setup/build-tools.mjs'].map((name) => path.join(engine, 'scripts', name)),
];

/**
 * Builds the Worker in `crate`, a folder of the project, unless it is built already. Installs what it needs for that.
 * @param {{profile?: string, into?: string, known?: string, quiet?: boolean}} [how] `into`: the folder of the result, relative to
 *   `crate`; `known`: a version that need not be built, by default the one in that folder; `quiet`: shows no progress
 * @returns {Promise<{sources: string[], version: string, isNew: boolean}>} the files it was made from, a text that names this
 *   version of it, and whether it was built now
 */
export async function buildWorker(crate = '.', { profile = RELEASE, into = 'build', known, quiet = false } = {}) {
  await ensureWasmTarget();
  const { workerBuild, env } = await ensureBuildTools();
  const started = Date.now();
  const folder = path.join(root, crate, into);
  const artifact = await compile(crate, profile, { quiet });
  const keepsNames = profile !== RELEASE || process.env.MCP_KEEP_NAMES === '1';
  const version = [versionOf(artifact), ...RECIPE.map((file) => statSync(file).mtimeMs), keepsNames].join('\n');
  const sources = sourcesOf(artifact);
  if (version === (known ?? versionIn(folder))) return { sources, version, isNew: false };

  rmSync(stampOf(folder), { force: true });
  // Without wasm-opt: at -Oz it makes the module 8 % smaller and the compressed upload 6 % larger, at best (-O1) it saves one
  // percent there, and it is another download.
  const { outcome, output } = await attempt(workerBuild, [...(profile === RELEASE ? ['--release'] : ['--profile', profile]), '--no-opt', '--out-dir', into], {
    cwd: path.join(root, crate),
    env: { ...CARGO_ENV, ...env },
    show: () => false,
  });
  if (outcome.status !== 0) throw new Stop(`${output}\nworker-build failed: what it printed is above.`);
  addGuard(folder);
  if (!keepsNames) dropNames(path.join(folder, 'index_bg.wasm'));
  writeFileSync(stampOf(folder), version);
  if (!quiet) console.log(`    Built ${path.join(crate, into, 'index.js')} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return { sources, version, isNew: true };
}

/** Where a build keeps which version of the code it was made from. Missing while a build is incomplete. */
const stampOf = (folder) => path.join(folder, '.version');

function versionIn(folder) {
  return existsSync(stampOf(folder)) ? readFileSync(stampOf(folder), 'utf8') : undefined;
}
