// What answers where: paths, methods, Host and Origin, CORS, metadata. Nothing here knows the protocol inside a request.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseChallenges } from '../support/http/exchange.mjs';
import { calling, initialize, legacy, modern, post, send } from '../support/mcp/requests.mjs';
import { startConnector } from '../support/workers/wrangler-dev.mjs';

const ALLOWED = ['https://inspector.example', 'https://claude.ai'];

/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let server;
before(async () => {
  server = await startConnector({ ALLOWED_ORIGINS: ALLOWED.join(' ') });
});
after(() => server?.stop());

const MCP_PATHS = ['/mcp', '/mcp/', '/private/mcp', '/private/mcp/'];
const METADATA_PATHS = [
  { path: '/.well-known/oauth-protected-resource', resource: '/mcp' },
  { path: '/.well-known/oauth-protected-resource/mcp', resource: '/mcp' },
  { path: '/.well-known/oauth-protected-resource/private/mcp', resource: '/private/mcp' },
];
const list = (value) =>
  (value ?? '')
    .split(',')
    .map((item) => item.trim().toLowerCase())
    .filter(Boolean);

describe('paths', () => {
  for (const path of ['/mcp', '/mcp/', '/mcp?from=somewhere']) {
    test(`POST ${path} answers the protocol`, async () => {
      const answer = await send(server, initialize('2025-11-25', { path }));
      assert.equal(answer.result().protocolVersion, '2025-11-25', answer.story('both slash forms and a query string answer'));
    });
  }

  for (const path of ['/private/mcp', '/private/mcp/']) {
    test(`POST ${path} asks for a token`, async () => {
      (await send(server, initialize('2025-11-25', { path }))).hasStatus(401, 'every request to the private endpoint needs a token');
    });
  }

  test('no request to an MCP URL is ever redirected', async () => {
    const paths = [...MCP_PATHS, '/mcp?x=1', '//mcp', '/mcp//', '/MCP', '/mcp/..', '/private', '/private/'];
    for (const path of paths) {
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE']) {
        const answer = await send(server, {
          method,
          path,
          ...(method === 'POST' && { body: '{}', headers: { 'content-type': 'application/json' } }),
        });
        assert.ok(answer.status < 300 || answer.status >= 400, answer.story('a redirect would drop the bearer token'));
        assert.ok(answer.status < 500, answer.story('no request fails the server'));
      }
    }
  });

  test('an unknown path is a JSON 404 that names the connector URL', async () => {
    for (const path of ['/nope', '/sse/more', '/.well-known/nope', '/mcp/more', '/private', '/%2e%2e/x', '/mcp%00']) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
        const answer = await send(server, { method, path, ...(method !== 'GET' && { body: '{}' }) });
        answer.hasStatus(404, 'nothing lives there').hasHeader('content-type', /^application\/json\b/, 'for programs');
        answer.json();
        assert.ok(answer.text.includes(`${server.origin}/mcp`), answer.story('a person who pasted the wrong address reads the right one'));
      }
    }
  });

  test('a POST to the bare origin names the connector URL', async () => {
    const answer = await send(server, initialize('2025-11-25', { path: '/' }));
    answer.hasStatus([404, 405], 'the origin alone is not the connector');
    assert.ok(answer.text.includes(`${server.origin}/mcp`), answer.story('names the connector URL'));
  });

  test('GET / is a page for people that shows the URL to paste', async () => {
    const answer = await send(server, { path: '/', headers: { accept: 'text/html' } });
    answer.hasStatus(200, 'health and help').hasHeader('content-type', /^text\/html\b/, 'for people');
    assert.ok(answer.text.includes(`${server.origin}/mcp`), answer.story('shows the URL to paste'));
  });

  test('HEAD answers like GET, without a body', async () => {
    for (const path of ['/', ...METADATA_PATHS.map((row) => row.path), ...MCP_PATHS, '/nope']) {
      const get = await send(server, { path });
      const head = await send(server, { method: 'HEAD', path });
      assert.equal(head.status, get.status, head.story(`the status of GET ${path} is ${get.status} (RFC 9110 §9.3.2)`));
      assert.equal(head.headers['content-type'], get.headers['content-type'], head.story(`the content type of GET ${path}`));
      head.hasNoBody('HEAD has none (RFC 9110 §9.3.2)');
    }
  });

  test('methods that an MCP endpoint has not are 405 and name those it has', async () => {
    for (const path of ['/mcp', '/mcp/']) {
      for (const method of ['GET', 'DELETE', 'PUT', 'PATCH']) {
        const answer = await send(server, { method, path, headers: { accept: 'text/event-stream' } });
        answer.hasStatus(405, 'no stream and no session without a handshake (MCP "Listening for Messages from the Server", MCP "Session Management")');
        assert.ok(list(answer.headers.allow).includes('post'), answer.story('Allow names POST (RFC 9110 §15.5.6)'));
      }
    }
  });

  test('methods that a metadata document has not are 405 and name those it has', async () => {
    for (const { path } of METADATA_PATHS) {
      for (const method of ['POST', 'DELETE']) {
        const answer = await send(server, { method, path });
        answer.hasStatus(405, 'a document is read');
        assert.ok(list(answer.headers.allow).includes('get'), answer.story('Allow names GET (RFC 9110 §15.5.6)'));
      }
    }
  });
});

