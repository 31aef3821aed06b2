// The emoji that a person can choose: the table, the search, the completion of a typed word, the recent emoji, and the movement in the grid.

import { stepOf } from './language.mjs';

/** @import { Emoji, Suggestion } from './types.js' */

export const EMOJI_COLUMNS = 8; // the number of columns of the grid; style.css has the same number

/** The emoji with which people react most. */
export const COMMON_EMOJI = ['👍', '❤️', '😂', '🎉', '😮', '😢', '👀', '✅'];

const MAX_RECENT = 16;
const MAX_COMPLETIONS = 8;

// Chinese is written without spaces, so the search also looks inside words: the word for "hand" is a part of the word for "clapping hands".
const WITHOUT_SPACES = /\p{Script=Han}/u;

/**
 * Splits a text into words without capitals and accents.
 * @param {string} text
 */
export const foldEmojiWords = (text) => text.toLowerCase().replaceAll('œ', 'oe').replaceAll('ß', 'ss').normalize('NFKD').replace(/\p{M}/gu, '').match(/[\p{L}\p{N}]+/gu) ?? [];

/**
 * Reads a table of the server: groups of strings "emoji|name|search words".
 * @param {string[][]} table
 * @returns {Emoji[][]}
 */
export const parseEmoji = (table) => table.map((group) => group.map((line) => {
  const [emoji, name, words] = line.split('|');
  return { emoji, name, nameWords: foldEmojiWords(name), words: foldEmojiWords(words) };
}));

/**
 * Finds the emoji for a query. Each word of the query must be the beginning of a word of the name or of a search word. Emoji whose names match all words
 * come first. Among these, the common emoji come first, and then the emoji with a short name. So "heart" finds the red heart before the hands that
 * form a heart.
 * @param {readonly Emoji[]} all
 * @param {string} query
 */
export function searchEmoji(all, query) {
  const typed = foldEmojiWords(query);
  if (!typed.length) return [];
  const begins = (/** @type {readonly string[]} */ words, /** @type {string} */ word) =>
    words.some((one) => one.startsWith(word) || WITHOUT_SPACES.test(word) && one.includes(word));
  const isNamed = (/** @type {Emoji} */ { nameWords }) => typed.every((word) => begins(nameWords, word));
  const rank = (/** @type {Emoji} */ { emoji, nameWords }) => COMMON_EMOJI.includes(emoji) ? 0 : nameWords.length;
  const found = all.filter(({ nameWords, words }) => typed.every((word) => begins(nameWords, word) || begins(words, word)));
  return [...found.filter(isNamed).sort((a, b) => rank(a) - rank(b)), ...found.filter((one) => !isNamed(one))];
}

/**
 * Returns the part of an emoji's name that the person has typed before the caret: "smi" for ":smi". Returns undefined in a
 * time (12:30) or an address (http://), where the colon is not at the start of a word. Returns undefined in code, where the text before the caret
 * has an odd number of backticks.
 * @param {string} text
 * @param {number} caret
 */
export function emojiBeingTyped(text, caret) {
  const head = text.slice(0, caret);
  const typed = /(?:^|[\s(]):(\p{L}[\p{L}\p{M}\p{N}_-]+)$/u.exec(head)?.[1];
  return typed !== undefined && /\p{L}\p{M}*\p{L}/u.test(typed) && head.split('`').length % 2 ? typed : undefined;
}

/**
 * Returns the suggestions for the name of an emoji before the caret.
 * @param {readonly Emoji[]} all
 * @param {string} typed what emojiBeingTyped() has returned
 * @param {number} caret
 * @returns {Suggestion[]}
 */
export function emojiSuggestions(all, typed, caret) {
  return searchEmoji(all, typed).slice(0, MAX_COMPLETIONS).map(({ emoji, name }) => ({ what: emoji, more: name, start: caret - typed.length - 1, isEmoji: true }));
}

/**
 * Adds a chosen emoji to the list of recent emoji, and returns the new list. The newest emoji is first.
 * @param {readonly string[]} recent
 * @param {string} emoji
 */
export const withRecentEmoji = (recent, emoji) => [emoji, ...recent.filter((one) => one !== emoji)].slice(0, MAX_RECENT);

/**
 * Reads the stored list of recent emoji. Another version of the page may have stored it.
 * @param {unknown} stored
 * @returns {string[]}
 */
export const readRecentEmoji = (stored) => Array.isArray(stored) ? stored.filter((one) => typeof one === 'string').slice(0, MAX_RECENT) : [];

/**
 * Returns the index of the emoji that gets the focus after a key; -1 for the search field above the grid; null if the grid does not use the key.
 * @param {{ key: string, altKey: boolean, ctrlKey: boolean, metaKey: boolean }} event
 * @param {number} index the emoji that has the focus
 * @param {readonly number[]} sizes the number of emoji of each group; each group begins a row
 */
export function emojiAfterKey({ key, altKey, ctrlKey, metaKey }, index, sizes) {
  if (altKey || ctrlKey || metaKey) return null;
  const count = sizes.reduce((sum, size) => sum + size, 0);
  const step = stepOf(key);
  if (step) return Math.max(0, Math.min(index + step, count - 1));
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  if (key !== 'ArrowDown' && key !== 'ArrowUp') return null;
  /** The index of the first emoji of each row. @type {number[]} */
  const rows = [];
  let start = 0;
  for (const size of sizes) {
    for (let column = 0; column < size; column += EMOJI_COLUMNS) rows.push(start + column);
    start += size;
  }
  const row = rows.findLastIndex((first) => first <= index);
  const next = row + (key === 'ArrowDown' ? 1 : -1);
  if (next < 0) return -1;
  if (next >= rows.length) return index;
  return Math.min(rows[next] + index - rows[row], (rows[next + 1] ?? count) - 1);
}
