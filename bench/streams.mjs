// What open streams cost: one, a hundred and a thousand clients that listen to the connector with every fixture, in memory and
// in processor time of the runtime process: to open one, to keep it, to tell it of a change. All of them are in one process
// here; on Cloudflare the object that holds them and the Worker that a client reaches are often different machines.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { step } from '../scripts/support/log.mjs';
import { ask, encode } from './load.mjs';
import { start } from './runtime.mjs';

const COUNTS = [1, 100, 1000];
/** Streams that are being opened at a time. */
const AT_ONCE = 20;
/** How long nothing happens but comments, in seconds. */
const IDLE = 5;
const ANNOUNCEMENTS = 20;
/** Answers before the first stream, so that what is measured is not the compilation. */
const WARM_UP = 300;
const TIMEOUT = 20_000;

const CHANGE = Buffer.from('tools/list_changed');

/** @returns {Promise<object[]>} one row for each number of streams */
export async function measureStreams(installed, keepAlive) {
  const rows = [];
  for (const count of COUNTS) {
    step(`Opening ${count} ${count === 1 ? 'stream' : 'streams'}`);
    const server = await start(installed);
    try {
      rows.push(await measured(server, count, keepAlive));
    } finally {
      await server.stop();
    }
  }
  return rows;
}

async function measured(server, count, keepAlive) {
  const first = await Listener.open(server.port);
  for (let n = 0; n < WARM_UP; n += 1) await announce(server.port);
  first.close();
  const streams = [];
  const before = { cpu: server.cpu(), memory: memory(server.pid) };
  while (streams.length < count) {
    const more = Array.from({ length: Math.min(AT_ONCE, count - streams.length) }, () => Listener.open(server.port));
    streams.push(...(await Promise.all(more)));
  }
  const opened = { cpu: server.cpu(), memory: memory(server.pid) };
  await new Promise((resolve) => setTimeout(resolve, IDLE * 1000));
  const idle = server.cpu();
  const milliseconds = [];
  for (let n = 1; n <= ANNOUNCEMENTS; n += 1) {
    const begun = performance.now();
    await announce(server.port);
    await Promise.all(streams.map((stream) => stream.hears(n)));
    milliseconds.push(performance.now() - begun);
  }
  const told = server.cpu();
  for (const stream of streams) stream.close();
  return {
    count,
    /** In kilobytes for each. */
    memory: (opened.memory - before.memory) / count,
    openCpu: (opened.cpu - before.cpu) / count,
    /** Of all streams together, for each second at the connector's own pace. */
    keepCpu: ((idle - opened.cpu) / IDLE) * (keepAlive.measured / keepAlive.usual),
    tellCpu: (told - idle) / ANNOUNCEMENTS / count,
    milliseconds: milliseconds.sort((a, b) => a - b)[Math.floor(ANNOUNCEMENTS / 2)],
  };
}

const modern = (method, params, more = {}) => ({
  method: 'POST',
  path: '/mcp',
  headers: {
    Accept: 'application/json, text/event-stream',
    'Content-Type': 'application/json',
    'MCP-Protocol-Version': '2026-07-28',
    'Mcp-Method': method,
    ...more,
  },
  body: JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method,
    params: {
      ...params,
      _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} },
    },
  }),
});

async function announce(port) {
  const name = 'test_trigger_tool_change';
  const answer = await ask(port, modern('tools/call', { name, arguments: {} }, { 'Mcp-Name': name }));
  assert.equal(answer.status, 200, answer.body);
  assert.equal(JSON.parse(answer.body).result.content[0].text, 'announced');
}

/** A client that listens, and counts what it is told. */
class Listener {
  #heard = 0;
  #text = '';
  #waiting;

  static open(port) {
    const listener = new Listener();
    return new Promise((resolve, reject) => {
      listener.socket = connect(port, '127.0.0.1');
      listener.socket.setNoDelay(true);
      listener.socket.setTimeout(TIMEOUT, () => reject(new Error('a stream is silent')));
      listener.socket.on('error', reject);
      listener.socket.on('data', (chunk) => {
        if (listener.#text !== undefined) {
          listener.#text += chunk;
          if (!listener.#text.includes('acknowledged')) return;
          assert.match(listener.#text, /^HTTP\/1\.1 200 /);
          listener.#text = undefined;
          resolve(listener);
          return;
        }
        for (let at = 0; (at = chunk.indexOf(CHANGE, at)) >= 0; at += CHANGE.length) listener.#heard += 1;
        listener.#waiting?.();
      });
      listener.socket.write(encode(modern('subscriptions/listen', { notifications: { toolsListChanged: true } }), port));
    });
  }

  hears(count) {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`a stream has heard ${this.#heard} of ${count} changes`)), TIMEOUT);
      this.#waiting = () => {
        if (this.#heard < count) return;
        this.#waiting = undefined;
        clearTimeout(limit);
        resolve();
      };
      this.#waiting();
    });
  }

  close() {
    this.socket.on('error', () => {});
    this.socket.destroy();
  }
}

/** Resident memory of a process, in kilobytes. */
function memory(pid) {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}
