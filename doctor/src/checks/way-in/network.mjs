// Whether Claude’s servers find the connector at all: its addresses, an answer, TLS.
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { hostOf } from '../../http/addresses.mjs';
import { COULD_NOT_REACH, blocked, fail, note, ok, quote, skip } from '../../verdict.mjs';

const DAY = 24 * 3600 * 1000;

/** Every resolved address is globally routable, and one of them is IPv4. */
export async function address(probe) {
  const host = hostOf(probe.url);
  if (probe.local) {
    return note(
      `${host} is this machine or a network of your own.`,
      'Claude on the web, on the desktop and on phones connects from Anthropic’s servers and cannot reach it. Claude Code on this machine can.',
      'Deploy it, or open a tunnel to it (cloudflared tunnel --url …), and run the doctor on the public URL.',
    );
  }
  const { addresses, source, error } = await probe.addresses();
  if (addresses.length === 0) {
    return fail(
      `${host} has no address${error ? ` (${error})` : ''}.`,
      COULD_NOT_REACH,
      'Check the spelling of the host, and create its DNS record.',
    );
  }
  const inner = addresses.filter(({ global }) => !global);
  const mixed = inner.length < addresses.length ? ' One such address among public ones is enough.' : '';
  if (inner.length > 0) {
    return fail(
      `${host} resolves to ${list(inner.map(({ address, name }) => `${address} (${name})`))}.`,
      `Claude refuses the name before any request is sent; your logs stay empty.${mixed} ${COULD_NOT_REACH}`,
      'Publish only public addresses for this name, or put the server behind a public proxy or tunnel. If the name is public elsewhere, your own network answers differently (split DNS).',
    );
  }
  if (source === 'hosts') {
    return fail(
      `${host} is known to this machine only: the DNS has no such name.`,
      COULD_NOT_REACH,
      'Create its DNS record; an entry in a hosts file is for one machine.',
    );
  }
  if (source === 'system') {
    return note(
      `${host} resolves on this machine, but the DNS could not be asked.`,
      'Claude asks the public DNS. If the name is not there, it cannot reach the connector.',
      `Run “dig +short ${host}” on a network that is not yours.`,
    );
  }
  const v4 = addresses.filter(({ address }) => isIP(address) === 4);
  if (v4.length === 0) {
    return fail(
      `${host} has IPv6 addresses only.`,
      `Claude connects over IPv4 only. ${COULD_NOT_REACH}`,
      'Add an A record, for example by a proxy that has IPv4.',
    );
  }
  return ok(`${host} resolves to ${list(addresses.map(({ address }) => address))}: all public, with IPv4.`);
}

const list = (items) => (items.length > 4 ? `${items.slice(0, 4).join(', ')} and ${items.length - 4} more` : items.join(', '));

/** Something answers. */
export async function reachable(probe) {
  const { fault, status, ms } = await probe.initialize();
  const where = `${hostOf(probe.url)}, port ${probe.url.port || (probe.url.protocol === 'https:' ? 443 : 80)}`;
  if (!fault) return ok(`It answers: status ${status} after ${ms} ms.`);
  if (fault.kind === 'dns') return blocked('not checked: fix “Public address” first.', 'Public address');
  if (fault.kind === 'tls') return ok(`Something listens on ${where}.`);
  if (fault.kind === 'no http') {
    return fail(
      `What listens on ${where} does not speak HTTP: ${fault.text}.`,
      COULD_NOT_REACH,
      'Check scheme and port of the URL (https on an http port?).',
    );
  }
  if (fault.kind === 'too large') {
    return fail(`The answer to initialize has ${fault.text}.`, COULD_NOT_REACH, 'Answer initialize with one JSON-RPC message.');
  }
  const fix = {
    refused: probe.local ? 'Start the server (npm start), or check the port.' : 'Start the server, or open the port in the firewall.',
    timeout:
      'A firewall that drops packets looks like this, and so does a server that never ends its answer. Look whether the request is in the server’s log.',
  }[fault.kind];
  return fail(
    `No answer from ${where}: ${fault.text}.`,
    COULD_NOT_REACH,
    fix ?? 'Check that the server runs and that nothing in between closes the connection.',
  );
}

/** A certificate that the world trusts, for this name. */
export async function tls(probe) {
  const { protocol } = probe.url;
  if (protocol === 'http:' && probe.local) return skip('plain http, on this machine; a deployed connector needs https.');
  if (protocol === 'http:') {
    return fail('The URL is http, without TLS.', 'Claude takes https URLs only.', 'Serve it over https and use that URL.');
  }
  const { fault } = await probe.initialize();
  const { certificate, version, error } = await handshake(probe);
  if (!fault) {
    const left = Math.floor((Date.parse(certificate?.valid_to) - Date.now()) / DAY);
    if (left < 7) {
      return note(`The certificate ends in ${left} days.`, `After that, ${COULD_NOT_REACH}`, 'See why it was not renewed yet.');
    }
    return ok(`${version ?? 'TLS'}, a certificate for ${hostOf(probe.url)}${certificate?.valid_to ? ` until ${certificate.valid_to}` : ''}.`);
  }
  const names = quote(certificate?.subjectaltname?.replaceAll('DNS:', '') ?? certificate?.subject?.CN ?? 'nobody');
  const [why, fix] = {
    CERT_HAS_EXPIRED: [`the certificate ended on ${certificate?.valid_to}`, 'Renew the certificate.'],
    CERT_NOT_YET_VALID: [`the certificate begins on ${certificate?.valid_from}`, 'Check the clock of who issued it, and of this machine.'],
    ERR_TLS_CERT_ALTNAME_INVALID: [
      `the certificate is for ${names}, not for ${hostOf(probe.url)}`,
      'Get a certificate for this name, or use a name that it is for.',
    ],
    DEPTH_ZERO_SELF_SIGNED_CERT: [
      'the certificate is self-signed',
      'Use one of a public authority, such as Let’s Encrypt; a host such as Cloudflare does it for you.',
    ],
    SELF_SIGNED_CERT_IN_CHAIN: [
      'the certificate comes from an authority that the world does not know',
      'Use one of a public authority, such as Let’s Encrypt.',
    ],
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
      'the chain is incomplete: an intermediate certificate is missing',
      'Serve the full chain (fullchain.pem, not cert.pem).',
    ],
  }[error] ?? [`${fault.text}${error ? ` (${error})` : ''}`, 'Serve TLS 1.2 or 1.3 with a certificate of a public authority.'];
  return fail(`No trusted connection: ${why}.`, COULD_NOT_REACH, fix);
}

/** The certificate of the server, trusted or not. Nothing is sent over this connection. */
async function handshake(probe) {
  const host = hostOf(probe.url);
  const place = await probe.placeOf(probe.url);
  return new Promise((resolve) => {
    const socket = connect({
      host: place.address,
      port: Number(place.port),
      servername: isIP(host) ? '' : host,
      ca: probe.ca,
      rejectUnauthorized: false,
      // What the name check says is wanted here, not its effect.
      checkServerIdentity: () => undefined,
    });
    const settle = (seen) => {
      resolve(seen);
      socket.destroy();
    };
    socket.setTimeout(probe.timeout, () => settle({}));
    socket.once('error', () => settle({}));
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerCertificate();
      const error = socket.authorizationError ? String(socket.authorizationError.code ?? socket.authorizationError) : 'ERR_TLS_CERT_ALTNAME_INVALID';
      settle({ certificate, version: socket.getProtocol(), error });
    });
  });
}
