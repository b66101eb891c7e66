// Runs `wrangler dev`.
import { createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { currentNode } from '../setup/node.mjs';
import { Stop } from '../support/log.mjs';
import { root, wranglerScript } from '../support/paths.mjs';
import { launch } from '../support/processes.mjs';
import { HOST } from './front.mjs';

/** The port to serve on: `PORT`, else `standard`. */
export function portFrom(environment, standard) {
  const given = environment.PORT;
  if (given === undefined || given === '') return standard;
  const port = Number(given);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new Stop('PORT must be a number between 1 and 65535.');
  return port;
}

/** A port that nobody uses now. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, HOST, resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** No statistics, no look-up of where this machine is, no banner. */
const QUIET = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
};

/**
 * Starts `wrangler dev` and passes on what it prints, except the list of bindings and its own progress.
 * @param {{config: string, port: number, options?: string[]}} how `options`: more arguments
 * @returns what `launch` returns, and `failedAt`: when it last printed an error of its own, or nothing
 */
export function startWrangler({ config, port, options = [] }) {
  const colour = process.stdout.isTTY && !process.env.NO_COLOR;
  const wrangler = launch(
    currentNode(),
    // With the usual inspector port, two servers that start at the same moment would disturb each other.
    [wranglerScript, 'dev', '--config', config, '--ip', HOST, '--port', String(port), '--inspector-port', '0', '--local-protocol', 'http', '--show-interactive-dev-session=false', ...options],
    { cwd: root, env: { ...QUIET, ...(colour && { FORCE_COLOR: '1' }) }, output: 'pipe' },
  );
  const isNews = newsFilter();
  for (const [from, to] of [[wrangler.stdout, process.stdout], [wrangler.stderr, process.stderr]]) {
    createInterface({ input: from, crlfDelay: Infinity }).on('line', (line) => {
      const text = line.replace(/\u001b\[[0-9;]*m/g, '');
      if (isOfWrangler(text) && !isOfLastBundle(text)) wrangler.failedAt = Date.now();
      if (isNews(text)) to.write(`${(colour ? line : text).replaceAll(path.basename(config), 'wrangler.toml')}\n`);
    });
  }
  return wrangler;
}

/** Whether a line is an error of wrangler itself, and not one that the Worker has thrown. */
const isOfWrangler = (text) => /^\s*✘ \[ERROR\] (?!Uncaught|\S*Error:)/u.test(text);

/**
 * Whether a line is from a bundler of wrangler whose folder is gone: with a new build, wrangler deletes that of the last one, and
 * its bundler may still look. The line above it says only that there are errors, which follow.
 */
const isOfLastBundle = (text) => /✘ \[ERROR\] (Build failed with \d+ errors?:|Could not resolve "[^"]*[\\/]\.wrangler[\\/]tmp[\\/]bundle-)/u.test(text);

/** Says of each line of `wrangler dev` whether a person wants to read it. */
export function newsFilter() {
  // The list of bindings, or what its bundler says when wrangler ends before it.
  let inList = false;
  return (text) => {
    if (/^(Your Worker has access|Your worker has access|fatal error: all goroutines are asleep)/.test(text)) inList = true;
    else if (/^(⎔|\[|✘|▲|⛅|🪵|─)/u.test(text.trimStart())) inList = false;
    return !inList && text.trim() !== '' && !isOfLastBundle(text) && !/^⎔ |^\[wrangler:info\] (Ready on|HEAD \/ )|^\{"message":"HEAD \/ |^⛅️|^🪵 |^─+$|^Using (vars|secrets) defined in/u.test(text.trim());
  };
}
