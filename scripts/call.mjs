// `npm run call -- TOOL [ARGUMENTS]`: calls a tool of the connector that `npm start` is running, and prints its result. Where
// the tool needs a sign-in, it signs in with the local passphrase. Without a tool it lists the tools.
import { parseArgs } from 'node:util';
import { listTools, request, RpcError, SignInRequired } from './client/mcp-client.mjs';
import { signIn } from './client/sign-in.mjs';
import { untilBuilt } from './client/until-built.mjs';
import { isOnThisMachine, passphraseFor } from './serve/passphrase.mjs';
import { portFrom } from './serve/wrangler-dev.mjs';
import { main, Stop } from './support/log.mjs';
import { root } from './support/paths.mjs';

const USAGE = `Usage: npm run call -- [TOOL [ARGUMENTS]] [--url URL] [--json]

  TOOL       the name of a tool; without it, the tools are listed
  ARGUMENTS  its arguments as JSON, such as '{"text":"hello"}'
  --url URL  the connector, by default http://127.0.0.1:8787/mcp, or the port in PORT
  --json     prints the whole result as JSON

Signs in where the tool asks for it, with the passphrase in the environment (OWNER_PASSPHRASE) or, on this machine, in .dev.vars.
Ends with 0, with 1 if the tool or the connector reports an error, or with 2 if its arguments are wrong.`;

await main(async () => {
  const { tool, args, url, json } = settings(process.argv.slice(2));
  try {
    await untilBuilt(url);
    if (tool === undefined) return printTools(await listTools(url), json);
    const result = await callSignedIn(url, tool, args);
    printResult(result, json);
    if (result.isError) process.exitCode = 1;
  } catch (error) {
    if (error instanceof RpcError) throw new Stop(`The connector answered with an error: ${error.message}`);
    if (error.cause?.code === 'ECONNREFUSED') throw new Stop(`No connector answers at ${url}. Run \`npm start\` in another terminal, or name its URL with --url.`);
    throw error;
  }
});

function settings(argv) {
  let parsed;
  try {
    parsed = parseArgs({ args: argv, options: { url: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } }, allowPositionals: true });
  } catch (error) {
    throw new Stop(`${error.message}\n\n${USAGE}`, 2);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    console.log(USAGE);
    throw new Stop('', 0);
  }
  const [tool, text = '{}', ...rest] = positionals;
  if (rest.length > 0) throw new Stop(USAGE, 2);
  let args;
  try {
    args = JSON.parse(text);
  } catch (error) {
    throw new Stop(`The arguments are not JSON: ${error.message}\n\n${USAGE}`, 2);
  }
  if (typeof args !== 'object' || args === null || Array.isArray(args)) throw new Stop(`The arguments are a JSON object, such as '{"text":"hello"}'.\n\n${USAGE}`, 2);
  const url = values.url ?? `http://127.0.0.1:${portFrom(process.env, 8787)}/mcp`;
  if (!URL.canParse(url)) throw new Stop(`--url must be a URL, such as http://127.0.0.1:8787/mcp.\n\n${USAGE}`, 2);
  return { tool, args, url, json: values.json === true };
}

/** Calls the tool, and signs in for it where the connector asks for that. */
async function callSignedIn(url, name, args) {
  const params = { name, arguments: args };
  const onNotification = ({ method, params: { progress, total, message, data } = {} }) => {
    if (method === 'notifications/progress') console.error(`progress: ${progress}${total === undefined ? '' : ` of ${total}`}${message ? `, ${message}` : ''}`);
    if (method === 'notifications/message') console.error(`log: ${typeof data === 'string' ? data : JSON.stringify(data)}`);
  };
  try {
    return await request(url, 'tools/call', params, { onNotification });
  } catch (error) {
    if (!(error instanceof SignInRequired)) throw error;
    const { access_token: token } = await signIn({ origin: new URL(url).origin, resource: url, passphrase: passphrase(url), scope: error.scope });
    return request(url, 'tools/call', params, { token, onNotification });
  }
}

function passphrase(url) {
  const found = passphraseFor(url, root);
  if (!found && !isOnThisMachine(url)) throw new Stop(`This tool needs a sign-in: set OWNER_PASSPHRASE to the passphrase of ${new URL(url).origin}. The one in .dev.vars is for the connector on this machine.`);
  if (!found) throw new Stop('This tool needs a sign-in, and there is no passphrase: set OWNER_PASSPHRASE, or run `npm start`, which writes one into .dev.vars.');
  return found;
}

function printTools(tools, json) {
  if (json) return console.log(JSON.stringify(tools, null, 2));
  for (const { name, description = '', inputSchema } of tools) {
    const required = inputSchema.required ?? [];
    const names = Object.keys(inputSchema.properties ?? {}).map((key) => (required.includes(key) ? key : `[${key}]`));
    console.log(`${name} ${names.join(' ')}`.trimEnd());
    console.log(`    ${description}`);
  }
  if (tools.length === 0) console.log('The connector has no tools.');
}

function printResult(result, json) {
  if (json) return console.log(JSON.stringify(result, null, 2));
  for (const part of result.content ?? []) {
    if (part.type === 'text') console.log(part.text);
    else if (part.type === 'resource_link') console.log(`${part.name}: ${part.uri}`);
    else if (part.type === 'resource') console.log(part.resource.text ?? `${part.resource.uri} (${part.resource.mimeType ?? 'no type'})`);
    else console.log(`(${part.type}, ${part.mimeType ?? 'no type'}, ${Math.floor(((part.data ?? '').length * 3) / 4)} bytes)`);
  }
  const shown = (result.content ?? []).some(({ type, text }) => type === 'text' && isSameJson(text, result.structuredContent));
  if (result.structuredContent !== undefined && !shown) console.log(JSON.stringify(result.structuredContent, null, 2));
}

function isSameJson(text, value) {
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(value);
  } catch {
    return false;
  }
}
