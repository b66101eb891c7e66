// What the doctor prints: one line per check, what follows from it, and a summary; or all of it as JSON.
import { plain } from './verdict.mjs';

const LABEL = { ok: 'ok', note: 'note', fail: 'FAIL', skip: '-' };
const COLOUR = { ok: 32, note: 33, fail: 31, skip: 90 };
const TITLE = 23;
const KINDS = {
  always: 'asks for a sign-in at once',
  lazy: 'answers everybody and asks for a sign-in where it needs one',
  open: 'asks nobody to sign in',
};

/** Makes every text of a finding safe to show, and takes the caller's token out of it. */
export function cleaned(finding, token) {
  const clean = (text) => plain(token ? text.replaceAll(token, '[token]') : text);
  const entries = Object.entries(finding);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.map(clean) : typeof value === 'string' ? clean(value) : value]),
  );
}

/** Counts of each level. */
export function tally(findings) {
  const counts = { ok: 0, note: 0, fail: 0, skip: 0 };
  for (const { level } of findings) counts[level] += 1;
  return counts;
}

/**
 * A writer of findings, as they come.
 * @param {{colour: boolean, columns?: number}} style
 */
export function lines({ colour, columns = 100 }) {
  const paint = (code, text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const width = Math.max(40, Math.min(columns, 120));
  const indent = ' '.repeat(8 + TITLE);
  const part = (label, text) =>
    wrap(text, width - indent.length - label.length).map((line, at) => `${indent}${at === 0 ? label : ' '.repeat(label.length)}${line}`);
  let [group, reasonBefore] = [];
  return {
    /**
     * What is said before anything is asked.
     * @param {string} url
     * @param {{register: boolean}} settings
     */
    start(url, { register }) {
      const registers = register ? ' Where clients can register, two are registered, named “Connector doctor”; --no-register leaves that out.' : '';
      return wrap(`Checking ${url}.${registers}`, width).join('\n');
    },
    /**
     * The lines of one finding. Where one reason keeps many checks from being made, it is told once in a group.
     * @param {import('./checklist.mjs').Finding} finding
     */
    finding(finding) {
      const reason = finding.unasked ? `${finding.group}: ${finding.seen}` : undefined;
      if (reason !== undefined && reason === reasonBefore) return undefined;
      reasonBefore = reason;
      return this.whole(reason === undefined ? finding : { ...finding, title: '…' });
    },
    /** @private */
    whole({ group: name, level, title, seen, effect, fix, details = [] }) {
      const head = name === group ? [] : ['', paint(1, name)];
      group = name;
      const [first, ...rest] = wrap(seen, width - indent.length);
      const mark = paint(COLOUR[level], LABEL[level].padEnd(4));
      return [
        ...head,
        `  ${mark}  ${title.padEnd(TITLE)}${level === 'skip' ? paint(COLOUR.skip, first) : first}`,
        ...rest.map((line) => `${indent}${line}`),
        ...details.flatMap((detail) => part('· ', detail)),
        ...(effect ? part('Then: ', effect) : []),
        ...(fix ? part('Fix: ', fix) : []),
      ].join('\n');
    },
    /** @param {import('./checklist.mjs').Report} report */
    summary({ kind, findings, changes }) {
      const { ok, note, fail, skip } = tally(findings);
      const counts = `${ok} ok, ${note} ${note === 1 ? 'note' : 'notes'}, ${fail} failed, ${skip} not checked`;
      const failed = findings.filter(({ level }) => level === 'fail').map(({ title }) => title);
      const rest = findings.some(({ blocks }) => failed.includes(blocks)) ? ' Then run the doctor again, to see the rest.' : '';
      const what = KINDS[kind] ? `A server that ${KINDS[kind]}. ` : '';
      const end = fail === 0 ? paint(32, 'No check failed.') : paint(31, `To fix, in this order: ${failed.join(', ')}.${rest}`);
      const done = changes.registered > 0 ? ` ${changes.registered === 1 ? 'One client was' : `${changes.registered} clients were`} registered.` : '';
      return `\n${what}${counts}.${done}\n${end}`;
    },
  };
}

/**
 * The whole report as data, as report.schema.json describes it.
 * @param {import('./checklist.mjs').Report} report
 * @param {string} version  of the doctor
 */
export function asData({ url, kind, answered, findings, changes }, version) {
  const counts = tally(findings);
  const level = (finding) => ({ ...finding, details: finding.details ?? [] });
  return {
    format: 1,
    doctor: version,
    url,
    answered,
    kind,
    passed: counts.fail === 0,
    counts,
    changes,
    findings: findings.map(({ blocks, unasked, ...finding }) => level(finding)),
  };
}

function wrap(text, width) {
  const lines = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
