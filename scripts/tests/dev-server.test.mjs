// The parts of `npm start` that need no Worker: the configuration for wrangler, which files are watched, what has changed, and which
// lines are passed on. front.test.mjs has what answers on the port, tests/projects/dev-server.test.mjs runs the whole of it.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { DevConfig, VERSION_HEADER } from '../serve/dev-config.mjs';
import { changedBetween, nextChange, snapshot } from '../serve/file-changes.mjs';
import { Watched } from '../serve/watched.mjs';
import { newsFilter } from '../serve/wrangler-dev.mjs';
import { InvalidToml } from '../support/toml.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'mcp-connector-dev-'));
after(() => rmSync(folder, { recursive: true, force: true }));

describe('the configuration for wrangler', () => {
  const toml = path.join(folder, 'wrangler.toml');
  const builds = path.join(folder, 'build/dev');
  const build = (number) => path.join(builds, `build-${number}`);
  const written = () => JSON.parse(readFileSync(path.join(folder, 'wrangler.dev.json'), 'utf8'));

  test('is wrangler.toml without its build and its routes, with an entry point around the newest build', async () => {
    writeFileSync(toml, 'name = "x"\nmain = "build/index.js"\nroutes = ["mcp.example.com/*"]\n[build]\ncommand = "make"\n[[kv_namespaces]]\nbinding = "KV"\n');
    const config = new DevConfig(folder, builds);
    await config.read();
    assert.ok(config.write(build(1)));
    assert.deepEqual(written(), { name: 'x', main: 'build/dev/entry-1.js', kv_namespaces: [{ binding: 'KV' }] });
    assert.match(readFileSync(path.join(builds, 'entry-1.js'), 'utf8'), /from '\.\/build-1\/index\.js'/);
  });

  test('is a new version for each build, change of settings, and change of secrets, and for nothing else', async () => {
    const config = new DevConfig(folder, builds);
    await config.read();
    assert.ok(config.write(build(1)));
    assert.ok(!config.write(build(1)), 'nothing has changed');
    assert.ok(config.write(build(2)), 'a build');
    writeFileSync(toml, 'name = "y"\n');
    await config.read();
    assert.ok(config.write(build(2)), 'a setting');
    config.secretsChanged();
    assert.ok(config.write(build(2)), 'a secret');
    config.writeAgain();
    assert.deepEqual(written(), { name: 'y', main: 'build/dev/entry-5.js' });
    rmSync(path.join(folder, 'wrangler.dev.json'));
    assert.ok(config.write(build(2)), 'somebody has removed it');
  });

  test('goes back to what answered last', async () => {
    const config = new DevConfig(folder, builds);
    await config.read();
    config.write(build(1));
    assert.ok(!config.canRestore, 'nothing has answered yet');
    mkdirSync(build(1), { recursive: true });
    config.answered();
    assert.ok(!config.canRestore, 'nothing was written since');
    writeFileSync(toml, 'name = "z"\n');
    await config.read();
    config.write(build(2));
    assert.ok(config.canRestore);
    config.restore();
    assert.deepEqual(written(), { name: 'y', main: 'build/dev/entry-3.js' });
    assert.match(readFileSync(path.join(builds, 'entry-3.js'), 'utf8'), /build-1/);
    assert.ok(config.write(build(2)), 'what was refused is tried again with the next change');
    writeFileSync(toml, 'name = "y"\n');
  });

  test('says which version has answered, whether an answer is there at once, comes later or does not come', async () => {
    const config = new DevConfig(folder, builds);
    await config.read();
    for (const [at, [fetch, status]] of [
      ["fetch() { return new Response('', { status: 201 }); }", 201],
      ["async fetch() { return new Response('', { status: 202 }); }", 202],
      ["fetch() { throw new Error('at once'); }", 500],
      ["async fetch() { throw new Error('later'); }", 500],
    ].entries()) {
      mkdirSync(build(20 + at), { recursive: true });
      writeFileSync(path.join(build(20 + at), 'index.js'), `export default class { ${fetch} }`);
      config.write(build(20 + at));
      const entry = path.join(folder, written().main);
      const text = readFileSync(entry, 'utf8').replace(/^import \{ WorkerEntrypoint \}.*$/m, 'class WorkerEntrypoint {}');
      const module = path.join(builds, `runnable-${at}.mjs`);
      writeFileSync(module, text);
      const { default: Entry } = await import(module);
      const answer = await new Entry().fetch(new Request('http://localhost/', { headers: { [VERSION_HEADER]: '?' } }));
      assert.deepEqual([answer.status, answer.headers.get(VERSION_HEADER)], [status, /entry-(\d+)/.exec(entry)[1]], fetch);
    }
  });

  test('keeps what the version before may still need, and removes what is older', async () => {
    rmSync(builds, { recursive: true });
    const config = new DevConfig(folder, builds);
    await config.read();
    for (const number of [1, 2, 3]) {
      mkdirSync(build(number), { recursive: true });
      config.write(build(number));
    }
    mkdirSync(build(4));
    config.answered();
    assert.deepEqual(readdirSync(builds).sort(), ['build-2', 'build-3', 'build-4', 'entry-2.js', 'entry-3.js'], 'the fourth is under way');
  });

  test('stays as it is while wrangler.toml cannot be read, and the message names the line', async () => {
    const config = new DevConfig(folder, builds);
    await config.read();
    writeFileSync(toml, 'name = "x"\n[broken\n');
    await assert.rejects(config.read(), (error) => error instanceof InvalidToml && /wrangler\.toml.*\[broken/s.test(error.message));
    config.write(build(3));
    assert.equal(written().name, 'y');
  });
});

describe('the watched files', () => {
  const project = path.join(folder, 'project');
  const put = (name, text) => {
    mkdirSync(path.dirname(path.join(project, name)), { recursive: true });
    writeFileSync(path.join(project, name), text);
  };
  const manifest = (name, more = '') => `[package]\nname = "${name}"\nversion = "0.1.0"\n[dependencies]\n${more}`;
  const isWatched = (watched, name) => watched.places.includes(path.join(project, name));

  test('are those of every package that the Worker needs by its path, also while cargo cannot read a manifest', () => {
    put('Cargo.toml', `[workspace]\nmembers = ["crates/*"]\n${manifest('worker', 'engine = { path = "crates/engine" }\n')}`);
    put('src/lib.rs', '');
    for (const [name, more] of [['engine', 'base = { path = "../base" }\n'], ['base', ''], ['other', '']]) {
      put(`crates/${name}/Cargo.toml`, manifest(name, more));
      put(`crates/${name}/src/lib.rs`, '');
    }
    const watched = new Watched(project);
    assert.ok(['src', 'Cargo.toml', 'wrangler.toml', '.dev.vars'].every((name) => isWatched(watched, name)), 'before anything is known');
    watched.findPackages();
    assert.ok(['crates/engine/src', 'crates/base/Cargo.toml'].every((name) => isWatched(watched, name)));
    assert.ok(!isWatched(watched, 'crates/other/src'), 'the Worker does not need it');

    put('crates/engine/Cargo.toml', '[broken');
    watched.findPackages();
    assert.ok(isWatched(watched, 'crates/base/src'), 'what was known before');
    put('crates/engine/Cargo.toml', manifest('engine', 'new = { path = "../new" }\n'));
    put('crates/new/Cargo.toml', manifest('new'));
    put('crates/new/src/lib.rs', '');
    watched.findPackages();
    assert.ok(isWatched(watched, 'crates/new/src') && !isWatched(watched, 'crates/base/src'), 'a new package in the place of another');
  });

  test('are what the last build has read beside that, and its result', () => {
    const watched = new Watched(project);
    watched.built([path.join(project, 'src/lib.rs'), path.join(project, 'notes.html'), '/nowhere/registry/x.rs'], path.join(project, 'build/dev/build-1/index.js'));
    assert.ok(isWatched(watched, 'notes.html') && isWatched(watched, 'build/dev/build-1/index.js'));
    assert.ok(!isWatched(watched, 'src/lib.rs'), 'the folder is watched');
    assert.ok(!watched.places.includes('/nowhere/registry/x.rs'));
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
  assert.deepEqual(['fatal error: all goroutines are asleep - deadlock!', 'goroutine 1 [chan receive]:', '\tmain.go:1'].filter(isNews), []);
  const ofLastBundle = ['✘ [ERROR] Build failed with 1 error:', '  ✘ [ERROR] Could not resolve "/x/.wrangler/tmp/bundle-v6EE2A/middleware-loader.entry.ts"'];
  assert.deepEqual(ofLastBundle.filter(isNews), []);
  const news = ['✘ [ERROR] no', '  ✘ [ERROR] Could not resolve "./gone.js"', '    more of it', '[wrangler:info] POST /mcp 200 OK (3ms)', '{"message":"POST /mcp tools/list 200"}'];
  assert.deepEqual(news.filter(isNews), news);
});
