// The menu of a message: reactions, reply, edit and delete. A button, a long press and the keyboard open it.

import { ask } from '../app/chat.mjs';
import { onLanguage } from '../app/language.mjs';
import { roomLink } from '../app/page.mjs';
import { state } from '../app/store.mjs';
import { allowedActions, toggleReaction } from '../actions.mjs';
import { isolated } from '../direction.mjs';
import { COMMON_EMOJI } from '../emoji.mjs';
import { stepOf, t } from '../language.mjs';
import { eventAt } from '../log.mjs';
import { isDirect } from '../rooms.mjs';
import { startEdit, startReply } from './composing.mjs';
import { copyText } from './copying.mjs';
import { showError } from './directory.mjs';
import { $, closestTo, el, input, log, messageMenu, setText } from './dom.mjs';
import { openEmojiPicker } from './emoji-picker.mjs';
import { openMenu, rove } from './menu.mjs';
import { openPersonMenu } from './people-menu.mjs';

/** @import { Entry, Room } from '../types.js' */

/** The message whose menu is open. @type {{ room: string, seq: number } | null} */
let opened = null;
const DOUBLE_CLICK_MS = 500;
const SHOWN_FOR_MS = 700; // how long the menu shows that it has copied the text

let isDeleteAsked = false;

/**
 * Returns the message of the current room, or null.
 * @param {number} seq
 */
function messageOf(seq) {
  const room = state.rooms.get(state.current ?? '');
  const entry = room && eventAt(room.entries, seq);
  return room && entry ? { room, entry } : null;
}

/**
 * @param {number} seq
 * @param {Element | null} anchor the button that opens the menu
 */
export function openMessageMenu(seq, anchor) {
  const found = messageOf(seq);
  if (!found || messageMenu.open) return;
  const allowed = allowedActions(found.entry, found.room, state.self);
  if (!allowed.reply) return;
  opened = { room: found.room.name, seq };
  isDeleteAsked = false;
  $('menu-delete').removeAttribute('aria-disabled');
  setText($('menu-title'), t('Message from {name}', { name: isolated(found.entry.from?.name ?? '?') }));
  $('menu-edit').hidden = !allowed.edit;
  $('menu-delete').hidden = !allowed.delete;
  $('menu-copy').hidden = !found.entry.text;
  $('menu-link').hidden = isDirect(found.room);
  setText($('menu-delete'), t('Delete'));
  $('menu-other').value = '';
  $('menu-person').hidden = found.entry.from?.user === state.self?.user;
  openMenu(messageMenu, anchor);
  resetTabStop();
  /** @type {HTMLElement} */ ($('menu-emoji').children[0]).focus();
}

/** @param {number | undefined} seq */
const menuButtonOf = (seq) => /** @type {HTMLElement | null} */ (log.querySelector(`[data-action="menu"][data-seq="${Number(seq)}"]`));

/**
 * Adds the person's reaction to a message of the current room, or removes it.
 * @param {number} seq
 * @param {string} emoji
 */
export function react(seq, emoji) {
  const found = messageOf(seq);
  if (found && emoji) toggle(found.entry, found.room, emoji);
}

/** @param {number} seq */
const ownMessage = (seq) => {
  const found = messageOf(seq);
  return found && allowedActions(found.entry, found.room, state.self).edit ? found.entry : null;
};

/** Whether the person may change a message of the current room. @param {number} seq */
export const mayEdit = (seq) => ownMessage(seq) !== null;

/**
 * Starts the change of an own message of the current room.
 * @param {number} seq
 */
export function edit(seq) {
  const entry = ownMessage(seq);
  if (entry) startEdit(entry);
}

/**
 * Starts a reply to a message of the current room.
 * @param {number} seq
 */
export function replyTo(seq) {
  const found = messageOf(seq);
  if (found && allowedActions(found.entry, found.room, state.self).reply) startReply(found.entry);
}

/**
 * @param {Entry} entry
 * @param {Room} room
 * @param {string} emoji
 */
function toggle(entry, room, emoji) {
  if (!ask(toggleReaction(entry, room.name, emoji, state.self), { kind: 'react', room: room.name })) showError(t('To react, the page must be connected.'));
}

/**
 * Closes the menu, and calls `act` with the message of the menu. If a frame has changed the current room while the menu was open, it does not call
 * `act`, because the same seq is another message in the new room.
 * @param {(entry: Entry, room: Room) => void} act
 */
function choose(act) {
  const found = opened?.room === state.current ? messageOf(opened.seq) : null;
  messageMenu.close();
  input.focus();
  if (found) act(found.entry, found.room);
}

