// Runs the development server of `npm start` on a Worker in JavaScript: `node serve-javascript.mjs FOLDER PORT`. Nothing is compiled, so
// that what an author may do to the server is tried in seconds. A source with the word SYNTAX does not compile.
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { CompileError } from '../../../scripts/build/cargo-build.mjs';
import { serve } from '../../../scripts/serve/dev-server.mjs';
import { main, step } from '../../../scripts/support/log.mjs';
import { root } from '../../../scripts/support/paths.mjs';
import { endOnSignals } from '../../../scripts/support/processes.mjs';

const [folder, port] = process.argv.slice(2);
const source = path.join(folder, 'src/worker.js');
/** A package that the Worker may need. */
const words = path.join(folder, 'words/src/lib.rs');

async function build(_, { into, known }) {
  step('Building');
  if (process.env.BUILD_TAKES) await new Promise((resolve) => setTimeout(resolve, Number(process.env.BUILD_TAKES)));
  const isBroken = (file) => readFileSync(file, 'utf8').includes('SYNTAX');
  if (!existsSync(source) || isBroken(source) || (existsSync(words) && isBroken(words))) throw new CompileError('The code does not compile: the errors are above.');
  const { mtimeMs, size } = statSync(source);
  const version = `${mtimeMs} ${size}`;
  if (version === known) return { sources: [source], version, isNew: false };
  mkdirSync(path.join(folder, into), { recursive: true });
  copyFileSync(source, path.join(folder, into, 'index.js'));
  return { sources: [source], version, isNew: true };
}

await main(async () => {
  endOnSignals(() => 0);
  await serve({ crate: path.relative(root, folder), port: Number(port), command: 'npm start', build, ready: (url) => console.log(`Ready: ${url}/mcp`) });
});
