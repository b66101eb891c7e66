// `npm run openapi -- SPEC > src/api.rs`: makes tools of an OpenAPI document, as Rust to edit. What it says of its work goes to
// standard error, so that standard output is the file.
import { fstatSync, ftruncateSync, mkdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { generate } from './openapi/generate.mjs';
import { readOptions } from './openapi/options.mjs';
import { byHand, wire } from './openapi/wiring.mjs';
import { ensureOpenApiPackages } from './setup/packages.mjs';
import { ensureRust } from './setup/rust.mjs';
import { main } from './support/log.mjs';
import { endOnSignals } from './support/processes.mjs';

const USAGE = `Usage: npm run openapi -- SPEC [OPTIONS] > src/api.rs
       npm run openapi -- SPEC [OPTIONS] --update src/api.rs

  SPEC             an OpenAPI 3.0 or 3.1 document, JSON or YAML: a file or a URL
  --tag TAG        only the operations with this tag; may be repeated
  --read-only      only the operations that change nothing
  --search         three tools instead of one for each operation: to find one, to call one that reads, to call one that writes
  --name NAME      a short name of the API, for scopes, secrets and the tools of --search
  --server URL     the address of the API, instead of the one in the document
  --bearer SECRET  sends the secret of this name as a bearer token, where the document says nothing of credentials
  --accounts       OAuth in the document is the account of the person who is calling, instead of a token of yours
  --update FILE    writes FILE and makes its tools part of the connector; if FILE is there already, brings what is new in the
                   document into it, keeps what you have edited, and shows the difference
  --diff FILE      shows what --update would change, and changes nothing
  --lenient        goes on where the document is not valid`;

// npm's output, and that of the steps of an installation, is no part of the file.
console.log = console.error;

await main(async () => {
  endOnSignals(() => 130);
  const options = readOptions(process.argv.slice(2), USAGE);
  await ensureOpenApiPackages();
  await ensureRust();
  const cwd = process.env.INIT_CWD ?? process.cwd();
  const file = options.file && path.resolve(cwd, options.file);
  const before = file && readIfThere(file);
  const { text, report, secrets } = await generate(options, { cwd, before });
  const names = Object.keys(secrets).filter((name) => before === undefined || isNew(name, before, text));
  if (names.length > 0) console.error(`  Set ${names.join(' and ')}: in .dev.vars for npm start, and with npx wrangler secret put ${names.at(-1)} before you deploy.`);
  if (!file) return print(text);
  if (options.writes && before === undefined) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    const changed = wire(file);
    return console.error(changed === undefined ? `  ${byHand(file)}` : `  Written: ${[options.file, ...changed].join(', ')}.`);
  }
  // Its package may just have been installed.
  const { tell } = await import('./openapi/difference.mjs');
  tell(options.file, before, text, report);
  if (options.writes) writeFileSync(file, text);
});

/** Whether only the new text names a secret. An update may rename one, unless the part with it has been edited. */
function isNew(name, before, text) {
  const names = (code) => code.includes(`"${name}"`);
  return names(text) && !names(before);
}

/** Writes the file to standard output. npm has said there what it runs, and in a file that is no Rust: the file begins here. */
function print(text) {
  const isFile = fstatSync(1).isFile();
  if (isFile) ftruncateSync(1, 0);
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += isFile ? writeSync(1, bytes, written, bytes.length - written, written) : writeSync(1, bytes, written);
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
