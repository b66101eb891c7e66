// The forms of a page, as far as the pages of a sign-in need them: inputs and buttons.

/** @returns {{action: string, fields: {name: string, value: string, type: string, checked: boolean}[], buttons: {name: string, value: string}[]}[]} */
export function formsIn(html) {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, attributes, content]) => {
    const form = { action: attributesIn(attributes).action ?? '', fields: [], buttons: [] };
    for (const [, tag, text] of content.matchAll(/<(input|button)\b([^>]*)>/gi)) {
      const { name, value = '', type = tag === 'button' ? 'submit' : 'text', ...flags } = attributesIn(text);
      if (!name) continue;
      if (type === 'submit') form.buttons.push({ name, value });
      else form.fields.push({ name, value, type, checked: 'checked' in flags });
    }
    return form;
  });
}

function attributesIn(text) {
  const found = text.matchAll(/([a-z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?/gi);
  return Object.fromEntries([...found].map(([, name, ...values]) => [name.toLowerCase(), decodeEntities(values.find((value) => value !== undefined) ?? '')]));
}

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const decodeEntities = (text) =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex || decimal) return String.fromCodePoint(Number.parseInt(hex ?? decimal, hex ? 16 : 10));
    return ENTITIES[name.toLowerCase()] ?? whole;
  });
