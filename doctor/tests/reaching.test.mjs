// Whether a server can be reached at all: addresses, certificates, and servers that do not answer.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { describe, test } from 'node:test';
import { examine } from '../src/checklist.mjs';
import { inResource } from './support/changes.mjs';
import { AUTHORITY, TRUSTED, UNTRUSTED } from './support/certificates.mjs';
import { during, finding, inPublic, levels, tell } from './support/doctor.mjs';
import { TOKEN, startExampleServer } from './support/example-server.mjs';
import { certificate } from '../../tests/support/http/certificate.mjs';

describe('on the internet', () => {
  const look = (server, options, url = 'https://connector.example/mcp') =>
    examine(new URL(url), inPublic(server, { ca: AUTHORITY.cert, ...options }));
  const resolvingTo = (...addresses) => ({ resolve: async () => ({ addresses, source: 'dns' }) });

  for (const [rule, options, seen] of [
    ['a private address is refused', resolvingTo('10.1.2.3'), /10\.1\.2\.3 \(a private network, 10\.0\.0\.0\/8\)/],
    ['carrier-grade NAT is refused', resolvingTo('100.100.1.2'), /100\.100\.1\.2 \(carrier-grade NAT, 100\.64\.0\.0\/10\)/],
    ['loopback behind a public name is refused', resolvingTo('127.0.0.1'), /127\.0\.0\.1 \(loopback/],
    ['one private address among public ones is refused', resolvingTo('8.8.8.8', '192.168.1.1'), /192\.168\.1\.1/],
    ['one unique local address among public ones is refused', resolvingTo('8.8.8.8', 'fd00::1'), /fd00::1 \(unique local/],
    ['a name with IPv6 only is refused', resolvingTo('2606:4700::1111'), /IPv6 addresses only/],
    ['a name that only a hosts file knows is refused', { resolve: async () => ({ addresses: ['8.8.8.8'], source: 'hosts' }) }, /this machine only/],
    [
      'a name without addresses is refused',
      { resolve: async () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })) },
      /no address \(ENOTFOUND\)/,
    ],
  ]) {
    test(rule, async () => {
      await during(await startExampleServer(undefined, TRUSTED), async (server) => {
        const report = await look(server, options);
        assert.equal(finding(report, 'address').level, 'fail', tell(report));
        assert.match(finding(report, 'address').seen, seen);
        assert.match(finding(report, 'address').effect, /“Couldn’t reach the MCP server”/);
      });
    });
  }

  for (const [rule, made, seen] of UNTRUSTED) {
    test(rule, async () => {
      await during(await startExampleServer(undefined, made), async (server) => {
        const report = await look(server);
        assert.deepEqual(levels(report, 'fail'), ['tls'], tell(report));
        assert.match(finding(report, 'tls').seen, seen);
        assert.ok(finding(report, 'tls').fix);
        assert.deepEqual(server.seen, [], 'nothing is sent over such a connection');
      });
    });
  }

  test('a certificate that ends soon is worth knowing', async () => {
    const made = await certificate('connector.example', { by: AUTHORITY, days: [-30, 3] });
    await during(await startExampleServer(undefined, made), async (server) => {
      const report = await look(server);
      assert.equal(finding(report, 'tls').level, 'note', tell(report));
      assert.deepEqual(levels(report, 'fail'), []);
    });
  });

  test('plain http is refused, and no token is sent over it', async () => {
    let authorization;
    const listens = (server) => (server.instead['POST /mcp'] = ({ headers }) => void (authorization ??= headers.authorization));
    await during(await startExampleServer(listens), async (server) => {
      const report = await look(server, { token: TOKEN }, 'http://connector.example/mcp');
      assert.deepEqual(levels(report, 'fail'), ['tls'], tell(report));
      assert.match(finding(report, 'tls').seen, /without TLS/);
      assert.equal(authorization, undefined);
    });
  });

  test('a pointer without TLS is refused', async () => {
    const fault = (server) =>
      (server.challenge = () => 'Bearer resource_metadata="http://connector.example/.well-known/oauth-protected-resource/mcp"');
    await during(await startExampleServer(fault, TRUSTED), async (server) => {
      const report = await look(server);
      assert.equal(finding(report, 'challenge').level, 'fail', tell(report));
      assert.match(finding(report, 'challenge').fix, /X-Forwarded-Proto/);
    });
  });

  test('an authorization server on a private address is refused, and not visited', async () => {
    const dialled = [];
    await during(await startExampleServer(inResource({ authorization_servers: ['https://auth.example'] }), TRUSTED), async (server) => {
      const report = await look(server, {
        resolve: async (host) => ({ addresses: [host === 'auth.example' ? '10.0.0.9' : '8.8.8.8'], source: 'dns' }),
        dial: (address) => (dialled.push(address), { address: '127.0.0.1', port: server.port }),
      });
      assert.deepEqual(levels(report, 'fail'), ['server-host'], tell(report));
      assert.match(finding(report, 'server-host').seen, /auth\.example is 10\.0\.0\.9/);
      assert.ok(!dialled.includes('10.0.0.9'), dialled.join());
    });
  });

  test('a server cannot send the doctor into the network it runs in', async () => {
    const inward = 'http://169.254.169.254/latest/meta-data';
    const fault = (server) => {
      server.challenge = () => `Bearer resource_metadata="${inward}"`;
      server.serverDocument = (document) => ({
        ...document,
        registration_endpoint: 'https://192.168.0.1/register',
        token_endpoint: 'https://[::1]/token',
      });
    };
    const dialled = new Set();
    await during(await startExampleServer(fault, TRUSTED), async (server) => {
      const report = await look(server, {
        resolve: async (host) => ({ addresses: [/^[\d.]+$|:/.test(host) ? host : '8.8.8.8'], source: 'dns' }),
        dial: (address) => (dialled.add(address), { address: '127.0.0.1', port: server.port }),
      });
      assert.deepEqual([...dialled], ['8.8.8.8'], tell(report));
      assert.equal(finding(report, 'register').level, 'fail', tell(report));
      assert.match(finding(report, 'register').seen, /192\.168\.0\.1/);
    });
  });
});

