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
    return { name, text, wanted: text && change(text, module) };
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

/** Returns the text of lib.rs with the module, or nothing where it declares none. */
export function withModule(text, module) {
  if (new RegExp(`^\\s*(pub(\\([a-z]+\\))? )?mod ${module};`, 'm').test(text)) return text;
  const modules = [...text.matchAll(/^(?:pub(?:\([a-z]+\))? )?mod (\w+);\n/gm)];
  if (modules.length === 0) return undefined;
  // In the order of rustfmt.
  const next = modules.find(([, name]) => name > module);
  const at = next?.index ?? modules.at(-1).index + modules.at(-1)[0].length;
  return `${text.slice(0, at)}mod ${module};\n${text.slice(at)}`;
}

/** Returns the text of connector.rs with `Connector::new(…)` inside `add_to(…)`, or nothing where that is not there once. */
export function withTools(text, module) {
  if (new RegExp(`\\b${module}::add_to\\(`).test(text)) return text;
  const [found, ...more] = [...text.matchAll(/^(?!\s*\/\/).*?\b(Connector::new\()/gm)];
  if (found === undefined || more.length > 0) return undefined;
  const from = found.index + found[0].length - found[1].length;
  const to = endOfCall(text, from + found[1].length);
  return to && `${text.slice(0, from)}crate::${module}::add_to(${text.slice(from, to)})${text.slice(to)}`;
}

/** Returns where the call ends whose arguments begin at `at`. */
function endOfCall(text, at) {
  let open = 1;
  for (const { 0: token, index } of text.slice(at).matchAll(/"(?:[^"\\]|\\[\s\S])*"|[()]/g)) {
    if (token === '(') open += 1;
    if (token === ')') open -= 1;
    if (open === 0) return at + index + 1;
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
