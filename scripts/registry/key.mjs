// The key with which an owner signs in at the MCP registry by their domain, and the public half of it as the registry reads it.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Stop } from '../support/log.mjs';

/** What comes before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410 §7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The private key in `file`, which is made where there is none: 32 bytes as hexadecimal digits, the form that `mcp-publisher`
 * takes. Only this user can read the file.
 */
export function registryKey(file) {
  if (!existsSync(file)) {
    const { d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    writeFileSync(file, Buffer.from(d, 'base64url').toString('hex'), { mode: 0o600, flag: 'wx' });
  }
  const key = readFileSync(file, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/i.test(key)) throw new Stop(`${path.basename(file)} holds no key: 64 hexadecimal digits are expected. Remove it to get a new one.`);
  return key;
}

/** The line that proves to the registry that a domain is the owner's. It is public. */
export function proofOf(key) {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, Buffer.from(key, 'hex')]), format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  return `v=MCPv1; k=ed25519; p=${Buffer.from(x, 'base64url').toString('base64')}`;
}
