// Sign-in only where a tool needs it: which requests pass without a token, which are refused, and with which challenge.
// RFC 6750 §3, RFC 9728 §5.1 and the specification's "Authorization". What a good token opens, and what it does not; how one
// comes by it is tested with the authorization server.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseChallenges } from '../support/http/exchange.mjs';
import {
  CODE,
  ERAS,
  KEY,
  LEGACY,
  MODERN,
  REVISIONS,
  calling,
  initialize,
  legacy,
  listTools,
  modern,
  notification,
  post,
  send,
  textOf,
} from '../support/mcp/requests.mjs';
import { SIGN_IN as OWNER, bearer, connect } from '../support/oauth/client.mjs';
import { startConnector } from '../support/workers/wrangler-dev.mjs';

/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let server;
before(async () => {
  server = await startConnector(OWNER);
});
after(() => server?.stop());

/** Parts of every token that is sent; none may appear in the log. */
const SENT = ['sekret-one', 'sekret-two', 'sekret-query', 'sekret-basic', 'sekretlong'];
const TOKEN = 'sekret-one.eyJzdWIiOiJub2JvZHkifQ.c2lnbmF0dXJl';

const PROTECTED = [
  { tool: 'whoami', args: {}, scope: 'profile' },
  { tool: 'list_notes', args: {}, scope: 'notes:read' },
  { tool: 'save_note', args: { title: 't', body: 'b' }, scope: 'notes:write' },
  { tool: 'delete_note', args: { id: '1' }, scope: 'notes:write' },
];
const SIGN_IN = ['notes:read', 'profile'];
/** All that the starter has. */
const ALL_SCOPES = ['notes:read', 'notes:write', 'profile'];

const metadataOf = (path, at = server) => `${at.origin}/.well-known/oauth-protected-resource${path}`;
const scopesOf = (challenge) => (challenge.parameters.scope ?? '').split(' ').filter(Boolean).sort();

/** The one Bearer challenge of a refusal, checked for what every challenge must say. */
function challengeOf(answer, { status = 401, path = '/mcp', at = server } = {}) {
  answer.hasStatus(status, 'MCP "Token Handling": refused at the HTTP layer');
  const values = answer.rawHeaders.filter((_, at, all) => at % 2 === 1 && all[at - 1].toLowerCase() === 'www-authenticate');
  assert.equal(values.length, 1, answer.story('one WWW-Authenticate header'));
  const challenges = parseChallenges(values[0]);
  assert.equal(challenges.length, 1, answer.story('one challenge'));
  const [challenge] = challenges;
  assert.equal(challenge.scheme, 'Bearer', answer.story('RFC 6750 §3'));
  assert.equal(challenge.parameters.resource_metadata, metadataOf(path, at), answer.story('MCP "Protected Resource Metadata Discovery Requirements": the absolute URL of the endpoint’s metadata'));
  assert.ok(scopesOf(challenge).length > 0, answer.story('MCP "Scope Selection Strategy": the challenge names the scopes'));
  assert.ok(!scopesOf(challenge).includes('offline_access'), answer.story('MCP "Refresh Tokens": not in a challenge'));
  answer.hasHeader('content-type', /^application\/json\b/, 'for programs');
  answer.json();
  return challenge;
}

/** The starter's tools. Everybody sees all of them; who may call one is decided at the call. */
const TOOLS = ['delete_note', 'echo', 'list_notes', 'save_note', 'whoami'];
const namesIn = (answer) =>
  answer
    .result('the list')
    .tools.map(({ name }) => name)
    .sort();

