import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { addNotice, changeRoom, hasNewest, insertAround, insertEvents, insertHistory, isUnusedPlaceholder, markRead, membersOf, openRoom, trimRoom, useServerSpelling, withoutRoom, withPlaceholders, withRoom } from '../../Server/Web/client/rooms.mjs';
import { eventAt } from '../../Server/Web/client/log.mjs';
import { ANN, BOB, EMPTY_STATE, inLobby, lobby, message, messages, newRoom, outboxItem, roomWith, withOutbox } from './support.mjs';

const three = () => withPlaceholders(EMPTY_STATE, ['a', 'b', 'c']);
const reader = { self: ANN, watching: null };

describe('the list of rooms', () => {
  test('placeholders are added once, in order', () => {
    const state = withPlaceholders(three(), ['b', 'd']);
    assert.deepEqual([...state.rooms.keys()], ['a', 'b', 'c', 'd']);
    assert.equal(withPlaceholders(state, ['a', 'd']), state);
  });

  test('removing the current room makes its neighbour current', () => {
    const state = { ...three(), current: 'b' };
    assert.equal(withoutRoom(state, 'b').current, 'c');
    assert.equal(withoutRoom({ ...state, current: 'c' }, 'c').current, 'b');
    assert.equal(withoutRoom(state, 'a').current, 'b');
  });

  test('removing the only room leaves no current room', () => {
    const state = { ...withPlaceholders(EMPTY_STATE, ['a']), current: 'a' };
    assert.equal(withoutRoom(state, 'a').current, null);
  });

  test('removing a room removes its messages in the outbox', () => {
    const state = withOutbox(three(), outboxItem('1', { room: 'a' }), outboxItem('2', { room: 'b' }));
    assert.deepEqual(withoutRoom(state, 'a').outbox.map(({ id }) => id), ['2']);
  });

  test('the server’s spelling replaces the name of a placeholder', () => {
    const state = withOutbox({ ...withPlaceholders(EMPTY_STATE, ['Lobby']), current: 'Lobby' }, outboxItem('1', { room: 'Lobby' }));
    const next = useServerSpelling(state, 'Lobby', 'lobby');
    assert.deepEqual([...next.rooms.keys()], ['lobby']);
    assert.equal(next.current, 'lobby');
    assert.equal(next.outbox[0].room, 'lobby');
  });

  test('a room that was joined keeps its name', () => {
    const state = inLobby();
    assert.equal(useServerSpelling(state, 'lobby', 'other'), state);
    assert.equal(useServerSpelling(state, undefined, 'other'), state);
  });

  test('a placeholder with waiting messages is in use', () => {
    assert.equal(isUnusedPlaceholder(three(), 'a'), true);
    assert.equal(isUnusedPlaceholder(withOutbox(three(), outboxItem('1', { room: 'a' })), 'a'), false);
    assert.equal(isUnusedPlaceholder(inLobby(), 'lobby'), false);
    assert.equal(isUnusedPlaceholder(three(), 'z'), false);
  });

  test('changing an unknown room changes nothing', () => {
    const state = three();
    assert.equal(changeRoom(state, 'z', { topic: 'x' }), state);
    assert.equal(changeRoom(state, null, { topic: 'x' }), state);
  });
});

describe('opening a room', () => {
  test('removes the mark of new messages from the previous room', () => {
    const state = changeRoom(changeRoom({ ...three(), current: 'a' }, 'a', { firstUnread: 7 }), 'b', { firstUnread: 3 });
    const next = openRoom(state, 'b');
    assert.equal(next.current, 'b');
    assert.equal(next.rooms.get('a').firstUnread, null);
    assert.equal(next.rooms.get('b').firstUnread, 3);
  });

  test('changes nothing if the room is unknown or is already the current room', () => {
    const state = { ...three(), current: 'a' };
    assert.equal(openRoom(state, 'z'), state);
    assert.equal(openRoom(state, 'a'), state);
  });
});

