// The list of rooms: its groups and their order.

import { badgeOf } from './room-actions.mjs';
import { isDirect } from './rooms.mjs';

/** @import { Room, RoomGroups } from './types.js' */

/**
 * Returns the rooms by group, in the order of the list. All direct rooms are in one group, because people look for a person there. Each other room is
 * in the first group that it fits. In each group, rooms with mentions come first, then rooms with unread messages.
 * @param {Iterable<Room>} rooms
 * @param {string[]} favourites the names of the person's favourite rooms
 * @returns {RoomGroups}
 */
export function groupRooms(rooms, favourites) {
  const known = new Set(favourites);
  /** @type {RoomGroups} */
  const groups = { unread: [], favourites: [], direct: [], others: [] };
  for (const room of rooms) groups[groupOf(room, known)].push(room);
  for (const group of /** @type {Room[][]} */ (Object.values(groups))) group.sort((a, b) => urgencyOf(b) - urgencyOf(a));
  return groups;
}

/**
 * @param {Room} room
 * @param {Set<string>} favourites
 * @returns {keyof RoomGroups}
 */
function groupOf(room, favourites) {
  if (isDirect(room)) return 'direct';
  if (urgencyOf(room) > 0) return 'unread';
  return favourites.has(room.name) ? 'favourites' : 'others';
}

/** @param {Room} room */
export function urgencyOf(room) {
  const { count, isMention } = badgeOf(room);
  return isMention ? 2 : Number(count > 0);
}

/** @param {RoomGroups} groups */
export const namesInOrder = ({ unread, favourites, direct, others }) => [...unread, ...favourites, ...direct, ...others].map(({ name }) => name);
