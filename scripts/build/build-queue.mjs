// Builds on behalf of `wrangler dev`, which asks for one on every event of every file: a dozen at the same moment when an editor
// or git writes a few files. It only listens to the one it asked for last. So one build runs, the newest request waits for
// it, and the requests between them leave.
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withLock } from '../support/lock.mjs';
import { toolsDir } from '../support/paths.mjs';

/**
 * Runs `build` unless a newer request has come, or a build that began meanwhile has everything in it already.
 * @param {string} crate the folder of the Worker
 * @param {{build: () => Promise<void>, changedSince: (time: number) => boolean, directory?: string}} how
 */
export async function inTurn(crate, { build, changedSince, directory = toolsDir }) {
  const file = (kind) => path.join(directory, `build-${crate.replace(/[^a-z0-9]+/gi, '-')}.${kind}`);
  const me = randomUUID();
  let waited = false;
  const isNewest = () => {
    waited = true;
    return read(file('newest')) === me;
  };
  mkdirSync(directory, { recursive: true });
  writeFileSync(file('newest'), me);
  await withLock(file('lock'), async () => {
    const last = Number(read(file('began')));
    if (waited && last && !changedSince(last)) return;
    const began = Date.now();
    await build();
    writeFileSync(file('began'), String(began));
  }, isNewest);
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