// MCP "Protocol Requirements"
describe('without a token', () => {
  for (const { version, ask } of REVISIONS) {
    test(`without a token, public requests are served (${version})`, async () => {
      assert.deepEqual(namesIn(await send(server, ask('tools/list'))), TOOLS, 'the list is public');
      const echoed = (await send(server, ask('tools/call', calling('echo', { text: 'hello' })))).result('echo is public');
      assert.ok(textOf(echoed).includes('hello'));
      if (version === MODERN) (await send(server, ask('server/discover'))).result('discover is public');
      else {
        (await send(server, initialize(version))).result('initialize is public');
        (await send(server, ask('ping'))).result('ping is public');
        (await send(server, notification('notifications/initialized', undefined, { version }))).hasStatus(202, 'notifications are public');
      }
    });

    for (const { tool, args, scope } of PROTECTED) {
      test(`without a token, ${tool} is 401 and asks for ${scope} (${version})`, async () => {
        const answer = await send(server, ask('tools/call', calling(tool, args)));
        const challenge = challengeOf(answer);
        assert.ok(scopesOf(challenge).includes(scope), answer.story('MCP "Runtime Insufficient Scope Errors": what the operation needs'));
        for (const first of SIGN_IN) assert.ok(scopesOf(challenge).includes(first), answer.story('and what a first sign-in asks for'));
        if (scope !== 'notes:write') assert.ok(!scopesOf(challenge).includes('notes:write'), answer.story('MCP "Scope Selection Strategy": least privilege'));
      });
    }
  }

  test('without a token, the refusal comes before the arguments are looked at', async () => {
    for (const { ask } of ERAS) {
      challengeOf(await send(server, ask('tools/call', calling('save_note', { title: 3, nonsense: true }))));
      challengeOf(await send(server, ask('tools/call', { name: 'whoami', arguments: {}, inputResponses: null })));
    }
  });

  test('without a token, a tool that does not exist is no sign-in matter', async () => {
    for (const { ask } of ERAS)
      (await send(server, ask('tools/call', calling('no_such_tool')))).error(200, CODE.invalidParams, 'MCP "Tools › Error Handling": unknown tool');
  });

  test('without a token, the refusal may be read by a web page', async () => {
    const answer = await send(server, legacy('tools/call', calling('whoami'), { headers: { origin: 'http://localhost:6274' } }));
    challengeOf(answer);
    answer.hasHeader('access-control-allow-origin', 'http://localhost:6274', 'browser clients read and send these headers');
    answer.hasHeader('access-control-expose-headers', /www-authenticate/i, 'browser clients read and send these headers');
  });

  test('without a token, the refusal may not be cached', async () => {
    const answer = await send(server, legacy('tools/call', calling('whoami')));
    assert.ok(!/public|max-age=[1-9]/.test(answer.headers['cache-control'] ?? ''), answer.story('the next request may carry a token'));
  });

  test('without a token, both slash forms give the same challenge', async () => {
    challengeOf(await send(server, legacy('tools/call', calling('whoami'), { path: '/mcp/' })));
    challengeOf(await send(server, legacy('ping', {}, { path: '/private/mcp/' })), { path: '/private/mcp' });
  });
});

describe('batches (2025-03-26)', () => {
  const batch = (...messages) => send(server, post(messages, { headers: { 'mcp-protocol-version': '2025-03-26' } }));
  const call = (id, name, args = {}) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: calling(name, args) });

  test('one protected call refuses the whole batch', async () => {
    for (const messages of [
      [call(1, 'echo', { text: 'not-executed' }), call(2, 'whoami')],
      [call(1, 'whoami'), call(2, 'echo', { text: 'not-executed' })],
    ]) {
      const answer = await batch(...messages);
      assert.deepEqual(scopesOf(challengeOf(answer)).includes('profile'), true, answer.story('the scope of the protected call'));
      assert.ok(!answer.text.includes('not-executed'), answer.story('nothing was executed'));
    }
  });

  test('the challenge names the scopes of all its calls', async () => {
    const answer = await batch(call(1, 'list_notes'), call(2, 'save_note', { title: 't', body: 'b' }));
    const scopes = scopesOf(challengeOf(answer));
    for (const scope of ['notes:read', 'notes:write'])
      assert.ok(scopes.includes(scope), answer.story('MCP "Runtime Insufficient Scope Errors": all scopes needed in one challenge'));
  });

  test('a protected call in a batch that is itself invalid passes nothing', async () => {
    const answer = await batch(call(1, 'whoami'), { jsonrpc: '2.0', id: null, method: 'ping' });
    answer.hasStatus([400, 401], 'refused either way');
    assert.ok(!answer.text.includes('"result"'), answer.story('nothing was executed'));
  });
});

