// Faults of what machines find: the server card, the catalog, proofs, icons.
import { PAGE } from '../support/changes.mjs';

const missing = (path) => (server) => (server.instead[`GET ${path}`] = () => ({ status: 404 }));

/** @type {import('../faults.test.mjs').Fault[]} */
export const FOUND = [
  {
    rule: 'that there is no server card is worth knowing',
    fault: missing('/mcp/server-card'),
    check: 'server-card',
    level: 'note',
    seen: /no server card at \/mcp\/server-card/,
  },
  {
    rule: 'the page that a site shows for every address is no server card',
    fault: (server) => (server.instead['GET /mcp/server-card'] = () => ({ headers: PAGE, body: '<title>App</title>' })),
    check: 'server-card',
    level: 'note',
    seen: /titled “App”/,
  },
  {
    rule: 'a server card follows its schema',
    fault: (server) => (server.card = (card) => ({ ...card, name: 'notes', description: 'x'.repeat(101) })),
    check: 'server-card',
    details: /name is notes, not in the form com\.example\/name/,
  },
  {
    rule: 'a server card for another URL is worth knowing',
    fault: (server) => (server.card = (card) => ({ ...card, remotes: [{ type: 'streamable-http', url: 'https://elsewhere.example/mcp' }] })),
    check: 'server-card',
    level: 'note',
    details: /none of its remotes is this URL/,
  },
  {
    rule: 'a server card that pages cannot read, or nobody can keep, is worth knowing',
    fault: (server) => {
      server.instead['GET /mcp/server-card'] = ({ origin }) => ({
        headers: { 'access-control-allow-origin': 'null' },
        body: server.card({ ...CARD, remotes: [{ type: 'streamable-http', url: `${origin}/mcp` }] }),
      });
    },
    check: 'server-card',
    level: 'note',
    details: /its type is application\/json, not application\/mcp-server-card\+json/,
  },
  {
    rule: 'a server card of another version is worth knowing',
    fault: (server) => (server.card = (card) => ({ ...card, version: '2' })),
    check: 'server-card',
    level: 'note',
    details: /version is 2, but 1 in initialize/,
  },
  {
    rule: 'that there is no catalog is worth knowing',
    fault: missing('/.well-known/ai-catalog.json'),
    check: 'ai-catalog',
    level: 'note',
    seen: /no catalog/,
  },
  {
    rule: 'a catalog that does not name the card is worth knowing',
    fault: (server) => (server.catalog = (catalog) => ({ ...catalog, entries: [] })),
    check: 'ai-catalog',
    level: 'note',
    seen: /no entry for http/,
  },
  {
    rule: 'an entry of a catalog has one of url and data',
    fault: (server) => (server.catalog = (catalog) => ({ ...catalog, entries: catalog.entries.map((entry) => ({ ...entry, data: {} })) })),
    check: 'ai-catalog',
    details: /exactly one of url and data/,
  },
  { rule: 'a catalog has entries', fault: (server) => (server.catalog = () => ({ specVersion: '1.0' })), check: 'ai-catalog', seen: /no entries/ },
  {
    rule: 'a proof for the MCP registry is a public key',
    fault: (server) =>
      (server.instead['GET /.well-known/mcp-registry-auth'] = () => ({
        headers: { 'content-type': 'text/plain' },
        body: 'v=MCPv1; k=ed25519; p=c2hvcnQ=',
      })),
    check: 'registry-proof',
    seen: /is not a proof/,
  },
  {
    rule: 'a good proof for the MCP registry is named',
    fault: (server) =>
      (server.instead['GET /.well-known/mcp-registry-auth'] = () => ({
        headers: { 'content-type': 'text/plain' },
        body: `v=MCPv1; k=ed25519; p=${Buffer.alloc(32, 7).toString('base64')}\n`,
      })),
    check: 'registry-proof',
    level: 'ok',
    seen: /public key \(ed25519\)/,
  },
  {
    rule: 'a proof for OpenAI is one token',
    fault: (server) => (server.instead['GET /.well-known/openai-apps-challenge'] = () => ({ body: { token: 'abc' } })),
    check: 'openai-proof',
    seen: /is not a token/,
  },
  {
    rule: 'what a site answers for every address is no proof',
    fault: (server) => {
      for (const name of ['mcp-registry-auth', 'openai-apps-challenge', 'no-such-document-of-the-doctor'])
        server.instead[`GET /.well-known/${name}`] = () => ({ headers: { 'content-type': 'text/plain' }, body: 'ok' });
    },
    check: 'registry-proof',
    level: 'skip',
    seen: /none is published/,
  },
  {
    rule: 'that there are no icons is worth knowing',
    fault: (server) => {
      const { initialize } = server.methods;
      server.methods.initialize = (params) => ({ ...initialize(params), serverInfo: { name: 'example', version: '1' } });
    },
    check: 'icons',
    level: 'note',
    effect: /registrable domain/,
  },
  {
    rule: 'an icon that cannot be loaded is worth knowing',
    fault: missing('/icon.svg'),
    check: 'icons',
    level: 'note',
    details: /\/icon\.svg: status 404/,
  },
  {
    rule: 'that there is no favicon is worth knowing',
    fault: missing('/favicon.ico'),
    check: 'favicon',
    level: 'note',
    seen: /no favicon/,
    effect: /registrable domain/,
  },
];

const CARD = {
  $schema: 'https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json',
  name: 'example.connector/notes',
  version: '1',
  description: 'Keeps notes.',
};