describe('insertEvents', () => {
  test('advances the cursor over events in order', () => {
    const room = roomWith(messages(1, 5));
    assert.equal(room.cursor, 5);
    assert.equal(room.oldest, 1);
  });

  test('does not advance the cursor over a gap before the join', () => {
    const room = roomWith([message(9, 'early')], { joinedAt: 10, cursor: 4 });
    assert.equal(room.cursor, 4);
    assert.equal(roomWith([message(11, 'live')], { joinedAt: 10, cursor: 4 }).cursor, 11);
  });

  test('does not advance the cursor of a room that is not joined', () => {
    assert.equal(roomWith(messages(1, 3), { live: false }).cursor, 0);
  });

  test('inserts each event once, in any order', () => {
    const room = insertEvents(roomWith([message(3, 'c'), message(1, 'a')]), [message(2, 'b'), message(3, 'c')], null);
    assert.deepEqual(room.entries.map(({ text }) => text), ['a', 'b', 'c']);
  });

  test('ignores events without a sequence number', () => assert.equal(roomWith([{ type: 'message', text: 'x' }]).entries.length, 0));

  test('counts unread messages and mentions, and marks the first unread message', () => {
    const room = insertEvents(roomWith(messages(1, 2)), [message(3, 'hello'), message(4, 'hello ann'), message(5, 'mine', ANN)], reader);
    assert.equal(room.unread, 2);
    assert.equal(room.mentions, 1);
    assert.equal(room.firstUnread, 3);
  });

  test('counts nothing while the reader looks at the room', () => {
    const room = insertEvents(roomWith([]), messages(1, 2), { self: ANN, watching: 'lobby' });
    assert.equal(room.unread, 0);
    assert.equal(room.firstUnread, null);
  });

  test('counts a message once, even if it arrives twice', () => {
    const once = insertEvents(roomWith([]), messages(1, 1), reader);
    assert.equal(insertEvents(once, messages(1, 1), reader).unread, 1);
  });

  test('a new topic event changes the topic, and an old topic event does not', () => {
    const topic = (seq, text) => ({ type: 'topic', seq, text, from: BOB });
    const room = insertEvents(roomWith([]), [topic(1, 'first'), topic(2, 'second')], reader);
    assert.equal(room.topic, 'second');
    assert.equal(insertEvents(room, [topic(1, 'first')], null).topic, 'second');
  });

  test('keeps at least 100,000 entries of the open room, and at most 120,000', () => {
    const full = roomWith(messages(1, 120_000));
    assert.equal(full.entries.length, 120_000);
    const room = insertEvents(full, messages(120_001, 120_001), null);
    assert.equal(room.entries.length, 100_000);
    assert.equal(room.oldest, 20_002);
    assert.equal(room.more, true);
  });

  test('keeps at most 10,000 entries of another room', () => {
    const room = insertEvents(roomWith(messages(1, 10_000)), messages(10_001, 10_001), { ...reader, current: 'other' });
    assert.deepEqual([room.entries.length, room.oldest, room.more, hasNewest(room)], [9_000, 1_002, true, true]);
  });

  test('drops the entries that are far from the reader', () => {
    const trimmed = insertEvents(roomWith(messages(1, 10_000)), messages(10_001, 10_001), { ...reader, current: 'other', readerAt: () => 5_200 });
    assert.deepEqual([trimmed.oldest, trimmed.end, trimmed.more, trimmed.entries.length], [700, 9_699, true, 9_000]);
    for (const at of [1, 9_990]) assert.ok(eventAt(insertEvents(roomWith(messages(1, 10_000)), messages(10_001, 10_001), { ...reader, current: 'other', readerAt: () => at }).entries, at));
  });

  test('drops most entries of a long log when the reader opens another room', () => {
    const state = withRoom(EMPTY_STATE, roomWith(messages(1, 50_000)));
    assert.deepEqual([trimRoom(state, 'lobby', null), trimRoom(state, 'lobby', 20_000)].map((next) => next.rooms.get('lobby').entries[0].seq), [41_001, 15_500]);
    assert.equal(trimRoom(withRoom(EMPTY_STATE, roomWith(messages(1, 100))), 'lobby', null).rooms.get('lobby').entries.length, 100);
    assert.equal(trimRoom(state, 'none', null), state);
  });
});

