// `npm run bench`: what one request costs, beside a bare Rust Worker and beside what else one could build a server with.
//
// Every column is a plain workerd process of its own. All of them stay up, and one at a time gets load: call by call, round
// by round, in turn, so that whatever else the machine does hits all of them alike. What counts is the processor time of
// the runtime process and its ratio to the floor's, a JavaScript Worker by hand, in the same round; rates and latencies are
// this machine's. Every answer is checked: for its id, its content and its status before a column is timed, and byte by byte
// while it is.
//
// It measures and never judges by exit status: only a wrong answer, or a column that cannot run, is a failure.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { main, step, Stop } from '../scripts/support/log.mjs';
import { ensurePackages, ensureProjectPackages, ensureTestPackages } from '../scripts/setup/packages.mjs';
import { root } from '../scripts/support/paths.mjs';
import { goOnWithCurrentNode } from '../scripts/setup/node.mjs';
import { checkRequirements } from '../scripts/setup/requirements.mjs';

const USAGE = `npm run bench -- [options]
  --quick               fewer rounds and requests: about two minutes instead of six
  --only CALL,…         only these calls; start is the start of the process, sign-in a whole sign-in, and streams, which only
                        this measures, are those of subscriptions/listen
  --columns COLUMN,…    only these columns; the floor is the measure of the others
  --log                 the other libraries also with a log line for each request
  --concurrency N,…     connections at a time, 16 by default
  --streams N,…         how many streams are open, 1,100,1000 by default
  --details             also everything about each call: rates, latencies, quartiles, sizes
  --chart               draws the chart of the README, docs/images/bench.svg
  --profile CALL        where the connector spends its time on this call, instead of the measurement
  --growth              instead of the measurement, how a list and a call cost more with 5 to 5,000 tools and 1,000 scopes
  --cost                what a month costs at Cloudflare, beside McpAgent of agents and workers-oauth-provider, instead of the
                        measurement; writes what it has counted, and the tables of docs/operating.md
  --json FILE           writes everything that was measured to a file`;

/**
 * How much is measured: rounds, requests of one sample at most, small requests before the first one (WebAssembly needs thousands
 * until its hot functions are optimised), and starts of each Worker.
 */
const FULL = { rounds: 9, most: 2400, warmUp: 3000, starts: 7 };
const QUICK = { rounds: 3, most: 800, warmUp: 3000, starts: 3 };

const CHART = 'docs/images/bench.svg';