describe('header and body that disagree', () => {
  const disagreeing = (body, headers) => {
    const asked = modern('tools/call', calling(body, { text: 'not-executed' }));
    return send(server, { ...asked, headers: { ...asked.headers, ...headers } });
  };

  test('a protected call under the name of a public one is refused', async () => {
    const answer = await disagreeing('whoami', { 'mcp-name': 'echo' });
    answer.hasStatus([400, 401], 'the body decides who may pass');
    if (answer.status === 400) answer.error(400, CODE.headerMismatch, 'MCP "Server Validation"');
  });

  test('a public call under the name of a protected one is a mismatch, not a sign-in', async () => {
    const answer = await disagreeing('echo', { 'mcp-name': 'whoami' });
    answer.error(400, CODE.headerMismatch, 'the body decides: echo is public; MCP "Server Validation": and the request is refused');
    assert.ok(!answer.text.includes('not-executed'), answer.story('nothing was executed'));
  });

  test('a protected call under another method is refused', async () => {
    (await disagreeing('whoami', { 'mcp-method': 'tools/list', 'mcp-name': null })).hasStatus([400, 401], 'the body decides');
  });

  test('on the older revisions these headers count for nothing', async () => {
    challengeOf(
      await send(server, legacy('tools/call', calling('whoami'), { headers: { 'mcp-method': 'tools/list', 'mcp-name': 'echo' } })),
    );
    (await send(server, legacy('tools/call', calling('echo', { text: 'x' }), { headers: { 'mcp-name': 'whoami' } }))).result(
      'echo is public',
    );
  });
});

