// The entry point of the built Worker. It answers for an instance of the WebAssembly module that has died, and starts the next one.
//
// A panic, or anything else that the module cannot go on after, ends the instance that all requests of the isolate and all its
// Durable Objects share. The promises that it owes them then stay pending forever. The guard settles each of them at once: an
// object's caller gets an error, and for a request the next instance is asked for the answer. It gets the note that the first
// instance handed over while it carried out the request.
import * as runtime from 'cloudflare:workers';

const { WorkerEntrypoint } = runtime;

/** Maximum number of requests and pieces of work that are remembered at a time. Beyond it, the oldest are forgotten. */
const MOST = 4096;

/** The answer if the next instance cannot give one, or if it is unknown what the request was. */
const LAST_WORDS = { error: 'server_error', error_description: 'The server failed. What was asked for may have been done.' };

/** What the instance is working on, by number, the oldest first. @type {Map<number, Flight>} */
const underWay = new Map();
/** What objects were working on when their instance died, by the object's key. @type {Map<string, Flight[]>} */
const lostWork = new Map();
let lastNumber = 0;
/** The flight of a request. The entry point gets the request and uses it to ask for its flight. @type {WeakMap<Request, Flight>} */
const flights = new WeakMap();
/** The marks of requests that came by an entry point other than the default one. Nothing in a request can give it one. @type {WeakMap<Request, string>} */
const marks = new WeakMap();
/** The entry points that only a Service Binding reaches, and their marks. A Worker that is bound to one of them cannot do what the other one can. */
const MARKS = { Internal: '@', Introspection: '%' };
/** Where the instance writes what it is running: in its memory, which can be read after its death. */
let running = { memory: undefined, address: 0 };

/** Somebody waits for a promise of the dead instance. */
class InstanceDied extends Error {
  constructor() {
    super('The instance that worked on this has died.');
  }
}

/** A request, or work of an object, from its beginning to its end. */
class Flight {
  /** Set when its instance has died: whether it was what that instance was running. @type {{wasRunning: boolean} | undefined} */
  lost;
  /** What the instance has said about it. */
  note;
  /** Whether the connector has seen the request. */
  wasOpened = false;
  /** Whether the answer has begun, as a stream. */
  isStream = false;
  #reject;

  /**
   * @param {(flight: Flight) => unknown} [call] what calls the entry point
   * @param {Flight} [before] the same request, at an instance that has died
   */
  constructor(call, before) {
    this.number = lastNumber = (lastNumber % 0x3fffffff) + 1;
    this.call = call;
    this.before = before;
    underWay.set(this.number, this);
    if (underWay.size > MOST) underWay.delete(underWay.keys().next().value);
  }

  /** What `step` gives, unless the instance dies first. */
  until(step) {
    return new Promise((resolve, reject) => {
      if (this.lost) return reject(new InstanceDied());
      this.#reject = reject;
      try {
        Promise.resolve(step(this)).then(resolve, reject);
      } catch (error) {
        reject(this.lost ? new InstanceDied() : error);
      }
    });
  }

  die(wasRunning) {
    this.lost = { wasRunning };
    this.#reject?.(new InstanceDied());
  }

  close() {
    underWay.delete(this.number);
  }
}

/** The answer to a request, of the instance that it came to or of the next one. It is a promise only if there is something to wait for. */
function answered(request, env, ctx) {
  const flight = new Flight((flight) => fetched(flight, request, env, ctx));
  flight.request = request;
  flights.set(request, flight);
  try {
    const answer = flight.call(flight);
    if (!(answer instanceof Response)) return owed(flight, () => answer);
    if (!flight.isStream) flight.close();
    return answer;
  } catch (error) {
    return owed(flight, () => {
      throw error;
    });
  }
}

/** What `step` gives, a promise of the instance, or else the answer of the next instance. */
async function owed(flight, step) {
  try {
    return await flight.until(step);
  } catch (error) {
    noteTrap(error);
    if (!flight.lost) throw error;
    return answerFor(flight);
  } finally {
    if (!flight.isStream) flight.close();
  }
}

/** What the next instance has to say to a request whose instance has died. */
async function answerFor(lost) {
  const flight = new Flight(lost.call, lost);
  flights.set(lost.request, flight);
  try {
    // A request that the connector never saw is one of the author's own: it is unknown whether it may run twice.
    if (lost.wasOpened) return await flight.until(flight.call);
  } catch (error) {
    // This instance may have died of it, too.
    noteTrap(error);
  } finally {
    flight.close();
  }
  return Response.json(LAST_WORDS, { status: 500, headers: { 'cache-control': 'no-store' } });
}

