// Copies text to the clipboard. A page over plain HTTP has no navigator.clipboard, so it selects the text and lets the browser copy the
// selection.

import { t } from '../language.mjs';
import { el, icon } from './dom.mjs';

const SHOWN_FOR_MS = 1_500;

/**
 * Copies the text of an element, and shows on the button that the text was copied.
 * @param {HTMLElement} source
 * @param {HTMLElement} button
 */
export function copyFrom(source, button) {
  if (source instanceof HTMLInputElement) source.select();
  else getSelection()?.selectAllChildren(source);
  const isDone = document.execCommand('copy');
  if (!(source instanceof HTMLInputElement)) getSelection()?.removeAllRanges();
  if (isDone) confirm(button);
}

/**
 * Copies a text, and shows on the button that the text was copied. The text is selected beside the button, because a modal dialog makes all other nodes
 * inert.
 * @param {string} text
 * @param {HTMLElement} button
 */
export function copyText(text, button) {
  const field = /** @type {HTMLTextAreaElement} */ (el('textarea', { class: 'unseen', 'aria-hidden': 'true', tabindex: -1 }));
  field.value = text;
  button.after(field);
  field.select();
  const isDone = document.execCommand('copy');
  field.remove();
  button.focus();
  if (isDone) confirm(button);
}

/** @param {HTMLElement} button */
function confirm(button) {
  if (button.hasAttribute('data-done')) return;
  const before = [...button.childNodes], label = button.getAttribute('aria-label');
  button.setAttribute('data-done', '');
  button.replaceChildren(icon('tick', 'copy-icon'), ...label === null ? [t('Copied')] : []);
  if (label !== null) button.setAttribute('aria-label', t('Copied'));
  setTimeout(() => {
    button.removeAttribute('data-done');
    button.replaceChildren(...before);
    if (label !== null) button.setAttribute('aria-label', label);
  }, SHOWN_FOR_MS);
}
