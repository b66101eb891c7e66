// The configuration that `wrangler dev` gets from `npm start`: wrangler.toml without its build command, since `npm start` builds
// by itself. Each version of it has an entry point of its own around the newest build, which says what version it is.
//
// wrangler reloads whenever this file changes. It is in the folder of wrangler.toml, so that relative paths, .dev.vars and the
// local storage are the same as with wrangler.toml. Git ignores it.
import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { parseToml } from '../support/toml.mjs';

const NAME = 'wrangler.dev.json';

/** In a request, asks for the version that answers; in the answer, it is that version. */
export const VERSION_HEADER = 'mcp-connector-version';

/** The entry point of a version, around the build in `from`. */
const entryPoint = (from, version) => `// Written by \`npm start\`.
import Worker from '${from}';

export * from '${from}';
export default class extends Worker {
  async fetch(request) {
    if (!request.headers.has('${VERSION_HEADER}')) return super.fetch(request);
    // A connector that fails is there all the same.
    const answer = await super.fetch(request).catch(() => new Response(null, { status: 500 }));
    const headers = new Headers(answer.headers);
    headers.set('${VERSION_HEADER}', '${version}');
    return new Response(answer.body, { status: answer.status, headers });
  }
}
`;

export class DevConfig {
  #folder;
  #builds;
  #settings;
  #secretsVersion = 0;
  #written;

  /** The number of the version that was written last. */
  version = 0;

  /**
   * @param {string} folder where wrangler.toml is
   * @param {string} builds where the builds are
   */
  constructor(folder, builds) {
    this.#folder = folder;
    this.#builds = builds;
    this.file = path.join(folder, NAME);
  }

  /** Reads wrangler.toml. Fails with an `InvalidToml` where it cannot be read, and keeps what was read last. */
  async read() {
    const file = path.join(this.#folder, 'wrangler.toml');
    const { build, ...settings } = await parseToml(readFileSync(file, 'utf8'), 'wrangler.toml');
    this.#settings = settings;
  }

  /** Says that .dev.vars has changed: wrangler reads it together with its configuration, and only then. */
  secretsChanged() {
    this.#secretsVersion += 1;
  }

  /**
   * Writes a new version, unless nothing has changed.
   * @param {string} build the folder with the newest build
   * @param {{again?: boolean}} [how] `again`: also if nothing has changed
   * @returns {boolean} whether there is a new version
   */
  write(build, { again = false } = {}) {
    const content = JSON.stringify([build, this.#settings, this.#secretsVersion]);
    if (content === this.#written && !again) return false;
    this.#written = content;
    this.version += 1;
    const main = path.join(this.#builds, `entry-${this.version}.js`);
    mkdirSync(this.#builds, { recursive: true });
    writeFileSync(main, entryPoint(`./${path.relative(this.#builds, build)}/index.js`, this.version));
    const text = `${JSON.stringify({ ...this.#settings, main: path.relative(this.#folder, main) }, null, 2)}\n`;
    // In one write, and into the same file: wrangler does not notice a file that has replaced the one that it watches.
    const file = openSync(this.file, this.version === 1 ? 'w' : 'r+');
    writeSync(file, text, 0);
    ftruncateSync(file, Buffer.byteLength(text));
    closeSync(file);
    return true;
  }

  /** Removes the builds and entry points that are older than the version before the current one. */
  removeOld() {
    const inUse = new Set([this.version - 1, this.version].map((version) => `entry-${version}.js`));
    const entries = readdirSync(this.#builds).filter((name) => name.startsWith('entry-'));
    const used = entries.filter((name) => inUse.has(name)).map((name) => readFileSync(path.join(this.#builds, name), 'utf8'));
    for (const name of readdirSync(this.#builds)) {
      const isUsed = name.startsWith('entry-') ? inUse.has(name) : used.some((text) => text.includes(`'./${name}/index.js'`));
      if (!isUsed) rmSync(path.join(this.#builds, name), { recursive: true, force: true });
    }
  }

  remove() {
    rmSync(this.file, { force: true });
  }
}
