// How much of a model's context a schema would fill. Clients get schemas without references, so each use of a type counts.
import { whole } from './schemas.mjs';

/** Counts stop here: it is too much in any case. */
const ENOUGH = 1000;

/** What was counted already: by schema, and by limit. */
const counted = new WeakMap();

/**
 * Returns the number of properties in a schema with every type written out. An object below the root that has more than `limit`
 * counts as one: it is passed on as it is.
 */
export function weight(node, limit, open = []) {
  const shape = whole(node);
  const self = shape.origin ?? shape;
  if (open.includes(self)) return 1;
  const known = counted.get(self)?.get(limit);
  const total = known ?? count(shape, limit, [...open, self]);
  if (known === undefined) counted.set(self, (counted.get(self) ?? new Map()).set(limit, total));
  return open.length > 0 && shape.kind === 'object' && total - 1 > limit ? 1 : total;
}

function count(shape, limit, open) {
  let total = 1;
  const below = (child) => weight(child, limit, open);
  for (const { node } of shape.properties ?? []) {
    total += below(node);
    if (total > ENOUGH) return ENOUGH;
  }
  if (shape.kind === 'array') total += below(shape.items) - 1;
  if (shape.rest) total += below(shape.rest) - 1;
  for (const choice of shape.choices ?? []) total += below(choice);
  return Math.min(total, ENOUGH);
}

/** Returns whether objects nest no deeper than `levels`. */
export function isShallow(node, levels, open = []) {
  const shape = whole(node);
  const self = shape.origin ?? shape;
  if (open.includes(self)) return false;
  const left = shape.kind === 'object' ? levels - 1 : levels;
  if (left < 0) return false;
  const children = [...(shape.properties ?? []).map((property) => property.node), ...(shape.items ? [shape.items] : []), ...(shape.rest ? [shape.rest] : []), ...(shape.choices ?? [])];
  return children.every((child) => isShallow(child, left, [...open, self]));
}
