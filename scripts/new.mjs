// `npm run new -- FOLDER`: makes a small project that depends on this repository, by a git tag or by its path. It has the starter
// in src/, settings, and tests; the engine and the commands come as packages.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readOptions } from './openapi/options.mjs';
import { withCargoSource, withNpmSource } from './project/dependency.mjs';
import { engineSource } from './project/engine-source.mjs';
import { callOf, putApiInto } from './project/openapi-connector.mjs';
import { ensureOpenApiPackages } from './setup/packages.mjs';
import { ensureRust } from './setup/rust.mjs';
import { main, step, Stop } from './support/log.mjs';
import { engine } from './support/paths.mjs';
import { endOnSignals, outputOf, run } from './support/processes.mjs';

const USAGE = `Usage: npm run new -- FOLDER [--name NAME] [--git URL] [--tag TAG] [--path] [--no-install] [--openapi SPEC …]

  FOLDER        where the project goes: a folder outside this repository that does not exist, or an empty one
  --name NAME   its name, by default that of the folder: lower-case letters, digits and hyphens
  --git URL     the repository with the engine, by default that of package.json, or the remote \`origin\`
  --tag TAG     which version of it, by default that of this clone
  --path        depends on this folder instead of a git tag, as it does by default where the version of this clone has no tag
  --no-install  does not run \`npm install\` in the project
  --openapi     makes the tools of an OpenAPI document, instead of the notes of the starter. It is the last option: what follows is
                what \`npm run openapi\` takes, such as: --openapi openapi.yaml --tag Comments`;

const TEMPLATE = path.join(engine, 'templates/small');
const PLACEHOLDER = '{{project-name}}';
const manifest = JSON.parse(readFileSync(path.join(engine, 'package.json'), 'utf8'));

/** Where the command was typed. */
const cwd = process.env.INIT_CWD ?? process.cwd();

await main(async () => {
  endOnSignals(() => 130);
  const { folder, name, source, install, openapi } = await settings(process.argv.slice(2));
  // Before anything is written: a document may have mistakes.
  const api = openapi && (await toolsOf(openapi, folder));
  mkdirSync(folder, { recursive: true });
  cpSync(TEMPLATE, folder, { recursive: true });
  // Under its own name, cargo would read it as a package of the engine's repository.
  renameSync(path.join(folder, 'Cargo.toml.liquid'), path.join(folder, 'Cargo.toml'));
  cpSync(path.join(engine, 'src'), path.join(folder, 'src'), { recursive: true });
  // The versions that this version of the engine is tested with.
  cpSync(path.join(engine, 'Cargo.lock'), path.join(folder, 'Cargo.lock'));
  if (api) putApiInto(folder, api);
  for (const file of filesIn(folder)) rewrite(file, (text) => text.replaceAll(PLACEHOLDER, name));
  rewrite(path.join(folder, 'Cargo.toml'), (text) => withCargoSource(text, source));
  rewrite(path.join(folder, 'package.json'), (text) => withNpmSource(text, source));
  // npm would link the folder, without the packages that it needs.
  if ('path' in source) rewrite(path.join(folder, '.npmrc'), (text) => `${text}# The engine is a folder: its files are copied, with the packages that they need.\ninstall-links=true\n`);
  if (install) {
    step('Installing its npm packages');
    await run('npm', ['install'], { cwd: folder, failure: () => 'npm could not install the packages. The project is complete: run `npm install` in it when the reason is gone.' });
  }
  const from = 'path' in source ? `the folder ${source.path}` : `${source.tag} of ${source.git}`;
  console.log(`
  ${name} is in ${folder}, ${filesIn(folder).length} files. Its engine is ${from}.

    cd ${path.relative(process.cwd(), folder) || '.'}${install ? '' : '\n    npm install'}
    npm start

${api ? nextWith(api) : '  src/connector.rs is the file to edit.'}
`);
});

