// Everything about each call: `--details`.
import { kilobytes, table } from './table.mjs';

export function details({ sizes, starts, calls, signIns }) {
  const parts = calls.map(({ title, concurrency, columns }) => {
    const rows = columns.map(({ title: name, bytes, cpu, ratio, rate, p50, p99 }) => {
      if (cpu === undefined) return [name, ...Array(7).fill('–')];
      const [value, range] = ratio ? [ratio.median.toFixed(2), `${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)}`] : ['–', '–'];
      return [name, String(bytes), cpu.toFixed(1), value, range, rate.toFixed(0), p50.toFixed(2), p99.toFixed(2)];
    });
    const connections = concurrency === 1 ? 'one connection' : `${concurrency} connections`;
    return `${title}, ${connections}\n${table(['', 'bytes', 'CPU µs', '× floor', 'quartiles', 'req/s', 'p50 ms', 'p99 ms'], rows)}`;
  });
  if (signIns?.columns.length > 0) {
    const rows = signIns.columns.map(({ title, pages, requests, cpu, milliseconds }) => [
      title,
      pages,
      requests.toFixed(0),
      cpu.toFixed(2),
      milliseconds.toFixed(2),
    ]);
    parts.push(`${signIns.title}, one after the other on one connection\n${table(['', 'pages', 'requests', 'CPU ms', 'ms'], rows)}`);
  }
  const rows = sizes.map(({ column, wasm, raw, gzip }) => {
    const start = starts?.find((one) => one.column === column);
    const milliseconds = start ? [start.milliseconds, start.cpu, start.first, start.later].map((value) => value.toFixed(1)) : Array(4).fill('–');
    return [column, wasm ? kilobytes(wasm.raw) : '–', wasm ? kilobytes(wasm.gzip) : '–', kilobytes(raw), kilobytes(gzip), ...milliseconds];
  });
  const head = ['', 'wasm', 'gzip -9', 'all files', 'gzip -9', 'first answer ms', 'CPU ms until then', 'first request ms', 'later request ms'];
  parts.push(`Size, and start-up from spawning the process\n${table(head, rows)}`);
  return parts.join('\n\n');
}
