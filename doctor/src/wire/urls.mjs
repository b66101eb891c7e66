// URLs from outside.

/** The URL, absolute or relative to `base`; undefined if it is none. */
export function absolute(value, base) {
  if (typeof value !== 'string') return undefined;
  try {
    return new URL(value, base);
  } catch {
    return undefined;
  }
}
