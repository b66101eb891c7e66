// A Python with the official client, for the tests that use it.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../workers/wrangler-dev.mjs';

const run = promisify(execFile);
export const PYTHON_PACKAGE = 'mcp==2.3.0';

/**
 * A Python with the official client, in a virtual environment that is made once; or why there is none.
 * @param {object} [options]
 * @param {string[]} [options.packages]  what is installed, the client first
 * @param {number} [options.newest]  the newest minor version of Python 3 that the packages run on
 */
export async function python({ packages = [PYTHON_PACKAGE], newest = Infinity } = {}) {
  const candidates = ['python3', 'python'];
  let base;
  for (const candidate of candidates) {
    try {
      const { stdout } = await run(candidate, ['-c', 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])']);
      const [major, minor] = stdout.trim().split('.').map(Number);
      if (major === 3 && minor >= 10) base = candidate;
      else return { why: `Python ${stdout.trim()} is too old for ${packages[0]}: it needs 3.10` };
      if (minor > newest) return { why: `Python ${stdout.trim()} is too new for ${packages[0]}: it runs up to 3.${newest}` };
      break;
    } catch {
      // Not there, or without venv.
    }
  }
  if (!base) return { why: 'there is no python3 with the module venv on this machine' };
  const name = `python-${createHash('sha256').update([...packages, base].join(' ')).digest('hex').slice(0, 12)}`;
  const place = join(ROOT, '.tools', name);
  const program = join(place, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (existsSync(join(place, 'complete'))) return { program };
  await rm(place, { recursive: true, force: true });
  await mkdir(join(ROOT, '.tools'), { recursive: true });
  try {
    await run(base, ['-m', 'venv', place]);
    await run(program, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], { timeout: 300_000 });
  } catch (error) {
    await rm(place, { recursive: true, force: true });
    throw new Error(`${packages.join(' ')} cannot be installed into a virtual environment: ${error.message}`);
  }
  await mkdir(join(place, 'complete'));
  return { program };
}
