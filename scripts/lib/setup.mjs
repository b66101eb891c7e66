// Everything between a fresh clone and a Worker that runs: npm packages, build tools, the first build. Does nothing twice.
import path from 'node:path';
import { withLock } from './lock.mjs';
import { step } from './log.mjs';
import { ensurePackages } from './packages.mjs';
import { root, toolsDir } from './paths.mjs';
import { buildWorker } from './worker.mjs';

/** Installs the npm packages and builds the Worker in `crate`, a folder inside the repository. */
export async function setUp(crate = '.') {
  await withLock(path.join(toolsDir, 'packages.lock'), () => ensurePackages(root, 'npm packages (wrangler)'));
  step('Compiling the Worker (the first time takes a minute or two)');
  await buildWorker(crate);
}
