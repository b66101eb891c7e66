// The transport of the revisions with a handshake: what a client sends first, and how each answer has to look.
import { eventsIn, isEventStream } from '../../wire/events.mjs';
import { isObject, jsonIn } from '../../wire/json.mjs';
import { LEGACY, MODERN, initialize, legacy, posting } from '../../wire/messages.mjs';
import { question } from '../../probe/question.mjs';
import { COULD_NOT_REACH, NEEDS_SIGN_IN, TYPESCRIPT, fail, note, ok, quote, skip } from '../../verdict.mjs';
import { describe } from '../../answers.mjs';

/** A request that is refused until somebody signs in says nothing of the protocol. */
class Closed extends Error {}

/** A check that needs a finished handshake. */
const within = (check) => async (probe) => {
  const entry = await probe.entry();
  if (!entry) return skip(NEEDS_SIGN_IN);
  try {
    return await check(probe, entry);
  } catch (error) {
    if (error instanceof Closed) return skip(NEEDS_SIGN_IN);
    throw error;
  }
};

/** @throws {Closed} */
async function ask(probe, what, request, more = {}) {
  const answer = await probe.rpc(what, request, { token: probe.token, ...more });
  if (answer.status === 401 || answer.status === 403) throw new Closed();
  return answer;
}

const isRefused = ({ status }) => status >= 400 && status < 500;

/** The form of an answer: JSON or an event stream, under its own name. */
export const answerForm = within(async (probe) => {
  const { headers, text } = await probe.greeting();
  const type = headers['content-type'] ?? '';
  if (isEventStream(type)) {
    const named = eventsIn(text).find(({ event, data }) => event !== 'message' && jsonIn(data)?.jsonrpc === '2.0');
    if (!named) return ok('Answers are event streams, and their events are messages.');
    return fail(
      `The answer to initialize is an event named ${quote(named.event, 40)}.`,
      `${TYPESCRIPT} read events named “message”, or without a name, and wait for ever.`,
      'Leave the event’s name out, or call it message.',
    );
  }
  if (/^application\/json\s*(;|$)/i.test(type)) return ok('Answers are JSON.');
  return fail(
    `initialize is answered with Content-Type ${quote(type || 'missing', 60)}.`,
    `${TYPESCRIPT} stop with “Unexpected content type”.`,
    'Send Content-Type: application/json, or text/event-stream for a stream (MCP “Sending Messages to the Server”).',
  );
});

/** An id comes back as it was. */
export const ids = within(async (probe, { how }) => {
  for (const [id, who] of [
    [0, TYPESCRIPT],
    ['doctor-1', 'Clients with texts as ids'],
  ]) {
    const answer = await ask(probe, 'ping', legacy('ping', undefined, { ...how, id }));
    if (answer.message?.id === id) continue;
    return fail(
      `A request with id ${JSON.stringify(id)} gets no answer with that id: ${describe(answer)}.`,
      id === 0 ? `${who} count their requests from 0, and wait for an answer that never comes.` : `${who} wait for an answer that never comes.`,
      'Answer each request with its id, in the same type. 0 is an id; only a message without an id is a notification.',
    );
  }
  return ok('Answers carry the id of their request, also 0 and strings.');
});

export const ping = within(async (probe, { how }) => {
  const answer = await ask(probe, 'ping', legacy('ping', undefined, how));
  if (isObject(answer.message?.result)) return ok('ping is answered.');
  return note(
    `ping is answered with ${describe(answer)}.`,
    'Clients that watch the connection with it conclude that the server is down.',
    'Answer ping with an empty result (MCP “Ping”).',
  );
});

/** A notification is taken with 202 and no body. */
export const notifications = within(async (probe, { greeted }) => {
  const fix = 'Answer a notification with 202 Accepted and no body (MCP “Sending Messages to the Server”).';
  const seen = `notifications/initialized is answered with ${describe(greeted)}.`;
  if (greeted.fault || greeted.status >= 300) return fail(seen, `The handshake cannot be finished. ${COULD_NOT_REACH}`, fix);
  if (greeted.status !== 202) return note(seen, 'Most clients accept it; the specification wants 202, and strict clients wait for it.', fix);
  if (greeted.text !== '') return note('notifications/initialized is answered with 202 and a body.', 'Most clients drop the body.', fix);
  return ok('A notification is accepted with 202.');
});

