// The text of an error of the server, in the language of the page.

import { serverWords } from './direction.mjs';
import { isEnglish, t } from './language.mjs';

/**
 * The page's own text for a code that has one meaning. The server's text says more about all other errors.
 * @param {string | undefined} code
 */
function textFor(code) {
  switch (code) {
    case 'banned': return t('You are banned from this room.');
    case 'muted': return t('You are muted in this room.');
    case 'slow-mode': return t('The room is in slow mode.');
    case 'rate-limited': return t('Too many requests.');
    case 'name-taken': return t('This name is taken.');
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
