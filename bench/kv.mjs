// Stands in for Workers KV: the requests that workerd makes of a namespace, answered from memory.
const entries = new Map();

export default {
  async fetch(request) {
    const url = new URL(request.url);
    const key = decodeURIComponent(url.pathname.slice(1));
    if (request.method === 'PUT') {
      entries.set(key, { value: await request.arrayBuffer(), metadata: request.headers.get('CF-KV-Metadata') });
      return new Response(null);
    }
    if (request.method === 'DELETE') {
      entries.delete(key);
      return new Response(null);
    }
    if (request.method !== 'GET') return new Response(null, { status: 405 });
    if (key === '') {
      const prefix = url.searchParams.get('prefix') ?? '';
      const keys = [...entries.keys()].filter((name) => name.startsWith(prefix)).sort().map((name) => ({ name }));
      return Response.json({ keys, list_complete: true });
    }
    const entry = entries.get(key);
    if (!entry) return new Response(null, { status: 404 });
    return new Response(entry.value, { headers: entry.metadata ? { 'CF-KV-Metadata': entry.metadata } : {} });
  },
};
