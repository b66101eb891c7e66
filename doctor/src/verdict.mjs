// What a check says: what was seen, what clients do because of it, and the fix.
import { textOf } from './wire/json.mjs';

/**
 * @typedef {object} Verdict
 * @property {'ok' | 'note' | 'fail' | 'skip'} level  a note is worth knowing and fails nothing; a skip was not checked
 * @property {string} seen
 * @property {string} [effect]
 * @property {string} [fix]
 * @property {string[]} [details]  one line for each of several findings
 * @property {true | string} [blocks]  what needs this check cannot be judged either, because of the check that is named
 */

export const ok = (seen, details) => verdict('ok', seen, undefined, undefined, details);
export const note = (seen, effect, fix, details) => verdict('note', seen, effect, fix, details);
export const fail = (seen, effect, fix, details) => verdict('fail', seen, effect, fix, details);
/** There is nothing to judge here. */
export const skip = (why) => verdict('skip', why);
/** It could not be judged, and neither can what builds on it; `cause` names the check that is in the way, if it is another. */
export const blocked = (why, cause) => ({ ...skip(why), blocks: cause ?? true });

function verdict(level, seen, effect, fix, details = []) {
  return { level, seen, ...(effect && { effect }), ...(fix && { fix }), ...(details.length > 0 && { details }) };
}

/** Claude Code, Cursor and most others are built on it. */
export const TYPESCRIPT = 'Clients on the TypeScript SDK';

/** Why there is nothing to see without a token. */
export const NEEDS_SIGN_IN = 'there is no way in without a sign-in; give a token with --token to look further.';

/** What Claude's apps say when a connection fails before, and after, the sign-in has begun. */
export const COULD_NOT_REACH = 'Claude shows “Couldn’t reach the MCP server”.';
export const AUTHORIZATION_FAILED = 'Claude shows “Authorization with the MCP server failed”.';

// Controls, C1 controls, soft hyphen, zero-width and direction marks, line separators, tags, byte order mark.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

/** Text that can do nothing to a terminal: what steers one, or cannot be seen, becomes a visible mark. */
export const plain = (text) => String(text).replace(UNSAFE, '�');

/** Characters that cannot be seen in a text, as code points. */
export const hiddenIn = (text) => [...new Set(text.replace(/[\t\n\r]|\u200d/g, '').match(UNSAFE) ?? [])].map(codePoint);

const codePoint = (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

/** A piece of something a server said, short enough for a line. */
export function quote(value, limit = 120) {
  const text = typeof value === 'string' ? value : (textOf(value) ?? 'nothing');
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}
