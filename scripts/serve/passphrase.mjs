// The owner's passphrase for local use: what `npm start` prints and the sign-in page asks for. It comes from the environment,
// else from .dev.vars, where wrangler looks for secrets; without either a random one is written there. Git ignores that file.
import { randomInt } from 'node:crypto';
import { appendFileSync, chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const NAME = 'OWNER_PASSPHRASE';

/** No letters or digits that look like another. 32 of them: five bits each. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz123456789';

/** Four groups of five: 100 bits, more than anybody can try. */
export function randomPassphrase() {
  const group = () => Array.from({ length: 5 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return Array.from({ length: 4 }, group).join('-');
}

/**
 * Finds or makes the passphrase for `directory`, which holds .dev.vars.
 * @returns {{passphrase: string, isGiven: boolean, origin: string, wranglerArguments: string[], forget: () => void}}
 *   `isGiven`: it comes from the environment; `origin` says where it comes from; `forget` removes what only this run needed
 */
export function ensurePassphrase(directory, environment = process.env) {
  const file = path.join(directory, '.dev.vars');
  const given = environment[NAME];
  if (given) return { passphrase: given, isGiven: true, origin: 'from the environment', ...handOver(file, given) };

  const nothing = { isGiven: false, wranglerArguments: [], forget: () => {} };
  const saved = existsSync(file) ? valueIn(readFileSync(file, 'utf8')) : undefined;
  if (saved) return { passphrase: saved, origin: 'from .dev.vars', ...nothing };

  const passphrase = randomPassphrase();
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const lineBreak = before === '' || before.endsWith('\n') ? '' : '\n';
  appendFileSync(file, `${lineBreak}${NAME}="${passphrase}"\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return { passphrase, origin: 'created now, in .dev.vars', ...nothing };
}

/** The passphrase in the text of a .dev.vars file: the last one, as wrangler reads it. */
export function valueIn(text) {
  const lines = [...text.matchAll(/^[ \t]*(?:export[ \t]+)?OWNER_PASSPHRASE[ \t]*=[ \t]*(.*?)[ \t\r]*$/gm)];
  const raw = lines.at(-1)?.[1] ?? '';
  const quoted = /^(["'`])(.*)\1/.exec(raw);
  return quoted ? quoted[2] : raw.replace(/\s+#.*$/, '');
}

/**
 * Hands a passphrase from the environment to wrangler through a file only this user can read: arguments can be read by everybody.
 * wrangler stops reading .dev.vars when it is given files, so that one is named first. It need not exist.
 */
function handOver(file, passphrase) {
  const directory = mkdtempSync(path.join(tmpdir(), 'mcp-connector-'));
  const override = path.join(directory, 'owner.env');
  const quote = ['"', "'", '`'].find((mark) => !passphrase.includes(mark)) ?? '"';
  writeFileSync(override, `${NAME}=${quote}${passphrase}${quote}\n`, { mode: 0o600 });
  return {
    wranglerArguments: ['--env-file', file, '--env-file', override],
    forget: () => rmSync(directory, { recursive: true, force: true }),
  };
}
