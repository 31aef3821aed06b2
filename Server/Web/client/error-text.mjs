// Translates the server's error texts and descriptions of commands into the language of the page.

import { serverWords } from './direction.mjs';
import { isEnglish, t, translated } from './language.mjs';

/**
 * Returns the page's own text for an error code that has only one meaning. Returns '' for any other code, because the server's text says more.
 * @param {string | undefined} code
 */
function textFor(code) {
  switch (code) {
    case 'banned': return t('You are banned from this room.');
    case 'muted': return t('You are muted in this room.');
    case 'slow-mode': return t('The room is in slow mode.');
    case 'rate-limited': return t('Too many requests.');
    case 'name-taken': return t('This name is taken.');
    case 'bad-name': return t('This name can’t be used.');
    case 'unknown-type': return t('There is no such command.');
    case 'missing-field': return t('The command is not complete.');
    case 'not-found': return t('The person or the message was not found.');
    case 'no-room': return t('There is no such room.');
    case 'room-exists': return t('There is a room with this name, or with a name that looks the same.');
    case 'not-in-room': return t('You are not in this room.');
    case 'not-offered': return t('This server does not offer this.');
    case 'unavailable': return t('The server cannot do this at the moment.');
    case 'internal': return t('The server failed.');
    default: return '';
  }
}

/**
 * The text of an error. On an English page it is the server's text.
 * @param {{ [field: string]: any }} error an error frame, or its code and text
 */
export const errorText = ({ code, text }) => !isEnglish() && textFor(code) || serverWords(text || code || '');

/**
 * Describes a command. `lang` is the language of the words if it is not the page's language; otherwise null. The server names the aliases of a command
 * after its description: "joins a room (also /j)".
 * @param {string | undefined} text the server's text
 */
export function commandText(text = '') {
  const [, words, aliases = ''] = /^([^]*?)(?: \(also (.*)\))?$/.exec(text) ?? [];
  const own = translated(words);
  return own === undefined ? { words: text, lang: isEnglish() ? null : 'en' } : { words: aliases ? `${own} (${aliases})` : own, lang: null };
}
