// The entrance: where the person chooses a name and a room.

import { createRoom, joinRoom } from '../app/chat.mjs';
import { connection } from '../app/connect.mjs';
import { forgetSession, identity, signIn } from '../app/identity.mjs';
import { onLanguage } from '../app/language.mjs';
import { isFramed, LOGIN_KEY, parameters, save, server } from '../app/page.mjs';
import { remember } from '../app/remember.mjs';
import { renderNow } from '../app/scheduling.mjs';
import { commit, notify, state } from '../app/store.mjs';
import { takeOverFirst } from '../app/takeover.mjs';
import { ui } from '../app/ui.mjs';
import { isolated, serverWords } from '../direction.mjs';
import { entranceWords, firstMode, otherMode } from '../entrance-mode.mjs';
import { sameName, sentence } from '../formatting.mjs';
import { t } from '../language.mjs';
import { withDirectNames, withMarks, withPlaceholders } from '../rooms.mjs';
import { $, input, NARROW, setText } from './dom.mjs';
import { setJoinNote } from './status.mjs';

/** @import { EntranceMode } from '../entrance-mode.mjs' */
/** @import { Entrance } from '../types.js' */

export const DEFAULT_ROOM = 'lobby';
export const accountNameWords = () => t('This is your account; to use another name, log out.');

/**
 * Connects and joins the rooms.
 * @param {Entrance} entrance
 */
export function enter(entrance) {
  identity.entering = entrance;
  identity.enteredAs = entrance.enteredAs ?? entrance.name;
  const placed = withPlaceholders(state, [...entrance.rooms, ...state.outbox.map(({ room }) => room)]);
  const next = withMarks(withDirectNames(placed, entrance.direct ?? []), entrance.marks ?? []);
  const isShown = entrance.show !== null && next.rooms.has(entrance.show);
  commit({ ...next, current: isShown ? entrance.show : next.rooms.keys().next().value ?? null });
  connection.open();
}

/**
 * Drops the user and the rooms, keeps the outbox, and enters.
 * @param {Entrance} entrance
 */
function startOver(entrance) {
  commit({ ...state, self: null, rooms: new Map(), current: null });
  enter(entrance);
}

/** Shows the chat after the page has joined the first room. */
export function showChat() {
  const isFirst = !ui.inside;
  const { entering } = identity;
  const { self } = state;
  if (self && entering?.name && !sameName(entering.name, self.name)) {
    const why = entering.refusal ? serverWords(sentence(entering.refusal)) : self.guest ? '' : accountNameWords();
    notify(`${t('You’re here as {name}.', { name: isolated(self.name) })} ${why}`, { tone: self.guest ? 'error' : 'info' });
  }
  identity.entering = null;
  ui.inside = true;
  if (isFirst) takeOverFirst();
  setJoinNote('');
  renderNow();
  remember();
  if (isFirst && !NARROW.matches) input.focus();
}

/**
 * @param {string | undefined} words
 * @param {string | null | undefined} create the room that the person can create instead
 * @param {boolean} [isAccount] whether to ask for the password of the name
 */
export function showEntrance(words, create = null, isAccount = false) {
  ui.inside = false;
  ui.drawer = null;
  if (identity.entering) $('name').value = identity.entering.name ?? '';
  renderNow();
  setJoinNote(words ?? '', 'error', create);
  setMode(isAccount ? 'login' : firstMode(server));
  if (mode === 'button') return $('sign-on').focus();
  const field = create ? $('room') : $(isAccount ? 'password' : 'name');
  field.focus();
  field.select();
}

/** @type {EntranceMode} */
let mode = 'guest';

/** @param {EntranceMode} next */
function setMode(next) {
  mode = next;
  const [hasFields, hasPassword] = [mode !== 'button', mode === 'login' || mode === 'register'];
  $('password').value = '';
  showPassword(false);
  for (const id of ['name-field', 'room-field', 'join-go']) $(id).hidden = !hasFields;
  $('password-field').hidden = !hasPassword;
  $('password').setAttribute('autocomplete', mode === 'register' ? 'new-password' : 'current-password');
  $('name').setAttribute('autocomplete', hasPassword ? 'username' : 'nickname');
  $('sign-on').hidden = server.login === null;
  $('sign-on').className = hasFields ? 'quiet' : 'solid';
  setText($('sign-on'), server.login ?? '');
  $('have-account').hidden = otherMode(mode, server) === null;
  writeWords();
}

function writeWords() {
  const words = entranceWords(mode, server);
  setText($('join-title'), words.title);
  setText($('join-lede'), words.lede);
  setText($('join-go'), words.go);
  setText($('have-account'), words.other ?? '');
}

/** @param {boolean} isVisible */
function showPassword(isVisible) {
  $('password').setAttribute('type', isVisible ? 'text' : 'password');
  setText($('show-password'), isVisible ? t('Hide') : t('Show'));
  $('show-password').setAttribute('aria-label', isVisible ? t('Hide the password') : t('Show the password'));
}

setMode(firstMode(server));
onLanguage(() => {
  writeWords();
  showPassword($('password').getAttribute('type') === 'text');
});

const roomField = () => $('room').value.trim().replace(/^#/, '');

$('join').addEventListener('submit', async (event) => {
  event.preventDefault();
  const name = $('name').value.trim();
  const room = roomField() || DEFAULT_ROOM;
  if (!name) {
    setJoinNote(entranceWords(mode, server).missingName);
    $('name').focus();
    return;
  }
  setJoinNote('');
  if (mode === 'login' || mode === 'register') {
    const answer = await signIn({ type: mode, name, password: $('password').value }, (words) => {
      setJoinNote(words);
      $('password').select();
      $('password').focus();
    });
    if (answer) $('password').value = '';
    if (answer) startOver({ name: answer.name, user: answer.user, rooms: [room], show: room });
    return;
  }
  if (connection.isOnline && state.self?.name === name) {
    identity.entering = { name, rooms: [room], show: room };
    joinRoom(room);
    return;
  }
  forgetSession();
  startOver({ name, rooms: [room], show: room, strict: true });
});

$('have-account').addEventListener('click', () => {
  setJoinNote('');
  setMode(otherMode(mode, server) ?? mode);
  $($('name').value && mode === 'login' ? 'password' : 'name').focus();
});

$('show-password').addEventListener('click', () => {
  showPassword($('password').getAttribute('type') === 'password');
  $('password').focus();
});

// Login providers do not allow other pages to show them in a frame, so the login opens in a new tab.
if (isFramed) $('sign-on').setAttribute('target', '_blank');

$('sign-on').addEventListener('click', () => {
  const room = roomField() || DEFAULT_ROOM;
  if (!isFramed) save('sessionStorage', LOGIN_KEY, room);
  const query = new URLSearchParams({ room });
  const way = parameters.get('way');
  if (way) query.set('way', way);
  $('sign-on').setAttribute('href', `login?${new URLSearchParams({ return: `?${query}` })}`);
});

$('join-create').addEventListener('click', () => createRoom(roomField()));
