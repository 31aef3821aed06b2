// The dialog that jumps to a room, a person or a message.

import { askDirectory, askSearch, searchDirectory } from '../app/chat.mjs';
import { isApple } from '../app/page.mjs';
import { preferences } from '../app/preferences.mjs';
import { state } from '../app/store.mjs';
import { ui } from '../app/ui.mjs';
import { withoutDirectionControls } from '../direction.mjs';
import { isComposing, keyName } from '../keys.mjs';
import { numberWords, t, withParts } from '../language.mjs';
import { switcherItems } from '../switcher.mjs';
import { openDiagnostics } from './diagnostics.mjs';
import { $, avatar, closeDialogs, closestTo, el, foreign, icon, openDialog, setText, switcher, whenChanged } from './dom.mjs';
import { goToMessage } from './go-to-message.mjs';
import { goToRoom } from './navigation.mjs';
import { openConversation } from './people-menu.mjs';
import { openSearch } from './search.mjs';

/** @import { SwitcherItem } from '../types.js' */

const SEARCH_AFTER_MS = 250; // the delay after the last letter, so that a whole word causes one request
const MIN_SEARCH = 3;        // letters; a search for a shorter word would find too many messages

const query = $('switcher-query');
const list = $('switcher-list');

/** @type {SwitcherItem[]} */
let items = [];
let selected = 0;
/** Whether the person has moved the selection. If not, the first item stays selected when results arrive. */
let hasMoved = false;
let searchTimer = 0;

export function openSwitcher() {
  ui.drawer = null;
  closeDialogs();
  query.value = '';
  hasMoved = false;
  askDirectory();
  openDialog(switcher);
  renderSwitcher();
  select(0);
  query.focus();
}

export const renderSwitcher = whenChanged(() => [state.rooms, state.directory, state.found, state.current, query.value, switcher.open], () => {
  const before = hasMoved ? items[selected] : undefined;
  items = switcherItems(state, query.value, preferences.favourites);
  const kept = before ? items.findIndex(({ kind, id, seq }) => kind === before.kind && id === before.id && seq === before.seq) : -1;
  selected = Math.max(0, kept);
  draw();
});

/** @param {SwitcherItem['kind']} kind */
function headingOf(kind) {
  switch (kind) {
    case 'room': return t('Your rooms');
    case 'person': return t('People');
    case 'join': return t('Rooms to join');
    case 'diagnostics': return t('Settings');
    default: return t('Messages');
  }
}

function draw() {
  list.replaceChildren(...items.flatMap((item, index) => [
    ...index === 0 || headingOf(item.kind) !== headingOf(items[index - 1].kind) ? [el('div', { class: 'label', role: 'presentation' }, headingOf(item.kind))] : [],
    itemNode(item, index)]));
  setText($('switcher-note'), items.length ? '' : t('Nothing found.'));
  select(selected);
}

/**
 * @param {SwitcherItem} item
 * @param {number} index
 */
const itemNode = ({ kind, label, detail, isDirect, unread }, index) => el('div', { role: 'option', id: `switcher-${index}`, 'data-index': index, 'aria-selected': 'false', 'data-kind': kind },
  signOf(kind, label, Boolean(isDirect)),
  kind === 'search' ? el('span', { class: 'name' }, ...withParts(t('Search all messages for “{query}”'), { query: foreign(label) })) : foreign(label, 'name'),
  detail && el('span', { class: 'detail', dir: 'auto' }, kind === 'message' ? detail : withoutDirectionControls(detail)),
  unread ? el('span', { class: 'badge' }, numberWords(unread), el('span', { class: 'unseen' }, ` ${t('unread')}`)) : null);

/**
 * @param {SwitcherItem['kind']} kind
 * @param {string} label
 * @param {boolean} isDirect
 */
function signOf(kind, label, isDirect) {
  if (kind === 'person' || isDirect) return avatar(label);
  return el('span', { class: 'sign', 'aria-hidden': 'true' }, kind === 'diagnostics' ? icon('plug', '') : kind === 'search' || kind === 'message' ? icon('search', '') : '#');
}

/** @param {number} index */
function select(index) {
  selected = index;
  for (const node of list.querySelectorAll('[role="option"]')) node.setAttribute('aria-selected', String(node.id === `switcher-${index}`));
  const node = items[index] && document.getElementById(`switcher-${index}`);
  if (node) {
    query.setAttribute('aria-activedescendant', node.id);
    node.scrollIntoView({ block: 'nearest' });
  } else query.removeAttribute('aria-activedescendant');
}

/** @param {SwitcherItem | undefined} item */
function use(item) {
  if (!item) return;
  switcher.close();
  switch (item.kind) {
    case 'room': case 'join': return goToRoom(item.id);
    case 'person': return openConversation({ user: item.id, name: item.label });
    case 'diagnostics': return openDiagnostics();
    case 'search': return void (askSearch(item.id), openSearch(item.id));
    case 'message': return goToMessage(item.id, item.seq ?? 0);
  }
}

query.addEventListener('input', () => {
  hasMoved = false;
  renderSwitcher();
  const text = query.value.trim();
  searchDirectory(text.replace(/^[#@]/, ''));
  clearTimeout(searchTimer);
  if (text.length >= MIN_SEARCH && !/^[#@]/.test(text)) searchTimer = setTimeout(() => askSearch(text), SEARCH_AFTER_MS);
});
query.addEventListener('keydown', (event) => {
  if (isComposing(event)) return;
  if (event.key === 'Enter') {
    event.preventDefault();
    return use(items[selected]);
  }
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (!step || !items.length) return;
  event.preventDefault();
  hasMoved = true;
  select((selected + step + items.length) % items.length);
});
list.addEventListener('mousedown', (event) => event.preventDefault()); // the input keeps the focus
list.addEventListener('click', (event) => use(items[Number(closestTo(event, '[role="option"]')?.dataset.index ?? -1)]));
list.addEventListener('pointermove', (event) => {
  const index = Number(closestTo(event, '[role="option"]')?.dataset.index ?? -1);
  if (index < 0 || index === selected) return;
  hasMoved = true;
  select(index);
});
setText($('switcher-key'), keyName('Ctrl K', isApple));
$('open-switcher').setAttribute('aria-keyshortcuts', isApple ? 'Meta+K' : 'Control+K');
$('open-switcher').addEventListener('click', openSwitcher);
$('close-switcher').addEventListener('click', () => switcher.close());
switcher.addEventListener('click', (event) => { if (event.target === switcher) switcher.close(); });
switcher.addEventListener('close', () => clearTimeout(searchTimer));
