// The MCP endpoint itself: redirects and firewalls before it, and how it asks for a sign-in.
import { describe, isPage } from '../../answers.mjs';
import { AUTHORIZATION_FAILED, COULD_NOT_REACH, fail, note, ok, quote, skip } from '../../verdict.mjs';
import { challengeOf } from '../../wire/oauth.mjs';
import { absolute } from '../../wire/urls.mjs';

const isRedirect = ({ status }) => status >= 300 && status < 400 && status !== 304;

/** The MCP URL answers itself. */
export async function noRedirect(probe) {
  const answer = await probe.initialize();
  if (!isRedirect(answer)) return ok('No redirect on the MCP URL.');
  return redirected(answer, probe.url, 'The URL', fail);
}

/** `level` is for a redirect that stays on the host; one that leaves it loses the token. */
function redirected(answer, from, what, level) {
  const to = absolute(answer.headers.location ?? '', from);
  const target = to ? `${to.origin}${to.pathname}` : quote(answer.headers.location ?? 'nowhere');
  const seen = `${what} redirects (${answer.status}) to ${quote(target, 200)}.`;
  if (to && /(^|\.)cloudflareaccess\.com$/.test(to.hostname)) {
    return fail(
      `${seen} That is the sign-in of Cloudflare Access.`,
      `Claude cannot pass it. ${COULD_NOT_REACH}`,
      'Take the MCP and OAuth paths out of the Access application, and let the connector do its own sign-in.',
    );
  }
  if (to && to.host !== from.host) {
    return fail(
      seen,
      `Claude follows it and loses the token on the way: another host gets no Authorization header. ${AUTHORIZATION_FAILED}`,
      `Add ${quote(target, 200)} to Claude instead, or serve MCP where you want it without a redirect.`,
    );
  }
  const turned = answer.status < 304 ? ' Clients that follow turn the POST into a GET.' : '';
  return level(
    seen,
    `A person who adds this form to Claude cannot connect: its dialog cannot determine how the server signs in.${turned}`,
    'Answer both forms of the path, with and without the slash, over https, without a redirect.',
  );
}

/** The same URL with, or without, the slash at its end. */
export async function bothSlashes(probe) {
  const answer = await probe.otherSlash();
  if (answer === undefined) return skip('the URL has no path that a slash could end.');
  const form = answer.url.pathname.endsWith('/') ? 'with a slash at its end' : 'without the slash at its end';
  if (isRedirect(answer)) return redirected(answer, answer.url, `The URL ${form}`, note);
  const first = await probe.initialize();
  if (!answer.fault && answer.status === first.status) return ok(`The URL ${form} answers the same.`);
  return note(
    `The URL ${form} answers differently: ${describe(answer)}.`,
    'A person who pastes that form cannot connect. Claude itself names the connector without a slash.',
    'Answer both forms alike, if you can.',
  );
}

/** No firewall, bot check or rate limit answers in the server's place. */
export async function noWall(probe) {
  const [first, anonymous] = [await probe.initialize(), await probe.anonymous()];
  const documents = [...(await probe.resourceMetadata()).tried, ...(await probe.serverMetadata()).tried];
  const walled = [first, ...documents].find(wallOf);
  const fix = 'Exempt the MCP and OAuth paths from bot checks and rate limits, or let Anthropic’s addresses pass (160.79.104.0/21).';
  if (walled) {
    return fail(
      `${wallOf(walled)} at ${quote(walled.url.pathname, 60)}, not an answer of an MCP server.`,
      `The same happens to Claude’s servers. ${COULD_NOT_REACH}`,
      fix,
    );
  }
  if (wallOf(anonymous)) {
    return note(`Without a User-Agent header: ${wallOf(anonymous)}.`, 'Some clients send none on their OAuth requests, and are refused.', fix);
  }
  return ok('No firewall or bot page answers in its place (as far as this machine’s address can tell).');
}

/** Names what refused a request in the server's place. */
function wallOf(answer) {
  if (answer.fault) return undefined;
  const { status, headers } = answer;
  if (headers['cf-mitigated']) return `A Cloudflare ${quote(headers['cf-mitigated'], 20)} page (status ${status}, cf-mitigated)`;
  if (headers['x-amzn-waf-action']) return `AWS WAF (status ${status}, x-amzn-waf-action)`;
  if (status === 429) return 'A rate limit (status 429)';
  const maker = headers.server ? ` by ${quote(headers.server, 30)}` : '';
  const isRefusal = [403, 503].includes(status) || (status === 401 && headers['www-authenticate'] === undefined);
  if (isPage(answer) && isRefusal) return `A web page${maker} (${describe(answer)})`;
  if (
    isPage(answer) &&
    status === 200 &&
    /just a moment|attention required|captcha|are you (a )?human|access denied|checking your browser/i.test(answer.text)
  ) {
    return `A bot check${maker} (${describe(answer)})`;
  }
  return undefined;
}

