// One sign-in that several programs share, each with its own copy of the tokens, over thirty days and two instances: which of
// them go on, and that a thief in another network is caught (RFC 9700 §4.14.2).

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instancesForSuite } from '../support/workers/instances.mjs';
import { SIGN_IN, connect, isOAuthError, isWelcome, refreshing, register, send, tokensOf } from '../support/oauth/client.mjs';

const HOUR = 3600;
/** Two addresses of one IPv4 /20, two of one IPv6 /48, one elsewhere, and the egress of everybody's Workers. */
const HOME = '198.51.96.1';
const HOME_TOO = '198.51.111.254';
const HOME_V6 = ['2001:db8:7::1', '2001:db8:7:ffff::2'];
const AWAY = '203.0.113.9';
const WORKERS = '2a06:98c0:3600::103';

let client;
const runtime = instancesForSuite({ count: 2, vars: SIGN_IN }, async () => {
  client = await register(here);
});
const [here, there] = runtime.instances;

/** A program that keeps the tokens it was given last. */
class Program {
  constructor(at, address, tokens) {
    Object.assign(this, { at, address, tokens });
  }

  send() {
    return send(this.at, refreshing(client, this.tokens, { headers: { 'cf-connecting-ip': this.address } }));
  }

  async refresh(rule) {
    this.tokens = tokensOf(await this.send(), rule);
    return this.tokens.refresh_token;
  }

  async isRefused(rule) {
    isOAuthError(await this.send(), 400, 'invalid_grant', rule);
  }
}

const programs = async (...places) => {
  const { tokens } = await connect(here, { client });
  return places.map(([at, address]) => new Program(at, address, tokens));
};

describe('two programs that share a sign-in', () => {
  test('two programs that share a sign-in and refresh once an hour both stay signed in for thirty days, and hold the same token', async () => {
    const [one, other] = await programs([here, HOME], [there, HOME_TOO]);
    for (let hour = 1; hour <= 30 * 24; hour += 1) {
      await runtime.passes(HOUR / 2);
      const token = await one.refresh(`hour ${hour}`);
      await runtime.passes(HOUR / 2);
      assert.equal(await other.refresh(`hour ${hour}`), token, 'never two live successors');
    }
    await isWelcome(there, one.tokens.access_token);
    await isWelcome(here, other.tokens.access_token);
  });

  test('two programs that share a sign-in of which one sleeps over two refreshes: its next try is refused and ends nothing', async () => {
    const [awake, asleep] = await programs([here, HOME_V6[0]], [there, HOME_V6[1]]);
    for (const hour of [1, 2]) {
      await runtime.passes(HOUR);
      await awake.refresh(`hour ${hour}`);
    }
    for (const hour of [3, 4]) {
      await runtime.passes(HOUR);
      await asleep.isRefused('another window has gone on');
      await awake.refresh(`hour ${hour}`);
    }
  });

  test('two programs that share a sign-in from an address that strangers share are counted as strangers', async () => {
    const [one, other] = await programs([here, WORKERS], [there, WORKERS]);
    for (const hour of [1, 2, 3]) {
      await runtime.passes(HOUR);
      await one.refresh(`hour ${hour}`);
      await runtime.passes(61);
      await other.refresh(`late retry ${hour}`);
    }
    await runtime.passes(HOUR);
    await one.refresh('hour 4');
    await runtime.passes(61);
    await other.isRefused('the fourth late retry');
    await one.isRefused('RFC 9700 §4.14.2: the family is revoked');
  });
});

test('a program that loses one answer a day stays signed in for thirty days', async () => {
  const [program] = await programs([here, HOME]);
  for (let day = 1; day <= 30; day += 1) {
    await runtime.passes(24 * HOUR);
    const lost = tokensOf(await program.send(), `day ${day}`).refresh_token;
    await runtime.passes(HOUR);
    program.at = program.at === here ? there : here;
    assert.equal(await program.refresh(`day ${day}, once more`), lost, 'the same successor');
  }
});

describe('a thief in another network', () => {
  test('a thief in another network with a token that is older than the last ends the sign-in', async () => {
    const [honest, thief] = await programs([here, HOME], [there, AWAY]);
    await honest.refresh();
    await honest.refresh();
    await thief.isRefused('two parties hold it');
    await honest.isRefused('RFC 9700 §4.14.2: the family is revoked');
  });

  test('who was first is caught when the client goes on', async () => {
    const [honest, thief] = await programs([here, HOME], [there, AWAY]);
    await thief.refresh();
    await thief.refresh();
    await honest.isRefused('two parties hold it');
    await thief.isRefused('RFC 9700 §4.14.2: the family is revoked');
  });

  test('who follows the client is caught at the fourth time', async () => {
    const [honest, thief] = await programs([here, HOME], [there, AWAY]);
    for (const turn of [1, 2, 3]) {
      const token = await honest.refresh(`turn ${turn}`);
      await runtime.passes(HOUR);
      assert.equal(await thief.refresh(`turn ${turn}`), token, 'never two live successors');
    }
    await honest.refresh('turn 4');
    await runtime.passes(HOUR);
    await thief.isRefused('more than three late retries from another network');
    await honest.isRefused('RFC 9700 §4.14.2: the family is revoked');
  });
});
