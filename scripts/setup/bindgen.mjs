// wasm-bindgen, the program that makes a compiled Worker callable from JavaScript. It has to be of exactly the version that the code
// is linked with, which is in Cargo.lock. Looked for in .tools/bin and on PATH; otherwise its library is compiled from crates.io.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cargo } from '../build/cargo.mjs';
import { withLock } from '../support/lock.mjs';
import { Stop } from '../support/log.mjs';
import { engine, root, toolsDir } from '../support/paths.mjs';
import { outputOf } from '../support/processes.mjs';

/** The package that is compiled where there is no ready-made program. Its lock file is for the version in its Cargo.toml. */
export const PACKAGE = path.join(engine, 'scripts/build/bindgen');

const PROGRAM = 'wasm-bindgen';

/** What was asked for last, so that a script that builds often looks once. */
let last;

/**
 * Finds the program, or makes it. Whoever asks for it early lets it be compiled beside something else.
 * @param {{quiet?: boolean}} [how] `quiet`: shows no progress
 * @returns {Promise<string>} the program to run
 */
export async function ensureBindgen({ quiet = false } = {}) {
  const version = lockedVersion(readFileSync(path.join(root, 'Cargo.lock'), 'utf8'), PROGRAM);
  if (last?.version !== version) {
    last = { version, program: findOrMake(version, quiet) };
    // The next build tries again.
    last.program.catch(() => (last = undefined));
  }
  return last.program;
}

async function findOrMake(version, quiet) {
  return find(version) ?? withLock(path.join(toolsDir, 'tools.lock'), () => find(version) ?? make(version, quiet));
}

/** The version of a crate from the registry in the text of a Cargo.lock. The project itself may have the name of one. */
export function lockedVersion(lock, crate) {
  for (const entry of lock.split('[[package]]')) {
    const value = (key) => new RegExp(`^${key} = "(.*)"$`, 'm').exec(entry)?.[1];
    if (value('name') === crate && value('source')) return value('version');
  }
  throw new Stop(`Cargo.lock does not name the crate ${crate}: run \`cargo update --workspace\`.`);
}

/** Our own program of exactly this version, else the one on PATH. */
function find(version) {
  return [path.join(toolsDir, 'bin', PROGRAM), PROGRAM].find((candidate) => outputOf(candidate, ['--version'])?.split(/\s+/).includes(version));
}

/** Compiles it in .tools. What is compiled stays there until it is complete, so that an interrupted build can continue. */
async function make(version, quiet) {
  const folder = path.join(toolsDir, 'bindgen');
  mkdirSync(folder, { recursive: true });
  const manifest = readFileSync(path.join(PACKAGE, 'Cargo.toml'), 'utf8');
  const [, known] = /^version = "(.*)"$/m.exec(manifest) ?? [];
  writeFileSync(path.join(folder, 'Cargo.toml'), manifest.replaceAll(known, version));
  copyFileSync(path.join(PACKAGE, 'main.rs'), path.join(folder, 'main.rs'));
  if (known === version) copyFileSync(path.join(PACKAGE, 'Cargo.lock'), path.join(folder, 'Cargo.lock'));
  else rmSync(path.join(folder, 'Cargo.lock'), { force: true });
  const { status } = await cargo(['build', ...(known === version ? ['--locked'] : [])], {
    title: `wasm-bindgen ${version}`,
    cwd: folder,
    env: { CARGO_TARGET_DIR: path.join(folder, 'target') },
    quiet,
    // The Worker takes longer, and its last packages leave processors free.
    isAside: true,
  });
  if (status !== 0) throw new Stop(`wasm-bindgen ${version} could not be compiled. Check the network and that a C compiler (cc) is installed.`);
  mkdirSync(path.join(toolsDir, 'bin'), { recursive: true });
  renameSync(path.join(folder, 'target/debug', PROGRAM), path.join(toolsDir, 'bin', PROGRAM));
  rmSync(folder, { recursive: true });
  const program = find(version);
  if (!program || !existsSync(program)) throw new Stop(`The build tool in ${toolsDir} does not work: delete that folder and try again.`);
  return program;
}
