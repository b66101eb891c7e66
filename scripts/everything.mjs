// `npm run everything`: serves the fixtures of the official conformance suite, a second Worker made of the same engine, on
// 127.0.0.1:8788 or on PORT. It has no sign-in.
import { serve } from './serve/dev-server.mjs';
import { portFrom } from './serve/wrangler-dev.mjs';
import { checkRequirements } from './setup/requirements.mjs';
import { main, step } from './support/log.mjs';
import { endOnSignals } from './support/processes.mjs';

await main(async () => {
  let serving = false;
  endOnSignals(() => (serving ? 0 : 130));

  await serve({
    crate: 'examples/everything',
    port: portFrom(process.env, 8788),
    command: 'npm run everything',
    async prepare() {
      await checkRequirements();
      step('Compiling the conformance fixtures');
    },
    ready(url) {
      serving = true;
      console.log(`\n  The conformance fixtures are served at ${url}/mcp; Ctrl-C ends them.\n`);
    },
  });
});
