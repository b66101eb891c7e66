// The configuration that `wrangler dev` gets from `npm start`: wrangler.toml without its build command, since `npm start` builds
// by itself, and without its routes, since wrangler would give the Worker their host for the one that was asked. Each version of it
// has an entry point of its own around the newest build, which says what version it is.
//
// wrangler reloads whenever this file changes. It is in the folder of wrangler.toml, so that relative paths, .dev.vars and the
// local storage are the same as with wrangler.toml. Git ignores it.
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { InvalidToml, parseToml } from '../support/toml.mjs';

const NAME = 'wrangler.dev.json';

/** In a request, asks for the version that answers; in the answer, it is that version. */
export const VERSION_HEADER = 'mcp-connector-version';

/** The entry point of a version, around the build in `from`. */
const entryPoint = (from, version) => `// Written by \`npm start\`.
import { WorkerEntrypoint } from 'cloudflare:workers';
import worker from '${from}';

/** A Worker that only handles events is an object. */
class Handlers extends WorkerEntrypoint {}
for (const [name, handler] of Object.entries(worker)) {
  Handlers.prototype[name] = function (event) {
    return handler(event, this.env, this.ctx);
  };
}

export * from '${from}';
export default class extends (typeof worker === 'function' ? worker : Handlers) {
  async fetch(request) {
    if (!request.headers.has('${VERSION_HEADER}')) return super.fetch(request);
    // A connector that fails is there all the same. What answers at once makes no promise.
    const answer = await new Promise((resolve) => resolve(super.fetch(request))).catch(() => new Response(null, { status: 500 }));
    const headers = new Headers(answer.headers);
    headers.set('${VERSION_HEADER}', '${version}');
    return new Response(answer.body, { status: answer.status, headers });
  }
}
`;

/** The number at the end of the name of a build or entry point. */
const numberOf = (name) => Number(/\d+/.exec(name)?.[0]);

export class DevConfig {
  #folder;
  #builds;
  #settings;
  #secretsVersion = 0;
  /** What the newest version was made of, and the last one that has answered. */
  #written;
  #good;

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
    if (!existsSync(file)) throw new InvalidToml('wrangler.toml is missing.');
    const { build, route, routes, ...settings } = await parseToml(readFileSync(file, 'utf8'), 'wrangler.toml');
    this.#settings = settings;
  }

  /** Says that .dev.vars has changed: wrangler reads it together with its configuration, and only then. */
  secretsChanged() {
    this.#secretsVersion += 1;
  }

  /**
   * Writes a new version, unless nothing has changed.
   * @param {string} build the folder with the newest build
   * @returns {boolean} whether there is a new version
   */
  write(build) {
    const made = { build, settings: this.#settings, secrets: this.#secretsVersion };
    if (JSON.stringify(made) === JSON.stringify(this.#written) && existsSync(this.file)) return false;
    this.#writeVersion(made);
    return true;
  }

  /** Writes the newest version once more, under a new number: wrangler has missed it. */
  writeAgain() {
    this.#writeVersion(this.#written);
  }

  /** Says that the newest version has answered. What only older ones needed is removed. */
  answered() {
    this.#good = this.#written;
    this.#removeOld();
  }

  /** Whether a version has answered, and another was written since. */
  get canRestore() {
    return this.#good !== undefined && this.#good !== this.#written;
  }

  /** Writes what answered last, under a new number. */
  restore() {
    this.#writeVersion(this.#good);
  }

  #writeVersion(made) {
    this.#written = made;
    this.version += 1;
    const main = path.join(this.#builds, `entry-${this.version}.js`);
    mkdirSync(this.#builds, { recursive: true });
    writeFileSync(main, entryPoint(`./${path.relative(this.#builds, made.build)}/index.js`, this.version));
    const text = `${JSON.stringify({ ...made.settings, main: path.relative(this.#folder, main) }, null, 2)}\n`;
    // In one write, and into the same file: wrangler does not notice a file that has replaced the one that it watches.
    const file = openSync(this.file, existsSync(this.file) ? 'r+' : 'w');
    writeSync(file, text, 0);
    ftruncateSync(file, Buffer.byteLength(text));
    closeSync(file);
  }

  /** Removes the builds and entry points that are older than the version before the current one. Newer builds may be under way. */
  #removeOld() {
    if (!existsSync(this.#builds)) return;
    const names = readdirSync(this.#builds);
    const entries = names.filter((name) => name.startsWith('entry-') && numberOf(name) >= this.version - 1);
    const texts = entries.map((name) => readFileSync(path.join(this.#builds, name), 'utf8'));
    const builds = names.filter((name) => texts.some((text) => text.includes(`'./${name}/index.js'`)));
    const newest = Math.max(...builds.map(numberOf));
    const isOld = (name) => !entries.includes(name) && !builds.includes(name) && (name.startsWith('entry-') || numberOf(name) < newest);
    for (const name of names.filter(isOld)) rmSync(path.join(this.#builds, name), { recursive: true, force: true });
  }

  remove() {
    rmSync(this.file, { force: true });
  }
}
