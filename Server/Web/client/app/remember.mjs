// Stores the person's place, so that the page can restore it.

import { BAD_SESSION_CLOSE_CODE } from '../protocol.mjs';
import { showInAddress } from './address.mjs';
import { identity, loadTabPlace, savePlace } from './identity.mjs';
import { oncePerFrame } from './scheduling.mjs';
import { state } from './store.mjs';
import { ui } from './ui.mjs';

/** @import { Place } from '../types.js' */

export const remember = oncePerFrame(() => {
  if (!state.self || !ui.inside || !(identity.token || identity.usesCookie)) return;
  if (state.status.code === BAD_SESSION_CLOSE_CODE) return; // the person logged out, here or in another tab
  const { user, name } = state.self;
  // A page that is loaded again does not join a room from which the user was removed.
  const rooms = [...state.rooms.values()].filter(({ removed }) => !removed).map((room) => room.name);
  const current = rooms.find((room) => room === state.current) ?? null;
  /** @type {NonNullable<Place['direct']>} */
  const direct = rooms.flatMap((room) => {
    const other = state.rooms.get(room)?.with;
    return other?.name ? [[room, { user: other.user, name: other.name }]] : [];
  });
  /** @type {NonNullable<Place['marks']>} */
  const marks = rooms.flatMap((room) => {
    const { epoch = null, firstUnread = null, mark = null } = state.rooms.get(room) ?? {};
    const shown = epoch !== null && firstUnread !== null ? { epoch, seq: firstUnread } : mark; // before the first join: the mark from before the reload
    return shown ? [[room, shown]] : [];
  });
  savePlace({ user, name, enteredAs: identity.enteredAs, rooms, current, ...direct.length > 0 && { direct }, ...marks.length > 0 && { marks } });
  updateAddress();
});

/** Shows the current room in the page's address. */
export function updateAddress() {
  showInAddress(state.current, { keepsName: () => loadTabPlace() === null });
}
