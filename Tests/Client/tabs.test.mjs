// Several tabs of one browser, each with its own Connection and Tabs, on a server that counts its connections.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { Connection } from '../../Server/Web/client/connection.mjs';
import { Tabs } from '../../Server/Web/client/tabs.mjs';
import { TransportChoice } from '../../Server/Web/client/transport-choice.mjs';
import { TabTransport } from '../../Server/Web/client/transports/tab.mjs';

/** The lock manager of the browser, with one lock. */
class Locks {
  holder = null; queue = [];
  forTab(tab) { return { request: (_, options, work) => new Promise((resolve) => { tab.run(() => resolve(this.request(tab, options, work))); }) }; }
  request(tab, { ifAvailable, steal, signal }, work) {
    return new Promise((resolve, reject) => {
      const grant = () => {
        const held = this.holder = { tab, reject: (error) => tab.run(() => reject(error)) };
        new Promise((granted) => { tab.run(() => granted(work({}))); }).then(() => {
          if (this.holder === held) this.pass();
          resolve();
        });
      };
      if (steal) {
        this.holder?.reject(new DOMException('stolen', 'AbortError'));
        grant();
      } else if (!this.holder) grant();
      else if (ifAvailable) Promise.resolve(work(null)).then(resolve);
      else {
        const waiting = { tab, grant };
        this.queue.push(waiting);
        signal?.addEventListener('abort', () => {
          if (!this.queue.includes(waiting)) return; // the lock was granted before
          this.queue = this.queue.filter((one) => one !== waiting);
          reject(new DOMException('aborted', 'AbortError'));
        });
      }
    });
  }
  pass() {
    this.holder = null;
    this.queue.shift()?.grant();
  }
  /** Releases the lock of a closed tab, and ends its wait for the lock, as the browser does. */
  remove(tab) {
    this.queue = this.queue.filter((one) => one.tab !== tab);
    if (this.holder?.tab === tab) this.pass();
  }
}

/** A server with one room. It stores a message once for each id. */
class Server {
  log = []; connections = []; isDown = false; user = 'u-ann'; guest = true;
  welcome() { return { type: 'welcome', user: this.user, name: 'ann', guest: this.guest }; }
  append(id, text) {
    if (this.log.some((one) => one.id === id)) return;
    this.log.push({ id, text });
    for (const one of this.connections) if (one.isIn) one.receive({ type: 'message', room: 'lobby', seq: this.log.length, text });
  }
  create() {
    const server = this;
    const connection = {
      onready() {}, onframe() {}, onreset() {}, onactivity() {}, onclose() {}, isBusy: false, isOpen: false, isIn: false, waiting: [],
      open() {
        if (server.isDown) return void queue.push(() => connection.onclose({ reason: 'down' }));
        server.connections.push(connection);
        connection.isOpen = true;
        connection.enqueue(() => connection.onready(server.welcome()));
      },
      enqueue(work) {
        connection.waiting.push(work);
        queue.push(() => connection.waiting.shift()?.());
      },
      receive(frame) { connection.enqueue(() => {
        if (!connection.isOpen) return;
        connection.onactivity();
        connection.onframe(frame);
      }); },
      send(text) {
        if (!connection.isOpen) return false;
        queue.push(() => { if (connection.isOpen) server.handle(connection, JSON.parse(text)); });
        return true;
      },
      close() {
        connection.isOpen = false;
        server.connections = server.connections.filter((one) => one !== connection);
      },
    };
    return connection;
  }
  handle(connection, { type, id, after, text }) {
    if (type === 'join') {
      connection.isIn = true;
      const events = this.log.map((one, index) => ({ type: 'message', room: 'lobby', seq: index + 1, text: one.text }));
      connection.receive({ type: 'joined', id, room: 'lobby', epoch: 'e', seq: this.log.length, messages: after === undefined ? events : events.slice(after) });
    } else if (type === 'say') {
      this.append(id, text);
      connection.receive({ type: 'ack', id, room: 'lobby', seq: this.log.findIndex((one) => one.id === id) + 1 });
    } else if (type === 'logout') connection.receive({ type: 'ack', id });
    else connection.receive({ type: 'pong', id });
  }
  drop() { for (const one of [...this.connections]) queue.push(() => { if (one.isOpen) one.onclose({ reason: 'dropped' }); }); }
}

/** The deliveries that wait: frames, and messages between the tabs. Each test chooses the order of the deliveries. */
let queue, locks, server, tabs, ids, errors;

