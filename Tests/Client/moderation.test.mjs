import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isolated } from '../../Server/Web/client/direction.mjs';
import { withParts } from '../../Server/Web/client/language.mjs';
import { durationWords, moderationWords } from '../../Server/Web/client/moderation.mjs';
import { closedWords } from '../../Server/Web/client/state.mjs';
import { ANN, at, BOB, inLobby, joined, lobby, messages, outboxItem, receive, withOutbox } from './support.mjs';

const moderated = (action, more = {}) => ({ type: 'moderated', room: 'lobby', seq: 4, at: at(4), from: BOB, action, ...more });
const start = () => withOutbox(inLobby(messages(1, 3)), outboxItem('1', { attempted: true, inFlight: true }), outboxItem('2'));
const errorOf = (state) => state.outbox.map(({ state: now, error }) => `${now} ${error ?? ''}`.trim());

/** The words without the moderator's name, as the log shows them. */
function moderationText(moderation, self) {
  const { text, whom, reason } = moderationWords(moderation, self);
  return withParts(text, { actor: '', name: isolated(whom.name), reason: isolated(reason ?? '') }).join('').trim();
}

describe('the words for what a moderator did', () => {
  const cases = [
    [{ action: 'kick', name: 'bob' }, 'removed bob.'],
    [{ action: 'ban', name: 'bob', seconds: 3600, reason: 'advertising' }, 'banned bob for 1 hour: advertising'],
    [{ action: 'mute', name: 'bob', seconds: 90 }, 'muted bob for 1 minute 30 seconds.'],
    [{ action: 'role', name: 'bob', role: 'moderator' }, 'made bob a moderator.'],
    [{ action: 'role', name: 'bob', role: 'owner' }, 'made bob an owner.'],
    [{ action: 'invite', name: 'bob' }, 'invited bob.'],
    [{ action: 'slow', seconds: 10 }, 'set slow mode: one message in 10 seconds.'],
    [{ action: 'slow', seconds: 0 }, 'ended slow mode.'],
    [{ action: 'hide', name: 'bob' }, 'hide bob.'],
    [{ action: 'constructor' }, 'constructor somebody.'],
    [{ action: 'kick', name: 'שלום', reason: '\u202Eabc' }, 'removed \u2068שלום\u2069: abc'],
  ];
  for (const [moderation, words] of cases) test(words, () => assert.equal(moderationText(moderation), words));
  test('say “you” if they concern this user', () => {
    assert.equal(moderationText({ action: 'mute', ...ANN, seconds: 60, reason: 'calm down' }, ANN), 'muted you for 1 minute: calm down');
    assert.equal(moderationText({ action: 'role', ...ANN, role: 'owner' }, BOB), 'made ann an owner.');
    assert.equal(moderationText({ action: 'slow', seconds: 10 }, ANN), 'set slow mode: one message in 10 seconds.');
  });
  test('a duration has at most two units', () => assert.equal(durationWords(2 * 86_400 + 3_600 + 60), '2 days 1 hour'));
});

describe('a moderated event', () => {
  test('is an entry of the log', () => {
    const { entries, cursor } = lobby(receive(start(), moderated('mute', { ...ANN, seconds: 60, reason: 'calm down' })));
    assert.equal(cursor, 4);
    assert.equal(entries.at(-1).kind, 'moderated');
    assert.deepEqual(entries.at(-1).moderation, { action: 'mute', ...ANN, role: undefined, seconds: 60, reason: 'calm down' });
  });
  test('changes the role of this user only', () => {
    assert.equal(lobby(receive(start(), moderated('role', { ...ANN, role: 'owner' }))).role, 'owner');
    assert.equal(lobby(receive(start(), moderated('role', { ...BOB, role: 'owner' }))).role, 'member');
  });
  test('keeps the log if it removes this user, and marks the waiting messages as failed with the reason', () => {
    const state = receive(start(), moderated('kick', { ...ANN, reason: 'spam' }));
    assert.deepEqual([lobby(state).live, lobby(state).removed], [false, true]);
    assert.equal(errorOf(state)[0], 'failed You were removed from this room. spam');
    assert.equal(lobby(state).entries.length, 4);
  });
  test('does not remove this user from the room if it is older than the last join', () => {
    const back = receive(receive(start(), moderated('kick', ANN)), joined(6), { request: { kind: 'join', room: 'lobby' } });
    assert.equal(lobby(back).removed, false);
    assert.equal(lobby(receive(back, moderated('kick', ANN))).live, true);
  });
});

