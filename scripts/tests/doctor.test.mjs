// The decisions of the doctor that need no server: which addresses are public, and how it reads and writes small things.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { classify, isLocal } from '../doctor/addresses.mjs';
import { CHECKLIST } from '../doctor/checklist.mjs';
import { messageIn } from '../doctor/messages.mjs';
import { canonicalResource, challengesIn, resourceMetadataUrls, serverMetadataUrls } from '../doctor/oauth.mjs';
import { lines } from '../doctor/report.mjs';
import { hiddenIn, plain } from '../doctor/verdict.mjs';

describe('addresses', () => {
  for (const [address, name] of [
    ['0.0.0.0', /this network/],
    ['0.1.2.3', /this network/],
    ['10.0.0.1', /private/],
    ['10.255.255.255', /private/],
    ['100.64.0.0', /carrier-grade NAT/],
    ['100.127.255.255', /carrier-grade NAT/],
    ['127.0.0.1', /loopback/],
    ['127.255.0.9', /loopback/],
    ['169.254.169.254', /link-local/],
    ['172.16.0.1', /private/],
    ['172.31.255.255', /private/],
    ['192.0.0.1', /protocols/],
    ['192.0.2.7', /documentation/],
    ['192.88.99.1', /6to4/],
    ['192.168.0.1', /private/],
    ['198.18.0.1', /benchmarks/],
    ['198.19.255.255', /benchmarks/],
    ['198.51.100.4', /documentation/],
    ['203.0.113.4', /documentation/],
    ['224.0.0.1', /multicast/],
    ['239.255.255.250', /multicast/],
    ['240.0.0.1', /reserved/],
    ['255.255.255.255', /reserved/],
    ['::', /unspecified/],
    ['::1', /loopback/],
    ['::7f00:1', /IPv4-compatible/],
    ['::ffff:10.0.0.1', /IPv4-mapped 10\.0\.0\.1, a private network/],
    ['::ffff:7f00:1', /IPv4-mapped 127\.0\.0\.1, loopback/],
    ['64:ff9b::10.0.0.1', /NAT64 10\.0\.0\.1, a private network/],
    ['64:ff9b::6440:1', /NAT64 100\.64\.0\.1, carrier-grade NAT/],
    ['64:ff9b:1::8.8.8.8', /NAT64 of a local network/],
    ['100::1', /discard/],
    ['2001::1', /Teredo/],
    ['2001:2::1', /protocols/],
    ['2001:10::1', /protocols/],
    ['2001:db8::1', /documentation/],
    ['2002:a00:1::', /6to4/],
    ['3fff::1', /documentation/],
    ['3fff:fff:ffff::1', /documentation/],
    ['5f00::1', /segment routing/],
    ['fc00::1', /unique local/],
    ['fdff:ffff::1', /unique local/],
    ['fe80::1', /link-local/],
    ['fe80::1%eth0', /link-local/],
    ['febf::1', /link-local/],
    ['fec0::1', /site-local/],
    ['ff02::1', /multicast/],
    ['4000::1', /not handed out/],
    ['e000::1', /not handed out/],
    ['example.com', /no address/],
    ['1.2.3', /no address/],
    ['', /no address/],
  ]) {
    test(`${address || 'nothing'} is not global`, () => {
      const found = classify(address);
      assert.equal(found.global, false, JSON.stringify(found));
      assert.match(found.name, name);
    });
  }

  for (const address of [
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '160.79.104.1',
    '169.253.255.255',
    '169.255.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '191.255.255.255',
    '192.0.0.9',
    '192.0.0.10',
    '192.0.1.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2606:4700::1111',
    '2000::1',
    '2001:200::1',
    '2001:1::1',
    '2001:4:112::1',
    '2001:20::1',
    '2001:4860:4860::8888',
    '2003::1',
    '3ffe::1',
    '3fff:1000::1',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '64:ff9b::808:808',
  ]) {
    test(`${address} is global`, () => assert.equal(classify(address).global, true, JSON.stringify(classify(address))));
  }

  for (const [url, local] of [
    ['http://localhost:8787/mcp', true],
    ['http://LOCALHOST./mcp', true],
    ['http://notes.localhost/mcp', true],
    ['http://printer.local/mcp', true],
    ['http://127.0.0.1/mcp', true],
    ['http://[::1]:8787/mcp', true],
    ['http://[fd00::1]/mcp', true],
    ['http://192.168.1.4/mcp', true],
    ['http://100.100.100.100/mcp', true],
    ['http://2130706433/mcp', true],
    ['https://notes.example.workers.dev/mcp', false],
    ['https://localhost.example/mcp', false],
    ['https://8.8.8.8/mcp', false],
    ['https://[2606:4700::1111]/mcp', false],
  ]) {
    test(`${url} is ${local ? '' : 'not '}local`, () => assert.equal(isLocal(new URL(url)), local));
  }
});

describe('challenges', () => {
  for (const [rule, value, expected] of [
    ['parameters with and without quotes', 'Bearer realm="a, b", scope=notes', [['Bearer', { realm: 'a, b', scope: 'notes' }]]],
    ['several challenges', 'Basic realm="x", Bearer error="invalid_token"', [['Basic', { realm: 'x' }], ['Bearer', { error: 'invalid_token' }]]],
    ['a scheme alone', 'Negotiate', [['Negotiate', {}]]],
    ['a scheme alone before another', 'Negotiate, Bearer a=b', [['Negotiate', {}], ['Bearer', { a: 'b' }]]],
    ['escaped quotes', 'Bearer d="say \\"hi\\""', [['Bearer', { d: 'say "hi"' }]]],
    ['a URL without quotes', 'Bearer resource_metadata=https://a.example/x?y=z', [['Bearer', { resource_metadata: 'https://a.example/x?y=z' }]]],
    ['parameters without commas', 'Bearer a="1" b="2"', [['Bearer', { a: '1', b: '2' }]]],
    ['nothing', '', []],
    ['no challenge at all', '"', []],
  ]) {
    test(`${rule} can be read`, () =>
      assert.deepEqual(
        challengesIn(value).map(({ scheme, parameters }) => [scheme, parameters]),
        expected,
      ));
  }
});

