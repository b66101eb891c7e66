// A new project out of this one: what it is called afterwards, and Rust where there is none. `npm run try-fork` does the whole.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Stop } from '../lib/log.mjs';
import { adoptName, nameProblem, rename } from '../lib/name.mjs';
import { root } from '../lib/paths.mjs';
import { platformOf } from '../lib/rust.mjs';
import { STARTER_FILES, settingsIn, starterFolder } from '../lib/starter.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'mcp-connector-fork-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const read = (...parts) => readFileSync(path.join(...parts), 'utf8');
const NOW = JSON.parse(read(root, 'package.json')).name;
/** Another name, wherever this runs. */
const NEW = NOW === 'my-tools' ? 'our-tools' : 'my-tools';
const MANIFESTS = ['Cargo.toml', 'tests/everything/Cargo.toml', 'tests/starter/Cargo.toml', 'docs/recipes/Cargo.toml'];
const NAMED = ['wrangler.toml', ...MANIFESTS, 'package.json', 'package-lock.json'];

/** What a rename needs of this project, in a folder of its own. */
function copy(name) {
  const directory = path.join(folder, name);
  for (const file of [...NAMED, 'cargo-generate.toml', 'Cargo.lock', 'bench/bare/Cargo.toml']) {
    if (existsSync(path.join(root, file))) cpSync(path.join(root, file), path.join(directory, file));
  }
  for (const crate of ['.', 'tests/everything', 'tests/starter', 'docs/recipes', 'bench/bare']) {
    mkdirSync(path.join(directory, crate, 'src'), { recursive: true });
    writeFileSync(path.join(directory, crate, 'src/lib.rs'), '');
  }
  return directory;
}

describe('the name of a project', () => {
  test('stands everywhere after a rename, and the manifests still make one workspace', () => {
    const directory = copy('renamed');
    const changed = rename(NEW, directory);
    assert.deepEqual([...changed].sort(), [...NAMED].sort());
    for (const file of NAMED) {
      const text = read(directory, file);
      assert.ok(text.includes(`"${NEW}"`), file);
      assert.ok(!text.includes(`"${NOW}"`), `${file} says the old name nowhere`);
      if (file.endsWith('.toml')) assert.ok(!text.includes('{%'), `${file} has no Liquid left`);
    }
    assert.ok(!existsSync(path.join(directory, 'cargo-generate.toml')));
    const args = ['metadata', '--offline', '--no-deps', '--format-version', '1', '--manifest-path', path.join(directory, 'Cargo.toml')];
    const { packages } = JSON.parse(execFileSync('cargo', args, { encoding: 'utf8' }));
    assert.deepEqual(packages.map(({ name }) => name).sort(), ['bare', 'everything', NEW, 'recipes', 'starter'].sort());
    assert.deepEqual(rename(NEW, directory), [], 'once more changes nothing');
    assert.equal(rename('other', directory).length, NAMED.length, 'a second name replaces the first');
  });

  test('can be one that a Worker, a Rust package and an npm package may have', () => {
    for (const name of ['a', 'my-tools', 'worker', 'x'.repeat(58)]) assert.equal(nameProblem(name), undefined, name);
    for (const name of ['', 'My-tools', '2fa', '-a', 'a-', 'a_b', 'a b', 'a"b', 'x'.repeat(59)]) {
      assert.throws(() => rename(name, folder), Stop, name);
    }
  });

  test('in wrangler.toml alone, as npm create cloudflare writes it, becomes the name of all', () => {
    const directory = copy('adopted');
    rename('mcp-connector', directory);
    const config = path.join(directory, 'wrangler.toml');
    writeFileSync(config, read(config).replace('name = "mcp-connector"', 'name = "my-tools"'));
    adoptName(directory);
    for (const file of NAMED) assert.ok(read(directory, file).includes('"my-tools"'), file);
    // Who names the Worker otherwise later on has a reason.
    writeFileSync(config, read(config).replace('name = "my-tools"', 'name = "my-tools-2"'));
    adoptName(directory);
    assert.ok(read(directory, 'Cargo.toml').includes('name = "my-tools"'));
  });

  test('of the template changes nothing', () => {
    const directory = copy('unchanged');
    const before = NAMED.map((file) => read(directory, file));
    adoptName(directory);
    assert.deepEqual(NAMED.map((file) => read(directory, file)), before);
  });
});

