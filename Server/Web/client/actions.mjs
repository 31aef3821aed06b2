// The actions that a person can use on a message.

/** @import { Entry, Room, User } from './types.js' */

/**
 * Returns which actions the person may use on a message.
 * @param {Entry | undefined} entry
 * @param {Room} room
 * @param {User | null} self
 */
export function allowedActions(entry, room, self) {
  const isMessage = entry?.kind === 'message' && entry.seq !== undefined && !entry.deleted;
  const isOwn = isMessage && self !== null && entry.from?.user === self.user;
  return { reply: isMessage, react: isMessage, edit: isOwn, delete: isOwn || isMessage && (room.role === 'owner' || room.role === 'moderator') };
}

/**
 * Returns the person's newest message that can be edited, or undefined.
 * @param {Room} room
 * @param {User | null} self
 */
export const lastOwnMessage = (room, self) => room.entries.findLast((entry) => allowedActions(entry, room, self).edit);

/**
 * Creates the request that adds the person's reaction to a message, or removes it.
 * @param {Entry} entry
 * @param {string} room
 * @param {string} emoji
 * @param {User | null} self
 */
export function toggleReaction({ seq, reactions }, room, emoji, self) {
  const isOn = reactions?.get(emoji)?.some(({ user }) => user === self?.user);
  return { type: 'react', room, seq, emoji, ...isOn && { off: true } };
}
