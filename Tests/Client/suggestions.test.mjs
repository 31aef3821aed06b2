import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { roomBeingTyped, suggestionKey, suggestionsFor } from '../../Server/Web/client/suggestions.mjs';
import { BOB, inLobby } from './support.mjs';

const state = {
  ...inLobby(),
  directory: [{ room: 'lobby', topic: 'all' }, { room: 'Lounge' }, { room: 'dev' }],
  commands: [{ command: 'join', usage: '/join room', text: 'joins a room' }, { command: 'history' }],
};
const suggest = (text, caret = text.length) => suggestionsFor(state, text, caret);
const whats = (...given) => suggest(...given).map(({ what }) => what);

describe('commands', () => {
  test('are suggested at the start of the text only', () => {
    assert.deepEqual(whats('/'), ['/join', '/history', '/diagnostics']);
    assert.deepEqual(whats('/HI'), ['/history']);
    assert.deepEqual(whats('say /'), []);
    assert.deepEqual(whats('/join '), []);
  });

  test('are suggested with their usage and description', () => assert.deepEqual(suggest('/j'), [{ what: '/join', usage: '/join room', more: 'joins a room', start: 0 }]));
});

test('rooms are suggested anywhere, in any case', () => {
  assert.deepEqual(whats('#'), ['#lobby', '#Lounge', '#dev']);
  assert.deepEqual(whats('see #LO'), ['#lobby', '#Lounge']);
  assert.equal(suggest('see #de')[0].start, 4);
});

test('members are suggested anywhere, sorted', () => {
  assert.deepEqual(whats('hello @'), ['@ann', '@bob']);
  assert.deepEqual(whats('@B'), ['@bob']);
});

test('a # or @ inside a word suggests nothing', () => {
  for (const text of ['a#l', 'mail@b', '', 'hello']) assert.deepEqual(whats(text), []);
});

test('suggestions depend only on the word at the caret', () => {
  assert.deepEqual(whats('@b #d', 2), ['@bob']);
  assert.deepEqual(whats('@b #d', 3), []);
});

test('there are at most six suggestions', () => {
  const many = { ...state, directory: Array.from({ length: 20 }, (_, index) => ({ room: `r${index}` })) };
  assert.equal(suggestionsFor(many, '#', 1).length, 6);
});

test('owners and moderators who are away are suggested too', () => {
  const room = { ...state.rooms.get('lobby'), away: new Map([['u-olga', 'olga'], [BOB.user, 'bob']]) };
  assert.deepEqual(suggestionsFor({ ...state, rooms: new Map([['lobby', room]]) }, '@', 1).map(({ what }) => what), ['@ann', '@bob', '@olga']);
});

test('no members are suggested if there is no current room', () => assert.deepEqual(suggestionsFor({ ...state, current: null }, '@', 1), []));

describe('suggestionKey', () => {
  const press = (key, selected, { count = 3, ...modifiers } = {}) => suggestionKey({ key, shiftKey: false, altKey: false, ...modifiers }, count, selected);

  test('Enter accepts only a suggestion that the person has chosen', () => {
    assert.equal(press('Enter', -1), null);
    assert.deepEqual(press('Enter', 1), { kind: 'accept', index: 1 });
    assert.equal(press('Enter', 1, { shiftKey: true }), null);
  });

  test('Tab accepts the chosen suggestion, or else the first one', () => {
    assert.deepEqual(press('Tab', -1), { kind: 'accept', index: 0 });
    assert.deepEqual(press('Tab', 2), { kind: 'accept', index: 2 });
    assert.equal(press('Tab', 0, { shiftKey: true }), null);
  });

  test('the arrow keys choose one suggestion after the other', () => {
    assert.deepEqual([-1, 0, 2].map((selected) => press('ArrowDown', selected).index), [0, 1, 0]);
    assert.deepEqual([-1, 0, 2].map((selected) => press('ArrowUp', selected).index), [2, 2, 1]);
  });

  test('Escape closes the suggestions', () => assert.deepEqual(press('Escape', -1), { kind: 'close' }));

  test('any other key goes to the input', () => {
    assert.equal(press('a', 0), null);
    assert.equal(press('ArrowDown', 0, { altKey: true }), null);
    assert.equal(press('Enter', 0, { count: 0 }), null);
  });
});

test('roomBeingTyped is the part of a room’s name before the caret', () => {
  assert.equal(roomBeingTyped('see #lob', 8), 'lob');
  assert.equal(roomBeingTyped('#', 1), '');
  assert.equal(roomBeingTyped('#lobby now', 10), undefined);
  assert.equal(roomBeingTyped('a#lobby', 7), undefined);
});
