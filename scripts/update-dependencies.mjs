// `node scripts/update-dependencies.mjs`: brings everything that this repository pins to its current version: npm packages, crates,
// the build tool, and the compatibility date. A workflow runs it every month, tests the result and proposes it. What needs a
// decision stays as it is and is listed at the end: a new generation of a crate, a new major version of Node.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { lockedVersion, PACKAGE } from './setup/bindgen.mjs';
import { checkRequirements } from './setup/requirements.mjs';
import { atLeast } from './setup/versions.mjs';
import { main, step, Stop } from './support/log.mjs';
import { root } from './support/paths.mjs';
import { attempt, outputOf } from './support/processes.mjs';

const NPM_FOLDERS = ['.', 'tests', 'bench', 'scripts/openapi', 'scripts/setup/node', 'templates/small'];
const WRANGLER_FILES = ['wrangler.toml', 'templates/small/wrangler.toml', ...readdirSync(path.join(root, 'examples')).map((name) => `examples/${name}/wrangler.toml`)];

await main(async () => {
  await checkRequirements();
  for (const folder of NPM_FOLDERS) await updatePackages(folder);
  step('Crates');
  await succeed('cargo', ['update'], '.');
  await updateBindgen();
  // The new workerd says which date it knows.
  await succeed('npm', ['ci'], '.');
  updateCompatibilityDate();
  step('What is left for a person to decide:');
  const { output } = await attempt('cargo', ['update', '--dry-run', '--verbose'], { cwd: root, show: () => false });
  console.log(output.split('\n').filter((line) => /^\s*Unchanged /.test(line)).join('\n'));
});

/** Moves each package that is named by its exact version to the newest one, and then the packages below them. */
async function updatePackages(folder) {
  step(`npm packages: ${folder}`);
  const file = path.join(root, folder, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  for (const group of ['dependencies', 'devDependencies', 'optionalDependencies']) {
    for (const [name, version] of Object.entries(manifest[group] ?? {})) {
      // Older clients that the tests call under another name, and packages from elsewhere, stay.
      if (!/^\d+\.\d+\.\d+/.test(version)) continue;
      const newest = newestOf(name, version);
      // A preview that is newer than the latest release stays, too.
      if (newest && newest !== version && atLeast(newest, version)) {
        console.log(`    ${name} ${version} -> ${newest}`);
        manifest[group][name] = newest;
      }
    }
  }
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
  if (folder === 'templates/small') return;
  await succeed('npm', ['install', '--package-lock-only', '--ignore-scripts'], folder);
  await succeed('npm', ['update', '--package-lock-only', '--ignore-scripts'], folder);
}

/** Node stays within its major version, which has long-term support. */
function newestOf(name, version) {
  const range = name.startsWith('node-') ? `@^${version.split('.')[0]}` : '';
  const found = JSON.parse(outputOf('npm', ['view', `${name}${range}`, 'version', '--json']) ?? 'null');
  return Array.isArray(found) ? found.reduce((best, one) => (atLeast(one, best) ? one : best)) : found;
}

/** The package of the build tool follows the version that the Worker is linked with. */
async function updateBindgen() {
  const version = lockedVersion(readFileSync(path.join(root, 'Cargo.lock'), 'utf8'), 'wasm-bindgen');
  const file = path.join(PACKAGE, 'Cargo.toml');
  const manifest = readFileSync(file, 'utf8');
  const [, before] = /^version = "(.*)"$/m.exec(manifest) ?? [];
  writeFileSync(file, manifest.replaceAll(before, version));
  await succeed('cargo', ['update'], path.relative(root, PACKAGE));
}

function updateCompatibilityDate() {
  const program = path.join(root, 'node_modules/workerd/bin/workerd');
  const date = /\d{4}-\d{2}-\d{2}/.exec(outputOf(program, ['--version']))?.[0];
  if (!date) throw new Stop('workerd does not say which compatibility date it knows.');
  step(`Compatibility date ${date}`);
  for (const name of WRANGLER_FILES) {
    const file = path.join(root, name);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^compatibility_date = .*$/m, `compatibility_date = "${date}"`));
  }
}

async function succeed(command, args, folder) {
  const { outcome, output } = await attempt(command, args, { cwd: path.join(root, folder), show: () => false, silent: true });
  if (outcome.status !== 0) throw new Stop(`${[command, ...args].join(' ')} failed in ${folder}:\n${output}`);
}
