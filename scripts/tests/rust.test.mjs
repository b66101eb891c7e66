// Rust, where there is none on the machine.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { root } from '../support/paths.mjs';
import { platformOf } from '../setup/rust.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'mcp-connector-rust-'));
after(() => rmSync(folder, { recursive: true, force: true }));

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
    const script = "import { main } from './scripts/support/log.mjs'; import { ensureRust } from './scripts/setup/rust.mjs'; await main(ensureRust); console.log(process.env.CARGO_HOME);";
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
    assert.match(readFileSync(path.join(cargoHome, 'arguments'), 'utf8'), /^-y --no-modify-path --profile minimal --default-toolchain stable --target wasm32-unknown-unknown /);
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
