// What a client reads before it signs in: the metadata of the resource and of its authorization server.
import { describe } from '../../answers.mjs';
import { hostOf } from '../../http/addresses.mjs';
import { question } from '../../probe/question.mjs';
import { AUTHORIZATION_FAILED, COULD_NOT_REACH, blocked, fail, note, ok, quote } from '../../verdict.mjs';
import { isObject, jsonIn } from '../../wire/json.mjs';
import { canonicalResource, serverMetadataUrls } from '../../wire/oauth.mjs';
import { absolute } from '../../wire/urls.mjs';

/** Where documents are put by mistake, and no client looks: the well-known path after the path of the URL, and not before it. */
const misplaced = question(async (probe) => {
  const places = [
    ['oauth-protected-resource', probe.url],
    ['oauth-authorization-server', absolute(await probe.issuer())],
  ];
  const found = [];
  for (const [name, base] of places) {
    const path = base?.pathname.replace(/\/+$/, '');
    if (!path) continue;
    const url = new URL(`${base.origin}${path}/.well-known/${name}`);
    const answer = await probe.ask('a document in a wrong place', { url, headers: { accept: 'application/json' } });
    if (answer.status === 200 && isObject(jsonIn(answer.text))) found.push(url);
  }
  return found;
});
const hintAt = async (probe, name) =>
  (await misplaced(probe))
    .filter(({ pathname }) => pathname.endsWith(name))
    .map((url) => `${quote(url.href, 200)}: a document is here, where no client looks; the well-known path comes before the path of the URL`);

const listTried = (tried) => tried.map((answer) => `${quote(answer.url.href, 200)}: ${answer.status === 200 ? 'no JSON object' : describe(answer)}`);
const nullsIn = (document) => Object.keys(document).filter((name) => document[name] === null);
const isSecure = (url, probe) => url.protocol === 'https:' || (probe.local && url.protocol === 'http:');

/** The protected-resource metadata (RFC 9728) is about this URL. */
export async function resourceMetadata(probe) {
  const { document, url, tried } = await probe.resourceMetadata();
  if (!document) {
    if ((await probe.serverMetadata()).document) {
      return note(
        'There is no protected-resource metadata; the authorization server’s is at the connector’s own origin.',
        'Claude falls back to it, as clients of 2025-03-26 did. Newer clients do not.',
        'Publish /.well-known/oauth-protected-resource with the path of the MCP URL.',
        listTried(tried),
      );
    }
    return fail(
      'There is no protected-resource metadata.',
      `Claude does not learn where to sign in. ${COULD_NOT_REACH}`,
      `Serve JSON with resource and authorization_servers at ${tried.at(0)?.url.href ?? 'its well-known place'}.`,
      [...listTried(tried), ...(await hintAt(probe, 'oauth-protected-resource'))],
    );
  }
  const { resource, authorization_servers: servers } = document;
  const named = typeof resource === 'string' ? absolute(resource) : undefined;
  if (!named || canonicalResource(named) !== probe.resource) {
    return fail(
      `resource is ${quote(resource ?? 'missing')}, but the URL is ${probe.url.href}.`,
      `Claude compares the two and stops, or asks for a token that the server then refuses. ${AUTHORIZATION_FAILED}`,
      `Answer ${probe.resource} there, path included. Behind a proxy, the server must know its public URL.`,
    );
  }
  const first = Array.isArray(servers) && typeof servers[0] === 'string' ? absolute(servers[0]) : undefined;
  if (!first || !isSecure(first, probe)) {
    return fail(
      `authorization_servers is ${quote(servers ?? 'missing')}.`,
      `Claude uses its first entry, which must be an https URL. ${COULD_NOT_REACH}`,
      'List the issuer of your authorization server.',
    );
  }
  const nulls = nullsIn(document);
  if (nulls.length > 0)
    return note(`${quote(nulls.join(', '))} is null.`, 'Clients that check types refuse the document.', 'Leave such members out.');
  return ok(
    `${quote(url.pathname)} is about this URL and names ${quote(servers[0])}.`,
    servers.length > 1 ? [`Claude uses the first of ${servers.length} authorization servers.`] : [],
  );
}

