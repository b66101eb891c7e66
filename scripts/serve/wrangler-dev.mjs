// Serves a Worker on this machine with `wrangler dev`, which builds it again whenever its code changes.
import { createServer } from 'node:net';
import { Stop, step } from '../support/log.mjs';
import { root, wranglerScript } from '../support/paths.mjs';
import { isStopping, launch } from '../support/processes.mjs';

/** Only this machine can reach it. */
const HOST = '127.0.0.1';

/** The port to serve on: `PORT`, else `standard`. */
export function portFrom(environment, standard) {
  const given = environment.PORT;
  if (given === undefined || given === '') return standard;
  const port = Number(given);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new Stop('PORT must be a number between 1 and 65535.');
  return port;
}

/** Fails early and clearly where somebody else already serves on the port. */
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

/** What keeps wrangler to the point: no statistics, no look-up of where this machine is, no questions. */
const QUIET = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
};

/**
 * Serves until wrangler ends by itself, which is a failure: a person ends the script with Ctrl-C.
 * @param {{port: number, builtAt: number, options?: string[], ready: (url: string) => void}} how
 *   `builtAt`: see build.mjs; `ready` runs once the Worker has answered
 */
export async function serve({ port, builtAt, options = [], ready }) {
  step('Starting the Worker');
  // Any free inspector port will do: with the usual one, two servers that start at the same moment get into each other's way.
  const wrangler = launch(
    process.execPath,
    [wranglerScript, 'dev', '--ip', HOST, '--port', String(port), '--inspector-port', '0', '--show-interactive-dev-session=false', ...options],
    { cwd: root, env: { ...QUIET, MCP_BUILT_AT: String(builtAt) } },
  );
  const url = `http://${HOST}:${port}`;
  const ended = wrangler.done.then(() => true);
  const slow = setInterval(() => step('… the Worker does not answer yet'), 10_000);
  const first = await Promise.race([ended, firstAnswer(url, ended)]);
  clearInterval(slow);
  if (first !== true) ready(url);
  await ended;
  if (isStopping()) return;
  throw new Stop('wrangler has ended: what it said is above.');
}

async function firstAnswer(url, ended) {
  let over = false;
  ended.then(() => (over = true));
  while (!over) {
    try {
      await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(5000) });
      return false;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  }
  return true;
}
