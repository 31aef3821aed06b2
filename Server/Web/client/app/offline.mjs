// Stores the newest messages of each room, and shows them while there is no network.

import { offlineRoom, withOfflineRooms } from '../offline.mjs';
import { identity } from './identity.mjs';
import { offlineStore } from './storage.mjs';
import { commit, onChange, state } from './store.mjs';
import { usesWorker } from './worker.mjs';

/** @import { Entry } from '../types.js' */

const SAVE_AFTER_MS = 1_000; // so that many messages need only one change of the database

/** For each room, the entries and the read mark that the database has. @type {Map<string, { entries: Entry[], read: number }>} */
const saved = new Map();

/** The rooms to remove from the database: the user is not in them any more, or the page has dropped their newest messages. @type {Set<string>} */
const gone = new Set();

let timer = 0;

function scheduleSave() { timer ||= setTimeout(save, SAVE_AFTER_MS); }

function save() {
  clearTimeout(timer);
  timer = 0;
  const user = identity.usesCookie ? state.self?.user : undefined; // without a cookie, a page that is opened later does not know the user
  const changed = [];
  if (user !== undefined) {
    for (const room of state.rooms.values()) {
      const stored = offlineRoom(room, user);
      if (!stored) {
        if (room.epoch !== null || room.removed) gone.add(room.name);
        continue;
      }
      gone.delete(room.name);
      const { entries, read } = room, before = saved.get(room.name);
      if (before?.entries === entries && before.read === read) continue;
      saved.set(room.name, { entries, read });
      changed.push(stored);
    }
  }
  const removed = [...gone];
  gone.clear();
  for (const name of removed) saved.delete(name);
  if (changed.length || removed.length) offlineStore.update(changed, removed);
}

/**
 * Removes the stored messages of a room that the user can't enter any more.
 * @param {string} room
 */
export function forgetOfflineRoom(room) {
  if (!usesWorker) return;
  gone.add(room);
  scheduleSave();
}

/**
 * Removes the stored messages of all other users, and of the rooms that are not in `rooms`.
 * @param {string} user
 * @param {Set<string>} rooms
 */
export function retainOfflineRooms(user, rooms) {
  if (!usesWorker) return;
  if (user !== state.self?.user) saved.clear();
  offlineStore.retain(user, rooms);
}

/** Shows the stored messages in the rooms that the page has not joined yet. */
async function restore() {
  const user = state.self?.user ?? identity.entering?.user;
  if (!user || !identity.usesCookie || ![...state.rooms.values()].some(({ epoch, isOffline }) => epoch === null && !isOffline)) return;
  const stored = await offlineStore.read(user);
  if (isUnreachable()) commit(withOfflineRooms(state, stored));
}

const isUnreachable = () => state.status.state === 'reconnecting' || state.status.state === 'offline';

if (usesWorker) {
  onChange((before, after) => {
    if (before.status !== after.status && isUnreachable()) restore();
    if (before.rooms === after.rooms) return;
    for (const name of before.rooms.keys()) if (!after.rooms.has(name)) gone.add(name);
    scheduleSave();
  });
  addEventListener('pagehide', save);
}
