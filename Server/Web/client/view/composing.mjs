// Replies and edits in the input.

import { ask, maxLength } from '../app/chat.mjs';
import { onLanguage } from '../app/language.mjs';
import { notify, state } from '../app/store.mjs';
import { ui } from '../app/ui.mjs';
import { lastOwnMessage } from '../actions.mjs';
import { isolated } from '../direction.mjs';
import { t } from '../language.mjs';
import { quotedText } from '../rows.mjs';
import { tooLongWords } from '../typed-input.mjs';
import { setInput, stopComposing } from './composer.mjs';
import { showError } from './directory.mjs';
import { $, input, setText } from './dom.mjs';

/** @import { Entry, Request } from '../types.js' */

/** @param {Entry} entry */
export function startReply(entry) {
  const { seq, from } = entry;
  if (state.current === null || seq === undefined) return;
  stopComposing();
  ui.composing = { kind: 'reply', room: state.current, seq };
  showComposing(() => t('Replying to {name}', { name: isolated(from?.name ?? '?') }), quotedText(entry));
}

/**
 * Puts a message into the input to edit it. The text that was in the input stays in the draft.
 * @param {{ seq?: number, text?: string }} entry
 */
export function startEdit({ seq, text = '' }) {
  if (state.current === null || seq === undefined) return;
  stopComposing();
  ui.composing = { kind: 'edit', room: state.current, seq, draft: input.value };
  setInput(text);
  showComposing(() => t('Editing your message'));
}

let composingWords = () => '';

onLanguage(() => setText($('composing-words'), composingWords()));

/**
 * @param {() => string} words in the current language
 * @param {string} [quote] the message that the person answers
 */
function showComposing(words, quote = '') {
  composingWords = words;
  $('composing').hidden = false;
  $('composing-words').textContent = words();
  setText($('composing-quote'), quote);
  input.focus();
}

/** Edits the person's newest message. Returns whether there is one. */
export function editLast() {
  const room = state.rooms.get(state.current ?? '');
  const entry = room && lastOwnMessage(room, state.self);
  if (entry) startEdit(entry);
  return Boolean(entry);
}

/**
 * Sends the edit that is in the input. If the page can't send the edit, it shows the reason, and the text stays in the input.
 * @param {{ room: string, seq: number }} edit
 * @param {string} text
 */
export function submitEdit({ room, seq }, text) {
  if (text.length > maxLength()) showError(tooLongWords(text, maxLength()));
  else if (!ask({ type: 'edit', room, seq, text }, { kind: 'edit', room, seq, text })) showError(t('To edit a message, the page must be connected.'));
  else stopComposing();
}

/**
 * Returns the text of a rejected edit to the person: in the input if the input is free, and otherwise in a notice.
 * @param {Request} request
 */
export function returnEdit({ room, seq, text = '' }) {
  if (state.current === room && !ui.composing && !input.value) startEdit({ seq, text });
  else notify(t('This edit was not stored: {text}', { text: isolated(text) }), { room, tone: 'error' });
}

$('composing-stop').addEventListener('click', () => {
  stopComposing();
  input.focus();
});
