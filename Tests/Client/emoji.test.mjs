import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, describe, test } from 'node:test';
import {
  COMMON_EMOJI, EMOJI_COLUMNS, emojiAfterKey, emojiBeingTyped, emojiSuggestions, foldEmojiWords, parseEmoji, readRecentEmoji, searchEmoji, withRecentEmoji,
} from '../../Server/Web/client/emoji.mjs';
import { useLanguage } from '../../Server/Web/client/language.mjs';
import { LANGUAGES } from '../../Server/Web/client/languages.mjs';

const folder = new URL('../../Server/Web/client/emoji/', import.meta.url);
const tables = new Map(await Promise.all(Object.keys(LANGUAGES).map(async (language) => [language, JSON.parse(await readFile(new URL(`${language}.json`, folder), 'utf8'))])));
const all = (language) => parseEmoji(tables.get(language)).flat();
const english = all('en');
const find = (query, language = 'en') => searchEmoji(all(language), query).map(({ emoji }) => emoji);

describe('the tables', () => {
  test('exist for exactly the languages of the page', async () => {
    const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
    assert.deepEqual(files, Object.keys(LANGUAGES).map((language) => `${language}.json`).sort());
  });

  for (const [language, table] of tables) {
    test(`of ${LANGUAGES[language]} has the same emoji as the English table, a name for each, and at most 90 KB`, async () => {
      assert.deepEqual(table.map((group) => group.map((line) => line.split('|')[0])), tables.get('en').map((group) => group.map((line) => line.split('|')[0])));
      for (const line of table.flat()) assert.match(line, /^[^|]+\|[^|]*\p{L}[^|]*\|[^|]*$/u);
      assert.ok((await readFile(new URL(`${language}.json`, folder))).length <= 90_000);
    });
  }

  test('have nine groups, no emoji twice, no skin tones, and the common emoji', () => {
    const emoji = english.map((one) => one.emoji);
    assert.equal(tables.get('en').length, 9);
    assert.equal(new Set(emoji).size, emoji.length);
    assert.doesNotMatch(emoji.join(''), /[\u{1F3FB}-\u{1F3FF}]/u);
    for (const one of COMMON_EMOJI) assert.ok(emoji.includes(one), one);
  });
});

describe('the search', () => {
  test('finds the beginnings of words in the name and in the search words', () => {
    assert.deepEqual(find('pizza'), ['🍕', '🍄‍🟫']);
    assert.ok(find('lol').includes('😂'));
    assert.ok(find('thum').includes('👍'));
    assert.ok(!find('humbs').includes('👍'));
  });

  test('needs all words of the query, in any order', () => {
    assert.deepEqual(find('up thumbs'), ['👍']);
    assert.deepEqual(find('thumbs nonsense'), []);
  });

  test('ignores capitals, accents and punctuation', () => {
    for (const query of ['cœur rouge', 'CŒUR ROUGE', 'coeur  rouge']) assert.equal(find(query, 'fr')[0], '❤️', query);
    assert.equal(find('corazon', 'es').includes('❤️'), true);
    assert.deepEqual(find(':thumbs_up:'), ['👍']);
    assert.deepEqual(foldEmojiWords('Größe: Été, œuf'), ['grosse', 'ete', 'oeuf']);
  });

  test('finds a Chinese word inside another one, and an Arabic word', () => {
    assert.ok(find('笑', 'zh').includes('😄'));
    assert.ok(find('قلب', 'ar').includes('❤️'));
  });

  test('shows names before search words, common emoji before others, and short names before long ones', () => {
    assert.equal(find('heart')[0], '❤️');
    assert.equal(find('joy')[0], '😂');
    const cats = find('cat');
    assert.ok(cats.indexOf('🐈') < cats.indexOf('🐱') && cats.indexOf('🐱') < cats.indexOf('😸'));
  });

  test('finds nothing for a query without words', () => {
    for (const query of ['', '  ', ':', '|']) assert.deepEqual(find(query), []);
  });
});

