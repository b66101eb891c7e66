// Which addresses are public, and which URLs are of this machine.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { classify, isLocal } from '../src/http/addresses.mjs';

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
