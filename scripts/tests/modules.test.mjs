// The modules of each crate, and those of the scripts and tests, import each other in one direction only.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { circlesIn, describe as describeCircle } from '../support/modules.mjs';
import { root } from '../support/paths.mjs';
import { scriptCirclesIn } from '../support/script-imports.mjs';

describe('No modules import each other in a circle', () => {
  for (const name of readdirSync(path.join(root, 'crates'))) {
    test(`in ${name}`, () => {
      const folder = path.join(root, 'crates', name);
      areNone(circlesIn(folder), path.join(folder, 'src'));
    });
  }
  for (const name of ['scripts', 'doctor', 'tests', 'bench']) {
    test(`in ${name}/`, () => areNone(scriptCirclesIn(path.join(root, name)), root));
  }

  function areNone(circles, folder) {
    const text = circles.map((circle) => describeCircle(circle, folder)).join('\n\n');
    assert.equal(circles.length, 0, `These files import each other in circles.\n${text}`);
  }
});

describe('The reader of JavaScript modules', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mcp-connector-scripts-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const ROWS = [
    ['sees two files that import each other', { 'a.mjs': "import { b } from './x/b.mjs';", 'x/b.mjs': "\nexport { a } from '../a.mjs';" }, ['a.mjs:1 x/b.mjs', 'x/b.mjs:2 a.mjs']],
    ['sees an import over several lines, and one without names', { 'a.mjs': "import {\n  b,\n} from './b.mjs';", 'b.mjs': "import './a.mjs';" }, ['a.mjs:3 b.mjs', 'b.mjs:1 a.mjs']],
    ['takes no comment, text or lazy import for an import', { 'a.mjs': "import './b.mjs';", 'b.mjs': "// import './a.mjs'\n/* import './a.mjs' */ const text = `import './a.mjs'`; const lazy = () => import('./a.mjs');" }, []],
  ];
  for (const [rule, files, expected] of ROWS) {
    test(rule, () => {
      const scripts = mkdtempSync(path.join(folder, 'scripts-'));
      for (const [file, source] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(scripts, file)), { recursive: true });
        writeFileSync(path.join(scripts, file), source);
      }
      const short = (file) => path.relative(scripts, file);
      const found = scriptCirclesIn(scripts).flatMap(({ imports }) => imports.map(({ from, line, to }) => `${short(from)}:${line} ${short(to)}`));
      assert.deepEqual(found.sort(), expected);
    });
  }
});

describe('The reader of modules', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mcp-connector-modules-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** The imports that make circles in a crate of these files, as `from:line to name`. */
  function circleImports(files) {
    const crate = mkdtempSync(path.join(folder, 'crate-'));
    for (const [file, source] of Object.entries(files)) {
      const target = path.join(crate, 'src', file);
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, source);
    }
    const short = (file) => path.relative(path.join(crate, 'src'), file);
    return circlesIn(crate).flatMap(({ imports }) => imports.map(({ from, line, to, name }) => `${short(from)}:${line} ${short(to)} ${name}`)).sort();
  }

  const ROWS = [
    ['sees two files that use each other', { 'lib.rs': 'mod a; mod b;', 'a.rs': 'use crate::b::B; pub struct A(B);', 'b.rs': '\nuse super::a::A; pub struct B(A);' }, ['a.rs:1 b.rs B', 'b.rs:2 a.rs A']],
    ['sees a path in code', { 'lib.rs': 'mod a; mod b;', 'a.rs': 'use crate::b; pub fn f() { b::f(); }', 'b.rs': 'pub fn f() { crate::a::f::<u8>(); }' }, ['a.rs:1 b.rs f', 'b.rs:1 a.rs f']],
    ['follows re-exports to the file that defines the item', { 'lib.rs': 'mod x; mod y;', 'x/mod.rs': 'mod a; pub use a::A as Alias; pub(crate) use crate::y::*;', 'x/a.rs': 'use crate::x::B; pub struct A(B);', 'y.rs': 'use crate::x::{Alias, B as _}; pub struct B(Alias);' }, ['x/a.rs:1 y.rs B', 'y.rs:1 x/a.rs A']],
    ['sees a child that uses its parent', { 'lib.rs': 'mod a;', 'a.rs': 'mod b; pub struct A(b::B);', 'a/b.rs': 'use super::{self as parent, A}; pub struct B(Option<Box<A>>);' }, ['a.rs:1 a/b.rs B', 'a/b.rs:1 a.rs A']],
    ['takes no re-export by itself for an import', { 'lib.rs': 'mod a; pub use a::A; pub struct Root;', 'a.rs': 'use crate::Root; pub struct A(Root);' }, []],
    ['takes no comment, text or test for an import', { 'lib.rs': 'mod a; mod b;', 'a.rs': 'pub struct A<\'a>(&\'a str, char); // crate::b::B\n/* crate::b::B */ const C: &str = "crate::b::B"; const D: &str = r#"" crate::b::B"#; #[cfg(test)] use crate::b::B; #[cfg(test)] mod tests { use crate::b::B; }', 'b.rs': 'use crate::a::A; pub struct B(A<\'static>);' }, []],
    ['sees what follows a quotation mark as a character', { 'lib.rs': 'mod a; mod b;', 'a.rs': `pub const QUOTE: [char; 3] = ['"', '\\'', '\\\\']; pub struct A(crate::b::B);`, 'b.rs': 'pub struct B(Box<crate::a::A>);' }, ['a.rs:1 b.rs B', 'b.rs:1 a.rs A']],
    ['takes a module inside a file for a part of that file', { 'lib.rs': 'mod a; mod b;', 'a.rs': 'pub mod inner { pub struct I; pub(in crate::b) use super::super::b::B; }', 'b.rs': 'use crate::a::inner::I; pub struct B(I);' }, ['a.rs:1 b.rs B', 'b.rs:1 a.rs I']],
  ];
  for (const [rule, files, expected] of ROWS) {
    test(rule, () => assert.deepEqual(circleImports(files), expected));
  }
});
