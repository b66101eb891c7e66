// The owner's passphrase for local use: what `npm start` prints and the sign-in page asks for. It comes from the environment,
// else from .dev.vars, where wrangler looks for secrets; without either a random one is written there. Git ignores that file.
import { randomInt } from 'node:crypto';
import { appendFileSync, chmodSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { handOver, valuesIn } from './local-secrets.mjs';

const NAME = 'OWNER_PASSPHRASE';

/** No letters or digits that look like another. 32 of them: five bits each. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz123456789';

/** Four groups of five: 100 bits, more than anybody can try. */
export function randomPassphrase() {
  const group = () => Array.from({ length: 5 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return Array.from({ length: 4 }, group).join('-');
}

/** Whether a URL is one of this machine. */
export const isOnThisMachine = (url) => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);

/** The passphrase to send to `url`: the one that is given, or that of `directory` if the connector runs on this machine. */
export function passphraseFor(url, directory, environment = process.env) {
  const file = path.join(directory, '.dev.vars');
  if (environment[NAME]) return environment[NAME];
  return isOnThisMachine(url) && existsSync(file) ? valueIn(readFileSync(file, 'utf8')) : undefined;
}

/**
 * Finds or makes the passphrase for `directory`, which holds .dev.vars. What that file names without a value comes from the
 * environment, if it is there.
 * @returns {{passphrase: string, origin: string, missing: string[], wranglerArguments: string[], refresh: () => void, forget: () => void}}
 *   `origin` says where the passphrase comes from; `missing` names what has no value; `refresh` takes over what has changed in
 *   .dev.vars, while what came from the environment stays; `forget` removes what only this run needed
 */
export function ensurePassphrase(directory, environment = process.env) {
  const file = path.join(directory, '.dev.vars');
  const read = () => valuesIn(existsSync(file) ? readFileSync(file, 'utf8') : '');
  const given = Object.fromEntries([NAME, ...withoutValue(read())].filter((name) => environment[name]).map((name) => [name, environment[name]]));
  const found = () => ({ ...passphraseIn(file, read(), given), missing: withoutValue(read()).filter((name) => !given[name]) });
  const first = found();
  const { refresh, ...handedOver } = handOver(file, given);
  return {
    ...first,
    ...handedOver,
    refresh() {
      Object.assign(this, found());
      refresh();
    },
  };
}

/** What has no value in .dev.vars, except the passphrase. */
const withoutValue = (saved) => [...saved].filter(([name, value]) => value === '' && name !== NAME).map(([name]) => name);

/** Returns the passphrase and where it comes from. Where there is none, it is made and written into `file`. */
function passphraseIn(file, saved, given) {
  if (given[NAME]) return { passphrase: given[NAME], origin: 'from the environment' };
  if (saved.get(NAME)) return { passphrase: saved.get(NAME), origin: 'from .dev.vars' };
  const passphrase = randomPassphrase();
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const lineBreak = before === '' || before.endsWith('\n') ? '' : '\n';
  appendFileSync(file, `${lineBreak}${NAME}="${passphrase}"\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return { passphrase, origin: 'created now, in .dev.vars' };
}

/** The passphrase in the text of a .dev.vars file. */
export const valueIn = (text) => valuesIn(text).get(NAME) ?? '';