onLanguage(() => $('menu-emoji').replaceChildren(...COMMON_EMOJI.map((emoji) => el('button', { type: 'button', class: 'quiet', 'data-emoji': emoji, 'aria-label': t('React with {emoji}', { emoji }) }, emoji))));
$('menu-emoji').addEventListener('click', (event) => {
  const emoji = closestTo(event, '[data-emoji]')?.dataset.emoji;
  if (emoji) choose((entry, room) => toggle(entry, room, emoji));
});
$('menu-react').addEventListener('submit', (event) => {
  event.preventDefault();
  const emoji = $('menu-other').value.trim();
  if (emoji) choose((entry, room) => toggle(entry, room, emoji));
});
$('menu-more').addEventListener('click', () => choose(({ seq }, { name: room }) => {
  const button = menuButtonOf(seq);
  button?.focus(); // when the picker closes, the browser gives the focus back to this button
  openEmojiPicker(button, (emoji) => { if (state.current === room) react(Number(seq), emoji); });
}));
$('menu-reply').addEventListener('click', () => choose(startReply));
/**
 * Copies a text of the menu's message. The button confirms the copy, and the menu closes after a moment.
 * @param {HTMLElement} button
 * @param {(entry: Entry, room: Room) => string} textOf
 */
function copy(button, textOf) {
  const menu = opened, found = menu?.room === state.current ? messageOf(menu.seq) : null;
  if (!found) return messageMenu.close();
  copyText(textOf(found.entry, found.room), button);
  setTimeout(() => { if (opened === menu) messageMenu.close(); }, SHOWN_FOR_MS);
}
$('menu-copy').addEventListener('click', () => copy($('menu-copy'), ({ text }) => text ?? ''));
$('menu-link').addEventListener('click', () => copy($('menu-link'), ({ seq }, room) => roomLink(room.name, seq)));
$('menu-edit').addEventListener('click', () => choose(startEdit));
$('menu-delete').addEventListener('click', () => {
  if (!isDeleteAsked) {
    isDeleteAsked = true;
    $('menu-delete').setAttribute('aria-disabled', 'true');
    setTimeout(() => $('menu-delete').removeAttribute('aria-disabled'), DOUBLE_CLICK_MS);
    setText($('menu-delete'), t('Delete for everyone?'));
    return;
  }
  // The second click of a double click is no answer to the question.
  if ($('menu-delete').hasAttribute('aria-disabled')) return;
  choose(({ seq }, { name: room }) => {
    if (!ask({ type: 'delete', room, seq }, { kind: 'delete', room })) showError(t('To delete a message, the page must be connected.'));
  });
});
$('menu-person').addEventListener('click', () => choose(({ seq, from }) => {
  if (from) openPersonMenu(from, menuButtonOf(seq));
}));
$('menu-cancel').addEventListener('click', () => messageMenu.close());
messageMenu.addEventListener('click', (event) => { if (event.target === messageMenu) messageMenu.close(); });
const resetTabStop = rove($('menu-actions'));
messageMenu.addEventListener('close', () => { opened = null; });

log.addEventListener('contextmenu', (event) => {
  const { pointerType } = /** @type {Partial<PointerEvent>} */ (event); // not all browsers set pointerType for this event
  if (event.defaultPrevented) return; // the event has already opened the menu of a person
  const isMouse = pointerType === 'mouse' || pointerType === undefined && event.button === 2; // a right click opens the browser's own menu
  const seq = closestTo(event, '.message')?.dataset.seq;
  if (isMouse || !seq || closestTo(event, 'a')) return;
  event.preventDefault();
  openMessageMenu(Number(seq), closestTo(event, '.message'));
});

// The Enter key goes from the log to the newest message. The arrow keys go from message to message, and between the buttons of a message.
log.addEventListener('keydown', (event) => {
  if (event.altKey || !['Enter', 'ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'].includes(event.key)) return;
  const menus = /** @type {HTMLElement[]} */ ([...log.querySelectorAll('[data-action="menu"]')]);
  const index = menus.findIndex((button) => button.closest('.message')?.contains(document.activeElement));
  const buttons = /** @type {HTMLElement[]} */ ([...menus[index]?.closest('.message')?.querySelectorAll('button, a') ?? []]);
  const own = buttons.findIndex((button) => button === document.activeElement);
  /** @type {HTMLElement | undefined} */
  let target;
  const step = stepOf(event.key);
  switch (event.key) {
    case 'Enter': target = event.target === log ? menus.at(-1) : undefined; break;
    case 'ArrowUp': target = index >= 0 ? menus[index - 1] : undefined; break;
    case 'ArrowDown': target = index >= 0 ? menus[index + 1] : undefined; break;
    default: target = step < 0 ? own >= 0 ? buttons[own - 1] : buttons.at(-1) : buttons[own + 1];
  }
  if (!target) return;
  event.preventDefault();
  target.focus();
  target.scrollIntoView({ block: 'nearest' });
});
