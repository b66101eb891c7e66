// Where the connector spends its time on one call: a profile of the runtime under load, through its inspector. It prints
// the functions with the most time of their own, and writes a file that the developer tools of a browser open.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { step, Stop } from '../scripts/support/log.mjs';
import { prepare } from './measure.mjs';
import { start, wranglerRequire } from './runtime.mjs';

const REQUESTS = 20_000;
const SAMPLING_INTERVAL = 100; // microseconds
const SHOWN = 45;

export async function profile(program, column, call) {
  const server = await start(program, { inspector: true });
  try {
    const { requests } = await prepare(column, server, [call]);
    if (!requests.has(call)) throw new Stop(`${column.title} does not answer ${call.name}.`);
    const { load } = requests.get(call);
    const count = Math.ceil(REQUESTS / call.weight);
    step('Warming up');
    await load(Math.ceil(count / 4), 16);
    const inspector = await inspect(server.inspectorPort);
    await inspector.ask('Profiler.enable');
    await inspector.ask('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL });
    await inspector.ask('Profiler.start');
    step(`Profiling ${count} requests`);
    await load(count, 16);
    const { profile: recorded } = await inspector.ask('Profiler.stop');
    inspector.close();
    const file = path.join(tmpdir(), `${column.name}-${call.name}.cpuprofile`);
    writeFileSync(file, JSON.stringify(recorded));
    console.log(`\n${call.title}: share of each function's own time\n\n${ranking(recorded)}\n\nThe whole profile is in ${file}.`);
  } finally {
    await server.stop();
  }
}

/** A session with the inspector of the Worker. */
async function inspect(port) {
  const { WebSocket } = createRequire(wranglerRequire.resolve('miniflare'))('ws');
  const targets = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
  const target = targets.find(({ id }) => id === 'worker') ?? targets[0];
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  const waiting = new Map();
  let asked = 0;
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.on('message', (data) => {
    const { id, result, error } = JSON.parse(data);
    const call = waiting.get(id);
    if (!call) return;
    waiting.delete(id);
    if (error) call.reject(new Error(`the inspector refuses ${call.method}: ${error.message}`));
    else call.resolve(result);
  });
  return {
    ask(method, params = {}) {
      return new Promise((resolve, reject) => {
        const id = (asked += 1);
        waiting.set(id, { method, resolve, reject });
        socket.send(JSON.stringify({ id, method, params }));
      });
    },
    close: () => socket.terminate(),
  };
}

/** The functions by the time spent in them and not in what they call; the time in which nothing ran is left out. */
function ranking({ nodes, samples, timeDeltas }) {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map();
  samples.forEach((id, i) => times.set(names.get(id), (times.get(names.get(id)) ?? 0) + timeDeltas[i]));
  for (const waiting of ['(idle)', '(root)']) times.delete(waiting);
  const all = [...times.values()].reduce((sum, time) => sum + time, 0);
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([name, time]) => `${((100 * time) / all).toFixed(1).padStart(6)} %  ${name}`)
    .join('\n');
}

/** A function's name; Rust's without the hash at its end. */
function nameOf({ functionName, url, lineNumber, columnNumber }) {
  if (functionName) return functionName.replace(/::h[0-9a-f]{16}$/, '');
  return `(anonymous) ${url.split('/').at(-1)}:${lineNumber + 1}:${columnNumber + 1}`;
}
