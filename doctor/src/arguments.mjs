// The arguments of the program, and what is wrong with them.
import { parseArgs } from 'node:util';

export const USAGE = `Usage: mcp-connector-doctor URL [options]

  URL                what you paste into Claude, such as https://notes.example.workers.dev/mcp
  --token TOKEN      an access token for a server that shows its tools only with one (or in DOCTOR_TOKEN)
  --timeout SECONDS  how long to wait for one answer, 1 to 120 (12)
  --no-register      register no client; what needs one is not checked
  --json             the report as JSON, as report.schema.json describes it
  --version          the version of this program
  --help             this text

Exit status: 0 no check failed, 1 a check failed, 2 wrong arguments, 3 the server did not answer, 4 the doctor itself failed.
Colours are used on a terminal, unless NO_COLOR is set.`;

/** Wrong arguments. The message says which, and how it is called. */
export class UsageError extends Error {}

const OPTIONS = {
  token: { type: 'string' },
  timeout: { type: 'string' },
  'no-register': { type: 'boolean' },
  json: { type: 'boolean' },
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
};

/**
 * @typedef {object} Settings
 * @property {URL} url
 * @property {string} [token]
 * @property {number} [timeout]  in milliseconds
 * @property {boolean} register
 * @property {boolean} json
 *
 * @param {string[]} args
 * @param {Record<string, string | undefined>} environment
 * @returns {Settings | 'help' | 'version'}
 * @throws {UsageError}
 */
export function settings(args, environment) {
  const { values, positionals } = parsed(args);
  if (values.help) return 'help';
  if (values.version) return 'version';
  if (positionals.length !== 1) throw new UsageError(USAGE);

  const seconds = values.timeout === undefined ? undefined : Number(values.timeout);
  if (seconds !== undefined && !(seconds >= 1 && seconds <= 120)) throw new UsageError(`--timeout is a number of seconds from 1 to 120.\n\n${USAGE}`);
  const token = values.token ?? (environment.DOCTOR_TOKEN || undefined);
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) throw new UsageError('--token is an access token: one word, without “Bearer”.');
  return {
    url: urlFrom(positionals[0]),
    token,
    timeout: seconds && seconds * 1000,
    register: values['no-register'] !== true,
    json: values.json === true,
  };
}

function parsed(args) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${error.message}\n\n${USAGE}`);
  }
}

function urlFrom(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    throw new UsageError(`This is not a URL. Give the scheme and the host, such as https://notes.example.workers.dev/mcp\n\n${USAGE}`);
  }
  if (!['https:', 'http:'].includes(url.protocol))
    throw new UsageError(`A connector’s URL begins with https:// (or http:// on this machine).\n\n${USAGE}`);
  if (url.username || url.password) throw new UsageError('A connector’s URL carries no user name and password: Claude does not send them.');
  url.hash = '';
  return url;
}

/**
 * Whether colours are used: on a terminal, unless the person wants none (no-color.org).
 * @param {{isTTY?: boolean}} stream
 * @param {Record<string, string | undefined>} environment
 */
export const wantsColour = ({ isTTY }, { NO_COLOR, TERM }) => isTTY === true && !NO_COLOR && TERM !== 'dumb';
