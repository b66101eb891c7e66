// The configuration that `wrangler dev` gets from `npm start`: wrangler.toml without its build command, since `npm start` builds
// by itself, and with the newest build as its entry point.
//
// wrangler reloads whenever this file changes. It is in the folder of wrangler.toml, so that relative paths, .dev.vars and the
// local storage are the same as with wrangler.toml. Git ignores it.
import { closeSync, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { parseToml } from '../support/toml.mjs';

const NAME = 'wrangler.dev.json';

/** @param {string} folder where wrangler.toml is */
export class DevConfig {
  #folder;
  #settings;
  #written;
  #secretsVersion = 0;

  constructor(folder) {
    this.#folder = folder;
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
   * Writes the configuration for the entry point `main`.
   * @returns {boolean} whether anything has changed
   */
  write(main) {
    const text = `${JSON.stringify({ ...this.#settings, main: path.relative(this.#folder, main) }, null, 2)}\n${' '.repeat(this.#secretsVersion)}`;
    if (text === this.#written) return false;
    // In one write, and into the same file: wrangler does not notice a file that has replaced the one that it watches.
    const file = openSync(this.file, this.#written === undefined ? 'w' : 'r+');
    writeSync(file, text, 0);
    ftruncateSync(file, Buffer.byteLength(text));
    closeSync(file);
    this.#written = text;
    return true;
  }

  remove() {
    rmSync(this.file, { force: true });
  }
}
