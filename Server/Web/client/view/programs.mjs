// The dialog for the programs of a room: its tokens, and its webhook.

import { ask } from '../app/chat.mjs';
import { urlOf } from '../app/contents.mjs';
import { state } from '../app/store.mjs';
import { hashed, isolated } from '../direction.mjs';
import { fullTime } from '../formatting.mjs';
import { t, withParts } from '../language.mjs';
import { deliveryWords, failedWords, hookAddress, postCommand, removeWebhookForm, revokeForm, tokensFrame, tokensOf, webhookFrame, webhookOf } from '../programs.mjs';
import { titleOf } from '../rooms.mjs';
import { copyFrom } from './copying.mjs';
import { $, closestTo, el, foreign, openDialog, programs, setNote, setText } from './dom.mjs';
import { openForm } from './form.mjs';

/** @import { Frame, ProgramToken, Tone, Webhook } from '../types.js' */

const REFRESH_MS = 5_000; // the server sends no frame when the state of the delivery changes

/** The room whose programs the dialog shows. @type {string | null} */
let shown = null;
/** The webhook of this room; null if no answer has arrived yet. @type {Webhook | null} */
let webhook = null;
let refreshTimer = 0;

/** @param {string} name the room */
export function openPrograms(name) {
  prepare(name);
  $('program-name').focus();
}

/** @param {string} name the room */
function prepare(name) {
  const room = state.rooms.get(name);
  const hasWebhooks = state.features.includes('webhook');
  if (shown !== name) hideSecrets();
  shown = name;
  webhook = null;
  setText($('programs-title'), t('Programs in {room}', { room: room ? titleOf(room) : hashed(name) }));
  $('program-list').replaceChildren();
  $('program-name').value = $('webhook-url').value = '';
  $('webhook').hidden = !hasWebhooks;
  showWebhook({ delivered: 0, failed: [] });
  setProgramsNote('');
  openDialog(programs);
  request(tokensFrame(name, 'list'));
  if (hasWebhooks) request(webhookFrame(name, 'show'));
  clearInterval(refreshTimer);
  refreshTimer = setInterval(refresh, REFRESH_MS);
}

/**
 * @param {string} words
 * @param {Tone} tone
 */
export function setProgramsNote(words, tone = 'error') { setNote($('programs-note'), words, tone); }

/** @param {Frame} frame */
function request(frame) {
  const isSent = ask(frame, { kind: 'tokens', room: frame.room });
  setProgramsNote(isSent ? '' : t('For this, the page must be connected.'));
}

function refresh() {
  if (shown !== null && webhook?.url) ask(webhookFrame(shown, 'show'), { kind: 'refresh', room: shown });
}

/**
 * Whether the dialog shows the room of an answer. If not, two kinds of answers open the dialog: the answer to a typed command, and an answer with a
 * secret, because the server sends the secret only once.
 * @param {Frame} answer
 * @param {boolean} isTyped
 */
function isShownFor({ room, token, secret }, isTyped) {
  if (programs.open && room === shown) return true;
  if (!isTyped && !token && !secret) return false;
  prepare(room);
  return true;
}

/**
 * Shows an answer to a `tokens` request.
 * @param {Frame} answer
 * @param {boolean} isTyped
 */
export function answerPrograms(answer, isTyped) {
  if (!isShownFor(answer, isTyped)) return;
  const tokens = tokensOf(answer);
  $('program-list').replaceChildren(...tokens.length ? tokens.map(tokenNode) : [el('li', { class: 'aside' }, t('No program has a token yet.'))]);
  if (typeof answer.token === 'string') showSecret(answer.room, answer.name ?? '', answer.token);
  else if (answer.do === 'revoke') hideToken();
  if (answer.do === 'revoke') keepFocus('program-name');
}

/**
 * Shows an answer to a `webhook` request.
 * @param {Frame} answer
 * @param {boolean} isTyped
 */
export function answerWebhook(answer, isTyped) {
  if (!isShownFor(answer, isTyped)) return;
  const isFirst = webhook === null;
  const now = webhookOf(answer);
  // The first answer fills the address in only if the person has not typed an address. A refresh does not change the address.
  const isUntouched = isFirst && $('webhook-url').value === '';
  if (isUntouched || answer.do === 'set' || answer.do === 'remove') $('webhook-url').value = now.url ?? '';
  webhook = now;
  showWebhook(answer.do === 'retry' ? { ...now, failing: undefined, failed: [] } : now);
  if (answer.do === 'retry') setProgramsNote(now.failed.length ? t('The server sends {count} events again.', { count: now.failed.length }) : t('The server tries again now.'), 'info');
  if (answer.do === 'show' && $('programs-note').dataset.tone === 'info') setProgramsNote(''); // remove the old note: the state of the delivery, which the dialog shows, is newer
  if (answer.do === 'remove') hideWebhookSecret();
  if (typeof answer.secret === 'string') showWebhookSecret(answer.secret);
  if (answer.do === 'remove' || answer.do === 'retry') keepFocus('webhook-url');
}

