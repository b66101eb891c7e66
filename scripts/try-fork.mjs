// `npm run try-fork`: makes projects out of this repository as a newcomer does, in empty directories, and takes each through
// its first minutes: is it renamed, does `npm start` answer a call under its name, would `npx wrangler deploy` work, what does
// it check itself. Uses what git knows, committed or not. Needs the network and some minutes; `npm test` tests the parts.
//
//   npm run try-fork -- cargo   by `cargo generate`, which has to be installed; from the folder, and from git
//   npm run try-fork -- c3      by `npm create cloudflare`, with a stand-in for the git host
//   npm run try-fork -- bare    where there is no Rust, with a stand-in for its installer
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { main, step, Stop } from './lib/log.mjs';
import { root, toolsDir } from './lib/paths.mjs';
import { outputOf } from './lib/processes.mjs';
import { checkRequirements } from './lib/requirements.mjs';
import { TARGET } from './lib/rust.mjs';
import { setUpTests } from './lib/setup.mjs';

const WAYS = { cargo: byCargoGenerate, c3: byCreateCloudflare, bare: withoutRust };
const NAME = 'my-tools';

const scratch = mkdtempSync(path.join(tmpdir(), 'mcp-connector-fork-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

await main(async () => {
  const wanted = process.argv.slice(2);
  const unknown = wanted.find((way) => !(way in WAYS));
  if (unknown) throw new Stop(`Usage: npm run try-fork -- ${Object.keys(WAYS).join('|')}`);
  await checkRequirements();
  const template = templateIn(path.join(scratch, 'template'));
  for (const way of wanted.length > 0 ? wanted : Object.keys(WAYS)) await WAYS[way](template);
  step('All of it works');
});

/** A repository with one commit of what stands here. */
function templateIn(directory) {
  for (const file of git(root, 'ls-files', '-co', '--exclude-standard', '-z').split('\0').filter(Boolean)) {
    if (existsSync(path.join(root, file))) cpSync(path.join(root, file), path.join(directory, file));
  }
  git(directory, 'init', '-q', '-b', 'main');
  git(directory, 'add', '-A');
  git(directory, '-c', 'user.name=fork', '-c', 'user.email=fork@example.com', 'commit', '-qm', 'Template');
  return directory;
}

function git(cwd, ...args) {
  return execFileSync('git', args, { cwd, encoding: 'utf8', maxBuffer: 1e8 });
}

async function byCargoGenerate(template) {
  if (outputOf('cargo', ['generate', '--version']) === undefined) {
    throw new Stop('cargo-generate is not installed: cargo install cargo-generate');
  }
  for (const [from, where] of [['--path', template], ['--git', `file://${template}`]]) {
    const into = path.join(scratch, `cargo${from}`);
    mkdirSync(into);
    step(`cargo generate ${from}`);
    await command(into, 'cargo', ['generate', from, where, '--name', NAME, '--silent']);
    const project = path.join(into, NAME);
    holds(project, 'wrangler.toml', `name = "${NAME}"`);
    holds(project, 'Cargo.toml', `name = "${NAME}"`);
    assert.ok(!existsSync(path.join(project, 'cargo-generate.toml')));
    await firstMinutes(project, template);
  }
  step('npm test -- --only lint');
  await command(path.join(scratch, 'cargo--path', NAME), 'npm', ['test', '--', '--only', 'lint']);
}

async function byCreateCloudflare(template) {
  const into = path.join(scratch, 'c3');
  mkdirSync(into);
  step('npm create cloudflare -- --template');
  const newer = { PATH: [path.dirname(await newerNode()), process.env.PATH].join(path.delimiter) };
  // It takes templates from a few git hosts only; git is told that one of them is here.
  const env = {
    GIT_CONFIG_COUNT: '2',
    GIT_CONFIG_KEY_0: `url.file://${template}.insteadOf`,
    GIT_CONFIG_VALUE_0: 'git@github.com:somebody/connector',
    GIT_CONFIG_KEY_1: 'protocol.file.allow',
    GIT_CONFIG_VALUE_1: 'always',
    CI: 'true',
    CREATE_CLOUDFLARE_TELEMETRY_DISABLED: '1',
    ...newer,
  };
  const how = ['--template', 'github:somebody/connector', '--template-mode', 'git', '--no-deploy', '--no-git', '--no-open', '--no-agents'];
  await command(into, 'npm', ['create', '--yes', 'cloudflare@latest', '--', NAME, ...how], env);
  const project = path.join(into, NAME);
  holds(project, 'wrangler.toml', `name = "${NAME}"`);
  await firstMinutes(project, template, newer);
}

/** create-cloudflare and the newest wrangler, which it installs, want Node 22, as the conformance suite does. */
async function newerNode() {
  await setUpTests();
  // It needs the packages.
  const { nodeForSuite } = await import('../tests/support/suite.mjs');
  return nodeForSuite();
}

async function withoutRust(template) {
  step('A machine without Rust');
  const installer = await installerOfRust();
  const project = path.join(scratch, 'bare', NAME);
  cpSync(template, project, { recursive: true });
  // No home directory with a Rust in it, and a PATH without one.
  const home = path.join(scratch, 'home');
  mkdirSync(home);
  const bare = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => !existsSync(path.join(folder, 'cargo')));
  const npmrc = process.env.npm_config_userconfig ?? path.join(homedir(), '.npmrc');
  const env = { HOME: home, npm_config_userconfig: npmrc, CARGO_HOME: undefined, RUSTUP_HOME: undefined, RUSTUP_UPDATE_ROOT: installer.url, PATH: bare.join(path.delimiter) };
  try {
    await command(project, 'npm', ['ci', '--no-audit', '--no-fund'], env);
    const said = await command(project, 'npx', ['wrangler', 'deploy', '--dry-run'], env);
    assert.match(said, /Rust is missing\. Installing it from https:\/\/rustup\.rs into \.tools\/rust/);
    assert.ok(existsSync(path.join(project, '.tools/rust/cargo/bin/cargo')));
    assert.equal(installer.runs(), 1, 'one installation');
    assert.doesNotMatch(await command(project, 'npm', ['run', 'build'], env), /Rust is missing/);
  } finally {
    installer.close();
  }
}

/** A stand-in for the installer's host: what it serves links the Rust of this machine to where it should install one. */
async function installerOfRust() {
  const cargoHome = process.env.CARGO_HOME ?? path.join(homedir(), '.cargo');
  const sysroot = outputOf('rustc', ['--print', 'sysroot'], { cwd: root });
  const log = path.join(scratch, 'installed');
  const program = `#!/bin/sh
case " $* " in *" -y "*"--target ${TARGET}"*) ;; *) echo "unexpected: $*" >&2; exit 1 ;; esac
mkdir -p "$CARGO_HOME/bin" "$RUSTUP_HOME"
for program in cargo rustc cargo-clippy cargo-fmt; do ln -s "${sysroot}/bin/$program" "$CARGO_HOME/bin/$program"; done
for kept in config.toml registry; do if [ -e "${cargoHome}/$kept" ]; then ln -s "${cargoHome}/$kept" "$CARGO_HOME/$kept"; fi; done
echo once >> "${log}"
`;
  const server = createServer((request, response) => {
    if (!/^\/dist\/[a-z0-9_-]+\/rustup-init(\.sha256)?$/.test(request.url)) return response.writeHead(404).end();
    response.end(request.url.endsWith('.sha256') ? `${createHash('sha256').update(program).digest('hex')} *rustup-init\n` : program);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    runs: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').length : 0),
    close: () => server.close(),
  };
}

/** What everybody does first: start it, call it, see what would be deployed. */
async function firstMinutes(project, template, env = {}) {
  const port = await freePort();
  const server = launch(project, 'npm', ['start'], { ...env, PORT: String(port), OWNER_PASSPHRASE: 'four words nobody guesses' });
  try {
    await Promise.race([
      server.says(/Connector URL/),
      server.ended.then(() => {
        throw new Stop(`npm start ended:\n${server.output()}`);
      }),
    ]);
    const ask = (method, params) => request(`http://127.0.0.1:${port}/mcp`, method, params);
    const client = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'try-fork', version: '1.0.0' } };
    const { serverInfo } = await ask('initialize', client);
    assert.equal(serverInfo.name, NAME);
    const { content } = await ask('tools/call', { name: 'echo', arguments: { text: 'Hello' } });
    assert.equal(content[0].text, 'Hello');
  } finally {
    server.child.kill('SIGINT');
    await server.ended;
  }
  for (const file of ['wrangler.toml', 'package.json', 'package-lock.json', 'Cargo.toml', 'Cargo.lock']) {
    holds(project, file, NAME);
    assert.doesNotMatch(readFileSync(path.join(project, file), 'utf8'), /mcp-connector|\{%/, file);
  }
  const workflow = '.github/workflows/ci.yml';
  holds(project, workflow, readFileSync(path.join(template, workflow), 'utf8'));
  step('npx wrangler deploy --dry-run');
  assert.match(await command(project, 'npx', ['wrangler', 'deploy', '--dry-run'], env), /Total Upload/);
}

function holds(project, file, text) {
  assert.ok(readFileSync(path.join(project, file), 'utf8').includes(text), `${file} of the new project holds: ${text}`);
}

async function request(url, method, params) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return JSON.parse(text).result;
}

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Starts a command in a new project. The build tools of this repository serve there too: they need not be compiled again. */
function launch(cwd, name, args, env = {}) {
  const bare = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^npm_|^MCP_/.test(key)));
  const whole = { ...bare, ...env };
  whole.PATH = [whole.PATH, path.join(toolsDir, 'bin')].join(path.delimiter);
  const child = spawn(name, args, { cwd, env: whole, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const waiting = [];
  for (const from of [child.stdout, child.stderr]) {
    from.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
      for (const { pattern, resolve } of waiting) if (pattern.test(output)) resolve();
    });
  }
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const says = (pattern) => new Promise((resolve) => waiting.push({ pattern, resolve }));
  return { child, ended, says, output: () => output };
}

/** Runs a command to its end, and gives what it said. */
async function command(cwd, name, args, env) {
  const run = launch(cwd, name, args, env);
  const status = await run.ended;
  if (status !== 0) throw new Stop(`${[name, ...args].join(' ')} failed with status ${status} in ${cwd}:\n${run.output()}`);
  return run.output();
}
