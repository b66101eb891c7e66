// From a document to a connector: `npm run new -- FOLDER --openapi SPEC`, and `npm run openapi -- SPEC --update FILE` in a project.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { withModule, withTools } from '../openapi/wiring.mjs';
import { ensureOpenApiPackages } from '../setup/packages.mjs';
import { ensureRust } from '../setup/rust.mjs';
import { root } from '../support/paths.mjs';

const scratch = mkdtempSync(path.join(tmpdir(), 'openapi-project-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
before(ensureOpenApiPackages);
before(ensureRust);

const LIBRARY = path.join(root, 'scripts/tests/fixtures/openapi/library.yaml');

/** A connector as the starter makes one, whatever this fork has in its src/. */
const STARTER = {
  lib: '//! The Worker. `connector.rs` is the file to edit.\n\nmod connector;\n\nmcp_connector::serve!(connector::connector);\n',
  connector: `use mcp_connector::Connector;

pub(crate) fn connector() -> Connector {
    Connector::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
        .title("Notes")
        .description("Keeps short notes for the person who signs in.")
}
`,
};

/** Runs a script as npm does in the folder where somebody typed it. */
function run(script, ...args) {
  return runWith({}, script, ...args);
}

function runWith(variables, script, ...args) {
  return spawnSync(process.execPath, [path.join(root, 'scripts', script), ...args], { cwd: root, encoding: 'utf8', env: { ...process.env, INIT_CWD: scratch, ...variables } });
}

describe('a project with the tools of a document', () => {
  const file = (name) => path.join(scratch, 'city-library', name);
  const read = (name) => readFileSync(file(name), 'utf8');
  let made;
  before(() => {
    made = run('new.mjs', 'city-library', '--path', '--no-install', '--openapi', LIBRARY, '--tag', 'loans', '--tag', 'books');
    assert.equal(made.status, 0, made.stderr);
  });

  test('has these tools, and no line to write before it compiles', () => {
    assert.match(read('src/api.rs'), /^\/\/! Tools for City Library API 2\.4\.0/);
    assert.match(read('src/lib.rs'), /^mod api;\nmod connector;$/m);
    assert.match(read('src/connector.rs'), /crate::api::add_to\(Connector::new\(env!\("CARGO_PKG_NAME"\), env!\("CARGO_PKG_VERSION"\)\)\)\n\s+\.title\("City Library API"\)/);
  });

  test('has the unit tests of the starter, without which `npm test` fails', () => {
    const tests = read('src/connector.rs').split(/^#\[cfg\(test\)\]\nmod tests \{$/m)[1];
    assert.deepEqual([...tests.matchAll(/#\[test\]\n\s+fn (\w+)\(\)/g)].map(([, name]) => name), ['the_connector_has_no_errors', 'wrangler_toml_has_what_the_connector_needs']);
    assert.match(tests, /assert_eq!\(connector\(\)\.check\(\), \[\]\);/);
    assert.match(tests, /check_wrangler_toml\(&connector\(\), include_str!\("\.\.\/wrangler\.toml"\)\)/);
  });

  test('has nothing of the starter that is gone', () => {
    for (const name of ['src/notes.html', 'tests/notes.test.mjs']) assert.ok(!existsSync(file(name)), name);
    for (const name of ['README.md', 'tests/connector.test.mjs', 'src/connector.rs']) assert.doesNotMatch(read(name), /whoami|echo|notes/i, name);
  });

  test('says how to bring in a newer document, with its place as the project sees it', () => {
    const [, source, more] = /npm run openapi -- (\S+) (.*)$/m.exec(read('src/api.rs'));
    assert.equal(path.resolve(file('.'), source), LIBRARY);
    assert.equal(more, '--tag loans --tag books --update src/api.rs');
  });

  test('names the secrets where they are set, without values, and for its owner only', () => {
    assert.equal(read('.dev.vars'), '# A key of City Library API.\nLIBRARY_KEY=\n# A token of City Library API.\nLIBRARY_TOKEN=\n'.replaceAll('LIBRARY_', 'CITY_LIBRARY_'));
    assert.equal(statSync(file('.dev.vars')).mode & 0o777, 0o600);
    assert.ok(read('.dev.vars.example').endsWith(read('.dev.vars')));
    assert.deepEqual(Object.keys(JSON.parse(read('package.json')).cloudflare.bindings), ['OWNER_PASSPHRASE', 'OAUTH_KV', 'CITY_LIBRARY_KEY', 'CITY_LIBRARY_TOKEN']);
  });

  test('ends with a call to try, and with what is still to set', () => {
    assert.match(made.stdout, /npm run call -- list_books\n/);
    assert.match(made.stdout, /need CITY_LIBRARY_KEY and CITY_LIBRARY_TOKEN: write the values into \.dev\.vars/);
  });

  test('is formatted where Rust is installed, but not on the PATH', () => {
    const home = path.join(scratch, 'cargo');
    mkdirSync(path.join(home, 'bin'), { recursive: true });
    const folders = process.env.PATH.split(path.delimiter);
    for (const program of ['cargo', 'rustc', 'rustfmt']) {
      symlinkSync(folders.map((folder) => path.join(folder, program)).find((place) => existsSync(place)), path.join(home, 'bin', program));
    }
    const others = folders.filter((folder) => !['cargo', 'rustc', 'rustfmt'].some((program) => existsSync(path.join(folder, program))));
    const { status, stderr } = runWith({ PATH: others.join(path.delimiter), CARGO_HOME: home }, 'new.mjs', 'without-path', '--path', '--no-install', '--openapi', LIBRARY, '--tag', 'loans', '--tag', 'books');
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /rustfmt did not format/);
    assert.equal(readFileSync(path.join(scratch, 'without-path/src/api.rs'), 'utf8'), read('src/api.rs'));
  });

  test('is not begun if the document cannot be used', () => {
    writeFileSync(path.join(scratch, 'bad.json'), '{"openapi": ');
    for (const [args, message] of [
      [['--openapi', 'nowhere.yaml'], /There is no file nowhere\.yaml/],
      [['--openapi', 'bad.json'], /is neither JSON nor YAML/],
      [['--openapi'], /^Usage: npm run new/m],
      [['--openapi', LIBRARY, '--update', 'api.rs'], /has no file to update/],
    ]) {
      const { status, stderr } = run('new.mjs', 'other', '--path', '--no-install', ...args);
      assert.notEqual(status, 0);
      assert.match(stderr, message);
      assert.ok(!existsSync(path.join(scratch, 'other')), 'no folder is made');
    }
  });
});

describe('a file that --update writes for the first time', () => {
  const at = (name) => path.join(scratch, 'mine', name);
  beforeEach(() => {
    rmSync(path.join(scratch, 'mine'), { recursive: true, force: true });
    mkdirSync(path.join(scratch, 'mine'));
    writeFileSync(at('lib.rs'), STARTER.lib);
  });

  test('becomes part of the connector', () => {
    writeFileSync(at('connector.rs'), STARTER.connector);
    const { stderr } = run('openapi.mjs', LIBRARY, '--update', 'mine/library_api.rs');
    assert.match(stderr, /Written: mine\/library_api\.rs, lib\.rs, connector\.rs\./);
    assert.match(readFileSync(at('lib.rs'), 'utf8'), /^mod connector;\nmod library_api;$/m);
    assert.match(readFileSync(at('connector.rs'), 'utf8'), /crate::library_api::add_to\(Connector::new\(.*\)\)\)\n/);
  });

  test('is left to do by hand where the connector is made in another way', () => {
    const other = 'pub(crate) fn connector() -> Connector {\n    made_elsewhere()\n}\n';
    writeFileSync(at('connector.rs'), other);
    const { status, stderr } = run('openapi.mjs', LIBRARY, '--update', 'mine/api.rs');
    assert.equal(status, 0);
    assert.match(stderr, /declare the module, `mod api;`, and call `api::add_to\(connector\)`/);
    assert.deepEqual([readFileSync(at('lib.rs'), 'utf8'), readFileSync(at('connector.rs'), 'utf8')], [STARTER.lib, other], 'half of it would not compile');
  });

  test('stays part of it once', () => {
    const once = withTools(STARTER.connector, 'api');
    assert.equal(withTools(once, 'api'), once);
    assert.equal(withModule(withModule(STARTER.lib, 'api'), 'api'), withModule(STARTER.lib, 'api'));
  });

  for (const [what, before, after] of [
    ['after the module before it', '#[cfg(test)]\nmod a;\n#[cfg(test)]\nmod fixtures;\n', '#[cfg(test)]\nmod a;\nmod api;\n#[cfg(test)]\nmod fixtures;\n'],
    ['before the attributes and comments of the first', '//! The Worker.\n#![no_std]\n/// For tests.\n#[cfg(test)] // only\nmod fixtures;\n', '//! The Worker.\n#![no_std]\nmod api;\n/// For tests.\n#[cfg(test)] // only\nmod fixtures;\n'],
    ['after a comment in its line', 'mod a; // first\nmod b;\n', 'mod a; // first\nmod api;\nmod b;\n'],
    ['at the end of a file without a line break', 'mod a;', 'mod a;\nmod api;\n'],
    ['beside what is only in a comment', '// mod api;\n/* mod api; */\n\nmod connector;\n', '// mod api;\n/* mod api; */\n\nmod api;\nmod connector;\n'],
    ['in no other module', 'mod a {\nmod b;\n}\nmod connector;\n', 'mod a {\nmod b;\n}\nmod api;\nmod connector;\n'],
  ]) test(`the module is declared ${what}`, () => assert.equal(withModule(before, 'api'), after));

  for (const [what, text] of [
    ['has an attribute of several lines', '#[cfg(\n    test\n)]\nmod fixtures;\n'],
    ['has a block comment', '/**\n For tests.\n*/\nmod fixtures;\n'],
    ['has the module in place', 'mod api {}\nmod connector;\n'],
    ['only declares modules in strings', 'const A: &str = "\nmod connector;\n";\n'],
    ['has a comment without an end', '/* /* */\nmod connector;\n'],
  ]) test(`a lib.rs that ${what} is not touched`, () => assert.equal(withModule(text, 'api'), undefined));

  for (const [what, text] of [
    ['is made twice', 'a(Connector::new("a", "1"));\nb(Connector::new("b", "1"));'],
    ['is only in a comment', '// Connector::new("a", "1")'],
    ['is only in a string', 'r#"Connector::new("a", "1")"#'],
    ['has no end', 'Connector::new("a)", "1"'],
    ['is of another crate', 'other::Connector::new("a", "1")'],
    ['is of a path over two lines', 'mcp_connector::\n    Connector::new("a", "1")'],
    ['is of another type', 'MyConnector::new("a", "1")'],
  ]) test(`a connector that ${what} is not touched`, () => assert.equal(withTools(text, 'api'), undefined));

  for (const call of [
    String.raw`Connector::new("a \")", version())`,
    `Connector::new(name(')'), '\\'', "1")`,
    `Connector::new(name::<'static>('('), /* ) */ r#"")"#)`,
    'mcp_connector::Connector::new("a", "1")',
    '::mcp_connector::Connector::new("a", // :)\n    "1")',
  ]) test(`the tools are added to ${call}`, () => assert.equal(withTools(`fn a<'a>() { ${call}.title("A") }`, 'api'), `fn a<'a>() { crate::api::add_to(${call}).title("A") }`));

  test('tools that are only added in a comment are added', () => {
    assert.equal(withTools('// crate::api::add_to(\nConnector::new("a", "1")', 'api'), '// crate::api::add_to(\ncrate::api::add_to(Connector::new("a", "1"))');
  });
});
