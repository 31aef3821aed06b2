// The dialog that searches messages.

import { askSearch } from '../app/chat.mjs';
import { state } from '../app/store.mjs';
import { ui } from '../app/ui.mjs';
import { withoutDirectionControls } from '../direction.mjs';
import { filesOf, iconOf } from '../files.mjs';
import { fullTime } from '../formatting.mjs';
import { t, withParts } from '../language.mjs';
import { markedPieces } from '../search.mjs';
import { $, closestTo, el, foreign, hashedNodes, icon, openDialog, search, setWords, whenChanged } from './dom.mjs';
import { goToMessage } from './go-to-message.mjs';

/** @import { Frame } from '../types.js' */

const query = $('search-query');

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
  query.value = text ?? state.found?.query ?? query.value; // the last query may come from the switcher
  renderSearch();
  query.focus();
}

/** @param {string} text */
export function setSearchNote(text) {
  setWords($('search-note'), text);
}

function submit() {
  const text = query.value.trim();
  if (text) setSearchNote(askSearch(text) ? t('Searching…') : t('To search, the page must be connected.'));
}

$('open-search').addEventListener('click', () => openSearch());
$('close-search').addEventListener('click', () => search.close());
$('search-form').addEventListener('submit', (event) => {
  event.preventDefault();
  submit();
});
$('search-more').addEventListener('click', () => {
  if (state.found?.before && !askSearch(state.found.query, state.found.before)) setSearchNote(t('To search, the page must be connected.'));
});
$('search-list').addEventListener('click', (event) => {
  const button = closestTo(event, '[data-seq]');
  if (!button) return;
  search.close();
  goToMessage(button.dataset.room ?? '', Number(button.dataset.seq));
});
search.addEventListener('click', (event) => { if (event.target === search) search.close(); });
