// Draws the list of rooms, the head of the current room and its members.

import { state } from '../app/store.mjs';
import { ui } from '../app/ui.mjs';
import { isolated, withoutDirectionControls } from '../direction.mjs';
import { byName, plural } from '../formatting.mjs';
import { titleOf } from '../rooms.mjs';
import { typingWords } from '../typing.mjs';
import { $, authorName, avatar, el, foreign, input, log, setAttribute, setText, whenChanged } from './dom.mjs';

/** @import { Room } from '../types.js' */

const MAX_MEMBERS_SHOWN = 200;

/** The items by room. The page reuses them, because a button that is replaced while it is pressed gets no click. */
const roomItems = /** @type {Map<string, ReturnType<typeof createRoomItem>>} */ (new Map());

/** @param {string} name */
function createRoomItem(name) {
  const badge = el('span', { class: 'badge' });
  const words = el('span', { class: 'unseen' }); // continues the visible text, so that a person can say to a computer what they see
  const title = foreign(name, 'name');
  const button = el('button', { class: 'room', type: 'button', 'data-room': name }, title, badge, words);
  return { item: el('li', null, button), button, title, badge, words };
}

/** @param {string} name */
function roomItem(name) {
  const existing = roomItems.get(name);
  if (existing) return existing;
  const created = createRoomItem(name);
  roomItems.set(name, created);
  $('rooms').append(created.item);
  return created;
}

export const renderRooms = whenChanged(() => [state.rooms, state.current], () => {
  for (const [name, { item }] of roomItems) {
    if (state.rooms.has(name)) continue;
    item.remove();
    roomItems.delete(name);
  }
  let unreadElsewhere = 0;
  for (const { name, with: other, unread, mentions } of state.rooms.values()) {
    const { button, title, badge, words } = roomItem(name);
    setText(title, withoutDirectionControls(other?.name ?? name));
    setAttribute(button, 'data-direct', other ? '' : null);
    const isCurrent = name === state.current;
    if (!isCurrent) unreadElsewhere += unread;
    setAttribute(button, 'aria-current', isCurrent ? 'page' : null);
    setAttribute(button, 'data-unread', unread || null);
    setText(words, unread ? ` unread${mentions ? `, ${mentions} for you` : ''}` : '');
    setAttribute(badge, 'data-mention', mentions ? '' : null);
    badge.hidden = !unread;
    setText(badge, unread > 999 ? '999+' : String(unread));
  }
  $('open-rail').toggleAttribute('data-unread', unreadElsewhere > 0);
});

export const renderHead = whenChanged((/** @type {Room | undefined} */ room) => [room?.name, room?.with, room?.topic, room?.memberCount, ui.inside], (room) => {
  $('room-name').replaceChildren(...room ? [!room.with && el('span', { 'aria-hidden': 'true' }, '#'), foreign(room.with?.name ?? room.name)].filter((node) => node !== false) : ['RawSocketChat']);
  setText($('topic'), isolated(room?.topic ?? ''));
  $('topic').title = isolated(room?.topic ?? '');
  setText($('member-count'), room ? room.memberCount.toLocaleString() : '');
  for (const id of ['toggle-people', 'leave']) $(id).hidden = !room;
  $('leave').title = room ? `Leave ${titleOf(room)}` : '';
  $('leave').setAttribute('aria-label', $('leave').title);
  log.setAttribute('aria-label', room ? `Messages in ${titleOf(room)}` : 'Messages');
  input.placeholder = room ? room.with ? `Write to ${titleOf(room)}` : `Say something in ${titleOf(room)}` : 'Say something';
  input.setAttribute('aria-label', room ? `Message to ${titleOf(room)}` : 'Message');
});

export const renderTyping = whenChanged((/** @type {Room | undefined} */ room) => [room?.writers], (room) => {
  setText($('typing'), room ? typingWords(room.writers) : '');
});

export const renderMembers = whenChanged((/** @type {Room | undefined} */ room) => [room?.members, room?.memberCount, state.self], (room) => {
  const members = [...room?.members ?? []].sort((a, b) => byName(a[1], b[1])).slice(0, MAX_MEMBERS_SHOWN);
  const more = (room?.memberCount ?? 0) - members.length;
  $('members').replaceChildren(
    ...members.map(([user, name]) => el('li', { class: 'member', 'data-user': user, title: isolated(name) }, avatar(name), authorName(name, 'name'), user === state.self?.user && el('small', null, 'you'))),
    ...more > 0 ? [el('li', { class: 'rest' }, `and ${plural(more, 'other')}`)] : []);
  setText($('people-heading'), room ? plural(room.memberCount, 'member') : 'Members');
});
