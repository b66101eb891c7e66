// What the build puts around a Worker: the guard that answers for an instance of its module that has died.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { bundle, classesIn } from '../build/entry-point.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'mcp-guard-'));
after(() => rmSync(folder, { recursive: true }));

/** JavaScript of the form that wasm-bindgen writes, whose instance does what a test says. */
const GLUE = `
const state = globalThis.__worker_init_state = { criticalError: false, instanceId: 1 };
export class Box { constructor(state) { this.state = state; this.instance = globalThis.__worker_init_state.instanceId; } fetch(request) { return globalThis.testWorker.object(request, this); } free() {} }
export class Options { free() {} }
export function __wbg_reset_state () { state.instanceId += 1; }
export function fetch(request, env, context) { return globalThis.testWorker.fetch(request, env, context); }
export function scheduled(event, env) { return globalThis.testWorker.scheduled(event, env); }
export function remote(...args) { return args; }
`;
/** The runtime's module, as far as the guard uses it. */
const RUNTIME = 'data:text/javascript,export class WorkerEntrypoint { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }';

writeFileSync(path.join(folder, 'glue.js'), GLUE);
const file = path.join(folder, 'index.mjs');
await bundle(folder, file);
writeFileSync(file, readFileSync(file, 'utf8').replace('cloudflare:workers', RUNTIME));
const { default: Worker, Internal, Introspection, Box, Options } = await import(pathToFileURL(file));

const never = () => new Promise(() => {});
const die = () => {
  globalThis.__worker_init_state.criticalError = true;
};
const guard = globalThis.instanceGuard;
const get = () => new Request('https://mcp.example.com/');
const fetched = (request = get()) => new Worker({}, {}).fetch(request);
/** The instance's memory, where it says what it is running. */
const memory = { buffer: new ArrayBuffer(16) };
const runs = (number) => new DataView(memory.buffer).setUint32(8, number, true);

beforeEach(() => {
  guard.started(memory, 8);
  runs(0);
});

describe('the entry point', () => {
  test('passes an answer and an error on as they are', async () => {
    globalThis.testWorker = { fetch: async () => new Response('hello') };
    assert.equal(await (await fetched()).text(), 'hello');
    const error = new Error('its own');
    globalThis.testWorker = { fetch: async () => Promise.reject(error) };
    await assert.rejects(fetched(), (thrown) => thrown === error);
  });

  test('marks what comes by an entry point of its own, again if its instance has died of it, and nothing else', async () => {
    let seen = [];
    globalThis.testWorker = {
      fetch: async (request) => {
        const number = guard.opened(request);
        seen.push(guard.mark(request));
        if (seen.length > 1) return new Response('of the next instance');
        runs(number);
        die();
        return never();
      },
    };
    for (const [EntryPoint, mark] of [[Internal, '@'], [Introspection, '%']]) {
      seen = [];
      assert.equal(await (await new EntryPoint({}, {}).fetch(get())).text(), 'of the next instance');
      assert.deepEqual(seen, [mark, mark]);
    }
    seen.push('outside');
    await fetched();
    assert.deepEqual(seen.slice(3), ['']);
    assert.equal(guard.mark(new Request(get())), '', 'a copy is another request');
  });

  test('gives an answer that is the same each time without the instance, and asks the instance for whatever comes by `Internal`', async () => {
    globalThis.testWorker = { fetch: () => new Response('of the instance') };
    try {
      globalThis.reusedAnswer = (request) => (request.method === 'GET' ? new Response('kept') : undefined);
      assert.equal(await (await fetched()).text(), 'kept');
      assert.equal(await (await fetched(new Request(get(), { method: 'PUT' }))).text(), 'of the instance');
      assert.equal(await (await new Internal({}, {}).fetch(get())).text(), 'of the instance');
    } finally {
      delete globalThis.reusedAnswer;
    }
  });

  test('hands the environment and the context to a handler, and its arguments to any other method', async () => {
    globalThis.testWorker = { fetch: async (request, env, context) => Response.json([env, context]), scheduled: (event, env) => [event, env] };
    const worker = new Worker('context', 'env');
    assert.deepEqual(await (await worker.fetch(get())).json(), ['env', 'context']);
    assert.deepEqual(await worker.scheduled('event'), ['event', 'env']);
    assert.deepEqual(await worker.remote(1, 2), [1, 2]);
    assert.equal(worker.__wbg_reset_state, undefined);
  });

  test('starts one other instance after a death, whoever comes first', async () => {
    const { instanceId } = globalThis.__worker_init_state;
    globalThis.testWorker = { fetch: async () => Promise.reject(new WebAssembly.RuntimeError('unreachable')) };
    assert.equal((await fetched()).status, 500);
    globalThis.testWorker = { fetch: async () => new Response('there') };
    assert.equal(await (await fetched()).text(), 'there');
    assert.equal(await (await fetched()).text(), 'there');
    assert.equal(globalThis.__worker_init_state.instanceId, instanceId + 1);
  });

  test('asks the next instance what to say, with the note of the one that died', async () => {
    const numbers = [];
    globalThis.testWorker = {
      async fetch(request) {
        const number = guard.opened(request);
        numbers.push(number);
        const before = guard.before(number);
        if (before) return Response.json(before);
        guard.note(number, 'a note');
        return never();
      },
    };
    const first = fetched();
    const second = fetched();
    await Promise.resolve();
    runs(numbers[1]);
    die();
    assert.deepEqual(await (await first).json(), { note: 'a note', wasRunning: false, isStream: false });
    assert.deepEqual(await (await second).json(), { note: 'a note', wasRunning: true, isStream: false });
    assert.equal(new Set(numbers).size, 4, 'and each time it has a number of its own');
  });

  test('does not repeat a request that the connector has not seen', async () => {
    let times = 0;
    globalThis.testWorker = { fetch: () => ((times += 1), never()) };
    const answer = fetched();
    die();
    assert.equal((await answer).status, 500);
    assert.equal(times, 1);
  });

  test('answers also where the next instance dies of the request', async () => {
    globalThis.testWorker = {
      fetch(request) {
        if (guard.before(guard.opened(request))) {
          die();
          throw new WebAssembly.RuntimeError('unreachable');
        }
        return never();
      },
    };
    const answer = fetched();
    die();
    assert.equal((await answer).status, 500);
  });

  describe('where the instance waits for the body', () => {
    const post = (body) => new Request('https://mcp.example.com/', { method: 'POST', body, duplex: 'half' });
    const paused = (resume, milliseconds = 60_000) => ({ milliseconds, resume });
    const said = (bytes, isLate) => Response.json([bytes === undefined ? null : new TextDecoder().decode(bytes), isLate]);

    test('brings it there', async () => {
      globalThis.testWorker = { fetch: () => paused(said) };
      assert.deepEqual(await (await fetched(post('all of it'))).json(), ['all of it', false]);
    });

    test('says whether it was late or broken', async () => {
      globalThis.testWorker = { fetch: () => paused(said, 1) };
      assert.deepEqual(await (await fetched(post(new ReadableStream()))).json(), [null, true]);
      globalThis.testWorker = { fetch: () => paused(said) };
      const broken = new ReadableStream({ start: (controller) => controller.error(new Error('cut off')) });
      assert.deepEqual(await (await fetched(post(broken))).json(), [null, false]);
    });

    test('brings nothing to an instance that has died meanwhile', async () => {
      let send;
      const body = new ReadableStream({ start: (controller) => (send = controller) });
      globalThis.testWorker = {
        fetch: (request) => (guard.before(guard.opened(request)) ? new Response('the next one') : paused(() => assert.fail('resumed'))),
      };
      const answer = fetched(post(body));
      await Promise.resolve();
      die();
      send.close();
      assert.equal(await (await answer).text(), 'the next one');
    });

    test('notes a trap before the next instance is asked, and once', async () => {
      const { instanceId } = globalThis.__worker_init_state;
      const trap = () => {
        die();
        throw new WebAssembly.RuntimeError('unreachable');
      };
      globalThis.testWorker = {
        fetch(request) {
          if (!guard.before(guard.opened(request))) return paused(trap);
          return new Promise((resolve) => setTimeout(() => resolve(new Response('the next one'))));
        },
      };
      assert.equal(await (await fetched(post('x'))).text(), 'the next one');
      assert.equal(globalThis.__worker_init_state.instanceId, instanceId + 1);
    });
  });

  test('ends a stream with what the next instance says', async () => {
    globalThis.testWorker = {
      async fetch(request) {
        const number = guard.opened(request);
        if (guard.before(number)) return new Response(`last, ${guard.before(number).isStream}`);
        const source = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('first, ')) });
        return new Response(guard.stream(number, source));
      },
    };
    const reader = (await fetched()).body.getReader();
    const read = async () => new TextDecoder().decode((await reader.read()).value);
    assert.equal(await read(), 'first, ');
    const rest = read();
    die();
    assert.equal(await rest, 'last, true');
    assert.equal((await reader.read()).done, true);
  });
});

