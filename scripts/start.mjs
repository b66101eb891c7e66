// `npm start`: from a fresh clone to a connector that answers on this machine. Installs what is missing, builds, makes up a
// passphrase where there is none, and serves on 127.0.0.1:8787 or on PORT until Ctrl-C.
import { main } from './support/log.mjs';
import { ensurePassphrase } from './serve/passphrase.mjs';
import { root } from './support/paths.mjs';
import { endOnSignals } from './support/processes.mjs';
import { checkRequirements } from './setup/requirements.mjs';
import { checkPort, portFrom, serve } from './serve/wrangler-dev.mjs';
import { setUp } from './setup/setup.mjs';

await main(async () => {
  let serving = false;
  let forget = () => {};
  // Ctrl-C is how a server is meant to end; during the set-up it is an interruption.
  endOnSignals(() => (serving ? 0 : 130), () => forget());

  await checkRequirements();
  const port = portFrom(process.env, 8787);
  await checkPort(port, 'npm start');
  const builtAt = await setUp();

  const owner = ensurePassphrase(root);
  forget = owner.forget;
  try {
    await serve({
      port,
      builtAt,
      options: owner.wranglerArguments,
      ready(url) {
        serving = true;
        console.log(`
  Your connector is running. It builds again when you change its code; Ctrl-C ends it.

    Connector URL   ${url}/mcp
    Passphrase      ${owner.passphrase}
                    (${owner.origin}; the sign-in page asks for it)
`);
      },
    });
  } finally {
    forget();
  }
});
