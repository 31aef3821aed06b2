// The menu of a person, in the log and in the list of members.

import { ask } from '../app/chat.mjs';
import { scheduleRender } from '../app/scheduling.mjs';
import { state } from '../app/store.mjs';
import { ui } from '../app/ui.mjs';
import { isolated } from '../direction.mjs';
import { moderationForm, roleForm } from '../forms.mjs';
import { t } from '../language.mjs';
import { allowedPersonActions, personMenu, personWords, withPresentName } from '../people.mjs';
import { directRoomWith } from '../rooms.mjs';
import { openAccount } from './account.mjs';
import { insertMention } from './composer.mjs';
import { showError } from './directory.mjs';
import { $, closestTo, input, log } from './dom.mjs';
import { openForm } from './form.mjs';
import { closeDrawer } from './layout.mjs';
import { showMenu } from './menu.mjs';
import { goToRoom } from './navigation.mjs';

/** @import { PersonAction, User } from '../types.js' */

/**
 * Opens the menu of a person in the current room. A click on the person's own name opens the account instead.
 * @param {User} person
 * @param {Element | null} anchor the button of the name
 */
export function openPersonMenu(person, anchor) {
  const room = state.rooms.get(state.current ?? '');
  if (!room) return;
  if (person.user === state.self?.user) return openAccount();
  const present = withPresentName(room, person);
  const actions = allowedPersonActions(present, room, state.self);
  const card = { title: isolated(present.name), words: personWords(present, room), face: present.name };
  if (actions.length) showMenu(card, personMenu(actions), anchor, (id) => use(/** @type {PersonAction} */ (id), present, room.name));
}

/**
 * @param {PersonAction} action
 * @param {User} person
 * @param {string} name the room in which the menu was opened
 */
function use(action, person, name) {
  const room = state.rooms.get(name);
  if (action === 'message') return openConversation(person);
  if (!room) return;
  switch (action) {
    case 'mention': return mention(person, name);
    case 'owner': case 'moderator': case 'member': return openForm(roleForm(action, person, room));
    default: return openForm(moderationForm(action, person, room));
  }
}

/**
 * Opens the direct room with a person.
 * @param {User} person
 */
export function openConversation({ user, name }) {
  const direct = directRoomWith(state, user);
  if (direct && !direct.removed) return goToRoom(direct.name);
  ui.drawer = null; // close the side panel, because an error would appear in the log behind it
  scheduleRender();
  if (!ask({ type: 'dm', to: name }, { kind: 'dm', show: true })) showError(t('To write to somebody, the page must be connected.'));
}

/**
 * Inserts a mention. Does nothing if a frame has changed the current room while the menu was open, because the mention is for the room of the menu.
 * @param {User} person
 * @param {string} room
 */
function mention({ name }, room) {
  closeDrawer();
  if (state.current !== room) return;
  insertMention(name);
  input.focus();
}

/** @param {Event} event */
function openFor(event) {
  const button = closestTo(event, '[data-action="person"]');
  const { user = '', name = '' } = button?.dataset ?? {};
  if (button) openPersonMenu({ user, name }, button);
  return button !== null;
}

$('members').addEventListener('click', openFor);
for (const list of [$('members'), log]) list.addEventListener('contextmenu', (event) => { if (openFor(event)) event.preventDefault(); });
