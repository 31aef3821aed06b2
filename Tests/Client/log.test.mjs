import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createEntry, eventAt, indexFor, insertEntry } from '../../Server/Web/client/log.mjs';
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

test('indexFor finds the index of an entry, or the index at which to insert it', () => {
  const list = entries(10, 20, 30);
  for (const [order, index] of [[5, 0], [10, 0], [11, 1], [20, 1], [30, 2], [31, 3]]) assert.equal(indexFor(list, { order, rank: 0 }), index);
});

test('eventAt finds the entry of an event, and no notice', () => {
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
  test('other events have no entry', () => assert.equal(createEntry({ type: 'reacted', seq: 1 }), null));
});
