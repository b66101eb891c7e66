// The protocol in both eras, and the tools as the reviewers of a directory read them.
import { LEGACY, MODERN, isObject } from '../wire/messages.mjs';
import { COULD_NOT_REACH, blocked, fail, hiddenIn, note, ok, quote, skip } from '../verdict.mjs';
import { describe } from './endpoint.mjs';

const LONGEST_NAME = 64;
const SHOWN = 10;

/** Revisions with a handshake: hosted Claude documents these. */
export async function legacyEra(probe) {
  const answer = await probe.greeting();
  const result = answer.message?.result;
  if (!result && answer.status === 401) return skip('initialize needs a sign-in; give a token with --token to look further.');
  const fix = 'Answer initialize with protocolVersion, capabilities and serverInfo.';
  if (!result) return fail(`initialize fails: ${errorOf(answer)}.`, `Claude’s apps begin with it. ${COULD_NOT_REACH}`, fix);
  const { protocolVersion, capabilities, serverInfo } = result;
  const missing = Object.entries({ capabilities, serverInfo }).filter(([, value]) => !isObject(value));
  if (missing.length > 0) return fail(`The answer to initialize has no ${missing.map(([name]) => name).join(', no ')}.`, COULD_NOT_REACH, fix);
  if (!LEGACY.includes(protocolVersion)) {
    return fail(`initialize answers with protocolVersion ${quote(protocolVersion ?? 'missing', 40)}.`, `Claude knows ${LEGACY.join(', ')}. ${COULD_NOT_REACH}`, fix);
  }
  const old = protocolVersion === LEGACY.at(-1);
  if (old) return note(`initialize agrees on ${protocolVersion}.`, 'Claude documents 2025-03-26 and newer.', 'Update the server’s MCP library.');
  return ok(`initialize agrees on ${protocolVersion}; the server is ${quote(serverInfo.name ?? 'nameless', 60)} ${quote(serverInfo.version ?? '', 30)}`.trimEnd().concat('.'));
}

/** The stateless revision, or a clean refusal from which a client falls back. */
export async function modernEra(probe) {
  const answer = await probe.discover();
  const result = answer.message?.result;
  if (result) {
    const versions = result.supportedVersions;
    if (Array.isArray(versions) && versions.includes(MODERN)) return ok(`server/discover lists ${versions.slice(0, 8).map((version) => quote(version, 20)).join(', ')}.`);
    return fail(
      `server/discover answers, but supportedVersions is ${quote(versions ?? 'missing')}.`,
      'A client that begins with it finds no version in common.',
      `List ${MODERN}, or answer method not found.`,
    );
  }
  if (answer.status === 401) return skip('server/discover needs a sign-in; give a token with --token to look further.');
  if (answer.fault || answer.status >= 500) {
    return fail(
      `server/discover is answered with ${describe(answer)}.`,
      `Newer clients (Claude Code among them) begin with it, and fall back to initialize only from a clean refusal. ${COULD_NOT_REACH}`,
      'Answer a method you do not know with a JSON-RPC error, at once.',
    );
  }
  return note(`server/discover is refused: ${errorOf(answer)}.`, `Clients fall back to initialize. Nothing of ${MODERN} works.`, `Nothing to do, unless you want ${MODERN}.`);
}

function errorOf(answer) {
  const { error } = answer.message ?? {};
  return error ? `${describe(answer)}, JSON-RPC error ${quote(error.code, 12)} “${quote(error.message ?? '', 80)}”` : describe(answer);
}

/** Whether web pages may call it. Claude's own apps do not need that. */
export async function cors(probe) {
  const answer = await probe.preflight();
  const allowed = answer.headers?.['access-control-allow-origin'];
  if (allowed === '*' || allowed === 'https://claude.ai') return ok(`A page of claude.ai may call it (Access-Control-Allow-Origin: ${allowed}).`);
  return note(
    `A page of another site may not call it: a preflight from https://claude.ai gets ${describe(answer)}${allowed ? `, for ${quote(allowed, 60)}` : ''}.`,
    'Claude connects from its servers and does not need it. Clients that run in a browser do.',
    'To serve those, answer OPTIONS with Access-Control-Allow-Origin and expose WWW-Authenticate and Mcp-Session-Id.',
  );
}

