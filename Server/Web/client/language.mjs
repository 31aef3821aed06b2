// The page's words in the person's language. The English text itself is the key of a text.

/**
 * The texts of a language. A text that depends on a count has one form for each plural category of the language
 * (`Intl.PluralRules`): for example `{ one: '{count} message', other: '{count} messages' }`.
 * @typedef {Readonly<Record<string, string | Readonly<Record<string, string>>>>} Texts
 */

/** The English texts that depend on a count. All other English texts are their own keys. @type {Texts} */
const ENGLISH = {
  '{count} members': { one: '{count} member', other: '{count} members' },
  '{count} members, private': { one: '{count} member, private', other: '{count} members, private' },
  '{count} people': { one: '{count} person', other: '{count} people' },
  '{count} others': { one: '{count} other', other: '{count} others' },
  'and {count} others': { one: 'and {count} other', other: 'and {count} others' },
  '{names} are writing…': { one: '{names} is writing…', other: '{names} are writing…' },
  '{count} new messages': { one: '{count} new message', other: '{count} new messages' },
  '{count} pictures': { one: 'a picture', other: '{count} pictures' },
  '{count} files': { one: '{count} file', other: '{count} files' },
  'sent {count} pictures': { one: 'sent a picture', other: 'sent {count} pictures' },
  'sent {count} files': { one: 'sent {count} file', other: 'sent {count} files' },
  '{count} bytes': { one: '{count} byte', other: '{count} bytes' },
  'Uploading {count} files.': { one: 'Uploading {count} file.', other: 'Uploading {count} files.' },
  'Uploading {count} files, {share}.': { one: 'Uploading {count} file, {share}.', other: 'Uploading {count} files, {share}.' },
  '{count} files were not uploaded.': { one: '{count} file was not uploaded.', other: '{count} files were not uploaded.' },
  '{count} files are ready to send.': { one: '{count} file is ready to send.', other: '{count} files are ready to send.' },
  'A message may have at most {max} files. {count} files were left out.': {
    one: 'A message may have at most {max} files. {count} file was left out.', other: 'A message may have at most {max} files. {count} files were left out.' },
  'Try again in {count} seconds.': { one: 'Try again in {count} second.', other: 'Try again in {count} seconds.' },
  'The room and all of its messages are removed for good, for all {count} members. Nobody can bring them back.': {
    one: 'The room and all of its messages are removed for good, for all {count} member. Nobody can bring them back.',
    other: 'The room and all of its messages are removed for good, for all {count} members. Nobody can bring them back.' },
  '{count} unsent messages of yours will be lost too.': { one: '{count} unsent message of yours will be lost too.', other: '{count} unsent messages of yours will be lost too.' },
  '{count} unsent messages of yours could not be sent.': { one: '{count} unsent message of yours could not be sent.', other: '{count} unsent messages of yours could not be sent.' },
  '{count} unsent messages will be lost.': { one: '{count} unsent message will be lost.', other: '{count} unsent messages will be lost.' },
  '{count} events wait for the delivery.': { one: '{count} event waits for the delivery.', other: '{count} events wait for the delivery.' },
  '{count} events were not delivered:': { one: '{count} event was not delivered:', other: '{count} events were not delivered:' },
  'The server sends {count} events again.': { one: 'The server sends {count} event again.', other: 'The server sends {count} events again.' },
  'Event {seq}: {error} (given up {time}, after {count} attempts)': {
    one: 'Event {seq}: {error} (given up {time}, after {count} attempt)', other: 'Event {seq}: {error} (given up {time}, after {count} attempts)' },
  '{count} messages of {name} were deleted.': { one: '{count} message of {name} was deleted.', other: '{count} messages of {name} were deleted.' },
  '{count} others were not.': { one: '{count} other was not.', other: '{count} others were not.' },
  'Also delete the {count} newest messages of this person that the page has loaded here.': {
    one: 'Also delete the {count} message of this person that the page has loaded here.',
    other: 'Also delete the {count} newest messages of this person that the page has loaded here.' },
  '{count} messages ({from} to {to}) are missing here: the server no longer has them.': {
    one: 'Message {from} is missing here: the server no longer has it.',
    other: '{count} messages ({from} to {to}) are missing here: the server no longer has them.' },
};