describe('a bearer token that is not valid', () => {
  const bad = { authorization: `Bearer ${TOKEN}` };
  const version = { 'mcp-protocol-version': LEGACY[0] };
  const rows = {
    'server/discover': () => modern('server/discover', {}, { headers: bad }),
    'modern tools/list': () => modern('tools/list', {}, { headers: bad }),
    'modern tools/call of a public tool': () => modern('tools/call', calling('echo', { text: 'x' }), { headers: bad }),
    'modern tools/call of a protected tool': () => modern('tools/call', calling('whoami'), { headers: bad }),
    'an unknown modern method': () => modern('nope/nope', {}, { headers: bad }),
    'a modern request whose headers mismatch': () => modern('tools/list', {}, { headers: { ...bad, 'mcp-method': 'x' } }),
    initialize: () => initialize(LEGACY[0], { headers: bad }),
    ping: () => legacy('ping', {}, { headers: bad }),
    'tools/list': () => legacy('tools/list', {}, { headers: bad }),
    'tools/call of a public tool': () => legacy('tools/call', calling('echo', { text: 'x' }), { headers: bad }),
    'tools/call of a protected tool': () => legacy('tools/call', calling('whoami'), { headers: bad }),
    'an unknown method': () => legacy('nope/nope', {}, { headers: bad }),
    'a notification': () => notification('notifications/initialized', undefined, { headers: bad }),
    'a posted response': () => post({ jsonrpc: '2.0', id: 1, result: {} }, { headers: { ...bad, ...version } }),
    'a batch': () => post([{ jsonrpc: '2.0', id: 1, method: 'ping' }], { headers: bad }),
    'a body that is not JSON': () => post('{', { headers: { ...bad, ...version } }),
    GET: () => ({ method: 'GET', path: '/mcp', headers: { ...bad, ...version, accept: 'text/event-stream' } }),
    DELETE: () => ({ method: 'DELETE', path: '/mcp', headers: { ...bad, ...version } }),
  };
  for (const [row, asked] of Object.entries(rows)) {
    test(`a bad bearer token is 401 invalid_token, on ${row}`, async () => {
      const answer = await send(server, asked());
      const challenge = challengeOf(answer);
      assert.equal(challenge.parameters.error, 'invalid_token', answer.story('MCP "Token Handling": otherwise no client refreshes its token'));
      assert.ok(!answer.text.includes('sekret'), answer.story('an error never echoes a token'));
    });
  }

  test('a bad token is challenged with what the call needs beside the scopes of a first sign-in', async () => {
    for (const { ask } of ERAS) {
      const answer = await send(server, ask('tools/call', calling('save_note', { title: 'a', body: 'b' }), { headers: bad }));
      const challenge = challengeOf(answer);
      assert.equal(challenge.parameters.error, 'invalid_token', answer.story('MCP "Token Handling"'));
      assert.deepEqual(scopesOf(challenge), ALL_SCOPES, answer.story('else a client signs in anew and meets a 403'));
    }
  });

  for (const [row, authorization] of Object.entries({
    'another spelling of the scheme': `bearer ${TOKEN}`,
    'the scheme in upper case': `BEARER ${TOKEN}`,
    'one word': 'Bearer sekret-two',
    'an unsigned token': `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"sekret-two"}').toString('base64url')}.`,
    '64 KB': `Bearer ${'sekretlong'.repeat(6554)}`,
    '300 dots': `Bearer ${'.'.repeat(300)}`,
  })) {
    test(`credentials that are no token are 401 invalid_token: ${row}`, async () => {
      for (const { ask } of ERAS) {
        const answer = await send(server, ask('tools/call', calling('echo', { text: 'x' }), { headers: { authorization } }));
        if (row === '64 KB' && [400, 413, 431].includes(answer.status)) continue;
        assert.equal(challengeOf(answer).parameters.error, 'invalid_token', answer.story('MCP "Token Handling"'));
      }
      (await send(server, legacy('ping'))).result('the server goes on');
    });
  }

  for (const [row, authorization] of Object.entries({
    'no token after the scheme': 'Bearer',
    'only spaces after the scheme': 'Bearer   ',
    'two words after the scheme': 'Bearer sekret-one sekret-two',
    'characters that no token has': 'Bearer sekret-one"; scope="all',
    'a list': 'Bearer sekret-one, Bearer sekret-two',
    'two headers': ['Bearer sekret-one', 'Bearer sekret-two'],
    'another scheme': `Basic ${Buffer.from('sekret-basic:x').toString('base64')}`,
    'another scheme beside': ['Bearer sekret-one', 'Basic c2VrcmV0LWJhc2ljOng='],
    'a scheme nobody knows': 'Sekret sekret-one',
    nothing: '',
    'bytes beyond ASCII': 'Bearer sekret-one\u00ff',
  })) {
    test(`credentials that are none (${row}) open nothing`, async () => {
      for (const { ask } of ERAS) {
        const headers = { authorization };
        const answer = await send(server, ask('tools/call', calling('whoami'), { headers }));
        answer.hasStatus([400, 401], 'MCP "Authorization › Error Handling": refused');
        const [challenge] = parseChallenges(answer.headers['www-authenticate'] ?? '');
        assert.equal(challenge?.scheme, 'Bearer', answer.story('the refusal says what is expected (RFC 6750 §3)'));
        if (answer.status === 400) assert.equal(challenge.parameters.error, 'invalid_request', answer.story('RFC 6750 §3.1'));
        assert.ok(!answer.text.includes('ekret'), answer.story('an error never echoes credentials'));
      }
    });
  }

  test('two Authorization headers are refused on a public tool too', async () => {
    const answer = await send(
      server,
      legacy('tools/call', calling('echo', { text: 'x' }), {
        headers: { authorization: ['Bearer sekret-one', 'Bearer sekret-two'] },
      }),
    );
    answer.hasStatus([400, 401], 'nobody can say which one counts');
  });

  test('another scheme than Bearer is 401 on a protected tool', async () => {
    challengeOf(await send(server, legacy('tools/call', calling('whoami'), { headers: { authorization: 'Basic c2VrcmV0LWJhc2ljOng=' } })));
  });
});