describe('cargo generate', { skip: existsSync(path.join(root, 'cargo-generate.toml')) ? false : 'this is a project of its own, no template' }, () => {
  const settings = () => read(root, 'cargo-generate.toml');

  test('reads the files as Liquid that say the name, and no other', () => {
    const included = /include = \[([^\]]*)\]/.exec(settings())[1].match(/"([^"]+)"/g).map((quoted) => quoted.slice(2, -1));
    assert.deepEqual([...included].sort(), ['wrangler.toml', ...MANIFESTS].sort());
    for (const file of included) {
      const text = read(root, file);
      assert.equal(text.match(/\{%-? capture file %\}/g)?.length, 1, `${file} is captured`);
      // What stands before the capture and after it is a comment, in the template and in the project.
      assert.match(text.split('\n')[0], /^#.*\{%- capture file %\}$/);
      assert.match(text, /\n# End\.\{% endcapture %\}\{\{ file \| replace_first: "mcp-connector", project-name \| remove: "# End\." \| rstrip \}\}\n$/);
      const inside = text.slice(text.indexOf('%}') + 2, text.indexOf('# End.'));
      assert.doesNotMatch(inside, /\{\{|\{%/, `${file} has no other Liquid`);
      // The first place is the one that is replaced.
      assert.match(/.*mcp-connector.*/.exec(inside)[0], /^name = "mcp-connector"$|^mcp_connector = \{ package = "mcp-connector"/);
    }
  });

  test('leaves out what git ignores', () => {
    const ignored = /ignore = \[([^\]]*)\]/.exec(settings())[1];
    for (const name of ['.dev.vars', '.tools', '.wrangler', 'build', 'node_modules', 'target']) assert.ok(ignored.includes(`"${name}"`), name);
  });
});

describe('the starter', () => {
  const files = [...STARTER_FILES.map((file) => [`src/${file}`, `tests/starter/src/${file}`]), ['wrangler.toml', 'tests/starter/wrangler.toml']];

  test('of the tests is that of the template', { skip: existsSync(path.join(root, 'cargo-generate.toml')) ? false : 'this is a project of its own' }, () => {
    for (const [ours, kept] of files.slice(0, -1)) assert.equal(read(root, kept), read(root, ours), `${kept} is ${ours}: node scripts/keep-starter.mjs`);
    const [kept, ours] = [settingsIn(path.join(root, 'tests/starter')), settingsIn(root)];
    assert.ok(ours.length > 20);
    assert.deepEqual(kept, ours, 'tests/starter/wrangler.toml has the settings of wrangler.toml: node scripts/keep-starter.mjs');
  });

  test('is what the tests speak about, until a project has another connector', () => {
    const directory = path.join(folder, 'own');
    for (const file of files.flat()) cpSync(path.join(root, file.replace(/^(src|wrangler)/, 'tests/starter/$1')), path.join(directory, file));
    assert.equal(starterFolder(directory), '.');
    writeFileSync(path.join(directory, 'src/connector.rs'), '//! Mine.\n');
    assert.equal(starterFolder(directory), 'tests/starter');
    cpSync(path.join(directory, 'tests/starter/src/connector.rs'), path.join(directory, 'src/connector.rs'));
    assert.equal(starterFolder(directory), '.');
    const config = path.join(directory, 'wrangler.toml');
    writeFileSync(config, read(config).replace(/^name = .*/m, 'name = "my-tools"\nroutes = []\n# Mine.'));
    assert.equal(starterFolder(directory), '.', 'the name and the address are its own');
    writeFileSync(config, read(config).replace('CHALLENGE = "http"', 'CHALLENGE = "result"'));
    assert.equal(starterFolder(directory), 'tests/starter');
    cpSync(path.join(directory, 'tests/starter/wrangler.toml'), config);
    rmSync(path.join(directory, 'src/notes.html'));
    assert.equal(starterFolder(directory), 'tests/starter');
    writeFileSync(path.join(directory, 'cargo-generate.toml'), '');
    assert.equal(starterFolder(directory), '.', 'in the template it is always that of src');
  });
});

describe('Rust where there is none', () => {
  test('comes as the installer for this platform', () => {
    assert.equal(platformOf('linux', 'x64', true), 'x86_64-unknown-linux-gnu');
    assert.equal(platformOf('linux', 'x64', false), 'x86_64-unknown-linux-musl');
    assert.equal(platformOf('darwin', 'arm64', false), 'aarch64-apple-darwin');
    assert.equal(platformOf('freebsd', 'x64', true), undefined);
  });

  /** A folder with the scripts in it, a PATH without cargo, and a server that has `program` as its installer. */
  async function machine(name, program, { checksum = createHash('sha256').update(program).digest('hex') } = {}) {
    const directory = path.join(folder, name);
    cpSync(path.join(root, 'scripts'), path.join(directory, 'scripts'), { recursive: true });
    const bin = path.join(directory, 'bin');
    mkdirSync(bin);
    for (const tool of ['sh', 'mkdir', 'cat', 'chmod', 'cp']) symlinkSync(execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim(), path.join(bin, tool));
    const asked = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.end(request.url.endsWith('.sha256') ? `${checksum} *rustup-init\n` : program);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const script = "import { main } from './scripts/lib/log.mjs'; import { ensureRust } from './scripts/lib/rust.mjs'; await main(ensureRust); console.log(process.env.CARGO_HOME);";
    writeFileSync(path.join(directory, 'ensure.mjs'), script);
    const env = { HOME: directory, PATH: bin, RUSTUP_UPDATE_ROOT: `http://127.0.0.1:${server.address().port}` };
    const run = () => promisify(execFile)(process.execPath, ['ensure.mjs'], { cwd: directory, env }).catch((error) => error);
    return { directory, asked, run, close: () => server.close() };
  }

  const INSTALLER = `#!/bin/sh
mkdir -p "$CARGO_HOME/bin"
echo "$@" > "$CARGO_HOME/arguments"
for program in cargo rustc; do printf '#!/bin/sh\\necho 1.95.0\\n' > "$CARGO_HOME/bin/$program"; chmod +x "$CARGO_HOME/bin/$program"; done
`;

  test('is installed into .tools without a question, once, and said', async (t) => {
    const { directory, asked, run, close } = await machine('bare', INSTALLER);
    t.after(close);
    const first = await run();
    assert.match(first.stdout, /Rust is missing\. Installing it from https:\/\/rustup\.rs into \.tools\/rust, for this project only/, first.stderr);
    const cargoHome = path.join(directory, '.tools/rust/cargo');
    assert.ok(first.stdout.includes(cargoHome));
    assert.match(read(cargoHome, 'arguments'), /^-y --no-modify-path --profile minimal --default-toolchain stable --target wasm32-unknown-unknown /);
    assert.match(asked[0], /^\/dist\/[a-z0-9_]+-[a-z-]+\/rustup-init/);
    const again = await run();
    assert.equal(again.stdout.trim(), cargoHome);
    assert.equal(asked.length, 2, 'the installer and its checksum, once');
  });

  test('is not installed by a program that its publisher does not know', async (t) => {
    const { directory, run, close } = await machine('forged', INSTALLER, { checksum: '0'.repeat(64) });
    t.after(close);
    const { code, stderr } = await run();
    assert.equal(code, 1);
    assert.match(stderr, /could not be downloaded .*checksum.* https:\/\/rustup\.rs/);
    assert.ok(!existsSync(path.join(directory, '.tools/rust/cargo')));
  });

  test('that cannot be installed is said, with the way out', async (t) => {
    const { run, close } = await machine('broken', '#!/bin/sh\necho no room; exit 3\n');
    t.after(close);
    const { code, stdout, stderr } = await run();
    assert.equal(code, 1);
    assert.match(stdout, /no room/);
    assert.match(stderr, /Rust could not be installed.* https:\/\/rustup\.rs/);
  });

  test('that somebody has in the home directory is found without PATH', async (t) => {
    const { directory, asked, run, close } = await machine('at-home', INSTALLER);
    t.after(close);
    for (const program of ['cargo', 'rustc']) {
      const file = path.join(directory, '.cargo/bin', program);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, '#!/bin/sh\necho 1.95.0\n');
      chmodSync(file, 0o755);
    }
    const { stdout, stderr } = await run();
    assert.equal(stdout.trim(), 'undefined', stderr);
    assert.deepEqual(asked, []);
  });
});
