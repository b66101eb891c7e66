// What released clients refuse in the schema of a tool's arguments, though it is valid.
import { isObject } from '../wire/json.mjs';
import { MOST, subschemas } from './walk.mjs';

const NAME = /^[a-zA-Z0-9_.-]{1,64}$/;
/** Formats of texts that Gemini's API takes. */
const GEMINI_FORMATS = ['date-time', 'enum'];
const texts = (value) => (Array.isArray(value) ? value : [value]);

/** Whether a schema names null among the values of its own. */
const allowsNull = (schema) =>
  texts(schema.type).includes('null') || schema.const === null || (Array.isArray(schema.enum) && schema.enum.includes(null));

/** Whether a text is a regular expression, with or without Unicode. One that is very long is not tried. */
function isPattern(text) {
  if (text.length > 2000) return true;
  return ['u', ''].some((flags) => {
    try {
      new RegExp(text, flags);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * @param {unknown} schema
 * @returns {{broken: string[], narrow: string[]}}  `broken`: Claude or every client on the TypeScript SDK cannot use the tool;
 *   `narrow`: some other client cannot
 */
export function refusedIn(schema) {
  const [broken, narrow] = [new Set(), new Set()];
  if (!isObject(schema)) return { broken: [], narrow: [] };
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
    if (Object.hasOwn(schema, keyword)) broken.add(`${keyword} at the root: Claude’s API refuses it`);
  }
  if (!Object.hasOwn(schema, 'properties')) narrow.add('there are no properties, not even {}: OpenAI’s API refuses it');
  const { $schema: dialect } = schema;
  if (typeof dialect === 'string' && !/json-schema\.org\/(draft\/2020-12|draft-07)\/schema#?$/.test(dialect))
    narrow.add('$schema names a dialect that clients need not know: neither 2020-12 nor draft 7');
  for (const [name, property] of Object.entries(isObject(schema.properties) ? schema.properties : {}).slice(0, MOST)) {
    const named = JSON.stringify(name).slice(0, 80);
    if (!NAME.test(name)) broken.add(`the name ${named}: Claude’s API takes 1 to 64 letters, digits, “_”, “.” and “-”`);
    if (typeof property === 'boolean') broken.add(`${name.slice(0, 80)} is ${property}: clients on the TypeScript SDK drop every tool`);
  }
  for (const { schema: part, path } of subschemas(schema)) {
    const at = path || 'the root';
    if (!isObject(part)) continue;
    if (typeof part.$ref === 'string') {
      const isOutside = !part.$ref.startsWith('#');
      narrow.add(isOutside ? `${at} refers to another document: clients may not fetch it` : `${at} holds a $ref: Cursor, Zed and VS Code do not resolve it`);
    }
    if (typeof part.pattern === 'string' && !isPattern(part.pattern)) narrow.add(`the pattern of ${at} is not a regular expression of ECMA-262: clients that compile it fail`);
    if (path && allowsNull(part)) narrow.add(`${at} may be null: releases of Cursor and Gemini refuse it`);
    if (texts(part.type).includes('array') && !Object.hasOwn(part, 'items'))
      narrow.add(`${at} is a list without items: Gemini and VS Code refuse it`);
    if (Object.hasOwn(part, 'prefixItems')) narrow.add(`${at} is a tuple: Gemini does not know prefixItems`);
    if (typeof part.format === 'string' && texts(part.type).includes('string') && !GEMINI_FORMATS.includes(part.format))
      narrow.add(`${at} has the format ${JSON.stringify(part.format).slice(0, 40)}: Gemini’s function declarations take only date-time`);
  }
  return { broken: [...broken], narrow: [...narrow] };
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** What is wrong with the declarations of headers: clients leave such a tool out (MCP "Custom Headers from Tool Parameters"). */
export function headersIn(schema) {
  const [found, names] = [[], new Set()];
  for (const { schema: part, path, reached } of subschemas(schema)) {
    if (!isObject(part) || !Object.hasOwn(part, 'x-mcp-header')) continue;
    const name = part['x-mcp-header'];
    const at = `x-mcp-header of ${path || 'the root'}`;
    if (typeof name !== 'string' || !TOKEN.test(name)) found.push(`${at} is no name of a header`);
    else if (names.has(name.toLowerCase())) found.push(`${at} repeats a name`);
    else if (!['string', 'integer', 'boolean'].includes(part.type)) found.push(`${at} is not on a text, an integer or a boolean`);
    else if (!reached || path === '') found.push(`${at} is not reached by properties alone`);
    if (typeof name === 'string') names.add(name.toLowerCase());
  }
  return found;
}
