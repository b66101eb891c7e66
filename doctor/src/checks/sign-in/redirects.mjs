// Whether the authorization endpoint can be misused, and whether native clients get through it.
import { LOOPBACK } from '../../wire/oauth.mjs';
import { isObject } from '../../wire/json.mjs';
import { fail, note, ok, quote, skip } from '../../verdict.mjs';
import { NOT_REGISTERED, judged } from './authorization.mjs';
import { describe, objectIn } from '../../answers.mjs';

/** A host that nobody can own (RFC 6761). */
const FOREIGN = 'https://doctor.invalid/callback';
const isPage = ({ status, headers }) => status === 200 && /^text\/html/i.test(headers?.['content-type'] ?? '');

/** Opens the sign-in page of the client that was registered, with a changed request. */
async function changed(probe, changes) {
  const client = (await probe.registration())?.client;
  return client && probe.open(client.client_id, changes);
}

/** A code is sent to registered addresses only. */
export async function redirectUri(probe) {
  const opened = await changed(probe, { redirect_uri: FOREIGN });
  if (opened === undefined) return skip('no client could be registered.');
  const { answer, returned, elsewhere } = opened;
  const fix = 'Compare redirect_uri with those that the client registered before anything else, and show an error page (OAuth 2.1 §4.1.2.1).';
  if (returned) {
    return fail(
      `A request with a redirect URI that was never registered is sent there: ${quote(FOREIGN)}.`,
      'Somebody who gets a person to click a link receives their code, or uses the server to send people anywhere.',
      fix,
    );
  }
  if (elsewhere) return skip(`the request is sent on to ${quote(elsewhere.host)} first; what comes after is not seen.`);
  if (answer.status >= 400) return ok('A redirect URI that was never registered is refused, without a redirect.');
  return note(
    `A request with a redirect URI that was never registered is answered with ${describe(answer)}.`,
    'The doctor cannot see whether the code would be sent there.',
    fix,
  );
}

/** Without PKCE there is no code; the refusal goes back to the client as it must. */
export async function pkceRequired(probe) {
  const opened = await changed(probe, { code_challenge: null, code_challenge_method: null });
  if (opened === undefined) return skip('no client could be registered.');
  const { answer, returned, elsewhere, asked } = opened;
  const fix = 'Refuse a request of a client without a secret that has no code_challenge, with invalid_request (OAuth 2.1 §4.1.1).';
  if (returned?.searchParams.has('code'))
    return fail('A client without a secret gets a code without PKCE.', 'Anybody who sees the code can redeem it.', fix);
  if (returned) return response(probe, returned, asked);
  if (elsewhere) return skip(`the request is sent on to ${quote(elsewhere.host)} first; what comes after is not seen.`);
  if (isPage(answer))
    return note(`Without PKCE the request is answered with ${describe(answer)}.`, 'The doctor cannot see whether a code would be issued.', fix);
  if (answer.fault || answer.status >= 500)
    return note(`Without PKCE the request is answered with ${describe(answer)}.`, 'The client does not learn why.', fix);
  return ok('A request without PKCE is refused.');
}

/** The error that came back to the client. */
async function response(probe, returned, asked) {
  const { document } = await probe.serverMetadata();
  const parameters = returned.searchParams;
  const error = quote(parameters.get('error') ?? 'nothing', 40);
  const fix = 'Send state as it came, and iss where it is announced, with errors too (OAuth 2.1 §4.1.2.1, RFC 9207 §2).';
  if (parameters.get('state') !== asked.get('state'))
    return note(
      `An error is sent back without the client’s state (${error}).`,
      'Clients drop such an answer, and the person does not learn what went wrong.',
      fix,
    );
  if (document.authorization_response_iss_parameter_supported === true && ![document.issuer, await probe.issuer()].includes(parameters.get('iss'))) {
    return note(
      `iss is announced, but an error is sent back with ${quote(parameters.get('iss') ?? 'none')}.`,
      'Clients refuse an answer whose issuer is not the one they asked.',
      fix,
    );
  }
  return ok(`A request without PKCE is refused (${error}), with the client’s state.`);
}

