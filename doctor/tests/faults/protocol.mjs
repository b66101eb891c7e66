// Faults of the protocol itself.
import { failing, inMethod } from '../support/changes.mjs';

/** @type {import('../faults.test.mjs').Fault[]} */
export const PROTOCOL = [
  {
    rule: 'initialize agrees on a revision that Claude knows',
    fault: inMethod('initialize', () => ({ protocolVersion: '1.0', capabilities: {}, serverInfo: { name: 'x', version: '1' } })),
    check: 'legacy',
    seen: /protocolVersion 1\.0/,
    also: ['tools'],
  },
  {
    rule: 'initialize answers with capabilities and serverInfo',
    fault: inMethod('initialize', () => ({ protocolVersion: '2025-06-18' })),
    check: 'legacy',
    seen: /no capabilities, no serverInfo/,
  },
  {
    rule: 'a server of the newest revision only is red for Claude',
    fault: failing('initialize', { status: 404, body: { jsonrpc: '2.0', id: null, error: { code: -32601, message: 'Method not found' } } }),
    check: 'legacy',
    seen: /-32601 “Method not found”/,
  },
  {
    rule: 'a server without the newest revision is worth knowing',
    fault: (server) => delete server.methods['server/discover'],
    check: 'modern',
    level: 'note',
    seen: /server\/discover is refused.*-32601/,
    effect: /fall back to initialize/,
  },
  {
    rule: 'an unknown method does not make the server fail',
    fault: failing('server/discover', { status: 500, body: 'boom' }),
    check: 'modern',
    seen: /status 500/,
    fix: /JSON-RPC error/,
  },
  {
    rule: 'server/discover lists the newest revision',
    fault: inMethod('server/discover', () => ({ supportedVersions: ['2099-01-01'] })),
    check: 'modern',
    seen: /\["2099-01-01"\]/,
  },
  {
    rule: 'a missing CORS answer is only worth knowing',
    fault: (server) => (server.instead['OPTIONS /mcp'] = () => ({ status: 405 })),
    check: 'cors',
    level: 'note',
    seen: /status 405/,
    effect: /does not need it/,
  },
  {
    rule: 'a client of a newer revision is not refused (MCP "Version Negotiation")',
    fault: (server) =>
      (server.instead['POST /mcp'] = ({ json }) =>
        json?.params?.protocolVersion?.startsWith('2099')
          ? { status: 400, body: { jsonrpc: '2.0', id: json.id, error: { code: -32602, message: 'Unsupported' } } }
          : undefined),
    check: 'negotiation',
    seen: /newer revision is refused: status 400/,
    effect: /no longer connect/,
  },
  {
    rule: 'initialize does not agree on what does not exist',
    fault: (server) => {
      const { initialize } = server.methods;
      server.methods.initialize = (params) => ({ ...initialize(params), protocolVersion: params.protocolVersion });
    },
    check: 'negotiation',
    seen: /agrees on 2099-12-31/,
  },
  {
    rule: 'that older clients do not get their revision is worth knowing',
    fault: (server) => {
      const { initialize } = server.methods;
      server.methods.initialize = (params) => ({ ...initialize(params), protocolVersion: '2025-11-25' });
    },
    check: 'negotiation',
    level: 'note',
    details: /a client of 2025-06-18 gets 2025-11-25/,
  },
  {
    rule: 'that a request without a revision is refused is worth knowing (MCP "Protocol Version Header")',
    fault: (server) =>
      (server.instead['POST /mcp'] = ({ json, headers }) =>
        json?.method === 'ping' && headers['mcp-protocol-version'] === undefined ? { status: 400, body: {} } : undefined),
    check: 'version-header',
    level: 'note',
    seen: /Without MCP-Protocol-Version/,
  },
  {
    rule: 'that any revision is taken is worth knowing',
    fault: (server) =>
      (server.instead['POST /mcp'] = ({ json, headers }) =>
        headers['mcp-protocol-version'] === '1999-01-01' ? { body: { jsonrpc: '2.0', id: json.id, result: {} } } : undefined),
    check: 'version-header',
    level: 'note',
    seen: /1999-01-01.*status 200/,
  },
  {
    rule: 'Accept is read in any order',
    fault: (server) =>
      (server.instead['POST /mcp'] = ({ headers }) => (headers.accept.startsWith('text/event-stream') ? { status: 406, body: {} } : undefined)),
    check: 'request-headers',
    seen: /status 406/,
    effect: /VS Code/,
  },
  {
    rule: 'an answer has a type that clients read',
    fault: (server) => {
      const { reply } = server.endpoint;
      server.endpoint.reply = (asked) => {
        const good = reply.call(server.endpoint, asked);
        return asked.json?.method === 'initialize' && good.status === undefined
          ? { headers: { 'content-type': 'text/plain' }, body: JSON.stringify(good.body) }
          : good;
      };
    },
    check: 'answer-form',
    seen: /Content-Type text\/plain/,
    effect: /Unexpected content type/,
  },
  {
    rule: 'an event of a stream has no other name than message',
    fault: (server) => {
      const { reply } = server.endpoint;
      server.endpoint.reply = (asked) => {
        const good = reply.call(server.endpoint, asked);
        if (good.body?.result === undefined) return good;
        return { headers: { 'content-type': 'text/event-stream' }, body: `event: response\ndata: ${JSON.stringify(good.body)}\n\n` };
      };
    },
    check: 'answer-form',
    seen: /an event named response/,
  },
  {
    rule: '0 is the id of a request',
    fault: (server) => (server.instead['POST /mcp'] = ({ json }) => (json?.id === 0 ? { status: 202 } : undefined)),
    check: 'ids',
    seen: /id 0 gets no answer/,
    effect: /count their requests from 0/,
  },
  {
    rule: 'an id that is a text comes back as one',
    fault: (server) =>
      (server.instead['POST /mcp'] = ({ json }) => (json?.id === 'doctor-1' ? { body: { jsonrpc: '2.0', id: 1, result: {} } } : undefined)),
    check: 'ids',
    seen: /id "doctor-1" gets no answer/,
  },
  {
    rule: 'that ping is not answered is worth knowing (MCP "Ping")',
    fault: (server) => {
      delete server.methods.ping;
    },
    check: 'ping',
    level: 'note',
    seen: /ping is answered with/,
  },
  {
    rule: 'a notification is not refused',
    fault: failing('notifications/initialized', { status: 400, body: { error: 'no id' } }),
    check: 'notifications',
    seen: /status 400/,
    effect: /handshake cannot be finished/,
  },
  {
    rule: 'a notification with another success is worth knowing',
    fault: failing('notifications/initialized', { status: 200, body: {} }),
    check: 'notifications',
    level: 'note',
    seen: /status 200/,
  },
  {
    rule: 'an unknown method is answered',
    fault: failing('doctor/no-such-method', { status: 500, body: 'boom' }),
    check: 'unknown-method',
    seen: /status 500/,
  },
  {
    rule: 'an unknown method with another code is worth knowing',
    fault: (server) =>
      (server.instead['POST /mcp'] = ({ json }) =>
        json?.method === 'doctor/no-such-method' ? { body: { jsonrpc: '2.0', id: json.id, error: { code: -32000, message: 'no' } } } : undefined),
    check: 'unknown-method',
    level: 'note',
    seen: /code -32000/,
  },
  {
    rule: 'a failure over a body that is not JSON is worth knowing',
    fault: (server) => (server.instead['POST /mcp'] = ({ json }) => (json === undefined ? { status: 500, body: 'SyntaxError' } : undefined)),
    check: 'malformed',
    level: 'note',
    seen: /status 500/,
  },
  {
    rule: 'a batch in a revision without batches is worth knowing',
    fault: (server) =>
      (server.instead['POST /mcp'] = ({ json }) =>
        Array.isArray(json) && json.length === 1 ? { body: json.map(({ id }) => ({ jsonrpc: '2.0', id, result: {} })) } : undefined),
    check: 'batches',
    level: 'note',
    seen: /answered in 2025-11-25/,
  },
  {
    rule: 'a session that has ended is 404 (MCP "Session Management")',
    fault: (server) => {
      let ended = false;
      const { reply } = server.endpoint;
      server.endpoint.reply = (asked) => {
        const good = reply.call(server.endpoint, asked);
        const session = asked.headers['mcp-session-id'];
        if (asked.json?.method === 'initialize' && good.status === undefined) return { ...good, headers: { 'mcp-session-id': 'session' } };
        return session !== undefined && ended
          ? { status: 400, body: { jsonrpc: '2.0', id: null, error: { code: -32000, message: 'No valid session' } } }
          : good;
      };
      server.instead['DELETE /mcp'] = () => ((ended = true), { status: 200 });
      server.instead['GET /mcp'] = () => ((ended = false), undefined);
    },
    check: 'sessions',
    seen: /that its client has ended is answered with status 400/,
    effect: /only on 404/,
  },
  {
    rule: 'a GET that is neither a stream nor 405 is worth knowing',
    fault: (server) => (server.instead['GET /mcp'] = () => ({ status: 404 })),
    check: 'get',
    level: 'note',
    seen: /status 404/,
  },
  {
    rule: 'what is declared can be listed',
    fault: (server) => {
      const { initialize } = server.methods;
      server.methods.initialize = (params) => ({ ...initialize(params), capabilities: { tools: {}, prompts: {} } });
    },
    check: 'capabilities',
    details: /prompts\/list: status 200, application\/json, code -32601/,
  },
  {
    rule: 'tools are declared where there are any',
    fault: (server) => {
      const { initialize } = server.methods;
      server.methods.initialize = (params) => ({ ...initialize(params), capabilities: {} });
    },
    check: 'capabilities',
    seen: /does not declare them/,
  },
  {
    rule: 'a result of 2026-07-28 has resultType (MCP "Result Responses")',
    fault: (server) => {
      const discover = server.methods['server/discover'];
      server.methods['server/discover'] = () => ({ ...discover(), resultType: undefined });
    },
    check: 'modern-results',
    seen: /without resultType: server\/discover/,
    effect: /missing required resultType/,
  },
  {
    rule: 'a list of 2026-07-28 without a time is worth knowing (MCP "Caching")',
    fault: (server) => {
      const list = server.methods['tools/list'];
      server.methods['tools/list'] = () => ({ ...list(), ttlMs: undefined });
    },
    check: 'modern-results',
    level: 'note',
    seen: /how long they may be kept: tools\/list/,
  },
  {
    rule: 'other errors than those of 2026-07-28 are worth knowing (MCP "Error Codes")',
    fault: (server) =>
      (server.instead['POST /mcp'] = ({ json, headers }) =>
        headers['mcp-protocol-version'] === '2099-12-31'
          ? { status: 400, body: { jsonrpc: '2.0', id: json.id, error: { code: -32600, message: 'no' } } }
          : undefined),
    check: 'modern-errors',
    level: 'note',
    details: /a revision that does not exist: status 400, application\/json, code -32600; 400 with -32022 is expected/,
  },
  {
    rule: 'that pages may not send Authorization is worth knowing',
    fault: (server) => (server.cors['access-control-allow-headers'] = '*'),
    check: 'cors',
    level: 'note',
    seen: /not with these headers: authorization\./,
  },
  {
    rule: 'that pages cannot read the challenge is worth knowing',
    fault: (server) => delete server.cors['access-control-expose-headers'],
    check: 'cors-exposed',
    level: 'note',
    seen: /cannot read www-authenticate/,
  },
  {
    rule: 'that pages cannot sign in is worth knowing',
    fault: (server) => (server.instead['OPTIONS /register'] = () => ({ status: 405, headers: { 'access-control-allow-origin': 'null' } })),
    check: 'cors-sign-in',
    level: 'note',
    seen: /no CORS at registration_endpoint/,
  },
  {
    rule: 'what needs a sign-in says nothing of the protocol',
    fault: (server) =>
      (server.instead['POST /mcp'] = ({ json, origin }) =>
        ['ping', 'doctor/no-such-method'].includes(json?.method) ? server.endpoint.refusal(origin) : undefined),
    check: 'unknown-method',
    level: 'skip',
    seen: /without a sign-in/,
  },
];
