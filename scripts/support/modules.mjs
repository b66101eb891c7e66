// Reads the modules of a Rust crate and the imports between its files, and finds the circles among them.
//
// A node is a file. An import is a `use` or a path in code that leads to another file of the crate; it is followed through
// re-exports to the file that defines the item. `mod x;` is no import, and neither is a re-export by itself. Code behind
// `#[cfg(test)]` does not count.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const TOKEN = /\/\/[^\n]*|\/\*|[bc]?r(#*)"|[bc]?"(?:\\[\s\S]|[^"\\])*"|b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^\\'\n])'|'\w+|(?:r#)?[A-Za-z_]\w*|\d[\w.]*|::|[^\s]/y;
const NAMED_ITEMS = new Set(['fn', 'struct', 'enum', 'union', 'trait', 'type', 'static', 'const']);
const QUALIFIERS = new Set(['unsafe', 'async', 'extern', 'default', 'auto']);
const ENDS_WITH_SEMICOLON = new Set(['use', 'const', 'static', 'type', 'let']);
const CLOSING = { '(': ')', '[': ']', '{': '}' };
const identifier = (token) => token !== undefined && /^(?:r#)?[A-Za-z_]/.test(token.text);

/** The tokens of Rust source, without comments and literals; each knows its line. */
function tokenize(source) {
  const tokens = [];
  let line = 1;
  for (let at = 0; at < source.length; ) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (!match) {
      if (source[at] === '\n') line += 1;
      at += 1;
      continue;
    }
    let text = match[0];
    if (text === '/*') {
      let depth = 0;
      let end = at;
      do {
        if (source.startsWith('/*', end)) (depth += 1), (end += 2);
        else if (source.startsWith('*/', end)) (depth -= 1), (end += 2);
        else end += 1;
      } while (depth > 0 && end < source.length);
      text = source.slice(at, end);
    } else if (match[1] !== undefined) {
      const close = `"${match[1]}`;
      text = source.slice(at, source.indexOf(close, at + text.length) + close.length);
    } else if (identifier({ text }) && !/["']/.test(text)) {
      tokens.push({ text: text.replace(/^r#/, ''), line });
    } else if (!/^\/\/|^[bc]?"|^b?'|^\d/.test(text)) {
      tokens.push({ text, line });
    } else if (!text.startsWith('//')) {
      tokens.push({ text: '0', line });
    }
    line += text.split('\n').length - 1;
    at += text.length;
  }
  return tokens;
}

/** The index after the bracket that closes the one at `at`. */
function afterGroup(tokens, at) {
  let depth = 0;
  for (let index = at; index < tokens.length; index += 1) {
    if (tokens[index].text in CLOSING) depth += 1;
    else if (Object.values(CLOSING).includes(tokens[index].text) && (depth -= 1) === 0) return index + 1;
  }
  return tokens.length;
}

/** The index after the item or statement that begins at `at`. */
function afterItem(tokens, at) {
  let index = at;
  if (tokens[index]?.text === 'pub') {
    index += 1;
    if (tokens[index]?.text === '(') index = afterGroup(tokens, index);
  }
  while (QUALIFIERS.has(tokens[index]?.text)) index += 1;
  const constFunction = tokens[index]?.text === 'const' && ['fn', 'unsafe', 'async', 'extern'].includes(tokens[index + 1]?.text);
  const keyword = constFunction ? 'fn' : tokens[index]?.text;
  const isItem = NAMED_ITEMS.has(keyword) || ['impl', 'mod', 'use', 'let', 'macro_rules'].includes(keyword);
  while (index < tokens.length) {
    const { text } = tokens[index];
    if (text === ';' || (text === ',' && !isItem)) return index + 1;
    if (Object.values(CLOSING).includes(text)) return index;
    if (text in CLOSING) {
      index = afterGroup(tokens, index);
      if (text === '{' && !ENDS_WITH_SEMICOLON.has(keyword)) return index;
    } else index += 1;
  }
  return index;
}

const isTestOnly = (attribute) => /^cfg\((?:test\)|all\((?:.*,)?test[,)])/.test(attribute);

/** `tokens` without what is compiled for tests only. */
function withoutTests(tokens) {
  const rest = [];
  for (let index = 0; index < tokens.length; ) {
    if (tokens[index].text !== '#') {
      rest.push(tokens[index]);
      index += 1;
      continue;
    }
    let end = index;
    let testOnly = false;
    while (tokens[end]?.text === '#') {
      const inner = tokens[end + 1]?.text === '!';
      const open = inner ? end + 2 : end + 1;
      if (tokens[open]?.text !== '[') break;
      const close = afterGroup(tokens, open);
      const test = isTestOnly(tokens.slice(open + 1, close - 1).map(({ text }) => text).join(''));
      if (inner && test) return [];
      testOnly ||= test;
      end = close;
    }
    if (end === index) end += 1;
    index = testOnly ? afterItem(tokens, end) : end;
  }
  return rest;
}

/** The leaves of a use tree that begins at `at`: path, name in scope, line. */
function useLeaves(tokens, at, prefix = []) {
  const segments = [...prefix];
  let index = at;
  while (index < tokens.length) {
    const { text, line } = tokens[index];
    if (text === '{') {
      const end = afterGroup(tokens, index) - 1;
      const leaves = [];
      for (index += 1; index < end; ) {
        let next = index;
        while (next < end && tokens[next].text !== ',') next = tokens[next].text === '{' ? afterGroup(tokens, next) : next + 1;
        leaves.push(...useLeaves(tokens.slice(index, next), 0, segments));
        index = next + 1;
      }
      return leaves;
    }
    if (text === '*') return [{ segments, glob: true, line }];
    if (text === '::') {
      index += 1;
      continue;
    }
    if (!identifier(tokens[index])) break;
    if (text === 'as') return [{ segments, name: tokens[index + 1]?.text, line }];
    if (text === 'self' && segments.length > 0) return [{ segments, name: tokens[index + 1]?.text === 'as' ? tokens[index + 2]?.text : segments.at(-1), line }];
    segments.push(text);
    index += 1;
  }
  const line = tokens.at(index - 1)?.line ?? 0;
  return [{ segments, name: segments.at(-1), line }];
}

class Module {
  constructor(file, name, parent) {
    Object.assign(this, { file, name, parent, children: new Map(), items: new Set(), uses: [], references: [], identifiers: new Map() });
  }

  /** Where the files of child modules lie. */
  get directory() {
    const base = path.basename(this.file, '.rs');
    return this.inline ? path.join(this.parent.directory, this.name) : ['lib', 'main', 'mod'].includes(base) ? path.dirname(this.file) : path.join(path.dirname(this.file), base);
  }
}

/** All modules of the crate whose root file is `file`. */
export function readCrate(file) {
  const modules = [];
  const macros = new Map();
  const visitFile = (module) => {
    modules.push(module);
    visit(withoutTests(tokenize(readFileSync(module.file, 'utf8'))), module);
  };
  function visit(tokens, module) {
    for (let index = 0; index < tokens.length; ) {
      const end = Math.max(afterItem(tokens, index), index + 1);
      visitItem(tokens.slice(index, end), module);
      index = end;
    }
  }
  function visitItem(tokens, module) {
    let at = 0;
    const isPublic = tokens[0].text === 'pub';
    if (isPublic) at = tokens[1]?.text === '(' ? afterGroup(tokens, 1) : 1;
    while (QUALIFIERS.has(tokens[at]?.text) || (tokens[at]?.text === 'const' && ['fn', 'unsafe', 'async', 'extern'].includes(tokens[at + 1]?.text))) at += 1;
    const keyword = tokens[at]?.text;
    const name = tokens[at + 1]?.text;
    if (keyword === 'mod' && identifier(tokens[at + 1])) {
      const child = new Module(module.file, name, module);
      if (tokens[at + 2]?.text === '{') {
        child.inline = true;
        module.children.set(name, child);
        modules.push(child);
        visit(tokens.slice(at + 3, -1), child);
        return;
      }
      const found = [path.join(module.directory, `${name}.rs`), path.join(module.directory, name, 'mod.rs')].find((candidate) => existsSync(candidate));
      if (!found) return;
      child.file = found;
      module.children.set(name, child);
      visitFile(child);
      return;
    }
    if (keyword === 'use') {
      for (const leaf of useLeaves(tokens, at + 1)) module.uses.push({ ...leaf, isPublic });
      return;
    }
    if (keyword === 'macro_rules') {
      module.items.add(tokens[at + 2]?.text);
      macros.set(tokens[at + 2]?.text, module);
    } else if (NAMED_ITEMS.has(keyword)) {
      module.items.add(name === 'mut' ? tokens[at + 2]?.text : name);
    }
    references(tokens, at, module);
  }
  function references(tokens, from, module) {
    for (let index = from; index < tokens.length; index += 1) {
      const token = tokens[index];
      if (!identifier(token) || ['::', '.'].includes(tokens[index - 1]?.text)) continue;
      if (token.text === 'use') {
        const end = afterItem(tokens, index);
        for (const leaf of useLeaves(tokens.slice(index, end), 1)) module.uses.push({ ...leaf, isPublic: false });
        index = end - 1;
        continue;
      }
      if (token.text === 'pub' && tokens[index + 1]?.text === '(') {
        index = afterGroup(tokens, index + 1) - 1;
        continue;
      }
      if (!module.identifiers.has(token.text)) module.identifiers.set(token.text, token.line);
      const segments = [token.text];
      let next = index + 1;
      while (tokens[next]?.text === '::' && identifier(tokens[next + 1])) {
        segments.push(tokens[next + 1].text);
        next += 2;
      }
      if (segments.length > 1) {
        module.references.push({ segments, line: token.line });
        index = next - 1;
      }
    }
  }
  const crateRoot = new Module(file, 'crate', undefined);
  visitFile(crateRoot);
  return { root: crateRoot, modules, macros };
}

/** Finds what `segments` lead to, seen from `module`: a module, or the module that defines an item. */
function resolve(crate, module, segments, seen = new Set()) {
  let [first, ...rest] = segments;
  let here;
  if (first === 'crate') here = crate.root;
  else if (first === 'self') here = module;
  else if (first === 'super') here = module.parent;
  else {
    const found = lookUp(crate, module, first, seen);
    if (!found) return undefined;
    if (!found.module) return found;
    here = found.module;
  }
  while (here && rest[0] === 'super') [here, rest] = [here.parent, rest.slice(1)];
  for (const segment of rest) {
    if (!here) return undefined;
    const found = lookUp(crate, here, segment, seen);
    if (!found) return { definedIn: crate.macros.get(segment) ?? here, name: segment };
    if (!found.module) return found;
    here = found.module;
  }
  return here && { module: here };
}

function lookUp(crate, module, name, seen) {
  if (module.children.has(name)) return { module: module.children.get(name) };
  if (module.items.has(name)) return { definedIn: module, name };
  for (const use of module.uses) {
    if (seen.has(use) || (!use.glob && use.name !== name)) continue;
    const inner = new Set(seen).add(use);
    if (!use.glob) return resolve(crate, module, use.segments, inner);
    const target = resolve(crate, module, use.segments, inner);
    if (!target?.module) continue;
    const found = lookUp(crate, target.module, name, inner);
    if (found) return found;
  }
  return undefined;
}

/** The imports between the files of a crate: `{ from, line, to, name }`, one for each file, file and name. */
export function importsOf(crate) {
  const imports = new Map();
  const add = (module, line, target) => {
    const { name, definedIn: { file: to } = {} } = target ?? {};
    if (!to || to === module.file) return;
    const key = `${module.file}\n${to}\n${name}`;
    if (!imports.has(key)) imports.set(key, { from: module.file, line, to, name });
  };
  for (const module of crate.modules) {
    for (const use of module.uses) {
      if (use.glob) {
        const target = resolve(crate, module, use.segments, new Set([use]));
        if (target?.definedIn) add(module, use.line, target);
        else if (target?.module && !(use.isPublic && module.children.size > 0)) {
          for (const [name, line] of module.identifiers) {
            if (!module.items.has(name) && !module.children.has(name)) add(module, line, lookUp(crate, target.module, name, new Set([use])));
          }
        }
        continue;
      }
      if (use.isPublic && module.children.size > 0 && !module.identifiers.has(use.name)) continue;
      add(module, use.line, resolve(crate, module, use.segments, new Set([use])));
    }
    for (const { segments, line } of module.references) add(module, line, resolve(crate, module, segments));
  }
  return [...imports.values()];
}

/** The strongly connected components of two files or more, largest first (Tarjan). */
export function circlesOf(imports) {
  const next = new Map();
  for (const { from, to } of imports) next.set(from, (next.get(from) ?? new Set()).add(to));
  const state = new Map();
  const stack = [];
  const circles = [];
  const visit = (node) => {
    const own = { index: state.size, low: state.size, onStack: true };
    state.set(node, own);
    stack.push(node);
    for (const other of next.get(node) ?? []) {
      if (!state.has(other)) own.low = Math.min(own.low, visit(other).low);
      else if (state.get(other).onStack) own.low = Math.min(own.low, state.get(other).index);
    }
    if (own.low === own.index) {
      const files = stack.splice(stack.indexOf(node));
      for (const file of files) state.get(file).onStack = false;
      if (files.length > 1) circles.push(files.sort());
    }
    return own;
  };
  for (const node of next.keys()) if (!state.has(node)) visit(node);
  return circles
    .sort((a, b) => b.length - a.length)
    .map((files) => ({ files, imports: imports.filter(({ from, to }) => files.includes(from) && files.includes(to)) }));
}

/** A small set of a circle's imports without which there is no circle (the heuristic of Eades, Lin and Smyth). */
export function opening({ files, imports }) {
  const left = new Set(files);
  const head = [];
  const tail = [];
  const count = (file, own, other) => new Set(imports.filter((edge) => edge[own] === file && left.has(edge[other])).map((edge) => edge[other])).size;
  while (left.size > 0) {
    const sink = [...left].find((file) => count(file, 'from', 'to') === 0);
    const source = sink ?? [...left].find((file) => count(file, 'to', 'from') === 0);
    const file = source ?? [...left].reduce((best, one) => (count(one, 'from', 'to') - count(one, 'to', 'from') > count(best, 'from', 'to') - count(best, 'to', 'from') ? one : best));
    if (sink) tail.unshift(file);
    else head.push(file);
    left.delete(file);
  }
  const order = [...head, ...tail];
  return imports.filter(({ from, to }) => order.indexOf(from) > order.indexOf(to));
}

/** A crate's circles, read from its folder. */
export const circlesIn = (folder) => circlesOf(importsOf(readCrate(path.join(folder, 'src/lib.rs'))));

/** A circle as text: each import that makes it, and which of them open it if they go. Files are named as seen from `folder`. */
export function describe(circle, folder) {
  const short = (file) => path.relative(folder, file);
  const lines = (edges) => {
    const pairs = new Map();
    for (const edge of edges) {
      const key = `${edge.from}\n${edge.to}`;
      pairs.set(key, [...(pairs.get(key) ?? []), edge]);
    }
    return [...pairs.values()].map((pair) => `  ${short(pair[0].from)}:${Math.min(...pair.map(({ line }) => line))} → ${short(pair[0].to)}  (${pair.map(({ name }) => name).join(', ')})`).sort();
  };
  const open = lines(opening(circle));
  return [`circle of ${circle.files.length} files:`, ...lines(circle.imports), ` without ${open.length === 1 ? 'this one' : `these ${open.length}`} there is none:`, ...open].join('\n');
}
