// What was measured of open streams: `--only streams`.
import { table } from './table.mjs';

export function streamsTable(streams) {
  const rows = streams.map(({ title, count, memory, openCpu, keepCpu, tellCpu, milliseconds, slowest }) => {
    return [`${count}, ${title}`, memory.toFixed(1), openCpu.toFixed(0), keepCpu.toFixed(0), tellCpu.toFixed(0), milliseconds.toFixed(0), slowest.toFixed(0)];
  });
  const head = ['open streams', 'KB each', 'CPU µs to open one', 'CPU µs a second, all', 'CPU µs to tell one', 'ms until all know', 'at most'];
  return `Streams of subscriptions/listen; a silent one writes a comment every 15 s\n${table(head, rows)}`;
}
