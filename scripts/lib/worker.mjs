// Compiles a Worker.
import path from 'node:path';
import { root } from './paths.mjs';
import { run } from './processes.mjs';
import { ensureWasmTarget } from './requirements.mjs';
import { ensureTools } from './tools.mjs';

/** What worker-build, cargo and esbuild say about themselves when all is well. */
const CHATTER = /^\[INFO\]|^\s*Finished |^\s*(⚡ Done.*|index\.js .*)?$/;

/** Builds the Worker in `crate`, a folder inside the repository, into its `build` folder. Installs what it needs for that. */
export async function buildWorker(crate = '.') {
  await ensureWasmTarget();
  const { workerBuild, env } = await ensureTools();
  const started = Date.now();
  // wasm-opt is left out: after LTO it gains less than one percent, and it is another download.
  await run(workerBuild, ['--release', '--no-opt'], {
    cwd: path.join(root, crate),
    env,
    show: (line) => !CHATTER.test(line),
    failure: () => 'The Worker does not build: the errors are above.',
  });
  console.log(`    Built ${path.join(crate, 'build')} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
