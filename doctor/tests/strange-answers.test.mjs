// Whatever a server answers, the examination ends with a report: no crash, nothing endless, no line without bounds.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CHECKLIST, examine } from '../src/checklist.mjs';
import { inMethod } from './support/changes.mjs';
import { during, tell } from './support/doctor.mjs';
import { startExampleServer } from './support/example-server.mjs';

describe('whatever a server answers, the examination ends with a report', () => {
  const STRANGE = [null, 7, '\u0000\r\n', `http://127.0.0.1:9/${'x'.repeat(100_000)}`, [null], ['x', {}], { toString: 1, length: -1 }];
  for (const [index, value] of STRANGE.entries()) {
    test(`all members are ${JSON.stringify(value).slice(0, 40)}`, async () => {
      const all = (document) => Object.fromEntries(Object.keys(document).map((name) => [name, value]));
      const each = (document, keep) => ({ ...all(document), ...Object.fromEntries(keep.map((name) => [name, document[name]])) });
      const faults = [
        (server) => (server.resourceDocument = (document) => each(document, [])),
        (server) => (server.resourceDocument = (document) => each(document, ['resource', 'authorization_servers'])),
        (server) => (server.serverDocument = (document) => each(document, [])),
        (server) =>
          (server.serverDocument = (document) => each(document, ['issuer', 'authorization_endpoint', 'token_endpoint', 'registration_endpoint'])),
        (server) => (server.instead['POST /register'] = ({ json }) => ({ status: 201, body: each({ ...json, client_secret_expires_at: 0 }, []) })),
        (server) => (server.instead['POST /register'] = ({ json }) => ({ status: 201, body: { ...all(json), client_id: 'client-1' } })),
        (server) => (server.instead['POST /token'] = () => ({ status: 400, body: { error: value } })),
        (server) => (server.instead['POST /register'] = () => ({ status: 201, body: value === '' ? 'x' : (value ?? 'null') })),
        inMethod('initialize', () => value),
        inMethod('initialize', () => ({ protocolVersion: value, capabilities: value, serverInfo: value })),
        inMethod('initialize', () => ({ protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: value, version: value } })),
        inMethod('server/discover', () => ({ supportedVersions: value })),
        inMethod('tools/list', () => value),
        inMethod('tools/list', () => ({ tools: value, nextCursor: value })),
        inMethod('tools/list', () => ({
          tools: [
            value,
            { name: value, title: value, description: value, annotations: value, inputSchema: value, securitySchemes: value, _meta: value },
          ],
        })),
        inMethod('tools/list', () => ({
          tools: [{ name: 'n', annotations: { readOnlyHint: true, title: value }, inputSchema: { type: 'object', properties: value } }],
        })),
        inMethod('tools/list', () => ({
          tools: [{ name: 'n', inputSchema: { type: 'object', properties: { method: { enum: ['GET', 'POST', value] }, other: value } } }],
        })),
        inMethod('tools/call', () => value),
        inMethod('tools/call', () => ({ isError: true, content: value, _meta: value })),
      ];
      for (const fault of faults) {
        await during(await startExampleServer(fault), async (server) => {
          const report = await examine(new URL(`${server.origin}/mcp`), { timeout: 5000 });
          assert.equal(report.findings.length, CHECKLIST.length);
          assert.ok(!report.findings.some(({ seen }) => /stumbled/.test(seen)), `${index}: ${fault}\n${tell(report)}`);
          for (const { seen, details = [] } of report.findings)
            for (const line of [seen, ...details]) assert.ok(line.length < 2000, line.slice(0, 200));
        });
      }
    });
  }
});
