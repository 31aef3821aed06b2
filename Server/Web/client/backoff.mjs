// The delay before the next attempt to connect.

const BASE_MS = 500;
const MAX_MS = 30_000;

/**
 * Returns the delay before the given attempt (the first is 0), in milliseconds. The delay doubles with each attempt. Half of
 * the delay is random, so that not all pages reconnect at the same moment when the server restarts.
 * @param {number} attempt
 * @param {() => number} random returns a number from 0 up to, but not including, 1
 */
export function backoffDelay(attempt, random = Math.random) {
  const max = Math.min(MAX_MS, BASE_MS * 2 ** attempt);
  return max / 2 + random() * max / 2;
}
