// The menu of a person or a room, and what all menus share: where they open, and how the focus moves. On a narrow page, a menu is at the
// bottom, where a thumb reaches it.

import { focusAfterKey, menuPlace } from '../menus.mjs';
import { $, avatar, closestTo, el, icon, menu, NARROW, openDialog, setText } from './dom.mjs';

/** @import { MenuItem } from '../types.js' */

const ITEMS = '[data-item]';

/**
 * @param {HTMLElement} list
 * @param {string} selector
 */
const visibleIn = (list, selector) => (/** @type {HTMLElement[]} */ ([...list.querySelectorAll(selector)])).filter(({ hidden }) => !hidden);

/**
 * Lets the Tab key reach only one entry of a list.
 * @param {HTMLElement[]} entries
 * @param {HTMLElement | undefined} reached
 */
function setTabStop(entries, reached) {
  for (const entry of entries) entry.setAttribute('tabindex', entry === reached ? '0' : '-1');
}

/**
 * Lets the arrow keys and letters move the focus in a list. Returns a function that the caller must call after the entries have changed.
 * @param {HTMLElement} list
 * @param {string} selector
 */
export function rove(list, selector = ITEMS) {
  list.addEventListener('keydown', (event) => {
    const entries = visibleIn(list, selector);
    const index = entries.findIndex((entry) => entry === document.activeElement);
    const next = focusAfterKey(event, index, entries.map(({ textContent }) => (textContent ?? '').trim()));
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    setTabStop(entries, entries[next]);
    entries[next].focus();
  });
  return () => {
    const entries = visibleIn(list, selector);
    setTabStop(entries, entries.find((entry) => entry === document.activeElement || entry.getAttribute('tabindex') === '0') ?? entries[0]);
  };
}

/**
 * Opens a menu beside the button that the person used.
 * @param {HTMLDialogElement} dialog
 * @param {Element | null} anchor
 */
export function openMenu(dialog, anchor) {
  openDialog(dialog);
  const isPlaced = anchor !== null && !NARROW.matches;
  dialog.toggleAttribute('data-placed', isPlaced);
  if (!isPlaced) return;
  const { clientWidth: width, clientHeight: height } = document.documentElement;
  const { left, top } = menuPlace(anchor.getBoundingClientRect(), dialog.getBoundingClientRect(), { width, height });
  dialog.style.setProperty('--menu-left', `${left}px`);
  dialog.style.setProperty('--menu-top', `${top}px`);
}

/** The avatar in the head of the menu. @type {HTMLElement | null} */
let menuFace = null;

/** Called with the id of the entry that the person chooses. @type {(id: string) => void} */
let use = () => {};

/**
 * Shows a menu.
 * @param {{ title: string, words?: string, face?: string }} card the title, what is below it, and the name whose avatar is beside it
 * @param {MenuItem[]} items
 * @param {Element | null} anchor the button that opens the menu
 * @param {(id: string) => void} choose called after the menu has closed
 */
export function showMenu({ title, words = '', face }, items, anchor, choose) {
  use = choose;
  setText($('menu-name'), title);
  setText($('menu-words'), words);
  menu.toggleAttribute('data-card', face !== undefined);
  menuFace?.remove();
  menuFace = face === undefined ? null : avatar(face);
  if (menuFace) $('menu-card').append(menuFace);
  $('menu-items').replaceChildren(...items.flatMap((item, index) => [
    ...index > 0 && item.group !== items[index - 1].group ? [el('div', { role: 'separator' })] : [], itemNode(item)]));
  openMenu(menu, anchor);
  resetTabStop();
  visibleIn($('menu-items'), ITEMS)[0]?.focus();
}

/** @param {MenuItem} item */
const itemNode = ({ id, words, isDangerous, isChecked }) => el('button', {
  type: 'button', role: isChecked === undefined ? 'menuitem' : 'menuitemradio', 'aria-checked': isChecked === undefined ? null : String(isChecked),
  class: isDangerous && 'danger', 'data-item': id,
}, words, isChecked && icon('tick', 'chosen'));

const resetTabStop = rove($('menu-items'));

$('menu-items').addEventListener('click', (event) => {
  const id = closestTo(event, ITEMS)?.dataset.item;
  if (id === undefined) return;
  menu.close();
  use(id);
});
$('menu-close').addEventListener('click', () => menu.close());
menu.addEventListener('click', (event) => { if (event.target === menu) menu.close(); });