/** A stream that the instance writes, with an end if the instance dies. */
function guardedStream(flight, source) {
  flight.isStream = true;
  const reader = source.getReader();
  const pull = async (controller) => {
    try {
      const { done, value } = await flight.until(() => reader.read());
      if (!done) return controller.enqueue(value);
      flight.close();
    } catch (error) {
      if (!flight.lost) throw error;
      const words = new Uint8Array(await (await answerFor(flight)).arrayBuffer());
      if (words.length > 0) controller.enqueue(words);
    }
    controller.close();
  };
  const cancel = (reason) => {
    flight.close();
    return flight.lost ? undefined : reader.cancel(reason);
  };
  // Nothing is read ahead: a client that reads slowly holds its handler back.
  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
}

/** The instance has died: nothing that it was working on will end. */
function died() {
  const { memory, address } = running;
  const number = memory ? new DataView(memory.buffer).getUint32(address, true) : 0;
  const lost = [...underWay.values()];
  underWay.clear();
  for (const flight of lost) {
    if (flight.key !== undefined) keepLost(flight);
    flight.die(flight.number === number);
  }
}

/** An object that never comes back would be remembered forever. */
function keepLost(flight) {
  if (lostWork.size >= MOST) lostWork.delete(lostWork.keys().next().value);
  lostWork.set(flight.key, [...(lostWork.get(flight.key) ?? []), flight]);
}

/** What the instance asks and says. Its side is `mod.rs` beside this file. */
globalThis.instanceGuard = {
  /** A new instance, and where in its memory it says what it is running. */
  started(memory, address) {
    running = { memory, address };
  },
  /** The number of a request; none if it did not come by here. */
  opened(request) {
    const flight = flights.get(request);
    if (!flight) return 0;
    flight.wasOpened = true;
    return flight.number;
  },
  /** By which entry point a request came: empty for the default one. */
  mark(request) {
    return marks.get(request) ?? '';
  },
  /** What of a request was lost with an earlier instance, if that is why it comes now. */
  before(number) {
    const { before } = underWay.get(number) ?? {};
    return before && { note: before.note, wasRunning: before.lost.wasRunning, isStream: before.isStream };
  },
  /** What the next instance has to know of it. */
  note(number, note) {
    const flight = underWay.get(number);
    if (flight) flight.note = note;
  },
  stream(number, source) {
    const flight = underWay.get(number);
    return flight ? guardedStream(flight, source) : source;
  },
  /** Work of the object `key` that nobody waits for. */
  works(key, note) {
    const flight = new Flight();
    flight.key = key;
    flight.note = note;
    return flight.number;
  },
  ended(number) {
    underWay.get(number)?.close();
  },
  /** What the object `key` was at when its instance died, once. */
  takeLost(key) {
    const lost = lostWork.get(key) ?? [];
    lostWork.delete(key);
    return lost.map(({ note, lost: { wasRunning } }) => ({ note, wasRunning, isStream: false }));
  },
  /** Closes what an object writes to when its instance dies: nobody would write to it any more. */
  holds(writer) {
    const flight = new Flight();
    flight.until(() => writer.closed).catch(() => flight.lost && writer.close().catch(() => {})).finally(() => flight.close());
  },
};

/** What wasm-bindgen made of the module: what it exports, and the function that starts another instance of it. */
let module;
/** What the crate `worker` says about the instance: its number, and whether it has died. */
let state;

/** Whoever learns that the instance has died sets `criticalError`: its panic hook, its abort handler, or `noteTrap`. */
function watch() {
  let isCritical = state.criticalError;
  Object.defineProperty(state, 'criticalError', {
    get: () => isCritical,
    set(value) {
      isCritical = value;
      if (value) died();
    },
  });
  // In work that no request waits for.
  globalThis.addEventListener?.('error', ({ error }) => noteTrap(error));
}

/** Starts the next instance if the last one has died. It counts itself in `instanceId`. */
function revive() {
  if (!state.criticalError) return;
  module.__wbg_reset_state();
  state.criticalError = false;
}

/** Traps that were noted. Each comes by as it is thrown, and again when the promise of its call is rejected: by then the next instance is at work. */
const noted = new WeakSet();

/** A trap ends an instance as a panic does, and runs no hook. */
function noteTrap(error) {
  if (!(error instanceof WebAssembly.RuntimeError) || noted.has(error)) return;
  noted.add(error);
  state.criticalError = true;
}

/** What `step` gives, of an instance that is alive. */
async function alive(step) {
  try {
    revive();
    return await entered(step);
  } catch (error) {
    noteTrap(error);
    throw error;
  }
}

/** What `step` gives, which calls the instance. A trap is noted before anything else runs. */
function entered(step) {
  try {
    return step();
  } catch (error) {
    noteTrap(error);
    throw error;
  }
}

/**
 * Has the instance answer a request. Gives a response, or the promise of one. If the instance waits for the body, it is read here and
 * brought there.
 */
function fetched(flight, request, env, ctx) {
  revive();
  const answer = entered(() => module.fetch(request, env, ctx));
  return answer?.resume === undefined ? answer : resumed(flight, request, answer);
}

async function resumed(flight, request, paused) {
  const body = await arrived(request, paused.milliseconds);
  // Another instance has been asked what to say.
  if (flight.lost) return undefined;
  return entered(() => paused.resume(body.bytes, body.isLate));
}

