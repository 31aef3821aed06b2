import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  acknowledgeMessage, addStoredMessages, assignSender, changeMessage, enqueueMessage, failAll, failRoom, matchEchoes, nextToSend,
  rejectMessage, removeMessage,
} from '../../Server/Web/client/outbox.mjs';
import { changeRoom } from '../../Server/Web/client/rooms.mjs';
import { ANN, BOB, inLobby, lobby, message, messages, outboxItem as item, textsOf, withOutbox } from './support.mjs';

const ids = (state) => state.outbox.map(({ id }) => id);

describe('enqueueMessage', () => {
  test('adds a pending message at the end and removes the mark of new messages', () => {
    const { state: _, tries: __, ...written } = item('2');
    const state = enqueueMessage(withOutbox(changeRoom(inLobby(), 'lobby', { unread: 2, firstUnread: 1 }), item('1')), written);
    assert.deepEqual(ids(state), ['1', '2']);
    assert.equal(state.outbox[1].state, 'pending');
    assert.equal(state.outbox[1].tries, 0);
    assert.equal(lobby(state).firstUnread, null);
    assert.equal(lobby(state).unread, 0);
  });
});

describe('nextToSend', () => {
  test('returns the oldest pending message of the room', () => {
    const state = withOutbox(inLobby(), item('1', { state: 'failed' }), item('2', { room: 'other' }), item('3'), item('4'));
    assert.equal(nextToSend(state, 'lobby').id, '3');
    assert.equal(nextToSend(state, 'other').id, '2');
    assert.equal(nextToSend(state, 'none'), null);
  });

  test('returns null while a message of the room is in flight or waits', () => {
    assert.equal(nextToSend(withOutbox(inLobby(), item('1', { inFlight: true }), item('2')), 'lobby'), null);
    assert.equal(nextToSend(withOutbox(inLobby(), item('1', { waiting: true }), item('2')), 'lobby'), null);
  });
});

describe('acknowledgeMessage', () => {
  const ack = (seq, more = {}) => ({ type: 'ack', id: '1', room: 'lobby', seq, at: '2026-05-04T12:30:00.000Z', ...more });
  const sent = (events = []) => withOutbox(inLobby(events), item('1'), item('2'));
  const acknowledge = (state, frame) => acknowledgeMessage(state, state.outbox[0], frame);

  test('moves the message to the log', () => {
    const state = acknowledge(sent(messages(1, 3)), ack(4));
    assert.deepEqual(ids(state), ['2']);
    const entry = lobby(state).entries.at(-1);
    assert.equal(entry.text, 'text 1');
    assert.equal(entry.seq, 4);
    assert.equal(entry.key, 'o1');
    assert.equal(entry.local, true);
    assert.equal(entry.from.name, 'ann');
  });

  test('does not advance the cursor', () => assert.equal(lobby(acknowledge(sent(messages(1, 3)), ack(4))).cursor, 3));

  test('does not add the message a second time if its event has arrived', () => {
    const state = acknowledge(sent([message(1, 'text 1', ANN)]), ack(1));
    assert.equal(lobby(state).entries.filter(({ seq }) => seq === 1).length, 1);
    assert.equal(lobby(state).entries.find(({ seq }) => seq === 1).id, '1');
  });

  test('does not add a duplicate that is older than the loaded part of the log', () => {
    const before = sent(messages(50, 60));
    const state = acknowledge(before, ack(7, { duplicate: true }));
    assert.deepEqual(textsOf(state), textsOf(before));
    assert.deepEqual(ids(state), ['2']);
  });

  test('adds a duplicate that is within the loaded part of the log', () => {
    const state = acknowledge(sent([message(50, 'a'), message(52, 'b')]), ack(51, { duplicate: true }));
    assert.deepEqual(textsOf(state), ['a', 'text 1', 'b']);
  });

  test('removes the message and adds nothing if there is no sequence number or no room', () => {
    assert.deepEqual(ids(acknowledge(sent(), ack(undefined))), ['2']);
    assert.deepEqual(ids(acknowledge(sent(), ack(5, { room: 'gone' }))), ['2']);
  });
});

describe('rejectMessage', () => {
  const reject = (error, changes = {}) => {
    const state = withOutbox(inLobby(), item('1', { inFlight: true, tries: 1, ...changes }));
    return rejectMessage(state, state.outbox[0], { type: 'error', ...error }).outbox[0];
  };

  for (const code of ['rate-limited', 'slow-mode', 'unavailable']) {
    test(`a message waits after ${code}`, () => {
      const { state, waiting, inFlight, error } = reject({ code, text: 'too fast', retryAfterMs: 500 });
      assert.deepEqual([state, waiting, inFlight, error], ['pending', true, false, 'too fast']);
    });
  }

  test('a message fails after any other error', () => {
    const { state, waiting, inFlight, error, hint } = reject({ code: 'too-long', text: 'too long', hint: '/help', retryAfterMs: 500 });
    assert.deepEqual([state, waiting, inFlight, error, hint], ['failed', false, false, 'too long', '/help']);
  });

  test('a message fails if the server does not say when to try again', () => assert.equal(reject({ code: 'unavailable' }).state, 'failed'));
  test('a message fails after five attempts', () => {
    assert.equal(reject({ code: 'rate-limited', retryAfterMs: 1 }, { tries: 4 }).state, 'pending');
    assert.equal(reject({ code: 'rate-limited', retryAfterMs: 1 }, { tries: 5 }).state, 'failed');
  });
  test('the error shows the code if there is no text', () => assert.equal(reject({ code: 'muted' }).error, 'muted'));
});

