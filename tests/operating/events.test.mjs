// Events from outside: webhooks with their signatures, schedules and queues, as the real runtime has them. The published examples of
// each signature are in crates/protocol/src/author/events.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../support/eventually.mjs';
import { calling, modern, stream } from '../support/mcp/requests.mjs';
import { ReceivedMessages } from '../support/mcp/received-messages.mjs';
import { SIGN_IN, bearer, connect, form, secret, send, tokensOf } from '../support/oauth/client.mjs';
import { startEverything } from '../support/workers/wrangler-dev.mjs';

const SECRET = secret('the-secret-of-a-webhook', 'the secret of a webhook');
/** Somebody who is not the owner. */
const NIGHTLY = { client_id: 'nightly', client_secret: secret('nightly-nightly-nightly-nightly', 'the secret of a service'), own_scopes: 'diary:read' };
const WATCHED = 'test://watched-resource';
const MONDAY = 'diary://monday';

/** @type {import("../support/workers/wrangler-dev.mjs").Server} */
let server;
before(async () => {
  server = await startEverything({ ...SIGN_IN, HOOK_SECRET: SECRET, MAX_BODY_BYTES: 20_000, OAUTH_CLIENTS: JSON.stringify([NIGHTLY]) });
});
after(async () => {
  ReceivedMessages.closeAll();
  await server?.stop().catch((error) => {
    // One test ends the instance on purpose.
    if (!/the Worker panicked/.test(error.message)) throw error;
  });
});

const signature = (text) => createHmac('sha256', SECRET).update(text).digest('hex');

/** A delivery of GitHub. */
function delivery(event, { headers = {}, method = 'POST', path = '/hooks/github', body = JSON.stringify(event), ...more } = {}) {
  const signed = { 'x-hub-signature-256': `sha256=${signature(body)}`, 'x-github-delivery': 'delivery-1', 'content-type': 'application/json' };
  return send(server, { method, path, headers: { ...signed, ...headers }, body, ...more });
}

async function tool(name, args = {}) {
  return (await send(server, modern('tools/call', calling(name, args)))).result(name);
}
const seen = async () => (await tool('events_seen')).structuredContent.seen;
const schedule = (cron) => send(server, { path: `/cdn-cgi/local/scheduled?cron=${encodeURIComponent(cron)}` });

describe('a webhook', () => {
  test('runs its handler with what was signed', async () => {
    (await delivery({ do: 'note', text: 'signed “ü”' })).hasStatus(204);
    assert.deepEqual((await seen()).filter(({ by }) => by === 'webhook'), [{ by: 'webhook', text: 'signed “ü”', id: Buffer.from(signature(JSON.stringify({ do: 'note', text: 'signed “ü”' })), 'hex').toString('base64url') }]);
  });

  test('refuses everything else without a word, and its handler sees nothing of it', async () => {
    const before = await seen();
    const event = { do: 'note', text: 'forged' };
    const body = JSON.stringify(event);
    for (const [what, status, sent] of [
      ['no signature', 401, { headers: { 'x-hub-signature-256': null } }],
      ['another signature', 401, { headers: { 'x-hub-signature-256': `sha256=${signature(`${body} `)}` } }],
      ['a signature in another header', 401, { headers: { 'x-hub-signature-256': null, 'x-signature': signature(body) } }],
      ['a signature of a secret that is empty', 401, { headers: { 'x-hub-signature-256': `sha256=${createHmac('sha256', '').update(body).digest('hex')}` } }],
      ['a slash at its end', 404, { path: '/hooks/github/' }],
      ['another path', 404, { path: '/hooks' }],
      ['GET', 405, { method: 'GET', body: undefined }],
      ['a body that is compressed', 415, { headers: { 'content-encoding': 'gzip' } }],
      ['a body that is too large', 413, { body: ' '.repeat(20_001) }],
    ]) {
      const answer = sent.method === 'GET' ? await send(server, { path: '/hooks/github' }) : await delivery(event, sent);
      answer.hasStatus(status, what);
      if (status === 401) assert.equal(answer.text, '', what);
    }
    assert.deepEqual(await seen(), before);
  });

  test('whose handler fails is answered with 500, and the sender learns nothing of the failure', async () => {
    for (const body of [JSON.stringify({ do: 'fail' }), 'no JSON']) {
      const answer = await delivery(undefined, { body });
      answer.hasStatus(500);
      assert.ok(!/purpose|expected/.test(answer.text), answer.text);
    }
    await eventually(() => server.log(), (log) => /webhook \/hooks\/github: It fails on purpose\./.test(log), 'the log has the failure');
  });

  test('without its secret is closed, and the log says which one is missing', async () => {
    const answer = await delivery({ do: 'note', text: 'x' }, { path: '/hooks/unset' });
    answer.hasStatus(503);
    assert.equal(answer.headers['retry-after'], '60');
    assert.ok(!answer.text.includes('UNSET_SECRET'), answer.text);
    await eventually(() => server.log(), (log) => /the secret UNSET_SECRET is not set: npx wrangler secret put UNSET_SECRET/.test(log), 'the log names the secret');
  });

  test('of Slack answers the verification of its URL, and takes nothing that is older than five minutes', async () => {
    const slack = (event, age = 0) => {
      const [body, time] = [JSON.stringify(event), String(Math.floor(Date.now() / 1000) - age)];
      const headers = { 'x-slack-request-timestamp': time, 'x-slack-signature': `v0=${signature(`v0:${time}:${body}`)}` };
      return send(server, { method: 'POST', path: '/hooks/slack', headers, body });
    };
    const verified = await slack({ type: 'url_verification', challenge: '3eZbrw1a' });
    verified.hasStatus(200);
    assert.deepEqual([verified.text, verified.headers['content-type']], ['3eZbrw1a', 'text/plain; charset=utf-8']);
    (await slack({ do: 'note', text: 'from Slack' })).hasStatus(204);
    (await slack({ do: 'note', text: 'replayed' }, 310)).hasStatus(401);
    assert.deepEqual((await seen()).map(({ text }) => text).filter((text) => /Slack|replayed/.test(text)), ['from Slack']);
  });

  test('has its path in the log, and nothing of its body, its signature or its secret', async () => {
    (await delivery({ do: 'note', text: 'whisper' })).hasStatus(204);
    await eventually(() => server.log(), (log) => /"message":"POST \/hooks\/github 204".*"route":"\/hooks\/github"/.test(log), 'the log has the path');
    for (const silent of ['whisper', SECRET, signature(JSON.stringify({ do: 'note', text: 'whisper' }))]) {
      assert.ok(!server.log().includes(silent), silent);
    }
  });
});