/** The languages whose text goes from right to left. */
const RIGHT_TO_LEFT = new Set(['ar']);

let locale = 'en';
/** @type {Texts} */
let texts = ENGLISH;
let version = 0;
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
  version += 1;
  plurals = new Intl.PluralRules(locale);
  numbers = new Intl.NumberFormat(locale);
}

/**
 * Returns the English original of a text that t() has returned. This works only for texts that have no values, or only the number {status}.
 * Any other text, for example a text of the server, is returned unchanged.
 * @param {string} words
 */
export function inEnglish(words) {
  const status = /\d+/.exec(words)?.[0] ?? '';
  const pattern = words.replace(status, '{status}');
  const key = words && Object.keys(texts).find((one) => texts[one] === words || texts[one] === pattern);
  return key ? key.replace('{status}', status) : words;
}

/** The BCP 47 tag of the current language. */
export const currentLanguage = () => locale;

/** A number that changes whenever the language or its table changes. */
export const languageVersion = () => version;

export const isEnglish = () => locale.split('-')[0] === 'en';

/** Whether the text of the current language goes from right to left. */
export const isRightToLeft = () => RIGHT_TO_LEFT.has(locale.split('-')[0]);

/**
 * Returns the direction of an arrow key: 1 towards the end of the line, -1 towards its start.
 * @param {string} key
 * @returns {1 | -1 | 0} 0 for all other keys
 */
export const stepOf = (key) => key !== 'ArrowRight' && key !== 'ArrowLeft' ? 0 : (key === 'ArrowRight') !== isRightToLeft() ? 1 : -1;

/**
 * Returns a text in the current language. Each `{name}` in the text is replaced by the value of this name. If the text has
 * plural forms, `values.count` selects the form. Numbers are written as the language writes them.
 *
 * The first argument must be a literal, because a test finds these literals in the source and compares them with the tables.
 * @param {string} text the English text
 * @param {Readonly<Record<string, string | number>>} [values]
 */
export const t = (text, values = {}) => templateOf(text, values).replace(/\{(\w+)\}/g, (placeholder, name) => {
  const value = values[name];
  return value === undefined ? placeholder : typeof value === 'number' ? numbers.format(value) : value;
});

/**
 * Returns the translation of one of the server's texts, or undefined if the table has none. The text must not contain values.
 * @param {string} text the English text
 */
export const translated = (text) => {
  const entry = Object.hasOwn(texts, text) ? texts[text] : undefined;
  return typeof entry === 'string' ? entry : undefined;
};

/**
 * @param {string} text
 * @param {Readonly<Record<string, string | number>>} values
 */
function templateOf(text, values) {
  const entry = Object.hasOwn(texts, text) ? texts[text] : Object.hasOwn(ENGLISH, text) ? ENGLISH[text] : text;
  return typeof entry === 'string' ? entry : entry[plurals.select(Number(values.count))] ?? entry.other;
}

/**
 * Splits a result of t() at the placeholders that have no value yet. Replaces these placeholders by parts of another type, for example nodes.
 * @template T
 * @param {string} text
 * @param {Readonly<Record<string, T>>} parts
 * @returns {(string | T)[]}
 */
export const withParts = (text, parts) => text.split(/\{(\w+)\}/).map((piece, index) => index % 2 && Object.hasOwn(parts, piece) ? parts[piece] : index % 2 ? `{${piece}}` : piece)
  .filter((piece) => piece !== '');

/**
 * Writes a number as the language writes it.
 * @param {number} value
 * @param {Intl.NumberFormatOptions} [options]
 */
export const numberWords = (value, options) => options ? new Intl.NumberFormat(locale, options).format(value) : numbers.format(value);