/** There are tools to judge. */
export async function toolList(probe) {
  const { tools, answer, endless } = await probe.tools();
  if (endless) return fail(`tools/list does not end: ${tools.length} tools, and there is always a next page.`, 'Claude shows no tools, or not all of them.', 'Leave nextCursor out on the last page.');
  if (tools === undefined && (answer.status === 401 || answer.status === 403)) {
    return probe.token === undefined
      ? blocked('the list of tools needs a sign-in; give a token with --token to have it judged.')
      : fail(`The token does not open it: ${describe(answer)}.`, 'Nothing: this token was yours.', 'Take a fresh access token for exactly this URL.');
  }
  if (tools === undefined) return fail(`tools/list fails: ${errorOf(answer)}.`, 'Claude connects, and shows no tools.', 'Answer tools/list with an array of tools.');
  if (tools.length === 0) return note('There are no tools.', 'Claude connects, and has nothing to call.', probe.token === undefined ? 'If they need a sign-in, give a token with --token.' : 'Register one.');
  return ok(`${tools.length} ${tools.length === 1 ? 'tool' : 'tools'}: ${quote(tools.map(({ name }) => quote(name ?? 'nameless', 64)).join(', '), 400)}.`);
}

/** Judges each tool; `defect` says what is wrong with one, or nothing. */
const each = (good, bad, effect, fix, defect) => async (probe) => {
  const { tools } = await probe.tools();
  const found = tools.flatMap((tool, index) => {
    const what = defect(tool, tools);
    return what ? [`${typeof tool.name === 'string' ? quote(tool.name, 80) : `tool ${index + 1}`}: ${what}`] : [];
  });
  if (found.length === 0) return ok(good);
  const rest = found.length > SHOWN ? [`… and ${found.length - SHOWN} more`] : [];
  return fail(`${found.length} of ${tools.length} tools: ${bad}.`, effect, fix, [...found.slice(0, SHOWN), ...rest]);
};

const REVIEW = 'It works as a custom connector; the directory’s review rejects it.';

export const toolNames = each(
  `Every name is unique, plain, and at most ${LONGEST_NAME} characters long.`,
  'the name is too long, not plain, or not unique',
  'The directory’s review rejects it, and the model may not be able to call it.',
  `At most ${LONGEST_NAME} characters: letters, digits, underscores, hyphens, dots. Each name once.`,
  ({ name }, tools) => {
    if (typeof name !== 'string' || name === '') return 'no name';
    if (name.length > LONGEST_NAME) return `${name.length} characters`;
    if (!/^[\w.-]+$/.test(name)) return 'characters other than letters, digits, underscores, hyphens and dots';
    return tools.filter((tool) => tool.name === name).length > 1 && 'this name is listed more than once';
  },
);

export const toolTitles = each(
  'Every tool has a title.',
  'no title',
  `${REVIEW} People see the name instead.`,
  'Add annotations.title or title: a few words that a person understands.',
  ({ title, annotations }) => ![title, annotations?.title].some((text) => typeof text === 'string' && text.trim() !== '') && 'no title',
);

export const toolHints = each(
  'Every tool says whether it only reads or may destroy.',
  'neither readOnlyHint nor destructiveHint, or both',
  `${REVIEW} Claude takes such a tool for one that writes, and asks before each call.`,
  'Set annotations.readOnlyHint to true on tools that only read, and destructiveHint on all others.',
  ({ annotations }) => {
    const { readOnlyHint, destructiveHint } = annotations ?? {};
    if (readOnlyHint === true && destructiveHint === true) return 'read-only and destructive at once';
    return readOnlyHint !== true && typeof destructiveHint !== 'boolean' && 'no hint';
  },
);

export const toolDescriptions = each(
  'Every tool has a description, without hidden characters.',
  'the description is missing, or hides something',
  `${REVIEW} Without a description Claude cannot know when to call it.`,
  'Say in a sentence or two what it does and when to call it, in plain characters.',
  ({ description }) => {
    if (typeof description !== 'string' || description.trim() === '') return 'no description';
    const hidden = hiddenIn(description);
    return hidden.length > 0 && `characters that cannot be seen: ${hidden.slice(0, 5).join(' ')}`;
  },
);

export const toolSchemas = each(
  'Every tool describes its arguments as an object.',
  'inputSchema is not the schema of an object',
  'It cannot be offered to the model; strict clients refuse the whole list.',
  'Give each tool an inputSchema with "type": "object", also where it takes no arguments.',
  ({ inputSchema }) => !(isObject(inputSchema) && inputSchema.type === 'object') && `inputSchema is ${quote(inputSchema ?? 'missing', 60)}`,
);

const WRITES = ['POST', 'PUT', 'PATCH', 'DELETE'];

export const toolPurposes = each(
  'No tool reads and writes, depending on an argument.',
  'one tool for reading and for writing',
  `${REVIEW} A person cannot allow one without the other.`,
  'Make a read-only tool and one tool for each kind of change.',
  ({ inputSchema }) => {
    const choices = Object.values(isObject(inputSchema?.properties) ? inputSchema.properties : {}).map((property) => property?.enum);
    const methods = choices.filter(Array.isArray).map((choice) => choice.map((value) => (typeof value === 'string' ? value.toUpperCase() : value)));
    const mixed = methods.find((choice) => choice.includes('GET') && WRITES.some((write) => choice.includes(write)));
    return mixed && `an argument chooses between ${quote(mixed, 60)}`;
  },
);
