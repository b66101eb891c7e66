// `npm run doctor`: green on our own connector, and red with the right words on a server for each fault it knows.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CHECKLIST, examine } from '../../scripts/doctor/checklist.mjs';
import { certificate } from '../support/http/certificate.mjs';
import { SIGN_IN, connect } from '../support/oauth/client.mjs';
import { TOKEN, startExampleServer } from '../support/mcp/example-server.mjs';
import { ROOT, startEverything, startConnector } from '../support/workers/wrangler-dev.mjs';

const PAGE = { 'content-type': 'text/html; charset=utf-8' };

/** The program as it is called. */
function doctor(args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(ROOT, 'scripts/doctor.mjs'), ...args], { env: { ...process.env, ...env } });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
    child.once('close', (status) => resolve({ status, out, err }));
  });
}

const tell = (report) =>
  report.findings
    .filter(({ level }) => level !== 'ok')
    .map(({ id, level, seen, claude = '', fix = '', details = [] }) => `${level} ${id}: ${[seen, ...details, claude, fix].join(' | ')}`)
    .join('\n');
const finding = (report, id) => report.findings.find((one) => one.id === id);
const levels = (report, level) => report.findings.filter((one) => one.level === level).map(({ id }) => id);

/** Sees a server on loopback as one on the internet: a name, a public address, and the server behind it. */
const inPublic = (server, more = {}) => ({
  resolve: async () => ({ addresses: ['8.8.8.8'], source: 'dns' }),
  dial: () => ({ address: '127.0.0.1', port: server.port }),
  ...more,
});

const authority = await certificate('Authority of the tests', { authority: true });
const good = await certificate('connector.example', { by: authority });
/** Certificates that a client does not trust, each with the words for it. */
const UNTRUSTED = [
  ['a self-signed certificate is not trusted', await certificate('connector.example'), /self-signed/],
  ['a certificate that has ended is not trusted', await certificate('connector.example', { by: authority, days: [-30, -1] }), /ended on/],
  ['a certificate that has not begun is not trusted', await certificate('connector.example', { by: authority, days: [2, 9] }), /begins on/],
  [
    'a certificate for another name is not trusted',
    await certificate('other.example', { by: authority }),
    /is for other\.example, not for connector\.example/,
  ],
];

async function during(server, body) {
  try {
    return await body(server);
  } finally {
    await server.stop();
  }
}

describe('our own connectors', () => {
  let main;
  let everything;
  before(async () => {
    [main, everything] = await Promise.all([startConnector(SIGN_IN), startEverything(SIGN_IN)]);
  });
  after(() => Promise.all([main?.stop(), everything?.stop()]));

  test('the connector is green, and is told to be one that asks where it needs a sign-in', async () => {
    const report = await examine(new URL(main.url));
    assert.deepEqual(levels(report, 'fail'), [], tell(report));
    assert.deepEqual(levels(report, 'note'), ['address'], tell(report));
    assert.deepEqual(levels(report, 'skip'), ['tls'], tell(report));
    assert.equal(report.kind, 'lazy');
    assert.match(finding(report, 'challenge').seen, /tools\/call whoami/);
  });

  test('the private endpoint is green, and its tools are judged with a token', async () => {
    const closed = await examine(new URL(main.privateUrl));
    assert.deepEqual(levels(closed, 'fail'), [], tell(closed));
    assert.equal(closed.kind, 'always');
    assert.equal(finding(closed, 'tools').level, 'skip');
    assert.match(finding(closed, 'tools').seen, /--token/);

    const { tokens } = await connect(main, { resource: main.privateUrl, scope: 'profile notes:read' });
    const opened = await examine(new URL(main.privateUrl), { token: tokens.access_token });
    assert.deepEqual(levels(opened, 'fail'), [], tell(opened));
    assert.match(finding(opened, 'tools').seen, /^5 tools: echo, /);
    assert.ok(!JSON.stringify(opened).includes(tokens.access_token), 'the token is nowhere');
  });

  test('the fixtures are green', async () => {
    const report = await examine(new URL(everything.url));
    assert.deepEqual(levels(report, 'fail'), [], tell(report));
  });

  test('a connector without a passphrase is red at the sign-in page only', async () => {
    const server = await startConnector();
    try {
      const report = await examine(new URL(server.url));
      assert.deepEqual(levels(report, 'fail'), ['consent-page'], tell(report));
      assert.match(finding(report, 'consent-page').seen, /503.*not set up/);
    } finally {
      await server.stop();
    }
  });

  test('the program ends with 0, and says so', async () => {
    const { status, out, err } = await doctor([main.url]);
    assert.equal(status, 0, out + err);
    assert.match(out, /No check failed\.\n$/);
    assert.ok(!/\u001b/.test(out), 'no colour where nobody looks');
  });
});

