// The internet when nobody is there. Runs in workerd.

export default { fetch: () => new Response('nobody is there', { status: 503 }) };
