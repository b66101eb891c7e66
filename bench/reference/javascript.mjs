// The least that speaks the protocol: a Worker written by hand in plain JavaScript, without a library and nearly without checks.
const tool = {
  name: 'echo',
  description: 'Say something back.',
  inputSchema: { type: 'object', properties: { text: { type: 'string', description: 'What to say.' } }, required: ['text'] },
};
const modern = { resultType: 'complete', _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'reference', version: '1.0.0' } } };

export default {
  async fetch(request) {
    const { origin, pathname } = new URL(request.url);
    if (pathname === '/.well-known/oauth-protected-resource/mcp') {
      return Response.json({ resource: `${origin}/mcp`, authorization_servers: [origin] });
    }
    if (pathname !== '/mcp' || request.method !== 'POST') return new Response(null, { status: 404 });
    const { id, method, params } = await request.json();
    const era = params?._meta?.['io.modelcontextprotocol/protocolVersion'] ? modern : {};
    if (method === 'tools/list') return Response.json({ jsonrpc: '2.0', id, result: { ...era, tools: [tool] } });
    if (method !== 'tools/call') return Response.json({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } });
    if (params.name === 'whoami') {
      const challenge = `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp", scope="profile"`;
      return new Response(null, { status: 401, headers: { 'WWW-Authenticate': challenge } });
    }
    const text = params.arguments?.text;
    if (params.name !== 'echo' || typeof text !== 'string') {
      return Response.json({ jsonrpc: '2.0', id, error: { code: -32602, message: 'Invalid params' } });
    }
    return Response.json({ jsonrpc: '2.0', id, result: { ...era, content: [{ type: 'text', text }] } });
  },
};
