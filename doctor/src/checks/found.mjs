// How machines find the server before they connect: its card (SEP-2127), the catalog of its domain, proofs of ownership, icons.
// All of this is optional, so that what is missing fails nothing.
import { isObject, jsonIn } from '../wire/json.mjs';
import { absolute } from '../wire/urls.mjs';
import { question } from '../probe/question.mjs';
import { fail, note, ok, quote, skip } from '../verdict.mjs';
import { describe } from '../answers.mjs';

const CARD = 'application/mcp-server-card+json';
const CATALOG = 'application/ai-catalog+json';
const UNFOUND = 'People who have the URL can use the server. Catalogs, and clients that search a domain, do not find it.';

const isText = (value) => typeof value === 'string';
const typeOf = (answer) => (answer.headers?.['content-type'] ?? 'no type').split(';')[0].trim().toLowerCase();
const under = (probe, path) => new URL(path, probe.url.origin);
/** What a path gets where nothing can be. */
const nowhere = question((probe) => probe.ask('nothing', { url: under(probe, '/.well-known/no-such-document-of-the-doctor') }));

/** Whether a GET found a document, and not what a site answers for every address. */
async function isFound(probe, answer) {
  if (answer.fault || answer.status !== 200 || /^text\/html/i.test(answer.headers['content-type'] ?? '')) return false;
  const { status, text } = await nowhere(probe);
  return !(status === 200 && text === answer.text);
}

const cardUrl = (probe) => new URL(`${probe.url.origin}${probe.url.pathname.replace(/\/+$/, '')}/server-card`);
const card = question((probe) => probe.ask('server card', { url: cardUrl(probe), headers: { accept: CARD, origin: 'https://claude.ai' } }));

/** What the schema of server cards asks for (experimental-ext-server-card, schema.ts). */
function wrongInCard(document) {
  const wrong = [];
  const want = (holds, what) => holds || wrong.push(what);
  want(
    /^https:\/\/static\.modelcontextprotocol\.io\/schemas\/v1\/server-card\.schema\.json$/.test(document.$schema ?? ''),
    `$schema is ${quote(document.$schema ?? 'missing', 100)}`,
  );
  want(
    isText(document.name) && document.name.length <= 200 && /^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/.test(document.name),
    `name is ${quote(document.name ?? 'missing', 60)}, not in the form com.example/name`,
  );
  want(isText(document.version) && document.version.length <= 255, `version is ${quote(document.version ?? 'missing', 40)}`);
  want(
    isText(document.description) && document.description.length >= 1 && document.description.length <= 100,
    `description is ${isText(document.description) ? `${document.description.length} characters long, not 1 to 100` : quote(document.description ?? 'missing', 40)}`,
  );
  want(
    document.title === undefined || (isText(document.title) && document.title.length >= 1 && document.title.length <= 100),
    `title is ${quote(document.title, 40)}`,
  );
  const remotes = document.remotes ?? [];
  want(
    Array.isArray(remotes) && remotes.every((remote) => isObject(remote) && ['streamable-http', 'sse'].includes(remote.type) && isText(remote.url)),
    'remotes is not a list of type and url',
  );
  return wrong;
}

/** Whether the card leads to this URL. An address with variables may. */
const isAbout = ({ remotes }, { href }) => Array.isArray(remotes) && remotes.some(({ url }) => url === href || url.includes('{'));

