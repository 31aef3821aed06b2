// The dialog with the tokens of a room.

import { ask } from '../app/chat.mjs';
import { urlOf } from '../app/contents.mjs';
import { state } from '../app/store.mjs';
import { isolated } from '../direction.mjs';
import { fullTime } from '../formatting.mjs';
import { hookAddress, postCommand, revokeForm, tokensFrame, tokensOf } from '../programs.mjs';
import { titleOf } from '../rooms.mjs';
import { copyFrom } from './copying.mjs';
import { $, closestTo, el, foreign, openDialog, programs, setNote, setText } from './dom.mjs';
import { openForm } from './form.mjs';

/** @import { Frame, ProgramToken } from '../types.js' */

/** The room whose tokens the dialog shows. @type {string | null} */
let shown = null;

/** @param {string} name the room */
export function openPrograms(name) {
  prepare(name);
  request('list');
  $('program-name').focus();
}

/** @param {string} name the room */
function prepare(name) {
  const room = state.rooms.get(name);
  if (shown !== name) hideSecret();
  shown = name;
  setText($('programs-title'), `Programs in ${room ? titleOf(room) : `#${isolated(name)}`}`);
  $('program-list').replaceChildren();
  $('program-name').value = '';
  setProgramsNote('');
  openDialog(programs);
}

/** @param {string} words */
export function setProgramsNote(words) { setNote($('programs-note'), words, 'error'); }

/**
 * @param {'create' | 'list'} what
 * @param {string} [name]
 */
function request(what, name) {
  if (shown === null || ask(tokensFrame(shown, what, name), { kind: 'tokens', room: shown })) return true;
  setProgramsNote('For this, the page must be connected.');
  return false;
}

/**
 * Shows an answer of the server. A command that the person has typed opens the dialog.
 * @param {Frame} answer
 * @param {boolean} isTyped
 */
export function answerPrograms(answer, isTyped) {
  if (isTyped) prepare(answer.room);
  if (!programs.open || answer.room !== shown) return;
  setProgramsNote('');
  const tokens = tokensOf(answer);
  $('program-list').replaceChildren(...tokens.length ? tokens.map(tokenNode) : [el('li', { class: 'aside' }, 'No program has a token yet.')]);
  if (typeof answer.token === 'string') showSecret(answer.room, answer.name ?? '', answer.token);
  else if (answer.do === 'revoke') hideSecret();
}

/** @param {ProgramToken} token */
const tokenNode = ({ name, at }) => el('li', { 'data-name': name },
  el('div', { class: 'about' }, el('b', null, foreign(name)), el('p', null, 'Created ', el('time', { datetime: at }, fullTime(at)))),
  el('button', { type: 'button', class: 'quiet', 'data-do': 'revoke', 'aria-label': `Revoke the token of ${isolated(name)}` }, 'Revoke'));

/**
 * @param {string} room
 * @param {string} name
 * @param {string} token
 */
function showSecret(room, name, token) {
  $('program-name').value = '';
  setText($('program-secret-title'), `The token of ${isolated(name)}`);
  $('program-token').value = token;
  $('program-hook').value = hookAddress(urlOf('.'), token);
  setText($('program-curl'), postCommand(urlOf('.'), room, token));
  $('program-secret').hidden = false;
  $('program-secret').scrollIntoView({ block: 'nearest' });
  $('program-secret').focus();
}

function hideSecret() {
  $('program-secret').hidden = true;
  $('program-token').value = $('program-hook').value = '';
  setText($('program-curl'), '');
}

$('program-create').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = $('program-name').value.trim();
  if (name) request('create', name);
  else setProgramsNote('Please enter a name. The others see it beside the messages of the program.');
  if (!name) $('program-name').focus();
});
$('program-list').addEventListener('click', (event) => {
  const name = closestTo(event, '[data-do="revoke"]') && closestTo(event, '[data-name]')?.dataset.name;
  const room = state.rooms.get(shown ?? '');
  if (name && room) openForm(revokeForm(name, room));
});
$('program-secret').addEventListener('click', (event) => {
  const button = closestTo(event, '[data-copy]');
  const source = button && document.getElementById(button.dataset.copy ?? '');
  if (source) copyFrom(source, button);
});
$('close-programs').addEventListener('click', () => programs.close());
programs.addEventListener('click', (event) => { if (event.target === programs) programs.close(); });
programs.addEventListener('close', () => {
  hideSecret();
  shown = null;
});
