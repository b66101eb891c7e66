// Puts into words what came back.
import { isObject, jsonIn } from './wire/json.mjs';
import { quote } from './verdict.mjs';

/** Whether an answer is a page for people. */
export const isPage = ({ headers }) => /^text\/html|^application\/xhtml/i.test(headers?.['content-type'] ?? '');
const titleOf = ({ text }) => /<title[^>]{0,200}>([^<]{1,200})/i.exec(text.slice(0, 50_000))?.[1].trim();

/** One line for what came back. */
export function describe(answer) {
  if (answer === undefined) return 'nothing';
  if (answer.fault) return answer.fault.text;
  const type = (answer.headers['content-type'] ?? 'no type').split(';')[0];
  const title = isPage(answer) && titleOf(answer);
  return `status ${answer.status}, ${type}${title ? `, titled “${quote(title, 60)}”` : ''}`;
}

/** What came back, with its JSON-RPC error. */
export function errorOf(answer) {
  const { error } = answer.message ?? {};
  return error ? `${describe(answer)}, JSON-RPC error ${quote(error.code, 12)} “${quote(error.message ?? '', 80)}”` : describe(answer);
}

/** Which JSON object a body is. */
export const objectIn = (answer) => {
  const value = jsonIn(answer?.text ?? '');
  return isObject(value) ? value : undefined;
};
