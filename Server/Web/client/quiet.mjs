// The setting "do not disturb": its choices, its end and its words.

import { clockTime } from './formatting.mjs';
import { t } from './language.mjs';

const HOUR_MS = 3_600_000;
const MORNING = 8; // o'clock

/** The choices, in the order of the list. @type {{ value: string, readonly words: string }[]} */
export const QUIET_CHOICES = [
  { value: '', get words() { return t('Off'); } },
  { value: '1', get words() { return t('For one hour'); } },
  { value: '4', get words() { return t('For four hours'); } },
  { value: 'morning', get words() { return t('Until tomorrow morning'); } },
  { value: 'forever', get words() { return t('Until I switch it off'); } },
];

/**
 * Returns the time at which a choice ends (ISO 8601), or 'forever'. Returns null for the choice "Off".
 * @param {string} choice
 * @param {string} now
 */
export function quietEnd(choice, now) {
  if (choice === '' || choice === 'forever') return choice || null;
  const date = new Date(now);
  if (choice === 'morning') {
    date.setDate(date.getDate() + 1);
    date.setHours(MORNING, 0, 0, 0);
    return date.toISOString();
  }
  return new Date(date.getTime() + Number(choice) * HOUR_MS).toISOString();
}

/**
 * @param {string | null} until
 * @param {string} now
 */
export const isQuietAt = (until, now) => until !== null && (until === 'forever' || until > now);

/**
 * @param {string | null} until
 * @param {string} now
 */
export function quietWords(until, now) {
  if (!isQuietAt(until, now)) return t('While this is on, this browser shows no notification and plays no sound.');
  if (until === 'forever') return t('No notification and no sound until you switch this off.');
  return t('No notification and no sound until {time}.', { time: clockTime(/** @type {string} */ (until)) });
}
