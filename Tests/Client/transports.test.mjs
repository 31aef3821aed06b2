// Tests the transports with a fake server. Defines Promise.withResolvers, which Node.js 20 does not have.

import assert from 'node:assert/strict';
import { beforeEach, describe, mock, test } from 'node:test';
import { RetryableError } from '../../Server/Web/client/errors.mjs';
import { closeInfoFrom } from '../../Server/Web/client/transports/http.mjs';
import { createTransport } from '../../Server/Web/client/transports/transports.mjs';

Promise.withResolvers ??= () => {
  const result = {};
  result.promise = new Promise((resolve, reject) => Object.assign(result, { resolve, reject }));
  return result;
};

const WELCOME = { type: 'welcome', user: 'u-ann', name: 'ann' };

const settle = async () => { for (let i = 0; i < 50; i++) await null; };

let requests, answer, events, sockets, sources;

class FakeSocket {
  static OPEN = 1;
  readyState = 0; sent = [];
  constructor(url, protocol) {
    Object.assign(this, { url, protocol });
    sockets.push(this);
  }
  send(text) { this.sent.push(text); }
  close() { this.isClosed = true; }
  receive(frame) { this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) }); }
}

class FakeSource {
  constructor(url) {
    this.url = String(url);
    sources.push(this);
  }
  close() { this.isClosed = true; }
  receive(frame, id) { this.onmessage({ data: JSON.stringify(frame), lastEventId: String(id ?? '') }); }
}

/** Creates a transport whose events are recorded. */
function create(name, http = { cursor: null, trusted: new Set() }) {
  const transport = createTransport(name, { socketUrl: () => new URL('ws://chat.test/ws'), base: 'http://chat.test/', http });
  for (const event of ['onready', 'onframe', 'onreset', 'onclose']) transport[event] = (detail) => events.push([event, detail]);
  return transport;
}

const of = (event) => events.filter(([one]) => one === event).map(([, detail]) => detail);
const json = (body, status = 200) => ({ ok: status < 400, status, text: async () => JSON.stringify(body), headers: new Map() });
/** A request that is never answered. It ends when it is aborted. */
const pending = (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
  [requests, events, sockets, sources] = [[], [], [], []];
  answer = (path) => path.startsWith('/poll') ? json({ next: 10, frames: [WELCOME] }) : null;
  globalThis.WebSocket = FakeSocket;
  globalThis.EventSource = FakeSource;
  globalThis.fetch = async (url, { body, signal }) => {
    const path = `${url.pathname}${url.search}`;
    requests.push(body === undefined ? path : `${path} ${body}`);
    return answer(path, body) ?? pending(signal);
  };
});

describe('WebSocket', () => {
  const open = () => {
    const transport = create('ws');
    transport.open();
    sockets[0].readyState = FakeSocket.OPEN;
    return transport;
  };

  test('is ready when the welcome arrives, and delivers the later frames', () => {
    open();
    assert.equal(sockets[0].protocol, 'rawchat.v1.json');
    sockets[0].receive(WELCOME);
    sockets[0].receive({ type: 'message', text: 'hi' });
    sockets[0].receive({ ...WELCOME, name: 'anna' });
    sockets[0].receive('not a frame');
    assert.deepEqual(of('onready'), [WELCOME]);
    assert.deepEqual(of('onframe').map(({ type }) => type), ['message', 'welcome']);
  });

  test('sends only while it is open', () => {
    const transport = create('ws');
    assert.equal(transport.send('x'), false);
    transport.open();
    assert.equal(transport.send('x'), false);
    sockets[0].readyState = FakeSocket.OPEN;
    assert.equal(transport.send('x'), true);
    assert.deepEqual(sockets[0].sent, ['x']);
  });

  test('reports the reason of private close codes only', () => {
    open();
    sockets[0].onclose({ code: 1006, reason: 'browser words' });
    open();
    sockets[1].onclose({ code: 4501, reason: 'bad session' });
    assert.deepEqual(of('onclose'), [{ code: 1006, reason: '' }, { code: 4501, reason: 'bad session' }]);
  });

  test('reports nothing after close', () => {
    const transport = open();
    transport.close();
    assert.equal(sockets[0].isClosed, true);
    assert.equal(sockets[0].onclose, null);
    assert.equal(transport.send('x'), false);
  });
});

