// The page of a host with MCP Apps, as far as one view needs it: the official client asks the server, the official bridge
// (`AppBridge`) speaks with the view, and the view is in a sandbox on another origin. Runs in the browser.

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { AppBridge, PostMessageTransport, RESOURCE_MIME_TYPE, getToolUiResourceUri } from '@modelcontextprotocol/ext-apps/app-bridge';

const HOST = { name: 'behaviour-tests', version: '1.0.0' };

/** What the host saw, for the tests. */
const seen = { calls: [], contexts: [], sizes: [], appInfo: null };

/**
 * Calls a tool and shows its view.
 * @param {object} options
 * @param {object} options.capabilities  of the host, as the view is told
 * @param {object} options.context       of the host, as the view is told
 * @param {object} [options.result]      handed to the view instead of the tool's own result
 * @param {boolean} [options.cancelled]  the call was cancelled
 */
async function showView({ sandbox, tool: name, capabilities, context, result: other, cancelled }) {
  const client = new Client(HOST, { capabilities: {} });
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', location.href)));
  const tool = (await client.listTools()).tools.find((listed) => listed.name === name);
  const uri = getToolUiResourceUri(tool);
  const { contents } = await client.readResource({ uri });
  const [{ mimeType, text: html, _meta }] = contents;
  if (mimeType !== RESOURCE_MIME_TYPE) throw new Error(`${uri} is ${mimeType}`);

  const frame = document.createElement('iframe');
  frame.title = tool.title;
  document.body.append(frame);
  const isReady = new Promise((resolve) => {
    addEventListener('message', ({ source, data }) => {
      if (source === frame.contentWindow && data.method === 'ui/notifications/sandbox-proxy-ready') resolve();
    });
  });
  frame.src = sandbox;
  await isReady;

  const bridge = new AppBridge(client, HOST, capabilities, { hostContext: context });
  bridge.addEventListener('sizechange', ({ height }) => {
    seen.sizes.push(height);
    frame.style.height = `${height}px`;
  });
  bridge.onupdatemodelcontext = async (params) => {
    seen.contexts.push(params);
    return {};
  };
  const forward = async (params) => {
    seen.calls.push(params);
    return window.refusing ? Promise.reject(new Error(window.refusing)) : client.callTool(params);
  };
  const begun = new Promise((resolve) => bridge.addEventListener('initialized', resolve));
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  bridge.oncalltool = forward;
  await bridge.sendSandboxResourceReady({ html, ..._meta?.ui });
  await begun;
  seen.appInfo = bridge.getAppVersion();
  await bridge.sendToolInput({ arguments: {} });
  if (cancelled) await bridge.sendToolCancelled({ reason: 'the person stopped it' });
  else await bridge.sendToolResult(other ?? (await client.callTool({ name, arguments: {} })));
  Object.assign(window, { bridge, frame });
}

Object.assign(window, { showView, seen });