/** The card is there, is one, and may be read by web pages. */
export async function serverCard(probe) {
  const answer = await card(probe);
  const where = cardUrl(probe);
  if (!(await isFound(probe, answer)))
    return note(
      `There is no server card at ${quote(where.pathname, 100)} (${describe(answer)}).`,
      UNFOUND,
      `Serve one there, as ${CARD} (SEP-2127; still a draft).`,
    );
  const document = jsonIn(answer.text);
  const fix = 'Follow schema.json and docs/discovery.md of modelcontextprotocol/experimental-ext-server-card.';
  if (!isObject(document)) return fail('The server card is not a JSON object.', 'Clients that find it cannot read it.', fix);
  const wrong = wrongInCard(document);
  if (wrong.length > 0) return fail('The server card does not follow its schema.', 'Clients that check it refuse it.', fix, wrong);
  const { headers } = answer;
  const weak = [
    ...(typeOf(answer) === CARD ? [] : [`its type is ${quote(typeOf(answer), 60)}, not ${CARD}`]),
    ...(isAbout(document, probe.url) ? [] : [`none of its remotes is this URL, ${quote(probe.url.href, 100)}`]),
    ...(headers['access-control-allow-origin'] === '*' ? [] : ['web pages may not read it: Access-Control-Allow-Origin: * is missing']),
    ...(headers.etag ? [] : ['it has no ETag']),
    ...(headers['cache-control'] ? [] : ['it has no Cache-Control']),
  ];
  if (headers.etag) {
    const again = await probe.ask('server card', { url: where, headers: { accept: CARD, 'if-none-match': headers.etag } });
    if (again.status !== 304) weak.push(`with its own ETag it is answered with ${describe(again)}, not 304`);
  }
  const info = (await probe.entry())?.result.serverInfo;
  if (isObject(info) && isText(info.version) && info.version !== document.version)
    weak.push(`version is ${quote(document.version, 30)}, but ${quote(info.version, 30)} in initialize`);
  if (weak.length > 0)
    return note('The server card is there, with weak points.', 'Some clients cannot read it, or fetch it more often than they need.', fix, weak);
  return ok(`${quote(where.pathname, 100)} is a server card: ${quote(document.name, 60)} ${quote(document.version, 30)}.`);
}

/** The catalog of the domain names the card. */
export async function aiCatalog(probe) {
  const url = under(probe, '/.well-known/ai-catalog.json');
  const answer = await probe.ask('AI catalog', { url, headers: { accept: `${CATALOG}, application/json` } });
  if (!(await isFound(probe, answer)))
    return note(
      `There is no catalog at ${url.pathname} (${describe(answer)}).`,
      UNFOUND,
      `Serve one there, as ${CATALOG}, with an entry for each server card.`,
    );
  const document = jsonIn(answer.text);
  const fix = 'See docs/discovery.md of modelcontextprotocol/experimental-ext-server-card, and the AI Catalog specification.';
  const entries = isObject(document) && Array.isArray(document.entries) ? document.entries : undefined;
  if (!entries || !isText(document.specVersion)) return fail('The catalog has no specVersion or no entries.', 'Clients that find it cannot read it.', fix);
  const cards = entries.filter((entry) => isObject(entry) && (entry.type ?? entry.mediaType) === CARD);
  const wrong = cards.flatMap((entry) => {
    const name = quote(entry.identifier ?? 'an entry', 80);
    const one = [entry.url, entry.data].filter((value) => value !== undefined).length === 1;
    return [
      ...(isText(entry.identifier) ? [] : [`${name}: no identifier`]),
      ...(one ? [] : [`${name}: exactly one of url and data is expected`]),
      ...(isText(entry.type) ? [] : [`${name}: type is missing`]),
    ];
  });
  if (wrong.length > 0) return fail('The catalog has entries that cannot be used.', 'Clients skip them.', fix, wrong.slice(0, 10));
  const own = cardUrl(probe).href;
  const named = cards.some(
    ({ url: at, data }) =>
      absolute(at)?.href === own || (isObject(data) && Array.isArray(data.remotes) && data.remotes.some((remote) => remote?.url === probe.url.href)),
  );
  if (!named)
    return note(`The catalog has no entry for ${quote(own, 100)}.`, UNFOUND, `Add one: {"identifier": "urn:air:…", "type": "${CARD}", "url": "…"}.`);
  if (typeOf(answer) !== CATALOG)
    return note(
      `The catalog names the server card, but its type is ${quote(typeOf(answer), 60)}.`,
      'Clients that look at the type skip it.',
      `Send Content-Type: ${CATALOG}.`,
    );
  return ok('The catalog of the domain names the server card.');
}

