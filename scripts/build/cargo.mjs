// Runs cargo and shows how far it is, instead of a line for each package. Several may run at once: they share the line.
import { clearProgress, showProgress } from '../support/log.mjs';
import { attempt } from '../support/processes.mjs';

/** What a reader need not see of what cargo says on standard error. */
const NOISE = /^(Compiling|Checking|Building|Finished|Fresh|Fetch|Dirty|Downloading|Downloaded|Updating|Locking|Adding|Blocking)\b|^warning: .* generated \d+ warnings?|^info: /;

/** How far each run is: packages compiled, and all of them. */
const running = new Map();

/**
 * Runs `cargo ARGS`. Its errors are shown; so is its progress, under `title`.
 * @param {{title: string, cwd: string, env?: object, quiet?: boolean, isAside?: boolean, readStdout?: (line: string) => void}} how
 *   `quiet`: only errors are shown; `isAside`: something else that runs now goes first
 * @returns {Promise<{status?: number}>} how it ended
 */
export async function cargo(args, { title, cwd, env, quiet = false, isAside = false, readStdout }) {
  let hasFailed = false;
  const show = (line) => {
    const text = line.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '').trim();
    const [, done, all] = /^Building \[.*\] (\d+)\/(\d+)/.exec(text) ?? [];
    if (all) report(title, `${done} of ${all}`);
    else if (/^(Updating|Downloading|Fetch)\b/.test(text) && !running.get(title)) report(title, 'downloading');
    hasFailed ||= text.startsWith('error');
    const isNews = (hasFailed || text !== '') && !NOISE.test(text);
    if (isNews) clearProgress();
    return isNews;
  };
  const shownProgress = quiet ? {} : { CARGO_TERM_PROGRESS_WHEN: 'always', CARGO_TERM_PROGRESS_WIDTH: '80' };
  const [command, ...before] = isAside ? ['nice', '-n', '10', 'cargo'] : ['cargo'];
  const { outcome } = await attempt(command, [...before, ...args, ...(quiet ? ['--quiet'] : [])], { cwd, env: { ...env, ...shownProgress }, show, ...(readStdout && { readStdout }), silent: true });
  running.delete(title);
  clearProgress();
  return outcome;
}

function report(title, progress) {
  running.set(title, progress);
  showProgress(`Compiling: ${[...running].map(([name, state]) => `${name} ${state}`).join(', ')}`);
}
