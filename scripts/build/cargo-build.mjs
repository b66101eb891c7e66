// Compiles one Rust package to WebAssembly with cargo. What rustc says is shown once, as rustc prints it.
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { clearProgress, Stop } from '../support/log.mjs';
import { root } from '../support/paths.mjs';
import { TARGET } from '../setup/rust.mjs';
import { cargo } from './cargo.mjs';

/** As worker-build, Cloudflare's own build tool, has it: the crate `worker` is tested with it. */
const CARGO_ENV = { WASM_BINDGEN_USE_JS_SYS: '1' };

/** The code makes no Worker. rustc has printed why, or the message says it. */
export class CompileError extends Stop {}

/**
 * Compiles the package in the folder `crate` with the profile `profile` of Cargo.toml.
 * @param {{quiet?: boolean}} [how] `quiet`: only errors and warnings are shown, no progress
 * @returns {Promise<string>} the path of the compiled module
 */
export async function compile(crate, profile, { quiet = false } = {}) {
  const colour = process.stderr.isTTY && !process.env.NO_COLOR;
  const format = colour ? 'json-diagnostic-rendered-ansi' : 'json';
  const args = ['build', '--lib', '--profile', profile, '--target', TARGET, `--message-format=${format}`];
  const manifest = path.join(root, crate, 'Cargo.toml');
  let artifact;
  const readMessage = (line) => {
    const { reason, message, manifest_path: manifestPath, target, filenames } = line.startsWith('{') ? JSON.parse(line) : {};
    if (reason === 'compiler-artifact' && target.kind.includes('cdylib')) artifact = filenames.find((name) => name.endsWith('.wasm')) ?? artifact;
    // cargo repeats the warnings of packages that it does not compile again.
    const isNews = reason === 'compiler-message' && (!quiet || manifestPath === manifest || message.level.startsWith('error'));
    if (!isNews) return;
    clearProgress();
    process.stderr.write(`${message.rendered.trimEnd()}\n\n`);
  };
  const title = crate === '.' ? 'the Worker' : path.basename(crate);
  const { status } = await cargo(args, { title, cwd: path.join(root, crate), env: CARGO_ENV, quiet, readStdout: readMessage });
  if (status !== 0) throw new CompileError('The code does not compile: the errors are above.');
  if (!artifact) throw new CompileError(`Cargo built no WebAssembly module in ${path.join(root, crate)}: its Cargo.toml needs crate-type = ["cdylib"] under [lib].`);
  return artifact;
}

/**
 * The files that a module was compiled from, as cargo lists them beside it. Empty before the first build.
 * @param {string} artifact what `compile` returned
 */
export function sourcesOf(artifact) {
  try {
    const [, list] = readFileSync(artifact.replace(/\.wasm$/, '.d'), 'utf8').split(/: (.*)/s);
    return list.split('\n')[0].split(/(?<!\\) /).map((name) => name.replaceAll('\\ ', ' ')).filter(Boolean);
  } catch {
    return [];
  }
}

/** A text that changes with every new version of the module. */
export function versionOf(artifact) {
  const { mtimeMs, size } = statSync(artifact);
  return `${artifact} ${mtimeMs} ${size}`;
}
