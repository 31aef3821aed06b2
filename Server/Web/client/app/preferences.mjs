// The person's settings for the page in this browser. All tabs share these settings.

import { useClock } from '../formatting.mjs';
import { isQuietAt } from '../quiet.mjs';
import { load, nowIso, PREFERENCES_KEY, save } from './page.mjs';

/**
 * @typedef {{ language: string, density: 'comfortable' | 'compact', clock: 'auto' | '12' | '24', alerts: 'all' | 'mentions', sound: boolean, quietUntil: string | null, favourites: string[] }} Preferences
 * `language` is a key of LANGUAGES, or 'auto' for the browser's language. `alerts` says which messages may cause alerts; the notification level of the
 * room must allow them too. `quietUntil` is the end of "do not disturb" (ISO 8601), or 'forever'.
 */

/** @type {Preferences} */
const DEFAULTS = { language: 'auto', density: 'comfortable', clock: 'auto', alerts: 'all', sound: false, quietUntil: null, favourites: [] };

/**
 * Reads the stored settings. Another version of the page may have stored them, so this function checks that `favourites` is a list.
 * @returns {Preferences}
 */
function stored() {
  const found = { ...DEFAULTS, ...load('localStorage', PREFERENCES_KEY) };
  return { ...found, favourites: Array.isArray(found.favourites) ? found.favourites : [] };
}

export let preferences = stored();

/** @type {(() => void)[]} */
const listeners = [];

/**
 * Registers a function to call after each change, here or in another tab.
 * @param {() => void} listener
 */
export function onPreferences(listener) { listeners.push(listener); }

/** @param {Preferences} next */
function apply(next) {
  preferences = next;
  document.documentElement.dataset.density = next.density;
  useClock(next.clock);
  for (const listener of listeners) listener();
}

/** @param {Partial<Preferences>} changes */
export function setPreferences(changes) {
  const next = { ...preferences, ...changes };
  save('localStorage', PREFERENCES_KEY, next);
  apply(next);
}

/** @param {string} room */
export function toggleFavourite(room) {
  const { favourites } = preferences;
  setPreferences({ favourites: favourites.includes(room) ? favourites.filter((one) => one !== room) : [...favourites, room] });
}

/** Whether the person wants no notifications and no sound now. */
export const isQuiet = () => isQuietAt(preferences.quietUntil, nowIso());

apply(preferences);
addEventListener('storage', ({ key }) => {
  if (key === PREFERENCES_KEY) apply(stored());
});
