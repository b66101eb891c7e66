// Asks a connector each question once, and keeps what came back. The checks judge it; nothing is judged here.
//
// Nothing is changed at the server but what any client changes that starts to connect: it may be registered, and a session
// begun. Tools are called only where they call themselves read-only, with no arguments and no token.
import { isObject, jsonIn } from '../wire/json.mjs';
import { initialize, initialized, legacy, messageIn, modern } from '../wire/messages.mjs';
import {
  CALLBACK,
  CLAUDE_CLIENT_ID,
  authorizationUrl,
  canonicalResource,
  challengeOf,
  pkce,
  nativeRegistrationRequest,
  registrationRequest,
  resourceMetadataUrls,
  serverMetadataUrls,
} from '../wire/oauth.mjs';
import { absolute } from '../wire/urls.mjs';
import { HttpClient } from '../http/http-client.mjs';

/** Claude's documented limits for discovery, registration and token requests, and what its testing page advises; in milliseconds. */
const LATENCY = { limit: 10_000, advised: 5000 };

const PAGES = 20;
const TOOLS = 2000;
/** The most text that is read of a list of tools, in characters. */
const LARGEST_LIST = 4_000_000;
/** How many tools are tried to find one that needs a sign-in. */
const TRIES = 6;
const REDIRECTS = 5;
const LONGEST_SCOPE = 2000;

const once = (body) => {
  let result;
  return () => (result ??= body());
};

export class Probe extends HttpClient {
  /**
   * @param {URL} url
   * @param {ConstructorParameters<typeof HttpClient>[1] & {token?: string, register?: boolean, latency?: {limit: number, advised: number}}} [options]
   *   `token`: an access token, sent to the MCP URL and nowhere else; `register`: whether a client may be registered
   */
  constructor(url, { token, register = true, latency = LATENCY, ...options } = {}) {
    super(url, options);
    Object.assign(this, { token, register, latency });
    this.changes = { registered: 0, sessions: 0 };
    /** The URL as Claude names it. */
    this.resource = canonicalResource(url);
    this.sessions = [];
    /** The read-only tools that were called, without a token and without arguments. */
    this.calls = [];
    // Each question is asked once, for all checks that need its answer.
    for (const name of QUESTIONS) this[name] = once(this[name].bind(this));
  }

  /** One MCP request; the answer has its JSON-RPC message. */
  async rpc(what, request, { url = this.url, headers = {}, token } = {}) {
    const { id, ...asked } = request;
    const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const answer = await this.ask(what, { url, ...asked, headers: { ...asked.headers, ...headers, ...bearer } });
    const session = answer.headers?.['mcp-session-id'];
    if (session && asked.begins) {
      this.changes.sessions += 1;
      this.sessions.push({ url, headers: { ...bearer, 'mcp-session-id': session } });
    }
    const message = answer.fault ? undefined : messageIn(answer.text, answer.headers['content-type'], id);
    return { ...answer, message };
  }

  // --- the endpoint --------------------------------------------------------------------------------------------------

  /** The first request of a client that has no token. */
  initialize() {
    return this.rpc('initialize', initialize());
  }

  /** The first request of this visitor: with the token, if there is one. */
  greeting() {
    return this.token === undefined ? this.initialize() : this.rpc('initialize', initialize(), { token: this.token });
  }

  /** The first request without a User-Agent, which some firewalls take for a bot. */
  anonymous() {
    return this.rpc('initialize', initialize(), { headers: { 'user-agent': null } });
  }

  /** The first request with the slash at the end taken away or put there; nothing if the URL has no path. */
  otherSlash() {
    const { pathname } = this.url;
    if (pathname === '/') return undefined;
    const url = new URL(this.url);
    url.pathname = pathname.endsWith('/') ? pathname.replace(/\/+$/, '') : `${pathname}/`;
    return this.rpc('initialize', initialize(), { url });
  }

  discover() {
    return this.rpc('server/discover', modern('server/discover'), { token: this.token });
  }

  preflight() {
    return this.ask('preflight', {
      url: this.url,
      method: 'OPTIONS',
      headers: {
        origin: 'https://claude.ai',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,mcp-protocol-version,mcp-session-id',
      },
    });
  }

  // --- the tools -----------------------------------------------------------------------------------------------------

  /**
   * The handshake of this visitor, finished.
   * @returns {Promise<{result: object, how: object, greeted: object, ask: Function} | undefined>}  `how` asks within it; `greeted` answers
   *   the notification that it is done; undefined if there is no way in
   */
  async entry() {
    const first = await this.greeting();
    const result = first.message?.result;
    if (!isObject(result)) return undefined;
    const how = { ...(typeof result.protocolVersion === 'string' && { version: result.protocolVersion }), session: first.headers['mcp-session-id'] };
    const greeted = await this.rpc('initialized', initialized(how), { token: this.token });
    return { result, how, greeted, ask: (method, params) => legacy(method, params, how) };
  }

