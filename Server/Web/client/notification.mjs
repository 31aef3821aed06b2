// Decides which messages the browser shows as notifications, and with which words.

import { isolated, withoutDirectionControls } from './direction.mjs';
import { filesOf, filesWords } from './files.mjs';
import { mentionsUser } from './mentions.mjs';
import { parsedText } from './message-text.mjs';
import { isDirect, labelOf, titleOf } from './rooms.mjs';

/** @import { Frame, Room, User } from './types.js' */

const MAX_BODY = 200; // browsers show fewer characters

/**
 * Returns the notification for an event, or null if the level of the room, or the person's own level, asks for none. The tag of a notification is its room, so a newer
 * notification of the same room replaces it.
 * @param {Frame} event
 * @param {Room} room
 * @param {User | null} self
 * @param {'all' | 'mentions'} level with 'mentions', only mentions and direct messages notify the person
 */
export function notificationOf(event, room, self, level = 'all') {
  if (event.type !== 'message' || event.deleted || event.from?.user === self?.user || event.seq <= room.read) return null;
  const isMentionNeeded = room.notify === 'mentions' || level === 'mentions' && !isDirect(room);
  if (room.notify === 'none' || isMentionNeeded && !mentionsUser({ text: event.text, mentions: event.mentions }, self)) return null;
  const name = event.from?.name ?? '?';
  const title = isDirect(room) ? withoutDirectionControls(labelOf(room)) : `${isolated(name)} in ${titleOf(room)}`;
  return { title, body: parsedText({ text: event.text }).plain.slice(0, MAX_BODY) || `sent ${filesWords(filesOf(event.files))}`, tag: room.name, seq: event.seq };
}

/**
 * Returns the notifications for events: the newest one of each room.
 * @param {Frame[]} events
 * @param {Map<string, Room>} rooms
 * @param {User | null} self
 * @param {'all' | 'mentions'} level
 */
export function notificationsOf(events, rooms, self, level = 'all') {
  /** @type {Map<string, NonNullable<ReturnType<typeof notificationOf>>>} */
  const newest = new Map();
  for (const event of events) {
    const room = rooms.get(event.room);
    const notification = room && notificationOf(event, room, self, level);
    if (notification) newest.set(notification.tag, notification);
  }
  return [...newest.values()];
}
