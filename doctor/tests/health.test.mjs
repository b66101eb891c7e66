// A healthy server has nothing to mend, and the doctor does to it only what it says.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { examine } from '../src/checklist.mjs';
import { streamed } from './support/changes.mjs';
import { during, finding, inPublic, levels, tell } from './support/doctor.mjs';
import { TOKEN, startExampleServer } from './support/example-server.mjs';
import { AUTHORITY, TRUSTED } from './support/certificates.mjs';

describe('health', () => {
  test('a healthy server has nothing to mend, and nothing else is asked of it', async () => {
    await during(await startExampleServer(), async (server) => {
      const report = await examine(new URL(`${server.origin}/mcp`));
      assert.deepEqual(levels(report, 'fail'), [], tell(report));
      assert.deepEqual(levels(report, 'note'), ['address'], tell(report));
      const asked = new Set(server.seen.map((line) => line.replace(/\?.*/, '')));
      assert.deepEqual([...asked].sort(), [
        ...['GET /.well-known/ai-catalog.json', 'GET /.well-known/mcp-registry-auth', 'GET /.well-known/no-such-document-of-the-doctor'],
        'GET /.well-known/oauth-authorization-server',
        ...['GET /.well-known/oauth-protected-resource/mcp', 'GET /.well-known/openai-apps-challenge', 'GET /authorize', 'GET /favicon.ico'],
        ...['GET /icon.svg', 'GET /mcp', 'GET /mcp/server-card', 'OPTIONS /mcp', 'OPTIONS /register', 'OPTIONS /token'],
        ...['POST /mcp', 'POST /mcp/', 'POST /register', 'POST /revoke', 'POST /token'],
      ]);
    });
  });

  test('a healthy server on the internet is green in every line', async () => {
    await during(await startExampleServer(undefined, TRUSTED), async (server) => {
      const report = await examine(new URL('https://connector.example/mcp'), inPublic(server, { ca: AUTHORITY.cert }));
      assert.deepEqual(levels(report, 'fail'), [], tell(report));
      assert.deepEqual(levels(report, 'note'), [], tell(report));
      // What this server has not, and need not have.
      assert.deepEqual(levels(report, 'skip'), ['rebinding', 'client-credentials', 'enterprise-managed', 'sessions', 'registry-proof', 'openai-proof'], tell(report));
    });
  });

  test('a sign-in that another host keeps is looked at there, and the connector is asked for none of its own', async () => {
    await during(await startExampleServer(), async (authorization) => {
      const shared = (server) => {
        server.resourceDocument = (document) => ({ ...document, authorization_servers: [authorization.origin] });
        for (const path of ['GET /.well-known/oauth-authorization-server', 'GET /authorize', 'POST /register', 'POST /token', 'POST /revoke'])
          server.instead[path] = () => ({ status: 404 });
      };
      await during(await startExampleServer(shared), async (server) => {
        const report = await examine(new URL(`${server.origin}/mcp`));
        assert.deepEqual(levels(report, 'fail'), [], tell(report));
        assert.match(finding(report, 'one-server').seen, /kept by 127\.0\.0\.1:\d+ alone/, tell(report));
        assert.equal(finding(report, 'consent-page').level, 'ok', tell(report));
        assert.ok(authorization.seen.some((line) => line.startsWith('POST /register')), 'clients register there');
        assert.deepEqual(server.seen.filter((line) => /register|authorize\b|token/.test(line)), [], 'and not here');
      });
      for (const [issuer, level] of [[authorization.origin, 'ok'], ['https://old.example', 'note']]) {
        const both = (server) => {
          shared(server);
          server.instead['GET /.well-known/oauth-authorization-server'] = () => ({ body: { issuer } });
        };
        await during(await startExampleServer(both), async (server) => {
          const report = await examine(new URL(`${server.origin}/mcp`));
          assert.equal(finding(report, 'one-server').level, level, tell(report));
        });
      }
    });
  });

  test('a server without sign-in is asked for none', async () => {
    const open = (server) => {
      server.open = true;
      server.instead['GET /.well-known/oauth-protected-resource/mcp'] = () => ({ status: 404 });
      server.instead['GET /.well-known/oauth-authorization-server'] = () => ({ status: 404 });
    };
    await during(await startExampleServer(open), async (server) => {
      const report = await examine(new URL(`${server.origin}/mcp`));
      assert.equal(report.kind, 'open', tell(report));
      assert.deepEqual(levels(report, 'fail'), [], tell(report));
      assert.ok(!server.seen.some((line) => /register|authorize|token/.test(line)), server.seen.join('\n'));
    });
  });

  test('only tools that call themselves read-only are called', async () => {
    const called = [];
    const listens = (server) => {
      const { mcp } = server;
      server.mcp = (asked) => {
        if (asked.json?.method === 'tools/call') called.push(asked.json.params.name);
        return mcp.call(server, asked);
      };
    };
    await during(await startExampleServer(listens), (server) => examine(new URL(`${server.origin}/mcp`)));
    assert.deepEqual(called, ['whoami', 'whoami', 'echo']);
  });

  test('a server with client documents and without registration is judged as Claude', async () => {
    const clients = [];
    const documents = (server) => {
      server.serverDocument = (document) => ({ ...document, registration_endpoint: undefined });
      server.instead['POST /token'] = ({ body }) => {
        const id = new URLSearchParams(body).get('client_id');
        clients.push(id);
        return id.startsWith('https://claude.ai/') ? { status: 400, body: { error: 'invalid_grant' } } : undefined;
      };
    };
    await during(await startExampleServer(documents), async (server) => {
      const report = await examine(new URL(`${server.origin}/mcp`));
      assert.deepEqual(levels(report, 'fail'), [], tell(report));
      assert.equal(finding(report, 'client-document').level, 'ok', tell(report));
      assert.equal(finding(report, 'unknown-code').level, 'ok', tell(report));
      const claude = 'https://claude.ai/oauth/mcp-oauth-client-metadata';
      assert.deepEqual(clients, [claude, claude, 'no-such-client', claude]);
    });
  });

  test('a token goes to the MCP URL and nowhere else, and shows what is behind it', async () => {
    const strangers = [];
    const closed = (server) => {
      server.always = true;
      const { serve } = server;
      server.serve = (request, response) => {
        if (request.url !== '/mcp' && JSON.stringify(request.headers).includes(TOKEN)) strangers.push(request.url);
        return serve.call(server, request, response);
      };
    };
    await during(await startExampleServer(closed), async (server) => {
      const report = await examine(new URL(`${server.origin}/mcp`), { token: TOKEN });
      assert.deepEqual(levels(report, 'fail'), [], tell(report));
      assert.equal(report.kind, 'always');
      assert.equal(finding(report, 'legacy').level, 'ok', tell(report));
      assert.match(finding(report, 'tools').seen, /^3 tools/);
      assert.deepEqual(strangers, []);
    });
  });

  test('a token that does not open it is named', async () => {
    await during(await startExampleServer((server) => (server.always = true)), async (server) => {
      const report = await examine(new URL(`${server.origin}/mcp`), { token: 'an-old-token' });
      assert.deepEqual(levels(report, 'fail'), ['tools'], tell(report));
      assert.match(finding(report, 'tools').seen, /token does not open it: status 401/);
    });
  });

  test('an answer as an event stream that stays open is read as far as needed', async () => {
    const streams = (server) => {
      server.serve = streamed(server, server.serve);
    };
    await during(await startExampleServer(streams), async (server) => {
      const report = await examine(new URL(`${server.origin}/mcp`), { timeout: 3000 });
      assert.deepEqual(levels(report, 'fail'), [], tell(report));
    });
  });

  test('a limit that is met on the way is told, and nothing is concluded from it', async () => {
    let registered = 0;
    const limits = (server) =>
      (server.instead['POST /register'] = () => ((registered += 1) > 1 ? { status: 429, body: { error: 'slow down' } } : undefined));
    await during(await startExampleServer(limits), async (server) => {
      const report = await examine(new URL(`${server.origin}/mcp`));
      assert.deepEqual(levels(report, 'fail'), [], tell(report));
      assert.match(finding(report, 'native-clients').seen, /not judged: the server limits how often it may be asked: 429 at \/register/);
      assert.equal(finding(report, 'loopback-port').level, 'skip', tell(report));
      assert.equal(finding(report, 'unknown-code').level, 'ok', tell(report));
    });
  });

  test('a server that says when to come back is asked again then', async () => {
    let refused = false;
    const limits = (server) =>
      (server.instead['POST /register'] = () => (refused ? undefined : ((refused = true), { status: 429, headers: { 'retry-after': '1' } })));
    await during(await startExampleServer(limits), async (server) => {
      const report = await examine(new URL(`${server.origin}/mcp`));
      assert.equal(finding(report, 'register').level, 'ok', tell(report));
      assert.ok(refused);
    });
  });

  test('sessions that the examination began are ended', async () => {
    const open = new Set();
    const sessions = (server) => {
      const { mcp } = server;
      server.mcp = (asked) => {
        const reply = mcp.call(server, asked);
        if (asked.json?.method !== 'initialize' || (reply.status ?? 200) !== 200) return reply;
        const session = `session-${open.size + 1}`;
        open.add(session);
        return { ...reply, headers: { 'mcp-session-id': session } };
      };
      server.instead['DELETE /mcp'] = ({ headers }) => (open.delete(headers['mcp-session-id']), { status: 204 });
      server.instead['DELETE /mcp/'] = server.instead['DELETE /mcp'];
    };
    await during(await startExampleServer(sessions), async (server) => {
      const report = await examine(new URL(`${server.origin}/mcp`));
      assert.deepEqual(levels(report, 'fail'), [], tell(report));
      assert.deepEqual([...open], []);
    });
  });
});
