// Wraps a built Worker in the guard, which answers when the instance of its WebAssembly module has died.
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Stop } from '../support/log.mjs';
import { engine } from '../support/paths.mjs';

/** The guard. It is part of the build of every Worker here, whichever crate it is. */
export const GUARD = path.join(engine, 'crates/connector/src/platform/instance/guard.js');

/** What a build consists of: the entry point, the guard, what worker-build made, and the compiled module. */
export const MODULES = ['index.js', 'guard.js', 'worker.js', 'index_bg.wasm'];

/** Turns what worker-build left in `build` into a guarded Worker. */
export function addGuard(build) {
  const file = (name) => path.join(build, name);
  const classes = exportsOf(readFileSync(file('index.js'), 'utf8')).filter((name) => name !== 'default');
  renameSync(file('index.js'), file('worker.js'));
  copyFileSync(GUARD, file('guard.js'));
  writeFileSync(file('index.js'), entryPoint(classes));
}

/** The names that a bundle of esbuild exports: it lists them once, at its end. */
export function exportsOf(bundle) {
  const names = [.../(?:^|[;}\n])export\s*\{([^{}]*)\};?\s*$/.exec(bundle)?.[1].split(',') ?? []].map((one) => one.trim().split(/\s+as\s+/).at(-1));
  if (!names.includes('default')) throw new Stop('The Worker cannot be guarded: the bundle of worker-build has an unknown form.');
  return names;
}

/** The module that the runtime loads. */
export function entryPoint(classes) {
  return `// Written by the build.
import { guardedObject, guardedWorker } from './guard.js';
import Worker, * as worker from './worker.js';

export default guardedWorker(Worker);
${classes.map((name) => `export const ${name} = guardedObject(worker.${name});\n`).join('')}`;
}
