// Workers KV at its centre: the requests that workerd makes of a namespace, answered from memory. Runs in workerd.

const entries = new Map();
const counts = { reads: 0, writes: 0, lists: 0, deletes: 0 };
let epoch = 0;
let state = 'works';
export default {
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === '/..now') return new Response(state = url.searchParams.get('how'));
    if (url.pathname === '/..counts') return Response.json(counts);
    if (url.pathname === '/..catch-up') return new Response(String(epoch += 1));
    if (url.pathname === '/..epoch') return new Response(String(epoch));
    if (url.pathname === '/..entries') {
      const text = new TextDecoder();
      return Response.json(Object.fromEntries([...entries].map(([key, { value }]) => [key, text.decode(value)])));
    }
    if (url.pathname === '/..details') {
      const text = new TextDecoder();
      const shown = ({ value, metadata, ttl }) => ({ value: text.decode(value), metadata, ttl });
      return Response.json(Object.fromEntries([...entries].map(([key, entry]) => [key, shown(entry)])));
    }
    if (url.pathname === '/..forget') return new Response(String(entries.delete(url.searchParams.get('key'))));
    const isWrite = request.method === 'PUT' || request.method === 'DELETE';
    if (state === 'fails' || (state === 'refuses' && isWrite)) {
      await request.arrayBuffer();
      return new Response('KV fails, as a test has asked', { status: 500 });
    }
    if (state === 'hangs') await new Promise((resolve) => setTimeout(resolve, 60_000));
    const key = decodeURIComponent(url.pathname.slice(1));
    counts[request.method === 'PUT' ? 'writes' : request.method === 'DELETE' ? 'deletes' : key === '' ? 'lists' : 'reads'] += 1;
    if (request.method === 'PUT') {
      const ttl = url.searchParams.get('expiration_ttl');
      const metadata = request.headers.get('CF-KV-Metadata');
      entries.set(key, { value: await request.arrayBuffer(), metadata, ttl: ttl && Number(ttl) });
      return new Response(null);
    }
    if (request.method === 'DELETE') return entries.delete(key), new Response(null);
    if (key === '') {
      const prefix = url.searchParams.get('prefix') ?? '';
      const names = [...entries.keys()].filter((name) => name.startsWith(prefix)).sort();
      const from = Number(url.searchParams.get('cursor') ?? 0);
      const to = from + Number(url.searchParams.get('key_count_limit') ?? 1000);
      const keys = names.slice(from, to).map((name) => {
        const { metadata } = entries.get(name);
        return { name, ...(metadata && { metadata }) };
      });
      return Response.json(to < names.length ? { keys, list_complete: false, cursor: String(to) } : { keys, list_complete: true });
    }
    const entry = entries.get(key);
    if (!entry) return new Response(null, { status: 404 });
    return new Response(entry.value, { headers: entry.metadata ? { 'CF-KV-Metadata': entry.metadata } : {} });
  },
};
