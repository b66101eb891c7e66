// Starts other programs. Each runs in a process group of its own behind process-group.mjs, so that Ctrl-C, a closed terminal or
// the death of the script ends all of it.
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Stop, step } from './log.mjs';

const guard = fileURLToPath(new URL('process-group.mjs', import.meta.url));

/** After so much silence a running command is said to be still running, in milliseconds. */
const SILENCE = 10_000;

/** How much of a command's output is kept for the caller, in characters. */
const KEPT_OUTPUT = 1_000_000;

const running = new Set();

/**
 * Starts a command and returns at once.
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, output?: 'inherit' | 'pipe', stdout?: 'inherit' | 'pipe'}} [options] `output`:
 *   where standard output and errors go; `stdout`: where standard output alone goes
 * @returns {{stdout, stderr, done: Promise<{status?: number, signal?: string, error?: string}>, stop: () => Promise<void>}}
 */
export function launch(command, args, { cwd, env, output = 'inherit', stdout = output } = {}) {
  const child = spawn(process.execPath, [guard, command, ...args], {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', stdout, output, 'ipc'],
  });
  let outcome = { signal: 'SIGKILL' };
  child.on('message', (message) => (outcome = message));
  // Not the child's `close` event: it never comes after `disconnect`.
  const ends = [[child, 'exit'], [child.stdout, 'close'], [child.stderr, 'close']].filter(([from]) => from);
  const done = Promise.all(ends.map(([from, event]) => new Promise((resolve) => from.once(event, resolve)))).then(() => {
    running.delete(handle);
    return outcome;
  });
  const handle = {
    stdout: child.stdout,
    stderr: child.stderr,
    done,
    async stop() {
      if (child.connected) child.disconnect();
      await handle.done;
    },
  };
  running.add(handle);
  return handle;
}

/** Ends every command that is still running; resolves when all of them have ended. */
export async function stopAll() {
  await Promise.all([...running].map((handle) => handle.stop()));
}

/**
 * Runs a command to its end and shows its output. Fails with `failure` (a text made from the output) unless it succeeds.
 * On a terminal the command draws its own progress; elsewhere its lines are passed on, and a long silence is explained.
 * @param {{cwd?: string, env?: object, failure?: (output: string) => string, show?: (line: string) => boolean}} [options]
 *   `show` picks the lines to pass on; with it the output always goes through here
 * @returns {Promise<string>} the last of the output, as far as it went through here
 */
export async function run(command, args, options = {}) {
  const { outcome, output } = await attempt(command, args, options);
  if (stopping) return new Promise(() => {});
  const { status, signal, error } = outcome;
  if (status === 0) return output;
  const reason = error ? `could not be started (${error})` : signal ? `was ended by ${signal}` : `failed with status ${status}`;
  const line = [path.basename(command), ...args].join(' ');
  throw new Stop(`${line} ${reason}.${options.failure ? `\n${options.failure(output)}` : ''}`);
}

/**
 * Like `run`, but leaves it to the caller what a failure means.
 * @param {{cwd?: string, env?: object, show?: (line: string) => boolean, readStdout?: (line: string) => void, silent?: boolean}} [options]
 *   `readStdout` gets each line of standard output, which is not shown then; `silent`: a long silence is not explained
 */
export async function attempt(command, args, { cwd, env, show, readStdout, silent = false } = {}) {
  const terminal = process.stdout.isTTY && process.stderr.isTTY;
  const direct = terminal && !show;
  const handle = launch(command, args, {
    cwd,
    env: { ...(terminal ? { CARGO_TERM_COLOR: 'always' } : {}), ...env },
    output: direct ? 'inherit' : 'pipe',
    ...(readStdout && { stdout: 'pipe' }),
  });
  if (readStdout) createInterface({ input: handle.stdout, crlfDelay: Infinity }).on('line', readStdout);
  let last = Date.now();
  let output = '';
  if (!direct) {
    const streams = [[handle.stdout, process.stdout], [handle.stderr, process.stderr]];
    for (const [from, to] of readStdout ? streams.slice(1) : streams) {
      const lines = createInterface({ input: from, crlfDelay: Infinity });
      lines.on('line', (line) => {
        last = Date.now();
        output = `${output}${line}\n`.slice(-KEPT_OUTPUT);
        if (!show || show(line)) to.write(`${line}\n`);
      });
    }
  }
  const ticker = setInterval(() => {
    if (direct || silent || Date.now() - last < SILENCE) return;
    last = Date.now();
    step(`… ${path.basename(command)} ${args[0] ?? ''} is still working`);
  }, 1000);
  const outcome = await handle.done;
  clearInterval(ticker);
  return { outcome, output };
}

/** The output of a short command, or nothing where it fails or does not exist. */
export function outputOf(command, args, { cwd } = {}) {
  const { status, stdout } = spawnSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return status === 0 ? stdout.trim() : undefined;
}

let stopping = false;

/** Whether this script has been asked to end: a command that ends then has not failed. */
export function isStopping() {
  return stopping;
}

/**
 * Makes Ctrl-C and its kin end everything that was started, then `cleanUp`, then this script.
 * @param {() => number} status the exit status to leave with
 */
export function endOnSignals(status, cleanUp = () => {}) {
  const end = async () => {
    if (stopping) return;
    stopping = true;
    await stopAll();
    cleanUp();
    process.exit(status());
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
  // npm may be ended in a way it cannot pass on; what it started would then keep running unnoticed.
  if (process.env.npm_lifecycle_event) {
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && end(), 1000).unref();
  }
}
