// `npm run call` while `npm start` is still building.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import { untilBuilt } from '../client/until-built.mjs';
import { notReady } from '../serve/not-ready.mjs';

describe('a call waits', () => {
  let server;
  let url;
  /** What is answered, one after the other; the last one stays. */
  let answers;
  let asked;
  before(async () => {
    server = createServer((request, response) => {
      asked += 1;
      const reason = answers.length > 1 ? answers.shift() : answers[0];
      if (reason === undefined) response.end('a page');
      else void notReady(request, response, reason);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${server.address().port}/mcp`;
  });
  after(() => server.close());
  beforeEach(() => {
    asked = 0;
  });

  for (const [what, list, count, words] of [
    ['not where the connector answers', [undefined], 1, []],
    ['while it is built and starts, and says so once', ['The connector is being built.', 'The connector is starting.', undefined], 3, ['The connector is being built: waiting for it.']],
    ['not for code that cannot be built', ['The connector cannot be built: the terminal says why.'], 1, []],
  ]) {
    test(what, async () => {
      answers = [...list];
      const said = [];
      await untilBuilt(url, { every: 1, say: (text) => said.push(text) });
      assert.deepEqual([asked, said], [count, words]);
    });
  }
});