// MCP "Scope Challenge Handling"
describe('with a token', () => {
  let narrow;
  let wide;
  before(async () => {
    const { client, tokens } = await connect(server);
    narrow = tokens.access_token;
    wide = (await connect(server, { client, scope: 'notes:read notes:write profile' })).tokens.access_token;
  });
  const having = (token, more = {}) => ({ ...more, headers: { ...bearer(token), ...more.headers } });
  /** What a first sign-in does not open. */
  const isBeyond = ({ scope }) => scope === 'notes:write';

  for (const { version, ask } of REVISIONS) {
    test(`with a token, everything that is public stays so (${version})`, async () => {
      assert.deepEqual(namesIn(await send(server, ask('tools/list', {}, having(narrow)))), TOOLS, 'the whole list');
      const echoed = await send(server, ask('tools/call', calling('echo', { text: 'hello' }), having(narrow)));
      assert.ok(textOf(echoed.result('echo')).includes('hello'), echoed.story('echo'));
      if (version !== MODERN) {
        (await send(server, initialize(version, having(narrow)))).result('initialize');
        (await send(server, notification('notifications/initialized', undefined, having(narrow, { version })))).hasStatus(
          202,
          'notifications',
        );
      }
    });

    test(`with a token, what its scopes open is served (${version})`, async () => {
      for (const { tool, args } of PROTECTED.filter((row) => !isBeyond(row))) {
        (await send(server, ask('tools/call', calling(tool, args), having(narrow)))).result(tool);
      }
      const saved = await send(server, ask('tools/call', calling('save_note', { title: version, body: 'b' }), having(wide)));
      assert.match(textOf(saved.result('save_note')), /saved/, saved.story('the wider token opens it'));
    });

    test(`with a token, what its scopes do not open is 403 with all that is needed (${version})`, async () => {
      for (const { tool, args, scope } of PROTECTED.filter(isBeyond)) {
        const answer = await send(server, ask('tools/call', calling(tool, args), having(narrow)));
        const challenge = challengeOf(answer, { status: 403 });
        assert.equal(challenge.parameters.error, 'insufficient_scope', answer.story('MCP "Runtime Insufficient Scope Errors", RFC 6750 §3.1: only then do clients step up'));
        assert.ok(scopesOf(challenge).includes(scope), answer.story('MCP "Runtime Insufficient Scope Errors": what the operation needs'));
        for (const had of SIGN_IN) assert.ok(scopesOf(challenge).includes(had), answer.story('a client that asks for just this keeps what it had'));
      }
    });
  }

  test('with a token, the refusal comes before the arguments are looked at', async () => {
    for (const { ask } of ERAS) {
      challengeOf(await send(server, ask('tools/call', calling('save_note', { title: 3, nonsense: true }), having(narrow))), {
        status: 403,
      });
    }
  });

  test('with a token, the refusal may be read by a web page', async () => {
    const origin = 'http://localhost:6274';
    const answer = await send(
      server,
      legacy('tools/call', calling('save_note', { title: 't', body: 'b' }), having(narrow, { headers: { origin } })),
    );
    challengeOf(answer, { status: 403 });
    answer.hasHeader('access-control-allow-origin', origin, 'browser clients read and send these headers');
    answer.hasHeader('access-control-expose-headers', /www-authenticate/i, 'browser clients read and send these headers');
  });

  test('with a token, one call beyond its scopes refuses a whole batch, and names the scopes of all', async () => {
    const message = (id, name, args = {}) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: calling(name, args) });
    const messages = [message(1, 'save_note', { title: 'not-executed', body: 'b' }), message(2, 'list_notes')];
    const headers = { ...bearer(narrow), 'mcp-protocol-version': '2025-03-26' };
    for (const body of [messages, [...messages].reverse()]) {
      const answer = await send(server, post(body, { headers }));
      const challenge = challengeOf(answer, { status: 403 });
      for (const scope of ['notes:read', 'notes:write']) assert.ok(scopesOf(challenge).includes(scope), answer.story('MCP "Runtime Insufficient Scope Errors"'));
    }
    const served = await send(server, post([message(1, 'whoami'), message(2, 'list_notes')], { headers }));
    assert.equal(served.hasStatus(200, 'what it opens is served').messages().length, 2, served.story('2025-03-26: one answer each'));
    const listed = await send(server, legacy('tools/call', calling('list_notes'), having(narrow)));
    assert.ok(!listed.text.includes('not-executed'), listed.story('nothing of the refused batch was executed'));
  });

  test('with a token, a call beyond its scopes under the name of a public one is refused', async () => {
    const asked = modern('tools/call', calling('save_note', { title: 'not-executed', body: 'b' }), having(narrow));
    const answer = await send(server, { ...asked, headers: { ...asked.headers, 'mcp-name': 'echo' } });
    answer.hasStatus([400, 403], 'the body decides who may pass');
    const listed = await send(server, legacy('tools/call', calling('list_notes'), having(narrow)));
    assert.ok(!listed.text.includes('not-executed'), listed.story('nothing was executed'));
  });

  test('a token of the other endpoint, or one that is sent twice, opens nothing', async () => {
    for (const { ask } of ERAS) {
      const answer = await send(server, ask('tools/list', {}, having(wide, { path: '/private/mcp' })));
      assert.equal(
        challengeOf(answer, { path: '/private/mcp' }).parameters.error,
        'invalid_token',
        answer.story('RFC 8707: another audience'),
      );
      const twice = await send(
        server,
        ask('tools/call', calling('whoami'), { headers: { authorization: [`Bearer ${wide}`, `Bearer ${wide}`] } }),
      );
      twice.hasStatus([400, 401], 'RFC 6750 §2');
    }
  });
});

