// Compiles one Worker: `node scripts/build.mjs [folder of the crate]`, the repository's own by default. This is wrangler's
// [build] command, so `npx wrangler dev` and `npx wrangler deploy` come here too, from a fresh clone even.
// MCP_PREBUILT=1 says that the build is fresh (the tests do, which start many servers of one build): then this does nothing.
import { main } from './lib/log.mjs';
import { endOnSignals } from './lib/processes.mjs';
import { checkRequirements } from './lib/requirements.mjs';
import { buildWorker } from './lib/worker.mjs';

if (process.env.MCP_PREBUILT !== '1') {
  await main(async () => {
    endOnSignals(() => 130);
    checkRequirements();
    await buildWorker(process.argv[2]);
  });
}
