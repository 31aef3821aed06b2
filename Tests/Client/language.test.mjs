import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { currentLanguage, t, useLanguage } from '../../Server/Web/client/language.mjs';

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
