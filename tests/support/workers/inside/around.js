// Around the Worker under test, in workerd: its clock can be put forward and stopped, its objects can be made to fail, and what it asks of them
// is counted. An isolate's objects share the clock of the isolate.

import { WorkerEntrypoint } from 'cloudflare:workers';
import { buckets, callLimit, databases, metrics } from 'settings.js';

let ahead = 0;
let stoppedAt;
const counts = { objects: {}, named: {}, rowsWritten: 0, rowsRead: 0 };
const cursors = [];
const settle = () => {
  for (const cursor of cursors.splice(0)) {
    counts.rowsWritten += cursor.rowsWritten;
    counts.rowsRead += cursor.rowsRead;
  }
};
/** How the objects of a class are now, if not well; or one object, by its class and name: `Subscriptions/all-2`. */
const state = {};
/** And how after an answer, if that differs. */
const afterwards = { 'loses-one': 'works', 'dies-one': 'works', 'loses-every-other': 'loses-not-this', 'loses-not-this': 'loses-every-other' };
/** The answer of what does not answer. A timer keeps the request alive. */
const silence = () => new Promise((resolve) => setTimeout(resolve, 60_000));
let isWatched = false;
/** Notes the cursor of every statement: it knows the rows that it has read and written. */
function watch(storage) {
  if (isWatched) return;
  isWatched = true;
  const prototype = Object.getPrototypeOf(storage.sql);
  const { exec } = prototype;
  prototype.exec = function (...args) {
    const cursor = exec.apply(this, args);
    cursors.push(cursor);
    return cursor;
  };
}
/** The class of an object, counted, which a test can put out of order. */
export const counted = (name) => class extends classes[name] {
  constructor(context, env) {
    watch(context.storage);
    super(context, { ...env, ...standIns });
    this.named = context.id.name;
    this.kept = () => context.storage.sync();
    this.run = (statement) => [...context.storage.sql.exec(statement)];
    this.replaced = () => context.abort('replaced, as a test has asked');
  }
  async fetch(request) {
    if (new URL(request.url).pathname === '/..alarm') {
      await super.alarm();
      return new Response('');
    }
    if (new URL(request.url).pathname === '/..sql') return Response.json(this.run(await request.text()));
    if (new URL(request.url).pathname === '/..replace') this.replaced();
    const one = `${name}/${this.named}`;
    if (state[one] === 'fails') throw new Error('the object fails, as a test has asked');
    if (state[name] === 'fails') throw new Error('the object fails, as a test has asked');
    if (state[name] === 'hangs') await silence();
    counts.objects[name] = (counts.objects[name] ?? 0) + 1;
    counts.named[one] = (counts.named[one] ?? 0) + 1;
    const answer = await super.fetch(request);
    const how = state[name];
    state[name] = afterwards[how] ?? how;
    if (!['loses', 'loses-one', 'loses-every-other', 'dies-one'].includes(how)) return answer;
    // As a whole: what is thrown away unread would be called unfinished.
    await answer.arrayBuffer();
    if (how === 'dies-one') {
      await this.kept();
      this.replaced();
    }
    throw new Error('the answer is lost, as a test has asked');
  }
};
/** The memory of each instance of the Worker's own code. */
const memories = [];
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(target, args) {
    const made = Reflect.construct(target, args);
    memories.push(made.exports.memory);
    return made;
  },
});
const Real = Date;
const now = () => (stoppedAt ?? Real.now()) + ahead;
globalThis.Date = class Date extends Real {
  constructor(...args) { args.length === 0 ? super(now()) : super(...args); }
  static now() { return now(); }
};
const { default: worker, ...classes } = await import('index.js');
/** A database that takes every statement, finds the same row for each and keeps nothing: D1 is no part of workerd. */
class D1Database {
  prepare() {
    const statement = {
      bind: () => statement,
      all: async () => ({ success: true, results: [{ id: 1 }], meta: {} }),
      run: async () => ({ success: true, results: [], meta: { changes: 1 } }),
    };
    return statement;
  }
}
/** A bucket that only has a name, for links to files that nobody sends. */
class R2Bucket {
  createMultipartUpload() {}
}
/** Bindings of the Worker that workerd has not. */
const standIns = Object.fromEntries([...databases.map((name) => [name, new D1Database()]), ...buckets.map((name) => [name, new R2Bucket()])]);
/** Bindings that a test asks for. */
const more = { ...standIns };
if (callLimit !== undefined) {
  const calls = {};
  more.CALL_LIMIT = {
    async limit({ key }) {
      console.log('[limit] ' + JSON.stringify(key));
      return { success: (calls[key] = (calls[key] ?? 0) + 1) <= callLimit };
    },
  };
}
if (metrics) more.METRICS = { writeDataPoint: (point) => console.log('[point] ' + JSON.stringify(point)) };

/** The entry point that other connectors are bound to, counted, which a test can put out of order. */
export class Introspection extends classes.Introspection {
  async fetch(request) {
    if (state.Introspection === 'fails') throw new Error('the entry point fails, as a test has asked');
    if (state.Introspection === 'hangs') await silence();
    counts.objects.Introspection = (counts.objects.Introspection ?? 0) + 1;
    return super.fetch(request);
  }
}

/** The Worker as a class, which gets other bindings than it has. */
export default class extends WorkerEntrypoint {
  constructor(context, env) {
    super(context, { ...env, ...more });
  }
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === '/..clock') {
      const { seconds, runs } = Object.fromEntries(url.searchParams);
      if (seconds) ahead += 1000 * Number(seconds);
      if (runs) stoppedAt = runs === 'no' ? Real.now() : undefined;
      return new Response(String(Date.now()));
    }
    if (url.pathname === '/..objects') {
      state[url.searchParams.get('name')] = url.searchParams.get('how');
      return new Response('');
    }
    if (url.pathname === '/..alarm') {
      const objects = this.env[url.searchParams.get('binding')];
      return objects.get(objects.idFromName(url.searchParams.get('name'))).fetch('http://object/..alarm');
    }
    if (url.pathname === '/..sql') {
      const objects = this.env[url.searchParams.get('binding')];
      return objects.get(objects.idFromName(url.searchParams.get('name'))).fetch('http://object/..sql', { method: 'POST', body: await request.text() });
    }
    if (url.pathname === '/..replace') {
      const objects = this.env[url.searchParams.get('binding')];
      await objects.get(objects.idFromName(url.searchParams.get('name'))).fetch('http://object/..replace').catch(() => {});
      return new Response('');
    }
    if (url.pathname === '/..memory') {
      return new Response(String(memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0)));
    }
    if (url.pathname === '/..counts') {
      settle();
      return Response.json(counts);
    }
    return worker.fetch(request, this.env, this.ctx);
  }
}
