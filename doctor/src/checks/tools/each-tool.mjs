// Judges every tool of a list by one rule.
import { fail, ok, quote } from '../../verdict.mjs';

const SHOWN = 10;

/** How a tool is called in a finding. */
export const nameOf = (tool, index) => (typeof tool.name === 'string' ? quote(tool.name, 80) : `tool ${index + 1}`);

/**
 * @param {string} good  what is said if no tool has the defect
 * @param {string} bad  what the defect is
 * @param {string} effect
 * @param {string} fix
 * @param {(tool: object, tools: object[]) => string | false | undefined} defect  says what is wrong with one, or nothing
 * @param {typeof fail} [level]
 */
export const each =
  (good, bad, effect, fix, defect, level = fail) =>
  async (probe) => {
    const { tools } = await probe.tools();
    const found = tools.flatMap((tool, index) => {
      const what = defect(tool, tools);
      return what ? [`${nameOf(tool, index)}: ${what}`] : [];
    });
    if (found.length === 0) return ok(good);
    const rest = found.length > SHOWN ? [`… and ${found.length - SHOWN} more`] : [];
    return level(`${found.length} of ${tools.length} tools: ${bad}.`, effect, fix, [...found.slice(0, SHOWN), ...rest]);
  };
