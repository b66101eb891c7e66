// tmcp with its HTTP transport and Valibot adapter, as their READMEs show them.
import { ValibotJsonSchemaAdapter } from '@tmcp/adapter-valibot';
import { HttpTransport } from '@tmcp/transport-http';
import { McpServer } from 'tmcp';
import * as v from 'valibot';

const server = new McpServer(
  { name: 'reference', version: '1.0.0', description: 'Echoes.' },
  { adapter: new ValibotJsonSchemaAdapter(), capabilities: { tools: {} } },
);

server.tool(
  {
    name: 'echo',
    description: 'Say something back.',
    schema: v.object({ text: v.pipe(v.string(), v.description('What to say.')) }),
  },
  ({ text }) => ({ content: [{ type: 'text', text }] }),
);

const transport = new HttpTransport(server, { path: '/mcp' });

export default {
  fetch: async (request) => (await transport.respond(request)) ?? new Response(null, { status: 404 }),
};
