// Finds which tests cite which sections of a specification, in JavaScript and in Rust.
//
// A citation is `MCP "Page › Heading"` (or `MCP "Heading"` where one page alone has it), `RFC 7009 §2.2`, `OAuth 2.1 §4.1.3`, or
// `OpenID Connect Core §3.1.2.1`. In comments a heading in quotation marks and parentheses, ("Cancellation"), serves too. It counts for the test
// around it or right below it; otherwise for the suite around it; otherwise for the whole file.

/**
 * @typedef {object} Citation
 * @property {string} document  such as `MCP` or `RFC 7009`
 * @property {string} section   a heading or a number; empty for the whole document
 * @property {string} file
 * @property {number} line
 * @property {string | undefined} test  the title; undefined for the whole file
 * @property {boolean} tested  whether it is in a test, or only in the code that carries it out
 */

const NUMBERED = /\b(RFC ?\d{4}|OAuth 2\.1|OpenID Connect (?:Core|Discovery))((?:,?(?: and)? ?(?:§{1,2}|sections? )[A-Z0-9]+(?:\.\d+)*)*)/g;
const QUOTED = /\bMCP "([^"]+)"((?:,? (?:and )?"[^"]+")*)/g;
const IN_COMMENT = /\(((?:"[^"()]+"(?:, | and )?)+)\)/g;

/** The citations in a line, as `[document, section]`. `known` says whether a quoted text of a comment is a heading of MCP. */
export function citationsIn(line, isComment, known) {
  const found = [];
  for (const [, name, sections] of line.matchAll(NUMBERED)) {
    const document = name.replace(/^RFC ?/, 'RFC ');
    const numbers = [...sections.matchAll(/(?:§{1,2}|sections? )([A-Z0-9]+(?:\.\d+)*)/g)].map((match) => match[1]);
    for (const section of numbers.length > 0 ? numbers : ['']) found.push([document, section]);
  }
  for (const [, first, more] of line.matchAll(QUOTED)) {
    for (const heading of [first, ...[...more.matchAll(/"([^"]+)"/g)].map((match) => match[1])]) found.push(['MCP', heading]);
  }
  if (isComment) {
    for (const [, list] of line.matchAll(IN_COMMENT)) {
      for (const [, heading] of list.matchAll(/"([^"]+)"/g)) if (known(heading)) found.push(['MCP', heading]);
    }
  }
  return found;
}

const indentOf = (line) => line.length - line.trimStart().length;

/** Where the block that begins at a line ends: the code is formatted, so its last line has the indentation of its first. */
function endOf(lines, start) {
  const indent = indentOf(lines[start]);
  if (/\);\s*$|\}\s*$/.test(lines[start]) && !/[{([,]\s*$/.test(lines[start])) return start;
  for (let line = start + 1; line < lines.length; line += 1) {
    if (lines[line].trim() !== '' && indentOf(lines[line]) <= indent && /^\s*[})\]]/.test(lines[line])) return line;
  }
  return lines.length - 1;
}

/** The title of a test as its source has it; what is filled in when it runs is an ellipsis. */
const titleOf = (source) => source.replace(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, '…').replace(/\\(.)/g, '$1');

/** The suites and tests of a JavaScript file. */
function blocksOfJavaScript(lines) {
  const blocks = [];
  lines.forEach((line, start) => {
    const match = /^\s*(describe|test)(?:\.\w+)?\(\s*(?:(['"`])((?:\\.|(?!\2).)*)\2)?/.exec(line);
    if (!match) return;
    const inNext = match[3] === undefined && /\(\s*$/.test(line) ? /^\s*(['"`])(.*)\1,?\s*$/.exec(lines[start + 1])?.[2] : undefined;
    const literal = match[3] ?? inNext;
    blocks.push({ kind: match[1], title: literal === undefined ? undefined : titleOf(literal), start, end: endOf(lines, start) });
  });
  return blocks;
}

/** The tests of a Rust file, and its module of tests. */
function blocksOfRust(lines, isTests) {
  const blocks = [];
  const module = lines.findIndex((line, at) => /^\s*mod \w*tests?\w* \{/.test(line) && /cfg\((all\()?test/.test(lines[at - 1] ?? ''));
  if (module >= 0) blocks.push({ kind: 'describe', start: module, end: endOf(lines, module) });
  if (isTests) blocks.push({ kind: 'describe', start: 0, end: lines.length - 1 });
  lines.forEach((line, at) => {
    if (!/^\s*#\[(?:\w+::)?test\]/.test(line)) return;
    const start = lines.findIndex((one, below) => below > at && /\bfn \w+/.test(one));
    if (start < 0) return;
    blocks.push({ kind: 'test', title: /\bfn (\w+)/.exec(lines[start])[1].replaceAll('_', ' '), start: at, end: endOf(lines, start) });
  });
  return blocks;
}

/**
 * All citations of a file.
 * @param {string} file  its path, as it is shown
 * @param {string} text
 * @param {(heading: string) => boolean} known
 * @returns {Citation[]}
 */
export function citationsOf(file, text, known) {
  const lines = text.split('\n');
  const isRust = file.endsWith('.rs');
  const isTests = !isRust || /(^|\/)(tests|\w+_tests)(\.rs|\/)/.test(file);
  const blocks = isRust ? blocksOfRust(lines, isTests) : blocksOfJavaScript(lines);
  const tests = blocks.filter(({ kind }) => kind === 'test');
  const isComment = (line) => /^\s*(\/\/|\*|\/\*)/.test(line);
  const found = [];
  lines.forEach((line, at) => {
    const cited = citationsIn(line, isComment(line), known);
    if (cited.length === 0) return;
    // A comment belongs to what is right below it.
    let place = at;
    while (isComment(lines[place] ?? '')) place += 1;
    const innermost = (kinds, where) =>
      blocks.filter(({ kind, start, end }) => kinds.includes(kind) && start <= where && where <= end).sort((a, b) => b.start - a.start)[0];
    const test = innermost(['test'], at) ?? tests.find(({ start }) => start === place);
    const suite = innermost(['describe'], at) ?? blocks.find(({ start }) => start === place);
    const isHeader = /^\s*\/\/!/.test(line) || (!isRust && at < lines.findIndex((one) => !isComment(one)));
    const block = isHeader ? undefined : (test ?? suite);
    // The header of a Rust file says what it carries out; its tests hold it.
    const tested = !isRust || Boolean(test ?? suite) || (isHeader && tests.length > 0);
    for (const [document, section] of cited) found.push({ document, section, file, line: at + 1, test: block?.title, tested, tests: tests.length });
  });
  return found;
}
