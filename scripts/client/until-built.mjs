// `npm start` answers from its first second on, also while there is no Worker yet. Whoever has typed a call meanwhile waits for it.
import { setTimeout as sleep } from 'node:timers/promises';

/** What `npm start` says (serve/dev-server.mjs) while an answer is on its way. That the code cannot be built is an answer. */
const ON_ITS_WAY = /^The connector is (being built|starting)\./;

/**
 * Waits while the connector at `url` is being built.
 * @param {string} url of the MCP endpoint
 * @param {{every?: number, say?: (text: string) => void}} [how] `every`: milliseconds between two questions
 */
export async function untilBuilt(url, { every = 1000, say = console.error } = {}) {
  for (let told = false; ; told = true) {
    const reason = await reasonAt(url);
    if (!ON_ITS_WAY.test(reason)) return;
    if (!told) say(`${/^[^.]*/.exec(reason)[0]}: waiting for it.`);
    await sleep(every);
  }
}

async function reasonAt(url) {
  const response = await fetch(new URL('/', url), { headers: { accept: 'application/json' } });
  const text = await response.text();
  if (response.status !== 503) return '';
  try {
    return String(JSON.parse(text).error_description);
  } catch {
    return '';
  }
}
