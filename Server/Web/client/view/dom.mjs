// Creates and changes DOM nodes. The page never parses text as HTML.

import { scheduleRender } from '../app/scheduling.mjs';
import { splitServerWords, withoutDirectionControls } from '../direction.mjs';
import { hueFor, initialOf } from '../formatting.mjs';
import { isRightToLeft, languageVersion } from '../language.mjs';

/** @import { Tone, User } from '../types.js' */

/**
 * The types of elements by their ids. The page uses properties of these types. All other elements have the type HTMLElement.
 * @typedef {{
 *   'name': HTMLInputElement, 'password': HTMLInputElement, 'room': HTMLInputElement, 'new-name': HTMLInputElement,
 *   'new-password': HTMLInputElement, 'old-password': HTMLInputElement, 'next-password': HTMLInputElement, 'password-name': HTMLInputElement, 'keep-name': HTMLInputElement, 'directory-filter': HTMLInputElement,
 *   'create-room': HTMLInputElement, 'create-private': HTMLInputElement, 'create-topic': HTMLInputElement, 'input': HTMLTextAreaElement, 'way': HTMLSelectElement,
 *   'directory': HTMLDialogElement, 'search': HTMLDialogElement, 'search-query': HTMLInputElement, 'search-form': HTMLFormElement, 'search-room': HTMLSelectElement, 'search-author': HTMLInputElement, 'search-since': HTMLInputElement, 'search-until': HTMLInputElement, 'search-file': HTMLInputElement, 'account': HTMLDialogElement, 'lab': HTMLDialogElement, 'diagnostics': HTMLDialogElement, 'leaving': HTMLDialogElement,
 *   'link-question': HTMLDialogElement, 'message-menu': HTMLDialogElement, 'menu-other': HTMLInputElement, 'emoji-picker': HTMLDialogElement, 'emoji-query': HTMLInputElement, 'create': HTMLFormElement,
 *   'switcher': HTMLDialogElement, 'switcher-query': HTMLInputElement, 'commands': HTMLDialogElement, 'sound': HTMLInputElement, 'quiet-for': HTMLSelectElement, 'language': HTMLSelectElement, 'alert-level': HTMLSelectElement,
 *   'attach-files': HTMLInputElement, 'viewer': HTMLDialogElement, 'programs': HTMLDialogElement, 'program-name': HTMLInputElement, 'program-token': HTMLInputElement, 'program-hook': HTMLInputElement,
 *   'webhook-url': HTMLInputElement, 'webhook-secret': HTMLInputElement,
 *   'menu': HTMLDialogElement, 'form': HTMLDialogElement, 'form-text': HTMLInputElement, 'form-choice': HTMLSelectElement, 'form-check': HTMLInputElement, 'form-yes': HTMLButtonElement,
 * }} ElementsById
 */

/**
 * Returns the element with the id. The ids are those of index.html.
 * @template {string} Id
 * @param {Id} id
 * @returns {Id extends keyof ElementsById ? ElementsById[Id] : HTMLElement}
 */
export const $ = (id) => /** @type {any} */ (document.getElementById(id));

export const app = $('app');
export const log = $('log');
export const input = $('input');
export const directory = $('directory');
export const search = $('search');
export const account = $('account');
export const leaving = $('leaving');
export const linkQuestion = $('link-question');
export const messageMenu = $('message-menu');
export const emojiPicker = $('emoji-picker');

export const menu = $('menu');
export const form = $('form');
export const switcher = $('switcher');
export const commands = $('commands');
export const viewer = $('viewer');
export const programs = $('programs');
export const diagnosticsDialog = $('diagnostics');

const DIALOGS = [directory, search, account, $('lab'), leaving, linkQuestion, messageMenu, emojiPicker, menu, form, switcher, commands, viewer, programs, diagnosticsDialog];

/**
 * Opens a dialog. Then draws the page again, because other parts of the page depend on whether a dialog is open: for example, the Back button of a
 * phone closes an open dialog.
 * @param {HTMLDialogElement} dialog
 */
export function openDialog(dialog) {
  if (!dialog.open) dialog.showModal();
  scheduleRender();
}

export const isDialogOpen = () => DIALOGS.some(({ open }) => open);

export function closeDialogs() {
  for (const dialog of DIALOGS) if (dialog.open) dialog.close();
}

/**
 * Calls the listener when any dialog has closed.
 * @param {() => void} listener
 */
