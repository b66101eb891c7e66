// `npm start`: from a fresh clone to a connector that answers on this machine. Installs what is missing, builds, creates a
// passphrase where there is none, serves on 127.0.0.1:8787 or on PORT, and builds again after each change, until Ctrl-C.
import { serve } from './serve/dev-server.mjs';
import { ensurePassphrase } from './serve/passphrase.mjs';
import { checkPort, portFrom } from './serve/wrangler-dev.mjs';
import { checkRequirements } from './setup/requirements.mjs';
import { main, step } from './support/log.mjs';
import { root } from './support/paths.mjs';
import { endOnSignals } from './support/processes.mjs';

await main(async () => {
  let serving = false;
  let forget = () => {};
  // Ctrl-C is how a server is meant to end; during the set-up it is an interruption.
  endOnSignals(() => (serving ? 0 : 130), () => forget());

  await checkRequirements();
  const port = portFrom(process.env, 8787);
  await checkPort(port, 'npm start');
  const owner = ensurePassphrase(root);
  forget = owner.forget;
  step('Compiling the Worker (the first time takes a minute or two)');
  try {
    await serve({
      port,
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
