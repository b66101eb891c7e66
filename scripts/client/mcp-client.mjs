// The few requests that `npm run call` needs: Streamable HTTP without a session, revision 2025-11-25.

const VERSION = '2025-11-25';

/** An answer that asks for a sign-in: 401, or 403 with the scopes that are missing. */
export class SignInRequired extends Error {
  constructor(challenge) {
    super('The connector asks for a sign-in.');
    /** What it asks for, separated by spaces. */
    this.scope = /\bscope="([^"]*)"/.exec(challenge)?.[1];
  }
}

/** An error of the protocol. */
export class RpcError extends Error {}

/**
 * Sends one request and returns its result.
 * @param {string} url of the MCP endpoint
 * @param {{token?: string, onNotification?: (message: object) => void}} [how]
 */
export async function request(url, method, params = {}, { token, onNotification = () => {} } = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': VERSION,
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const challenge = response.headers.get('www-authenticate');
  if ([401, 403].includes(response.status) && challenge) throw new SignInRequired(challenge);
  for await (const message of messagesOf(response)) {
    if (message.id !== 1) onNotification(message);
    else if (message.error) throw new RpcError(`${message.error.message} (${message.error.code})`);
    else return message.result;
  }
  throw new RpcError(`the connector sent no answer (status ${response.status})`);
}

async function* messagesOf(response) {
  if (!/^text\/event-stream\b/.test(response.headers.get('content-type') ?? '')) {
    const text = await response.text();
    try {
      yield JSON.parse(text);
    } catch {
      throw new RpcError(`status ${response.status}: ${text.slice(0, 200)}`);
    }
    return;
  }
  let rest = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const events = `${rest}${chunk}`.replaceAll('\r\n', '\n').split('\n\n');
    rest = events.pop();
    for (const event of events) {
      const data = event.split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart()).join('\n');
      if (data) yield JSON.parse(data);
    }
  }
}

/** All tools, from all pages of the list. */
export async function listTools(url, how) {
  const tools = [];
  for (let cursor; ; ) {
    const page = await request(url, 'tools/list', cursor === undefined ? {} : { cursor }, how);
    tools.push(...page.tools);
    if (page.nextCursor === undefined) return tools;
    cursor = page.nextCursor;
  }
}
