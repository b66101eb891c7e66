// Asks a git repository for its tags.
import { Stop } from '../support/log.mjs';
import { attempt } from '../support/processes.mjs';

/** The tags of the repository at `url`. */
export async function tagsOf(url) {
  const lines = [];
  const { outcome, output } = await attempt('git', ['ls-remote', '--tags', url], {
    env: { GIT_TERMINAL_PROMPT: '0' },
    readStdout: (line) => lines.push(line),
    show: () => false,
  });
  if (outcome.status !== 0) throw new Stop(`git cannot read ${url}${output ? `:\n${output.trim()}` : ': is git installed?'}`);
  return [...new Set(lines.map((line) => line.replace(/^.*refs\/tags\//, '').replace(/\^\{\}$/, '')))];
}
