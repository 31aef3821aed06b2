// Goes to a message in any room, for example to a message that a search has found.

import { goAfterJoin } from '../app/chat.mjs';
import { state } from '../app/store.mjs';
import { jumpTo } from './log.mjs';
import { goToRoom } from './navigation.mjs';

/**
 * Shows a message, and joins its room first if necessary.
 * @param {string} room
 * @param {number} seq
 */
export function goToMessage(room, seq) {
  const isJoined = state.rooms.get(room)?.live;
  if (!isJoined) goAfterJoin(room, seq);
  goToRoom(room);
  if (isJoined) jumpTo(seq);
}