/**
 * Keeps the focus in the dialog after an answer that has removed the focused button.
 * @param {'program-name' | 'webhook-url'} id
 */
function keepFocus(id) {
  const focused = document.activeElement;
  if (!focused || focused === document.body || focused === programs || focused.closest('[hidden]')) $(id).focus();
}

/** @param {ProgramToken} token */
const tokenNode = ({ name, at }) => el('li', { 'data-name': name },
  el('div', { class: 'about' }, el('b', null, foreign(name)), el('p', null, ...withParts(t('Created {time}'), { time: el('time', { datetime: at }, fullTime(at)) }))),
  el('button', { type: 'button', class: 'quiet', 'data-do': 'revoke', 'aria-label': t('Revoke the token of {name}', { name: isolated(name) }) }, t('Revoke')));

/** @param {Webhook} now */
function showWebhook(now) {
  const { url, failing, failed } = now;
  setText($('webhook-state'), deliveryWords(now, state.rooms.get(shown ?? '')?.cursor ?? 0));
  $('webhook-state').toggleAttribute('data-failing', Boolean(failing));
  $('webhook-failed').hidden = failed.length === 0;
  setText($('webhook-failed-words'), t('{count} events were not delivered:', { count: failed.length }));
  $('webhook-failed-list').replaceChildren(...failed.map((one) => el('li', null, failedWords(one))));
  setText($('webhook-retry'), failed.length ? t('Send again') : t('Try now'));
  $('webhook-retry').hidden = failed.length === 0 && !failing?.next;
  $('webhook-remove').hidden = !url;
}

/**
 * @param {string} room
 * @param {string} name
 * @param {string} token
 */
function showSecret(room, name, token) {
  $('program-name').value = '';
  setText($('program-secret-title'), t('The token of {name}', { name: isolated(name) }));
  $('program-token').value = token;
  $('program-hook').value = hookAddress(urlOf('.'), token);
  setText($('program-curl'), postCommand(urlOf('.'), room, token));
  reveal($('program-secret'));
}

/** @param {string} secret */
function showWebhookSecret(secret) {
  $('webhook-secret').value = secret;
  reveal($('webhook-made'));
}

/** @param {HTMLElement} node */
function reveal(node) {
  node.hidden = false;
  node.scrollIntoView({ block: 'nearest' });
  node.focus();
}

function hideToken() {
  $('program-secret').hidden = true;
  $('program-token').value = $('program-hook').value = '';
  setText($('program-curl'), '');
}

function hideWebhookSecret() {
  $('webhook-made').hidden = true;
  $('webhook-secret').value = '';
}

function hideSecrets() {
  hideToken();
  hideWebhookSecret();
}

$('program-create').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = $('program-name').value.trim();
  if (!name) {
    setProgramsNote(t('Please enter a name. The others see it beside the messages of the program.'));
    $('program-name').focus();
  } else if (shown !== null) request(tokensFrame(shown, 'create', name));
});
$('program-list').addEventListener('click', (event) => {
  const name = closestTo(event, '[data-do="revoke"]') && closestTo(event, '[data-name]')?.dataset.name;
  const room = state.rooms.get(shown ?? '');
  if (name && room) openForm(revokeForm(name, room));
});
$('webhook-set').addEventListener('submit', (event) => {
  event.preventDefault();
  const url = $('webhook-url').value.trim();
  if (!url) {
    setProgramsNote(t('Please enter the address to which the server sends the events.'));
    $('webhook-url').focus();
  } else if (shown !== null) request(webhookFrame(shown, 'set', url));
});
$('webhook-retry').addEventListener('click', () => { if (shown !== null) request(webhookFrame(shown, 'retry')); });
$('webhook-remove').addEventListener('click', () => {
  const room = state.rooms.get(shown ?? '');
  if (room) openForm(removeWebhookForm(room));
});
$('close-programs').addEventListener('click', () => programs.close());
programs.addEventListener('click', (event) => {
  const button = closestTo(event, '[data-copy]');
  const source = button && document.getElementById(button.dataset.copy ?? '');
  if (source) copyFrom(source, button);
  else if (event.target === programs) programs.close();
});
programs.addEventListener('close', () => {
  clearInterval(refreshTimer);
  hideSecrets();
  shown = null;
});
