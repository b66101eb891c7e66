// What a request can make the isolate hold: the WebAssembly memory in the runtime's process, before and after bodies that are all values.
// Wasm memory never shrinks, so one request that takes much takes it for good; the platform ends an isolate at 128 MB.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { instancesForSuite } from '../support/workers/instances.mjs';
import { LEGACY, calling, post, send } from '../support/mcp/requests.mjs';
import { SIGN_IN, bearer, connect } from '../support/oauth/client.mjs';

const MIB = 1024 * 1024;

let token;
const runtime = instancesForSuite({ count: 1, vars: SIGN_IN }, async () => {
  token = bearer((await connect(here)).tokens.access_token);
});
const [here] = runtime.instances;

/**
 * The WebAssembly memory of a process, in MiB (Linux). V8 reserves the whole address space of each memory, and makes of it readable
 * what the memory has grown to: a part that may be written, followed by gigabytes that may not be touched.
 */
function wasmMemory(pid) {
  const parts = readFileSync(`/proc/${pid}/maps`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line))
    .map(([, start, end, may]) => ({ start: BigInt(`0x${start}`), end: BigInt(`0x${end}`), may }));
  const sizes = parts.flatMap(({ start, end, may }, at) => {
    const after = parts[at + 1];
    const isReserved = after?.start === end && after.may.startsWith('---') && after.end - after.start > 2n ** 31n;
    return may.startsWith('rw-') && isReserved ? [Number(end - start) / MIB] : [];
  });
  assert.ok(sizes.length > 0, 'the memory is found');
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The process that listens on the port of the instance. */
function workerdOn(port) {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inode = ['tcp', 'tcp6']
    .flatMap((table) => readFileSync(`/proc/net/${table}`, 'utf8').split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, , state]) => local?.endsWith(`:${hex}`) && state === '0A')?.[9];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        if (readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8').includes(`ino:\t${inode}\n`)) return pid;
      }
    } catch {
      // It ended, or is somebody else's.
    }
  }
  throw new Error(`nobody listens on ${port}`);
}

/** A call whose arguments fill `bytes` with copies of `item`. */
function filled(item, bytes) {
  const frame = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: calling('echo', { text: [] }) });
  const count = Math.floor((bytes - frame.length) / (item.length + 1));
  return frame.replace('[]', `[${Array.from({ length: count }, () => item).join(',')}]`);
}

describe('a body of nothing but values', { skip: process.platform === 'linux' ? false : 'reads /proc' }, () => {
  const HOSTILE = ['{"":0}', '[0]', '{"a":[]}', '[[0]]', '0', '""', '{"":{"":""}}'];
  const to = (body, headers) => send(here, post(body, { headers: { ...here.headers, 'mcp-protocol-version': LEGACY[0], ...headers } }));

  for (const [who, bytes, most] of [
    ['an anonymous client', MIB / 4, 8],
    ['a caller', MIB, 32],
  ]) {
    test(`a body of nothing but values of ${who} makes the memory grow by no more than ${most} MiB, however often it comes`, async (t) => {
      const headers = who === 'a caller' ? token : {};
      const pid = workerdOn(here.port);
      await to(filled('0', 200), headers);
      const earlier = wasmMemory(pid);
      for (let round = 0; round < 5; round += 1) {
        for (const item of HOSTILE) {
          const answer = await to(filled(item, bytes), headers);
          assert.ok([200, 401, 413].includes(answer.status), answer.story('read or refused'));
        }
      }
      const grown = wasmMemory(pid) - earlier;
      t.diagnostic(`${who}: from ${earlier.toFixed(1)} MiB by ${grown.toFixed(1)} MiB`);
      assert.ok(grown < most, `the memory has grown by ${grown.toFixed(1)} MiB`);
    });
  }
});