  /**
   * All tools, as this visitor sees them.
   * @returns {Promise<{tools?: object[], answer: object, ask?: Function, bytes?: number, cursor?: unknown}>}  `ask` calls a tool the same way; `tools` is
   *   missing if there is no list
   */
  async tools() {
    const entry = await this.entry();
    if (entry) return this.listing(entry.ask);
    if ((await this.discover()).message?.result) return this.listing((method, params) => modern(method, params));
    return { answer: await this.greeting() };
  }

  /** The tools as a client of the stateless revision sees them, if there is such a list. */
  async modernTools() {
    return (await this.discover()).message?.result ? this.listing((method, params) => modern(method, params)) : undefined;
  }

  async listing(ask) {
    const tools = [];
    let [cursor, bytes] = [undefined, 0];
    for (let page = 0; page < PAGES && tools.length < TOOLS && bytes < LARGEST_LIST; page += 1) {
      const answer = await this.rpc('tools/list', ask('tools/list', cursor === undefined ? {} : { cursor }), { token: this.token });
      const result = answer.message?.result;
      if (!Array.isArray(result?.tools)) return { answer, ask };
      tools.push(...result.tools.filter(isObject));
      bytes += answer.text.length;
      cursor = result.nextCursor;
      if (typeof cursor !== 'string') return { tools, answer, ask, bytes, cursor };
    }
    return { tools, ask, bytes, answer: {}, endless: true };
  }

  /** Ends the sessions that the server began. */
  async leave() {
    for (const { url, headers } of this.sessions.splice(0)) await this.ask('end of a session', { url, method: 'DELETE', headers });
  }

  // --- who may enter -------------------------------------------------------------------------------------------------

  /** A token that nobody issued. A server that takes tokens refuses this one on every method. */
  async badToken() {
    const first = await this.initialize();
    const isModernOnly = !first.message?.result && (await this.discover()).message?.result !== undefined;
    return this.rpc('a bad token', isModernOnly ? modern('server/discover') : initialize(), { token: 'no-such-token' });
  }

  /**
   * Read-only tools called without a token, up to the first that wants a sign-in.
   * @returns {Promise<{name: string, answer: object, inBand: boolean} | undefined>}
   */
  async protectedTool() {
    if (this.token !== undefined) return undefined;
    const { tools = [], ask } = await this.tools();
    const readOnly = tools.filter((tool) => tool.annotations?.readOnlyHint === true && typeof tool.name === 'string');
    const schemes = (tool) => tool.securitySchemes ?? tool._meta?.securitySchemes;
    const declared = (tool) => Array.isArray(schemes(tool)) && schemes(tool).every((scheme) => scheme?.type !== 'noauth');
    const tried = [...readOnly].sort((a, b) => Number(declared(b)) - Number(declared(a))).slice(0, TRIES);
    for (const { name } of tried) {
      const answer = await this.rpc(`tools/call ${name}`, ask('tools/call', { name, arguments: {} }));
      this.calls.push({ name, answer });
      if (answer.status === 401 || answer.status === 403) return { name, answer, inBand: false };
      if (asksInBand(answer.message)) return { name, answer, inBand: true };
    }
    return undefined;
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

  /** The refusal that makes a client sign in, and its challenge. */
  async refusal() {
    const first = await this.initialize();
    const found = await this.protectedTool();
    const [where, answer] =
      first.status === 401 || first.status === 403
        ? ['initialize without a token', first]
        : found
          ? [`tools/call ${found.name} without a token`, found.answer]
          : ['a request with a bad token', await this.badToken()];
    return { where, answer, ...challengeOf(answer), inBand: found?.inBand ?? false };
  }

  // --- the sign-in ---------------------------------------------------------------------------------------------------

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
  ...['initialize', 'greeting', 'anonymous', 'otherSlash', 'discover', 'preflight', 'entry', 'tools', 'modernTools', 'badToken', 'protectedTool', 'kind', 'refusal'],
  ...['resourceMetadata', 'issuer', 'serverMetadata', 'scope', 'registration', 'nativeRegistration', 'start', 'startAsClaude', 'badCode', 'badRefreshToken', 'badGrant', 'badClient'],
];

/** Whether a tool asks for a sign-in inside a successful HTTP answer. */
function asksInBand(message) {
  const result = message?.result;
  if (result?._meta?.['mcp/www_authenticate'] !== undefined) return true;
  const said = message?.error?.message ?? (result?.isError === true ? result.content?.[0]?.text : undefined);
  return typeof said === 'string' && /unauthori[sz]ed|not (authenticated|signed in|logged in)|authentication (is )?required|sign[- ]in required/i.test(said);
}
