// A server for each fault that the doctor knows: the line that judges it says so, with the right words, and no other line fails.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { examine } from '../src/checklist.mjs';
import { CHALLENGE } from './faults/challenge.mjs';
import { FOUND } from './faults/found.mjs';
import { METADATA } from './faults/metadata.mjs';
import { PROTOCOL } from './faults/protocol.mjs';
import { SIGN_IN } from './faults/sign-in.mjs';
import { TOOLS } from './faults/tools.mjs';
import { WAY_IN } from './faults/way-in.mjs';
import { during, finding, levels, tell } from './support/doctor.mjs';
import { startExampleServer } from './support/example-server.mjs';

/**
 * One fault. `rule` is what it breaks; `check` is the line that must say so, with these words; `level` is `fail` unless it is said.
 * No other line may fail, but those in `also`.
 * @typedef {object} Fault
 * @property {string} rule
 * @property {(server: import('./support/example-server.mjs').ExampleServer) => void} fault
 * @property {string} check
 * @property {'ok' | 'note' | 'fail' | 'skip'} [level]
 * @property {RegExp} [seen]
 * @property {RegExp} [effect]
 * @property {RegExp} [fix]
 * @property {RegExp} [details]
 * @property {string[]} [also]
 * @property {object} [with]  options of the examination
 */
const FAULTS = [...WAY_IN, ...CHALLENGE, ...METADATA, ...SIGN_IN, ...PROTOCOL, ...TOOLS, ...FOUND];

describe('each fault is named, and no other', () => {
  for (const { rule, fault, check, level = 'fail', also = [], with: options, ...words } of FAULTS) {
    test(rule, async () => {
      await during(await startExampleServer(fault), async (server) => {
        const report = await examine(new URL(`${server.origin}/mcp`), options);
        const found = finding(report, check);
        assert.equal(found.level, level, tell(report));
        for (const part of ['seen', 'effect', 'fix']) {
          if (words[part]) assert.match(found[part] ?? '', words[part], tell(report));
          if (level !== 'skip' && (level !== 'ok' || part === 'seen')) assert.ok(found[part], `${part} is said\n${tell(report)}`);
        }
        if (words.details)
          assert.ok(
            (found.details ?? []).some((line) => words.details.test(line)),
            tell(report),
          );
        const expected = level === 'fail' ? [check, ...also] : also;
        assert.deepEqual(levels(report, 'fail').sort(), [...new Set(expected)].sort(), tell(report));
      });
    });
  }
});
