import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allowedActions, lastOwnMessage, toggleReaction } from '../../Server/Web/client/actions.mjs';
import { ANN, at, BOB, message, receive, inLobby, roomWith } from './support.mjs';

const room = (events, role = 'member') => roomWith(events, { role });
const allowed = (event, role) => Object.entries(allowedActions(room([event]).entries[0], room([], role), ANN)).filter(([, may]) => may).map(([name]) => name);

describe('what a person can do with a message', () => {
  test('the person’s own message: reply, react, edit and delete', () => assert.deepEqual(allowed(message(1, 'a', ANN)), ['reply', 'react', 'edit', 'delete']));
  test('the message of another person: reply and react only', () => assert.deepEqual(allowed(message(1, 'a')), ['reply', 'react']));
  for (const role of ['owner', 'moderator']) test(`the message of another person, as ${role}: reply, react and delete`, () => assert.deepEqual(allowed(message(1, 'a'), role), ['reply', 'react', 'delete']));
  test('a deleted message: nothing', () => assert.deepEqual(allowed(message(1, '', ANN, { deleted: true }), 'owner'), []));
  test('a topic: nothing', () => assert.deepEqual(allowed({ type: 'topic', seq: 1, at: at(1), from: ANN, text: 'x' }, 'owner'), []));
  test('no message: nothing', () => assert.equal(allowedActions(undefined, room([]), ANN).reply, false));
});

describe('the person’s newest message that can be edited', () => {
  test('is the newest own message that is not deleted', () => {
    const events = [message(1, 'a', ANN), message(2, 'b', ANN), message(3, '', ANN, { deleted: true }), message(4, 'd')];
    assert.equal(lastOwnMessage(room(events), ANN)?.seq, 2);
  });
  test('is undefined if the person has written no message', () => assert.equal(lastOwnMessage(room([message(1, 'a')]), ANN), undefined));
});

test('a click removes the person’s own reaction, and adds any other reaction', () => {
  const [entry] = room([message(1, 'a', BOB, { reactions: { '👍': [BOB, ANN], '🎉': [BOB] } })]).entries;
  assert.deepEqual(toggleReaction(entry, 'lobby', '👍', ANN), { type: 'react', room: 'lobby', seq: 1, emoji: '👍', off: true });
  assert.deepEqual(toggleReaction(entry, 'lobby', '🎉', ANN), { type: 'react', room: 'lobby', seq: 1, emoji: '🎉' });
});

test('the error of a request about a message is shown in the log of the room of this message', () => {
  const state = receive({ ...inLobby(), current: null }, { type: 'error', id: 'x', code: 'not-allowed', text: 'no' }, { request: { kind: 'delete', room: 'lobby' } });
  assert.equal(state.rooms.get('lobby').entries.at(-1).text, 'no');
});
