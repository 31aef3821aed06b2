import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { SELF, TabHub } from '../../Server/Web/client/tab-hub.mjs';

let hub, posted, written, later;

beforeEach(() => {
  [posted, written, later] = [[], [], []];
  let ids = 0;
  hub = new TabHub((tabs, frame) => posted.push([tabs, frame]), (text) => Boolean(written.push(text)), () => `hub${++ids}`, (work) => later.push(work));
  hub.attach('b');
});

const event = (seq, more = {}) => ({ type: 'message', room: 'lobby', seq, text: `text ${seq}`, ...more });
const joined = (id, seq, messages = []) => ({ type: 'joined', id, room: 'lobby', epoch: 'e1', seq, messages });
const seqs = (frames) => frames.map(({ seq }) => seq);
const postedTo = (tab) => posted.filter(([tabs]) => tabs.includes(tab)).map(([, frame]) => frame);
const lastWritten = () => JSON.parse(written.at(-1));

/** Both tabs join the lobby, whose newest event is `seq`. */
function inLobby(seq) {
  hub.sent(SELF, '{"type":"join","room":"lobby","id":"1"}');
  hub.receive(joined('1', seq));
  hub.send('b', '{"type":"join","room":"lobby","id":"2"}');
  hub.receive(joined('2', seq));
  [posted, written] = [[], []];
}

describe('an answer', () => {
  test('goes to the tab that has asked', () => {
    hub.sent(SELF, '{"type":"who","id":"1"}');
    hub.send('b', '{"type":"who","id":"2"}');
    assert.deepEqual(written, ['{"type":"who","id":"2"}']);
    assert.deepEqual(hub.receive({ type: 'who', id: '2' }), []);
    assert.deepEqual(postedTo('b'), [{ type: 'who', id: '2' }]);
    assert.deepEqual(hub.receive({ type: 'who', id: '1' }), [{ type: 'who', id: '1' }]);
  });
  test('goes to the tab that has sent the last typed line, if the answer has no id', () => {
    hub.send('b', '/who');
    assert.deepEqual(hub.receive({ type: 'help' }), []);
    hub.sent(SELF, '/help');
    assert.deepEqual(hub.receive({ type: 'help' }), [{ type: 'help' }]);
    assert.equal(postedTo('b').length, 1);
  });
  test('is dropped if the tab that has asked is closed', () => {
    hub.send('b', '{"type":"who","id":"2"}');
    hub.detach('b');
    assert.deepEqual(hub.receive({ type: 'who', id: '2' }), []);
    assert.deepEqual(posted, []);
  });
});

test('the hub does not send the frames of a tab that it does not know', () => {
  hub.send('stranger', '{"type":"who","id":"3"}');
  assert.deepEqual(written, []);
});

describe('frames that are not answers', () => {
  test('go to all tabs if they invite to a room, because no tab is in the room yet', () => {
    assert.deepEqual([hub.receive({ type: 'invited', room: 'den' }).length, postedTo('b').length], [1, 1]);
  });
  test('go to all tabs if they belong to no room', () => assert.deepEqual([hub.receive({ type: 'lag' }).length, postedTo('b').length], [1, 1]));
  test('go to the tabs in the room if they belong to a room', () => {
    hub.sent(SELF, '{"type":"join","room":"lobby","id":"1"}');
    hub.receive(joined('1', 5));
    posted = [];
    assert.equal(hub.receive({ type: 'typing', room: 'lobby', user: 'u' }).length, 1);
    assert.equal(hub.receive({ type: 'typing', room: 'other', user: 'u' }).length, 0);
    assert.deepEqual(posted, []);
  });
});

