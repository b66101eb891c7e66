// An open stream of changes, as a test listens to it.

import { AssertionError } from 'node:assert/strict';
import { eventually } from '../eventually.mjs';

/** The suite's own limit for a change to arrive is a second and a half. */
export const ARRIVAL_LIMIT_MS = 1000;
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

/** What a stream has said so far, and how to wait for more. */
export class ReceivedMessages {
  static open = [];
  #invalid;

  constructor(opened) {
    this.opened = opened;
    this.messages = [];
    this.comments = 0;
    this.ended = (async () => {
      try {
        for await (const event of opened.events) {
          if (event.comment !== undefined) this.comments += 1;
          else this.messages.push(JSON.parse(event.data));
        }
      } catch (error) {
        // A message that the official schema does not accept fails the test at its next look.
        if (error instanceof AssertionError) this.#invalid = error;
        this.brokeOff = true;
      }
    })();
    ReceivedMessages.open.push(this);
  }

  get status() {
    return this.opened.status;
  }

  get methods() {
    return this.messages.map(({ method }) => method).filter(Boolean);
  }

  /** What was announced, without the acknowledgement. */
  get changes() {
    return this.messages.filter(({ method }) => method && method !== ACKNOWLEDGED);
  }

  story(rule) {
    return this.opened.story(rule);
  }

  /** Waits until `count` changes have arrived. */
  async waitFor(count, rule, limit = ARRIVAL_LIMIT_MS) {
    await eventually(
      () => {
        if (this.#invalid) throw this.#invalid;
        return this.changes.length;
      },
      (length) => length >= count,
      `${rule}: ${count} changes`,
      limit,
    );
    return this.changes;
  }

  /** Ends all that are open. */
  static closeAll() {
    const streams = ReceivedMessages.open.splice(0);
    for (const received of streams) received.close();
    for (const received of streams) if (received.#invalid) throw received.#invalid;
  }

  close() {
    this.opened.close();
  }
}
