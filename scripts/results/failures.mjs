// A reporter for node's test runner: shows each failure in full as soon as it is known, and says now and then how far the tests are.
import path from 'node:path';
import { inspect } from 'node:util';

/** How often it says how far the tests are, in milliseconds. */
const INTERVAL = 30_000;

/** How much of what a file printed is shown with its first failure, in characters. */
const KEPT_OUTPUT = 4000;

export default async function* failures(events) {
  const began = Date.now();
  const printed = new Map();
  let files = 0;
  let passed = 0;
  let failed = 0;
  let last = began;
  for await (const { type, data } of events) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      printed.set(data.file, `${printed.get(data.file) ?? ''}${data.message}`.slice(-KEPT_OUTPUT));
    } else if (type === 'test:summary') {
      if (data.file) files += 1;
    } else if (type === 'test:pass') {
      if (data.details?.type !== 'suite' && data.skip === undefined && data.todo === undefined) passed += 1;
    } else if (type === 'test:fail' && isOwn(data)) {
      failed += 1;
      yield description(data, printed.get(data.file));
      printed.delete(data.file);
    }
    if (Date.now() - last >= INTERVAL) {
      last = Date.now();
      yield `    ${Math.round((last - began) / 1000)} s: ${files} files done, ${passed} tests passed, ${failed} failed\n`;
    }
  }
}

/** What fails with its parts is not shown, but they are; a test that is expected to fail is none. */
function isOwn({ todo, details }) {
  return todo === undefined && details?.error?.failureType !== 'subtestsFailed';
}

function description({ name, file, line, details }, output) {
  const error = details?.error?.cause ?? details?.error;
  const where = file ? ` (${path.relative(process.cwd(), file)}${line ? `:${line}` : ''})` : '';
  const text = typeof error === 'string' ? error : inspect(error, { depth: 5, maxStringLength: 2000, maxArrayLength: 50, colors: process.stdout.isTTY });
  return `\n✖ ${name}${where}\n${indented(text)}\n${output ? `  What its file printed before:\n${indented(output.trimEnd())}\n` : ''}\n`;
}

const indented = (text) => text.replace(/^/gm, '    ');
