// `npm run upgrade [-- TAG]`: moves a small project to another version of the engine, by default the newest. It changes the
// dependency in Cargo.toml and in package.json, and their lock files; nothing else in the project belongs to the engine.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { compareTags, gitUrl, isVersionTag, withCargoSource, withNpmSource } from './project/dependency.mjs';
import { tagsOf } from './project/git-tags.mjs';
import { ensureRust } from './setup/rust.mjs';
import { main, step, Stop } from './support/log.mjs';
import { isPackage, root } from './support/paths.mjs';
import { endOnSignals, run } from './support/processes.mjs';
import { readToml } from './support/toml.mjs';

const USAGE = `Usage: npm run upgrade [-- TAG] [--git URL]

  TAG        the version of the engine to move to, by default the newest
  --git URL  the repository of the engine, if it has moved`;

await main(async () => {
  endOnSignals(() => 130);
  const { tag, git } = settings(process.argv.slice(2));
  if (!isPackage) throw new Stop('This is the repository of the engine, or a fork of it: `git merge` brings a newer version (docs/upgrading.md).');
  const dependency = (await readToml('Cargo.toml')).dependencies?.['mcp-connector'];
  if (dependency?.path) throw new Stop(`This project uses the engine in the folder ${dependency.path}: get the newer version there, then run \`npm install\` here.`);
  if (!dependency?.git) throw new Stop('Cargo.toml does not take mcp-connector from a git repository: change the dependency by hand.');

  const url = git ? gitUrl(git) : dependency.git;
  const tags = (await tagsOf(url)).filter(isVersionTag).sort(compareTags);
  // A preview is only taken where it is named.
  const wanted = tag ?? tags.filter((one) => !one.includes('-')).at(-1);
  if (wanted === undefined) throw new Stop(`${url} has no version tags.`);
  if (tag !== undefined && !tags.includes(tag)) throw new Stop(`${url} has no version ${tag}. The newest are ${tags.slice(-5).join(', ')}.`);
  if (url === dependency.git && wanted === dependency.tag) {
    console.log(`The engine is already ${wanted}, ${tag === undefined ? 'the newest version' : 'as asked'}.`);
    return;
  }

  const changes = [
    ['Cargo.toml', withCargoSource],
    ['package.json', withNpmSource],
  ].map(([name, change]) => {
    const before = readFileSync(path.join(root, name), 'utf8');
    return { name, before, after: change(before, { git: url, tag: wanted }) };
  });
  const put = (version) => changes.forEach((change) => writeFileSync(path.join(root, change.name), change[version]));
  put('after');
  try {
    step(`Fetching ${wanted} of the engine`);
    await ensureRust();
    await run('cargo', ['fetch'], { cwd: root, failure: () => 'cargo could not fetch this version of the engine. Check the network and that the tag exists.' });
    await run('npm', ['install'], { cwd: root, failure: () => 'npm could not fetch this version of the commands. Check the network.' });
  } catch (error) {
    put('before');
    throw new Stop(`${error.message}\nNothing has been upgraded. \`npm install\` puts node_modules back.`);
  }
  console.log(`
  The engine was ${dependency.tag ?? dependency.rev ?? dependency.branch} and is ${wanted} now.

    Cargo.toml, Cargo.lock               the crate mcp-connector
    package.json, package-lock.json      the commands, and wrangler with them

  What has changed between them is in the engine's CHANGELOG.md. Run \`npm test\`; it names a binding that wrangler.toml lacks.
`);
});

function settings(argv) {
  try {
    const { values, positionals } = parseArgs({ args: argv, options: { git: { type: 'string' }, help: { type: 'boolean', short: 'h' } }, allowPositionals: true });
    if (values.help || positionals.length > 1) throw new Error('');
    return { tag: positionals[0], git: values.git };
  } catch (error) {
    throw new Stop(`${error.message ? `${error.message}\n\n` : ''}${USAGE}`, error.message ? 2 : 0);
  }
}