export function onDialogClosed(listener) {
  for (const dialog of DIALOGS) dialog.addEventListener('close', listener);
}

/** Matches while the rooms are in a side panel. */
export const NARROW = matchMedia('(max-width: 719px)');

// When a dialog closes, the browser gives the focus back to the button that opened it. If this button is gone, the focus goes to the input, or on a
// phone to the log, because the keyboard would cover half of the chat.
onDialogClosed(() => {
  if (document.activeElement === document.body && !isDialogOpen()) (NARROW.matches ? log : input).focus();
});

/** Matches while the members are in a side panel. */
export const MEDIUM = matchMedia('(max-width: 1099px)');

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * Creates an element. Attributes and children that are null, undefined or false are left out.
 * @param {string} tag
 * @param {Record<string, string | number | boolean | null | undefined> | null} attributes
 * @param {...Child} children
 */
export function el(tag, attributes = null, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    node.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child !== null && child !== undefined && child !== false) node.append(child);
  return node;
}

/**
 * Creates an icon from the page's symbols.
 * @param {string} name
 * @param {string} className
 */
export function icon(name, className) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#i-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', className);
  svg.append(use);
  return svg;
}

/**
 * @param {HTMLElement} node
 * @param {string} name
 */
function withHue(node, name) {
  node.style.setProperty('--hue', String(hueFor(name)));
  return node;
}

/**
 * Creates the avatar for a name.
 * @param {string} name
 */
export const avatar = (name) => withHue(el('span', { class: 'face', 'aria-hidden': 'true' }, initialOf(name)), name);

/** @param {string} name */
export const authorName = (name, className = 'author') => withHue(foreign(name, `${className} said-name`), name);

/**
 * Creates the button that opens the menu of a person. In the log, the Tab key skips this button: otherwise a person would have to press Tab
 * hundreds of times to get through the log.
 * @param {User} person
 * @param {...Child} children
 */
export const personButton = ({ user, name }, ...children) => el('button', {
  type: 'button', class: 'person', tabindex: -1, 'data-action': 'person', 'data-user': user, 'data-name': name, 'aria-haspopup': 'menu',
}, ...children);

/**
 * Creates an element for text that is not the page's own: a name, a room or a topic. Its direction does not change the text around it.
 * @param {string} text
 * @param {string} [className]
 */
export const foreign = (text, className) => el('bdi', { class: className }, withoutDirectionControls(text));

/**
 * The name of a room with its number sign (#). On a right-to-left page, the sign must still be to the left of a Latin name.
 * @param {string} room
 */
export const hashedNodes = (room) => isRightToLeft() ? [foreign(`#${room}`)] : ['#', foreign(room)];

/**
 * Sets an attribute; null removes it.
 * @param {Element} node
 * @param {string} name
 * @param {string | number | null} value
 */
export function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else node.setAttribute(name, String(value));
}

/**
 * @param {Element} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {HTMLElement} note
 * @param {string} text
 * @param {Tone} tone
 */
export function setNote(note, text, tone) {
  note.hidden = !text;
  note.dataset.tone = tone;
  setWords(note, text);
}

/**
 * Creates the nodes of a text that can contain words of the server. The server's words are English on every page.
 * @param {string} text
 * @returns {Child[]}
 */
export const wordsNodes = (text) => splitServerWords(text).map((piece, index) => index % 2 ? el('span', { lang: 'en', dir: 'ltr' }, piece) : piece);

/**
 * Sets a text that can contain words of the server.
 * @param {Element} node
 * @param {string} text
 */
export function setWords(node, text) {
  if (node.textContent !== text) node.replaceChildren(...wordsNodes(text).filter((child) => child !== '').map((child) => /** @type {Node | string} */ (child)));
}

/**
 * Returns the element around the event's target that matches the selector, or null.
 * @param {Event} event
 * @param {string} selector
 */
export const closestTo = (event, selector) =>
  event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest(selector)) : null;

/**
 * Returns a function that calls `paint` only if one of the inputs, or the language of the page, has changed since the last call.
 * @template {unknown[]} Arguments
 * @param {(...given: Arguments) => unknown[]} inputs
 * @param {(...given: Arguments) => void} paint
 */
export function whenChanged(inputs, paint) {
  /** @type {unknown[]} */
  let before = [];
  return (/** @type {Arguments} */ ...given) => {
    const now = [languageVersion(), ...inputs(...given)];
    if (now.length === before.length && now.every((value, index) => value === before[index])) return;
    before = now;
    paint(...given);
  };
}