/** The headers of a POST in the other forms that released clients send. */
export const requestHeaders = within(async (probe) => {
  const headers = { accept: 'text/event-stream, application/json', 'content-type': 'application/json; charset=utf-8' };
  const answer = await ask(probe, 'initialize', initialize(), { headers });
  if (answer.message?.result) return ok('Accept is taken in either order, Content-Type with a charset.');
  return fail(
    `With Accept: ${headers.accept} and Content-Type: ${headers['content-type']}, initialize is answered with ${describe(answer)}.`,
    'VS Code and clients on rmcp (Goose, Codex) list the two types in this order.',
    'Read both headers as lists and media types with parameters, in any order (RFC 9110 §12.5.1).',
  );
});

/** A method that nobody knows is an error of its own, and no failure. */
export const unknownMethod = within(async (probe, { ask: request, how }) => {
  const answer = await ask(probe, 'unknown method', request('doctor/no-such-method'));
  const { error, result } = answer.message ?? {};
  const seen = `An unknown method is answered with ${describe(answer)}${error ? `, code ${quote(error.code, 12)}` : ''}.`;
  const fix = 'Answer with the JSON-RPC error -32601 and the request’s id.';
  if (!error && result === undefined)
    return fail(seen, 'Clients try optional methods: without an answer they report the server as broken, or wait until their time is up.', fix);
  if (!error || error.code !== -32601)
    return note(seen, 'Clients that try something optional, such as completion, cannot tell that it is missing.', fix);
  if (answer.status === 404 && how.session)
    return note(
      seen,
      'With a session, 404 means that it has ended: clients on rmcp (Goose, Codex) begin again.',
      'Answer with status 200 where there is a session.',
    );
  return ok('An unknown method is error -32601.');
});

/** A body that is not JSON. */
export const malformed = within(async (probe) => {
  const answer = await ask(probe, 'a body that is no JSON', posting('{"jsonrpc":', {}));
  const code = jsonIn(answer.text ?? '')?.error?.code;
  const seen = `A body that is not JSON is answered with ${describe(answer)}${code === undefined ? '' : `, code ${quote(code, 12)}`}.`;
  const fix = 'Answer 400 with the JSON-RPC error -32700.';
  if (answer.fault || answer.status >= 500) return note(seen, 'Your log fills with failures that others cause.', fix);
  if (isRefused(answer)) return ok(`A body that is not JSON is refused with ${answer.status}.`);
  return note(seen, 'No client sends that; a proxy or monitor that looks at the status sees success.', fix);
});

/** A client of a revision that does not exist yet is offered one that does. */
export const negotiation = within(async (probe) => {
  const future = '2099-12-31';
  const answer = await ask(probe, 'initialize', initialize(future));
  const version = answer.message?.result?.protocolVersion;
  const fix = 'Answer with the newest revision that the server speaks (MCP “Version Negotiation”).';
  if (version === future) {
    return fail(`initialize agrees on ${future}, which does not exist.`, 'A newer client then speaks a revision that the server does not know.', fix);
  }
  if (typeof version !== 'string') {
    return fail(
      `A client of a newer revision is refused: ${describe(answer)}.`,
      'With each new revision of MCP, updated clients can no longer connect.',
      fix,
    );
  }
  const others = [];
  for (const asked of LEGACY.slice(1, 3)) {
    const given = (await ask(probe, 'initialize', initialize(asked))).message?.result?.protocolVersion;
    if (given !== asked) others.push(`a client of ${asked} gets ${quote(given ?? 'an error', 20)}`);
  }
  if (others.length > 0)
    return note(
      `A newer client is offered ${quote(version, 20)}; an older one is not served in its own revision.`,
      'A client that knows no other revision cannot connect.',
      'Serve 2025-03-26 and 2025-06-18 too.',
      others,
    );
  return ok(`A newer client is offered ${quote(version, 20)}; clients of ${LEGACY.slice(1, 3).join(' and ')} get their own.`);
});

