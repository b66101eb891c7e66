// The operations of a document: what each takes, what it answers, and whether a tool can be made of it. What cannot be is returned
// with its reason.
import { argumentName, humanized, toolName, UniqueNames } from '../names.mjs';
import { resolved } from './references.mjs';
import { LENGTH, paragraph, sentence, title } from '../text.mjs';
import { whole } from './schemas.mjs';

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace', 'query'];
/** What the specification ignores as parameters, because they have places of their own. */
const IGNORED_HEADERS = ['accept', 'content-type', 'authorization'];

const GO_ON = /^(page|page_?(token|number|num)|next_?(page_?)?token|cursor|next_?cursor|offset|start|start_?(at|index|after)|starting_after|after|skip|\$skip|marker|page\[[a-z]+\])$/i;
const LESS = /^(per_?page|page_?size|limit|count|max_?results|max_?items|first|\$?top|size|take)$/i;

/** Returns `{ operations, skipped }`, in the order of the document. `wants` decides which are asked for. */
export function readOperations(document, { input, output, security, wants }) {
  const operations = [];
  const skipped = [];
  const names = new UniqueNames();
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    const { value: pathItem } = resolved(document, item);
    for (const method of METHODS.filter((one) => pathItem[one] !== undefined)) {
      const raw = resolved(document, pathItem[method]).value;
      if (!wants({ method, path, tags: raw.tags ?? [] })) continue;
      try {
        operations.push(readOperation({ document, input, output, security, names, method, path, pathItem, raw }));
      } catch (error) {
        if (!(error instanceof Unsupported)) throw error;
        skipped.push({ method: method.toUpperCase(), path: paragraph(path), reason: paragraph(error.message) });
      }
    }
  }
  return { operations, skipped };
}

/** Where a parameter can be. */
const PLACES = ['path', 'query', 'header', 'cookie'];

/** Why no tool can be made of an operation. */
class Unsupported extends Error {}

function readOperation({ document, input, output, security, names, method, path, pathItem, raw }) {
  if (['head', 'options', 'trace'].includes(method)) throw new Unsupported(`${method.toUpperCase()} has no answer that a model could read`);
  if (method === 'query') throw new Unsupported('the HTTP client does not send QUERY');
  const credentials = security.of(raw);
  if (credentials.unsupported) throw new Unsupported(credentials.unsupported);
  const own = raw.servers ?? pathItem.servers;
  if (Array.isArray(own) && own.length > 0) {
    const known = (document.servers ?? []).map(({ url }) => url);
    if (!own.some(({ url }) => known.includes(url))) throw new Unsupported(`it is at a server of its own, ${paragraph(own[0].url).slice(0, 100)}`);
  }

  const notes = [];
  const parameters = readParameters({ document, input, path, pathItem, raw, notes });
  const sent = readBody(document, input, raw);
  const body = method === 'get' ? undefined : sent;
  // Some documents describe an empty body for each GET.
  if (method === 'get' && sent !== undefined && whole(sent.node).properties?.length > 0) notes.push('Its body is left out: a GET has none.');
  const response = readResponse(document, output, raw);
  const taken = new UniqueNames();
  for (const parameter of parameters) {
    parameter.argument = taken.take(argumentName(parameter.wire), { separator: `_${parameter.location}`, max: 64 });
  }
  const name = toolName({ operationId: raw.operationId, method, path }, names);
  const summary = sentence(raw.summary, LENGTH.tool);
  const details = sentence(raw.description, LENGTH.tool);
  const words = humanized(name);
  const readable = words[0].toUpperCase() + words.slice(1);
  const repeats = summary !== '' && details.toLowerCase().startsWith(summary.toLowerCase().replace(/\.$/, ''));
  const described = sentence(repeats || summary === '' ? details || `${readable}.` : `${summary} ${details}`, LENGTH.tool);
  return {
    method,
    path: path.split('#')[0],
    name,
    title: title(raw.summary, readable),
    summary: summary || described,
    description: raw.deprecated === true ? sentence(`Deprecated. ${described}`, LENGTH.tool) : described,
    tag: paragraph(String(raw.tags?.[0] ?? '')).slice(0, 60),
    parameters,
    body,
    response,
    security: credentials,
    effect: { get: 'read', post: 'additive' }[method] ?? 'destructive',
    idempotent: method === 'put' || method === 'delete',
    paging: pagingOf(parameters),
    notes,
  };
}

function readParameters({ document, input, path, pathItem, raw, notes }) {
  const found = new Map();
  for (const parameter of [...(pathItem.parameters ?? []), ...(raw.parameters ?? [])]) {
    const { value } = resolved(document, parameter);
    if (typeof value.name !== 'string' || typeof value.in !== 'string') throw new Unsupported('one of its parameters has no name or no place');
    if (!PLACES.includes(value.in)) throw new Unsupported(`one of its parameters is in ${value.in}, where no parameter can be`);
    if (value.in === 'header' && IGNORED_HEADERS.includes(value.name.toLowerCase())) continue;
    found.set(`${value.in} ${value.name}`, value);
  }
  const parameters = [];
  for (const value of found.values()) {
    const problem = (reason) => {
      if (value.required === true || value.in === 'path') throw new Unsupported(reason);
      notes.push(paragraph(`\`${value.name}\` is left out: ${reason}`));
    };
    const json = value.content && Object.entries(value.content).find(([type]) => isJson(type));
    if (value.content && !json) {
      problem(`its parameter \`${value.name}\` is sent as ${paragraph(Object.keys(value.content)[0] ?? 'nothing')}`);
      continue;
    }
    const node = input.node(json ? json[1].schema : value.schema);
    const shape = whole(node);
    const style = json ? { kind: 'json' } : styleOf(value);
    if (style.unsupported) {
      problem(style.unsupported);
      continue;
    }
    if (shape.kind === 'file') {
      problem(`its parameter \`${value.name}\` is a file`);
      continue;
    }
    if (json && value.in !== 'query') {
      problem(`its parameter \`${value.name}\` is JSON in the ${value.in}`);
      continue;
    }
    const doc = sentence(value.description || shape.doc, LENGTH.argument);
    parameters.push({ wire: value.name, location: value.in, style, node, required: value.required === true || value.in === 'path', doc, deprecated: value.deprecated === true });
  }
  for (const [, name] of path.split('#')[0].matchAll(/\{([^}]*)\}/g)) {
    if (!parameters.some(({ wire, location }) => location === 'path' && wire === name)) throw new Unsupported(`its path names {${paragraph(name)}}, and no parameter describes it`);
  }
  return parameters;
}

