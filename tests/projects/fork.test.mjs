// A fork of this repository: a later version is merged without a conflict, since it changes no file that is the fork's.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { leftOutInFork } from '../../scripts/results/fork.mjs';
import { succeed } from '../support/projects/commands.mjs';
import { cloneHere, commit, git, isRepository, nextVersion } from '../support/projects/repository.mjs';

describe('a fork', { skip: !isRepository && 'this folder is no git repository' }, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'mcp-connector-fork-'));
  const upstream = join(scratch, 'upstream');
  const fork = join(scratch, 'fork');
  after(() => rmSync(scratch, { recursive: true, force: true }));

  test('takes over a later version without a conflict', async () => {
    await cloneHere(upstream);
    await git(scratch, 'clone', '--quiet', upstream, fork);
    await commit(
      fork,
      {
        'src/connector.rs': (text) => text.replace('"echo"', '"repeat"').replace('Tool::new("whoami"', 'Tool::new("who"'),
        'Cargo.toml': (text) => text.replace('name = "notes"', 'name = "my-tools"'),
        'Cargo.lock': (text) => text.replace('name = "notes"', 'name = "my-tools"'),
        'wrangler.toml': (text) => text.replace('name = "notes"', 'name = "my-tools"').replace('CHALLENGE = "http"', 'CHALLENGE = "result"'),
        'README.md': () => '# My tools\n',
      },
      'My tools',
    );
    await nextVersion(upstream);
    await git(fork, 'pull', '--quiet', '--no-rebase', '--no-edit', 'origin', 'HEAD');
    assert.equal((await git(fork, 'status', '--porcelain')).output, '');
    assert.match(readFileSync(join(fork, 'Cargo.toml'), 'utf8'), /^name = "my-tools"/m);
    assert.match(readFileSync(join(fork, 'crates/base/src/lib.rs'), 'utf8'), /A line of the next version/);
    // Its lock file holds for it as it is.
    await succeed(fork, 'cargo', ['metadata', '--locked', '--quiet', '--format-version', '1']);
  });

  test('leaves out the tests that call the tools of the starter, and runs that of its own connector', async () => {
    const { output } = await git(fork, 'ls-files', 'tests/**/*.test.mjs');
    const files = output.trim().split('\n');
    const leftOut = leftOutInFork(files);
    // Those of examples/everything: accounts elsewhere, and a sign-in that several connectors share.
    const isOfExample = (name) => /^tests\/oauth\/(upstream\/|shared-sign-in-features\.)/.test(name);
    const signIns = files.filter((name) => name.startsWith('tests/oauth/') && !isOfExample(name));
    for (const file of signIns) assert.ok(leftOut.includes(file), `${file} signs in to the starter`);
    for (const file of ['tests/operating/connector.test.mjs', 'tests/clients/conformance.test.mjs', 'tests/operating/recipes.test.mjs', 'tests/oauth/shared-sign-in-features.test.mjs']) {
      assert.ok(!leftOut.includes(file), `${file} calls nothing of the starter`);
    }
  });
});
