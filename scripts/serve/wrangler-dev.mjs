// Runs `wrangler dev`.
import { createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Stop } from '../support/log.mjs';
import { root, wranglerScript } from '../support/paths.mjs';
import { launch } from '../support/processes.mjs';

/** Only this machine can reach it. */
export const HOST = '127.0.0.1';

/** The port to serve on: `PORT`, else `standard`. */
export function portFrom(environment, standard) {
  const given = environment.PORT;
  if (given === undefined || given === '') return standard;
  const port = Number(given);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new Stop('PORT must be a number between 1 and 65535.');
  return port;
}

/** Fails early and clearly where another program already serves on the port. */
export async function checkPort(port, command) {
  const error = await new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', resolve);
    probe.listen({ port, host: HOST, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
  if (error?.code === 'EADDRINUSE') {
    throw new Stop(`Port ${port} is taken by another program. End that, or choose another port: PORT=${port + 10} ${command}`);
  }
  if (error) throw new Stop(`Port ${port} cannot be used (${error.code}). Choose another one: PORT=8787 ${command}`);
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
 * @returns what `launch` returns
 */
export function startWrangler({ config, port, options = [] }) {
  const colour = process.stdout.isTTY && !process.env.NO_COLOR;
  const wrangler = launch(
    process.execPath,
    // With the usual inspector port, two servers that start at the same moment would disturb each other.
    [wranglerScript, 'dev', '--config', config, '--ip', HOST, '--port', String(port), '--inspector-port', '0', '--show-interactive-dev-session=false', ...options],
    { cwd: root, env: { ...QUIET, ...(colour && { FORCE_COLOR: '1' }) }, output: 'pipe' },
  );
  const isNews = newsFilter();
  for (const [from, to] of [[wrangler.stdout, process.stdout], [wrangler.stderr, process.stderr]]) {
    createInterface({ input: from, crlfDelay: Infinity }).on('line', (line) => {
      const text = line.replace(/\u001b\[[0-9;]*m/g, '');
      if (isNews(text)) to.write(`${(colour ? line : text).replaceAll(path.basename(config), 'wrangler.toml')}\n`);
    });
  }
  return wrangler;
}

/** Says of each line of `wrangler dev` whether a person wants to read it. */
export function newsFilter() {
  let inBindings = false;
  return (text) => {
    if (/^(Your Worker has access|Your worker has access)/.test(text)) inBindings = true;
    else if (/^(⎔|\[|✘|▲|⛅|🪵|─)/u.test(text.trimStart())) inBindings = false;
    return !inBindings && text.trim() !== '' && !/^⎔ |^\[wrangler:info\] (Ready on|HEAD \/ )|^\{"message":"HEAD \/ |^⛅️|^─+$|^Using (vars|secrets) defined in/u.test(text.trim());
  };
}
