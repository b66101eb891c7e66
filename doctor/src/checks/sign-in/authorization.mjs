// A sign-in as Claude begins it, up to the page that a person would see.
import { CALLBACK } from '../../wire/oauth.mjs';
import { AUTHORIZATION_FAILED, blocked, fail, note, ok, quote, skip } from '../../verdict.mjs';
import { describe, objectIn } from '../../answers.mjs';

export const NOT_REGISTERED = 'Claude says that it couldn’t register with the sign-in service.';

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
  if (!client)
    return fail(`Registering succeeds, but gives no client_id: ${describe(answer)}.`, NOT_REGISTERED, 'Answer 201 with client_id in a JSON object.');
  const nulls = Object.keys(client).filter((name) => client[name] === null);
  if (nulls.length > 0) {
    return fail(
      `The registered client has null members: ${quote(nulls.join(', '))}.`,
      'Clients that check types throw the registration away.',
      'Leave them out.',
    );
  }
  const { client_secret_expires_at: expires, redirect_uris: uris } = client;
  if (expires !== undefined && !Number.isInteger(expires)) {
    return fail(
      `client_secret_expires_at is ${quote(expires)}.`,
      'Clients that check types throw the registration away.',
      'It is an integer: seconds, or 0 for never.',
    );
  }
  if (Array.isArray(uris) && !uris.includes(CALLBACK)) {
    return fail(`It was registered with other redirect URIs: ${quote(uris)}.`, AUTHORIZATION_FAILED, `Keep ${CALLBACK} as it was sent.`);
  }
  if (answer.status === 200)
    return note('A client is registered, with status 200.', 'Strict clients want 201.', 'Answer 201 Created (RFC 7591 §3.2.1).');
  if (client.client_secret !== undefined)
    return note(
      'A client was registered without a secret, and got one.',
      'Claude keeps it. A native client cannot, and may not send it.',
      'Give no client_secret where token_endpoint_auth_method is none (RFC 7591 §2).',
    );
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
  if (registered && judged(registered, '').level === 'fail') return blocked('not checked: fix “Sign-in page” first.');
  const opened = await probe.startAsClaude();
  const verdict = judged(opened, 'Claude’s published client');
  if (verdict.level !== 'fail' || !probe.local) return verdict;
  // A server on a developer's machine may have no way to claude.ai; that says nothing about the deployed one.
  return note(
    `${verdict.seen} It has to fetch ${opened.answer.url.searchParams.get('client_id')} first.`,
    'A deployed server must be able to do that: Claude prefers this way.',
    verdict.fix,
  );
}

/** Judges where an authorization request has led. */
export function judged({ answer, hops, returned, elsewhere, loop }, who) {
  const allow =
    'Let the authorization endpoint open its page to a GET with response_type, client_id, redirect_uri, code_challenge (S256), state, resource and scope.';
  if (loop) return fail(`${who} is sent in circles: ${hops.length} redirects.`, AUTHORIZATION_FAILED, allow);
  if (returned?.searchParams.has('error')) {
    const { searchParams } = returned;
    const isUnknown = searchParams.get('error') === 'invalid_target';
    return fail(
      `${who} is sent back with ${quote(searchParams.get('error'), 40)}${searchParams.has('error_description') ? `: ${quote(searchParams.get('error_description'))}` : ''}.`,
      AUTHORIZATION_FAILED,
      isUnknown ? 'Name this connector at its authorization server (RFC 8707 §2). A connector of this project names the others in CONNECTORS.' : allow,
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
    return fail(
      `${who} gets ${describe(answer)}.`,
      `The person sees an error in the browser. ${AUTHORIZATION_FAILED}`,
      'The server cannot let anybody sign in now. Its page, or its log, says why.',
    );
  }
  return fail(
    `${who} gets ${describe(answer)}${said ? `: ${quote(said, 60)}` : ''} instead of a page.`,
    `The person sees an error in the browser. ${AUTHORIZATION_FAILED}`,
    allow,
  );
}
