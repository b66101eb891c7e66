// The generated file as parts that can be edited. A line `// -- NAME HASH` begins each; the hash is that of the part as it was
// generated, so that an edit is seen without anything kept beside the file.
import { createHash } from 'node:crypto';

const MARK = /^\/\/ -- (\S+)(?: ([0-9a-f]{12}))?$/;
/** The parts that are written anew each time. */
const ALWAYS = new Set(['imports', 'tools', 'left-out']);

/** Returns the hash of a part. The form of the code (rustfmt) is no edit. */
export function hashOf(text) {
  return createHash('sha256').update(text.replace(/[\s,]/g, '')).digest('hex').slice(0, 12);
}

/** Returns the parts of a file: `{ name, hash, text }`, and first the one without a name, before the first mark. */
export function parse(source) {
  const parts = [{ name: '', text: '' }];
  for (const line of source.split('\n')) {
    const mark = MARK.exec(line);
    if (mark) parts.push({ name: mark[1], hash: mark[2], text: '' });
    else parts.at(-1).text += `${line}\n`;
  }
  return parts.map((part) => ({ ...part, text: part.text.trim() }));
}

/** Returns the file of `parts`. */
export function write(parts) {
  return `${parts.map(({ name, hash, text }) => (name === '' ? text : `// -- ${name}${hash ? ` ${hash}` : ''}\n${text}`.trimEnd())).join('\n\n')}\n`;
}

/** Begins the comment that names the tools of a run. */
export const TOOLS_MADE = 'Made so far. A tool that you delete, with its line in `TOOLS`, is not made again:';

/** The names of the tools that an earlier run has made, those that the author has deleted included. */
export function toolNames(parts) {
  const textOf = (wanted) => parts.find(({ name }) => name === wanted)?.text ?? '';
  // The first version named them at the end of the comment at the head.
  return listed(textOf('tools'), '//', TOOLS_MADE) ?? listed(textOf(''), '//!', 'Tools:') ?? [];
}

/** Returns the names that follow `title` in a comment, whose further lines are indented. Nothing where there is no such comment. */
function listed(text, prefix, title) {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => `${line} `.startsWith(`${prefix} ${title} `));
  if (first < 0) return undefined;
  const more = lines.slice(first + 1).findIndex((line) => !line.startsWith(`${prefix}   `));
  const names = lines.slice(first, more < 0 ? undefined : first + 1 + more).join(' ').replace(title, '');
  return names.match(/\w+/g) ?? [];
}

/**
 * Brings what was generated now (`fresh`) into what is there (`present`). A part that somebody has edited stays as it is, and so
 * does one of their own, without a hash. Returns the parts and what there is to say.
 */
export function merge(present, fresh) {
  const report = { added: [], changed: [], removed: [], kept: [], conflicts: [] };
  const before = new Map(present.map((part) => [part.name, part]));
  const parts = fresh.map((part) => {
    const old = before.get(part.name);
    before.delete(part.name);
    if (part.name === '' || ALWAYS.has(part.name)) return part;
    if (old === undefined) report.added.push(part.name);
    else if (old.hash === undefined || old.hash !== hashOf(old.text)) {
      if (old.hash !== part.hash) report.conflicts.push({ name: part.name, yours: old.text, generated: part.text });
      else report.kept.push(part.name);
      // The hash of what was generated now: the next run only tells what has changed since.
      return { ...old, hash: old.hash === undefined ? undefined : part.hash };
    } else if (old.hash !== part.hash) report.changed.push(part.name);
    return part;
  });
  for (const old of before.values()) {
    if (old.name === '' || ALWAYS.has(old.name)) continue;
    if (old.hash !== undefined && old.hash === hashOf(old.text)) report.removed.push(old.name);
    else {
      const last = parts.findIndex(({ name }) => name === 'tools');
      parts.splice(last < 0 ? parts.length : last, 0, old);
      if (old.hash !== undefined) report.conflicts.push({ name: old.name, yours: old.text, generated: undefined });
      else report.kept.push(old.name);
    }
  }
  return { parts, report };
}
