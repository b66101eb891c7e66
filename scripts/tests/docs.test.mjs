// The pages for people: their code is code that compiles, their settings are settings that stand somewhere, their links lead
// somewhere.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { STARTER } from '../results/fork.mjs';
import { root } from '../support/paths.mjs';
import { readToml } from '../support/toml.mjs';

const read = (file) => readFileSync(path.join(root, file), 'utf8');
const filesIn = (folder, ending) => readdirSync(path.join(root, folder)).filter((name) => name.endsWith(ending)).map((name) => `${folder}/${name}`);

/** A fork writes a README of its own, about which nothing is known here. */
const TEMPLATE_README = '# A connector for Claude, in one file\n';
const isTemplateReadme = read('README.md').startsWith(TEMPLATE_README);
const README = isTemplateReadme ? ['README.md'] : [];

/** What the README has for the address of a repository that has none. */
const NO_REPOSITORY = 'https://github.com/OWNER/REPOSITORY';

const RECIPES = filesIn('docs/recipes', '.md');
const PAGES = [...README, 'CONTRIBUTING.md', 'CHANGELOG.md', ...filesIn('docs', '.md'), ...RECIPES];
/** Which of the compiled files a page quotes. */
const SOURCES = {
  ...Object.fromEntries(README.map((page) => [page, ['readme.rs']])),
  'docs/guide.md': ['guide.rs', 'hello.rs'],
  'docs/announcements.md': ['announcements.rs'],
  'docs/fastmcp.md': ['wiki.rs'],
  'docs/openapi.md': ['library_api.rs', 'github_search.rs'],
  'docs/people.md': ['moving.rs'],
  'docs/moving.md': ['moving.rs'],
  'docs/views-and-skills.md': ['app_view.rs', 'skill.rs'],
  ...Object.fromEntries(RECIPES.map((page) => [page, [path.basename(page, '.md').replaceAll('-', '_') + '.rs', 'lib.rs']])),
};

