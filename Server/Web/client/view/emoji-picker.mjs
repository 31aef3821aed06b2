// The emoji picker: a dialog with a search field, the recent emoji, and all emoji by group.

import { knownEmoji, loadEmoji, recentEmoji, rememberEmoji } from '../app/emoji.mjs';
import { emojiAfterKey, searchEmoji } from '../emoji.mjs';
import { isComposing } from '../keys.mjs';
import { t } from '../language.mjs';
import { $, closestTo, el, emojiPicker, setAttribute, setText } from './dom.mjs';
import { openMenu } from './menu.mjs';

/** @import { Emoji } from '../types.js' */

const query = $('emoji-query');
const list = $('emoji-list');

/** Called with the emoji that the person chooses. @type {(emoji: string) => void} */
let use = () => {};
let canStayOpen = false;
/** The number of emoji of each visible group. @type {number[]} */
let sizes = [];
/** The only button that the Tab key reaches. @type {Element | undefined} */
let tabStop;

/** The headings of the groups, in the order of the table. */
const HEADINGS = () => [t('Smileys and emotion'), t('People and body'), t('Animals and nature'), t('Food and drink'), t('Travel and places'), t('Activities'), t('Objects'), t('Symbols'), t('Flags')];

/**
 * Opens the picker.
 * @param {Element | null} anchor the button that opens it
 * @param {(emoji: string) => void} choose called with the emoji that the person chooses
 * @param {{ staysWithShift?: boolean }} [options] whether the Shift key keeps the picker open, so that the person can choose several emoji
 */
export async function openEmojiPicker(anchor, choose, { staysWithShift = false } = {}) {
  if (emojiPicker.open) return;
  use = choose;
  canStayOpen = staysWithShift;
  query.value = '';
  draw();
  openMenu(emojiPicker, anchor);
  query.focus();
  if (knownEmoji()) return;
  setText($('emoji-note'), t('Loading…'));
  await loadEmoji();
  if (emojiPicker.open) draw();
}

/** @returns {[string, Emoji[]][]} the visible groups with their headings */
function visibleGroups() {
  const groups = knownEmoji()?.groups ?? [];
  const all = groups.flat();
  if (query.value.trim()) return [[t('Results'), searchEmoji(all, query.value)]];
  const recent = recentEmoji().flatMap((emoji) => all.find((one) => one.emoji === emoji) ?? []);
  const headings = HEADINGS();
  return [[t('Recently used'), recent], ...groups.map((group, index) => /** @type {[string, Emoji[]]} */ ([headings[index], group]))];
}

function draw() {
  const groups = visibleGroups().filter(([, emoji]) => emoji.length);
  const language = knownEmoji()?.language;
  sizes = groups.map(([, emoji]) => emoji.length);
  list.replaceChildren(...groups.map(([heading, emoji], index) => el('div', { role: 'group', 'aria-labelledby': `emoji-group-${index}` },
    el('h2', { id: `emoji-group-${index}` }, heading),
    el('div', { class: 'grid', lang: language }, ...emoji.map(emojiNode)))));
  list.scrollTop = 0;
  setText($('emoji-note'), !knownEmoji() ? t('The emoji could not be loaded.') : groups.length ? '' : t('Nothing found.'));
  setAttribute($('emoji-name'), 'lang', language ?? null);
  setText($('emoji-name'), canStayOpen && groups.length ? t('Hold Shift to choose several.') : '');
  setTabStop(buttons()[0]);
}

/** @param {Emoji} emoji */
const emojiNode = ({ emoji, name }) => el('button', { type: 'button', tabindex: -1, 'data-emoji': emoji, 'aria-label': name }, emoji);

const buttons = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll('[data-emoji]')]);

/** @param {Element | undefined} button */
function setTabStop(button) {
  tabStop?.setAttribute('tabindex', '-1');
  button?.setAttribute('tabindex', '0');
  tabStop = button;
}

/**
 * Shows the name of the emoji that is under the pointer or has the focus. Screen readers read the label of the button.
 * @param {Event} event
 */
function showName(event) {
  const button = closestTo(event, '[data-emoji]');
  if (button) setText($('emoji-name'), `${button.dataset.emoji} ${button.getAttribute('aria-label')}`);
}

/**
 * @param {HTMLElement | null | undefined} button
 * @param {boolean} isShifted
 */
function choose(button, isShifted) {
  const emoji = button?.dataset.emoji;
  if (!emoji) return;
  rememberEmoji(emoji);
  if (!canStayOpen || !isShifted) emojiPicker.close();
  use(emoji);
}

query.addEventListener('input', draw);
query.addEventListener('keydown', (event) => {
  if (isComposing(event) || event.key !== 'Enter' && event.key !== 'ArrowDown') return;
  event.preventDefault();
  if (event.key === 'ArrowDown') /** @type {HTMLElement | undefined} */ (tabStop)?.focus();
  else if (query.value.trim() && !event.repeat) choose(buttons()[0], event.shiftKey);
});

list.addEventListener('keydown', (event) => {
  const all = buttons();
  const index = all.findIndex((button) => button === document.activeElement);
  if (index < 0) return;
  const next = emojiAfterKey(event, index, sizes);
  if (event.key === 'Enter') {
    event.preventDefault();
    if (!event.repeat) choose(all[index], event.shiftKey);
  } else if (next !== null) {
    event.preventDefault();
    (next < 0 ? query : all[next]).focus();
  } else if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey) {
    query.focus(); // the browser then types the letter there
  }
});
list.addEventListener('focusin', (event) => {
  const button = closestTo(event, '[data-emoji]');
  if (button) setTabStop(button);
  showName(event);
});
list.addEventListener('pointerover', showName);
list.addEventListener('click', (event) => choose(closestTo(event, '[data-emoji]'), event.shiftKey));

$('close-emoji').addEventListener('click', () => emojiPicker.close());
emojiPicker.addEventListener('click', (event) => { if (event.target === emojiPicker) emojiPicker.close(); });
emojiPicker.addEventListener('close', () => {
  if (!emojiPicker.open) list.replaceChildren(); // 1,900 buttons
});
