// What this project has set itself, and how it stands.
import { median, ratio } from '../numbers.mjs';
import { kilobytes, table, times } from './table.mjs';

const OURS = 'connector';

/** Processor time of a call against another column's, or against our own of another call that is measured beside it. */
const CALLS = [
  { call: 'initialize', of: 'floor', most: 1.3 },
  { call: 'list', of: 'mcp-lite', most: 1 },
  { call: 'legacy-100B', of: 'mcp-lite', most: 1 },
  { call: 'legacy-100KB', of: 'mcp-lite', most: 1 },
  { call: 'modern-100B', of: 'tmcp', most: 0.6 },
  { call: 'modern-100KB', of: 'tmcp', most: 0.6 },
  { call: 'token-100B', of: OURS, beside: 'legacy-100B', most: 1.05 },
  { call: 'token-100B', of: 'agents-oauth', most: 0.13 },
  { call: '401', of: 'agents-oauth', most: 1.15 },
  { call: '401-private', of: 'agents-oauth', most: 1 },
  { call: 'metadata', of: 'agents-oauth', most: 1 },
  { call: 'as-metadata', of: 'agents-oauth', most: 1 },
];
const SIGN_IN = { of: 'agents-oauth', most: 0.8 };
/** In milliseconds from spawning the process to the first answer. */
const FIRST_ANSWER = 60;
/** The first request, as a multiple of a later one. */
const FIRST_REQUEST = 1.3;
/** What a log line costs beside what the runtime takes to print one, in microseconds. */
const LOG_LINE = 5;
/** The largest Worker that Cloudflare takes on its free plan, compressed, in bytes. */
const GZIP_LIMIT = 3_000_000;

/** Each target with what was measured; those whose call or column was left out are not there. */
export function targets({ calls, signIns, starts, sizes }) {
  const standings = [];
  const add = (target, value, most, text) => standings.push({ target, value, text, ok: value <= most });
  for (const { call, of, beside, most } of CALLS) {
    const block = calls.find((one) => one.call === call);
    const [ours, theirs] = [samplesOf(block, OURS), samplesOf(block, of, beside)];
    if (!ours || !theirs) continue;
    const { median: value } = ratio(ours, theirs);
    add(`${call}: at most ${most} × ${beside ? `our ${beside}` : of}`, value, most, `${times(value)} ×`);
  }
  const echo = calls.find((one) => one.call === 'legacy-100B');
  const [line, quiet, theirLine, theirQuiet] = ['connector-log', OURS, 'floor-log', 'floor'].map((name) => samplesOf(echo, name));
  if (line && quiet && theirLine && theirQuiet) {
    const value = median(line.map((_, round) => line[round].cpu - quiet[round].cpu - (theirLine[round].cpu - theirQuiet[round].cpu)));
    const whole = median(line.map(({ cpu }, round) => cpu - quiet[round].cpu));
    add(`log line: at most ${LOG_LINE} µs more than the floor's costs it`, value, LOG_LINE, `${value.toFixed(1)} of ${whole.toFixed(1)} µs`);
  }
  const [ourSignIn, theirSignIn] = [OURS, SIGN_IN.of].map((name) => samplesOf(signIns, name));
  if (ourSignIn && theirSignIn) {
    const { median: value } = ratio(ourSignIn, theirSignIn);
    add(`sign-in: at most ${SIGN_IN.most} × ${SIGN_IN.of}`, value, SIGN_IN.most, `${times(value)} ×`);
  }
  const start = starts?.find(({ column }) => column === OURS);
  if (start) {
    add(`spawn to first answer: at most ${FIRST_ANSWER} ms`, start.milliseconds, FIRST_ANSWER, `${start.milliseconds.toFixed(0)} ms`);
    const value = start.first / start.later;
    add(`first request: at most ${FIRST_REQUEST} × a later one`, value, FIRST_REQUEST, `${times(value)} ×`);
  }
  const wasm = sizes.find(({ column }) => column === OURS)?.wasm;
  if (wasm) add(`WebAssembly, gzip -9: at most ${GZIP_LIMIT / 1000} KB`, wasm.gzip, GZIP_LIMIT, kilobytes(wasm.gzip));
  return standings;
}

export function targetsTable(standings) {
  return `Targets\n${table(['', 'measured', ''], standings.map(({ target, text, ok }) => [target, text, ok ? 'ok' : 'missed']))}`;
}

function samplesOf(block, name, beside) {
  const samples = block?.columns.find((one) => one.column === name && one.beside === beside)?.samples;
  return samples?.length > 0 ? samples : undefined;
}
