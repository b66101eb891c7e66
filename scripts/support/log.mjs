// What the scripts say: one line per step with the time since the start, and errors a newcomer can act on.

const started = Date.now();

/** Seconds since the script began, for the front of a line. */
function elapsed() {
  return `${String(Math.round((Date.now() - started) / 1000)).padStart(3)} s`;
}

/** Says what is being done now. */
export function step(text) {
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
