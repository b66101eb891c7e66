// Prints the circles among the modules of a crate: `node scripts/modules.mjs [crate]`.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { circlesIn, describe } from './support/modules.mjs';
import { root } from './support/paths.mjs';

const crates = process.argv.length > 2 ? process.argv.slice(2) : readdirSync(path.join(root, 'crates'));
for (const name of crates) {
  const folder = path.join(root, 'crates', name);
  const circles = circlesIn(folder);
  const files = circles.reduce((sum, circle) => sum + circle.files.length, 0);
  console.log(`${name}: ${circles.length === 0 ? 'no circle' : `${circles.length} circles, ${files} files`}`);
  if (process.argv.length > 2) for (const circle of circles) console.log(describe(circle, path.join(folder, 'src')));
  if (circles.length > 0) process.exitCode = 1;
}