/** The bytes of the body of a request, if they all arrive in time. */
function arrived(request, milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ bytes: undefined, isLate: true }), milliseconds);
    const done = (bytes) => {
      clearTimeout(timer);
      resolve({ bytes, isLate: false });
    };
    request.arrayBuffer().then((buffer) => done(new Uint8Array(buffer)), () => done(undefined));
  });
}

/** What the runtime calls with one argument, and the module takes with the environment and the context. */
const HANDLERS = ['fetch', 'scheduled', 'queue', 'email', 'connect'];

/** What the runtime may call of a class. The rest of what wasm-bindgen puts there is about the memory of the module. */
const isMethod = (prototype, name) => !/^(constructor$|free$|__)/.test(name) && typeof prototype[name] === 'function';
const methodsOf = ({ prototype }) => Object.getOwnPropertyNames(prototype).filter((name) => isMethod(prototype, name));

/** wasm-bindgen's own exports begin with underscores, and its classes can be freed. */
const isEntry = (name) => !name.startsWith('__') && typeof module[name] === 'function' && module[name].prototype?.free === undefined;

/**
 * The entry point of the module that wasm-bindgen made, guarded. It is an object: of a class, the runtime would make one for each
 * request. Only a class can have other methods than those of events.
 */
export function guardedWorker(exports) {
  module = exports;
  state = globalThis.__worker_init_state;
  watch();
  const names = Object.keys(module).filter(isEntry);
  const handlers = Object.fromEntries(names.map((name) => [name, name === 'fetch' ? again : settled((_, args) => alive(() => module[name](...args)))]));
  // What the connector declares of these, unless the author's crate has a function of its own.
  for (const name of ['scheduled', 'queue']) {
    const declared = module[`__${name}`];
    if (declared && !handlers[name]) handlers[name] = settled((_, args) => alive(() => declared(...args)));
  }
  rehearse();
  return names.every((name) => HANDLERS.includes(name)) ? handlers : entryPoint(handlers);
}

/**
 * Has the module answer requests that nobody has sent, so that its first request finds the connector prepared and the code compiled.
 * What cannot be done before there is a request fails, and is done again when there is one.
 */
function rehearse() {
  if (!module.__rehearse || !runtime.env) return;
  try {
    // The runtime makes no body before there is a request. The module brings its own.
    const headers = { 'content-type': 'application/json', 'content-length': '1', accept: 'application/json, text/event-stream' };
    const request = new Request('https://localhost/mcp', { method: 'POST', headers });
    const context = { waitUntil() {}, passThroughOnException() {} };
    entered(() => module.__rehearse(request, runtime.env, context));
  } catch (error) {
    console.warn(error);
  }
}

/** An answer that was given before, or that of the instance. `reused.js` in `crossing` keeps those that are the same each time. */
function again(request, env, ctx) {
  return globalThis.reusedAnswer?.(request) ?? answered(request, env, ctx);
}

/** The handlers and methods as a class of the runtime, whose handlers get the environment and the context as members. */
function entryPoint(handlers) {
  class GuardedWorker extends WorkerEntrypoint {}
  for (const [name, handler] of Object.entries(handlers)) {
    GuardedWorker.prototype[name] = HANDLERS.includes(name)
      ? function (event) {
          return handler(event, this.env, this.ctx);
        }
      : handler;
  }
  return GuardedWorker;
}

/**
 * An entry point that only a Service Binding reaches, because the runtime sends requests from outside to the default one. It
 * carries out the same `fetch`, and the module learns that the request came this way.
 * @param {keyof typeof MARKS} name
 */
export function guardedEntryPoint(name) {
  return class extends WorkerEntrypoint {
    fetch(request) {
      marks.set(request, MARKS[name]);
      return answered(request, this.env, this.ctx);
    }
  };
}

/** A class that the module exports, guarded if it is one of a Durable Object. */
export function guardedObject(Class) {
  if (!isMethod(Class.prototype, 'fetch')) return Class;
  class GuardedObject {
    #args;
    #inner;
    /** The number of the instance that `#inner` belongs to. */
    #instance;

    constructor(...args) {
      this.#args = args;
      this.inner();
    }

    /** The object of the living instance: each has its own. */
    inner() {
      revive();
      if (this.#instance !== state.instanceId) {
        this.#inner = new Class(...this.#args);
        this.#instance = state.instanceId;
      }
      return this.#inner;
    }
  }
  for (const name of methodsOf(Class)) {
    GuardedObject.prototype[name] = settled((object, args) => alive(() => object.inner()[name](...args)));
  }
  return GuardedObject;
}

/** A method whose promise is settled in any case. */
function settled(call) {
  return async function (...args) {
    const flight = new Flight(() => call(this, args));
    try {
      return await flight.until(flight.call);
    } finally {
      flight.close();
    }
  };
}