describe('protected-resource metadata (RFC 9728)', () => {
  for (const { path, resource } of METADATA_PATHS) {
    // RFC 9728 §3.1
    test(`${path} describes ${resource}`, async () => {
      const answer = await send(server, { path });
      answer.hasStatus(200, 'the metadata is public').hasHeader('content-type', /^application\/json\b/, 'RFC 9728 §3.2');
      answer.hasHeader('access-control-allow-origin', '*', 'browser clients read it from any page');
      const document = answer.json();
      assert.equal(document.resource, `${server.origin}${resource}`, answer.story('`resource` is the URL of the endpoint (RFC 9728 §3.3)'));
      assert.deepEqual(document.authorization_servers, [server.origin], answer.story('the same Worker is the authorization server'));
      assert.deepEqual([...document.scopes_supported].sort(), ['notes:read', 'profile'], answer.story('what a first sign-in asks for'));
      assert.deepEqual(document.bearer_methods_supported, ['header'], answer.story('a token is never in a URL'));
      assert.ok(!answer.text.includes('null'), answer.story('no null members'));
    });
  }

  test('the slash form of the endpoint has its metadata too', async () => {
    for (const suffix of ['/mcp/', '/private/mcp/']) {
      const answer = await send(server, { path: `/.well-known/oauth-protected-resource${suffix}` });
      answer.hasStatus(200, 'a client that was given the slash form looks there');
      const allowed = [`${server.origin}${suffix}`, `${server.origin}${suffix.slice(0, -1)}`];
      assert.ok(allowed.includes(answer.json().resource), answer.story(`\`resource\` is one of ${allowed}`));
    }
  });

  test('metadata of a path that is no endpoint does not exist', async () => {
    for (const suffix of ['/nope', '/private', '/mcp/more']) {
      (await send(server, { path: `/.well-known/oauth-protected-resource${suffix}` })).hasStatus(404, 'only endpoints have metadata');
    }
  });

  test('the document names the host that was asked', async () => {
    const answer = await send(server, {
      path: '/.well-known/oauth-protected-resource/mcp',
      headers: { host: `localhost:${server.port}` },
    });
    assert.equal(answer.json().resource, `http://localhost:${server.port}/mcp`, answer.story('clients compare it with what they asked'));
    assert.deepEqual(answer.json().authorization_servers, [`http://localhost:${server.port}`], answer.story('so is the issuer'));
  });
});

