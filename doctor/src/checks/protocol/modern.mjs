// The stateless revision 2026-07-28: what its results must have, and which errors tell a client what to do next.
import { isObject } from '../../wire/json.mjs';
import { MODERN, modern } from '../../wire/messages.mjs';
import { NEEDS_SIGN_IN, fail, note, ok, quote, skip } from '../../verdict.mjs';
import { describe } from '../../answers.mjs';

/** A check for servers that speak the revision. */
const spoken = (check) => async (probe) => {
  const { message } = await probe.discover();
  return isObject(message?.result) ? check(probe, message.result) : skip(`the server does not speak ${MODERN}.`);
};

/** Every result says what it is, and how long it is good. */
export const results = spoken(async (probe, discovered) => {
  const list = await probe.modernTools();
  const lists = list?.tools === undefined ? [] : [['tools/list', list.answer.message?.result]];
  const all = [['server/discover', discovered], ...lists].filter(([, result]) => isObject(result));
  const untyped = all.filter(([, { resultType }]) => typeof resultType !== 'string').map(([method]) => method);
  if (untyped.length > 0) {
    return fail(
      `Results without resultType: ${untyped.join(', ')}.`,
      'The TypeScript SDK of this revision refuses it: “missing required resultType”.',
      'Add "resultType": "complete" to every result (MCP “Result Responses”).',
    );
  }
  const uncached = all
    .filter(([, { ttlMs, cacheScope }]) => !(Number.isInteger(ttlMs) && ttlMs >= 0 && ['public', 'private'].includes(cacheScope)))
    .map(([method]) => method);
  if (uncached.length > 0) {
    return note(
      `Results that do not say how long they may be kept: ${uncached.join(', ')}.`,
      'Clients ask again each time, and strict ones refuse the result.',
      'Add ttlMs, an integer from 0, and cacheScope, “public” or “private” (MCP “Caching”).',
    );
  }
  return ok(`Results carry resultType, ttlMs and cacheScope.`);
});

/** The errors from which a client learns what to do. */
export const errors = spoken(async (probe) => {
  const asks = [
    ['a revision that does not exist', modern('server/discover', {}, { version: '2099-12-31' }), 400, -32022],
    ['an unknown method', modern('doctor/no-such-method'), 404, -32601],
    ['a Mcp-Method header that differs from the body', modern('server/discover', {}, { headers: { 'mcp-method': 'tools/list' } }), 400, -32020],
  ];
  const wrong = [];
  let accepted = false;
  for (const [what, request, status, code] of asks) {
    const answer = await probe.rpc(what, request, { token: probe.token });
    if (answer.status === 401 || answer.status === 403) return skip(NEEDS_SIGN_IN);
    const given = answer.message?.error?.code;
    if (answer.status === status && given === code) continue;
    accepted ||= answer.message?.result !== undefined;
    wrong.push(`${what}: ${describe(answer)}${given === undefined ? '' : `, code ${quote(given, 12)}`}; ${status} with ${code} is expected`);
  }
  if (wrong.length === 0) return ok('A wrong revision is -32022, an unknown method -32601, a wrong header -32020.');
  const effect = accepted
    ? 'A proxy that routes or limits by the headers can be deceived.'
    : 'A client cannot tell what went wrong: whether to take another revision, or to give up.';
  return note(
    `${wrong.length} of ${asks.length} errors are not those of ${MODERN}.`,
    effect,
    'Give the status and code that “Error Codes” and “Server Validation” of the specification name.',
    wrong,
  );
});