/** A tab with a minimal page: the page joins one room, and sends its messages again until they are acknowledged. */
class Tab {
  seqs = []; cursor = null; outbox = []; isLive = false; isAlive = true; isFrozen = false; held = []; status = null; adopted = 0; isVisible = true;
  constructor(name, isAllowed = true) {
    this.name = name;
    this.isAllowed = isAllowed;
    const listeners = [];
    this.deliver = (data) => this.run(() => listeners.forEach((listener) => listener({ data })));
    this.tabs = new Tabs(name, {
      lockName: 'lock', locks: locks.forTab(this), createId: () => `${name}-${++ids}`, isAllowed: () => this.isAllowed, isVisible: () => this.isVisible,
      channel: {
        addEventListener: (_, listener) => listeners.push(listener),
        postMessage: (data) => this.run(() => {
          for (const tab of tabs) if (tab !== this) queue.push(() => tab.deliver(structuredClone(data)));
        }),
      },
      adopt: () => { this.adopted += 1; this.connection.open(); },
    });
    this.connection = new Connection(
      (transport) => this.tabs.isFollower ? new TabTransport(this.tabs, server.welcome()) : server.create(transport),
      new TransportChoice(['ws'], null, null),
      async () => {
        if (server.isDown) throw new Error('down');
        await this.tabs.choose();
        return { welcome: server.welcome() };
      }, () => true, { now: () => Date.now(), day: () => Date.now() });
    this.tabs.use(this.connection);
    const on = (type, work) => this.connection.addEventListener(type, ({ detail }) => {
      try {
        if (this.isAlive) work(detail);
      } catch (error) { errors.push(error); } // Node.js would report it after the test
    });
    on('welcome', (frame) => this.tabs.welcome(frame));
    on('status', (status) => {
      this.status = status;
      this.tabs.changed(status);
      if (status.state === 'online') return;
      this.isLive = false;
      for (const item of this.outbox) item.inFlight = false;
    });
    on('welcome', () => {
      this.joining = `${name}-${++ids}`;
      this.connection.send({ type: 'join', room: 'lobby', id: this.joining, ...this.cursor !== null && { after: this.cursor } });
    });
    on('frame', (frame) => this.receive(frame));
    this.connection.open();
  }
  receive({ type, id, seq, messages }) {
    if (type === 'joined') {
      assert.equal(id, this.joining, 'the answer is for this tab');
      for (const event of messages) this.receive(event);
      this.cursor ??= 0;
      this.isLive = true;
      this.sendNext();
    } else if (type === 'ack') {
      assert.ok(this.outbox.some((item) => item.id === id), 'the answer is for this tab');
      this.outbox = this.outbox.filter((item) => item.id !== id);
      this.sendNext();
    } else if (type === 'message') {
      assert.equal(seq, (this.cursor ?? 0) + 1, `${this.name} gets the next event`);
      this.cursor = seq;
      this.seqs.push(seq);
    }
  }
  say(text) {
    this.outbox.push({ id: `${this.name}-${++ids}`, text, inFlight: false });
    this.sendNext();
  }
  sendNext() {
    const [item] = this.outbox;
    if (this.isLive && item && !item.inFlight && this.connection.send({ type: 'say', id: item.id, text: item.text })) item.inFlight = true;
  }
  /** Ends the tab without any message to the other tabs. */
  crash() {
    this.isAlive = false;
    tabs = tabs.filter((tab) => tab !== this);
    this.connection.suspend();
    locks.remove(this);
    return this.outbox;
  }
  /** Does something in this tab, as soon as the tab is not frozen. */
  run(work) {
    if (!this.isAlive) return;
    if (this.isFrozen) this.held.push(work);
    else work();
  }
  freeze() { this.isFrozen = true; }
  thaw() {
    this.isFrozen = false;
    for (const work of this.held.splice(0)) this.run(work);
  }
}

const settle = async () => {
  let steps = 0;
  for (let quiet = 0; quiet < 20; quiet++) {
    await null;
    for (let work; (work = queue.shift());) {
      assert.ok(++steps < 20_000, 'the tabs stop sending after a limited number of steps');
      quiet = 0;
      work();
      await null;
    }
  }
};
async function pass(ms) {
  for (let at = 0; at < ms; at += 500) {
    mock.timers.tick(500);
    await settle();
  }
}
async function open(...names) {
  const opened = [];
  for (const name of names) {
    tabs.push(new Tab(name));
    opened.push(tabs.at(-1));
    await settle();
  }
  return opened;
}
const states = () => tabs.map(({ status }) => status.state);
const texts = () => server.log.map(({ text }) => text);
function expectAgreement() {
  assert.deepEqual(states(), tabs.map(() => 'online'));
  for (const tab of tabs) assert.deepEqual([tab.name, tab.cursor, tab.outbox], [tab.name, server.log.length, []]);
}

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
  [queue, tabs, ids, errors] = [[], [], 0, []];
  [locks, server] = [new Locks(), new Server()];
});
afterEach(() => {
  mock.timers.reset();
  assert.deepEqual(errors, []);
});

