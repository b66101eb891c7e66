// The entry point of a Worker that only handles events, which is nearly every one: an object of handlers. In a file of its own, because
// a guard is one for each isolate.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { bundle } from '../build/entry-point.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'mcp-guard-'));
after(() => rmSync(folder, { recursive: true }));

const GLUE = `
const state = globalThis.__worker_init_state = { criticalError: false, instanceId: 1 };
export function __wbg_reset_state () { state.instanceId += 1; }
export function fetch(request, env, context) { return Response.json([env, context]); }
export function scheduled(...args) { return args; }
`;
writeFileSync(path.join(folder, 'glue.js'), GLUE);
const file = path.join(folder, 'index.mjs');
await bundle(folder, file);
writeFileSync(file, readFileSync(file, 'utf8').replace('cloudflare:workers', 'data:text/javascript,export class WorkerEntrypoint {}'));
const { default: worker } = await import(pathToFileURL(file));

test('an entry point that only handles events is an object, so that no request makes one of a class', async () => {
  assert.deepEqual(Object.keys(worker).sort(), ['fetch', 'scheduled']);
  assert.deepEqual(await (await worker.fetch(new Request('https://mcp.example.com/'), 'env', 'context')).json(), ['env', 'context']);
  assert.deepEqual(await worker.scheduled('event', 'env', 'context'), ['event', 'env', 'context']);
});
