// The template of small projects is of this version of the engine.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { cargoLine, compareTags, gitUrl, isVersionTag, npmSpec, withCargoSource, withNpmSource } from '../project/dependency.mjs';
import { differsFromStarter } from '../results/fork.mjs';
import { root } from '../support/paths.mjs';
import { readToml } from '../support/toml.mjs';

/** The template is made from the starter. A connector of one's own may have other bindings, dependencies and secrets. */
const { name } = (await readToml('Cargo.toml')).package;
const difference = differsFromStarter({ name });
const ofStarter = { skip: difference !== undefined && `not the starter: ${difference}` };

const template = (name) => path.join(root, 'templates/small', name);
const read = (name) => readFileSync(path.join(root, name), 'utf8');

describe('the template of small projects', () => {
  test('has the settings of the starter, apart from the name and the build', ofStarter, async () => {
    const { name, build, ...settings } = await readToml('wrangler.toml');
    const { name: placeholder, build: itsBuild, ...itsSettings } = await readToml(template('wrangler.toml'));
    assert.deepEqual(itsSettings, settings, 'templates/small/wrangler.toml is the same as wrangler.toml');
    assert.equal(placeholder, '{{project-name}}');
    assert.equal(itsBuild.command, 'npm run --silent build');
  });

  test('has the dependencies and profiles of the starter', ofStarter, async () => {
    const ours = await readToml('Cargo.toml');
    const its = await readToml(template('Cargo.toml.liquid'));
    assert.deepEqual({ ...its.dependencies, 'mcp-connector': undefined }, { ...ours.dependencies, 'mcp-connector': undefined });
    assert.equal(its.package['rust-version'], ours.package['rust-version']);
    assert.deepEqual(its.profile.release, ours.profile.release);
    assert.deepEqual(its.profile.development, ours.profile.development);
  });

  test('names this version of the engine, and the client that the tests use', () => {
    const { version } = JSON.parse(read('package.json'));
    const manifest = JSON.parse(read('templates/small/package.json'));
    const source = { git: 'https://github.com/OWNER/REPOSITORY', tag: `v${version}` };
    assert.ok(read('templates/small/Cargo.toml.liquid').includes(cargoLine(source)));
    assert.equal(manifest.devDependencies['mcp-connector'], npmSpec(source));
    assert.equal(manifest.devDependencies['@modelcontextprotocol/sdk'], JSON.parse(read('tests/package.json')).dependencies['@modelcontextprotocol/sdk']);
  });

  test('has the same words for the button that deploys it', ofStarter, () => {
    assert.deepEqual(JSON.parse(read('templates/small/package.json')).cloudflare, JSON.parse(read('package.json')).cloudflare);
    assert.equal(read('templates/small/.dev.vars.example'), read('.dev.vars.example'));
  });

  test('its commands are those of the program', () => {
    const { scripts } = JSON.parse(read('templates/small/package.json'));
    const commands = /const COMMANDS = \[(.*)\]/.exec(read('scripts/cli.mjs'))[1].match(/\w+/g);
    const called = Object.values(scripts).flatMap((script) => /^(?:exec )?mcp-connector (\w+)$/.exec(script)?.[1] ?? []);
    assert.deepEqual(called.sort(), commands.sort());
  });

  test('what a project needs of the engine is in its package', () => {
    const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--silent'], { cwd: root, encoding: 'utf8' }));
    const names = files.map((file) => file.path);
    for (const name of ['scripts/cli.mjs', 'scripts/testing/connector.mjs', 'doctor/cli.mjs', 'doctor/src/checklist.mjs', 'crates/connector/src/platform/instance/guard.js', 'scripts/build/bindgen/Cargo.lock', 'scripts/build/bindgen/main.rs', 'scripts/setup/node/package-lock.json', 'scripts/openapi/package-lock.json']) {
      assert.ok(names.includes(name), name);
    }
    assert.deepEqual(names.filter((name) => /^(tests|target|docs|src|scripts\/tests|scripts\/openapi\/node_modules|doctor\/tests)\//.test(name)), []);
  });
});

describe('the dependency on the engine', () => {
  const git = { git: 'https://example.com/engine', tag: 'v1.2.3' };

  test('is rewritten in its line of Cargo.toml, and nowhere else', () => {
    const before = '[dependencies]\n# mcp-connector = …\nmcp-connector = { git = "x", tag = "v1" }\nserde = "1"\n';
    const after = '[dependencies]\n# mcp-connector = …\nmcp-connector = { git = "https://example.com/engine", tag = "v1.2.3" }\nserde = "1"\n';
    assert.equal(withCargoSource(before, git), after);
    assert.throws(() => withCargoSource('[dependencies.mcp-connector]\ngit = "x"\n', git), /by hand/);
  });

  test('is rewritten in package.json', () => {
    const after = JSON.parse(withNpmSource('{"devDependencies":{"a":"1","mcp-connector":"x"}}', { path: '../engine' }));
    assert.deepEqual(after.devDependencies, { a: '1', 'mcp-connector': 'file:../engine' });
    assert.throws(() => withNpmSource('{}', git), /by hand/);
  });

  for (const [address, url] of [
    ['https://github.com/you/engine', 'https://github.com/you/engine'],
    ['git@github.com:you/engine.git', 'ssh://git@github.com/you/engine.git'],
    ['/home/you/engine.git', 'file:///home/you/engine.git'],
  ]) {
    test(`${address} is ${url} for cargo and npm`, () => assert.equal(gitUrl(address), url));
  }

  test('versions are ordered by their numbers, and a preview comes before its version', () => {
    const tags = ['v0.10.0', 'v0.9.1', 'v1.0.0', 'v1.0.0-beta', 'v0.9.0'];
    assert.deepEqual(tags.sort(compareTags), ['v0.9.0', 'v0.9.1', 'v0.10.0', 'v1.0.0-beta', 'v1.0.0']);
    assert.deepEqual(['v1.0.0', '1.0.0-rc.1', 'latest', 'v1'].filter(isVersionTag), ['v1.0.0', '1.0.0-rc.1']);
  });
});
