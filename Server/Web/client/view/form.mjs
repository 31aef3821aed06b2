// The dialog for a question about a person or a room. The dialog stays open until the server has answered, so the person sees an error in the dialog.

import { ask } from '../app/chat.mjs';
import { continuePurge } from '../app/purge.mjs';
import { notify } from '../app/store.mjs';
import { errorWords } from '../formatting.mjs';
import { t } from '../language.mjs';
import { $, el, form, openDialog, setAttribute, setNote, setText } from './dom.mjs';

/** @import { Form, Frame, Request } from '../types.js' */

/** The question that the dialog shows. @type {Form | null} */
let opened = null;
/** The request that the dialog waits for. @type {Request | null} */
let asked = null;

/**
 * Asks a question.
 * @param {Form} question
 */
export function openForm(question) {
  const { title, words, yes, isDangerous, field, choice, check } = question;
  opened = question;
  setText($('form-title'), title);
  setText($('form-words'), words);
  setText($('form-yes'), yes);
  $('form-yes').toggleAttribute('data-danger', Boolean(isDangerous));
  $('form-text-field').hidden = !field;
  setText($('form-text-label'), field?.label ?? '');
  $('form-text').value = field?.value ?? '';
  $('form-text').maxLength = field?.maxLength ?? 0;
  $('form-names').replaceChildren(...(field?.names ?? []).map((name) => el('option', { value: name })));
  setAttribute($('form-text'), 'list', field?.names?.length ? 'form-names' : null);
  $('form-choice-field').hidden = !choice;
  setText($('form-choice-label'), choice?.label ?? '');
  $('form-choice').replaceChildren(...(choice?.options ?? []).map((option) => el('option', { value: option.value }, option.words)));
  $('form-choice').value = choice?.value ?? '';
  $('form-check-field').hidden = !check;
  setText($('form-check-label'), check?.label ?? '');
  $('form-check').checked = false;
  wait(null);
  setNote($('form-note'), '', 'error');
  openDialog(form);
  if (isDangerous) $('form-no').focus();
  else if (field && !choice) $('form-text').focus();
}

/** @param {Request | null} request */
function wait(request) {
  asked = request;
  $('form-yes').disabled = request !== null;
}

/** @param {string} words */
function showNote(words) {
  wait(null);
  setNote($('form-note'), words, 'error');
}

function submit() {
  if (!opened || asked) return;
  const question = opened;
  const text = question.field ? $('form-text').value.trim() : '';
  if (question.field?.isRequired && !text) {
    showNote(t('Please enter a name.'));
    $('form-text').focus();
    return;
  }
  /** @type {Request} */
  const request = { kind: 'form', done: question.done?.(text), purge: $('form-check').checked ? question.check?.purge : undefined };
  if (ask(question.frame(text, question.choice ? $('form-choice').value : ''), request)) wait(request);
  else showNote(t('For this, the page must be connected.'));
}

/**
 * Handles the answer to a request of the dialog. If the person has closed the dialog, the log of the current room shows the error.
 * @param {Request} request
 * @param {Frame} answer
 */
export function answerForm(request, answer) {
  const isError = answer.type === 'error';
  const isShown = request === asked && form.open;
  if (isShown && isError) showNote(errorWords(answer));
  else if (isShown) closeForm();
  if (!isShown && isError) notify(errorWords(answer), { tone: 'error' });
  if (!isError && request.done) notify(request.done);
  if (!isError && request.purge) continuePurge(request.purge);
}

/** Call this when the connection has ended, because no answer will come. */
export function stopWaitingForForm() {
  if (asked) showNote(t('The connection was lost. Please try again when you are connected.'));
}

function closeForm() {
  opened = null;
  asked = null;
  form.close();
}

$('form-body').addEventListener('submit', (event) => {
  event.preventDefault();
  submit();
});
$('form-no').addEventListener('click', closeForm);
form.addEventListener('close', () => { opened = asked = null; });