describe('events', () => {
  test('go to each tab that is in the room, once', () => {
    inLobby(5);
    assert.deepEqual(seqs([...hub.receive(event(6)), ...hub.receive(event(6)), ...hub.receive(event(7))]), [6, 7]);
    assert.deepEqual(seqs(postedTo('b')), [6, 7]);
    assert.deepEqual(written, []);
  });
  test('go only to the tab for which the server repeats them', () => {
    inLobby(5);
    hub.attach('c');
    hub.send('c', '{"type":"join","room":"lobby","after":1,"id":"3"}');
    hub.receive(joined('3', 5, [event(2), event(3)]));
    const own = [4, 5, 6].flatMap((seq) => hub.receive(event(seq)));
    assert.deepEqual([seqs(own), seqs(postedTo('b')), seqs(postedTo('c').slice(1))], [[6], [6], [4, 5, 6]]);
    assert.equal(written.length, 1, 'no repair');
  });
  test('are requested from the server if other tabs miss them because one tab joins', () => {
    inLobby(5);
    hub.attach('c');
    hub.send('c', '{"type":"join","room":"lobby","id":"3"}');
    hub.receive(joined('3', 7, [event(6), event(7)]));
    assert.deepEqual(lastWritten(), { type: 'join', room: 'lobby', after: 5, epoch: 'e1', id: 'hub1' });
    assert.deepEqual(hub.receive(event(8)), [], 'the event does not arrive before the missing events');
    posted = [];
    const own = [...hub.receive(joined('hub1', 8, [event(6), event(7), event(8)])), ...hub.receive(event(9))];
    assert.deepEqual([seqs(own), seqs(postedTo('b')), seqs(postedTo('c'))], [[6, 7, 8, 9], [6, 7, 8, 9], [9]]);
  });
  test('are requested again after the join of the hub has failed', () => {
    inLobby(5);
    hub.receive(event(7));
    assert.equal(lastWritten().after, 5);
    hub.receive({ type: 'error', id: 'hub1', code: 'rate-limited', retryAfterMs: 5 });
    hub.receive(event(8));
    assert.equal(written.length, 1, 'the hub waits for the time that the server has named');
    later.forEach((work) => work());
    hub.receive(event(9));
    assert.equal(lastWritten().id, 'hub2');
  });
  test('are reported as missing only to the tabs that miss them', () => {
    inLobby(5);
    hub.attach('c');
    hub.send('c', '{"type":"join","room":"lobby","after":1,"id":"3"}');
    assert.deepEqual(hub.receive({ type: 'gap', room: 'lobby', from: 2, to: 3 }), []);
    assert.deepEqual([postedTo('b').length, postedTo('c').length], [0, 1]);
  });
  test('all reach a tab that shares its connection with no other tab, even if their seqs have gaps', () => {
    hub.reset(null);
    assert.deepEqual(seqs([...hub.receive(event(3)), ...hub.receive(event(9))]), [3, 9]);
  });
  test('end the room for all tabs if they remove the person from the room', () => {
    hub.reset('u-ann');
    hub.attach('b');
    inLobby(5);
    hub.receive(event(6, { type: 'moderated', action: 'kick', user: 'u-ann' }));
    assert.equal(hub.receive({ type: 'typing', room: 'lobby' }).length, 0);
  });
});

describe('the hub tells the other tabs', () => {
  const ack = (request, more = {}) => {
    hub.send('b', JSON.stringify({ ...request, id: 'x' }));
    return hub.receive({ type: 'ack', id: 'x', ...more });
  };
  beforeEach(() => inLobby(5));

  test('that a tab has left a room', () => {
    assert.deepEqual(ack({ type: 'leave', room: 'lobby' }), [{ type: 'tab-left', room: 'lobby' }]);
    assert.equal(hub.receive(event(6)).length, 0);
  });
  test('how far the person has read', () => assert.deepEqual(ack({ type: 'read', room: 'lobby', seq: 4 }, { seq: 5, room: 'lobby' }), [{ type: 'read', room: 'lobby', seq: 5 }]));
  test('the new notification level of a room', () => assert.deepEqual(ack({ type: 'notify', room: 'lobby', level: 'none' }), [{ type: 'tab-notify', room: 'lobby', level: 'none' }]));
  test('that a tab has joined a room', () => {
    hub.send('b', '{"type":"join","room":"dev","id":"9"}');
    assert.deepEqual(hub.receive({ ...joined('9', 0), room: 'dev' }), [{ type: 'tab-joined', room: 'dev' }]);
  });
  test('that the person has logged out', () => {
    const [bye] = ack({ type: 'logout' });
    assert.deepEqual([bye.type, bye.code, bye.reconnect], ['bye', 4501, false]);
    assert.deepEqual(hub.receive({ type: 'bye', code: 1000 }), []);
  });
  test('nothing about an error', () => {
    hub.send('b', '{"type":"leave","room":"lobby","id":"x"}');
    assert.deepEqual(hub.receive({ type: 'error', id: 'x', code: 'unavailable' }), []);
  });
});

