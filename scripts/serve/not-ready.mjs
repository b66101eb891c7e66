// The answer to a request while there is no Worker: 503 in the form that its sender reads, which is a page that reloads itself, an
// error of JSON-RPC, or one of OAuth.

/** After how many seconds to try again. */
const RETRY = 2;

/** Where clients speak MCP. */
const MCP_PATH = /^\/(private\/)?mcp\/?(\?|$)|^\/sse(\/|\?|$)/;

/** A longer body is not read for the id of its request. In bytes. */
const LONGEST_BODY = 1024 * 1024;

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {string} reason a sentence
 */
export async function notReady(request, response, reason) {
  const { body, type } = await answer(request, reason);
  if (response.destroyed) return;
  response.writeHead(request.method === 'OPTIONS' ? 204 : 503, {
    'cache-control': 'no-store',
    'retry-after': RETRY,
    // A page that calls the connector can read why it cannot.
    'access-control-allow-origin': '*',
    'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '*',
    'access-control-allow-methods': 'GET, POST, DELETE',
    'access-control-expose-headers': 'retry-after',
    ...(request.method !== 'OPTIONS' && { 'content-type': type }),
  });
  response.end(['OPTIONS', 'HEAD'].includes(request.method) ? undefined : body);
}

async function answer(request, reason) {
  const text = `${reason} Try again in a moment.`;
  if (MCP_PATH.test(request.url)) {
    return { type: 'application/json', body: JSON.stringify({ jsonrpc: '2.0', id: await idIn(request), error: { code: -32603, message: text } }) };
  }
  request.resume();
  if (/\btext\/html\b/.test(request.headers.accept ?? '')) return { type: 'text/html; charset=utf-8', body: page(reason) };
  return { type: 'application/json', body: JSON.stringify({ error: 'temporarily_unavailable', error_description: text }) };
}

/** The id of the JSON-RPC request in a body; null where there is none. */
async function idIn(request) {
  const chunks = [];
  let length = 0;
  try {
    for await (const chunk of request) {
      length += chunk.length;
      if (length <= LONGEST_BODY) chunks.push(chunk);
    }
    const { id } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return ['string', 'number'].includes(typeof id) ? id : null;
  } catch {
    // The body broke off or holds no request.
    return null;
  }
}

function page(reason) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${RETRY}">
<title>One moment</title>
<style>:root { color-scheme: light dark } body { font: 1rem/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 30rem; padding: 0 1rem }</style>
<h1>One moment</h1>
<p>${reason.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</p>
<p>This page reloads by itself.</p>
</html>
`;
}
