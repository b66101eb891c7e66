// Reads an OpenAPI document: JSON or YAML, a file or a URL, with what it refers to in other documents.
import path from 'node:path';
import { Stop } from '../../support/log.mjs';
import { paragraph } from '../text.mjs';

/** Most mistakes of a document that are told at once. */
const MAX_MISTAKES = 8;

/**
 * Returns the document with all its references inside itself. Mistakes against the specification end the program, or with
 * `lenient` are said and passed over.
 */
export async function readDocument(source, { lenient, cwd }) {
  // Read by the parser below the one of OpenAPI, which would lose the port of a server that is relative to the document.
  const { $RefParser } = await import('@apidevtools/json-schema-ref-parser');
  const isUrl = /^https?:\/\//i.test(source);
  const from = isUrl ? source : path.resolve(cwd, source);
  // A document comes from somebody else, downloaded or not. Unless its server runs here, it must not name addresses of this network, and
  // from a URL no files. Those that a file names are told.
  const isElsewhere = !/^https?:\/\/(localhost|127\.[0-9.]+|\[::1\])(:|\/|$)/i.test(source);
  const options = { resolve: { ...(isUrl && { file: false }), http: { safeUrlResolver: isElsewhere } } };
  let parsed;
  try {
    parsed = await new $RefParser().parse(from, options);
  } catch (error) {
    throw new Stop(unreadable(source, error, isUrl));
  }
  checkVersion(source, parsed);
  let document;
  try {
    const parser = new $RefParser();
    document = await parser.bundle(from, options);
    const others = parser.$refs.paths('file').filter((file) => path.resolve(file) !== from);
    if (!isUrl && others.length > 0) console.error(`${source} refers to other files, which become part of it: ${others.map((file) => paragraph(path.relative(cwd, file))).join(', ')}`);
  } catch (error) {
    throw new Stop(`${source} refers to something that cannot be read: ${firstLine(error)}`);
  }
  await validate(source, document, lenient);
  return document;
}

function unreadable(source, error, isUrl) {
  if (error.code === 'ENOENT' || /ENOENT|no such file/i.test(error.message)) return `There is no file ${source}.`;
  const what = /unexpected|bad indentation|JSON|YAML|duplicated|parsing/i.test(error.message) && !isUrl ? 'is neither JSON nor YAML' : 'cannot be read';
  return `${source} ${what}: ${firstLine(error)}`;
}

function checkVersion(source, document) {
  if (typeof document !== 'object' || document === null) throw new Stop(notOpenApi(source));
  if (document.swagger !== undefined) {
    throw new Stop(`${source} is Swagger ${document.swagger}, and this takes OpenAPI 3.0 and 3.1.\nConvert it first: npx -p swagger2openapi swagger2openapi --outfile openapi.json ${source}`);
  }
  const version = String(document.openapi ?? '');
  if (version === '') throw new Stop(notOpenApi(source));
  if (!/^3\.[01](\.|$)/.test(version)) throw new Stop(otherVersion(source, version));
}

const notOpenApi = (source) => `${source} is no OpenAPI document: it has no member \`openapi\`, such as \`openapi: 3.1.0\`.`;
const otherVersion = (source, version) => `${source} is OpenAPI ${paragraph(version).slice(0, 20)}, and this takes 3.0 and 3.1.`;

async function validate(source, document, lenient) {
  const { default: SwaggerParser } = await import('@apidevtools/swagger-parser');
  const copy = structuredClone(document);
  // The rules for paths and their parameters are those that become a tool; the reader of operations says them with their reasons.
  const options = { dereference: { circular: 'ignore' }, validate: { spec: false } };
  try {
    await new SwaggerParser().validate(copy, options);
  } catch (error) {
    const mistakes = mistakesOf(error);
    const text = mistakes.map((mistake) => `  ${mistake}`).join('\n');
    if (!lenient) throw new Stop(`${source} is not valid OpenAPI ${document.openapi}:\n${text}\nMend it, or go on without what is wrong: --lenient.`);
    console.error(`${source} is not valid OpenAPI ${document.openapi}, and is read nevertheless:\n${text}`);
  }
}

/** The deepest places say most: what is above them fails because of them. */
function mistakesOf(error) {
  const details = Array.isArray(error.details) ? error.details.filter(({ instancePath }) => typeof instancePath === 'string') : [];
  if (details.length === 0) return [firstLine(error)];
  const deepest = details.filter(({ instancePath }) => !details.some((other) => other.instancePath.startsWith(`${instancePath}/`)));
  const places = new Map();
  for (const { instancePath, message, params = {}, keyword } of deepest) {
    // A schema or a reference: of two ways to be right, the one that was not meant says nothing.
    if (/^(must have required property '\$ref'|must match exactly one schema|must match "(then|else)" schema)/.test(message)) {
      if (!places.has(instancePath)) places.set(instancePath, new Set());
      continue;
    }
    const told = keyword === 'enum' && params.allowedValues?.length < 12 ? `must be one of ${params.allowedValues.join(', ')}` : keyword === 'additionalProperties' || keyword === 'unevaluatedProperties' ? `${message}: \`${params.additionalProperty ?? params.unevaluatedProperty}\`` : message;
    places.set(instancePath, (places.get(instancePath) ?? new Set()).add(told));
  }
  const lines = [...places].map(([place, messages]) => `${place === '' ? 'The document' : place}: ${messages.size > 0 ? [...messages].slice(0, 3).join(', or ') : 'has a form that the specification does not have'}`);
  return lines.length > MAX_MISTAKES ? [...lines.slice(0, MAX_MISTAKES), `… and ${lines.length - MAX_MISTAKES} more`] : lines;
}

const firstLine = (error) => paragraph(String(error?.message ?? error).split('\n')[0]).slice(0, 400);
