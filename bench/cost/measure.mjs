// Counts what each step of a client's life costs: once what Cloudflare bills, in a Worker whose bindings are counted, and many times
// the processor time, in the same Worker without that.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { step, Stop } from '../../scripts/support/log.mjs';
import { LEGACY, post, result } from '../calls.mjs';
import { ask, dial } from '../load.mjs';
import { median } from '../numbers.mjs';
import { install, start } from '../runtime.mjs';
import { countingModule } from './counting.mjs';

/** How often each step is taken for its processor time, after as many times that are not measured. */
const TIMES = 20;
/** More seconds than any answer about a grant is remembered for. */
const A_MINUTE = 61;
/** Calls of one session. */
const CALLS = 25;

/** @returns {Promise<object>} the operations of the steps that the model knows */
export async function countOperations(column, program, scratch) {
  step(`Counting what ${column.title} uses`);
  const counted = await oneLife(column, install(countedProgram(program, scratch)), counter);
  const cpu = await oneLife(column, install({ ...program, name: `${program.name}-cpu` }), processor, TIMES);
  return Object.fromEntries(Object.entries(counted).map(([name, counts]) => [name, { ...counts, cpu: cpu[name] }]));
}

/** A program whose Worker is called by one that counts. */
function countedProgram(program, scratch) {
  const [{ file }, ...others] = program.modules;
  const entry = path.join(scratch, `${program.name}-counting.mjs`);
  writeFileSync(entry, countingModule((program.objects ?? []).map(({ className }) => className)));
  return { ...program, name: `${program.name}-counted`, modules: [{ name: 'main.js', file: entry }, { name: 'worker.js', file }, ...others] };
}

/** What the Worker has counted since the last time. */
async function counter(server) {
  let last = await counts(server);
  return async () => {
    const now = await counts(server);
    const since = Object.fromEntries(Object.entries(now).map(([what, count]) => [what, count - last[what]]));
    last = now;
    return since;
  };
}

async function counts(server) {
  // What is written behind an answer has to be written.
  await new Promise((resolve) => setTimeout(resolve, 300));
  return JSON.parse((await ask(server.port, { method: 'GET', path: '/..counts', headers: {} })).body);
}

/** The processor time since the last time, in milliseconds. */
async function processor(server) {
  let last = server.cpu();
  return async () => {
    const now = server.cpu();
    const since = (now - last) / 1000;
    last = now;
    return since;
  };
}

/** Takes the steps, the given number of times, and gives the last measure of each or their median. */
async function oneLife(column, installed, measuring, times = 1) {
  const server = await start(installed);
  const connection = dial(server.port);
  try {
    const measured = { signIn: [], session: [], refresh: [], call: [] };
    const since = await measuring(server);
    // The first person makes the keys and tables of the deployment.
    for (let turn = -Math.max(1, times); turn < times; turn += 1) {
      await since();
      const origin = `http://127.0.0.1:${server.port}`;
      let signedIn;
      let beforeRefresh;
      const refreshing = async (work) => {
        beforeRefresh = await since();
        const tokens = await work();
        signedIn = { refresh: await since() };
        return tokens;
      };
      const { access_token: token } = await column.signIn(connection, origin, { refreshing });
      const session = await begin(connection, token);
      const of = { signIn: beforeRefresh, ...signedIn, session: await since() };
      of.call = await callsOf(connection, session, since, times);
      if (turn >= 0) for (const [name, value] of Object.entries(of)) measured[name].push(value);
    }
    return Object.fromEntries(Object.entries(measured).map(([name, all]) => [name, times === 1 ? all[0] : median(all)]));
  } catch (error) {
    throw new Stop(`${column.title} does not go through a client's life: ${error.message}\n${server.output()}`);
  } finally {
    connection.close();
    await server.stop();
  }
}

/** A session as a client begins it, and what it has learnt. */
async function begin(connection, token) {
  const headers = { Authorization: `Bearer ${token}` };
  const about = { protocolVersion: LEGACY, capabilities: {}, clientInfo: { name: 'bench', version: '1.0.0' } };
  const begun = await send(connection, 1, 'initialize', about, headers);
  assert.match(result(begun, 1).serverInfo.name, /./);
  const session = begun.headers['mcp-session-id'];
  if (session) headers['Mcp-Session-Id'] = session;
  const initialized = post('legacy', undefined, 'notifications/initialized', undefined);
  const accepted = await connection.ask({ ...initialized, headers: { ...initialized.headers, ...headers } });
  assert.equal(accepted.status, 202, accepted.body);
  assert.equal(result(await send(connection, 2, 'tools/list', {}, headers), 2).tools.length, 5);
  return headers;
}

/**
 * What one call costs. Of those that are counted, one a minute after the last request: a connector that asks at most once in a while asks
 * then. Of those that are timed, the mean.
 */
async function callsOf(connection, headers, since, times) {
  const count = times === 1 ? 1 : CALLS;
  if (times === 1) {
    await connection.ask({ method: 'GET', path: `/?..ahead=${A_MINUTE}`, headers: {} });
    await since();
  }
  for (let id = 10; id < 10 + count; id += 1) {
    const { content } = result(await send(connection, id, 'tools/call', { name: 'whoami', arguments: {} }, headers), id);
    assert.match(content[0].text, /^You are .*owner/);
  }
  const used = await since();
  return times === 1 ? used : used / count;
}

async function send(connection, id, method, params, headers) {
  const request = post('legacy', id, method, params);
  return connection.ask({ ...request, headers: { ...request.headers, ...headers } });
}
