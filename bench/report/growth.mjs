// What was measured of many tools and scopes: `--growth`.
import { kilobytes, table, times } from './table.mjs';

export function growthTable(rows) {
  const of = ({ cpu, ratio }) => `${cpu.toFixed(0)} (${times(ratio.median)} ×)`;
  const cells = rows.map(({ tools, scopes, startMilliseconds, pages, bytes, call, list, page, initialize }) => [
    `${tools} tools, ${scopes} ${scopes === 1 ? 'scope' : 'scopes'}`,
    of(call),
    of(initialize),
    of(list),
    kilobytes(bytes),
    String(pages),
    of(page),
    startMilliseconds.toFixed(0),
  ]);
  const head = ['', 'call', 'initialize', 'first page of the list', 'its size', 'pages', 'last page', 'spawn to first answer, ms'];
  return `CPU µs for each request, and as a multiple of the first row\n${table(head, cells)}`;
}
