// The released official clients go the whole way: challenge, metadata, registration, consent, token, protected call, refresh,
// step-up, revocation, 401; registered dynamically, described by a document, and configured beforehand; on both endpoints.
// Then the authorization scenarios of the official conformance suite, with nobody at the keyboard.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
  UnauthorizedError as UnauthorizedV2,
} from '@modelcontextprotocol/client';
import { UnauthorizedError as UnauthorizedV1 } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { serveDocuments } from '../support/http/document-server.mjs';
import { startInstances } from '../support/workers/instances.mjs';
import {
  Browser,
  REDIRECT,
  SIGN_IN,
  connect,
  isOAuthError,
  isTurnedAway,
  isWelcome,
  keepsSecrets,
  refreshing,
  register,
  revoking,
  scopesIn,
  secret,
  send,
  signIn,
} from '../support/oauth/client.mjs';
import { authProvider } from '../support/oauth/auth-provider.mjs';
import { PYTHON_PACKAGE, python } from '../support/clients/python.mjs';
import { startConnector } from '../support/workers/wrangler-dev.mjs';
import { currentNode } from '../../scripts/setup/node.mjs';
import { packaged } from '../support/clients/conformance-suite.mjs';

const INFO = { name: 'behaviour-tests', version: '1.0.0' };

/** What the owner has configured. */
const CONFIGURED = {
  public: { client_id: 'configured-app', client_name: 'A configured app', redirect_uris: [REDIRECT] },
  confidential: {
    client_id: 'configured-web',
    client_name: 'A configured web app',
    client_secret: secret('a-configured-secret-of-the-tests', 'a configured client_secret'),
    redirect_uris: [REDIRECT],
  },
  service: {
    client_id: 'nightly',
    client_secret: secret('another-configured-secret-of-the-tests', 'a configured client_secret'),
    own_scopes: 'notes:read',
  },
};
const DOCUMENT = 'https://tests.client.example/oauth/client.json';

