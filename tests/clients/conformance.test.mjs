// The official conformance suite against the connector with every feature: both requirement sets, then everything there is,
// then everything for each older revision. With a list of expected failures that is empty, so that warnings count.
//
// Stricter than the suite's own verdict: a scenario that gave no result is a failure, and so is a skipped check that is not
// among those that the runner cannot run.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startEverything } from '../support/workers/wrangler-dev.mjs';
import { currentNode } from '../../scripts/setup/node.mjs';
import { packaged } from '../support/clients/conformance-suite.mjs';

const NO_EXPECTED_FAILURES = fileURLToPath(new URL('expected-failures.yaml', import.meta.url));

/** What is run, and how many scenarios that is at least. */
const RUNS = [
  { title: 'the requirements of 2026-07-28', options: ['--requirements', '2026-07-28'], least: 50 },
  { title: 'the requirements of 2025-11-25', options: ['--requirements', '2025-11-25'], least: 33 },
  { title: 'everything', options: ['--suite', 'all'], least: 65 },
  { title: 'everything for 2025-06-18', options: ['--suite', 'all', '--spec-version', '2025-06-18'], least: 20 },
  { title: 'everything for 2025-03-26', options: ['--suite', 'all', '--spec-version', '2025-03-26'], least: 1 },
];

/** What the runner itself leaves out, whatever the server does. */
const NEVER_RUN = new Set(['tasks-status-notifications']);

/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let server;
let results;
before(async () => {
  server = await startEverything();
  results = await mkdtemp(join(tmpdir(), 'mcp-connector-conformance-'));
});
after(async () => {
  await server?.stop();
  if (results) await rm(results, { recursive: true, force: true });
});

/** Runs a part of the suite: its exit status, its output, and the checks of each scenario. */
async function run(options, name) {
  const directory = join(results, name.replaceAll(/\W+/g, '-'));
  const suite = packaged('@modelcontextprotocol/conformance', 'dist/index.js');
  assert.ok(suite, '@modelcontextprotocol/conformance is installed');
  const child = spawn(
    currentNode(),
    [suite, 'server', '--url', server.url, ...options, '--expected-failures', NO_EXPECTED_FAILURES, '--timeout', '15000', '-o', directory],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const status = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));

  const scenarios = new Map();
  for (const entry of existsSync(directory) ? await readdir(directory) : []) {
    const scenario = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(entry)?.[1] ?? entry;
    const checks = JSON.parse(await readFile(join(directory, entry, 'checks.json'), 'utf8'));
    scenarios.set(scenario, [...(scenarios.get(scenario) ?? []), ...checks]);
  }
  return { status, output, scenarios };
}

/** What is wrong with a scenario, in words; empty if nothing is. */
function faults(scenario, checks) {
  const bad = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
  const skipped = checks.filter(({ status, id }) => status === 'SKIPPED' && !NEVER_RUN.has(scenario) && !NEVER_RUN.has(id));
  const told = [...bad, ...skipped].map(
    (check) =>
      `  ${check.status} ${check.id}: ${check.description}\n    ${check.errorMessage ?? ''}\n    ${JSON.stringify(check.details ?? {}).slice(0, 600)}`,
  );
  if (told.length === 0 && !NEVER_RUN.has(scenario) && !checks.some(({ status }) => status === 'SUCCESS')) {
    told.push('  no check of this scenario was made');
  }
  return told;
}

for (const { title, options, least } of RUNS) {
  describe(title, () => {
    test('passes whole: no failure, no warning, nothing skipped that could be run', async (t) => {
      const { status, output, scenarios } = await run(options, title);
      const failing = [];
      let passed = 0;
      let checks = 0;
      for (const [scenario, itsChecks] of scenarios) {
        const told = faults(scenario, itsChecks);
        if (told.length > 0) failing.push(`${scenario}\n${told.join('\n')}`);
        else passed += 1;
        checks += itsChecks.filter((check) => check.status === 'SUCCESS').length;
      }
      t.diagnostic(`${title}: ${passed} of ${scenarios.size} scenarios pass, ${checks} checks`);
      assert.deepEqual(failing, [], `${failing.length} scenarios fail:\n\n${failing.join('\n\n')}\n`);
      assert.ok(scenarios.size >= least, `${scenarios.size} scenarios gave a result, of at least ${least}\n${output}`);
      assert.equal(status, 0, output);
    });
  });
}
