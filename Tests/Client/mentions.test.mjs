import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mentionsName, wordRange } from '../../Server/Web/client/mentions.mjs';

const mentions = (text, name) => mentionsName({ text }, name);

describe('mentionsName', () => {
  for (const text of ['ann', '@Ann: hello', 'hello, ann!', 'is ANN there?', 'annabel asked, can ann look?', 'İ ann', 'İİİ, ann', 'see http://a.test, ann', '`x` ann', 'ann’s', '(ann)', 'ann\nagain']) {
    test(`finds ann in ${JSON.stringify(text)}`, () => assert.equal(mentions(text, 'ann'), true));
  }

  for (const text of ['hello', 'anna is here', 'Joann', 'ann_2', '', 'annabel asked joann', 'İann', '𝒜ann', 'ann\u0301']) {
    test(`does not find ann in ${JSON.stringify(text)}`, () => assert.equal(mentions(text, 'ann'), false));
  }

  for (const text of [
    '`ann`', '```\nann\n```', 'http://a.test/ann', 'http://ann.test', 'https://a.test/?to=ann.', 'ftp://ann.test', 'www.ann.test', 'ann@a.test', 'bob@ann.test', '<ann@a.test>,', 'ann@localhost', '#ann',
  ]) {
    test(`a name in ${JSON.stringify(text)} is no mention`, () => {
      assert.equal(mentions(text, 'ann'), false);
      assert.equal(mentions(`${text} ann`, 'ann'), true);
    });
  }

  test('finds nothing if the name is undefined', () => assert.equal(mentions('hello', undefined), false));
  test('finds a name that contains punctuation', () => assert.equal(mentions('ask a.b-c (again)', 'a.b-c'), true));
  test('finds a name with a letter that becomes longer in lower case', () => assert.equal(mentions('merhaba İnci!', 'İnci'), true));
  test('treats composed and decomposed letters as equal', () => assert.equal(mentions('jose\u0301, look', 'José'), true));
  test('treats the two small sigmas as equal', () => assert.equal(mentions('ΟΔΟΣ, look', 'οδος'), true));
});

describe('the place of a name in a text', () => {
  const shown = (text, name = 'ann') => { const range = wordRange(text, name); return range && text.slice(...range); };

  test('is a whole word, in any letter case', () => {
    assert.equal(shown('well, Ann?'), 'Ann');
    assert.deepEqual(wordRange('joann and ann', 'ann'), [10, 13]);
    assert.equal(shown('annual plan'), null);
    assert.equal(shown('ann_b, xann'), null);
  });
  test('is unknown if the text has another length in lower case', () => assert.equal(shown('İ ann', 'ann'), null));
  test('is unknown for an empty name', () => assert.equal(shown('ann', ''), null));
});
