// What another run has changed in a generated file: the difference on standard output, the rest in words.
import { createTwoFilesPatch } from 'diff';

/** Shows what has changed in the file `name`, and what was left alone. */
export function tell(name, before, after, { added, changed, removed, kept, conflicts, deleted }) {
  const patch = (from, to, one, other) => createTwoFilesPatch(one, other, from, to, '', '', { context: 3 }).split('\n').slice(1).join('\n');
  const out = (text) => process.stdout.write(`${text}\n`);
  if (before === after) out(`${name} is as it would be written now.`);
  else out(patch(before ?? '', after, name, name));
  const say = (what, list) => list.length > 0 && console.error(`${what}: ${list.join(', ')}`);
  if (before === undefined) return;
  say('Added', added);
  say('Changed', changed);
  say('Removed, because the document has it no longer', removed);
  say('Yours, and left alone', kept);
  say('Deleted by you, and not made again', deleted);
  for (const { name: part, yours, generated } of conflicts) {
    if (generated === undefined) console.error(`Yours, and no longer in the document: ${part}`);
    else console.error(`Yours, and left alone, though the document has changed: ${part}\n${patch(`${yours}\n`, `${generated}\n`, 'yours', 'generated')}`);
  }
}