/** The header that names the revision: without it 2025-03-26 is meant, and an unknown one is refused. */
export const versionHeader = within(async (probe, { how }) => {
  const bare = await ask(probe, 'tools/list', legacy('ping', undefined, { ...how, version: null }));
  if (!bare.message) {
    return note(
      `Without MCP-Protocol-Version a request is answered with ${describe(bare)}.`,
      'Clients of 2025-03-26 do not send it, and can call nothing.',
      'Take a request without the header as one of 2025-03-26 (MCP “Protocol Version Header”).',
    );
  }
  const wrong = await ask(probe, 'ping', legacy('ping', undefined, { ...how, version: '1999-01-01' }));
  if (wrong.status === 400) return ok('MCP-Protocol-Version may be missing, and an unknown one is refused with 400.');
  return note(
    `With MCP-Protocol-Version: 1999-01-01, ping is answered with ${describe(wrong)}.`,
    'No client sends that. A proxy that routes by the header is not told of a mistake.',
    'Answer 400 to a revision that the server does not speak (MCP “Protocol Version Header”).',
  );
});

/** A session that has ended, or that nobody began, is 404. */
export const sessions = within(async (probe, { how }) => {
  if (!how.session) return skip('the server assigns no session.');
  const begun = await ask(probe, 'initialize', initialize());
  const session = begun.headers?.['mcp-session-id'];
  if (!session)
    return note('Only some handshakes get a session.', 'A client that reconnects may lose what it had.', 'Assign a session always, or never.');
  const own = { ...how, session };
  const { headers } = legacy('ping', undefined, own);
  const bearer = probe.token === undefined ? {} : { authorization: `Bearer ${probe.token}` };
  const ended = await probe.ask('end of a session', { url: probe.url, method: 'DELETE', headers: { ...headers, 'content-type': null, ...bearer } });
  const hasEnded = ended.status >= 200 && ended.status < 300;
  const [what, asked] = hasEnded ? ['that its client has ended', own] : ['that nobody began', { ...how, session: crypto.randomUUID() }];
  const answer = await ask(probe, 'ping', legacy('ping', undefined, asked));
  if (answer.status === 404) return ok(`A session ${what} is 404.`);
  const seen = `A session ${what} is answered with ${describe(answer)}.`;
  const fix = 'Answer 404 to a session that does not exist (any more) (MCP “Session Management”).';
  if (answer.message?.result) return note(seen, 'Clients are not affected, but a session that was ended goes on.', fix);
  return fail(seen, 'Clients begin a new session only on 404. After a restart of the server they stay broken until a person reconnects.', fix);
});

/** A GET opens a stream, or is 405. */
export const getStream = within(async (probe, { how }) => {
  const { headers } = legacy('ping', undefined, how);
  const bearer = probe.token === undefined ? {} : { authorization: `Bearer ${probe.token}` };
  const answer = await probe.ask('GET', {
    url: probe.url,
    headers: { ...headers, 'content-type': null, accept: 'text/event-stream', ...bearer },
    enough: (_, { 'content-type': type }) => isEventStream(type),
  });
  const fix = 'Answer GET with an event stream, or with 405 (MCP “Listening for Messages from the Server”).';
  if (answer.status === 405) return ok('GET is 405: no stream is offered.');
  if (answer.status === 200 && isEventStream(answer.headers['content-type'])) return ok('GET opens a stream.');
  const seen = `GET is answered with ${describe(answer)}.`;
  const effect = 'TypeScript clients send it after each handshake, and report an error unless it is 405.';
  return note(seen, answer.status === 200 ? 'TypeScript clients send it after each handshake and read it as a stream.' : effect, fix);
});

/** Batches exist in 2025-03-26 only. */
export const batches = within(async (probe, { how }) => {
  const version = how.version ?? LEGACY[0];
  const call = { jsonrpc: '2.0', id: 'doctor-2', method: 'ping' };
  const { headers } = legacy('ping', undefined, how);
  const answer = await ask(probe, 'a batch', posting([call], headers, call.id));
  const isServed = answer.message?.result !== undefined;
  if (answer.fault || answer.status >= 500)
    return note(
      `A batch is answered with ${describe(answer)}.`,
      'No client of this revision sends one. Your log fills with failures that others cause.',
      'Refuse an array with 400 and -32600.',
    );
  if (version === '2025-03-26') {
    return isServed
      ? ok('A batch is answered, as 2025-03-26 asks.')
      : note(`A batch is answered with ${describe(answer)}.`, 'Clients of 2025-03-26 may send batches.', 'Answer them (MCP “Batching”).');
  }
  if (isServed)
    return note(
      `A batch is answered in ${quote(version, 20)}.`,
      'No client sends one: batches were removed in 2025-06-18.',
      'Refuse an array with 400 and -32600, unless the client agreed on 2025-03-26.',
    );
  return ok('A batch is refused: it is not part of this revision.');
});

