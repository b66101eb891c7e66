// docs/conformance.md is what the tests say, and each citation in them means one section.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { conformancePage } from '../conformance-index.mjs';
import { citationsIn, citationsOf } from '../conformance/citations.mjs';
import { EXCLUDED, PAGES, isKnown, resolve } from '../conformance/sections.mjs';

test('docs/conformance.md is current; `node scripts/conformance-index.mjs` makes it', () => {
  assert.equal(readFileSync(new URL('../../docs/conformance.md', import.meta.url), 'utf8'), conformancePage());
});

test('each section that is left out exists', () => {
  for (const name of Object.keys(EXCLUDED)) {
    const [page, heading] = name.split(' › ');
    const found = PAGES.find((one) => one.page === page);
    assert.ok(found && (heading === undefined || heading in found.sections), name);
  }
});

describe('a citation', () => {
  const CASES = [
    ["'RFC 7009 §2.2'", [['RFC 7009', '2.2']]],
    ['// OAuth 2.1 §4.1 and §4.3, RFC 8707', [['OAuth 2.1', '4.1'], ['OAuth 2.1', '4.3'], ['RFC 8707', '']]],
    ['RFC 9110 section 11.6.1', [['RFC 9110', '11.6.1']]],
    [`'MCP "Session Management": gone'`, [['MCP', 'Session Management']]],
    ['// MCP "Tool Names", "Tools › Tool"', [['MCP', 'Tool Names'], ['MCP', 'Tools › Tool']]],
    ['// as people do ("Session Management")', [['MCP', 'Session Management']]],
    ['// as people do ("GET")', []],
    ['nothing of the kind', []],
  ];
  for (const [line, expected] of CASES) {
    test(`is found in ${line}`, () => assert.deepEqual(citationsIn(line, line.startsWith('//'), isKnown), expected));
  }

  test('of a heading that several pages have must name its page', () => {
    assert.throws(() => resolve('Error Handling'), /several pages/);
    assert.deepEqual(resolve('Tools › Error Handling'), { page: 'Tools', heading: 'Error Handling' });
    assert.throws(() => resolve('No Such Heading'), /no page/);
  });

  test('counts for the test around it or below it, else for its suite, else for the file', () => {
    const source = [
      '// The file (RFC 1).',
      '// RFC 7009 §1',
      "import x from 'x';",
      "describe('a suite', () => {",
      "  const ROWS = ['RFC 7009 §2'];",
      '  // RFC 7009 §3',
      "  test('one', () => {",
      "    check('RFC 7009 §4');",
      '  });',
      '  for (const row of ROWS) {',
      '    test(`${row} is two`, () => check("RFC 7009 §5"));',
      '  }',
      '});',
    ].join('\n');
    const found = citationsOf('tests/mcp/x.test.mjs', source, isKnown).map(({ section, test: title }) => [section, title]);
    assert.deepEqual(found, [['1', undefined], ['2', 'a suite'], ['3', 'one'], ['4', 'one'], ['5', '… is two']]);
  });

  test('in Rust counts for its test; the header of a file counts if the file has tests', () => {
    const source = ['//! Revocation (RFC 7009 §1).', 'fn carry_out() {} // RFC 7009 §2', '#[cfg(test)]', 'mod tests {', '    /// RFC 7009 §3', '    #[test]', '    fn is_revoked() {}', '}'].join('\n');
    const found = citationsOf('crates/oauth/src/x.rs', source, isKnown).map(({ section, test: title, tested }) => [section, title, tested]);
    assert.deepEqual(found, [['1', undefined, true], ['2', undefined, false], ['3', 'is revoked', true]]);
  });
});
