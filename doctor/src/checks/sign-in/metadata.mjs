// The details of both metadata documents that released clients stop at, and where clients look for them.
import { isObject, jsonIn } from '../../wire/json.mjs';
import { resourceMetadataUrls } from '../../wire/oauth.mjs';
import { absolute } from '../../wire/urls.mjs';
import { AUTHORIZATION_FAILED, TYPESCRIPT, fail, note, ok, quote, skip } from '../../verdict.mjs';
import { describe } from '../../answers.mjs';

const texts = (value) => Array.isArray(value) && value.every((one) => typeof one === 'string');
const listOf = (value) => (texts(value) ? value : []);

/** The pointer in the challenge leads to the metadata. */
export async function pointer(probe) {
  const { challenge } = await probe.refusal();
  const url = absolute(challenge?.resource_metadata);
  if (!url) return skip('the challenge has no pointer that could be followed.');
  const { tried } = await probe.resourceMetadata();
  const answer =
    tried.find((one) => one.url.href === url.href) ?? (await probe.ask('resource metadata', { url, headers: { accept: 'application/json' } }));
  if (answer.status === 200 && isObject(jsonIn(answer.text))) return ok('resource_metadata leads to the document.');
  return fail(
    `resource_metadata of the challenge leads to ${describe(answer)}.`,
    `Clients take that address and no other. ${AUTHORIZATION_FAILED}`,
    `Serve the document at ${quote(url.href, 200)}, or name the address where it is.`,
  );
}

/** The document is at its well-known place too, for clients that have no challenge in hand. */
export async function wellKnown(probe) {
  const { document } = await probe.resourceMetadata();
  if (!document) return skip('there is no such document.');
  const [own, root] = resourceMetadataUrls(probe.url);
  for (const url of [own, root].filter(Boolean)) {
    const answer = await probe.ask('resource metadata', { url, headers: { accept: 'application/json' } });
    const found = answer.status === 200 ? jsonIn(answer.text) : undefined;
    if (!isObject(found)) continue;
    if (found.resource === document.resource) return ok(`The document is at ${quote(url.pathname, 100)} too.`);
  }
  return note(
    `The document is not at ${quote(own.pathname, 100)}.`,
    'Clients that begin without a challenge, such as `claude mcp login`, look there.',
    'Serve it there: the well-known path, followed by the path of the MCP URL (RFC 9728 §3.1).',
  );
}

/** The challenge says which scopes are needed. */
export async function challengeScope(probe) {
  const { challenge } = await probe.refusal();
  if (challenge === undefined) return skip('there is no Bearer challenge.');
  if (typeof challenge.scope === 'string' && challenge.scope.trim() !== '')
    return ok(`The challenge names what is needed: ${quote(challenge.scope, 80)}.`);
  const scopes = listOf((await probe.resourceMetadata()).document?.scopes_supported);
  if (scopes.length === 0) return ok('The server has no scopes to ask for.');
  return note(
    'The challenge names no scope.',
    `Clients ask for all ${scopes.length === 1 ? 'there is' : `${scopes.length} scopes of scopes_supported`}, and people are asked to allow more than they use.`,
    'Add scope="…" with what this request needs (MCP “Scope Challenge Handling”).',
  );
}

/** `offline_access` belongs to the authorization server. */
export async function offlineAccess(probe) {
  const { challenge } = await probe.refusal();
  const scopes = listOf((await probe.resourceMetadata()).document?.scopes_supported);
  const places = [
    ...(scopes.includes('offline_access') ? ['scopes_supported of the resource'] : []),
    ...(challenge?.scope?.split(' ').includes('offline_access') ? ['the challenge'] : []),
  ];
  if (places.length === 0) return ok('offline_access is not asked for by the resource.');
  return note(
    `offline_access is in ${places.join(' and in ')}.`,
    'Refresh tokens are the authorization server’s concern; clients add the scope themselves.',
    'List it in the authorization server’s metadata only (MCP “Refresh Tokens”).',
  );
}

