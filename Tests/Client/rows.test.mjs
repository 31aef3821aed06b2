import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addNotice } from '../../Server/Web/client/rooms.mjs';
import { createRows, missingQuotes } from '../../Server/Web/client/rows.mjs';
import { ANN, at, BOB, inLobby, joined, lobby, message, messages, NOON, outboxItem, receive, roomWith } from './support.mjs';

const rowsOf = (room, outbox = [], part = { segments: [{ start: 0, end: room.entries.length, above: 0 }], below: 0 }) => createRows(room, outbox, part, ANN, Date.parse(NOON));
const kinds = (rows) => rows.map(({ kind }) => kind);
const spoken = (rows) => rows.filter(({ kind }) => kind === 'message');

describe('a part of the log', () => {
  const START = Date.parse(NOON);
  /** A long log: several people, pauses, actions, notices, days, and a clock that was set back. */
  const longRoom = () => {
    const events = [];
    for (let seq = 1, time = START; seq <= 1_500; seq += 1) {
      time += seq % 41 === 0 ? 400_000 : seq % 200 === 0 ? 90_000_000 : seq === 900 ? -100_000_000 : 20_000;
      if (seq % 13 !== 5) events.push(message(seq, `text ${seq}`, seq % 30 < 25 ? BOB : ANN, { at: new Date(time).toISOString(), me: seq % 97 === 0 }));
    }
    const state = addNotice(inLobby(events.slice(0, 500)), { text: 'note', at: NOON });
    return roomWith(events, { entries: lobby(state).entries, days: lobby(state).days, firstUnread: 700 });
  };
  const isDrawn = ({ kind }) => kind !== 'space' && kind !== 'start';

  test('has the same rows as when the whole log is drawn', () => {
    const room = longRoom();
    const whole = rowsOf(room).filter(isDrawn);
    assert.ok(new Set(whole.map(({ kind }) => kind)).size >= 4 && whole.filter(({ kind }) => kind === 'day').length >= 7);
    for (let start = 0; start < room.entries.length; start += 7) {
      const end = Math.min(room.entries.length, start + 120);
      const part = rowsOf(room, [], { segments: [{ start, end, above: start * 30 }], below: 1 }).filter(isDrawn);
      const first = part.findIndex(({ entry }) => entry), at = whole.findIndex(({ key }) => key === part[first].key);
      assert.deepEqual(part, whole.slice(at - first, at - first + part.length));
    }
  });

  test('has spaces in place of the rows that are not drawn', () => {
    const rows = rowsOf(roomWith(messages(1, 100)), [], { segments: [{ start: 10, end: 12, above: 270 }, { start: 50, end: 51, above: 1000 }], below: 1300 });
    assert.deepEqual(rows.map(({ kind, label, key }) => kind === 'space' ? label : key), ['270', 's11', 's12', '1000', 's51', '1300']);
  });

  test('is created without reading the whole log', () => {
    const room = roomWith(messages(1, 5_000));
    let reads = 0;
    for (const entry of room.entries) {
      const { at } = entry;
      Object.defineProperty(entry, 'at', { get() { reads += 1; return at; } });
    }
    rowsOf(room, [], { segments: [{ start: 4_000, end: 4_100, above: 1 }], below: 1 });
    assert.ok(reads < 2_000, `${reads} times`);
  });
});

describe('the top of the log', () => {
  test('is the start of the room if the history is complete', () => assert.equal(rowsOf(roomWith(messages(1, 2)))[0].kind, 'start'));
  test('says that earlier messages exist', () => {
    assert.equal(rowsOf(roomWith(messages(5, 6), { more: true }))[0].kind, 'older');
    assert.equal(rowsOf(roomWith(messages(5, 600), { more: true }), [], { segments: [{ start: 100, end: 200, above: 1 }], below: 1 })[0].kind, 'space');
  });
  test('says that the page waits, in a room that is not joined yet', () => assert.deepEqual(kinds(rowsOf(roomWith([], { epoch: null }))), ['wait']));
});

