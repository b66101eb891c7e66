// `node scripts/keep-starter.mjs`, in the template only: makes tests/starter what src/ and wrangler.toml are. See lib/starter.mjs.
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { main, Stop } from './lib/log.mjs';
import { root } from './lib/paths.mjs';
import { STARTER_FILES, settingsIn } from './lib/starter.mjs';

await main(async () => {
  if (!existsSync(path.join(root, 'cargo-generate.toml'))) throw new Stop('This is a project of its own: tests/starter stays what it was in the template.');
  for (const file of STARTER_FILES) copyFileSync(path.join(root, 'src', file), path.join(root, 'tests/starter/src', file));
  const own = `# The starter as a Worker, for tests only: the settings of the template's wrangler.toml. Written by scripts/keep-starter.mjs.
name = "mcp-starter"
workers_dev = false
`;
  const build = 'command = "node scripts/build.mjs tests/starter"\nwatch_dir = ["src", "../../src", "../../Cargo.toml", "../../Cargo.lock"]';
  const settings = settingsIn(root).map((line) => (line === '[build]' ? `${line}\n${build}` : line));
  const text = settings.map((line) => (line.startsWith('[') ? `\n${line}` : line)).join('\n');
  writeFileSync(path.join(root, 'tests/starter/wrangler.toml'), `${own}${text}\n`);
});
