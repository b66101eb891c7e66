// Rust types from the nodes of a document.
//
// What a tool takes is as strict as the document: enums, limits, what is required. What it returns is lenient, because APIs answer
// with more and with less than their documents say: every field may be missing, and an enum is a string.
import { humanized, identifier, pascal, typeIdentifier, UniqueNames } from '../names.mjs';
import { patternOf, schemaAttributes } from './attributes.mjs';
import { whole } from '../document/schemas.mjs';
import { comment, LENGTH, literal, sentence } from '../text.mjs';
import { weight } from '../document/weight.mjs';

/** Names that the generated code imports, and those of the prelude. */
const TAKEN = ('Answer ApiRequest BTreeMap Box Connector Context Default Deserialize Err Error From Into JsonSchema Map Method None Ok Operation Option Parameter Result ' +
  'Scope Self Serialize Some String ToString Tool ToolError Value Vec Clone Copy Debug Drop Eq Fn Iterator Ord PartialEq Send Sized Sync Upstream CallToolResult Json').split(' ');

/** An input has at most this many properties, everything counted; where it would have more, its inner objects are passed on as JSON. */
const MAX_INPUT = 150;
/** The sizes of inner objects that are tried. */
const LIMITS = [60, 20, 8, 0];

export class RustTypes {
  #names = new UniqueNames(TAKEN);
  #known = new Map();
  /** The types, by name, in the order in which they were found. */
  types = new Map();
  uses = new Set();

  /** Takes a name for a type of an operation. */
  reserve(name) {
    return this.#names.take(typeIdentifier(name, 'Arguments'));
  }

  /** Returns the type of a value that a tool takes. `limit` is the size of its inner objects. */
  input(node, suggested, limit, open = []) {
    const shape = whole(node);
    switch (shape.kind) {
      case 'string':
        return shape.enum === undefined ? 'String' : this.#enum(shape, suggested);
      case 'integer':
        return integer(shape);
      case 'number':
        return 'f64';
      case 'boolean':
        return 'bool';
      case 'array':
        return `Vec<${this.input(shape.items, singular(suggested), limit, [...open, LIST])}>`;
      case 'object':
        return this.#object(shape, suggested, { direction: 'input', limit, open });
      case 'union':
        return this.#union(shape, suggested, limit, open);
      default:
        return this.#use('Value');
    }
  }

  /** Returns the type of a value that a tool returns. */
  output(node, suggested, open = []) {
    const shape = whole(node);
    switch (shape.kind) {
      case 'string':
        return 'String';
      case 'integer':
        return shape.format === 'uint64' ? 'u64' : 'i64';
      case 'number':
        return 'f64';
      case 'boolean':
        return 'bool';
      case 'array':
        return `Vec<${this.output(shape.items, singular(suggested), [...open, LIST])}>`;
      case 'object':
        return this.#object(shape, suggested, { direction: 'output', limit: Infinity, open });
      default:
        return this.#use('Value');
    }
  }

  /** Returns the largest inner objects that a tool with these inputs can have. */
  static limitFor(nodes) {
    return LIMITS.find((limit) => nodes.reduce((total, node) => total + weight(node, limit), 0) <= MAX_INPUT) ?? 0;
  }

