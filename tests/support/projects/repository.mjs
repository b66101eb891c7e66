// Copies of this repository in git, with versions that a test makes.

import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../workers/wrangler-dev.mjs';
import { succeed } from './commands.mjs';

/** Whether this folder is a repository of git: a copy of its files is none. */
export const isRepository = existsSync(join(ROOT, '.git'));

const AUTHOR = { GIT_AUTHOR_NAME: 'Test', GIT_AUTHOR_EMAIL: 'test@example.com', GIT_COMMITTER_NAME: 'Test', GIT_COMMITTER_EMAIL: 'test@example.com' };

/** Runs git in a folder. */
export const git = (folder, ...args) => succeed(folder, 'git', args, AUTHOR);

/** A repository with the files of this one as they are, and one commit: a clone may be shallow, and nothing can be fetched from that. */
export async function cloneHere(folder) {
  await git(ROOT, 'clone', '--quiet', '--no-hardlinks', ROOT, folder);
  const { stdout } = await git(ROOT, 'diff', '--binary', 'HEAD');
  if (stdout !== '') {
    const patch = `${folder}.patch`;
    writeFileSync(patch, stdout);
    await git(folder, 'apply', patch);
  }
  rmSync(join(folder, '.git'), { recursive: true });
  await git(folder, 'init', '--quiet', '--initial-branch', 'main');
  await git(folder, 'add', '--all', '--force');
  await git(folder, 'commit', '--quiet', '--no-verify', '--message', 'This version');
}

/** Changes files and commits that. */
export async function commit(folder, changes, message) {
  for (const [name, change] of Object.entries(changes)) {
    const before = readFileSync(join(folder, name), 'utf8');
    const after = change(before);
    if (after === before) throw new Error(`the change of ${name} changes nothing`);
    writeFileSync(join(folder, name), after);
  }
  await git(folder, 'commit', '--quiet', '--all', '--no-verify', '--message', message);
}

/** A later version of the engine: something in each of its parts. */
export async function nextVersion(folder) {
  appendFileSync(join(folder, 'crates/connector/src/lib.rs'), '\n// A line of the next version.\n');
  await commit(
    folder,
    {
      'package.json': (text) => text.replace('"version": "0.1.0"', '"version": "0.2.0"'),
      'crates/base/src/lib.rs': (text) => `${text}\n// A line of the next version.\n`,
      'scripts/start.mjs': (text) => `${text}\n// A line of the next version.\n`,
      'CHANGELOG.md': (text) => `${text}\nA line of the next version.\n`,
    },
    'The next version',
  );
}
