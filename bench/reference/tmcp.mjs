// tmcp with its HTTP transport and Valibot adapter, as their READMEs show them.
import { ValibotJsonSchemaAdapter } from '@tmcp/adapter-valibot';
import { HttpTransport } from '@tmcp/transport-http';
import { McpServer } from 'tmcp';
import * as v from 'valibot';

const server = new McpServer(
  { name: 'reference', version: '1.0.0', description: 'Keeps short notes.' },
  { adapter: new ValibotJsonSchemaAdapter(), capabilities: { tools: {} } },
);

const said = (text) => ({ content: [{ type: 'text', text }] });
const described = (schema, text) => v.pipe(schema, v.description(text));
const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

server.tool(
  {
    name: 'echo',
    description: 'Say the same text back. Needs no sign-in.',
    schema: v.object({ text: described(v.string(), 'What to say back.') }),
  },
  ({ text }) => said(text),
);
server.tool({ name: 'whoami', description: 'Tell who is signed in.' }, () => said('You are nobody.'));
server.tool(
  {
    name: 'list_notes',
    description: 'List the notes, with their ids, page by page.',
    schema: v.object({
      cursor: v.optional(described(whole, '`next_cursor` of the page before. Leave it out for the first page.')),
      title: v.optional(described(v.string(), 'Only notes whose titles begin with this. Leave it out for all.')),
    }),
  },
  () => said('{"notes":[]}'),
);
server.tool(
  {
    name: 'save_note',
    description: 'Save a new note.',
    schema: v.object({
      title: v.pipe(v.string(), v.minLength(1), v.maxLength(200), v.description('A short heading.')),
      body: v.pipe(v.string(), v.maxLength(20_000), v.description('The text of the note.')),
    }),
  },
  ({ title }) => said(`“${title}” is saved.`),
);
server.tool(
  {
    name: 'delete_note',
    description: 'Delete one note for good.',
    schema: v.object({ id: described(whole, 'Id of the note, as `list_notes` gives it.') }),
  },
  () => said('Deleted.'),
);

const transport = new HttpTransport(server, { path: '/mcp' });

export default {
  fetch: async (request) => (await transport.respond(request)) ?? new Response(null, { status: 404 }),
};
