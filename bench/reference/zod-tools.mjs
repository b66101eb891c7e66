// The tools of the starter, as libraries that take Zod register them. Only `echo` and `whoami` are called.
import { z } from 'zod';

const said = (text) => ({ content: [{ type: 'text', text }] });

/** Everything but `whoami`, which needs to know who is calling. */
export const tools = [
  {
    name: 'echo',
    description: 'Say the same text back. Needs no sign-in.',
    shape: { text: z.string().describe('What to say back.') },
    handler: ({ text }) => said(text),
  },
  {
    name: 'list_notes',
    description: 'List the notes, with their ids, page by page.',
    shape: {
      cursor: z.number().int().nonnegative().optional().describe('`next_cursor` of the page before. Leave it out for the first page.'),
      title: z.string().optional().describe('Only notes whose titles begin with this. Leave it out for all.'),
    },
    handler: () => said('{"notes":[]}'),
  },
  {
    name: 'save_note',
    description: 'Save a new note.',
    shape: {
      title: z.string().min(1).max(200).describe('A short heading.'),
      body: z.string().max(20_000).describe('The text of the note.'),
    },
    handler: ({ title }) => said(`“${title}” is saved.`),
  },
  {
    name: 'delete_note',
    description: 'Delete one note for good.',
    shape: { id: z.number().int().nonnegative().describe('Id of the note, as `list_notes` gives it.') },
    handler: () => said('Deleted.'),
  },
];

export const whoami = { name: 'whoami', description: 'Tell who is signed in.', said };
