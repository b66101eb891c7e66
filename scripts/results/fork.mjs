// Which behaviour tests of this repository a fork cannot pass: those that call the tools of the starter.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../support/paths.mjs';

/** The name of the package in this repository's Cargo.toml. A fork has another. */
export const STARTER = 'notes';

/** The test of the connector itself, whatever its tools are. */
const OF_EVERY_CONNECTOR = 'tests/operating/connector.test.mjs';

/** Those of `files` that a fork leaves out. */
export function leftOutInFork(files) {
  return files.filter((file) => file !== OF_EVERY_CONNECTOR && callsStarter(readFileSync(path.join(root, file), 'utf8')));
}

/** Whether a test starts the connector of src/, rather than one of the examples. */
function callsStarter(test) {
  const count = (pattern) => [...test.matchAll(pattern)].length;
  return /\bstartConnector\b/.test(test) || count(/\b(startInstances|instancesForSuite)\(/g) > count(/\bworker: 'examples\//g);
}
