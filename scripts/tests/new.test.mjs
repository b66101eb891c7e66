// `npm run new` refuses a folder in which the project could not be built.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
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
