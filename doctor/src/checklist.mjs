// The checklist, in the order in which a client meets a server: can Claude reach it, does anything stand in between, how does one sign
// in, does the protocol hold, which tools can be used, can it be found. One row is one check; a check is one function that asks a
// probe for evidence and gives a verdict.
import * as found from './checks/found.mjs';
import * as modern from './checks/protocol/modern.mjs';
import * as revisions from './checks/protocol/revisions.mjs';
import * as transport from './checks/protocol/transport.mjs';
import * as pages from './checks/protocol/web-pages.mjs';
import * as authorization from './checks/sign-in/authorization.mjs';
import * as documents from './checks/sign-in/documents.mjs';
import * as guards from './checks/sign-in/guards.mjs';
import * as metadata from './checks/sign-in/metadata.mjs';
import * as redirects from './checks/sign-in/redirects.mjs';
import * as token from './checks/sign-in/token-endpoint.mjs';
import * as accepted from './checks/tools/accepted.mjs';
import * as review from './checks/tools/review.mjs';
import * as endpoint from './checks/way-in/endpoint.mjs';
import * as network from './checks/way-in/network.mjs';
import { blocked, fail, quote, skip } from './verdict.mjs';
import { Limited } from './http/http-client.mjs';
import { Probe } from './probe/probe.mjs';

/**
 * @typedef {object} Check
 * @property {string} id       appears in `--json` and in docs/doctor.md; it stays as it is
 * @property {string} group
 * @property {string} title
 * @property {(probe: Probe) => Promise<import('./verdict.mjs').Verdict>} run
 * @property {string[]} needs  checks that have to be good first: without them this one could only repeat their fault
 * @property {boolean} signIn  only where there is a sign-in
 */

const ANSWERS = ['reachable', 'tls', 'redirect'];
const SERVER = ['server-metadata'];
const CLIENT = ['register'];
const IN = ['kind', 'legacy'];

