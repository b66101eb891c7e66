// The measurement itself: which column gets which load when, and the medians of what that gave.
import { Stop, step } from '../scripts/support/log.mjs';
import { checkEcho, LEGACY, wholeSignIn } from './calls.mjs';
import { ask, dial, load } from './load.mjs';
import { median, quantile, ratio } from './numbers.mjs';
import { start } from './runtime.mjs';

/** Where the bytes of an answer differ from one to the next, ids and dates may make it a little shorter. */
const SLACK = 64;

/** Both kinds of id that JSON-RPC has: an answer with an id of its own would not be one to these. */
const IDS = ['check-1', 7];
/** The id of the requests that are timed. */
const TIMED_ID = 1;

/** Fewest requests of one sample: below, one garbage collection more or less decides. */
const FEWEST = 50;

/** How long a sample should take, in seconds. Samples that are near each other in time meet the same conditions. */
const SAMPLE = 0.25;

/**
 * Sign-ins before the sample and in it. Together they stay well below what one person may have signed in at a time, for then
 * each new one ends an old one; and as they add up, each sample has a Worker of its own with empty storage.
 */
const SIGN_INS = { warmUp: 60, measured: 60 };

/**
 * Loads every column with every call it can answer, round by round.
 * @returns {Promise<object[]>} for each call and concurrency, the columns with their medians
 */
