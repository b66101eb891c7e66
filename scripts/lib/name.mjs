// What the project is called, and the files that say so. `cargo generate` writes the name of a new project into the manifests,
// `npm create cloudflare` only into wrangler.toml; whatever is left of the template's own name is replaced here.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Stop, step } from './log.mjs';
import { root } from './paths.mjs';

/** What the project is called in the template. */
export const TEMPLATE_NAME = 'mcp-connector';

/** The crates that are built from the library in the repository's root. */
const DEPENDENTS = ['tests/everything/Cargo.toml', 'tests/starter/Cargo.toml', 'docs/recipes/Cargo.toml'];

/** Where the name stands: file, what it stands in, and which of several places it is. */
const PLACES = [
  ['wrangler.toml', /^(name = ")([^"]*)(")/m],
  ['Cargo.toml', /^(\[package\]\s+name = ")([^"]*)(")/m],
  ...DEPENDENTS.map((file) => [file, /^(mcp_connector = \{ package = ")([^"]*)(")/m]),
  ['package.json', /^(\s+"name": ")([^"]*)(")/m],
  ['package-lock.json', /^(\s+"name": ")([^"]*)(")/m],
  ['package-lock.json', /^(\s+"packages": \{\s+"": \{\s+"name": ")([^"]*)(")/m],
];

/** What only `cargo generate` reads: Liquid in comments, and the file that tells it what to do. */
const LIQUID = /^# End\.\{% endcapture %\}.*\n|[ ]*\{%- capture file %\}/gm;
const GENERATOR = 'cargo-generate.toml';

/** Why a project cannot be called so, or nothing. It is the name of a Worker, of a Rust package and of an npm package. */
export function nameProblem(name) {
  if (/^[a-z][a-z0-9-]{0,56}[a-z0-9]$|^[a-z]$/.test(name)) return undefined;
  return 'A name starts with a letter and has up to 58 lower-case letters, digits and dashes, for example: my-tools';
}

/**
 * Calls the project in `directory` by another name.
 * @returns {string[]} the files that have changed
 */
export function rename(name, directory = root) {
  const problem = nameProblem(name);
  if (problem) throw new Stop(problem);
  const files = new Map();
  for (const [file, place] of PLACES) {
    // Who uses another package manager has another lock file, without the name.
    if (file === 'package-lock.json' && !existsSync(path.join(directory, file))) continue;
    const text = files.get(file) ?? read(directory, file);
    if (!place.test(text)) throw new Stop(`${file} does not say what the project is called; the name stands where ${place} finds it.`);
    files.set(file, text.replace(place, (_, before, _old, after) => before + name + after));
  }
  for (const [file, text] of files) {
    if (file.endsWith('.toml')) files.set(file, text.replace(LIQUID, ''));
  }
  const changed = [...files].filter(([file, text]) => text !== read(directory, file));
  for (const [file, text] of changed) writeFileSync(path.join(directory, file), text);
  rmSync(path.join(directory, GENERATOR), { force: true });
  return changed.map(([file]) => file);
}

/**
 * The Worker has been given a name and the rest still has the template's: gives all of it that name. So a project that was made
 * from the template by somebody who only knows wrangler.toml is renamed by its first build.
 */
export function adoptName(directory = root) {
  const name = PLACES[0][1].exec(read(directory, 'wrangler.toml'))?.[2];
  if (!name || name === TEMPLATE_NAME || nameIn(directory, 'package.json') !== TEMPLATE_NAME) return;
  if (nameProblem(name)) {
    step(`wrangler.toml calls this project ${name}. ${nameProblem(name)}. So the rest of it is still called ${TEMPLATE_NAME}.`);
    return;
  }
  step(`Calling this project ${name}, as wrangler.toml does, in ${rename(name, directory).join(', ')}`);
}

/** What stands in the README for the address of a repository that has none. */
export const NO_REPOSITORY = 'https://github.com/OWNER/REPOSITORY';

/**
 * Notes where the project lies, and lets the README's commands and its button lead there.
 * @returns {string[]} the files that have changed
 */
export function setRepository(url, directory = root) {
  if (!/^https:\/\/(github|gitlab)\.com(\/[\w.-]+){2,}$/.test(url)) {
    throw new Stop('The button takes repositories on GitHub and GitLab, for example: https://github.com/you/my-tools');
  }
  const manifest = JSON.parse(read(directory, 'package.json'));
  const old = manifest.repository ?? NO_REPOSITORY;
  const texts = {
    'package.json': `${JSON.stringify({ ...manifest, repository: url }, null, 2)}\n`,
    'README.md': read(directory, 'README.md').replaceAll(old, url),
  };
  const changed = Object.entries(texts).filter(([file, text]) => text !== read(directory, file));
  for (const [file, text] of changed) writeFileSync(path.join(directory, file), text);
  return changed.map(([file]) => file);
}

function nameIn(directory, file) {
  return existsSync(path.join(directory, file)) ? JSON.parse(read(directory, file)).name : undefined;
}

function read(directory, file) {
  return readFileSync(path.join(directory, file), 'utf8');
}
