import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { groupRooms, namesInOrder } from '../../Server/Web/client/room-list.mjs';
import { BOB, newRoom } from './support.mjs';

const room = (name, changes = {}) => ({ ...newRoom(name), ...changes });
const grouped = (rooms, favourites = []) => Object.fromEntries(Object.entries(groupRooms(rooms, favourites)).map(([group, list]) => [group, list.map(({ name }) => name)]));

describe('the list of rooms', () => {
  test('has rooms with mentions first, then other unread rooms', () =>
    assert.deepEqual(grouped([room('a'), room('b', { unread: 2 }), room('c', { unread: 9, mentions: 1 })]), { unread: ['c', 'b'], favourites: [], direct: [], others: ['a'] }));
  test('has the favourites after the unread rooms', () => assert.deepEqual(grouped([room('a'), room('b'), room('c', { unread: 1 })], ['b', 'c']), { unread: ['c'], favourites: ['b'], direct: [], others: ['a'] }));
  test('keeps direct rooms together, unread rooms first', () =>
    assert.deepEqual(grouped([room('x', { with: BOB }), room('y', { with: BOB, unread: 1 })], ['x']).direct, ['y', 'x']));
  test('does not move a room whose level of notification hides its unread messages', () => assert.deepEqual(grouped([room('a', { unread: 3, notify: 'none' }), room('b', { unread: 3, notify: 'mentions' })]).others, ['a', 'b']));
  test('keeps the order in which the rooms were joined', () => assert.deepEqual(grouped([room('z'), room('a'), room('m')]).others, ['z', 'a', 'm']));
  test('gives the names from top to bottom, in the order in which the keys select the rooms', () =>
    assert.deepEqual(namesInOrder(groupRooms([room('a'), room('d', { with: BOB }), room('f'), room('u', { unread: 1 })], ['f'])), ['u', 'f', 'd', 'a']));
});
