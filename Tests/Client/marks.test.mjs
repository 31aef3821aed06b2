// Tests of the mark of new messages, also after a reload, and of the rule that only one tab tells the person about a message.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AlertClaims } from '../../Server/Web/client/alert-claims.mjs';
import { messageFrom } from '../../Server/Web/client/log.mjs';
import { changeRoom, withCounts, withMarks, withPlaceholders } from '../../Server/Web/client/rooms.mjs';
import { createRows } from '../../Server/Web/client/rows.mjs';
import { ANN, change, EMPTY_STATE, inLobby, joined, lobby, message, messages, NOON, receive, roomWith, WHOLE } from './support.mjs';

describe('the mark of new messages', () => {
  const join = (state, frame) => receive(state, frame, { request: { kind: 'join', room: 'lobby', show: true } });
  const reloaded = (mark) => withMarks(withPlaceholders(EMPTY_STATE, ['lobby']), [['lobby', mark]]);
  const read = { read: 4, unread: 0, mentions: 0 };

  test('survives a reload, although the messages are read', () =>
    assert.equal(lobby(join(reloaded({ epoch: 'e1', seq: 3 }), joined(4, messages(1, 4), read))).firstUnread, 3));
  test('does not survive a reset of the room', () => assert.equal(lobby(join(reloaded({ epoch: 'e0', seq: 3 }), joined(4, messages(1, 4), read))).firstUnread, null));
  test('is before the first unread message, if messages are unread after the reload', () =>
    assert.equal(lobby(join(reloaded({ epoch: 'e1', seq: 2 }), joined(4, messages(1, 4), { read: 3, unread: 1, mentions: 0 }))).firstUnread, 4));
  test('is not restored in a room that the page has already joined', () => assert.equal(withMarks(inLobby([]), [['lobby', { epoch: 'e1', seq: 1 }]]).rooms.get('lobby').mark, null));

  test('is known before its message is loaded', () => {
    const room = withCounts(roomWith(messages(500, 550), { more: true }), { read: 20, unread: 480 });
    assert.equal(room.firstUnread, 21);
    const kinds = createRows(room, [], WHOLE, ANN, Date.parse(NOON)).map(({ kind }) => kind);
    assert.ok(!kinds.includes('new'), 'the page does not know yet where the mark belongs');
  });
  test('is at the first unread message, if this message is loaded', () => assert.equal(withCounts(roomWith([message(1, 'a'), message(2, 'b'), message(5, 'c')]), { read: 2, unread: 1 }).firstUnread, 5));
});

describe('the jump to the mark', () => {
  const entries = roomWith([message(1, 'a'), { ...change('topic', 2), text: 'tea' }, message(3, 'c')]).entries;

  test('goes to the first message at or after the seq of the mark', () => {
    assert.equal(messageFrom(entries, 2).seq, 3);
    assert.equal(messageFrom(entries, 1).seq, 1);
    assert.equal(messageFrom(entries, 4), undefined);
  });

  const answer = (request, events) => receive(changeRoom(inLobby(messages(90, 95)), 'lobby', { loading: true }), { type: 'history', room: 'lobby', messages: events, more: true }, { request: { kind: 'history', room: 'lobby', direction: 'around', seq: 21, ...request } });
  test('accepts an answer without a message at the mark, because the event at the mark may not be a message', () => assert.deepEqual(lobby(answer({ orNext: true }, messages(22, 30))).entries.map(({ seq }) => seq), [22, 23, 24, 25, 26, 27, 28, 29, 30]));
  test('to a quoted message (without `orNext`) reports an error if the answer does not contain the message', () => assert.equal(lobby(answer({}, messages(22, 30))).entries.at(-1).tone, 'error'));
});

describe('one of several tabs', () => {
  test('tells the person about a message once', () => {
    const claims = new AlertClaims();
    assert.deepEqual([claims.claim('lobby', 3), claims.claim('lobby', 3), claims.claim('lobby', 2), claims.claim('den', 1), claims.claim('lobby', 4)], [true, false, false, true, true]);
  });
  test('stays silent after another tab has told the person', () => {
    const claims = new AlertClaims();
    claims.note('lobby', 7);
    claims.note('lobby', 5);
    assert.deepEqual([claims.claim('lobby', 7), claims.claim('lobby', 8)], [false, true]);
  });
});
