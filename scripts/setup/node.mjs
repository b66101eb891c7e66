// Node, where the one on this machine is older than wrangler needs: a current one comes as an npm package, is put into .tools,
// and goes on with the script. `npm run …` and `npx wrangler` find it in node_modules/.bin from then on.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { engine, root, toolsDir } from '../support/paths.mjs';
import { step, Stop } from '../support/log.mjs';
import { outputOf } from '../support/processes.mjs';
import { ensurePackages, oneAtATime } from './packages.mjs';
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

/** Returns if this Node is new enough. Otherwise a newer one runs this script again, and this process ends with its status. */
export async function ensureNode() {
  const problem = nodeProblem(process.versions.node);
  if (!problem) return;
  if (outputOf(PROGRAM, ['--version']) === undefined) await install(problem);
  console.log(`Node ${process.versions.node} is too old for wrangler: Node ${outputOf(PROGRAM, ['--version']).slice(1)} from npm, in .tools/node, goes on.`);
  await goOn();
}

async function install(problem) {
  mkdirSync(FOLDER, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) cpSync(path.join(engine, 'scripts/setup/node', file), path.join(FOLDER, file));
  await oneAtATime(() => ensurePackages(FOLDER, `a newer Node from npm: wrangler needs ${OLDEST_NODE}, this is ${process.versions.node}`));
  if (outputOf(PROGRAM, ['--version']) === undefined) throw new Stop(problem);
}

/** Runs this script with the newer Node, in the same process group and on the same terminal, and never returns. */
function goOn() {
  const env = { ...process.env, PATH: [path.dirname(PROGRAM), process.env.PATH].filter(Boolean).join(path.delimiter) };
  const child = spawn(PROGRAM, [...process.execArgv, ...process.argv.slice(1)], { env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.removeAllListeners(signal);
    process.on(signal, () => child.kill(signal));
  }
  child.on('exit', (status, signal) => process.exit(status ?? 128 + constants.signals[signal]));
  return new Promise((_, reject) => child.on('error', reject));
}

/** Puts the newer Node where npm looks for programs first. `npm ci` empties that folder. */
export function linkNode() {
  if (process.execPath !== PROGRAM) return;
  const link = path.join(root, 'node_modules/.bin/node');
  if (existsSync(link)) return;
  mkdirSync(path.dirname(link), { recursive: true });
  // A link that leads nowhere exists all the same.
  if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link);
  symlinkSync(path.relative(path.dirname(link), PROGRAM), link);
}
