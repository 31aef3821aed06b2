// Tests of the messages that the page stores, so that it can show them without a network.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_LENGTH, MAX_MESSAGES, offlineRoom, withOfflineRooms } from '../../Server/Web/client/offline.mjs';
import { enqueueMessage } from '../../Server/Web/client/outbox.mjs';
import { insertEvents, markRead, openRoom, withMarks, withPlaceholders } from '../../Server/Web/client/rooms.mjs';
import { createRows } from '../../Server/Web/client/rows.mjs';
import { ANN, BOB, EMPTY_STATE, NOON, WHOLE, at, change, inLobby, joined, lobby, message, messages, outboxItem, receive, roomWith, textsOf, withRoom } from './support.mjs';

const stored = (events, changes = {}) => offlineRoom(roomWith(events, changes), 'u-ann');
const restored = (...rooms) => withOfflineRooms(withPlaceholders(EMPTY_STATE, ['lobby']), rooms);
const JOIN = { request: { kind: 'join', room: 'lobby', show: true } };

test('the page stores the newest messages of a room, oldest first', () => {
  const room = stored(messages(1, 80));
  assert.deepEqual(room.messages.map(({ seq }) => seq), Array.from({ length: MAX_MESSAGES }, (_, index) => 81 - MAX_MESSAGES + index));
  assert.equal(room.user, 'u-ann');
});

test('the length of all stored texts is limited, but the newest message is always stored', () => {
  const half = 'x'.repeat(MAX_LENGTH / 2);
  assert.deepEqual(stored([message(1, 'a'), message(2, half), message(3, half)]).messages.map(({ seq }) => seq), [2, 3]);
  assert.deepEqual(stored([message(1, 'a'), message(2, half + half + half)]).messages.map(({ seq }) => seq), [2]);
});

test('a message is stored with its changes, and a deleted message without its text', () => {
  const events = [message(1, 'secret', BOB, { files: [{ id: 'f1', name: 'cat.png', type: 'image/png', bytes: 5 }] }), message(2, 'typo'), message(3, 'nice'),
    change('edited', 4, 2, { text: 'mended' }), change('reacted', 5, 3, { emoji: '👍' }), change('deleted', 6, 1)];
  const kept = stored(events);
  assert.doesNotMatch(JSON.stringify(kept), /secret|cat\.png|typo/);
  const state = restored(kept);
  assert.deepEqual(textsOf(state), ['', 'mended', 'nice']);
  const [deleted, edited, liked] = lobby(state).entries;
  assert.deepEqual([deleted.deleted, edited.edited, [...liked.reactions.keys()]], [true, at(4), ['👍']]);
});

test('a room is not stored if the user is not in it, or if its newest messages are missing', () => {
  assert.equal(stored(messages(1, 3), { removed: true }), null);
  assert.equal(stored(messages(1, 3), { epoch: null }), null);
  assert.equal(stored(messages(1, 3), { end: 2 }), null);
});

test('stored messages appear in a room that is not joined, and the messages of the server replace them', () => {
  const state = restored(stored(messages(1, 3)));
  assert.deepEqual(textsOf(state), ['text 1', 'text 2', 'text 3']);
  const online = receive(state, joined(9, [message(8, 'text 8'), message(9, 'text 9')]), JOIN);
  assert.deepEqual(textsOf(online), ['text 8', 'text 9']);
  assert.equal(lobby(online).isOffline, false);
});

test('stored messages do not appear in a joined room, and do not add a room to the list', () => {
  const online = inLobby([message(5, 'text 5')]);
  assert.equal(withOfflineRooms(online, [stored(messages(1, 3))]), online);
  assert.equal(withOfflineRooms(EMPTY_STATE, [stored(messages(1, 3))]), EMPTY_STATE);
});

const rowKinds = (state) => createRows(lobby(state), [], WHOLE, ANN, Date.parse(NOON)).map(({ kind, entry }) => kind === 'new' ? 'new' : entry?.seq);

test('the mark of new messages is before the first stored message that was unread', () => {
  const own = message(3, 'mine', ANN);
  assert.deepEqual(rowKinds(restored(stored([message(1, 'a'), message(2, 'b'), own, message(4, 'd')], { read: 2 }))).filter(Boolean), [1, 2, 3, 'new', 4]);
  for (const read of [4, 0, undefined]) assert.equal(lobby(restored({ ...stored(messages(1, 4)), read })).firstUnread, null);
});