/** What the server says it has is there. */
export const capabilities = within(async (probe, { result, ask: request }) => {
  const declared = isObject(result.capabilities) ? result.capabilities : {};
  const missing = [];
  for (const [feature, method, member] of [
    ['prompts', 'prompts/list', 'prompts'],
    ['resources', 'resources/list', 'resources'],
  ]) {
    if (!isObject(declared[feature])) continue;
    const answer = await probe.rpc(method, request(method, {}), { token: probe.token });
    if ([401, 403].includes(answer.status) || Array.isArray(answer.message?.result?.[member])) continue;
    missing.push(`${method}: ${describe(answer)}${answer.message?.error ? `, code ${quote(answer.message.error.code, 12)}` : ''}`);
  }
  if (missing.length > 0) {
    return fail(
      'A declared capability cannot be listed.',
      'Clients list what a server declares when they connect; some then show the whole connection as failed.',
      'Answer the list, or do not declare the capability.',
      missing,
    );
  }
  const { tools } = await probe.tools();
  if (tools?.length > 0 && !isObject(declared.tools)) {
    return fail(
      'There are tools, but initialize does not declare them.',
      'Clients do not ask for what is not declared: Claude Code shows no tools.',
      'Add "tools": {} to the capabilities.',
    );
  }
  const names = ['tools', 'prompts', 'resources'].filter((feature) => isObject(declared[feature]));
  return ok(names.length > 0 ? `What is declared can be listed: ${names.join(', ')}.` : 'Nothing is declared.');
});

/** The same tools, whichever revision a client speaks. */
export const sameTools = within(async (probe) => {
  const { tools } = await probe.tools();
  const others = [
    [MODERN, (await probe.modernTools())?.tools],
    ['2025-03-26', await listedIn(probe, '2025-03-26')],
  ].filter(([, list]) => list !== undefined);
  if (others.length === 0) return skip('there is no second list to compare.');
  const names = (list) => new Set(list.map(({ name }) => name));
  const own = names(tools);
  const differences = others.flatMap(([revision, list]) => {
    const theirs = names(list);
    const missing = (one, other, where) =>
      [...one]
        .filter((name) => !other.has(name))
        .slice(0, 5)
        .map((name) => `${where} ${revision}: ${quote(name ?? 'nameless', 80)}`);
    return [...missing(own, theirs, 'not in'), ...missing(theirs, own, 'only in')];
  });
  if (differences.length === 0) return ok(`The tools are the same in ${others.map(([revision]) => revision).join(' and ')}.`);
  return note(
    'Different revisions list different tools.',
    'The same person sees other tools in another client, or after an update of theirs.',
    'List the same tools under every revision.',
    differences,
  );
});

/** The first page of tools that a client of an older revision sees, if it has all of them. */
async function listedIn(probe, revision) {
  const first = await ask(probe, 'initialize', initialize(revision));
  if (first.message?.result?.protocolVersion !== revision) return undefined;
  const how = { version: revision, session: first.headers['mcp-session-id'] };
  const answer = await ask(probe, 'tools/list', legacy('tools/list', {}, how));
  const { tools, nextCursor } = answer.message?.result ?? {};
  return Array.isArray(tools) && typeof nextCursor !== 'string' ? tools.filter(isObject) : undefined;
}

/** On this machine: a page that was rebound to the server's address is turned away. */
export const rebinding = question(async (probe) => {
  if (!probe.local) return skip('this is for servers on a private network; a public one is reached under its own name.');
  const headers = { host: 'rebound.example', origin: 'http://rebound.example' };
  const answer = await probe.rpc('a rebound page', initialize(), { headers, token: probe.token });
  if (!answer.message?.result) return ok(`A page of another site that was rebound to this address is turned away (${describe(answer)}).`);
  return fail(
    'A request with the Host and Origin of another site is served.',
    'Any page that is open in a browser here can reach the server by DNS rebinding, and call its tools.',
    'Answer 403 to an Origin that is not allowed, and check Host on a private network (MCP “Security Warning”).',
  );
});
