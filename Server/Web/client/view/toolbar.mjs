// The buttons beside the menu of a message: reactions and a reply. They exist only in the message that is under the pointer or has the
// focus, because the log has hundreds of messages.

import { onLanguage } from '../app/language.mjs';
import { t } from '../language.mjs';
import { el, icon, log } from './dom.mjs';

const QUICK_EMOJI = ['👍', '❤️', '😂'];

const buttons = [
  ...QUICK_EMOJI.map((emoji) => el('button', { type: 'button', class: 'emoji', tabindex: -1, 'data-action': 'quick', 'data-emoji': emoji }, emoji)),
  el('button', { type: 'button', tabindex: -1, 'data-action': 'reply' }, icon('reply', 'reply')),
];

onLanguage(() => {
  for (const button of buttons) {
    const { emoji } = button.dataset;
    button.title = emoji ? t('React with {emoji}', { emoji }) : t('Reply');
    button.setAttribute('aria-label', button.title);
  }
});

/** Moves the buttons to the message around the event's target. @param {Event} event */
function moveTo({ target }) {
  const tools = target instanceof Element ? target.closest('.message')?.querySelector('.tools') : null;
  if (tools && buttons[0].parentElement !== tools) tools.prepend(...buttons);
}

log.addEventListener('pointerover', moveTo, { passive: true });
log.addEventListener('focusin', moveTo);
