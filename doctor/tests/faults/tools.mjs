// Faults in the list of tools.
import { failing, inMethod, withTool } from '../support/changes.mjs';

/** @type {import('../faults.test.mjs').Fault[]} */
export const TOOLS = [
  {
    rule: 'tools/list answers',
    fault: failing('tools/list', { status: 500, body: 'boom' }),
    check: 'tools',
    seen: /tools\/list fails: status 500/,
  },
  {
    rule: 'the pages of tools/list end',
    fault: (server) => inMethod('tools/list', () => ({ tools: server.tools, nextCursor: 'more' }))(server),
    check: 'tools',
    seen: /does not end/,
  },
  {
    rule: 'having no tools is worth knowing',
    fault: (server) => (server.tools = []),
    check: 'tools',
    level: 'note',
    seen: /no tools/,
  },
  {
    rule: 'a tool’s name has at most 64 characters',
    fault: withTool({ name: 'n'.repeat(65) }),
    check: 'tool-names',
    details: /65 characters/,
    fix: /64/,
  },
  {
    rule: 'a tool’s name is plain',
    fault: withTool({ name: 'has spaces' }),
    check: 'tool-names',
    details: /characters other than/,
  },
  {
    rule: 'a tool’s name is unique',
    fault: withTool({ name: 'echo' }),
    check: 'tool-names',
    details: /more than once/,
  },
  { rule: 'a tool has a title', fault: withTool({ title: undefined }), check: 'tool-titles', details: /other: no title/ },
  {
    rule: 'a tool has a hint',
    fault: withTool({ annotations: {} }),
    check: 'tool-hints',
    details: /other: no hint/,
    effect: /asks before each call/,
  },
  {
    rule: 'a tool that only reads does not destroy',
    fault: withTool({ annotations: { readOnlyHint: true, destructiveHint: true } }),
    check: 'tool-hints',
    details: /at once/,
  },
  {
    rule: 'a tool does not read and write, depending on an argument',
    fault: withTool({ inputSchema: { type: 'object', properties: { method: { enum: ['GET', 'POST', 'DELETE'] } } } }),
    check: 'tool-purposes',
    details: /other: an argument chooses between \["GET","POST","DELETE"\]/,
    effect: /review rejects it/,
  },
  { rule: 'a tool has a description', fault: withTool({ description: ' ' }), check: 'tool-descriptions', details: /other: no description/ },
  {
    rule: 'a tool’s description hides nothing',
    fault: withTool({ description: 'Harmless.\u{e0041}\u200b' }),
    check: 'tool-descriptions',
    details: /U\+E0041 U\+200B/,
  },
  { rule: 'a tool’s arguments are an object', fault: withTool({ inputSchema: { type: 'string' } }), check: 'tool-schemas', details: /"string"/ },
  {
    rule: 'a description is not null',
    fault: withTool({ description: null }),
    check: 'tool-members',
    details: /other: description is null, not a text/,
    also: ['tool-descriptions'],
  },
  {
    rule: 'a hint is true or false',
    fault: withTool({ annotations: { readOnlyHint: true, openWorldHint: 'yes' } }),
    check: 'tool-members',
    details: /annotations\.openWorldHint is yes/,
  },
  {
    rule: 'nextCursor is left out on the last page',
    fault: (server) => {
      server.methods['tools/list'] = () => ({ tools: server.tools, nextCursor: null });
    },
    check: 'tool-members',
    seen: /nextCursor is null/,
    effect: /refuse the whole list/,
  },
  {
    rule: 'a schema is one of 2020-12',
    fault: withTool({
      inputSchema: { type: 'object', properties: { n: { type: 'number', minimum: 0, exclusiveMinimum: true, description: 'A number.' } } },
    }),
    check: 'schema-valid',
    details: /other: exclusiveMinimum of n is true or false, as in draft 4/,
    effect: /draft 2020-12/,
  },
  {
    rule: 'a schema has no choices at its root',
    fault: withTool({ inputSchema: { type: 'object', oneOf: [{ type: 'object' }, { type: 'object' }] } }),
    check: 'schema-accepted',
    details: /oneOf at the root/,
  },
  {
    rule: 'null among the values of an argument is worth knowing',
    fault: withTool({
      inputSchema: { type: 'object', properties: { n: { anyOf: [{ type: 'string' }, { type: 'null' }], description: 'A text.' } } },
    }),
    check: 'schema-portable',
    level: 'note',
    details: /n may be null/,
  },
  {
    rule: 'an argument without a description is worth knowing',
    fault: withTool({ inputSchema: { type: 'object', properties: { n: { type: 'string' } } } }),
    check: 'argument-texts',
    level: 'note',
    details: /other: n/,
  },
  {
    rule: 'an output schema is of an object',
    fault: withTool({ outputSchema: { type: 'array', items: {} } }),
    check: 'output-schemas',
    details: /type is array/,
  },
  {
    rule: 'x-mcp-header is the name of a header (MCP "Custom Headers from Tool Parameters")',
    fault: withTool({ inputSchema: { type: 'object', properties: { n: { type: 'string', 'x-mcp-header': 'a b', description: 'A text.' } } } }),
    check: 'tool-headers',
    details: /x-mcp-header of n is no name/,
  },
  {
    rule: 'more tools than a client sends are worth knowing',
    fault: (server) => {
      for (let n = 0; n < 130; n += 1) withTool({ name: `tool_${n}`, annotations: { destructiveHint: false } })(server);
    },
    check: 'tool-count',
    level: 'note',
    seen: /133 tools/,
  },
  {
    rule: 'a description that is cut off is worth knowing',
    fault: withTool({ description: 'word '.repeat(500) }),
    check: 'tool-count',
    level: 'note',
    details: /^other$/,
    effect: /Claude Code/,
  },
  {
    rule: 'a result has what its schema promises (MCP "Output Schema")',
    fault: (server) => (server.tools[0].outputSchema = { type: 'object' }),
    check: 'tool-results',
    details: /echo: there is an outputSchema, but no structuredContent/,
  },
  {
    rule: 'that the eras have different tools is worth knowing',
    fault: (server) => {
      const { legacy } = server.endpoint;
      server.endpoint.legacy = (headers, json) =>
        json.method === 'tools/list'
          ? { body: { jsonrpc: '2.0', id: json.id, result: { tools: server.tools.slice(0, 2) } } }
          : legacy.call(server.endpoint, headers, json);
    },
    check: 'same-tools',
    level: 'note',
    details: /only in 2026-07-28: wipe/,
  },
  {
    rule: 'that another revision has other tools is worth knowing',
    fault: (server) => {
      const { legacy } = server.endpoint;
      server.endpoint.legacy = (headers, json) =>
        json.method === 'tools/list' && headers['mcp-protocol-version'] === '2025-03-26'
          ? { body: { jsonrpc: '2.0', id: json.id, result: { tools: [] } } }
          : legacy.call(server.endpoint, headers, json);
    },
    check: 'same-tools',
    level: 'note',
    details: /not in 2025-03-26: echo/,
  },
  {
    rule: 'a protected tool that does not say so is worth knowing, for ChatGPT',
    fault: (server) => delete server.tools[1]._meta,
    check: 'tool-sign-in',
    level: 'note',
    seen: /whoami needs a sign-in and has no securitySchemes/,
    effect: /ChatGPT/,
  },
];
