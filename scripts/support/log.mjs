// What the scripts say: one line per step with the time since the start, how far a step is, and errors a newcomer can act on.

/** Where there is no terminal to draw on, progress is a line in so many milliseconds. */
const PROGRESS_INTERVAL = 20_000;

const started = Date.now();

/** Seconds since the script began, for the front of a line. */
function elapsed() {
  return `${String(Math.round((Date.now() - started) / 1000)).padStart(3)} s`;
}

let isDrawn = false;
let lastProgress = Date.now();

/** Says how far the step is: on a terminal in one line that changes, elsewhere seldom. */
export function showProgress(text) {
  if (process.stdout.isTTY) {
    process.stdout.write(`\r\u001b[K${`[${elapsed()}] ${text}`.slice(0, (process.stdout.columns || 80) - 1)}`);
    isDrawn = true;
  } else if (Date.now() - lastProgress >= PROGRESS_INTERVAL) {
    step(text);
  }
}

/** Makes room for another line. */
export function clearProgress() {
  if (isDrawn) process.stdout.write('\r\u001b[K');
  isDrawn = false;
}

/** Says what is being done now. */
export function step(text) {
  clearProgress();
  lastProgress = Date.now();
  console.log(`[${elapsed()}] ${text}`);
}

/** An error that the person at the terminal can solve. Its message says how, and is printed without a stack trace. */
export class Stop extends Error {
  /** @param {string} message @param {number} [status] exit status of the script */
  constructor(message, status = 1) {
    super(message);
    this.status = status;
  }
}

/** Runs a script's body and turns a `Stop` into its message and exit status. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    if (error.message) console.error(`\n${error.message}`);
    process.exitCode = error.status;
  }
}
