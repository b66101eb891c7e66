// The subschemas of a JSON Schema, with their places. What nests or repeats without measure is cut off.
import { isObject } from '../wire/json.mjs';

const DEPTH = 60;
/** How many subschemas are looked at. No tool that a model can use has so many. */
export const MOST = 5000;

/** Keywords by the form of their value (JSON Schema 2020-12, Core §10 and Validation §6). */
export const KEYWORDS = {
  schema: [
    'contains',
    'contentSchema',
    'else',
    'if',
    'items',
    'not',
    'propertyNames',
    'then',
    'additionalProperties',
    'unevaluatedItems',
    'unevaluatedProperties',
  ],
  schemas: ['allOf', 'anyOf', 'oneOf', 'prefixItems'],
  named: ['$defs', 'definitions', 'dependentSchemas', 'patternProperties', 'properties'],
};
const form = new Map(Object.entries(KEYWORDS).flatMap(([kind, names]) => names.map((name) => [name, kind])));

/**
 * @typedef {object} Place
 * @property {unknown} schema
 * @property {string} path  names of properties, for people; empty at the root
 * @property {string} keyword  which keyword holds it; empty at the root
 * @property {boolean} reached  whether `properties` alone lead to it
 *
 * @param {unknown} root
 * @returns {Generator<Place>}
 */
export function* subschemas(root) {
  const open = [{ schema: root, path: '', keyword: '', reached: true, depth: 0 }];
  for (let count = 0; open.length > 0 && count < MOST; count += 1) {
    const place = open.pop();
    yield place;
    const { schema, path, reached, depth } = place;
    if (!isObject(schema) || depth >= DEPTH) continue;
    for (const [keyword, value] of Object.entries(schema)) {
      const below = (inner, name) =>
        open.length < MOST &&
        open.push({
          schema: inner,
          path: name === undefined ? path : path ? `${path}.${name}` : name,
          keyword,
          reached: reached && keyword === 'properties',
          depth: depth + 1,
        });
      switch (form.get(keyword)) {
        case 'schema':
          below(value);
          break;
        case 'schemas':
          if (Array.isArray(value)) value.forEach((inner) => below(inner));
          break;
        case 'named':
          if (isObject(value)) for (const [name, inner] of Object.entries(value)) below(inner, keyword === 'properties' ? name : undefined);
          break;
        default:
      }
    }
  }
}
