// Text and numbers for people: names, times, dates, counts, colors.

import { errorText } from './error-text.mjs';
import { currentLanguage, isEnglish, languageVersion, t } from './language.mjs';

/** @import { Frame } from './types.js' */

/**
 * The formats of times and lists. `clock` is '12' or '24' hours, or 'auto' for the custom of the language.
 * @param {string} clock
 */
function timeFormats(clock) {
  /** @type {Pick<Intl.DateTimeFormatOptions, 'hourCycle'>} */
  const cycle = clock === '12' ? { hourCycle: 'h12' } : clock === '24' ? { hourCycle: 'h23' } : {};
  return {
    version: languageVersion(),
    clock: new Intl.DateTimeFormat(currentLanguage(), { hour: 'numeric', minute: '2-digit', ...cycle }),
    seconds: new Intl.DateTimeFormat(currentLanguage(), { timeStyle: 'medium', ...cycle }),
    full: new Intl.DateTimeFormat(currentLanguage(), { dateStyle: 'full', timeStyle: 'medium', ...cycle }),
    day: new Intl.DateTimeFormat(currentLanguage(), { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    relativeDay: new Intl.RelativeTimeFormat(currentLanguage(), { numeric: 'auto' }),
    // British English has no comma before the last word of a list: "ann, bob and carl".
    list: new Intl.ListFormat(isEnglish() ? 'en-GB' : currentLanguage()),
  };
}

let chosenClock = 'auto';
let cached = timeFormats(chosenClock);

/** The formats of the current language. */
function formats() {
  if (cached.version !== languageVersion()) cached = timeFormats(chosenClock);
  return cached;
}

/**
 * Selects how the page shows times from now on: '12', '24' or 'auto'.
 * @param {string} clock
 */
export function useClock(clock) {
  chosenClock = clock;
  cached = timeFormats(clock);
}

const HUES = 24; // with more hues, neighbouring hues would look the same

/** @param {string} at */
export const clockTime = (at) => formats().clock.format(new Date(at));

/** The time of day with its seconds. @param {string} at */
export const exactTime = (at) => formats().seconds.format(new Date(at));

/** @param {string} at */
export const fullTime = (at) => formats().full.format(new Date(at));

/**
 * The hours and minutes, without "AM" or "PM".
 * @param {string} at
 */
export function clockDigits(at) {
  const digits = formats().clock.formatToParts(new Date(at)).filter(({ type }) => type === 'hour' || type === 'minute');
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
  if (days !== 0 && days !== -1) return formats().day.format(new Date(at));
  const word = formats().relativeDay.format(days, 'day');
  return word[0].toUpperCase() + word.slice(1);
}

/**
 * Turns the server's words into a sentence with a capital letter and a full stop. serverWords() may have marked the words.
 * @param {string} words
 * @returns {string}
 */
export function sentence(words) {
  const [, server] = /^\u2066([^]*)\u2069$/.exec(words) ?? [];
  if (server) return `\u2066${sentence(server)}\u2069`;
  return words[0].toUpperCase() + words.slice(1) + (/[.!?…。！？؟]$/.test(words) ? '' : '.');
}

/**
 * Joins words to a list: "ann, bob and carl".
 * @param {string[]} words
 */
export const listWords = (words) => formats().list.format(words);

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
  `${sentence(errorText({ code, text }) || 'error')}${retryAfterMs ? ` ${t('Try again in {count} seconds.', { count: Math.ceil(retryAfterMs / 1000) })}` : ''}`;
