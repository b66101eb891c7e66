// `npm test`: format, lints, native unit tests, then behaviour in the real runtime. Prints what fails, how far it is now and then,
// and a summary of all of it. `npm test -- --only lint`, `unit`, `behaviour` or `projects` runs one part. `npm test -- --whole` fails if the
// tests of the starter were left out because src/ is another connector.
//
// A project that depends on the engine as a package tests its own connector: its unit tests, and the behaviour tests in its folder
// tests/, which run against the build that `npm start` serves.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { cargo } from './build/cargo.mjs';
import { cargoTally, failuresIn } from './results/cargo-results.mjs';
import { main, step, Stop } from './support/log.mjs';
import { isPackage, root } from './support/paths.mjs';
import { attempt, endOnSignals, isStopping } from './support/processes.mjs';
import { checkRequirements } from './setup/requirements.mjs';
import { goOnWithCurrentNode } from './setup/node.mjs';
import { ensureTestPackages } from './setup/packages.mjs';
import { buildWorker, DEVELOPMENT } from './build/worker.mjs';
import { readToml } from './support/toml.mjs';
import { differsFromStarter, leftOutInFork } from './results/fork.mjs';

const PARTS = ['lint', 'unit', 'behaviour', 'projects'];

/** The tests of projects that are made from this repository. They compile, and would disturb the times of other tests. */
const PROJECTS = 'tests/projects';

/** Tests wait for servers, browsers and time limits more than they compute. */
const FILES_AT_ONCE = Math.min(4, availableParallelism() + 1);

const BEHAVIOUR = 'Behaviour in the real runtime';

/** How many of the slowest files the summary names. */
const SLOWEST = 8;

const scratch = mkdtempSync(path.join(tmpdir(), 'mcp-connector-summary-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

await main(async () => {
  endOnSignals(() => 130);
  const args = process.argv.slice(2);
  const isWhole = args.includes('--whole');
  const only = partFrom(args.filter((one) => one !== '--whole'));
  await checkRequirements();
  await goOnWithCurrentNode();
  if (!isPackage) await ensureTestPackages();

  const stages = [];
  /** Runs one stage, which answers with its tally, and keeps how long it took. */
  const stage = async (part, title, body) => {
    if (only && part !== only) return;
    step(title);
    const began = Date.now();
    const tally = await body();
    if (isStopping()) return new Promise(() => {});
    stages.push({ title, seconds: (Date.now() - began) / 1000, ...tally });
  };

  const leftOut = await (isPackage ? testProject(stage, stages) : testRepository(stage, stages));
  summarise(stages);
  if (leftOut) console.log(`\n${leftOut}`);
  if (leftOut && isWhole) throw new Stop('With --whole, nothing may be left out.');
});

/** This repository, or a fork of it. Answers with what was left out, in one line, if anything was. */
async function testRepository(stage, stages) {
  await stage('lint', 'Format', () => check(['fmt', '--all', '--check']));
  await stage('lint', 'Lints', () => check(['clippy', '--workspace', '--all-targets', '--', '-D', 'warnings']));
  await stage('unit', 'Unit tests (Rust)', () => unitTests(['--workspace']));
  await stage('unit', 'Unit tests (scripts, doctor)', () => nodeTests([...filesIn('scripts/tests'), ...filesIn('doctor/tests')]));
  await stage('behaviour', 'Build: the connector', () => builds('.'));
  await stage('behaviour', 'Build: the conformance fixtures', () => builds('examples/everything'));
  await stage('behaviour', 'Build: the recipes', () => builds('examples/recipes'));
  const { name } = (await readToml('Cargo.toml')).package;
  const files = filesIn('tests').filter((file) => !file.startsWith(`${PROJECTS}/`));
  const difference = differsFromStarter({ name });
  const leftOut = difference === undefined ? [] : leftOutInFork(files);
  await stage('behaviour', BEHAVIOUR, () => behaviour(stages, files.filter((file) => !leftOut.includes(file))));
  await stage('projects', 'Small projects and forks', () => nodeTests(filesIn(PROJECTS), {}, { atOnce: 1 }));
  if (leftOut.length > 0 && stages.some(({ title }) => title === BEHAVIOUR)) {
    return `Left out, because ${difference}: ${leftOut.length} files of tests for the starter (${inFolders(leftOut)}).`;
  }
}

/** A project that depends on the engine as a package. */
async function testProject(stage, stages) {
  await stage('unit', 'Unit tests', () => unitTests([]));
  await stage('behaviour', 'Build', () => builds('.', DEVELOPMENT));
  await stage('behaviour', BEHAVIOUR, () => behaviour(stages, filesIn('tests')));
}

/** How many files there are in each folder, such as “12 in tests/mcp”. */
function inFolders(files) {
  const folders = Object.groupBy(files, (file) => path.dirname(file));
  return Object.entries(folders)
    .map(([folder, { length }]) => `${length} in ${folder}`)
    .join(', ');
}

function partFrom(args) {
  const given = args[0] === '--only' ? args[1] : args[0]?.startsWith('--only=') ? args[0].slice(7) : undefined;
  if (args.length === 0 || PARTS.includes(given)) return given;
  throw new Stop(`Usage: npm test -- [--only ${PARTS.join('|')}] [--whole]`);
}

/** One check that is a whole command of cargo. */
async function check(args) {
  const { status } = await cargo(args, { title: args[0], cwd: root });
  return single(status === 0, ['cargo', ...args].join(' '));
}

function single(passed, name) {
  return { passed: passed ? 1 : 0, skipped: 0, failed: passed ? [] : [{ name, where: '' }] };
}

async function unitTests(packages) {
  const args = ['test', ...packages, '--no-fail-fast', '--color=never', '--', '--quiet'];
  const { outcome, output } = await attempt('cargo', args, { cwd: root, show: () => false });
  if (outcome.status !== 0) console.log(failuresIn(output));
  return checked(outcome, cargoTally(output), 'cargo test');
}

async function builds(crate, profile) {
  try {
    await buildWorker(crate, { profile });
    return single(true);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    console.error(error.message);
    return single(false, `build of ${crate}`);
  }
}

async function behaviour(stages, files) {
  // Without a fresh build the tests would speak about another one.
  if (stages.some(({ title, failed }) => title.startsWith('Build') && failed.length > 0)) return single(false, 'behaviour tests: not run, a build failed');
  return nodeTests(files, { MCP_PREBUILT: '1' });
}

function filesIn(folder) {
  return readdirSync(path.join(root, folder), { recursive: true })
    .filter((name) => name.endsWith('.test.mjs') && !name.includes('node_modules'))
    .sort()
    .map((name) => path.join(folder, name));
}

async function nodeTests(files, env, { atOnce = FILES_AT_ONCE } = {}) {
  const file = path.join(scratch, `${files.length}-${Date.now()}.json`);
  const args = [
    '--test',
    `--test-concurrency=${atOnce}`,
    `--test-reporter=${new URL('results/failures.mjs', import.meta.url)}`,
    '--test-reporter-destination=stdout',
    `--test-reporter=${new URL('results/node-results.mjs', import.meta.url)}`,
    `--test-reporter-destination=${file}`,
    ...files,
  ];
  const { outcome } = await attempt(process.execPath, args, { cwd: root, env, silent: true });
  return checked(outcome, tallyIn(file), 'node --test');
}

function tallyIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, skipped: 0, failed: [] };
  }
}

