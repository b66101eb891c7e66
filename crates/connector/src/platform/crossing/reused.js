// Answers that every request like an earlier one gets: documents, and the refusal of a request without a token where nothing is
// public. They are given without a call into the module. Which ones they are is decided there, in `reused.rs` beside this file.
//
// A request is like another if it has the same method and URL, and if neither has any of the headers that were read for the answer.

/** Maximum number of answers that are kept. A connector has a dozen at each of its hosts. */
const MOST = 64;

/** A Ray ID, as Cloudflare sets it. `log::request_log` names the other requests as this file does. */
const RAY = /^[0-9a-f]{16}(-[A-Z]{0,4})?$/;

const ID = 'x-request-id';

/** The answers by URL. @type {Map<string, object[]>} */
const kept = new Map();
let count = 0;

/**
 * Keeps an answer for requests like this one.
 * @param {string} absent the names of the headers that were read, each with a comma after it
 * @param {string} head a line with a name and one with a value for each header
 * @param {Uint8Array} body a part of the module's memory, which is copied
 * @param {number} idAt where the id of the request is to be put into the body; beyond its end if nowhere
 * @param {string} line that of the log, without the id of the request, the trace and the span: a line for each part between them.
 *   Empty if none is written
 */
export function keep(request, absent, status, head, body, idAt, line) {
  if (like(request)) return;
  if (count === MOST) {
    kept.clear();
    count = 0;
  }
  count += 1;
  const lines = head === '' ? [] : head.split('\n');
  const headers = new Headers();
  for (let at = 0; at < lines.length; at += 2) headers.append(lines[at], lines[at + 1]);
  const text = idAt < body.length ? [body.subarray(0, idAt), body.subarray(idAt)].map((part) => new TextDecoder().decode(part)) : undefined;
  const entry = {
    method: request.method,
    absent: absent.split(',').slice(0, -1),
    init: { status, headers },
    text,
    body: body.length === 0 ? null : body.slice(),
    line: line === '' ? undefined : line.split('\n'),
  };
  kept.set(request.url, [...(kept.get(request.url) ?? []), entry]);
}

/** What is kept for requests like this one. */
function like(request) {
  const entries = kept.get(request.url);
  // Most requests end here. Each member of a request is a call of the runtime.
  if (entries === undefined) return undefined;
  const { method, headers } = request;
  return entries.find((entry) => entry.method === method && !entry.absent.some((name) => headers.has(name)));
}

/** The answer to a request, if it is like an earlier one. */
globalThis.reusedAnswer = (request) => {
  const entry = like(request);
  if (entry === undefined) return undefined;
  const { init, text, body, line } = entry;
  const ray = request.headers.get('cf-ray');
  const span = digits(16);
  const id = ray !== null && RAY.test(ray) ? ray : span;
  if (line !== undefined) console.log(line[0] + id + line[1] + digits(32) + line[2] + span + line[3]);
  init.headers.set(ID, id);
  return new Response(text === undefined ? body : text[0] + id + text[1], init);
};

/** Random bytes that are drawn at once: a call of the runtime costs more than the bytes. */
const DRAWN = 768;
let drawn = '';
let used = 0;

/** So many random hexadecimal digits. */
function digits(wanted) {
  if (used + wanted > drawn.length) {
    drawn = Array.from(crypto.getRandomValues(new Uint8Array(DRAWN)), (byte) => byte.toString(16).padStart(2, '0')).join('');
    used = 0;
  }
  used += wanted;
  return drawn.slice(used - wanted, used);
}