await main(async () => {
  const options = parse();
  await checkRequirements();
  // wrangler reads the settings in this process.
  await goOnWithCurrentNode();
  if (process.platform !== 'linux') throw new Stop('The benchmark reads processor times from /proc, which only Linux has.');
  await ensureProjectPackages();
  // Signing in is done by the browser of the tests.
  await ensureTestPackages();
  await ensurePackages(path.join(root, 'bench'), 'the libraries to compare with');
  // These need the packages.
  const { columns } = await import('./columns.mjs');
  const { calls, openStreams, startUp, wholeSignIn } = await import('./calls.mjs');
  const usual = [...calls, wholeSignIn, startUp];
  const chosen = {
    calls: options.profile ? choose(calls, calls, options.profile, '--profile') : choose([...usual, openStreams], usual, options.only, '--only'),
    columns: choose(columns, columns.filter(({ optional }) => !optional || options.log), options.columns ?? (options.profile && 'connector'), '--columns'),
  };
  const scratch = mkdtempSync(path.join(tmpdir(), 'bench-'));
  try {
    if (options.cost) await cost(scratch);
    else if (options.growth) await growth(options, scratch);
    else await bench(options, chosen, scratch);
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
  // Streams are those of another Worker, which is built where they are measured.
  const { openStreams, startUp, wholeSignIn } = await import('./calls.mjs');
  for (const column of calls.every((call) => call === openStreams) ? [] : columns) {
    step(`Building ${column.title}`);
    installed.set(column, install({ name: column.name, ...(await column.build(settings, scratch)) }));
  }
  if (options.profile) {
    const { profile } = await import('./profile.mjs');
    await profile(installed.get(columns[0]), columns[0], calls[0]);
    return;
  }
  const { measure, measureSignIns } = await import('./measure.mjs');
  const { measureStarts } = await import('./starts.mjs');
  const { workerdVersion } = await import('./runtime.mjs');
  const requests = calls.filter((call) => ![wholeSignIn, startUp, openStreams].includes(call));
  const amount = options.quick ? QUICK : FULL;
  const results = {
    date: new Date().toISOString(),
    machine: { processor: cpus()[0]?.model, processors: cpus().length, node: process.version, workerd: workerdVersion, ...amount },
    columns: columns.map(({ name, title, short, contends = false }) => ({ name, title, short, contends })),
    sizes: sizes(installed),
    starts: calls.includes(startUp) ? await measureStarts(installed, amount) : undefined,
    calls: requests.length > 0 ? await measure(installed, requests, { ...amount, concurrencies: options.concurrencies }) : [],
    signIns: calls.includes(wholeSignIn) ? await measureSignIns(installed, amount) : undefined,
    streams: calls.includes(openStreams) ? await streams(settings, scratch, options.streams) : undefined,
  };
  await show(results, options);
}

async function show(results, options) {
  const { targets, targetsTable } = await import('./report/targets.mjs');
  const { summary } = await import('./report/summary.mjs');
  const { details } = await import('./report/details.mjs');
  const { streamsTable } = await import('./report/streams.mjs');
  results.targets = targets(results);
  const parts = [];
  if (options.details) parts.push(details(results));
  if (results.streams) parts.push(streamsTable(results.streams));
  if (results.targets.length > 0) parts.push(targetsTable(results.targets));
  if (results.calls.length > 0 || results.starts || results.signIns) parts.push(summary(results));
  console.log(`\n${parts.join('\n\n')}\n`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  if (options.chart) {
    const { writeChart } = await import('./report/chart.mjs');
    await writeChart(path.join(root, CHART), results);
    step(`The chart is in ${CHART}`);
  }
}

/** What a month costs: counts, and writes what was counted and the tables of docs/operating.md. */
async function cost(scratch) {
  const { agentsObjects, columns } = await import('./columns.mjs');
  const { countOperations } = await import('./cost/measure.mjs');
  const { tables, withTables } = await import('./cost/model.mjs');
  const { workerdVersion } = await import('./runtime.mjs');
  const settings = await wranglerSettings();
  const counted = [];
  for (const column of [{ ...columns.find(({ name }) => name === 'connector'), short: 'ours' }, agentsObjects]) {
    step(`Building ${column.title}`);
    const program = { name: column.name, ...(await column.build(settings, scratch)) };
    counted.push({ title: column.title, short: column.short, operations: await countOperations(column, program, scratch) });
  }
  // What is built for the work on this repository takes more processor time than what is deployed.
  const optLevel = process.env.CARGO_PROFILE_RELEASE_OPT_LEVEL;
  const operations = { machine: { date: new Date().toISOString().slice(0, 10), workerd: workerdVersion, optLevel }, columns: counted };
  const prices = JSON.parse(readFileSync(path.join(root, 'bench/cost/prices.json'), 'utf8'));
  const written = tables(operations, prices);
  console.log(`\n${written}\n`);
  writeFileSync(path.join(root, 'bench/cost/operations.json'), `${JSON.stringify(operations, null, 2)}\n`);
  const doc = path.join(root, 'docs/operating.md');
  writeFileSync(doc, withTables(readFileSync(doc, 'utf8'), written));
}

/** How a list and a call cost more with the number of tools and scopes. */
async function growth(options, scratch) {
  const { growing } = await import('./columns.mjs');
  const { measureGrowth } = await import('./growth.mjs');
  const { growthTable } = await import('./report/growth.mjs');
  step('Building a connector of any number of tools');
  const rows = await measureGrowth(await growing(await wranglerSettings(), scratch), scratch);
  console.log(`\n${growthTable(rows)}\n`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(rows, null, 2)}\n`);
}

/** What open streams cost: the starter has none, so this is the connector with every feature. */
async function streams(settings, scratch, counts) {
  const { everything, keepAlive, streamsFloor } = await import('./columns.mjs');
  const { measureStreams } = await import('./streams.mjs');
  step('Building the connector with every feature');
  const columns = [
    { title: 'by hand', program: { name: 'streams-floor', ...(await streamsFloor(settings, scratch)) } },
    { title: 'this connector', program: { name: 'everything', ...(await everything(settings, scratch)) } },
  ];
  return measureStreams(columns, counts, keepAlive);
}

function parse() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        columns: { type: 'string' },
        concurrency: { type: 'string', default: '16' },
        streams: { type: 'string', default: '1,100,1000' },
        log: { type: 'boolean', default: false },
        details: { type: 'boolean', default: false },
        chart: { type: 'boolean', default: false },
        cost: { type: 'boolean', default: false },
        growth: { type: 'boolean', default: false },
        profile: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new Stop(`${error.message}\n\n${USAGE}`);
  }
  if (values.help) throw new Stop(USAGE, 0);
  const numbers = (option) => {
    const all = values[option].split(',').map(Number);
    if (!all.every((n) => Number.isInteger(n) && n > 0)) throw new Stop(`--${option} wants numbers.\n\n${USAGE}`);
    return all;
  };
  return { ...values, concurrencies: numbers('concurrency'), streams: numbers('streams') };
}

/** The entries that a comma-separated option names; the usual ones without the option. */
function choose(all, usual, names, option) {
  if (names === undefined) return usual;
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