/** A command that failed, or that ran nothing, is never counted as a success. */
function checked(outcome, tally, name) {
  const nothing = tally.passed === 0 && tally.failed.length === 0;
  if (nothing || (outcome.status !== 0 && tally.failed.length === 0)) {
    const why = outcome.status === 0 ? 'ran no test' : `ended with ${outcome.error ?? outcome.signal ?? `status ${outcome.status}`}`;
    return { ...tally, failed: [{ name: `${name} ${why}`, where: '' }] };
  }
  return tally;
}

function summarise(stages) {
  const failed = stages.flatMap((stage) => stage.failed.map((failure) => ({ ...failure, title: stage.title })));
  const sum = (key) => stages.reduce((total, stage) => total + stage[key], 0);
  console.log('\nSummary');
  const files = stages.flatMap((stage) => stage.files ?? []).sort((a, b) => b.seconds - a.seconds);
  for (const { title, seconds, passed, failed: failures, skipped } of stages) {
    const rest = skipped > 0 ? `, ${skipped} skipped` : '';
    console.log(`  ${title.padEnd(32)} ${seconds.toFixed(1).padStart(6)} s   ${passed} passed, ${failures.length} failed${rest}`);
  }
  if (files.length > 0) {
    const named = files.slice(0, SLOWEST).map(({ file, seconds }) => `${path.relative(root, file)} ${seconds.toFixed(0)} s`);
    console.log(`\n  Slowest files: ${named.join(', ')}`);
  }
  if (failed.length > 0) {
    console.log('\nFailed:');
    for (const { title, name, where } of failed) {
      console.log(`  ${title}: ${name}${where ? ` (${path.isAbsolute(where) ? path.relative(root, where) : where})` : ''}`);
    }
  }
  const skipped = sum('skipped');
  console.log(`\n${sum('passed')} passed, ${failed.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}
