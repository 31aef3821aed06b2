// The page's own checks and error texts for passwords.

import { errorWords } from './formatting.mjs';
import { t } from './language.mjs';

/** @import { Frame } from './types.js' */

// The lengths that the server accepts, in characters.
const MIN = 8, MAX = 256;

/**
 * Says what is wrong with a change of the password, and in which field. Returns null if the page can send it.
 * @param {string} current
 * @param {string} next
 * @returns {{ field: 'old' | 'next', words: string } | null}
 */
export function passwordFault(current, next) {
  if (!current) return { field: 'old', words: t('Please enter your current password.') };
  const { length } = [...next];
  return length < MIN || length > MAX ? { field: 'next', words: t('A password has {min} to {max} characters.', { min: MIN, max: MAX }) } : null;
}

/**
 * The words for an error after a change of the password. The page has checked the length, so only the current password can be wrong.
 * @param {Frame} error
 */
export const passwordErrorWords = (error) => error.code === 'bad-password' ? t('The current password is wrong.') : errorWords(error);
