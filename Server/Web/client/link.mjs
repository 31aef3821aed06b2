// What the page does with the name and the room in its address. Anybody can make a link, so a link changes nothing without a question.

import { hashed, isolated } from './direction.mjs';
import { sameName } from './formatting.mjs';
import { t } from './language.mjs';

/** @import { Place, User } from './types.js' */

/**
 * The name and the room of a link. The page uses them only if the person agrees. A name or a room that needs no question is null.
 * @typedef {{ name: string | null, room: string | null }} LinkQuestion
 */

/**
 * Decides how the page starts: it restores the stored place, enters the room of the link, or shows the form. The page enters
 * the room of a link without a question only if this does not change the person's name.
 * @param {{ name?: string, room?: string }} link the name and the room in the page's address
 * @param {Place | null} place the stored place
 * @param {string | null} sessionName the name of the session that the browser may have, although it has no stored place
 * @returns {{ kind: 'restore', show: string | null, question: LinkQuestion | null } | { kind: 'enter' | 'form' }}
 */
export function planStart({ name, room }, place, sessionName) {
  if (!place) return { kind: name && room && (!sessionName || sameName(name, sessionName)) ? 'enter' : 'form' };
  const joined = room ? place.rooms.find((one) => sameName(one, room)) : undefined;
  const isOtherName = name && !sameName(name, place.name) && !sameName(name, place.enteredAs ?? '');
  const question = { name: isOtherName ? name : null, room: room && joined === undefined ? room : null };
  return { kind: 'restore', show: joined ?? place.current, question: question.name || question.room ? question : null };
}

/**
 * Returns the parts of the question that this person still has to answer, or null if there are none. The page never renames an account.
 * @param {LinkQuestion} question
 * @param {User} self
 * @param {string[]} rooms the rooms in which the person is
 * @returns {LinkQuestion | null}
 */
export function openQuestion({ name, room }, self, rooms) {
  const left = {
    name: name && self.guest && !sameName(name, self.name) ? name : null,
    room: room && !rooms.some((one) => sameName(one, room)) ? room : null,
  };
  return left.name || left.room ? left : null;
}

/**
 * The words of the question, and of its buttons. `keep` is the answer that joins the room with the current name; null if there is none.
 * @param {LinkQuestion} question
 * @param {User} self
 */
export function questionWords({ name: other, room }, self) {
  const [name, own, place] = [isolated(other ?? ''), isolated(self.name), hashed(room ?? '')];
  if (!other) return { title: t('Join {room}?', { room: place }), text: t('The link that you opened asks you to join this room.'), yes: t('Join'), keep: null };
  const text = t('The link that you opened asks for this. You are {name} now. A new name changes in all your tabs, and the others see it.', { name: own });
  if (!room) return { title: t('Change your name to {name}?', { name }), text, yes: t('Change name'), keep: null };
  return { title: t('Join {room} as {name}?', { room: place, name }), text, yes: t('Join as {name}', { name }), keep: t('Join as {name}', { name: own }) };
}
