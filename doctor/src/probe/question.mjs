// A question that is asked once in an examination, for all checks that need its answer.

/**
 * @template T
 * @param {(probe: import('./probe.mjs').Probe) => Promise<T>} ask
 * @returns {(probe: import('./probe.mjs').Probe) => Promise<T>}
 */
export function question(ask) {
  const answers = new WeakMap();
  return (probe) => {
    if (!answers.has(probe)) answers.set(probe, ask(probe));
    return answers.get(probe);
  };
}
