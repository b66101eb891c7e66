// Which addresses the public internet can route to, and what a name resolves to.
//
// Claude resolves the name of a connector and refuses it when any address is not globally routable. The ranges are those of
// the IANA special-purpose registries (RFC 6890 and its updates) that are marked as not globally reachable, and multicast.
import dns from 'node:dns/promises';
import { BlockList, isIP, isIPv4 } from 'node:net';

/** @type {[range: string, name: string][]} */
const SPECIAL_V4 = [
  ['0.0.0.0/8', 'this network'],
  ['10.0.0.0/8', 'a private network'],
  ['100.64.0.0/10', 'carrier-grade NAT'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'a private network'],
  ['192.0.0.0/24', 'reserved for protocols'],
  ['192.0.2.0/24', 'documentation'],
  ['192.88.99.0/24', 'the former 6to4 relays'],
  ['192.168.0.0/16', 'a private network'],
  ['198.18.0.0/15', 'benchmarks'],
  ['198.51.100.0/24', 'documentation'],
  ['203.0.113.0/24', 'documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
];

/** Inside a range above, and globally reachable nevertheless. */
const GLOBAL_V4 = ['192.0.0.9/32', '192.0.0.10/32'];

/** What has to be named before `2000::/3`, the only part of IPv6 that is handed out for global use. */
const SPECIAL_V6 = [
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['::/96', 'the former IPv4-compatible form'],
  ['64:ff9b:1::/48', 'NAT64 of a local network'],
  ['100::/64', 'discard-only'],
  ['100:0:0:1::/64', 'a dummy prefix'],
  ['2001::/32', 'Teredo'],
  ['2001::/23', 'reserved for protocols'],
  ['2001:db8::/32', 'documentation'],
  ['2002::/16', '6to4'],
  ['3fff::/20', 'documentation'],
  ['5f00::/16', 'segment routing'],
  ['fc00::/7', 'unique local'],
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'the former site-local form'],
  ['ff00::/8', 'multicast'],
];

/** Inside a range above, and globally reachable nevertheless. */
const GLOBAL_V6 = ['2001:1::1/128', '2001:1::2/128', '2001:1::3/128', '2001:3::/32', '2001:4:112::/48', '2001:20::/28', '2001:30::/28'];

const list = (family, ...ranges) => {
  const block = new BlockList();
  for (const range of ranges) {
    const [network, bits] = range.split('/');
    block.addSubnet(network, Number(bits), family);
  }
  return (address) => block.check(address, family);
};
const named = (family, table) => table.map(([range, name]) => ({ range, name, has: list(family, range) }));

const special = { ipv4: named('ipv4', SPECIAL_V4), ipv6: named('ipv6', SPECIAL_V6) };
const exempt = { ipv4: list('ipv4', ...GLOBAL_V4), ipv6: list('ipv6', ...GLOBAL_V6) };
const isUnicastV6 = list('ipv6', '2000::/3');

/**
 * @param {string} address  IPv4 or IPv6, without brackets
 * @returns {{global: boolean, name: string}}  `name` says what the address is, for people
 */
export function classify(address) {
  const bare = address.replace(/%.*$/, '');
  if (!isIP(bare)) return { global: false, name: 'no address' };
  if (isIPv4(bare)) return classifyIn('ipv4', bare);

  const words = wordsOf(bare);
  const tail = [words[6] >> 8, words[6] & 255, words[7] >> 8, words[7] & 255].join('.');
  // The address is embedded: RFC 4291 §2.5.5.2 and RFC 6052.
  if (words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff) return inside('IPv4-mapped', tail);
  if (words[0] === 0x64 && words[1] === 0xff9b && words.slice(2, 6).every((word) => word === 0)) return inside('NAT64', tail);
  const found = classifyIn('ipv6', bare);
  return found.global && !isUnicastV6(bare) ? { global: false, name: 'not handed out for global use' } : found;
}

function classifyIn(family, address) {
  const found = special[family].find((range) => range.has(address));
  if (!found || exempt[family](address)) return { global: true, name: 'public' };
  return { global: false, name: `${found.name}, ${found.range}` };
}

function inside(form, address) {
  const inner = classifyIn('ipv4', address);
  return { global: inner.global, name: `${form} ${address}, ${inner.name}` };
}

/** The eight words of a valid IPv6 address. */
function wordsOf(address) {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [a, b, c, d] = dotted ? dotted.slice(1).map(Number) : [];
  const text = dotted ? address.slice(0, dotted.index) + [((a << 8) | b).toString(16), ((c << 8) | d).toString(16)].join(':') : address;
  const [head, tail] = text.split('::').map((part) => (part === '' ? [] : part.split(':').map((word) => parseInt(word, 16))));
  return tail === undefined ? head : [...head, ...Array(8 - head.length - tail.length).fill(0), ...tail];
}

/** The host of a URL as `classify` and `resolve` take it. */
export const hostOf = (url) => url.hostname.replace(/^\[(.*)\]$/, '$1');

/** Whether a URL names this machine or a network of its own, so that nobody expects the internet to reach it. */
export function isLocal(url) {
  const host = hostOf(url).toLowerCase().replace(/\.$/, '');
  if (isIP(host)) return !classify(host).global;
  return host === 'localhost' || host.endsWith('.localhost') || host.endsWith('.local');
}

/** What no answer is worth waiting longer for, in milliseconds. */
const DNS_LIMIT = 5000;

/**
 * Asks the DNS, as a machine elsewhere would, and only where it has nothing this machine, which has a hosts file too.
 * @param {string} host
 * @returns {Promise<{addresses: string[], source: 'literal' | 'dns' | 'hosts' | 'system'}>}  `hosts`: the DNS knows nothing
 *   of this name; `system`: the DNS could not be asked
 */
export async function resolve(host) {
  if (isIP(host)) return { addresses: [host], source: 'literal' };
  const resolver = new dns.Resolver({ timeout: DNS_LIMIT / 2, tries: 1 });
  const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  const addresses = found.flatMap(({ value }) => value ?? []);
  if (addresses.length > 0) return { addresses, source: 'dns' };
  const known = await within(DNS_LIMIT, dns.lookup(host, { all: true }));
  const denied = found.every(({ reason }) => ['ENOTFOUND', 'ENODATA'].includes(reason.code));
  return { addresses: known.map(({ address }) => address), source: denied ? 'hosts' : 'system' };
}

function within(ms, promise) {
  let limit;
  const late = new Promise((_, reject) => (limit = setTimeout(() => reject(new Error(`no answer in ${ms / 1000} s`)), ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(limit));
}