describe('groups', () => {
  const firsts = (...events) => spoken(rowsOf(roomWith(events))).map(({ first }) => first);

  test('messages of one person within five minutes form a group', () => assert.deepEqual(firsts(message(1, 'a'), message(2, 'b'), message(3, 'c')), [true, false, false]));
  test('another person starts a group', () => assert.deepEqual(firsts(message(1, 'a'), message(2, 'b', ANN), message(3, 'c')), [true, true, true]));
  test('a new name starts a group', () => assert.deepEqual(firsts(message(1, 'a'), message(2, 'b', { ...BOB, name: 'rob' })), [true, true]));
  test('a pause of five minutes starts a group', () => assert.deepEqual(firsts(message(1, 'a'), message(2, 'b', BOB, { at: at(6) })), [true, true]));
  test('an action is a group of its own', () => assert.deepEqual(firsts(message(1, 'a'), message(2, 'b', BOB, { me: true }), message(3, 'c')), [true, true, true]));

  test('a notice ends a group', () => {
    const state = addNotice(inLobby([message(1, 'a')]), { text: 'note' });
    const room = roomWith([message(2, 'b')], { entries: lobby(state).entries });
    assert.deepEqual(spoken(rowsOf(room)).map(({ first }) => first), [true, true]);
  });
});

describe('days', () => {
  test('a day is shown before its first message', () => {
    const room = roomWith([message(1, 'a', BOB, { at: '2026-05-01T12:00:00Z' }), message(2, 'b', BOB, { at: NOON }), message(3, 'c', BOB, { at: NOON })]);
    assert.deepEqual(kinds(rowsOf(room)), ['start', 'day', 'message', 'day', 'message', 'message']);
    assert.equal(rowsOf(room)[3].label, 'Today');
  });

  test('a day is shown once, even if a clock was set back', () => {
    const times = ['2026-05-03T12:00:00Z', '2026-05-04T12:00:00Z', '2026-05-03T12:30:00Z', '2026-05-04T12:10:00Z'];
    const room = roomWith(times.map((time, index) => message(index + 1, 'a', BOB, { at: time })));
    const rows = rowsOf(room, [outboxItem('1', { at: '2026-05-03T12:00:00Z' })]);
    assert.deepEqual(kinds(rows), ['start', 'day', 'message', 'day', 'message', 'message', 'message', 'message']);
    assert.equal(new Set(rows.map(({ key }) => key)).size, rows.length);
  });

  test('a notice starts no day', () => {
    const state = addNotice(inLobby([message(1, 'a')]), { text: 'note', at: '2026-06-01T12:00:00Z' });
    const room = roomWith([message(2, 'b')], { entries: lobby(state).entries, days: lobby(state).days });
    assert.deepEqual(kinds(rowsOf(room)), ['start', 'day', 'message', 'notice', 'message']);
  });

  test('a notice without a time starts no day', () => {
    const state = addNotice(inLobby([message(1, 'a')]), { text: 'note' });
    assert.deepEqual(kinds(rowsOf(lobby(state))), ['start', 'day', 'message', 'notice']);
  });
});

describe('the mark of new messages', () => {
  test('is shown before the first unread message, and starts a group', () => {
    const rows = rowsOf(roomWith(messages(1, 4), { firstUnread: 3 }));
    assert.deepEqual(kinds(rows), ['start', 'day', 'message', 'message', 'new', 'message', 'message']);
    assert.equal(rows[5].first, true);
  });

  test('is absent if all messages are new', () => assert.ok(!kinds(rowsOf(roomWith(messages(1, 2), { firstUnread: 1 }))).includes('new')));
});

describe('the outbox', () => {
  test('comes last, and continues a group of the page’s own user', () => {
    const rows = rowsOf(roomWith([message(1, 'a', ANN)]), [outboxItem('1', { at: at(2) }), outboxItem('2', { room: 'other' })]);
    assert.deepEqual(spoken(rows).map(({ key, first }) => [key, first]), [['s1', true], ['o1', false]]);
    assert.equal(rows.at(-1).entry.item.id, '1');
  });

  test('does not show a message that has arrived as an event', () => assert.equal(spoken(rowsOf(roomWith([message(1, 'a', ANN)]), [outboxItem('1', { echo: 1 })])).length, 1));
  test('shows the name under which a message was written', () => assert.equal(rowsOf(roomWith([]), [outboxItem('1', BOB)]).at(-1).entry.from.name, 'bob'));
  test('shows a failed message in a group of its own', () => {
    const rows = rowsOf(roomWith([message(1, 'a', ANN)]), [outboxItem('1', { state: 'failed', at: at(1) })]);
    assert.equal(rows.at(-1).first, true);
  });
  test('is not shown while the reader has scrolled far up', () => {
    const rows = rowsOf(roomWith(messages(1, 1200)), [outboxItem('1')], { segments: [{ start: 0, end: 500, above: 0 }], below: 1 });
    assert.deepEqual([rows.at(-2).key, rows.at(-1).kind], ['s500', 'space']);
  });
});

