// Serves a Worker on this machine and builds it again when its code changes.
//
// Three parts are separate, so that none takes another down. The front (front.mjs) has the port and answers each request, if need
// be by saying that there is nothing yet. Each build is written to a folder of its own. And `wrangler dev` gets only what is
// complete; where it does not take a version, it gets the last good one again.
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { CompileError } from '../build/cargo-build.mjs';
import { buildWorker, DEVELOPMENT } from '../build/worker.mjs';
import { claim } from '../support/lock.mjs';
import { step, Stop } from '../support/log.mjs';
import { root } from '../support/paths.mjs';
import { isStopping } from '../support/processes.mjs';
import { InvalidToml } from '../support/toml.mjs';
import { DevConfig, VERSION_HEADER } from './dev-config.mjs';
import { nextChange, snapshot } from './file-changes.mjs';
import { Front, HOST } from './front.mjs';
import { Watched } from './watched.mjs';
import { freePort, startWrangler } from './wrangler-dev.mjs';

/** How often the Worker is asked which version it is, and how long it may take to say so. In milliseconds. */
const ASK_EVERY = 150;
const ASK_LIMIT = 2000;

/** After this long without the newest version, wrangler is told again; then after twice as long, and so on. In milliseconds. */
const TELL_AGAIN = 5000;

/** How long after an error of wrangler the newest version may still answer: it may have been about a request of before. In milliseconds. */
const AFTER_ERROR = 1500;

/** A Worker that answered for so long is started again when it ends by itself. In milliseconds. */
const STABLE = 10_000;

/** What becomes of a version that wrangler was given. */
const SERVED = 'served';
const REFUSED = 'refused';
const SUPERSEDED = 'superseded';

/** What requests are told while there is no Worker. */
const BUILDING = 'The connector is being built.';
const STARTING = 'The connector is starting.';
const BROKEN = 'The connector cannot be built: the terminal says why.';
const ENDED = 'The connector has ended: the terminal says why.';

/**
 * Builds and serves until a person ends the script with Ctrl-C. Fails with a `Stop` where it cannot begin.
 * @param {object} how
 * @param {string} [how.crate] the folder of the Worker in the project
 * @param {number} how.port
 * @param {string} how.command what the person called, for messages
 * @param {() => Promise<void>} [how.prepare] what is done before the first build, once the port is taken
 * @param {typeof buildWorker} [how.build] makes the Worker
 * @param {() => string[]} [how.options] more arguments for wrangler
 * @param {() => void} [how.secretsChanged] runs when .dev.vars has changed
 * @param {(url: string) => void} how.ready runs once the Worker has answered
 */
export async function serve({ crate = '.', prepare = async () => {}, build = buildWorker, options = () => [], secretsChanged = () => {}, ...how }) {
  const front = await Front.listen(how.port, how.command, BUILDING);
  try {
    const owner = claim(path.join(root, crate, 'build/dev.lock'));
    if (owner !== undefined) throw new Stop(`\`${how.command}\` is running in this folder already (process ${owner}). End it first, or use that one.`);
    const server = new DevServer(crate, front, { ...how, prepare, build, options, secretsChanged });
    process.once('exit', () => server.config.remove());
    await server.run();
  } finally {
    front.close();
  }
}

class DevServer {
  #crate;
  #front;
  #how;
  #watched;
  #builds;
  /** Which version of the code the newest build was made from, its folder, and how many there were. */
  #build = { version: '', folder: undefined, number: 0 };
  #wrangler;
  /** Whether a version has answered. */
  #isReady = false;
  /** Counts the waits for a version: a newer one ends those before it. */
  #waits = 0;

