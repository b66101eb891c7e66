// What is started ends, with all that it started itself.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import path from 'node:path';
import { Stop } from '../support/log.mjs';
import { attempt, launch, run, stopAll } from '../support/processes.mjs';
import { root } from '../support/paths.mjs';

/** Prints its id and that of a process of its own, both of which would run for ten minutes. */
const FAMILY = 'sleep 600 & echo "ids $$ $!"; wait';

/** The same, deaf to polite requests. */
const DEAF_FAMILY = `trap "" TERM INT; ${FAMILY}`;

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when the processes are gone; the limit is far above what it takes. */
async function gone(pids) {
  for (const limit = Date.now() + 15_000; pids.some(isAlive); ) {
    assert.ok(Date.now() < limit, `still alive: ${pids.filter(isAlive)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function idsFrom(stream) {
  let text = '';
  for await (const chunk of stream) {
    text += chunk;
    const ids = /ids (\d+) (\d+)\n/.exec(text);
    if (ids) return ids.slice(1).map(Number);
  }
  assert.fail(`no ids in ${JSON.stringify(text)}`);
}

test('a command that is stopped ends with its own children, even where they do not listen', async () => {
  const handle = launch('sh', ['-c', DEAF_FAMILY], { output: 'pipe' });
  const [first] = await once(handle.stdout, 'data');
  const ids = String(first).trim().split(' ').slice(1).map(Number);
  assert.equal(ids.length, 2);
  handle.stdout.resume();
  handle.stderr.resume();
  await stopAll();
  await gone(ids);
  assert.deepEqual(await handle.done, { signal: 'SIGKILL' });
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL']) {
  test(`${signal} to a script ends what it has started`, async () => {
    const module = pathToFileURL(path.join(root, 'scripts/support/processes.mjs'));
    const body = `const { endOnSignals, run } = await import('${module}'); endOnSignals(() => 130); await run('sh', ['-c', ${JSON.stringify(FAMILY)}]);`;
    const script = spawn(process.execPath, ['--input-type=module', '-e', body], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ids = await idsFrom(script.stdout);
    const ended = once(script, 'exit');
    script.kill(signal);
    const [status] = await ended;
    assert.equal(status, signal === 'SIGKILL' ? null : 130);
    await gone(ids);
  });
}

test('a command that fails is named with its status, one that is missing with the reason', async () => {
  await assert.rejects(run('sh', ['-c', 'exit 3']), (error) => error instanceof Stop && /^sh -c exit 3 failed with status 3\.$/.test(error.message));
  await assert.rejects(run('no-such-program', []), (error) => error instanceof Stop && /could not be started \(ENOENT\)/.test(error.message));
});

test('the output of a command is kept whole, its last line too', async () => {
  const { outcome, output } = await attempt('sh', ['-c', 'echo one; echo two >&2; printf three'], { show: () => false });
  assert.equal(outcome.status, 0);
  assert.deepEqual(output.trim().split('\n').sort(), ['one', 'three', 'two']);
});
