// The actions that a person can use on a room.

import { t } from './language.mjs';
import { durationWords } from './moderation.mjs';
import { rankOf } from './people.mjs';
import { isDirect } from './rooms.mjs';

/** @import { MenuItem, NotifyLevel, Room, RoomAction } from './types.js' */

const ROOM_FOR_EVERYBODY = 'lobby'; // nobody can close this room

/** The levels of notification, in the order of the menu. @type {{ level: NotifyLevel, readonly words: string }[]} */
const NOTIFY_LEVELS = [
  { level: 'all', get words() { return t('Notifications: every message'); } },
  { level: 'mentions', get words() { return t('Notifications: mentions only'); } },
  { level: 'none', get words() { return t('Notifications: none'); } },
];

/**
 * Returns the actions that the person may use on a room, in the order of the menu.
 * @param {Room} room
 * @returns {RoomAction[]}
 */
export function allowedRoomActions(room) {
  if (room.removed || room.epoch === null) return ['leave'];
  if (isDirect(room)) return ['notify', 'leave'];
  const rank = rankOf(room.role);
  /** @type {RoomAction[]} */
  const actions = ['notify', 'favourite', 'topic', 'invite'];
  if (rank >= 1) actions.push('slow', 'programs');
  actions.push('leave');
  if (rank === 2 && room.name !== ROOM_FOR_EVERYBODY) actions.push('close');
  return actions;
}

/**
 * The menu of a room. An item that sets a level of notification has the level as its id.
 * @param {Room} room
 * @param {boolean} isFavourite
 * @returns {MenuItem[]}
 */
export function roomMenu(room, isFavourite = false) {
  const slow = room.slow ? t('Slow mode: {duration}…', { duration: durationWords(room.slow) }) : t('Slow mode…');
  /** @type {Record<Exclude<RoomAction, 'notify'>, Omit<MenuItem, 'id'>>} */
  const items = {
    favourite: { words: isFavourite ? t('Remove from favourites') : t('Add to favourites'), group: 1 },
    topic: { words: room.topic ? t('Change the topic…') : t('Set a topic…'), group: 1 },
    invite: { words: t('Invite somebody…'), group: 1 },
    slow: { words: slow, group: 1 },
    programs: { words: t('Programs…'), group: 1 },
    leave: { words: t('Leave…'), group: 2 },
    close: { words: t('Close the room…'), group: 2, isDangerous: true },
  };
  /** @type {MenuItem[]} */
  const levels = NOTIFY_LEVELS.map(({ level, words }) => ({ id: level, words, group: 0, isChecked: room.notify === level }));
  return allowedRoomActions(room).flatMap((id) => id === 'notify' ? levels : [{ id, ...items[id] }]);
}

/**
 * Returns what the page shows for a room at its notification level. `count` is the number of unread messages. `isMention` says whether one of these
 * messages mentions the person.
 * @param {Room} room
 */
export function badgeOf({ notify, unread, mentions }) {
  const count = notify === 'none' ? 0 : notify === 'mentions' ? mentions : unread;
  return { count, isMention: count > 0 && mentions > 0 };
}

/**
 * The number of unread messages that the title of the page shows.
 * @param {Iterable<Room>} rooms
 */
export const unreadIn = (rooms) => [...rooms].reduce((sum, room) => sum + badgeOf(room).count, 0);
