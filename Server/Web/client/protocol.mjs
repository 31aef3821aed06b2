// The chat protocol as the page needs it: parsing frames, close codes and error codes. Protocol/README.md describes it.

/** @import { Frame } from './types.js' */

export const SUBPROTOCOL = 'rawchat.v1.json';

export const FIRST_PRIVATE_CLOSE_CODE = 4000;
export const TAKEN_OVER_CLOSE_CODE = 4009;  // another page reads this device's outbox
export const FIRST_FINAL_CLOSE_CODE = 4500; // after 4000 to 4499 the page reconnects; after 4500 to 4999 it does not
export const BAD_SESSION_CLOSE_CODE = 4501;

export const NAME_ERRORS = new Set(['name-taken', 'bad-name']);

/** After these errors a message may be sent again automatically. */
export const TEMPORARY_ERRORS = new Set(['rate-limited', 'slow-mode', 'unavailable']);

/** Frames that describe events of a room's log. Each of these frames has a sequence number. */
export const LOG_EVENTS = new Set(['message', 'edited', 'deleted', 'reacted', 'topic', 'moderated']);

/**
 * Parses JSON. Returns null if the text is not JSON.
 * @param {string} text
 * @returns {any}
 */
export function parseJson(text) {
  try { return JSON.parse(text); } catch { return null; }
}

/**
 * Parses a frame. Returns null if the text is not a JSON object with a type.
 * @param {string} text
 * @returns {Frame | null}
 */
export function parseFrame(text) {
  const frame = parseJson(text);
  return typeof frame?.type === 'string' ? frame : null;
}

/**
 * Whether the frame is a timestamp. A timestamp contains the time when the server handed the preceding frames to the connection. Only the transport lab asks
 * for timestamps.
 * @param {Frame | null} frame
 */
export const isTimestamp = (frame) => frame?.type === 'wire';

/**
 * Whether the frame advances the cursor of a session's outbox.
 * @param {Frame} frame
 */
export const isNumbered = ({ type }) => type !== 'bye' && type !== 'pong' && type !== 'wire';
