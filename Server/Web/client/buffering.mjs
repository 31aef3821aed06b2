// Detects proxies that buffer a streamed response. Such a proxy forwards the server's frames late or never. So each
// stream begins with probes. The server waits a moment between two probes.

/** How many probes (`pong` frames) the server sends at the start of a stream. */
export const PROBES = 3;

/**
 * Decides by the arrival times of the probes whether a proxy buffers the stream. `direct`: the probes arrived one after another, as
 * the server sent them. `buffered`: they arrived together. `unknown`: they arrived together, but the page was busy for so long that it may have
 * received them late.
 * @param {{ sent: number, arrived: number }[]} probes times in milliseconds, `sent` by the server's clock
 * @param {number} ownPause the longest time that the page itself was busy, in milliseconds
 * @returns {'buffered' | 'direct' | 'unknown'}
 */
export function judgeProbes(probes, ownPause) {
  const [first, last] = [probes[0], probes[probes.length - 1]];
  const apart = last.sent - first.sent;
  if (last.arrived - first.arrived >= apart / 2) return 'direct';
  return ownPause < apart / 2 ? 'buffered' : 'unknown';
}
