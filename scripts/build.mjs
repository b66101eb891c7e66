// Compiles one Worker: `node scripts/build.mjs [folder of the crate]`, the repository's own by default. This is wrangler's
// [build] command, so `npx wrangler dev` and `npx wrangler deploy` come here too, from a fresh clone even.
//
// wrangler calls it twice per start. Two variables spare a build that is known to be fresh:
// MCP_PREBUILT=1 always (the tests start many servers of one build),
// MCP_BUILT_AT=<milliseconds> as long as nothing has changed since that time (`npm start` has just built).
import { main } from './support/log.mjs';
import { endOnSignals } from './support/processes.mjs';
import { checkRequirements } from './setup/requirements.mjs';
import { inTurn } from './build/build-queue.mjs';
import { buildWorker, changedSince } from './build/worker.mjs';

const crate = process.argv[2] ?? '.';

function isFresh({ MCP_PREBUILT, MCP_BUILT_AT }) {
  return MCP_PREBUILT === '1' || (MCP_BUILT_AT !== undefined && !changedSince(Number(MCP_BUILT_AT), crate));
}

if (!isFresh(process.env)) {
  await main(async () => {
    endOnSignals(() => 130);
    await checkRequirements();
    const build = () => buildWorker(crate);
    if (process.env.WRANGLER_COMMAND !== 'dev') return build();
    return inTurn(crate, { build, changedSince: (time) => changedSince(time, crate) });
  });
}