describe('a token in the URL', () => {
  for (const parameter of ['access_token', 'token', 'bearer']) {
    test(`${parameter} in the query is no token (MCP "Token Requirements")`, async () => {
      const path = `/mcp?${parameter}=sekret-query`;
      (await send(server, legacy('tools/call', calling('whoami'), { path }))).hasStatus([400, 401], 'MCP "Token Requirements"');
      (await send(server, legacy('ping', {}, { path: `/private/mcp?${parameter}=sekret-query` }))).hasStatus([400, 401], 'MCP "Token Requirements"');
    });
  }

  test('access_token in a form body is no token', async () => {
    const answer = await send(server, {
      method: 'POST',
      path: '/private/mcp',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'access_token=sekret-query',
    });
    answer.hasStatus([400, 401, 415], 'RFC 6750 §2.2 is not offered');
  });
});

describe('/private/mcp', () => {
  const at = (asked) => ({ ...asked, path: '/private/mcp' });
  const rows = {
    'server/discover': () => modern('server/discover'),
    'tools/list': () => modern('tools/list'),
    'a public tool': () => modern('tools/call', calling('echo', { text: 'x' })),
    'a protected tool': () => legacy('tools/call', calling('save_note', { title: 't', body: 'b' })),
    initialize: () => initialize(LEGACY[0]),
    'a notification': () => notification('notifications/initialized'),
    GET: () => ({ method: 'GET', headers: { accept: 'text/event-stream' } }),
    DELETE: () => ({ method: 'DELETE' }),
    'a body that is not JSON': () => post('{'),
    'a body of another type': () => post('x', { headers: { 'content-type': 'text/plain' } }),
    'no body': () => ({ method: 'POST', headers: { 'content-type': 'application/json' } }),
    'a body over the limit': () => post(' '.repeat(1024 * 1024 + 1)),
  };
  for (const [row, asked] of Object.entries(rows)) {
    test(`/private/mcp: ${row}: 401 with the scopes of a sign-in, before the body is read`, async () => {
      const answer = await send(server, at(asked()));
      const challenge = challengeOf(answer, { path: '/private/mcp' });
      assert.deepEqual(scopesOf(challenge), SIGN_IN, answer.story('what a first sign-in asks for'));
    });
  }

  test('a bad token is 401 invalid_token', async () => {
    const answer = await send(server, at(modern('tools/list', {}, { headers: { authorization: `Bearer ${TOKEN}` } })));
    const challenge = challengeOf(answer, { path: '/private/mcp' });
    assert.equal(challenge.parameters.error, 'invalid_token', answer.story('MCP "Token Handling"'));
  });

  test('a preflight needs no token', async () => {
    const headers = {
      origin: 'http://localhost:6274',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    };
    (await send(server, { method: 'OPTIONS', path: '/private/mcp', headers })).hasStatus([200, 204], 'a browser never sends one with it');
  });
});

