// The types of a document: a graph of nodes, from which Rust types and JSON Schemas are written.
//
// A node has a `kind` (object, array, string, integer, number, boolean, union, any, file), `doc`, `nullable`, and what belongs to
// its kind. A schema that a reference names has one node, so that a schema which contains itself is a circle.
import { isDeepStrictEqual } from 'node:util';
import { choicesOf, flatten, merged } from './flatten.mjs';

/** Most values of an enum that are listed. More would fill the context of a model. */
export const MAX_ENUM = 100;

/** Deepest nesting of a schema that is read. */
const MAX_DEPTH = 40;

/** Returns the node itself, for one that only adds a description to another. */
export function whole(node) {
  if (node.target === undefined) return node;
  const target = whole(node.target);
  return { ...target, doc: node.doc || target.doc, nullable: node.nullable || target.nullable, default: node.default ?? target.default, origin: target.origin ?? target };
}

export class Schemas {
  #document;
  #direction;
  #nodes = new Map();
  #depth = 0;

  /** `direction` is `input` (without what is readOnly) or `output` (without what is writeOnly). */
  constructor(document, direction) {
    this.#document = document;
    this.#direction = direction;
  }

  /** Returns the node of a schema. */
  node(schema) {
    if (this.#depth > MAX_DEPTH) return { kind: 'any', doc: '' };
    const flat = flatten(this.#document, schema);
    if (flat.pointer === undefined) {
      const only = this.#onlyReference(flat);
      return only ? { target: this.node(only), doc: flat.description, nullable: true, default: flat.default } : this.#built(flat, {});
    }
    let node = this.#nodes.get(flat.pointer);
    if (node === undefined) {
      node = { id: flat.pointer, name: flat.name };
      this.#nodes.set(flat.pointer, node);
      this.#built(flatten(this.#document, { $ref: `#${flat.pointer}` }), node);
    }
    // What stands beside a reference belongs to this place alone.
    return isOnlyReference(schema) ? node : { target: node, doc: flat.description, nullable: flat.nullable, default: flat.default };
  }

  /** Returns the reference in `{"anyOf": [{"$ref": "…"}, {"type": "null"}]}`. */
  #onlyReference(flat) {
    const [choices, ...more] = choicesOf(flat);
    if (choices === undefined || more.length > 0 || flat.properties !== undefined || flat.types.length > 0) return undefined;
    const others = choices.filter((choice) => !isNull(flatten(this.#document, choice)));
    return others.length === 1 && isOnlyReference(others[0]) ? others[0] : undefined;
  }

  #built(flat, node) {
    this.#depth += 1;
    Object.assign(node, { doc: flat.description ?? flat.title ?? '', title: flat.title, nullable: flat.nullable === true, default: flat.default, deprecated: flat.deprecated === true });
    Object.assign(node, this.#shape(flat, node));
    this.#depth -= 1;
    return node;
  }

  #shape(flat, node) {
    let schema = flat;
    for (const choices of choicesOf(flat)) schema = this.#withChoices(schema, choices, node);
    if (schema.union?.some((choice) => whole(choice).kind === 'any')) return { kind: 'any' };
    if (schema.union !== undefined) return { kind: 'union', choices: schema.union };
    if (schema.types.length > 1) {
      if (schema.types.every((type) => type === 'integer' || type === 'number')) return this.#of('number', schema, node);
      const choices = schema.types.map((type) => this.#built({ ...schema, types: [type], nullable: false, description: '', choices: undefined, oneOf: undefined, anyOf: undefined }, {}));
      return { kind: 'union', choices };
    }
    return this.#of(schema.types[0], schema, node);
  }

  #of(type, schema, node) {
    switch (type) {
      case 'object':
        return this.#object(schema, node);
      case 'array':
        return { kind: 'array', items: this.node(schema.items ?? {}), minItems: schema.minItems, maxItems: schema.maxItems, uniqueItems: schema.uniqueItems === true };
      case 'string':
        if (this.#direction === 'input' && (schema.format === 'binary' || isBinary(schema.contentMediaType))) return { kind: 'file' };
        return { kind: 'string', format: schema.format, ...strings(schema.enum), minLength: schema.minLength, maxLength: schema.maxLength, pattern: schema.pattern };
      case 'integer':
      case 'number': {
        const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
        const values = Array.isArray(schema.enum) ? schema.enum.filter((value) => typeof value === 'number') : undefined;
        return { kind: type, format: schema.format, enum: values?.length > 0 && values.length <= MAX_ENUM ? values : undefined, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf };
      }
      case 'boolean':
        return { kind: 'boolean' };
      default:
        return { kind: 'any' };
    }
  }

  #object(schema, node) {
    // Before the properties: they may contain the object.
    node.kind = 'object';
    node.properties = [];
    const required = new Set(schema.required ?? []);
    for (const [key, value] of Object.entries(schema.properties ?? {})) {
      const flat = flatten(this.#document, value);
      if (flat.never || (this.#direction === 'input' ? flat.readOnly === true : flat.writeOnly === true)) continue;
      node.properties.push({ key, node: this.node(value), required: required.has(key) });
    }
    const rest = schema.additionalProperties;
    if (rest !== undefined && rest !== false) node.rest = typeof rest === 'object' && Object.keys(rest).length > 0 ? this.node(rest) : { kind: 'any', doc: '' };
    else if (rest === undefined && node.properties.length === 0) node.rest = { kind: 'any', doc: '' };
    return { kind: 'object', properties: node.properties, rest: node.rest, note: schema.note };
  }

  /** Returns `schema` with one of `choices`: as one object, as one enum, or as a union. */
  #withChoices(schema, choices, node) {
    const base = { ...schema, oneOf: undefined, anyOf: undefined, choices: undefined };
    let flat = choices.map((choice) => flatten(this.#document, choice));
    if (flat.some((choice) => choice.nullable || isNull(choice))) {
      node.nullable = true;
      flat = flat.filter((choice) => !isNull(choice));
    }
    flat = flat.filter((choice, index) => flat.findIndex((other) => isDeepStrictEqual(plain(other), plain(choice))) === index);
    if (flat.length === 0) return base;
    if (flat.length === 1) {
      const only = flat[0];
      if (node.doc === '') node.doc = only.description ?? only.title ?? '';
      // The choice alone, under its own name, where nothing stands beside it.
      if (base.types.length === 0 && base.properties === undefined) return { ...this.#unfolded(only, node), required: only.required };
      return merged({ ...base }, only);
    }
    // A result with several forms is passed on as it is.
    if (this.#direction === 'output' && flat.some((choice) => isObject(choice, base))) return { ...base, union: [{ kind: 'any', doc: '' }] };
    if (base.properties !== undefined || flat.every((choice) => isObject(choice, base))) return this.#mergedObject(base, flat, node);
    const kinds = new Set(flat.map((choice) => choice.types[0]));
    if (kinds.size === 1 && flat.every((choice) => choice.types.length === 1 && choicesOf(choice).length === 0)) {
      if (kinds.has('string')) return mergedStrings(base, flat);
      if (kinds.has('integer') || kinds.has('number')) return { ...base, types: [...kinds], enum: flat.every((choice) => choice.enum) ? flat.flatMap((choice) => choice.enum) : undefined };
      if (kinds.has('boolean')) return { ...base, types: ['boolean'] };
    }
    return { ...base, union: this.#unionOf(flat) };
  }

  /** Adds the choices that a single choice has in its turn. */
  #unfolded(only, node) {
    let schema = only;
    for (const choices of choicesOf(only)) schema = this.#withChoices(schema, choices, node);
    return schema;
  }

  /** Objects become one, lists become one; the rest stays apart. */
  #unionOf(flat) {
    const objects = flat.filter((choice) => isObject(choice, {}));
    const arrays = flat.filter((choice) => choice.types[0] === 'array' && choice.types.length === 1);
    const others = flat.filter((choice) => !objects.includes(choice) && !arrays.includes(choice));
    const nodes = others.map((choice) => this.node(choice.pointer === undefined ? raw(choice) : { $ref: `#${choice.pointer}` }));
    const strings = nodes.filter((node) => node.kind === 'string');
    const kept = nodes.filter((node) => node.kind !== 'string');
    if (strings.length === 1) kept.push(strings[0]);
    if (strings.length > 1) kept.push({ kind: 'string', doc: '', ...(strings.every((node) => node.enum) ? stringsOf(strings.flatMap((node) => node.enum)) : {}) });
    if (arrays.length > 0) kept.push(this.node(arrays.length === 1 ? raw(arrays[0]) : { type: 'array', items: { anyOf: arrays.map((array) => array.items ?? {}) } }));
    if (objects.length > 0) kept.push(this.node(objects.length === 1 ? raw(objects[0]) : { anyOf: objects.map(raw) }));
    if (kept.some((node) => node.kind === 'any')) return [{ kind: 'any', doc: '' }];
    return kept.flatMap((node) => (node.kind === 'union' ? node.choices : [node]));
  }

  /** One object with the properties of every choice. Only what each choice requires is required. */
  #mergedObject(base, flat, node) {
    let common;
    const properties = new Map();
    const needs = [];
    for (const choice of flat) {
      const whole = this.#unfolded(choice, {});
      const required = whole.required ?? [];
      common = common === undefined ? [...required] : common.filter((name) => required.includes(name));
      needs.push({ title: choice.title ?? choice.name, required });
      for (const [name, schema] of Object.entries(whole.properties ?? {})) {
        const found = properties.get(name) ?? [];
        if (!found.some((other) => isDeepStrictEqual(other, schema))) found.push(schema);
        properties.set(name, found);
      }
    }
    const together = Object.fromEntries([...properties].map(([name, found]) => [name, found.length === 1 ? found[0] : { anyOf: found }]));
    node.doc = noted(node.doc, needs, common);
    const known = base.properties ?? {};
    const rest = base.additionalProperties ?? (flat.some((choice) => choice.additionalProperties) ? true : undefined);
    return { ...base, types: ['object'], properties: { ...together, ...known }, required: [...new Set([...(base.required ?? []), ...common])], additionalProperties: rest };
  }
}

/** Says in words what one of several objects needs. */
function noted(doc, needs, common) {
  const own = needs.map(({ title, required }) => ({ title, required: required.filter((name) => !common.includes(name)) }));
  if (new Set(own.map(({ required }) => required.join())).size < 2) return doc;
  const choices = own.map(({ title, required }) => `${title ? `${title}: ` : ''}${required.length > 0 ? required.map((name) => `\`${name}\``).join(', ') : 'nothing more'}`);
  return `${doc ? `${doc.replace(/[.\s]*$/, '')}. ` : ''}Needs one of these: ${choices.slice(0, 6).join('; ')}.`;
}

const isNull = (choice) => choice.types.length === 0 && choice.nullable === true && choice.enum === undefined && choice.properties === undefined && choicesOf(choice).length === 0;
const isObject = (choice, base) => choice.types.includes('object') || (choice.types.length === 0 && base.types?.includes('object') && choicesOf(choice).length === 0);
const isBinary = (type) => typeof type === 'string' && !/^text\/|json$/.test(type);
const isOnlyReference = (schema) => Object.keys(schema).length === 1 && (typeof schema.$ref === 'string');
const plain = ({ description, title, name, pointer, ...rest }) => rest;
/** A flat schema as one that can be flattened again. */
const raw = (flat) => (flat.pointer !== undefined ? { $ref: `#${flat.pointer}` } : { ...flat, type: flat.types, ...(flat.choices?.length > 0 ? { allOf: flat.choices.map((anyOf) => ({ anyOf })) } : {}), types: undefined, choices: undefined });

function strings(values) {
  return Array.isArray(values) ? stringsOf(values) : {};
}

function stringsOf(values) {
  const unique = [...new Set(values.map(String))];
  return unique.length <= MAX_ENUM ? { enum: unique } : { known: unique };
}

function mergedStrings(base, flat) {
  if (flat.every((choice) => choice.enum)) return { ...base, types: ['string'], enum: flat.flatMap((choice) => choice.enum) };
  const known = flat.flatMap((choice) => choice.enum ?? []);
  const description = known.length > 0 && known.length <= 30 ? `${base.description ?? ''} For example ${known.slice(0, 30).join(', ')}.` : base.description;
  const formats = new Set(flat.map((choice) => choice.format));
  return { ...base, types: ['string'], description, format: formats.size === 1 ? [...formats][0] : undefined };
}
