// Makes a new project the connector of an API, instead of the starter: its tools are in src/api.rs, and src/connector.rs adds them.
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { wire } from '../openapi/wiring.mjs';
import { literal } from '../openapi/text.mjs';

const LIB = `//! The Worker. \`connector.rs\` is the file to edit; \`api.rs\` has the tools of the API.

mod connector;

mcp_connector::serve!(connector::connector);
`;

/**
 * Puts the API into the project in `folder`.
 * @param {Awaited<ReturnType<import('../openapi/generate.mjs').generate>>} api
 */
export function putApiInto(folder, { text, title, secrets, example }) {
  const file = (name) => path.join(folder, name);
  // In a fork, `src` is the connector of the fork.
  rmSync(file('src'), { recursive: true });
  rmSync(file('tests/notes.test.mjs'));
  mkdirSync(file('src'));
  writeFileSync(file('src/api.rs'), text);
  writeFileSync(file('src/connector.rs'), connectorOf(title));
  writeFileSync(file('src/lib.rs'), LIB);
  wire(file('src/api.rs'));
  replace(file('tests/connector.test.mjs'), / Tests of your own are in files beside this one; .*$/m, ' Tests of your own are in files beside this one.');
  replace(file('README.md'), /^.*`src\/connector\.rs`.*\nedit: .*$/m, `A remote [MCP](https://modelcontextprotocol.io) server on Cloudflare Workers, with the tools of ${title}. [\`src/api.rs\`](src/api.rs) has them,\nand says how to bring in a newer document. [\`src/connector.rs\`](src/connector.rs) has what you add.`);
  replace(file('README.md'), '`npm run call -- whoami`', `\`${callOf(example)}\``);
  replace(file('README.md'), /^\| `npm run call -- echo.*\n/m, '| `npm run call` | lists the tools |\n');
  declareSecrets(file, secrets);
}

/** The command that calls a tool of the running connector. */
export const callOf = ({ name, args }) => `npm run call -- ${name}${Object.keys(args).length > 0 ? ` '${JSON.stringify(args)}'` : ''}`;

function connectorOf(title) {
  return `//! The connector: what it is called, and what it offers beside the tools in \`api.rs\`. This is the file to edit.

use mcp_connector::Connector;

/// Returns everything that the connector offers.
pub(crate) fn connector() -> Connector {
    Connector::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
        .title(${literal(title)})
        .description(${literal(`Tools for ${title}.`)})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connector_has_no_errors() {
        assert_eq!(connector().check(), []);
    }

    #[test]
    fn wrangler_toml_has_what_the_connector_needs() {
        let missing = mcp_connector::check_wrangler_toml(&connector(), include_str!("../wrangler.toml"));
        assert!(missing.is_empty(), "{}", missing.join("\\n"));
    }
}
`;
}

/** Names the secrets where they are set on this machine, and where Cloudflare's button asks for them. */
function declareSecrets(file, secrets) {
  const names = Object.keys(secrets);
  if (names.length === 0) return;
  const lines = names.map((name) => `# ${secrets[name]}\n${name}=\n`).join('');
  writeFileSync(file('.dev.vars'), lines, { mode: 0o600 });
  appendFileSync(file('.dev.vars.example'), lines);
  const manifest = JSON.parse(readFileSync(file('package.json'), 'utf8'));
  for (const name of names) manifest.cloudflare.bindings[name] = { description: secrets[name] };
  writeFileSync(file('package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

function replace(file, what, by) {
  const before = readFileSync(file, 'utf8');
  const after = before.replace(what, () => by);
  if (after === before) throw new Error(`${path.basename(file)} has no ${what}: the template has changed.`);
  writeFileSync(file, after);
}
