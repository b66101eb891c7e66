// Certificates of the servers in these tests.
import { certificate } from '../../../tests/support/http/certificate.mjs';

/** What the doctor trusts in these tests. */
export const AUTHORITY = await certificate('Authority of the tests', { authority: true });
/** The certificate of connector.example. */
export const TRUSTED = await certificate('connector.example', { by: AUTHORITY });
/** Certificates that a client does not trust, each with the words for it. */
export const UNTRUSTED = [
  ['a self-signed certificate is not trusted', await certificate('connector.example'), /self-signed/],
  ['a certificate that has ended is not trusted', await certificate('connector.example', { by: AUTHORITY, days: [-30, -1] }), /ended on/],
  ['a certificate that has not begun is not trusted', await certificate('connector.example', { by: AUTHORITY, days: [2, 9] }), /begins on/],
  [
    'a certificate for another name is not trusted',
    await certificate('other.example', { by: AUTHORITY }),
    /is for other\.example, not for connector\.example/,
  ],
];