describe('URLs', () => {
  test('a resource is named without slash, fragment and default port', () => {
    assert.equal(canonicalResource('HTTPS://Host.Example:443/MCP/#x'), 'https://host.example/MCP');
    assert.equal(canonicalResource('https://host.example/'), 'https://host.example');
    assert.equal(canonicalResource('https://host.example:8443/a/b?c=d'), 'https://host.example:8443/a/b?c=d');
  });

  test('metadata of a resource is looked for under its path and at the root', () => {
    const hrefs = (url) => resourceMetadataUrls(new URL(url)).map(({ href }) => href);
    assert.deepEqual(hrefs('https://h.example/a/mcp/'), [
      'https://h.example/.well-known/oauth-protected-resource/a/mcp',
      'https://h.example/.well-known/oauth-protected-resource',
    ]);
    assert.deepEqual(hrefs('https://h.example/'), ['https://h.example/.well-known/oauth-protected-resource']);
  });

  test('metadata of an issuer is looked for in three places, or two', () => {
    const hrefs = (issuer) => serverMetadataUrls(issuer).map(({ href }) => href);
    assert.deepEqual(hrefs('https://h.example/realms/x'), [
      'https://h.example/.well-known/oauth-authorization-server/realms/x',
      'https://h.example/.well-known/openid-configuration/realms/x',
      'https://h.example/realms/x/.well-known/openid-configuration',
    ]);
    assert.deepEqual(hrefs('https://h.example'), [
      'https://h.example/.well-known/oauth-authorization-server',
      'https://h.example/.well-known/openid-configuration',
    ]);
  });
});

describe('messages', () => {
  const result = '{"jsonrpc":"2.0","id":7,"result":{}}';
  for (const [rule, text, type, found] of [
    ['JSON', result, 'application/json', true],
    ['a stream', `: hi\n\nevent: message\ndata: ${result}\n\n`, 'text/event-stream; charset=utf-8', true],
    ['a stream with other line ends', `id: 1\r\ndata: ${result}\r\n\r\n`, 'text/event-stream', true],
    ['a stream with other messages first', `data: {"jsonrpc":"2.0","method":"notifications/message"}\n\ndata: ${result}\n\n`, 'text/event-stream', true],
    ['data over several lines', `data: {"jsonrpc":"2.0",\ndata: "id":7,"result":{}}\n\n`, 'text/event-stream', true],
    ['a batch', `[${result}]`, 'application/json', true],
    ['an error without id', '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}', 'application/json', true],
    ['the answer to another request', '{"jsonrpc":"2.0","id":8,"result":{}}', 'application/json', false],
    ['a request', '{"jsonrpc":"2.0","id":7,"method":"ping"}', 'application/json', false],
    ['a page', '<html>', 'text/html', false],
    ['JSON that is no message', '[null,1,"x"]', 'application/json', false],
    ['half a stream', 'data: {"jsonrpc":"2.0","id":7,"res', 'text/event-stream', false],
  ]) {
    test(`${rule}: ${found ? 'the answer is found' : 'no answer'}`, () => assert.equal(messageIn(text, type, 7) !== undefined, found));
  }
});

describe('what is shown', () => {
  test('nothing from outside steers a terminal', () => {
    assert.equal(plain('a\u001b[31mb\u0007\u009bc\u202ed\u200be\u{e0041}f\r\ng'), 'a�[31mb��c�d�e�f��g');
    assert.equal(plain('Müller “ok” 日本 👍'), 'Müller “ok” 日本 👍');
  });

  test('hidden characters are named, line breaks and joined emoji are none', () => {
    assert.deepEqual(hiddenIn('a\u200bb\u{e0041}'), ['U+200B', 'U+E0041']);
    assert.deepEqual(hiddenIn('two\nlines\tand 👩‍💻 ⚠️'), []);
  });

  test('lines keep the width of the terminal, and colour is only used where asked for', () => {
    const finding = { id: 'x', group: 'Group', title: 'Title', level: 'fail', seen: 'word '.repeat(40).trim(), claude: 'shows it. '.repeat(9).trim(), fix: 'Mend it.' };
    const dull = lines({ colour: false, columns: 80 }).finding(finding);
    assert.ok(dull.split('\n').every((line) => line.length <= 80), dull);
    assert.ok(!dull.includes('\u001b'));
    assert.match(lines({ colour: true, columns: 80 }).finding(finding), /\u001b\[31mFAIL\u001b\[0m/);
  });

  test('why many checks were not made is told once in a group', () => {
    const writer = lines({ colour: false });
    const blocked = (group) => ({ group, title: 'Title', level: 'skip', seen: 'not looked at: “TLS” comes first.', unasked: true });
    const told = ['Way in', 'Way in', 'Tools'].map((group) => writer.finding(blocked(group)));
    assert.deepEqual(told.map((text) => text === undefined), [false, true, false]);
  });
});

test('docs/doctor.md explains every line, in the order of the list', () => {
  const text = readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8');
  const explained = [...text.matchAll(/^\| \*\*(.+?)\*\* `([a-z-]+)` \|/gm)].map(([, title, id]) => ({ id, title }));
  assert.deepEqual(
    explained,
    CHECKLIST.map(({ id, title }) => ({ id, title })),
  );
});
