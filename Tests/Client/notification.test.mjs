import assert from 'node:assert/strict';
import { after, before, describe, mock, test } from 'node:test';
import { notificationOf, notificationsOf } from '../../Server/Web/client/notification.mjs';
import { startPage } from './fake-page.mjs';
import { ANN, BOB, message, newRoom, roomWith } from './support.mjs';

const room = (changes = {}) => roomWith([], changes);
const shown = (event, changes) => notificationOf(event, room(changes), ANN);

describe('a notification', () => {
  test('shows the name, the room and the text, without the backticks around code', () =>
    assert.deepEqual(shown(message(1, 'see `this`')), { title: 'bob in #lobby', body: 'see this', tag: 'lobby', seq: 1 }));
  test('shows only the name of the other person for a direct room', () => assert.equal(shown(message(1, 'hi'), { with: BOB }).title, 'bob'));
  test('has at most 200 characters of the text', () => assert.equal(shown(message(1, 'x'.repeat(5_000))).body.length, 200));
  test('is shown only for mentions at the room’s level “mentions”', () => {
    assert.equal(shown(message(1, 'hi'), { notify: 'mentions' }), null);
    assert.equal(shown(message(1, 'hi @ann', BOB, { mentions: [ANN.user] }), { notify: 'mentions' }).body, 'hi @ann');
  });
  test('is shown only for mentions and direct messages at the browser’s level “mentions”', () => {
    assert.equal(notificationOf(message(1, 'hi'), room(), ANN, 'mentions'), null);
    assert.equal(notificationOf(message(1, 'hi @ann', BOB, { mentions: [ANN.user] }), room(), ANN, 'mentions').body, 'hi @ann');
    assert.equal(notificationOf(message(1, 'hi'), room({ with: BOB }), ANN, 'mentions').body, 'hi');
  });
  test('is never shown at the level “none”', () => assert.equal(shown(message(1, '@ann', BOB, { mentions: [ANN.user] }), { notify: 'none' }), null));
  test('is not shown for the user’s own messages, for messages that are read, or for other events', () => {
    assert.equal(shown(message(1, 'mine', ANN)), null);
    assert.equal(shown(message(1, 'old'), { read: 1 }), null);
    assert.equal(shown(message(1, '', BOB, { deleted: true })), null);
    assert.equal(shown({ ...message(1, 'x'), type: 'topic' }), null);
  });
  test('shows the newest of several messages of a room', () => {
    const rooms = new Map([['lobby', room()], ['den', { ...newRoom('den'), name: 'den' }]]);
    const events = [message(1, 'one'), message(2, 'two'), message(1, 'three', BOB, { room: 'den' }), message(1, 'x', BOB, { room: 'unknown' })];
    assert.deepEqual(notificationsOf(events, rooms, ANN).map(({ body }) => body), ['two', 'three']);
  });
});

describe('in the page', () => {
  after(() => mock.timers.reset());
  let page;
  const notifications = [];
  /** The messages that the page has sent to the other tabs. */
  const told = [];
  let tab;
  class FakeChannel extends EventTarget {
    constructor() { super(); tab = this; }
    postMessage(data) { told.push(data); }
  }
  class FakeNotification {
    static permission = 'default';
    static answer = 'granted';
    static async requestPermission() { return this.permission = this.answer; }
    constructor(title, options) { Object.assign(this, { title, ...options }); notifications.push(this); }
    close() {}
  }
  const flip = async () => {
    page.$('alerts').dispatchEvent(new Event('submit', { cancelable: true }));
    await page.settle();
  };

  before(async () => {
    globalThis.Notification = FakeNotification;
    page = await startPage({ address: 'http://chat.test/?name=ann&room=lobby', isSecure: true, channel: FakeChannel });
    page.receive({ type: 'welcome', ...ANN, guest: true, session: '' });
    page.receive({ type: 'joined', room: 'lobby', epoch: 'e1', seq: 0, role: 'member', topic: '', members: [ANN, BOB], memberCount: 2, messages: [], id: page.sent.find(({ type }) => type === 'join').id });
    page.$('me').dispatchEvent(new Event('click'));
  });

  const receive = async (event) => {
    page.receive(event);
    await page.until(() => page.$('log').textContent.includes(event.text));
    mock.timers.tick(300); // the tabs agree which of them shows a notification
  };

  test('no notification is shown before the person has switched them on', async () => {
    document.hasFocus = () => false;
    await receive(message(1, 'one'));
    assert.deepEqual(notifications, []);
    assert.equal(page.$('alerts').hidden, false);
    assert.equal(page.$('alerts-switch').textContent, 'Show');
  });

  test('if the browser forbids notifications, they stay off, and the page says so', async () => {
    FakeNotification.answer = 'denied';
    await flip();
    assert.equal(page.$('alerts-switch').textContent, 'Show');
    assert.match(page.$('account-note').textContent, /does not allow notifications/);
  });

  test('a message is shown while the person looks at another page, and a click opens its room', async () => {
    FakeNotification.answer = 'granted';
    await flip();
    assert.equal(page.$('alerts-switch').textContent, 'Stop');
    await receive(message(2, 'two'));
    assert.deepEqual(notifications.map(({ title, body }) => [title, body]), [['bob in #lobby', 'two']]);
    notifications[0].onclick();
    assert.equal(page.$('room-name').textContent, '#lobby');
  });

  test('a message that another tab has shown is not shown again', async () => {
    tab.dispatchEvent(Object.assign(new Event('message'), { data: { room: 'lobby', seq: 3 } }));
    await receive(message(3, 'three'));
    assert.equal(notifications.length, 1);
    await receive(message(4, 'four'));
    assert.deepEqual(notifications.map(({ body }) => body), ['two', 'four']);
    assert.deepEqual(told, [{ room: 'lobby', seq: 2 }, { room: 'lobby', seq: 4 }]);
    notifications.pop();
  });

  test('no notification is shown while the person does not want to be disturbed', async () => {
    page.$('quiet-for').value = '1';
    page.$('quiet-for').dispatchEvent(new Event('change'));
    await receive(message(5, 'five'));
    assert.equal(notifications.length, 1);
    page.$('quiet-for').value = '';
    page.$('quiet-for').dispatchEvent(new Event('change'));
  });

  test('while the person looks at the page, it shows no notification, and tells the other tabs that the person has seen the message', async () => {
    document.hasFocus = () => true;
    await receive(message(6, 'six'));
    assert.equal(notifications.length, 1);
    assert.deepEqual(told.at(-1), { room: 'lobby', seq: 6 });
  });

  test('the person can switch the notifications off', async () => {
    document.hasFocus = () => false;
    await flip();
    await receive(message(7, 'seven'));
    assert.equal(notifications.length, 1);
  });
});
