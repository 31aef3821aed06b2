// The menu of a room, for example to set its topic, to invite somebody or to leave.

import { ask } from '../app/chat.mjs';
import { preferences, toggleFavourite } from '../app/preferences.mjs';
import { state } from '../app/store.mjs';
import { closeForm, inviteForm, slowForm, topicForm } from '../forms.mjs';
import { isolated } from '../direction.mjs';
import { t } from '../language.mjs';
import { peopleElsewhere } from '../people.mjs';
import { roomMenu } from '../room-actions.mjs';
import { isDirect, titleOf } from '../rooms.mjs';
import { showError } from './directory.mjs';
import { $, closestTo } from './dom.mjs';
import { openForm } from './form.mjs';
import { showMenu } from './menu.mjs';
import { askToLeave } from './navigation.mjs';
import { openPrograms } from './programs.mjs';

/** @import { NotifyLevel } from '../types.js' */

/**
 * @param {string | null | undefined} name
 * @param {Element} anchor
 */
function openRoomMenu(name, anchor) {
  const room = state.rooms.get(name ?? '');
  if (!room) return;
  // On a phone, the head has no space for a long topic.
  const members = room.isPrivate ? t('{count} members, private', { count: room.memberCount }) : t('{count} members', { count: room.memberCount });
  const card = { title: titleOf(room), words: isDirect(room) ? '' : room.topic ? `${isolated(room.topic)}\n${members}` : members };
  showMenu(card, roomMenu(room, preferences.favourites.includes(room.name)), anchor, (id) => use(id, room.name));
}

/**
 * Does what an entry of the menu says.
 * @param {string} id
 * @param {string} name
 */
export function use(id, name) {
  const room = state.rooms.get(name);
  if (!room) return;
  switch (id) {
    case 'topic': return openForm(topicForm(room));
    case 'invite': return openForm(inviteForm(room, peopleElsewhere(state, room)));
    case 'slow': return openForm(slowForm(room));
    case 'close': return openForm(closeForm(room, state.outbox.filter((item) => item.room === name).length));
    case 'programs': return openPrograms(name);
    case 'favourite': return toggleFavourite(name);
    case 'leave': return askToLeave(name);
    default: return setLevel(/** @type {NotifyLevel} */ (id), name);
  }
}

/**
 * @param {NotifyLevel} level
 * @param {string} room
 */
function setLevel(level, room) {
  if (!ask({ type: 'notify', room, level }, { kind: 'notify', room, level })) showError(t('To change this, the page must be connected.'));
}

$('open-room-menu').addEventListener('click', () => openRoomMenu(state.current, $('open-room-menu')));
$('head').addEventListener('contextmenu', (event) => {
  if (!closestTo(event, '.title, #open-room-menu')) return;
  event.preventDefault();
  openRoomMenu(state.current, $('open-room-menu'));
});
$('rooms').addEventListener('contextmenu', (event) => {
  const button = closestTo(event, '[data-room]');
  if (!button) return;
  event.preventDefault();
  openRoomMenu(button.dataset.room, button);
});