describe('assignSender', () => {
  const assign = (changes, sender = ANN) => {
    const before = withOutbox(inLobby(), item('1', changes));
    return assignSender(before, sender).outbox[0];
  };

  test('messages of the same user do not change', () => {
    const state = withOutbox(inLobby(), item('1'));
    assert.equal(assignSender(state, ANN), state);
  });

  test('messages of a renamed user get the new name', () => assert.equal(assign({}, { ...ANN, name: 'anna' }).name, 'anna'));

  test('a message that was written before the first welcome gets the user of that welcome', () => {
    assert.deepEqual([assign({ user: null, name: '' }).user, assign({ user: null, name: '' }).name], [ANN.user, 'ann']);
  });

  test('a message that was never sent is taken over by another user with the same name', () => {
    const { user, state } = assign({ user: 'u-old', name: 'Ann' });
    assert.deepEqual([user, state], [ANN.user, 'pending']);
  });

  test('a message that was written under another name fails, and its error says whether the message may have arrived', () => {
    const unsent = assign({}, BOB);
    assert.equal(unsent.state, 'failed');
    assert.equal(unsent.error, 'You wrote this as ann. Retry sends it as bob.');
    const sent = assign({ attempted: true, inFlight: true }, BOB);
    assert.deepEqual([sent.state, sent.doubt, sent.inFlight], ['failed', true, false]);
    assert.equal(sent.error, 'This was sent when you were ann, and may have arrived. Retry sends it as bob.');
  });

  test('a message that was sent as another user with the same name may have arrived, and is marked as doubtful', () => {
    assert.equal(assign({ attempted: true, user: 'u-old', name: 'ann' }).doubt, true);
  });

  test('a failed message keeps its error', () => {
    assert.equal(assign({ state: 'failed', attempted: true, error: 'muted' }, BOB).error, 'muted');
  });
});

describe('addStoredMessages', () => {
  test('adds each message once, in the order of the ids', () => {
    const state = addStoredMessages(withOutbox(inLobby(), item('2')), [item('3'), item('1'), item('2', { text: 'other' })]);
    assert.deepEqual(ids(state), ['1', '2', '3']);
    assert.equal(state.outbox[1].text, 'text 2');
  });

  test('creates placeholders for their rooms', () => {
    assert.ok(addStoredMessages(inLobby(), [item('1', { room: 'other' })]).rooms.has('other'));
  });

  test('resets the number of attempts to zero', () => assert.equal(addStoredMessages(inLobby(), [item('1', { tries: 5 })]).outbox[0].tries, 0));

  test('returns the same state if no message is new', () => {
    const state = withOutbox(inLobby(), item('1'));
    assert.equal(addStoredMessages(state, [item('1')]), state);
  });
});

test('a reply stays a reply when the server has stored it', () => {
  const state = withOutbox(inLobby(messages(1, 3)), item('1', { reply: 2 }));
  const next = acknowledgeMessage(state, state.outbox[0], { type: 'ack', id: '1', room: 'lobby', seq: 4 });
  assert.equal(lobby(next).entries.at(-1).reply, 2);
});

describe('matchEchoes', () => {
  const echoed = (changes, event) => matchEchoes(withOutbox(inLobby(), item('1', { attempted: true, text: 'hi', ...changes })), 'lobby', [event]).outbox[0].echo;

  test('a message matches an event with the same text from the same user', () => assert.equal(echoed({}, message(8, 'hi', ANN)), 8));

  for (const [what, changes, event] of [
    ['another text', {}, message(8, 'ho', ANN)],
    ['another user', {}, message(8, 'hi', BOB)],
    ['a reply', {}, message(8, 'hi', ANN, { reply: 3 })],
    ['a reply to another message', { reply: 2 }, message(8, 'hi', ANN, { reply: 3 })],
    ['an action', {}, message(8, 'hi', ANN, { me: true })],
    ['a message that was never sent', { attempted: false }, message(8, 'hi', ANN)],
    ['a message that failed', { state: 'failed' }, message(8, 'hi', ANN)],
    ['a message of another room', { room: 'other' }, message(8, 'hi', ANN)],
    ['an event that is no message', {}, { ...message(8, 'hi', ANN), type: 'edited' }],
  ]) {
    test(`there is no match for ${what}`, () => assert.equal(echoed(changes, event), undefined));
  }

  test('two equal messages match two events', () => {
    const twice = withOutbox(inLobby(), item('1', { attempted: true, text: 'hi' }), item('2', { attempted: true, text: 'hi' }));
    const state = matchEchoes(twice, 'lobby', [message(8, 'hi', ANN), message(9, 'hi', ANN)]);
    assert.deepEqual(state.outbox.map(({ echo }) => echo), [8, 9]);
  });

  test('returns the same state if nothing matches', () => {
    const state = withOutbox(inLobby(), item('1'));
    assert.equal(matchEchoes(state, 'lobby', messages(1, 3)), state);
  });
});

test('failAll and failRoom mark messages as failed, also messages whose events have already arrived', () => {
  const state = withOutbox(inLobby(), item('1', { echo: 4, inFlight: true }), item('2', { room: 'other' }), item('3', { state: 'failed', error: 'muted' }));
  const all = failAll(state, 'closed').outbox;
  assert.deepEqual(all.map(({ error }) => error), ['closed', 'closed', 'muted']);
  assert.deepEqual([all[0].echo, all[0].inFlight], [undefined, false]);
  assert.deepEqual(failRoom(state, 'lobby', 'private').outbox.map(({ state: what }) => what), ['failed', 'pending', 'failed']);
});

test('changeMessage and removeMessage change only the given message', () => {
  const state = withOutbox(inLobby(), item('1'), item('2'));
  assert.deepEqual(changeMessage(state, '2', { tries: 3 }).outbox.map(({ tries }) => tries), [0, 3]);
  assert.deepEqual(ids(removeMessage(state, '1')), ['2']);
});
