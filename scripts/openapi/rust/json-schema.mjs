// JSON Schemas of arguments, for the operations that a model finds by searching. They hold no references, because not every client
// resolves them, and no more than a model needs.
import { snake } from '../names.mjs';
import { patternOf } from './attributes.mjs';
import { whole } from '../document/schemas.mjs';
import { LENGTH, sentence } from '../text.mjs';
import { weight } from '../document/weight.mjs';

/** Returns the schema of all arguments of an operation. */
export function argumentsSchema({ method, parameters, body }, limit) {
  const properties = {};
  const required = [];
  for (const { argument, node, required: isRequired, doc } of parameters) {
    properties[argument] = { ...schemaOf(node, limit), ...(doc ? { description: doc } : {}) };
    if (isRequired) required.push(argument);
  }
  if (body !== undefined) {
    properties[bodyArgument({ parameters })] = { ...schemaOf(body.node, limit, true), ...(body.doc ? { description: body.doc } : {}) };
    if (body.required) required.push(bodyArgument({ parameters }));
  }
  const { argument, members } = clearable({ method, parameters, body });
  if (members.length > 0) properties[argument] = { type: 'array', description: CLEAR, items: { type: 'string', enum: members }, uniqueItems: true };
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}), additionalProperties: false };
}

/** What the argument says that clears members. */
export const CLEAR = 'Members of the body to set to null, which clears them.';

/**
 * Returns the members of a body that an update can set to null, and the argument that names them. They are no part of the arguments' own
 * schemas, because several clients refuse null there.
 */
export function clearable({ method, parameters, body }) {
  const shape = body?.kind === 'json' && ['patch', 'put'].includes(method) ? whole(body.node) : undefined;
  const properties = shape?.kind === 'object' ? shape.properties : [];
  const names = new Set([...parameters, ...properties.map(({ key }) => ({ argument: key }))].map(({ argument }) => snake(argument)));
  const members = properties.filter(({ node }) => whole(node).nullable).map(({ key, name = key }) => name);
  return { argument: ['clear', 'clear_members', 'members_to_clear'].find((name) => !names.has(name)), members };
}

/** The name of the argument that is the body. */
export function bodyArgument({ parameters }) {
  return parameters.some(({ argument }) => snake(argument) === 'body') ? 'request_body' : 'body';
}

function schemaOf(node, limit, isRoot = false, open = []) {
  const shape = whole(node);
  const self = shape.origin ?? shape;
  const description = sentence(shape.doc, LENGTH.result);
  const told = description ? { description } : {};
  const standard = ['string', 'number', 'boolean'].includes(typeof shape.default) ? { default: shape.default } : {};
  const below = (child) => schemaOf(child, limit, false, [...open, self]);
  switch (shape.kind) {
    case 'string': {
      const pattern = patternOf(shape);
      return { type: 'string', ...told, ...defined({ enum: shape.enum, format: shape.format, minLength: shape.minLength, maxLength: shape.maxLength, pattern }), ...standard };
    }
    case 'integer':
    case 'number':
      return { type: shape.kind, ...told, ...defined({ enum: shape.enum, minimum: shape.minimum, maximum: shape.maximum, exclusiveMinimum: shape.exclusiveMinimum, exclusiveMaximum: shape.exclusiveMaximum, multipleOf: shape.multipleOf > 0 ? shape.multipleOf : undefined }), ...standard };
    case 'boolean':
      return { type: 'boolean', ...told, ...standard };
    case 'array':
      return { type: 'array', ...told, items: below(shape.items), ...defined({ minItems: shape.minItems, maxItems: shape.maxItems }) };
    case 'union':
      return { ...told, anyOf: shape.choices.map(below) };
    case 'object': {
      if (open.includes(self) || (!isRoot && weight(shape, limit) - 1 > limit)) return { type: 'object', ...told };
      const properties = Object.fromEntries(shape.properties.map(({ key, node: child }) => [key, below(child)]));
      const required = shape.properties.filter(({ required: is, node: child }) => is && !whole(child).nullable).map(({ key }) => key);
      return { type: 'object', ...told, ...(shape.properties.length > 0 ? { properties } : {}), ...(required.length > 0 ? { required } : {}), ...(shape.rest && whole(shape.rest).kind !== 'any' ? { additionalProperties: below(shape.rest) } : {}) };
    }
    default:
      return { ...told };
  }
}

const defined = (members) => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null));
