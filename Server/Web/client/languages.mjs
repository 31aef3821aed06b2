// The languages that the page offers, and the selection of one of them.

/** The languages, each with its own name. @type {Readonly<Record<string, string>>} */
export const LANGUAGES = { en: 'English', es: 'Español', zh: '中文', ar: 'العربية', de: 'Deutsch', fr: 'Français' };

/** @param {string} tag */
const languageOf = (tag) => tag.toLowerCase().split('-')[0];

/** @param {string} tag */
function isTag(tag) {
  try { return Intl.getCanonicalLocales(tag).length > 0; } catch { return false; }
}

/**
 * Selects the language of the page. Its tag also has the region that the browser prefers, because dates depend on the region.
 * @param {readonly string[]} preferred the BCP 47 tags of the browser, the best one first
 * @param {string} chosen the language that the person has chosen; 'auto' means the browser's language
 */
export function selectLanguage(preferred, chosen) {
  const tags = preferred.filter(isTag);
  const language = Object.hasOwn(LANGUAGES, chosen) ? chosen : tags.map(languageOf).find((one) => Object.hasOwn(LANGUAGES, one)) ?? 'en';
  return { language, tag: tags.find((tag) => languageOf(tag) === language) ?? language };
}
