// Names of a document as names of tools, functions, types and fields: valid, unique, and of the length that clients take.

/** Longest name of a tool. */
const TOOL_NAME_LENGTH = 64;

/** Cannot be names, not even with `r#`. */
const NEVER = new Set(['self', 'super', 'crate', '_', '']);
const KEYWORDS = new Set(
  ('as async await break const continue dyn else enum extern false fn for gen if impl in let loop match mod move mut pub ref return static ' +
    'struct trait true type unsafe use where while abstract become box do final macro override priv try typeof unsized virtual yield').split(' '),
);

/** Returns the words of a name: `listPetsByID`, `repos/list-for-user` and `X-Request-Id` have theirs in different ways. */
export function words(name) {
  return String(name)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/['’]/g, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '');
}

export const snake = (name) => words(name).join('_').toLowerCase();

export const pascal = (name) =>
  words(name)
    .map((word) => word[0].toUpperCase() + word.slice(1).toLowerCase())
    .join('');

export const shouting = (name) => snake(name).toUpperCase();

export const humanized = (name) => words(name).join(' ').toLowerCase();

/** Returns an identifier of a value or a field. */
export function identifier(name, fallback) {
  const plain = snake(name) || fallback;
  if (NEVER.has(plain)) return `${plain}_`;
  if (/^[0-9]/.test(plain)) return `_${plain}`;
  return KEYWORDS.has(plain) ? `r#${plain}` : plain;
}

/** Returns an identifier of a type or a variant. */
export function typeIdentifier(name, fallback) {
  const plain = pascal(name) || fallback;
  if (plain === 'Self') return 'Self_';
  return /^[0-9]/.test(plain) ? `N${plain}` : plain;
}

/** Gives each name once. */
export class UniqueNames {
  #taken;

  constructor(taken = []) {
    this.#taken = new Set(taken);
  }

  /** Returns `name`, or the first of `name_2`, `name_3` … that is free and no longer than `max`. */
  take(name, { separator = '', max = Infinity } = {}) {
    let free = name.slice(0, max);
    for (let number = 2; this.#taken.has(free); number += 1) {
      const ending = `${separator}${number}`;
      free = `${name.slice(0, max - ending.length)}${ending}`;
    }
    this.#taken.add(free);
    return free;
  }
}

/** Returns the name of the tool for an operation: its `operationId`, or its method and path. */
export function toolName({ operationId, method, path }, unique) {
  let name = snake(operationId ?? '') || snake(`${method} ${path.replace(/\{([^}]*)\}/g, 'by $1')}`) || method;
  // Also the name of a function.
  if (/^[0-9]/.test(name)) name = `${method}_${name}`;
  if (KEYWORDS.has(name) || NEVER.has(name)) name = `${name}_${snake(path.replace(/\{[^}]*\}/g, '')) || 'api'}`;
  return unique.take(shortened(name), { separator: '_', max: TOOL_NAME_LENGTH });
}

/** Leaves out words from the middle of a name that is too long: the first and the last say most. */
function shortened(name) {
  const parts = name.split('_');
  while (parts.join('_').length > TOOL_NAME_LENGTH && parts.length > 2) parts.splice(Math.floor(parts.length / 2), 1);
  return parts.join('_').slice(0, TOOL_NAME_LENGTH);
}

/** Returns a name of an argument that every client takes: the APIs of models want letters, digits, `_`, `.` and `-`, at most 64. */
export function argumentName(name) {
  if (/^[A-Za-z0-9_.-]{1,64}$/.test(name)) return name;
  return snake(name.replaceAll('<', ' less ').replaceAll('>', ' more ')).slice(0, 64) || 'value';
}

const NOISE = new Set('api apis rest http openapi swagger spec specification official the a an of for documentation v1 v2 v3'.split(' '));

/** Returns the short name of an API, for scopes and secrets: from its title, or from its host. */
export function apiName(titleOfApi, host) {
  const fromTitle = words(titleOfApi)
    .map((word) => word.toLowerCase())
    .filter((word) => !NOISE.has(word) && !/^\d+$/.test(word));
  if (fromTitle.length > 0) return fromTitle.slice(0, 2).join('-').slice(0, 32);
  const labels = (host ?? '').split('.').filter((label) => !NOISE.has(label) && label !== 'www');
  return snake(labels[0] ?? '').replaceAll('_', '-') || 'api';
}
