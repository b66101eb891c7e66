// `npm run rename -- my-tools`: calls the project my-tools, everywhere where its name stands. With `--repository <url>` it also
// says where the project lies, for the button in the README that deploys it.
import { parseArgs } from 'node:util';
import { main, step, Stop } from './lib/log.mjs';
import { rename, setRepository } from './lib/name.mjs';

const USAGE = 'Usage: npm run rename -- my-tools [--repository https://github.com/you/my-tools]';

await main(async () => {
  const { name, repository } = parse();
  const changed = [...rename(name), ...(repository ? setRepository(repository) : [])];
  step(changed.length > 0 ? `The project is called ${name} now: ${changed.join(', ')}` : `The project is called ${name} already.`);
});

function parse() {
  try {
    const { positionals, values } = parseArgs({ allowPositionals: true, options: { repository: { type: 'string' } } });
    if (positionals.length === 1) return { name: positionals[0], repository: values.repository };
  } catch {
    // What was typed is answered below.
  }
  throw new Stop(USAGE);
}
