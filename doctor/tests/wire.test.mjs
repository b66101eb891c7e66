// How the doctor reads challenges, URLs and JSON-RPC messages.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { messageIn } from '../src/wire/messages.mjs';
import { canonicalResource, challengesIn, resourceMetadataUrls, serverMetadataUrls } from '../src/wire/oauth.mjs';

describe('challenges', () => {
  for (const [rule, value, expected] of [
    ['parameters with and without quotes', 'Bearer realm="a, b", scope=notes', [['Bearer', { realm: 'a, b', scope: 'notes' }]]],
    [
      'several challenges',
      'Basic realm="x", Bearer error="invalid_token"',
      [
        ['Basic', { realm: 'x' }],
        ['Bearer', { error: 'invalid_token' }],
      ],
    ],
    ['a scheme alone', 'Negotiate', [['Negotiate', {}]]],
    [
      'a scheme alone before another',
      'Negotiate, Bearer a=b',
      [
        ['Negotiate', {}],
        ['Bearer', { a: 'b' }],
      ],
    ],
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
    [
      'a stream with other messages first',
      `data: {"jsonrpc":"2.0","method":"notifications/message"}\n\ndata: ${result}\n\n`,
      'text/event-stream',
      true,
    ],
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
