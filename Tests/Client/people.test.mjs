import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allowedPersonActions, insertedMention, knownRole, mentionOf, personMenu, withPresentName } from '../../Server/Web/client/people.mjs';
import { directRoomWith } from '../../Server/Web/client/rooms.mjs';
import { ANN, at, BOB, inLobby, joined, receive, roomWith } from './support.mjs';

const members = new Map([[ANN.user, ANN.name], [BOB.user, BOB.name]]);
const room = (role, changes = {}, events = []) => roomWith(events, { role, members, memberCount: 2, ...changes });
const allowed = (...given) => allowedPersonActions(BOB, room(...given), ANN).join(' ');
const roleEvent = (role, who = BOB, seq = 1) => ({ type: 'moderated', seq, at: at(seq), from: ANN, action: 'role', ...who, role });

describe('what a person can do with another person', () => {
  test('as a member: message and mention', () => assert.equal(allowed('member'), 'message mention'));
  test('as a moderator: moderate too', () => assert.equal(allowed('moderator'), 'message mention mute unmute kick ban'));
  test('as an owner: give roles too', () => assert.equal(allowed('owner'), 'message mention owner moderator member mute unmute kick ban'));
  test('who is away: unban, and not remove', () => assert.equal(allowed('moderator', { members: new Map(), memberCount: 0 }), 'message mention mute unmute ban unban'));
  test('who may be one of many: both', () => assert.equal(allowed('moderator', { members: new Map(), memberCount: 500 }), 'message mention mute unmute kick ban unban'));
  test('who is a moderator or an owner: a moderator cannot moderate', () => {
    for (const role of ['moderator', 'owner']) assert.equal(allowed('moderator', {}, [roleEvent(role)]), 'message mention');
  });
  test('who has a role already: another one', () => assert.equal(allowed('owner', {}, [roleEvent('moderator')]), 'message mention owner member mute unmute kick ban'));
  test('in a direct room: mention only', () => assert.equal(allowed('member', { with: BOB }), 'mention'));
  test('after the person was removed from the room: no moderation', () => assert.equal(allowed('owner', { removed: true }), 'message mention'));
  test('oneself: nothing', () => assert.deepEqual(allowedPersonActions(ANN, room('owner'), ANN), []));
  test('who is unknown: nothing', () => assert.deepEqual(allowedPersonActions({ user: '', name: '?' }, room('owner'), ANN), []));
  test('the menu has the words for each', () => assert.deepEqual(personMenu(['message', 'ban']), [{ id: 'message', words: 'Message', group: 0 }, { id: 'ban', words: 'Ban…', group: 2, isDangerous: true }]));
});

describe('the role of another person', () => {
  test('is the newest that the log shows', () => assert.equal(knownRole(room('owner', {}, [roleEvent('moderator'), roleEvent('member', BOB, 2), roleEvent('owner', ANN, 3)]), BOB.user), 'member'));
  test('may be unknown', () => assert.equal(knownRole(room('owner'), BOB.user), null));
});

describe('the name by which the server finds a person', () => {
  const old = { user: BOB.user, name: 'old' };
  test('is the one in the list of members', () => assert.equal(withPresentName(room('member'), old).name, 'bob'));
  test('in a direct room is the present one too', () => assert.equal(withPresentName(room('member', { members: new Map(), with: BOB }), old).name, 'bob'));
  test('of a person who is away is the one in the log', () => assert.equal(withPresentName(room('member', { members: new Map() }), old).name, 'old'));
});

describe('a mention', () => {
  for (const [name, words] of [['bob', '@bob'], ['ann smith', '@"ann smith"'], ['j.r', '@j.r'], ['j.', '@"j."'], ['שלום', '@שלום']]) {
    test(words, () => assert.equal(mentionOf(name), words));
  }
  test('has blanks around it', () => {
    assert.equal(insertedMention('', '', 'bob'), '@bob ');
    assert.equal(insertedMention('hi', ' there', 'bob'), ' @bob');
    assert.equal(insertedMention('hi ', '', 'bob'), '@bob ');
  });
});

test('the direct room with a person', () => {
  const state = receive(inLobby(), joined(0, [], { room: 'dm-x', with: BOB }), { request: { kind: 'dm', show: true } });
  assert.equal(directRoomWith(state, BOB.user)?.name, 'dm-x');
  assert.equal(directRoomWith(state, 'u-x'), undefined);
  assert.equal(state.current, 'dm-x');
});
