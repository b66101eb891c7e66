// The two programs that make a Worker out of Rust code: worker-build, and wasm-bindgen, which has to be of exactly the
// version the code is linked with. Both versions are read from Cargo.lock, so that the tools change with it.
// Looked for in .tools/bin and on PATH; installed into .tools otherwise.
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { withLock } from '../support/lock.mjs';
import { step, Stop } from '../support/log.mjs';
import { root, toolsDir } from '../support/paths.mjs';
import { outputOf, run } from '../support/processes.mjs';
import { readToml } from '../support/toml.mjs';

/** How long GitHub may take to answer at all before the tool is compiled instead, in milliseconds. */
const ANSWER_TIMEOUT = 5000;

/** How long a download may take in all, in milliseconds. */
const DOWNLOAD_TIMEOUT = 120_000;

const RELEASES = 'https://github.com/wasm-bindgen/wasm-bindgen/releases/download';

/** In which packages wasm-bindgen spends its time: optimised, it takes a third as long for each build. */
const BUSIEST = ['walrus', 'wasmparser', 'wasm-encoder', 'wasm-bindgen-cli-support'];

/** Which of wasm-bindgen's published programs runs here. */
const PLATFORMS = {
  'darwin-arm64': 'aarch64-apple-darwin',
  'darwin-x64': 'x86_64-apple-darwin',
  'linux-arm64': 'aarch64-unknown-linux-musl',
  'linux-x64': 'x86_64-unknown-linux-musl',
};

/**
 * Finds the build tools, or installs them.
 * @returns {Promise<{workerBuild: string, env: Record<string, string>}>} the program to run and what it needs in its environment
 */
export async function ensureBuildTools() {
  const wanted = await lockedVersions();
  const key = JSON.stringify(wanted);
  if (last?.key !== key) last = { key, tools: await findOrInstall(wanted) };
  return last.tools;
}

/** What was found last, so that a script that builds often looks for the tools once. */
let last;

async function findOrInstall(wanted) {
  return findTools(wanted) ?? withLock(path.join(toolsDir, 'tools.lock'), async () => {
    const found = findTools(wanted);
    if (found) return found;
    const { workerBuild, wasmBindgen } = wanted;
    if (!find('worker-build', workerBuild)) await compile('worker-build', 'worker-build', workerBuild);
    if (!find('wasm-bindgen', wasmBindgen) && !(await download(wasmBindgen))) {
      const optimised = BUSIEST.flatMap((name) => ['--config', `profile.dev.package.${name}.opt-level=1`]);
      await compile('wasm-bindgen-cli', 'wasm-bindgen', wasmBindgen, ['--no-default-features', ...optimised]);
    }
    rmSync(path.join(toolsDir, 'target'), { recursive: true, force: true });
    const tools = findTools(wanted);
    if (!tools) throw new Stop(`The build tools in ${toolsDir} do not work: delete that folder and try again.`);
    return tools;
  });
}

function findTools(wanted) {
  const workerBuild = find('worker-build', wanted.workerBuild);
  const wasmBindgen = find('wasm-bindgen', wanted.wasmBindgen);
  if (!workerBuild || !wasmBindgen) return undefined;
  return { workerBuild, env: { WASM_BINDGEN_BIN: wasmBindgen, ...esbuild() } };
}

/** The versions that Cargo.lock asks for. worker-build is published together with the `worker` crate, under the same number. */
async function lockedVersions() {
  const lock = await readToml('Cargo.lock');
  return { workerBuild: lockedVersion(lock, 'worker'), wasmBindgen: lockedVersion(lock, 'wasm-bindgen') };
}

/** The version of a crate from the registry in a Cargo.lock. The project itself may have the name of one. */
export function lockedVersion(lock, crate) {
  const version = lock.package?.find(({ name, source }) => name === crate && source)?.version;
  if (!version) throw new Stop(`Cargo.lock does not name the crate ${crate}: run \`cargo update --workspace\`.`);
  return version;
}

