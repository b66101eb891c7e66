// The start of a process: how long until its first right answer, and what its first request takes beside a later one.
import { step } from '../scripts/support/log.mjs';
import { calls } from './calls.mjs';
import { checked } from './measure.mjs';
import { median } from './numbers.mjs';
import { start } from './runtime.mjs';

/** Requests after the first: few enough that all of them run code that is not optimised yet, as the first does. */
const LATER = 30;

/** @returns {Promise<object[]>} for each column that answers without a token, medians and samples, in milliseconds */
export async function measureStarts(installed, { starts }) {
  step('Measuring start-up');
  const first = calls.find(({ name }) => name === 'legacy-100B');
  // Where the first call needs a token, signing in would be measured too.
  const columns = [...installed].filter(([column]) => !column.closed).map(([column, program]) => ({ column, program, samples: [] }));
  for (let round = 0; round < starts; round += 1) {
    for (const { column, program, samples } of columns) samples.push(await started(column, program, first));
  }
  return columns.map(({ column, samples }) => ({
    column: column.name,
    milliseconds: median(samples.map((one) => one.milliseconds)),
    cpu: median(samples.map((one) => one.cpu)),
    first: median(samples.map((one) => one.first)),
    later: median(samples.map((one) => one.later)),
    samples,
  }));
}

async function started(column, program, call) {
  const began = performance.now();
  const server = await start(program);
  try {
    // Each request has a connection of its own, so that the first differs from the others by nothing but being first.
    const listening = performance.now();
    await checked(column, server, call, {}, 1);
    const answered = performance.now();
    const cpu = server.cpu() / 1000;
    const later = [];
    for (let id = 2; id < LATER + 2; id += 1) {
      const sent = performance.now();
      await checked(column, server, call, {}, id);
      later.push(performance.now() - sent);
    }
    return { milliseconds: answered - began, cpu, first: answered - listening, later: median(later) };
  } finally {
    await server.stop();
  }
}
