// What must hold however requests meet: two instances of the Worker over the same storage, and a KV that shows writes late and
// caches misses. Each race is run many times.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instancesForSuite, startInstances } from '../support/workers/instances.mjs';
import {
  Browser,
  SIGN_IN,
  asking,
  authorize,
  authorizePath,
  call,
  connect,
  isOAuthError,
  isTurnedAway,
  isWelcome,
  keepsSecrets,
  redeeming,
  refreshing,
  register,
  revoking,
  secret,
  send,
  tokensOf,
} from '../support/oauth/client.mjs';

const ROUNDS = 5;

let client;
const runtime = instancesForSuite({ count: 2, vars: SIGN_IN, lateKv: true }, async () => {
  client = await register(here);
});
const [here, there] = runtime.instances;

/** Asks `count` times at once, half of it at each instance. */
const together = (count, asked) => Promise.all(Array.from({ length: count }, (_, number) => send(number % 2 ? there : here, asked(number))));
const tally = (answers) => {
  const seen = {};
  for (const { status } of answers) seen[status] = (seen[status] ?? 0) + 1;
  return JSON.stringify(seen);
};

describe('a code', () => {
  test('a code redeemed a hundred times at once has one winner, and the replays end the grant', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const authorization = await authorize(round % 2 ? there : here, client);
      const answers = await together(100, () => redeeming(client, authorization));
      const winners = answers.filter(({ status }) => status === 200);
      assert.equal(winners.length, 1, `round ${round}: one winner: ${tally(answers)}`);
      for (const answer of answers) {
        answer.hasStatus([200, 400], `round ${round}: an answer to everybody`);
        if (answer.status === 400) isOAuthError(answer, 400, 'invalid_grant', `round ${round}`);
      }
      const tokens = tokensOf(winners[0]);
      isOAuthError(
        await send(there, refreshing(client, tokens)),
        400,
        'invalid_grant',
        `round ${round}: OAuth 2.1 §4.1.3, the replay was complete`,
      );
    }
  });

  test('a code redeemed by its client among thieves without the verifier goes to its client, and lives', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const authorization = await authorize(here, client);
      const honest = Math.floor(Math.random() * 50);
      const answers = await together(50, (number) =>
        redeeming(client, authorization, number === honest ? {} : { code_verifier: 'x'.repeat(43) }),
      );
      const winners = answers.filter(({ status }) => status === 200);
      assert.equal(winners.length, 1, `round ${round}: ${tally(answers)}`);
      tokensOf(await send(there, refreshing(client, tokensOf(winners[0]))), `round ${round}: the grant lives`);
    }
  });
});

describe('a refresh token', () => {
  test('a refresh token used fifty times at once has one successor', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      let { tokens } = await connect(here, { client });
      for (let turn = 0; turn < 3; turn += 1) {
        const answers = await together(50, () => refreshing(client, tokens));
        const successors = new Set(answers.map((answer) => tokensOf(answer, `round ${round}: each retry is answered`).refresh_token));
        assert.equal(successors.size, 1, `round ${round}: never two live successors`);
        tokens = { refresh_token: [...successors][0] };
      }
      tokensOf(await send(there, refreshing(client, tokens)), `round ${round}: and it works`);
    }
  });

  test('a refresh token of the last generation among older ones: the grant ends for everybody or for nobody', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { tokens: first } = await connect(here, { client });
      const second = tokensOf(await send(here, refreshing(client, first)));
      const third = tokensOf(await send(there, refreshing(client, second)));
      const answers = await together(30, (number) => refreshing(client, number % 3 === 0 ? first : third));
      for (const answer of answers) answer.hasStatus([200, 400], `round ${round}`);
      const issued = answers.filter(({ status }) => status === 200).map((answer) => tokensOf(answer));
      for (const one of [third, ...issued]) {
        isOAuthError(
          await send(here, refreshing(client, one)),
          400,
          'invalid_grant',
          `round ${round}: RFC 9700 §4.14.2: nobody holds a live token`,
        );
      }
    }
  });
});