  constructor(crate, front, how) {
    this.#crate = crate;
    this.#front = front;
    this.#how = how;
    const folder = path.join(root, crate);
    this.#builds = path.join(folder, 'build/dev');
    this.#watched = new Watched(folder);
    this.config = new DevConfig(folder, this.#builds);
  }

  async run() {
    rmSync(this.#builds, { recursive: true, force: true });
    let seen = await this.#firstBuild();
    step('Starting the Worker');
    this.#serveNewest();
    while (!isStopping()) {
      const changed = await nextChange(this.#watched.places, seen);
      if (changed.some(isSecrets)) this.#how.secretsChanged();
      if (changed.some(isManifest)) this.#watched.findPackages();
      const before = this.#watched.places;
      seen = snapshot(before);
      await this.#take(changed, Date.now());
      seen = carriedOver(seen, before, this.#watched.places);
    }
  }

  /**
   * Builds until that succeeds and wrangler.toml can be read. What is wrong is corrected meanwhile.
   * @returns what the files were when the build began
   */
  async #firstBuild() {
    for (;;) {
      let before = this.#watched.places;
      let seen = snapshot(before);
      try {
        await this.#how.prepare();
        this.#watched.findPackages();
        before = this.#watched.places;
        seen = snapshot(before);
        await this.config.read();
        await this.#rebuild({ quiet: false });
        this.config.write(this.#build.folder);
        return carriedOver(seen, before, this.#watched.places);
      } catch (error) {
        if (!(error instanceof CompileError || error instanceof InvalidToml)) throw error;
        console.error(`\n${error.message}\nSave again when this is corrected: the connector starts then.`);
      }
      this.#front.wait(BROKEN);
      const changed = await nextChange(before, seen);
      if (changed.some(isSecrets)) this.#how.secretsChanged();
      this.#front.wait(BUILDING);
      console.log('');
      step('Building again');
    }
  }

  /** Does what a change of these files asks for. */
  async #take(changed, noticedAt) {
    const names = changed.slice(0, 3).map((file) => path.relative(root, file)).join(', ');
    console.log('');
    step(`Changed: ${names}${changed.length > 3 ? ` and ${changed.length - 3} more` : ''}`);
    const isCleared = !existsSync(this.#build.folder);
    try {
      if (changed.some((file) => !isSettings(file) && !isSecrets(file))) await this.#rebuild({ quiet: true });
      if (changed.some(isSettings)) await this.config.read();
      if (changed.some(isSecrets)) this.config.secretsChanged();
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      console.error(`\n${error.message}\n${this.#whoAnswers()}. The next change that you save is built.`);
      return;
    }
    // wrangler does not recover from the loss of its files.
    if (isCleared) await this.#stop();
    const isChanged = this.config.write(this.#build.folder);
    if (!isChanged && this.#wrangler !== undefined) return step('Nothing has changed for the Worker');
    // Not awaited: what is saved meanwhile is built at once.
    this.#serveNewest(noticedAt);
  }

  async #rebuild({ quiet }) {
    const { number, version, folder } = this.#build;
    const into = path.relative(path.join(root, this.#crate), path.join(this.#builds, `build-${number + 1}`));
    const known = folder !== undefined && existsSync(folder) ? version : '';
    const built = await this.#how.build(this.#crate, { profile: DEVELOPMENT, into, known, quiet });
    if (built.isNew) this.#build = { version: built.version, folder: path.join(root, this.#crate, into), number: number + 1 };
    // Somebody may clear the folder away.
    this.#watched.built(built.sources, path.join(this.#build.folder, 'index.js'));
  }

  /**
   * Has the newest version served, or else the one that was served before.
   * @param {number} [noticedAt] when the change was noticed that made it
   */
  async #serveNewest(noticedAt) {
    const outcome = this.#wrangler === undefined ? await this.#start() : await this.#outcome();
    if (outcome === SUPERSEDED) return;
    if (outcome === SERVED && this.#isReady) return step(noticedAt ? `Served ${((Date.now() - noticedAt) / 1000).toFixed(1)} s after the change` : 'Served again');
    if (outcome === SERVED) {
      this.#isReady = true;
      return this.#how.ready(`http://${HOST}:${this.#how.port}`);
    }
    console.error('\nwrangler does not take this version: what it printed is above.');
    if (this.config.canRestore) {
      this.config.restore();
      const restored = this.#wrangler === undefined ? await this.#start() : await this.#outcome();
      if (restored === SUPERSEDED) return;
      if (restored === SERVED) return console.error('The last good version still answers. The next change that you save is tried.');
    }
    this.#front.wait(ENDED);
    console.error('Nothing answers now. The next change that you save is tried.');
  }

  #whoAnswers() {
    return this.#wrangler === undefined || !this.#isReady ? 'Nothing answers until then' : 'The last good version still answers';
  }

  /** Starts wrangler with the newest version. Returns what becomes of that. */
  async #start() {
    this.#front.wait(STARTING);
    const port = await freePort();
    const wrangler = startWrangler({ config: this.config.file, port, options: this.#how.options() });
    Object.assign(wrangler, { port, startedAt: Date.now() });
    this.#wrangler = wrangler;
    wrangler.done.then(() => this.#ended(wrangler));
    return this.#outcome();
  }

  async #stop() {
    const wrangler = this.#wrangler;
    this.#waits += 1;
    this.#wrangler = undefined;
    this.#front.wait(STARTING);
    await wrangler?.stop();
  }

  #ended(wrangler) {
    if (isStopping() || this.#wrangler !== wrangler) return;
    this.#wrangler = undefined;
    this.#front.wait(ENDED);
    // Whoever waits for its answer deals with it.
    if (!wrangler.isServing) return;
    if (Date.now() - wrangler.startedAt < STABLE) {
      return console.error('\nwrangler has ended: what it printed is above. It starts again when you save a change.');
    }
    step('wrangler has ended by itself, and is started again');
    this.#serveNewest();
  }

  /**
   * Waits until it is known what becomes of the newest version. Its first answer makes it print what is wrong with the connector.
   *
   * wrangler misses a change of its configuration while it takes over the one before, or holds requests back because files were
   * missing, so it is told again after some time.
   */
  async #outcome() {
    const wait = (this.#waits += 1);
    const wrangler = this.#wrangler;
    wrangler.isServing = false;
    const began = Date.now();
    let limit = TELL_AGAIN;
    for (let told = began; ; await new Promise((resolve) => setTimeout(resolve, ASK_EVERY))) {
      if (wait !== this.#waits || isStopping()) return SUPERSEDED;
      if (this.#wrangler !== wrangler) return REFUSED;
      const version = await versionAt(wrangler.port);
      if (wait === this.#waits && version === String(this.config.version)) {
        wrangler.isServing = true;
        this.config.answered();
        this.#front.passTo(wrangler.port);
        return SERVED;
      }
      if (wrangler.failedAt >= began && Date.now() - wrangler.failedAt > AFTER_ERROR) return REFUSED;
      wrangler.hasAnswered ||= version !== undefined;
      // At its start it reads the newest configuration anyway.
      if (wrangler.hasAnswered && Date.now() - told > limit) {
        this.config.writeAgain();
        limit *= 2;
        told = Date.now();
      }
    }
  }
}

/**
 * What the files in `places` were when those in `before` were as in `seen`. What was not watched until now is taken as it is, and
 * what is no longer watched is forgotten.
 */
function carriedOver(seen, before, places) {
  const known = new Set(before);
  const isIn = (file) => places.some((place) => file === place || file.startsWith(`${place}${path.sep}`));
  return new Map([...snapshot(places.filter((place) => !known.has(place))), ...[...seen].filter(([file]) => isIn(file))]);
}

const isManifest = (file) => path.basename(file) === 'Cargo.toml';
const isSettings = (file) => path.basename(file) === 'wrangler.toml';
const isSecrets = (file) => path.basename(file) === '.dev.vars';

/** Which version of the Worker answers; nothing where none does. */
async function versionAt(port) {
  try {
    const url = `http://${HOST}:${port}/`;
    const answer = await fetch(url, { method: 'HEAD', headers: { [VERSION_HEADER]: '?' }, redirect: 'manual', signal: AbortSignal.timeout(ASK_LIMIT) });
    return answer.headers.get(VERSION_HEADER) ?? undefined;
  } catch {
    return undefined;
  }
}
