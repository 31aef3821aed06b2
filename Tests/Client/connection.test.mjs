import assert from 'node:assert/strict';
import { beforeEach, describe, mock, test } from 'node:test';
import { Connection } from '../../Server/Web/client/connection.mjs';
import { RetryableError } from '../../Server/Web/client/errors.mjs';
import { TRANSPORT_ORDER, TransportChoice } from '../../Server/Web/client/transport-choice.mjs';

const WELCOME = { type: 'welcome', user: 'u-ann', name: 'ann' };

/** A transport whose events the test raises. */
class FakeTransport {
  sent = []; isOpen = false; isBusy = false; accepts = true;
  onready() {} onframe() {} onreset() {} onactivity() {} onclose() {}
  constructor(name) { this.name = name; }
  open() { this.isOpen = true; }
  close() { this.isOpen = false; }
  send(text) {
    if (this.accepts) this.sent.push(text);
    return this.accepts;
  }
}

/** Waits until pending promises have settled. The timers are mocked, so these tests can’t wait with a timer. */
const settle = async () => { for (let i = 0; i < 10; i++) await null; };

let transports, events, connection, network;
/** How far the wall clock was set forward, in milliseconds. The mocked time is the monotonic clock. */
let setForward = 0;

async function open({ pin = null, order = TRANSPORT_ORDER, remembered = null, prepare = async () => ({ welcome: WELCOME }) } = {}) {
  transports = [];
  events = [];
  network = true;
  setForward = 0;
  connection = new Connection((name) => {
    transports.push(new FakeTransport(name));
    return transports.at(-1);
  }, new TransportChoice(order, pin, remembered), prepare, () => network, { now: () => Date.now(), day: () => Date.now() + setForward });
  for (const type of ['welcome', 'frame', 'refused', 'transport', 'takeover', 'status']) {
    connection.addEventListener(type, ({ detail }) => events.push([type, detail]));
  }
  connection.open();
  await settle();
}

const last = () => transports.at(-1);
const of = (type) => events.filter(([one]) => one === type).map(([, detail]) => detail);
const status = () => of('status').at(-1);

async function pass(ms) {
  mock.timers.tick(ms);
  await settle();
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
});

describe('connecting', () => {
  test('the connection calls prepare, opens the best transport and reports the welcome', async () => {
    await open();
    assert.deepEqual(transports.map(({ name, isOpen }) => [name, isOpen]), [['ws', true]]);
    assert.equal(status().state, 'connecting');
    last().onready(WELCOME);
    assert.equal(status().state, 'online');
    assert.equal(status().transport, 'ws');
    assert.deepEqual(of('welcome'), [WELCOME]);
    assert.equal(connection.isOnline, true);
  });

  test('the connection reports the prepared welcome if the transport has none', async () => {
    await open({ pin: 'poll' });
    last().onready(null);
    assert.deepEqual(of('welcome'), [WELCOME]);
  });

  test('the connection stops if the server refuses the page', async () => {
    await open({ prepare: async () => ({ refusal: { type: 'error', text: 'taken' } }) });
    assert.deepEqual(of('refused'), [{ type: 'error', text: 'taken' }]);
    assert.equal(status().state, 'idle');
    assert.equal(transports.length, 0);
  });

  test('after a failure, the connection calls prepare again when the server’s retry time is over', async () => {
    let attempts = 0;
    await open({ prepare: async () => { attempts += 1; throw new RetryableError('busy', 4_000); } });
    assert.equal(status().state, 'reconnecting');
    assert.equal(status().reason, 'busy');
    assert.ok(status().retryAt >= 1_004_250 && status().retryAt <= 1_004_500, String(status().retryAt));
    await pass(3_900);
    assert.equal(attempts, 1);
    await pass(600);
    assert.equal(attempts, 2);
  });

  test('the connection reconnects if prepare takes 15 seconds', async () => {
    await open({ prepare: () => new Promise(() => {}) });
    await pass(15_000);
    assert.deepEqual([status().state, status().reason], ['reconnecting', 'The server does not answer.']);
  });

  test('the connection reports that the device is offline, and still reconnects', async () => {
    await open();
    network = false;
    last().onclose({});
    assert.equal(status().state, 'offline');
    await pass(1_000);
    assert.equal(transports.length, 2);
  });
});