/** Which kind of server it is: that decides what the sign-in must look like. */
export async function kind(probe) {
  const answer = await probe.initialize();
  switch (await probe.kind()) {
    case 'always':
      return ok('It asks for a sign-in at once: initialize without a token is 401.');
    case 'open':
      return ok('It asks nobody to sign in: everything answers without a token.');
    case 'lazy': {
      const found = probe.token === undefined ? await probe.protectedTool() : undefined;
      const seen = found
        ? `It answers everybody, and asks for a sign-in where it needs one: ${quote(found.name, 64)} is such a tool.`
        : 'It answers everybody, and takes tokens from those who have signed in.';
      const untried = 'No read-only tool asked for a sign-in; the others were not tried, because calling them may change something.';
      return ok(seen, [
        'Claude’s dialog preselects “None” for such a server: choose “Required when the server asks”.',
        ...(found || probe.token !== undefined ? [] : [untried]),
      ]);
    }
    case 'closed': {
      const origin = /origin|host/i.test(answer.text) ? ' Its text names Origin or Host: Claude sends no Origin, and the public name as Host.' : '';
      return fail(
        `A request without a token is refused with ${describe(answer)}.${origin}`,
        `Only 401 starts a sign-in; 403 is the end. ${COULD_NOT_REACH}`,
        'Answer 401 with a WWW-Authenticate header where a token is missing, and do not refuse requests that have no Origin.',
      );
    }
    default:
      return fail(`initialize is not answered as MCP: ${describe(answer)}.`, COULD_NOT_REACH, hintFor(answer, probe.url));
  }
}

function hintFor(answer, url) {
  if (answer.status === 404) return url.pathname === '/' ? 'The path is missing: most servers listen on /mcp.' : 'Check the path of the URL.';
  if (answer.status === 405) return 'This path takes no POST. An old HTTP+SSE server looks like this: serve Streamable HTTP.';
  if (answer.status === 406 || answer.status === 415)
    return 'Take POST with Content-Type application/json and Accept: application/json, text/event-stream.';
  if (answer.status === 421) return 'The server refuses this Host: add the public name to those it answers to.';
  if (answer.status >= 500) return 'The server fails: look into its log.';
  if (isPage(answer)) return 'This is a page for people. Use the URL of the MCP endpoint, often the same host with /mcp.';
  return 'Answer POST with one JSON-RPC message, as JSON or as an event stream.';
}

/** The refusal tells a client where to sign in. */
export async function challenge(probe) {
  const { where, answer, header, challenge, inBand } = await probe.refusal();
  const usual = 'WWW-Authenticate: Bearer resource_metadata="https://HOST/.well-known/oauth-protected-resource/PATH", scope="…"';
  if (inBand) {
    return fail(
      `${where} is answered with ${answer.status} and an error inside.`,
      'Claude gives the text to the model and offers no sign-in: only a 401 of the HTTP answer starts one.',
      `Answer 401 with ${usual}`,
    );
  }
  if (answer.status !== 401) {
    return fail(`${where} is answered with ${describe(answer)}, not 401.`, 'Claude offers no sign-in.', `Answer 401 with ${usual}`);
  }
  const seen = `${where} is 401`;
  const { document } = await probe.resourceMetadata();
  if (challenge === undefined) {
    const what = header === undefined ? 'without a WWW-Authenticate header' : `with WWW-Authenticate: ${quote(header)}, which is no Bearer challenge`;
    if (document) return note(`${seen}, ${what}.`, 'Claude finds the metadata at its usual place; other clients give up.', `Add ${usual}`);
    return fail(`${seen}, ${what}.`, `Claude does not learn where to sign in. ${COULD_NOT_REACH}`, `Add ${usual}`);
  }
  const pointer = challenge.resource_metadata;
  if (pointer === undefined) {
    if (document)
      return note(
        `${seen}, but the challenge has no resource_metadata.`,
        'Claude finds the metadata at its usual place; other clients give up.',
        `Send ${usual}`,
      );
    return fail(
      `${seen}, but the challenge has no resource_metadata.`,
      `Claude does not learn where to sign in. ${COULD_NOT_REACH}`,
      `Send ${usual}`,
    );
  }
  const url = absolute(pointer);
  if (!url || !['https:', 'http:'].includes(url.protocol)) {
    return fail(
      `${seen}, but resource_metadata is not an absolute URL: ${quote(pointer)}.`,
      `Claude cannot follow it. ${COULD_NOT_REACH}`,
      'Write the whole URL, with https:// and the host.',
    );
  }
  if (url.protocol !== 'https:' && !probe.local) {
    return fail(
      `${seen}, but resource_metadata is not https: ${quote(pointer)}.`,
      `Claude takes https only. ${COULD_NOT_REACH}`,
      'A server behind a proxy must know its public scheme (X-Forwarded-Proto, or a setting).',
    );
  }
  return ok(`${seen}, with the place of its metadata${challenge.scope === undefined ? '' : ` and scope “${quote(challenge.scope, 60)}”`}.`);
}

/** A token that is no longer good makes the client refresh it. */
export async function badToken(probe) {
  const answer = await probe.badToken();
  if (answer.status === 401) {
    const { challenge } = challengeOf(answer);
    const missing = [
      ...(challenge?.resource_metadata ? [] : ['resource_metadata']),
      ...(challenge?.error === 'invalid_token' ? [] : ['error="invalid_token"']),
    ];
    if (missing.length === 0) return ok('A bad token is refused with 401 and invalid_token.');
    return note(
      `A bad token is refused with 401, but the challenge has no ${missing.join(' and no ')}.`,
      'Clients that sign in anew from this answer learn neither why nor where.',
      'Send the whole challenge with every 401: Bearer error="invalid_token", resource_metadata="…", scope="…" (RFC 6750 §3.1).',
    );
  }
  return fail(
    `A bad token is answered with ${describe(answer)}.`,
    'Only 401 makes Claude refresh its token or sign in again; the connection looks broken when a token has ended.',
    'Answer 401 with error="invalid_token" to every request with a token that is not good, also where none is needed.',
  );
}
