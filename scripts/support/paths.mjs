// Where things are, seen from the repository's root.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/** The build tools this project installs for itself; ignored by git, safe to delete. */
export const toolsDir = path.join(root, '.tools');

/** The programs that npm packages of this project bring along. */
export const wranglerScript = path.join(root, 'node_modules/wrangler/bin/wrangler.js');
