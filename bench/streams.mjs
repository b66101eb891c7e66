// What open streams cost, in memory and in processor time of the runtime process: to open one, to keep it, to tell it of a change. The
// clients are people with forty streams each, who listen to the connector with every fixture; beside it stands a Worker by hand that
// only holds streams. All of them are in one process here; on Cloudflare the objects that hold them and the Worker that a client reaches
// are often different machines.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { jwt, seconds, startProvider } from '../tests/support/oauth/openid-provider.mjs';
import { step } from '../scripts/support/log.mjs';
import { ask, encode } from './load.mjs';
import { median } from './numbers.mjs';
import { install, start } from './runtime.mjs';

/** Streams that are being opened at a time. */
const AT_ONCE = 20;
/** Of one person; the connector takes fifty. */
const EACH = 40;
/** How long nothing happens but comments, in seconds. */
const IDLE = 10;
const ANNOUNCEMENTS = 20;
/** Answers before the first stream, so that what is measured is not the compilation. */
const WARM_UP = 300;
const TIMEOUT = 60_000;

const ISSUER = 'https://id.example';
const CHANGE = Buffer.from('tools/list_changed');

/**
 * @param {{title: string, program: object}[]} columns
 * @param {number[]} numbers of streams
 * @returns {Promise<object[]>} one row for each column and number of streams
 */
export async function measureStreams(columns, numbers, keepAlive) {
  const rows = [];
  const provider = await startProvider({ issuer: ISSUER, resources: {} });
  try {
    for (const count of numbers) {
      for (const { title, program } of columns) {
        step(`Opening ${count} ${count === 1 ? 'stream' : 'streams'}: ${title}`);
        const vars = { ...program.vars, AUTH_ISSUER: ISSUER };
        const server = await start(install({ ...program, vars, outbound: provider.port }));
        try {
          rows.push({ title, ...(await measured(server, count, keepAlive, provider.keys)) });
        } catch (error) {
          // One column or number that this machine does not carry costs none of the others.
          step(`${count} streams, ${title}: ${error.message}`);
        } finally {
          await server.stop();
        }
      }
    }
  } finally {
    provider.stop();
  }
  return rows;
}

/** A token of a person, as an authorization server elsewhere issues it. */
const tokenOf = (keys, port, sub) =>
  jwt(keys, { iss: ISSUER, sub, aud: `http://127.0.0.1:${port}/mcp`, client_id: 'bench', scope: 'diary:read', iat: seconds(), exp: seconds() + 3600, jti: sub });

async function measured(server, count, keepAlive, keys) {
  const people = Array.from({ length: Math.ceil(count / EACH) }, (_, number) => tokenOf(keys, server.port, `person-${number}`));
  const open = (number) => Listener.open(server.port, people[Math.floor(number / EACH)]);
  const first = await open(0);
  for (let n = 0; n < WARM_UP; n += 1) await announce(server.port);
  await first.hears(WARM_UP);
  first.close();
  const streams = [];
  const before = { cpu: server.cpu(), memory: memory(server.pid) };
  while (streams.length < count) {
    const more = Array.from({ length: Math.min(AT_ONCE, count - streams.length) }, (_, n) => open(streams.length + n));
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
    milliseconds: median(milliseconds),
    slowest: Math.max(...milliseconds),
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

  static open(port, token) {
    const listener = new Listener();
    return new Promise((resolve, reject) => {
      listener.socket = connect(port, '127.0.0.1');
      listener.socket.setNoDelay(true);
      listener.socket.setTimeout(TIMEOUT, () => reject(new Error('a stream is silent')));
      listener.socket.on('error', reject);
      listener.socket.on('close', () => reject(new Error(`a stream has ended: ${listener.#text ?? ''}`)));
      listener.socket.on('data', (chunk) => {
        if (listener.#text !== undefined) {
          listener.#text += chunk;
          if (!/^HTTP\/1\.1 200 /.test(listener.#text)) return void reject(new Error(`a stream is refused: ${listener.#text}`));
          if (!listener.#text.includes('acknowledged')) return;
          listener.#text = undefined;
          resolve(listener);
          return;
        }
        for (let at = 0; (at = chunk.indexOf(CHANGE, at)) >= 0; at += CHANGE.length) listener.#heard += 1;
        listener.#waiting?.();
      });
      listener.socket.write(encode(modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, { Authorization: `Bearer ${token}` }), port));
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