describe('Origin and Host (DNS rebinding)', () => {
  const ask = (headers, path = '/mcp') => send(server, modern('server/discover', {}, { headers, path }));

  test('a request without Origin passes: hosted clients send none', async () => {
    (await ask({})).result('MCP "Security & Endpoint": absent is allowed');
  });

  test("the server's own origin passes", async () => {
    (await ask({ origin: server.origin })).result('a page of this server may call it');
    (await ask({ host: `localhost:${server.port}`, origin: `http://localhost:${server.port}` })).result('the same under its other name');
  });

  test('a loopback origin may call a loopback server', async () => {
    for (const origin of ['http://localhost:6274', 'http://127.0.0.1:6274', 'http://[::1]:5173', 'http://localhost']) {
      const answer = await ask({ origin });
      answer.result(`${origin}: local tools run on another port`);
      answer.hasHeader('access-control-allow-origin', origin, 'the browser must let the page read it');
    }
  });

  for (const origin of ALLOWED) {
    test(`a configured origin passes: ${origin}`, async () => {
      const answer = await ask({ origin });
      answer.result('ALLOWED_ORIGINS names it');
      answer.hasHeader('access-control-allow-origin', origin, 'the browser must let the page read it');
      assert.ok(list(answer.headers.vary).includes('origin'), answer.story('Vary: Origin, or a cache mixes pages up'));
    });
  }

  test('any other origin is 403 with a JSON-RPC error without id', async () => {
    const origins = [
      'https://evil.example',
      'http://evil.example',
      'null',
      'http://localhost.evil.example',
      'http://127.0.0.1.evil.example',
      'http://localhost@evil.example',
      'https://inspector.example.evil.example',
      'https://evil.inspector.example',
      'http://inspector.example',
      'https://inspector.example:8443',
      'https://inspector.exampl',
      'file://',
      'not an origin',
    ];
    for (const origin of origins) {
      for (const path of MCP_PATHS) {
        const answer = await ask({ origin }, path);
        answer.hasStatus(403, `MCP "Security & Endpoint": ${origin} is not allowed`);
        const body = answer.json();
        assert.equal(body.jsonrpc, '2.0', answer.story('MCP "Security & Endpoint": a JSON-RPC error'));
        assert.equal(typeof body.error?.code, 'number', answer.story('MCP "Security & Endpoint": a JSON-RPC error'));
        assert.ok(!('id' in body), answer.story('MCP "Security & Endpoint": without id'));
        answer.hasHeader('www-authenticate', undefined, 'MCP "Security & Endpoint": distinct from a missing scope');
        answer.hasHeader('access-control-allow-origin', undefined, 'the page may not read it');
      }
    }
  });

  test('two Origin headers are refused unless both are allowed', async () => {
    (await ask({ origin: [ALLOWED[0], 'https://evil.example'] })).hasStatus([400, 403], 'the browser sends one');
  });

  test('over plain http a foreign Host is 403: the name was rebound to this machine', async () => {
    for (const host of ['evil.example', `evil.example:${server.port}`, 'localhost.evil.example', '127.0.0.1.evil.example', '192.168.1.7']) {
      for (const origin of [null, `http://${host}`]) {
        const answer = await ask({ host, origin });
        answer.hasStatus(403, `Host ${host} is no name of a local server`);
        assert.ok(!('id' in answer.json()), answer.story('a JSON-RPC error without id'));
      }
    }
  });

  test('every loopback name is a good Host', async () => {
    for (const host of [`127.0.0.1:${server.port}`, `localhost:${server.port}`, `[::1]:${server.port}`, 'localhost']) {
      (await ask({ host })).result(`Host ${host} is this machine`);
    }
  });
});

