// `npm run rename -- my-tools`: calls the project my-tools, everywhere where its name stands.
import { main, step, Stop } from './lib/log.mjs';
import { rename } from './lib/name.mjs';

await main(async () => {
  const [name, ...rest] = process.argv.slice(2);
  if (name === undefined || rest.length > 0) throw new Stop('Usage: npm run rename -- my-tools');
  const changed = rename(name);
  step(changed.length > 0 ? `The project is called ${name} now: ${changed.join(', ')}` : `The project is called ${name} already.`);
});
