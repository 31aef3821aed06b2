// Text and numbers for people: names, times, dates, counts, colours.

import { withoutDirectionControls } from './direction.mjs';

/** @import { Frame } from './types.js' */

const PAGE_LANGUAGE = 'en';

/**
 * The formats of times. `clock` is '12' or '24' hours, or 'auto' for the custom of the browser's language.
 * @param {string} clock
 */
function timeFormats(clock) {
  /** @type {Pick<Intl.DateTimeFormatOptions, 'hourCycle'>} */
  const cycle = clock === '12' ? { hourCycle: 'h12' } : clock === '24' ? { hourCycle: 'h23' } : {};
  return {
    clock: new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit', ...cycle }),
    full: new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium', ...cycle }),
  };
}

let formats = timeFormats('auto');

/**
 * Selects how the page shows times from now on: '12', '24' or 'auto'.
 * @param {string} clock
 */
export function useClock(clock) { formats = timeFormats(clock); }

const LONG_DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const RELATIVE_DAY = new Intl.RelativeTimeFormat(PAGE_LANGUAGE, { numeric: 'auto' });

const HUES = 24; // with more hues, neighbouring hues would look the same

/** @param {string} at */
export const clockTime = (at) => formats.clock.format(new Date(at));

/** @param {string} at */
export const fullTime = (at) => formats.full.format(new Date(at));

/**
 * The hours and minutes alone, without "AM" or "PM".
 * @param {string} at
 */
export function clockDigits(at) {
  const digits = formats.clock.formatToParts(new Date(at)).filter(({ type }) => type === 'hour' || type === 'minute');
  return digits.map(({ value }) => value).join(':');
}

/**
 * The local calendar day, as a key. A later day has a greater key.
 * @param {string} at
 */
export function dayOf(at) {
  const date = new Date(at);
  return [String(date.getFullYear()).padStart(4, '0'), ...[date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0'))].join('-');
}

/**
 * "Today", "Yesterday" or the date.
 * @param {string} at
 * @param {number | Date} now
 */
export function dayLabel(at, now) {
  const midnight = (/** @type {string | number | Date} */ date) => new Date(date).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(at) - midnight(now)) / 86_400_000);
  if (days !== 0 && days !== -1) return LONG_DAY.format(new Date(at));
  const word = RELATIVE_DAY.format(days, 'day');
  return word[0].toUpperCase() + word.slice(1);
}

/**
 * Makes the server's words a sentence: with a capital letter and a full stop.
 * @param {string} words
 */
export const sentence = (words) => words[0].toUpperCase() + words.slice(1) + (/[.!?…]$/.test(words) ? '' : '.');

/**
 * @param {number} count
 * @param {string} one
 * @param {string} many
 */
export const plural = (count, one, many = `${one}s`) => `${count.toLocaleString()} ${count === 1 ? one : many}`;

/**
 * Joins words to a list: "ann, bob and carl".
 * @param {string[]} words
 */
export const listWords = (words) => words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}` : words[0] ?? '';

/**
 * Returns a hue for a name, in degrees. A name has the same hue on every page.
 * @param {string} name
 */
export function hueFor(name) {
  let hash = 2166136261;
  for (const char of name.toLowerCase()) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16777619);
  hash = Math.imul(hash ^ hash >>> 16, 2246822507);
  hash = Math.imul(hash ^ hash >>> 13, 3266489909);
  hash ^= hash >>> 16;
  return ((hash >>> 0) % HUES) * (360 / HUES);
}

/**
 * The character in the avatar of a name.
 * @param {string} name
 */
export const initialOf = (name) => [...name.replace(/^[^\p{L}\p{N}]+/u, '')][0] ?? '?';

/**
 * @param {string} a
 * @param {string} b
 */
export const sameName = (a, b) => a.trim().toLowerCase() === b.trim().toLowerCase();

/**
 * Compares names for sorting.
 * @param {string} a
 * @param {string} b
 */
export const byName = (a, b) => a.localeCompare(b, undefined, { sensitivity: 'base', numeric: true });

/**
 * The words for an error frame.
 * @param {Frame} error
 */
export const errorWords = ({ text, code, retryAfterMs }) =>
  `${sentence(withoutDirectionControls(text || code || 'error'))}${retryAfterMs ? ` Try again in ${plural(Math.ceil(retryAfterMs / 1000), 'second')}.` : ''}`;