describe('an event announces', () => {
  async function listen(uri, headers = {}) {
    const asked = modern('subscriptions/listen', { notifications: { resourceSubscriptions: [uri] } }, { id: 'listen', headers });
    const received = new ReceivedMessages(await stream(server, asked));
    await eventually(() => received.messages.length, (length) => length > 0, 'the acknowledgement comes at once');
    return received;
  }
  const changes = ({ messages }) => messages.filter(({ method }) => method === 'notifications/resources/updated').map(({ params }) => params.uri);

  test('to everybody who listens and has the scope, and what is somebody’s own to that person alone', async () => {
    const { tokens } = await connect(server, { scope: 'diary:read' });
    const service = { grant_type: 'client_credentials', client_id: NIGHTLY.client_id, client_secret: NIGHTLY.client_secret };
    const other = tokensOf(await send(server, form('/token', service)));
    const [everybody, ada] = [await listen(WATCHED), await listen(MONDAY, bearer(tokens.access_token))];
    const nightly = await listen(MONDAY, bearer(other.access_token));
    for (const event of [
      { do: 'announce', uri: MONDAY, person: 'somebody-else' },
      { do: 'announce', uri: MONDAY, person: 'owner' },
      { do: 'announce', uri: WATCHED },
      { do: 'announce', uri: MONDAY },
    ]) {
      (await delivery(event)).hasStatus(204);
    }
    // The last one reaches both who may read it.
    await eventually(() => changes(nightly), (uris) => uris.length > 0, 'a person with the scope hears of it');
    await eventually(() => changes(ada), (uris) => uris.length > 1, 'and so does the other');
    assert.deepEqual([changes(everybody), changes(ada), changes(nightly)], [[WATCHED], [MONDAY, MONDAY], [MONDAY]]);
  });
});

describe('schedules and queues', () => {
  test('a schedule runs its handler', async () => {
    (await schedule('* * * * *')).hasStatus(200);
    assert.ok((await seen()).some(({ by, text }) => by === 'cron' && text === 'each minute'));
  });

  test('a schedule whose handler fails, or that has none, has failed', async () => {
    const failing = await schedule('0 0 1 1 *');
    assert.match(failing.text, /exception|rror/);
    const unknown = await schedule('5 5 5 5 5');
    assert.match(unknown.text, /exception|rror/);
    const hasBoth = (log) => /cron 0 0 1 1 \*: It fails on purpose\./.test(log) && /no handler for the schedule 5 5 5 5 5/.test(log);
    await eventually(() => server.log(), hasBoth, 'the log has both failures');
  });

  test('a message of a queue is handled, and one that fails does not hold back the others', async () => {
    for (const message of [{ do: 'fail' }, { do: 'unknown' }, { do: 'note', text: 'from a queue' }]) {
      await tool('send_message', { message: JSON.stringify(message) });
    }
    await eventually(seen, (all) => all.some(({ by, text }) => by === 'queue' && text === 'from a queue'), 'the message is handled');
    await eventually(() => server.log(), (log) => /queue jobs: It fails on purpose\./.test(log) && /queue jobs: a message does not have the form/.test(log), 'the log has the failures');
  });

  test('a schedule or webhook that panics ends for its caller at once, and the next event is answered', async () => {
    const answer = await schedule('0 0 2 1 *');
    assert.match(answer.text, /exception|rror/);
    (await delivery({ do: 'panic' })).hasStatus(503);
    (await delivery({ do: 'note', text: 'afterwards' })).hasStatus(204);
    assert.ok((await seen()).some(({ text }) => text === 'afterwards'));
  });
});