describe('frames', () => {
  test('received frames are reported, and frames are sent only while the connection is online', async () => {
    await open();
    assert.equal(connection.send({ type: 'ping' }), false);
    last().onready(WELCOME);
    assert.equal(connection.send({ type: 'ping' }), true);
    assert.equal(connection.sendLine('/help'), true);
    assert.deepEqual(last().sent, ['{"type":"ping"}', '/help']);
    last().onframe({ type: 'message' });
    assert.deepEqual(of('frame'), [{ type: 'message' }]);
    last().accepts = false;
    assert.equal(connection.send({ type: 'ping' }), false);
  });

  test('a reset reports a new welcome, and the transport stays open', async () => {
    await open({ pin: 'poll' });
    last().onready(WELCOME);
    last().onreset({ ...WELCOME, name: 'anna' });
    assert.deepEqual(of('status').map(({ state }) => state), ['connecting', 'online', 'reconnecting', 'online']);
    assert.equal(of('welcome').at(-1).name, 'anna');
  });
});

describe('heartbeat', () => {
  const PING = '{"type":"ping","id":"heartbeat"}';

  test('the page pings a silent connection, and closes the connection if no answer arrives', async () => {
    await open();
    last().onready(WELCOME);
    const first = last();
    await pass(41_000);
    assert.deepEqual(first.sent, [PING]);
    await pass(11_000);
    assert.deepEqual([status().state, status().reason], ['reconnecting', 'The server stopped answering.']);
    assert.equal(first.isOpen, false);
  });

  test('an answer to the ping keeps the connection', async () => {
    await open();
    last().onready(WELCOME);
    await pass(41_000);
    last().onactivity();
    await pass(20_000);
    assert.equal(status().state, 'online');
  });

  test('the page pings sooner if a sent frame has no answer', async () => {
    await open();
    last().onready(WELCOME);
    connection.send({ type: 'say' });
    await pass(11_000);
    assert.equal(last().sent.at(-1), PING);
  });

  test('a dead connection is closed after 52 seconds even if the wall clock was set back', async () => {
    await open();
    last().onready(WELCOME);
    setForward = -3_600_000;
    await pass(41_000);
    assert.deepEqual(last().sent, [PING]);
    setForward = -7_200_000;
    await pass(11_000);
    assert.equal(status().state, 'reconnecting');
  });

  test('the page pings soon after the device has slept, and keeps a connection that answers', async () => {
    await open();
    last().onready(WELCOME);
    await pass(2_000);
    setForward = 600_000;
    await pass(1_000);
    assert.deepEqual(last().sent, [PING]);
    last().onactivity();
    await pass(5_000);
    assert.deepEqual([status().state, last().sent.length], ['online', 1]);
  });

  test('check pings a connection that was not active recently', async () => {
    await open();
    last().onready(WELCOME);
    await pass(1_000);
    connection.check();
    assert.deepEqual(last().sent, []);
    await pass(2_000);
    connection.check();
    connection.check();
    assert.deepEqual(last().sent, [PING]);
  });
});

describe('after the transport closed', () => {
  test('the page reconnects with growing delays', async () => {
    await open({ order: ['ws'] });
    const delays = [];
    for (let i = 0; i < 3; i++) {
      last().onclose({ code: 1006 });
      delays.push(status().retryAt - Date.now());
      await pass(delays[i]);
    }
    assert.ok(delays[0] <= 500 && delays[1] >= 500 && delays[1] <= 1000 && delays[2] >= 1000 && delays[2] <= 2000, String(delays));
    assert.equal(transports.length, 4);
  });

  test('a stable connection resets the delay', async () => {
    await open({ order: ['ws'] });
    for (let i = 0; i < 5; i++) {
      last().onclose({});
      await pass(30_000);
    }
    last().onready(WELCOME);
    await pass(6_000);
    last().onclose({});
    assert.equal(status().attempt, 1);
  });

  test('retryNow connects without waiting', async () => {
    await open();
    last().onclose({});
    connection.retryNow();
    await settle();
    assert.equal(transports.length, 2);
    await pass(60_000);
    assert.equal(transports.filter(({ name }) => name === 'ws').length >= 2, true);
  });

  test('a final close code ends the connection', async () => {
    await open();
    last().onready(WELCOME);
    last().onclose({ code: 4500, reason: 'banned' });
    assert.deepEqual([status().state, status().reason, status().code], ['closed', 'banned', 4500]);
    await pass(60_000);
    assert.equal(transports.length, 1);
  });

  test('a bye frame that forbids reconnecting ends the connection, and its text is the reason', async () => {
    await open();
    last().onready(WELCOME);
    last().onframe({ type: 'bye', reconnect: false, text: 'closed for today' });
    last().onclose({ code: 1001 });
    assert.deepEqual([status().state, status().reason], ['closed', 'closed for today']);
  });

  test('the page waits for the time in a bye frame, and keeps the transport', async () => {
    await open();
    for (let i = 0; i < 6; i++) {
      last().onready(WELCOME);
      last().onframe({ type: 'bye', text: 'restarting', afterMs: 2_000 });
      last().onclose({ code: 1012 });
      assert.equal(status().reason, 'restarting');
      assert.ok(status().retryAt - Date.now() >= 2_000);
      await pass(40_000);
    }
    assert.deepEqual([...new Set(transports.map(({ name }) => name))], ['ws']);
  });

  test('after a takeover by another page, the page can become another device and connects again', async () => {
    await open({ pin: 'longpoll' });
    last().onready(WELCOME);
    last().onclose({ code: 4009 });
    assert.equal(of('takeover').length, 1);
    await pass(120_000);
    assert.equal(transports.length, 2);
  });

  test('the connection ignores events of a transport that was replaced', async () => {
    await open();
    const old = last();
    old.onclose({});
    await pass(1_000);
    last().onready(WELCOME);
    old.onframe({ type: 'message' });
    old.onclose({ code: 4500 });
    assert.equal(of('frame').length, 0);
    assert.equal(status().state, 'online');
  });
});

