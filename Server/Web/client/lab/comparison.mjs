// Compares all transports at the same time, in a private room.

import { TRANSPORT_NAMES } from '../connection-text.mjs';
import { t } from '../language.mjs';
import { ClockOffset } from './clock-offset.mjs';
import { Lane, pageNow } from './lane.mjs';

/** @import { TransportName } from '../types.js' */

export const QUIET_S = 10;
export const MESSAGES = 24;

/** From the oldest technique to the newest. @type {TransportName[]} */
const TRANSPORTS = ['poll', 'longpoll', 'iframe', 'stream', 'sse', 'ws'];
const MESSAGE_EVERY_MS = 350;        // so the messages stay below the server's rate limit for one person
const PINGS = 16;                    // the server truncates its time to milliseconds, so several pings make the estimate more exact
const PING_EVERY_MS = 55;
const LATE_MESSAGES_WITHIN_MS = 10_000;

const pause = (/** @type {number} */ ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/**
 * Runs the comparison.
 * @param {string} user
 * @param {(lanes: Lane[], words?: string) => void} show called often, with the measurements so far and the current step
 * @param {AbortSignal} signal stops the comparison
 */
export async function compareTransports(user, show, signal) {
  const clocks = new ClockOffset();
  const lanes = TRANSPORTS.map((name) => new Lane(name, `lab-${user}`, clocks));
  /** @type {Lane | null} */
  let sender = null;
  const ticker = setInterval(() => show(lanes), 250);
  /** @type {Promise<never>} */
  const stopped = new Promise((_, reject) => { signal.addEventListener('abort', () => reject(new Error(t('Stopped.'))), { once: true }); });
  stopped.catch(() => {});
  const rest = (/** @type {number} */ ms) => Promise.race([pause(ms), stopped]);
  const begin = (/** @type {string} */ step) => {
    if (signal.aborted) throw new Error(t('Stopped.'));
    show(lanes, step);
  };
  try {
    begin(t('Connecting in each way…'));
    // The lanes open one after the other, because the first one creates the room.
    for (const lane of lanes) await lane.open().catch((error) => { lane.error ||= error.message; });
    const running = lanes.filter(({ error }) => !error);
    const best = running.at(-1);
    if (!best) throw new Error(t('No way to connect works here.'));
    // The sender has a separate lane, so that the answers to its messages do not count for a measured lane. If WebSocket does not work, the
    // sender polls: a browser opens at most six connections to a server, and the lanes and the page itself already keep five requests open.
    sender = new Lane(best.name === 'ws' ? 'ws' : running[0].name, best.room, clocks, 'lab-speaker');
    await sender.open();
    for (let i = 0; i < PINGS; i++) {
      const asked = pageNow();
      const { at } = await sender.ask({ type: 'ping' });
      clocks.add(Date.parse(at), Date.parse(at) + 1, asked, pageNow()); // the server truncates this time to milliseconds
      await rest(PING_EVERY_MS);
    }

    begin(t('Nobody writes, for {seconds} s…', { seconds: QUIET_S }));
    await rest(1_500); // in this time the server announces the last joins to the other lanes
    let marks = running.map(({ meter }) => meter.snapshot());
    await rest(QUIET_S * 1000);
    running.forEach((lane, i) => { lane.idle = lane.meter.since(marks[i]); });

    marks = running.map(({ meter }) => meter.snapshot());
    for (let i = 0; i < MESSAGES; i++) {
      begin(t('Somebody writes: {index} of {total}…', { index: i + 1, total: MESSAGES }));
      await sender.ask({ type: 'say', room: sender.room, text: `lab ${pageNow()} ${'x'.repeat(100)}` });
      await rest(MESSAGE_EVERY_MS);
    }
    for (let waited = 0; waited < LATE_MESSAGES_WITHIN_MS && running.some(({ count }) => count < MESSAGES); waited += 100) await rest(100);
    running.forEach((lane, i) => { lane.busy = lane.meter.since(marks[i]); });

    for (const lane of running) {
      begin(t('Cutting {name} off…', { name: TRANSPORT_NAMES[lane.name].name }));
      const cut = performance.now();
      lane.close();
      await lane.open();
      lane.reconnectTime = performance.now() - cut;
    }
    begin(t('Done.'));
  } finally {
    clearInterval(ticker);
    const all = sender ? [...lanes, sender] : lanes;
    // The person owns the room, so any open lane can remove it.
    const open = all.find(({ error }) => !error);
    await open?.ask({ type: 'close', room: open.room }).catch(() => {});
    all.forEach((lane) => lane.close());
  }
}
