import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { markRead, titleOf } from '../../Server/Web/client/rooms.mjs';
import { markDisconnected } from '../../Server/Web/client/state.mjs';
import { endTyping, typingWords } from '../../Server/Web/client/typing.mjs';
import { ANN, BOB, change, EMPTY_STATE, inLobby, joined, lobby, message, messages, noticesOf, outboxItem, receive, withOutbox } from './support.mjs';

const counts = (state) => [lobby(state).unread, lobby(state).mentions, lobby(state).firstUnread];
const enter = (frame) => receive(receive(EMPTY_STATE, { type: 'welcome', ...ANN }), frame, { request: { kind: 'join', room: 'lobby' } });

describe('unread messages', () => {
  test('are counted by the server when the page joins', () => {
    const state = enter(joined(5, messages(1, 5), { read: 3, unread: 2, mentions: 1 }));
    assert.deepEqual(counts(state), [2, 1, 4]);
  });
  test('have no mark of new messages if the user has read nothing', () => assert.deepEqual(counts(enter(joined(5, messages(1, 5), { read: 0, unread: 5, mentions: 0 }))), [5, 0, null]));
  test('are not counted twice if their events arrive after the join', () => {
    const away = markDisconnected(enter(joined(1, messages(1, 1), { read: 1, unread: 0, mentions: 0 })));
    const back = receive(away, joined(4, messages(2, 3), { read: 1, unread: 3, mentions: 0 }), { request: { kind: 'rejoin', room: 'lobby', after: 1 } });
    assert.equal(counts(receive(back, message(4, 'the rest')))[0], 3);
    assert.equal(counts(receive(receive(back, message(4, 'the rest')), message(5, 'live')))[0], 4);
  });
  test('are counted by the page if the server does not have the page’s read mark yet', () => {
    const away = markDisconnected(markRead(enter(joined(3, messages(1, 3), { read: 0, unread: 3, mentions: 0 })), 'lobby'));
    const back = receive(away, joined(4, [message(4, 'ann: hi')], { read: 0, unread: 4, mentions: 1 }), { request: { kind: 'rejoin', room: 'lobby', after: 3 } });
    assert.deepEqual(counts(back), [1, 1, 4]);
  });
  test('are no longer counted after another device has read them', () => {
    const state = receive(enter(joined(5, messages(1, 5), { read: 1, unread: 4, mentions: 2 })), { type: 'read', room: 'lobby', seq: 4, unread: 1, mentions: 0 });
    assert.deepEqual(counts(state), [1, 0, 5]);
    assert.deepEqual(counts(receive(state, { type: 'read', room: 'lobby', seq: 5, unread: 0, mentions: 0 })), [0, 0, null]);
  });
  test('are no longer counted after they are deleted', () => {
    const state = enter(joined(5, messages(1, 5), { read: 3, unread: 2, mentions: 0 }));
    assert.deepEqual(counts(receive(state, change('deleted', 6, 5))), [1, 0, 4]);
    assert.deepEqual(counts(receive(state, change('deleted', 6, 2))), [2, 0, 4], 'the person has read the message');
    assert.deepEqual(counts(receive(receive(state, change('deleted', 6, 5)), change('deleted', 6, 5))), [1, 0, 4], 'the event arrives twice');
    const live = receive(receive(state, message(6, '@ann', BOB, { mentions: [ANN.user] })), message(7, 'mine', ANN));
    assert.deepEqual(counts(receive(live, change('deleted', 8, 7, { from: ANN }))), [3, 1, 4], 'the message is the person’s own');
    assert.deepEqual(counts(receive(live, change('deleted', 8, 6))), [2, 0, 4]);
  });
  test('start or stop counting as mentions after an edit', () => {
    const state = enter(joined(5, messages(1, 5), { read: 3, unread: 2, mentions: 0 }));
    const mentioned = receive(state, change('edited', 6, 5, { text: '@ann', mentions: [ANN.user] }));
    assert.deepEqual(counts(mentioned), [2, 1, 4]);
    assert.deepEqual(counts(receive(mentioned, change('edited', 7, 5, { text: 'nobody', mentions: [] }))), [2, 0, 4]);
    assert.deepEqual(counts(receive(mentioned, change('deleted', 7, 5))), [1, 0, 4]);
  });
  test('are subtracted from the count only once if they were deleted before the join', () => {
    const away = markDisconnected(enter(joined(5, messages(1, 5), { read: 3, unread: 2, mentions: 0 })));
    const back = receive(away, joined(6, [change('deleted', 6, 5)], { read: 3, unread: 1, mentions: 0 }), { request: { kind: 'rejoin', room: 'lobby', after: 5 } });
    assert.deepEqual(counts(back), [1, 0, 4]);
  });
  test('stay the same if the server sends an older read mark', () => {
    const state = markRead(inLobby(messages(1, 5)), 'lobby');
    assert.deepEqual(counts(receive(state, { type: 'read', room: 'lobby', seq: 2, unread: 3, mentions: 0 })), [0, 0, null]);
  });
  test('markRead sets the mark to the newest message', () => assert.equal(lobby(markRead(inLobby([...messages(1, 2), { type: 'topic', seq: 3, from: BOB, text: 'x' }]), 'lobby')).read, 2));
});

