// A reverse proxy that gives servers on this machine public https names, for a real browser: one TLS server, which forwards by host.

import http from 'node:http';
import https from 'node:https';
import { certificate } from './certificate.mjs';

/**
 * @param {Record<string, number | http.RequestListener>} hosts  for each host the port of a server that speaks plain http, or
 *   what answers its requests. May be changed while it runs.
 */
export async function startReverseProxy(hosts) {
  const { cert, key } = await certificate('proxy.example');
  const server = https.createServer({ cert, key }, (request, response) => {
    const target = hosts[request.headers.host];
    if (typeof target === 'function') return void target(request, response);
    if (target === undefined) return void response.writeHead(502).end('nobody is there');
    const headers = { ...request.headers, 'x-forwarded-proto': 'https' };
    const onward = http.request({ port: target, method: request.method, path: request.url, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on('error', (error) => response.writeHead(502).end(String(error)));
    request.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    /** Options by which Chromium finds the hosts, and takes their certificate. */
    chromium: [
      `--host-resolver-rules=${Object.keys(hosts).map((host) => `MAP ${host} 127.0.0.1:${server.address().port}`).join(',')}`,
      '--ignore-certificate-errors',
    ],
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
