import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allowedPersonActions, insertedMention, knownRole, memberGroups, mentionOf, peopleElsewhere, personMenu, personWords, withPresentName } from '../../Server/Web/client/people.mjs';
import { directRoomWith } from '../../Server/Web/client/rooms.mjs';
import { ANN, at, BOB, inLobby, joined, lobby, message, receive, roomWith } from './support.mjs';

const members = new Map([[ANN.user, ANN.name], [BOB.user, BOB.name]]);
const room = (role, changes = {}, events = []) => roomWith(events, { role, members, memberCount: 2, ...changes });
const allowed = (...given) => allowedPersonActions(BOB, room(...given), ANN).join(' ');
const roleEvent = (role, who = BOB, seq = 1) => ({ type: 'moderated', seq, at: at(seq), from: ANN, action: 'role', ...who, role });

describe('what a person can do with another person', () => {
  test('a member can send a message and mention the person', () => assert.equal(allowed('member'), 'message mention'));
  test('a moderator can also moderate the person', () => assert.equal(allowed('moderator'), 'message mention mute unmute kick ban'));
  test('an owner can also change the role of the person', () => assert.equal(allowed('owner'), 'message mention owner moderator member mute unmute kick ban'));
  test('a moderator can unban a person who is away, but not remove the person', () => assert.equal(allowed('moderator', { members: new Map(), memberCount: 0 }), 'message mention mute unmute ban unban'));
  test('a moderator can both ban and unban if the list of members is not complete', () => assert.equal(allowed('moderator', { members: new Map(), memberCount: 500 }), 'message mention mute unmute kick ban unban'));
  test('a moderator cannot moderate another moderator or an owner', () => {
    for (const role of ['moderator', 'owner']) assert.equal(allowed('moderator', {}, [roleEvent(role)]), 'message mention');
  });
  test('an owner can only give a role that the person does not have', () => assert.equal(allowed('owner', {}, [roleEvent('moderator')]), 'message mention owner member mute unmute kick ban'));
  test('in a direct room, the user can only mention the person', () => assert.equal(allowed('member', { with: BOB }), 'mention'));
  test('an owner who was removed from the room cannot moderate', () => assert.equal(allowed('owner', { removed: true }), 'message mention'));
  test('there are no actions for the user’s own name', () => assert.deepEqual(allowedPersonActions(ANN, room('owner'), ANN), []));
  test('there are no actions for an unknown person', () => assert.deepEqual(allowedPersonActions({ user: '', name: '?' }, room('owner'), ANN), []));
  test('the menu has a text for each action', () => assert.deepEqual(personMenu(['message', 'ban']), [{ id: 'message', words: 'Message', group: 0 }, { id: 'ban', words: 'Ban…', group: 2, isDangerous: true }]));
});

describe('the role of another person', () => {
  test('is the newest role that the log shows', () => assert.equal(knownRole(room('owner', {}, [roleEvent('moderator'), roleEvent('member', BOB, 2), roleEvent('owner', ANN, 3)]), BOB.user), 'member'));
  test('is null if the log does not show it', () => assert.equal(knownRole(room('owner'), BOB.user), null));
});