/** Makes the tools of a document. Its place is told as it is seen from the project, where the command is repeated. */
async function toolsOf(openapi, folder) {
  const isUrl = /^https?:\/\//i.test(openapi.source);
  const file = path.resolve(cwd, openapi.source);
  if (!isUrl && !existsSync(file)) throw new Stop(`There is no file ${openapi.source}.`);
  await ensureOpenApiPackages();
  // What is generated is formatted with rustfmt.
  await ensureRust();
  const { generate } = await import('./openapi/generate.mjs');
  const source = isUrl ? openapi.source : path.relative(folder, file).split(path.sep).join('/');
  return generate({ ...openapi, source, file: 'src/api.rs' }, { cwd: folder });
}

function nextWith({ secrets, example }) {
  const names = Object.keys(secrets);
  const missing = names.length > 0 ? `  Its tools need ${names.join(' and ')}: write the value${names.length > 1 ? 's' : ''} into .dev.vars, or put ${names.length > 1 ? 'them' : 'it'} before \`npm start\`.\n` : '';
  return `  When it runs, in a second terminal:

    ${callOf(example)}

${missing}  src/api.rs has the tools, src/connector.rs what you add.`;
}

async function settings(argv) {
  const at = argv.indexOf('--openapi');
  const openapi = at < 0 ? undefined : readOptions(argv.splice(at).slice(1), USAGE);
  if (openapi?.file) throw new Stop(`A new project has no file to update.\n\n${USAGE}`, 2);
  let parsed;
  try {
    const options = { name: { type: 'string' }, git: { type: 'string' }, tag: { type: 'string' }, path: { type: 'boolean' }, 'no-install': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } };
    parsed = parseArgs({ args: argv, options, allowPositionals: true });
  } catch (error) {
    throw new Stop(`${error.message}\n\n${USAGE}`, 2);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    console.log(USAGE);
    throw new Stop('', 0);
  }
  if (positionals.length !== 1 || (values.path && (values.git || values.tag))) throw new Stop(USAGE, 2);
  const folder = path.resolve(cwd, positionals[0]);
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new Stop(`${folder} is not empty: name a folder that does not exist yet.`);
  if (isWithin(folder, engine)) {
    throw new Stop(`${folder} is inside the engine's repository, where cargo takes it for a part of its workspace: name a folder outside, such as ../${path.basename(folder)}.`);
  }
  const name = values.name ?? path.basename(folder);
  // What Workers, cargo and npm all take.
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 54) {
    throw new Stop(`“${name}” cannot be the name of a Worker: use lower-case letters, digits and hyphens, at most 54, the first a letter. Choose one with --name.`);
  }
  if (name === 'mcp-connector') throw new Stop('The engine itself is called mcp-connector. Choose another name with --name.');
  return { folder, name, source: await engineSource(values, { here: relativePath(folder), origin: origin(), version: manifest.version }), install: !values['no-install'], openapi };
}

/** Whether a folder, which need not exist yet, is another one or below it, whatever links lead there. */
function isWithin(folder, other) {
  const from = path.relative(realpathSync(other), realPath(folder));
  return from === '' || !(from === '..' || from.startsWith(`..${path.sep}`) || path.isAbsolute(from));
}

/** The place of a folder, of which the last parts may not exist yet. */
function realPath(folder) {
  return existsSync(folder) ? realpathSync(folder) : path.join(realPath(path.dirname(folder)), path.basename(folder));
}

/** The public repository of the engine, as far as this clone knows it. */
function origin() {
  return manifest.repository?.url ?? manifest.repository ?? outputOf('git', ['remote', 'get-url', 'origin'], { cwd: engine });
}

function relativePath(folder) {
  return path.relative(folder, engine).split(path.sep).join('/');
}

function rewrite(file, change) {
  const before = readFileSync(file, 'utf8');
  const after = change(before);
  if (after !== before) writeFileSync(file, after);
}

/** The files of the project, without what npm and cargo put there. */
function filesIn(folder) {
  const own = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => name !== 'node_modules' && !/(^|-)lock\.json$|\.lock$/.test(name));
  return own.flatMap((entry) => (entry.isDirectory() ? filesIn(path.join(folder, entry.name)) : [path.join(folder, entry.name)]));
}
