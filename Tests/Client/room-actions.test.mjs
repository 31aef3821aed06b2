import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allowedRoomActions, badgeOf, roomMenu, unreadIn } from '../../Server/Web/client/room-actions.mjs';
import { isDirect, labelOf, otherPerson, roomsInOrder, titleOf, withDirectNames, withoutRoom, withPlaceholders } from '../../Server/Web/client/rooms.mjs';
import { createRows } from '../../Server/Web/client/rows.mjs';
import { invitationWords } from '../../Server/Web/client/state.mjs';
import { ANN, BOB, EMPTY_STATE, inLobby, joined, lobby, message, newRoom, receive, roomWith, WHOLE } from './support.mjs';

const DIRECT = `dm-${'0a'.repeat(16)}`;
const room = (role, changes = {}) => roomWith([], { name: 'den', role, ...changes });
const allowed = (...given) => allowedRoomActions(room(...given)).join(' ');

describe('what a person can do with a room', () => {
  test('as a member', () => assert.equal(allowed('member'), 'notify favourite topic invite leave'));
  test('as a moderator: also set slow mode and manage tokens and the webhook', () => assert.equal(allowed('moderator'), 'notify favourite topic invite slow programs leave'));
  test('as an owner: also close the room', () => assert.equal(allowed('owner'), 'notify favourite topic invite slow programs leave close'));
  test('in the default room: an owner cannot close the room', () => assert.equal(allowed('owner', { name: 'lobby' }), 'notify favourite topic invite slow programs leave'));
  test('in a direct room', () => assert.equal(allowed('member', { with: BOB }), 'notify leave'));
  test('after a removal from the room: only leave the room', () => assert.equal(allowed('owner', { removed: true }), 'leave'));
  test('before the page has joined the room: only leave the room', () => assert.equal(allowed(null, { epoch: null }), 'leave'));
  test('the menu shows the current level of notification and the current interval of slow mode', () => {
    const items = roomMenu(room('moderator', { notify: 'mentions', slow: 30 }));
    assert.deepEqual(items.filter(({ isChecked }) => isChecked).map(({ id }) => id), ['mentions']);
    assert.deepEqual(items.map(({ id }) => id), ['all', 'mentions', 'none', 'favourite', 'topic', 'invite', 'slow', 'programs', 'leave']);
    assert.equal(items.find(({ id }) => id === 'slow').words, 'Slow mode: 30 seconds…');
  });
});

describe('the badge of a room', () => {
  const badge = (notify) => badgeOf({ ...newRoom('den'), notify, unread: 5, mentions: 2 });
  test('counts all messages at the level “all”', () => assert.deepEqual(badge('all'), { count: 5, isMention: true }));
  test('counts only mentions at the level “mentions”', () => assert.deepEqual(badge('mentions'), { count: 2, isMention: true }));
  test('counts nothing at the level “none”', () => assert.deepEqual(badge('none'), { count: 0, isMention: false }));
  test('is not marked as a mention if no message mentions the user', () => assert.deepEqual(badgeOf({ ...newRoom('den'), unread: 5 }), { count: 5, isMention: false }));
  test('the title of the page shows the sum of the badges', () => {
    assert.equal(unreadIn([{ ...newRoom('a'), unread: 5 }, { ...newRoom('b'), unread: 5, notify: 'none' }, { ...newRoom('c'), unread: 5, mentions: 1, notify: 'mentions' }]), 6);
  });
});

describe('the level of notification', () => {
  test('is in the joined frame', () => assert.equal(lobby(receive(inLobby(), joined(0, [], { notify: 'none' }), { request: { kind: 'rejoin', room: 'lobby' } })).notify, 'none'));
  test('changes after the server has stored it', () => {
    const request = { kind: 'notify', room: 'lobby', level: 'mentions' };
    assert.equal(lobby(receive(inLobby(), { type: 'ack', id: 'x' }, { request })).notify, 'mentions');
    assert.equal(lobby(receive(inLobby(), { type: 'error', id: 'x', code: 'internal', text: 'no' }, { request })).notify, 'all');
  });
});

describe('a direct room', () => {
  const direct = { ...newRoom(DIRECT), with: BOB };
  test('is shown by the name of the other person', () => assert.deepEqual([labelOf(direct), titleOf(direct)], ['bob', 'bob']));
  test('never shows its technical name', () => {
    for (const other of [null, { user: 'x', name: '' }]) assert.deepEqual([labelOf({ ...direct, with: other }), titleOf({ ...direct, with: other })], ['Direct message', 'Direct message']);
    const [row] = createRows(newRoom(DIRECT), [], WHOLE, ANN, 0);
    assert.deepEqual([row.kind, row.label], ['wait', 'Direct message']);
    assert.equal(invitationWords({ type: 'invited', room: DIRECT, from: BOB }), 'bob started a direct conversation with you.');
  });
  test('keeps the name of a person who has left, even if the server no longer knows the name', () => {
    const gone = { user: BOB.user, name: '' };
    assert.equal(otherPerson(gone, direct, []).name, 'bob');
    assert.equal(otherPerson(gone, undefined, [message(1, 'hi', { ...BOB, name: 'rob' }), message(2, 'yes', ANN)]).name, 'rob');
    assert.equal(otherPerson({ ...gone, name: 'new' }, direct, []).name, 'new');
    assert.equal(otherPerson(undefined, direct, []), null);
  });
  test('is shown by the person’s name before the page has joined the room again', () => {
    const state = withDirectNames(withPlaceholders(EMPTY_STATE, [DIRECT, 'lobby']), [[DIRECT, BOB], ['lobby', BOB]]);
    assert.deepEqual([...state.rooms.values()].map(labelOf), ['bob', 'lobby']);
  });
  test('needs more than a name that begins with “dm-”', () => assert.equal(isDirect(newRoom('dm-ann')), false));
  test('comes after the other rooms in the list, and becomes the current room when the room before it closes', () => {
    const rooms = new Map([['a', newRoom('a')], [DIRECT, direct], ['b', newRoom('b')]]);
    assert.deepEqual(roomsInOrder(rooms).map(({ name }) => name), ['a', 'b', DIRECT]);
    assert.equal(withoutRoom({ ...EMPTY_STATE, rooms, current: 'b' }, 'b').current, DIRECT);
  });
});
