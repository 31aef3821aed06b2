// Detects proxies that buffer a streamed response. Such a proxy forwards the server's frames late or never. So each
// stream begins with probes. The server waits a moment between two probes.

/** How many probes (`pong` frames) the server sends at the start of a stream. */
export const PROBES = 3;

/**
 * Whether the probes were buffered: they arrived together although the server sent them at different times. False if the page itself was busy for so
 * long that the arrival times prove nothing.
 * @param {{ sent: number, arrived: number }[]} probes times in milliseconds, `sent` by the server's clock
 * @param {number} ownPause the longest time that the page itself was busy, in milliseconds
 */
export function wereBuffered(probes, ownPause) {
  const [first, last] = [probes[0], probes[probes.length - 1]];
  const apart = last.sent - first.sent;
  return last.arrived - first.arrived < apart / 2 && ownPause < apart / 2;
}
