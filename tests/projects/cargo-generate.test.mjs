// `cargo generate` makes the small project that `npm run new` makes, where it is installed.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { outputOf } from '../../scripts/support/processes.mjs';
import { succeed } from '../support/projects/commands.mjs';
import { cloneHere, git, isRepository } from '../support/projects/repository.mjs';

const isInstalled = outputOf('cargo', ['generate', '--version']) !== undefined;
const missing = (!isRepository && 'this folder is no git repository') || (!isInstalled && 'cargo-generate is not installed');

describe('cargo generate', { skip: missing }, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'mcp-connector-generate-'));
  after(() => rmSync(scratch, { recursive: true, force: true }));

  test('makes the project that `npm run new` makes', async () => {
    const engine = join(scratch, 'engine');
    const bare = join(scratch, 'engine.git');
    await cloneHere(engine);
    await git(engine, 'tag', '--force', 'v0.1.0');
    await git(scratch, 'clone', '--quiet', '--bare', engine, bare);
    await succeed(scratch, 'cargo', ['generate', '--path', engine, '--name', 'my-tools', '--vcs', 'none', '--silent']);
    await succeed(engine, process.execPath, ['scripts/new.mjs', join(scratch, 'new/my-tools'), '--git', bare, '--no-install']);
    const [generated, made] = [join(scratch, 'my-tools'), join(scratch, 'new/my-tools')].map(contents);
    assert.deepEqual([...generated.keys()], [...made.keys()]);
    for (const [name, text] of made) assert.equal(withoutSource(generated.get(name)), withoutSource(text), name);
  });
});

/** The files in a folder, and what is in them. */
function contents(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort();
  return new Map(names.map((name) => [name.slice(folder.length + 1), readFileSync(name, 'utf8')]));
}

/** `npm run new` knows where the repository is; the template has a placeholder for it. */
const withoutSource = (text) => text?.replace(/(git\+)?(https:\/\/github\.com\/OWNER\/REPOSITORY|file:\/\/[^"#]+)/g, '$1(the engine)');