export async function measure(installed, calls, { rounds, most, warmUp, concurrencies }) {
  const columns = [];
  const servers = [];
  try {
    step(`Starting ${installed.size} Workers and checking their answers`);
    for (const [column, program] of installed) {
      servers.push(await start(program));
      columns.push(await prepare(column, servers.at(-1), calls));
    }
    step('Warming up');
    for (const { server, requests } of columns) {
      let share = 1;
      for (const [call, ready] of requests) {
        await ready.load(Math.max(FEWEST, Math.round((warmUp * share) / call.weight)), 16);
        // The calls after the first one share most of its functions.
        share = 1 / 3;
        // Just-in-time compilation is over now: this decides how many requests a sample has, in every round.
        const { seconds } = await ready.load(FEWEST, 1);
        ready.count = Math.max(FEWEST, Math.min(most, Math.round((SAMPLE * FEWEST) / seconds)));
      }
    }
    const blocks = concurrencies.flatMap((concurrency) => calls.map((call) => ({ call, concurrency, rows: rowsOf(columns, call) })));
    for (let round = 0; round < rounds; round += 1) {
      step(`Round ${round + 1} of ${rounds}`);
      for (const { concurrency, rows } of blocks) {
        // Another one begins each time, so that none always follows the same neighbour.
        for (const { server, ready, samples } of rotated(rows, round)) {
          if (ready) samples.push(await sample(server, ready, concurrency));
        }
      }
    }
    return blocks.map(({ call, concurrency, rows }) => {
      const floor = rows.find(({ column }) => column === 'floor');
      return {
        call: call.name,
        title: call.title,
        concurrency,
        columns: rows.map(({ column, title, beside, bytes, samples }) => ({ column, title, beside, bytes, ...summary(samples, floor?.samples) })),
      };
    });
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** What is measured for a call: each column, and after one that takes calls with and without a token the call to put beside it. */
function rowsOf(columns, call) {
  return columns.flatMap(({ column, server, requests }) => {
    const row = { column: column.name, server };
    const own = { ...row, title: column.title, ready: requests.get(call), bytes: requests.get(call)?.bytes, samples: [] };
    if (!call.beside || !column.signIn || column.closed) return [own];
    const { name } = call.beside;
    return [own, { ...row, title: `${column.title}, ${name}`, beside: name, ready: requests.get(call.beside), samples: [] }];
  });
}

/** The same entries, beginning with another one. */
function rotated(entries, by) {
  return entries.map((_, i) => entries[(i + by) % entries.length]);
}

/** Signs in where a call wants that, and checks the answers to each call: a column that answers wrongly is not measured. */
export async function prepare(column, server, calls) {
  const needsToken = (call) => (column.signIn || column.anyToken) && !call.anonymous && (call.signedIn || column.closed);
  const answered = new Set(calls.flatMap((call) => (call.beside ? [call, call.beside] : [call])).filter(({ kind }) => column.kinds.includes(kind)));
  const signedIn = [...answered].some(needsToken) ? await signInTo(column, server) : {};
  const requests = new Map();
  for (const call of answered) {
    const credentials = needsToken(call) ? signedIn : {};
    for (const id of IDS) await checked(column, server, call, credentials, id);
    const { request, answer } = await checked(column, server, call, credentials, TIMED_ID);
    const again = await checked(column, server, call, credentials, TIMED_ID);
    const same = answer.body === again.answer.body;
    const bytes = Buffer.from(answer.body);
    const expected = { status: answer.status, length: same ? bytes.length : Math.max(0, bytes.length - SLACK), body: same ? bytes : undefined };
    requests.set(call, {
      bytes: bytes.length,
      async load(count, concurrency) {
        try {
          return await load(server.port, request, { count, concurrency, expected });
        } catch (error) {
          throw new Stop(`${column.title} fails under load, "${call.title}": ${error.message}\n${server.output()}`);
        }
      },
    });
  }
  return { column, server, requests };
}

/** Sends a call once, and stops if the answer is not the right one. */
export async function checked(column, server, call, credentials, id) {
  const request = requestTo(column, call.request(id), credentials);
  const answer = await ask(server.port, request);
  try {
    if (column.name === 'bare') checkEcho(request, answer);
    else call.check(answer, id, column.revision ?? LEGACY);
  } catch (error) {
    const shown = JSON.stringify({ ...answer, body: answer.body.slice(0, 500) }, null, 2);
    throw new Stop(`${column.title} does not answer "${call.title}" as it should: ${error.message}\n${shown}\n${server.output()}`);
  }
  return { request, answer };
}

/** The headers of a caller who has signed in. */
async function signInTo(column, server) {
  if (column.anyToken) return { Authorization: `Bearer ${'x'.repeat(300)}` };
  return withConnection(column, server, async (connection, origin) => {
    const { access_token: token } = await column.signIn(connection, origin);
    return { Authorization: `Bearer ${token}` };
  });
}

async function withConnection(column, server, work) {
  const connection = dial(server.port);
  try {
    return await work(connection, `http://127.0.0.1:${server.port}`);
  } catch (error) {
    throw new Stop(`Nobody can sign in to ${column.title}: ${error.message}\n${server.output()}`);
  } finally {
    connection.close();
  }
}

/** A request as this column takes it. */
function requestTo(column, request, credentials) {
  const headers = { ...request.headers, ...credentials };
  const path = column.paths?.[request.path] ?? request.path;
  if (!column.revision) return { ...request, path, headers };
  if (headers['MCP-Protocol-Version'] === LEGACY) headers['MCP-Protocol-Version'] = column.revision;
  return { ...request, path, headers, body: request.body?.replaceAll(LEGACY, column.revision) };
}

async function sample(server, { load: send, count }, concurrency) {
  // The caches of processor and runtime belong to the column before; some requests win them back.
  await send(Math.ceil(count / 20), concurrency);
  const before = server.cpu();
  const { seconds, latencies } = await send(count, concurrency);
  const cpu = (server.cpu() - before) / count;
  return { requests: count, cpu, rate: count / seconds, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
}

/** Medians over the rounds. */
function summary(samples, floor) {
  if (samples.length === 0) return {};
  const of = (name) => median(samples.map((one) => one[name]));
  return { cpu: of('cpu'), rate: of('rate'), p50: of('p50'), p99: of('p99'), ratio: floor?.length > 0 ? ratio(samples, floor) : undefined, samples };
}

/**
 * Processor time of whole sign-ins, one after the other.
 * @returns {Promise<{title: string, columns: object[]}>} the columns where one can sign in, in milliseconds per sign-in
 */
export async function measureSignIns(installed, { rounds }) {
  step('Measuring sign-ins');
  const columns = [...installed].filter(([column]) => column.signIn && !column.optional).map(([column, program]) => ({ column, program, samples: [] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { column, program, samples } of rotated(columns, round)) {
      const server = await start(program);
      try {
        samples.push(await withConnection(column, server, (connection, origin) => signInSample(column, server, connection, origin)));
      } finally {
        await server.stop();
      }
    }
  }
  return {
    ...wholeSignIn,
    columns: columns.map(({ column, samples }) => ({
      column: column.name,
      title: column.title,
      pages: column.pages,
      requests: samples[0].requests,
      cpu: median(samples.map((one) => one.cpu)),
      milliseconds: median(samples.map((one) => one.milliseconds)),
      samples,
    })),
  };
}

async function signInSample(column, server, connection, origin) {
  let requests = 0;
  const counted = { ...connection, ask: (request) => ((requests += 1), connection.ask(request)) };
  for (let i = 0; i < SIGN_INS.warmUp; i += 1) await column.signIn(counted, origin);
  requests = 0;
  const [began, before] = [performance.now(), server.cpu()];
  for (let i = 0; i < SIGN_INS.measured; i += 1) await column.signIn(counted, origin);
  return {
    requests: requests / SIGN_INS.measured,
    cpu: (server.cpu() - before) / 1000 / SIGN_INS.measured,
    milliseconds: (performance.now() - began) / SIGN_INS.measured,
  };
}
