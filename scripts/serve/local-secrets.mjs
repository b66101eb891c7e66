// The secrets of `npm start`: those of .dev.vars, where wrangler looks for them, and those that are only in the environment.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Stop } from '../support/log.mjs';

/** Returns the variables in the text of a .dev.vars file by name. Of two with the same name the last counts, as for wrangler. */
export function valuesIn(text) {
  const lines = text.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(.*?)[ \t\r]*$/gm);
  return new Map([...lines].map(([, name, raw]) => [name, unquoted(raw)]));
}

function unquoted(raw) {
  const quoted = /^(["'`])(.*)\1/.exec(raw);
  return quoted ? quoted[2] : raw.replace(/(^|\s+)#.*$/, '');
}

/**
 * Hands values to wrangler through files only this user can read: arguments can be read by everybody. wrangler stops reading
 * .dev.vars when it is given files, and puts variables into what it reads from those, so a copy of .dev.vars comes first.
 * @returns {{wranglerArguments: string[], refresh: () => void, forget: () => void}} `refresh` copies .dev.vars, which need not
 *   exist, once more; `forget` removes the files
 */
export function handOver(file, values) {
  const texts = Object.entries(values).map(([name, value]) => textOf(name, value));
  if (texts.length === 0) return { wranglerArguments: [], refresh: () => {}, forget: () => {} };
  const directory = mkdtempSync(path.join(tmpdir(), 'mcp-connector-'));
  // One file for each value: where more lines follow, a backslash at the end of one would hide its closing quote.
  const [copy, ...others] = ['dev.vars', ...texts.keys()].map((name) => path.join(directory, `${name}.env`));
  const refresh = () => writeFileSync(copy, existsSync(file) ? unexpanded(readFileSync(file, 'utf8')) : '', { mode: 0o600 });
  refresh();
  for (const [at, text] of texts.entries()) writeFileSync(others[at], text, { mode: 0o600 });
  return {
    wranglerArguments: [copy, ...others].flatMap((place) => ['--env-file', place]),
    refresh,
    forget: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Returns a text in which no `$` begins a variable. */
const unexpanded = (text) => text.replaceAll('$', String.raw`\$`);

/** Returns the file that is read as this value. Nothing can be escaped in it, except line breaks in double quotes. */
function textOf(name, value) {
  const text = unexpanded(value);
  const quote = ["'", '`'].find((mark) => !value.includes(mark) && !value.includes('\r'));
  if (quote) return `${name}=${quote}${text}${quote}\n`;
  if (!/"|\\[nr]/.test(value)) return `${name}="${text.replaceAll('\r', String.raw`\r`)}"\n`;
  if (/^(?!["'`\s])[^#\r\n]*(?<!\s)$/.test(value)) return `${name}=${text}\n`;
  throw new Stop(`The value of ${name} in the environment has quotes of all kinds, or odd line breaks, which the files that wrangler reads cannot hold. Choose another value.`);
}