describe('changing the transport', () => {
  test('a WebSocket without a welcome is replaced after six seconds', async () => {
    await open();
    await pass(6_000);
    assert.deepEqual(transports.map(({ name }) => name), ['ws', 'sse']);
    assert.deepEqual(of('transport'), [{ from: 'ws', to: 'sse', buffers: undefined, reason: 'The server does not answer.', code: undefined }]);
    assert.equal(transports[0].isOpen, false);
  });

  test('a page that can use only WebSocket waits more than 14 seconds for a welcome', async () => {
    await open({ order: ['ws'] });
    await pass(14_000);
    assert.equal(status().state, 'connecting');
    await pass(2_000);
    assert.equal(status().state, 'reconnecting');
  });

  test('the page keeps a pinned transport that a proxy buffers, and reports the buffering', async () => {
    await open({ pin: 'sse' });
    last().onclose({ buffers: true });
    assert.deepEqual(of('transport'), [{ from: 'sse', to: 'sse', buffers: true, reason: '', code: undefined }]);
    assert.equal(status().state, 'reconnecting');
  });

  test('pin opens the given transport', async () => {
    await open();
    last().onready(WELCOME);
    connection.pin('poll');
    await settle();
    assert.equal(last().name, 'poll');
    assert.equal(transports[0].isOpen, false);
  });
});

describe('upgrading', () => {
  const below = () => open({ remembered: { transport: 'longpoll', buffers: false } });

  test('the page tries the best transport after a minute, and uses it if it works', async () => {
    await below();
    last().onready(WELCOME);
    await pass(60_000);
    assert.deepEqual(transports.map(({ name }) => name), ['longpoll', 'ws']);
    last().onready({ ...WELCOME, name: 'new' });
    assert.deepEqual(of('transport'), [{ from: 'longpoll', to: 'ws' }]);
    assert.equal(transports[0].isOpen, false);
    assert.equal(status().state, 'online');
    assert.equal(of('welcome').at(-1).name, 'new');
  });

  test('the page closes the old transport only after the old transport has received its answers', async () => {
    await below();
    last().onready(WELCOME);
    transports[0].isBusy = true;
    await pass(60_000);
    last().onready(WELCOME);
    await pass(200);
    assert.equal(transports[0].isOpen, true);
    transports[0].isBusy = false;
    await pass(50);
    assert.equal(transports[0].isOpen, false);
  });

  test('a failed attempt doubles the time until the next attempt', async () => {
    await below();
    last().onready(WELCOME);
    const keepAlive = setInterval(() => transports[0].onactivity(), 5_000);
    await pass(60_000);
    transports[1].onclose({});
    for (let i = 0; i < 11; i++) await pass(10_000);
    assert.equal(transports.length, 2);
    await pass(10_000);
    assert.equal(transports.length, 3);
    clearInterval(keepAlive);
  });

  test('the page closes the new transport if no welcome arrives, and keeps the old transport', async () => {
    await below();
    last().onready(WELCOME);
    await pass(60_000);
    assert.equal(last().isOpen, true);
    await pass(6_000);
    assert.equal(last().isOpen, false);
    assert.equal(transports[0].isOpen, true);
  });
});

describe('stopping', () => {
  test('stop closes the transport, and the connection does not reconnect by itself', async () => {
    await open();
    last().onready(WELCOME);
    connection.stop();
    assert.equal(status().state, 'idle');
    assert.equal(transports[0].isOpen, false);
    await pass(60_000);
    assert.equal(transports.length, 1);
  });
});
