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
  { rule: 'a tool has a hint', fault: withTool({ annotations: {} }), check: 'tool-hints', details: /other: no hint/, effect: /asks before each call/ },
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
];
