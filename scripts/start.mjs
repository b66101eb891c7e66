// `npm start`: from a fresh clone to a connector that answers on this machine. Installs what is missing, builds, creates a
// passphrase where there is none, serves on 127.0.0.1:8787 or on PORT, and builds again after each change, until Ctrl-C.
import { serve } from './serve/dev-server.mjs';
import { ensurePassphrase } from './serve/passphrase.mjs';
import { portFrom } from './serve/wrangler-dev.mjs';
import { ensureBindgen } from './setup/bindgen.mjs';
import { checkRequirements } from './setup/requirements.mjs';
import { main, step } from './support/log.mjs';
import { root } from './support/paths.mjs';
import { endOnSignals } from './support/processes.mjs';

await main(async () => {
  let serving = false;
  let owner = { refresh() {}, forget() {} };
  // Ctrl-C is how a server is meant to end; during the setup it is an interruption.
  endOnSignals(() => (serving ? 0 : 130), () => owner.forget());

  const printPassphrase = () => console.log(`    Passphrase      ${owner.passphrase}\n                    (${owner.origin}; the sign-in page asks for it)\n`);
  try {
    await serve({
      port: portFrom(process.env, 8787),
      command: 'npm start',
      async prepare() {
        // The build tool is compiled while npm downloads. The build waits for it, and gets its error.
        await checkRequirements({ canCompile: () => void ensureBindgen().catch(() => {}) });
        owner.forget();
        owner = ensurePassphrase(root);
        step('Compiling the Worker');
      },
      options: () => owner.wranglerArguments,
      secretsChanged() {
        const before = owner.passphrase;
        owner.refresh();
        if (serving && owner.passphrase !== before) printPassphrase();
      },
      ready(url) {
        serving = true;
        console.log(`
  Your connector is running. It builds again when you change its code; Ctrl-C ends it.

    Connector URL   ${url}/mcp`);
        printPassphrase();
        if (owner.missing.length > 0) console.log(`    Without value   ${owner.missing.join(', ')}\n                    (in .dev.vars; what you write there is served at once)\n`);
      },
    });
  } finally {
    owner.forget();
  }
});
