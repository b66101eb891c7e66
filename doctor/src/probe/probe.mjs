// Asks a connector each question once, and keeps what came back. The checks judge it; nothing is judged here.
//
// Nothing is changed at the server but what any client changes that starts to connect: it may be registered, and a session begun.
import { isObject, jsonIn } from '../wire/json.mjs';
import {
  CALLBACK,
  CLAUDE_CLIENT_ID,
  authorizationUrl,
  canonicalResource,
  challengeOf,
  nativeRegistrationRequest,
  pkce,
  registrationRequest,
  resourceMetadataUrls,
  serverMetadataUrls,
} from '../wire/oauth.mjs';
import { absolute } from '../wire/urls.mjs';
import { EndpointProbe } from './endpoint-probe.mjs';

/** Claude's documented limits for discovery, registration and token requests, and what its testing page advises; in milliseconds. */
const LATENCY = { limit: 10_000, advised: 5000 };

const REDIRECTS = 5;
const LONGEST_SCOPE = 2000;

const once = (body) => {
  let result;
  return () => (result ??= body());
};

export class Probe extends EndpointProbe {
  /**
   * @param {URL} url
   * @param {ConstructorParameters<typeof EndpointProbe>[1] & {register?: boolean, latency?: {limit: number, advised: number}}} [options]
   *   `register`: whether clients may be registered
   */
  constructor(url, { register = true, latency = LATENCY, ...options } = {}) {
    super(url, options);
    Object.assign(this, { register, latency });
    /** The URL as Claude names it. */
    this.resource = canonicalResource(url);
    // Each question is asked once, for all checks that need its answer.
    for (const name of QUESTIONS) this[name] = once(this[name].bind(this));
  }

  /**
   * Which kind of server this is: `always` wants a token for everything, `lazy` for some of it, `open` for nothing.
   * @returns {Promise<'always' | 'lazy' | 'open' | 'closed' | 'unknown'>}  `closed` refuses without asking for a token
   */
  async kind() {
    const first = await this.initialize();
    const inner = first.message?.result ? first : await this.discover();
    if (first.status === 401) return 'always';
    if (first.status === 403) return 'closed';
    if (!first.message?.result && !inner.message?.result) return 'unknown';
    if ((await this.badToken()).status === 401 || (await this.protectedTool())) return 'lazy';
    return (await this.resourceMetadata()).document ? 'lazy' : 'open';
  }

  /** @returns {Promise<{document?: object, url?: URL, tried: import('../http/exchange.mjs').Answer[]}>} */
  async resourceMetadata() {
    const refusals = [await this.initialize(), await this.badToken(), (await this.protectedTool())?.answer ?? {}];
    const pointers = refusals.map((answer) => absolute(challengeOf(answer).challenge?.resource_metadata));
    const pointer = pointers.find((url) => url !== undefined);
    return this.firstDocument('resource metadata', [...(pointer ? [pointer] : []), ...resourceMetadataUrls(this.url)]);
  }

  /** The issuer that Claude uses: the first, or the connector's own origin where no metadata names one. */
  async issuer() {
    const { document } = await this.resourceMetadata();
    const named = document?.authorization_servers;
    if (document === undefined) return this.url.origin;
    return Array.isArray(named) && typeof named[0] === 'string' && absolute(named[0]) ? named[0] : undefined;
  }

  async serverMetadata() {
    const issuer = await this.issuer();
    return issuer === undefined ? { tried: [] } : this.firstDocument('server metadata', serverMetadataUrls(issuer));
  }

  /** The first of these URLs that answers with a JSON object. */
  async firstDocument(what, urls) {
    const tried = [];
    for (const url of urls) {
      if (tried.some((answer) => answer.url.href === url.href)) continue;
      const answer = await this.ask(what, { url, headers: { accept: 'application/json', 'mcp-protocol-version': '2025-11-25' } }, { timed: true });
      tried.push(answer);
      const document = answer.status === 200 ? jsonIn(answer.text) : undefined;
      if (isObject(document)) return { document, url, tried };
    }
    return { tried };
  }

  /** An endpoint that the authorization server names, if it is a usable URL. */
  async endpoint(name) {
    return absolute((await this.serverMetadata()).document?.[name]);
  }

  /** What a client without a particular need asks for. */
  async scope() {
    const fromChallenge = (await this.refusal()).challenge?.scope;
    const listed = (await this.resourceMetadata()).document?.scopes_supported;
    const scope = fromChallenge ?? (Array.isArray(listed) ? listed.filter((one) => typeof one === 'string').join(' ') : undefined);
    return scope?.slice(0, LONGEST_SCOPE);
  }

  /** Registers a client, as Claude does when somebody presses “Connect”. */
  async registration() {
    return this.registerClient(registrationRequest(await this.scope()));
  }

