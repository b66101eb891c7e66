// Serves a Worker on this machine and builds it again when its code changes.
//
// The build and the server are separate: each build is written to a folder of its own, and `wrangler dev` gets only complete ones.
// So the last good build answers while the code does not compile or wrangler.toml cannot be read.
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildWorker, DEVELOPMENT } from '../build/worker.mjs';
import { CompileError } from '../build/cargo-build.mjs';
import { step, Stop } from '../support/log.mjs';
import { root } from '../support/paths.mjs';
import { isStopping } from '../support/processes.mjs';
import { DevConfig, VERSION_HEADER } from './dev-config.mjs';
import { nextChange, snapshot } from './file-changes.mjs';
import { HOST, startWrangler } from './wrangler-dev.mjs';

/** How often the Worker is asked which version it is, in milliseconds. */
const ASK_EVERY = 150;

/** After this long without the newest version, wrangler is told again; then after twice as long, and so on. In milliseconds. */
const TELL_AGAIN = 5000;

/**
 * Builds and serves until wrangler cannot be started at all, which is a failure: a person ends the script with Ctrl-C.
 * @param {{crate?: string, port: number, options?: string[], ready: (url: string) => void}} how `crate`: the folder of the Worker
 *   in the project; `options`: more arguments for wrangler; `ready` runs once the Worker has answered
 */
export async function serve({ crate = '.', ...how }) {
  const server = new DevServer(crate, how);
  process.once('exit', () => server.config.remove());
  await server.run();
}

class DevServer {
  #crate;
  #how;
  /** What the newest build was made from. */
  #build = { sources: [], version: '' };
  /** The folder of the newest build. */
  #newest;
  #number = 0;
  #wrangler;
  /** Counts the waits for a version: a newer one ends those before it. */
  #waits = 0;

  constructor(crate, how) {
    this.#crate = crate;
    this.#how = how;
    this.config = new DevConfig(path.join(root, crate), this.#folder);
  }

  get #folder() {
    return path.join(root, this.#crate, 'build/dev');
  }

  async run() {
    rmSync(this.#folder, { recursive: true, force: true });
    await this.config.read();
    let seen = await this.#firstBuild();
    this.config.write(this.#newest);
    step('Starting the Worker');
    await this.#start();
    if (isStopping()) return;
    this.#how.ready(`http://${HOST}:${this.#how.port}`);
    // What is watched is known once there has been a build.
    seen = new Map([...snapshot(this.#places()), ...seen]);
    while (!isStopping()) {
      const changed = await nextChange(this.#places(), seen);
      seen = snapshot(this.#places());
      await this.#take(changed, Date.now());
    }
  }

  /**
   * Builds until the code compiles.
   * @returns what the files were when the build began
   */
  async #firstBuild() {
    for (;;) {
      const seen = snapshot(this.#places());
      try {
        await this.#rebuild({ quiet: false });
        return seen;
      } catch (error) {
        if (!(error instanceof CompileError)) throw error;
        console.error(`\n${error.message}\nSave again when this is fixed: the connector starts then.`);
        await nextChange(this.#places(), seen);
        console.log('');
        step('Compiling the Worker again');
      }
    }
  }

  /** Everything that the Worker is made from. */
  #places() {
    const folder = path.join(root, this.#crate);
    const packages = [...new Set(this.#build.sources.map(packageOf))].filter((found) => found !== undefined);
    const own = ['src', 'Cargo.toml', 'wrangler.toml', '.dev.vars'].map((name) => path.join(folder, name));
    const engine = packages.flatMap((found) => [path.join(found, 'src'), path.join(found, 'Cargo.toml')]);
    const outside = this.#build.sources.filter((file) => !engine.some((place) => file.startsWith(place)));
    return [...new Set([...own, path.join(root, 'Cargo.toml'), ...engine, ...outside])];
  }

  /** Does what a change of these files asks for. */
  async #take(changed, noticedAt) {
    const settings = changed.filter((file) => ['wrangler.toml', '.dev.vars'].includes(path.basename(file)));
    console.log('');
    step(`Changed: ${changed.slice(0, 3).map((file) => path.relative(root, file)).join(', ')}${changed.length > 3 ? ` and ${changed.length - 3} more` : ''}`);
    try {
      if (changed.length > settings.length) await this.#rebuild({ quiet: true });
      if (settings.length > 0) await this.config.read();
      if (settings.some((file) => path.basename(file) === '.dev.vars')) this.config.secretsChanged();
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      console.error(`\n${error.message}\nThe last good version still answers. The next change that you save is built.`);
      return;
    }
    const isChanged = this.config.write(this.#newest);
    if (this.#wrangler === undefined) step('Starting the Worker again');
    else if (!isChanged) return step('Nothing has changed for the Worker');
    const served = this.#wrangler === undefined ? this.#start() : this.#answers();
    // Not awaited: what is saved meanwhile is built at once.
    served.then(
      (isServed) => isServed && step(`Served ${((Date.now() - noticedAt) / 1000).toFixed(1)} s after the change`),
      (error) => console.error(`\n${error.message}\nIt starts again when you save a change.`),
    );
  }

  async #rebuild({ quiet }) {
    const into = `build/dev/build-${this.#number + 1}`;
    const build = await buildWorker(this.#crate, { profile: DEVELOPMENT, into, known: this.#build.version, quiet });
    this.#build = build;
    if (!build.isNew) return;
    this.#number += 1;
    this.#newest = path.join(root, this.#crate, into);
  }

  /** Starts wrangler and waits until the Worker has answered. Fails where wrangler ends before that. */
  async #start() {
    const { port, options } = this.#how;
    const wrangler = startWrangler({ config: this.config.file, port, options });
    this.#wrangler = wrangler;
    let answered = false;
    wrangler.done.then(() => {
      this.#wrangler = undefined;
      if (answered && !isStopping()) {
        console.error('\nwrangler has ended: what it printed is above. It starts again when you save a change.');
      }
    });
    answered = await this.#answers();
    if (this.#wrangler === undefined && !isStopping()) throw new Stop('wrangler has ended before the Worker answered: what it printed is above.');
    return answered;
  }

  /**
   * Waits until the newest version answers. Its first answer makes it print what is wrong with the connector.
   *
   * wrangler misses a change of its configuration while it takes over the one before, so it is told again after some time.
   * @returns {Promise<boolean>} false if wrangler has ended before, or if there is something newer to wait for
   */
  async #answers() {
    const url = `http://${HOST}:${this.#how.port}/`;
    const wait = (this.#waits += 1);
    let limit = TELL_AGAIN;
    for (let asked = Date.now(); this.#wrangler !== undefined && wait === this.#waits; ) {
      const version = await versionAt(url);
      if (version === String(this.config.version)) {
        this.config.removeOld();
        return true;
      }
      // At its start it reads the newest configuration anyway.
      if (version !== undefined && Date.now() - asked > limit) {
        this.config.write(this.#newest, { again: true });
        limit *= 2;
        asked = Date.now();
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY));
    }
    return false;
  }
}

/** Which version of the Worker answers; nothing where none does. */
async function versionAt(url) {
  try {
    const answer = await fetch(url, { method: 'HEAD', headers: { [VERSION_HEADER]: '?' }, redirect: 'manual', signal: AbortSignal.timeout(5000) });
    return answer.headers.get(VERSION_HEADER) ?? undefined;
  } catch {
    return undefined;
  }
}

/** The folder of the package to which a source file belongs. Nothing for a file in cargo's own folders. */
function packageOf(file) {
  for (let folder = path.dirname(file); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'Cargo.toml'))) return folder;
  }
  return undefined;
}
