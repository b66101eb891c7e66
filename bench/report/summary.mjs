// The one table: each call a row, each column a multiple of the floor, and who is ahead.
import { ratio } from '../numbers.mjs';
import { table, times } from './table.mjs';

const OURS = 'connector';
/** What a sign-in is a multiple of: the floor has none. */
const SIGN_IN_REFERENCE = 'agents-oauth';
/** Quartiles further apart than this part of the median make a value unsure. */
const UNSURE = 0.1;

/**
 * A row of the table.
 * @typedef {object} Row
 * @property {string} label
 * @property {string} unit of the floor's value
 * @property {{column: string, samples: object[]}[]} entries
 * @property {string} reference the column that the others are multiples of
 * @property {string} value the member of a sample that is compared
 * @property {number} [scale] what a sample's value is multiplied with, to be in the unit
 */

/** @returns {Row[]} */
export function rowsOf({ calls, signIns, starts }) {
  const several = new Set(calls.map(({ concurrency }) => concurrency)).size > 1;
  const rows = calls.map(({ call, concurrency, columns }) => ({
    label: several ? `${call}, ${concurrency} at a time` : call,
    unit: 'µs CPU',
    reference: 'floor',
    value: 'cpu',
    entries: columns.filter(({ beside, samples }) => !beside && samples?.length > 0),
  }));
  if (signIns?.columns.length > 0) {
    rows.push({ label: 'sign-in', unit: 'ms CPU', reference: SIGN_IN_REFERENCE, value: 'cpu', entries: signIns.columns });
  }
  if (starts) {
    rows.push({ label: 'spawn to first answer', unit: 'ms', reference: 'floor', value: 'milliseconds', entries: starts });
    rows.push({ label: 'first request', unit: 'ms', reference: 'floor', value: 'first', entries: starts });
    rows.push({ label: 'a later one, not yet warm', unit: 'ms', reference: 'floor', value: 'later', entries: starts });
  }
  return rows;
}

export function summary(results) {
  const { columns: titles, machine } = results;
  const rows = rowsOf(results);
  const measured = titles.filter(({ name }) => name !== 'floor' && rows.some(({ entries }) => entries.some(({ column }) => column === name)));
  const head = ['', 'floor', ...measured.map(({ short }) => short), 'ahead', 'ours ÷ best other'];
  const cells = rows.map((row) => {
    const of = (name) => row.entries.find(({ column }) => column === name)?.samples;
    const floor = of(row.reference);
    const multiples = measured.map(({ name }) => {
      const samples = of(name);
      if (!samples) return '–';
      return floor ? multiple(ratio(samples, floor, row.value)) : absolute(samples, row.value);
    });
    const absoluteFloor = floor ? `${absolute(floor, row.value)} ${row.unit}${row.reference === 'floor' ? '' : ` (${row.reference})`}` : row.unit;
    return [row.label, absoluteFloor, ...multiples, ...standing(row, titles)];
  });
  return [
    `workerd ${machine.workerd}, ${machine.processors} × ${machine.processor}; medians of ${machine.rounds} rounds (starts: ${machine.starts}).`,
    'Multiples of the floor, a JavaScript Worker by hand, in the same round; what is ahead has the least. CPU is the processor time of',
    'the runtime process for each request. ~ marks a value that varied by more than a tenth between the rounds.',
    '',
    table(head, cells),
  ].join('\n');
}

/** Who is ahead among the servers that one would deploy, and how far ours is from the best other one. */
function standing({ entries, value }, titles) {
  const contenders = entries.filter(({ column }) => titles.find(({ name }) => name === column)?.contends);
  if (contenders.length < 2) return ['–', '–'];
  const sorted = contenders.map((entry) => ({ ...entry, ofFirst: ratio(entry.samples, contenders[0].samples, value) })).sort((a, b) => a.ofFirst.median - b.ofFirst.median);
  const short = ({ column }) => titles.find(({ name }) => name === column).short;
  const gap = ratio(sorted[1].samples, sorted[0].samples, value);
  // Where the quartiles leave room for both, none is ahead.
  const ahead = gap.low > 1 ? short(sorted[0]) : `${short(sorted[0])} ≈ ${short(sorted[1])}`;
  const ours = sorted.find(({ column }) => column === OURS);
  if (!ours) return [ahead, '–'];
  const other = sorted.find(({ column }) => column !== OURS);
  return [ahead, `${times(ratio(ours.samples, other.samples, value).median)} × ${short(other)}`];
}

function multiple({ median, low, high }) {
  return `${high - low > UNSURE * median ? '~' : ''}${times(median)}`;
}

function absolute(samples, value) {
  const sorted = samples.map((sample) => sample[value]).sort((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  return middle < 100 ? middle.toFixed(1) : middle.toFixed(0);
}
