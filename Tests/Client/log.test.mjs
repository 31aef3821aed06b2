import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createEntry, daysFrom, eventAt, indexFor, insertEntries, insertEntry, withDays } from '../../Server/Web/client/log.mjs';
import { message } from './support.mjs';

const entries = (...seqs) => seqs.map((seq) => createEntry(message(seq, `text ${seq}`)));
const orders = (list) => list.map(({ order }) => order);

describe('insertEntry', () => {
  test('appends a newer entry', () => assert.deepEqual(orders(insertEntry(entries(1, 2), entries(3)[0])), [1, 2, 3]));
  test('inserts an older entry before the newer entries', () => assert.deepEqual(orders(insertEntry(entries(1, 3), entries(2)[0])), [1, 2, 3]));

  test('does not insert an entry twice', () => {
    const list = entries(1, 2, 3);
    assert.equal(insertEntry(list, entries(2)[0]), list);
  });

  test('does not change the given list', () => {
    const list = Object.freeze(entries(1, 3));
    insertEntry(list, entries(2)[0]);
    assert.deepEqual(orders(list), [1, 3]);
  });

  test('a notice comes after the event with the same number', () => {
    const notice = { kind: 'notice', key: 'n1', order: 2, rank: 1 };
    assert.deepEqual(insertEntry(entries(1, 2, 3), notice).map(({ key }) => key), ['s1', 's2', 'n1', 's3']);
  });

  test('the server’s copy replaces the page’s own copy, and gets the key and the id of the own copy', () => {
    const own = { ...entries(2)[0], key: 'o7', id: '7', local: true };
    const [entry] = insertEntry([own], createEntry(message(2, 'as stored')));
    assert.equal(entry.text, 'as stored');
    assert.equal(entry.key, 'o7');
    assert.equal(entry.id, '7');
    assert.equal(entry.local, undefined);
  });
});

describe('insertEntries', () => {
  const seqs = (...given) => orders(insertEntries(entries(10, 20, 30), entries(...given)));

  test('inserts at the start, in the middle and at the end', () => {
    assert.deepEqual(seqs(1, 2), [1, 2, 10, 20, 30]);
    assert.deepEqual(seqs(40, 50), [10, 20, 30, 40, 50]);
    assert.deepEqual(seqs(1, 15, 16, 25, 40), [1, 10, 15, 16, 20, 25, 30, 40]);
  });
  test('sorts the added entries, and inserts each of them once', () => {
    assert.deepEqual(seqs(40, 5, 40, 20, 5), [5, 10, 20, 30, 40]);
    assert.deepEqual(orders(insertEntries([], entries(3, 1, 2, 1))), [1, 2, 3]);
  });
  test('returns the same list if nothing is new', () => {
    const list = entries(10, 20, 30);
    assert.equal(insertEntries(list, entries(20, 30)), list);
    assert.equal(insertEntries(list, []), list);
  });
  test('applies the changes that a later copy of an entry contains', () => {
    const list = insertEntries(entries(10, 20, 30), [createEntry(message(20, 'edited', undefined, { edited: '2026-01-01T00:00:00Z' })), ...entries(25)]);
    assert.deepEqual(list.map(({ text }) => text), ['text 10', 'edited', 'text 25', 'text 30']);
  });
  test('copies the log only once for a whole page of the history', () => {
    const list = entries(...Array.from({ length: 1_000 }, (_, index) => 1_000 + index));
    let copies = 0;
    for (const name of ['slice', 'concat', 'toSpliced', 'with']) list[name] = (...given) => { copies += 1; return Array.prototype[name].apply(list, given); };
    assert.equal(insertEntries(list, entries(...Array.from({ length: 200 }, (_, index) => 800 + index))).length, 1_200);
    assert.ok(copies <= 2, `${copies} copies`);
  });
});

