// The whole generated file: what it says of itself, its imports, the connection, the tools, the types, and what was left out.
import { connections } from './connection.mjs';
import { hashOf, TOOLS_MADE } from './parts.mjs';
import { searchParts } from './search.mjs';
import { toolParts } from './tools.mjs';
import { comment, literal, paragraph } from '../text.mjs';

/** Where the names come from that the generated code uses. */
const IMPORTS = {
  'mcp_connector::openapi': ['Answer', 'Api', 'CallOperation', 'FindOperations', 'Map', 'Operation', 'Parameter', 'Value', 'openapi'],
  mcp_connector: ['CallToolResult', 'Connector', 'Context', 'Scope', 'Tool', 'ToolError', 'Upstream'],
  schemars: ['JsonSchema'],
  serde: ['Deserialize', 'Serialize'],
  'std::collections': ['BTreeMap'],
};

/** Returns the parts of the file for `operations`. */
export function fileParts({ operations, skipped, scopes, server, about, search, allTools }) {
  const connection = connections(operations, about.title);
  const parts = [];
  if (search) parts.push(...searchParts(operations, about, connection));
  else {
    const { tools, types } = toolParts(operations, connection);
    parts.push(...tools, ...types);
  }
  const address = `/// The address of the API.\nconst BASE: &str = ${literal(server.base)};\n\n/// The only host that the Worker asks.\nconst HOST: &str = ${literal(server.host)};`;
  const constants = scopes.map(({ constant, name, description }) => `const ${constant}: Scope = Scope::new(${literal(name)}, ${literal(description)});`);
  return [
    { name: '', text: head(about, allTools) },
    { name: 'imports', text: '' },
    part('connection', [address, constants.join('\n'), connection.text].filter(Boolean).join('\n\n')),
    ...parts.map(({ name, text }) => part(name, text)),
    { name: 'tools', text: search ? '' : toolsMade(allTools) },
    ...(skipped.length > 0 ? [{ name: 'left-out', text: leftOut(skipped) }] : []),
  ];
}

const part = (name, text) => ({ name, text, hash: hashOf(text) });

/** Writes the parts that follow from the others: the imports, and the list of tools. */
export function complete(parts, { signIn, search }) {
  const body = parts.filter(({ name }) => !['', 'imports', 'tools', 'left-out'].includes(name));
  const tools = search ? [] : body.filter(({ name, text }) => new RegExp(`\\bfn ${name}_tool\\(\\)`).test(text)).map(({ name }) => name);
  const list = `/// The tools.\nconst TOOLS: &[fn() -> Tool] = &[${tools.map((name) => `${name}_tool`).join(', ')}];\n\n`;
  const declared = new Set([...body.map(({ text }) => text).join('\n').matchAll(/^const ([A-Z0-9_]+): Scope =/gm)].map(([, name]) => name));
  const first = signIn.filter((scope) => declared.has(scope));
  const accounts = [...body.map(({ text }) => text).join('\n').matchAll(/^fn (\w+_account)\(\) -> Upstream/gm)].map(([, name]) => `.upstream(${name}())`);
  const begin = `connector.hosts([HOST])${accounts.join('')}${first.length > 0 ? `.sign_in([${first.join(', ')}])` : ''}`;
  const register = search
    ? `/// Adds the tools to \`connector\`.\npub(crate) fn add_to(connector: Connector) -> Connector {\n    ${begin}.tool(find_tool()).tool(read_tool())${body.some(({ text }) => /\bfn write_tool\(\)/.test(text)) ? '.tool(write_tool())' : ''}\n}`
    : `${list}/// Adds the tools to \`connector\`.\npub(crate) fn add_to(connector: Connector) -> Connector {\n    TOOLS.iter().fold(${begin}, |connector, tool| connector.tool(tool()))\n}`;
  const code = [...body.map(({ text }) => text), register].join('\n').replace(/^\s*\/\/.*$/gm, '').replace(/\br(#*)"[\s\S]*?"\1/g, '""').replace(/"(?:[^"\\]|\\[\s\S])*"/g, '""');
  const imports = Object.entries(IMPORTS).map(([crate, names]) => [crate, names.filter((name) => used(code, name))]).filter(([, names]) => names.length > 0);
  return parts.map((one) => {
    if (one.name === 'imports') return { ...one, text: imports.map(([crate, names]) => useOf(crate, names)).join('\n') };
    return one.name === 'tools' ? { ...one, text: [one.text, register].filter(Boolean).join('\n\n') } : one;
  });
}

function used(code, name) {
  if (name === 'openapi') return /\bopenapi::/.test(code);
  return new RegExp(`(?<![:\\w])${name}\\b`).test(code);
}

function useOf(crate, names) {
  const paths = names.map((name) => (name === 'openapi' ? 'self' : name));
  return paths.length === 1 && paths[0] !== 'self' ? `use ${crate}::${paths[0]};` : paths.length === 1 ? `use ${crate};` : `use ${crate}::{${paths.join(', ')}};`;
}

const REASON = 'the names and the words are those of the document';
const LINTS = ['doc_markdown', 'enum_variant_names', 'large_enum_variant', 'struct_excessive_bools', 'struct_field_names', 'upper_case_acronyms'];

function head({ title, version, command, file, search }, allTools) {
  const said = (text) => comment(text, { prefix: '//!' });
  const of = `${title} ${version}`.trim();
  const what = search
    ? `Three tools for the ${allTools.length} operations of ${of}: one finds an operation, one calls those that read, and one calls those that write.`
    : `Tools for ${of}: one for each operation of its OpenAPI document.`;
  return [
    said(what),
    '//!',
    said('`npm run openapi` wrote this file, and you may edit it. This command brings in a newer document and keeps your edits:'),
    '//!',
    '//! ```sh',
    `//! npm run openapi -- ${command} --update ${file}`,
    '//! ```',
    '//!',
    said('A line `// -- NAME HASH` begins each part; the hash shows whether the part has been edited. A part of your own begins with a line without a hash, such as `// -- mine`. This comment and the parts `imports`, `tools` and `left-out` are rewritten each time.'),
    `#![allow(${LINTS.map((lint) => `clippy::${lint}`).join(', ')}, reason = ${literal(REASON)})]`,
  ].join('\n');
}

/** Names the tools that were made, so that one that somebody has deleted is not made again. */
function toolsMade(names) {
  const [first, ...more] = comment(`${TOOLS_MADE} ${names.join(', ')}.`, { prefix: '//' }).split('\n');
  return [first, ...more.map((line) => line.replace('// ', '//   '))].join('\n');
}

function leftOut(skipped) {
  return ['// No tools were made of these operations:', '//', ...skipped.map(({ method, path, reason }) => comment(`${method} ${path}: ${paragraph(reason)}.`, { prefix: '//' }))].join('\n');
}
