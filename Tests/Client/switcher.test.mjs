import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rankOf, switcherItems } from '../../Server/Web/client/switcher.mjs';
import { ANN, BOB, inLobby, newRoom } from './support.mjs';

const CARL = { user: 'u-carl', name: 'carl' };
const state = (() => {
  const base = inLobby([]);
  const rooms = new Map(base.rooms);
  rooms.set('builds', { ...newRoom('builds'), topic: 'green or red', unread: 3 });
  rooms.set('release-notes', { ...newRoom('release-notes'), members: new Map([[ANN.user, 'ann'], [CARL.user, 'carl']]) });
  rooms.set('dm', { ...newRoom('dm'), with: BOB });
  return { ...base, rooms, directory: [{ room: 'music', topic: 'loud' }, { room: 'lobby' }] };
})();
const found = (query, favourites) => switcherItems(state, query, favourites).map(({ kind, id }) => `${kind} ${id}`);

describe('the switcher', () => {
  test('offers all rooms except the current one, the unread rooms first', () => assert.deepEqual(found(''), ['room builds', 'room release-notes', 'room dm']));
  test('offers favourites before other rooms', () => assert.deepEqual(found('', ['dm']), ['room builds', 'room dm', 'room release-notes']));
  test('finds a word of a name', () => assert.deepEqual(found('no'), ['room release-notes', 'search no']));
  test('finds people of all rooms, but not the page’s own user', () => {
    assert.deepEqual(found('carl'), ['person u-carl', 'search carl']);
    assert.deepEqual(found('ann'), ['search ann']);
  });
  test('finds the direct room of a person instead of the person', () => assert.deepEqual(found('bob'), ['room dm', 'search bob']));
  test('finds rooms to join', () => assert.deepEqual(found('mus'), ['join music', 'search mus']));
  test('finds only rooms if the text begins with #', () => assert.deepEqual(found('#b'), ['room lobby', 'room builds'].toReversed()));
  test('finds only people if the text begins with @', () => assert.deepEqual(found('@b'), ['room dm']));
  test('shows the messages of the last search only for the words of that search', () => {
    const searched = { ...state, found: { query: 'keys', messages: [{ type: 'message', room: 'lobby', seq: 7, from: BOB, text: 'lost keys' }], before: null } };
    assert.deepEqual(switcherItems(searched, 'keys').map(({ kind, id, seq }) => [kind, id, seq]), [['message', 'lobby', 7], ['search', 'keys', undefined]]);
    assert.deepEqual(switcherItems(searched, 'key').map(({ kind }) => kind), ['search']);
  });
});

test('a match at the beginning of a name ranks highest, then at the beginning of a word, then inside a word', () =>
  assert.deepEqual(['note', 'release-notes', 'footnote', 'other'].map((name) => rankOf(name, 'note')), [3, 2, 1, 0]));
