// Whether the sign-in can be walked around: the same read-only tool that was refused, asked for in another form.
import { legacy, messagesIn, modern, posting } from '../../wire/messages.mjs';
import { fail, ok, quote, skip } from '../../verdict.mjs';

/** Whether an answer holds what the tool gives to those who are signed in. */
const opened = (answer) =>
  !answer.fault &&
  answer.status === 200 &&
  messagesIn(answer.text, answer.headers['content-type']).some(
    ({ result }) => Array.isArray(result?.content) && result.isError !== true && result._meta?.['mcp/www_authenticate'] === undefined,
  );

/** No other form of a request passes where the plain one is refused. */
export async function waysAround(probe) {
  const found = await probe.protectedTool();
  if (!found) return skip('no read-only tool is known that needs a sign-in.');
  const { name } = found;
  const params = { name, arguments: {} };
  const how = (await probe.entry())?.how ?? {};
  const { headers } = legacy('tools/call', params, how);
  const call = { jsonrpc: '2.0', id: 'doctor-3', method: 'tools/call', params };
  const ping = { jsonrpc: '2.0', id: 'doctor-4', method: 'ping' };
  const tries = [
    ['in a batch', posting([ping, call], headers, call.id)],
    ['with headers that name a harmless method', modern('tools/call', params, { headers: { 'mcp-method': 'server/discover', 'mcp-name': null } })],
  ];
  for (const [form, request] of tries) {
    const answer = await probe.rpc(`tools/call ${name} ${form}`, request);
    if (!opened(answer)) continue;
    return fail(
      `${quote(name, 64)} needs a sign-in, but is carried out without one ${form}.`,
      'Anybody can call the tools that are meant for people who have signed in.',
      'Decide from the parsed body, for each message in it, before anything is carried out.',
    );
  }
  return ok(`${quote(name, 64)} stays closed in a batch, and with headers that say something else.`);
}