describe('a history that is longer than the log', () => {
  const LAST = 130_000, PAGE = 5_000; // a large page makes the test fast
  const scrolledUp = { ...reader, current: 'lobby', readerAt: () => 1 };
  const older = (room) => insertHistory(room, messages(Math.max(1, room.oldest - PAGE), room.oldest - 1), room.oldest > PAGE + 1, 'older');
  const newer = (room, last = LAST) => insertHistory(room, messages(room.end + 1, Math.min(last, room.end + PAGE)), room.end + PAGE < last, 'newer');
  const seqsOf = (room) => room.entries.map(({ seq }) => seq);
  const isComplete = (room) => seqsOf(room).every((seq, index, all) => index === 0 || seq === all[index - 1] + 1);
  const newest = () => insertEvents({ ...newRoom('lobby'), live: true, epoch: 'e1', more: true, joinedAt: LAST }, messages(LAST - 49, LAST), null);
  let start;
  before(() => {
    start = { ...newest(), cursor: LAST };
    let requests = 0;
    while (start.more) {
      const wanted = start.oldest;
      start = older(start);
      requests += 1;
      assert.ok(start.entries.length <= 120_000);
      assert.ok(start.entries.some(({ seq }) => seq === wanted), 'the reader’s message stays');
      assert.equal(start.oldest, Math.max(1, wanted - PAGE), 'no page is requested twice');
    }
    assert.equal(requests, Math.ceil((LAST - 50) / PAGE));
  });

  test('can be read to its beginning', () => {
    assert.equal(start.entries[0].seq, 1);
    assert.equal(hasNewest(start), false);
    assert.equal(start.entries.at(-1).seq, start.end);
    assert.ok(isComplete(start));
  });

  test('can be read to its end again', () => {
    let room = start;
    while (!hasNewest(room)) {
      const wanted = room.end;
      room = newer(room);
      assert.ok(room.entries.length <= 120_000);
      assert.ok(room.entries.some(({ seq }) => seq === wanted), 'the reader’s message stays');
    }
    assert.equal(room.entries.at(-1).seq, LAST);
    assert.equal(room.more, true);
    assert.ok(isComplete(room));
  });

  test('does not show new messages while messages before them are not loaded', () => {
    const room = insertEvents(start, [message(LAST + 1, 'new')], scrolledUp);
    assert.equal(room.entries, start.entries);
    assert.deepEqual([room.cursor, room.unread], [LAST + 1, 1]);
  });

  test('misses no message that arrives while the page requests the end', () => {
    let room = start;
    while (room.end + PAGE < LAST) room = newer(room);
    const asked = { ...room, loading: true, tail: [] };
    const meanwhile = insertEvents(asked, [message(LAST + 1, 'new')], scrolledUp);
    const end = newer(meanwhile);
    assert.equal(hasNewest(end), true);
    assert.equal(end.entries.at(-1).seq, LAST + 1);
    assert.ok(isComplete(end));
  });

  test('shows the newest messages after one request for them', () => {
    const asked = { ...start, loading: true, tail: [] };
    const meanwhile = insertEvents(asked, [message(LAST + 1, 'new')], scrolledUp);
    const end = insertHistory(meanwhile, messages(LAST - 49, LAST), true, 'newest');
    assert.deepEqual(seqsOf(end), seqsOf({ entries: messages(LAST - 49, LAST + 1) }));
    assert.deepEqual([end.oldest, end.more, hasNewest(end)], [LAST - 49, true, true]);
  });

  test('does not lose the reader’s messages if others write', () => {
    let room = newest();
    while (room.entries.length < 115_050) room = older(room);
    const first = room.entries[0];
    const reading = { ...scrolledUp, readerAt: () => first.order };
    for (let seq = LAST + 1; seq < LAST + 6_000; seq += 500) room = insertEvents(room, messages(seq, seq + 499), reading);
    assert.equal(room.entries[0], first);
    assert.ok(room.entries.length <= 120_000);
    assert.ok(isComplete(room));
  });
});