describe('quotes', () => {
  const quoteOf = (answered, reply = 1) => rowsOf(roomWith([answered, message(9, 'yes', ANN, { reply })])).at(-1).label;

  test('show the message that is answered, without backticks', () => assert.equal(quoteOf(message(1, ' is `a` there? ')), 'bob: is a there?'));
  test('are not parsed again for each drawing', () => {
    let reads = 0;
    const room = roomWith([message(1, 'text'), ...[2, 3, 4].map((seq) => message(seq, 'yes', ANN, { reply: 1 }))]);
    const text = room.entries[0].text;
    Object.defineProperty(room.entries[0], 'text', { get() { reads += 1; return text; } });
    rowsOf(room);
    rowsOf(room);
    assert.equal(reads, 1);
  });

  test('are at most 200 characters long', () => assert.equal(quoteOf(message(1, 'x'.repeat(500))).length, 'bob: '.length + 200));
  test('say that the message was deleted', () => assert.equal(quoteOf(message(1, '', BOB, { deleted: true })), 'bob: deleted'));
  test('say “an earlier message” if the page does not have the message', () => assert.equal(quoteOf(message(2, 'a'), 1), 'an earlier message'));
  test('come from the server if the log does not have the message, with one request for each message', () => {
    const request = { kind: 'quote', room: 'lobby', seq: 1 };
    const missing = (state) => missingQuotes(rowsOf(lobby(state)), lobby(state));
    const last = (state) => rowsOf(lobby(state)).at(-1).label;
    const reply = inLobby([message(8, 'yes', ANN, { reply: 1 }), message(9, 'no', ANN, { reply: 1 }), message(10, 'here', ANN, { reply: 8 }), message(11, 'well', ANN, { reply: 1 })]);
    assert.deepEqual(missing(reply), [1]);
    const answered = receive(reply, { type: 'history', room: 'lobby', messages: [message(1, 'who has the keys?')], more: true }, { request });
    assert.deepEqual([missing(answered), last(answered), lobby(answered).entries.length], [[], 'bob: who has the keys?', 4]);
    const gone = receive(reply, { type: 'history', room: 'lobby', messages: [message(2, 'a')], more: true }, { request });
    assert.deepEqual([missing(gone), last(gone)], [[], 'an earlier message']);

    const deleted = receive(answered, { type: 'deleted', room: 'lobby', seq: 12, at: at(12), from: BOB, of: 1 });
    assert.deepEqual([missing(deleted), last(deleted)], [[1], 'an earlier message'], 'the page drops the text of a deleted message');
    const again = (state) => receive(state, joined(11, [], { recovered: true }), { request: { kind: 'rejoin', room: 'lobby', after: 11 } });
    assert.deepEqual([missing(again(gone)), missing(again(answered))], [[1], []], 'an answer that was lost is asked for again');
  });
  test('say “an earlier message” if the event is not a message', () => assert.equal(quoteOf({ type: 'topic', seq: 1, text: 'x', from: BOB, at: NOON }), 'an earlier message'));
});

describe('a long series of messages of one person', () => {
  const firsts = (events) => spoken(rowsOf(roomWith(events))).flatMap(({ first }, index) => first ? [index] : []);

  test('shows the name again after twelve messages', () => assert.deepEqual(firsts(Array.from({ length: 30 }, (_, index) => message(index + 1, 'a', BOB, { at: at(0) }))), [0, 12, 24]));
  test('shows the name again after ten minutes', () => assert.deepEqual(firsts([0, 4, 8, 12, 16, 20].map((minutes, index) => message(index + 1, 'a', BOB, { at: at(minutes) }))), [0, 3]));
});

describe('a new room', () => {
  const start = (room) => rowsOf(room)[0];

  test('describes the room until somebody has written', () => {
    assert.equal(start(roomWith([])).room.isNew, true);
    assert.equal(start(roomWith([message(1, 'a')])).room.isNew, false);
  });
  test('shows the topic and the other people in the room', () => {
    const { room } = start(roomWith([], { topic: 'tea', memberCount: 2, members: new Map([[ANN.user, 'ann'], [BOB.user, 'bob']]) }));
    assert.deepEqual([room.topic, room.others, room.memberCount, room.mayInvite], ['tea', ['bob'], 2, true]);
  });
});
