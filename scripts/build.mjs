// Builds one Worker: `node scripts/build.mjs [folder of the package]`, the project itself by default. This is the [build] command
// of wrangler.toml, so `npx wrangler deploy` comes here too, even in a fresh clone. What is deployed is built with the profile
// `release`, what `npx wrangler dev` serves with `development`. `npm start` builds by itself (scripts/serve).
//
// MCP_PREBUILT=1 skips the build: the tests start many servers of one build.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { CompileError } from './build/cargo-build.mjs';
import { buildWorker, DEVELOPMENT, RELEASE } from './build/worker.mjs';
import { checkRequirements } from './setup/requirements.mjs';
import { withLock } from './support/lock.mjs';
import { main } from './support/log.mjs';
import { root, toolsDir } from './support/paths.mjs';
import { endOnSignals } from './support/processes.mjs';

const crate = process.argv[2] ?? '.';
const forDev = process.env.WRANGLER_COMMAND === 'dev';

if (process.env.MCP_PREBUILT !== '1') {
  await main(async () => {
    endOnSignals(() => 130);
    await checkRequirements();
    try {
      // `wrangler dev` asks for a build for each file that changes, and does not wait for the last one.
      await withLock(path.join(toolsDir, 'build.lock'), () => buildWorker(crate, { profile: forDev ? DEVELOPMENT : RELEASE }), { quiet: forDev });
    } catch (error) {
      // `wrangler dev` stops answering when its build command fails. When it succeeds, it serves the last build again.
      if (!(forDev && error instanceof CompileError && existsSync(path.join(root, crate, 'build/index.js')))) throw error;
      console.error(error.message);
    }
  });
}
