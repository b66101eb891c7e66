// Sends requests to a connector and to the hosts that it names, with a limit on where they may go.
import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { classify, hostOf, isLocal, resolve } from './addresses.mjs';
import { exchange } from './exchange.mjs';

/** Longer than Claude waits, so that a slow answer is seen as one; in milliseconds. */
const TIMEOUT = 12_000;

/** How long all exchanges may take together, in timeouts of one. A server that is slow on purpose keeps nobody for hours. */
const PATIENCE = 30;

/** The longest that is waited where a server asks for it, in seconds. */
const LONGEST_WAIT = 5;

/** The server answers 429: what it says then is no evidence of anything else. */
export class Limited extends Error {
  /** @param {URL} url */
  constructor(url) {
    super(`the server limits how often it may be asked: 429 at ${url.pathname}`);
  }
}

export class HttpClient {
  /**
   * @param {URL} url  the connector
   * @param {object} [options]
   * @param {number} [options.timeout]  of one exchange, in milliseconds
   * @param {typeof resolve} [options.resolve]
   * @param {(address: string, port: string) => {address: string, port: string}} [options.dial]  where an address is really reached, for tests
   * @param {string} [options.ca]  certificates to trust instead of the usual ones, for tests
   */
  constructor(url, { timeout = TIMEOUT, resolve: resolver = resolve, dial, ca } = {}) {
    Object.assign(this, { url, timeout, resolver, dial, ca });
    this.agents = { 'http:': new http.Agent({ keepAlive: true }), 'https:': new https.Agent({ keepAlive: true }) };
    this.local = isLocal(url);
    /** How long each answer took: `{what, ms, timed}`; `timed` where Claude has a limit. */
    this.times = [];
    this.resolved = new Map();
    /** Whether a 429 ends a check, rather than being judged by it. */
    this.heedsLimits = false;
    /** Until when anything is asked. */
    this.until = performance.now() + PATIENCE * timeout;
  }

  /** @returns {Promise<{addresses: {address: string, global: boolean, name: string}[], source?: string, error?: string}>} */
  addresses(url = this.url) {
    const host = hostOf(url);
    if (!this.resolved.has(host)) this.resolved.set(host, this.lookUp(host));
    return this.resolved.get(host);
  }

  /** @private */
  async lookUp(host) {
    try {
      const { addresses, source } = await this.resolver(host);
      return { source, addresses: [...new Set(addresses)].slice(0, 50).map((address) => ({ address, ...classify(address) })) };
    } catch (error) {
      return { addresses: [], error: error.code ?? error.message };
    }
  }

  /** Where to connect to: an IPv4 address, as Claude does, if there is one. */
  async placeOf(url) {
    const { addresses } = await this.addresses(url);
    const chosen = addresses.find(({ address }) => !address.includes(':')) ?? addresses[0];
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    return chosen && (this.dial?.(chosen.address, port) ?? { address: chosen.address, port });
  }

  /**
   * One exchange. Other hosts that a server names are asked only where Claude would ask them too: a server on the
   * internet cannot send the doctor into the network it runs in.
   * @param {string} what  for people
   * @param {Omit<import('./exchange.mjs').Asked, 'address'>} asked
   * @throws {Limited}
   */
  async ask(what, asked, { timed = false } = {}) {
    const { url } = asked;
    const unasked = (kind, text) => ({ url, ms: 0, fault: { kind, text } });
    if (!['https:', 'http:'].includes(url.protocol)) return unasked('no http', `${url.protocol} is no protocol for this`);
    const { addresses, error } = await this.addresses(url);
    if (addresses.length === 0) return unasked('dns', `${hostOf(url)} has no address${error ? ` (${error})` : ''}`);
    const inner = addresses.find(({ global }) => !global);
    const isForeign = hostOf(url) !== hostOf(this.url);
    if (isForeign && !this.local && inner) return unasked('not public', `${hostOf(url)} is ${inner.address} (${inner.name})`);
    const left = Math.round(this.until - performance.now());
    if (left <= 0) return unasked('timeout', 'no time is left: the server has been slow for too long');
    const limits = { timeout: Math.min(this.timeout, left), ca: this.ca, agents: this.agents };
    const place = await this.placeOf(url);
    let answer = await exchange({ ...asked, ...place }, limits);
    const wait = answer.status === 429 ? Number(answer.headers['retry-after']) : NaN;
    if (wait >= 0 && wait <= LONGEST_WAIT && wait * 1000 < left) {
      await sleep(wait * 1000);
      answer = await exchange({ ...asked, ...place }, limits);
    }
    if (answer.status === 429 && this.heedsLimits) throw new Limited(url);
    this.times.push({ what, ms: answer.ms, timed });
    return answer;
  }

  /** Closes the connections that were kept. */
  close() {
    for (const agent of Object.values(this.agents)) agent.destroy();
  }
}
