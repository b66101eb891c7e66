// X.509 certificates made for a test (RFC 5280), in DER by hand: Node verifies certificates but makes none.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const tagged = (tag, ...parts) => {
  const body = Buffer.concat(parts);
  const size = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
};
const sequence = (...parts) => tagged(0x30, ...parts);
const octets = (...parts) => tagged(0x04, ...parts);
const bits = (bytes) => tagged(0x03, Buffer.from([0]), bytes);
const id = (hex) => tagged(0x06, Buffer.from(hex, 'hex'));
const integer = (bytes) => tagged(0x02, bytes);
const yes = tagged(0x01, Buffer.from([0xff]));
/** UTCTime, good until 2049. */
const time = (date) => tagged(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));

const ECDSA_WITH_SHA256 = sequence(id('2a8648ce3d040302'));
const name = (text) => sequence(tagged(0x31, sequence(id('550403'), tagged(0x0c, Buffer.from(text)))));
const extension = (oid, critical, value) => sequence(id(oid), ...(critical ? [yes] : []), octets(value));
const basicConstraints = (isAuthority) => extension('551d13', true, sequence(...(isAuthority ? [yes] : [])));
const keyId = (key) => createHash('sha1').update(key).digest();
const pem = (der) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;

/**
 * @typedef {{cert: string, key: string, subject: string, signer: import('node:crypto').KeyObject, keyBytes: Buffer}} Certificate
 *
 * @param {string} subject  its common name, and the DNS name it is for
 * @param {object} [how]
 * @param {Certificate} [how.by]  who signs it; itself if nobody
 * @param {boolean} [how.authority]  whether it may sign others
 * @param {[from: number, to: number]} [how.days]  when it is good, in days from now
 * @returns {Certificate}
 */
export function certificate(subject, { by, authority = false, days: [from, to] = [-1, 30] } = {}) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const keyBytes = publicKey.export({ type: 'spki', format: 'der' });
  const issuer = by ?? { subject, signer: privateKey, keyBytes };
  const at = (days) => time(new Date(Date.now() + days * 24 * 3600 * 1000));
  const content = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    name(issuer.subject),
    sequence(at(from), at(to)),
    name(subject),
    keyBytes,
    tagged(
      0xa3,
      sequence(
        basicConstraints(authority),
        extension('551d0e', false, octets(keyId(keyBytes))),
        extension('551d23', false, sequence(tagged(0x80, keyId(issuer.keyBytes)))),
        extension('551d11', false, sequence(tagged(0x82, Buffer.from(subject)))),
      ),
    ),
  );
  const der = sequence(content, ECDSA_WITH_SHA256, bits(sign('sha256', content, issuer.signer)));
  return { cert: pem(der), key: privateKey.export({ type: 'pkcs8', format: 'pem' }), subject, signer: privateKey, keyBytes };
}
