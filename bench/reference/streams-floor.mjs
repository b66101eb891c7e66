// The least that holds open streams: a Worker by hand and one Durable Object that writes to all of them. What one stream takes here is
// what it takes of the runtime: a connection, a request that stays open, two ends of a stream.
import { DurableObject } from 'cloudflare:workers';

const event = (message) => `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
const encoder = new TextEncoder();

export class Streams extends DurableObject {
  writers = new Set();

  async fetch(request) {
    if (new URL(request.url).pathname === '/tell') {
      const bytes = encoder.encode(event({ method: 'notifications/tools/list_changed' }));
      for (const writer of this.writers) writer.write(bytes).catch(() => this.writers.delete(writer));
      return new Response();
    }
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    this.writers.add(writer);
    writer.write(encoder.encode(event({ method: 'notifications/subscriptions/acknowledged' }))).catch(() => this.writers.delete(writer));
    return new Response(readable);
  }
}

export default {
  async fetch(request, env) {
    const { id, method } = await request.json();
    const streams = env.STREAMS.getByName('all');
    if (method === 'subscriptions/listen') {
      const { body } = await streams.fetch('http://object/open');
      return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
    }
    await streams.fetch('http://object/tell');
    return Response.json({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'announced' }] } });
  },
};