test('after a revocation has been answered no refresh gives a live token', async () => {
  for (let round = 0; round < ROUNDS * 2; round += 1) {
    const { tokens } = await connect(here, { client });
    let revoked = false;
    const late = [];
    const refreshes = Array.from({ length: 20 }, async (_, number) => {
      await new Promise((resolve) => setTimeout(resolve, number % 5));
      const begunAfter = revoked;
      const answer = await send(number % 2 ? there : here, refreshing(client, tokens));
      if (begunAfter) late.push(answer);
      return answer;
    });
    await new Promise((resolve) => setTimeout(resolve, round % 5));
    (await send(round % 2 ? there : here, revoking(client, tokens.refresh_token))).hasStatus(200, `round ${round}`);
    revoked = true;
    const answers = await Promise.all(refreshes);
    for (const answer of late) isOAuthError(answer, 400, 'invalid_grant', `round ${round}: asked after the revocation was answered`);
    const issued = answers.filter(({ status }) => status === 200).map((answer) => tokensOf(answer));
    for (const one of [tokens, ...issued]) {
      isOAuthError(await send(here, refreshing(client, one)), 400, 'invalid_grant', `round ${round}: what slipped in before is dead now`);
    }
    // What was issued in the meantime was never seen by an instance, so each looks.
    for (const one of issued.slice(0, 2))
      await isTurnedAway(there, one.access_token, { rule: `round ${round}: and so is its access token` });
  }
});

test('a client that registers at one instance can go on at the other at once, although KV there has not seen it', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    // The other instance has looked for everything there is before, and keeps its misses.
    const fresh = await register(here);
    const { arrival: _, ...authorization } = await authorize(there, fresh);
    assert.ok(authorization.code, `round ${round}: the other instance knows the client`);
    const tokens = tokensOf(await send(here, redeeming(fresh, authorization)), `round ${round}: and the first one the code`);
    await isWelcome(there, tokens.access_token, { rule: `round ${round}: and the other one the token` });
    tokensOf(await send(there, refreshing(fresh, tokens)));
  }
});

test('a sign-in may wander: each page from another instance', async () => {
  const hopping = { origin: here.origin, headers: here.headers };
  let turn = 0;
  Object.defineProperty(hopping, 'port', { get: () => ((turn += 1) % 2 ? here.port : there.port) });
  for (let round = 0; round < 3; round += 1) {
    const { code } = await authorize(here, client, { browser: new Browser(hopping) });
    assert.ok(code, `round ${round}`);
  }
  assert.ok(turn >= 9, 'pages came from both');
});

test('both instances have the same keys, from the first request on', async () => {
  const cold = await startInstances({ count: 2, vars: SIGN_IN });
  try {
    const registered = await Promise.all(Array.from({ length: 20 }, (_, number) => register(cold.instances[number % 2])));
    for (const [number, client] of registered.entries()) {
      // The MAC of an identifier is made with a key that is derived from the one master key.
      const page = await new Browser(cold.instances[(number + 1) % 2]).open(authorizePath(asking(client)));
      assert.equal(page.status, 200, `an identifier made by one instance is known to the other: ${page.text}`);
    }
  } finally {
    await cold.stop();
  }
});

test('calls and refreshes at once disturb nobody', async () => {
  const { tokens } = await connect(here, { client });
  const [calls, refreshes] = await Promise.all([
    Promise.all(Array.from({ length: 40 }, (_, number) => call(number % 2 ? there : here, tokens.access_token))),
    together(10, () => refreshing(client, tokens)),
  ]);
  for (const answer of calls) answer.result('the access token is good all the time');
  for (const answer of refreshes) secret(tokensOf(answer).refresh_token, 'a refresh token');
});

test('no secret is in the log', () => keepsSecrets([here]));
