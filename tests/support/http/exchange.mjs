// Requests as bytes say them, answers as they come: arbitrary and repeated headers, server-sent events with their times.
// `fetch` cannot do this: it forbids `Host` and `Origin`, merges headers and follows redirects.

import assert from 'node:assert/strict';
import http from 'node:http';
import { schemaCheck } from '../mcp/schema.mjs';

/** No answer of this server takes longer. */
const LIMIT_MS = 20_000;

/**
 * Where requests go.
 * @typedef {object} Site
 * @property {number} port  on this machine
 * @property {Record<string, string>} [headers]  sent with every request, such as the `Host` of the site's public name
 *
 * @typedef {object} Asked
 * @property {string} [method]
 * @property {string} [path]
 * @property {Record<string, string | string[] | null | undefined>} [headers]  an array repeats the header; null leaves it out
 * @property {string | Buffer} [body]
 * @property {boolean} [chunked]  without `Content-Length`
 */

/** Sends one request on a connection of its own; resolves when the answer's head has come. */
function open(server, asked) {
  const { method = 'GET', path = '/', headers = {}, body, chunked = false } = asked;
  const all = { host: `127.0.0.1:${server.port}`, ...lowerCase(server.headers ?? {}), ...lowerCase(headers) };
  if (body !== undefined) {
    all[chunked ? 'transfer-encoding' : 'content-length'] ??= chunked ? 'chunked' : String(Buffer.byteLength(body));
  }
  const flat = Object.entries(all).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [value].flat().flatMap((one) => [name, one]),
  );
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port: server.port, method, path, headers: flat, agent: false });
    const limit = setTimeout(() => {
      request.destroy();
      reject(new Error(`no answer in ${LIMIT_MS} ms\n${describeRequest(asked)}`));
    }, LIMIT_MS);
    let response;
    request.once('response', (incoming) => {
      response = incoming;
      clearTimeout(limit);
      resolve({ request, response, asked });
    });
    request.on('error', (error) => {
      // A server that refuses a body may close before it has read all of it; the answer is there nevertheless.
      if (!response) {
        clearTimeout(limit);
        reject(new Error(`${error.message}\n${describeRequest(asked)}`));
      }
    });
    request.end(body);
  });
}

