// The rest of the internet for a Worker: a server on this machine that answers all that the Worker fetches, from a list of
// documents by URL.

import http from 'node:http';

/**
 * @param {Record<string, object>} documents  by URL, sent as JSON
 * @param {Record<string, string>} [headers]
 * @returns {Promise<{port: number, stop: () => void}>}  `port` is `outbound` of `startInstances`
 */
export async function serveDocuments(documents, headers = { 'cache-control': 'max-age=86400' }) {
  const server = http.createServer((request, response) => {
    const document = documents[`https://${request.headers.host}${request.url}`];
    if (!document) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(document));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
