// Writes docs/conformance.md: which tests hold each section of MCP, of the RFCs and of the other documents that they cite.
// `--check` writes nothing and fails if the page is not current.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { citationsOf } from './conformance/citations.mjs';
import { EXCLUDED, PAGES, isKnown, resolve } from './conformance/sections.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const PAGE = 'docs/conformance.md';
/** So many titles of tests are shown of each file; the others are found there by the citation. */
const SHOWN = 3;
const SPECIFICATION = 'https://modelcontextprotocol.io/specification';
/** The documents that are implemented, with their titles. Others are listed as far as a test cites them. */
const TITLES = {
  'OAuth 2.1': 'draft-ietf-oauth-v2-1',
  'OpenID Connect Core': '',
  'OpenID Connect Discovery': '',
  'RFC 6749': 'The OAuth 2.0 Authorization Framework',
  'RFC 6750': 'Bearer Token Usage',
  'RFC 7009': 'Token Revocation',
  'RFC 7591': 'Dynamic Client Registration',
  'RFC 7636': 'Proof Key for Code Exchange',
  'RFC 8252': 'OAuth 2.0 for Native Apps',
  'RFC 8414': 'Authorization Server Metadata',
  'RFC 8707': 'Resource Indicators',
  'RFC 9068': 'JWT Profile for Access Tokens',
  'RFC 9207': 'Issuer Identification',
  'RFC 9449': 'DPoP',
  'RFC 9700': 'Security Best Current Practice',
  'RFC 9728': 'Protected Resource Metadata',
};

/** The page as the tests make it. */
export function conformancePage() {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'tests', 'crates'], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => /^tests\/.+\.test\.mjs$|\.rs$/.test(file))
    .sort();
  const citations = files.flatMap((file) => {
    try {
      return citationsOf(file, readFileSync(path.join(root, file), 'utf8'), isKnown);
    } catch (error) {
      // A file that git still lists and that is gone.
      if (error.code === 'ENOENT') return [];
      throw error;
    }
  });
  const wrong = [];
  const sections = new Map();
  for (const citation of citations) {
    let { document, section } = citation;
    if (document === 'MCP') {
      try {
        const { page, heading } = resolve(section);
        [document, section] = [`MCP ${page}`, heading];
      } catch (error) {
        wrong.push(`${citation.file}:${citation.line}: ${error.message}`);
        continue;
      }
    }
    const key = `${document}\0${section}`;
    if (!sections.has(key)) sections.set(key, []);
    sections.get(key).push(citation);
  }
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return render(sections);
}

function render(sections) {
  const testsOf = (document, section) => sections.get(`${document}\0${section}`) ?? [];
  const mcp = PAGES.map(({ page, paths, sections: headings }) => {
    const revisions = Object.keys(paths);
    const newest = revisions.at(-1);
    const title = newest ? `[${page}](${SPECIFICATION}/${newest}/${paths[newest]})` : page;
    if (EXCLUDED[page]) return `### ${title}\n\nNot implemented: ${EXCLUDED[page]}.\n`;
    const rows = ['', ...Object.keys(headings)].flatMap((heading) => {
      const cited = testsOf(`MCP ${page}`, heading);
      if (heading === '' && !cited.some(({ tested }) => tested)) return [];
      const reason = EXCLUDED[`${page} › ${heading}`];
      const cell = shown(cited) || (reason ? `– (${reason})` : '**no test**');
      const since = heading === '' ? '' : span(headings[heading], revisions);
      return [`| ${heading === '' ? '*the page as a whole*' : escape(heading)} | ${since} | ${cell} |`];
    });
    return `### ${title}\n\n| Section | Revisions | Tests |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  const documents = [...new Set([...sections.keys()].map((key) => key.split('\0')[0]))].filter((name) => !name.startsWith('MCP ')).sort(byNumber);
  const others = documents.flatMap((document) => {
    const numbers = [...sections.keys()].filter((key) => key.startsWith(`${document}\0`)).map((key) => key.split('\0')[1]).sort(byNumber);
    const rows = numbers.flatMap((section) => {
      const cell = shown(testsOf(document, section));
      const hasParts = numbers.some((other) => other.startsWith(`${section}.`) && shown(testsOf(document, other)));
      // Of a document on which others rest, and of a section whose parts are listed, only what is tested is a row.
      if (!cell && (section === '' || hasParts || !(document in TITLES))) return [];
      return [`| ${section === '' ? '*as a whole*' : `§${section}`} | ${cell || '**no test**'} |`];
    });
    if (rows.length === 0) return [];
    const title = TITLES[document] ? `${document}: ${TITLES[document]}` : document;
    return [`### ${title}\n\n| Section | Tests |\n| --- | --- |\n${rows.join('\n')}\n`];
  });
  return `# Conformance

Which tests hold which section of a specification. \`node scripts/conformance-index.mjs\` makes this page from the citations in the
tests; do not edit it. The tests of a file are found by searching it for the citation, such as \`MCP "Session Management"\` or
\`RFC 7009 §2.2\`. The official conformance suite runs beside them: [\`tests/clients/conformance.test.mjs\`](../tests/clients/conformance.test.mjs).
Besides, every message that the server sends in a behaviour test is validated against the official schema of its revision
([\`tests/support/mcp/schema.mjs\`](../tests/support/mcp/schema.mjs)).

## Model Context Protocol

${mcp.join('\n')}
## OAuth, OpenID Connect, HTTP and JSON

A section is listed if the code or a test cites it.

${others.join('\n')}`;
}

/** The tests in a cell, by file. */
function shown(citations) {
  const byFile = new Map();
  for (const citation of citations.filter(({ tested }) => tested)) {
    if (!byFile.has(citation.file)) byFile.set(citation.file, new Set());
    byFile.get(citation.file).add(citation.test ?? '');
  }
  return [...byFile]
    .map(([file, titles]) => {
      const link = `[${file.replace(/^(tests|crates)\//, '').replace(/\.test\.mjs$/, '')}](../${file})`;
      const named = [...titles].filter(Boolean);
      if (named.length === 0) return link;
      const more = named.length > SHOWN ? ` and ${named.length - SHOWN} more` : '';
      return `${link}: ${named.slice(0, SHOWN).map((title) => `*${escape(title)}*`).join('; ')}${more}`;
    })
    .join('<br>');
}

const escape = (text) => text.replace(/([|*_<>`\\])/g, '\\$1');

/** The revisions that have a section, if not all that have the page. */
function span(those, all) {
  if (those.includes('extension')) return 'extension';
  if (those.length === all.length) return 'all';
  const isUpToNewest = those.at(-1) === all.at(-1);
  if (those.length === 1) return isUpToNewest ? `${those[0]} on` : those[0];
  return isUpToNewest ? `${those[0]} on` : `${those[0]} to ${those.at(-1)}`;
}

/** By the numbers in a text, so that §4.10 follows §4.9. */
function byNumber(one, other) {
  return one.localeCompare(other, 'en', { numeric: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = conformancePage();
  const current = (() => {
    try {
      return readFileSync(path.join(root, PAGE), 'utf8');
    } catch {
      return '';
    }
  })();
  if (!process.argv.includes('--check')) writeFileSync(path.join(root, PAGE), page);
  else if (page !== current) {
    console.error(`${PAGE} is not current: run \`node scripts/conformance-index.mjs\``);
    process.exitCode = 1;
  }
}
