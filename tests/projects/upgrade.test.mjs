// A project that depends on the engine by a git tag: it is made from one version, and `npm run upgrade` moves it to others. The
// repository with the versions is a local one.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { compileLess, run, succeed } from '../support/projects/commands.mjs';
import { cloneHere, git, isRepository, nextVersion } from '../support/projects/repository.mjs';
import { ROOT } from '../support/workers/wrangler-dev.mjs';

describe('a project by git tag', { skip: !isRepository && 'this folder is no git repository' }, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'mcp-connector-upgrade-'));
  const engine = join(scratch, 'engine');
  const bare = join(scratch, 'engine.git');
  const folder = join(scratch, 'my-tools');
  const read = (name) => readFileSync(join(folder, name), 'utf8');
  const upgrade = (...args) => run(folder, 'npm', ['run', '--silent', 'upgrade', '--', ...args]);
  after(() => rmSync(scratch, { recursive: true, force: true }));

  /** Where cargo takes the engine from, in this version of the project. */
  async function resolved() {
    const { output, stdout } = await succeed(folder, 'cargo', ['metadata', '--format-version', '1', '--offline', '--quiet']);
    assert.equal(output, stdout, 'cargo complains about nothing');
    const { packages } = JSON.parse(stdout);
    return packages.find(({ name }) => name === 'mcp-connector').source;
  }

  before(async () => {
    await cloneHere(engine);
    await git(engine, 'tag', 'v0.1.0');
    await nextVersion(engine);
    await git(engine, 'tag', 'v0.2.0');
    await git(engine, 'tag', 'not-a-version');
    await git(engine, 'tag', 'v0.10.0-beta');
    await git(scratch, 'clone', '--quiet', '--bare', engine, bare);
  });

  test('is made from the version that is asked for', async (t) => {
    const { seconds } = await succeed(engine, process.execPath, ['scripts/new.mjs', folder, '--git', bare, '--tag', 'v0.1.0']);
    t.diagnostic(`new project: ${seconds.toFixed(1)} s`);
    assert.match(read('Cargo.toml'), new RegExp(`^mcp-connector = \\{ git = "file://${bare}", tag = "v0.1.0" \\}$`, 'm'));
    assert.equal(JSON.parse(read('package.json')).devDependencies['mcp-connector'], `git+file://${bare}#v0.1.0`);
    await succeed(folder, 'cargo', ['fetch']);
    assert.match(await resolved(), /tag=v0\.1\.0#/);
    assert.equal(JSON.parse(read('node_modules/mcp-connector/package.json')).version, '0.1.0');
    assert.match((await run(folder, 'npx', ['mcp-connector'])).output, /^Usage: mcp-connector start\|/);
  });

  test('compiles', async () => {
    // The packages from the registry are compiled already: for the small project by path.
    const env = { CARGO_TARGET_DIR: join(ROOT, 'target') };
    await compileLess(folder, 'my-tools');
    await succeed(folder, 'cargo', ['build', '--lib', '--quiet', '--profile', 'development', '--target', 'wasm32-unknown-unknown'], env);
  });

  test('is not made from a version that does not exist', async () => {
    const { status, output } = await run(engine, process.execPath, ['scripts/new.mjs', join(scratch, 'other'), '--git', bare, '--tag', 'v9.9.9']);
    assert.equal(status, 1);
    assert.match(output, /has no tag v9\.9\.9.*v0\.2\.0/);
  });

  test('moves to the version that is named', async (t) => {
    const { status, output, seconds } = await upgrade('v0.2.0');
    assert.equal(status, 0, output);
    t.diagnostic(`upgrade: ${seconds.toFixed(1)} s`);
    assert.match(output, /The engine was v0\.1\.0 and is v0\.2\.0 now/);
    assert.match(await resolved(), /tag=v0\.2\.0#/);
    assert.equal(JSON.parse(read('node_modules/mcp-connector/package.json')).version, '0.2.0');
    assert.match(read('node_modules/mcp-connector/scripts/start.mjs'), /A line of the next version/);
  });

  test('moves to the newest version that is no preview, unless it is asked for one', async () => {
    assert.match((await upgrade()).output, /The engine is already v0\.2\.0, the newest version/);
    assert.match((await upgrade('v0.10.0-beta')).output, /was v0\.2\.0 and is v0\.10\.0-beta now/);
    assert.match((await upgrade('v0.1.0')).output, /was v0\.10\.0-beta and is v0\.1\.0 now/);
  });

  test('stays where it is when a version does not exist, or cannot be fetched', async () => {
    const before_ = [read('Cargo.toml'), read('package.json')];
    for (const args of [['v9.9.9'], ['not-a-version'], ['v0.2.0', '--git', join(scratch, 'nowhere')]]) {
      const { status, output } = await upgrade(...args);
      assert.equal(status, 1, output);
    }
    assert.deepEqual([read('Cargo.toml'), read('package.json')], before_);
  });
});
