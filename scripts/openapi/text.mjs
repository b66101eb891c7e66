// The words of a document as the generated code takes them. A document comes from somebody else and models read what it says, so
// each text is one paragraph of limited length, without markup and without characters that nobody sees.

/** Longest description of a tool, of an argument, of a field of a result, and longest title, in characters. */
export const LENGTH = { tool: 500, argument: 240, result: 120, title: 60 };

/** Returns `text` as one plain paragraph that ends with a sentence, or '' if nothing is left of it. */
export function sentence(text, max) {
  const plain = paragraph(text);
  if (plain === '') return '';
  const cut = plain.length <= max ? plain : cutAtSentence(plain, max);
  return /[.!?…:)\]"”`]$/.test(cut) ? cut : `${cut}.`;
}

/** Returns `text` without its markup, on one line. */
export function paragraph(text) {
  if (typeof text !== 'string') return '';
  return text
    .normalize('NFC')
    .replace(/```[\s\S]*?(```|$)/g, ' ')
    .replace(/<!--[\s\S]*?(-->|$)/g, ' ')
    .replace(/!\[[^\]]*\]\([^)]*\)/g, ' ')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<\/?[A-Za-z][^<>]*>/g, ' ')
    .replace(/^\s*(#{1,6}|>|[-*+])\s+/gm, '')
    .replace(/^\s*([-=|:]{3,}|\|[-:| ]+\|)\s*$/gm, ' ')
    .replace(/\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]/g, ' ')
    .replace(/\*\*|__/g, '')
    // What is invisible or changes the direction of the text, and control characters.
    .replace(/[\p{Cf}\p{Co}]/gu, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function cutAtSentence(text, max) {
  const within = text.slice(0, max);
  const end = [...within.matchAll(/[.!?](?=\s)/g)].at(-1);
  if (end && end.index > max / 4) return within.slice(0, end.index + 1);
  const space = within.lastIndexOf(' ', max - 1);
  return `${within.slice(0, space > max / 2 ? space : max - 1).replace(/[\s,;:–-]+$/u, '')}…`;
}

/** Returns a title of at most 60 characters. */
export function title(text, fallback) {
  const plain = paragraph(text).replace(/\.$/, '');
  const chosen = plain === '' ? fallback : plain;
  if (chosen.length <= LENGTH.title) return chosen;
  const space = chosen.lastIndexOf(' ', LENGTH.title - 1);
  return `${chosen.slice(0, space > LENGTH.title / 2 ? space : LENGTH.title - 1)}…`;
}

/** Returns a Rust string literal. */
export function literal(text) {
  const escaped = [...text].map((char) => {
    if (char === '"' || char === '\\') return `\\${char}`;
    if (char === '\n') return '\\n';
    if (char === '\t') return '\\t';
    if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/u.test(char)) return `\\u{${char.codePointAt(0).toString(16)}}`;
    return char;
  });
  return `"${escaped.join('')}"`;
}

/** Returns a string literal over several lines, as the second argument of a function that a body ends with. */
export function longLiteral(text) {
  const width = 108;
  if (text.length <= 60) return literal(text);
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== '' && line.length + word.length >= width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return literal(lines.join(' \u0000')).replaceAll('\\u{0}', '\\\n         ');
}

/** Returns a raw string literal of Rust. */
export function rawLiteral(text) {
  let hashes = '#';
  while (text.includes(`"${hashes}`)) hashes += '#';
  return `r${hashes}"${text}"${hashes}`;
}

/** Returns lines of comment with `text`, none longer than 120 columns. Whatever the text is, all of it is comment. */
export function comment(text, { prefix = '///', indent = '' } = {}) {
  const width = 120 - indent.length - prefix.length - 1;
  const lines = [''];
  for (const word of text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ').split(' ')) {
    const line = lines.at(-1);
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `${indent}${prefix} ${line}`.trimEnd()).join('\n');
}
