// `npm run openapi -- SPEC > src/api.rs`: makes tools of an OpenAPI document, as Rust to edit. What it says of its work goes to
// standard error, so that standard output is the file.
import { fstatSync, ftruncateSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { generate } from './openapi/generate.mjs';
import { ensureOpenApiPackages } from './setup/packages.mjs';
import { ensureRust } from './setup/rust.mjs';
import { main, Stop } from './support/log.mjs';
import { endOnSignals } from './support/processes.mjs';

const USAGE = `Usage: npm run openapi -- SPEC [OPTIONS] > src/api.rs

  SPEC             an OpenAPI 3.0 or 3.1 document, JSON or YAML: a file or a URL
  --tag TAG        only the operations with this tag; may be repeated
  --read-only      only the operations that change nothing
  --search         three tools instead of one for each operation: to find one, to call one that reads, to call one that writes
  --name NAME      a short name of the API, for scopes, secrets and the tools of --search
  --server URL     the address of the API, instead of the one in the document
  --bearer SECRET  sends the secret of this name as a bearer token, where the document says nothing of credentials
  --accounts       OAuth in the document is the account of the person who is calling, instead of a token of yours
  --update FILE    brings what is new in the document into FILE, keeps what you have edited, and shows the difference
  --diff FILE      shows what --update would change, and changes nothing
  --lenient        goes on where the document is not valid`;

// npm's output, and that of the steps of an installation, is no part of the file.
console.log = console.error;

await main(async () => {
  endOnSignals(() => 130);
  const options = settings(process.argv.slice(2));
  await ensureOpenApiPackages();
  await ensureRust();
  const cwd = process.env.INIT_CWD ?? process.cwd();
  const file = options.file && path.resolve(cwd, options.file);
  const before = file && readIfThere(file);
  const { text, report } = await generate(options, { cwd, before });
  if (!file) return print(text);
  // Its package may just have been installed.
  const { tell } = await import('./openapi/difference.mjs');
  tell(options.file, before, text, report);
  if (options.writes) writeFileSync(file, text);
});

/** Writes the file to standard output. npm has said there what it runs, and in a file that is no Rust: the file begins here. */
function print(text) {
  const isFile = fstatSync(1).isFile();
  if (isFile) ftruncateSync(1, 0);
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += isFile ? writeSync(1, bytes, written, bytes.length - written, written) : writeSync(1, bytes, written);
}

function settings(argv) {
  const text = { type: 'string' };
  const flag = { type: 'boolean' };
  let parsed;
  try {
    parsed = parseArgs({ args: argv, options: { tag: { ...text, multiple: true }, 'read-only': flag, search: flag, accounts: flag, name: text, server: text, bearer: text, update: text, diff: text, lenient: flag, help: { ...flag, short: 'h' } }, allowPositionals: true });
  } catch (error) {
    throw new Stop(`${error.message}\n\n${USAGE}`, 2);
  }
  const { values, positionals } = parsed;
  if (values.help) throw new Stop(USAGE, 0);
  if (positionals.length !== 1 || (values.update && values.diff)) throw new Stop(USAGE, 2);
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

/** Reads a file that may not be there. */
function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
