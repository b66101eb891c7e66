// The chart of the README: processor time as a multiple of the floor, drawn by Vega-Lite.
import { writeFileSync } from 'node:fs';
import { parse, View } from 'vega';
import { compile } from 'vega-lite';
import { Stop } from '../../scripts/support/log.mjs';
import { ratio } from '../numbers.mjs';

/** What the README shows, and how it calls it. */
const SHOWN = [
  ['initialize', 'initialize'],
  ['list', 'tools/list, five tools'],
  ['legacy-100B', 'tools/call, 100 B'],
  ['legacy-100KB', 'tools/call, 100 KB'],
  ['modern-100B', 'tools/call of 2026-07-28, 100 B'],
  ['token-100B', 'tools/call with a token, 100 B'],
];
/** Readable on white and on the dark ground of a code host: 4.5 to 1 against the one, 4.2 against the other. */
const TEXT = '#6e7781';
const OURS = '#e5661f';
const OTHERS = '#7f9bb8';

const FONT = 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif';

/** Writes the chart of what was measured. */
export async function writeChart(file, { calls, columns }) {
  const parts = SHOWN.map(([name, title]) => ({ title, values: multiples(calls.find(({ call }) => call === name), columns) }));
  const missing = SHOWN.filter((_, i) => parts[i].values.length === 0).map(([name]) => name);
  if (missing.length > 0) throw new Stop(`The chart needs the column floor and these calls: ${missing.join(', ')}`);
  const most = Math.max(...parts.flatMap(({ values }) => values.map(({ multiple }) => multiple)));
  const { spec } = compile({
    background: null,
    title: { text: 'CPU per request, where a JavaScript Worker written by hand takes 1', anchor: 'start', fontSize: 14, offset: 14 },
    columns: 2,
    spacing: { row: 16, column: 28 },
    concat: parts.map((part) => bars(part, most)),
    config: {
      font: FONT,
      view: { stroke: null },
      axis: { labelColor: TEXT, labelFontSize: 11 },
      title: { color: TEXT },
    },
  });
  const svg = await new View(parse(spec), { renderer: 'none' }).toSVG();
  writeFileSync(file, `${svg}\n`);
}

/** The multiples of the floor of a call; none if it or the floor was not measured. */
function multiples(block, columns) {
  const floor = block?.columns.find(({ column, samples }) => column === 'floor' && samples);
  if (!floor) return [];
  const contends = ({ column, beside, samples }) => !beside && samples && columns.find(({ name }) => name === column).contends;
  return block.columns.filter(contends).map(({ column, samples, title }) => ({
    server: title,
    ours: column === 'connector',
    multiple: ratio(samples, floor.samples).median,
  }));
}

/** One call: a bar for each server, the least on top. All calls have the same scale. */
function bars({ title, values }, most) {
  const sorted = [...values].sort((a, b) => a.multiple - b.multiple);
  const x = { field: 'multiple', type: 'quantitative', title: null, axis: null, scale: { domain: [0, most] } };
  return {
    title: { text: title, anchor: 'start', fontSize: 12, offset: 4 },
    data: { values },
    width: 160,
    height: { step: 20 },
    encoding: {
      y: { field: 'server', type: 'nominal', title: null, sort: sorted.map(({ server }) => server), axis: { ticks: false, domain: false, labelLimit: 260, labelPadding: 6 } },
    },
    layer: [
      {
        mark: { type: 'bar', cornerRadiusEnd: 2, height: 13 },
        encoding: { x, color: { field: 'ours', type: 'nominal', scale: { domain: [true, false], range: [OURS, OTHERS] }, legend: null } },
      },
      {
        mark: { type: 'text', align: 'left', dx: 4, fontSize: 11, color: TEXT },
        encoding: { x, text: { field: 'multiple', format: '.1f' } },
      },
    ],
  };
}
