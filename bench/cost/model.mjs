// A month's bill, from what each step was counted to cost and the price list. Nothing here is measured: `measure.mjs` counts.

/** How people use it. A different use is a different bill: change a number and run `npm run bench -- --cost`. */
export const USE = {
  daysAMonth: 30,
  /** A conversation in a client: it begins a session, lists the tools and refreshes its token once. */
  callsASession: 10,
  callsAPersonAndDay: 20,
  signInsAPersonAndMonth: 1,
  /** How long an object is awake for a request, in seconds, and the memory that is billed for it, in GB. */
  awakeForARequest: 0.01,
  memoryOfAnObject: 0.128,
  /** Bytes of the two events that a request leaves in Workers Logs: what the runtime notes of it, and a line of the Worker. */
  logBytes: 2000,
};

export const CALLS_A_DAY = [1_000, 100_000, 10_000_000];

/** The steps of a client's life, and how often each happens in a month with so many calls a day. */
export const STEPS = {
  signIn: { title: 'a sign-in', times: ({ people }) => people * USE.signInsAPersonAndMonth },
  session: { title: 'the beginning of a session', times: ({ sessions }) => sessions },
  refresh: { title: 'a refresh', times: ({ sessions }) => sessions },
  call: { title: 'a call with a token', times: ({ calls }) => calls },
};

/** @returns {{meter: string, used: number, cost: number}[]} what each meter counts in a month, and the price beyond what is included */
export function month(operations, prices, callsADay) {
  const calls = callsADay * USE.daysAMonth;
  const use = { calls, sessions: calls / USE.callsASession, people: callsADay / USE.callsAPersonAndDay };
  const sum = (count) => Object.entries(STEPS).reduce((total, [step, { times }]) => total + times(use) * count(operations[step]), 0);
  const used = {
    requests: sum((step) => step.requests),
    cpu: sum((step) => step.cpu),
    objectRequests: sum((step) => step.objectRequests),
    objectDuration: sum((step) => step.objectRequests) * USE.awakeForARequest * USE.memoryOfAnObject,
    rowsRead: sum((step) => step.rowsRead),
    rowsWritten: sum((step) => step.rowsWritten),
    kvReads: sum((step) => step.kvReads),
    kvWrites: sum((step) => step.kvWrites),
    kvLists: sum((step) => step.kvLists),
    logs: (sum((step) => step.requests) * USE.logBytes) / 1e9,
  };
  return Object.entries(prices.meters).map(([meter, { included, each, price }]) => ({
    meter,
    used: used[meter],
    cost: (Math.max(0, used[meter] - included) / each) * price,
  }));
}

/** What a month costs in dollars, with the plan; none where the free plan is enough. */
export function bill(operations, prices, callsADay) {
  const meters = month(operations, prices, callsADay);
  const isFree = meters.every(({ meter, used }) => {
    const { freeADay } = prices.meters[meter];
    return freeADay === undefined || used / USE.daysAMonth <= freeADay;
  });
  return { meters, isFree, dollars: prices.plan + meters.reduce((sum, { cost }) => sum + cost, 0) };
}

/** The tables of docs/operating.md, in Markdown. */
export function tables({ columns, machine }, prices) {
  const counted = Object.entries(STEPS).flatMap(([step, { title }]) =>
    columns.map(({ title: column, operations }) => {
      const { requests, cpu, objectRequests, rowsRead, rowsWritten, kvReads, kvWrites } = operations[step];
      return [title, column, requests, cpu.toFixed(2), objectRequests, rowsRead, rowsWritten, kvReads, kvWrites];
    }),
  );
  const bills = CALLS_A_DAY.map((calls) => columns.map(({ operations }) => bill(operations, prices, calls)));
  const rows = Object.entries(prices.meters).map(([meter, { title }]) => [
    title,
    ...bills.flatMap((of) => of.map(({ meters }) => cell(meters.find((one) => one.meter === meter)))),
  ]);
  const heads = CALLS_A_DAY.flatMap((calls) => columns.map(({ short }) => `${calls.toLocaleString('en-US')} calls a day: ${short}`));
  return [
    markdown(['Step', 'With', 'Requests', 'CPU ms', 'Requests to objects', 'Rows read', 'Rows written', 'KV reads', 'KV writes'], counted),
    '',
    markdown(
      ['In a month', ...heads],
      [...rows, ['**in all**', ...bills.flatMap((of) => of.map(({ dollars, isFree }) => (isFree ? '**free plan**' : `**$${dollars.toFixed(2)}**`)))]],
    ),
    '',
    `Counted on ${machine.date} with workerd ${machine.workerd}${
      machine.optLevel ? `, the CPU time of this connector with a build of opt-level ${machine.optLevel} instead of what is deployed` : ''
    }; prices of ${prices.read}, from ${prices.source}.`,
  ].join('\n');
}

/** How much is used, and what it costs beyond what the plan includes. */
function cell({ used, cost }) {
  return cost < 0.005 ? amount(used) : `${amount(used)}: $${cost.toFixed(2)}`;
}

function amount(value) {
  for (const [unit, name] of [[1e9, ' G'], [1e6, ' M'], [1e3, ' k']]) {
    if (value >= unit) return `${(value / unit).toFixed(value / unit < 10 ? 1 : 0)}${name}`;
  }
  return value < 10 && value % 1 !== 0 ? value.toFixed(1) : value.toFixed(0);
}

function markdown(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Where the tables stand in docs/operating.md. */
const MARKS = ['<!-- cost: written by `npm run bench -- --cost` -->', '<!-- cost: end -->'];

/** The tables that a text has between its marks. */
export function tablesIn(text) {
  const [begin, end] = MARKS.map((mark) => text.indexOf(mark));
  if (begin < 0 || end < begin) throw new Error(`the text has no ${MARKS.join(' … ')}`);
  return text.slice(begin + MARKS[0].length, end).trim();
}

/** A text with other tables between its marks. */
export function withTables(text, written) {
  const old = tablesIn(text);
  return text.replace(`${MARKS[0]}\n\n${old}\n\n${MARKS[1]}`, () => `${MARKS[0]}\n\n${written}\n\n${MARKS[1]}`);
}
