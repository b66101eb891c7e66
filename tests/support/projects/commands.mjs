// Runs the commands of a project as a person does in its folder, and follows what a running one prints.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { launch } from '../../../scripts/support/processes.mjs';
import { readToml } from '../../../scripts/support/toml.mjs';
import { ROOT } from '../workers/wrangler-dev.mjs';

/** The longest that one command may take: it may compile the whole engine on a slow machine. In milliseconds. */
const LIMIT = 20 * 60_000;

/** The environment of a person's terminal: without what the test runner and npm have put there. */
export function terminal(more = {}) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(MCP_|NODE_TEST|npm_|INIT_CWD|PORT$|OWNER_PASSPHRASE)/i.test(name)));
  // The build tools of this repository, so that no project installs its own.
  return { ...env, PATH: `${join(ROOT, '.tools/bin')}:${env.PATH}`, NO_COLOR: '1', ...more };
}

/** The crates of the engine. A project outside this repository compiles them for itself. */
const ENGINE = ['', '-base', '-oauth', '-protocol', '-schema'].map((part) => `mcp-connector${part}`);

/**
 * Lets a project compile in less time. It shares the compiled packages of this repository, which needs the same settings for them;
 * its own package and the engine are optimised less, since no test asks here how fast they are.
 */
export async function compileLess(folder, own) {
  const { dev } = (await readToml(join(ROOT, 'Cargo.toml'))).profile;
  const table = (profile, name, level) => `[profile.${profile}.package.${name}]\nopt-level = ${level}\n`;
  const settings = [
    ...Object.entries(dev.package).map(([name, { 'opt-level': level }]) => table('dev', name, level)),
    ...[own, ...ENGINE].map((name) => table('release', name, 1)),
  ];
  mkdirSync(join(folder, '.cargo'), { recursive: true });
  writeFileSync(join(folder, '.cargo/config.toml'), settings.join('\n'));
}

/**
 * Runs a command to its end.
 * @returns {Promise<{status: number, output: string, stdout: string, seconds: number}>} `output`: standard output and errors
 */
export async function run(folder, command, args, env = {}) {
  const began = Date.now();
  const how = { cwd: folder, env: terminal(env), timeout: LIMIT, maxBuffer: 64 * 1024 * 1024 };
  const { code = 0, stdout, stderr } = await promisify(execFile)(command, args, how).catch((error) => error);
  return { status: code, output: `${stdout}${stderr}`, stdout, seconds: (Date.now() - began) / 1000 };
}

/** Runs a command that has to succeed, and returns what it printed. */
export async function succeed(folder, command, args, env) {
  const { status, output, stdout, seconds } = await run(folder, command, args, env);
  assert.equal(status, 0, `${command} ${args.join(' ')}:\n${output.slice(-8000)}`);
  return { output, stdout, seconds };
}

/** A port that nobody uses. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** `npm start` in a folder, or another command that serves on a port. */
export class Start {
  #process;
  #log = '';
  #waiting = new Set();
  #limit;

  /** @param {{command?: string[], limit?: number}} [how] `limit`: how long to wait for what it prints, in milliseconds */
  constructor(folder, port, env = {}, { command: [command, ...args] = ['npm', 'start'], limit = LIMIT } = {}) {
    this.#limit = limit;
    this.url = `http://127.0.0.1:${port}/mcp`;
    // Not in this process's environment: `terminal` leaves names out.
    const clean = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
    this.#process = launch(command, args, { cwd: folder, env: { ...clean, ...terminal({ PORT: String(port), ...env }) }, output: 'pipe' });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.#log += text;
        for (const check of this.#waiting) check();
      });
    }
    this.#process.done.then(() => {
      this.#log += '[ended]';
      for (const check of this.#waiting) check();
    });
  }

  get log() {
    return this.#log;
  }

  /** Where the log ends now: what is printed from here on. */
  mark() {
    return this.#log.length;
  }

  /** Resolves with what was printed since `from`, as soon as it matches. Fails when the command has ended. */
  printed(pattern, from = 0) {
    return new Promise((resolve, reject) => {
      const finish = (settle, value) => {
        clearTimeout(limit);
        this.#waiting.delete(check);
        settle(value);
      };
      const check = () => {
        const text = this.#log.slice(from);
        if (pattern.test(text)) finish(resolve, text);
        else if (text.endsWith('[ended]')) finish(reject, new Error(`npm start has ended:\n${this.#log.slice(-8000)}`));
      };
      const limit = setTimeout(() => finish(reject, new Error(`${pattern} was not printed:\n${this.#log.slice(-8000)}`)), this.#limit);
      this.#waiting.add(check);
      check();
    });
  }

  stop() {
    return this.#process.stop();
  }
}
