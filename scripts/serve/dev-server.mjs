// Serves a Worker on this machine and builds it again when its code changes.
//
// The build and the server are separate: each build is written to a folder of its own, and `wrangler dev` gets only complete ones.
// So the last good build answers while the code does not compile or wrangler.toml cannot be read.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildWorker, DEVELOPMENT } from '../build/worker.mjs';
import { CompileError } from '../build/cargo-build.mjs';
import { step, Stop } from '../support/log.mjs';
import { root } from '../support/paths.mjs';
import { isStopping } from '../support/processes.mjs';
import { DevConfig } from './dev-config.mjs';
import { nextChange, snapshot } from './file-changes.mjs';
import { HOST, startWrangler } from './wrangler-dev.mjs';

/** How long the Worker may take to answer after it has been loaded, in milliseconds. */
const ANSWER_LIMIT = 30_000;

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
  #entryPoint;
  #number = 0;
  #wrangler;
  /** When the change was noticed that wrangler is loading. */
  #changedAt;

  constructor(crate, how) {
    this.#crate = crate;
    this.#how = how;
    this.config = new DevConfig(path.join(root, crate));
  }

  get #folder() {
    return path.join(root, this.#crate, 'build/dev');
  }

  async run() {
    rmSync(this.#folder, { recursive: true, force: true });
    await this.config.read();
    let seen = await this.#firstBuild();
    this.config.write(this.#entryPoint);
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
    const isChanged = this.config.write(this.#entryPoint);
    if (isChanged) this.#changedAt = noticedAt;
    if (this.#wrangler === undefined) {
      step('Starting the Worker again');
      await this.#start().catch((error) => console.error(`\n${error.message}`));
    } else if (!isChanged) {
      step('Nothing to serve anew');
    }
  }

  async #rebuild({ quiet }) {
    const into = `build/dev/${this.#number + 1}`;
    const build = await buildWorker(this.#crate, { profile: DEVELOPMENT, into, known: this.#build.version, quiet });
    this.#build = build;
    if (!build.isNew) return;
    this.#number += 1;
    this.#entryPoint = path.join(root, this.#crate, into, 'index.js');
  }

  /** Starts wrangler and waits until the Worker has answered. Fails where wrangler ends before that. */
  async #start() {
    const { port, options } = this.#how;
    let onFirst;
    const first = new Promise((resolve) => (onFirst = resolve));
    const wrangler = startWrangler({ config: this.config.file, port, options, onReady: () => this.#loaded().then(onFirst) });
    this.#wrangler = wrangler;
    let answered = false;
    const ended = wrangler.done.then(() => {
      this.#wrangler = undefined;
      if (answered && !isStopping()) {
        console.error('\nwrangler has ended: what it printed is above. It starts again when you save a change.');
      }
    });
    const slow = setInterval(() => step('… the Worker does not answer yet'), 10_000);
    await Promise.race([first.then(() => (answered = true)), ended]);
    clearInterval(slow);
    if (!answered && !isStopping()) throw new Stop('wrangler has ended before the Worker answered: what it printed is above.');
  }

  /** A version of the Worker has been loaded. Its first answer makes it print what is wrong with the connector. */
  async #loaded() {
    const url = `http://${HOST}:${this.#how.port}/`;
    const limit = Date.now() + ANSWER_LIMIT;
    while (Date.now() < limit && this.#wrangler !== undefined) {
      try {
        await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(5000) });
        break;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    // wrangler reads the newest build now, and may be about to read the one before it.
    for (const name of readdirSync(this.#folder)) {
      if (Number(name) < this.#number - 1) rmSync(path.join(this.#folder, name), { recursive: true, force: true });
    }
    if (this.#changedAt === undefined) return;
    step(`Served ${((Date.now() - this.#changedAt) / 1000).toFixed(1)} s after the change`);
    this.#changedAt = undefined;
  }
}

/** The folder of the package to which a source file belongs. Nothing for a file in cargo's own folders. */
function packageOf(file) {
  for (let folder = path.dirname(file); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'Cargo.toml'))) return folder;
  }
  return undefined;
}
