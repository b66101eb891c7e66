// Makes the Rust file of a document: reads it, decides on tools, scopes and types, and brings them into what is there already.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { root } from '../support/paths.mjs';
import { Stop } from '../support/log.mjs';
import { readDocument } from './document/read-document.mjs';
import { readOperations } from './document/operations.mjs';
import { Schemas, whole } from './document/schemas.mjs';
import { declareScopes, Security } from './document/security.mjs';
import { apiName, shouting, snake } from './names.mjs';
import { accountsOf, serverOf } from './rust/connection.mjs';
import { complete, fileParts } from './rust/file.mjs';
import { merge, parse, toolNames, write } from './rust/parts.mjs';
import { paragraph } from './text.mjs';

/** From so many tools on, a model is better off searching. */
const MANY = 40;

/** Returns the file for a document, with what is in `before` already. */
export async function generate(options, { cwd, before }) {
  const document = await readDocument(options.source, { lenient: options.lenient, cwd });
  const server = serverOf(document, { wanted: options.server, source: options.source, Stop });
  const title = paragraph(document.info?.title ?? '').slice(0, 80) || server.host;
  const api = options.name ?? apiName(title, server.host);
  const present = before === undefined ? [] : parse(before);
  const deleted = deletedIn(present);
  const made = operationsFor(document, api, options);
  const operations = made.operations.filter(({ name }) => !deleted.has(name));
  if (operations.length === 0) throw new Stop(nothing(document, made));
  const scopes = options.search ? scopesOfSearch(operations, api, title) : declareScopes(operations, api, title);
  const about = { title, version: paragraph(document.info?.version ?? '').slice(0, 40), spec: options.source, api, command: commandOf(options), file: options.file ?? 'src/api.rs', search: options.search };
  const parts = fileParts({ operations, skipped: made.skipped, scopes, server, about, search: options.search, allTools: made.operations.map(({ name }) => name) });
  const signIn = scopes.filter(({ constant }) => operations.some(({ effect, scopes: own }) => effect === 'read' && own.includes(constant))).map(({ constant }) => constant);
  const { parts: together, report } = merge(present, parts);
  const all = complete(together, { signIn, search: options.search });
  summarize({ title, operations, skipped: made.skipped, options, server });
  return {
    text: formatted(write(all)),
    report: { ...report, deleted: [...deleted] },
    operations,
    skipped: made.skipped,
    title,
    secrets: secretsOf(operations, title),
    example: options.search ? { name: `${snake(api)}_find`, args: { query: 'list' } } : exampleOf(operations),
  };
}

function operationsFor(document, api, options) {
  const wants = ({ method, tags }) => (options.tags.length === 0 || options.tags.some((tag) => tags.some((other) => other.toLowerCase() === tag.toLowerCase()))) && !(options.readOnly && method !== 'get');
  const { operations, skipped } = readOperations(document, { input: new Schemas(document, 'input'), output: new Schemas(document, 'output'), security: new Security(document, { api, bearer: options.bearer, accounts: options.accounts }), wants });
  if (!options.search) return { operations, skipped };
  // One connection serves all operations: the one that most of them use. What needs no credentials takes them as well.
  const key = ({ security }) => security.schemes.map((scheme) => scheme.key).join(' ');
  const counts = new Map();
  for (const one of operations.filter((other) => key(other) !== '')) counts.set(key(one), (counts.get(key(one)) ?? 0) + 1);
  const most = [...counts].sort(([, one], [, other]) => other - one)[0]?.[0] ?? '';
  const chosen = operations.find((one) => key(one) === most)?.security;
  const fits = (one) => key(one) === most || key(one) === '';
  for (const { method, path: where } of operations.filter((one) => !fits(one))) skipped.push({ method: method.toUpperCase(), path: paragraph(where), reason: 'it needs other credentials than the rest: make a file of its own for its tag' });
  return { operations: operations.filter(fits).map((one) => ({ ...one, security: { ...chosen, scopes: one.security.scopes } })), skipped };
}

function scopesOfSearch(operations, api, title) {
  // At the service of an account the scopes of the document are asked for nevertheless.
  for (const one of operations) one.security = { ...one.security, scopes: [], asked: one.security.scopes };
  return declareScopes(operations, api, title);
}

/** The tools that an earlier run has made and that are no longer in the file. */
function deletedIn(parts) {
  const there = new Set(parts.map(({ name }) => name));
  return new Set(toolNames(parts).filter((name) => !there.has(name)));
}

