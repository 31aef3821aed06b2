// Interval polling: the server answers each request immediately, and the page waits before the next request.

import { ANSWER_WITHIN_MS, HttpTransport } from './http.mjs';

const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 5_000;

export class PollingTransport extends HttpTransport {
  #pause = MIN_PAUSE_MS; #timer = 0;
  /** @type {(() => void) | null} */
  #wake = null;

  /** @override */
  async readAll() {
    while (this.isOpen) {
      await new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
        this.#wake = resolve;
        this.#timer = setTimeout(resolve, this.#pause);
      });
      if (!this.isOpen) return;
      const batch = await this.request(this.path('poll'), { within: ANSWER_WITHIN_MS });
      this.#pause = batch.frames.length ? MIN_PAUSE_MS : Math.min(MAX_PAUSE_MS, this.#pause * 1.5);
      this.receiveBatch(batch);
    }
  }

  /**
   * Polls immediately, because the server already has the copy of the person's message, and perhaps a reply.
   * @override
   */
  afterPost() {
    this.#pause = MIN_PAUSE_MS;
    this.#wake?.();
  }

  /** @override */
  stopReading() {
    clearTimeout(this.#timer);
    this.#wake?.();
  }
}
