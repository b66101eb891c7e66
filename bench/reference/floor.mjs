// The least that speaks the protocol: a Worker written by hand in plain JavaScript, without a library and nearly without checks.
const string = (description) => ({ type: 'string', description });
const whole = (description) => ({ type: 'integer', minimum: 0, description });
const tool = (name, description, properties = {}, required = Object.keys(properties)) => ({
  name,
  description,
  inputSchema: { type: 'object', properties, required },
});
/** Those of the starter. */
const tools = [
  tool('echo', 'Say the same text back. Needs no sign-in.', { text: string('What to say back.') }),
  tool('whoami', 'Tell who is signed in.'),
  tool(
    'list_notes',
    'List the notes, with their ids, page by page.',
    {
      cursor: whole('`next_cursor` of the page before. Leave it out for the first page.'),
      title: string('Only notes whose titles begin with this. Leave it out for all.'),
    },
    [],
  ),
  tool('save_note', 'Save a new note.', {
    title: { ...string('A short heading.'), minLength: 1, maxLength: 200 },
    body: { ...string('The text of the note.'), maxLength: 20_000 },
  }),
  tool('delete_note', 'Delete one note for good.', { id: whole('Id of the note, as `list_notes` gives it.') }),
];
const serverInfo = { name: 'reference', version: '1.0.0' };
const modern = { resultType: 'complete', _meta: { 'io.modelcontextprotocol/serverInfo': serverInfo } };

/** A document of the well-known ones. */
function metadata(origin, pathname) {
  switch (pathname) {
    case '/.well-known/oauth-protected-resource/mcp':
      return { resource: `${origin}/mcp`, authorization_servers: [origin], scopes_supported: ['profile'] };
    case '/.well-known/oauth-authorization-server':
      return {
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        registration_endpoint: `${origin}/register`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
      };
  }
}

export default {
  async fetch(request) {
    const { origin, pathname } = new URL(request.url);
    if (request.method === 'GET') {
      const document = metadata(origin, pathname);
      return document ? Response.json(document) : new Response(null, { status: 404 });
    }
    if (pathname !== '/mcp' || request.method !== 'POST') return new Response(null, { status: 404 });
    const { id, method, params } = await request.json();
    const era = params?._meta?.['io.modelcontextprotocol/protocolVersion'] ? modern : {};
    const answer = (result) => Response.json({ jsonrpc: '2.0', id, result: { ...era, ...result } });
    const refuse = (code, message) => Response.json({ jsonrpc: '2.0', id, error: { code, message } });
    if (method === 'initialize') return answer({ protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo });
    if (method === 'tools/list') return answer({ tools });
    if (method !== 'tools/call') return refuse(-32601, 'Method not found');
    if (params.name === 'whoami' && request.headers.has('authorization')) return answer({ content: [{ type: 'text', text: 'You are owner.' }] });
    if (params.name === 'whoami') {
      const challenge = `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp", scope="profile"`;
      return new Response(null, { status: 401, headers: { 'WWW-Authenticate': challenge } });
    }
    const text = params.arguments?.text;
    if (params.name !== 'echo' || typeof text !== 'string') return refuse(-32602, 'Invalid params');
    return answer({ content: [{ type: 'text', text }] });
  },
};
