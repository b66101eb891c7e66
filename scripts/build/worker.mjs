// Builds a Worker: cargo compiles the package, wasm-bindgen writes the JavaScript that calls it, and the guard is put around that.
// This is what Cloudflare's worker-build does too; it takes a minute and a half to compile, and brings a second bundler.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureBindgen, PACKAGE } from '../setup/bindgen.mjs';
import { ensureNode, linkNode } from '../setup/node.mjs';
import { ensureWasmTarget } from '../setup/requirements.mjs';
import { clearProgress, Stop } from '../support/log.mjs';
import { engine, root } from '../support/paths.mjs';
import { attempt } from '../support/processes.mjs';
import { compile, sourcesOf, versionOf } from './cargo-build.mjs';
import { bundle, GUARD } from './entry-point.mjs';

/** The profiles of Cargo.toml: what is deployed, and what `npm start` serves. */
export const RELEASE = 'release';
export const DEVELOPMENT = 'development';

/** What decides how a build is made, beside the code. */
const RECIPE = [GUARD, path.join(PACKAGE, 'main.rs'), ...['worker.mjs', 'entry-point.mjs'].map((name) => path.join(engine, 'scripts/build', name))];

/** A module for the Workers runtime, which can start another instance of itself when one has died. */
const BINDGEN_OPTIONS = ['--target', 'module', '--out-name', 'glue', '--no-typescript', '--no-demangle', '--experimental-reset-state-function', '--force-enable-abort-handler'];

/**
 * Builds the Worker in `crate`, a folder of the project, unless it is built already. Installs what it needs for that.
 * @param {{profile?: string, into?: string, known?: string, quiet?: boolean}} [how] `into`: the folder of the result, relative to
 *   `crate`; `known`: a version that need not be built, by default the one in that folder; `quiet`: shows no progress
 * @returns {Promise<{sources: string[], version: string, isNew: boolean}>} the files it was made from, a text that names this
 *   version of it, and whether it was built now
 */
export async function buildWorker(crate = '.', { profile = RELEASE, into = 'build', known, quiet = false } = {}) {
  await ensureWasmTarget();
  const started = Date.now();
  const folder = path.join(root, crate, into);
  const [artifact, bindgen] = await all(compile(crate, profile, { quiet }), ensureBindgen({ quiet }), ensureNode().then(linkNode));
  // The names of functions are a quarter of what is uploaded, and only a profiler reads them.
  const keepsNames = profile !== RELEASE || process.env.MCP_KEEP_NAMES === '1';
  const version = [versionOf(artifact), ...RECIPE.map((file) => statSync(file).mtimeMs), keepsNames].join('\n');
  const sources = sourcesOf(artifact);
  if (version === (known ?? versionIn(folder))) return { sources, version, isNew: false };

  rmSync(stampOf(folder), { force: true });
  const parts = path.join(folder, 'parts');
  mkdirSync(parts, { recursive: true });
  // Without wasm-opt: at -Oz it makes the module 8 % smaller and the compressed upload 6 % larger, at best (-O1) it saves one
  // percent there, and it is another download.
  const names = keepsNames ? [] : ['--remove-name-section'];
  const { outcome, output } = await attempt(bindgen, [artifact, '--out-dir', parts, ...BINDGEN_OPTIONS, ...names], { show: () => false });
  if (outcome.status !== 0) throw new Stop(`${output}\nwasm-bindgen failed: what it printed is above.`);
  await bundle(parts, path.join(folder, 'index.js'), { minify: profile === RELEASE });
  renameSync(path.join(parts, 'glue_bg.wasm'), path.join(folder, 'index_bg.wasm'));
  rmSync(parts, { recursive: true });
  writeFileSync(stampOf(folder), version);
  clearProgress();
  if (!quiet) console.log(`    Built ${path.join(crate, into, 'index.js')} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return { sources, version, isNew: true };
}

/** All results; where one fails, its error once the others have ended. */
async function all(...steps) {
  const results = await Promise.allSettled(steps);
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  return results.map(({ value }) => value);
}

/** Where a build keeps which version of the code it was made from. Missing while a build is incomplete. */
const stampOf = (folder) => path.join(folder, '.version');

function versionIn(folder) {
  return existsSync(stampOf(folder)) ? readFileSync(stampOf(folder), 'utf8') : undefined;
}
