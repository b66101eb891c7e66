// Runs one command as the leader of its own process group and sees to it that nothing of the group outlives the script
// that asked for it: when the channel to that script closes, for whatever reason, the group is asked to end and then made to.
// Started by processes.mjs only.
import { spawn } from 'node:child_process';

/** How long a command may take to end by itself, in milliseconds. */
const GRACE = 4000;

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });

function signalGroup(signal) {
  process.kill(-process.pid, signal);
}

let ending = false;
function end() {
  if (ending) return;
  ending = true;
  signalGroup('SIGTERM');
  setTimeout(() => signalGroup('SIGKILL'), GRACE);
}

// The group's signals reach this process too; it has to outlive them to do the rest.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
process.on('disconnect', end);

function report(outcome) {
  // Ends what the command left behind, and this process with it.
  const finish = () => signalGroup('SIGKILL');
  if (process.connected) process.send(outcome, finish);
  else finish();
}
child.on('error', (error) => report({ error: error.code ?? error.message }));
child.on('exit', (status, signal) => report({ status, signal }));
