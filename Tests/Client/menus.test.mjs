import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { focusAfterKey, menuPlace } from '../../Server/Web/client/menus.mjs';

const WORDS = ['Message', 'Mention', 'Ban…'];
const after = (key, index, modifiers = {}, words = WORDS) => focusAfterKey({ key, altKey: false, ctrlKey: false, metaKey: false, ...modifiers }, index, words);

describe('a key moves the focus of a menu', () => {
  test('down and up, and from each end to the other', () => {
    assert.deepEqual([after('ArrowDown', 0), after('ArrowDown', 2), after('ArrowUp', 1), after('ArrowUp', 0), after('ArrowDown', -1), after('ArrowUp', -1)], [1, 0, 0, 2, 0, 2]);
  });
  test('to the first and the last entry', () => assert.deepEqual([after('Home', 2), after('End', 0)], [0, 2]));
  test('to the next entry that begins with the letter', () => assert.deepEqual([after('m', 0), after('m', 1), after('B', 0), after('x', 0)], [1, 0, 2, null]));
  test('only if it is not Enter, Space, Tab, Escape or a key with a modifier', () => {
    for (const key of ['Enter', ' ', 'Escape', 'Tab']) assert.equal(after(key, 0), null);
    assert.equal(after('ArrowUp', 0, { altKey: true }), null);
    assert.equal(after('ArrowDown', -1, {}, []), null);
  });
});

describe('a menu opens', () => {
  const page = { width: 1000, height: 800 }, size = { width: 300, height: 200 };
  test('below its button', () => assert.deepEqual(menuPlace({ left: 100, top: 100, bottom: 120 }, size, page), { left: 100, top: 124 }));
  test('above its button if there is no space below', () => assert.deepEqual(menuPlace({ left: 100, top: 700, bottom: 720 }, size, page), { left: 100, top: 496 }));
  test('inside the page', () => {
    assert.deepEqual(menuPlace({ left: 990, top: 100, bottom: 120 }, size, page), { left: 692, top: 124 });
    assert.deepEqual(menuPlace({ left: -20, top: 100, bottom: 120 }, { width: 300, height: 900 }, page), { left: 8, top: 8 });
  });
});