/** The page may be opened twice: some clients look at it before the browser does. */
export async function repeated(probe) {
  const first = await probe.start();
  if (!first?.answer || first.answer.fault) return skip('no client could be registered.');
  if (judged(first, '').level === 'fail') return skip('fix “Sign-in page” first.');
  const client = (await probe.registration()).client;
  const second = await probe.open(client.client_id, Object.fromEntries(first.asked));
  const verdict = judged(second, 'The same request, opened a second time,');
  if (verdict.level !== 'fail') return ok('The same authorization request may be opened twice.');
  return note(
    verdict.seen,
    'FastMCP’s client opens it once before the browser does, and reads the refusal as a lost registration. So does a person who reloads.',
    'Let a GET of the authorization endpoint change nothing.',
  );
}

/** The page cannot be put into a frame. */
export async function frames(probe) {
  const opened = await probe.start();
  if (!opened || opened.elsewhere || opened.returned || !isPage(opened.answer)) return skip('there is no page of this server to look at.');
  const { headers } = opened.answer;
  if (/frame-ancestors/i.test(headers['content-security-policy'] ?? '') || /^\s*(deny|sameorigin)\s*$/i.test(headers['x-frame-options'] ?? ''))
    return ok('The sign-in page cannot be framed by another site.');
  return note(
    'The sign-in page may be shown in a frame of another site.',
    'Such a site can lay it under its own buttons and have people press “Allow” (clickjacking).',
    "Send Content-Security-Policy: frame-ancestors 'none' (RFC 9700 §4.16).",
  );
}

/** Clients on a person's own machine can register. */
export async function nativeClients(probe) {
  const answer = await probe.nativeRegistration();
  if (answer === undefined) return skip(probe.register ? 'there is no registration_endpoint.' : 'no client is registered, because of --no-register.');
  const said = objectIn(answer);
  if (!answer.client) {
    const why =
      typeof said?.error === 'string' ? ` ${quote(said.error, 40)}${said.error_description ? `: ${quote(said.error_description)}` : ''}.` : '';
    return note(
      `A registration as Cursor sends it is answered with ${describe(answer)}.${why}`,
      `Cursor sends cursor://, https and http://localhost together, and cannot connect where one is refused. ${NOT_REGISTERED.replace('Claude', 'It')}`,
      'Accept http on loopback hosts (RFC 8252 §7.3) and the private-use schemes of the clients you want.',
    );
  }
  const kept = answer.client.redirect_uris;
  if (Array.isArray(kept) && !kept.includes(LOOPBACK.registered))
    return note(
      `Of Cursor’s redirect URIs ${LOOPBACK.registered} was dropped.`,
      'Clients on a person’s own machine cannot sign in.',
      'Accept http on loopback hosts (RFC 8252 §7.3).',
    );
  return ok('A registration as Cursor sends it is accepted.');
}

/** A loopback address is the same at any port. */
export async function loopbackPort(probe) {
  const client = (await probe.nativeRegistration())?.client;
  if (!isObject(client) || (Array.isArray(client.redirect_uris) && !client.redirect_uris.includes(LOOPBACK.registered)))
    return skip('no client with a loopback address could be registered.');
  const registered = judged(await probe.open(client.client_id, { redirect_uri: LOOPBACK.registered }), 'A native client');
  if (registered.level === 'fail') return skip('the registered address is not accepted either.');
  const other = await probe.open(client.client_id, { redirect_uri: LOOPBACK.other });
  const verdict = judged(other, `A client that registered ${LOOPBACK.registered} and now listens on port 49321`);
  if (verdict.level !== 'fail') return ok('A loopback address is accepted at any port.');
  return fail(
    verdict.seen,
    'A client that has registered before and finds its port in use, such as VS Code, cannot sign in.',
    'Ignore the port when comparing loopback addresses (RFC 8252 §7.3).',
  );
}

/** Scopes that the server does not know are ignored. */
export async function extraScopes(probe) {
  const scope = ['openid', 'profile', 'email', 'offline_access', await probe.scope()].filter(Boolean).join(' ');
  const opened = await changed(probe, { scope });
  if (opened === undefined) return skip('no client could be registered.');
  const verdict = judged(opened, 'A request that also asks for openid, profile, email and offline_access');
  if (verdict.level !== 'fail') return ok('Scopes that the server does not know are ignored.');
  return note(
    verdict.seen,
    'A client that takes the server for an OpenID provider, such as Windsurf, asks for these, and cannot sign in.',
    'Grant the scopes that you know, and say which in the token response (RFC 6749 §3.3).',
  );
}
