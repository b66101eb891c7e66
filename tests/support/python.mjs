// A Python with the official client, for the tests that use it.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './server.mjs';

const run = promisify(execFile);
export const PYTHON_PACKAGE = 'mcp==2.3.0';

/** A Python with the official client, in a virtual environment that is made once; or why there is none. */
export async function python() {
  const candidates = ['python3', 'python'];
  let base;
  for (const candidate of candidates) {
    try {
      const { stdout } = await run(candidate, ['-c', 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])']);
      const [major, minor] = stdout.trim().split('.').map(Number);
      if (major === 3 && minor >= 10) base = candidate;
      else return { why: `Python ${stdout.trim()} is too old for ${PYTHON_PACKAGE}: it needs 3.10` };
      break;
    } catch {
      // Not there, or without venv.
    }
  }
  if (!base) return { why: 'there is no python3 with the module venv on this machine' };
  const name = `python-${createHash('sha256').update(`${PYTHON_PACKAGE} ${base}`).digest('hex').slice(0, 12)}`;
  const place = join(ROOT, '.tools', name);
  const program = join(place, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (existsSync(join(place, 'complete'))) return { program };
  await rm(place, { recursive: true, force: true });
  await mkdir(join(ROOT, '.tools'), { recursive: true });
  try {
    await run(base, ['-m', 'venv', place]);
    await run(program, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PYTHON_PACKAGE], { timeout: 300_000 });
  } catch (error) {
    await rm(place, { recursive: true, force: true });
    throw new Error(`${PYTHON_PACKAGE} cannot be installed into a virtual environment: ${error.message}`);
  }
  await mkdir(join(place, 'complete'));
  return { program };
}