/** Our own program of exactly this version, else the one on PATH. */
function find(program, version) {
  return [path.join(toolsDir, 'bin', program), program].find((candidate) => {
    const printed = outputOf(candidate, ['--version']);
    return printed !== undefined && printed.split(/\s+/).includes(version);
  });
}

/** The bundler that came with wrangler; without it worker-build gets one from the npm registry. */
function esbuild() {
  try {
    const fromWrangler = createRequire(createRequire(path.join(root, 'package.json')).resolve('wrangler/package.json'));
    const fromEsbuild = createRequire(fromWrangler.resolve('esbuild/package.json'));
    const program = fromEsbuild.resolve(`@esbuild/${process.platform}-${process.arch}/bin/esbuild`);
    return { ESBUILD_BIN: program };
  } catch {
    return {};
  }
}

/**
 * Compiles a tool from crates.io. Without optimisation: it runs for a moment in each build, and compiles in a fifth of the time.
 * What is compiled stays in .tools/target until the tool is complete, so that an interrupted installation can continue.
 */
async function compile(crate, program, version, options = []) {
  step(`Compiling the build tool ${program} ${version} (once; about a minute)`);
  await run('cargo', ['install', crate, '--version', `=${version}`, '--bin', program, '--debug', '--force', '--root', toolsDir, ...options], {
    cwd: root,
    env: {
      CARGO_TARGET_DIR: path.join(toolsDir, 'target'),
      CARGO_PROFILE_DEV_DEBUG: '0',
      CARGO_INCREMENTAL: '0',
      // Without this cargo recommends to put the folder on the PATH.
      PATH: [process.env.PATH, path.join(toolsDir, 'bin')].join(path.delimiter),
    },
    failure: (text) =>
      /openssl|pkg-config/.test(text)
        ? 'It needs the OpenSSL headers. On Debian and Ubuntu: sudo apt install pkg-config libssl-dev. On Fedora: sudo dnf install pkgconf openssl-devel.'
        : `${program} could not be compiled: is there a network, and a C compiler (cc)?`,
  });
}

/** Gets the ready-made wasm-bindgen from its project's releases. False where that does not work, for whatever reason. */
async function download(version) {
  const platform = PLATFORMS[`${process.platform}-${process.arch}`];
  if (!platform) return false;
  const name = `wasm-bindgen-${version}-${platform}`;
  step(`Downloading the build tool wasm-bindgen ${version}`);
  const scratch = path.join(toolsDir, 'download');
  try {
    mkdirSync(scratch, { recursive: true });
    const archive = path.join(scratch, `${name}.tar.gz`);
    writeFileSync(archive, await fetchBytes(`${RELEASES}/${version}/${name}.tar.gz`));
    if (outputOf('tar', ['-xzf', archive, '-C', scratch]) === undefined) throw new Error('the archive could not be unpacked');
    const program = path.join(scratch, name, 'wasm-bindgen');
    chmodSync(program, 0o755);
    if (!outputOf(program, ['--version'])?.includes(version)) throw new Error('the program does not run here');
    mkdirSync(path.join(toolsDir, 'bin'), { recursive: true });
    renameSync(program, path.join(toolsDir, 'bin', 'wasm-bindgen'));
    return true;
  } catch (error) {
    step(`No ready-made wasm-bindgen: ${error.cause?.code ?? error.message}`);
    return false;
  } finally {
    if (existsSync(scratch)) rmSync(scratch, { recursive: true, force: true });
  }
}

async function fetchBytes(url) {
  const control = new AbortController();
  const abort = (why) => () => control.abort(new Error(why));
  const answer = setTimeout(abort('GitHub does not answer'), ANSWER_TIMEOUT);
  const whole = setTimeout(abort('the download takes too long'), DOWNLOAD_TIMEOUT);
  try {
    const response = await fetch(url, { signal: control.signal });
    clearTimeout(answer);
    if (!response.ok) throw new Error(`GitHub answers ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } finally {
    clearTimeout(answer);
    clearTimeout(whole);
  }
}
