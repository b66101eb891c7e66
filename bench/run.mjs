// `npm run bench`: what one request costs, beside a bare Rust Worker and beside what else one could build a server with.
//
// Every column is a plain workerd process of its own. All of them stay up, and one at a time gets load: call by call, round
// by round, in turn, so that whatever else the machine does hits all of them alike. What counts is the processor time of
// the runtime process and its ratio to the bare Worker in the same round; rates and latencies are this machine's.
//
// It measures and never judges by exit status: only a wrong answer, or a column that cannot run, is a failure.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { main, step, Stop } from '../scripts/support/log.mjs';
import { ensurePackages } from '../scripts/setup/packages.mjs';
import { root } from '../scripts/support/paths.mjs';
import { goOnWithCurrentNode } from '../scripts/setup/node.mjs';
import { checkRequirements } from '../scripts/setup/requirements.mjs';

const USAGE = `npm run bench -- [options]
  --quick               fewer rounds and requests: about one minute instead of four
  --only CALL,…         only these calls; sign-in is a whole sign-in, streams are 1, 100 and 1,000 that are open
  --columns COLUMN,…    only these columns
  --concurrency N,…     connections at a time, 16,1 by default
  --profile CALL        where the connector spends its time on this call, instead of the measurement
  --json FILE           writes everything that was measured to a file`;

/**
 * How much is measured: rounds, requests of one sample at most, small requests before the first one (WebAssembly needs thousands
 * until its hot functions are optimised), and starts of each Worker.
 */
const FULL = { rounds: 9, most: 2400, warmUp: 3000, starts: 7 };
const QUICK = { rounds: 3, most: 800, warmUp: 3000, starts: 3 };

await main(async () => {
  const options = parse();
  await checkRequirements();
  // wrangler reads the settings in this process.
  await goOnWithCurrentNode();
  if (process.platform !== 'linux') throw new Stop('The benchmark reads processor times from /proc, which only Linux has.');
  await ensurePackages(root, 'npm packages');
  await ensurePackages(path.join(root, 'bench'), 'the libraries to compare with');
  // These need the packages.
  const { columns } = await import('./columns.mjs');
  const { calls, openStreams, wholeSignIn } = await import('./calls.mjs');
  const chosen = {
    calls: options.profile ? choose(calls, options.profile, '--profile') : choose([...calls, wholeSignIn, openStreams], options.only, '--only'),
    columns: choose(columns, options.columns ?? (options.profile && 'connector'), '--columns'),
  };
  const scratch = mkdtempSync(path.join(tmpdir(), 'bench-'));
  try {
    await bench(options, chosen, scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});

async function bench(options, { calls, columns }, scratch) {
  const { install } = await import('./runtime.mjs');
  const settings = await wranglerSettings();
  // Builds leave the names of the functions out; a profile is read by them.
  if (options.profile) process.env.MCP_KEEP_NAMES = '1';
  const installed = new Map();
  for (const column of columns) {
    step(`Building ${column.title}`);
    installed.set(column, install({ name: column.name, ...(await column.build(settings, scratch)) }));
  }
  if (options.profile) {
    const { profile } = await import('./profile.mjs');
    await profile(installed.get(columns[0]), columns[0], calls[0]);
    return;
  }
  const { measure, measureSignIns, measureStarts } = await import('./measure.mjs');
  const { openStreams, wholeSignIn } = await import('./calls.mjs');
  const { report, targets } = await import('./report.mjs');
  const { workerdVersion } = await import('./runtime.mjs');
  const requests = calls.filter((call) => call !== wholeSignIn && call !== openStreams);
  const amount = options.quick ? QUICK : FULL;
  const results = {
    date: new Date().toISOString(),
    machine: { processor: cpus()[0]?.model, processors: cpus().length, node: process.version, workerd: workerdVersion, ...amount },
    sizes: sizes(installed),
    starts: await measureStarts(installed, amount),
    calls: requests.length > 0 ? await measure(installed, requests, { ...amount, concurrencies: options.concurrencies }) : [],
    signIns: calls.includes(wholeSignIn) ? await measureSignIns(installed, amount) : undefined,
    streams: calls.includes(openStreams) ? await streams(settings, scratch) : undefined,
  };
  results.targets = targets(results);
  console.log(report(results));
  if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
}

/** What open streams cost: the starter has none, so this is the connector with every feature. */
async function streams(settings, scratch) {
  const { everything, keepAlive } = await import('./columns.mjs');
  const { install } = await import('./runtime.mjs');
  const { measureStreams } = await import('./streams.mjs');
  step('Building the connector with every feature');
  return measureStreams(install({ name: 'everything', ...(await everything(settings, scratch)) }), keepAlive);
}

function parse() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        columns: { type: 'string' },
        concurrency: { type: 'string', default: '16,1' },
        profile: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new Stop(`${error.message}\n\n${USAGE}`);
  }
  if (values.help) throw new Stop(USAGE, 0);
  const concurrencies = values.concurrency.split(',').map(Number);
  if (!concurrencies.every((n) => Number.isInteger(n) && n > 0)) throw new Stop(`--concurrency wants numbers.\n\n${USAGE}`);
  return { ...values, concurrencies };
}

/** The entries that a comma-separated option names; all of them without the option. */
function choose(all, names, option) {
  if (names === undefined) return all;
  return names.split(',').map((name) => {
    const found = all.find((entry) => entry.name === name);
    if (!found) throw new Stop(`${option} does not know "${name}"; there are: ${all.map((entry) => entry.name).join(', ')}`);
    return found;
  });
}

/** What the project's wrangler.toml says about its Worker. */
async function wranglerSettings() {
  process.env.WRANGLER_SEND_METRICS = 'false';
  const { unstable_readConfig: readConfig } = await import('wrangler');
  const config = readConfig({ config: path.join(root, 'wrangler.toml') }, { hideWarnings: true });
  return {
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    vars: Object.fromEntries(Object.entries(config.vars).map(([name, value]) => [name, String(value)])),
    kv: config.kv_namespaces.map(({ binding }) => binding),
    objects: config.durable_objects.bindings.map(({ name, class_name: className }) => ({ binding: name, className })),
  };
}

/** What has to be uploaded for each column: the WebAssembly of those that are Rust, and everything together. */
function sizes(installed) {
  const size = (bytes) => ({ raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length });
  return [...installed].map(([column, { program }]) => {
    const files = program.modules.map(({ name, file }) => ({ name, ...size(readFileSync(file)) }));
    const total = (of) => files.reduce((sum, file) => sum + file[of], 0);
    return { column: column.name, wasm: files.find(({ name }) => name.endsWith('.wasm')), raw: total('raw'), gzip: total('gzip') };
  });
}
