// The errors of the token endpoint, and revocation: from them a client learns whether to sign in again, to register again, or to wait.
import { AUTHORIZATION_FAILED, fail, note, ok, quote, skip } from '../../verdict.mjs';
import { describe } from '../../answers.mjs';

/** An unknown code is invalid_grant, 400. */
export async function unknownCode(probe) {
  return ofClient(probe, await probe.badCode(), (answer) => grantError(answer, 'An unknown code', AUTHORIZATION_FAILED));
}

/** An unknown refresh token is invalid_grant, 400. */
export async function unknownRefreshToken(probe) {
  const effect = 'Only invalid_grant tells Claude to sign in again; with anything else the connection stays broken.';
  return ofClient(probe, await probe.badRefreshToken(), (answer) => grantError(answer, 'An unknown refresh token', effect));
}

/** Judges an answer to a client that was registered, or to Claude by its published document. */
async function ofClient(probe, answer, judge) {
  if (answer === undefined) return skip('there is no client to ask as.');
  const verdict = judge(answer);
  const isRegistered = (await probe.registration())?.client !== undefined;
  if (verdict.level !== 'fail' || isRegistered || !probe.local) return verdict;
  return note(
    `${verdict.seen} It has to fetch Claude’s document first.`,
    'A server on a developer’s machine may have no way to claude.ai. A deployed one needs it.',
    verdict.fix,
  );
}

function grantError(answer, what, effect) {
  const seen = `${what} is answered with ${describe(answer)}${answer.error ? `, ${quote(answer.error, 40)}` : ''}.`;
  if (answer.error === 'invalid_grant' && answer.status === 400) return ok(`${what} is invalid_grant, 400.`);
  const fix = 'Answer 400 with {"error":"invalid_grant"} as JSON (RFC 6749 §5.2).';
  if (answer.error === 'invalid_client') {
    return fail(
      seen,
      'Claude concludes that its registration is gone, and registers again and again.',
      `The client was registered a moment ago, without a secret. ${fix}`,
    );
  }
  if (answer.error === 'invalid_grant' && answer.status < 500) {
    return note(seen, 'Clients that read the error sign in again. Those that look at the status take it for a wrong secret, or for a failure.', fix);
  }
  return fail(seen, effect, fix);
}

/** An unknown client is invalid_client, 401. */
export async function unknownClient(probe) {
  const answer = await probe.badClient();
  const seen = `An unknown client is answered with ${describe(answer)}${answer.error ? `, ${quote(answer.error, 40)}` : ''}.`;
  const effect = '401 with invalid_client tells Claude to register again; without it, a lost registration stays lost.';
  const fix = 'Answer 401 with {"error":"invalid_client"} as JSON (RFC 6749 §5.2).';
  if (answer.error !== 'invalid_client') return fail(seen, effect, fix);
  if (answer.status === 401) return ok('An unknown client is invalid_client, 401.');
  return answer.status === 400 ? note(seen, effect, fix) : fail(seen, effect, fix);
}

/** A grant that does not exist is unsupported_grant_type. */
export async function unknownGrant(probe) {
  const answer = await probe.badGrant();
  if (answer === undefined) return skip('there is no client to ask as.');
  if (answer.error === 'unsupported_grant_type' && answer.status === 400) return ok('An unknown grant is unsupported_grant_type, 400.');
  return note(
    `An unknown grant is answered with ${describe(answer)}${answer.error ? `, ${quote(answer.error, 40)}` : ''}.`,
    'A client that tries a newer grant cannot tell that it is missing.',
    'Answer 400 with {"error":"unsupported_grant_type"} as JSON (RFC 6749 §5.2).',
  );
}

/** A client that logs out ends its tokens. */
export async function revocation(probe) {
  const url = await probe.endpoint('revocation_endpoint');
  const id = await probe.clientId();
  if (!url)
    return note(
      'There is no revocation_endpoint.',
      'When a person logs out in Claude Code, the tokens stay valid.',
      'Offer revocation (RFC 7009), and announce it.',
    );
  if (!id) return skip('there is no client to ask as.');
  const body = new URLSearchParams({ token: 'no-such-token', client_id: id }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  const answer = await probe.ask('revocation', { url, method: 'POST', headers, body });
  if (answer.status === 200) return ok('Revoking a token that does not exist is 200.');
  return note(
    `Revoking a token that does not exist is answered with ${describe(answer)}.`,
    'A client that logs out shows an error if it looks at the answer.',
    'Answer 200 to any token, and take clients without a secret (RFC 7009 §2.2).',
  );
}

/** Nothing takes longer than Claude waits. */
export async function latency(probe) {
  const { limit, advised } = probe.latency;
  const timed = probe.times.filter((time) => time.timed);
  if (timed.length === 0) return skip('nothing was asked that has a limit.');
  const slowest = timed.reduce((slow, time) => (time.ms > slow.ms ? time : slow));
  const seen = `The slowest was the ${slowest.what}: ${slowest.ms} ms.`;
  const fix = 'See what it waits for: a cold start, a database, another service.';
  if (slowest.ms >= limit) return fail(seen, `Claude waits ${limit / 1000} s for discovery, registration and tokens. ${AUTHORIZATION_FAILED}`, fix);
  if (slowest.ms >= advised) return note(seen, `Claude waits ${limit / 1000} s; its testing page advises less than ${advised / 1000} s.`, fix);
  return ok(`${seen} Claude waits ${limit / 1000} s.`);
}