const lowerCase = (headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/**
 * One whole exchange.
 * @param {Site} server
 * @param {Asked} asked
 */
export async function send(server, asked) {
  const { request, response } = await open(server, asked);
  const limit = setTimeout(() => request.destroy(new Error('too slow')), LIMIT_MS);
  const chunks = [];
  try {
    for await (const chunk of response) chunks.push(chunk);
  } catch (error) {
    throw new Error(`the answer broke off after ${Buffer.concat(chunks).length} bytes: ${error.message}\n${describeRequest(asked)}`);
  } finally {
    clearTimeout(limit);
  }
  const answer = new Answer(asked, response, Buffer.concat(chunks));
  checkMessages(answer);
  return answer;
}

/** Fails if an MCP message in the answer does not meet the official schema. */
function checkMessages(answer) {
  const validation = schemaCheck(answer.asked);
  if (!validation) return;
  validation.note(answer.headers);
  for (const message of answer.mcpMessages()) validation.check(message, (rule) => answer.story(rule));
}

/** What came back, with the request it belongs to. Its checks fail with the whole story. */
export class Answer {
  constructor(asked, response, bytes) {
    this.asked = asked;
    this.status = response.statusCode;
    /** Names in lower case; repeated headers joined. */
    this.headers = response.headers;
    this.rawHeaders = response.rawHeaders;
    this.bytes = bytes;
    this.text = bytes.toString('utf8');
  }

  /** Request, answer, and what the specification asks. */
  story(rule) {
    return `${rule}\n\n${describeRequest(this.asked)}\n\n${describeAnswer(this)}\n`;
  }

  get isEventStream() {
    return /^text\/event-stream\b/.test(this.headers['content-type'] ?? '');
  }

  /** The body as JSON; fails if it is none. */
  json(rule = 'the body is JSON') {
    try {
      return JSON.parse(this.text);
    } catch {
      assert.fail(this.story(rule));
    }
  }

  /** All JSON-RPC messages in the answer, whichever form it has. */
  messages(rule) {
    if (this.isEventStream) {
      return parseEvents(this.text)
        .filter((event) => event.data !== undefined && event.data !== '')
        .map((event) => JSON.parse(event.data));
    }
    return [this.json(rule)].flat();
  }

  /** The JSON-RPC messages in an answer that may be of another kind, such as an OAuth error or a page. */
  mcpMessages() {
    const isJson = /^application\/json\b/.test(this.headers['content-type'] ?? '');
    if (this.bytes.length === 0 || !(this.isEventStream || isJson)) return [];
    return this.messages('an answer of JSON is JSON').filter((message) => this.isEventStream || this.status === 200 || message?.jsonrpc !== undefined);
  }

  /** The one message that ends the answer. */
  final(rule) {
    return this.messages(rule).at(-1);
  }

  hasStatus(expected, rule) {
    assert.ok([expected].flat().includes(this.status), this.story(`status ${[expected].flat().join(' or ')}: ${rule}`));
    return this;
  }

  hasHeader(name, expected, rule) {
    const value = this.headers[name.toLowerCase()];
    const matches = expected instanceof RegExp ? value !== undefined && expected.test(value) : value === expected;
    assert.ok(matches, this.story(`header ${name}: ${expected ?? 'absent'}: ${rule}`));
    return this;
  }

  hasNoBody(rule) {
    assert.equal(this.bytes.length, 0, this.story(`no body: ${rule}`));
    return this;
  }

  /** A successful JSON-RPC answer; gives its result. */
  result(rule = 'the request succeeds') {
    this.hasStatus(200, rule);
    const message = this.final(rule);
    assert.ok(message && typeof message === 'object' && 'result' in message && !('error' in message), this.story(rule));
    assert.equal(message.jsonrpc, '2.0', this.story(rule));
    return message.result;
  }

  /** A JSON-RPC error with this status and one of these codes; gives the error. */
  error(status, code, rule) {
    this.hasStatus(status, rule);
    const message = this.final(rule);
    assert.ok(message?.error && !('result' in message), this.story(`a JSON-RPC error: ${rule}`));
    assert.ok([code].flat().includes(message.error.code), this.story(`code ${[code].flat().join(' or ')}: ${rule}`));
    assert.equal(typeof message.error.message, 'string', this.story(`an error has a message: ${rule}`));
    assert.ok(message.error.message.length > 0, this.story(`an error's message says something: ${rule}`));
    return message.error;
  }
}

/**
 * Opens an event stream and reads it event by event.
 * @param {Site} server
 * @param {Asked} asked
 * @param {{limit?: number}} options  after how many ms it is given up
 */
export async function stream(server, asked, { limit: limitMs = LIMIT_MS } = {}) {
  // Schemas are compiled before the request: a compilation in between would falsify the times of the events.
  const validation = schemaCheck(asked);
  const { request, response } = await open(server, asked);
  const begun = performance.now();
  const head = { asked, status: response.statusCode, headers: response.headers, bytes: Buffer.alloc(0), text: '' };
  response.setEncoding('utf8');
  const limit = setTimeout(() => request.destroy(new Error('too slow')), limitMs);
  const story = (rule) => `${rule}\n\n${describeRequest(asked)}\n\n${describeAnswer(head)}\n`;
  validation?.note(head.headers);
  const checked = (event) => {
    if (event.event === 'endpoint') validation?.continueAt(event.data);
    else if (event.data) validation?.check(JSON.parse(event.data), story);
    return event;
  };

  /** Yields `{event?, id?, data?, comment?, at}`; `at` in ms since the head. */
  async function* events() {
    let rest = '';
    try {
      for await (const chunk of response) {
        head.text += chunk;
        rest += chunk;
        let end;
        while ((end = /\r?\n\r?\n/.exec(rest))) {
          const block = rest.slice(0, end.index);
          rest = rest.slice(end.index + end[0].length);
          const at = performance.now() - begun;
          for (const event of parseBlock(block)) yield { ...checked(event), at };
        }
      }
    } finally {
      clearTimeout(limit);
    }
  }

  return Object.assign(head, {
    events: events(),
    story,
    /** Breaks the connection, as a client that goes away does. */
    close() {
      clearTimeout(limit);
      response.on('error', () => {});
      request.destroy();
    },
  });
}

/** Events and comments of a whole event stream (HTML standard, "Parsing an event stream"). */
export const parseEvents = (text) => text.split(/\r?\n\r?\n/).flatMap(parseBlock);

function parseBlock(block) {
  const found = [];
  const event = {};
  for (const line of block.split(/\r?\n/)) {
    if (line === '') continue;
    const colon = line.indexOf(':');
    if (colon === 0) {
      found.push({ comment: line.slice(1) });
      continue;
    }
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    event[field] = field === 'data' && event.data !== undefined ? `${event.data}\n${value}` : value;
  }
  if (Object.keys(event).length > 0) found.push(event);
  return found;
}

/**
 * The challenges of a `WWW-Authenticate` value (RFC 9110 section 11.6.1).
 * @returns {{scheme: string, parameters: Record<string, string>}[]}
 */
export function parseChallenges(value) {
  const challenges = [];
  let rest = value.trim();
  while (rest !== '') {
    const parameter = /^([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&'*+.^`|~:/-]+))\s*(?:,\s*|$)/.exec(rest);
    if (parameter) {
      assert.ok(challenges.length > 0, `a challenge starts with its scheme: ${value}`);
      const { parameters } = challenges.at(-1);
      assert.ok(!(parameter[1].toLowerCase() in parameters), `${parameter[1]} is there twice: ${value}`);
      parameters[parameter[1].toLowerCase()] = parameter[2]?.replace(/\\(.)/g, '$1') ?? parameter[3];
      rest = rest.slice(parameter[0].length);
      continue;
    }
    const scheme = /^([\w!#$%&'*+.^`|~-]+)(?:\s+|$)/.exec(rest);
    assert.ok(scheme, `this is no WWW-Authenticate value: ${value}`);
    challenges.push({ scheme: scheme[1], parameters: {} });
    rest = rest.slice(scheme[0].length);
  }
  return challenges;
}

const short = (text, limit = 1500) => (text.length > limit ? `${text.slice(0, limit)}… (${text.length} characters)` : text);

function describeRequest({ method = 'GET', path = '/', headers = {}, body }) {
  const lines = Object.entries(headers)
    .filter(([, value]) => value !== null && value !== undefined)
    .flatMap(([name, value]) => [value].flat().map((one) => `> ${name}: ${short(one, 200)}`));
  const sent = body === undefined || body.length === 0 ? [] : [`> ${short(body.toString(), 800)}`];
  return [`> ${method} ${path}`, ...lines, ...sent].join('\n');
}

function describeAnswer({ status, headers, text }) {
  const lines = Object.entries(headers).map(([name, value]) => `< ${name}: ${value}`);
  return [`< ${status}`, ...lines, `< ${short(text)}`].join('\n');
}