test('the mark of new messages keeps its place when the page is loaded again', () => {
  const state = withMarks(withPlaceholders(EMPTY_STATE, ['lobby']), [['lobby', { epoch: 'e1', seq: 2 }]]);
  const offline = withOfflineRooms(state, [stored(messages(1, 3), { read: 3 })]);
  assert.equal(lobby(offline).firstUnread, 2);
  const online = (frame) => lobby(receive(offline, frame, JOIN)).firstUnread;
  assert.equal(online(joined(3, messages(1, 3), { read: 3, unread: 0 })), 2, 'nothing is new');
  assert.equal(online(joined(5, messages(1, 5), { read: 3, unread: 2 })), 4, 'messages have arrived meanwhile');
  assert.equal(online(joined(3, messages(1, 3), { epoch: 'e2', read: 3, unread: 0 })), null, 'the server has another log');
});

test('the mark of new messages of another log is not shown in the stored messages', () => {
  const state = withMarks(withPlaceholders(EMPTY_STATE, ['lobby']), [['lobby', { epoch: 'e2', seq: 2 }]]);
  const room = stored(messages(1, 4), { read: 3 });
  assert.equal(lobby(withOfflineRooms(state, [room])).firstUnread, 4, 'the first unread message of the stored log');
  assert.equal(lobby(withOfflineRooms(state, [{ ...room, read: 4 }])).firstUnread, null);
});

test('messages that the person read before the page was closed stay read, although the server does not know it yet', () => {
  const offline = restored(stored(messages(1, 3), { read: 3 }));
  const online = (frame) => lobby(receive(offline, frame, JOIN));
  const counts = ({ read, unread, firstUnread, seen }) => [read, unread, firstUnread, seen];
  assert.deepEqual(counts(online(joined(5, messages(1, 5), { read: 1, unread: 4 }))), [3, 2, 4, null]);
  assert.deepEqual(counts(online(joined(3, messages(1, 3), { read: 1, unread: 2 }))), [3, 0, null, null]);
  assert.deepEqual(counts(online(joined(5, messages(1, 5), { read: 4, unread: 1 }))), [4, 1, 5, null], 'the person has read more on another device');
  assert.deepEqual(counts(online(joined(5, messages(1, 5), { epoch: 'e2', read: 1, unread: 4 }))), [1, 4, 2, null], 'the server has another log');
  assert.deepEqual(counts(online(joined(99, messages(50, 99), { read: 1, unread: 98 }))), [1, 98, 2, null], 'the page does not have all new messages');
});

test('the mark of new messages disappears when the person writes or opens another room, also without a network', () => {
  const marked = withMarks(withPlaceholders(EMPTY_STATE, ['lobby', 'den']), [['lobby', { epoch: 'e1', seq: 2 }]]);
  const offline = { ...withOfflineRooms(marked, [stored(messages(1, 3), { read: 3 })]), current: 'lobby' };
  for (const state of [enqueueMessage(offline, outboxItem('1')), openRoom(offline, 'den')]) {
    assert.equal(lobby(state).firstUnread, null);
    assert.equal(lobby(receive(state, joined(3, messages(1, 3), { read: 3, unread: 0 }), JOIN)).firstUnread, null);
  }
});

test('a person who has seen the stored messages still gets the server’s counts', () => {
  const offline = markRead(restored(stored(messages(1, 3))), 'lobby');
  assert.equal(lobby(offline).read, 0);
  const online = receive(offline, joined(5, messages(1, 5), { read: 2, unread: 3 }), JOIN);
  assert.deepEqual([lobby(online).unread, lobby(online).firstUnread], [3, 3]);
});

test('the stored messages of a room disappear if the user can’t enter the room any more', () => {
  const state = { ...restored(stored(messages(1, 3))), outbox: [{ id: '1', room: 'lobby', state: 'pending' }] };
  const refused = receive(state, { type: 'error', code: 'banned', text: 'you are banned' }, JOIN);
  assert.deepEqual(lobby(refused).entries.filter(({ kind }) => kind === 'message'), []);
});

test('a stored room with damaged data shows nothing', () => {
  assert.deepEqual(textsOf(restored({ name: 'lobby', user: 'u-ann', messages: [{ type: 'message', text: 'x' }, { type: 'unknown', seq: 1 }] })), []);
  assert.deepEqual(textsOf(restored({ name: 'lobby', user: 'u-ann' })), []);
});

test('a change of a message creates a new list of entries, so that the page stores the room again', () => {
  const room = roomWith(messages(1, 3));
  const next = insertEvents(room, [change('deleted', 4, 2)], null);
  assert.notEqual(next.entries, room.entries); // the page compares the lists
  assert.deepEqual(offlineRoom(withRoom(EMPTY_STATE, next).rooms.get('lobby'), 'u-ann').messages.map(({ text }) => text), ['text 1', '', 'text 3']);
});
