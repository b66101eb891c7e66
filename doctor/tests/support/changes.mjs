// Changes to the example server, each of which makes one fault.

export const PAGE = { 'content-type': 'text/html; charset=utf-8' };

/** Answers JSON-RPC with a stream that sends its message and never ends. */
export function streamed(server, serve) {
  return (request, response) => {
    const { writeHead, end } = response;
    let type;
    response.writeHead = (status, headers) => ((type = headers['content-type']), writeHead.call(response, status, stream(type, headers)));
    response.end = (text) => {
      if (!isMessage(type, text)) return end.call(response, text);
      return response.write(`: hello\n\nevent: message\ndata: ${text}\n\n`);
    };
    const stream = (kind, headers) =>
      request.url.startsWith('/mcp') && kind && !headers['www-authenticate'] ? { ...headers, 'content-type': 'text/event-stream' } : headers;
    const isMessage = (kind, text) => kind !== undefined && text.includes('"jsonrpc"');
    return serve.call(server, request, response);
  };
}

/** The reply of a document that is served in its place. */
export const moved = (to) => () => ({ status: 302, headers: { location: to } });
export const both = (server, reply) => {
  server.instead['POST /mcp'] = reply;
  server.instead['POST /mcp/'] = reply;
};
export const inServer = (change) => (server) => {
  server.serverDocument = (document) => ({ ...document, ...change });
};
export const inResource = (change) => (server) => {
  server.resourceDocument = (document) => ({ ...document, ...change });
};
export const withTool = (tool) => (server) => {
  const healthy = {
    name: 'other',
    title: 'Other',
    description: 'One of many.',
    inputSchema: { type: 'object', properties: {} },
    annotations: { readOnlyHint: true },
  };
  server.tools.push({ ...healthy, ...tool });
};
export const inMethod = (name, method) => (server) => {
  server.methods[name] = method;
};
export const failing = (name, reply) => (server) => {
  server.instead['POST /mcp'] = ({ json }) => (json?.method === name ? reply : undefined);
};
export const slow = (ms) => () => new Promise((resolve) => setTimeout(resolve, ms));
