// The doctor (doctor/) finds nothing to mend at our own connectors.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { examine } from '../../doctor/src/checklist.mjs';
import { doctor, finding, levels, tell } from '../../doctor/tests/support/doctor.mjs';
import { SIGN_IN, connect } from '../support/oauth/client.mjs';
import { startEverything, startConnector } from '../support/workers/wrangler-dev.mjs';

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
    // A picture is for its author to add.
    assert.deepEqual(levels(report, 'note').filter((id) => !['icons', 'favicon'].includes(id)), ['address'], tell(report));
    assert.deepEqual(levels(report, 'skip'), ['tls', 'client-credentials', 'enterprise-managed', 'tool-results', 'registry-proof', 'openai-proof'], tell(report));
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

  test('the fixtures are green, but for the one schema that the conformance suite asks for and Claude refuses', async () => {
    const report = await examine(new URL(everything.url));
    assert.deepEqual(levels(report, 'fail'), ['schema-accepted'], tell(report));
    for (const id of ['server-card', 'ai-catalog', 'icons', 'favicon', 'same-tools']) assert.equal(finding(report, id).level, 'ok', tell(report));
    assert.deepEqual(finding(report, 'schema-accepted').details, ['json_schema_2020_12_tool: allOf at the root: Claude’s API refuses it']);
  });

  test('a connector without a passphrase is red at the sign-in page only, and what is set for machines is found', async () => {
    const server = await startConnector({
      OAUTH_CLIENTS: JSON.stringify([{ client_id: 'robot', client_secret: 'a-secret-of-a-robot-that-is-long', own_scopes: 'notes:read' }]),
      MCP_REGISTRY_AUTH: `v=MCPv1; k=ed25519; p=${Buffer.alloc(32, 7).toString('base64')}`,
      OPENAI_APPS_CHALLENGE: 'token-of-the-portal',
    });
    try {
      const report = await examine(new URL(server.url));
      assert.deepEqual(levels(report, 'fail'), ['consent-page'], tell(report));
      assert.match(finding(report, 'consent-page').seen, /503.*not set up/);
      for (const id of ['client-credentials', 'registry-proof', 'openai-proof']) assert.equal(finding(report, id).level, 'ok', tell(report));
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
