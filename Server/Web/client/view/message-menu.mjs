// The menu of a message: reactions, reply, edit and delete. A button, a long press and the keyboard open it.

import { ask } from '../app/chat.mjs';
import { scheduleRender } from '../app/scheduling.mjs';
import { state } from '../app/store.mjs';
import { allowedActions, toggleReaction } from '../actions.mjs';
import { isolated } from '../direction.mjs';
import { indexFor } from '../log.mjs';
import { startEdit, startReply } from './composing.mjs';
import { showError } from './directory.mjs';
import { $, closestTo, el, input, log, messageMenu, setText } from './dom.mjs';

const COMMON_EMOJI = ['👍', '❤️', '😂', '🎉', '😮', '😢', '👀', '✅'];

/** The seq of the message whose menu is open. @type {number | null} */
let openSeq = null;
let isDeleteAsked = false;

/** @param {number} seq */
function messageOf(seq) {
  const room = state.rooms.get(state.current ?? '');
  const entry = room?.entries[indexFor(room.entries, { order: seq, rank: 0 })];
  return room && entry?.seq === seq ? { room, entry } : null;
}

/** @param {number} seq */
export function openMessageMenu(seq) {
  const found = messageOf(seq);
  if (!found || messageMenu.open) return;
  const allowed = allowedActions(found.entry, found.room, state.self);
  if (!allowed.reply) return;
  openSeq = seq;
  isDeleteAsked = false;
  setText($('menu-title'), `Message from ${isolated(found.entry.from?.name ?? '?')}`);
  $('menu-edit').hidden = !allowed.edit;
  $('menu-delete').hidden = !allowed.delete;
  setText($('menu-delete'), 'Delete');
  $('menu-other').value = '';
  messageMenu.showModal();
  scheduleRender();
}

/**
 * Adds the person's reaction to a message, or removes it.
 * @param {number} seq
 * @param {string} emoji
 */
export function react(seq, emoji) {
  const found = messageOf(seq);
  if (!found || !emoji) return;
  const { room, entry } = found;
  if (!ask(toggleReaction(entry, room.name, emoji, state.self), { kind: 'react', room: room.name })) showError('To react, the page must be connected.');
}

/**
 * Closes the menu, and does what the person chose if the message still exists.
 * @param {(seq: number) => void} act
 */
function choose(act) {
  const seq = openSeq;
  messageMenu.close();
  input.focus();
  if (seq !== null) act(seq);
}

$('menu-emoji').replaceChildren(...COMMON_EMOJI.map((emoji) => el('button', { type: 'button', class: 'quiet', 'data-emoji': emoji, 'aria-label': `React with ${emoji}` }, emoji)));
$('menu-emoji').addEventListener('click', (event) => {
  const emoji = closestTo(event, '[data-emoji]')?.dataset.emoji;
  if (emoji) choose((seq) => react(seq, emoji));
});
$('menu-react').addEventListener('submit', (event) => {
  event.preventDefault();
  const emoji = $('menu-other').value.trim();
  if (emoji) choose((seq) => react(seq, emoji));
});
$('menu-reply').addEventListener('click', () => choose((seq) => {
  const found = messageOf(seq);
  if (found) startReply(found.entry);
}));
$('menu-edit').addEventListener('click', () => choose((seq) => {
  const found = messageOf(seq);
  if (found) startEdit(found.entry);
}));
$('menu-delete').addEventListener('click', () => {
  if (!isDeleteAsked) {
    isDeleteAsked = true;
    setText($('menu-delete'), 'Delete for everyone?');
    return;
  }
  choose((seq) => {
    const room = state.current ?? undefined;
    if (!ask({ type: 'delete', room, seq }, { kind: 'delete', room })) showError('To delete a message, the page must be connected.');
  });
});
$('menu-cancel').addEventListener('click', () => messageMenu.close());
messageMenu.addEventListener('close', () => { openSeq = null; });

log.addEventListener('contextmenu', (event) => {
  const { pointerType } = /** @type {Partial<PointerEvent>} */ (event); // not all browsers have it here
  const isMouse = pointerType === 'mouse' || pointerType === undefined && event.button === 2; // the mouse keeps the browser's menu
  const seq = closestTo(event, '.message')?.dataset.seq;
  if (isMouse || !seq || closestTo(event, 'a')) return;
  event.preventDefault();
  openMessageMenu(Number(seq));
});

// The Enter key goes from the log to the newest message, and the arrow keys from message to message.
log.addEventListener('keydown', (event) => {
  const buttons = /** @type {HTMLElement[]} */ ([...log.querySelectorAll('[data-action="menu"]')]);
  const index = buttons.findIndex((button) => button === document.activeElement);
  /** @type {HTMLElement | undefined} */
  let target;
  if (index < 0 && event.key === 'Enter' && event.target === log) target = buttons.at(-1);
  else if (index >= 0 && event.key === 'ArrowUp' && !event.altKey) target = buttons[index - 1];
  else if (index >= 0 && event.key === 'ArrowDown' && !event.altKey) target = buttons[index + 1];
  if (!target) return;
  event.preventDefault();
  target.focus();
  target.scrollIntoView({ block: 'nearest' });
});
