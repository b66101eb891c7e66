// What the doctor shows: nothing from outside steers a terminal, lines keep their width, and every line is explained.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { CHECKLIST } from '../src/checklist.mjs';
import { wantsColour } from '../src/arguments.mjs';
import { lines } from '../src/report.mjs';
import { hiddenIn, plain } from '../src/verdict.mjs';

describe('what is shown', () => {
  test('nothing from outside steers a terminal', () => {
    assert.equal(plain('a\u001b[31mb\u0007\u009bc\u202ed\u200be\u{e0041}f\r\ng'), 'a�[31mb��c�d�e�f��g');
    assert.equal(plain('Müller “ok” 日本 👍'), 'Müller “ok” 日本 👍');
  });

  test('hidden characters are named, line breaks and joined emoji are none', () => {
    assert.deepEqual(hiddenIn('a\u200bb\u{e0041}'), ['U+200B', 'U+E0041']);
    assert.deepEqual(hiddenIn('two\nlines\tand 👩‍💻 ⚠️'), []);
  });

  test('lines keep the width of the terminal, and colour is only used where asked for', () => {
    const finding = {
      id: 'x',
      group: 'Group',
      title: 'Title',
      level: 'fail',
      seen: 'word '.repeat(40).trim(),
      effect: 'shows it. '.repeat(9).trim(),
      fix: 'Mend it.',
    };
    const dull = lines({ colour: false, columns: 80 }).finding(finding);
    assert.ok(
      dull.split('\n').every((line) => line.length <= 80),
      dull,
    );
    assert.ok(!dull.includes('\u001b'));
    assert.match(lines({ colour: true, columns: 80 }).finding(finding), /\u001b\[31mFAIL\u001b\[0m/);
  });

  test('colours are for a terminal whose owner wants them', () => {
    assert.equal(wantsColour({ isTTY: true }, {}), true);
    assert.equal(wantsColour({ isTTY: true }, { NO_COLOR: '' }), true);
    assert.equal(wantsColour({ isTTY: true }, { NO_COLOR: '1' }), false);
    assert.equal(wantsColour({ isTTY: true }, { TERM: 'dumb' }), false);
    assert.equal(wantsColour({}, {}), false);
  });

  test('why many checks were not made is told once in a group', () => {
    const writer = lines({ colour: false });
    const blocked = (group) => ({ group, title: 'Title', level: 'skip', seen: 'not checked: fix “TLS” first.', unasked: true });
    const told = ['Way in', 'Way in', 'Tools'].map((group) => writer.finding(blocked(group)));
    assert.deepEqual(
      told.map((text) => text === undefined),
      [false, true, false],
    );
  });
});

test('docs/doctor.md explains every line, in the order of the list', () => {
  const text = readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8');
  const explained = [...text.matchAll(/^\| \*\*(.+?)\*\* `([a-z-]+)` \|/gm)].map(([, title, id]) => ({ id, title }));
  assert.deepEqual(
    explained,
    CHECKLIST.map(({ id, title }) => ({ id, title })),
  );
});
