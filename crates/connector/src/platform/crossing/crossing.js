// Where a request crosses into the module and its answer crosses back, at once: a call between JavaScript and WebAssembly costs
// more than what it carries. The other side is `mod.rs` beside this file.

/** The headers that are handed over with a request, as the module has named them: those of every request, then those of a POST. */
let names = { all: [], post: [] };

/** How a request is handed over: a line with its number and what the guard knows of it, one with its method, one with its URL, and one for each header. */
export const request = {
  names(all, post) {
    names = { all: all.split(' '), post: `${all} ${post}`.split(' ') };
  },
  /** A header that is there follows an equals sign. No part of a request can hold the end of a line. */
  head(request) {
    const { method, url, headers } = request;
    const guard = globalThis.instanceGuard;
    const number = guard?.opened(request) ?? 0;
    const marks = (guard?.before(number) ? '!' : '') + (guard?.mark(request) ?? '');
    let head = `${number}${marks}\n${method}\n${url}`;
    for (const name of method === 'POST' ? names.post : names.all) {
      const value = headers.get(name);
      head += value === null ? '\n' : `\n=${value}`;
    }
    return head;
  },
};

const ID = 'x-request-id';

/** Status and headers of nearly every answer to a call. A response copies them, so only the id is another each time. */
const usual = { status: 200, headers: new Headers({ 'content-type': 'application/json', vary: 'origin' }) };

/** The same for the answer that begins a session, which is another each time, too. */
const opening = { status: 200, headers: new Headers(usual.headers) };
const SESSION = 'mcp-session-id';

/** Bodies are put one after the other into buffers of this size, each of which is written once. A buffer for each body takes longer. */
const SHARED = 64 * 1024;
let shared = new Uint8Array(SHARED);
let used = 0;

/** A copy of a part of the module's memory, which changes. */
function copied(body) {
  if (body.length > SHARED / 16) return body.slice();
  if (used + body.length > SHARED) {
    shared = new Uint8Array(SHARED);
    used = 0;
  }
  const copy = shared.subarray(used, used + body.length);
  copy.set(body);
  used += body.length;
  return copy;
}

export const response = {
  /** The usual answer. `body` is a part of the module's memory. */
  usual(id, body) {
    usual.headers.set(ID, id);
    return new Response(copied(body), usual);
  },
  /** The usual answer, with the id of the session that begins with it. */
  opening(id, session, body) {
    opening.headers.set(ID, id);
    opening.headers.set(SESSION, session);
    return new Response(copied(body), opening);
  },
  /** An answer whose body is in the module's memory. `head` has a line with a name and one with a value for each header. */
  bytes(status, head, id, body) {
    return new Response(copied(body), init(status, head, id));
  },
  /** An answer without a body, or with a stream. */
  stream(status, head, id, body) {
    return new Response(body, init(status, head, id));
  },
};

/** Maximum number of heads that are kept. A connector has a few documents and refusals. */
const MOST_HEADS = 64;

/** Headers that are another in each answer. What a browser is sent to, or is to keep, is not kept here either. */
const OWN = /^(location|set-cookie|mcp-session-id)$/m;

/** Status and headers of answers, by the text that they were made of. To make them takes as long as to make the response. */
const heads = new Map();

function init(status, head, id) {
  const key = `${status} ${head}`;
  let made = heads.get(key);
  if (made === undefined) {
    made = { status, headers: headersOf(head) };
    if (heads.size === MOST_HEADS) heads.clear();
    if (!OWN.test(head)) heads.set(key, made);
  }
  made.headers.set(ID, id);
  return made;
}

function headersOf(head) {
  const headers = new Headers();
  const lines = head === '' ? [] : head.split('\n');
  for (let at = 0; at < lines.length; at += 2) headers.append(lines[at], lines[at + 1]);
  return headers;
}