describe('the messages around an earlier message', () => {
  const newest = () => ({ ...roomWith(messages(900, 1000), { more: true, joinedAt: 1000 }), cursor: 1000, loading: true });
  const seqs = ({ entries }) => [entries[0].seq, entries.at(-1).seq, entries.length];

  test('replace the log if messages between them and the log are missing', () => {
    const room = insertAround(newest(), messages(100, 150));
    assert.deepEqual(seqs(room), [100, 150, 51]);
    assert.deepEqual([room.oldest, room.end, room.more, room.loading, hasNewest(room), room.cursor], [100, 150, true, false, false, 1000]);
  });
  test('are followed by the later messages, without a hole', () => {
    let room = insertAround(newest(), messages(700, 850));
    room = insertHistory(room, messages(851, 1000), false, 'newer');
    assert.deepEqual([...seqs(room), hasNewest(room)], [700, 1000, 301, true]);
  });
  test('extend the log if no message between them and the log is missing', () => {
    for (const [from, to] of [[850, 899], [850, 950]]) {
      const room = insertAround(newest(), messages(from, to));
      assert.deepEqual([...seqs(room), hasNewest(room)], [850, 1000, 151, true]);
    }
    const later = insertAround(insertAround(newest(), messages(100, 150)), messages(151, 200));
    assert.deepEqual([...seqs(later), later.end], [100, 200, 101, 200]);
  });
  test('may begin with the first message of the room', () => assert.equal(insertAround(newest(), messages(1, 50)).more, false));
  test('are not followed by a new message, because the messages between them are missing', () => {
    const room = insertEvents(insertAround(newest(), messages(100, 150)), [message(1001, 'new')], reader);
    assert.deepEqual([seqs(room)[1], room.cursor, room.unread], [150, 1001, 1]);
  });
  test('do not change the log if the list is empty', () => assert.equal(insertAround(newest(), []).loading, false));
});

describe('notices', () => {
  test('go to the current room, after its newest entry', () => {
    const state = addNotice(inLobby(messages(1, 3)), { text: 'note' });
    const entry = lobby(state).entries.at(-1);
    assert.equal(entry.text, 'note');
    assert.equal(entry.tone, 'info');
    assert.equal(entry.order, 3);
  });

  test('stay in the order in which they were added', () => {
    const state = addNotice(addNotice(inLobby(messages(1, 1)), { text: 'one' }), { text: 'two' });
    assert.deepEqual(lobby(state).entries.slice(-2).map(({ text }) => text), ['one', 'two']);
  });

  test('stay before events that arrive later', () => {
    const state = addNotice(inLobby(messages(1, 1)), { text: 'note' });
    const room = insertEvents(lobby(state), [message(2, 'later')], null);
    assert.deepEqual(room.entries.map(({ text }) => text).slice(-2), ['note', 'later']);
  });

  test('are not added if there is no room', () => assert.equal(addNotice(EMPTY_STATE, { text: 'x' }), EMPTY_STATE));
});

test('markRead sets the counts to zero', () => {
  const state = changeRoom(inLobby(), 'lobby', { unread: 3, mentions: 1, firstUnread: 7 });
  const room = lobby(markRead(state, 'lobby'));
  assert.deepEqual([room.unread, room.mentions, room.firstUnread], [0, 0, 7]);
  const read = inLobby();
  assert.equal(markRead(read, 'lobby'), read);
});

test('membersOf maps users to names, and accepts a missing list', () => {
  assert.deepEqual([...membersOf([ANN, BOB])], [['u-ann', 'ann'], ['u-bob', 'bob']]);
  assert.equal(membersOf(undefined).size, 0);
});
