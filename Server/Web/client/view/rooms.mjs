// Draws the list of rooms, the head of the current room and its members.

import { onLanguage } from '../app/language.mjs';
import { onPreferences, preferences } from '../app/preferences.mjs';
import { scheduleRender } from '../app/scheduling.mjs';
import { site } from '../app/site.mjs';
import { state } from '../app/store.mjs';
import { ui } from '../app/ui.mjs';
import { isolated, withoutDirectionControls } from '../direction.mjs';
import { isRightToLeft, numberWords, t } from '../language.mjs';
import { memberGroups } from '../people.mjs';
import { badgeOf } from '../room-actions.mjs';
import { groupRooms } from '../room-list.mjs';
import { isDirect, labelOf, titleOf } from '../rooms.mjs';
import { typingWords } from '../typing.mjs';
import { $, authorName, avatar, el, foreign, icon, input, log, personButton, setAttribute, setText, whenChanged } from './dom.mjs';
import { rove } from './menu.mjs';

/** @import { ListedMember, MemberGroup, NotifyLevel, Room } from '../types.js' */

const MAX_MEMBERS_SHOWN = 200;

/** The items by room. The page reuses them, because a button that is replaced while it is pressed gets no click. */
const roomItems = /** @type {Map<string, ReturnType<typeof createRoomItem>>} */ (new Map());

/** @param {string} name */
function createRoomItem(name) {
  const badge = el('span', { class: 'badge' });
  const level = el('span', { class: 'level', 'aria-hidden': 'true' });
  const words = el('span', { class: 'unseen' }); // comes after the visible text: voice control finds the button only if its name begins with the words that the person sees
  const title = foreign(name, 'name');
  const button = el('button', { class: 'room', type: 'button', 'data-room': name }, icon('lock', 'lock'), title, level, badge, words);
  return { item: el('li', null, button), button, title, badge, level, words, face: /** @type {HTMLElement | null} */ (null) };
}

/** @param {string} name */
function roomItem(name) {
  const existing = roomItems.get(name);
  if (existing) return existing;
  const created = createRoomItem(name);
  roomItems.set(name, created);
  return created;
}

/**
 * Shows the avatar of the other person beside a direct room.
 * @param {ReturnType<typeof createRoomItem>} item
 * @param {Room} room
 */
function showFace(item, room) {
  item.face?.remove();
  item.face = isDirect(room) ? avatar(labelOf(room)) : null;
  if (item.face) item.button.insertBefore(item.face, item.title);
}

/**
 * Changes the children of a list to the given nodes. A node that is already in its place is not moved, so it keeps the focus.
 * @param {HTMLElement} list
 * @param {HTMLElement[]} nodes
 */
function putInOrder(list, nodes) {
  const wanted = new Set(/** @type {Element[]} */ (nodes));
  for (const node of [...list.children]) if (!wanted.has(node)) node.remove();
  /** @type {ChildNode | null} */
  let next = list.firstChild;
  for (const node of nodes) {
    if (next === node) next = next.nextSibling;
    else list.insertBefore(node, next);
  }
}

/** @param {NotifyLevel} level */
const levelWords = (level) => level === 'none' ? t('Notifications: none') : level === 'mentions' ? t('Notifications: mentions only') : '';

onPreferences(() => scheduleRender());

export const renderRooms = whenChanged(() => [state.rooms, state.current, preferences.favourites], () => {
  for (const [name, { item }] of roomItems) {
    if (state.rooms.has(name)) continue;
    item.remove();
    roomItems.delete(name);
  }
  let unreadElsewhere = 0;
  for (const room of state.rooms.values()) {
    const item = roomItem(room.name);
    const { button, title, badge, level, words } = item;
    const { count, isMention } = badgeOf(room);
    if (title.textContent !== withoutDirectionControls(labelOf(room)) || isDirect(room) && !item.face) showFace(item, room);
    setText(title, withoutDirectionControls(labelOf(room)));
    setAttribute(button, 'title', titleOf(room));
    setAttribute(button, 'data-direct', isDirect(room) ? '' : null);
    setAttribute(button, 'data-private', room.isPrivate && !isDirect(room) ? '' : null);
    const isCurrent = room.name === state.current;
    if (!isCurrent) unreadElsewhere += count;
    setAttribute(button, 'aria-current', isCurrent ? 'page' : null);
    setAttribute(button, 'data-unread', count || null);
    const shown = [count ? isMention ? t('unread, {count} for you', { count: room.mentions }) : t('unread') : '', levelWords(room.notify)].filter(Boolean);
    setText(words, shown.length ? ` ${shown.join(t(', '))}` : '');
    if (button.dataset.level !== room.notify) level.replaceChildren(...room.notify === 'none' ? [icon('muted', 'muted')] : room.notify === 'mentions' ? ['@'] : []);
    button.dataset.level = room.notify;
    level.title = levelWords(room.notify);
    setAttribute(badge, 'data-mention', isMention ? '' : null);
    badge.hidden = !count;
    setText(badge, count > 999 ? `${numberWords(999)}+` : numberWords(count));
  }
  const { unread, favourites, direct, others } = groupRooms(state.rooms.values(), preferences.favourites);
  const focused = document.activeElement;
  showGroup('unread-list', 'unread-rooms', unread);
  showGroup('favourite-list', 'favourite-rooms', favourites);
  showGroup('direct-list', 'direct-rooms', direct);
  showGroup('room-list', 'other-rooms', others);
  $('other-heading').hidden = unread.length + favourites.length + direct.length === 0;
  if (focused instanceof HTMLElement && focused !== document.activeElement && focused.isConnected) focused.focus(); // the focused room has lost the focus because it moved in the list
  $('open-rail').toggleAttribute('data-unread', unreadElsewhere > 0);
});

