// The dialog that searches messages.

import { askSearch } from '../app/chat.mjs';
import { state } from '../app/store.mjs';
import { ui } from '../app/ui.mjs';
import { withoutDirectionControls } from '../direction.mjs';
import { filesOf, iconOf } from '../files.mjs';
import { fullTime } from '../formatting.mjs';
import { t, withParts } from '../language.mjs';
import { peopleElsewhere } from '../people.mjs';
import { newRoom, titleOf } from '../rooms.mjs';
import { markedPieces, queryOf } from '../search.mjs';
import { $, closestTo, el, foreign, hashedNodes, icon, openDialog, search, setWords, whenChanged } from './dom.mjs';
import { goToMessage } from './go-to-message.mjs';

/** @import { Frame, SearchFilters } from '../types.js' */

const query = $('search-query'), form = $('search-form'), room = $('search-room');

/** The filters of the shown results. @type {SearchFilters} */
let filters = {};

export const renderSearch = whenChanged(() => [state.found], () => {
  const found = state.found;
  $('search-list').replaceChildren(...(found?.messages ?? []).map(resultNode));
  $('search-more').hidden = !found?.before;
  if (found) setSearchNote(found.messages.length || found.before ? '' : t('No messages found.'));
});

/** @param {Frame} message */
const resultNode = ({ room, seq, at, from, text, snippet, files }) => el('li', null,
  el('button', { type: 'button', 'data-room': room, 'data-seq': seq },
    el('span', { class: 'about' }, el('span', null, ...withParts(t('{name} in {room}'), { name: el('b', null, foreign(from?.name ?? '?')), room: el('span', null, ...hashedNodes(room)) })), el('time', { datetime: at }, fullTime(at))),
    el('span', { class: 'text', dir: 'auto' }, ...markedPieces(snippet ?? { text, marks: [] }).map(([part, isMarked]) => isMarked ? el('mark', null, withoutDirectionControls(part)) : withoutDirectionControls(part))),
    ...(filesOf(files) ?? []).map((file) => el('span', { class: 'found-file' }, icon(iconOf(file), ''), foreign(file.name)))));

/** @param {string} [text] a query that the page has already sent */
export function openSearch(text) {
  ui.drawer = null;
  openDialog(search);
  const chosen = room.value;
  room.replaceChildren(el('option', { value: '' }, t('All rooms')), ...[...state.rooms.values()].map((one) => el('option', { value: one.name }, titleOf(one))));
  if (state.rooms.has(chosen)) room.value = chosen;
  $('search-authors').replaceChildren(...peopleElsewhere(state, newRoom('')).map((value) => el('option', { value })));
  const last = text ?? state.found?.query; // the last query may come from the switcher
  if (text !== undefined || last !== undefined && last !== query.value) {
    form.reset();
    filters = {};
    query.value = last ?? '';
  }
  renderSearch();
  query.focus();
}

/** @param {string} text */
export function setSearchNote(text) {
  setWords($('search-note'), text);
}

/** @param {number} [before] */
function submit(before) {
  if (before === undefined) {
    filters = { author: $('search-author').value.trim(), since: $('search-since').value, until: $('search-until').value, hasFile: $('search-file').checked };
    // The server does not search all rooms for a day alone.
    if (!room.value && !query.value.trim() && !filters.author && !filters.hasFile && (filters.since || filters.until)) room.value = state.current ?? '';
    filters.room = room.value;
  }
  const text = before === undefined ? query.value.trim() : state.found?.query ?? '';
  if (queryOf(text, filters)) setSearchNote(askSearch(text, filters, before) ? t('Searching…') : t('To search, the page must be connected.'));
}

$('open-search').addEventListener('click', () => openSearch());
$('close-search').addEventListener('click', () => search.close());
form.addEventListener('submit', (event) => {
  event.preventDefault();
  submit();
});
$('search-filters').addEventListener('change', () => submit());
$('search-more').addEventListener('click', () => submit(state.found?.before ?? undefined));
$('search-list').addEventListener('click', (event) => {
  const button = closestTo(event, '[data-seq]');
  if (!button) return;
  search.close();
  goToMessage(button.dataset.room ?? '', Number(button.dataset.seq));
});
search.addEventListener('click', (event) => { if (event.target === search) search.close(); });
