// Around a Worker in workerd: counts what Cloudflare bills, and has a clock that can be put forward. It stands before the Worker's own module, which the bundler calls
// `worker.js`, and takes its place as the entry point.

/** @param {string[]} classes of Durable Objects */
export const countingModule = (classes) => `
import * as module from 'worker.js';
const counts = { requests: 0, objectRequests: 0, rowsRead: 0, rowsWritten: 0, kvReads: 0, kvWrites: 0, kvLists: 0 };
const cursors = [];
const more = (what, by = 1) => { counts[what] += by; };

/** The same object, whose methods are counted. */
const counting = (target, methods, other) => new Proxy(target, {
  get(_, name) {
    const value = Reflect.get(target, name, target);
    if (typeof value !== 'function' || name === 'constructor') return value;
    return (...args) => {
      const what = Object.hasOwn(methods, name) ? methods[name] : other?.(name);
      if (typeof what === 'string') more(what);
      const result = Reflect.apply(value, target, args);
      return typeof what === 'function' ? what(result) : result;
    };
  },
});
const KV = { get: 'kvReads', getWithMetadata: 'kvReads', put: 'kvWrites', delete: 'kvWrites', list: 'kvLists' };
// Every call of a stub is a request, be it fetch or an RPC method.
const stub = (one) => counting(one, {}, (name) => (typeof name === 'string' && name !== 'then' ? 'objectRequests' : undefined));
const NAMESPACE = { get: stub, getByName: stub, jurisdiction: (namespace) => counting(namespace, NAMESPACE) };
const counted = (env) => Object.fromEntries(Object.entries(env).map(([name, binding]) => {
  if (typeof binding?.idFromName === 'function') return [name, counting(binding, NAMESPACE)];
  if (typeof binding?.getWithMetadata === 'function') return [name, counting(binding, KV)];
  return [name, binding];
}));

let isWatched = false;
/** Counts rows: of SQL by its cursors, and of the methods with keys as their rows in the hidden table are billed. */
function watch(storage) {
  if (isWatched) return;
  isWatched = true;
  const sql = Object.getPrototypeOf(storage.sql);
  const { exec } = sql;
  sql.exec = function (...args) {
    const cursor = exec.apply(this, args);
    cursors.push(cursor);
    return cursor;
  };
  const prototype = Object.getPrototypeOf(storage);
  const size = (keys) => (typeof keys === 'string' ? 1 : Array.isArray(keys) ? keys.length : Object.keys(keys).length);
  const around = (name, count) => {
    const original = prototype[name];
    prototype[name] = function (...args) {
      count(...args);
      return original.apply(this, args);
    };
  };
  around('get', (keys) => more('rowsRead', size(keys)));
  around('put', (keys) => more('rowsWritten', size(keys)));
  around('delete', (keys) => more('rowsWritten', size(keys)));
  around('setAlarm', () => more('rowsWritten'));
  const { list } = prototype;
  prototype.list = async function (...args) {
    const found = await list.apply(this, args);
    more('rowsRead', Math.max(1, found.size));
    return found;
  };
}

const object = (Class) => class extends Class {
  constructor(context, env) {
    watch(context.storage);
    super(context, counted(env));
  }
};
${classes.map((name) => `const Counted${name} = object(module.${name});\nexport { Counted${name} as ${name} };`).join('\n')}

let ahead = 0;
const Real = Date;
globalThis.Date = class Date extends Real {
  constructor(...args) { args.length === 0 ? super(Real.now() + ahead) : super(...args); }
  static now() { return Real.now() + ahead; }
};

const worker = module.default;
const handle = typeof worker === 'function'
  ? (request, env, context) => new worker(context, counted(env)).fetch(request)
  : (request, env, context) => worker.fetch(request, counted(env), context);
export default {
  fetch(request, env, context) {
    if (new URL(request.url).pathname === '/..counts') {
      for (const cursor of cursors.splice(0)) {
        counts.rowsRead += cursor.rowsRead;
        counts.rowsWritten += cursor.rowsWritten;
      }
      return Response.json(counts);
    }
    const clock = new URL(request.url).searchParams.get('..ahead');
    if (clock) {
      ahead += 1000 * Number(clock);
      return new Response();
    }
    more('requests');
    return handle(request, env, context);
  },
};
`;