/** The authorization server can be reached from where Claude is. */
export async function serverHost(probe) {
  const issuer = absolute(await probe.issuer());
  if (!issuer) return blocked('no authorization server is named.');
  if (hostOf(issuer) === hostOf(probe.url)) return ok('The authorization server is on the same host.');
  const { addresses, error } = await probe.addresses(issuer);
  const inner = addresses.find(({ global }) => !global);
  const host = quote(hostOf(issuer));
  if (addresses.length === 0)
    return fail(
      `The authorization server’s host ${host} has no address${error ? ` (${error})` : ''}.`,
      COULD_NOT_REACH,
      'Check authorization_servers.',
    );
  if (inner && !probe.local) {
    return fail(
      `The authorization server’s host ${host} is ${inner.address} (${inner.name}).`,
      `Claude asks it from Anthropic’s servers too. ${COULD_NOT_REACH}`,
      'Put the authorization server on public addresses, or name its public host.',
    );
  }
  if (!addresses.some(({ address }) => !address.includes(':'))) {
    return fail(
      `The authorization server’s host ${host} has IPv6 addresses only.`,
      `Claude connects over IPv4 only. ${COULD_NOT_REACH}`,
      'Add an A record.',
    );
  }
  return ok(`The authorization server is on ${host}; a firewall there must let Claude pass as well.`);
}

/** A connector whose sign-in another host keeps does not look like an authorization server of its own. */
export async function oneServer(probe) {
  const named = await probe.issuer();
  const issuer = absolute(named);
  if (!issuer) return blocked('no authorization server is named.');
  if (issuer.origin === probe.url.origin) return ok('The connector keeps its sign-in itself.');
  const [url] = serverMetadataUrls(probe.url.origin);
  const answer = await probe.ask('metadata of the connector’s own origin', { url, headers: { accept: 'application/json' } });
  const document = answer.status === 200 ? jsonIn(answer.text) : undefined;
  const host = quote(issuer.host);
  if (!isObject(document)) return ok(`The sign-in is kept by ${host} alone; the connector is not an authorization server.`);
  if (document.issuer === named) return ok(`The sign-in is kept by ${host}; the connector repeats its metadata for clients of 2025-03-26.`);
  return note(
    `The sign-in is kept by ${host}, but the connector’s own origin has metadata of another authorization server: ${quote(document.issuer ?? 'without issuer')}.`,
    'Clients that do not read the metadata of the resource, as those of MCP 2025-03-26, sign in there. The connector may refuse those tokens.',
    `Remove ${quote(url.href, 200)}, or name one authorization server in both places.`,
  );
}

/** There is authorization-server metadata (RFC 8414), and it names what a sign-in needs. */
export async function serverMetadata(probe) {
  const issuer = await probe.issuer();
  if (issuer === undefined) return blocked('no authorization server is named.');
  const { document, url, tried } = await probe.serverMetadata();
  if (!document) {
    return fail(
      `${quote(issuer)} has no metadata.`,
      `Claude cannot begin a sign-in. ${COULD_NOT_REACH}`,
      `Serve it at ${quote(serverMetadataUrls(issuer)[0].href, 200)}, or as OpenID configuration.`,
      [...listTried(tried), ...(await hintAt(probe, 'oauth-authorization-server'))],
    );
  }
  const bad = ['authorization_endpoint', 'token_endpoint'].filter((name) => {
    const endpoint = absolute(document[name]);
    return !endpoint || !isSecure(endpoint, probe);
  });
  if (bad.length > 0) {
    return fail(
      bad
        .map((name) => `${name} is ${quote(document[name] ?? 'missing')}`)
        .join('; ')
        .concat('.'),
      `Claude needs both as https URLs. ${AUTHORIZATION_FAILED}`,
      'Name both endpoints with their whole URLs.',
    );
  }
  const types = document.response_types_supported;
  if (Array.isArray(types) && !types.includes('code')) {
    return fail(`response_types_supported has no “code”: ${quote(types)}.`, AUTHORIZATION_FAILED, 'Support the authorization code flow.');
  }
  const nulls = nullsIn(document);
  if (nulls.length > 0)
    return note(`${quote(nulls.join(', '))} is null.`, 'Clients that check types refuse the document.', 'Leave such members out.');
  return ok(`${quote(url.pathname)} names both endpoints.`);
}

