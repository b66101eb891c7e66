// One tool for each operation: the type of its arguments, the function that calls the API, and what the tool says of itself.
import { identifier, pascal, UniqueNames } from '../names.mjs';
import { bodyArgument, CLEAR, clearable } from './json-schema.mjs';
import { RustTypes } from './types.mjs';
import { whole } from '../document/schemas.mjs';
import { comment, LENGTH, literal, longLiteral, sentence } from '../text.mjs';
import { isShallow, weight } from '../document/weight.mjs';

/** A structured result has at most this many properties, everything counted, and nests at most this deep: each list of tools has it. */
const MAX_OUTPUT = 40;
const MAX_OUTPUT_DEPTH = 3;

/** An argument that no parameter has would be dropped, and a model would take the answer for one that is filtered. */
const CLOSED = '#[schemars(extend("additionalProperties" = false))]';

/** Returns the parts of the file: one for each tool, and one for each type that they share. */
export function toolParts(operations, { apiOf }) {
  const types = new RustTypes();
  // Names of operations are taken first: a type of the document must not change what a tool is called.
  const argumentTypes = new Map(operations.map((operation) => [operation, types.reserve(pascal(operation.name))]));
  const tools = operations.map((operation) => ({ name: operation.name, text: toolPart(operation, argumentTypes.get(operation), types, apiOf(operation)) }));
  const shared = [...types.types].map(([name, text]) => ({ name, text }));
  return { tools, types: shared };
}

function toolPart(operation, argumentsType, types, api) {
  const { name, parameters, body } = operation;
  const limit = RustTypes.limitFor([...parameters.map(({ node }) => node), ...(body ? [body.node] : [])]);
  const merge = body !== undefined && isFlattened(operation);
  const clear = clearable(operation);
  const alone = merge && parameters.length === 0 && clear.members.length === 0;
  const properties = parameters.map((parameter) => ({ key: parameter.argument, node: parameter.node, required: parameter.required, doc: describedParameter(parameter) }));
  let fields = types.fields(properties, (node, key) => types.input(node, `${name} ${key}`, limit), 'input');
  if (clear.members.length > 0) {
    const node = { kind: 'array', items: { kind: 'string', enum: clear.members }, uniqueItems: true };
    fields.push(...types.fields([{ key: clear.argument, node, required: false, doc: CLEAR }], (node, key) => types.input(node, `${name} ${key}`, Infinity), 'input'));
  }
  let bodyType;
  if (body !== undefined) {
    bodyType = types.input(body.node, `${name} body`, limit);
    if (merge) fields.push(`    #[serde(flatten)]\n    ${bodyArgument(operation)}: ${bodyType},`);
    else fields.push(...types.fields([{ key: bodyArgument(operation), node: body.node, required: body.required, doc: body.doc || 'What to send.' }], () => bodyType, 'input'));
  }
  const output = outputType(operation, types);

  const lines = [];
  const takes = fields.length > 0;
  const parameterType = alone ? bodyType : argumentsType;
  if (takes && !alone) lines.push(`/// Arguments of [\`${name}\`].`, '#[derive(Deserialize, JsonSchema)]', CLOSED, `struct ${argumentsType} {`, ...fields, '}', '');
  for (const note of operation.notes) lines.push(comment(note, { prefix: '//' }));
  const result = output === undefined ? 'CallToolResult' : `Answer<${output}>`;
  const variable = alone ? 'body' : 'args';
  lines.push(`async fn ${name}(${takes ? `${variable}: ${parameterType}, ` : ''}cx: Context) -> Result<${result}, ToolError> {`);
  lines.push(`    ${requestOf(operation, api, { alone, clear, bodyField: bodyArgument(operation), fieldOf: fieldNames(parameters) })}`, '}', '');
  lines.push(`fn ${name}_tool() -> Tool {`, `    ${declarationOf(operation)}`, '}');
  return lines.join('\n');
}

/** Whether the members of the body are arguments of the tool itself: a plain object that is always sent, without a name twice. */
function isFlattened({ parameters, body }) {
  const shape = whole(body.node);
  if (!body.required || shape.kind !== 'object' || shape.properties.length === 0 || shape.rest !== undefined) return false;
  const names = new Set(parameters.map(({ argument }) => argument));
  return shape.properties.every(({ key }) => !names.has(key));
}

function describedParameter({ doc, deprecated, node }) {
  const text = doc || sentence(whole(node).doc, LENGTH.argument);
  return deprecated ? sentence(`Deprecated. ${text}`, LENGTH.argument) : text;
}

/** The names of the fields, as `fields` gives them. */
function fieldNames(parameters) {
  const unique = new UniqueNames();
  const names = new Map(parameters.map((parameter) => [parameter, unique.take(identifier(parameter.argument, 'field'), { separator: '_' })]));
  return (parameter) => names.get(parameter);
}

function requestOf({ method, path, parameters, body, response, paging }, api, { alone, clear, bodyField, fieldOf }) {
  const calls = parameters.map((parameter) => {
    const { location, wire, style } = parameter;
    const value = `&args.${fieldOf(parameter)}`;
    if (location !== 'query') return `.${location}(${literal(wire)}, ${value})`;
    if (style.kind === 'joined') return `.query_joined(${literal(wire)}, '${style.separator}', ${value})`;
    if (style.kind === 'deep') return `.query_deep(${literal(wire)}, ${value})`;
    if (style.kind === 'json') return `.query_json(${literal(wire)}, ${value})`;
    return `.query(${literal(wire)}, ${value})`;
  });
  if (body !== undefined) {
    const value = alone ? '&body' : `&args.${bodyField}`;
    if (body.kind !== 'json') calls.push(`.${body.kind}(${value})`);
    else calls.push(body.contentType === 'application/json' ? `.json(${value})` : `.json_as(${literal(body.contentType)}, ${value})`);
  }
  if (clear.members.length > 0) calls.push(`.clear(&args.${clear.argument})`);
  if (paging !== undefined && response.kind !== 'none') calls.push(`.paged(${literal(paging)})`);
  return `${api}.${method}(${literal(path)})${calls.join('')}.send().await?.${response.structured ? 'structured()' : 'into_result()'}`;
}

/** Returns the type of a structured result, if the answer is an object that is small enough. */
function outputType(operation, types) {
  const { response, name } = operation;
  if (response.kind !== 'json') return undefined;
  const shape = whole(response.node);
  if (shape.kind !== 'object' || shape.properties.length === 0 || shape.rest !== undefined) return undefined;
  if (weight(response.node, Infinity) - 1 > MAX_OUTPUT || !isShallow(response.node, MAX_OUTPUT_DEPTH)) return undefined;
  response.structured = true;
  return types.output(response.node, name);
}

export function declarationOf({ name, description, title, scopes, effect, idempotent }) {
  const hint = { read: '.read_only()', additive: '.additive()', destructive: '.destructive()' }[effect];
  return `Tool::new(${literal(name)}, ${longLiteral(description)}, ${name}).title(${literal(title)})${scopes.map((scope) => `.scope(${scope})`).join('')}${hint}${idempotent ? '.idempotent()' : ''}`;
}
