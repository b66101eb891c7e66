// Clients that run in a web page: CORS of the endpoint and of what a sign-in needs (Fetch Standard, "CORS protocol").
import { initialize } from '../../wire/messages.mjs';
import { note, ok, quote, skip } from '../../verdict.mjs';
import { describe } from '../../answers.mjs';

const PAGE = 'https://claude.ai';
const NOT_CLAUDE =
  'Claude connects from its servers and does not need it. Clients that run in a browser do, such as the MCP Inspector and the playgrounds.';
/** What such a client sends. */
const SENT = ['authorization', 'content-type', 'mcp-protocol-version', 'mcp-session-id'];

const isAllowed = ({ headers }) => ['*', PAGE].includes(headers?.['access-control-allow-origin']);
const listed = (value = '') => value.split(',').map((name) => name.trim().toLowerCase());

/** Whether web pages may call it. Claude's own apps do not need that. */
export async function preflight(probe) {
  const answer = await probe.preflight();
  const allowed = answer.headers?.['access-control-allow-origin'];
  const fix = 'To serve those, answer OPTIONS with Access-Control-Allow-Origin, and with the names of the headers in Access-Control-Allow-Headers.';
  if (!isAllowed(answer) || answer.status > 299) {
    return note(
      `A page of another site may not call it: a preflight from ${PAGE} gets ${describe(answer)}${allowed ? `, for ${quote(allowed, 60)}` : ''}.`,
      NOT_CLAUDE,
      fix,
    );
  }
  const names = listed(answer.headers['access-control-allow-headers']);
  // A “*” stands for every header but Authorization.
  const missing = SENT.filter((name) => !names.includes(name) && !(names.includes('*') && name !== 'authorization'));
  if (missing.length > 0) return note(`A page may call it, but not with these headers: ${missing.join(', ')}.`, NOT_CLAUDE, fix);
  return ok(`A page of claude.ai may call it (Access-Control-Allow-Origin: ${allowed}).`);
}

/** Whether a page can read what it needs of an answer. */
export async function exposed(probe) {
  if (!isAllowed(await probe.preflight())) return skip('pages of other sites may not call it.');
  const headers = { origin: PAGE };
  const first = await probe.rpc('initialize', initialize(), { headers, token: probe.token });
  if (!isAllowed(first))
    return note(
      'A page may send a request, but not read the answer: it has no Access-Control-Allow-Origin.',
      NOT_CLAUDE,
      'Send the header with every answer, errors too.',
    );
  const needs = first.headers['mcp-session-id'] === undefined ? [] : [['mcp-session-id', first]];
  const isOpen = (await probe.kind()) === 'open';
  const refusal = isOpen ? undefined : await probe.rpc('a bad token', initialize(), { headers, token: 'no-such-token' });
  if (refusal?.status === 401) needs.push(['www-authenticate', refusal]);
  const hidden = needs.filter(([name, answer]) => {
    const names = listed(answer.headers['access-control-expose-headers']);
    return !isAllowed(answer) || (!names.includes(name) && !names.includes('*'));
  });
  if (hidden.length === 0)
    return ok(needs.length > 0 ? `A page can read ${needs.map(([name]) => name).join(' and ')}.` : 'A page can read the answers.');
  return note(
    `A page cannot read ${hidden.map(([name]) => name).join(' and ')} of an answer.`,
    NOT_CLAUDE,
    'Name them in Access-Control-Expose-Headers, and send the CORS headers with a 401 too.',
  );
}

/** Whether a page can sign in: read the metadata, register and fetch tokens. */
export async function signIn(probe) {
  if (!isAllowed(await probe.preflight())) return skip('pages of other sites may not call it.');
  const closed = [];
  for (const [what, found] of [
    ['resource metadata', await probe.resourceMetadata()],
    ['server metadata', await probe.serverMetadata()],
  ]) {
    if (!found.url) continue;
    const answer = await probe.ask(what, { url: found.url, headers: { accept: 'application/json', origin: PAGE } });
    if (!isAllowed(answer)) closed.push(what);
  }
  for (const name of ['registration_endpoint', 'token_endpoint']) {
    const url = await probe.endpoint(name);
    if (!url) continue;
    const headers = { origin: PAGE, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
    const answer = await probe.ask(name, { url, method: 'OPTIONS', headers });
    // A form needs no preflight; what counts there is whether the answer may be read.
    if (!isAllowed(answer)) closed.push(name);
  }
  if (closed.length === 0) return ok('A page can read the metadata, register and ask for tokens.');
  return note(
    `A page can call it, but not sign in: no CORS at ${closed.join(', ')}.`,
    NOT_CLAUDE,
    'Send Access-Control-Allow-Origin: * there too; these endpoints take no cookies.',
  );
}
