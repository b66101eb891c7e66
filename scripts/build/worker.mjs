// Compiles a Worker.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../support/paths.mjs';
import { run } from '../support/processes.mjs';
import { ensureWasmTarget } from '../setup/requirements.mjs';
import { ensureTools } from '../setup/build-tools.mjs';
import { addGuard } from './entry-point.mjs';
import { dropNames } from './wasm-names.mjs';

/** What worker-build, cargo and esbuild say about themselves when all is well. */
const CHATTER = /^\[INFO\]|^\s*Finished |^\s*(⚡ Done.*|index\.js .*)?$/;

/** Builds the Worker in `crate`, a folder inside the repository, into its `build` folder. Installs what it needs for that. */
export async function buildWorker(crate = '.') {
  await ensureWasmTarget();
  const { workerBuild, env } = await ensureTools();
  const started = Date.now();
  rmSync(stampOf(crate), { force: true });
  // wasm-opt is left out: at -Oz it takes 8 % off the module and adds 6 % to what is uploaded, which is compressed. At best
  // (-O1) it gains one percent there, and it is another download.
  await run(workerBuild, ['--release', '--no-opt'], {
    cwd: path.join(root, crate),
    env,
    show: (line) => !CHATTER.test(line),
    failure: () => 'The Worker does not build: the errors are above.',
  });
  addGuard(path.join(root, crate, 'build'));
  if (process.env.MCP_KEEP_NAMES !== '1') {
    dropNames(path.join(root, crate, 'build/index_bg.wasm'));
    writeFileSync(stampOf(crate), String(started));
  }
  console.log(`    Built ${path.join(crate, 'build/index.js')} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/** When the build began that lies in `build`; none if it is not whole. */
const stampOf = (crate) => path.join(root, crate, 'build/.began');

/** Whether the Worker in `crate` is built as its code stands. */
export function isBuilt(crate = '.') {
  try {
    const began = Number(readFileSync(stampOf(crate), 'utf8'));
    const how = ['build/worker.mjs', 'build/entry-point.mjs', 'setup/build-tools.mjs', 'build/wasm-names.mjs'].map((name) => path.join(root, 'scripts', name));
    return !changedSince(began, crate) && how.every((file) => statSync(file).mtimeMs <= began);
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Whether the code of a Worker, or the library it is made of, has changed since `time` (milliseconds). */
export function changedSince(time, crate = '.') {
  const files = ['Cargo.toml', 'Cargo.lock', 'crates', path.join(crate, 'Cargo.toml'), path.join(crate, 'src')].map((name) => path.join(root, name));
  // A folder changes when a file in it comes or goes.
  const inside = (file) => (statSync(file).isDirectory() ? readdirSync(file, { recursive: true }).map((name) => path.join(file, name)) : []);
  return [...files, ...files.flatMap(inside)].some((file) => statSync(file).mtimeMs > time);
}
