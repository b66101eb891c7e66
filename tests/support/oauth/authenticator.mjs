// An authenticator and its browser, as far as passkeys need them (Web Authentication §6, §5.8.1). A test can falsify each part of
// what they answer.

import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const sha256 = (data) => createHash('sha256').update(data).digest();
const encode = (bytes) => Buffer.from(bytes).toString('base64url');

/** CBOR (RFC 8949) of maps of numbers, bytes and texts. */
function cbor(value) {
  const head = (major, length) => {
    if (length < 24) return Buffer.from([(major << 5) | length]);
    if (length < 256) return Buffer.from([(major << 5) | 24, length]);
    return Buffer.from([(major << 5) | 25, length >> 8, length & 255]);
  };
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([head(5, value.size), ...[...value].flat().map(cbor)]);
}

/** The kinds of keys: by their COSE numbers, how one is made, its COSE parameters, and how it signs. */
const KINDS = {
  '-7': {
    make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    cose: ({ x, y }) => [[1, 2], [3, -7], [-1, 1], [-2, Buffer.from(x, 'base64url')], [-3, Buffer.from(y, 'base64url')]],
    sign: (data, key) => sign('sha256', data, key),
  },
  '-8': {
    make: () => generateKeyPairSync('ed25519'),
    cose: ({ x }) => [[1, 1], [3, -8], [-1, 6], [-2, Buffer.from(x, 'base64url')]],
    sign: (data, key) => sign(null, data, key),
  },
  '-257': {
    make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    cose: ({ n, e }) => [[1, 3], [3, -257], [-1, Buffer.from(n, 'base64url')], [-2, Buffer.from(e, 'base64url')]],
    sign: (data, key) => sign('sha256', data, key),
  },
};

/** What a page asks of an authenticator. */
export function asked(page) {
  const found = page.elements.filter(({ attributes }) => attributes['data-passkey']);
  assert.equal(found.length, 1, page.story('one offer of a passkey'));
  const { 'data-challenge': challenge, 'data-party': party, 'data-user': user } = found[0].attributes;
  return { challenge, party, user };
}

export class Authenticator {
  counter = 0;
  id = randomBytes(32);

  constructor(algorithm = -7) {
    this.kind = KINDS[algorithm];
    this.keys = this.kind.make();
  }

  #clientData(type, { challenge, origin, crossOrigin = false }) {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin }));
  }

  #data(party, flags, rest = Buffer.alloc(0)) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    return Buffer.concat([sha256(party), Buffer.from([flags]), counter, rest]);
  }

  /** Makes a credential. The answer is what the script of the page writes into the form. */
  create({ challenge, party, user, origin, flags = 0x45, type = 'webauthn.create' }) {
    this.user = user;
    const key = cbor(new Map(this.kind.cose(this.keys.publicKey.export({ format: 'jwk' }))));
    const credential = Buffer.concat([Buffer.alloc(16), Buffer.from([0, this.id.length]), this.id, key]);
    const attestation = new Map([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', this.#data(party, flags, credential)],
    ]);
    return [this.#clientData(type, { challenge, origin }), cbor(attestation)].map(encode).join('.');
  }

  /** Signs in. */
  get({ challenge, party, origin, flags = 0x05, type = 'webauthn.get', user = this.user, crossOrigin, signature }) {
    const clientData = this.#clientData(type, { challenge, origin, crossOrigin });
    const data = this.#data(party, flags);
    signature ??= this.kind.sign(Buffer.concat([data, sha256(clientData)]), this.keys.privateKey);
    return [...[this.id, clientData, data, signature].map(encode), user].join('.');
  }
}
