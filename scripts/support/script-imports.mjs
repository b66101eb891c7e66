// Reads the imports between JavaScript modules. What is only loaded when a function runs, by `import(…)`, does not count: it waits for
// nothing while the modules load.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { circlesOf } from './modules.mjs';

/** A comment, a text, or the end of a declaration that imports: `from './a.mjs'`, `import './a.mjs'`. */
const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|\b(?:from|import)\s*(?:'([^'\n]+)'|"([^"\n]+)")|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g;

/** The imports of one module from others beside it: `{ from, line, to, name }`. */
function importsIn(file) {
  const source = readFileSync(file, 'utf8');
  const imports = [];
  for (const match of source.matchAll(TOKEN)) {
    const name = match[1] ?? match[2];
    if (!name?.startsWith('.')) continue;
    const line = source.slice(0, match.index).split('\n').length;
    imports.push({ from: file, line, to: path.resolve(path.dirname(file), name), name });
  }
  return imports;
}

/** The circles among the modules of a folder. */
export function scriptCirclesIn(folder) {
  const isOurs = (file) => /\.m?js$/.test(file) && !file.split(path.sep).includes('node_modules');
  const files = readdirSync(folder, { recursive: true }).filter(isOurs);
  return circlesOf(files.flatMap((file) => importsIn(path.join(folder, file))));
}
