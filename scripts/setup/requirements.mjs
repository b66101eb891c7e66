// What has to be on the machine: Node, a C compiler for the build tools, and Rust. A current Node, Rust and the npm packages of
// the project are installed where they are missing.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Stop, step } from '../support/log.mjs';
import { root } from '../support/paths.mjs';
import { outputOf, run } from '../support/processes.mjs';
import { ensureNode } from './node.mjs';
import { ensureProjectPackages } from './packages.mjs';
import { ensureRust, TARGET } from './rust.mjs';
import { atLeast } from './versions.mjs';

/** The first Rust that reads this edition. */
const OLDEST_RUST = '1.85';

/**
 * Why this Rust does not serve, or nothing.
 * @param {string} printed what `rustc --version` said
 * @param {string} wanted the `rust-version` of Cargo.toml
 */
export function rustProblem(printed, wanted) {
  const version = /\d+\.\d+\.\d+\S*/.exec(printed)?.[0] ?? '0';
  if (atLeast(version, wanted)) return undefined;
  return `Rust ${version} is too old: this project needs ${wanted} or newer. Run \`rustup update stable\` and try again.`;
}

/**
 * Installs the npm packages, Rust and its target where they are missing. Fails with one line where something else is missing, or too old.
 * @param {{canCompile?: () => void}} [how] `canCompile`: runs as soon as there are compilers; npm may still be at work
 */
export async function checkRequirements({ canCompile = () => {} } = {}) {
  if (process.platform === 'win32') throw new Stop('On Windows, please use this project inside WSL (https://learn.microsoft.com/windows/wsl).');
  // Only wrangler waits for this.
  ensureNode();
  await Promise.all([ensureProjectPackages(), ensureCompilers().then(canCompile)]);
}

async function ensureCompilers() {
  const manifest = path.join(root, 'Cargo.toml');
  if (!existsSync(manifest)) throw new Stop('Cargo.toml is missing.');
  await ensureRust();
  const problem = rustProblem(outputOf('rustc', ['--version'], { cwd: root }), rustVersionIn(readFileSync(manifest, 'utf8')));
  if (problem) throw new Stop(problem);
  if (outputOf('cc', ['--version']) === undefined) {
    throw new Stop('A C compiler (cc) is missing; Rust links with it. On Debian and Ubuntu: sudo apt install build-essential. On Fedora: sudo dnf install gcc. On a Mac: xcode-select --install.');
  }
  await ensureWasmTarget();
}

/** The oldest Rust that the text of a Cargo.toml asks for. Read without a parser: that is an npm package. */
export function rustVersionIn(manifest) {
  return /^rust-version = "(.*)"$/m.exec(manifest)?.[1] ?? OLDEST_RUST;
}

let hasWasmTarget = false;

/** Adds the standard library for WebAssembly to the Rust installation, where it is not there yet. */
export async function ensureWasmTarget() {
  if (hasWasmTarget) return;
  await addWasmTarget();
  hasWasmTarget = true;
}

async function addWasmTarget() {
  const libraries = outputOf('rustc', ['--print', 'target-libdir', '--target', TARGET], { cwd: root });
  if (libraries && existsSync(libraries)) return;
  if (outputOf('rustup', ['--version']) === undefined) {
    throw new Stop(`This Rust cannot compile to ${TARGET}, and it was not installed by rustup: install Rust from https://rustup.rs, or add that target with your package manager.`);
  }
  step(`Adding the Rust target ${TARGET}`);
  await run('rustup', ['target', 'add', TARGET], { cwd: root, show: (line) => !line.startsWith('info:') });
}
