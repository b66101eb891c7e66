// Where things are.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package that these scripts belong to: this repository, or `node_modules/mcp-connector` in a project that depends on it. */
export const engine = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/** Whether the project depends on the engine as a package; otherwise the project is a fork of this repository. */
export const isPackage = path.basename(path.dirname(engine)) === 'node_modules';

/** The project: what is built, served and tested. */
export const root = isPackage ? projectAround(process.cwd()) ?? path.resolve(engine, '../..') : engine;

/** The nearest folder with a wrangler.toml. Not every package manager puts packages into the project's own folder. */
function projectAround(folder) {
  if (existsSync(path.join(folder, 'wrangler.toml'))) return folder;
  const parent = path.dirname(folder);
  return parent === folder ? undefined : projectAround(parent);
}

/** The build tools that are installed for this project only. Git ignores them, and they are safe to delete. */
export const toolsDir = path.join(root, '.tools');

/** The program `wrangler`, from the project's npm packages. */
export const wranglerScript = path.join(root, 'node_modules/wrangler/bin/wrangler.js');