describe('CORS', () => {
  const EXPOSED = ['www-authenticate', 'mcp-session-id', 'mcp-protocol-version'];

  test('a preflight from an allowed page names its origin, the methods and the headers', async () => {
    const wanted = [
      'authorization',
      'content-type',
      'accept',
      'mcp-protocol-version',
      'mcp-session-id',
      'mcp-method',
      'mcp-name',
      'last-event-id',
      'mcp-param-region',
    ];
    for (const path of MCP_PATHS) {
      for (const origin of [...ALLOWED, 'http://localhost:6274']) {
        const answer = await send(server, {
          method: 'OPTIONS',
          path,
          headers: {
            origin,
            'access-control-request-method': 'POST',
            'access-control-request-headers': wanted.join(','),
          },
        });
        answer.hasStatus([200, 204], 'a preflight carries no token and is answered before anything else');
        answer.hasHeader('access-control-allow-origin', origin, 'browser clients read and send these headers');
        assert.ok(list(answer.headers['access-control-allow-methods']).includes('post'), answer.story('browser clients read and send these headers: POST is allowed'));
        const allowed = list(answer.headers['access-control-allow-headers']);
        for (const name of wanted) assert.ok(allowed.includes(name), answer.story(`browser clients read and send these headers: ${name} is allowed`));
      }
    }
  });

  test('a preflight from another page allows nothing', async () => {
    const answer = await send(server, {
      method: 'OPTIONS',
      path: '/mcp',
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    answer.hasHeader('access-control-allow-origin', undefined, 'the browser then sends no request');
  });

  test('what a preflight asks for is not echoed unchecked', async () => {
    const answer = await send(server, {
      method: 'OPTIONS',
      path: '/mcp',
      headers: {
        origin: ALLOWED[0],
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-evil, cookie, mcp-param-a',
      },
    });
    const allowed = list(answer.headers['access-control-allow-headers']);
    assert.ok(!allowed.includes('x-evil') && !allowed.includes('cookie'), answer.story('only headers that this server reads'));
    assert.ok(allowed.includes('mcp-param-a'), answer.story('each Mcp-Param header that is asked for'));
  });

  test('answers of every kind let an allowed page read the headers it needs', async () => {
    const headers = { origin: ALLOWED[0] };
    const rows = {
      'a result': initialize('2025-11-25', { headers }),
      'a challenge': legacy('tools/call', calling('whoami'), { headers }),
      'the private endpoint': initialize('2025-11-25', { headers, path: '/private/mcp' }),
      'a protocol error': modern('nope/nope', {}, { headers }),
      'a bad body': post('{', { headers }),
      'a wrong method': { method: 'GET', path: '/mcp', headers },
    };
    for (const [row, asked] of Object.entries(rows)) {
      const answer = await send(server, asked);
      answer.hasHeader('access-control-allow-origin', ALLOWED[0], `${row}: browser clients read and send these headers`);
      const exposed = list(answer.headers['access-control-expose-headers']);
      for (const name of EXPOSED) assert.ok(exposed.includes(name), answer.story(`${row}: browser clients read and send these headers: ${name} is exposed`));
      assert.notEqual(answer.headers['access-control-allow-credentials'], 'true', answer.story(`${row}: no cookies are read here`));
    }
  });

  test('metadata may be read and preflighted from any page', async () => {
    for (const { path } of METADATA_PATHS) {
      for (const origin of ['https://anything.example', 'http://localhost:6274']) {
        const headers = {
          origin,
          'access-control-request-method': 'GET',
          'access-control-request-headers': 'mcp-protocol-version',
        };
        const preflight = await send(server, { method: 'OPTIONS', path, headers });
        preflight.hasStatus([200, 204], 'clients send MCP-Protocol-Version with it, which needs a preflight');
        preflight.hasHeader('access-control-allow-origin', /^(\*|https?:\/\/.*)$/, 'any page');
        assert.ok(
          list(preflight.headers['access-control-allow-headers']).some((name) => name === '*' || name === 'mcp-protocol-version'),
          preflight.story('MCP-Protocol-Version is allowed'),
        );
        (await send(server, { path, headers: { origin } }))
          .hasStatus(200, 'public')
          .hasHeader('access-control-allow-origin', '*', 'any page');
      }
    }
  });
});

describe('PUBLIC_URL', () => {
  const PUBLIC = 'https://notes.example';
  /** @type {import("../support/workers/wrangler-dev.mjs").Server} */
  let behindProxy;
  before(async () => {
    behindProxy = await startConnector({ PUBLIC_URL: `${PUBLIC}/`, ALLOWED_ORIGINS: '' });
  });
  after(() => behindProxy?.stop());

  for (const { path, resource } of METADATA_PATHS) {
    test(`with PUBLIC_URL, ${path} names it`, async () => {
      const answer = await send(behindProxy, { path });
      assert.equal(answer.json().resource, `${PUBLIC}${resource}`, answer.story('PUBLIC_URL is canonical'));
      assert.deepEqual(answer.json().authorization_servers, [PUBLIC], answer.story('the issuer has no trailing slash (MCP "Authorization Server Metadata Discovery")'));
    });
  }

  test('with PUBLIC_URL, the challenge names it', async () => {
    const answer = await send(behindProxy, legacy('tools/call', calling('whoami')));
    answer.hasStatus(401, 'sign-in');
    const [{ parameters }] = parseChallenges(answer.headers['www-authenticate']);
    assert.equal(
      parameters.resource_metadata,
      `${PUBLIC}/.well-known/oauth-protected-resource/mcp`,
      answer.story('absolute, at the public address'),
    );
  });

  test('with PUBLIC_URL, the 404 and the page name it', async () => {
    for (const path of ['/nope', '/']) {
      const answer = await send(behindProxy, { path });
      assert.ok(answer.text.includes(`${PUBLIC}/mcp`), answer.story('the URL to paste'));
    }
  });

  test('with PUBLIC_URL, its host passes over plain http, and its origin passes', async () => {
    const headers = { host: 'notes.example', origin: PUBLIC };
    (await send(behindProxy, modern('server/discover', {}, { headers }))).result('a proxy that ends TLS passes the Host on');
  });

  test('with PUBLIC_URL, another host or origin does not pass because of it', async () => {
    for (const headers of [
      { host: 'other.example' },
      { origin: 'https://other.example' },
      { origin: 'http://notes.example.evil.example' },
    ]) {
      (await send(behindProxy, modern('server/discover', {}, { headers }))).hasStatus(
        403,
        `${JSON.stringify(headers)} is not the public address`,
      );
    }
  });
});
