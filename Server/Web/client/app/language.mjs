// Selects the language of the page, and loads its table of texts from the server.

import { isRightToLeft, useLanguage } from '../language.mjs';
import { selectLanguage } from '../languages.mjs';
import { fetchBesidePage, LANGUAGE_KEY, load, save } from './page.mjs';
import { onPreferences, preferences } from './preferences.mjs';
import { scheduleRender } from './scheduling.mjs';

/** @import { Texts } from '../language.mjs' */

/** @type {(() => void)[]} */
const listeners = [];

/**
 * Calls a function now, and after each change of the language. Use this for texts that are not drawn again when
 * the state changes.
 * @param {() => void} listener
 */
export function onLanguage(listener) {
  listeners.push(listener);
  listener();
}

/**
 * @param {string} tag
 * @param {Texts} [texts] absent for English
 */
function show(tag, texts) {
  useLanguage(tag, texts);
  document.documentElement.lang = tag;
  document.documentElement.dir = isRightToLeft() ? 'rtl' : 'ltr';
  for (const listener of listeners) listener();
  scheduleRender();
}

/** The language that the page shows, or will show when its table arrives. */
let wanted = { language: 'en', tag: '' };

/**
 * Shows the language that the person or the browser wants. The page uses the table of the last visit immediately, and replaces it if the server
 * has a newer one. If no table is stored, the page keeps its language until the table arrives.
 */
async function update() {
  const { language, tag } = selectLanguage(navigator.languages, preferences.language);
  if (tag === wanted.tag) return;
  wanted = { language, tag };
  if (language === 'en') return show(tag);
  const stored = load('localStorage', LANGUAGE_KEY);
  const known = stored?.language === language ? JSON.stringify(stored.texts) : null;
  if (known) show(tag, stored.texts);
  /** @type {Texts | null} */
  const texts = await fetchBesidePage(`languages/${language}.json`);
  if (!texts || wanted.tag !== tag || JSON.stringify(texts) === known) return;
  save('localStorage', LANGUAGE_KEY, { language, texts });
  show(tag, texts);
}

update();
onPreferences(update);
addEventListener('languagechange', update);
