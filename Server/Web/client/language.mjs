// The page's words in the person's language. The English text itself is the key of a text.

/**
 * The texts of a language. A text that depends on a count has one form for each plural category of the language
 * (`Intl.PluralRules`): for example `{ one: '{count} message', other: '{count} messages' }`.
 * @typedef {Readonly<Record<string, string | Readonly<Record<string, string>>>>} Texts
 */

/** The English texts that depend on a count. All other English texts are their own keys. @type {Texts} */
const ENGLISH = {};

let locale = 'en';
/** @type {Texts} */
let texts = ENGLISH;
let plurals = new Intl.PluralRules(locale);
let numbers = new Intl.NumberFormat(locale);

/**
 * Selects the language of all texts that the page creates from now on.
 * @param {string} language a BCP 47 tag
 * @param {Texts} table the texts of the language; a missing text stays English
 */
export function useLanguage(language, table = ENGLISH) {
  locale = language;
  texts = table;
  plurals = new Intl.PluralRules(locale);
  numbers = new Intl.NumberFormat(locale);
}

/** The BCP 47 tag of the current language. */
export const currentLanguage = () => locale;

/**
 * Returns a text in the current language. Each `{name}` in the text is replaced by the value of this name. If the text has
 * plural forms, `values.count` selects the form. Numbers are written as the language writes them.
 * @param {string} text the English text
 * @param {Readonly<Record<string, string | number>>} [values]
 */
export function t(text, values = {}) {
  const entry = texts[text] ?? ENGLISH[text] ?? text;
  const form = typeof entry === 'string' ? entry : entry[plurals.select(Number(values.count))] ?? entry.other;
  return form.replace(/\{(\w+)\}/g, (placeholder, name) => {
    const value = values[name];
    return value === undefined ? placeholder : typeof value === 'number' ? numbers.format(value) : value;
  });
}
