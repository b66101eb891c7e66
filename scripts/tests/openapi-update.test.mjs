// `npm run openapi -- SPEC --update FILE`: what somebody has edited stays.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ensureOpenApiPackages } from '../setup/packages.mjs';
import { root } from '../support/paths.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'openapi-update-'));
after(() => rmSync(folder, { recursive: true, force: true }));
before(ensureOpenApiPackages);

const file = path.join(folder, 'api.rs');
const operation = (operationId, summary) => ({ get: { operationId, summary, parameters: [{ name: 'q', in: 'query', schema: { type: 'string' } }], responses: { 200: { description: 'Fine.' } } } });

/** Runs the command on a document with these paths, and `more`. */
function run(paths, how, more = {}) {
  writeFileSync(path.join(folder, 'tea.json'), JSON.stringify({ openapi: '3.1.0', info: { title: 'Tea', version: '1' }, servers: [{ url: 'https://tea.example' }], paths, ...more }));
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/openapi.mjs', 'tea.json', how, 'api.rs'], { cwd: root, encoding: 'utf8', env: { ...process.env, INIT_CWD: folder } });
  assert.equal(status, 0, stderr);
  return { stdout, stderr, text: readFileSync(file, 'utf8') };
}

describe('a file that is made again', () => {
  const first = { '/brew': operation('brew', 'Brew tea'), '/pour': operation('pour', 'Pour tea'), '/rinse': operation('rinse', 'Rinse the pot') };

  test('keeps what was edited, replaces the rest, and shows the difference', () => {
    const made = run(first, '--update').text;
    // Edits: words of one tool, one tool deleted, and a part of one's own.
    const marks = made.split(/^(?=\/\/ -- )/m);
    const edited = marks
      .filter((part) => !part.startsWith('// -- rinse '))
      .map((part) => part.replace('"Brew tea."', '"Brew a cup of tea."').replace('    rinse_tool,\n', '').replace(', rinse_tool', ''))
      .join('')
      .replace('// -- tools\n', '// -- mine\nconst CUPS: u8 = 2;\n\n// -- tools\n');
    writeFileSync(file, edited);

    const second = { '/brew': operation('brew', 'Brew tea'), '/pour': operation('pour', 'Pour the tea'), '/rinse': first['/rinse'], '/sip': operation('sip', 'Sip tea') };
    const { text, stdout, stderr } = run(second, '--update');
    assert.ok(text.includes('"Brew a cup of tea."'), 'the edit stays');
    assert.ok(text.includes('"Pour the tea."') && !text.includes('"Pour tea."'), 'what nobody edited is as the document has it now');
    assert.ok(text.includes('fn sip_tool()') && /\bsip_tool[,\]]/.test(text), 'what is new is there');
    assert.ok(!text.includes('fn rinse'), 'what was deleted is not made again');
    assert.ok(text.includes('const CUPS: u8 = 2;'), 'a part of one\'s own stays');
    assert.match(stdout, /^-.*"Pour tea\."/m);
    assert.match(stdout, /^\+.*"Pour the tea\."/m);
    for (const said of [/Added: sip/, /Changed: pour/, /Yours, and left alone: brew, mine/, /Deleted by you, and not made again: rinse/]) assert.match(stderr, said);

    assert.match(run(second, '--update').stdout, /api\.rs is as it would be written now/);
    assert.match(run(second, '--update').stderr, /not made again: rinse/, 'also the next time');

    // The document changes what was edited, and drops an operation.
    const third = { '/brew': operation('brew', 'Brew green tea'), '/sip': second['/sip'] };
    const before = readFileSync(file, 'utf8');
    const shown = run(third, '--diff');
    assert.equal(shown.text, before, '--diff changes nothing');
    assert.match(shown.stderr, /left alone, though the document has changed: brew\n[\s\S]*^-.*a cup of tea[\s\S]*^\+.*green tea/m);
    assert.match(shown.stderr, /Removed, because the document has it no longer: pour/);
  });

  test('that was only formatted in another way was not edited', () => {
    rmSync(file, { force: true });
    const made = run(first, '--update').text;
    writeFileSync(file, made.replace(/\(\n\s*/g, '(').replace(/\n {4}\./g, '.'));
    const { stderr } = run(first, '--update');
    assert.doesNotMatch(stderr, /Yours/);
    assert.equal(readFileSync(file, 'utf8'), made);
  });

  test('by the first version of the command has no deleted tools again', () => {
    rmSync(file, { force: true });
    // That version named the tools in the comment at the head.
    const marks = run(first, '--update').text.split(/^(?=\/\/ -- )/m).filter((part) => !part.startsWith('// -- rinse '));
    const old = marks.join('').replace(/^#!\[allow/m, '//!\n//! Tools: brew, pour,\n//!   rinse.\n$&').replace(/^\/\/ Made so far\..*\n(?:\/\/ {3}.*\n)*/m, '').replace(/,?\s*rinse_tool,?/, '');
    assert.doesNotMatch(old, /rinse_tool|Made so far/);
    writeFileSync(file, old);

    for (const time of ['the first time', 'the next time']) {
      const { text, stderr } = run(first, '--update');
      assert.match(stderr, /Deleted by you, and not made again: rinse/, time);
      assert.ok(!text.includes('fn rinse'), time);
    }
  });

  test('tells the secrets whose names are new, and no others', () => {
    rmSync(file, { force: true });
    const secured = (type) => ({ security: [{ it: [] }], components: { securitySchemes: { it: type } } });
    const key = secured({ type: 'apiKey', in: 'header', name: 'x-key' });
    assert.match(run(first, '--update', key).stderr, /Set TEA_KEY: in \.dev\.vars/);
    assert.doesNotMatch(run(first, '--update', key).stderr, /Set /);
    assert.match(run(first, '--update', secured({ type: 'http', scheme: 'bearer' })).stderr, /Set TEA_TOKEN: in \.dev\.vars/);
  });
});