describe('typing', () => {
  const typing = (who, more = {}) => ({ type: 'typing', room: 'lobby', ...who, ...more });
  const words = (state) => typingWords(lobby(state).writers);
  const state = receive(inLobby(messages(1, 1)), typing(BOB));

  test('names the person', () => assert.equal(words(state), 'bob is writing…'));
  test('ends when the person stops, or sends the message', () => {
    assert.equal(words(receive(state, typing(BOB, { off: true }))), '');
    assert.equal(words(receive(state, message(2, 'done'))), '');
    assert.equal(words(receive(state, message(2, 'done', ANN))), 'bob is writing…');
  });
  test('ends after a time, unless the person continues to type', () => {
    const writer = lobby(state).writers.get(BOB.user);
    assert.equal(words(endTyping(state, 'lobby', BOB.user, writer)), '');
    assert.equal(words(endTyping(receive(state, typing(BOB)), 'lobby', BOB.user, writer)), 'bob is writing…');
  });
  test('is not shown if it comes from another device of the same user', () => assert.equal(words(receive(inLobby(), typing(ANN))), ''));
  test('names up to three people, and otherwise shows their number', () => {
    const people = (count) => Array.from({ length: count }, (_, index) => ({ user: `u${index}`, name: `p${index}` }));
    assert.equal(words(people(3).reduce((before, who) => receive(before, typing(who)), inLobby())), 'p0, p1 and p2 are writing…');
    assert.equal(words(people(4).reduce((before, who) => receive(before, typing(who)), inLobby())), '4 people are writing…');
  });
});

describe('direct rooms and invitations', () => {
  test('a direct room has the name of the other person, also after this person has changed the name', () => {
    const state = enter(joined(0, [], { private: true, with: BOB }));
    assert.equal(titleOf(lobby(state)), 'bob');
    assert.equal(titleOf(lobby(receive(state, { type: 'presence', room: 'lobby', state: 'renamed', user: BOB.user, name: 'rob', was: 'bob' }))), 'rob');
    assert.equal(titleOf(lobby(inLobby())), '#lobby');
  });
  test('an invitation offers to join', () => {
    const notice = noticesOf(receive(inLobby(), { type: 'invited', room: 'den', from: BOB, topic: '' })).at(-1);
    assert.deepEqual([notice.text, notice.join], ['bob invited you to #den.', 'den']);
  });
  test('an error of a `read` or `typing` request is not shown', () => {
    const state = inLobby();
    for (const kind of ['read', 'typing']) assert.equal(receive(state, { type: 'error', id: 'x', code: 'muted' }, { request: { kind } }), state);
  });
});

describe('another tab of this browser', () => {
  test('has read some of the messages: this page counts the other messages itself', () => {
    const state = receive(enter(joined(5, messages(1, 5), { read: 1, unread: 4, mentions: 0 })), message(6, '@ann', BOB, { mentions: [ANN.user] }));
    assert.deepEqual(counts(receive(state, { type: 'read', room: 'lobby', seq: 4 })), [2, 1, 5]);
    assert.deepEqual(counts(receive(state, { type: 'read', room: 'lobby', seq: 6 })), [0, 0, null]);
  });
  test('has changed the level of notification of a room: this page uses the new level', () => assert.equal(lobby(receive(inLobby(), { type: 'tab-notify', room: 'lobby', level: 'none' })).notify, 'none'));
  test('has left a room: this page leaves the room too, but keeps unsent messages', () => {
    assert.equal(lobby(receive(inLobby(), { type: 'tab-left', room: 'lobby' })), undefined);
    const left = receive(withOutbox(inLobby(), outboxItem('1')), { type: 'tab-left', room: 'lobby' });
    assert.deepEqual([lobby(left).live, left.outbox[0].state], [false, 'failed'], 'an unsent message stays');
  });
});