/** The metadata is the issuer's own. */
export async function sameIssuer(probe) {
  const issuer = await probe.issuer();
  const { document } = await probe.serverMetadata();
  if (document.issuer !== issuer) {
    const slash =
      typeof document.issuer === 'string' && document.issuer.replace(/\/$/, '') === issuer.replace(/\/$/, '') ? ' They differ by a slash.' : '';
    return fail(
      `issuer is ${quote(document.issuer ?? 'missing')}, but it is known as ${quote(issuer)}.${slash}`,
      `The two must be identical (RFC 8414 §3.3). ${AUTHORIZATION_FAILED}`,
      'Write the same issuer in authorization_servers and in the metadata, character by character.',
    );
  }
  return ok(`issuer is ${quote(issuer)} in both documents.`);
}

/** PKCE with S256 is announced. */
export async function pkceMethod(probe) {
  const methods = (await probe.serverMetadata()).document.code_challenge_methods_supported;
  if (Array.isArray(methods) && methods.includes('S256')) return ok('S256 is among code_challenge_methods_supported.');
  return fail(
    `code_challenge_methods_supported is ${quote(methods ?? 'missing')}.`,
    `Claude always uses PKCE with S256, and clients stop where it is not announced. ${AUTHORIZATION_FAILED}`,
    'Support S256 and announce it: "code_challenge_methods_supported": ["S256"].',
  );
}

/** A client that nobody knows can become one. */
export async function registrationWays(probe) {
  const { document } = await probe.serverMetadata();
  const byDocument = document.client_id_metadata_document_supported === true;
  const publicClients = takesPublicClients(document);
  const endpoint = absolute(document.registration_endpoint);
  const byRegistration = endpoint !== undefined && isSecure(endpoint, probe);
  if (!byRegistration && document.registration_endpoint !== undefined) {
    return fail(
      `registration_endpoint is ${quote(document.registration_endpoint)}.`,
      `Claude needs an https URL. ${COULD_NOT_REACH}`,
      'Name the endpoint with its whole URL.',
    );
  }
  if (byDocument && publicClients)
    return ok(`By Client ID Metadata Document${byRegistration ? ' and by dynamic registration; Claude takes the first' : ''}.`);
  if (byDocument && !byRegistration) {
    return fail(
      'client_id_metadata_document_supported is true, but token_endpoint_auth_methods_supported has no “none”.',
      `Claude then uses neither that nor anything else. ${COULD_NOT_REACH}`,
      'Add "none" to token_endpoint_auth_methods_supported.',
    );
  }
  if (byRegistration) return ok(`By dynamic registration at ${quote(endpoint.pathname)}.`);
  return fail(
    'There is neither a registration_endpoint nor client_id_metadata_document_supported.',
    `Claude has no client id. ${COULD_NOT_REACH} Only a client id typed into the dialog’s advanced settings would help.`,
    'Offer dynamic registration (RFC 7591) or Client ID Metadata Documents.',
  );
}

/** Clients without a secret may ask for tokens. */
export async function publicClients(probe) {
  const { document } = await probe.serverMetadata();
  if (takesPublicClients(document)) return ok('“none” is among token_endpoint_auth_methods_supported.');
  return note(
    `token_endpoint_auth_methods_supported is ${quote(document.token_endpoint_auth_methods_supported ?? 'missing, which means client_secret_basic')}.`,
    'Clients that go by this ask for a secret, which a native client cannot keep, and Claude cannot use its published client document.',
    'Add "none", and accept token requests that carry only client_id and code_verifier.',
  );
}

const takesPublicClients = ({ token_endpoint_auth_methods_supported: methods }) => Array.isArray(methods) && methods.includes('none');
