// Whether a schema is one of JSON Schema 2020-12, as far as its keywords have a form. Claude's API refuses a whole request over one
// that is not.
import { isObject } from '../wire/json.mjs';
import { KEYWORDS, subschemas } from './walk.mjs';

const TYPES = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];
const isSchema = (value) => isObject(value) || typeof value === 'boolean';
const isCount = (value) => Number.isInteger(value) && value >= 0;
const isNumber = (value) => typeof value === 'number';
const isText = (value) => typeof value === 'string';
const areNames = (value) => Array.isArray(value) && value.every(isText) && new Set(value).size === value.length;
const isFlag = (value) => typeof value === 'boolean';
const each = (names, holds) => Object.fromEntries(names.map((name) => [name, holds]));

/** What each keyword holds. */
const FORMS = {
  ...each(KEYWORDS.schema, isSchema),
  ...each(KEYWORDS.schemas, (value) => Array.isArray(value) && value.length > 0 && value.every(isSchema)),
  ...each(KEYWORDS.named, (value) => isObject(value) && Object.values(value).every(isSchema)),
  ...each(['maxItems', 'minItems', 'maxLength', 'minLength', 'maxProperties', 'minProperties', 'maxContains', 'minContains'], isCount),
  ...each(['maximum', 'minimum', 'exclusiveMaximum', 'exclusiveMinimum'], isNumber),
  ...each(['title', 'description', 'format', 'pattern', '$ref', '$id', '$schema', '$anchor', '$comment'], isText),
  ...each(['uniqueItems', 'readOnly', 'writeOnly', 'deprecated'], isFlag),
  multipleOf: (value) => isNumber(value) && value > 0,
  required: areNames,
  enum: Array.isArray,
  examples: Array.isArray,
  type: (value) => TYPES.includes(value) || (areNames(value) && value.length > 0 && value.every((type) => TYPES.includes(type))),
  dependentRequired: (value) => isObject(value) && Object.values(value).every(areNames),
};

/**
 * What is wrong, in words, at most a few.
 * @param {unknown} schema
 * @returns {string[]}
 */
export function invalidIn(schema) {
  const found = [];
  for (const { schema: part, path } of subschemas(schema)) {
    if (!isObject(part)) continue;
    for (const [keyword, holds] of Object.entries(FORMS)) {
      if (!Object.hasOwn(part, keyword) || holds(part[keyword])) continue;
      found.push(`${keyword}${path ? ` of ${path}` : ''} ${hint(keyword, part[keyword])}`);
      if (found.length >= 3) return found;
    }
  }
  return found;
}

/** Those that name what older drafts had. */
function hint(keyword, value) {
  if (keyword === 'items' && Array.isArray(value)) return 'is a list, which 2020-12 calls prefixItems';
  if (keyword.startsWith('exclusive') && isFlag(value)) return 'is true or false, as in draft 4; it is a number';
  if (keyword === 'required' && isFlag(value)) return 'is true or false, as in draft 3; it is a list of names';
  if (value === null) return 'is null';
  return 'has a value that the keyword does not take';
}
