// JSON from outside.

/** The JSON in a text, or undefined. */
export function jsonIn(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a value is what JSON calls an object. */
export const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The JSON of a value, or undefined where it nests too deeply to be written. */
export function textOf(value) {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
