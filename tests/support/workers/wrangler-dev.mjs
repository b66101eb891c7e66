// Starts a Worker in the real runtime (`wrangler dev`, workerd) for the tests of one file.
//
// Each server has a free port, storage of its own, and its own process group. The group ends when `stop` is called and
// also when the test process dies in any way: a shell in it reads our end of a pipe and kills the group when that closes.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'smol-toml';
import { currentNode } from '../../../scripts/setup/node.mjs';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The name by which the connector introduces itself: that of its package. */
export const CONNECTOR_NAME = parse(readFileSync(join(ROOT, 'Cargo.toml'), 'utf8')).package.name;

/** The script that is `wrangler`. */
export const WRANGLER = join(dirname(createRequire(import.meta.url).resolve('wrangler/package.json')), 'bin', 'wrangler.js');

/** A first start may build the Worker; with `MCP_PREBUILT=1` it only starts it. */
const START_LIMIT_MS = process.env.MCP_PREBUILT ? 60_000 : 900_000;

/** Ends the whole group and removes its files (`$0`) when standard input closes; tells when the command ended by itself. */
const SUPERVISE = `
{ trap : TERM; "$@"; echo "[ended $?]"; } </dev/null &
command=$!
cat >/dev/null
trap : TERM
kill -TERM 0
for tick in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  kill -0 $command 2>/dev/null || break
  sleep 0.1
done
rm -rf "$0"
kill -KILL 0
`;

/**
 * @typedef {object} Server
 * @property {string} origin  for example `http://127.0.0.1:40123`
 * @property {number} port
 * @property {string} url     the lazy MCP endpoint
 * @property {string} privateUrl  the endpoint where every request needs a token
 * @property {() => string} log   all that the Worker and the runtime have printed
 * @property {() => Promise<void>} stop
 */

/** Starts this project's own connector: `src/connector.rs`. */
export const startConnector = (vars = {}) => start('wrangler.toml', vars);

/** The connector with every feature: `examples/everything`. `more` is as for [`start`]. */
export const startEverything = (vars = {}, more = {}) => start('examples/everything/wrangler.toml', vars, undefined, more);

/**
 * @param {string} config  Wrangler configuration, from the repository's root
 * @param {Record<string, string | number>} vars  variables over those in the configuration
 * @param {(storage: string) => Promise<void>} prepare  puts something into the server's storage before it starts
 * @param {{registry?: string, lines?: string}} [more]  a folder by which servers find each other, and more of the configuration
 * @returns {Promise<Server>}
 */
export async function start(config, vars = {}, prepare = async () => {}, { registry, lines } = {}) {
  const state = await mkdtemp(join(tmpdir(), 'mcp-connector-test-'));
  await prepare(join(state, 'storage'));
  // An environment file of our own keeps a developer's `.dev.vars` out of the tests.
  const environment = join(state, 'vars');
  await writeFile(environment, '');
  const options = [
    ['--config', lines ? await extended(join(ROOT, config), lines, state) : join(ROOT, config)],
    ['--ip', '127.0.0.1'],
    ['--port', '0'],
    ['--inspector-port', '0'],
    ['--persist-to', join(state, 'storage')],
    ['--env-file', environment],
    ['--show-interactive-dev-session', 'false'],
    ...Object.entries(vars).map(([name, value]) => ['--var', `${name}:${value}`]),
  ].flat();
  const group = spawn('sh', ['-c', SUPERVISE, state, currentNode(), WRANGLER, 'dev', ...options], {
    cwd: ROOT,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      NO_COLOR: '1',
      FORCE_COLOR: '0',
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_LOG_PATH: join(state, 'logs'),
      WRANGLER_REGISTRY_PATH: registry ?? join(state, 'registry'),
    },
  });
  let log = '';
  // A server alone keeps no test process alive: a file whose set-up failed ends, and its servers with it.
  const handles = [group, group.stdin, group.stdout, group.stderr];
  for (const handle of handles) handle.unref();
  const ended = new Promise((resolve) => group.once('close', resolve));
  const stop = async () => {
    for (const handle of handles) handle.ref();
    group.stdin.end();
    await ended;
    // It takes every request down that the isolate was at: never, whatever was sent (design: no panics).
    const panic = /^.*(?:panicked at|RuntimeError: ).*$/m.exec(log)?.[0];
    if (panic) throw new Error(`the Worker panicked: ${panic}\n${log.slice(-4000)}`);
  };

  group.stdin.on('error', () => {});
  const ready = new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`${config} did not start in ${START_LIMIT_MS} ms:\n${log}`)), START_LIMIT_MS);
    const read = (chunk) => {
      log += chunk;
      const port = /Ready on http:\/\/[^:\s]+:(\d+)/.exec(log)?.[1];
      if (port) {
        clearTimeout(limit);
        resolve(Number(port));
      } else if (/^\[ended \d+\]$/m.test(log)) {
        clearTimeout(limit);
        reject(new Error(`${config} ended before it was ready:\n${log}`));
      }
    };
    group.stdout.setEncoding('utf8').on('data', read);
    group.stderr.setEncoding('utf8').on('data', read);
    group.once('error', reject);
  });

  try {
    const port = await ready;
    const origin = `http://127.0.0.1:${port}`;
    // The first answer says that the Worker's own module has loaded too.
    await fetch(`${origin}/`, { redirect: 'manual' }).then((answer) => answer.arrayBuffer());
    return { origin, port, url: `${origin}/mcp`, privateUrl: `${origin}/private/mcp`, log: () => log, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Writes a configuration with more lines, for what is built already. Its `name` may be among them. */
async function extended(file, lines, folder) {
  const config = parse(await readFile(file, 'utf8'));
  delete config.build;
  const written = join(folder, 'wrangler.toml');
  await writeFile(written, stringify({ ...config, ...parse(lines), main: join(dirname(file), config.main) }));
  return written;
}
