// The server.json of the MCP registry, made from a server card (SEP-2127).
import { Stop } from '../support/log.mjs';

/** The version of the format. */
export const SCHEMA = 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json';

/** What a registry shows. It takes no `data:` URI. */
const ICON_TYPES = ['image/png', 'image/jpeg', 'image/jpg', 'image/svg+xml', 'image/webp'];
const LONGEST_ICON_URL = 255;

/** Where the Worker serves the icons that are part of it. */
const FAVICONS = { 'image/png': '/favicon.png', 'image/svg+xml': '/favicon.svg' };

/** A range is no version. */
const RANGE = /^[\^~<>=]|(^|\.)[x*](\.|$)|\s-\s|\|\|/;

/**
 * @param {object} card the server card
 * @param {object} existing a server.json from before: what it has beside the members that the card gives is kept
 * @returns {object} fails with a `Stop` where the registry would refuse it
 */
export function serverJson(card, existing = {}) {
  const [remote] = card.remotes ?? [];
  if (!remote?.url?.startsWith('https://') || isLocal(new URL(remote.url).hostname)) {
    throw new Stop('The registry lists servers that everybody can reach by https. Deploy the connector first (`npx wrangler deploy`), and name its URL.');
  }
  if (RANGE.test(card.version) || card.version === 'latest') {
    throw new Stop(`The registry takes no “${card.version}” as a version: give the package one such as 1.0.0 in Cargo.toml.`);
  }
  const icons = (card.icons ?? []).flatMap((icon) => listed(icon, new URL(remote.url).origin));
  const document = {
    $schema: SCHEMA,
    name: card.name,
    title: card.title,
    description: card.description,
    version: card.version,
    websiteUrl: card.websiteUrl?.startsWith('https://') ? card.websiteUrl : undefined,
    icons: icons.length > 0 ? icons : undefined,
    remotes: [{ type: remote.type, url: remote.url }],
  };
  // Without the members that the card does not have.
  return { ...existing, ...JSON.parse(JSON.stringify(document)) };
}

/** What the person should know of what was written. */
export function remarks({ description }) {
  const isCut = description.endsWith('…');
  return isCut ? ['The description is cut: a registry takes 100 characters. Shorten .description(…) in src/connector.rs.'] : [];
}

/** The icon as the registry takes it; none where it does not. */
function listed({ src, mimeType, sizes, theme }, origin) {
  const type = mimeType ?? /^data:([^;,]+)/.exec(src)?.[1];
  const path = FAVICONS[type];
  // Of several images of one type, the Worker serves the one for light backgrounds.
  const url = src.startsWith('data:') ? path && theme !== 'dark' && `${origin}${path}` : src;
  if (!url || url.length > LONGEST_ICON_URL || (type && !ICON_TYPES.includes(type))) return [];
  return [{ src: url, mimeType: type, sizes: sizes?.filter((size) => /^(\d+x\d+|any)$/.test(size)), theme }];
}

function isLocal(host) {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\./.test(host);
}
