import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withPlaceholders } from '../../Server/Web/client/rooms.mjs';
import { isJoin, markDisconnected } from '../../Server/Web/client/state.mjs';
import { ANN, BOB, EMPTY_STATE, inLobby, joined, lobby, message, messages, noticesOf, outboxItem, receive, textsOf, withOutbox } from './support.mjs';

const lastNotice = (state) => noticesOf(state).at(-1);

test('an unknown frame changes nothing', () => {
  const state = inLobby();
  assert.equal(receive(state, { type: 'from-the-future' }), state);
  assert.equal(receive(state, { type: 'toString' }), state);
});

describe('welcome', () => {
  test('sets the user and the limits, and a notice names the user', () => {
    const state = receive(inLobby(), { type: 'welcome', ...BOB, guest: true, limits: { textLength: 5, namedMembers: 7 } });
    assert.deepEqual(state.self, { ...BOB, guest: true });
    assert.deepEqual(state.limits, { textLength: 5, namedMembers: 7 });
    assert.equal(lastNotice(state).text, 'You are bob, a guest.');
  });

  test('sets empty limits if the frame has no limits', () => assert.deepEqual(receive(EMPTY_STATE, { type: 'welcome', ...BOB }).limits, {}));
});

describe('joined', () => {
  test('shows the room with its newest messages, and says that earlier messages exist', () => {
    const state = inLobby(messages(5, 8));
    assert.equal(state.current, 'lobby');
    assert.deepEqual(textsOf(state), ['text 5', 'text 6', 'text 7', 'text 8']);
    assert.equal(lobby(state).cursor, 8);
    assert.equal(lobby(state).more, true);
    assert.equal(lobby(state).unread, 0);
  });

  test('says that there are no earlier messages if the first message is included', () => assert.equal(lobby(inLobby(messages(1, 3))).more, false));

  test('adds the missed messages after a reconnect, and counts them as unread', () => {
    const broken = markDisconnected(inLobby(messages(1, 3)));
    const state = receive(broken, joined(5, messages(4, 5)), { request: { kind: 'rejoin', room: 'lobby', after: 3 } });
    assert.deepEqual(textsOf(state), ['text 1', 'text 2', 'text 3', 'text 4', 'text 5']);
    assert.equal(lobby(state).unread, 2);
    assert.equal(lobby(state).cursor, 5);
    assert.equal(lobby(state).live, true);
  });

  test('replaces the log if the epoch has changed, and a notice says that the history was lost', () => {
    const state = receive(inLobby(messages(1, 9)), joined(2, messages(1, 2), { epoch: 'e2' }), { request: { kind: 'rejoin', room: 'lobby', after: 9 } });
    assert.equal(lobby(state).cursor, 2);
    const texts = textsOf(state);
    assert.match(texts[0], /lost or reset/);
    assert.deepEqual(texts.slice(1), ['text 1', 'text 2']);
  });

  test('does not change the current room if `show` is false', () => {
    const state = receive(inLobby(), { ...joined(0), room: 'other' }, { request: { kind: 'join', room: 'other', show: false } });
    assert.equal(state.current, 'lobby');
    assert.ok(state.rooms.has('other'));
  });

  test('replaces a placeholder whose name has another spelling', () => {
    const placeholder = { ...withPlaceholders(EMPTY_STATE, ['LOBBY']), current: 'LOBBY' };
    const state = receive(placeholder, joined(0), { request: { kind: 'join', room: 'LOBBY', show: true } });
    assert.deepEqual([...state.rooms.keys()], ['lobby']);
  });

  test('hides messages of the outbox whose events have arrived', () => {
    const broken = withOutbox(markDisconnected(inLobby(messages(1, 3))), outboxItem('1', { attempted: true, text: 'mine' }));
    const state = receive(broken, joined(4, [message(4, 'mine', ANN)]), { request: { kind: 'rejoin', room: 'lobby', after: 3 } });
    assert.equal(state.outbox[0].echo, 4);
  });
});

describe('log events', () => {
  test('a message is unread unless the reader looks at the room', () => {
    assert.equal(lobby(receive(inLobby(), message(1, 'hi'))).unread, 1);
    assert.equal(lobby(receive(inLobby(), message(1, 'hi'), { watching: 'lobby' })).unread, 0);
  });

  test('an event that the log does not show advances the cursor', () => {
    const state = receive(inLobby(messages(1, 3)), { type: 'reacted', room: 'lobby', seq: 4 });
    assert.equal(lobby(state).cursor, 4);
    assert.equal(lobby(state).entries.length, 3);
  });

  test('an event of an unknown room changes nothing', () => {
    const state = inLobby();
    assert.equal(receive(state, { ...message(1, 'hi'), room: 'other' }), state);
  });
});

