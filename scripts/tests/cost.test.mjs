// The table of costs in docs/operating.md is what the program computes from what was counted and the price list.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { bill, month, tables, tablesIn } from '../../bench/cost/model.mjs';
import { root } from '../support/paths.mjs';

const read = (file) => readFileSync(path.join(root, file), 'utf8');
const operations = JSON.parse(read('bench/cost/operations.json'));
const prices = JSON.parse(read('bench/cost/prices.json'));

test('the document has the tables that the program writes', () => {
  assert.equal(tablesIn(read('docs/operating.md')), tables(operations, prices), 'run `npm run bench -- --cost`');
});

const nothing = { requests: 0, cpu: 0, objectRequests: 0, rowsRead: 0, rowsWritten: 0, kvReads: 0, kvWrites: 0, kvLists: 0 };
const only = (step, counts) => ({ signIn: nothing, session: nothing, refresh: nothing, call: nothing, [step]: { ...nothing, ...counts } });
const costOf = (meters, name) => meters.find(({ meter }) => meter === name);

test('what the plan includes costs nothing, and what is beyond it costs its price', () => {
  // 300 million requests a month, of which 10 are included, at $0.30 a million.
  const meters = month(only('call', { requests: 1, cpu: 2 }), prices, 10_000_000);
  assert.deepEqual([costOf(meters, 'requests').used, costOf(meters, 'requests').cost.toFixed(2)], [300e6, '87.00']);
  // 600 million milliseconds, of which 30 are included, at $0.02 a million.
  assert.equal(costOf(meters, 'cpu').cost.toFixed(2), '11.40');
  assert.equal(bill(only('call', { requests: 1 }), prices, 100_000).dollars, prices.plan);
});

test('a bill is free where every meter stays within a day of the free plan', () => {
  assert.equal(bill(only('call', { requests: 1 }), prices, 100_000).isFree, true);
  assert.equal(bill(only('call', { requests: 1.1 }), prices, 100_000).isFree, false);
  // A thousand KV writes a day are free, and no more.
  assert.deepEqual([1000, 1001].map((calls) => bill(only('call', { kvWrites: 1 }), prices, calls).isFree), [true, false]);
});

test('this connector’s steps are counted as the test of storage operations bounds them', () => {
  const ours = operations.columns[0].operations;
  const bounds = {
    // And the row that a right passphrase writes after two seconds.
    signIn: { objectRequests: 5, rowsWritten: 7, kvReads: 1, kvWrites: 1 },
    session: { objectRequests: 1, rowsWritten: 0, kvReads: 0, kvWrites: 0 },
    refresh: { objectRequests: 2, rowsWritten: 3, kvReads: 1, kvWrites: 0 },
    call: { objectRequests: 1, rowsWritten: 0, kvReads: 0, kvWrites: 0 },
  };
  for (const [step, most] of Object.entries(bounds)) {
    for (const [what, count] of Object.entries(most)) assert.ok(ours[step][what] <= count, `${step}, ${what}: ${ours[step][what]} of at most ${count}`);
  }
});