describe('the completion', () => {
  test('needs a colon at the start of a word, and two letters after the colon', () => {
    for (const [text, typed] of [[':sm', 'sm'], ['hello :smi', 'smi'], ['(:smi', 'smi'], ['one\n:smi', 'smi'], [':thumbs_u', 'thumbs_u'], [':笑脸', '笑脸'], [':é́té', 'é́té']]) {
      assert.equal(emojiBeingTyped(text, text.length), typed, text);
    }
  });

  test('does not begin inside a time, an address, code, a smiley such as :-), or another word', () => {
    for (const text of ['', ':', ':s', ':D', ':)', ':-)', ':12', 'at 12:30', '12:pm', 'http://smi', 'a:smi', 'std::sort', '::smi', ': smi', '`:smi', '```\n:smi', ':smile:', ':smi ', 'smi']) {
      assert.equal(emojiBeingTyped(text, text.length), undefined, text);
    }
    assert.equal(emojiBeingTyped('`code` :smi', 11), 'smi', 'after the end of the code');
  });

  test('looks only at the word before the caret', () => {
    assert.equal(emojiBeingTyped('go :smi now', 7), 'smi');
    assert.equal(emojiBeingTyped('go :smi now', 11), undefined);
  });

  test('suggests at most eight emoji with their names, and replaces the colon too', () => {
    const found = emojiSuggestions(english, 'smi', 7);
    assert.equal(found.length, 8);
    assert.deepEqual(emojiSuggestions(english, 'thumbs_u', 12), [{ what: '👍', more: 'thumbs up', start: 3, isEmoji: true }]);
    assert.deepEqual(emojiSuggestions([], 'smi', 4), [], 'the page has no table yet');
  });
});

describe('the recent emoji', () => {
  test('are the newest sixteen, each once', () => {
    assert.deepEqual(withRecentEmoji(['😀', '🎉'], '🎉'), ['🎉', '😀']);
    const many = Array.from({ length: 16 }, (_, index) => String(index));
    assert.deepEqual(withRecentEmoji(many, '🎉'), ['🎉', ...many.slice(0, 15)]);
  });

  test('are read from the stored data, and everything invalid in it is ignored', () => {
    for (const stored of [null, 'text', { 0: '😀' }]) assert.deepEqual(readRecentEmoji(stored), []);
    assert.deepEqual(readRecentEmoji(['😀', 3, null, '🎉']), ['😀', '🎉']);
    assert.equal(readRecentEmoji(Array(40).fill('😀')).length, 16);
  });
});

describe('the keys in the grid', () => {
  after(() => useLanguage('en'));
  const press = (key, index, sizes, modifiers = {}) => emojiAfterKey({ key, altKey: false, ctrlKey: false, metaKey: false, ...modifiers }, index, sizes);
  const SIZES = [3, 10, 8]; // rows: 0 to 2, 3 to 10, 11 and 12, 13 to 20

  test('the arrow keys along the line go to the neighbour, and stop at both ends', () => {
    assert.equal(press('ArrowRight', 2, SIZES), 3);
    assert.equal(press('ArrowLeft', 3, SIZES), 2);
    assert.equal(press('ArrowLeft', 0, SIZES), 0);
    assert.equal(press('ArrowRight', 20, SIZES), 20);
    useLanguage('ar');
    assert.equal(press('ArrowLeft', 2, SIZES), 3);
    useLanguage('en');
  });

  test('the arrow keys up and down stay in the column, across groups and short rows', () => {
    assert.equal(EMOJI_COLUMNS, 8);
    assert.equal(press('ArrowDown', 1, SIZES), 4);
    assert.equal(press('ArrowDown', 10, SIZES), 12, 'the last emoji of a short row');
    assert.equal(press('ArrowDown', 12, SIZES), 14);
    assert.equal(press('ArrowUp', 20, SIZES), 12);
    assert.equal(press('ArrowUp', 4, SIZES), 1);
    assert.equal(press('ArrowDown', 15, SIZES), 15, 'there is no row below');
    assert.equal(press('ArrowUp', 1, SIZES), -1, 'the search field');
  });

  test('Home and End go to the first and to the last emoji', () => {
    assert.equal(press('Home', 12, SIZES), 0);
    assert.equal(press('End', 12, SIZES), 20);
  });

  test('the grid ignores other keys, and keys with a modifier', () => {
    assert.equal(press('a', 0, SIZES), null);
    assert.equal(press('Enter', 0, SIZES), null);
    assert.equal(press('ArrowRight', 0, SIZES, { altKey: true }), null);
  });
});

test('the style and the arrow keys use the same number of columns', async () => {
  const style = await readFile(new URL('../../Server/Web/client/style.css', import.meta.url), 'utf8');
  assert.match(style, new RegExp(`#emoji-list \\.grid \\{[^}]*repeat\\(${EMOJI_COLUMNS},`));
});
