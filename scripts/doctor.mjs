// `npm run doctor -- URL`: checks a connector from outside, in the way Claude's servers meet it, and says what to fix.
// docs/doctor.md explains each line. The checks are in scripts/doctor/checklist.mjs.
import { parseArgs } from 'node:util';
import { examine } from './doctor/checklist.mjs';
import { asData, cleaned, lines } from './doctor/report.mjs';
import { Stop, main } from './support/log.mjs';

const USAGE = `Usage: npm run doctor -- URL [--token TOKEN] [--timeout SECONDS] [--json]

  URL                what you paste into Claude, such as https://notes.example.workers.dev/mcp
  --token TOKEN      an access token for a server that shows its tools only with one (or in DOCTOR_TOKEN)
  --timeout SECONDS  how long to wait for one answer, 1 to 120 (12)
  --json             the findings as JSON

Ends with 0 if nothing failed, 1 if something did, 2 if it was called in a wrong way.`;

await main(async () => {
  const { url, token, timeout, json } = settings(process.argv.slice(2), process.env);
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const text = lines({ colour, columns: process.stdout.columns });
  const shown = (finding) => cleaned(finding, token);

  if (!json) console.log(cleaned({ seen: `Checking ${url.href}` }).seen);
  const report = await examine(url, { token, timeout }, (finding) => {
    const told = json ? undefined : text.finding(shown(finding));
    if (told !== undefined) console.log(told);
  });
  const findings = report.findings.map(shown);
  console.log(json ? JSON.stringify(asData({ ...report, findings }), null, 2) : text.summary({ ...report, findings }));
  process.exitCode = findings.some(({ level }) => level === 'fail') ? 1 : 0;
});

function settings(args, environment) {
  let parsed;
  try {
    const options = { token: { type: 'string' }, timeout: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } };
    parsed = parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new Stop(`${error.message}\n\n${USAGE}`, 2);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    console.log(USAGE);
    throw new Stop('', 0);
  }
  if (positionals.length !== 1) throw new Stop(USAGE, 2);

  const seconds = values.timeout === undefined ? undefined : Number(values.timeout);
  if (seconds !== undefined && !(seconds >= 1 && seconds <= 120)) throw new Stop(`--timeout is a number of seconds from 1 to 120.\n\n${USAGE}`, 2);
  const token = values.token ?? (environment.DOCTOR_TOKEN || undefined);
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) throw new Stop('--token is an access token: one word, without “Bearer”.', 2);
  return { url: urlFrom(positionals[0]), token, timeout: seconds && seconds * 1000, json: values.json === true };
}

function urlFrom(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    throw new Stop(`This is no URL: it needs its scheme and host, such as https://notes.example.workers.dev/mcp\n\n${USAGE}`, 2);
  }
  if (!['https:', 'http:'].includes(url.protocol)) throw new Stop(`A connector’s URL begins with https:// (or http:// on this machine).\n\n${USAGE}`, 2);
  if (url.username || url.password) throw new Stop('A connector’s URL carries no user name and password: Claude does not send them.', 2);
  url.hash = '';
  return url;
}
