// The parts of `npm start` that need no Worker: the configuration for wrangler, what has changed, and which lines are passed on.
// tests/operating/start.test.mjs runs the whole of it.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { DevConfig } from '../serve/dev-config.mjs';
import { changedBetween, nextChange, snapshot } from '../serve/file-changes.mjs';
import { newsFilter } from '../serve/wrangler-dev.mjs';
import { InvalidToml } from '../support/toml.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'mcp-connector-dev-'));
after(() => rmSync(folder, { recursive: true, force: true }));

describe('the configuration for wrangler', () => {
  const toml = path.join(folder, 'wrangler.toml');
  const main = path.join(folder, 'build/dev/1/index.js');

  test('is wrangler.toml without its build, with the newest build as its entry point', async () => {
    writeFileSync(toml, 'name = "x"\nmain = "build/index.js"\n[build]\ncommand = "make"\n[[kv_namespaces]]\nbinding = "KV"\n');
    const config = new DevConfig(folder);
    await config.read();
    assert.ok(config.write(main));
    assert.deepEqual(JSON.parse(readFileSync(config.file, 'utf8')), { name: 'x', main: 'build/dev/1/index.js', kv_namespaces: [{ binding: 'KV' }] });
    assert.ok(!config.write(main), 'nothing has changed');
    config.secretsChanged();
    assert.ok(config.write(main), 'wrangler reads .dev.vars again');
  });

  test('stays as it is while wrangler.toml cannot be read, and the message names the line', async () => {
    const config = new DevConfig(folder);
    await config.read();
    writeFileSync(toml, 'name = "x"\n[broken\n');
    await assert.rejects(config.read(), (error) => error instanceof InvalidToml && /wrangler\.toml.*\[broken/s.test(error.message));
    config.write(main);
    assert.equal(JSON.parse(readFileSync(config.file, 'utf8')).name, 'x');
  });
});

describe('changes of files', () => {
  const place = path.join(folder, 'src');
  const file = (name) => path.join(place, name);
  mkdirSync(path.join(place, 'deep'), { recursive: true });
  writeFileSync(file('a.rs'), 'a');

  for (const [what, change, names] of [
    ['a file that is written', () => writeFileSync(file('a.rs'), 'another'), ['a.rs']],
    ['a file that another one replaces, as editors do', () => (writeFileSync(file('a.tmp'), 'third'), renameSync(file('a.tmp'), file('a.rs'))), ['a.rs']],
    ['a new file in a folder', () => writeFileSync(file('deep/b.rs'), 'b'), ['deep/b.rs']],
    ['several files at once', () => ['a.rs', 'deep/b.rs'].forEach((name) => writeFileSync(file(name), `again ${name}`)), ['a.rs', 'deep/b.rs']],
    ['a file that goes away', () => rmSync(file('deep/b.rs')), ['deep/b.rs']],
  ]) {
    test(`${what} is noticed`, async () => {
      const change_ = nextChange([place], snapshot([place]));
      change();
      assert.deepEqual((await change_).sort(), names.map(file));
    });
  }

  test('a place that does not exist has no files', () => assert.deepEqual(changedBetween(snapshot([file('nowhere')]), new Map()), []));
});

test('what wrangler prints about itself is left out, what the Worker and its errors say is passed on', () => {
  const isNews = newsFilter();
  const lines = ['Your Worker has access to the following bindings:', 'env.KV (x)   KV Namespace   local', '', '⎔ Starting local server...'];
  assert.deepEqual(lines.filter(isNews), []);
  assert.deepEqual(['[wrangler:info] Ready on http://127.0.0.1:8787', '[wrangler:info] HEAD / 200 OK (3ms)'].filter(isNews), []);
  const news = ['✘ [ERROR] no', '    more of it', '[wrangler:info] POST /mcp 200 OK (3ms)', '{"message":"POST /mcp tools/list 200"}'];
  assert.deepEqual(news.filter(isNews), news);
});
