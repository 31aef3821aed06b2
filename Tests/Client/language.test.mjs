import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { hashed, isolated, serverWords, splitServerWords } from '../../Server/Web/client/direction.mjs';
import { commandText, errorText } from '../../Server/Web/client/error-text.mjs';
import { clockTime, errorWords, listWords, sentence } from '../../Server/Web/client/formatting.mjs';
import { currentLanguage, isRightToLeft, languageVersion, t, useLanguage, withParts } from '../../Server/Web/client/language.mjs';
import { selectLanguage } from '../../Server/Web/client/languages.mjs';
import { durationWords } from '../../Server/Web/client/moderation.mjs';

afterEach(() => useLanguage('en'));

test('English text without a table is its own translation', () => assert.equal(t('Leave the room'), 'Leave the room'));

test('a text of the table replaces the English text, and its placeholders get the values', () => {
  useLanguage('de', { 'Leave {room}': '{room} verlassen' });
  assert.equal(t('Leave {room}', { room: 'den' }), 'den verlassen');
  assert.equal(currentLanguage(), 'de');
});

test('a text that the table lacks stays English', () => {
  useLanguage('de', {});
  assert.equal(t('Leave {room}', { room: 'den' }), 'Leave den');
});

test('the count selects the plural form of the language and is written as the language writes numbers', () => {
  useLanguage('ar', { '{count} messages': { zero: 'z', one: 'o', two: 't', few: '{count} f', many: '{count} m', other: '{count} x' } });
  assert.deepEqual([0, 1, 2, 3, 11].map((count) => t('{count} messages', { count }).at(-1)), ['z', 'o', 't', 'f', 'm']);
  useLanguage('de', { '{count} messages': { one: '{count} Nachricht', other: '{count} Nachrichten' } });
  assert.equal(t('{count} messages', { count: 12_345 }), '12.345 Nachrichten');
});

test('a placeholder without a value stays as it is', () => assert.equal(t('{who} left'), '{who} left'));

test('a property that all objects have, such as constructor, is not a translation', () => assert.equal(t('constructor'), 'constructor'));

test('withParts puts parts of another type in the place of the placeholders, in the order of the translation', () => {
  useLanguage('ar', { '{actor} muted {name}': 'كتم {actor} العضو {name}' });
  assert.deepEqual(withParts(t('{actor} muted {name}'), { actor: 1, name: 2 }), ['كتم ', 1, ' العضو ', 2]);
  assert.deepEqual(withParts('{unknown}!', {}), ['{unknown}', '!']);
});

test('languageVersion changes when the language or its table changes', () => {
  const before = languageVersion();
  useLanguage('de', {});
  useLanguage('de', {});
  assert.equal(languageVersion(), before + 2);
});

describe('selectLanguage', () => {
  test('takes the first of the browser’s languages that the page has, with the region', () => {
    assert.deepEqual(selectLanguage(['nl', 'de-AT', 'en-GB'], 'auto'), { language: 'de', tag: 'de-AT' });
    assert.deepEqual(selectLanguage(['nl', 'en-GB'], 'auto'), { language: 'en', tag: 'en-GB' });
    assert.deepEqual(selectLanguage(['zh-Hant-TW'], 'auto'), { language: 'zh', tag: 'zh-Hant-TW' });
  });
  test('takes English if the page has none of the languages', () => assert.deepEqual(selectLanguage(['nl', 'en_US'], 'auto'), { language: 'en', tag: 'en' }));
  test('takes the language that the person has chosen, with the region of the browser', () => {
    assert.deepEqual(selectLanguage(['en-US', 'fr-CA'], 'fr'), { language: 'fr', tag: 'fr-CA' });
    assert.deepEqual(selectLanguage(['en-US'], 'ar'), { language: 'ar', tag: 'ar' });
  });
  test('ignores a stored choice that the page does not know', () => assert.equal(selectLanguage(['es'], 'constructor').language, 'es'));
});

describe('in another language', () => {
  test('lists, durations and times follow the language', () => {
    useLanguage('de');
    assert.equal(listWords(['ann', 'bob', 'carl']), 'ann, bob und carl');
    assert.equal(durationWords(3_660), '1 Stunde, 1 Minute');
    useLanguage('fr');
    assert.match(clockTime(new Date(2026, 4, 4, 9, 5).toISOString()), /^0?9:05$/);
  });
  test('the server’s words are marked, and stay marked in a sentence', () => {
    useLanguage('de', { 'Try again in {count} seconds.': { one: 'x', other: 'In {count} Sekunden.' } });
    assert.deepEqual(splitServerWords(errorWords({ type: 'error', code: 'too-many', text: 'too many \u2066rooms', retryAfterMs: 2_000 })), ['', 'Too many rooms.', ' In 2 Sekunden.']);
    assert.equal(sentence(serverWords('no such room')), '\u2066No such room.\u2069');
  });
  test('the page has its own text for an error code that has only one meaning', () => {
    useLanguage('de', { 'You are muted in this room.': 'Du bist stumm.' });
    assert.equal(errorText({ code: 'muted', text: 'you are muted in "den"' }), 'Du bist stumm.');
    useLanguage('en-GB');
    assert.equal(errorText({ code: 'muted', text: 'you are muted in "den"' }), 'you are muted in "den"');
  });
  test('a command has the description of the table, or the server’s description in English', () => {
    useLanguage('de', { 'joins a room': 'betritt einen Raum' });
    assert.deepEqual(commandText('joins a room (also /j)'), { words: 'betritt einen Raum (/j)', lang: null });
    assert.deepEqual(commandText('joins a room'), { words: 'betritt einen Raum', lang: null });
    assert.deepEqual(commandText('does something new (also /x)'), { words: 'does something new (also /x)', lang: 'en' });
    useLanguage('en');
    assert.deepEqual(commandText('joins a room (also /j)'), { words: 'joins a room (also /j)', lang: null });
  });
  test('an English page marks no words', () => assert.equal(serverWords('no such room'), 'no such room'));
  test('a right-to-left page isolates all foreign text, and the sign of a room together with its name', () => {
    useLanguage('ar');
    assert.equal(isRightToLeft(), true);
    assert.deepEqual([isolated('ann'), isolated(''), hashed('lobby')], ['\u2068ann\u2069', '', '\u2068#lobby\u2069']);
    useLanguage('de');
    assert.deepEqual([isRightToLeft(), isolated('ann'), hashed('lobby')], [false, 'ann', '#lobby']);
  });
});