function nothing(document, { skipped }) {
  if (skipped.length > 0) return `No tool can be made of this document:\n${skipped.slice(0, 10).map(({ method, path: where, reason }) => `  ${method} ${where}: ${reason}`).join('\n')}`;
  const tags = [...new Set(Object.values(document.paths ?? {}).flatMap((item) => Object.values(item ?? {})).flatMap((operation) => operation?.tags ?? []))];
  return `No operation of the document is asked for.${tags.length > 0 ? ` Its tags are ${tags.slice(0, 40).join(', ')}.` : ''}`;
}

/** Returns what has to be set for the tools to work: the names, each with what it is. */
function secretsOf(operations, title) {
  const schemes = operations.flatMap(({ security }) => security.schemes.filter(({ secret }) => secret));
  const what = { basic: 'A login at', bearer: 'A token of', key: 'A key of' };
  const keys = schemes.map(({ kind, secret }) => [secret, `${what[kind.split(' ')[0]]} ${title}${kind === 'basic' ? ', as `user:password`' : ''}.`]);
  const accounts = accountsOf(operations).flatMap(({ account }) => [
    [`${shouting(account)}_ID`, `The client id of this connector at ${title}.`],
    [`${shouting(account)}_SECRET`, `The client secret of this connector at ${title}.`],
  ]);
  return Object.fromEntries([...keys, ...accounts]);
}

/** Returns a call that somebody could try first: of a tool that reads, and asks for as little as possible. */
function exampleOf(operations) {
  const required = ({ parameters }) => parameters.filter((parameter) => parameter.required);
  const [first] = operations.toSorted((one, other) => (one.effect !== 'read') - (other.effect !== 'read') || required(one).length - required(other).length);
  return { name: first.name, args: Object.fromEntries(required(first).map(({ argument, node }) => [argument, ['integer', 'number'].includes(whole(node).kind) ? 1 : '…'])) };
}

function summarize({ title, operations, skipped, options, server }) {
  const writes = operations.filter(({ effect }) => effect !== 'read').length;
  console.error(`${title}: ${operations.length} operations${options.search ? ' behind three tools' : ''}, ${operations.length - writes} that read and ${writes} that write, at ${server.base}.`);
  for (const { method, path: where, reason } of skipped) console.error(`  left out: ${method} ${where}: ${reason}`);
  for (const { name, notes } of operations) for (const note of notes) console.error(`  ${name}: ${note}`);
  if (server.others.length > 0) console.error(`  Other servers in the document: ${server.others.slice(0, 5).map((url) => paragraph(url)).join(', ')} (--server).`);
  for (const { account } of accountsOf(operations)) console.error(`  People connect their accounts: register this server at the service, with the redirect URI /upstream/callback/${account} on its origin.`);
  if (!options.search && operations.length > MANY) console.error(`  ${operations.length} tools fill the context of a model. Make three tools that search with --search, or choose some with --tag${tagsOf(operations)}.`);
}

/** The tags to choose from, with how many operations each has. */
function tagsOf(operations) {
  const counts = new Map();
  for (const { tag } of operations.filter((one) => one.tag !== '')) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  if (counts.size < 2) return '';
  const shown = [...counts].slice(0, 40).map(([tag, count]) => `${tag} (${count})`);
  return `: ${shown.join(', ')}${counts.size > shown.length ? ', …' : ''}`;
}

function commandOf({ source, tags, readOnly, search, name, server, bearer, accounts, lenient }) {
  const quoted = (text) => (/^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`);
  const parts = [quoted(source), ...tags.map((tag) => `--tag ${quoted(tag)}`)];
  if (readOnly) parts.push('--read-only');
  if (search) parts.push('--search');
  if (name) parts.push(`--name ${quoted(name)}`);
  if (server) parts.push(`--server ${quoted(server)}`);
  if (bearer) parts.push(`--bearer ${bearer}`);
  if (accounts) parts.push('--accounts');
  if (lenient) parts.push('--lenient');
  return paragraph(parts.join(' '));
}

/** Formats as the project does: rustfmt.toml is found from its folder. */
function formatted(text) {
  const config = existsSync(path.join(root, 'rustfmt.toml')) ? ['--config-path', root] : [];
  const { status, stdout, stderr, error } = spawnSync('rustfmt', ['--edition', '2024', ...config], { input: text, encoding: 'utf8', maxBuffer: 1 << 30, cwd: root });
  if (status === 0) return stdout;
  console.error(`rustfmt did not format the file: ${error?.message ?? paragraph(stderr).slice(0, 400)}`);
  return text;
}
