// Starts the built Worker in the real runtime for the tests of a file, and gives clients for it.
//
// `npm test` builds the Worker before it runs the tests, and says so with MCP_PREBUILT=1.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before } from 'node:test';
import { authorize, REDIRECT_URI, signIn } from '../client/sign-in.mjs';
import { currentNode } from '../setup/node.mjs';
import { root, wranglerScript } from '../support/paths.mjs';
import { launch } from '../support/processes.mjs';

/** The owner's passphrase while tests run. */
export const PASSPHRASE = 'violet-otter-canal-trumpet-9';

/** How long the Worker may take to start, in milliseconds. Without MCP_PREBUILT it may have to be built. */
const START_LIMIT = process.env.MCP_PREBUILT === '1' ? 120_000 : 900_000;

/** How long what the Worker has printed may take to arrive here, in milliseconds. */
const LOG_LIMIT = 3000;

/** The official TypeScript SDK, from the packages of the tests. */
const sdk = (name) => import(createRequire(path.join(root, 'tests', 'any.mjs')).resolve(`@modelcontextprotocol/sdk/${name}`));

/**
 * Starts the connector before the tests of a file, and ends it after them.
 * @param {{vars?: Record<string, string>}} [how] `vars`: variables and secrets over those in wrangler.toml
 */
export function startConnector({ vars = {} } = {}) {
  const connector = new Connector({ OWNER_PASSPHRASE: PASSPHRASE, ...vars });
  before(() => connector.start());
  after(() => connector.stop());
  return connector;
}

class Connector {
  #vars;
  #wrangler;
  #folder;
  #clients = [];
  #log = '';

  constructor(vars) {
    this.#vars = vars;
  }

  /** The address of the Worker, such as `http://127.0.0.1:40123`. */
  origin;

  /** The MCP endpoint. */
  get url() {
    return `${this.origin}/mcp`;
  }

  /** The MCP endpoint where every request needs a token. */
  get privateUrl() {
    return `${this.origin}/private/mcp`;
  }

  /** Everything that the Worker has printed. */
  get log() {
    return this.#log;
  }

  async start() {
    this.#folder = mkdtempSync(path.join(tmpdir(), 'mcp-connector-test-'));
    // In a file rather than in the arguments, and instead of .dev.vars.
    const environment = path.join(this.#folder, 'vars');
    writeFileSync(environment, Object.entries(this.#vars).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`).join(''), { mode: 0o600 });
    const storage = ['--persist-to', path.join(this.#folder, 'storage'), '--env-file', environment];
    const args = ['dev', '--ip', '127.0.0.1', '--port', '0', '--inspector-port', '0', '--show-interactive-dev-session=false', ...storage];
    const env = {
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      NO_COLOR: '1',
      FORCE_COLOR: '0',
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_LOG_PATH: path.join(this.#folder, 'logs'),
      WRANGLER_REGISTRY_PATH: path.join(this.#folder, 'registry'),
    };
    this.#wrangler = launch(currentNode(), [wranglerScript, ...args], { cwd: root, env, output: 'pipe' });
    const port = await new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`the Worker did not start:\n${this.#log}`)), START_LIMIT);
      for (const stream of [this.#wrangler.stdout, this.#wrangler.stderr]) {
        createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
          // wrangler colours warnings and errors whatever it is told.
          this.#log += `${line.replace(/\u001b\[[0-9;]*m/g, '')}\n`;
          const found = /Ready on http:\/\/[^:\s]+:(\d+)/.exec(line)?.[1];
          if (found) resolve(found);
        });
      }
      this.#wrangler.done.then(() => reject(new Error(`wrangler ended before the Worker was ready:\n${this.#log}`)));
      this.#wrangler.done.finally(() => clearTimeout(limit));
    });
    this.origin = `http://127.0.0.1:${port}`;
    // The first answer says that the Worker's module has loaded, and makes it print what is wrong with the connector.
    await (await fetch(this.origin, { redirect: 'manual' })).arrayBuffer();
    await this.#logged('"message":"GET / ');
  }

  /** Waits until the Worker has printed a text; what it prints arrives later than its answer. Not forever: LOG may be "off". */
  async #logged(text) {
    for (const limit = Date.now() + LOG_LIMIT; !this.#log.includes(text) && Date.now() < limit; ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    // Warnings come by another pipe.
    await new Promise((resolve) => setTimeout(resolve, 100));
  }

  async stop() {
    await Promise.all(this.#clients.map((client) => client.close().catch(() => {})));
    await this.#wrangler?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The official client, without a sign-in. */
  client(options) {
    return this.#connect(this.url, options);
  }

  /**
   * The official client, signed in as the owner.
   * @param {{scope?: string}} [how] the scopes that it asks for, separated by spaces; by default all there are
   */
  async signedInClient({ scope, ...options } = {}) {
    const { access_token: token } = await this.signIn({ scope });
    return this.#connect(this.url, { ...options, requestInit: { headers: { authorization: `Bearer ${token}` } } });
  }

  /** Signs in as the owner, and returns the answer of the token endpoint. */
  async signIn({ scope, resource = this.url } = {}) {
    const scopes = scope ?? (await this.#allScopes());
    return signIn({ origin: this.origin, resource, passphrase: this.#vars.OWNER_PASSPHRASE, scope: scopes, name: 'Tests' });
  }

  /** Every scope that the authorization server knows. */
  async #allScopes() {
    const metadata = await (await fetch(`${this.origin}/.well-known/oauth-authorization-server`)).json();
    return metadata.scopes_supported?.join(' ');
  }

  async #connect(url, { capabilities = {}, ...options } = {}) {
    const { Client } = await sdk('client/index.js');
    const { StreamableHTTPClientTransport } = await sdk('client/streamableHttp.js');
    const client = new Client({ name: 'tests', version: '1.0.0' }, { capabilities });
    await client.connect(new StreamableHTTPClientTransport(new URL(url), options));
    this.#clients.push(client);
    return client;
  }

  /**
   * The official client, which signs in by itself when a tool asks for it: it finds the authorization server, registers, and opens a
   * browser in which the owner signs in and allows everything.
   */
  async clientThatSignsIn() {
    const { UnauthorizedError } = await sdk('client/auth.js');
    const { StreamableHTTPClientTransport } = await sdk('client/streamableHttp.js');
    const { Client } = await sdk('client/index.js');
    const passphrase = this.#vars.OWNER_PASSPHRASE;
    const state = {};
    const provider = {
      redirectUrl: REDIRECT_URI,
      clientMetadata: { client_name: 'Tests', redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' },
      clientInformation: () => state.client,
      saveClientInformation: (client) => void (state.client = client),
      tokens: () => state.tokens,
      saveTokens: (tokens) => void (state.tokens = tokens),
      codeVerifier: () => state.verifier,
      saveCodeVerifier: (verifier) => void (state.verifier = verifier),
      redirectToAuthorization: async (url) => void (state.redirect = await authorize(url, passphrase)),
    };
    const transport = new StreamableHTTPClientTransport(new URL(this.url), { authProvider: provider });
    const client = new Client({ name: 'tests', version: '1.0.0' });
    await client.connect(transport);
    this.#clients.push(client);
    const callTool = async (call) => {
      try {
        return await client.callTool(call);
      } catch (error) {
        if (!(error instanceof UnauthorizedError)) throw error;
        await transport.finishAuth(state.redirect.searchParams.get('code'));
        return client.callTool(call);
      }
    };
    return { callTool, tokens: () => state.tokens };
  }
}
