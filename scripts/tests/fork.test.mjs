// A change of the starter's tools does not break `npm test`: the tests that call them are left out.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { differsFromStarter, leftOutInFork, STARTER } from '../results/fork.mjs';
import { root } from '../support/paths.mjs';

/** What the newcomer's change in the README adds. */
const WEATHER = '        .tool(Tool::new("weather_at", "Get the current weather at a place.", weather_at).title("Weather").read_only())\n';

/** The starter as the tests know it, whatever this fork has in its src/. */
const SCOPES = ['profile', 'notes:read', 'notes:write'].map((name) => `const A: Scope = Scope::new("${name}", "…");\n`).join('');
const CONNECTOR = SCOPES + ['echo', 'whoami', 'list_notes', 'save_note', 'delete_note'].map((name) => `        .tool(\n            Tool::new("${name}", "…", ${name}),\n        )\n`).join('');

for (const [what, change, difference] of [
  ['the starter', () => {}, undefined],
  ['another order and other texts', (folder) => write(folder, 'connector.rs', CONNECTOR.split('\n').reverse().join('\n').replaceAll('…', '!')), undefined],
  ['a file of the Finder', (folder) => write(folder, '.DS_Store', ''), undefined],
  ['a tool more', (folder) => write(folder, 'connector.rs', CONNECTOR + WEATHER), 'src/ has the tool weather_at'],
  ['a tool less', (folder) => write(folder, 'connector.rs', CONNECTOR.replace('"echo"', '"whoami"')), 'src/ no longer has the tool echo'],
  ['a scope more', (folder) => write(folder, 'connector.rs', `${CONNECTOR}Scope::new("notes:share", "…")`), 'src/ has the scope notes:share'],
  ['tools in a file of their own', (folder) => write(folder, 'api.rs', ''), 'src/ has the file api.rs'],
]) {
  test(`${what}: ${difference ?? 'the starter’s tests hold'}`, (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'mcp-connector-src-'));
    t.after(() => rmSync(folder, { recursive: true }));
    for (const name of ['connector.rs', 'lib.rs', 'notes.html']) write(folder, name, '');
    write(folder, 'connector.rs', CONNECTOR);
    change(folder);
    assert.equal(differsFromStarter({ name: STARTER, folder }), difference);
  });
}

test('a package with another name: not the starter', () => {
  assert.equal(differsFromStarter({ name: 'my-tools', folder: path.join(root, 'src') }), 'the package is “my-tools” and not “notes”');
});

test('the tests that would fail are among those that are left out', () => {
  const exact = ['tests/mcp/tools.test.mjs', 'tests/oauth/challenges.test.mjs', 'tests/clients/official-clients.test.mjs'];
  assert.deepEqual(leftOutInFork([...exact, 'tests/operating/connector.test.mjs']), exact);
});

function write(folder, name, text) {
  writeFileSync(path.join(folder, name), text);
}
