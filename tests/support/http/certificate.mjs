// X.509 certificates for tests (RFC 5280), made by `selfsigned`.

import { generate } from 'selfsigned';

const DAY_MS = 24 * 3600 * 1000;

/**
 * @typedef {{cert: string, key: string}} Certificate  both in PEM
 *
 * @param {string} subject  its common name, and the DNS name that it is for
 * @param {object} [options]
 * @param {Certificate} [options.by]  the authority that signs it; without one it signs itself
 * @param {boolean} [options.authority]  whether it may sign others
 * @param {[from: number, to: number]} [options.days]  when it is valid, in days from now
 * @returns {Promise<Certificate>}
 */
export async function certificate(subject, { by, authority = false, days: [from, to] = [-1, 30] } = {}) {
  const { cert, private: key } = await generate([{ name: 'commonName', value: subject }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: by,
    notBeforeDate: new Date(Date.now() + from * DAY_MS),
    notAfterDate: new Date(Date.now() + to * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: authority, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: subject }] },
    ],
  });
  return { cert, key };
}
