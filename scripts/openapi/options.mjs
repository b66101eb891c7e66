// What can be asked of `npm run openapi`, and of `npm run new -- FOLDER --openapi`.
import { parseArgs } from 'node:util';
import { Stop } from '../support/log.mjs';

const text = { type: 'string' };
const flag = { type: 'boolean' };
const OPTIONS = { tag: { ...text, multiple: true }, 'read-only': flag, search: flag, name: text, server: text, bearer: text, accounts: flag, update: text, diff: text, lenient: flag, help: { ...flag, short: 'h' } };

/**
 * Returns what the arguments ask for, as `generate` takes it: `file` is that of `--update` and `--diff`, and `writes` tells the two
 * apart. Without sense in them, the script ends with `usage`.
 */
export function readOptions(argv, usage) {
  let parsed;
  try {
    parsed = parseArgs({ args: argv, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new Stop(`${error.message}\n\n${usage}`, 2);
  }
  const { values, positionals } = parsed;
  if (values.help) throw new Stop(usage, 0);
  if (positionals.length !== 1 || (values.update && values.diff)) throw new Stop(usage, 2);
  if (values.name !== undefined && !/^[a-z][a-z0-9-]{0,31}$/.test(values.name)) throw new Stop('--name is lower-case letters, digits and hyphens, at most 32, the first a letter.', 2);
  if (values.bearer !== undefined && !/^[A-Z][A-Z0-9_]{0,63}$/.test(values.bearer)) throw new Stop('--bearer is the name of a secret: capital letters, digits and underscores, such as GITHUB_TOKEN.', 2);
  return {
    source: positionals[0],
    tags: values.tag ?? [],
    readOnly: values['read-only'] === true,
    search: values.search === true,
    name: values.name,
    server: values.server,
    bearer: values.bearer,
    accounts: values.accounts === true,
    lenient: values.lenient === true,
    file: values.update ?? values.diff,
    writes: values.update !== undefined,
  };
}
