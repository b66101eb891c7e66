// The official conformance suite against the connector with every feature, for both of its requirement sets.
//
// Stricter than the suite's own verdict: a warning counts as a failure, and so does a scenario that gave no result.
// What is not built yet stands in conformance/to-come.json with its reason; whatever there passes must be taken off.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startEverything } from './support/server.mjs';
import { nodeForSuite, packaged } from './support/suite.mjs';

const REQUIREMENTS = ['2026-07-28', '2025-11-25'];

/** Scenarios of extensions, which stand in no requirement set. */
const EXTENSIONS = ['sep-2640-skills-enumeration', 'sep-2640-skills-manifest', 'sep-2640-skills-directory'];

/** The runner itself always skips these. */
const NEVER_RUN = new Set(['tasks-status-notifications']);

/**
 * Scenarios still to come, by requirement set: the reason alone, or with the ids of the only checks that may fail.
 * @type {Record<string, Record<string, string | {reason: string, checks: string[]}>>}
 */
const TO_COME = JSON.parse(await readFile(new URL('conformance/to-come.json', import.meta.url), 'utf8'));

/** @type {import("./support/server.mjs").Server} */
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

/** Names of the scenarios that a requirement set runs against a server, scored or not. */
async function scenariosOf(requirements) {
  const path = packaged('@modelcontextprotocol/conformance', `requirements/${requirements}.yaml`);
  assert.ok(path, '@modelcontextprotocol/conformance is installed');
  const text = await readFile(path, 'utf8');
  const scored = /^server:\n((?: {2}- .*\n| *#.*\n)*)/m.exec(text)?.[1].match(/(?<=^ {2}- ).+/gm) ?? [];
  const unscored = [...text.matchAll(/- scenario: (\S+)\n\s+leg: server\b/g)].map((match) => match[1]);
  assert.ok(scored.length >= 30, `the set ${requirements} was read: ${scored}`);
  return [...scored, ...unscored];
}

/** Runs a part of the suite (`--requirements` or `--scenario`); its exit status does not matter here, its results do. */
async function run(part, name) {
  const directory = join(results, name);
  const suite = packaged('@modelcontextprotocol/conformance', 'dist/index.js');
  const options = ['server', '--url', server.url, part, name, '--timeout', '15000', '-o', directory];
  const child = spawn(nodeForSuite(), [suite, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));

  const byScenario = new Map();
  for (const entry of existsSync(directory) ? await readdir(directory) : []) {
    const name = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(entry)?.[1] ?? entry;
    byScenario.set(name, JSON.parse(await readFile(join(directory, entry, 'checks.json'), 'utf8')));
  }
  return { byScenario, output };
}

const isBad = (check) => check.status === 'FAILURE' || check.status === 'WARNING';
const describeCheck = (check) =>
  `  ${check.status} ${check.id}: ${check.description}\n    ${check.errorMessage ?? ''}\n    ${JSON.stringify(check.details ?? {}).slice(0, 600)}`;

for (const requirements of REQUIREMENTS) {
  describe(`requirements of ${requirements}`, () => {
    const toCome = TO_COME[requirements];
    let ran;
    let names;
    before(async () => {
      names = await scenariosOf(requirements);
      ran = await run('--requirements', requirements);
    });

    /** Checks that spoil a scenario; undefined if it gave no result. */
    const badOf = (name) => {
      const checks = ran.byScenario.get(name);
      if (!checks) return undefined;
      const bad = checks.filter(isBad);
      if (bad.length === 0 && !checks.some((check) => check.status === 'SUCCESS') && !NEVER_RUN.has(name)) {
        return [
          {
            status: 'NOTHING',
            id: name,
            description: 'no check of this scenario was made',
            details: checks.map((check) => check.errorMessage ?? check.description),
          },
        ];
      }
      return bad;
    };

    test('every scenario passes without warnings, except those still to come', (t) => {
      const failing = [];
      const count = { passed: 0, toCome: 0, checks: 0 };
      for (const name of names) {
        const entry = toCome[name];
        const bad = badOf(name);
        count.checks += (ran.byScenario.get(name) ?? []).filter((check) => check.status === 'SUCCESS').length;
        const excused =
          bad !== undefined && typeof entry === 'object' ? bad.every((check) => entry.checks.includes(check.id)) : entry !== undefined;
        if (bad?.length === 0) count.passed += 1;
        else if (excused) count.toCome += 1;
        else failing.push(`${name}\n${bad?.map(describeCheck).join('\n') ?? '  no result'}`);
      }
      t.diagnostic(
        `${requirements}: ${count.passed} of ${names.length} scenarios pass (${count.checks} checks), ${count.toCome} to come, ${failing.length} failing`,
      );
      assert.deepEqual(
        failing,
        [],
        `${failing.length} scenarios fail:\n\n${failing.join('\n\n')}\n\n${ran.byScenario.size === 0 ? ran.output : ''}`,
      );
    });

    test('what still is to come still fails: the list shrinks', () => {
      const done = [];
      for (const [name, entry] of Object.entries(toCome)) {
        assert.ok(names.includes(name), `${name} is no scenario of this set`);
        assert.ok((typeof entry === 'string' ? entry : entry.reason).length > 10, `${name} says why`);
        const bad = badOf(name);
        if (bad?.length === 0) done.push(name);
        for (const id of entry.checks ?? []) if (!bad?.some((check) => check.id === id)) done.push(`${name}: ${id}`);
      }
      assert.deepEqual(done, [], 'these pass now: take them off conformance/to-come.json');
    });
  });
}

describe('extensions', () => {
  for (const name of EXTENSIONS) {
    test(`${name} passes, with every check made`, async (t) => {
      const { byScenario, output } = await run('--scenario', name);
      const checks = byScenario.get(name);
      assert.ok(checks, `the scenario gave a result:\n${output}`);
      const bad = checks.filter(({ status }) => status !== 'SUCCESS');
      t.diagnostic(`${name}: ${checks.length} checks`);
      assert.deepEqual(bad.map(describeCheck), [], 'nothing fails, warns or is skipped');
      assert.ok(checks.length >= 5, 'the scenario checked something');
    });
  }
});
