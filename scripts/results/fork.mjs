// Which behaviour tests of this repository a connector of one's own cannot pass: those that call the tools of the starter.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../support/paths.mjs';

/** The name of the package in this repository's Cargo.toml. A fork has another. */
export const STARTER = 'notes';

/** What the starter's src/ has, and its tests compare with. */
const STARTER_FILES = ['connector.rs', 'lib.rs', 'notes.html'];
const STARTER_TOOLS = ['delete_note', 'echo', 'list_notes', 'save_note', 'whoami'];
const STARTER_SCOPES = ['profile', 'notes:read', 'notes:write'];

/** The test of the connector itself, whatever its tools are. */
const OF_EVERY_CONNECTOR = 'tests/operating/connector.test.mjs';

/**
 * Why the connector of a folder is not the starter any more, such as “src/ has the tool weather_at”. Nothing if it is the starter,
 * whose tests hold for it.
 * @param {{name: string, folder?: string}} connector `name`: of its package
 */
export function differsFromStarter({ name, folder = path.join(root, 'src') }) {
  if (name !== STARTER) return `the package is “${name}” and not “${STARTER}”`;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && !entry.name.startsWith('.'));
  const paths = files.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  const source = files.filter((entry) => entry.name.endsWith('.rs')).map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8')).join('\n');
  const tools = [...source.matchAll(/\bTool::new\(\s*"([^"]*)"/g)].map(([, tool]) => tool);
  const scopes = [...source.matchAll(/\bScope::new\(\s*"([^"]*)"/g)].map(([, scope]) => scope);
  return difference('the tool', tools, STARTER_TOOLS) ?? difference('the scope', scopes, STARTER_SCOPES) ?? difference('the file', paths, STARTER_FILES);
}

/** Says the first thing that is new or missing. */
function difference(what, found, expected) {
  const added = found.find((one) => !expected.includes(one));
  if (added !== undefined) return `src/ has ${what} ${added}`;
  const missing = expected.find((one) => !found.includes(one));
  return missing === undefined ? undefined : `src/ no longer has ${what} ${missing}`;
}

/** Those of `files` that a connector of one's own leaves out. */
export function leftOutInFork(files) {
  return files.filter((file) => file !== OF_EVERY_CONNECTOR && callsStarter(readFileSync(path.join(root, file), 'utf8')));
}

/** Whether a test starts the connector of src/, rather than one of the examples. */
function callsStarter(test) {
  const count = (pattern) => [...test.matchAll(pattern)].length;
  return /\bstartConnector\b/.test(test) || count(/\b(startInstances|instancesForSuite)\(/g) > count(/\bworker: 'examples\//g);
}
