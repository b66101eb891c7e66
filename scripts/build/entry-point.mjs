// Makes the modules that the runtime loads out of what wasm-bindgen wrote: the entry point with its guard, which answers when the
// instance of the WebAssembly module has died, and the module itself. wrangler's own bundler puts the JavaScript together.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Stop } from '../support/log.mjs';
import { engine, root } from '../support/paths.mjs';

/** The guard. It is part of the build of every Worker here, whichever crate it is. */
export const GUARD = path.join(engine, 'crates/connector/src/platform/instance/guard.js');

/** What a build consists of: the entry point, and the compiled module. */
export const MODULES = ['index.js', 'index_bg.wasm'];

/**
 * Bundles what wasm-bindgen wrote into the folder `parts`, where its own module is `glue.js`, into the file `index.js`.
 * @param {{minify?: boolean}} [how]
 */
export async function bundle(parts, index, { minify = false } = {}) {
  const file = (name) => path.join(parts, name);
  // wrangler knows how a module of WebAssembly is imported, but not yet in the form of the proposal.
  const glue = readFileSync(file('glue.js'), 'utf8').replace(/^import source /m, 'import ');
  writeFileSync(file('glue.js'), glue);
  copyFileSync(GUARD, file('guard.js'));
  writeFileSync(file('entry.js'), entryPoint(classesIn(glue)));
  const { build } = await bundler();
  await build({
    entryPoints: [file('entry.js')],
    outfile: index,
    bundle: true,
    format: 'esm',
    target: 'es2024',
    external: ['./glue_bg.wasm', 'cloudflare:*'],
    minify,
    logLevel: 'error',
  });
  writeFileSync(index, readFileSync(index, 'utf8').replace('./glue_bg.wasm', './index_bg.wasm'));
}

/** The names of the classes that wasm-bindgen exports: Durable Objects, and what the crate `worker` has. */
export function classesIn(glue) {
  if (!/^export function __wbg_reset_state\b/m.test(glue)) {
    throw new Stop('The Worker cannot be guarded: wasm-bindgen wrote JavaScript of an unknown form, or the crate is no Worker.');
  }
  return [...glue.matchAll(/^export class (\w+)/gm)].map(([, name]) => name);
}

/** The module that the runtime loads. */
export function entryPoint(classes) {
  return `import * as module from './glue.js';
import { guardedEntryPoint, guardedObject, guardedWorker } from './guard.js';

export default guardedWorker(module);
export const Internal = guardedEntryPoint('Internal');
export const Introspection = guardedEntryPoint('Introspection');
${classes.map((name) => `export const ${name} = guardedObject(module.${name});\n`).join('')}`;
}

/** The bundler that came with wrangler. */
async function bundler() {
  const wrangler = createRequire(createRequire(path.join(root, 'package.json')).resolve('wrangler/package.json'));
  return import(pathToFileURL(wrangler.resolve('esbuild')));
}