/**
 * @param {'unread-list' | 'favourite-list' | 'direct-list' | 'room-list'} list
 * @param {string} group
 * @param {Room[]} rooms
 */
function showGroup(list, group, rooms) {
  putInOrder($(list), rooms.map(({ name }) => roomItem(name).item));
  $(group).hidden = rooms.length === 0;
}

/**
 * The name of a room and its sign. Screen readers do not read the sign. On a right-to-left page, the heading has the direction of the name.
 * So the sign stays on the left of a Latin name, and a long name is cut at its end.
 * @param {Room} room
 */
function headNodes({ name, isPrivate }) {
  const sign = el('span', { 'aria-hidden': 'true' }, isPrivate ? icon('lock', 'lock') : '#');
  return isRightToLeft() ? [sign, withoutDirectionControls(name)] : [sign, foreign(name)];
}

export const renderHead = whenChanged((/** @type {Room | undefined} */ room) => [room?.name, room?.with, room?.isPrivate, room?.topic, room?.memberCount, ui.inside], (room) => {
  $('room-name').replaceChildren(...room ? [...isDirect(room) ? [foreign(labelOf(room))] : headNodes(room)] : [site.name]);
  setText($('topic'), isolated(room?.topic ?? ''));
  $('topic').title = isolated(room?.topic ?? '');
  setText($('member-count'), room ? numberWords(room.memberCount) : '');
  for (const id of ['toggle-people', 'leave', 'open-room-menu']) $(id).hidden = !room;
  setText($('leave-words'), room && isDirect(room) ? t('Close this conversation') : t('Leave this room'));
  $('room-name').dir = isRightToLeft() ? 'auto' : '';
  $('room-name').title = room ? titleOf(room) : '';
  $('open-room-menu').title = room ? t('Menu of {room}', { room: titleOf(room) }) : '';
  $('open-room-menu').setAttribute('aria-label', $('open-room-menu').title);
  $('leave').title = room ? t('Leave {room}', { room: titleOf(room) }) : '';
  log.setAttribute('aria-label', room ? t('Messages in {room}', { room: titleOf(room) }) : t('Messages'));
  input.placeholder = !room ? t('Say something') : isDirect(room) ? t('Write to {name}', { name: titleOf(room) }) : t('Say something in {room}', { room: titleOf(room) });
  input.setAttribute('aria-label', room ? t('Message to {room}', { room: titleOf(room) }) : t('Message'));
});

export const renderTyping = whenChanged((/** @type {Room | undefined} */ room) => [room?.writers], (room) => {
  setText($('typing'), room ? typingWords(room.writers) : '');
});

/** The items by user, with what they show. @type {Map<string, { item: HTMLElement, shown: string }>} */
const memberItems = new Map();

onLanguage(() => memberItems.clear());

const resetTabStop = rove($('members'), '[data-action]');

/** @param {ListedMember} member */
function memberItem({ user, name, isAway, isBot }) {
  const existing = memberItems.get(user);
  const note = user === state.self?.user ? t('you') : isBot ? t('bot') : isAway ? t('away') : null;
  const shown = JSON.stringify([name, note]);
  if (existing?.shown === shown) return existing.item;
  const button = personButton({ user, name }, avatar(name), authorName(name, 'name'), note && el('small', { class: isBot ? 'tag' : null }, note));
  const item = el('li', { class: 'member', 'data-user': user, 'data-away': isAway || isBot, title: isolated(name) }, button);
  memberItems.set(user, { item, shown });
  return item;
}

/** @param {MemberGroup['kind']} kind */
function groupWords(kind) {
  switch (kind) {
    case 'owner': return t('Owners');
    case 'moderator': return t('Moderators');
    case 'bot': return t('Bots');
    default: return t('Members');
  }
}

/**
 * Whether the other person of a direct room is in any room that the page knows. The person need not have opened the direct room.
 * @param {Room | undefined} room
 */
function isOtherHere(room) {
  const other = room?.with?.user;
  return other !== undefined && [...state.rooms.values()].some(({ members }) => members.has(other));
}

export const renderMembers = whenChanged((/** @type {Room | undefined} */ room) => [room?.members, isOtherHere(room), room?.memberCount, room?.role, room?.roles, room?.away, room?.bots, room?.with, state.self], (room) => {
  let left = MAX_MEMBERS_SHOWN;
  const groups = (room ? memberGroups(room, state.self, isOtherHere(room)) : []).map(({ kind, members }) => {
    const shown = members.slice(0, left);
    left -= shown.length;
    return { kind, members: shown };
  });
  const members = groups.flatMap((group) => group.members);
  const more = (room?.memberCount ?? 0) - members.filter(({ isAway, isBot }) => !isAway && !isBot).length;
  const users = new Set(members.map(({ user }) => user));
  for (const user of memberItems.keys()) if (!users.has(user)) memberItems.delete(user);
  putInOrder($('members'), [
    ...groups.flatMap((group) => [
      ...groups.length > 1 ? [el('li', { class: 'group' }, el('h3', { class: 'label' }, groupWords(group.kind)))] : [],
      ...group.members.map(memberItem)]),
    ...more > 0 ? [el('li', { class: 'rest' }, t('and {count} others', { count: more }))] : []]);
  resetTabStop();
  setText($('people-heading'), room && !isDirect(room) ? t('{count} members', { count: room.memberCount }) : t('Members'));
});