/** @type {Awaited<ReturnType<typeof startInstances>>} */
let runtime;
let site;
let outside;
before(async () => {
  outside = await serveDocuments({
    [DOCUMENT]: { client_id: DOCUMENT, client_name: 'A published client', redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' },
  });
  runtime = await startInstances({
    count: 1,
    origin: null,
    outbound: outside.port,
    vars: { ...SIGN_IN, OAUTH_CLIENTS: JSON.stringify(Object.values(CONFIGURED)) },
  });
  [site] = runtime.instances;
});
after(async () => {
  await runtime?.stop();
  outside?.stop();
});

/** How a client comes to its identifier. */
const WAYS = {
  'registered dynamically': {},
  'described by a document': { clientMetadataUrl: DOCUMENT, clientId: DOCUMENT },
  'configured, public': { client: CONFIGURED.public },
  'configured, with a secret': { client: CONFIGURED.confidential },
};

const TYPESCRIPT = [
  {
    name: 'TypeScript v1',
    Unauthorized: UnauthorizedV1,
    client: () => new ClientV1(INFO),
    transport: (url, options) => new TransportV1(url, options),
    finish: (transport, parameters) => transport.finishAuth(parameters.get('code')),
    // It renews its token before it asks for more, and then gives up; an application forgets the tokens and begins anew.
    stepsUp: false,
    ways: ['registered dynamically', 'described by a document', 'configured, public', 'configured, with a secret'],
  },
  ...['legacy', 'auto', { pin: '2026-07-28' }].map((mode) => ({
    name: `TypeScript v2, ${typeof mode === 'string' ? mode : `pinned to ${mode.pin}`}`,
    Unauthorized: UnauthorizedV2,
    client: () => new ClientV2(INFO, { versionNegotiation: { mode } }),
    transport: (url, options) => new TransportV2(url, options),
    finish: (transport, parameters) => transport.finishAuth(parameters),
    stepsUp: true,
    ways: mode === 'auto' ? Object.keys(WAYS) : ['registered dynamically'],
  })),
];

/** The revocation that every journey ends with: dead at once, and at the resource within a minute. */
async function endsForGood(at, client, tokens, path, { passes } = {}) {
  (await send(at, revoking(client, tokens.refresh_token, client.client_secret ? { client_secret: client.client_secret } : {}))).hasStatus(
    200,
    'RFC 7009',
  );
  const more = client.client_secret ? { client_secret: client.client_secret } : {};
  isOAuthError(await send(at, refreshing(client, tokens, more)), 400, 'invalid_grant', 'dead at once');
  await passes?.(61);
  await isTurnedAway(at, tokens.access_token, { path, rule: 'within a minute' });
}

for (const { name, Unauthorized, client: make, transport: connectTo, finish, stepsUp, ways } of TYPESCRIPT) {
  describe(name, () => {
    /** One person, one application, one endpoint, from the challenge to the end. */
    async function journey(at, { path, way, passes }) {
      const app = authProvider(WAYS[way]);
      const url = new URL(`${at.origin}${path}`);
      const browser = new Browser(at);
      const exchanges = [];
      const watched = async (input, init) => {
        const answer = await fetch(input, { ...init, redirect: 'manual' });
        exchanges.push(`${init?.method ?? 'GET'} ${input?.url ?? input} ${answer.status}`);
        return answer;
      };
      let transport;
      let client;
      const begin = async () => {
        client = make();
        transport = connectTo(url, { authProvider: app, fetch: watched });
        await client.connect(transport);
      };
      /** Does something, and signs in where that is asked for. */
      const signedIn = async (act, expected) => {
        const before_ = app.kept.redirects.length;
        try {
          const result = await act();
          assert.equal(expected, 0, 'the sign-in was asked for');
          return result;
        } catch (error) {
          if (!(error instanceof Unauthorized)) throw error;
        }
        assert.equal(app.kept.redirects.length, before_ + 1, 'one redirect');
        const arrival = await signIn(browser, app.kept.redirects.at(-1));
        await finish(transport, arrival.url.searchParams);
        return act();
      };
      const call = (tool, args = {}) => client.callTool({ name: tool, arguments: args });
      const textOf = (result) => result.content.map((block) => block.text).join('\n');

      try {
        if (path === '/mcp') {
          await begin();
          assert.equal(app.kept.redirects.length, 0, 'connecting asks for no sign-in');
          assert.match(textOf(await call('echo', { text: 'without a sign-in' })), /without a sign-in/);
          assert.match(textOf(await signedIn(() => call('whoami'), 1)), /owner/, 'whoami says who is calling');
        } else {
          await signedIn(begin, 1);
          assert.match(textOf(await call('whoami')), /owner/, 'whoami says who is calling');
        }
        const authorize = app.kept.redirects[0];
        assert.equal(authorize.searchParams.get('resource'), url.href, 'for this resource');
        assert.equal(app.kept.client.client_id, WAYS[way].clientId ?? WAYS[way].client?.client_id ?? app.kept.client.client_id);
        assert.ok(scopesIn(app.kept.tokens.scope).includes('profile'), `what was granted: ${app.kept.tokens.scope}`);
        assert.ok(!scopesIn(app.kept.tokens.scope).includes('notes:write'), 'and no more than that');

        const first = app.kept.tokens;
        app.kept.tokens = { ...first, access_token: `${first.access_token.slice(0, -6)}broken` };
        assert.match(textOf(await call('whoami')), /owner/, 'a 401 makes it refresh');
        assert.notEqual(app.kept.tokens.refresh_token, first.refresh_token, 'it rotated');
        assert.equal(app.kept.redirects.length, 1, 'nobody was asked');

        const note = { title: `From ${name}`, body: `by a client ${way}` };
        if (!stepsUp) app.invalidateCredentials('tokens');
        if (!stepsUp && path !== '/mcp') await signedIn(() => call('whoami'), 1);
        if (stepsUp) {
          assert.match(textOf(await signedIn(() => call('save_note', note), 1)), /saved/, '403 makes it step up');
          assert.match(textOf(await call('whoami')), /owner/, 'with what it had before');
        } else if (path === '/mcp') {
          assert.match(textOf(await signedIn(() => call('save_note', note), 1)), /saved/, '401 names the scope');
        }
        const asked = app.kept.redirects.at(-1).searchParams.get('scope');
        if (stepsUp || path === '/mcp') assert.ok(scopesIn(asked).includes('notes:write'), `it asked for ${asked}`);

        await endsForGood(at, app.kept.client, app.kept.tokens, path, { passes });
        const before_ = app.kept.redirects.length;
        await assert.rejects(
          call(stepsUp ? 'whoami' : 'save_note', stepsUp ? {} : note),
          (error) => error instanceof Unauthorized,
          'it has to sign in again',
        );
        assert.equal(app.kept.redirects.length, before_ + 1);
      } catch (error) {
        error.message += `\n${exchanges.join('\n')}`;
        throw error;
      } finally {
        await client?.close();
      }
    }

    for (const way of ways) {
      test(`goes the whole way, ${way}`, () => journey(site, { path: '/mcp', way, passes: runtime.passes }));
    }
    test('goes the whole way on the private endpoint', () =>
      journey(site, { path: '/private/mcp', way: 'registered dynamically', passes: runtime.passes }));
  });
}

// --- Python ----------------------------------------------------------------------------------------------------------

/** Starts the Python client; `tell` says what to do and gives its answer, signing in where that is asked for. */
function startPython(program, setting, browser) {
  const script = fileURLToPath(new URL('../support/clients/client.py', import.meta.url));
  const child = spawn(program, [script, JSON.stringify(setting)], { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => (complaints += chunk));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const seen = { signIns: [] };
  const receive = async () => {
    for (;;) {
      const { value, done } = await lines.next();
      assert.ok(!done, `the Python client ended:\n${complaints.slice(-4000)}`);
      const message = JSON.parse(value);
      if (!message.authorize) return message;
      seen.signIns.push(new URL(message.authorize));
      const arrival = await signIn(browser, message.authorize);
      child.stdin.write(`${JSON.stringify(arrival.parameters)}\n`);
    }
  };
  return {
    seen,
    receive,
    async tell(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      const answer = await receive();
      assert.ok(!answer.raised, `${JSON.stringify(order)}: ${answer.raised}\n${complaints.slice(-4000)}`);
      for (const name of ['access_token', 'refresh_token']) secret(answer.tokens?.[name], `a ${name}`);
      return answer;
    },
    end() {
      child.stdin.end();
      child.kill();
    },
  };
}

describe(`Python (${PYTHON_PACKAGE})`, () => {
  let found;
  before(async () => {
    found = await python();
    if (found.why) console.error(`\nNOT TESTED: the official Python client: ${found.why}.\n`);
  });

  for (const [mode, path, way] of [
    ['auto', '/mcp', 'registered dynamically'],
    ['legacy', '/mcp', 'described by a document'],
    ['auto', '/private/mcp', 'configured, with a secret'],
  ]) {
    test(`Python (${PYTHON_PACKAGE}) goes the whole way on ${path} in mode ${mode}, ${way}`, async (t) => {
      if (found.why) return t.skip(found.why);
      const { client, clientMetadataUrl } = WAYS[way];
      const setting = {
        url: `${site.origin}${path}`,
        mode,
        redirect_uri: REDIRECT,
        ...(client && { client: { ...client, token_endpoint_auth_method: client.client_secret ? 'client_secret_basic' : 'none' } }),
        ...(clientMetadataUrl && { client_metadata_url: clientMetadataUrl }),
      };
      const app = startPython(found.program, setting, new Browser(site));
      try {
        assert.deepEqual(await app.receive(), { connected: true });
        assert.equal(app.seen.signIns.length, path === '/mcp' ? 0 : 1, 'sign-in only where it is needed');
        const first = await app.tell({ do: 'call', name: 'whoami', arguments: {} });
        assert.match(first.text, /owner/);
        assert.equal(app.seen.signIns.length, 1, 'one sign-in');
        assert.equal(app.seen.signIns[0].searchParams.get('resource'), setting.url, 'for this resource');
        if (clientMetadataUrl) assert.equal(first.client_id, clientMetadataUrl);

        await app.tell({ do: 'expire' });
        const second = await app.tell({ do: 'call', name: 'whoami', arguments: {} });
        assert.match(second.text, /owner/);
        assert.notEqual(second.tokens.refresh_token, first.tokens.refresh_token, 'it rotated');
        assert.equal(app.seen.signIns.length, 1, 'nobody was asked');

        const saved = await app.tell({ do: 'call', name: 'save_note', arguments: { title: 'From Python', body: way } });
        assert.match(saved.text, /saved/, '403 makes it step up');
        assert.equal(app.seen.signIns.length, 2, 'by a second sign-in');
        assert.ok(scopesIn(app.seen.signIns[1].searchParams.get('scope')).includes('notes:write'), String(app.seen.signIns[1]));
        await isWelcome(site, first.tokens.access_token, { path, rule: 'the first grant is untouched' });

        await endsForGood(site, { client_id: saved.client_id, client_secret: client?.client_secret }, saved.tokens, path, {
          passes: runtime.passes,
        });
        const again = await app.tell({ do: 'call', name: 'whoami', arguments: {} });
        assert.equal(app.seen.signIns.length, 3, 'it has to sign in again');
        assert.match(again.text, /owner/);
      } finally {
        app.end();
      }
      return undefined;
    });
  }
});

// --- wrangler dev ----------------------------------------------------------------------------------------------------

describe('under `wrangler dev`, as `npm start` runs it', () => {
  /** @type {import("../support/workers/wrangler-dev.mjs").Server} */
  let server;
  before(async () => {
    server = await startConnector(SIGN_IN);
  });
  after(() => server?.stop());

  test('under `wrangler dev`, as `npm start` runs it, a whole sign-in works over http on this machine, in a strict browser', async () => {
    const client = await register(server);
    const browser = new Browser(server);
    const { tokens } = await connect(server, { client, browser });
    assert.deepEqual(browser.refused, [], 'no cookie was refused');
    await isWelcome(server, tokens.access_token);
  });

  test('under `wrangler dev`, as `npm start` runs it, the authorization scenarios of the official suite pass, with nobody at the keyboard', async (t) => {
    const port = await freePort();
    const client = await register(server, { redirect_uris: [`http://127.0.0.1:${port}/callback`] });
    const directory = await mkdtemp(join(tmpdir(), 'mcp-connector-authorization-'));
    try {
      const options = ['authorization', '--url', server.origin, '--client-id', client.client_id, '--port', String(port), '-o', directory];
      const child = spawn(currentNode(), [packaged('@modelcontextprotocol/conformance', 'dist/index.js'), ...options], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      let person;
      const read = (chunk) => {
        output += chunk;
        const [url] = output.match(new RegExp(`${server.origin}/authorize\\?\\S+`)) ?? [];
        // The callback server listens before the address is printed.
        if (url && /Waiting up to/.test(output)) {
          person ??= signIn(new Browser(server), url).then((arrival) => fetch(arrival.url).then((answer) => answer.text()));
          person.catch((error) => {
            output += `\n${error.stack}`;
            child.kill();
          });
        }
      };
      child.stdout.setEncoding('utf8').on('data', read);
      child.stderr.setEncoding('utf8').on('data', read);
      await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
      await person;

      const checks = [];
      for (const entry of await readdir(directory))
        checks.push(...JSON.parse(await readFile(join(directory, entry, 'checks.json'), 'utf8')));
      const bad = checks.filter(({ status }) => status !== 'SUCCESS');
      t.diagnostic(`${checks.length} checks: ${checks.map(({ id, status }) => `${id} ${status}`).join(', ')}`);
      assert.deepEqual(bad, [], `every check succeeds, none is a warning, none is skipped\n${output}`);
      assert.ok(checks.length >= 3, `both scenarios ran:\n${output}`);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  test('under `wrangler dev`, as `npm start` runs it, no secret is in the log', () => keepsSecrets([server]));
});

test('no secret is in the log', () => keepsSecrets([site]));

/** A port nobody listens on. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = http.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