describe('/private/mcp with PRIVATE_SIGN_IN=all', () => {
  /** @type {import("../support/workers/wrangler-dev.mjs").Server} */
  let once;
  before(async () => {
    once = await startConnector({ PRIVATE_SIGN_IN: 'all', ...OWNER });
  });
  after(() => once?.stop());

  test('the challenge and the metadata name all scopes there are: some clients sign in at connect and never again', async () => {
    const answer = await send(once, initialize(LEGACY[0], { path: '/private/mcp' }));
    assert.deepEqual(scopesOf(challengeOf(answer, { path: '/private/mcp', at: once })), ALL_SCOPES, answer.story('at the private endpoint'));
    const document = await send(once, { path: '/.well-known/oauth-protected-resource/private/mcp' });
    assert.deepEqual([...document.json().scopes_supported].sort(), ALL_SCOPES, document.story('for clients that read no challenge'));
  });

  test('the lazy endpoint asks for what it asked before', async () => {
    const answer = await send(once, legacy('tools/call', calling('whoami')));
    assert.deepEqual(scopesOf(challengeOf(answer, { at: once })), SIGN_IN, answer.story('the rest comes when a tool needs it'));
  });
});

describe('what a tool list says about sign-in', () => {
  for (const { era, ask } of ERAS) {
    test(`each tool names its security schemes, in _meta too (${era})`, async () => {
      const tools = await listTools(server, ask);
      const expected = {
        echo: [{ type: 'noauth' }],
        ...Object.fromEntries(PROTECTED.map(({ tool, scope }) => [tool, [{ type: 'oauth2', scopes: [scope] }]])),
      };
      for (const [name, schemes] of Object.entries(expected)) {
        const tool = tools.find((one) => one.name === name);
        assert.ok(tool, `${name} is listed without a token: a client must know it to ask for sign-in`);
        assert.deepEqual(tool.securitySchemes, schemes, `${name}.securitySchemes`);
        assert.deepEqual(
          tool._meta?.securitySchemes,
          schemes,
          `${name}._meta.securitySchemes: clients that drop unknown members read it here`,
        );
      }
    });
  }
});

