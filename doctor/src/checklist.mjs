// The checklist, in the order of Anthropic's: can Claude reach it, does anything stand in between, how does one sign in,
// what is inside. One row is one check; a check is one function that asks a probe for evidence and gives a verdict.
import * as authorization from './checks/authorization.mjs';
import * as endpoint from './checks/endpoint.mjs';
import * as network from './checks/network.mjs';
import * as signIn from './checks/sign-in.mjs';
import * as inside from './checks/tools.mjs';
import { blocked, fail, quote, skip } from './verdict.mjs';
import { Probe } from './probe/probe.mjs';

/**
 * @typedef {object} Check
 * @property {string} id       appears in `--json` and in docs/doctor.md
 * @property {string} group
 * @property {string} title
 * @property {(probe: Probe) => Promise<import('./verdict.mjs').Verdict>} run
 * @property {string[]} needs  checks that have to be good first: without them this one could only repeat their fault
 * @property {boolean} signIn  only where there is a sign-in
 */

const ANSWERS = ['reachable', 'tls', 'redirect'];
const SERVER = ['server-metadata'];

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
  ]),
  ...group(
    'Sign-in',
    [
      ['challenge', 'Challenge', endpoint.challenge, ['kind']],
      ['bad-token', 'Bad token', endpoint.badToken, ['kind']],
      ['resource-metadata', 'Resource metadata', signIn.resourceMetadata, ['kind']],
      ['server-host', 'Authorization server', signIn.serverHost, ['kind']],
      ['server-metadata', 'Server metadata', signIn.serverMetadata, ['kind', 'server-host']],
      ['issuer', 'Issuer', signIn.sameIssuer, SERVER],
      ['pkce', 'PKCE', signIn.pkceMethod, SERVER],
      ['registration', 'Ways to register', signIn.registrationWays, SERVER],
      ['public-clients', 'Clients without secret', signIn.publicClients, SERVER],
      ['register', 'Registering', authorization.register, [...SERVER, 'registration']],
      ['consent-page', 'Sign-in page', authorization.consentPage, ['register']],
      ['client-document', 'Claude’s document', authorization.consentPageOfClaude, [...SERVER, 'registration']],
      ['unknown-code', 'Unknown code', authorization.unknownCode, ['register']],
      ['unknown-refresh', 'Unknown refresh token', authorization.unknownRefreshToken, ['register']],
      ['unknown-client', 'Unknown client', authorization.unknownClient, SERVER],
      ['latency', 'Latency', authorization.latency, ['kind']],
    ],
    { signIn: true },
  ),
  ...group('Protocol', [
    ['legacy', 'With handshake', inside.legacyEra, ['kind']],
    ['modern', 'Without handshake', inside.modernEra, ['kind']],
    ['cors', 'Web pages', inside.cors, ['kind']],
  ]),
  ...group('Tools', [
    ['tools', 'List', inside.toolList, ['kind']],
    ['tool-names', 'Names', inside.toolNames, ['tools']],
    ['tool-titles', 'Titles', inside.toolTitles, ['tools']],
    ['tool-hints', 'Read or write', inside.toolHints, ['tools']],
    ['tool-purposes', 'One purpose', inside.toolPurposes, ['tools']],
    ['tool-descriptions', 'Descriptions', inside.toolDescriptions, ['tools']],
    ['tool-schemas', 'Arguments', inside.toolSchemas, ['tools']],
  ]),
];

function group(name, rows, { signIn: onlyWithSignIn = false } = {}) {
  return rows.map(([id, title, run, needs = []]) => ({ id, group: name, title, run, needs, signIn: onlyWithSignIn }));
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
    tell(finding);
  }
  const kind = findings.get('kind').level === 'ok' ? await probe.kind() : 'unknown';
  const { fault } = await probe.initialize();
  await probe.leave();
  return { url: url.href, kind, answered: fault === undefined, findings: [...findings.values()], changes: probe.changes };
}

/** What keeps a check from being made, if anything does. */
function comesBefore(needs, findings) {
  const missing = needs.map((id) => findings.get(id)).find(({ level, blocks }) => level === 'fail' || blocks);
  if (!missing) return undefined;
  const cause = typeof missing.blocks === 'string' ? missing.blocks : missing.title;
  return blocked(`not looked at: “${cause}” comes first.`, cause);
}

/** A check that fails itself has met an answer that nobody thought of; that is no reason to keep the other findings back. */
const stumbled = (error) =>
  fail(`The doctor stumbled over what came back: ${quote(error.message)}.`, 'A client may stumble as well.', 'Look at the answers of this endpoint, and report it.');
