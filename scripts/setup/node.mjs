// Node, where the one on this machine is older than wrangler needs: a current one comes as an npm package into .tools and runs
// wrangler. `npm run …` and `npx wrangler` find it in node_modules/.bin from then on.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { engine, root, toolsDir } from '../support/paths.mjs';
import { withLock } from '../support/lock.mjs';
import { Stop } from '../support/log.mjs';
import { outputOf } from '../support/processes.mjs';
import { ensurePackages } from './packages.mjs';
import { atLeast } from './versions.mjs';

/** The oldest Node that wrangler runs on. */
export const OLDEST_NODE = '22.12.0';

const FOLDER = path.join(toolsDir, 'node');
const PROGRAM = path.join(FOLDER, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin/node');

/** Why this Node does not serve, or nothing. */
export function nodeProblem(version) {
  if (atLeast(version, OLDEST_NODE)) return undefined;
  return `Node ${version} is too old: wrangler needs ${OLDEST_NODE} or newer. Get it from https://nodejs.org and try again.`;
}

/** A Node that wrangler runs on, as far as this machine has one. */
export function currentNode() {
  return nodeProblem(process.versions.node) && existsSync(PROGRAM) ? PROGRAM : process.execPath;
}

let ensured;

/** Makes `currentNode` one that wrangler runs on. It is installed once, beside what else is done meanwhile. */
export function ensureNode() {
  ensured ??= install();
  // Who waits for it gets the error.
  ensured.catch(() => {});
  return ensured;
}

async function install() {
  const problem = nodeProblem(process.versions.node);
  if (!problem || outputOf(PROGRAM, ['--version']) !== undefined) return;
  mkdirSync(FOLDER, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) cpSync(path.join(engine, 'scripts/setup/node', file), path.join(FOLDER, file));
  const what = `a newer Node from npm into .tools, since wrangler needs ${OLDEST_NODE} and this is ${process.versions.node}`;
  await withLock(path.join(toolsDir, 'node.lock'), () => ensurePackages(FOLDER, what));
  if (outputOf(PROGRAM, ['--version']) === undefined) throw new Stop(problem);
}

/** Links the newer Node into the folder where npm looks for programs first. `npm ci` empties that folder. */
export function linkNode() {
  if (currentNode() === process.execPath) return;
  const link = path.join(root, 'node_modules/.bin/node');
  if (existsSync(link)) return;
  mkdirSync(path.dirname(link), { recursive: true });
  // A link that leads nowhere exists all the same.
  if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link);
  symlinkSync(path.relative(path.dirname(link), PROGRAM), link);
}

/**
 * Returns if this is the current Node. Otherwise that one runs this script again, in the same process group and on the same
 * terminal, and this process ends with its status. For what uses wrangler or newer packages within its own process.
 */
export async function goOnWithCurrentNode() {
  await ensureNode();
  linkNode();
  const program = currentNode();
  if (program === process.execPath) return;
  const env = { ...process.env, PATH: [path.dirname(program), process.env.PATH].filter(Boolean).join(path.delimiter) };
  const child = spawn(program, [...process.execArgv, ...process.argv.slice(1)], { env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.removeAllListeners(signal);
    process.on(signal, () => child.kill(signal));
  }
  child.on('exit', (status, signal) => process.exit(status ?? 128 + constants.signals[signal]));
  await new Promise((_, reject) => child.on('error', reject));
}
