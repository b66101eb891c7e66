#!/usr/bin/env node
// The program `mcp-connector` in a project that depends on the engine as a package: `mcp-connector start` runs start.mjs.
const COMMANDS = ['start', 'build', 'test', 'call', 'doctor', 'registry', 'openapi', 'upgrade'];

const [command] = process.argv.splice(2, 1);
if (COMMANDS.includes(command)) {
  await import(`./${command}.mjs`);
} else {
  console.error(`Usage: mcp-connector ${COMMANDS.join('|')} [ARGUMENTS]`);
  process.exitCode = 2;
}
