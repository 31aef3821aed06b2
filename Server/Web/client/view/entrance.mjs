// The entrance: where the person chooses a name and a room.

import { createRoom, joinRoom } from '../app/chat.mjs';
import { connection } from '../app/connect.mjs';
import { forgetSession, identity, signIn } from '../app/identity.mjs';
import { remember } from '../app/remember.mjs';
import { renderNow } from '../app/scheduling.mjs';
import { commit, notify, state } from '../app/store.mjs';
import { takeOverFirst } from '../app/takeover.mjs';
import { ui } from '../app/ui.mjs';
import { isolated } from '../direction.mjs';
import { sameName, sentence } from '../formatting.mjs';
import { withDirectNames, withMarks, withPlaceholders } from '../rooms.mjs';
import { $, input, NARROW, setText } from './dom.mjs';
import { setJoinNote } from './status.mjs';

/** @import { Entrance } from '../types.js' */

export const DEFAULT_ROOM = 'lobby';
export const ACCOUNT_NAME_WORDS = 'This is your account; to use another name, log out.';

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
 * Enters with an empty state, except for the outbox.
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
    const why = entering.refusal ? sentence(entering.refusal) : self.guest ? '' : ACCOUNT_NAME_WORDS;
    notify(`You’re here as ${isolated(self.name)}. ${why}`, { tone: self.guest ? 'error' : 'info' });
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
 */
export function showEntrance(words, create = null) {
  ui.inside = false;
  ui.drawer = null;
  if (identity.entering) $('name').value = identity.entering.name ?? '';
  renderNow();
  setJoinNote(words ?? '', 'error', create);
  showPassword(false);
  const field = create ? $('room') : $('name');
  field.focus();
  field.select();
}

/** @param {boolean} isShown */
function showPassword(isShown) {
  $('password').value = '';
  $('password-field').hidden = !isShown;
  $('name').setAttribute('autocomplete', isShown ? 'username' : 'nickname');
  setText($('join-go'), isShown ? 'Log in' : 'Join');
  setText($('have-account'), isShown ? 'Join without an account' : 'I have an account');
}

const roomField = () => $('room').value.trim().replace(/^#/, '');

$('join').addEventListener('submit', async (event) => {
  event.preventDefault();
  const name = $('name').value.trim();
  const room = roomField() || DEFAULT_ROOM;
  if (!name) {
    setJoinNote('Please enter a name. The others see it.');
    $('name').focus();
    return;
  }
  setJoinNote('');
  if (!$('password-field').hidden) {
    const answer = await signIn({ type: 'login', name, password: $('password').value }, (words) => {
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
  showPassword($('password-field').hidden);
  $($('name').value && !$('password-field').hidden ? 'password' : 'name').focus();
});

$('join-create').addEventListener('click', () => createRoom(roomField()));