describe('three tabs', () => {
  test('use one connection and see the same messages', async () => {
    const [one, two, three] = await open('one', 'two', 'three');
    one.say('a');
    two.say('b');
    three.say('c');
    await settle();
    assert.equal(server.connections.length, 1);
    assert.deepEqual(texts(), ['a', 'b', 'c']);
    expectAgreement();
    assert.equal(two.status.transport, 'ws');
  });

  for (const how of ['closes', 'crashes']) {
    test(`lose no message if the leading tab ${how} while a message is on the way`, async () => {
      const [one, two] = await open('one', 'two', 'three');
      two.say('under way');
      queue.splice(1); // the message has reached the leading tab, but no answer comes back
      if (how === 'closes') one.connection.stop();
      one.crash();
      await settle();
      assert.deepEqual(texts(), ['under way']);
      assert.equal(server.connections.length, 1);
      expectAgreement();
    });
  }

  test('take the lead from a frozen tab, which then follows', async () => {
    const [one, two] = await open('one', 'two', 'three');
    one.freeze();
    two.say('meanwhile');
    await pass(10_000);
    assert.deepEqual(texts(), ['meanwhile']);
    assert.deepEqual(tabs.map((tab) => tab.tabs.isFollower).slice(1).filter(Boolean).length, 1, 'one of the two leads');
    one.thaw();
    await settle();
    await pass(10_000);
    assert.equal(server.connections.length, 1);
    expectAgreement();
  });

  test('wait longer before they take the lead if they are hidden', async () => {
    const [one, two, three] = await open('one', 'two', 'three');
    two.isVisible = three.isVisible = false;
    await pass(2_000);
    one.freeze();
    await pass(20_000);
    assert.deepEqual([two, three].map((tab) => tab.tabs.isFollower), [true, true]);
    await pass(60_000);
    assert.equal([two, three].filter((tab) => tab.tabs.isFollower).length, 1);
  });

  test('keep one connection through a restart of the server', async () => {
    const [, two] = await open('one', 'two', 'three');
    server.isDown = true;
    server.drop();
    await settle();
    two.say('queued');
    await pass(3_000);
    assert.ok(!states().includes('online'));
    server.isDown = false;
    await pass(40_000);
    assert.equal(server.connections.length, 1);
    assert.deepEqual(texts(), ['queued']);
    expectAgreement();
  });

  test('close when one of them logs out, whether or not that tab leads', async () => {
    for (const index of [0, 1]) {
      [locks, server, tabs] = [new Locks(), new Server(), []];
      const opened = await open('one', 'two', 'three');
      opened[index].connection.addEventListener('frame', ({ detail }) => { if (detail.id === 'bye') opened[index].connection.stop(); });
      opened[index].outbox.push({ id: 'bye', inFlight: true });
      opened[index].connection.send({ type: 'logout', id: 'bye' });
      await settle();
      server.drop(); // the server closes the connection
      await settle();
      assert.deepEqual(states(), tabs.map((_, one) => one === index ? 'idle' : 'closed'));
      assert.deepEqual(tabs.filter((_, one) => one !== index).map(({ status }) => status.code), [4501, 4501]);
      assert.equal(server.connections.length, 0);
      assert.equal(locks.holder, null);
    }
  });

  test('all change to the account if the person logs in with one of them', async () => {
    const [one, two] = await open('one', 'two', 'three');
    [server.user, server.guest] = ['u-account', false];
    two.connection.open();
    await settle();
    assert.equal(one.adopted, 1);
    assert.equal(server.connections.length, 1);
    expectAgreement();
  });
});

test('the leading tab stops sending to a tab that is frozen for minutes, and the frozen tab gets everything after it has thawed', async () => {
  const [one, two, three] = await open('one', 'two', 'three');
  two.freeze();
  await pass(400_000);
  assert.deepEqual(one.connection.router.others.map((name) => name.split('/')[0]), ['three']);
  three.say('meanwhile');
  await settle();
  two.thaw();
  await pass(10_000);
  assert.equal(server.connections.length, 1);
  expectAgreement();
});

test('two new tabs take the lead from a frozen tab, although the new tabs receive messages from each other', async () => {
  const [one] = await open('one');
  one.freeze();
  await open('two', 'three');
  await pass(10_000);
  assert.deepEqual(states().slice(1), ['online', 'online']);
  one.thaw();
  await pass(2_000);
  assert.equal(server.connections.length, 1);
  expectAgreement();
});

