// Collects events that arrive in quick succession, so that the page changes its state once for many events.

/** @import { Frame } from './types.js' */

const MAX_BATCH = 1_000;   // a phone applies this many events in less time than one animation frame
const QUIET_MS = 16;       // an event after this much silence is applied immediately

export class EventBatches {
  #apply; #schedule; #now;
  /** @type {Frame[]} */
  #waiting = [];
  #appliedAt = -Infinity;

  /**
   * @param {(events: Frame[]) => void} apply applies a batch of events, in the order of their arrival
   * @param {(work: () => void) => () => void} oncePerFrame returns a function that runs the work in the next animation frame
   * @param {() => number} now the time in milliseconds
   */
  constructor(apply, oncePerFrame, now) {
    this.#apply = apply;
    this.#now = now;
    this.#schedule = oncePerFrame(() => this.#applyBatch());
  }

  /** @param {Frame} event */
  add(event) {
    this.#waiting.push(event);
    if (this.#waiting.length === 1 && this.#now() - this.#appliedAt > QUIET_MS) this.#applyBatch();
    else this.#schedule();
  }

  /** Applies all waiting events. Call this before the page handles anything that arrived after these events. */
  flush() {
    while (this.#waiting.length) this.#applyBatch();
  }

  #applyBatch() {
    const batch = this.#waiting.splice(0, MAX_BATCH);
    if (!batch.length) return;
    this.#apply(batch);
    this.#appliedAt = this.#now();
    if (this.#waiting.length) this.#schedule();
  }
}
