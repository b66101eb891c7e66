// Three tools instead of one for each operation: to find an operation, to call one that reads, and to call one that writes.
import { argumentsSchema, bodyArgument, clearable } from './json-schema.mjs';
import { snake } from '../names.mjs';
import { RustTypes } from './types.mjs';
import { comment, LENGTH, literal, longLiteral, rawLiteral, sentence, title as titleOf } from '../text.mjs';

/** Longest schema of the arguments of one operation, in bytes: it is what a model reads before it calls. */
const MAX_SCHEMA = 12_000;

/** Returns the parts of the file. */
export function searchParts(operations, { title, api }, { apiOf }) {
  const name = snake(api);
  const writes = operations.some(({ effect }) => effect !== 'read');
  const secured = operations.some(({ effect, scopes }) => effect === 'read' && scopes.length > 0);
  const read = secured ? '.scope(READ)' : '';
  const about = titleOf(title, api);
  const find = [
    `async fn find(args: FindOperations) -> Result<String, ToolError> {\n    openapi::find(OPERATIONS, &args)\n}`,
    `fn find_tool() -> Tool {\n    Tool::new(${literal(`${name}_find`)}, ${longLiteral(`Find operations of ${about} by words, with the arguments that they take. Call this first.`)}, find).title(${literal(titleOf(`Find in ${about}`))})${read}.read_only().closed_world()\n}`,
  ];
  const call = (effect, words, heading, hints) => [
    `async fn ${effect}(args: CallOperation, cx: Context) -> Result<CallToolResult, ToolError> {\n    openapi::${effect}(OPERATIONS, args, ${apiOf(operations[0])}).await\n}`,
    `fn ${effect}_tool() -> Tool {\n    Tool::new(${literal(`${name}_${effect}`)}, ${longLiteral(words)}, ${effect}).title(${literal(titleOf(heading))})${hints}\n}`,
  ];
  const parts = [
    { name: 'find', text: find.join('\n\n') },
    { name: 'read', text: call('read', `Call an operation of ${about} that changes nothing. ${name}_find tells its name and its arguments.`, `Read from ${about}`, `${read}.read_only()`).join('\n\n') },
  ];
  if (writes) parts.push({ name: 'write', text: call('write', `Call an operation of ${about} that changes, adds or deletes something. ${name}_find tells its name and its arguments.`, `Change something in ${about}`, '.scope(WRITE).destructive()').join('\n\n') });
  parts.push({ name: 'operations', text: `/// The operations, as the document describes them.\nstatic OPERATIONS: &[Operation] = &[\n${operations.map(entry).join('\n')}\n];` });
  return parts;
}

function entry(operation) {
  const { name, method, path, description, tag, parameters, body, paging, notes } = operation;
  const fields = [
    `name: ${literal(name)}`,
    `method: openapi::Method::${method[0].toUpperCase()}${method.slice(1)}`,
    `path: ${literal(path)}`,
    `description: ${literal(sentence(description, LENGTH.argument))}`,
    `tag: ${literal(tag)}`,
    `arguments: ${rawLiteral(JSON.stringify(schemaWithin(operation)))}`,
    `parameters: &[${[...parameters.map(parameter), ...(body ? [bodyParameter(operation)] : []), ...clearParameter(operation)].join(', ')}]`,
    `paging: ${literal(paging ?? '')}`,
  ];
  return `${notes.map((note) => `${comment(note, { prefix: '//', indent: '    ' })}\n`).join('')}    Operation { ${fields.join(', ')} },`;
}

function schemaWithin(operation) {
  const nodes = [...operation.parameters.map(({ node }) => node), ...(operation.body ? [operation.body.node] : [])];
  const first = RustTypes.limitFor(nodes);
  for (const limit of [first, 20, 8, 0].filter((limit) => limit <= first)) {
    const schema = argumentsSchema(operation, limit);
    if (limit === 0 || JSON.stringify(schema).length <= MAX_SCHEMA) return schema;
  }
  return argumentsSchema(operation, 0);
}

function parameter({ argument, wire, location, style }) {
  const of = location !== 'query' ? location : { joined: 'query_joined', deep: 'query_deep', json: 'query_json' }[style.kind] ?? 'query';
  const begin = style.kind === 'joined' && location === 'query' ? `Parameter::query_joined(${literal(wire)}, '${style.separator}')` : `Parameter::${of}(${literal(wire)})`;
  return argument === wire ? begin : `${begin}.from_argument(${literal(argument)})`;
}

function clearParameter(operation) {
  const { argument, members } = clearable(operation);
  return members.length > 0 ? [`Parameter::clear()${argument === 'clear' ? '' : `.from_argument(${literal(argument)})`}`] : [];
}

function bodyParameter(operation) {
  const { kind, contentType } = operation.body;
  return `Parameter::${kind === 'json' ? `json(${literal(contentType)})` : `${kind}()`}${bodyArgument(operation) === 'body' ? '' : `.from_argument(${literal(bodyArgument(operation))})`}`;
}
