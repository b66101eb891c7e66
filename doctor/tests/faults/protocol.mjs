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
];
