// Validates each message that the server sends against the official `schema.json` of the revision in use: results by the method
// of the request, errors by their code, notifications and server requests by their method.
//
// The revision is the one in the request's `_meta`, in its `MCP-Protocol-Version` header, or the one that `initialize` negotiated
// for the session; otherwise 2025-03-26 ("Protocol Version Header" of the transport).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const REVISIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'];
const MODERN = '2026-07-28';
/** The revision of a client that names none. */
const UNNAMED = '2025-03-26';
const NEWEST_LEGACY = '2025-11-25';
/** The schema of the extension `io.modelcontextprotocol/tasks`. */
const TASKS = 'tasks-extension';
const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';

/** Paths on which the server speaks MCP, and those of the transport of 2024-11-05. */
const MCP_PATH = /^\/(private\/)?mcp\/?(\?|$)/;
const SSE_PATH = /^\/sse(\/|\?|$)/;
const SSE_SESSION = /^\/sse\/messages\?/;

const RESULTS = {
  initialize: 'InitializeResult',
  ping: 'EmptyResult',
  'server/discover': 'DiscoverResult',
  'tools/list': 'ListToolsResult',
  'tools/call': 'CallToolResult',
  'prompts/list': 'ListPromptsResult',
  'prompts/get': 'GetPromptResult',
  'resources/list': 'ListResourcesResult',
  'resources/templates/list': 'ListResourceTemplatesResult',
  'resources/read': 'ReadResourceResult',
  'resources/subscribe': 'EmptyResult',
  'resources/unsubscribe': 'EmptyResult',
  'logging/setLevel': 'EmptyResult',
  'completion/complete': 'CompleteResult',
  'subscriptions/listen': 'SubscriptionsListenResult',
};
const TASK_RESULTS = { 'tasks/get': 'GetTaskResult', 'tasks/update': 'UpdateTaskResult', 'tasks/cancel': 'CancelTaskResult' };

/** Errors of 2026-07-28 that have a definition of their own. */
const MODERN_ERRORS = {
  '-32020': 'HeaderMismatchError',
  '-32021': 'MissingRequiredClientCapabilityError',
  '-32022': 'UnsupportedProtocolVersionError',
};

/**
 * Where the server deliberately differs from a schema, each with its reason.
 * @type {{name: string, reason: string, applies: (message: object, revision: string) => boolean}[]}
 */
export const DIFFERENCES = [
  {
    name: 'an error without id before 2025-11-25',
    reason:
      'The transport of each revision allows "a JSON-RPC error response that has no id" where the request’s id cannot be read; ' +
      'the schemas require an id until 2025-11-25.',
    applies: (message, revision) => 'error' in message && !('id' in message) && revision < NEWEST_LEGACY,
  },
];

// --- compiled schemas ------------------------------------------------------------------------------------------------

const documents = new Map();
/** The document of a revision, read once in a process. */
function documentOf(revision) {
  if (!documents.has(revision)) {
    const schema = JSON.parse(readFileSync(new URL(`../schema/${revision}.json`, import.meta.url), 'utf8'));
    const options = { strict: false, allErrors: true, inlineRefs: false };
    const ajv = schema.$defs ? new Ajv2020(options) : new Ajv(options);
    addFormats(ajv);
    ajv.addSchema(schema, revision);
    const definitions = schema.$defs ?? schema.definitions;
    const byMethod = new Map();
    for (const [name, { properties, allOf = [] }] of Object.entries(definitions)) {
      for (const part of [properties, ...allOf.map((one) => one.properties)]) {
        if (part?.method?.const) byMethod.set(part.method.const, name);
      }
    }
    documents.set(revision, { ajv, definitions, byMethod, path: schema.$defs ? '$defs' : 'definitions' });
  }
  return documents.get(revision);
}

