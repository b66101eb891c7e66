// The connector that the behaviour tests speak about, with its settings. In the template it is the one in src/. A project that has
// one of its own by now keeps the template's in tests/starter, so that the tests of the library go on, whatever its tools are.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';

/** What the starter is made of. */
export const STARTER_FILES = ['connector.rs', 'notes.html'];

/** The folder of the Worker that has the starter's tools, from the repository's root. */
export function starterFolder(directory = root) {
  const isTemplate = existsSync(path.join(directory, 'cargo-generate.toml'));
  const isSame = (file) => read(directory, 'src', file) === read(directory, 'tests/starter/src', file);
  const hasSettings = () => String(settingsIn(directory)) === String(settingsIn(path.join(directory, 'tests/starter')));
  return isTemplate || (STARTER_FILES.every(isSame) && hasSettings()) ? '.' : 'tests/starter';
}

/** The lines of a wrangler.toml, but for comments and for what makes two Workers two. */
export function settingsIn(folder) {
  const text = (read(folder, 'wrangler.toml') ?? '').replace(/^name = .*$/m, '');
  return text.split('\n').filter((line) => line.trim() && !/^(#|workers_dev|routes|command|watch_dir)/.test(line));
}

function read(...parts) {
  try {
    return readFileSync(path.join(...parts), 'utf8');
  } catch {
    return undefined;
  }
}
