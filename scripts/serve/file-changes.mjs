// Notices that files have changed. The system's notifications make it fast, and a look at all files every two seconds makes it
// reliable: notifications get lost on network drives and shared folders, and when an editor replaces a folder.
import { readdirSync, statSync, watch } from 'node:fs';
import path from 'node:path';

/** How often all files are looked at, in milliseconds. */
const LOOK_EVERY = 2000;

/** How long the files have to be quiet: an editor or git writes several at a time. In milliseconds. */
const QUIET = 60;

/**
 * The files among `places` and in the folders among them, each with a text that changes with its content.
 * @returns {Map<string, string>}
 */
export function snapshot(places) {
  const found = new Map();
  for (const place of places) add(place, found);
  return found;
}

function add(place, found) {
  let stats;
  try {
    stats = statSync(place);
  } catch {
    return;
  }
  if (!stats.isDirectory()) found.set(place, `${stats.mtimeMs} ${stats.size} ${stats.ino}`);
  else for (const name of namesIn(place)) add(path.join(place, name), found);
}

/** What is in a folder. Nothing where it has gone in this moment. */
function namesIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The files that are in only one of two snapshots, or different. */
export function changedBetween(before, after) {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name));
}

/**
 * Resolves with the changed files as soon as something differs from `before` and has been quiet for a moment.
 * @param {string[]} places files and folders
 * @param {Map<string, string>} before
 * @returns {Promise<string[]>}
 */
export async function nextChange(places, before) {
  const folders = new Set([...before.keys()].map((file) => path.dirname(file)));
  let wake = () => {};
  const watchers = [];
  for (const folder of folders) {
    try {
      watchers.push(watch(folder, () => wake()).on('error', () => {}));
    } catch {
      // The folder has gone, or the system has no watchers left: the regular look is enough.
    }
  }
  try {
    for (let last = before; ; ) {
      const now = snapshot(places);
      const isQuiet = changedBetween(last, now).length === 0;
      const changed = changedBetween(before, now);
      if (changed.length > 0 && isQuiet) return changed;
      last = now;
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, changed.length > 0 ? QUIET : LOOK_EVERY);
        wake = () => {
          clearTimeout(timer);
          setTimeout(resolve, QUIET);
        };
      });
    }
  } finally {
    for (const watcher of watchers) watcher.close();
  }
}