describe('health', () => {
  test('a healthy server has nothing to mend, and nothing else is asked of it', async () => {
    await during(await startExampleServer(), async (server) => {
      const report = await examine(new URL(`${server.origin}/mcp`));
      assert.deepEqual(levels(report, 'fail'), [], tell(report));
      assert.deepEqual(levels(report, 'note'), ['address'], tell(report));
      const asked = new Set(server.seen.map((line) => line.replace(/\?.*/, '')));
      assert.deepEqual([...asked].sort(), [
        ...['GET /.well-known/oauth-authorization-server', 'GET /.well-known/oauth-protected-resource/mcp', 'GET /authorize'],
        ...['OPTIONS /mcp', 'POST /mcp', 'POST /mcp/', 'POST /register', 'POST /token'],
      ]);
    });
  });

  test('a healthy server on the internet is green in every line', async () => {
    await during(await startExampleServer(undefined, good), async (server) => {
      const report = await examine(new URL('https://connector.example/mcp'), inPublic(server, { ca: authority.cert }));
      assert.deepEqual(levels(report, 'ok').length, CHECKLIST.length, tell(report));
    });
  });

  test('a server without sign-in is asked for none', async () => {
    const open = (server) => {
      server.tools.splice(1);
      server.mcp = ({ json }) =>
        json?.id === undefined ? { status: 202 } : { body: { jsonrpc: '2.0', id: json.id, result: server.methods[json.method](json.params) } };
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
    assert.deepEqual(called, ['echo', 'whoami']);
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
      assert.deepEqual(clients, [claude, claude, 'no-such-client']);
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

/** Answers JSON-RPC with a stream that sends its message and never ends. */
function streamed(server, serve) {
  return (request, response) => {
    const { writeHead, end } = response;
    let type;
    response.writeHead = (status, headers) => ((type = headers['content-type']), writeHead.call(response, status, stream(type, headers)));
    response.end = (text) => {
      if (!isMessage(type, text)) return end.call(response, text);
      return response.write(`: hello\n\nevent: message\ndata: ${text}\n\n`);
    };
    const stream = (kind, headers) => (request.url.startsWith('/mcp') && kind && !headers['www-authenticate'] ? { ...headers, 'content-type': 'text/event-stream' } : headers);
    const isMessage = (kind, text) => kind !== undefined && text.includes('"jsonrpc"');
    return serve.call(server, request, response);
  };
}

/** The reply of a document that is served in its place. */
const moved = (to) => () => ({ status: 302, headers: { location: to } });
const both = (server, reply) => {
  server.instead['POST /mcp'] = reply;
  server.instead['POST /mcp/'] = reply;
};
const inServer = (change) => (server) => {
  server.serverDocument = (document) => ({ ...document, ...change });
};
const inResource = (change) => (server) => {
  server.resourceDocument = (document) => ({ ...document, ...change });
};
const withTool = (tool) => (server) => {
  const healthy = { name: 'other', title: 'Other', description: 'One of many.', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } };
  server.tools.push({ ...healthy, ...tool });
};
const inMethod = (name, method) => (server) => {
  server.methods[name] = method;
};
const failing = (name, reply) => (server) => {
  server.instead['POST /mcp'] = ({ json }) => (json?.method === name ? reply : undefined);
};
const slow = (ms) => () => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * One fault each. `rule` is what it breaks; `check` is the line that must say so, with these words; `level` is `fail` unless
 * it is said. No other line may fail, but those in `also`.
 */
const FAULTS = [
  // The way in.
  {
    rule: 'the MCP URL does not redirect to another host',
    fault: (server) => both(server, moved('https://www.connector.example/mcp')),
    check: 'redirect',
    seen: /redirects \(302\) to https:\/\/www\.connector\.example\/mcp/,
    claude: /loses the token.*“Authorization with the MCP server failed”/,
    fix: /https:\/\/www\.connector\.example\/mcp/,
  },
  {
    rule: 'Cloudflare Access is not in front',
    fault: (server) => both(server, moved('https://team.cloudflareaccess.com/cdn-cgi/access/login')),
    check: 'redirect',
    seen: /sign-in of Cloudflare Access/,
    fix: /Take the MCP and OAuth paths out/,
  },
  {
    rule: 'the MCP URL does not redirect to its other slash form',
    fault: (server) => (server.instead['POST /mcp'] = () => ({ status: 308, headers: { location: '/mcp/' } })),
    check: 'redirect',
    seen: /redirects \(308\) to http:\/\/127\.0\.0\.1:\d+\/mcp\//,
    fix: /both forms/,
  },
  {
    rule: 'the form with a slash does not redirect',
    fault: (server) => (server.instead['POST /mcp/'] = () => ({ status: 307, headers: { location: '/mcp' } })),
    check: 'slash',
    seen: /with a slash at its end redirects \(307\)/,
    fix: /without a redirect/,
  },
  {
    rule: 'a slash form that is not served is worth knowing',
    fault: (server) => (server.instead['POST /mcp/'] = () => ({ status: 404 })),
    check: 'slash',
    level: 'note',
    seen: /status 404/,
  },
  {
    rule: 'no Cloudflare challenge answers',
    fault: (server) => both(server, () => ({ status: 403, headers: { ...PAGE, 'cf-mitigated': 'challenge', server: 'cloudflare' }, body: '<title>Just a moment...</title>' })),
    check: 'wall',
    seen: /Cloudflare challenge page \(status 403, cf-mitigated\)/,
    claude: /“Couldn’t reach the MCP server”/,
    fix: /160\.79\.104\.0\/21/,
  },
  {
    rule: 'no bot page with status 200 answers',
    fault: (server) => both(server, () => ({ headers: PAGE, body: '<title>Just a moment...</title>' })),
    check: 'wall',
    seen: /bot check.*Just a moment/,
  },
  {
    rule: 'no rate limit answers',
    fault: (server) => both(server, () => ({ status: 429, body: { error: 'slow down' } })),
    check: 'wall',
    seen: /rate limit \(status 429\)/,
  },
  {
    rule: 'no 503 page answers',
    fault: (server) => both(server, () => ({ status: 503, headers: { ...PAGE, server: 'edge' }, body: '<title>Unavailable</title>' })),
    check: 'wall',
    seen: /web page by edge \(status 503, text\/html, titled “Unavailable”\)/,
  },
  {
    rule: 'no AWS WAF answers',
    fault: (server) => both(server, () => ({ status: 405, headers: { 'x-amzn-waf-action': 'captcha' } })),
    check: 'wall',
    seen: /AWS WAF/,
  },
  {
    rule: 'no firewall is before the metadata either',
    fault: (server) => (server.instead['GET /.well-known/oauth-protected-resource/mcp'] = () => ({ status: 403, headers: PAGE, body: '<title>Blocked</title>' })),
    check: 'wall',
    seen: /Blocked.* at \/\.well-known\/oauth-protected-resource\/mcp/,
  },
  {
    rule: 'a firewall that wants a User-Agent is worth knowing',
    fault: (server) => {
      const reply = ({ headers }) => ('user-agent' in headers ? undefined : { status: 403, headers: PAGE, body: 'no' });
      both(server, reply);
    },
    check: 'wall',
    level: 'note',
    seen: /Without a User-Agent/,
  },
  {
    rule: 'a 401 with a challenge is no firewall, whatever its body',
    fault: (server) => {
      server.always = true;
      const { mcp } = server;
      server.mcp = (asked) => {
        const reply = mcp.call(server, asked);
        return reply.status === 401 ? { ...reply, headers: { ...reply.headers, ...PAGE }, body: '<title>Unauthorized</title>' } : reply;
      };
    },
    check: 'tools',
    level: 'skip',
    seen: /--token/,
  },
  {
    rule: 'a path where nothing is gets a hint at the path',
    fault: (server) => both(server, () => ({ status: 404, body: { error: 'not found' } })),
    check: 'kind',
    seen: /status 404/,
    fix: /path of the URL/,
  },
  {
    rule: 'a page for people is not an MCP server',
    fault: (server) => both(server, () => ({ headers: PAGE, body: '<title>Welcome</title>' })),
    check: 'kind',
    seen: /titled “Welcome”/,
    fix: /page for people/,
  },
  {
    rule: 'an old HTTP+SSE server is recognised',
    fault: (server) => both(server, () => ({ status: 405 })),
    check: 'kind',
    fix: /HTTP\+SSE/,
  },
  {
    rule: 'a request without Origin is not refused with 403',
    fault: (server) => both(server, () => ({ status: 403, body: { error: 'Origin not allowed' } })),
    check: 'kind',
    seen: /status 403.*Origin/,
    claude: /Only 401 starts a sign-in/,
  },

  // The challenge.
  {
    rule: 'a 401 has a WWW-Authenticate header',
    fault: (server) => (server.challenge = () => undefined),
    check: 'challenge',
    level: 'note',
    seen: /without a WWW-Authenticate header/,
    fix: /resource_metadata=/,
  },
  {
    rule: 'a 401 without any pointer, and no metadata at its usual place, is the end',
    fault: (server) => {
      server.always = true;
      server.challenge = () => undefined;
      server.instead['GET /.well-known/oauth-protected-resource/mcp'] = () => ({ status: 404 });
      server.instead['GET /.well-known/oauth-authorization-server'] = () => ({ status: 404 });
    },
    check: 'challenge',
    seen: /401 on initialize, without a WWW-Authenticate header/,
    claude: /does not learn where to sign in/,
    also: ['resource-metadata', 'server-metadata'],
  },
  {
    rule: 'the challenge is a Bearer challenge',
    fault: (server) => {
      server.challenge = () => 'Basic realm="members"';
      server.instead['GET /.well-known/oauth-protected-resource/mcp'] = () => ({ status: 404 });
    },
    check: 'challenge',
    seen: /Basic realm="members", which is no Bearer challenge/,
  },
  {
    rule: 'resource_metadata is an absolute URL',
    fault: (server) => (server.challenge = () => 'Bearer resource_metadata="/.well-known/oauth-protected-resource/mcp"'),
    check: 'challenge',
    seen: /not an absolute URL: \/\.well-known/,
    fix: /whole URL/,
  },
  {
    rule: 'a tool asks for a sign-in with 401, not inside a 200',
    fault: (server) => {
      const { mcp } = server;
      server.mcp = (asked) => {
        const reply = mcp.call(server, asked);
        if (reply.status !== 401 || asked.json?.method !== 'tools/call') return reply;
        const result = { isError: true, content: [{ type: 'text', text: 'Authentication required.' }] };
        return { body: { jsonrpc: '2.0', id: asked.json.id, result } };
      };
    },
    check: 'challenge',
    seen: /tools\/call whoami without a token answers 200 with an error inside/,
    claude: /gives the text to the model and offers no sign-in/,
  },
  {
    rule: 'a challenge meant for ChatGPT only is no challenge for Claude',
    fault: (server) => {
      const { mcp } = server;
      server.mcp = (asked) => {
        const reply = mcp.call(server, asked);
        if (reply.status !== 401 || asked.json?.method !== 'tools/call') return reply;
        const result = { isError: true, content: [], _meta: { 'mcp/www_authenticate': [reply.headers['www-authenticate']] } };
        return { body: { jsonrpc: '2.0', id: asked.json.id, result } };
      };
    },
    check: 'challenge',
    seen: /200 with an error inside/,
  },
  {
    rule: 'a bad token is 401',
    fault: (server) => {
      const { mcp } = server;
      server.mcp = (asked) => (asked.headers.authorization === undefined ? mcp.call(server, asked) : { status: 403, body: { error: 'invalid token' } });
    },
    check: 'bad-token',
    seen: /status 403/,
    claude: /Only 401 makes Claude refresh/,
  },

  // The metadata.
  {
    rule: 'there is protected-resource metadata',
    fault: (server) => {
      server.instead['GET /.well-known/oauth-protected-resource/mcp'] = () => ({ status: 404 });
      server.instead['GET /.well-known/oauth-authorization-server'] = () => ({ status: 404 });
    },
    check: 'resource-metadata',
    seen: /no protected-resource metadata/,
    claude: /does not learn where to sign in.*“Couldn’t reach/,
    also: ['server-metadata'],
  },
  {
    rule: 'metadata as in 2025-03-26 is worth knowing',
    fault: (server) => (server.instead['GET /.well-known/oauth-protected-resource/mcp'] = () => ({ status: 404 })),
    check: 'resource-metadata',
    level: 'note',
    seen: /connector’s own origin/,
  },
  {
    rule: 'the metadata is JSON',
    fault: (server) => {
      server.instead['GET /.well-known/oauth-protected-resource/mcp'] = () => ({ headers: PAGE, body: '<title>App</title>' });
      server.instead['GET /.well-known/oauth-authorization-server'] = () => ({ headers: PAGE, body: '<title>App</title>' });
    },
    check: 'resource-metadata',
    details: /no JSON object/,
    also: ['server-metadata'],
  },
  {
    rule: 'resource is the URL, path included',
    fault: (server) => (server.resourceDocument = (document) => ({ ...document, resource: new URL(document.resource).origin })),
    check: 'resource-metadata',
    seen: /resource is http:\/\/127\.0\.0\.1:\d+, but the URL is http:\/\/127\.0\.0\.1:\d+\/mcp/,
    fix: /path included/,
  },
  {
    rule: 'resource has the public host and scheme',
    fault: inResource({ resource: 'http://localhost:3000/mcp' }),
    check: 'resource-metadata',
    seen: /resource is http:\/\/localhost:3000\/mcp/,
    fix: /Behind a proxy/,
  },
  {
    rule: 'an authorization server is named',
    fault: inResource({ authorization_servers: [] }),
    check: 'resource-metadata',
    seen: /authorization_servers is \[\]/,
  },
  {
    rule: 'null members are worth knowing',
    fault: inResource({ resource_name: null }),
    check: 'resource-metadata',
    level: 'note',
    seen: /resource_name is null/,
  },
  {
    rule: 'the authorization server has metadata',
    fault: (server) => (server.instead['GET /.well-known/oauth-authorization-server'] = () => ({ status: 404 })),
    check: 'server-metadata',
    seen: /has no metadata/,
    details: /oauth-authorization-server: status 404/,
  },
  {
    rule: 'the issuer is identical',
    fault: inServer({ issuer: 'https://auth.example' }),
    check: 'issuer',
    seen: /issuer is https:\/\/auth\.example, but it is known as http/,
    claude: /identical/,
  },
  {
    rule: 'the issuer is identical to the slash',
    fault: (server) => (server.serverDocument = (document) => ({ ...document, issuer: `${document.issuer}/` })),
    check: 'issuer',
    seen: /differ by a slash/,
  },
  {
    rule: 'the endpoints are whole URLs',
    fault: inServer({ token_endpoint: '/token' }),
    check: 'server-metadata',
    seen: /token_endpoint is \/token/,
  },
  {
    rule: 'S256 is announced',
    fault: inServer({ code_challenge_methods_supported: ['plain'] }),
    check: 'pkce',
    seen: /\["plain"\]/,
    fix: /S256/,
  },
  {
    rule: 'there is a way to register',
    fault: inServer({ registration_endpoint: undefined, client_id_metadata_document_supported: false }),
    check: 'registration',
    seen: /neither a registration_endpoint nor client_id_metadata_document_supported/,
    claude: /no client id/,
  },
  {
    rule: 'client documents need clients without a secret',
    fault: inServer({ registration_endpoint: undefined, token_endpoint_auth_methods_supported: ['client_secret_basic'] }),
    check: 'registration',
    seen: /no “none”/,
    fix: /Add "none"/,
  },
  {
    rule: 'that clients need a secret is worth knowing',
    fault: inServer({ token_endpoint_auth_methods_supported: undefined }),
    check: 'public-clients',
    level: 'note',
    seen: /missing, which means client_secret_basic/,
  },

  // The sign-in.
  {
    rule: 'Claude’s redirect URI can be registered',
    fault: (server) => (server.instead['POST /register'] = () => ({ status: 400, body: { error: 'invalid_redirect_uri', error_description: 'Not in our list.' } })),
    check: 'register',
    seen: /status 400.*invalid_redirect_uri: Not in our list\./,
    fix: /https:\/\/claude\.ai\/api\/mcp\/auth_callback/,
  },
  {
    rule: 'a registration has no null members',
    fault: (server) => (server.instead['POST /register'] = ({ json }) => ({ status: 201, body: { ...json, client_id: 'client-1', client_uri: null } })),
    check: 'register',
    seen: /null members: client_uri/,
  },
  {
    rule: 'a registration gives a client_id',
    fault: (server) => (server.instead['POST /register'] = () => ({ status: 201, body: {} })),
    check: 'register',
    seen: /no client_id/,
  },
  {
    rule: 'client_secret_expires_at is an integer',
    fault: (server) => (server.instead['POST /register'] = ({ json }) => ({ status: 201, body: { ...json, client_id: 'client-1', client_secret_expires_at: 0.5 } })),
    check: 'register',
    seen: /client_secret_expires_at is 0\.5/,
  },
  {
    rule: 'the sign-in page opens',
    fault: (server) => (server.instead['GET /authorize'] = () => ({ status: 400, body: { error: 'invalid_scope' } })),
    check: 'consent-page',
    seen: /status 400.*invalid_scope instead of a page/,
  },
  {
    rule: 'a sign-in page that fails is the server’s own trouble',
    fault: (server) => (server.instead['GET /authorize'] = () => ({ status: 500, headers: PAGE, body: '<title>Oops</title>' })),
    check: 'consent-page',
    seen: /status 500.*Oops/,
    fix: /log/,
  },
  {
    rule: 'the sign-in page is not an error at Claude’s door',
    fault: (server) => (server.instead['GET /authorize'] = moved('https://claude.ai/api/mcp/auth_callback?error=invalid_target&error_description=unknown+resource')),
    check: 'consent-page',
    seen: /sent back with invalid_target: unknown resource/,
  },
  {
    rule: 'a code without a page is worth knowing',
    fault: (server) => (server.instead['GET /authorize'] = moved('https://claude.ai/api/mcp/auth_callback?code=abc')),
    check: 'consent-page',
    level: 'note',
    seen: /at once, with a code/,
  },
  {
    rule: 'the sign-in page does not redirect in circles',
    fault: (server) => (server.instead['GET /authorize'] = moved('/authorize?again')),
    check: 'consent-page',
    seen: /in circles/,
  },
  {
    rule: 'an unknown code is invalid_grant and not invalid_client',
    fault: (server) => (server.instead['POST /token'] = () => ({ status: 401, body: { error: 'invalid_client' } })),
    check: 'unknown-code',
    seen: /status 401, application\/json, invalid_client/,
    claude: /registers again and again/,
    also: ['unknown-refresh'],
  },
  {
    rule: 'invalid_grant has status 400',
    fault: (server) => {
      const { reply } = server;
      server.instead['POST /token'] = (asked) => {
        const good = reply.call(server, 'POST /token', asked);
        return good.status === 400 ? { ...good, status: 401 } : good;
      };
    },
    check: 'unknown-refresh',
    seen: /status 401, application\/json, invalid_grant/,
    claude: /sign in again/,
    also: ['unknown-code'],
  },
  {
    rule: 'an unknown client is invalid_client',
    fault: (server) => (server.instead['POST /token'] = () => ({ status: 400, body: { error: 'invalid_grant' } })),
    check: 'unknown-client',
    seen: /status 400, application\/json, invalid_grant/,
    claude: /register again/,
  },
  {
    rule: 'invalid_client with 400 is worth knowing',
    fault: (server) => {
      const { reply } = server;
      server.instead['POST /token'] = (asked) => ({ ...reply.call(server, 'POST /token', asked), status: 400 });
    },
    check: 'unknown-client',
    level: 'note',
    seen: /status 400/,
  },
  {
    rule: 'the token endpoint does not answer with a page',
    fault: (server) => (server.instead['POST /token'] = () => ({ status: 500, headers: PAGE, body: '<title>Server Error</title>' })),
    check: 'unknown-code',
    seen: /status 500, text\/html, titled “Server Error”/,
    also: ['unknown-refresh', 'unknown-client'],
  },
  {
    rule: 'discovery is faster than Claude’s limit',
    fault: (server) => (server.instead['GET /.well-known/oauth-authorization-server'] = slow(450)),
    with: { latency: { limit: 400, advised: 300 } },
    check: 'latency',
    seen: /server metadata: \d+ ms/,
    claude: /Claude waits 0\.4 s/,
  },
  {
    rule: 'discovery slower than advised is worth knowing',
    fault: (server) => (server.instead['GET /.well-known/oauth-authorization-server'] = slow(450)),
    with: { latency: { limit: 10_000, advised: 400 } },
    check: 'latency',
    level: 'note',
    seen: /server metadata/,
  },

  // The protocol.
  {
    rule: 'initialize agrees on a revision that Claude knows',
    fault: inMethod('initialize', () => ({ protocolVersion: '1.0', capabilities: {}, serverInfo: { name: 'x', version: '1' } })),
    check: 'legacy',
    seen: /protocolVersion 1\.0/,
  },
  {
    rule: 'initialize answers with capabilities and serverInfo',
    fault: inMethod('initialize', () => ({ protocolVersion: '2025-06-18' })),
    check: 'legacy',
    seen: /no capabilities, no serverInfo/,
  },
  {
    rule: 'a server of the newest revision only is red for Claude',
    fault: failing('initialize', { status: 404, body: { jsonrpc: '2.0', id: null, error: { code: -32601, message: 'Method not found' } } }),
    check: 'legacy',
    seen: /-32601 “Method not found”/,
  },
  {
    rule: 'a server without the newest revision is worth knowing',
    fault: (server) => delete server.methods['server/discover'],
    check: 'modern',
    level: 'note',
    seen: /server\/discover is refused.*-32601/,
    claude: /fall back to initialize/,
  },
  {
    rule: 'an unknown method does not make the server fail',
    fault: failing('server/discover', { status: 500, body: 'boom' }),
    check: 'modern',
    seen: /status 500/,
    fix: /JSON-RPC error/,
  },
  {
    rule: 'server/discover lists the newest revision',
    fault: inMethod('server/discover', () => ({ supportedVersions: ['2099-01-01'] })),
    check: 'modern',
    seen: /\["2099-01-01"\]/,
  },
  {
    rule: 'a missing CORS answer is only worth knowing',
    fault: (server) => (server.instead['OPTIONS /mcp'] = () => ({ status: 405 })),
    check: 'cors',
    level: 'note',
    seen: /status 405/,
    claude: /does not need it/,
  },

  // The tools.
  {
    rule: 'tools/list answers',
    fault: failing('tools/list', { status: 500, body: 'boom' }),
    check: 'tools',
    seen: /tools\/list fails: status 500/,
  },
  {
    rule: 'the pages of tools/list end',
    fault: (server) => inMethod('tools/list', () => ({ tools: server.tools, nextCursor: 'more' }))(server),
    check: 'tools',
    seen: /does not end/,
  },
  {
    rule: 'having no tools is worth knowing',
    fault: (server) => (server.tools = []),
    check: 'tools',
    level: 'note',
    seen: /no tools/,
  },
  {
    rule: 'a tool’s name has at most 64 characters',
    fault: withTool({ name: 'n'.repeat(65) }),
    check: 'tool-names',
    details: /65 characters/,
    fix: /64/,
  },
  {
    rule: 'a tool’s name is plain',
    fault: withTool({ name: 'has spaces' }),
    check: 'tool-names',
    details: /characters other than/,
  },
  {
    rule: 'a tool’s name is unique',
    fault: withTool({ name: 'echo' }),
    check: 'tool-names',
    details: /more than once/,
  },
  { rule: 'a tool has a title', fault: withTool({ title: undefined }), check: 'tool-titles', details: /other: no title/ },
  { rule: 'a tool has a hint', fault: withTool({ annotations: {} }), check: 'tool-hints', details: /other: no hint/, claude: /asks before each call/ },
  {
    rule: 'a tool that only reads does not destroy',
    fault: withTool({ annotations: { readOnlyHint: true, destructiveHint: true } }),
    check: 'tool-hints',
    details: /at once/,
  },
  {
    rule: 'a tool does not read and write, depending on an argument',
    fault: withTool({ inputSchema: { type: 'object', properties: { method: { enum: ['GET', 'POST', 'DELETE'] } } } }),
    check: 'tool-purposes',
    details: /other: an argument chooses between \["GET","POST","DELETE"\]/,
    claude: /review rejects it/,
  },
  { rule: 'a tool has a description', fault: withTool({ description: ' ' }), check: 'tool-descriptions', details: /other: no description/ },
  {
    rule: 'a tool’s description hides nothing',
    fault: withTool({ description: 'Harmless.\u{e0041}\u200b' }),
    check: 'tool-descriptions',
    details: /U\+E0041 U\+200B/,
  },
  { rule: 'a tool’s arguments are an object', fault: withTool({ inputSchema: { type: 'string' } }), check: 'tool-schemas', details: /"string"/ },
];

describe('each fault is named, and no other', () => {
  for (const { rule, fault, check, level = 'fail', also = [], with: options, ...words } of FAULTS) {
    test(rule, async () => {
      await during(await startExampleServer(fault), async (server) => {
        const report = await examine(new URL(`${server.origin}/mcp`), options);
        const found = finding(report, check);
        assert.equal(found.level, level, tell(report));
        for (const part of ['seen', 'claude', 'fix']) {
          if (words[part]) assert.match(found[part] ?? '', words[part], tell(report));
          if (level !== 'skip') assert.ok(found[part], `${part} is said\n${tell(report)}`);
        }
        if (words.details) assert.ok((found.details ?? []).some((line) => words.details.test(line)), tell(report));
        const expected = level === 'fail' ? [check, ...also] : also;
        assert.deepEqual(levels(report, 'fail').sort(), [...new Set(expected)].sort(), tell(report));
      });
    });
  }
});

describe('whatever a server answers, the examination ends with a report', () => {
  const STRANGE = [null, 7, '\u0000\r\n', `http://127.0.0.1:9/${'x'.repeat(100_000)}`, [null], ['x', {}], { toString: 1, length: -1 }];
  for (const [index, value] of STRANGE.entries()) {
    test(`all members are ${JSON.stringify(value).slice(0, 40)}`, async () => {
      const all = (document) => Object.fromEntries(Object.keys(document).map((name) => [name, value]));
      const each = (document, keep) => ({ ...all(document), ...Object.fromEntries(keep.map((name) => [name, document[name]])) });
      const faults = [
        (server) => (server.resourceDocument = (document) => each(document, [])),
        (server) => (server.resourceDocument = (document) => each(document, ['resource', 'authorization_servers'])),
        (server) => (server.serverDocument = (document) => each(document, [])),
        (server) => (server.serverDocument = (document) => each(document, ['issuer', 'authorization_endpoint', 'token_endpoint', 'registration_endpoint'])),
        (server) => (server.instead['POST /register'] = ({ json }) => ({ status: 201, body: each({ ...json, client_secret_expires_at: 0 }, []) })),
        (server) => (server.instead['POST /register'] = ({ json }) => ({ status: 201, body: { ...all(json), client_id: 'client-1' } })),
        (server) => (server.instead['POST /token'] = () => ({ status: 400, body: { error: value } })),
        (server) => (server.instead['POST /register'] = () => ({ status: 201, body: value === '' ? 'x' : (value ?? 'null') })),
        inMethod('initialize', () => value),
        inMethod('initialize', () => ({ protocolVersion: value, capabilities: value, serverInfo: value })),
        inMethod('initialize', () => ({ protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: value, version: value } })),
        inMethod('server/discover', () => ({ supportedVersions: value })),
        inMethod('tools/list', () => value),
        inMethod('tools/list', () => ({ tools: value, nextCursor: value })),
        inMethod('tools/list', () => ({ tools: [value, { name: value, title: value, description: value, annotations: value, inputSchema: value, securitySchemes: value, _meta: value }] })),
        inMethod('tools/list', () => ({ tools: [{ name: 'n', annotations: { readOnlyHint: true, title: value }, inputSchema: { type: 'object', properties: value } }] })),
        inMethod('tools/list', () => ({ tools: [{ name: 'n', inputSchema: { type: 'object', properties: { method: { enum: ['GET', 'POST', value] }, other: value } } }] })),
        inMethod('tools/call', () => value),
        inMethod('tools/call', () => ({ isError: true, content: value, _meta: value })),
      ];
      for (const fault of faults) {
        await during(await startExampleServer(fault), async (server) => {
          const report = await examine(new URL(`${server.origin}/mcp`), { timeout: 5000 });
          assert.equal(report.findings.length, CHECKLIST.length);
          assert.ok(!report.findings.some(({ seen }) => /stumbled/.test(seen)), `${index}: ${fault}\n${tell(report)}`);
          for (const { seen, details = [] } of report.findings) for (const line of [seen, ...details]) assert.ok(line.length < 2000, line.slice(0, 200));
        });
      }
    });
  }
});

describe('on the internet', () => {
  const look = (server, options, url = 'https://connector.example/mcp') => examine(new URL(url), inPublic(server, { ca: authority.cert, ...options }));
  const resolvingTo = (...addresses) => ({ resolve: async () => ({ addresses, source: 'dns' }) });

  for (const [rule, options, seen] of [
    ['a private address is refused', resolvingTo('10.1.2.3'), /10\.1\.2\.3 \(a private network, 10\.0\.0\.0\/8\)/],
    ['carrier-grade NAT is refused', resolvingTo('100.100.1.2'), /100\.100\.1\.2 \(carrier-grade NAT, 100\.64\.0\.0\/10\)/],
    ['loopback behind a public name is refused', resolvingTo('127.0.0.1'), /127\.0\.0\.1 \(loopback/],
    ['one private address among public ones is refused', resolvingTo('8.8.8.8', '192.168.1.1'), /192\.168\.1\.1/],
    ['one unique local address among public ones is refused', resolvingTo('8.8.8.8', 'fd00::1'), /fd00::1 \(unique local/],
    ['a name with IPv6 only is refused', resolvingTo('2606:4700::1111'), /IPv6 addresses only/],
    ['a name that only a hosts file knows is refused', { resolve: async () => ({ addresses: ['8.8.8.8'], source: 'hosts' }) }, /this machine only/],
    ['a name without addresses is refused', { resolve: async () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })) }, /no address \(ENOTFOUND\)/],
  ]) {
    test(rule, async () => {
      await during(await startExampleServer(undefined, good), async (server) => {
        const report = await look(server, options);
        assert.equal(finding(report, 'address').level, 'fail', tell(report));
        assert.match(finding(report, 'address').seen, seen);
        assert.match(finding(report, 'address').claude, /“Couldn’t reach the MCP server”/);
      });
    });
  }

  for (const [rule, made, seen] of UNTRUSTED) {
    test(rule, async () => {
      await during(await startExampleServer(undefined, made), async (server) => {
        const report = await look(server);
        assert.deepEqual(levels(report, 'fail'), ['tls'], tell(report));
        assert.match(finding(report, 'tls').seen, seen);
        assert.ok(finding(report, 'tls').fix);
        assert.deepEqual(server.seen, [], 'nothing is sent over such a connection');
      });
    });
  }

  test('a certificate that ends soon is worth knowing', async () => {
    const made = await certificate('connector.example', { by: authority, days: [-30, 3] });
    await during(await startExampleServer(undefined, made), async (server) => {
      const report = await look(server);
      assert.equal(finding(report, 'tls').level, 'note', tell(report));
      assert.deepEqual(levels(report, 'fail'), []);
    });
  });

  test('plain http is refused, and no token is sent over it', async () => {
    let authorization;
    const listens = (server) => (server.instead['POST /mcp'] = ({ headers }) => void (authorization ??= headers.authorization));
    await during(await startExampleServer(listens), async (server) => {
      const report = await look(server, { token: TOKEN }, 'http://connector.example/mcp');
      assert.deepEqual(levels(report, 'fail'), ['tls'], tell(report));
      assert.match(finding(report, 'tls').seen, /without TLS/);
      assert.equal(authorization, undefined);
    });
  });

  test('a pointer without TLS is refused', async () => {
    const fault = (server) => (server.challenge = () => 'Bearer resource_metadata="http://connector.example/.well-known/oauth-protected-resource/mcp"');
    await during(await startExampleServer(fault, good), async (server) => {
      const report = await look(server);
      assert.equal(finding(report, 'challenge').level, 'fail', tell(report));
      assert.match(finding(report, 'challenge').fix, /X-Forwarded-Proto/);
    });
  });

  test('an authorization server on a private address is refused, and not visited', async () => {
    const dialled = [];
    await during(await startExampleServer(inResource({ authorization_servers: ['https://auth.example'] }), good), async (server) => {
      const report = await look(server, {
        resolve: async (host) => ({ addresses: [host === 'auth.example' ? '10.0.0.9' : '8.8.8.8'], source: 'dns' }),
        dial: (address) => (dialled.push(address), { address: '127.0.0.1', port: server.port }),
      });
      assert.deepEqual(levels(report, 'fail'), ['server-host'], tell(report));
      assert.match(finding(report, 'server-host').seen, /auth\.example is 10\.0\.0\.9/);
      assert.ok(!dialled.includes('10.0.0.9'), dialled.join());
    });
  });

  test('a server cannot send the doctor into the network it runs in', async () => {
    const inward = 'http://169.254.169.254/latest/meta-data';
    const fault = (server) => {
      server.challenge = () => `Bearer resource_metadata="${inward}"`;
      server.serverDocument = (document) => ({ ...document, registration_endpoint: 'https://192.168.0.1/register', token_endpoint: 'https://[::1]/token' });
    };
    const dialled = new Set();
    await during(await startExampleServer(fault, good), async (server) => {
      const report = await look(server, {
        resolve: async (host) => ({ addresses: [/^[\d.]+$|:/.test(host) ? host : '8.8.8.8'], source: 'dns' }),
        dial: (address) => (dialled.add(address), { address: '127.0.0.1', port: server.port }),
      });
      assert.deepEqual([...dialled], ['8.8.8.8'], tell(report));
      assert.equal(finding(report, 'register').level, 'fail', tell(report));
      assert.match(finding(report, 'register').seen, /192\.168\.0\.1/);
    });
  });
});

describe('no answer', () => {
  const at = (port) => new URL(`http://127.0.0.1:${port}/mcp`);
  const listening = async (server) => {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server.address().port;
  };

  test('a closed port is named', async () => {
    const server = net.createServer();
    const port = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    const report = await examine(at(port));
    assert.deepEqual(levels(report, 'fail'), ['reachable'], tell(report));
    assert.match(finding(report, 'reachable').seen, /connection refused/);
    assert.match(finding(report, 'reachable').fix, /npm start/);
    assert.equal(report.kind, 'unknown');
  });

  for (const [rule, answer, seen] of [
    ['a silent server is not waited for', () => {}, /no whole answer in 0\.5 s/],
    ['a server that hangs up is named', (socket) => socket.destroy(), /closed before an answer/],
    ['something that is not HTTP is named', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), /does not speak HTTP/],
    ['an answer without end is cut', endless, /more than 2 MiB|no whole answer/],
  ]) {
    test(rule, async () => {
      const sockets = new Set();
      const server = net.createServer((socket) => {
        sockets.add(socket.on('error', () => {}));
        answer(socket);
      });
      const port = await listening(server);
      try {
        const report = await examine(at(port), { timeout: 500 });
        assert.deepEqual(levels(report, 'fail'), ['reachable'], tell(report));
        assert.match(finding(report, 'reachable').seen, seen);
      } finally {
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
      }
    });
  }

  function endless(socket) {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n');
    const more = () => {
      while (!socket.destroyed && socket.write('x'.repeat(65536)));
    };
    socket.on('drain', more);
    more();
  }

  test('https where http is spoken is named', async () => {
    const server = http.createServer((_, response) => response.end());
    const port = await listening(server);
    const report = await examine(new URL(`https://127.0.0.1:${port}/mcp`));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual(levels(report, 'fail'), ['tls'], tell(report));
    assert.match(finding(report, 'tls').seen, /may not be TLS/);
  });
});

describe('the program', () => {
  for (const [rule, args, said] of [
    ['no URL', [], /Usage: npm run doctor/],
    ['two URLs', ['https://a.example/mcp', 'https://b.example/mcp'], /Usage/],
    ['no scheme', ['notes.example.workers.dev/mcp'], /needs its scheme/],
    ['another scheme', ['ftp://a.example/mcp'], /https:\/\//],
    ['a password in the URL', ['https://me:secret@a.example/mcp'], /user name and password/],
    ['an unknown option', ['https://a.example/mcp', '--fast'], /--fast/],
    ['a timeout that is no number', ['https://a.example/mcp', '--timeout', 'soon'], /--timeout is a number/],
    ['a token of two words', ['https://a.example/mcp', '--token', 'Bearer abc'], /without “Bearer”/],
  ]) {
    test(`the program, called with ${rule}, ends with 2`, async () => {
      const { status, out, err } = await doctor(args);
      assert.equal(status, 2, out + err);
      assert.match(err, said);
      assert.ok(!err.includes('secret'), err);
    });
  }

  test('a fault ends it with 1, and the summary says where to begin', async () => {
    await during(await startExampleServer(inServer({ issuer: 'https://auth.example' })), async (server) => {
      const { status, out } = await doctor([`${server.origin}/mcp`]);
      assert.equal(status, 1, out);
      assert.match(out, /FAIL {2}Issuer/);
      assert.match(out, /To fix, in this order: Issuer\.\n$/);
    });
  });

  test('the data of the doctor has every finding', async () => {
    await during(await startExampleServer(inServer({ code_challenge_methods_supported: [] })), async (server) => {
      const { status, out } = await doctor([`${server.origin}/mcp`, '--json']);
      const data = JSON.parse(out);
      assert.equal(status, 1);
      assert.equal(data.passed, false);
      assert.equal(data.kind, 'lazy');
      assert.deepEqual(data.findings.map(({ id }) => id), CHECKLIST.map(({ id }) => id));
      assert.equal(data.counts.fail, 1);
      const pkce = data.findings.find(({ id }) => id === 'pkce');
      assert.deepEqual(Object.keys(pkce).sort(), ['claude', 'fix', 'group', 'id', 'level', 'seen', 'title']);
    });
  });

  test('what a server says cannot steer the terminal, and a token is never shown', async () => {
    const nasty = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e\r\nok    Fake';
    const fault = (server) => {
      server.tools.push({ name: `evil${nasty}${TOKEN}` });
      server.serverDocument = (document) => ({ ...document, issuer: `https://evil.example/${nasty}${TOKEN}` });
      server.methods.initialize = () => ({ protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: nasty, version: TOKEN } });
    };
    await during(await startExampleServer(fault), async (server) => {
      for (const more of [[], ['--json']]) {
        const { status, out, err } = await doctor([`${server.origin}/mcp`, ...more], { DOCTOR_TOKEN: TOKEN });
        assert.equal(status, 1, out + err);
        assert.match(out, /evil/);
        assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/.test(out), JSON.stringify(out));
        assert.ok(!/^ok {4}Fake/m.test(out));
        assert.ok(!out.includes(TOKEN), out);
      }
    });
  });
});
