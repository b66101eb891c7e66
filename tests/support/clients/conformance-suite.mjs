// Where the official conformance suite is, and a Node that runs it.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../workers/wrangler-dev.mjs';

/** A file of an installed package, found as Node finds packages; not every package lets its files be imported. */
export function packaged(name, file) {
  return [join(ROOT, 'tests'), ROOT].map((base) => join(base, 'node_modules', name, file)).find((path) => existsSync(path));
}

/** The suite needs a newer Node than this project does. */
export function nodeForSuite() {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
  const found = packaged(`node-${process.platform}-${process.arch}`, 'bin/node');
  assert.ok(
    found,
    `the conformance suite needs Node 22 or newer; this is ${process.version} and no newer one is installed as an npm package`,
  );
  return found;
}