test('a tab gets no answer to a request that it sent before it reconnected', async () => {
  const [, two] = await open('one', 'two');
  two.connection.move();
  await settle();
  two.deliver({ from: 'one', to: ['two/1'], kind: 'frame', frame: { type: 'ack', id: 'old' } });
  two.deliver({ from: 'one', to: ['two/1'], kind: 'close', info: {} });
  expectAgreement();
});

test('the texts that a tab sends in one turn of the event loop arrive without a text of another tab between them', async () => {
  const [, two, three] = await open('one', 'two', 'three');
  const sent = [];
  server.handle = (_, { id }) => sent.push(id);
  two.connection.send({ type: 'join', room: 'lobby', id: 'a' });
  three.connection.send({ type: 'join', room: 'lobby', id: 'x' });
  two.connection.send({ type: 'say', id: 'b' });
  await settle();
  assert.deepEqual(sent, ['a', 'b', 'x']);
});

test('a tab whose session differs from that of the leading tab gets its own connection', async () => {
  const [one, two] = await open('one', 'two');
  const welcome = server.welcome.bind(server);
  server.welcome = () => ({ ...welcome(), user: 'u-else' });
  two.connection.open();
  server.welcome = welcome;
  await settle();
  await pass(5_000);
  assert.equal(one.status.state, 'online');
  assert.equal(two.status.state, 'online');
});

for (const [how, request] of Object.entries({ 'forbids locks': async () => { throw new DOMException('no', 'SecurityError'); }, 'does not answer a request for a lock': () => new Promise(() => {}) })) {
  test(`a tab whose browser ${how} has its own connection`, async () => {
    locks.request = request;
    await open('one', 'two');
    await pass(4_000);
    assert.equal(server.connections.length, 2);
    expectAgreement();
  });
}

test('a tab that may not share has its own connection', async () => {
  const [one] = await open('one');
  tabs.push(new Tab('two', false));
  await settle();
  assert.equal(server.connections.length, 2);
  one.say('a');
  await settle();
  expectAgreement();
});

test('a tab that begins to share closes its own connection', async () => {
  const [one, two] = await open('one', 'two');
  one.isAllowed = false;
  one.connection.open();
  await settle();
  assert.deepEqual([server.connections.length, two.tabs.isFollower], [2, false]);
  one.isAllowed = true;
  one.connection.open();
  await settle();
  assert.deepEqual([server.connections.length, one.tabs.isFollower], [1, true]);
  expectAgreement();
});

test('a frozen tab without followers keeps its connection', async () => {
  const [one] = await open('one');
  one.tabs.freeze();
  assert.equal(server.connections.length, 1);
  const [two] = await open('two');
  one.tabs.freeze();
  await settle();
  assert.deepEqual([server.connections.length, two.tabs.isFollower], [1, false]);
  one.connection.move();
  await settle();
  expectAgreement();
});

test('no message is lost or doubled when tabs open, close, crash and freeze in 150 random orders', async () => {
  for (let seed = 1; seed <= 150; seed++) {
    [queue, tabs, locks, server] = [[], [], new Locks(), new Server()];
    let random = seed;
    const next = (max) => (random = random * 48271 % 2147483647) % max;
    const orphans = [];
    let said = 0;
    for (let step = 0; step < 60; step++) {
      const tab = tabs[next(Math.max(1, tabs.length))];
      switch (next(10)) {
        case 0: if (tabs.length < 4) tabs.push(new Tab(`tab${step}`)); break;
        case 1: if (tab && !tab.isFrozen && next(2)) orphans.push(...tab.crash()); break;
        case 2: if (tab && next(2)) tab.freeze(); break;
        case 3: if (tab?.isFrozen) tab.thaw(); break;
        case 4: case 5: if (tab && !tab.isFrozen) tab.say(`said ${++said}`); break;
        case 6: mock.timers.tick(next(3_000)); break;
        case 7: if (next(4) === 0) server.drop(); break;
        default: for (let work, count = next(8); count > 0 && (work = queue.shift()); count--) {
          work();
          await null;
        }
      }
      await null;
    }
    if (!tabs.length) tabs.push(new Tab('last'));
    for (const tab of tabs) tab.thaw();
    await settle();
    await pass(60_000);
    tabs[0].outbox.push(...orphans.map((item) => ({ ...item, inFlight: false }))); // a page takes over the messages of a closed page
    tabs[0].sendNext();
    await settle();
    await pass(2_000);
    assert.equal(server.connections.length, 1, `seed ${seed}`);
    assert.deepEqual(texts().toSorted(), Array.from({ length: said }, (_, index) => `said ${index + 1}`).toSorted(), `seed ${seed}`);
    expectAgreement();
    assert.deepEqual(errors, [], `seed ${seed}`);
    for (const tab of tabs) tab.crash();
  }
});
