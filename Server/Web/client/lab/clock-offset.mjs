// Compares the server's clock with the page's clock.

import { numberWords, t } from '../language.mjs';

/**
 * Estimates how far the server's clock is ahead of the page's clock. The server takes each timestamp after the page asked and before the
 * answer arrived, so each timestamp narrows the range of possible differences. All times are in milliseconds.
 */
export class ClockOffset {
  #min = -Infinity; #max = Infinity;

  /**
   * @param {number} from the earliest possible time on the server's clock
   * @param {number} upTo the latest possible time on the server's clock. It is greater than `from` if the server truncated the timestamp
   * @param {number} asked the page's time when the page asked
   * @param {number} arrived the page's time when the answer arrived
   */
  add(from, upTo, asked, arrived) {
    this.#min = Math.max(this.#min, from - arrived);
    this.#max = Math.min(this.#max, upTo - asked);
  }

  get ahead() { return (this.#min + this.#max) / 2; }

  /** The maximum error: the true difference is between `ahead - error` and `ahead + error`. */
  get error() { return (this.#max - this.#min) / 2; }

  /** False before the first timestamp. Also false if the timestamps contradict each other, because somebody has set one of the clocks. */
  get isKnown() { return this.error >= 0 && this.error < Infinity; }
}

/**
 * The words for the offset; empty if the offset is not known.
 * @param {Pick<ClockOffset, 'isKnown' | 'ahead' | 'error'>} offset
 */
export function offsetWords({ isKnown, ahead, error }) {
  if (!isKnown) return '';
  const [difference, margin] = [Math.abs(ahead), error].map((ms) => numberWords(ms, { minimumFractionDigits: 1, maximumFractionDigits: 1 }));
  return ahead < 0
    ? t('The server’s clock is {difference} ms behind this page’s clock, give or take {margin} ms. The two parts of a delivery (waiting, on the way) have the same possible error. The whole delivery is measured by this page’s clock alone.', { difference, margin })
    : t('The server’s clock is {difference} ms ahead of this page’s clock, give or take {margin} ms. The two parts of a delivery (waiting, on the way) have the same possible error. The whole delivery is measured by this page’s clock alone.', { difference, margin });
}
