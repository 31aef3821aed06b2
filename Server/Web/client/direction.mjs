// Prevents foreign text (names, topics, messages) from changing the direction of the text around it.

import { isEnglish, isRightToLeft } from './language.mjs';

// The characters that embed text, override its direction or isolate it (UAX #9, section 2). They can make "gpj.exe" appear as "exe.jpg", or move
// the time beside a topic. The marks U+061C, U+200E and U+200F are allowed: people write them, and they can't reverse letters.
const CONTROLS = /[\u202A-\u202E\u2066-\u2069]/g;

// The blocks of the scripts that are written from right to left.
const RIGHT_TO_LEFT = /[\u0590-\u08FF\u200F\uFB1D-\uFDFF\uFE70-\uFEFE\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;

const LEFT_TO_RIGHT_ISOLATE = '\u2066';
const FIRST_STRONG_ISOLATE = '\u2068';
const POP_ISOLATE = '\u2069';

/** @param {string} text */
export const withoutDirectionControls = (text) => text.replace(CONTROLS, '');

/**
 * Prepares foreign text for a sentence of the page, or for an attribute. Text of the opposite direction must not reorder the words around it. In
 * the markup, use a bdi element instead.
 * @param {string} text
 */
export function isolated(text) {
  const safe = withoutDirectionControls(text);
  return safe && (isRightToLeft() || RIGHT_TO_LEFT.test(safe)) ? `${FIRST_STRONG_ISOLATE}${safe}${POP_ISOLATE}` : safe;
}

/**
 * The name of a room with its number sign (#), for a sentence of the page. On a right-to-left page, the sign must still be to the left of a
 * Latin name.
 * @param {string} room
 */
export const hashed = (room) => isRightToLeft() ? isolated(`#${room}`) : `#${isolated(room)}`;

/**
 * Marks a text of the server. The server writes English. On a page in another language, two invisible characters enclose the text. No foreign text
 * can contain them. wordsNodes() of view/dom.mjs finds the text by these characters, and sets its language and direction.
 * @param {string} text
 */
export function serverWords(text = '') {
  const safe = withoutDirectionControls(text);
  return safe && !isEnglish() ? `${LEFT_TO_RIGHT_ISOLATE}${safe}${POP_ISOLATE}` : safe;
}

/**
 * Splits a text into the page's words and the words that serverWords() has marked. The pieces alternate. The first piece contains words of the page.
 * @param {string} text
 */
export const splitServerWords = (text) => text.split(/\u2066([^\u2066\u2069]*)\u2069/);