// A server with one room and one connection. It answers in order, and only when the test calls step(). A join interrupts the events of the connection, as
// the real server does: events that are older than the join's position are not sent.
class Server {
  log = 0; position = null; inbox = []; outbox = [];
  post() { this.log += 1; }
  /** Handles a request, or sends the next event. */
  step() {
    const request = this.inbox.shift();
    if (request) this.answer(JSON.parse(request));
    else if (this.position !== null && this.position < this.log) this.outbox.push(event(this.position += 1));
  }
  answer({ id, after }) {
    // An event can be stored while the server reads the history.
    const newest = this.log;
    const events = Array.from({ length: newest - (after ?? newest) }, (_, index) => event((after ?? 0) + index + 1)).slice(0, 3);
    this.position = after === undefined ? newest : after + events.length;
    this.outbox.push(joined(id, newest, events));
  }
}

test('each tab gets each event once and in order, in 300 random orders', () => {
  for (let seed = 1; seed <= 300; seed++) {
    let random = seed;
    const next = (max) => (random = random * 48271 % 2147483647) % max;
    const server = new Server();
    server.log = next(5);
    let ids = 0;
    /** What each tab has: the position of its join and the events after it. */
    const logs = new Map();
    const get = (tab, frame) => {
      const log = logs.get(tab);
      if (!log) return;
      if (frame.type === 'joined') {
        if (log.at === null || frame.id !== log.id) log.at = frame.id === log.id ? log.after ?? frame.seq : log.at;
        if (log.after !== undefined) for (const { seq } of frame.messages) log.seqs.push(seq);
      } else if (frame.type === 'message') log.seqs.push(frame.seq);
    };
    hub = new TabHub((tabs, frame) => tabs.forEach((tab) => get(tab, frame)), (text) => Boolean(server.inbox.push(text)), () => `hub${++ids}`, (work) => work());
    const join = (tab, after) => {
      const id = `join${++ids}`;
      logs.set(tab, { at: null, after, id, seqs: [] });
      const text = JSON.stringify({ type: 'join', room: 'lobby', id, ...after !== undefined && { after } });
      if (tab !== SELF) return hub.attach(tab), hub.send(tab, text);
      server.inbox.push(text);
      hub.sent(SELF, text);
    };
    const deliver = () => { const frame = server.outbox.shift(); if (frame) for (const own of hub.receive(frame)) get(SELF, own); };
    join(SELF);
    for (let step = 0; step < 120; step++) {
      const tab = `tab${next(3)}`;
      switch (next(9)) {
        case 0: case 1: server.post(); break;
        case 2: case 3: case 4: server.step(); break;
        case 5: case 6: deliver(); break;
        case 7: if (!logs.has(tab)) join(tab, next(2) ? next(server.log + 1) : undefined); break;
        default: if (next(3) === 0 && logs.delete(tab)) hub.detach(tab);
      }
    }
    server.post();
    for (let step = 0; step < 500; step++) {
      server.step();
      deliver();
    }
    for (const [tab, { at, seqs: got }] of logs) {
      assert.notEqual(at, null, `${tab} has joined`);
      assert.deepEqual(got, Array.from({ length: server.log - at }, (_, index) => at + index + 1), `${tab} from ${at}, seed ${seed}`);
    }
  }
});