describe('the list of members', () => {
  const groups = (state) => memberGroups(lobby(state), ANN).map(({ kind, members }) => `${kind}: ${members.map(({ name, isAway, isBot }) => `${name}${isAway ? ' (away)' : ''}${isBot ? ' (bot)' : ''}`).join(' ')}`);
  const CARL = { user: 'u-carl', name: 'carl' }, DORA = { user: 'u-dora', name: 'dora' };
  const JOIN = { request: { kind: 'join', room: 'lobby', show: true } };
  const entered = (more) => receive(inLobby(), joined(0, [], { members: [BOB, ANN, { ...CARL, role: 'owner' }, { ...DORA, role: 'moderator' }], memberCount: 4, ...more }), JOIN);
  const presence = (user, more) => ({ type: 'presence', room: 'lobby', ...user, ...more });

  test('has a group for each role that somebody has', () => {
    assert.deepEqual(groups(entered()), ['owner: carl', 'moderator: dora', 'member: ann bob']);
    assert.deepEqual(groups(entered({ role: 'owner' })), ['owner: ann carl', 'moderator: dora', 'member: bob']);
    assert.deepEqual(groups(inLobby()), ['member: ann bob']);
  });
  test('changes when somebody gets another role', () => {
    assert.deepEqual(groups(receive(entered(), { ...roleEvent('moderator'), room: 'lobby' })), ['owner: carl', 'moderator: bob dora', 'member: ann']);
    assert.deepEqual(groups(receive(entered(), { ...roleEvent('member', DORA), room: 'lobby' })), ['owner: carl', 'member: ann bob dora']);
    assert.deepEqual(groups(receive(entered(), { ...roleEvent('moderator', ANN), room: 'lobby' })), ['owner: carl', 'moderator: ann dora', 'member: bob']);
  });
  test('does not change when the page loads an old change of a role from the history', () => {
    const state = receive(entered({ seq: 9 }), { type: 'history', room: 'lobby', messages: [roleEvent('moderator'), roleEvent('member', CARL, 2)] }, { request: { kind: 'history', room: 'lobby', direction: 'older' } });
    assert.deepEqual(groups(state), ['owner: carl', 'moderator: dora', 'member: ann bob']);
  });
  test('knows the role of a person who joins, and keeps it for the card when the person leaves', () => {
    const state = receive(inLobby(), presence(CARL, { state: 'joined', role: 'owner' }));
    assert.deepEqual(groups(state), ['owner: carl', 'member: ann bob']);
    assert.equal(personWords(CARL, lobby(state)), 'Owner, here now');
    const left = receive(state, presence(CARL, { state: 'left' }));
    assert.deepEqual(groups(left), ['owner: carl (away)', 'member: ann bob']);
    assert.equal(personWords(CARL, lobby(left)), 'Owner, not here now');
    assert.deepEqual(groups(receive(left, presence(CARL, { state: 'joined' }))), ['member: ann bob carl'], 'the person lost the role while away');
  });
  test('shows the owners and moderators who are away, from the server’s answer', () => {
    const who = { type: 'who', room: 'lobby', members: [ANN], memberCount: 4, away: [{ user: 'u-eve', name: 'eve', role: 'owner' }, { user: 'u-fay', name: 'fay', role: 'moderator' }] };
    const answered = receive(entered(), who, { request: { kind: 'who', room: 'lobby' } });
    assert.deepEqual(groups(answered), ['owner: carl eve (away)', 'moderator: dora fay (away)', 'member: ann bob'], 'the answer has one member only');
    const EVE = { user: 'u-eve', name: 'eve' }, FAY = { user: 'u-fay', name: 'fay' };
    assert.equal(personWords(EVE, { ...lobby(answered), memberCount: 500 }), 'Owner, not here now');
    assert.deepEqual(groups(receive(answered, presence(EVE, { state: 'joined', role: 'owner' }))).at(0), 'owner: carl eve');
    assert.deepEqual(groups(receive(answered, { ...roleEvent('member', EVE), room: 'lobby' })).at(0), 'owner: carl');
    assert.deepEqual(groups(receive(answered, { ...roleEvent('moderator', { user: 'u-gus', name: 'gus' }), room: 'lobby' })).at(1), 'moderator: dora fay (away) gus (away)');
    assert.deepEqual(groups(receive(answered, { type: 'moderated', room: 'lobby', seq: 1, at: at(1), from: ANN, action: 'ban', ...FAY })).at(1), 'moderator: dora');
    assert.deepEqual(groups(receive(answered, presence(BOB, { state: 'left' }))).at(-1), 'member: ann', 'a member without a role is not in the list');
    assert.equal(lobby(receive(answered, { type: 'error', code: 'rate-limited', text: 'x' }, { request: { kind: 'who', room: 'lobby' } })).entries.length, lobby(answered).entries.length);
    const again = receive(answered, joined(0, [], { members: [ANN, EVE], memberCount: 2 }), JOIN);
    assert.deepEqual([lobby(again).knowsAway, groups(again)], [false, ['member: ann eve']]);
  });
  test('takes the roles from the answer to a who request', () => assert.deepEqual(groups(receive(entered(), { type: 'who', room: 'lobby', members: [ANN, { ...BOB, role: 'owner' }, CARL], memberCount: 3 })), ['owner: bob', 'member: ann carl']));
  test('shows the bots that have written in the room', () => {
    const bot = { user: 'b-1', name: 'build', bot: true };
    const state = receive(entered(), message(1, 'done', bot));
    assert.deepEqual(groups(state).at(-1), 'bot: build (bot)');
    assert.equal(personWords(bot, lobby(state)), 'Bot: a program that writes here');
    assert.deepEqual(allowedPersonActions(bot, { ...lobby(state), role: 'owner' }, ANN), ['mention']);
    assert.equal(lobby(receive(state, message(2, 'again', bot))).bots, lobby(state).bots, 'another message changes nothing');
    const many = Array.from({ length: 300 }, (_, index) => message(index + 2, 'x', { user: `b${index}`, name: `b${index}`, bot: true }));
    assert.equal(lobby(many.reduce((next, frame) => receive(next, frame), state)).bots.size, 50);
  });
  test('shows the other person of a direct room, even if that person is away', () => {
    const direct = (members) => memberGroups({ ...roomWith([], { with: BOB, role: 'member' }), members: new Map(members) }, ANN);
    assert.deepEqual(direct([[ANN.user, ANN.name]]), [{ kind: 'member', members: [{ ...ANN, isAway: false, isBot: false }, { ...BOB, isAway: true, isBot: false }] }]);
    assert.deepEqual(direct([[ANN.user, ANN.name], [BOB.user, BOB.name]])[0].members.map(({ isAway }) => isAway), [false, false]);
  });
});

