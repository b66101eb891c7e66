// Everything between a fresh clone and a Worker that runs: npm packages, build tools, the first build. Does nothing twice.
import path from 'node:path';
import { withLock } from '../support/lock.mjs';
import { step } from '../support/log.mjs';
import { ensurePackages } from './packages.mjs';
import { root, toolsDir } from '../support/paths.mjs';
import { buildWorker } from '../build/worker.mjs';

const lock = path.join(toolsDir, 'packages.lock');

/**
 * Installs what is needed to serve, and builds the Worker in `crate`, a folder inside the repository.
 * @returns {Promise<number>} when the build began: what has changed since then is not in it
 */
export async function setUp(crate = '.') {
  await withLock(lock, () => ensurePackages(root, 'npm packages (wrangler)'));
  step('Compiling the Worker (the first time takes a minute or two)');
  const began = Date.now();
  await buildWorker(crate);
  return began;
}

/** Installs what the tests need beside it. The conformance suite wants Node 22: on an older one, a newer comes as a package. */
export async function setUpTests() {
  const newerNode = Number.parseInt(process.versions.node, 10) < 22;
  await withLock(lock, async () => {
    await ensurePackages(root, 'npm packages (wrangler)');
    await ensurePackages(path.join(root, 'tests'), 'npm packages for the tests (official clients, conformance suite)', { optional: newerNode });
  });
}
