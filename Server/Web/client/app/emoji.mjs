// Fetches the emoji table for the page's language from the server, and stores the emoji that the person has used last.

import { parseEmoji, readRecentEmoji, withRecentEmoji } from '../emoji.mjs';
import { currentLanguage } from '../language.mjs';
import { EMOJI_KEY, fetchBesidePage, load, save } from './page.mjs';

/** @import { Emoji } from '../types.js' */

/** @typedef {{ language: string, groups: Emoji[][] }} EmojiTable `language` is the language of the names */

/** The table of each language, or null if the server did not send it. @type {Map<string, EmojiTable | null>} */
const tables = new Map();
/** @type {Map<string, Promise<EmojiTable | null>>} */
const pending = new Map();

const language = () => currentLanguage().split('-')[0];

/** Returns the table if the page has it. */
export const knownEmoji = () => tables.get(language()) ?? null;

/** Whether the page has not asked for the table of its language yet. */
export const isEmojiNew = () => !tables.has(language()) && !pending.has(language());

/**
 * Returns the table of the page's language. If the server has none, returns the English one. Returns null if the server can't be reached; the next
 * call then asks again.
 * @returns {Promise<EmojiTable | null>}
 */
export async function loadEmoji() {
  const wanted = language();
  const known = tables.get(wanted);
  if (known) return known;
  const request = pending.get(wanted) ?? fetchTable(wanted).then(async (table) => table ?? (wanted === 'en' ? null : fetchTable('en')));
  pending.set(wanted, request);
  const table = await request;
  pending.delete(wanted);
  tables.set(wanted, table);
  return table;
}

/**
 * @param {string} wanted
 * @returns {Promise<EmojiTable | null>}
 */
async function fetchTable(wanted) {
  const table = await fetchBesidePage(`emoji/${wanted}.json`);
  return table && { language: wanted, groups: parseEmoji(table) };
}

/** The emoji that the person has used last, newest first. */
export const recentEmoji = () => readRecentEmoji(load('localStorage', EMOJI_KEY));

/** @param {string} emoji */
export const rememberEmoji = (emoji) => save('localStorage', EMOJI_KEY, withRecentEmoji(recentEmoji(), emoji));
