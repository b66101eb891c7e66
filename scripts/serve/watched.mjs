// Which files make a development server build: those of the Worker's own package, of the packages that it depends on by their
// paths, whatever else the last build read, and the result of that build.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { root } from '../support/paths.mjs';
import { outputOf } from '../support/processes.mjs';

/** What is watched of the Worker's own package, and of any other. */
const OF_THE_WORKER = ['src', 'Cargo.toml', 'build.rs', 'wrangler.toml', '.dev.vars'];
const OF_A_PACKAGE = ['src', 'Cargo.toml', 'build.rs'];

export class Watched {
  #folder;
  #packages = [];
  #sources = [];
  #results = [];

  /** @param {string} folder where the Worker's Cargo.toml is */
  constructor(folder) {
    this.#folder = folder;
  }

  /** Files and folders, whether they exist or not. */
  get places() {
    const own = OF_THE_WORKER.map((name) => path.join(this.#folder, name));
    const others = this.#packages.flatMap((found) => OF_A_PACKAGE.map((name) => path.join(found, name)));
    const places = [...own, path.join(root, 'Cargo.toml'), ...others];
    const outside = this.#sources.filter((file) => !places.some((place) => file === place || file.startsWith(`${place}${path.sep}`)));
    return [...new Set([...places, ...outside, ...this.#results])];
  }

  /**
   * Finds out again which packages there are: a manifest has changed, or may have. As long as cargo cannot read one, those that
   * were known before remain.
   */
  findPackages() {
    this.#packages = packagesBelow(this.#folder) ?? this.#packages;
  }

  /**
   * Takes over what a build has read, and the file that it has written: somebody may clear that away.
   * @param {string[]} sources
   * @param {string} result
   */
  built(sources, result) {
    // What is in cargo's own folders belongs to no version of the project.
    this.#sources = sources.filter((file) => hasManifestAbove(file));
    this.#results = [result];
  }
}

/** The folders of the packages that the one in `folder` needs by their paths. Nothing where cargo cannot tell. */
function packagesBelow(folder) {
  const known = new Map();
  const needed = new Set();
  const waiting = [folder];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (needed.has(next)) continue;
    if (!known.has(next)) for (const [place, paths] of packagesOfWorkspace(next) ?? []) known.set(place, paths);
    if (!known.has(next)) return undefined;
    needed.add(next);
    waiting.push(...known.get(next));
  }
  return [...needed];
}

/** The packages of the workspace around a package, each with the paths of those that it depends on. */
function packagesOfWorkspace(folder) {
  const text = outputOf('cargo', ['metadata', '--no-deps', '--offline', '--format-version=1'], { cwd: existsSync(folder) ? folder : root });
  if (text === undefined) return undefined;
  return JSON.parse(text).packages.map(({ manifest_path: manifest, dependencies }) => [
    path.dirname(manifest),
    dependencies.filter(({ path: place, kind }) => place && kind !== 'dev').map(({ path: place }) => place),
  ]);
}

function hasManifestAbove(file) {
  for (let folder = path.dirname(file); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'Cargo.toml'))) return true;
  }
  return false;
}
