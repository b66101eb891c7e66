// `npm run new`: in which folders a project is made, and where it takes the engine from.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { engineSource } from '../project/engine-source.mjs';
import { root } from '../support/paths.mjs';

const create = (folder, cwd = root) =>
  spawnSync(process.execPath, [path.join(root, 'scripts/new.mjs'), folder, '--name', 'figma', '--path', '--no-install'], { cwd, env: { ...process.env, INIT_CWD: cwd }, encoding: 'utf8' });

test('a folder inside the repository is refused, and nothing is made', (t) => {
  const outside = mkdtempSync(path.join(tmpdir(), 'mcp-connector-new-'));
  t.after(() => rmSync(outside, { recursive: true }));
  symlinkSync(root, path.join(outside, 'link'));
  for (const [folder, cwd] of [['figma', root], ['one/figma', root], [path.join(root, 'docs/figma'), outside], ['link/figma', outside]]) {
    const { status, stderr } = create(folder, cwd);
    assert.equal(status, 1, folder);
    assert.match(stderr, /figma is inside the engine's repository, .* name a folder outside, such as \.\.\/figma\./, folder);
    assert.ok(!existsSync(path.resolve(cwd, folder)), folder);
  }
});

test('a folder beside it is taken, also where its name begins with two dots', (t) => {
  const outside = mkdtempSync(path.join(tmpdir(), 'mcp-connector-new-'));
  t.after(() => rmSync(outside, { recursive: true }));
  for (const folder of ['figma', '..figma']) {
    const { status, stderr } = create(folder, outside);
    assert.equal(status, 0, stderr);
    assert.ok(existsSync(path.join(outside, folder, 'src/connector.rs')));
  }
});

test('the engine is the tag of this version, or this folder where there is none', async (t) => {
  const repository = mkdtempSync(path.join(tmpdir(), 'mcp-connector-new-'));
  t.after(() => rmSync(repository, { recursive: true }));
  const git = (...args) => execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=e@example.com', ...args], { cwd: repository, stdio: 'pipe' });
  git('init', '--quiet');
  git('commit', '--quiet', '--allow-empty', '-m', 'First');
  const origin = `file://${repository}`;
  const of = (named, clone) => engineSource(named, { here: '../engine', origin, version: '0.1.0', ...clone });
  assert.deepEqual(await of({}), { path: '../engine' });
  assert.deepEqual(await of({}, { origin: undefined }), { path: '../engine' });
  assert.deepEqual(await of({}, { origin: `file://${repository}/nothing` }), { path: '../engine' });
  git('tag', 'v0.1.0');
  assert.deepEqual(await of({}), { git: origin, tag: 'v0.1.0' });
  assert.deepEqual(await of({ path: true }), { path: '../engine' });
  await assert.rejects(of({ tag: 'v9.9.9' }), /has no tag v9\.9\.9\. It has v0\.1\.0/);
  await assert.rejects(of({ git: `file://${repository}/nothing` }), /git cannot read/);
});
