// The tools as the reviewers of a directory read them.
import { isObject } from '../../wire/json.mjs';
import { blocked, fail, hiddenIn, note, ok, quote } from '../../verdict.mjs';
import { each } from './each-tool.mjs';
import { describe, errorOf } from '../../answers.mjs';

const LONGEST_NAME = 64;

/** There are tools to judge. */
export async function toolList(probe) {
  const { tools, answer, endless } = await probe.tools();
  if (endless)
    return fail(
      `tools/list does not end: ${tools.length} tools, and there is always a next page.`,
      'Claude shows no tools, or not all of them.',
      'Leave nextCursor out on the last page.',
    );
  if (tools === undefined && (answer.status === 401 || answer.status === 403)) {
    return probe.token === undefined
      ? blocked('the list of tools needs a sign-in; give a token with --token to have it judged.')
      : fail(`The token does not open it: ${describe(answer)}.`, 'Nothing: this token was yours.', 'Take a fresh access token for exactly this URL.');
  }
  if (tools === undefined)
    return fail(`tools/list fails: ${errorOf(answer)}.`, 'Claude connects, and shows no tools.', 'Answer tools/list with an array of tools.');
  if (tools.length === 0)
    return note(
      'There are no tools.',
      'Claude connects, and has nothing to call.',
      probe.token === undefined ? 'If they need a sign-in, give a token with --token.' : 'Register one.',
    );
  return ok(
    `${tools.length} ${tools.length === 1 ? 'tool' : 'tools'}: ${quote(tools.map(({ name }) => quote(name ?? 'nameless', 64)).join(', '), 400)}.`,
  );
}

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
  `${REVIEW} Claude treats such a tool as one that writes, and asks before each call.`,
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
