// The released official clients against the starter connector, as an application uses them: connect, list, call, and be
// asked to sign in. What they do with a token is tested with the authorization server.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
  UnauthorizedError as UnauthorizedV2,
} from '@modelcontextprotocol/client';
import { UnauthorizedError as UnauthorizedV1 } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CONNECTOR_NAME, startConnector } from '../support/workers/wrangler-dev.mjs';

/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let server;
before(async () => {
  server = await startConnector();
});
after(() => server?.stop());

/** The starter's tools, in the order of the alphabet. */
const TOOLS = ['delete_note', 'echo', 'list_notes', 'save_note', 'whoami'];
const namesOf = async (client) => (await client.listTools()).tools.map(({ name }) => name).sort();

const INFO = { name: 'behaviour-tests', version: '1.0.0' };
const REDIRECT = 'http://127.0.0.1:39321/callback';

/** Every official client and version mode, and the revision it ends up with. */
const CLIENTS = [
  {
    name: 'TypeScript v1',
    version: '2025-11-25',
    Unauthorized: UnauthorizedV1,
    client: () => new ClientV1(INFO),
    transport: (url, options) => new TransportV1(url, options),
  },
  ...[
    ['legacy', '2025-11-25'],
    ['auto', '2026-07-28'],
    [{ pin: '2026-07-28' }, '2026-07-28'],
  ].map(([mode, version]) => ({
    name: `TypeScript v2, ${typeof mode === 'string' ? mode : `pinned to ${mode.pin}`}`,
    version,
    Unauthorized: UnauthorizedV2,
    client: () => new ClientV2(INFO, { versionNegotiation: { mode } }),
    transport: (url, options) => new TransportV2(url, options),
  })),
];

