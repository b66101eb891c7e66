// `npm run registry`: what it makes of a server card, the proof of a domain, and what it tells to do.
// tests/operating/discovery.test.mjs runs it against the Worker.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { proofOf, registryKey } from '../registry/key.mjs';
import { instructions, wayToProve } from '../registry/proof.mjs';
import { remarks, SCHEMA, serverJson } from '../registry/server-json.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'mcp-connector-registry-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const CARD = {
  name: 'com.example.mcp/notes',
  version: '1.0.0',
  description: 'Keeps notes.',
  websiteUrl: 'https://example.com/',
  remotes: [
    { type: 'streamable-http', url: 'https://mcp.example.com/mcp', supportedProtocolVersions: ['2026-07-28'] },
    { type: 'streamable-http', url: 'https://mcp.example.com/private/mcp' },
  ],
};

describe('server.json', () => {
  test('has what the card says, and the endpoint that was named', () => {
    assert.deepEqual(serverJson(CARD), {
      $schema: SCHEMA,
      name: 'com.example.mcp/notes',
      description: 'Keeps notes.',
      version: '1.0.0',
      websiteUrl: 'https://example.com/',
      remotes: [{ type: 'streamable-http', url: 'https://mcp.example.com/mcp' }],
    });
  });

  test('keeps what its author has added, and nothing that the card has changed', () => {
    const repository = { url: 'https://github.com/ada/notes', source: 'github' };
    const again = serverJson(CARD, { name: 'old/name', version: '0.9.0', repository, icons: [{ src: 'https://example.com/mine.png' }] });
    assert.deepEqual([again.name, again.version, again.repository], [CARD.name, '1.0.0', repository]);
    assert.deepEqual(again.icons, [{ src: 'https://example.com/mine.png' }], 'the card has none');
  });

  test('names an icon by its URL, and one that is part of the Worker by where the Worker serves it', () => {
    const icons = [
      { src: 'data:image/svg+xml;base64,PHN2Zy8+', mimeType: 'image/svg+xml', sizes: ['any', 'huge'] },
      { src: 'data:image/png;base64,AA==' },
      { src: 'data:image/svg+xml;base64,PHN2Zy8+', theme: 'dark' },
      { src: 'data:image/gif;base64,AA==' },
      { src: 'https://example.com/i.webp', mimeType: 'image/webp', theme: 'light' },
      { src: 'https://example.com/i.gif', mimeType: 'image/gif' },
      { src: `https://example.com/${'i'.repeat(255)}` },
    ];
    assert.deepEqual(serverJson({ ...CARD, icons }).icons, [
      { src: 'https://mcp.example.com/favicon.svg', mimeType: 'image/svg+xml', sizes: ['any'] },
      { src: 'https://mcp.example.com/favicon.png', mimeType: 'image/png' },
      { src: 'https://example.com/i.webp', mimeType: 'image/webp', theme: 'light' },
    ]);
  });

  for (const [what, card, message] of [
    ['of a server on this machine', { remotes: [{ type: 'streamable-http', url: 'http://127.0.0.1:8787/mcp' }] }, /wrangler deploy/],
    ['of a server on this machine by https', { remotes: [{ type: 'streamable-http', url: 'https://localhost/mcp' }] }, /wrangler deploy/],
    ['without a URL', { remotes: [] }, /wrangler deploy/],
    ['with a range as its version', { version: '^1.0.0' }, /Cargo\.toml/],
    ['with “latest” as its version', { version: 'latest' }, /Cargo\.toml/],
  ]) {
    test(`is not written ${what}`, () => assert.throws(() => serverJson({ ...CARD, ...card }), message));
  }

  test('comes with a remark where the description was cut', () => {
    assert.deepEqual(remarks({ description: 'Keeps notes.' }), []);
    assert.match(remarks({ description: 'Keeps notes and…' })[0], /100 characters/);
  });
});

describe('the key for the registry', () => {
  test('is made once, for this user only', () => {
    const file = path.join(folder, 'key');
    const key = registryKey(file);
    assert.match(key, /^[0-9a-f]{64}$/);
    assert.equal(registryKey(file), key);
    assert.equal(readFileSync(file, 'utf8'), key);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  // RFC 8032 §7.1, test 1
  test('has the public half that the registry checks', () => {
    const key = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
    const half = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex').toString('base64');
    assert.equal(proofOf(key), `v=MCPv1; k=ed25519; p=${half}`);
  });

  test('is not taken from a file with something else', () => {
    writeFileSync(path.join(folder, 'other'), '-----BEGIN PRIVATE KEY-----');
    assert.throws(() => registryKey(path.join(folder, 'other')), /64 hexadecimal digits/);
  });
});

describe('what is left to do', () => {
  const at = (name, url = 'https://mcp.example.com/mcp') => wayToProve({ name, remotes: [{ url }] });
  const told = (way, how = {}) => instructions(way, { proof: 'v=MCPv1; k=ed25519; p=x', isServed: false, ...how });

  test('depends on whose the name is', () => {
    assert.deepEqual(at('com.example.mcp/notes'), { method: 'http', domain: 'mcp.example.com', isBelow: true });
    assert.deepEqual(at('com.example/notes'), { method: 'dns', domain: 'example.com', isBelow: true });
    assert.deepEqual(at('org.other/notes'), { method: 'dns', domain: 'other.org', isBelow: false });
    assert.deepEqual(at('io.github.ada/notes'), { method: 'github' });
  });

  test('is a variable, a DNS record or a sign-in, and then to publish', () => {
    assert.match(told(at('com.example.mcp/notes')), /1\. .*\n\n +MCP_REGISTRY_AUTH = "v=MCPv1; k=ed25519; p=x"[^]*2\. [^]*login http --domain mcp\.example\.com [^]*publish$/);
    assert.match(told(at('com.example/notes')), /1\. .*TXT[^]*2\. [^]*login dns --domain example\.com /);
    assert.match(told(at('io.github.ada/notes')), /^ {2}To publish it:\n\n {2}1\. [^]*login github\n/);
    assert.match(told(at('org.other/notes')), /^ {2}The connector is not at other\.org/);
  });

  test('no longer has the proof where that is served', () => assert.doesNotMatch(told(at('com.example.mcp/notes'), { isServed: true }), /MCP_REGISTRY_AUTH/));
});
