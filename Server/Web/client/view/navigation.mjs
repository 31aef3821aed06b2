// Moving between rooms.

import { ask, joinRoom } from '../app/chat.mjs';
import { preferences } from '../app/preferences.mjs';
import { scheduleRender } from '../app/scheduling.mjs';
import { commit, state } from '../app/store.mjs';
import { ui } from '../app/ui.mjs';
import { t } from '../language.mjs';
import { groupRooms, namesInOrder, urgencyOf } from '../room-list.mjs';
import { isDirect, openRoom, titleOf } from '../rooms.mjs';
import { setTypedAhead } from './composer.mjs';
import { closeDirectory, showError } from './directory.mjs';
import { $, closestTo, input, leaving, NARROW, openDialog, setText } from './dom.mjs';

/** @import { Room } from '../types.js' */

/** @param {string} room */
function showRoom(room) {
  ui.drawer = null;
  scheduleRender();
  commit(openRoom(state, room));
}

/**
 * Shows a room, and joins it first if necessary.
 * @param {string} room
 */
export function goToRoom(room) {
  setTypedAhead(false);
  if (state.rooms.has(room)) showRoom(room);
  else if (!joinRoom(room)) showError(t('To join a room, the page must be connected.'));
  if (!NARROW.matches) input.focus();
}

/**
 * Shows the room after the current one in the list, or before it if the step is negative.
 * @param {number} step
 */
export function goToNeighbour(step) {
  const names = namesInOrder(groupRooms(state.rooms.values(), preferences.favourites));
  if (names.length > 1) showRoom(names[(names.indexOf(state.current ?? '') + step + names.length) % names.length]);
}

/**
 * Shows the nearest room with unread messages after the current room in the list, or before the current room if the step is negative.
 * @param {number} step
 */
export function goToUnreadNeighbour(step) {
  const names = namesInOrder(groupRooms(state.rooms.values(), preferences.favourites));
  const from = names.indexOf(state.current ?? '');
  const others = [...names.slice(from + 1), ...names.slice(0, Math.max(0, from))];
  if (step < 0) others.reverse();
  const next = others.find((name) => urgencyOf(/** @type {Room} */ (state.rooms.get(name))) > 0);
  if (next !== undefined) showRoom(next);
}

/**
 * Asks the server to leave a room. Returns false if there is no connection.
 * @param {string | null} room
 */
export function leaveRoom(room) {
  return ask({ type: 'leave', room }, { kind: 'leave', room: room ?? undefined }) || showError(t('To leave a room, the page must be connected.'));
}

$('rooms').addEventListener('click', (event) => {
  const room = closestTo(event, '[data-room]')?.dataset.room;
  if (room !== undefined) goToRoom(room);
});

/** The room that the person is asked about. @type {string | null} */
let leavingRoom = null;

/**
 * Asks whether to leave a room, because the button is easy to hit by accident. A person who types /leave is not asked.
 * @param {string | null} name
 */
export function askToLeave(name) {
  const room = state.rooms.get(name ?? '');
  if (!room) return;
  leavingRoom = room.name;
  const unsent = state.outbox.filter((item) => item.room === room.name).length;
  setText($('leaving-title'), t('Leave {room}?', { room: titleOf(room) }));
  setText($('leaving-words'), [
    isDirect(room) ? t('You can open it again from the other person’s menu, or with /dm.') : room.isPrivate ? t('This room is private: to come back, you need a new invitation.') : t('You can join again at any time.'),
    unsent ? t('{count} unsent messages will be lost.', { count: unsent }) : ''].filter(Boolean).join(' '));
  openDialog(leaving);
}

$('leave').addEventListener('click', () => {
  ui.drawer = null; // on a narrow page, the button is in a side panel, which closes now
  scheduleRender();
  askToLeave(state.current);
});
$('stay').addEventListener('click', () => leaving.close());
$('leave-now').addEventListener('click', () => {
  leaving.close();
  if (leavingRoom !== null) leaveRoom(leavingRoom);
});
$('directory-list').addEventListener('click', (event) => {
  const room = closestTo(event, '[data-room]')?.dataset.room;
  if (room === undefined) return;
  closeDirectory();
  goToRoom(room);
});
