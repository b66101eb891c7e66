// Server-Sent Events, as a client reads them (HTML Living Standard, "Parsing an event stream").

export const isEventStream = (type = '') => /^text\/event-stream\s*(;|$)/i.test(type);

/**
 * The events of a text. One that has not ended yet is among them.
 * @param {string} text
 * @returns {{event: string, data: string}[]}
 */
export const eventsIn = (text) =>
  text.split(/\r\n\r\n|\n\n|\r\r/).map((block) => {
    const lines = block.split(/\r\n|\n|\r/);
    const values = (name) => lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ''));
    return { event: values('event').at(-1) ?? 'message', data: values('data').join('\n') };
  });