describe('history', () => {
  const around = (seq) => ({ request: { kind: 'history', direction: 'around', room: 'lobby', seq } });

  test('shows the messages around the requested message', () => {
    const state = receive(inLobby(messages(51, 60)), { type: 'history', room: 'lobby', messages: messages(11, 20), more: true }, around(15));
    assert.deepEqual(textsOf(state), messages(11, 20).map(({ text }) => text));
  });

  test('only adds a notice if the server no longer has the requested message', () => {
    const state = receive(inLobby(messages(51, 52)), { type: 'history', room: 'lobby', messages: messages(30, 40), more: true }, around(15));
    assert.deepEqual(textsOf(state), ['text 51', 'text 52', 'The server no longer has this message.']);
    assert.equal(lobby(state).loading, false);
  });

  test('extends the log upwards', () => {
    const state = receive(inLobby(messages(51, 60)), { type: 'history', room: 'lobby', messages: messages(41, 50), more: true }, { request: { kind: 'history', room: 'lobby' } });
    assert.equal(lobby(state).entries.length, 20);
    assert.equal(lobby(state).oldest, 41);
    assert.equal(lobby(state).more, true);
    assert.equal(lobby(state).unread, 0);
  });

  test('says that there are no earlier messages if the frame is empty', () => {
    const state = receive(inLobby(messages(51, 60)), { type: 'history', room: 'lobby', messages: [], more: true }, { request: { kind: 'history', room: 'lobby' } });
    assert.equal(lobby(state).more, false);
  });

  test('is shown as a notice if a person typed the request', () => {
    const state = receive(inLobby(), { type: 'history', room: 'lobby', messages: [message(3, 'old'), message(4, 'waves', BOB, { me: true })] });
    assert.equal(lobby(state).oldest, Infinity);
    assert.match(lastNotice(state).text, /^3 .* bob: old\n4 .* bob waves$/);
    assert.equal(lastNotice(receive(inLobby(), { type: 'history', room: 'lobby', messages: [] })).text, 'There are no messages.');
  });
});

describe('ack', () => {
  test('moves a message to the log', () => {
    const state = receive(withOutbox(inLobby(), outboxItem('1')), { type: 'ack', id: '1', room: 'lobby', seq: 1 });
    assert.deepEqual([state.outbox.length, lobby(state).entries.length], [0, 1]);
  });

  test('for a new name changes the name', () => {
    assert.equal(receive(inLobby(), { type: 'ack', id: '9', name: 'Anna' }, { request: { kind: 'nick', name: 'anna' } }).self.name, 'Anna');
  });

  test('removes the room if the request was to leave the room', () => {
    assert.equal(receive(inLobby(), { type: 'ack', id: '9' }, { request: { kind: 'leave', room: 'lobby' } }).rooms.size, 0);
  });

  test('for any other request changes nothing', () => {
    const state = inLobby();
    assert.equal(receive(state, { type: 'ack', id: '9' }), state);
  });
});

describe('error', () => {
  const fail = (state, error, request) => receive(state, { type: 'error', ...error }, { request });

  test('for a message is stored in the message, and no notice shows it', () => {
    const state = fail(withOutbox(inLobby(), outboxItem('1')), { id: '1', code: 'muted', text: 'you are muted' });
    assert.equal(state.outbox[0].error, 'you are muted');
    assert.equal(noticesOf(state).length, 0);
  });

  test('for a typed line is shown with its hint', () => {
    const notice = lastNotice(fail(inLobby(), { code: 'unknown', text: 'no such command', hint: '/join' }));
    assert.deepEqual([notice.tone, notice.text, notice.hint], ['error', 'no such command', '/join']);
  });

  test('for a room that does not exist offers to create it', () => {
    assert.equal(lastNotice(fail(inLobby(), { code: 'no-room', text: 'no such room' }, { kind: 'join', room: 'attic' })).create, 'attic');
    assert.equal(lastNotice(fail(inLobby(), { code: 'banned', text: 'banned' }, { kind: 'join', room: 'attic' })).create, null);
  });

  test('for a join removes an unused placeholder', () => {
    const state = withPlaceholders(inLobby(), ['attic']);
    assert.equal(fail(state, { code: 'banned' }, { kind: 'join', room: 'attic' }).rooms.has('attic'), false);
  });

  test('for a join marks messages as failed if they wait for the room', () => {
    const state = withOutbox(withPlaceholders(inLobby(), ['attic']), outboxItem('1', { room: 'attic' }));
    const refused = fail(state, { code: 'banned', text: 'banned' }, { kind: 'join', room: 'attic' });
    assert.equal(refused.rooms.has('attic'), true);
    assert.deepEqual([refused.outbox[0].state, refused.outbox[0].error], ['failed', 'banned']);
    assert.equal(fail(state, { code: 'unavailable', retryAfterMs: 100 }, { kind: 'join', room: 'attic' }).outbox[0].state, 'pending');
  });

  test('for a history request is shown, unless the page can ask again', () => {
    const request = { kind: 'history', room: 'lobby' };
    assert.equal(noticesOf(fail(inLobby(), { code: 'rate-limited', retryAfterMs: 100 }, request)).length, 0);
    assert.equal(noticesOf(fail(inLobby(), { code: 'internal' }, request)).length, 1);
  });

  test('removes the room if the person wants to leave it but is no longer in it', () => {
    const state = fail(inLobby(), { code: 'not-in-room' }, { kind: 'leave', room: 'lobby' });
    assert.equal(state.rooms.size, 0);
  });
});

