// Workers KV as one place sees it: what was read once, a miss too, stays so until the place has caught up. Runs in workerd.

const seen = new Map();
let epoch = '0';
export default {
  async fetch(request, env) {
    const now = await (await env.STORE.fetch('http://store/..epoch')).text();
    if (now !== epoch) seen.clear();
    epoch = now;
    const key = new URL(request.url).pathname;
    if (request.method !== 'GET' || key === '/') return env.STORE.fetch(request);
    if (!seen.has(key)) {
      const answer = await env.STORE.fetch(request);
      seen.set(key, { status: answer.status, headers: [...answer.headers], body: answer.status === 404 ? null : await answer.arrayBuffer() });
    }
    const { status, headers, body } = seen.get(key);
    return new Response(body, { status, headers });
  },
};
