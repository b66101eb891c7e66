// One schema from several: references are followed, `allOf` is merged, and both dialects (OpenAPI 3.0 and JSON Schema 2020-12) are
// brought into one form.
import { isDeepStrictEqual } from 'node:util';
import { nameOf, resolved } from './references.mjs';

const MAX_DEPTH = 24;

/** The schemas that references lead to, which large documents use by the thousand. */
const flattened = new WeakMap();

/**
 * Returns `schema` without `$ref` and `allOf`. `types` has its types without null, `nullable` says whether null was among them,
 * and `pointer` and `name` are those of the reference.
 */
export function flatten(document, schema, depth = 0) {
  if (schema === undefined || schema === true || depth > MAX_DEPTH) return { types: [] };
  if (schema === false || schema === null || typeof schema !== 'object') return { types: [], never: schema === false };
  const isReference = typeof schema.$ref === 'string' && Object.keys(schema).length === 1;
  const known = isReference && flattened.get(document)?.get(schema.$ref);
  if (known) return known;
  const { value, pointer } = resolved(document, schema);
  const { allOf, ...own } = value;
  let flat = normalized(own);
  if (Array.isArray(allOf)) {
    const parts = allOf.map((part) => flatten(document, part, depth + 1));
    // The name of the only thing that is extended: `{"allOf": [{"$ref": "…/Pet"}], "nullable": true}`.
    const names = parts.filter((part) => part.pointer !== undefined);
    const bare = Object.keys(own).every((key) => ['description', 'nullable', 'title', 'default', 'example', 'readOnly', 'writeOnly', 'deprecated'].includes(key));
    for (const part of parts) flat = merged(flat, part);
    if (bare && parts.length === 1 && names.length === 1) Object.assign(flat, { pointer: names[0].pointer, name: names[0].name });
    // `allOf` allows null only where each part does; what stands beside it decides in practice.
    flat.nullable = own.nullable === true || (parts.length > 0 && parts.every((part) => part.nullable));
  }
  if (pointer !== undefined) Object.assign(flat, { pointer, name: nameOf(pointer) });
  if (isReference && depth === 0) flattened.set(document, (flattened.get(document) ?? new Map()).set(schema.$ref, flat));
  return flat;
}

/** Brings the types, null, constants and exclusive limits of both dialects into one form. */
function normalized(schema) {
  const flat = { ...schema };
  const types = [schema.type].flat().filter((type) => typeof type === 'string');
  flat.nullable = schema.nullable === true || types.includes('null');
  flat.types = types.filter((type) => type !== 'null');
  if (Object.hasOwn(schema, 'const')) flat.enum = [schema.const];
  if (Array.isArray(flat.enum)) {
    if (flat.enum.includes(null)) flat.nullable = true;
    flat.enum = [...new Set(flat.enum.filter((value) => value !== null))];
    if (flat.enum.length === 0) delete flat.enum;
  }
  for (const [limit, exclusive] of [['minimum', 'exclusiveMinimum'], ['maximum', 'exclusiveMaximum']]) {
    if (flat[exclusive] === true) {
      flat[exclusive] = flat[limit];
      delete flat[limit];
    } else if (flat[exclusive] === false) delete flat[exclusive];
  }
  if (flat.types.length === 0) flat.types = inferred(flat);
  return flat;
}

function inferred(schema) {
  if (schema.properties !== undefined || (schema.additionalProperties !== undefined && schema.additionalProperties !== false)) return ['object'];
  if (schema.items !== undefined) return ['array'];
  if (Array.isArray(schema.enum)) {
    const kinds = new Set(schema.enum.map((value) => (Number.isInteger(value) ? 'integer' : Array.isArray(value) ? 'array' : typeof value)));
    return [...kinds].filter((kind) => ['string', 'integer', 'number', 'boolean'].includes(kind));
  }
  if (schema.pattern !== undefined || schema.minLength !== undefined || schema.maxLength !== undefined) return ['string'];
  return [];
}

/** Returns a schema for values that fit both. */
export function merged(one, other) {
  // "An object" says nothing more of a schema that has a name.
  if (saysNothing(one, other)) return { ...other, description: one.description ?? other.description, nullable: one.nullable === true && other.nullable === true };
  if (saysNothing(other, one)) return { ...one, nullable: one.nullable === true && other.nullable === true };
  const both = { ...other, ...one };
  both.types = one.types.length === 0 ? other.types : other.types.length === 0 ? one.types : intersection(one.types, other.types);
  both.properties = mergedProperties(one.properties, other.properties);
  if (both.properties === undefined) delete both.properties;
  both.required = [...new Set([...list(one.required), ...list(other.required)])];
  if (one.items && other.items && !isDeepStrictEqual(one.items, other.items)) both.items = { allOf: [one.items, other.items] };
  if (one.enum && other.enum) both.enum = intersection(one.enum, other.enum);
  for (const [limit, tightest] of [['minimum', Math.max], ['minLength', Math.max], ['minItems', Math.max], ['maximum', Math.min], ['maxLength', Math.min], ['maxItems', Math.min]]) {
    if (one[limit] !== undefined && other[limit] !== undefined) both[limit] = tightest(one[limit], other[limit]);
  }
  both.nullable = one.nullable === true && other.nullable === true;
  // The choices of each part hold at once; each is kept, as a list of its own.
  both.choices = [...choicesOf(one), ...choicesOf(other)];
  delete both.oneOf;
  delete both.anyOf;
  delete both.pointer;
  delete both.name;
  return both;
}

/** Whether all that `schema` says is in `named`, a schema with a name. */
function saysNothing(schema, named) {
  if (named.pointer === undefined || schema.pointer !== undefined) return false;
  const { types, nullable, description, type, example, examples, title, ...more } = schema;
  return Object.values(more).every((value) => Array.isArray(value) && value.length === 0) && types.every((one) => named.types.includes(one));
}

function mergedProperties(one, other) {
  if (one === undefined || other === undefined) return one ?? other;
  const both = { ...one, ...other, ...one };
  for (const name of Object.keys(one)) {
    if (Object.hasOwn(other, name) && !isDeepStrictEqual(one[name], other[name])) both[name] = { allOf: [one[name], other[name]] };
  }
  return both;
}

/** Returns the lists of choices of a flat schema: what `oneOf` and `anyOf` hold. */
export function choicesOf(flat) {
  const own = [flat.oneOf, flat.anyOf].filter((choices) => Array.isArray(choices) && choices.length > 0);
  return [...list(flat.choices), ...own];
}

const list = (value) => (Array.isArray(value) ? value : []);
const intersection = (one, other) => one.filter((value) => other.includes(value) || (value === 'integer' && other.includes('number')) || (value === 'number' && other.includes('integer')));