describe('an object', () => {
  test('rejects what it owes, and serves the next request', async () => {
    const box = new Box({});
    globalThis.testWorker = { object: never };
    const answer = box.fetch(get());
    die();
    await assert.rejects(answer, /has died/);
    globalThis.testWorker = { object: async () => new Response('there') };
    assert.equal(await (await box.fetch(get())).text(), 'there');
    assert.equal(box.alarm, undefined, 'it has no methods that the class has not');
  });

  test('is made again by the next instance, with what the runtime gave it', async () => {
    globalThis.testWorker = { object: async (_, { state, instance }) => Response.json([state, instance]) };
    const box = new Box('its state');
    const [, first] = await (await box.fetch(get())).json();
    assert.deepEqual(await (await box.fetch(get())).json(), ['its state', first]);
    die();
    assert.deepEqual(await (await box.fetch(get())).json(), ['its state', first + 1]);
  });

  test('is told once what it was at when its instance died', () => {
    runs(guard.works('box-1', 'mine'));
    guard.ended(guard.works('box-1', 'has ended'));
    guard.works('box-2', 'of another');
    die();
    assert.deepEqual(guard.takeLost('box-1'), [{ note: 'mine', wasRunning: true, isStream: false }]);
    assert.deepEqual(guard.takeLost('box-1'), []);
    assert.deepEqual(guard.takeLost('box-2'), [{ note: 'of another', wasRunning: false, isStream: false }]);
  });

  test('has the streams closed that it writes to', async () => {
    const { readable, writable } = new TransformStream();
    guard.holds(writable.getWriter());
    die();
    assert.equal((await readable.getReader().read()).done, true);
  });

  test('a class that is none is exported as it is', () => assert.equal(new Options().fetch, undefined));
});

test('the classes that wasm-bindgen exports are found, and what is no Worker is refused', () => {
  assert.deepEqual(classesIn(GLUE), ['Box', 'Options']);
  assert.throws(() => classesIn('export class Grants {}'), /cannot be guarded/);
});
