// A client of the transport of 2024-11-05, "HTTP with SSE": its stream at one instance, its POSTs at another.

import assert from 'node:assert/strict';
import { post, send, stream } from './requests.mjs';

export const opening = (headers = {}) => ({ method: 'GET', path: '/sse', headers: { accept: 'text/event-stream', ...headers } });

/** Opens a stream `at` one instance, for messages that are posted at another. */
export async function openStream({ at, postAt = at, headers = {}, limit }) {
  const connection = await stream(at, opening(headers), { limit });
  assert.equal(connection.status, 200, connection.story('a stream'));
  assert.match(connection.headers['content-type'], /^text\/event-stream/);
  const { value: first } = await connection.events.next();
  assert.equal(first.event, 'endpoint', connection.story('it says first where messages go'));
  const path = first.data;
  let nextId = 0;
  return {
    path,
    connection,
    session: new URLSearchParams(path.split('?')[1]).get('session'),
    close: () => connection.close(),
    post: (message, more = {}) => send(postAt, post({ jsonrpc: '2.0', ...message }, { path, headers: { ...headers, ...more } })),
    async request(method, params) {
      const id = nextId++;
      (await this.post({ id, method, params })).hasStatus(202, 'the answer comes on the stream').hasNoBody('it is empty');
      return id;
    },
    /** The next message. */
    async receive() {
      for (;;) {
        const { value, done } = await connection.events.next();
        assert.ok(!done, connection.story('the stream goes on'));
        if (value.data === undefined) continue;
        assert.equal(value.event, 'message');
        assert.equal(value.id, undefined, 'there are no ids');
        return JSON.parse(value.data);
      }
    },
    async initialize(version = '2024-11-05', capabilities = {}) {
      const id = await this.request('initialize', { protocolVersion: version, capabilities, clientInfo: { name: 'tests', version: '1' } });
      const answer = await this.receive();
      assert.equal(answer.id, id);
      (await this.post({ method: 'notifications/initialized' })).hasStatus(202).hasNoBody();
      return answer.result;
    },
  };
}