describe('the days of a log', () => {
  const entry = (seq, day, more = {}) => ({ kind: 'message', order: seq, rank: 0, at: `2026-05-${day}T12:00:00`, ...more });
  const daysOf = (...added) => withDays([], added).map(({ order, day }) => [order, day.slice(-2)]);

  test('begin at their first entries', () => assert.deepEqual(daysOf(entry(1, '03'), entry(2, '03'), entry(3, '04')), [[1, '03'], [3, '04']]));
  test('begin only once, even if a clock was set back', () => assert.deepEqual(daysOf(entry(1, '03'), entry(2, '04'), entry(3, '03'), entry(4, '04'), entry(5, '05')), [[1, '03'], [2, '04'], [5, '05']]));
  test('do not depend on the order in which the entries arrive', () => {
    const all = Array.from({ length: 40 }, (_, index) => entry(index + 1, String(3 + Math.floor(index / 9) + (index % 7 === 3 ? 1 : 0)).padStart(2, '0')));
    const expected = withDays([], all);
    for (let shift = 1; shift < 40; shift += 1) assert.deepEqual(withDays(withDays([], all.slice(shift)), all.slice(0, shift)), expected, `${shift}`);
    assert.deepEqual(withDays([], all.toReversed()), expected);
    assert.equal(withDays(expected, all), expected);
  });
  test('do not begin at a notice or at an entry without a time', () => assert.deepEqual(daysOf(entry(1, '03', { kind: 'notice' }), entry(2, '04', { at: null })), []));
  test('stay when the first entries are dropped', () => {
    const days = withDays([], [entry(1, '03'), entry(2, '04'), entry(3, '03'), entry(4, '05')]);
    assert.deepEqual([1, 2, 3, 4, 5].map((order) => daysFrom(days, { order, rank: 0 }).map((one) => [one.order, one.day.slice(-2)])),
      [[[1, '03'], [2, '04'], [4, '05']], [[2, '04'], [4, '05']], [[3, '04'], [4, '05']], [[4, '05']], [[5, '05']]]);
  });
});

test('indexFor finds the index of an entry, or the index at which to insert it', () => {
  const list = entries(10, 20, 30);
  for (const [order, index] of [[5, 0], [10, 0], [11, 1], [20, 1], [30, 2], [31, 3]]) assert.equal(indexFor(list, { order, rank: 0 }), index);
});

test('eventAt finds the entry of an event, but not a notice', () => {
  const list = insertEntry(entries(10, 20), { kind: 'notice', key: 'n1', order: 15, rank: 1 });
  assert.equal(eventAt(list, 20), list[2]);
  for (const seq of [9, 15, 21]) assert.equal(eventAt(list, seq), undefined);
});

describe('createEntry', () => {
  test('an event without a type is a message', () => {
    const { type, ...event } = message(1, 'hello');
    assert.equal(createEntry(event).kind, 'message');
  });

  test('a message keeps its reply, its edit and its deletion', () => {
    const entry = createEntry(message(4, 'hello', undefined, { me: true, reply: 2, edited: '2026-01-01T00:00:00Z' }));
    assert.equal(entry.me, true);
    assert.equal(entry.reply, 2);
    assert.equal(entry.edited, '2026-01-01T00:00:00Z');
    const { text, ...deleted } = message(5, '', undefined, { deleted: true });
    assert.equal(createEntry(deleted).deleted, true);
    assert.equal(createEntry(deleted).text, '');
  });

  test('a topic entry contains the topic', () => {
    assert.equal(createEntry({ type: 'topic', seq: 1, text: 'new' }).text, 'new');
    assert.equal(createEntry({ type: 'topic', seq: 1, topic: 'old form' }).text, 'old form');
  });

  test('an event without a sender gets a placeholder', () => assert.equal(createEntry({ type: 'topic', seq: 1 }).from.name, '?'));
  test('other events create no entry', () => assert.equal(createEntry({ type: 'reacted', seq: 1 }), null));
});
