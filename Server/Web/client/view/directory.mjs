// The dialog that lists the server's rooms and creates new ones.

import { askDirectory, createRoom, searchDirectory } from '../app/chat.mjs';
import { notify, state } from '../app/store.mjs';
import { ui } from '../app/ui.mjs';
import { hashed, isolated } from '../direction.mjs';
import { t } from '../language.mjs';
import { $, directory, el, foreign, hashedNodes, openDialog, setWords, whenChanged } from './dom.mjs';

// The names of direct rooms at the server. The list of the person's rooms shows the name of the other person instead.
const DIRECT_ROOM = /^dm-[0-9a-f]{32}$/;

const filter = $('directory-filter');

const wantedText = () => filter.value.trim().replace(/^#/, '');

export const renderDirectory = whenChanged(() => [state.directory, [...state.rooms.keys()].join(), filter.value], () => {
  const wanted = wantedText().toLowerCase();
  const found = state.directory.filter(({ room, topic }) => !DIRECT_ROOM.test(room) && `${room} ${topic ?? ''}`.toLowerCase().includes(wanted));
  $('directory-list').replaceChildren(...found.map(({ room, topic, memberCount }) => {
    const isJoined = state.rooms.has(room);
    return el('li', null,
      el('div', { class: 'about' }, el('b', null, ...hashedNodes(room)), topic && el('p', { title: isolated(topic) }, foreign(topic))),
      el('span', { class: 'count' }, memberCount === undefined ? '' : t('{count} members', { count: memberCount })),
      el('button', { type: 'button', class: 'quiet', 'data-room': room, 'aria-label': isJoined ? t('Open {room}', { room: hashed(room) }) : t('Join {room}', { room: hashed(room) }) }, isJoined ? t('Open') : t('Join')));
  }), ...found.length ? [] : [el('li', null, wanted ? t('No room matches “{query}”. Create it below.', { query: isolated(wanted) }) : t('There are no rooms yet. Create the first one below.'))]);
});

export function openDirectory(note = '') {
  setDirectoryNote(note);
  ui.drawer = null;
  openDialog(directory);
  askDirectory({ isFresh: true });
  renderDirectory();
  filter.focus();
}

export function closeDirectory() {
  if (directory.open) directory.close();
}

/** @param {string} text */
export function setDirectoryNote(text) {
  $('directory-note').hidden = !text;
  setWords($('directory-note'), text);
}

/**
 * Shows an error in the current room's log, or in the directory if the person is in no room. Always returns false, so that a caller can return this result.
 * @param {string} text
 */
export function showError(text) {
  if (state.current) notify(text, { tone: 'error' });
  else openDirectory(text);
  return false;
}

$('open-directory').addEventListener('click', () => openDirectory());
$('close-directory').addEventListener('click', closeDirectory);
filter.addEventListener('input', () => {
  renderDirectory();
  searchDirectory(wantedText());
});
$('create').addEventListener('submit', (event) => {
  event.preventDefault();
  const room = $('create-room').value.trim().replace(/^#/, '');
  if (!room) {
    setDirectoryNote(t('Please enter a name for the new room.'));
    $('create-room').focus();
  } else if (!createRoom(room, $('create-topic').value.trim(), $('create-private').checked)) setDirectoryNote(t('To create a room, the page must be connected.'));
});
directory.addEventListener('close', () => {
  $('create').reset();
  filter.value = '';
});
directory.addEventListener('click', (event) => { if (event.target === directory) closeDirectory(); });