  #use(name) {
    this.uses.add(name);
    return name;
  }

  #object(shape, suggested, { direction, limit, open }) {
    const isRoot = open.length === 0;
    if (shape.properties.length === 0) {
      const rest = shape.rest === undefined || whole(shape.rest).kind === 'any' ? undefined : shape.rest;
      if (rest === undefined) {
        this.#use('Value');
        return `${this.#use('Map')}<String, Value>`;
      }
      const value = direction === 'input' ? this.input(rest, `${suggested} value`, limit, [...open, LIST]) : this.output(rest, `${suggested} value`, [...open, LIST]);
      return `${this.#use('BTreeMap')}<String, ${value}>`;
    }
    if (!isRoot && weight(shape, limit) - 1 > limit) {
      this.#use('Value');
      return `${this.#use('Map')}<String, Value>`;
    }
    const self = shape.origin ?? shape;
    const key = `${direction} ${limit}`;
    const known = this.#known.get(self)?.[key];
    if (known !== undefined) {
      // A type that contains itself other than in a list has no size.
      const last = open.lastIndexOf(self);
      return last >= 0 && !open.slice(last).includes(LIST) ? `Box<${known}>` : known;
    }
    const wanted = pascal(shape.name ?? suggested);
    const name = this.#names.take(typeIdentifier(direction === 'output' ? `${shape.name ?? suggested} output` : wanted, 'Body'));
    this.#known.set(self, { ...this.#known.get(self), [key]: name });
    // Its place is before the types that it uses.
    this.types.set(name, '');
    const inside = [...open, self];
    const fields = this.fields(shape.properties, (node, property) => {
      const below = `${shape.name ?? suggested} ${property}`;
      return direction === 'input' ? this.input(node, below, limit, inside) : this.output(node, below, inside);
    }, direction);
    if (shape.rest !== undefined && direction === 'input') {
      const rest = this.input(shape.rest, `${suggested} value`, limit, [...inside, LIST]);
      fields.push(`    /// More members.\n    #[serde(flatten)]\n    more: ${this.#use('BTreeMap')}<String, ${rest}>,`);
    }
    const doc = sentence([shape.doc, shape.note].filter(Boolean).join(' '), direction === 'input' ? LENGTH.argument : LENGTH.result);
    this.types.set(name, `${doc ? `${comment(doc)}\n` : ''}#[derive(Serialize, Deserialize, JsonSchema)]\nstruct ${name} {\n${fields.join('\n')}\n}`);
    return name;
  }

  /** Returns fields, one for each property, with what the document says of it. */
  fields(properties, typeOf, direction) {
    const names = new UniqueNames();
    return properties.map(({ key, node, required, doc, name = key }) => {
      const shape = whole(node);
      const field = names.take(identifier(key, 'field'), { separator: '_' });
      const type = typeOf(node, key);
      const lines = [];
      const text = direction === 'output' ? sentence(doc || shape.doc, LENGTH.result) : sentence(withKnown(doc || shape.doc, shape), LENGTH.argument) || `The ${humanized(key) || 'value'}.`;
      if (text) lines.push(comment(text, { indent: '    ' }));
      const rename = this.#rename(field, key, name);
      if (rename) lines.push(`    #[serde(${rename})]`);
      if (direction === 'input') {
        const attributes = schemaAttributes(node);
        if (shape.kind === 'string' && shape.pattern !== undefined && shape.enum === undefined && patternOf(shape) === undefined) lines.push('    // The API checks its pattern: Rust has no such pattern, or it is too long.');
        if (attributes.length > 0) lines.push(`    #[schemars(${attributes.join(', ')})]`);
      }
      // What may be anything keeps null; one that is missing is not null.
      if (direction === 'output' && type === 'Value') lines.push('    #[serde(skip_serializing_if = "Option::is_none")]');
      const mayMiss = direction === 'output' || !required || shape.nullable;
      lines.push(`    ${field}: ${mayMiss ? `Option<${type}>` : type},`);
      return lines.join('\n');
    });
  }

  /** `wire` is what the API calls it, `key` what clients call it: they refuse some names of arguments. */
  #rename(field, key, wire) {
    const isField = (name) => field === name || field === `r#${name}`;
    const forClients = /^[A-Za-z0-9_.-]{1,64}$/.test(key) ? key : identifier(key, 'value').replace('r#', '').slice(0, 64);
    if (wire !== forClients) return `rename(serialize = ${literal(wire)}, deserialize = ${literal(forClients)})`;
    return isField(wire) ? '' : `rename = ${literal(wire)}`;
  }

  #enum(shape, suggested) {
    const self = shape.origin ?? shape;
    const known = this.#known.get(self)?.enum ?? this.#sameEnum(shape);
    if (known !== undefined) return known;
    const name = this.#names.take(typeIdentifier(shape.name ?? suggested, 'Choice'));
    this.#known.set(self, { ...this.#known.get(self), enum: name });
    const names = new UniqueNames();
    const variants = shape.enum.map((value) => {
      const variant = names.take(typeIdentifier(variantWords(value), value === '' ? 'Empty' : 'Other'));
      return `    ${variant === value ? '' : `#[serde(rename = ${literal(value)})]\n    `}${variant},`;
    });
    this.#enums.push({ values: shape.enum.join('\0'), of: shape.name ?? suggested, name });
    this.types.set(name, `#[derive(Serialize, Deserialize, JsonSchema)]\nenum ${name} {\n${variants.join('\n')}\n}`);
    return name;
  }

  #enums = [];

  /** An enum without a name of its own, with the same values and for a property of the same name, is the same type. */
  #sameEnum(shape) {
    return shape.name === undefined ? this.#enums.find(({ values }) => values === shape.enum.join('\0'))?.name : undefined;
  }

  #union(shape, suggested, limit, open) {
    const self = shape.origin ?? shape;
    const known = this.#known.get(self)?.[`union ${limit}`];
    if (known !== undefined) return known;
    if (shape.choices.some((choice) => whole(choice).kind === 'any')) return this.#use('Value');
    const name = this.#names.take(typeIdentifier(shape.name ?? suggested, 'Either'));
    this.#known.set(self, { ...this.#known.get(self), [`union ${limit}`]: name });
    this.types.set(name, '');
    const variants = new UniqueNames();
    // Strings last: the first that fits is taken.
    const ordered = shape.choices.toSorted((one, other) => rank(one) - rank(other));
    const lines = ordered.map((choice) => {
      const kind = whole(choice).kind;
      const type = this.input(choice, `${suggested} ${kind}`, limit, [...open, self, LIST]);
      const boxed = kind === 'object' && !/^(Map|BTreeMap)</.test(type) ? `Box<${type}>` : type;
      return `    ${variants.take({ array: 'List', string: 'Text', integer: 'Integer', number: 'Number', boolean: 'Boolean', object: 'Object' }[kind] ?? 'Other')}(${boxed}),`;
    });
    this.types.set(name, `#[derive(Serialize, Deserialize, JsonSchema)]\n#[serde(untagged)]\nenum ${name} {\n${lines.join('\n')}\n}`);
    return name;
  }
}

/** Stands for a list or a map between a type and what it contains. */
const LIST = Symbol('list');

const rank = (node) => ['boolean', 'integer', 'number', 'object', 'array', 'string'].indexOf(whole(node).kind);

function integer({ format, enum: values }) {
  if (values === undefined && format === 'int32') return 'i32';
  return format === 'uint64' ? 'u64' : 'i64';
}

/** A long enum is a string; its first values are an example. */
function withKnown(doc, { known }) {
  if (known === undefined) return doc;
  return `One of ${known.length} values, such as ${known.slice(0, 5).join(', ')}. ${doc ?? ''}`;
}

/** Signs are words: `-created` and `created` are two variants, and so are `+1` and `-1`. */
function variantWords(value) {
  const signed = value.replace(/^-(?=.)/, 'minus ').replace(/^\+(?=.)/, 'plus ').replaceAll('*', ' any ').replaceAll('<', ' less ').replaceAll('>', ' more ').replaceAll('=', ' equal ');
  return signed;
}

function singular(name) {
  return name.replace(/ies$/i, 'y').replace(/([^s])s$/i, '$1');
}
