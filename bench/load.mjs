// The load generator: HTTP/1.1 over plain sockets, each with one request at a time. The request is one prepared buffer and
// the answer is only counted, so that this process needs a fraction of what the Worker needs and is never the bottleneck.
import { connect } from 'node:net';

/** How long one answer may take, in milliseconds. */
const ANSWER_TIMEOUT = 20_000;

/**
 * @typedef {{method: string, path: string, headers: Record<string, string>, body?: string}} Request
 * @typedef {{status: number, headers: Record<string, string>, cookies: [string, string][], body: string}} Answer
 * @typedef {{ask: (request: Request) => Promise<Answer>, close: () => void}} Connection
 */

/** Writes a request down once. */
export function encode({ method, path, headers, body }, port) {
  const bytes = Buffer.from(body ?? '');
  const lines = [`${method} ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== undefined) lines.push(`Content-Length: ${bytes.length}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes]);
}

/** Sends one request and gives its answer whole. @returns {Promise<Answer>} */
export async function ask(port, request) {
  const connection = dial(port);
  try {
    return await connection.ask(request);
  } finally {
    connection.close();
  }
}

/** A connection for different requests, one after the other. @returns {Connection} */
export function dial(port) {
  let chunks = [];
  let waiting;
  let broken;
  const connection = open(port, {
    answered(status, head) {
      const { resolve } = waiting;
      waiting = undefined;
      resolve({ status, headers: fields(head), cookies: cookies(head), body: Buffer.concat(chunks).toString() });
    },
    failed(error) {
      broken = error;
      waiting?.reject(error);
    },
    chunk: (bytes) => chunks.push(bytes),
  });
  return {
    ask(request) {
      return new Promise((resolve, reject) => {
        if (broken) throw broken;
        chunks = [];
        waiting = { resolve, reject };
        connection.send(encode(request, port));
      });
    },
    close: connection.close,
  };
}

/**
 * @typedef {object} Expected what an answer has to be; a refusal is quick, and would look like a good result
 * @property {number} status
 * @property {number} length of the body, at least
 * @property {Buffer} [body] the bytes of the body, where they are the same each time
 */

/**
 * Sends the same request `count` times over `concurrency` connections that stay open. Fails as soon as an answer is not what
 * was expected.
 * @param {{count: number, concurrency: number, expected: Expected}} how
 * @returns {Promise<{seconds: number, latencies: Float64Array}>} how long it all took, and each request in milliseconds
 */
export async function load(port, request, { count, concurrency, expected }) {
  const bytes = encode(request, port);
  const latencies = new Float64Array(count);
  let sent = 0;
  let answers = 0;
  const started = performance.now();
  const connections = new Set();
  try {
    await new Promise((resolve, reject) => {
      for (let i = 0; i < Math.min(concurrency, count); i += 1) {
        let at = 0;
        let read = 0;
        let right = true;
        const next = () => {
          sent += 1;
          read = 0;
          at = performance.now();
          connection.send(bytes);
        };
        const connection = open(port, {
          answered(status, _head, length) {
            latencies[answers] = performance.now() - at;
            answers += 1;
            if (!right) {
              reject(new Error(`answer ${answers} has other bytes than the answer that was checked`));
            } else if (status !== expected.status || length < expected.length) {
              reject(new Error(`answer ${answers} has status ${status} and ${length} bytes instead of ${expected.status} and ${expected.length}`));
            } else if (answers === count) {
              resolve();
            } else if (sent < count) {
              next();
            }
          },
          failed: reject,
          chunk: expected.body && ((part) => {
            right &&= read + part.length <= expected.body.length && part.equals(expected.body.subarray(read, read + part.length));
            read += part.length;
          }),
        });
        connections.add(connection);
        next();
      }
    });
  } finally {
    for (const connection of connections) connection.close();
  }
  return { seconds: (performance.now() - started) / 1000, latencies };
}

/**
 * One connection. Understands answers with a length, in chunks, or without a body.
 * @param {{answered: (status: number, head: string, length: number) => void, failed: (error: Error) => void, chunk?: (bytes: Buffer) => void}} on
 */
function open(port, on) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let closed = false;
  const fail = (error) => {
    if (closed) return;
    close();
    on.failed(error);
  };
  const close = () => {
    closed = true;
    socket.destroy();
  };
  socket.setTimeout(ANSWER_TIMEOUT, () => fail(new Error('the Worker does not answer')));
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the Worker closed the connection')));

  let rest;
  let head = '';
  let status = 0;
  let length = 0;
  // What is to be read next: the head, `missing` bytes of a body, or the parts of a chunked body.
  let state = 'head';
  let missing = 0;

  const done = () => {
    state = 'head';
    on.answered(status, head, length);
  };
  const take = (bytes) => {
    length += bytes.length;
    if (on.chunk) on.chunk(bytes);
  };

  socket.on('data', (data) => {
    let bytes = rest ? Buffer.concat([rest, data]) : data;
    rest = undefined;
    while (bytes.length > 0 && !closed) {
      if (state === 'body' || state === 'chunk') {
        const part = bytes.subarray(0, missing);
        take(part);
        missing -= part.length;
        bytes = bytes.subarray(part.length);
        if (missing > 0) return;
        if (state === 'chunk') state = 'chunk end';
        else done();
        continue;
      }
      const mark = state === 'head' ? '\r\n\r\n' : '\r\n';
      const end = bytes.indexOf(mark);
      if (end < 0) {
        rest = bytes;
        return;
      }
      const line = bytes.latin1Slice(0, end);
      bytes = bytes.subarray(end + mark.length);
      if (state === 'head') {
        head = line;
        status = Number.parseInt(line.slice(9, 12), 10);
        length = 0;
        if (/\r\ntransfer-encoding: *chunked/i.test(line)) {
          state = 'chunk size';
        } else {
          missing = Number.parseInt(/\r\ncontent-length: *(\d+)/i.exec(line)?.[1] ?? '0', 10);
          if (missing > 0) state = 'body';
          else done();
        }
      } else if (state === 'chunk size') {
        missing = Number.parseInt(line, 16);
        state = missing > 0 ? 'chunk' : 'trailer';
      } else if (state === 'chunk end') {
        state = 'chunk size';
      } else if (line === '') {
        done();
      }
    }
  });
  return { send: (bytes) => socket.write(bytes), close };
}

/** Names and values of the cookies that a head sets. */
function cookies(head) {
  return [...head.matchAll(/\r\nset-cookie: *([^=;\r]+)=([^;\r]*)/gi)].map(([, name, value]) => [name, value]);
}

/** The fields of a head, names in lower case. */
function fields(head) {
  const lines = head.split('\r\n').slice(1);
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
}
