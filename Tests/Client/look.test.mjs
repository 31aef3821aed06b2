// The site's color, the icon with a badge, "do not disturb", and the format of times.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { accentsFor, contrastOf, parseColor } from '../../Server/Web/client/brand.mjs';
import { badgeFor, faviconWith } from '../../Server/Web/client/favicon.mjs';
import { clockTime, useClock } from '../../Server/Web/client/formatting.mjs';
import { isCommand, keyName, KEYS } from '../../Server/Web/client/keys.mjs';
import { isQuietAt, QUIET_CHOICES, quietEnd, quietWords } from '../../Server/Web/client/quiet.mjs';
import { newRoom } from './support.mjs';

describe('the color of the site', () => {
  const HUES = ['#1f6feb', '#ffffff', '#000000', '#ffff00', '#00ff00', '#808080', '#a8470f', '#ff00ff'];

  for (const hex of HUES) test(`${hex} becomes readable in both themes`, () => {
    const { light, onLight, dark, onDark, washLight, washDark } = accentsFor(hex);
    // The backgrounds of style.css.
    for (const [text, background] of [[light, '#f3efe7'], [light, '#fffdf9'], [onLight, light], [dark, '#131519'], [dark, '#1a1d22'], [dark, '#23272e'], [onDark, dark], [light, washLight], [dark, washDark], ['#221e19', washLight], ['#e9e4da', washDark]])
      assert.ok(contrastOf(parseColor(text), parseColor(background)) >= 4.5, `${text} on ${background}`);
  });
  test('stays as it is if it is readable', () => assert.equal(accentsFor('#0b5a2b').light, '#0b5a2b'));
  for (const text of [undefined, '', 'red', '#fff', '#12345g', 'url(x)']) test(`is not set by the invalid value ${text}`, () => assert.equal(accentsFor(text), null));
});

describe('the icon', () => {
  const room = (changes) => ({ ...newRoom('a'), ...changes });

  test('shows that there are mentions, even if other messages are unread too', () => {
    assert.equal(badgeFor([room({})]), null);
    assert.equal(badgeFor([room({ unread: 1 })]), 'unread');
    assert.equal(badgeFor([room({ unread: 1 }), room({ unread: 1, mentions: 1 })]), 'mention');
    assert.equal(badgeFor([room({ unread: 1, notify: 'none' })]), null);
  });
  test('has a dot for a badge', () => {
    assert.doesNotMatch(decodeURIComponent(faviconWith(null, null)), /circle/);
    assert.match(decodeURIComponent(faviconWith('mention', { light: '#123456' })), /#123456.*<circle/);
  });
});

describe('do not disturb', () => {
  const NOW = '2026-05-04T12:00:00.000Z';

  test('lasts as long as the person chose', () => {
    assert.equal(quietEnd('1', NOW), '2026-05-04T13:00:00.000Z');
    assert.equal(quietEnd('', NOW), null);
    assert.equal(new Date(quietEnd('morning', NOW)).getHours(), 8);
    assert.ok(isQuietAt(quietEnd('4', NOW), '2026-05-04T15:59:59.000Z'));
    assert.ok(!isQuietAt(quietEnd('4', NOW), '2026-05-04T16:00:00.000Z'));
    assert.ok(isQuietAt(quietEnd('forever', NOW), '2030-01-01T00:00:00.000Z'));
    assert.ok(!isQuietAt(null, NOW));
  });
  test('is described in words for each choice', () => {
    for (const { value } of QUIET_CHOICES) assert.match(quietWords(quietEnd(value, NOW), NOW), /\.$/);
    assert.match(quietWords(quietEnd('1', NOW), NOW), /until/);
    assert.doesNotMatch(quietWords('2020-01-01T00:00:00.000Z', NOW), /until \d/);
  });
});

describe('the time', () => {
  after(() => useClock('auto'));
  const EVENING = new Date(2026, 4, 4, 18, 30).toISOString();

  test('is shown with 24 hours if the person has chosen this', () => { useClock('24'); assert.match(clockTime(EVENING), /18.30/); });
  test('is shown with 12 hours if the person has chosen this', () => { useClock('12'); assert.match(clockTime(EVENING), /6.30/); });
});

describe('the keys', () => {
  const pressed = (changes) => ({ ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...changes });

  test('have a description', () => { for (const { keys, words } of KEYS) assert.ok(keys.length && words); });
  test('have the names of the person’s keyboard', () => assert.deepEqual([keyName('Alt Shift ↑', true), keyName('Ctrl K', false)], ['⌥ ⇧ ↑', 'Ctrl K']));
  test('of a command have the modifier of the person’s keyboard: Ctrl or ⌘', () => {
    assert.ok(isCommand(pressed({ ctrlKey: true }), false));
    assert.ok(isCommand(pressed({ metaKey: true }), true));
    assert.ok(!isCommand(pressed({ ctrlKey: true }), true), 'on an Apple keyboard, Ctrl+K removes the rest of a line');
    assert.ok(!isCommand(pressed({ ctrlKey: true, shiftKey: true }), false));
    assert.ok(!isCommand(pressed({ ctrlKey: true, altKey: true }), false), 'AltGr writes characters');
  });
});
