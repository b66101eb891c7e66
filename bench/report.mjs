// What is printed: tables, and how the targets stand.
import { ratio } from './measure.mjs';

const CONNECTOR = 'connector';

/**
 * What this project has set itself: processor time against other columns, or against its own of another call that is measured
 * beside this one, and size.
 */
const TARGETS = [
  { call: 'legacy-100B', of: 'bare', most: 1.5 },
  { call: 'modern-100B', of: 'bare', most: 1.5 },
  { call: 'legacy-100B', of: 'tmcp', most: 1 },
  { call: 'legacy-100KB', of: 'tmcp', most: 1 },
  { call: 'legacy-100B', of: 'agents', most: 0.35 },
  { call: 'legacy-100KB', of: 'agents', most: 0.35 },
  { call: 'whoami', of: CONNECTOR, beside: 'legacy-100B', most: 1.3 },
];
/** The largest Worker that Cloudflare takes on its free plan, compressed, in bytes. */
const GZIP_LIMIT = 3_000_000;

/** Each target with what was measured; those whose call or column was left out are not there. */
export function targets({ calls, sizes }) {
  const standings = [];
  for (const { call, of, beside: other, most } of TARGETS) {
    const block = calls.find((one) => one.call === call);
    const row = (name, beside) => block?.columns.find((one) => one.column === name && one.beside === beside && one.cpu);
    const [ours, theirs] = [row(CONNECTOR), row(of, other)];
    if (!ours || !theirs) continue;
    const { median: value } = ratio(ours.samples, theirs.samples);
    standings.push({ target: `${block.title}: at most ${most} × ${theirs.title}`, value, text: `${value.toFixed(2)} ×`, ok: value <= most });
  }
  const wasm = sizes.find(({ column }) => column === CONNECTOR)?.wasm;
  if (wasm) {
    standings.push({
      target: `WebAssembly, gzip -9: at most ${GZIP_LIMIT / 1000} KB`,
      value: wasm.gzip,
      text: kilobytes(wasm.gzip),
      ok: wasm.gzip <= GZIP_LIMIT,
    });
  }
  return standings;
}

/** The whole report as text. */
export function report({ machine, sizes, starts, calls, signIns, streams, targets: standings }) {
  const parts = [
    `workerd ${machine.workerd}, ${machine.processors} × ${machine.processor}; medians of ${machine.rounds} rounds.`,
    'CPU is the processor time of the runtime process per request, in microseconds, with garbage collection and system calls.',
  ];
  for (const { title, concurrency, columns } of calls) {
    const rows = columns.map(({ title: name, cpu, ratio: times, rate, p50, p99 }) => {
      if (cpu === undefined) return [name, '–', '–', '–', '–', '–', '–'];
      const [value, range] = times ? [times.median.toFixed(2), `${times.low.toFixed(2)}–${times.high.toFixed(2)}`] : ['–', '–'];
      return [name, cpu.toFixed(1), value, range, rate.toFixed(0), p50.toFixed(2), p99.toFixed(2)];
    });
    const connections = concurrency === 1 ? 'one connection' : `${concurrency} connections`;
    parts.push(`${title}, ${connections}\n${table(['', 'CPU µs', '× bare', 'quartiles', 'req/s', 'p50 ms', 'p99 ms'], rows)}`);
  }
  if (signIns?.columns.length > 0) {
    const rows = signIns.columns.map(({ title, pages, requests, cpu, ratio: times, milliseconds }) => {
      return [title, pages, requests.toFixed(0), cpu.toFixed(2), times.median.toFixed(2), milliseconds.toFixed(2)];
    });
    const head = ['', 'pages', 'requests', 'CPU ms', `× ${signIns.columns.at(-1).title}`, 'ms'];
    parts.push(`${signIns.title}, one after the other on one connection\n${table(head, rows)}`);
  }
  if (streams) {
    const rows = streams.map(({ count, memory, openCpu, keepCpu, tellCpu, milliseconds }) => {
      return [String(count), memory.toFixed(1), openCpu.toFixed(0), keepCpu.toFixed(0), tellCpu.toFixed(0), milliseconds.toFixed(1)];
    });
    const head = ['open streams', 'KB each', 'CPU µs to open one', 'CPU µs a second, all', 'CPU µs to tell one', 'ms until all know'];
    parts.push(`Streams of subscriptions/listen; a silent one writes a comment every 15 s\n${table(head, rows)}`);
  }
  const sizeRows = sizes.map(({ column, wasm, raw, gzip }) => {
    const start = starts.find((one) => one.column === column);
    return [
      column,
      wasm ? kilobytes(wasm.raw) : '–',
      wasm ? kilobytes(wasm.gzip) : '–',
      kilobytes(raw),
      kilobytes(gzip),
      start ? start.milliseconds.toFixed(0) : '–',
      start ? start.cpu.toFixed(0) : '–',
    ];
  });
  parts.push(
    `Size, and start-up: from starting the process to its first answered tools/call\n${table(['', 'wasm', 'gzip -9', 'all files', 'gzip -9', 'ms', 'CPU ms'], sizeRows)}`,
  );
  if (standings.length > 0) {
    const rows = standings.map(({ target, text, ok }) => [target, text, ok ? 'ok' : 'missed']);
    parts.push(`Targets\n${table(['', 'measured', ''], rows)}`);
  }
  return `\n${parts.join('\n\n')}\n`;
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} KB`;
}

/** Columns as wide as their widest cell; the first one to the left, numbers to the right. */
function table(head, rows) {
  const widths = head.map((title, i) => Math.max(...[head, ...rows].map((row) => row[i].length)));
  return [head, ...rows].map((row) => `  ${row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  ')}`.trimEnd()).join('\n');
}