  /** Registers a client, as Cursor does: with redirect URIs of all its kinds in one request. */
  async nativeRegistration() {
    return this.registerClient(nativeRegistrationRequest(await this.scope()));
  }

  /** @private */
  async registerClient(request) {
    const url = await this.endpoint('registration_endpoint');
    if (!url || !this.register) return undefined;
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const answer = await this.ask('registration', { url, method: 'POST', headers, body: JSON.stringify(request) }, { timed: true });
    const client = answer.status === 201 || answer.status === 200 ? jsonIn(answer.text) : undefined;
    if (client !== undefined) this.changes.registered += 1;
    return { ...answer, client: isObject(client) && typeof client.client_id === 'string' ? client : undefined };
  }

  /** Opens the sign-in page of a client that has registered. */
  async start() {
    const client = (await this.registration())?.client;
    return client && this.open(client.client_id);
  }

  /** Opens the sign-in page as Claude itself, by its published document. */
  startAsClaude() {
    return this.open(CLAUDE_CLIENT_ID);
  }

  /**
   * Follows an authorization request to the first page that a person would see. Nothing is filled in or sent there.
   * @param {string} clientId
   * @param {Record<string, string | null>} [changes]  parameters in place of those that Claude sends; null leaves one out
   * @returns {Promise<{answer: import('../http/exchange.mjs').Answer, hops: URL[], asked: URLSearchParams, returned?: URL, elsewhere?: URL, loop?: boolean} | undefined>}
   */
  async open(clientId, changes = {}) {
    const endpoint = await this.endpoint('authorization_endpoint');
    if (!endpoint) return undefined;
    const callback = changes.redirect_uri ?? CALLBACK;
    let url = authorizationUrl(endpoint, { clientId, resource: this.resource, scope: await this.scope(), changes });
    const asked = url.searchParams;
    const cookies = new Map();
    const hops = [];
    for (;;) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await this.ask('sign-in page', { url, headers: { accept: 'text/html', ...(cookie && { cookie }) } });
      if (answer.fault || answer.status < 300 || answer.status > 399 || !answer.headers.location) return { answer, hops, asked };
      for (const line of answer.headers['set-cookie'] ?? []) {
        const [, name, value] = /^([^=;\s]+)=([^;]*)/.exec(line) ?? [];
        if (name) cookies.set(name, value);
      }
      const next = absolute(answer.headers.location, url);
      if (!next) return { answer, hops, asked };
      if (`${next.origin}${next.pathname}` === callback) return { answer, hops, asked, returned: next };
      if (next.origin !== url.origin) return { answer, hops, asked, elsewhere: next };
      hops.push(next);
      if (hops.length > REDIRECTS) return { answer, hops, asked, loop: true };
      url = next;
    }
  }

  /** Asks the token endpoint for tokens with something nobody issued. */
  async tokenError(parameters, clientId) {
    const url = await this.endpoint('token_endpoint');
    if (!url) return undefined;
    const body = new URLSearchParams({ ...parameters, client_id: clientId, resource: this.resource }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
    const answer = await this.ask('token endpoint', { url, method: 'POST', headers, body }, { timed: true });
    return { ...answer, error: jsonIn(answer.text ?? '')?.error };
  }

  /** Who asks for tokens: the client that was registered, or Claude itself where it need not register. */
  async clientId() {
    const { document } = await this.serverMetadata();
    const registered = (await this.registration())?.client?.client_id;
    return registered ?? (document?.client_id_metadata_document_supported === true ? CLAUDE_CLIENT_ID : undefined);
  }

  async badCode() {
    const id = await this.clientId();
    return id && this.tokenError(unknownCode(), id);
  }

  async badRefreshToken() {
    const id = await this.clientId();
    return id && this.tokenError({ grant_type: 'refresh_token', refresh_token: 'no-such-token' }, id);
  }

  /** Asks for tokens with a grant that does not exist. */
  async badGrant() {
    const id = await this.clientId();
    return id && this.tokenError({ grant_type: 'urn:example:no-such-grant' }, id);
  }

  badClient() {
    return this.tokenError(unknownCode(), 'no-such-client');
  }
}

const unknownCode = () => ({ grant_type: 'authorization_code', code: 'no-such-code', code_verifier: pkce().verifier, redirect_uri: CALLBACK });

const QUESTIONS = [
  ...[
    'initialize',
    'greeting',
    'anonymous',
    'otherSlash',
    'discover',
    'preflight',
    'entry',
    'tools',
    'modernTools',
    'badToken',
    'protectedTool',
    'results',
    'kind',
    'refusal',
  ],
  ...[
    'resourceMetadata',
    'issuer',
    'serverMetadata',
    'scope',
    'registration',
    'nativeRegistration',
    'start',
    'startAsClaude',
    'badCode',
    'badRefreshToken',
    'badGrant',
    'badClient',
  ],
];
