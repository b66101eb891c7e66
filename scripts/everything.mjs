// `npm run everything`: serves the fixtures of the official conformance suite, a second Worker made of the same library,
// on 127.0.0.1:8788 or on PORT. It asks nobody to sign in.
import { main } from './support/log.mjs';
import { endOnSignals } from './support/processes.mjs';
import { checkRequirements } from './setup/requirements.mjs';
import { checkPort, portFrom, serve } from './serve/wrangler-dev.mjs';
import { setUp } from './setup/setup.mjs';

await main(async () => {
  let serving = false;
  endOnSignals(() => (serving ? 0 : 130));

  await checkRequirements();
  const port = portFrom(process.env, 8788);
  await checkPort(port, 'npm run everything');
  const builtAt = await setUp('examples/everything');
  await serve({
    port,
    builtAt,
    options: ['--config', 'examples/everything/wrangler.toml'],
    ready(url) {
      serving = true;
      console.log(`\n  The conformance fixtures are served at ${url}/mcp; Ctrl-C ends them.\n`);
    },
  });
});
