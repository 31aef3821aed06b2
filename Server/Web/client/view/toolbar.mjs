// The buttons beside the menu of a message: reactions, a reply, and the change of an own message. They exist only in the message that is under the pointer or has the
// focus, because the log has hundreds of messages.

import { onLanguage } from '../app/language.mjs';
import { t } from '../language.mjs';
import { el, icon, log } from './dom.mjs';
import { mayEdit } from './message-menu.mjs';

const QUICK_EMOJI = ['👍', '❤️', '😂'];

const edit = el('button', { type: 'button', tabindex: -1, 'data-action': 'edit' }, icon('edit', ''));
const buttons = [
  ...QUICK_EMOJI.map((emoji) => el('button', { type: 'button', class: 'emoji', tabindex: -1, 'data-action': 'quick', 'data-emoji': emoji }, emoji)),
  el('button', { type: 'button', tabindex: -1, 'data-action': 'reply' }, icon('reply', 'reply')),
  edit,
];

onLanguage(() => {
  for (const button of buttons) {
    const { emoji } = button.dataset;
    button.title = emoji ? t('React with {emoji}', { emoji }) : button === edit ? t('Edit') : t('Reply');
    button.setAttribute('aria-label', button.title);
  }
});

/** Moves the buttons to the message around the event's target. @param {Event} event */
function moveTo({ target }) {
  const message = target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest('.message')) : null, tools = message?.querySelector('.tools');
  if (!tools) return;
  edit.hidden = !mayEdit(Number(message?.dataset.seq));
  if (edit.parentElement !== tools) tools.prepend(...buttons);
}

log.addEventListener('pointerover', moveTo, { passive: true });
log.addEventListener('focusin', moveTo);