describe('the name by which the server finds a person', () => {
  const old = { user: BOB.user, name: 'old' };
  test('is the name in the list of members', () => assert.equal(withPresentName(room('member'), old).name, 'bob'));
  test('is also the current name in a direct room', () => assert.equal(withPresentName(room('member', { members: new Map(), with: BOB }), old).name, 'bob'));
  test('is the name in the log if the person is away', () => assert.equal(withPresentName(room('member', { members: new Map() }), old).name, 'old'));
});

describe('a mention', () => {
  for (const [name, words] of [['bob', '@bob'], ['ann smith', '@"ann smith"'], ['j.r', '@j.r'], ['j.', '@"j."'], ['שלום', '@שלום']]) {
    test(words, () => assert.equal(mentionOf(name), words));
  }
  test('is inserted with spaces around it', () => {
    assert.equal(insertedMention('', '', 'bob'), '@bob ');
    assert.equal(insertedMention('hi', ' there', 'bob'), ' @bob');
    assert.equal(insertedMention('hi ', '', 'bob'), '@bob ');
  });
});

test('the page finds the direct room with a person', () => {
  const state = receive(inLobby(), joined(0, [], { room: 'dm-x', with: BOB }), { request: { kind: 'dm', show: true } });
  assert.equal(directRoomWith(state, BOB.user)?.name, 'dm-x');
  assert.equal(directRoomWith(state, 'u-x'), undefined);
  assert.equal(state.current, 'dm-x');
});

test('an invitation suggests the people in other rooms, by their newest names', () => {
  const carl = { user: 'u-carl', name: 'carl' }, dora = { user: 'u-dora', name: 'Dora' };
  const rooms = [
    roomWith([], { name: 'den', members: new Map([[ANN.user, 'ann']]), away: new Map([[BOB.user, 'bob']]) }),
    roomWith([], { name: 'garden', members: new Map([[carl.user, 'carl'], [ANN.user, 'ann'], [dora.user, 'Dora']]) }),
    roomWith([], { name: 'direct', members: new Map(), with: { user: 'u-guest', name: '' } }),
  ];
  const state = { rooms: new Map(rooms.map((one) => [one.name, one])), self: ANN };
  assert.deepEqual(peopleElsewhere(state, rooms[0]), ['bob', 'carl', 'Dora']);
  assert.deepEqual(peopleElsewhere(state, rooms[1]), ['bob']);
});
