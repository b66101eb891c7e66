// Installs npm packages as a lock file says, and knows when that has been done already.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { withLock } from '../support/lock.mjs';
import { clearProgress, step } from '../support/log.mjs';
import { engine, root, toolsDir } from '../support/paths.mjs';
import { run } from '../support/processes.mjs';

/** Installs the npm packages of the project: wrangler, and what these scripts need. */
export function ensureProjectPackages() {
  return oneAtATime(() => ensurePackages(root, 'npm packages (wrangler)'));
}

/** Installs what the tests of this repository need beside them. */
export async function ensureTestPackages() {
  await oneAtATime(() => ensurePackages(path.join(root, 'tests'), 'npm packages for the tests (official clients, conformance suite)'));
}

/** Installs what `npm run openapi` needs, when it is first used. */
export async function ensureOpenApiPackages() {
  await oneAtATime(() => ensurePackages(path.join(engine, 'scripts/openapi'), 'the parser of OpenAPI documents (7 MB, once)'));
}

const oneAtATime = (body) => withLock(path.join(toolsDir, 'packages.lock'), body);

/** Makes `node_modules` in `directory` what its `package-lock.json` says. */
export async function ensurePackages(directory, what) {
  if (isInstalled(directory)) return;
  step(`Installing ${what}`);
  // Without the warnings that this Node is too old for a package: wrangler gets a newer one.
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: directory,
    // What is compiled meanwhile shows its progress.
    show() {
      clearProgress();
      return true;
    },
    failure: () => 'npm could not install the packages. Check the network and the free disk space, then try again.',
  });
}

/** npm notes at the end of an installation what is there, so an interrupted one is seen. */
function isInstalled(directory) {
  const wanted = packagesIn(path.join(directory, 'package-lock.json'));
  const found = packagesIn(path.join(directory, 'node_modules/.package-lock.json'));
  // npm decides which optional packages of other packages it installs. Ours are needed where they are for this platform.
  const ours = Object.keys(wanted['']?.optionalDependencies ?? {}).map((name) => `node_modules/${name}`);
  return Object.entries(wanted).every(([name, entry]) => {
    if (name === '') return true;
    if (found[name]) return found[name].version === entry.version;
    return entry.optional && !(ours.includes(name) && isForThisPlatform(entry));
  });
}

function isForThisPlatform({ os, cpu }) {
  return includes(os, process.platform) && includes(cpu, process.arch);
}

/** Lock files hold a list, or a single name. Nothing means any. */
function includes(names, name) {
  return names === undefined || [names].flat().includes(name);
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}
