// A sign-in as Claude begins it, up to the page that a person would see, and the errors of the token endpoint.
import { CALLBACK } from '../wire/oauth.mjs';
import { AUTHORIZATION_FAILED, blocked, fail, note, ok, quote, skip } from '../verdict.mjs';
import { describe, objectIn } from './endpoint.mjs';

const NOT_REGISTERED = 'Claude says that it couldn’t register with the sign-in service.';

/** Dynamic registration gives a client (RFC 7591). */
export async function register(probe) {
  const answer = await probe.registration();
  if (!probe.register) return skip('no client is registered, because of --no-register.');
  if (answer === undefined) return skip('there is no registration_endpoint.');
  const said = objectIn(answer);
  if (answer.status !== 201 && answer.status !== 200) {
    const why = said?.error ? ` ${quote(said.error, 40)}${said.error_description ? `: ${quote(said.error_description)}` : ''}.` : '';
    return fail(
      `Registering is answered with ${describe(answer)}.${why}`,
      NOT_REGISTERED,
      `Accept a client with the redirect URI ${CALLBACK}, no secret, and members you do not know.`,
    );
  }
  const { client } = answer;
  if (!client) return fail(`Registering succeeds, but gives no client_id: ${describe(answer)}.`, NOT_REGISTERED, 'Answer 201 with client_id in a JSON object.');
  const nulls = Object.keys(client).filter((name) => client[name] === null);
  if (nulls.length > 0) {
    return fail(`The registered client has null members: ${quote(nulls.join(', '))}.`, 'Clients that check types throw the registration away.', 'Leave them out.');
  }
  const { client_secret_expires_at: expires, redirect_uris: uris } = client;
  if (expires !== undefined && !Number.isInteger(expires)) {
    return fail(`client_secret_expires_at is ${quote(expires)}.`, 'Clients that check types throw the registration away.', 'It is an integer: seconds, or 0 for never.');
  }
  if (Array.isArray(uris) && !uris.includes(CALLBACK)) {
    return fail(`It was registered with other redirect URIs: ${quote(uris)}.`, AUTHORIZATION_FAILED, `Keep ${CALLBACK} as it was sent.`);
  }
  if (answer.status === 200) return note('A client is registered, with status 200.', 'Strict clients want 201.', 'Answer 201 Created (RFC 7591 §3.2.1).');
  return ok('A client was registered, with Claude’s redirect URI and no secret.');
}

/** The client that was registered gets to a page for people. */
export async function consentPage(probe) {
  const opened = await probe.start();
  if (opened === undefined) return skip('no client could be registered.');
  return judged(opened, 'A registered client');
}

/** Claude itself, by its published document, gets there too. */
export async function consentPageOfClaude(probe) {
  const { document } = await probe.serverMetadata();
  const methods = document.token_endpoint_auth_methods_supported;
  if (document.client_id_metadata_document_supported !== true || !Array.isArray(methods) || !methods.includes('none')) {
    return skip('client documents are not announced; Claude registers instead.');
  }
  const registered = await probe.start();
  if (registered && judged(registered, '').level === 'fail') return blocked('not looked at: “Sign-in page” comes first.');
  const opened = await probe.startAsClaude();
  const verdict = judged(opened, 'Claude’s published client');
  if (verdict.level !== 'fail' || !probe.local) return verdict;
  // A server on a developer's machine may have no way to claude.ai; that says nothing about the deployed one.
  return note(`${verdict.seen} It has to fetch ${opened.answer.url.searchParams.get('client_id')} first.`, 'A deployed server must be able to do that: Claude prefers this way.', verdict.fix);
}

function judged({ answer, hops, returned, elsewhere, loop }, who) {
  const allow = 'Let the authorization endpoint open its page to a GET with response_type, client_id, redirect_uri, code_challenge (S256), state, resource and scope.';
  if (loop) return fail(`${who} is sent in circles: ${hops.length} redirects.`, AUTHORIZATION_FAILED, allow);
  if (returned?.searchParams.has('error')) {
    const { searchParams } = returned;
    return fail(
      `${who} is sent back with ${quote(searchParams.get('error'), 40)}${searchParams.has('error_description') ? `: ${quote(searchParams.get('error_description'))}` : ''}.`,
      AUTHORIZATION_FAILED,
      allow,
    );
  }
  if (returned) {
    return note(
      `${who} is sent back at once, ${returned.searchParams.has('code') ? 'with a code and' : ''} without a page.`,
      'It connects. But everybody who follows a link connects too, without being asked.',
      'Show a consent page that names the client and where the code goes.',
    );
  }
  if (elsewhere) return ok(`${who} is sent on to ${quote(elsewhere.host)} to sign in; not followed there.`);
  if (answer.status === 200 && /^text\/html/i.test(answer.headers['content-type'] ?? '')) {
    return ok(`${who} gets to a page for people (${describe(answer)}). Nothing was filled in.`);
  }
  const said = objectIn(answer)?.error;
  if (answer.status >= 500) {
    return fail(`${who} gets ${describe(answer)}.`, `The person sees an error in the browser. ${AUTHORIZATION_FAILED}`, 'The server cannot let anybody sign in now. Its page, or its log, says why.');
  }
  return fail(`${who} gets ${describe(answer)}${said ? `: ${quote(said, 60)}` : ''} instead of a page.`, `The person sees an error in the browser. ${AUTHORIZATION_FAILED}`, allow);
}

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
  return note(`${verdict.seen} It has to fetch Claude’s document first.`, 'A server on a developer’s machine may have no way to claude.ai. A deployed one needs it.', verdict.fix);
}

function grantError(answer, what, effect) {
  const seen = `${what} is answered with ${describe(answer)}${answer.error ? `, ${quote(answer.error, 40)}` : ''}.`;
  if (answer.error === 'invalid_grant' && answer.status === 400) return ok(`${what} is invalid_grant, 400.`);
  const fix = 'Answer 400 with {"error":"invalid_grant"} as JSON (RFC 6749 §5.2).';
  if (answer.error === 'invalid_client') {
    return fail(seen, 'Claude takes its registration for lost, and registers again and again.', `The client was registered a moment ago, without a secret. ${fix}`);
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
