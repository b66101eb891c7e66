// What released clients refuse in a list of tools: types of members, schemas, names of arguments, size.
import { isObject } from '../../wire/json.mjs';
import { headersIn, refusedIn } from '../../schema/refused.mjs';
import { invalidIn } from '../../schema/valid.mjs';
import { TYPESCRIPT, fail, note, ok, quote, skip } from '../../verdict.mjs';
import { each, nameOf } from './each-tool.mjs';

const is = (type) => (value) => typeof value === type;
const optional = {
  title: [is('string'), 'a text'],
  description: [is('string'), 'a text'],
  annotations: [isObject, 'an object'],
  outputSchema: [isObject, 'an object'],
  _meta: [isObject, 'an object'],
  icons: [Array.isArray, 'a list'],
};
const hints = {
  title: is('string'),
  readOnlyHint: is('boolean'),
  destructiveHint: is('boolean'),
  idempotentHint: is('boolean'),
  openWorldHint: is('boolean'),
};

/** Members have the types of the schema, and none is null. */
export const members = async (probe) => {
  const { cursor } = await probe.tools();
  if (cursor !== undefined && cursor !== null && typeof cursor !== 'string')
    return fail(`nextCursor is ${quote(cursor, 40)}.`, `${TYPESCRIPT} refuse the whole list.`, 'Make it a string.');
  if (cursor === null) return fail('nextCursor is null on the last page.', `${TYPESCRIPT} refuse the whole list.`, 'Leave it out.');
  return each(
    'Every member has its type, and none is null.',
    'a member has another type than the specification gives it',
    `${TYPESCRIPT} check each member and refuse the whole list over one.`,
    'Leave out what is not there, instead of null.',
    (tool) => {
      const wrong = Object.entries(optional)
        .filter(([name, [holds]]) => tool[name] !== undefined && !holds(tool[name]))
        .map(([name, [, kind]]) => `${name} is ${quote(tool[name], 30)}, not ${kind}`);
      const annotations = isObject(tool.annotations) ? tool.annotations : {};
      const odd = Object.entries(hints)
        .filter(([name, holds]) => annotations[name] !== undefined && !holds(annotations[name]))
        .map(([name]) => `annotations.${name} is ${quote(annotations[name], 30)}`);
      return [...wrong, ...odd].join('; ');
    },
  )(probe);
};

export const validSchemas = each(
  'Every schema is one of JSON Schema 2020-12.',
  'the schema is not valid',
  'Claude’s API refuses every request with this tool in it: “JSON schema is invalid. It must match JSON Schema draft 2020-12”.',
  'Write the schema in the form of 2020-12.',
  ({ inputSchema }) => invalidIn(inputSchema).join('; '),
);

export const acceptedSchemas = each(
  'No schema has what Claude or the TypeScript SDK refuses.',
  'the schema is valid, but refused',
  'The tool is dropped, or the request with all tools in it fails.',
  'Write one object with the properties of every choice, and plain names.',
  ({ inputSchema }) => refusedIn(inputSchema).broken.slice(0, 3).join('; '),
);

export const portableSchemas = each(
  'No schema has what other released clients refuse.',
  'some client cannot take the schema',
  'In the client that is named the tool is missing, or called with wrong arguments.',
  'Write the schema in place of a $ref; leave null out and make the argument optional; give each list its items.',
  ({ inputSchema }) => refusedIn(inputSchema).narrow.slice(0, 3).join('; '),
  note,
);

export const outputSchemas = each(
  'Every output schema describes an object.',
  'outputSchema is not the schema of an object',
  `${TYPESCRIPT} refuse the whole list; before 2026-07-28 only objects are allowed.`,
  'Wrap the result into an object, and say "type": "object".',
  ({ outputSchema }) => {
    if (!isObject(outputSchema)) return undefined;
    if (outputSchema.type !== 'object') return `type is ${quote(outputSchema.type ?? 'missing', 40)}`;
    return invalidIn(outputSchema).join('; ');
  },
);

export const headers = each(
  'Every x-mcp-header is well formed.',
  'a header that clients do not accept',
  'Clients of 2026-07-28 leave the tool out.',
  'Put x-mcp-header on texts, integers or booleans that properties alone lead to, with a name of its own.',
  ({ inputSchema }) => headersIn(inputSchema).slice(0, 3).join('; '),
);

