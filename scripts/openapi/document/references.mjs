// Follows `$ref` inside a document whose references into other documents have been brought in.

/** Most references that lead to references. */
const MAX_HOPS = 32;

/** Returns what a JSON pointer leads to, or undefined. */
export function at(document, pointer) {
  let value = document;
  for (const part of pointer.split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/**
 * Follows the references of `value`. What stands beside a `$ref` (OpenAPI 3.1) is laid over its target.
 * Returns the value and the pointer of the last reference.
 */
export function resolved(document, value) {
  let pointer;
  for (let hops = 0; typeof value?.$ref === 'string'; hops += 1) {
    if (hops > MAX_HOPS) return { value: {}, pointer };
    const { $ref: reference, ...beside } = value;
    const target = reference.startsWith('#') ? at(document, reference.slice(1)) : undefined;
    if (typeof target !== 'object' || target === null) return { value: beside, pointer };
    // A name of a reference that leads to another is more specific than that of its target.
    pointer ??= reference.slice(1);
    value = { ...target, ...beside };
  }
  return { value, pointer };
}

/** Returns the last part of a pointer as a name. */
export const nameOf = (pointer) => decodeURIComponent(pointer.split('/').at(-1)).replaceAll('~1', '/').replaceAll('~0', '~');