describe('other frames', () => {
  test('if the person typed the request, a who frame updates the members and adds a notice', () => {
    const frame = { type: 'who', room: 'lobby', members: [{ user: 'u1', name: 'Zoe' }, { user: 'u2', name: 'al' }], memberCount: 2 };
    const typed = receive(inLobby(), frame);
    assert.deepEqual([...lobby(typed).members.values()], ['Zoe', 'al']);
    assert.equal(lastNotice(typed).text, '2 here: al, Zoe');
    const asked = receive(inLobby(), frame, { request: { kind: 'who' } });
    assert.deepEqual(lobby(asked).members, lobby(inLobby()).members);
    assert.equal(noticesOf(asked).length, 0);
  });

  test('a rooms frame replaces the directory', () => assert.deepEqual(receive(inLobby(), { type: 'rooms', rooms: [{ room: 'a' }] }).directory, [{ room: 'a' }]));

  test('the answer to a search for rooms adds the found rooms to the directory', () => {
    const many = { type: 'rooms', rooms: [{ room: 'a', memberCount: 1 }, { room: 'b' }] };
    const found = { type: 'rooms', rooms: [{ room: 'room201' }, { room: 'a', memberCount: 2 }] };
    const state = receive(receive(inLobby(), many), found, { request: { kind: 'rooms', match: 'a' } });
    assert.deepEqual(state.directory, [{ room: 'b' }, { room: 'room201' }, { room: 'a', memberCount: 2 }]);
    assert.deepEqual(receive(state, many, { request: { kind: 'rooms' } }).directory, many.rooms);
  });

  test('a help frame sets the commands, or shows them if the person typed the request', () => {
    const frame = { type: 'help', commands: [{ command: 'join' }] };
    assert.deepEqual(receive(inLobby(), frame, { request: { kind: 'help' } }).commands, frame.commands);
    assert.deepEqual(lastNotice(receive(inLobby(), frame)).commands, frame.commands);
  });

  test('a notice says which events of a gap are missing, and the cursor moves to the end of the gap', () => {
    const state = receive(inLobby(messages(1, 3)), { type: 'gap', room: 'lobby', from: 4, to: 9 });
    assert.equal(lobby(state).cursor, 9);
    assert.equal(lastNotice(state).text, '6 messages (4 to 9) are missing here: the server no longer has them.');
    assert.equal(lastNotice(receive(inLobby(), { type: 'gap', room: 'lobby', from: 4, to: 4 })).text, 'Message 4 is missing here: the server no longer has it.');
  });

  test('a lag frame is shown as a notice', () => assert.match(lastNotice(receive(inLobby(), { type: 'lag' })).text, /slow/));
});

test('after markDisconnected no room is live and no message is in flight', () => {
  const state = markDisconnected(withOutbox(inLobby(), outboxItem('1', { inFlight: true }), outboxItem('2', { waiting: true })));
  assert.equal(lobby(state).live, false);
  assert.deepEqual(state.outbox.map(({ inFlight, waiting, state: what }) => [inFlight, waiting, what]), [[false, false, 'pending'], [false, false, 'pending']]);
});

test('isJoin is true for join and rejoin', () => {
  assert.deepEqual([{ kind: 'join' }, { kind: 'rejoin' }, { kind: 'create' }, {}, undefined].map(isJoin), [true, true, false, false, false]);
});

test('no update changes a state in place', () => {
  const freeze = (value) => {
    if (value && typeof value === 'object' && !Object.isFrozen(value)) {
      Object.freeze(value);
      for (const part of value instanceof Map ? value.values() : Object.values(value)) freeze(part);
    }
    return value;
  };
  const frames = [
    { type: 'welcome', ...ANN }, joined(4, messages(1, 4)), message(5, 'hi'), { type: 'presence', room: 'lobby', user: 'u-x', name: 'x', state: 'joined' },
    { type: 'presence', room: 'lobby', user: 'u-x', name: 'x', state: 'left' }, { type: 'gap', room: 'lobby', from: 6, to: 7 }, { type: 'ack', id: '1', room: 'lobby', seq: 8 },
    { type: 'who', room: 'lobby', members: [ANN] }, { type: 'error', id: '2', code: 'muted' },
  ];
  frames.reduce((state, frame) => freeze(receive(state, frame)), freeze(withOutbox(inLobby(), outboxItem('1'), outboxItem('2'))));
});
