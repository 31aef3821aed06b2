// The keyboard shortcuts of the page, and the names of the keys on a keyboard.

import { t } from './language.mjs';

/** @type {{ keys: string[], readonly words: string }[]} */
export const KEYS = [
  { keys: ['Ctrl K'], get words() { return t('Jump to a room, a person or a message'); } },
  { keys: ['Alt ↑', 'Alt ↓'], get words() { return t('The room before or after this one'); } },
  { keys: ['Alt Shift ↑', 'Alt Shift ↓'], get words() { return t('The unread room before or after this one'); } },
  { keys: ['Enter'], get words() { return t('Send the message'); } },
  { keys: ['Shift Enter'], get words() { return t('Begin a new line'); } },
  { keys: ['↑'], get words() { return t('Edit your last message, if the input is empty'); } },
  { keys: ['Tab'], get words() { return t('Complete a name, a room, a command or an emoji (:smile)'); } },
  { keys: ['Escape'], get words() { return t('Close what is open, then go to the newest message'); } },
  { keys: ['Enter', '↑', '↓', '←', '→'], get words() { return t('In the log: the newest message, other messages, the buttons of a message'); } },
  { keys: ['Ctrl /', '?'], get words() { return t('Show this list'); } },
];

/** The names of the keys on an Apple keyboard. @type {Record<string, string>} */
const APPLE = { Ctrl: '⌘', Alt: '⌥', Shift: '⇧' };

/**
 * The name of a key or of several keys, as the person's keyboard shows it.
 * @param {string} keys
 * @param {boolean} isApple
 */
export const keyName = (keys, isApple) => isApple ? keys.split(' ').map((key) => APPLE[key] ?? key).join(' ') : keys;

/**
 * Whether the key event has the modifier of the page's commands and no other modifier. This modifier is Ctrl. On an Apple
 * keyboard it is ⌘, because Ctrl edits text there.
 * @param {{ ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey: boolean }} event
 * @param {boolean} isApple
 */
export const isCommand = ({ ctrlKey, metaKey, altKey, shiftKey }, isApple) => !altKey && !shiftKey && (isApple ? metaKey && !ctrlKey : ctrlKey && !metaKey);

/**
 * Whether a key event comes from an input method, in which a person composes a word. Enter then accepts the word, and must not send the message.
 * Safari ends the composition before this key event. So only the key code (229) shows that the event comes from the input method.
 * @param {{ isComposing: boolean, keyCode: number }} event
 */
export const isComposing = ({ isComposing, keyCode }) => isComposing || keyCode === 229;