describe('HTTP requests', () => {
  test('start with a poll if there is no cursor of a session, and receive the welcome', async () => {
    create('longpoll').open();
    await settle();
    assert.equal(requests[0], '/poll?after=1');
    assert.deepEqual(of('onready'), [WELCOME]);
    assert.equal(requests[1], '/longpoll?after=10&wait=25');
  });

  test('continue a session from its cursor, and receive no welcome', async () => {
    answer = (path) => path.startsWith('/poll') ? json({ next: 43, frames: [{ type: 'message', room: 'lobby' }, { type: 'lag' }] }) : null;
    create('longpoll', { cursor: 42, trusted: new Set() }).open();
    await settle();
    assert.equal(requests[0], '/poll?after=42');
    assert.deepEqual(of('onready'), [null]);
    assert.deepEqual(of('onframe'), [{ type: 'lag' }], 'the server sends the frames of a room again when the page joins the room');
    assert.equal(requests[1], '/longpoll?after=43&wait=25');
  });

  test('contain the device, and in the lab they ask for timestamps', async () => {
    create('longpoll', { cursor: null, trusted: new Set(), device: 'lab-x', timestamps: true }).open();
    await settle();
    assert.deepEqual(requests, ['/poll?after=1&wire=1&device=lab-x', '/longpoll?after=10&wait=25&wire=1&device=lab-x']);
  });

  test('combine frames that are sent at the same time into one POST, with lines as strings', async () => {
    const transport = create('longpoll');
    transport.open();
    await settle();
    answer = (path) => path === '/send' ? json([{ type: 'ack', id: '1' }, { type: 'help' }]) : null;
    transport.send('{"type":"say","id":"1"}');
    transport.send('/help');
    assert.equal(transport.isBusy, true);
    await settle();
    assert.ok(requests.includes('/send [{"type":"say","id":"1"},"/help"]'), String(requests));
    assert.deepEqual(of('onframe'), [{ type: 'ack', id: '1' }, { type: 'help' }]);
    assert.equal(transport.isBusy, false);
  });

  test('deliver the answers to a POST before frames that arrived during the POST', async () => {
    let release;
    const transport = create('sse', { cursor: 1, trusted: new Set() });
    transport.open();
    await settle();
    probe(3, 0);
    await settle();
    answer = () => new Promise((resolve) => { release = () => resolve(json([{ type: 'ack', id: '1' }])); });
    transport.send('{"type":"say","id":"1"}');
    await settle();
    sources[0].receive({ type: 'message', room: 'lobby', seq: 5 }, 11);
    assert.deepEqual(of('onframe'), []);
    release();
    await settle();
    assert.deepEqual(of('onframe').map(({ type }) => type), ['ack', 'message']);
  });

  test('close the transport with the server’s text if the server rejects them', async () => {
    answer = () => json({ type: 'error', text: 'try later', retryAfterMs: 700 }, 503);
    create('longpoll').open();
    await settle();
    assert.deepEqual(of('onclose'), [{ reason: 'try later', retryAfterMs: 700 }]);
  });

  test('close the transport without a text if the session has ended', async () => {
    answer = () => json({ type: 'error', text: 'no such session' }, 401);
    create('longpoll').open();
    await settle();
    assert.equal(of('onclose')[0].reason, '');
  });

  test('reset the transport if a later answer contains a welcome', async () => {
    const transport = create('longpoll');
    answer = (path) => path.startsWith('/poll') ? json({ next: 10, frames: [WELCOME] })
      : path.startsWith('/longpoll?after=10') ? json({ next: 11, frames: [{ ...WELCOME, name: 'anna' }] }) : null;
    transport.open();
    await settle();
    assert.deepEqual(of('onreset').map(({ name }) => name), ['anna']);
  });

  test('close the transport with the code of a bye frame', async () => {
    answer = (path) => path.startsWith('/poll') ? json({ next: 10, frames: [WELCOME] })
      : path.startsWith('/longpoll?after=10') ? json({ next: 11, frames: [{ type: 'bye', code: 4009, text: 'taken over' }] }) : null;
    create('longpoll').open();
    await settle();
    assert.deepEqual(of('onclose'), [{ code: 4009, reason: 'taken over' }]);
  });

  test('send and report nothing after close', async () => {
    const transport = create('longpoll');
    transport.open();
    await settle();
    transport.close();
    await settle();
    assert.equal(transport.send('{}'), false);
    assert.deepEqual(of('onclose'), []);
  });
});

