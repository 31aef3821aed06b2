// Decides which messages the browser shows as notifications, and with which words.

import { isolated, withoutDirectionControls } from './direction.mjs';
import { filesOf, iconOf } from './files.mjs';
import { t } from './language.mjs';
import { mentionsUser } from './mentions.mjs';
import { parsedText } from './message-text.mjs';
import { isDirect, labelOf, titleOf } from './rooms.mjs';

/** @import { AttachedFile, Frame, Room, User } from './types.js' */

const MAX_BODY = 200; // browsers show fewer characters

/**
 * Returns the notification for an event. Returns null if the event is not a message. Returns null for a message that is deleted, already read, or sent by
 * this person. Returns null if the notification level of the room or of the person excludes the message. The tag of a notification is its room, so
 * a newer notification of the same room replaces it.
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
  const title = isDirect(room) ? withoutDirectionControls(labelOf(room)) : t('{name} in {room}', { name: isolated(name), room: titleOf(room) });
  return { title, body: parsedText({ text: event.text }).plain.slice(0, MAX_BODY) || sentWords(filesOf(event.files)), tag: room.name, seq: event.seq };
}

/** @param {AttachedFile[]} [files] */
function sentWords(files = []) {
  if (files.length === 1 && iconOf(files[0]) !== 'picture') return t('sent {file}', { file: isolated(files[0].name) });
  const arePictures = files.every((file) => iconOf(file) === 'picture');
  return arePictures ? t('sent {count} pictures', { count: files.length }) : t('sent {count} files', { count: files.length });
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