const url = (value) => typeof value === 'string' && absolute(value) !== undefined;
const text = (value) => typeof value === 'string';
const flag = (value) => typeof value === 'boolean';
const kinds = { texts: [texts, 'a list of texts'], url: [url, 'a URL'], text: [text, 'a text'], flag: [flag, 'true or false'] };

const each = (kind, ...names) => Object.fromEntries(names.map((name) => [name, kind]));

/** What the TypeScript SDK checks of each document; a member of another type makes it refuse the whole. */
const RESOURCE = {
  ...each('url', 'resource', 'resource_policy_uri', 'resource_tos_uri', 'jwks_uri'),
  ...each('texts', 'authorization_servers', 'scopes_supported', 'bearer_methods_supported'),
  ...each('text', 'resource_name', 'resource_documentation'),
};
const SERVER = {
  ...each('url', 'authorization_endpoint', 'token_endpoint', 'registration_endpoint', 'revocation_endpoint', 'service_documentation'),
  ...each('texts', 'scopes_supported', 'response_types_supported', 'response_modes_supported', 'grant_types_supported'),
  ...each('texts', 'token_endpoint_auth_methods_supported', 'revocation_endpoint_auth_methods_supported', 'code_challenge_methods_supported'),
  ...each('flag', 'client_id_metadata_document_supported'),
};

function wrongMembers(document, types, where) {
  return Object.entries(types).flatMap(([name, kind]) => {
    const value = document[name];
    if (value === undefined || value === null || kinds[kind][0](value)) return [];
    return [`${name} of the ${where} is ${quote(value, 60)}, not ${kinds[kind][1]}`];
  });
}

/** Each member has the type that clients check. */
export async function members(probe) {
  const resource = (await probe.resourceMetadata()).document;
  const server = (await probe.serverMetadata()).document;
  const wrong = [...(resource ? wrongMembers(resource, RESOURCE, 'resource') : []), ...(server ? wrongMembers(server, SERVER, 'server') : [])];
  if (server && server.response_types_supported === undefined)
    wrong.push('response_types_supported of the server is missing, and required (RFC 8414 §2)');
  if (wrong.length === 0) return ok('Every member has its type.');
  return fail(
    'The metadata has members that clients refuse.',
    `${TYPESCRIPT} check each member and drop the whole document. ${AUTHORIZATION_FAILED}`,
    'Give each member the type of RFC 8414 §2 and RFC 9728 §2, or leave it out.',
    wrong.slice(0, 10),
  );
}

/** The documents are sent as JSON. */
export async function mediaTypes(probe) {
  const wrong = [];
  for (const { document, tried } of [await probe.resourceMetadata(), await probe.serverMetadata()]) {
    const answer = document && tried.at(-1);
    const type = answer?.headers['content-type'] ?? 'no type';
    if (answer && !/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type)) wrong.push(`${quote(answer.url.pathname, 100)}: ${quote(type, 60)}`);
  }
  if (wrong.length === 0) return ok('Both documents are sent as JSON.');
  return note(
    'A document is not sent as application/json.',
    'Clients that look at the type refuse it.',
    'Send Content-Type: application/json (RFC 8414 §3.2, RFC 9728 §3.2).',
    wrong,
  );
}

/** The grant types fit what clients do. */
export async function grantTypes(probe) {
  const { document } = await probe.serverMetadata();
  const grants = document.grant_types_supported;
  const fix = 'List authorization_code and refresh_token in grant_types_supported, and nothing that OAuth 2.1 has dropped.';
  // Without the member, RFC 8414 §2 means authorization_code and implicit.
  if (!texts(grants))
    return note(
      'grant_types_supported is missing, which means authorization_code and implicit.',
      'Clients cannot see whether they get refresh tokens.',
      fix,
    );
  if (!grants.includes('authorization_code'))
    return fail(`grant_types_supported has no authorization_code: ${quote(grants)}.`, `People sign in with it. ${AUTHORIZATION_FAILED}`, fix);
  if (!grants.includes('refresh_token'))
    return note(
      `grant_types_supported has no refresh_token: ${quote(grants)}.`,
      'People have to sign in again whenever their access token ends.',
      fix,
    );
  const methods = listOf(document.code_challenge_methods_supported);
  const dropped = [
    ...grants.filter((grant) => ['implicit', 'password'].includes(grant)),
    ...(methods.includes('plain') ? ['the PKCE method plain'] : []),
    ...listOf(document.response_types_supported)
      .filter((type) => /\btoken\b/.test(type))
      .map((type) => `response type ${quote(type, 40)}`),
  ];
  if (dropped.length > 0)
    return note(`The metadata still has ${dropped.join(', ')}.`, 'No MCP client uses that; an attacker may (OAuth 2.1 §10).', fix);
  return ok('Codes and refresh tokens, and nothing that OAuth 2.1 has dropped.');
}