/** The complaints of one definition about a value: one line each, none if it is valid. */
function complaints(revision, definition, value) {
  const { ajv, path } = documentOf(revision);
  const validate = ajv.getSchema(`${revision}#/${path}/${definition}`);
  assert.ok(validate, `${revision} defines ${definition}`);
  if (validate(value)) return [];
  return validate.errors.map(({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`);
}

/** Compiles what the answer to these messages may need. */
function prepare(revision, sent) {
  const { ajv, definitions, path } = documentOf(revision);
  const likely = ['JSONRPCNotification', 'JSONRPCResultResponse', 'JSONRPCResponse', 'ProgressNotification', 'LoggingMessageNotification'];
  for (const name of [...likely, ...sent.map(({ method }) => RESULTS[method])]) {
    if (name in definitions) ajv.getSchema(`${revision}#/${path}/${name}`);
  }
}

/**
 * The definitions that a message must meet, as `[schema, definition, value]`; undefined if the revision has no such message.
 * @param {string} revision
 * @param {object} message
 * @param {string | undefined} method  of the request that a response answers, if it is known
 */
function definitionsFor(revision, message, method) {
  const { definitions, byMethod } = documentOf(revision);
  if ('method' in message) {
    const tasks = revision === MODERN ? documentOf(TASKS).byMethod : new Map();
    if (tasks.has(message.method)) return [[TASKS, tasks.get(message.method), message]];
    const definition = byMethod.get(message.method);
    if (!definition) return undefined;
    const envelope = 'id' in message ? 'JSONRPCRequest' : 'JSONRPCNotification';
    return [
      [revision, envelope, message],
      [revision, definition, message],
    ];
  }
  if ('error' in message) {
    const own = revision === MODERN ? MODERN_ERRORS[message.error?.code] : undefined;
    return [[revision, own ?? (definitions.JSONRPCErrorResponse ? 'JSONRPCErrorResponse' : 'JSONRPCError'), message]];
  }
  const envelope = definitions.JSONRPCResultResponse ? 'JSONRPCResultResponse' : 'JSONRPCResponse';
  const { result } = message;
  const parts = [[revision, envelope, message]];
  if (revision === MODERN) {
    if (result?.resultType === 'task') return [...parts, [TASKS, 'CreateTaskResult', result]];
    if (result?.resultType === 'input_required' && !(method in TASK_RESULTS)) return [...parts, [revision, 'InputRequiredResult', result]];
    if (method in TASK_RESULTS) return [...parts, [TASKS, TASK_RESULTS[method], result]];
  }
  if (method in RESULTS) parts.push([revision, RESULTS[method], result]);
  return parts;
}

/** What the official schema says against a message; none if it is valid. */
export function schemaComplaints(revision, message, method) {
  if (DIFFERENCES.some(({ applies }) => applies(message, revision))) return [];
  const parts = definitionsFor(revision, message, method);
  if (!parts) return [`${revision} has no message ${message.method}`];
  return parts.flatMap(([schema, definition, value]) =>
    complaints(schema, definition, value).map((complaint) => `${schema} ${definition}: ${complaint}`),
  );
}

// --- which revision, which method ------------------------------------------------------------------------------------

/** What is known of each session and SSE connection: its revision, and the methods of its requests by id. */
const conversations = new Map();
function conversationOf(asked) {
  const headers = lowerCase(asked.headers ?? {});
  const key = SSE_SESSION.test(asked.path) ? asked.path : headers['mcp-session-id'];
  if (typeof key !== 'string') return { methods: new Map() };
  if (!conversations.has(key)) conversations.set(key, { methods: new Map() });
  return conversations.get(key);
}

const lowerCase = (headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

function messagesIn(body) {
  try {
    return [JSON.parse(String(body))].flat().filter((one) => one !== null && typeof one === 'object');
  } catch {
    return [];
  }
}

function revisionOf(asked, sent, conversation, message) {
  const claimed = sent.map((one) => one.params?._meta?.[VERSION_KEY]).find((version) => version !== undefined);
  const headers = lowerCase(asked.headers ?? {});
  const header = headers['mcp-protocol-version'];
  // An unknown version is refused in the era in which it was asked for.
  if (claimed !== undefined || header >= MODERN) return MODERN;
  const negotiated = message?.result?.protocolVersion;
  if (REVISIONS.includes(negotiated)) conversation.revision = negotiated;
  const revision = REVISIONS.includes(negotiated) ? negotiated : (conversation.revision ?? header);
  return REVISIONS.includes(revision) ? revision : UNNAMED;
}

/**
 * @typedef {object} SchemaCheck
 * @property {(headers: object) => void} note  takes the answer's headers
 * @property {(path: string) => void} continueAt  the path for messages that a stream of 2024-11-05 names
 * @property {(message: unknown, story: (rule: string) => string) => void} check  fails with the request, the answer and the
 *   schema's complaints
 */

/**
 * Validates the messages that the server sends in answer to one request or on one stream.
 * @param {import('../http/exchange.mjs').Asked} asked
 * @returns {SchemaCheck | undefined}  undefined where the server speaks no MCP
 */
export function schemaCheck(asked) {
  if (!SSE_PATH.test(asked.path ?? '') && !MCP_PATH.test(asked.path ?? '')) return undefined;
  let conversation = conversationOf(asked);
  const sent = messagesIn(asked.body);
  prepare(revisionOf(asked, sent, conversation), sent);
  const remember = () => {
    for (const { id, method } of sent) if (typeof method === 'string' && id !== undefined) conversation.methods.set(id, method);
  };
  remember();
  return {
    note(headers) {
      const session = headers['mcp-session-id'];
      if (typeof session !== 'string') return;
      if (!conversations.has(session)) conversations.set(session, conversation);
      conversation = conversations.get(session);
      remember();
    },
    continueAt: (path) => void conversations.set(path, conversation),
    check(message, story) {
      if (message === null || typeof message !== 'object') assert.fail(story('a message is an object'));
      const method = conversation.methods.get(message.id);
      const revision = revisionOf(asked, sent, conversation, message);
      const found = schemaComplaints(revision, message, 'method' in message ? undefined : method);
      if (found.length > 0) {
        const text = JSON.stringify(message);
        const shown = text.length > 3000 ? `${text.slice(0, 3000)}…` : text;
        assert.fail(story(`the official schema of ${revision} accepts each message:\n  ${found.slice(0, 12).join('\n  ')}\n  in ${shown}`));
      }
    },
  };
}
