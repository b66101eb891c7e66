// Rust, where there is none: the official installer (https://rustup.rs) puts it into .tools, for this project alone. So the
// build works on a machine that only has Node, such as the one on which Cloudflare builds a repository.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { withLock } from '../support/lock.mjs';
import { step, Stop } from '../support/log.mjs';
import { root, toolsDir } from '../support/paths.mjs';
import { outputOf, run } from '../support/processes.mjs';

/** What compiles to WebAssembly. */
export const TARGET = 'wasm32-unknown-unknown';

/** Where the installer comes from. rustup's own variable for a mirror of it holds here too. */
const INSTALLERS = 'https://static.rust-lang.org/rustup';

/** How long a download may take in all, in milliseconds. */
const DOWNLOAD_TIMEOUT = 120_000;

/** Which of the published installers runs here. */
export function platformOf(platform, arch, hasGlibc) {
  const cpu = { x64: 'x86_64', arm64: 'aarch64' }[arch];
  const system = { linux: `unknown-linux-${hasGlibc ? 'gnu' : 'musl'}`, darwin: 'apple-darwin' }[platform];
  return cpu && system ? `${cpu}-${system}` : undefined;
}

/** Makes `cargo` and `rustc` something that can be called: those on PATH, those that rustup put somewhere else, or new ones. */
export async function ensureRust() {
  if (hasRust()) return;
  // Who has just installed Rust has it in the home directory, but on PATH in new terminals only.
  const homes = [process.env.CARGO_HOME, path.join(homedir(), '.cargo')].filter(Boolean);
  if (homes.some((home) => existsSync(path.join(home, 'bin/cargo')) && withPath(path.join(home, 'bin'), hasRust))) return;
  const rust = path.join(toolsDir, 'rust');
  Object.assign(process.env, { CARGO_HOME: path.join(rust, 'cargo'), RUSTUP_HOME: path.join(rust, 'rustup') });
  const found = () => withPath(path.join(rust, 'cargo/bin'), hasRust);
  if (found()) return;
  await withLock(path.join(toolsDir, 'rust.lock'), async () => found() || install(rust));
  if (!found()) throw new Stop(`The Rust in ${rust} does not work: delete that folder and try again, or install Rust from https://rustup.rs.`);
}

/** cargo is asked too: a distribution may ship one without the other. */
function hasRust() {
  return ['cargo', 'rustc'].every((program) => outputOf(program, ['--version'], { cwd: root }) !== undefined);
}

/** Whether `works` holds with `folder` in front of PATH, which then stays so. */
function withPath(folder, works) {
  const before = process.env.PATH;
  process.env.PATH = [folder, before].filter(Boolean).join(path.delimiter);
  if (works()) return true;
  process.env.PATH = before;
  return false;
}

async function install(rust) {
  step(`Rust is missing. Installing it from https://rustup.rs into ${path.relative(root, rust)}, for this project only (about 700 MB; once)`);
  const platform = platformOf(process.platform, process.arch, Boolean(process.report?.getReport().header.glibcVersionRuntime));
  if (!platform) throw new Stop(`There is no ready-made Rust for ${process.platform} on ${process.arch} that this script knows: install Rust from https://rustup.rs and try again.`);
  const installer = path.join(rust, 'rustup-init');
  mkdirSync(rust, { recursive: true });
  try {
    writeFileSync(installer, await download(`${process.env.RUSTUP_UPDATE_ROOT ?? INSTALLERS}/dist/${platform}/rustup-init`));
    chmodSync(installer, 0o755);
    const components = ['clippy', 'rustfmt'].flatMap((name) => ['--component', name]);
    await run(installer, ['-y', '--no-modify-path', '--profile', 'minimal', '--default-toolchain', 'stable', '--target', TARGET, ...components], {
      cwd: root,
      // A Rust elsewhere on the machine is none of its business.
      env: { RUSTUP_INIT_SKIP_PATH_CHECK: 'yes' },
      failure: () => 'Rust could not be installed: what its installer said is above. Install it from https://rustup.rs and try again.',
    });
  } finally {
    rmSync(installer, { force: true });
  }
}

/** The installer, if it is what its publisher says it is. */
async function download(url) {
  try {
    const [program, line] = await Promise.all([url, `${url}.sha256`].map(bytesAt));
    const wanted = /^[0-9a-f]{64}/.exec(line.toString())?.[0];
    if (createHash('sha256').update(program).digest('hex') !== wanted) throw new Error('its checksum does not match');
    return program;
  } catch (error) {
    throw new Stop(`The installer of Rust could not be downloaded from ${url} (${error.cause?.code ?? error.message}). Check the network, or install Rust from https://rustup.rs and try again.`);
  }
}

async function bytesAt(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}
