// Shows only after some seconds that another person has left a room. So this page shows nothing if the other person only reloads the page.

import { wasRemoved } from '../people.mjs';
import { state } from './store.mjs';

/** @import { Frame } from '../types.js' */

const HELD_FOR_MS = 5_000; // even over a slow connection, a page loads again within this time

/** The people who have left, by room and user. @type {Map<string, { room: string, name: string, timer: number }>} */
const held = new Map();

/**
 * Decides about a `presence` frame. Returns true if the page must not apply the frame now. If the person does not come back, `apply` gets the frame
 * later.
 * @param {Frame} frame
 * @param {(frame: Frame) => void} apply
 */
export function holdDeparture(frame, apply) {
  const { room: name, user, state: what } = frame;
  const room = state.rooms.get(name), key = `${user} ${name}`, earlier = held.get(key);
  if (earlier) {
    clearTimeout(earlier.timer);
    held.delete(key);
  }
  if (what !== 'left' || !room?.live || !room.members.has(user) || user === state.self?.user || wasRemoved(room, user)) return what === 'joined' && earlier?.name === frame.name;
  held.set(key, { room: name, name: frame.name, timer: setTimeout(() => {
    held.delete(key);
    apply(frame);
  }, HELD_FOR_MS) });
  return true;
}

/**
 * Forgets who has left. Call this when the page gets a new list of members.
 * @param {string} [name] the room; without it, all rooms
 */
export function forgetDepartures(name) {
  for (const [key, { room, timer }] of held) {
    if (name !== undefined && room !== name) continue;
    clearTimeout(timer);
    held.delete(key);
  }
}