/** The authorization response names who it is from. */
export async function issuerParameter(probe) {
  const { document } = await probe.serverMetadata();
  if (document.authorization_response_iss_parameter_supported === true) return ok('The authorization response carries iss.');
  return note(
    'authorization_response_iss_parameter_supported is not true.',
    'A client that uses several servers cannot tell whose answer it gets (mix-up). ChatGPT then needs another redirect URI for each connector.',
    'Add iss to each authorization response, errors too, and announce it (RFC 9207; MCP “Authorization Response Validation”).',
  );
}

/** A server for machines says so in the protocol. */
export async function clientCredentials(probe) {
  const { document } = await probe.serverMetadata();
  if (!listOf(document.grant_types_supported).includes('client_credentials')) return skip('the authorization server has no grant for machines.');
  const id = 'io.modelcontextprotocol/oauth-client-credentials';
  const answers = [await probe.discover(), await probe.greeting()];
  const given = answers.map(({ message }) => message?.result?.capabilities).filter(isObject);
  if (given.length === 0) return skip('the capabilities are behind the sign-in; give a token with --token to look further.');
  if (given.some(({ extensions }) => isObject(extensions) && isObject(extensions[id]))) return ok(`${id} is among the extensions.`);
  return note(
    'client_credentials is supported, but not announced as an extension.',
    'A program without a person cannot see that it may come in.',
    `Add "${id}": {} to capabilities.extensions.`,
  );
}

/** A server that takes assertions of identity providers says so everywhere, and can authenticate who brings them. */
export async function enterpriseManaged(probe) {
  const { document } = await probe.serverMetadata();
  const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
  const profile = 'urn:ietf:params:oauth:grant-profile:id-jag';
  const id = 'io.modelcontextprotocol/enterprise-managed-authorization';
  const has = {
    grant: listOf(document.grant_types_supported).includes(grant),
    profile: listOf(document.authorization_grant_profiles_supported).includes(profile),
  };
  if (!has.grant && !has.profile) return skip('the authorization server takes no assertions of identity providers.');
  if (!has.grant)
    return fail(`authorization_grant_profiles_supported has ${profile}, and grant_types_supported lacks its grant type.`, 'A client that looks for the grant type does not use it.', `Add ${grant} to grant_types_supported (draft-ietf-oauth-identity-assertion-authz-grant §7.2).`);
  const missing = [];
  if (!has.profile) missing.push(`authorization_grant_profiles_supported lacks ${profile}`);
  const given = [await probe.discover(), await probe.greeting()].map(({ message }) => message?.result?.capabilities).filter(isObject);
  if (given.length > 0 && !given.some(({ extensions }) => isObject(extensions) && isObject(extensions[id]))) missing.push(`capabilities.extensions lacks "${id}"`);
  const methods = listOf(document.token_endpoint_auth_methods_supported);
  if (methods.includes('private_key_jwt') && listOf(document.token_endpoint_auth_signing_alg_values_supported).length === 0)
    missing.push('private_key_jwt is supported, and token_endpoint_auth_signing_alg_values_supported is missing');
  if (missing.length === 0) return ok('Assertions of identity providers are accepted, and announced.');
  return note(`Assertions of identity providers are accepted, but ${missing.join('; ')}.`, 'A client of a company may not see that it can come in without a page.', 'Announce it in the metadata and among the extensions.');
}