/** @type {Check[]} */
export const CHECKLIST = [
  ...group('Network', [
    ['address', 'Public address', network.address],
    ['reachable', 'Reachable', network.reachable],
    ['tls', 'TLS', network.tls, ['reachable']],
  ]),
  ...group('Way in', [
    ['redirect', 'No redirect', endpoint.noRedirect, ['reachable', 'tls']],
    ['slash', 'Both slash forms', endpoint.bothSlashes, ANSWERS],
    ['wall', 'No firewall page', endpoint.noWall, ANSWERS],
    ['kind', 'Kind of server', endpoint.kind, [...ANSWERS, 'wall']],
    ['rebinding', 'DNS rebinding', transport.rebinding, ['kind']],
  ]),
  ...group(
    'Sign-in',
    [
      ['challenge', 'Challenge', endpoint.challenge, ['kind']],
      ['challenge-scope', 'Scope asked for', metadata.challengeScope, ['challenge']],
      ['bad-token', 'Bad token', endpoint.badToken, ['kind']],
      ['ways-around', 'No way around', guards.waysAround, ['kind']],
      ['resource-metadata', 'Resource metadata', documents.resourceMetadata, ['kind']],
      ['pointer', 'Pointer to metadata', metadata.pointer, ['challenge', 'resource-metadata']],
      ['well-known', 'Well-known place', metadata.wellKnown, ['resource-metadata']],
      ['offline-access', 'offline_access', metadata.offlineAccess, ['kind']],
      ['server-host', 'Authorization server', documents.serverHost, ['kind']],
      ['one-server', 'One server', documents.oneServer, ['kind', 'server-host']],
      ['server-metadata', 'Server metadata', documents.serverMetadata, ['kind', 'server-host']],
      ['metadata-members', 'Types of members', metadata.members, SERVER],
      ['metadata-type', 'Sent as JSON', metadata.mediaTypes, SERVER],
      ['issuer', 'Issuer', documents.sameIssuer, SERVER],
      ['pkce', 'PKCE', documents.pkceMethod, SERVER],
      ['grant-types', 'Grant types', metadata.grantTypes, SERVER],
      ['issuer-parameter', 'Who answers', metadata.issuerParameter, SERVER],
      ['registration', 'Ways to register', documents.registrationWays, SERVER],
      ['public-clients', 'Clients without secret', documents.publicClients, SERVER],
      ['register', 'Registering', authorization.register, [...SERVER, 'registration']],
      ['consent-page', 'Sign-in page', authorization.consentPage, CLIENT],
      ['consent-twice', 'Opened twice', redirects.repeated, [...CLIENT, 'consent-page']],
      ['frames', 'Not in a frame', redirects.frames, CLIENT],
      ['redirect-uri', 'Unknown redirect URI', redirects.redirectUri, [...CLIENT, 'consent-page']],
      ['pkce-required', 'Without PKCE', redirects.pkceRequired, [...CLIENT, 'consent-page']],
      ['extra-scopes', 'Other scopes', redirects.extraScopes, [...CLIENT, 'consent-page']],
      ['client-document', 'Claude’s document', authorization.consentPageOfClaude, [...SERVER, 'registration']],
      ['native-clients', 'Native clients', redirects.nativeClients, CLIENT],
      ['loopback-port', 'Loopback ports', redirects.loopbackPort, CLIENT],
      ['unknown-code', 'Unknown code', token.unknownCode, CLIENT],
      ['unknown-refresh', 'Unknown refresh token', token.unknownRefreshToken, CLIENT],
      ['unknown-client', 'Unknown client', token.unknownClient, SERVER],
      ['unknown-grant', 'Unknown grant', token.unknownGrant, CLIENT],
      ['revocation', 'Revocation', token.revocation, SERVER],
      ['client-credentials', 'Sign-in of machines', metadata.clientCredentials, SERVER],
      ['enterprise-managed', 'Sign-in by a company', metadata.enterpriseManaged, SERVER],
      ['latency', 'Latency', token.latency, ['kind']],
    ],
    { signIn: true },
  ),
  ...group('Protocol', [
    ['legacy', 'With handshake', revisions.legacyEra, ['kind']],
    ['modern', 'Without handshake', revisions.modernEra, ['kind']],
    ['negotiation', 'Revisions', transport.negotiation, IN],
    ['version-header', 'Revision header', transport.versionHeader, IN],
    ['request-headers', 'Request headers', transport.requestHeaders, IN],
    ['answer-form', 'Form of answers', transport.answerForm, IN],
    ['ids', 'Ids', transport.ids, IN],
    ['ping', 'ping', transport.ping, IN],
    ['notifications', 'Notifications', transport.notifications, IN],
    ['unknown-method', 'Unknown method', transport.unknownMethod, IN],
    ['malformed', 'Malformed body', transport.malformed, IN],
    ['batches', 'Batches', transport.batches, IN],
    ['sessions', 'Sessions', transport.sessions, IN],
    ['get', 'GET', transport.getStream, IN],
    ['capabilities', 'Capabilities', transport.capabilities, IN],
    ['modern-results', 'Results of 2026-07-28', modern.results, ['modern']],
    ['modern-errors', 'Errors of 2026-07-28', modern.errors, ['modern']],
  ]),
  ...group('Web pages', [
    ['cors', 'Preflight', pages.preflight, ['kind']],
    ['cors-exposed', 'Readable answers', pages.exposed, ['kind']],
    ['cors-sign-in', 'Sign-in', pages.signIn, ['kind'], true],
  ]),
  ...group('Tools', [
    ['tools', 'List', review.toolList, ['kind']],
    ['tool-members', 'Types of members', accepted.members, ['tools']],
    ['tool-names', 'Names', review.toolNames, ['tools']],
    ['tool-titles', 'Titles', review.toolTitles, ['tools']],
    ['tool-hints', 'Read or write', review.toolHints, ['tools']],
    ['tool-purposes', 'One purpose', review.toolPurposes, ['tools']],
    ['tool-descriptions', 'Descriptions', review.toolDescriptions, ['tools']],
    ['tool-schemas', 'Arguments', review.toolSchemas, ['tools']],
    ['schema-valid', 'Valid schemas', accepted.validSchemas, ['tools']],
    ['schema-accepted', 'Accepted schemas', accepted.acceptedSchemas, ['tools']],
    ['schema-portable', 'Portable schemas', accepted.portableSchemas, ['tools']],
    ['argument-texts', 'Described arguments', accepted.argumentDescriptions, ['tools']],
    ['output-schemas', 'Output schemas', accepted.outputSchemas, ['tools']],
    ['tool-headers', 'Headers of arguments', accepted.headers, ['tools']],
    ['tool-count', 'Size of the list', accepted.size, ['tools']],
    ['tool-results', 'Results', accepted.results, ['tools']],
    ['tool-sign-in', 'Sign-in of a tool', accepted.signIn, ['tools']],
    ['same-tools', 'Same in all revisions', transport.sameTools, ['tools']],
  ]),
  ...group('Found by machines', [
    ['server-card', 'Server card', found.serverCard, ['kind']],
    ['ai-catalog', 'AI catalog', found.aiCatalog, ['kind']],
    ['registry-proof', 'MCP registry', found.registryProof, ['kind']],
    ['openai-proof', 'ChatGPT’s directory', found.openAiProof, ['kind']],
    ['icons', 'Icons', found.icons, ['kind']],
    ['favicon', 'Favicon', found.favicon, ['kind']],
  ]),
];

