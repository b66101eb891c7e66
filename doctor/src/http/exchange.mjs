// One HTTP exchange, bounded in time and size, that follows no redirect.
//
// `fetch` hides what a diagnosis needs: the address that was asked, why TLS failed, and how long it took.
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { hostOf } from './addresses.mjs';

const USER_AGENT = 'mcp-connector-doctor/1';

/** The most that is read of any answer, in bytes. */
const LARGEST = 2 * 1024 * 1024;

/** How long after a piece of a stream it is looked at, in milliseconds. A stream of many small pieces costs no more than this. */
const LOOK = 15;

/**
 * @typedef {object} Asked
 * @property {URL} url
 * @property {string} address  the address to connect to
 * @property {number} [port]
 * @property {string} [method]
 * @property {Record<string, string | null>} [headers]  null leaves one out
 * @property {string} [body]
 * @property {(text: string, headers: object) => boolean} [enough]  stops reading a stream
 *
 * @typedef {object} Answer
 * @property {URL} url
 * @property {number} ms
 * @property {{kind: Fault, text: string}} [fault]  why there is no answer; then nothing below is there
 * @property {number} [status]
 * @property {http.IncomingHttpHeaders} [headers]
 * @property {string} [text]
 * @property {boolean} [isWhole]  whether it was read to its end
 *
 * @typedef {'dns' | 'not public' | 'refused' | 'unreachable' | 'reset' | 'timeout' | 'tls' | 'too large' | 'no http'} Fault
 */

/**
 * @param {Asked} asked
 * @param {{timeout: number, ca?: string | Buffer, agents?: Record<'http:' | 'https:', http.Agent>}} limits  `timeout` in milliseconds, for
 *   all of it; `agents` keep connections
 * @returns {Promise<Answer>}  never fails
 */
export function exchange(asked, { timeout, ca, agents }) {
  const { url, address, method = 'GET', headers = {}, body, enough } = asked;
  const host = hostOf(url);
  const began = performance.now();
  return new Promise((resolve) => {
    let settled = false;
    let look;
    const settle = (outcome) => {
      if (settled) return;
      settled = true;
      clearTimeout(limit);
      clearTimeout(look);
      resolve(outcome instanceof Promise ? outcome : { url, ms: Math.round(performance.now() - began), ...outcome });
      // A connection whose answer was read to its end is kept.
      if (!outcome.isWhole) request?.destroy();
    };
    const fault = (kind, text) => settle({ fault: { kind, text } });
    const limit = setTimeout(() => fault('timeout', `no whole answer in ${timeout / 1000} s`), timeout);
    let request;
    try {
      request = (url.protocol === 'https:' ? https : http).request({
        host: address,
        port: asked.port ?? url.port,
        path: `${url.pathname}${url.search}`,
        method,
        agent: agents?.[url.protocol] ?? false,
        headers: present({
          host: url.host,
          'user-agent': USER_AGENT,
          'accept-encoding': 'identity',
          ...headers,
          ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
        }),
        ...(url.protocol === 'https:' && { servername: isIP(host) ? '' : host, ca, minVersion: 'TLSv1.2' }),
      });
    } catch (error) {
      return fault('no http', `this request cannot be sent: ${error.message}`);
    }
    request.on('error', (error) => {
      // The server has closed a kept connection in the meantime: the request has not reached it.
      const isStale = request.reusedSocket && !settled && ['ECONNRESET', 'EPIPE'].includes(error.code);
      if (isStale) settle(exchange(asked, { timeout: Math.max(1, timeout - (performance.now() - began)), ca }));
      else fault(...faultOf(error));
    });
    request.once('response', (response) => {
      const chunks = [];
      let size = 0;
      const text = () => Buffer.concat(chunks).toString('utf8');
      const done = (isWhole = false) => settle({ status: response.statusCode, headers: response.headers, text: text(), isWhole });
      const isEnough = () => enough?.(text(), response.headers) === true;
      if (isEnough()) return done();
      response.on('data', (chunk) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > LARGEST) return fault('too large', `more than ${LARGEST / 1024 / 1024} MiB`);
        if (enough) look ??= setTimeout(() => ((look = undefined), isEnough() && done()), LOOK);
      });
      response.once('end', () => done(true));
      response.on('error', (error) => fault(...faultOf(error)));
    });
    request.end(body);
  });
}

const present = (headers) => Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== null));

const TLS_CODES = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO$)/;

/** @returns {[Fault, string]} */
function faultOf(error) {
  const code = error.code ?? '';
  if (TLS_CODES.test(code)) return ['tls', code === 'EPROTO' ? 'no TLS handshake: what answers there may not be TLS' : `${code}: ${error.message}`];
  if (code === 'ECONNREFUSED') return ['refused', 'connection refused'];
  if (['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'].includes(code)) return ['unreachable', `no way there (${code})`];
  if (['ECONNRESET', 'EPIPE', 'ECONNABORTED'].includes(code)) return ['reset', 'the connection was closed before an answer came'];
  if (code === 'ETIMEDOUT') return ['timeout', 'the connection timed out'];
  if (code.startsWith('HPE_')) return ['no http', `what came back is not HTTP (${code})`];
  return ['unreachable', error.message || code || 'the connection failed'];
}
