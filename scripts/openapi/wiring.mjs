// Makes the tools of a generated file part of a connector: two lines, in src/lib.rs and in src/connector.rs beside it.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Declares the module of `file` and adds its tools to the connector, unless that has been done.
 * @returns {string[] | undefined} the files that were changed; nothing where that has to be done by hand
 */
export function wire(file) {
  const folder = path.dirname(file);
  const module = moduleOf(file);
  if (!/^[a-z][a-z0-9_]*$/.test(module)) return undefined;
  const files = [['lib.rs', withModule], ['connector.rs', withTools]].map(([name, change]) => {
    const text = readIfThere(path.join(folder, name));
    return { name, text, wanted: text === undefined ? undefined : change(text, module) };
  });
  // Both or none: half of it does not compile.
  if (files.some(({ wanted }) => wanted === undefined)) return undefined;
  const changed = files.filter(({ text, wanted }) => wanted !== text);
  for (const { name, wanted } of changed) writeFileSync(path.join(folder, name), wanted);
  return changed.map(({ name }) => name);
}

/** What is to be written by hand where `wire` finds no place for it. */
export function byHand(file) {
  const module = moduleOf(file);
  return `Make its tools part of the connector: declare the module, \`mod ${module};\`, and call \`${module}::add_to(connector)\` where the connector is made.`;
}

const moduleOf = (file) => path.basename(file, '.rs');

/** Returns the text of lib.rs with the module, or nothing where it declares none, or what is around them is not certain. */
export function withModule(text, module) {
  const code = codeOf(text);
  if (code === undefined) return undefined;
  if (new RegExp(`\\bmod ${module}\\s*;`).test(code)) return text;
  if (new RegExp(`\\bmod ${module}\\b`).test(code)) return undefined;
  const modules = [...code.matchAll(/^(?:pub(?:\([a-z]+\))? )?mod (\w+);[^\S\n]*(?:\n|$(?![^]))/gm)].filter(({ index }) => isOutside(code, index));
  if (modules.length === 0) return undefined;
  // In the order of rustfmt. After another module, since what is before one may belong to it.
  const next = modules.findIndex(([, name]) => name > module);
  const previous = modules.at(next < 0 ? -1 : next - 1);
  const at = next === 0 ? beginOf(text, code, modules[0].index) : previous.index + previous[0].length;
  if (at === undefined) return undefined;
  const before = text.slice(0, at);
  return `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}mod ${module};\n${text.slice(at)}`;
}

/** Returns the text of connector.rs with `Connector::new(…)` inside `add_to(…)`, or nothing where that is not there once. */
export function withTools(text, module) {
  const code = codeOf(text);
  if (code === undefined) return undefined;
  if (new RegExp(`\\b${module}::add_to\\(`).test(code)) return text;
  const [found, ...more] = [...code.matchAll(/(?<!\w)(?:(?:::)?\bmcp_connector::)?\bConnector::new\(/g)];
  // Of a longer path, only the end was found.
  if (found === undefined || more.length > 0 || code.slice(0, found.index).trimEnd().endsWith('::')) return undefined;
  const from = found.index;
  const to = endOfCall(code, from + found[0].length);
  return to && `${text.slice(0, from)}crate::${module}::add_to(${text.slice(from, to)})${text.slice(to)}`;
}

/** Returns where the call ends whose arguments begin at `at`. */
function endOfCall(code, at) {
  let open = 1;
  for (const { 0: token, index } of code.slice(at).matchAll(/[()]/g)) {
    open += token === '(' ? 1 : -1;
    if (open === 0) return at + index + 1;
  }
  return undefined;
}

/** Whether a place is in no block, such as another module or a macro. */
function isOutside(code, at) {
  const count = (marks) => code.slice(0, at).match(marks)?.length ?? 0;
  return count(/[{([]/g) === count(/[})\]]/g);
}

/** Returns where the item at `at` begins, with its attributes and comments. Nothing where they do not have a line each. */
function beginOf(text, code, at) {
  let begin = at;
  while (begin > 0) {
    const above = code.lastIndexOf('\n', begin - 2) + 1;
    const line = code.slice(above, begin).trim();
    const written = text.slice(above, begin).trim();
    if (written === '' || written.startsWith('//!') || /^#!\[.*\]$|;$|^\}$/.test(line)) return begin;
    if (!written.startsWith('//') && !/^#\[.*\]$/.test(line)) return undefined;
    begin = above;
  }
  return begin;
}

/** Comments, strings and characters of Rust. The last alternative is a string without an end. */
const NOT_CODE = /\/\/[^\n]*|\/\*|(?<!\w)[bc]?r(#*)"[^]*?"\1|"(?:[^"\\]|\\[^])*"|'(?:\\[^\n][^'\n]*|[^\\'\n])'|"/gu;

/** Returns Rust with spaces in place of its comments, strings and characters. Nothing where one of them has no end. */
function codeOf(text) {
  let code = '';
  for (let at = 0; ; ) {
    NOT_CODE.lastIndex = at;
    const found = NOT_CODE.exec(text);
    if (found === null) return code + text.slice(at);
    const end = found[0] === '/*' ? endOfComment(text, found.index) : found[0] === '"' ? undefined : NOT_CODE.lastIndex;
    if (end === undefined) return undefined;
    code += text.slice(at, found.index) + text.slice(found.index, end).replace(/[^\n]/g, ' ');
    at = end;
  }
}

/** Returns where the block comment ends that begins at `at`. Others may be inside. */
function endOfComment(text, at) {
  let open = 0;
  for (const { 0: token, index } of text.slice(at).matchAll(/\/\*|\*\//g)) {
    open += token === '/*' ? 1 : -1;
    if (open === 0) return at + index + 2;
  }
  return undefined;
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
