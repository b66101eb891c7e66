// `node scripts/pictures.mjs`: makes the pictures of the pages in docs/images again, from the starter in the local runtime and in the
// Chromium on this machine. MCP_PREBUILT=1 takes the last build. Run it after a change of the pages, and look at what it made.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromiumFor, startChromium } from '../tests/support/chromium/chromium.mjs';
import { ALL_SCOPES, PASSPHRASE, SIGN_IN, asking, authorizePath, connect, register } from '../tests/support/oauth/client.mjs';
import { startConnector } from '../tests/support/workers/wrangler-dev.mjs';
import { main, Stop } from './support/log.mjs';
import { root } from './support/paths.mjs';

const FOLDER = path.join(root, 'docs/images');
const SCREEN = { width: 560, height: 760, deviceScaleFactor: 1.5, mobile: false };
const CLAUDE = { client_name: 'Claude', redirect_uris: ['https://claude.ai/api/mcp/auth_callback'] };
const CONNECTED = [
  { client_name: 'Cursor', redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback'] },
  { client_name: 'Claude Code', redirect_uris: ['http://localhost:51234/callback'] },
  { client_name: 'Claude Code', redirect_uris: ['http://localhost:40112/callback'] },
  CLAUDE,
];

const signInWith = async (tab) => {
  await tab.type(PASSPHRASE);
  await tab.leads(() => tab.press('Enter'));
};

/** The pages: how a tab of its own gets there. */
const PAGES = {
  home: (tab, server) => tab.open(server.origin),
  consent: async (tab, server) => tab.open(`${server.origin}${authorizePath(asking(await register(server, CLAUDE), { scope: ALL_SCOPES }))}`),
  login: (tab, server) => tab.open(`${server.origin}/account`),
  account: async (tab, server) => {
    for (const metadata of CONNECTED) await connect(server, { metadata, scope: ALL_SCOPES });
    await tab.open(`${server.origin}/account`);
    await signInWith(tab);
  },
};

await main(async () => {
  const { program } = chromiumFor('the pictures');
  if (!program) throw new Stop('There is no Chromium or Chrome on this machine. Install one, or name it in CHROMIUM.');
  await mkdir(FOLDER, { recursive: true });
  const [server, chromium] = await Promise.all([
    startConnector({ ...SIGN_IN, PUBLIC_URL: 'https://mcp.example.com' }),
    startChromium(program, ['--hide-scrollbars', '--disable-background-networking']),
  ]);
  try {
    for (const [name, open] of Object.entries(PAGES)) {
      const tab = await chromium.tab({ scripts: false });
      await tab.resize(SCREEN);
      await open(tab, server);
      for (const scheme of ['light', 'dark']) {
        await tab.prefers(scheme);
        await tab.page.screenshot({ path: path.join(FOLDER, `${name}-${scheme}.png`) });
      }
      console.log(`docs/images/${name}-{light,dark}.png`);
    }
  } finally {
    await chromium.stop();
    await server.stop();
  }
});
