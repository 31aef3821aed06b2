import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { markDisconnected } from '../../Server/Web/client/state.mjs';
import { ANN, at, BOB, change, inLobby, joined, lobby, message, messages, receive, textsOf } from './support.mjs';

const edited = (seq, of, text) => change('edited', seq, of, { text });
const deleted = (seq, of) => change('deleted', seq, of);
const reacted = (seq, of, emoji, from = BOB, more = {}) => change('reacted', seq, of, { emoji, from, ...more });
const after = (start, ...events) => events.reduce((state, frame) => receive(state, frame), start);
const first = (state) => lobby(state).entries[0];
const reactionsOf = (state) => Object.fromEntries([...first(state).reactions ?? []].map(([emoji, people]) => [emoji, people.map(({ name }) => name)]));

describe('edited', () => {
  test('changes the text, and sets the time of the edit', () => {
    const state = after(inLobby(messages(1, 2)), edited(3, 1, 'better'));
    assert.deepEqual(textsOf(state), ['better', 'text 2']);
    assert.equal(first(state).edited, at(3));
    assert.equal(lobby(state).cursor, 3);
  });
  test('an earlier edit does not replace a later one', () => assert.equal(first(after(inLobby(messages(1, 1)), edited(3, 1, 'new'), edited(2, 1, 'old'))).text, 'new'));
  test('an edit without a text, because a later edit has replaced it, changes nothing', () => assert.equal(first(after(inLobby(messages(1, 1)), change('edited', 2, 1))).text, 'text 1'));
  test('the change of a message that is not in the log is ignored, but the cursor advances', () => {
    const before = inLobby(messages(5, 6));
    const state = after(before, edited(7, 2, 'x'), deleted(8, 3), reacted(9, 4, '👍'));
    assert.equal(lobby(state).entries, lobby(before).entries);
    assert.equal(lobby(state).cursor, 9);
  });
  test('the edit of a topic event is ignored', () => {
    const state = inLobby([{ type: 'topic', room: 'lobby', seq: 1, at: at(1), from: BOB, text: 'tea' }]);
    assert.deepEqual(textsOf(after(state, edited(2, 1, 'x'))), ['tea']);
  });
});

describe('deleted', () => {
  test('removes the text and the reactions', () => {
    const state = after(inLobby(messages(1, 1)), reacted(2, 1, '👍'), deleted(3, 1));
    assert.equal(first(state).deleted, true);
    assert.equal(first(state).text, '');
    assert.equal(first(state).reactions, undefined);
    assert.doesNotMatch(JSON.stringify([...state.rooms]), /text 1/);
  });
  test('a later event does not show the deleted message again', () => {
    const state = after(inLobby(messages(1, 1)), deleted(2, 1), edited(3, 1, 'x'), reacted(4, 1, '👍'));
    assert.deepEqual([first(state).text, first(state).reactions], ['', undefined]);
  });
});

describe('reacted', () => {
  test('adds each person once', () => {
    const state = after(inLobby(messages(1, 1)), reacted(2, 1, '👍'), reacted(3, 1, '👍', ANN), reacted(3, 1, '👍', ANN), reacted(4, 1, '🎉'));
    assert.deepEqual(reactionsOf(state), { '👍': ['bob', 'ann'], '🎉': ['bob'] });
  });
  test('with `off` removes a person, and the emoji with its last person', () => {
    const state = after(inLobby(messages(1, 1)), reacted(2, 1, '👍'), reacted(3, 1, '👍', BOB, { off: true }), reacted(4, 1, '🎉', ANN, { off: true }));
    assert.equal(first(state).reactions, undefined);
  });
  test('an emoji that has the name of a JavaScript property is stored like any other text', () => assert.deepEqual([...first(after(inLobby(messages(1, 1)), reacted(2, 1, '__proto__'))).reactions.keys()], ['__proto__']));
});

describe('the messages look the same as in a page that was connected all the time', () => {
  const changes = [edited(4, 1, 'one'), reacted(5, 1, '👍'), reacted(6, 3, '🎉'), edited(7, 1, 'two'), reacted(8, 1, '👍', BOB, { off: true }), deleted(9, 2), reacted(10, 1, '🎉', ANN)];
  const live = after(inLobby(messages(1, 3)), ...changes);
  const shown = (state) => lobby(state).entries.map(({ seq, text, edited: time, deleted: gone, reactions }) => ({ seq, text, time, gone, reactions }));
  const applied = [
    message(1, 'two', BOB, { edited: at(7), reactions: { '🎉': [ANN] } }),
    { ...message(2, '', BOB, { deleted: true }), text: undefined },
    message(3, 'text 3', BOB, { reactions: { '🎉': [BOB] } }),
  ];

  test('for a page that was away', () => {
    const state = receive(markDisconnected(inLobby(messages(1, 3))), joined(10, changes), { request: { kind: 'rejoin', room: 'lobby', after: 3 } });
    assert.deepEqual(shown(state), shown(live));
    assert.equal(lobby(state).cursor, 10);
  });
  test('for a page that also missed the messages, and gets them with the changes applied', () => {
    const state = receive(markDisconnected(inLobby([])), joined(10, [...applied, ...changes]), { request: { kind: 'rejoin', room: 'lobby', after: 0 } });
    assert.deepEqual(shown(state), shown(live));
  });
  test('for a page that has just joined, even if the events arrive a second time', () => {
    const state = inLobby(applied);
    assert.deepEqual(shown(state), shown(live));
    assert.deepEqual(shown(after(state, ...changes)), shown(live));
  });
  test('for messages that were loaded from the history', () => {
    const later = inLobby([message(11, 'later')]);
    const state = receive(later, { type: 'history', room: 'lobby', messages: [...applied, ...changes], more: false }, { request: { kind: 'history', room: 'lobby', direction: 'older' } });
    assert.deepEqual(shown(state).slice(0, 3), shown(live));
  });
  test('for a page that missed the events, and loads the messages again', () => {
    const state = receive(inLobby(messages(1, 3)), joined(10, applied), { request: { kind: 'join', room: 'lobby' } });
    assert.deepEqual(shown(state), shown(live));
  });
});

test('a change of a message creates a new state, and leaves the old state as it is', () => {
  const state = inLobby(messages(1, 2));
  const before = structuredClone(lobby(state).entries);
  after(state, edited(3, 1, 'x'), reacted(4, 1, '👍'), deleted(5, 2));
  assert.deepEqual(lobby(state).entries, before);
});