/** An application that is registered already, has no token, and notes where it is sent to sign in. */
function provider() {
  const seen = { redirects: [], verifier: undefined };
  return {
    seen,
    redirectUrl: REDIRECT,
    clientMetadata: { client_name: 'behaviour-tests', redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' },
    clientInformation: () => ({ client_id: 'behaviour-tests' }),
    tokens: () => undefined,
    saveTokens: () => assert.fail('nobody signed in'),
    redirectToAuthorization: (url) => void seen.redirects.push(url),
    saveCodeVerifier: (verifier) => {
      seen.verifier = verifier;
    },
    codeVerifier: () => seen.verifier,
    state: () => 'state-of-the-test',
  };
}

for (const { name, version, Unauthorized, client: make, transport: connectTo } of CLIENTS) {
  describe(name, () => {
    /** Connects, notes every exchange, and closes in the end. */
    async function connected(options, use, url = server.url) {
      const requests = [];
      const watched = async (input, init) => {
        const answer = await fetch(input, { ...init, redirect: 'manual' });
        requests.push({
          url: String(input?.url ?? input),
          method: init?.method ?? 'GET',
          status: answer.status,
          version: new Headers(init?.headers).get('mcp-protocol-version'),
        });
        return answer;
      };
      const client = make();
      const errors = [];
      client.onerror = (error) => errors.push(error);
      const transport = connectTo(new URL(url), { ...options, fetch: watched });
      try {
        await client.connect(transport);
        return await use(client, { requests, errors, transport });
      } catch (error) {
        error.message += `\nexchanges: ${JSON.stringify(requests, null, 1)}`;
        throw error;
      } finally {
        await client.close();
      }
    }

    test('connects, lists, calls echo', async () => {
      await connected({}, async (client, { requests, errors }) => {
        assert.equal(client.getServerVersion()?.name, CONNECTOR_NAME, 'the connector introduces itself');
        assert.equal(typeof client.getServerCapabilities()?.tools, 'object', 'it has tools');
        assert.deepEqual(await namesOf(client), TOOLS);
        const result = await client.callTool({ name: 'echo', arguments: { text: 'hello from a client' } });
        assert.match(result.content[0].text, /hello from a client/);
        assert.ok(
          requests.filter((one) => one.method === 'POST').some((one) => one.version === version),
          `the revision in use is ${version}: ${JSON.stringify(requests)}`,
        );
        assert.deepEqual(errors, [], 'no error on the side');
        const unexpected = requests.filter((one) => one.status >= 300 && !(one.method === 'GET' && one.status === 405));
        assert.deepEqual(unexpected, [], 'every exchange succeeds, except GET, which is 405');
      });
    });

    test('connects under the slash form of the address', async () => {
      await connected({}, async (client) => assert.deepEqual(await namesOf(client), TOOLS), `${server.url}/`);
    });

    test('an invalid argument comes back as a result for the model', async () => {
      await connected({}, async (client) => {
        const result = await client.callTool({ name: 'echo', arguments: { text: 3 } });
        assert.equal(result.isError, true);
        assert.match(result.content[0].text, /text/);
      });
    });

    test('whoami without a provider surfaces the 401', async () => {
      await connected({}, async (client) => {
        await assert.rejects(client.callTool({ name: 'whoami', arguments: {} }), (error) => {
          const status = error.code === 401 || error.status === 401 || error.data?.status === 401;
          assert.ok(status || /401|unauthorized/i.test(`${error.name} ${error.message}`), `the application sees a 401: ${error.stack}`);
          return true;
        });
        const result = await client.callTool({ name: 'echo', arguments: { text: 'still connected' } });
        assert.match(result.content[0].text, /still connected/, 'the connection goes on');
      });
    });

    test('whoami with a provider leads to the sign-in it needs', async () => {
      const oauth = provider();
      await connected({ authProvider: oauth }, async (client, { requests }) => {
        assert.equal(oauth.seen.redirects.length, 0, 'connecting asks for no sign-in');
        await client.listTools();
        assert.equal(oauth.seen.redirects.length, 0, 'listing asks for no sign-in');
        await assert.rejects(client.callTool({ name: 'whoami', arguments: {} }), (error) => {
          assert.ok(error instanceof Unauthorized, `an UnauthorizedError: ${error.stack}\n${JSON.stringify(requests, null, 1)}`);
          return true;
        });
        assert.equal(oauth.seen.redirects.length, 1, 'one sign-in');
        const [authorize] = oauth.seen.redirects;
        assert.equal(authorize.origin, server.origin, 'at the authorization server that the metadata names');
        assert.equal(authorize.searchParams.get('resource'), server.url, 'for this resource');
        assert.ok(authorize.searchParams.get('scope').split(' ').includes('profile'), `for the scope of the challenge: ${authorize}`);
        assert.equal(authorize.searchParams.get('code_challenge_method'), 'S256');
        assert.ok(
          requests.some((one) => new URL(one.url).pathname === '/.well-known/oauth-protected-resource/mcp' && one.status === 200),
          `the metadata was found where the challenge said: ${JSON.stringify(requests, null, 1)}`,
        );
        const result = await client.callTool({ name: 'echo', arguments: { text: 'public as before' } });
        assert.match(result.content[0].text, /public as before/, 'public tools go on without a sign-in');
      });
    });

    test('the private endpoint asks for sign-in at connect', async () => {
      const oauth = provider();
      await assert.rejects(
        connected({ authProvider: oauth }, () => assert.fail('connected without a token'), server.privateUrl),
        (error) => {
          assert.ok(error instanceof Unauthorized, `an UnauthorizedError: ${error.stack}`);
          return true;
        },
      );
      assert.equal(oauth.seen.redirects.length, 1, 'one sign-in');
      const [authorize] = oauth.seen.redirects;
      assert.equal(authorize.searchParams.get('resource'), server.privateUrl, 'its own resource');
      for (const scope of ['profile', 'notes:read']) {
        assert.ok(authorize.searchParams.get('scope').split(' ').includes(scope), `the scopes of a first sign-in: ${authorize}`);
      }
    });
  });
}
