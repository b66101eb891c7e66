// How an owner proves to the MCP registry that the name of a server is theirs, and the commands for it.

/**
 * The way to prove the name in a server.json. The Worker itself can answer for its own host; for the domain above it, DNS does.
 * @returns {{method: 'github'} | {method: 'http' | 'dns', domain: string, isBelow: boolean}}
 *   `isBelow`: whether the server is at the domain or below it
 */
export function wayToProve({ name, remotes }) {
  const [namespace] = name.split('/');
  if (/^io\.github\./i.test(namespace)) return { method: 'github' };
  const domain = namespace.split('.').reverse().join('.').toLowerCase();
  const host = new URL(remotes[0].url).hostname;
  return { method: domain === host ? 'http' : 'dns', domain, isBelow: domain === host || host.endsWith(`.${domain}`) };
}

/** What is left to do, as text for the terminal. */
export function instructions(way, { proof, isServed }) {
  const steps = [...proving(way, proof, isServed), ...publishing(way)];
  const warning =
    way.isBelow === false
      ? `  The connector is not at ${way.domain}, and the registry may refuse that. The name comes from .registry_name(…) in src/connector.rs.\n\n`
      : '';
  return `${warning}  To publish it:\n\n${steps.map((step, index) => `  ${index + 1}. ${step}`).join('\n\n')}`;
}

function proving({ method, domain }, proof, isServed) {
  if (method === 'github' || isServed) return [];
  if (method === 'dns') return [`Show that ${domain} is yours, with this TXT record of the domain itself:\n\n       ${proof}`];
  return [`Show that ${domain} is yours. Add this to [vars] in wrangler.toml, and deploy:\n\n       MCP_REGISTRY_AUTH = "${proof}"`];
}

function publishing({ method, domain }) {
  const login = method === 'github' ? 'login github' : `login ${method} --domain ${domain} --private-key "$(cat .mcp-registry-key)"`;
  return [`With mcp-publisher (https://github.com/modelcontextprotocol/registry/releases), in this folder:\n\n       mcp-publisher ${login}\n       mcp-publisher publish`];
}
