// What answers on the port of `npm start` from its first moment to its last. It passes requests on to the Worker as they are,
// and says at once why there is no Worker yet. wrangler is on a port of its own behind it, and may come and go.
import http from 'node:http';
import { pipeline } from 'node:stream';
import { Stop } from '../support/log.mjs';
import { notReady } from './not-ready.mjs';

/** Only this machine can reach it. */
export const HOST = '127.0.0.1';

/** Longer than any client keeps an unused connection, so that none is closed while a request is on its way. In milliseconds. */
const KEEP_ALIVE = 120_000;

/** Headers that concern one connection only (RFC 9110 §7.6.1). */
const OF_THE_CONNECTION = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect']);

export class Front {
  #server;
  #worker;
  #reason;

  /**
   * Takes the port. Fails with a `Stop` where another program has it.
   * @param {number} port
   * @param {string} command what the person called, for the message
   * @param {string} reason why there is no Worker yet
   */
  static async listen(port, command, reason) {
    const front = new Front();
    front.wait(reason);
    const error = await new Promise((resolve) => {
      front.#server.once('error', resolve);
      front.#server.listen({ port, host: HOST, exclusive: true }, resolve);
    });
    if (error?.code === 'EADDRINUSE') {
      throw new Stop(`Port ${port} is taken by another program. End that, or choose another port: PORT=${port + 10} ${command}`);
    }
    if (error) throw new Stop(`Port ${port} cannot be used (${error.code}). Choose another one: PORT=8787 ${command}`);
    return front;
  }

  constructor() {
    this.#server = http.createServer({ keepAliveTimeout: KEEP_ALIVE, requestTimeout: 0 });
    this.#server.on('request', (request, response) => this.#answer(request, response));
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    // What is no HTTP gets no answer.
    this.#server.on('clientError', (_, socket) => socket.destroy());
  }

  /** From now on the Worker at this port answers. */
  passTo(port) {
    this.#worker = port;
  }

  /** From now on each request is told why there is no Worker. */
  wait(reason) {
    this.#worker = undefined;
    this.#reason = reason;
  }

  /** Gives the port back. */
  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(request, response) {
    if (this.#worker === undefined) return notReady(request, response, this.#reason);
    const passed = this.#pass(request);
    passed.on('response', (answer) => {
      response.sendDate = false;
      response.writeHead(answer.statusCode, answer.statusMessage, passedOn(answer.rawHeaders));
      // A stream begins before its first event.
      response.flushHeaders();
      pipeline(answer, response, () => {});
    });
    passed.on('error', () => {
      if (response.headersSent) response.destroy();
      else notReady(request, response, this.#reason);
    });
    // The Worker learns that a client has gone away.
    response.on('close', () => passed.destroy());
    request.pipe(passed);
  }

  #upgrade(request, socket, head) {
    socket.on('error', () => {});
    if (this.#worker === undefined) return void socket.end('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: close\r\n\r\n');
    const passed = this.#pass(request, ['Connection', 'Upgrade', 'Upgrade', request.headers.upgrade]);
    const answerHead = ({ statusCode, statusMessage, rawHeaders }) => {
      const lines = rawHeaders.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`));
      socket.write(`HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join('')}\r\n`);
    };
    passed.on('upgrade', (answer, other, otherHead) => {
      answerHead(answer);
      socket.write(otherHead);
      other.write(head);
      pipeline(socket, other, () => {});
      pipeline(other, socket, () => {});
    });
    passed.on('response', (answer) => {
      answerHead(answer);
      pipeline(answer, socket, () => {});
    });
    passed.on('error', () => socket.destroy());
    socket.on('close', () => passed.destroy());
    passed.end();
  }

  /** The same request to the Worker: its Host header is the one that the client sent, since the Worker's own URLs follow from it. */
  #pass(request, more = []) {
    const { method, url, rawHeaders } = request;
    const passed = http.request({ host: HOST, port: this.#worker, method, path: url, headers: [...passedOn(rawHeaders), ...more], agent: false });
    passed.setNoDelay(true);
    return passed;
  }
}

/** Headers, as names and values in turn, without those that concern one connection only. */
function passedOn(rawHeaders) {
  const names = rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
  const named = names.flatMap((name, at) => (name === 'connection' ? rawHeaders[2 * at + 1].toLowerCase().split(/\s*,\s*/) : []));
  return rawHeaders.filter((_, at) => {
    const name = names[Math.floor(at / 2)];
    return !OF_THE_CONNECTION.has(name) && !named.includes(name);
  });
}
