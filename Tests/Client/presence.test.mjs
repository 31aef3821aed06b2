import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { presenceText } from '../../Server/Web/client/presence.mjs';
import { markDisconnected } from '../../Server/Web/client/state.mjs';
import { ANN, BOB, inLobby, joined, lobby, message, noticesOf, receive } from './support.mjs';

const presence = (name, state, more = {}) => ({ type: 'presence', room: 'lobby', user: `u-${name}`, name, state, ...more });
const changesOf = (state) => noticesOf(state).at(-1)?.changes?.map(({ name, what }) => `${name} ${what}`);

describe('members', () => {
  test('a person who joins is added and counted', () => {
    const room = lobby(receive(inLobby(), presence('carl', 'joined')));
    assert.equal(room.members.get('u-carl'), 'carl');
    assert.equal(room.memberCount, 3);
  });

  test('a person who leaves is removed, and no longer counted', () => {
    const room = lobby(receive(inLobby(), presence('bob', 'left')));
    assert.equal(room.members.has('u-bob'), false);
    assert.equal(room.memberCount, 1);
  });

  test('a change that arrives before the answer to the join is not lost', () => {
    const JOIN = { request: { kind: 'rejoin', room: 'lobby', after: 0 } };
    const rejoined = (frames, members = [ANN, BOB]) => lobby(receive(frames.reduce((state, frame) => receive(state, frame), markDisconnected(inLobby())), joined(0, [], { members, memberCount: members.length, recovered: true }), JOIN));
    const names = (room) => [...room.members.values()].join();
    assert.deepEqual([names(rejoined([presence('carl', 'joined')])), rejoined([presence('carl', 'joined')]).memberCount], ['ann,bob,carl', 3]);
    assert.deepEqual([names(rejoined([presence('bob', 'left')])), rejoined([presence('bob', 'left')]).memberCount], ['ann', 1]);
    assert.deepEqual([names(rejoined([presence('bob', 'left')], [ANN])), rejoined([presence('bob', 'left')], [ANN]).memberCount], ['ann', 1], 'the list has the change already');
    assert.equal(names(rejoined([presence('bob', 'left'), presence('bob', 'joined')])), 'ann,bob');
    assert.deepEqual(rejoined([presence('carl', 'joined')]).early, []);
  });

  test('a count from the server replaces the page’s own count', () => assert.equal(lobby(receive(inLobby(), presence('carl', 'joined', { memberCount: 70 }))).memberCount, 70));

  test('a person who joins twice is counted once', () => assert.equal(lobby(receive(inLobby(), presence('bob', 'joined'))).memberCount, 2));

  test('the number of names stays within the server’s limit', () => {
    const state = { ...inLobby(), limits: { namedMembers: 3 } };
    const full = receive(receive(state, presence('carl', 'joined')), presence('dora', 'joined'));
    assert.deepEqual([...lobby(full).members.values()], ['ann', 'bob', 'carl']);
    assert.equal(lobby(receive(full, presence('carl', 'renamed', { name: 'karl' }))).members.get('u-carl'), 'karl');
  });

  test('the limit is 100 if the server sends no limit', () => {
    let state = inLobby();
    for (let i = 0; i < 150; i++) state = receive(state, presence(`guest${i}`, 'joined'));
    assert.equal(lobby(state).members.size, 100);
    assert.equal(lobby(state).memberCount, 152);
  });

  test('a frame without a name changes the count only', () => {
    const state = receive(inLobby(), { type: 'presence', room: 'lobby', state: 'joined', memberCount: 500 });
    assert.equal(lobby(state).memberCount, 500);
    assert.equal(noticesOf(state).length, 0);
  });
});

describe('notices', () => {
  test('consecutive changes share one notice', () => {
    assert.deepEqual(changesOf(receive(receive(inLobby(), presence('carl', 'joined')), presence('bob', 'left'))), ['carl joined', 'bob left']);
  });

  test('a notice disappears if its only person joins and leaves', () => {
    const state = receive(receive(inLobby(), presence('carl', 'joined')), presence('carl', 'left'));
    assert.equal(noticesOf(state).length, 0);
  });

  test('a person who leaves and joins again disappears from the notice, and other changes stay', () => {
    const steps = [presence('bob', 'left'), presence('carl', 'joined'), presence('bob', 'joined')];
    assert.deepEqual(changesOf(steps.reduce((state, frame) => receive(state, frame), inLobby())), ['carl joined']);
  });

  test('a change after a message starts a new notice', () => {
    const state = receive(receive(receive(inLobby(), presence('carl', 'joined')), message(1, 'hi')), presence('carl', 'left'));
    assert.deepEqual(changesOf(state), ['carl left']);
    assert.equal(noticesOf(state).length, 2);
  });

  test('a notice does not show that the page’s own user joined or left', () => {
    const state = inLobby();
    assert.equal(noticesOf(receive(state, presence('ann', 'joined'))).length, 0);
    assert.equal(receive(state, presence('ann', 'left')), state);
  });

  test('a notice shows the new name of the page’s own user, and the page uses the new name', () => {
    const state = receive(inLobby(), { ...presence('ann', 'renamed'), name: 'anna', was: 'ann' });
    assert.equal(state.self.name, 'anna');
    assert.equal(presenceText(noticesOf(state).at(-1).changes), 'ann is now anna');
  });

  test('a frame for an unknown room changes nothing', () => {
    const state = inLobby();
    assert.equal(receive(state, { ...presence('carl', 'joined'), room: 'other' }), state);
  });
});

describe('presenceText', () => {
  const change = (name, what, more) => ({ user: name, name, what, ...more });

  test('groups the names by the kind of change', () => {
    assert.equal(presenceText([change('ann', 'joined'), change('bob', 'left'), change('carl', 'joined')]), 'ann, carl joined · bob left');
  });

  test('shortens a long list', () => {
    const changes = Array.from({ length: 8 }, (_, index) => change(`g${index}`, 'joined'));
    assert.equal(presenceText(changes), 'g0, g1, g2, g3, g4 and 3 more joined');
  });

  test('writes “somebody” if the old name is not known', () => {
    assert.equal(presenceText([change('anna', 'renamed')]), 'somebody is now anna');
  });
});

test('the users that support.mjs defines are members of the lobby', () => {
  assert.deepEqual([...lobby(inLobby()).members.keys()], [ANN.user, BOB.user]);
});