describe('no answer', () => {
  const at = (port) => new URL(`http://127.0.0.1:${port}/mcp`);
  const listening = async (server) => {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server.address().port;
  };

  test('a closed port is named', async () => {
    const server = net.createServer();
    const port = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    const report = await examine(at(port));
    assert.deepEqual(levels(report, 'fail'), ['reachable'], tell(report));
    assert.match(finding(report, 'reachable').seen, /connection refused/);
    assert.match(finding(report, 'reachable').fix, /npm start/);
    assert.equal(report.kind, 'unknown');
  });

  for (const [rule, answer, seen] of [
    ['a silent server is not waited for', () => {}, /no whole answer in 0\.5 s/],
    ['a server that hangs up is named', (socket) => socket.destroy(), /closed before an answer/],
    ['something that is not HTTP is named', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), /does not speak HTTP/],
    ['an answer without end is cut', endless, /more than 2 MiB|no whole answer/],
  ]) {
    test(rule, async () => {
      const sockets = new Set();
      const server = net.createServer((socket) => {
        sockets.add(socket.on('error', () => {}));
        answer(socket);
      });
      const port = await listening(server);
      try {
        const report = await examine(at(port), { timeout: 500 });
        assert.deepEqual(levels(report, 'fail'), ['reachable'], tell(report));
        assert.match(finding(report, 'reachable').seen, seen);
      } finally {
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
      }
    });
  }

  function endless(socket) {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n');
    const more = () => {
      while (!socket.destroyed && socket.write('x'.repeat(65536)));
    };
    socket.on('drain', more);
    more();
  }

  test('https where http is spoken is named', async () => {
    const server = http.createServer((_, response) => response.end());
    const port = await listening(server);
    const report = await examine(new URL(`https://127.0.0.1:${port}/mcp`));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual(levels(report, 'fail'), ['tls'], tell(report));
    assert.match(finding(report, 'tls').seen, /may not be TLS/);
  });
});
