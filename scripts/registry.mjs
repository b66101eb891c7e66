// `npm run registry -- URL`: writes server.json for the MCP registry from the server card of the deployed connector, and says
// what is left to do. https://github.com/modelcontextprotocol/registry
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fetchCard, servedProof } from './registry/deployed.mjs';
import { proofOf, registryKey } from './registry/key.mjs';
import { instructions, wayToProve } from './registry/proof.mjs';
import { remarks, serverJson } from './registry/server-json.mjs';
import { main, Stop } from './support/log.mjs';
import { root } from './support/paths.mjs';

const USAGE = `Usage: npm run registry -- URL

  URL  where the connector is deployed, such as https://mcp.example.com/mcp

Writes server.json, and keeps what it has already of “repository”, “packages” and “_meta”.`;

await main(async () => {
  const url = urlFrom(process.argv.slice(2));
  const file = path.join(root, 'server.json');
  const document = serverJson(await fetchCard(url), existing(file));
  writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
  const way = wayToProve(document);
  const key = way.method === 'github' ? undefined : registryKey(path.join(root, '.mcp-registry-key'));
  const proof = key && proofOf(key);
  const isServed = way.method === 'http' && (await servedProof(document)) === proof;
  console.log(`\n  server.json describes ${document.name} ${document.version} at ${document.remotes[0].url}`);
  for (const remark of remarks(document)) console.log(`\n  ${remark}`);
  console.log(`\n${instructions(way, { proof, isServed })}\n`);
});

function urlFrom(argv) {
  let parsed;
  try {
    parsed = parseArgs({ args: argv, options: { help: { type: 'boolean', short: 'h' } }, allowPositionals: true });
  } catch (error) {
    throw new Stop(`${error.message}\n\n${USAGE}`, 2);
  }
  if (parsed.values.help) {
    console.log(USAGE);
    throw new Stop('', 0);
  }
  const [text, ...rest] = parsed.positionals;
  if (rest.length > 0 || !URL.canParse(text ?? '')) throw new Stop(USAGE, 2);
  const url = new URL(text);
  // The bare origin is what people remember.
  if (url.pathname === '/') url.pathname = '/mcp';
  return `${url.origin}${url.pathname.replace(/\/$/, '')}`;
}

/** What is in server.json now; nothing where there is no such file. */
function existing(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Stop('server.json is not JSON. Correct it, or remove it: it is written anew then.');
  }
}