describe('interval polling', () => {
  test('waits a second, and longer while nothing arrives', async () => {
    answer = (path) => json({ next: 10, frames: path.endsWith('after=1') ? [WELCOME] : [] });
    create('poll').open();
    await settle();
    const polls = () => requests.filter((path) => path.startsWith('/poll')).length;
    assert.equal(polls(), 1);
    for (const [ms, count] of [[1000, 2], [1499, 2], [1, 3], [2250, 4]]) {
      mock.timers.tick(ms);
      await settle();
      assert.equal(polls(), count, `after ${ms} ms more`);
    }
  });

  test('polls immediately after the transport has sent a frame', async () => {
    answer = (path) => path === '/send' ? json([{ type: 'pong' }]) : json({ next: 10, frames: [] });
    const transport = create('poll');
    transport.open();
    await settle();
    transport.send('{"type":"ping"}');
    await settle();
    assert.equal(requests.at(-1), '/poll?after=10');
  });
});

/** Passes `count` probes to the newest stream, with timestamps that are `apart` ms apart. */
function probe(count, apart) {
  for (let i = 0; i < count; i++) sources.at(-1).receive({ type: 'pong', at: new Date(i * apart).toISOString() });
}

describe('streams', () => {
  const open = async (http = { cursor: null, trusted: new Set() }) => {
    const transport = create('sse', http);
    transport.open();
    await settle();
    return transport;
  };

  test('are ready after the third probe', async () => {
    await open();
    assert.equal(sources[0].url, 'http://chat.test/events?after=10&probe=1');
    assert.deepEqual(of('onready'), []);
    probe(3, 0);
    await settle();
    assert.deepEqual(of('onready'), [WELCOME]);
  });

  test('close if a proxy buffers them, and report the buffering', async () => {
    await open();
    probe(3, 10_000); // the server sent the probes in 20 s, but all of them arrive together
    await settle();
    assert.deepEqual(of('onclose'), [{ reason: '', retryAfterMs: 0, buffers: true }]);
    assert.equal(sources[0].isClosed, true);
  });

  test('close if they receive nothing, and count as buffered', async () => {
    await open();
    mock.timers.tick(6_000);
    await settle();
    assert.deepEqual(of('onclose'), [{ reason: 'The server does not answer.', retryAfterMs: undefined, hung: true, buffers: true }]);
  });

  test('are ready after the first probe if an earlier stream was not buffered', async () => {
    const http = { cursor: null, trusted: new Set() };
    await open(http);
    probe(3, 0);
    await settle();
    await open(http);
    probe(1, 0);
    await settle();
    assert.equal(of('onready').length, 2);
  });

  test('store the cursor of the newest frame', async () => {
    const http = { cursor: null, trusted: new Set() };
    await open(http);
    probe(3, 0);
    await settle();
    sources[0].receive({ type: 'message', room: 'lobby', seq: 1 }, 17);
    assert.equal(http.cursor, 17);
  });

  test('are opened again with the cursor after a long silence', async () => {
    await open({ cursor: null, trusted: new Set() });
    probe(3, 0);
    await settle();
    sources[0].receive({ type: 'message', room: 'lobby', seq: 1 }, 17);
    mock.timers.tick(45_000);
    assert.equal(sources.length, 2);
    assert.equal(sources[0].isClosed, true);
    assert.match(sources[1].url, /after=17&/);
    mock.timers.tick(6_000);
    assert.deepEqual(of('onclose'), [{ reason: 'The server stopped answering.' }]);
  });

  test('are opened again if the page’s own message is acknowledged but does not arrive', async () => {
    const transport = await open();
    probe(3, 0);
    await settle();
    answer = (path) => path === '/send' ? json([{ type: 'ack', id: '1', room: 'lobby', seq: 7 }]) : null;
    transport.send('{"type":"say","id":"1"}');
    await settle();
    mock.timers.tick(4_000);
    assert.equal(sources.length, 2);
  });

  test('stay open if the page’s own message arrives', async () => {
    const transport = await open();
    probe(3, 0);
    await settle();
    answer = (path) => path === '/send' ? json([{ type: 'ack', id: '1', room: 'lobby', seq: 7 }]) : null;
    transport.send('{"type":"say","id":"1"}');
    await settle();
    sources[0].receive({ type: 'message', room: 'lobby', seq: 7 }, 18);
    mock.timers.tick(10_000);
    assert.equal(sources.length, 1);
  });

  test('close the transport when they end', async () => {
    await open();
    probe(3, 0);
    await settle();
    sources[0].onerror();
    assert.deepEqual(of('onclose'), [{}]);
  });
});

test('closeInfoFrom describes an error', () => {
  assert.deepEqual(closeInfoFrom(new RetryableError('busy', 5, { hung: true })), { reason: 'busy', retryAfterMs: 5, hung: true });
  assert.deepEqual(closeInfoFrom(new DOMException('late', 'TimeoutError')), { reason: 'The server does not answer.', hung: true });
  assert.deepEqual(closeInfoFrom(new TypeError('failed to fetch')), { reason: '', hung: false });
});
