// Runs the doctor, as a program or as a function, and reads what it found.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The program as it is called. */
export function doctor(args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('../../cli.mjs', import.meta.url)), ...args], { env: { ...process.env, ...env } });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
    child.once('close', (status) => resolve({ status, out, err }));
  });
}

export const tell = (report) =>
  report.findings
    .filter(({ level }) => level !== 'ok')
    .map(({ id, level, seen, effect = '', fix = '', details = [] }) => `${level} ${id}: ${[seen, ...details, effect, fix].join(' | ')}`)
    .join('\n');
export const finding = (report, id) => report.findings.find((one) => one.id === id);
export const levels = (report, level) => report.findings.filter((one) => one.level === level).map(({ id }) => id);

/** Sees a server on loopback as one on the internet: a name, a public address, and the server behind it. */
export const inPublic = (server, more = {}) => ({
  resolve: async () => ({ addresses: ['8.8.8.8'], source: 'dns' }),
  dial: () => ({ address: '127.0.0.1', port: server.port }),
  ...more,
});

export async function during(server, body) {
  try {
    return await body(server);
  } finally {
    await server.stop();
  }
}
