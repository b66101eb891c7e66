#!/usr/bin/env node
// The program: checks an MCP server from outside, in the way Claude's servers meet it, and says what to fix.
// docs/doctor.md in the repository explains each line. The checks are in src/checklist.mjs.
import { readFileSync } from 'node:fs';
import { USAGE, UsageError, settings, wantsColour } from './src/arguments.mjs';
import { examine } from './src/checklist.mjs';
import { asData, cleaned, lines } from './src/report.mjs';
import { plain } from './src/verdict.mjs';

const EXIT = { passed: 0, failed: 1, usage: 2, unreachable: 3, internal: 4 };

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on('error', (error) => process.exit(error.code === 'EPIPE' ? undefined : EXIT.internal));

try {
  process.exitCode = await run(settings(process.argv.slice(2), process.env));
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error(isUsage ? error.message : `The doctor itself failed. Please report it.\n${plain(error?.message ?? error)}`);
  process.exitCode = isUsage ? EXIT.usage : EXIT.internal;
}

/** @returns {Promise<number>} the exit status */
async function run(asked) {
  const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
  if (typeof asked === 'string') {
    console.log(asked === 'help' ? USAGE : version);
    return EXIT.passed;
  }
  const { url, json, token } = asked;
  const text = lines({ colour: wantsColour(process.stdout, process.env), columns: process.stdout.columns || undefined });
  const shown = (finding) => cleaned(finding, token);

  if (!json) console.log(text.start(shown({ seen: url.href }).seen, asked));
  const report = await examine(url, asked, (finding) => {
    const told = json ? undefined : text.finding(shown(finding));
    if (told !== undefined) console.log(told);
  });
  const findings = report.findings.map(shown);
  console.log(
    json
      ? JSON.stringify(asData({ ...report, url: shown({ seen: report.url }).seen, findings }, version), null, 2)
      : text.summary({ ...report, findings }),
  );
  if (!report.answered) return EXIT.unreachable;
  return findings.some(({ level }) => level === 'fail') ? EXIT.failed : EXIT.passed;
}