export const argumentDescriptions = each(
  'Every argument has a description.',
  'an argument without a description',
  'The model guesses from the name what to pass.',
  'Say for each argument what it is, with its form and an example where that helps.',
  ({ inputSchema }) => {
    const properties = isObject(inputSchema?.properties) ? Object.entries(inputSchema.properties) : [];
    const bare = properties
      .filter(([, schema]) => isObject(schema) && !schema.$ref && !(typeof schema.description === 'string' && schema.description.trim() !== ''))
      .map(([name]) => quote(name, 40));
    return bare.length > 0 && quote(bare.join(', '), 120);
  },
  note,
);

/** The most tools that VS Code sends to a model in one request. */
const MOST = 128;
/** A list of so many characters costs about 10,000 tokens of each conversation. */
const LARGE = 40_000;
/** Where Claude Code cuts descriptions and instructions off. */
const LONGEST_TEXT = 2048;

/** The list is not too long for a model. */
export async function size(probe) {
  const { tools, bytes } = await probe.tools();
  if (tools.length > MOST)
    return note(
      `There are ${tools.length} tools.`,
      `VS Code sends at most ${MOST} tools in a request; models choose worse among many.`,
      'Offer fewer: by scope, by person, or as one tool with a clear choice.',
    );
  if (bytes > LARGE)
    return note(
      `The list is ${Math.round(bytes / 1000)} kB long.`,
      `Clients put it into each conversation: about ${Math.round(bytes / 4000)},000 tokens before the first word.`,
      'Shorten descriptions and schemas.',
    );
  const long = tools.filter(({ description }) => typeof description === 'string' && description.length > LONGEST_TEXT).map(nameOf);
  const instructions = (await probe.entry())?.result.instructions;
  if (typeof instructions === 'string' && instructions.length > LONGEST_TEXT) long.push('the instructions of the server');
  if (long.length > 0)
    return note(
      `${long.length} texts have more than ${LONGEST_TEXT} characters.`,
      'Claude Code cuts them off there.',
      'Put what matters first, and shorten the rest.',
      long.slice(0, 10),
    );
  return ok(`${tools.length === 1 ? 'One tool' : `${tools.length} tools`}, ${(bytes / 1000).toFixed(1)} kB.`);
}

/** Results are what the tools promise. Only those are looked at that the doctor calls anyway. */
export async function results(probe) {
  const { tools } = await probe.tools();
  const given = (await probe.results()).filter(({ answer }) => ['complete', undefined].includes(answer.message.result.resultType));
  if (given.length === 0) return skip('no tool gave a result: only read-only ones are called, without arguments and without a token.');
  const wrong = given.flatMap(({ name, answer }) => {
    const { content, structuredContent } = answer.message.result;
    if (!Array.isArray(content)) return [`${quote(name, 80)}: content is ${quote(content ?? 'missing', 40)}, not a list`];
    const promised = isObject(tools.find((tool) => tool.name === name)?.outputSchema);
    return promised && structuredContent === undefined ? [`${quote(name, 80)}: there is an outputSchema, but no structuredContent`] : [];
  });
  if (wrong.length === 0) return ok(`${given.length === 1 ? 'One result is' : `${given.length} results are`} what the tools promise.`);
  return fail(
    'A result is not what the tool promises.',
    `${TYPESCRIPT} throw it away with an error.`,
    'Give content as a list, and structuredContent where the tool has an outputSchema (MCP “Output Schema”).',
    wrong.slice(0, 10),
  );
}

/** A tool that needs a sign-in says so in its entry of the list, as ChatGPT reads it. */
export async function signIn(probe) {
  const found = await probe.protectedTool();
  if (!found) return skip('no read-only tool is known that needs a sign-in.');
  const { tools } = await probe.tools();
  const tool = tools.find(({ name }) => name === found.name);
  const schemes = tool?.securitySchemes ?? tool?._meta?.securitySchemes;
  if (Array.isArray(schemes)) return ok(`${quote(found.name, 64)} says that it needs a sign-in.`);
  return note(
    `${quote(found.name, 64)} needs a sign-in and has no securitySchemes.`,
    'ChatGPT offers the sign-in for one tool only where its entry says so. Other clients do not read it.',
    'Add "securitySchemes": [{"type": "oauth2", "scopes": […]}] to the entry, or to its _meta.',
  );
}
