// The secrets of `npm start`: those of .dev.vars, where wrangler looks for them, and those that are only in the environment.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

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
 * Hands values to wrangler through a file only this user can read: arguments can be read by everybody. wrangler stops reading
 * .dev.vars when it is given files, so that one is named first. It need not exist.
 * @returns {{wranglerArguments: string[], forget: () => void}} `forget` removes the file
 */
export function handOver(file, values) {
  const lines = Object.entries(values).map(([name, value]) => {
    const quote = ['"', "'", '`'].find((mark) => !value.includes(mark)) ?? '"';
    return `${name}=${quote}${value}${quote}\n`;
  });
  if (lines.length === 0) return { wranglerArguments: [], forget: () => {} };
  const directory = mkdtempSync(path.join(tmpdir(), 'mcp-connector-'));
  const override = path.join(directory, 'owner.env');
  writeFileSync(override, lines.join(''), { mode: 0o600 });
  return {
    wranglerArguments: ['--env-file', file, '--env-file', override],
    forget: () => rmSync(directory, { recursive: true, force: true }),
  };
}
