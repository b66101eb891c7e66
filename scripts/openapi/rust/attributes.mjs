// The limits, defaults and formats of a value as attributes of a field.
import { literal, rawLiteral } from '../text.mjs';
import { whole } from '../document/schemas.mjs';

/** Longest pattern that is kept, in characters. */
const MAX_PATTERN = 200;

/** Returns the arguments of `#[schemars(…)]` for a field. */
export function schemaAttributes(node) {
  const shape = whole(node);
  const attributes = limits(shape);
  if (shape.kind === 'array') {
    const inner = limits(whole(shape.items));
    if (inner.length > 0 && whole(shape.items).kind !== 'array') attributes.push(`inner(${inner.join(', ')})`);
  }
  const members = extended(shape);
  if (members.length > 0) attributes.push(`extend(${members.map(([key, value]) => `${literal(key)} = ${value}`).join(', ')})`);
  return attributes;
}

function limits(shape) {
  const attributes = [];
  if (shape.kind === 'string' && shape.enum === undefined) {
    const length = pairs(shape.minLength, shape.maxLength);
    if (length !== '') attributes.push(`length(${length})`);
    const pattern = patternOf(shape);
    if (pattern !== undefined) attributes.push(`regex(pattern = ${/["\\]/.test(pattern) ? rawLiteral(pattern).replace(/^r#"([^"]*)"#$/s, 'r"$1"') : literal(pattern)})`);
  }
  if (shape.kind === 'array') {
    const length = pairs(shape.minItems, shape.maxItems);
    if (length !== '') attributes.push(`length(${length})`);
  }
  if ((shape.kind === 'integer' || shape.kind === 'number') && shape.enum === undefined) {
    const bounds = [['min', shape.minimum], ['max', shape.maximum]].filter(([, value]) => isBound(value, shape));
    if (bounds.length > 0) attributes.push(`range(${bounds.map(([name, value]) => `${name} = ${number(value)}`).join(', ')})`);
  }
  return attributes;
}

/** Keywords that have no attribute of their own. */
function extended(shape) {
  const members = [];
  if (shape.kind === 'integer' || shape.kind === 'number') {
    if (shape.enum !== undefined) members.push(['enum', `[${shape.enum.map(number).join(', ')}]`]);
    for (const keyword of ['exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']) {
      if (typeof shape[keyword] === 'number' && (keyword !== 'multipleOf' || shape[keyword] > 0)) members.push([keyword, number(shape[keyword])]);
    }
  }
  if (shape.kind === 'string' && ['date', 'date-time', 'time', 'email', 'uri', 'uuid', 'ipv4', 'ipv6', 'hostname', 'byte'].includes(shape.format) && shape.enum === undefined) members.push(['format', literal(shape.format)]);
  if (shape.kind === 'array' && shape.uniqueItems) members.push(['uniqueItems', 'true']);
  const standard = defaultOf(shape);
  if (standard !== undefined) members.push(['default', standard]);
  return members;
}

/** Returns the default as Rust, if it is a plain value of the right type. */
function defaultOf(shape) {
  const value = shape.default;
  if (typeof value === 'string' && shape.kind === 'string' && value.length <= 200 && (shape.enum === undefined || shape.enum.includes(value))) return literal(value);
  if (typeof value === 'boolean' && shape.kind === 'boolean') return String(value);
  if (typeof value === 'number' && (shape.kind === 'number' || (shape.kind === 'integer' && Number.isSafeInteger(value)))) return number(value);
  return undefined;
}

/** Returns the pattern, unless Rust's `regex` has no such pattern: it looks neither ahead nor back. */
export function patternOf({ pattern }) {
  if (typeof pattern !== 'string' || pattern === '' || pattern.length > MAX_PATTERN) return undefined;
  if (/\(\?(=|!|<=|<!)|\\[1-9]|\\k<|\\c|\\u\{?[Dd][89A-Fa-f]/.test(pattern) || /[\p{Cc}\p{Cf}]/u.test(pattern)) return undefined;
  try {
    new RegExp(pattern, 'u');
  } catch {
    return undefined;
  }
  return pattern;
}

function pairs(min, max) {
  const parts = [];
  if (Number.isSafeInteger(min) && min > 0) parts.push(`min = ${number(min)}`);
  if (Number.isSafeInteger(max) && max >= 0) parts.push(`max = ${number(max)}`);
  return parts.join(', ');
}

/** Limits that only say what the type says already are left out. */
function isBound(value, { kind }) {
  return typeof value === 'number' && Number.isFinite(value) && (kind === 'number' ? Math.abs(value) < 1e15 : Number.isSafeInteger(value) && Math.abs(value) !== 2147483647 && value !== -2147483648);
}

/** Returns a number as Rust writes it. */
export function number(value) {
  if (!Number.isInteger(value)) return grouped(String(value));
  if (Math.abs(value) > 9e15) return `${value}_f64`.replace('+', '');
  return `${grouped(String(value))}${Math.abs(value) > 2147483647 ? '_i64' : ''}`;
}

function grouped(text) {
  if (/e/.test(text)) return text.replace('+', '');
  const [whole, fraction] = text.split('.');
  const sign = whole.startsWith('-') ? '-' : '';
  const digits = whole.replace('-', '');
  // Clippy wants groups from six digits on.
  const integer = digits.length > 5 ? digits.replace(/\B(?=(\d{3})+$)/g, '_') : digits;
  const places = fraction?.length > 5 ? fraction.replace(/(\d{3})(?=\d)/g, '$1_') : fraction;
  return `${sign}${integer}${places === undefined ? '' : `.${places}`}`;
}
