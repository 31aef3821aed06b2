// Whether a message mentions a person.

import { parsedText } from './message-text.mjs';

/** @import { User } from './types.js' */

const WORD = /[\p{L}\p{N}\p{M}_]/u;
const WORD_AT_END = /[\p{L}\p{N}\p{M}_]$/u;
const ADDRESS = /:\/\/|^www\.|[^\s@]@[\p{L}\p{N}-]+\.[\p{L}\p{N}]/iu; // a web address or a mail address

/**
 * Whether a message mentions the user. The server's list of mentions decides. If the message has no such list, the page searches the text for the user's name.
 * @param {{ text?: string, mentions?: string[] }} message
 * @param {User | null | undefined} user
 */
export function mentionsUser(message, user) {
  if (!user) return false;
  if (Array.isArray(message.mentions)) return message.mentions.includes(user.user) || message.mentions.includes('here');
  return mentionsName(message, user.name);
}

/**
 * Whether a message contains the name as a word of its own. Names in code, in links, in rooms and in mail addresses do not count.
 * @param {{ text?: string }} message
 * @param {string | undefined} name
 */
export function mentionsName(message, name) {
  if (!name) return false;
  const wanted = folded(name);
  return parsedText(message).pieces.some((piece) => !('code' in piece) && !piece.href && !piece.room
    && folded(piece.text).split(/\s+/).some((part) => part.includes(wanted) && !ADDRESS.test(part) && hasWord(part, wanted)));
}

/**
 * Returns the range [start, end] in which a text contains the name as a separate word. Returns null if there is no such range, or if the text
 * spells the name in another Unicode form.
 * @param {string} text
 * @param {string} name
 * @returns {[number, number] | null}
 */
export function wordRange(text, name) {
  const lower = text.toLowerCase(), wanted = name.toLowerCase();
  if (!wanted || lower.length !== text.length || wanted.length !== name.length) return null;
  for (let start = lower.indexOf(wanted); start >= 0; start = lower.indexOf(wanted, start + 1)) {
    const end = start + wanted.length;
    if (!WORD_AT_END.test(lower.slice(Math.max(0, start - 2), start)) && !startsWithWord(lower.slice(end, end + 2))) return [start, end];
  }
  return null;
}

/**
 * The form in which texts are compared. Folding can change the length of a text, so indexes are valid only within the folded text.
 * @param {string} text
 */
const folded = (text) => text.normalize('NFKC').toLowerCase();

/**
 * @param {string} text
 * @param {string} word
 */
function hasWord(text, word) {
  for (let index = text.indexOf(word); index >= 0; index = text.indexOf(word, index + 1)) {
    const [before, after] = [text.slice(Math.max(0, index - 2), index), text.slice(index + word.length, index + word.length + 2)];
    const isMailbox = after[0] === '@' && WORD.test(after);
    if (!WORD_AT_END.test(before) && !startsWithWord(after) && !isMailbox) return true;
  }
  return false;
}

/** @param {string} text */
const startsWithWord = (text) => text !== '' && WORD.test(String.fromCodePoint(text.codePointAt(0) ?? 0));
