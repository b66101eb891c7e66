// A reporter for node's test runner: writes what passed, failed and was skipped, and how long each file took, as JSON, for the
// summary of `npm test`.

/** A suite is the sum of its tests and not counted itself; a test with parts of its own counts, as its own check. */
export default async function* tally(events) {
  const result = { passed: 0, skipped: 0, failed: [], files: [] };
  // The names of the suites that a test is in: what has started at each depth.
  const names = [];
  for await (const { type, data } of events) {
    if (type === 'test:summary' && data.file) result.files.push({ file: data.file, seconds: data.duration_ms / 1000 });
    if (type === 'test:start') names.splice(data.nesting, Infinity, data.name);
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const suite = data.details?.type === 'suite';
    if (type === 'test:fail' && data.todo === undefined) {
      // A suite fails with its tests; it is named only where its own setup failed.
      if (suite && data.details.error?.failureType === 'subtestsFailed') continue;
      const where = data.file ? `${data.file}${data.line ? `:${data.line}` : ''}` : '';
      result.failed.push({ name: [...names.slice(0, data.nesting), data.name].join(' › '), where });
    } else if (suite) {
      continue;
    } else if (data.skip !== undefined || data.todo !== undefined) {
      result.skipped += 1;
    } else {
      result.passed += 1;
    }
  }
  yield JSON.stringify(result);
}