/** Returns how a parameter is written ("Style Values"). */
function styleOf({ name, in: location, style, explode, allowReserved }) {
  if (location === 'path' && style !== undefined && style !== 'simple') return { unsupported: `its parameter \`${name}\` has the style ${style}` };
  if (location !== 'query') return { kind: 'form', explode: explode === true };
  if (style === 'deepObject') return { kind: 'deep' };
  const separator = { spaceDelimited: ' ', pipeDelimited: '|' }[style] ?? ',';
  if (explode ?? (style === undefined || style === 'form')) return { kind: 'form' };
  return { kind: 'joined', separator, allowReserved };
}

export function isJson(type) {
  return /^(application|text)\/([a-z0-9.+-]*\+)?json\b/i.test(type) || type === '*/*' || type === 'application/*';
}

function readBody(document, input, raw) {
  if (raw.requestBody === undefined) return undefined;
  const { value } = resolved(document, raw.requestBody);
  const types = Object.entries(value.content ?? {});
  const kind = [['json', isJson], ['form', (type) => /^application\/x-www-form-urlencoded\b/i.test(type)]];
  for (const [name, fits] of kind) {
    const found = types.find(([type]) => fits(type));
    if (found === undefined) continue;
    const [contentType, { schema, encoding = {} }] = found;
    const node = input.node(schema);
    const file = fileIn(node);
    if (file !== undefined) continue;
    const shape = whole(node);
    // Some documents describe a form without members where nothing is sent.
    if (shape.kind === 'object' && shape.properties.length === 0 && shape.rest === undefined) return undefined;
    if (name === 'form' && shape.kind !== 'object') continue;
    // Most documents that do not say whether a body is required mean one without which the operation makes no sense.
    const required = value.required ?? (shape.kind === 'object' && shape.properties.some((property) => property.required));
    const deep = name === 'form' && Object.values(encoding).some((one) => one?.style === 'deepObject');
    return { kind: deep ? 'form_deep' : name, contentType: /[*]/.test(contentType) ? 'application/json' : contentType.split(';')[0].trim(), node, required, doc: sentence(value.description || shape.doc, LENGTH.argument) };
  }
  if (types.length === 0) return undefined;
  const names = types.map(([type]) => paragraph(type)).join(', ');
  const reason = types.some(([type]) => /^multipart\//i.test(type)) ? `its body is ${names}: files are not sent` : `its body is ${names}: only JSON and forms are sent`;
  throw new Unsupported(reason);
}

/** Returns the path of a file in a body. */
function fileIn(node, seen = new Set(), depth = 0) {
  const shape = whole(node);
  const self = shape.origin ?? shape;
  if (seen.has(self) || depth > 8) return undefined;
  seen.add(self);
  if (shape.kind === 'file') return '';
  const children = [...(shape.properties ?? []).map((property) => property.node), ...(shape.items ? [shape.items] : []), ...(shape.choices ?? [])];
  return children.some((child) => fileIn(child, seen, depth + 1) !== undefined) ? '' : undefined;
}

/** Returns what a successful answer holds: `json` with its node, `text`, or `none`. */
function readResponse(document, output, raw) {
  const responses = raw.responses ?? {};
  const status = ['200', '201', '202', '203', ...Object.keys(responses).filter((key) => /^2/.test(key)), 'default'].find((key) => responses[key] !== undefined && (key !== 'default' || !Object.keys(responses).some((other) => /^2/.test(other))));
  if (status === undefined) return { kind: 'text' };
  const { value } = resolved(document, responses[status]);
  const types = Object.entries(value.content ?? {});
  if (types.length === 0) return { kind: 'none' };
  const json = types.find(([type]) => isJson(type));
  if (json !== undefined) return { kind: 'json', node: output.node(json[1].schema) };
  if (types.some(([type]) => /^text\/|[/+](xml|yaml|csv|html|x-ndjson|javascript)$|^\*/i.test(type.split(';')[0]))) return { kind: 'text' };
  throw new Unsupported(`it answers with ${types.map(([type]) => paragraph(type)).slice(0, 3).join(', ')}, which is not text`);
}

/** Returns how one goes on where an answer is not everything. */
function pagingOf(parameters) {
  const named = (pattern) => parameters.find(({ location, wire }) => location === 'query' && pattern.test(wire))?.argument;
  const less = named(LESS);
  const more = named(GO_ON);
  if (more && less) return `Go on with \`${more}\`, or ask for less with \`${less}\`.`;
  if (more) return `Go on with \`${more}\`.`;
  return less ? `Ask for less with \`${less}\`.` : undefined;
}