describe('a room that is closed', () => {
  const closed = (from = BOB, more = {}) => moderated('close', { from, ...more });
  const elsewhere = () => receive(start(), joined(0, [], { room: 'den' }), { request: { kind: 'join', room: 'den' } });

  test('disappears from the list, and a notice says who closed it and what is lost', () => {
    const state = receive(elsewhere(), closed());
    assert.deepEqual([...state.rooms.keys()], ['den']);
    assert.deepEqual([state.current, state.outbox.length], ['den', 0]);
    assert.equal(state.rooms.get('den').entries.at(-1).text, 'bob closed #lobby. The room and its messages are gone. 2 unsent messages of yours could not be sent.');
  });
  test('has a notice with “You” if this user closed it', () => assert.match(closedWords(inLobby(), closed(ANN)), /^You closed #lobby\. The room and its messages are gone\.$/));
  test('has a notice without control characters, even if its name is hostile', () => assert.match(closedWords(inLobby(), closed({ user: 'x', name: 'a\u202Eb' }, { reason: 'c\u2066d' })), /^ab closed #lobby: cd /));
  test('also disappears if it was closed while the page was disconnected, unless a message waits for it', () => {
    const gone = (state) => receive(state, { type: 'error', id: 'x', code: 'no-room', text: 'no such room "lobby"' }, { request: { kind: 'rejoin', room: 'lobby', after: 3 } });
    const state = gone(receive(inLobby(messages(1, 3)), joined(0, [], { room: 'den' }), { request: { kind: 'join', room: 'den' } }));
    assert.deepEqual([...state.rooms.keys()], ['den']);
    assert.equal(state.rooms.get('den').entries.at(-1).text, '#lobby no longer exists, or you can’t enter it any more.');
    assert.deepEqual([...gone(start()).rooms.keys()], ['lobby']);
  });
  test('leaves no current room if it was the only room', () => assert.equal(receive(inLobby(), closed()).current, null));
});

describe('slow mode', () => {
  test('is in the joined frame, and changes with each event', () => {
    const slow = receive(inLobby(), joined(3, [], { slow: 30 }), { request: { kind: 'rejoin', room: 'lobby' } });
    assert.equal(lobby(slow).slow, 30);
    assert.equal(lobby(receive(slow, moderated('slow', { seconds: 10 }))).slow, 10);
    assert.equal(lobby(receive(slow, moderated('slow', { seconds: 0 }))).slow, 0);
    assert.equal(lobby(receive(slow, moderated('slow', { seq: 2, seconds: 5 }))).slow, 30, 'an old event');
  });
});

test('the page does not join a room again by itself if the user is banned there', () => {
  const state = receive(start(), { type: 'error', id: 'x', code: 'banned', text: 'no' }, { request: { kind: 'rejoin', room: 'lobby' } });
  assert.equal(lobby(state).removed, true);
  assert.equal(errorOf(state)[0], 'failed no');
});

describe('an error that the server sends for a message', () => {
  const failed = (code) => receive(start(), { type: 'error', id: '1', code, text: `sorry: ${code}` });
  for (const code of ['muted', 'not-allowed']) test(`${code} makes only this message fail`, () => assert.deepEqual(errorOf(failed(code)), [`failed sorry: ${code}`, 'pending']));
  for (const code of ['not-in-room', 'banned']) {
    test(`${code} makes this and the later messages of the room fail, and the next attempt joins the room again`, () => {
      assert.deepEqual(errorOf(failed(code)), [`failed sorry: ${code}`, `failed sorry: ${code}`]);
      assert.equal(lobby(failed(code)).live, false);
    });
  }
  test('slow-mode does not make the message fail: the message waits', () => {
    const state = receive(start(), { type: 'error', id: '1', code: 'slow-mode', text: 'wait', retryAfterMs: 900 });
    assert.deepEqual(errorOf(state), ['pending wait', 'pending']);
    assert.equal(state.outbox[0].waiting, true);
  });
});
