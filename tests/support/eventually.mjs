// Waiting for what no event tells.

import assert from 'node:assert/strict';

/** Asks until `done` holds; for what another request changed and no event tells. */
export async function eventually(ask, done, rule, limit = 8000) {
  const end = performance.now() + limit;
  for (;;) {
    const value = await ask();
    if (done(value)) return value;
    assert.ok(performance.now() < end, `${rule}; last seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