function group(name, rows, { signIn: onlyWithSignIn = false } = {}) {
  return rows.map(([id, title, run, needs = [], signIn = onlyWithSignIn]) => ({ id, group: name, title, run, needs, signIn }));
}

/**
 * @typedef {object} Report
 * @property {string} url
 * @property {'always' | 'lazy' | 'open' | 'unknown'} kind
 * @property {boolean} answered  whether the URL answered over HTTP at all
 * @property {Finding[]} findings
 * @property {{registered: number, sessions: number}} changes  what was done at the server: clients registered, sessions begun (and ended)
 *
 * @typedef {import('./verdict.mjs').Verdict & Pick<Check, 'id' | 'group' | 'title'> & {unasked?: boolean}} Finding
 *   `unasked`: the check was not run
 */

/**
 * Goes through the list.
 * @param {URL} url
 * @param {ConstructorParameters<typeof Probe>[1]} [options]
 * @param {(finding: Finding) => void} [tell]  hears each finding as it is made
 * @returns {Promise<Report>}
 */
export async function examine(url, options, tell = () => {}) {
  const probe = new Probe(url, options);
  /** @type {Map<string, Finding>} */
  const findings = new Map();
  for (const { run, needs, signIn: onlyWithSignIn, ...check } of CHECKLIST) {
    const before = comesBefore(needs, findings) ?? (onlyWithSignIn && (await probe.kind()) === 'open' ? skip('nobody has to sign in.') : undefined);
    const finding = before ? { ...check, ...before, unasked: true } : { ...check, ...(await run(probe).catch(stumbled)) };
    findings.set(check.id, finding);
    // Whether a limit answers in place of the server was judged by then; from here on it would only be taken for something else.
    if (check.id === 'wall') probe.heedsLimits = true;
    tell(finding);
  }
  const kind = findings.get('kind').level === 'ok' ? await probe.kind() : 'unknown';
  const { fault } = await probe.initialize().catch(() => ({}));
  await probe.leave().catch(() => {});
  probe.close();
  return { url: url.href, kind, answered: fault === undefined, findings: [...findings.values()], changes: probe.changes };
}

/** What keeps a check from being made, if anything does. */
function comesBefore(needs, findings) {
  const missing = needs.map((id) => findings.get(id)).find(({ level, blocks }) => level === 'fail' || blocks);
  if (!missing) return undefined;
  const cause = typeof missing.blocks === 'string' ? missing.blocks : missing.title;
  return blocked(`not checked: fix “${cause}” first.`, cause);
}

/**
 * What is said of a check that did not come to its end. One that fails itself has met an answer that nobody thought of, which is no
 * reason to keep the other findings back.
 */
function stumbled(error) {
  if (error instanceof Limited) return blocked(`not judged: ${quote(error.message, 200)}. Wait, and run the doctor again.`);
  return fail(
    `The doctor stumbled over what came back: ${quote(error.message)}.`,
    'A client may stumble as well.',
    'Look at the answers of this endpoint, and report it.',
  );
}
