// What the build puts around a Worker: the guard has the module answer requests that nobody has sent, before the first that somebody
// has.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { bundle } from '../build/entry-point.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'mcp-rehearsal-'));
after(() => rmSync(folder, { recursive: true }));

/** JavaScript of the form that wasm-bindgen writes. */
const GLUE = `
const state = globalThis.__worker_init_state = { criticalError: false, instanceId: 1 };
export function __wbg_reset_state () { state.instanceId += 1; }
export function __rehearse(request, env, context) { return globalThis.testWorker.rehearse(request, env, context); }
export function fetch() { return new Response('of instance ' + state.instanceId); }
`;

/** A Worker that has just started, where `__rehearse` does this and the runtime's module exports that. */
async function started(name, rehearse, runtime = 'export const env = { LOG: "off" };') {
  globalThis.testWorker = { rehearse };
  const file = path.join(folder, `${name}.mjs`);
  writeFileSync(path.join(folder, 'glue.js'), GLUE);
  await bundle(folder, file);
  const module = `data:text/javascript,export class WorkerEntrypoint {} ${encodeURIComponent(runtime)}`;
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('cloudflare:workers', module));
  const { default: worker } = await import(pathToFileURL(file));
  return async () => (await worker.fetch(new Request('https://mcp.example.com/'), {}, {})).text();
}

test('a Worker that starts rehearses once, with a POST to the MCP endpoint and the environment', async () => {
  const seen = [];
  const answer = await started('once', (request, env, context) => seen.push([request.method, request.url, request.headers.get('content-type'), env.LOG, typeof context.waitUntil]));
  assert.equal(await answer(), 'of instance 1');
  assert.equal(await answer(), 'of instance 1');
  assert.deepEqual(seen, [['POST', 'https://localhost/mcp', 'application/json', 'off', 'function']]);
});

test('a Worker whose rehearsal fails serves', async () => {
  const answer = await started('failing', () => {
    throw new Error('not before there is a request');
  });
  assert.equal(await answer(), 'of instance 1');
});

test('a Worker whose instance dies in the rehearsal serves with the next one', async () => {
  const answer = await started('dying', () => {
    throw new WebAssembly.RuntimeError('unreachable');
  });
  assert.equal(await answer(), 'of instance 2');
});

test('a Worker does not rehearse where the runtime has no environment before a request', async () => {
  let rehearsals = 0;
  const answer = await started('without', () => (rehearsals += 1), '');
  assert.equal(await answer(), 'of instance 1');
  assert.equal(rehearsals, 0);
});
