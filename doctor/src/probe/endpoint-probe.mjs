// Asks the MCP endpoint each question once, and keeps what came back. Nothing is judged here.
//
// Tools are called only where they call themselves read-only, with no arguments and no token.
import { HttpClient } from '../http/http-client.mjs';
import { isObject } from '../wire/json.mjs';
import { initialize, initialized, legacy, messageIn, modern } from '../wire/messages.mjs';
import { challengeOf } from '../wire/oauth.mjs';

const PAGES = 20;
const TOOLS = 2000;
/** The most text that is read of a list of tools, in characters. */
const LARGEST_LIST = 4_000_000;
/** How many tools are tried to find one that needs a sign-in. */
const TRIES = 6;

export class EndpointProbe extends HttpClient {
  /**
   * @param {URL} url
   * @param {ConstructorParameters<typeof HttpClient>[1] & {token?: string}} [options]  `token`: an access token, sent to the MCP URL
   *   and nowhere else
   */
  constructor(url, { token, ...options } = {}) {
    super(url, options);
    this.token = token;
    /** What was done at the server. */
    this.changes = { registered: 0, sessions: 0 };
    this.sessions = [];
    /** The read-only tools that were called. */
    this.calls = [];
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

  /** The first request of this client: with the token, if there is one. */
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
   * The handshake of this client, finished.
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
   * All tools, as this client sees them.
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
    const readOnly = tools.filter(isReadOnly);
    const tried = [...readOnly].sort((a, b) => Number(isDeclared(b)) - Number(isDeclared(a)));
    for (const { name } of tried) {
      const answer = await this.tryTool(name, ask);
      if (answer === undefined) return undefined;
      if (answer.status === 401 || answer.status === 403) return { name, answer, inBand: false };
      if (asksInBand(answer.message)) return { name, answer, inBand: true };
    }
    return undefined;
  }

  /** Calls a read-only tool without a token and without arguments; nothing if enough of them were called. */
  async tryTool(name, ask) {
    if (this.calls.length >= TRIES) return undefined;
    const call = { name, answer: undefined };
    this.calls.push(call);
    call.answer = await this.rpc(`tools/call ${name}`, ask('tools/call', { name, arguments: {} }));
    return call.answer;
  }

  /** Calls read-only tools that ask for no sign-in, until one gives a result. */
  async results() {
    const { tools = [], ask } = await this.tools();
    await this.protectedTool();
    const results = () => this.calls.filter(({ answer }) => isObject(answer?.message?.result) && answer.message.result.isError !== true);
    if (this.token !== undefined) return results();
    for (const tool of tools.filter((one) => isReadOnly(one) && !isDeclared(one) && !this.calls.some(({ name }) => name === one.name))) {
      if (results().length > 0 || (await this.tryTool(tool.name, ask)) === undefined) break;
    }
    return results();
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
}

const isReadOnly = (tool) => tool.annotations?.readOnlyHint === true && typeof tool.name === 'string';

/** Whether a tool says that it needs a sign-in. */
function isDeclared(tool) {
  const schemes = tool.securitySchemes ?? tool._meta?.securitySchemes;
  return Array.isArray(schemes) && schemes.every((scheme) => scheme?.type !== 'noauth');
}

/** Whether a tool asks for a sign-in inside a successful HTTP answer. */
function asksInBand(message) {
  const result = message?.result;
  if (result?._meta?.['mcp/www_authenticate'] !== undefined) return true;
  const said = message?.error?.message ?? (result?.isError === true ? result.content?.[0]?.text : undefined);
  return (
    typeof said === 'string' &&
    /unauthori[sz]ed|not (authenticated|signed in|logged in)|authentication (is )?required|sign[- ]in required/i.test(said)
  );
}
