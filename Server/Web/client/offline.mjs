// The newest messages of each room, which the page shows while it can't reach the server.

import { createEntry, insertEntries } from './log.mjs';
import { hasNewest, withRoom } from './rooms.mjs';

/** @import { Entry, Frame, OfflineRoom, Room, State } from './types.js' */

/** The maximum number of stored messages of a room: more than a screen shows. */
export const MAX_MESSAGES = 50;

/** The maximum total length of a room's stored texts, in UTF-16 code units. The newest message is stored even if it is longer. */
export const MAX_LENGTH = 64 * 1024;

/**
 * Returns what the page stores for a room. Returns null if the page must store nothing: the user is not in the room, or the log has dropped the newest
 * messages. If somebody deletes a dropped message, the page does not apply this change. So the stored copy of the deleted message would stay.
 * @param {Room} room
 * @param {string} user
 * @returns {OfflineRoom | null}
 */
export function offlineRoom(room, user) {
  if (room.epoch === null || room.removed || !hasNewest(room)) return null;
  /** @type {Frame[]} */
  const messages = [];
  let length = 0;
  for (let index = room.entries.length - 1; index >= 0 && messages.length < MAX_MESSAGES; index -= 1) {
    const entry = room.entries[index];
    if (entry.kind !== 'message' || entry.seq === undefined) continue;
    length += entry.text?.length ?? 0;
    if (length > MAX_LENGTH && messages.length) break;
    messages.push(messageOf(entry));
  }
  return { name: room.name, user, topic: room.topic, isPrivate: room.isPrivate, with: room.with, epoch: room.epoch, read: room.read, messages: messages.reverse() };
}

/**
 * The message as the server sent it, with all changes since then.
 * @param {Entry} entry
 * @returns {Frame}
 */
function messageOf({ seq, at, from, text, me, reply, files, edited, deleted, mentions, reactions }) {
  return { type: 'message', seq, at, from, text, me, reply, files, edited, deleted, mentions, reactions: reactions && Object.fromEntries(reactions) };
}

/**
 * Shows the stored messages in the rooms that the page has not joined yet. The mark of new messages has the same place as before the reload of
 * the page. If there was no mark, it is before the first unread message.
 * @param {State} state
 * @param {OfflineRoom[]} stored
 * @returns {State}
 */
export function withOfflineRooms(state, stored) {
  let next = state;
  for (const { name, user, topic, isPrivate, with: other, epoch, read = 0, messages } of stored) {
    const room = next.rooms.get(name);
    if (!room || room.epoch !== null || room.isOffline || !Array.isArray(messages)) continue;
    const entries = messages.map(createEntry).filter((entry) => entry !== null && Number.isInteger(entry.seq));
    const unread = read > 0 ? messages.find((one) => one.seq > read && one.from?.user !== user)?.seq : undefined;
    next = withRoom(next, { ...room, topic, isPrivate, with: room.with ?? other, isOffline: true, seen: epoch && read > 0 ? { epoch, seq: read } : null, firstUnread: (room.mark && room.mark.epoch === epoch ? room.mark.seq : unread) ?? null, entries: insertEntries(room.entries, /** @type {Entry[]} */ (entries)) });
  }
  return next;
}
