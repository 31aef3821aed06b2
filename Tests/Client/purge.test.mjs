import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { moderationForm } from '../../Server/Web/client/forms.mjs';
import { afterAnswer, messagesOf, purgeWords } from '../../Server/Web/client/purge.mjs';
import { ANN, at, BOB, message, roomWith } from './support.mjs';

const deletion = (seq, of) => ({ type: 'deleted', room: 'lobby', seq, at: at(seq), from: ANN, of });
const room = roomWith([message(1, 'a', BOB), message(2, 'b', ANN), message(3, 'c', BOB), message(4, 'd', BOB), deletion(5, 3)]);
const PURGE = { room: 'lobby', name: 'bob', seqs: [4, 1], deleted: 0, kept: 0 };

describe('the messages to delete with a ban', () => {
  test('are the person’s messages that are not deleted yet, newest first', () => assert.deepEqual(messagesOf(room, BOB.user), [4, 1]));
  test('are only the newest 100 if the person has more', () => {
    const many = messagesOf(roomWith(Array.from({ length: 150 }, (_, index) => message(index + 1, 'spam', BOB))), BOB.user);
    assert.deepEqual([many.length, many[0], many.at(-1)], [100, 150, 51]);
  });
  test('are offered only with a ban, and only if there are any', () => {
    const { check } = moderationForm('ban', BOB, room);
    assert.deepEqual(check, { label: 'Also delete the 2 newest messages of this person that the page has loaded here.', purge: { ...PURGE, room: room.name } });
    assert.equal(moderationForm('kick', BOB, room).check, undefined);
    assert.equal(moderationForm('ban', { user: 'u-eve', name: 'eve' }, room).check, undefined);
  });
});

describe('the deletion', () => {
  test('goes to the next message after an ack', () => assert.deepEqual(afterAnswer(PURGE, { type: 'ack' }), { ...PURGE, seqs: [1], deleted: 1 }));
  test('tries the same message again if the server asks the page to wait', () => assert.deepEqual(afterAnswer(PURGE, { type: 'error', code: 'rate-limited', retryAfterMs: 200 }), PURGE));
  test('skips a message that the server rejects', () => assert.deepEqual(afterAnswer(PURGE, { type: 'error', code: 'not-found' }), { ...PURGE, seqs: [1], kept: 1 }));
  test('says at its end how many messages were deleted, and how many were not', () => {
    assert.equal(purgeWords({ ...PURGE, seqs: [], deleted: 2 }), '2 messages of bob were deleted.');
    assert.equal(purgeWords({ ...PURGE, seqs: [1], deleted: 1, kept: 1 }), '1 message of bob was deleted. 2 others were not.');
  });
});
