// Where the official conformance suite is.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../workers/wrangler-dev.mjs';

/** A file of an installed package, found as Node finds packages; not every package lets its files be imported. */
export function packaged(name, file) {
  return [join(ROOT, 'tests'), ROOT].map((base) => join(base, 'node_modules', name, file)).find((path) => existsSync(path));
}