/** The proof with which the MCP registry accepts names under this domain. */
export async function registryProof(probe) {
  const url = under(probe, '/.well-known/mcp-registry-auth');
  const answer = await probe.ask('registry proof', { url });
  if (!(await isFound(probe, answer))) return skip('none is published; it is needed only to publish to the MCP registry under the domain’s name.');
  const [, kind, key] = /^v=MCPv1; k=(ed25519|ecdsap384); p=([A-Za-z0-9+/]+={0,2})\s*$/.exec(answer.text) ?? [];
  const length = { ed25519: 32, ecdsap384: 49 }[kind];
  if (length && Buffer.from(key, 'base64').length === length) return ok(`${url.pathname} has a public key (${kind}).`);
  return fail(
    `${url.pathname} is not a proof: ${quote(answer.text, 60)}.`,
    'The MCP registry refuses to publish under this domain.',
    'One line: v=MCPv1; k=ed25519; p=PUBLIC-KEY-IN-BASE64.',
  );
}

/** The proof with which OpenAI's directory accepts this domain. */
export async function openAiProof(probe) {
  const url = under(probe, '/.well-known/openai-apps-challenge');
  const answer = await probe.ask('OpenAI proof', { url });
  if (!(await isFound(probe, answer))) return skip('none is published; it is needed only to submit an app to ChatGPT’s directory.');
  if (/^\S{1,500}\s*$/.test(answer.text) && jsonIn(answer.text) === undefined) return ok(`${url.pathname} has a token.`);
  return fail(
    `${url.pathname} is not a token: ${quote(answer.text, 60)}.`,
    'OpenAI cannot verify the domain.',
    'Answer with the token of the portal and nothing else, as text/plain.',
  );
}

const ICON_SHOWN = 'Claude shows the favicon of the registrable domain (of example.com for mcp.example.com), whatever the server says of icons.';

/** The icons that the server names can be loaded. */
export async function icons(probe) {
  const info = (await probe.entry())?.result.serverInfo;
  if (!isObject(info)) return skip('there is no way in without a sign-in; give a token with --token to look further.');
  const given = info.icons;
  if (given === undefined)
    return note(
      'serverInfo has no icons.',
      `Clients that show icons, such as VS Code, show none. ${ICON_SHOWN}`,
      'Name one in serverInfo.icons: an https or data URL with a PNG or SVG.',
    );
  const fix = 'Each icon is {"src": "https://…"} with a PNG, JPEG, SVG or WebP (MCP “icons”).';
  if (!Array.isArray(given)) return fail(`serverInfo.icons is ${quote(given, 40)}.`, 'Clients on the TypeScript SDK refuse the connection.', fix);
  const wrong = [];
  for (const icon of given.slice(0, 4)) {
    const src = absolute(icon?.src);
    if (!src || !(['https:', 'data:'].includes(src.protocol) || (probe.local && src.protocol === 'http:')))
      wrong.push(`${quote(icon?.src ?? 'missing', 80)} is no https or data URL`);
    else if (src.origin === probe.url.origin) {
      const answer = await probe.ask('icon', { url: src });
      if (answer.status !== 200 || !typeOf(answer).startsWith('image/')) wrong.push(`${quote(src.pathname, 80)}: ${describe(answer)}`);
    }
  }
  if (wrong.length > 0) return note('An icon cannot be loaded.', 'Clients show none.', fix, wrong);
  return ok(given.length === 1 ? 'serverInfo names an icon.' : `serverInfo names ${given.length} icons.`, [ICON_SHOWN]);
}

/** There is a favicon, which is what Claude shows. */
export async function favicon(probe) {
  const answer = await probe.ask('favicon', { url: under(probe, '/favicon.ico') });
  if (answer.status === 200 && typeOf(answer).startsWith('image/')) return ok('There is a favicon.', [ICON_SHOWN]);
  return note(
    `There is no favicon on this host (${describe(answer)}).`,
    `${ICON_SHOWN} Without one it shows a globe.`,
    'Serve /favicon.ico, on this host and on the registrable domain.',
  );
}