/** The code blocks of a page in one language. Without indentation: what is part of a chain may stand deeper in the source. */
function blocks(page, language) {
  const all = [...read(page).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  return all.filter((block) => block[1] === language).map((block) => flush(block[2]));
}

const flush = (text) => text.split('\n').map((line) => line.trim()).join('\n').trim();

describe('the code on a page is compiled and tested', () => {
  for (const [page, files] of Object.entries(SOURCES)) {
    test(page, () => {
      const sources = files.map((file) => flush(read(`examples/recipes/src/${file}`)));
      const quoted = blocks(page, 'rust');
      assert.ok(quoted.length > 0, 'there is code');
      for (const block of quoted) {
        assert.ok(sources.some((source) => source.includes(block)), `these lines stand in ${files.join(' or ')} as they are:\n${block}`);
      }
    });
  }

  test('the page of the recipe for views is the one that it shows', () => {
    const page = flush(read('examples/recipes/src/dice.html'));
    for (const block of blocks('docs/recipes/app-view.md', 'html')) assert.ok(page.includes(block), block);
  });

  test('in no other page there is Rust', () => {
    for (const page of PAGES.filter((page) => !(page in SOURCES))) assert.deepEqual(blocks(page, 'rust'), [], page);
  });

  test('each recipe is a page, a file, and a part of the Worker that the tests call', () => {
    const main = read('examples/recipes/src/lib.rs');
    const modules = [...main.matchAll(/^mod (\w+);$/gm)].map((found) => found[1]).filter((name) => !['announcements', 'github_search', 'guide', 'hello', 'library_api', 'moving', 'readme', 'skill', 'wiki'].includes(name));
    assert.deepEqual(modules.sort(), RECIPES.map((page) => path.basename(page, '.md').replaceAll('-', '_')).sort());
    for (const name of modules) assert.ok(main.includes(`${name}::add_to(connector)`), name);
    for (const page of RECIPES) {
      const name = path.basename(page);
      assert.ok(read('docs/guide.md').includes(`recipes/${name}`), `docs/guide.md leads to ${page}`);
      for (const readme of README) assert.ok(read(readme).includes(page), `the README leads to ${page}`);
    }
  });
});

describe('the settings of a recipe', () => {
  for (const page of RECIPES) {
    test(`${page}: are those with which it is tested`, () => {
      const files = [read('examples/recipes/wrangler.toml'), read('examples/recipes/Cargo.toml')].map(flush);
      for (const block of blocks(page, 'toml')) assert.ok(files.some((file) => file.includes(block)), block);
    });
  }

  test('take the packages that a connector has in the same versions', async () => {
    const version = (dependency) => (typeof dependency === 'string' ? dependency : dependency?.version);
    const { dependencies: ours, workspace } = await readToml('Cargo.toml');
    const { dependencies: theirs } = await readToml('examples/recipes/Cargo.toml');
    for (const [name, dependency] of Object.entries(theirs)) {
      const known = dependency.workspace ? workspace.dependencies[name] : dependency;
      if (name in ours && name !== 'mcp-connector') assert.equal(version(known), version(ours[name]), name);
    }
  });
});

test('every link to a file leads to one', () => {
  for (const page of PAGES) {
    for (const [, target] of read(page).matchAll(/\]\((?!https?:|mailto:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
      assert.ok(existsSync(path.join(root, path.dirname(page), target)), `${page} links to ${target}`);
    }
  }
});

test('every module that the architecture and the page about security name is one', () => {
  const crates = readdirSync(path.join(root, 'crates'));
  const isModule = (name) => {
    const file = name.replaceAll('::', '/');
    return crates.some((crate) => [`${file}.rs`, `${file}/mod.rs`].some((of) => existsSync(path.join(root, 'crates', crate, 'src', of))));
  };
  for (const page of ['docs/architecture.md', 'docs/security.md']) {
    const names = [...read(page).matchAll(/(?<![\w:])[a-z_][a-z_0-9]*(?:::[a-z_][a-z_0-9]*)+(?![\w(:!])/g)].map(([name]) => name);
    assert.notDeepEqual(names, [], page);
    assert.deepEqual([...new Set(names.filter((name) => !isModule(name)))], [], `${page} names modules that are not there`);
  }
});

test('every npm command that a page names is one', () => {
  const { scripts } = JSON.parse(read('package.json'));
  // The change log also names those of the past.
  for (const page of PAGES.filter((page) => page !== 'CHANGELOG.md')) {
    for (const [, name] of read(page).matchAll(/npm run (?:-s )?([\w-]+)/g)) assert.ok(name in scripts, `${page}: npm run ${name}`);
  }
});

test('the README is the one that these tests are about, except in a fork', async () => {
  const { name } = (await readToml('Cargo.toml')).package;
  assert.ok(isTemplateReadme || name !== STARTER);
});

test('the button deploys the repository that package.json names, or says that there is none yet', () => {
  const { repository } = JSON.parse(read('package.json'));
  const readme = read('README.md');
  if (!isTemplateReadme && !readme.includes('deploy.workers.cloudflare.com')) return;
  const buttons = [...readme.matchAll(/https:\/\/deploy\.workers\.cloudflare\.com\/\?url=([^)\s]+)\)/g)].map((found) => found[1]);
  assert.deepEqual(buttons, [repository ?? NO_REPOSITORY]);
  if (repository) assert.ok(!readme.includes(NO_REPOSITORY), 'the placeholder is gone');
});

test('what the button asks for is what signing in needs, without a value that somebody might leave', () => {
  const asked = read('.dev.vars.example').split('\n').filter((line) => line && !line.startsWith('#'));
  assert.deepEqual(asked, ['OWNER_PASSPHRASE=']);
  assert.ok(JSON.parse(read('package.json')).cloudflare.bindings.OWNER_PASSPHRASE.description);
});

test('a hello tool takes no more lines than FastMCP takes for it', () => {
  // The same tool there: its decorator, its signature, what it says about itself, and its answer. Imports and the server are
  // counted on neither side.
  const theirs = ['@mcp.tool', 'def hello(name: str) -> str:', '    """Say hello."""', '    return f"Hello, {name}!"'];
  const source = read('examples/recipes/src/hello.rs');
  const handler = /^async fn hello[\s\S]*?^\}$/m.exec(source)[0].split('\n');
  const registration = /Tool::new\("hello"[\s\S]*?\n\}/.exec(source)[0].split('\n').slice(0, -1);
  const ours = [...handler, ...registration];
  assert.ok(ours.length <= theirs.length, `${ours.length} lines:\n${ours.join('\n')}`);
  assert.match(ours.join('\n'), /\.title\(.*\.read_only\(\)/, 'and it says what a reviewer asks for');
});
