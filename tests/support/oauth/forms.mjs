// The forms of the account pages, by what they do.

import assert from 'node:assert/strict';

/** The forms of a page with this action; `field` and its `value` choose among those that differ by it. */
const formsWith = (page, action, field, value) =>
  page.forms.filter((form) => form.choices('action').includes(action) && (field === undefined || form.chosen(field)[0] === value));

/** Whether a page has a form with this action. */
export const hasForm = (page, action) => formsWith(page, action).length > 0;

/** The one form of a page with this action. */
export const formFor = (page, action, field, value) => {
  const found = formsWith(page, action, field, value);
  assert.equal(found.length, 1, page.story(`one form that wants ${action}`));
  return found[0];
};