describe('with CHALLENGE=result', () => {
  /** @type {import("../support/workers/wrangler-dev.mjs").Server} */
  let linking;
  before(async () => {
    linking = await startConnector({ CHALLENGE: 'result', ...OWNER });
  });
  after(() => linking?.stop());

  for (const { era, ask } of ERAS) {
    test(`with CHALLENGE=result, a protected call is a result that carries the challenge (${era})`, async () => {
      for (const { tool, args, scope } of PROTECTED) {
        const answer = await send(linking, ask('tools/call', calling(tool, args), { id: 'c-1' }));
        const result = answer.result('200, so that the client reads the body');
        assert.equal(answer.json().id, 'c-1', answer.story('it answers the call'));
        assert.equal(result.isError, true, answer.story('isError'));
        assert.ok(textOf(result).length > 0, answer.story('other clients show the text'));
        const challenges = result._meta?.['mcp/www_authenticate'];
        assert.ok(Array.isArray(challenges) && challenges.length === 1, answer.story('an array of challenges'));
        const [{ scheme, parameters }] = parseChallenges(challenges[0]);
        assert.equal(scheme, 'Bearer', answer.story('RFC 6750 §3'));
        assert.equal(parameters.resource_metadata, `${linking.origin}/.well-known/oauth-protected-resource/mcp`, answer.story('absolute'));
        assert.ok(parameters.error, answer.story('`error` is required by the client'));
        assert.ok(parameters.error_description, answer.story('`error_description` is required by the client'));
        assert.ok(parameters.scope.split(' ').includes(scope), answer.story('the scope of the operation'));
        if (era === 'modern') {
          assert.equal(result.resultType, 'complete', answer.story('MCP "Result Responses"'));
          assert.equal(typeof result._meta[KEY.serverInfo]?.name, 'string', answer.story('MCP "_meta": serverInfo stays beside it'));
        }
      }
    });
  }

  for (const { era, ask } of ERAS) {
    test(`with CHALLENGE=result, so is a call beyond the scopes of a token (${era})`, async () => {
      const { tokens } = await connect(linking);
      const headers = bearer(tokens.access_token);
      const answer = await send(linking, ask('tools/call', calling('save_note', { title: 't', body: 'b' }), { headers }));
      const result = answer.result('200, so that the client reads the body');
      assert.equal(result.isError, true, answer.story('isError'));
      const [{ parameters }] = parseChallenges(result._meta['mcp/www_authenticate'][0]);
      assert.equal(parameters.error, 'insufficient_scope', answer.story('it has a token, and that is not enough'));
      assert.ok(parameters.scope.split(' ').includes('notes:write'), answer.story('the scope of the operation'));
      (await send(linking, ask('tools/call', calling('whoami'), { headers }))).result('what the token opens is served');
    });
  }

  test('with CHALLENGE=result, public tools, the list and unknown tools are as ever', async () => {
    (await send(linking, modern('tools/call', calling('echo', { text: 'x' })))).result('public');
    assert.deepEqual(namesIn(await send(linking, legacy('tools/list'))), TOOLS);
    (await send(linking, legacy('tools/call', calling('nope')))).error(200, CODE.invalidParams, 'MCP "Tools › Error Handling"');
  });

  test('with CHALLENGE=result, a bad token and the private endpoint are still 401', async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    for (const asked of [
      legacy('tools/list', {}, { headers }),
      legacy('tools/list', {}, { path: '/private/mcp' }),
      initialize(LEGACY[0], { path: '/private/mcp' }),
    ]) {
      const answer = await send(linking, asked);
      answer.hasStatus(401, 'only the refused tool call changes its form').hasHeader('www-authenticate', /^Bearer /, 'MCP "Protected Resource Metadata Discovery Requirements"');
    }
  });

  test('with CHALLENGE=result, the log holds no token either', () => {
    for (const token of SENT) assert.ok(!linking.log().includes(token), `${token} is in the log`);
  });
});

test('no token that was sent is in the log', () => {
  // The runtime's own line for a request prints its path; a token in a query is the sender's mistake and never leaves the Worker.
  const lines = server.log().split('\n');
  for (const token of SENT) {
    const leaking = lines.filter((line) => line.includes(token));
    assert.deepEqual(leaking, [], `${token} is in the log`);
  }
});
