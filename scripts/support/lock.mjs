// Lets one process at a time set things up: `npm start` in one terminal and `npm test` in another share .tools and node_modules.
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import path from 'node:path';
import { step } from './log.mjs';

/**
 * Runs `body` while no other process holds the lock `file`. A lock whose owner has ended does not count.
 * @param {{quiet?: boolean}} [how] `quiet`: a wait is not reported
 */
export async function withLock(file, body, { quiet = false } = {}) {
  mkdirSync(path.dirname(file), { recursive: true });
  for (let isReported = quiet; !take(file); ) {
    const owner = ownerOf(file);
    if (owner === undefined || !isAlive(owner)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!isReported) step(`Waiting for another setup to end (process ${owner})`);
    isReported = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await body();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

/**
 * Takes the lock `file` until this process ends, unless another process has it.
 * @returns {number | undefined} the process that has it
 */
export function claim(file) {
  mkdirSync(path.dirname(file), { recursive: true });
  while (!take(file)) {
    const owner = ownerOf(file);
    if (owner !== undefined && isAlive(owner)) return owner;
    rmSync(file, { force: true });
  }
  process.once('exit', () => rmSync(file, { force: true }));
  return undefined;
}

function take(file) {
  // The lock appears with its content, by a link, so that it is never read while it is empty.
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, String(process.pid));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

/** The process that holds the lock; none where it has just been released, or is from before the machine was started. */
function ownerOf(file) {
  try {
    if (statSync(file).mtimeMs < Date.now() - 1000 * uptime()) return undefined;
    return Number.parseInt(readFileSync(file, 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
