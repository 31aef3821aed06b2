// Tests of the whole page: the menus of people and rooms, the questions that the menus open, and the jump to a quoted message.

import assert from 'node:assert/strict';
import { after, before, describe, mock, test } from 'node:test';
import { startPage } from './fake-page.mjs';
import { ANN, at, BOB, message, messages } from './support.mjs';

const DIRECT = `dm-${'0a'.repeat(16)}`;

describe('in the page', () => {
  after(() => mock.timers.reset());
  let page;
  const last = (kind) => page.sent.findLast(({ type }) => type === kind);
  /** Dispatches an event whose target is a node inside a list. */
  const dispatch = (type, node, list) => {
    const event = new Event(type, { cancelable: true });
    Object.defineProperty(event, 'target', { value: node });
    page.$(list).dispatchEvent(event);
    return event;
  };
  const click = (id) => page.$(id).dispatchEvent(new Event('click'));
  const items = () => page.$('menu-items').children.filter(({ dataset }) => dataset.item).map(({ dataset }) => dataset.item);
  const chooseItem = (id) => dispatch('click', page.$('menu-items').children.find(({ dataset }) => dataset.item === id), 'menu-items');
  const submit = () => page.$('form-body').dispatchEvent(new Event('submit', { cancelable: true }));
  const personIn = (list, user) => page.$(list).find(({ dataset }) => dataset.action === 'person' && dataset.user === user)[0];
  const openBob = () => dispatch('click', personIn('members', BOB.user), 'members');
  const openRoomMenu = () => click('open-room-menu');
  const roomItem = (name) => ['room-list', 'direct-list', 'unread-list', 'favourite-list'].flatMap((list) => page.$(list).find(({ dataset }) => dataset.room === name))[0];
  const answer = (frame, kind) => page.receive({ id: last(kind).id, ...frame });

  before(async () => {
    page = await startPage({ address: 'http://chat.test/?name=ann&room=lobby' });
    page.receive({ type: 'welcome', ...ANN, guest: true, session: '' });
    answer({ type: 'joined', room: 'lobby', epoch: 'e1', seq: 502, role: 'moderator', topic: 'tea', members: [ANN, BOB], memberCount: 2, notify: 'all',
      messages: [message(501, 'first'), message(502, 'yes', BOB, { reply: 3 })] }, 'join');
    await page.until(() => page.$('log').textContent.includes('first'));
  });

  test('a click on a member opens the menu of the person', () => {
    openBob();
    assert.equal(page.$('menu').open, true);
    assert.equal(page.$('menu-name').textContent, 'bob');
    assert.deepEqual(items(), ['message', 'mention', 'mute', 'unmute', 'kick', 'ban']);
    assert.equal(document.activeElement.dataset.item, 'message');
    assert.deepEqual(page.$('menu-items').find(({ dataset }) => dataset.item).map((node) => node.getAttribute('tabindex')), ['0', '-1', '-1', '-1', '-1', '-1']);
  });

  test('the arrow keys move the focus in the menu', () => {
    const press = (key) => page.$('menu-items').dispatchEvent(Object.assign(new Event('keydown', { cancelable: true }), { key, altKey: false, ctrlKey: false, metaKey: false }));
    press('ArrowDown');
    assert.equal(document.activeElement.dataset.item, 'mention');
    press('b');
    assert.equal(document.activeElement.dataset.item, 'ban');
  });

  test('a mention is inserted at the caret', () => {
    page.type('hi');
    chooseItem('mention');
    assert.equal(page.$('menu').open, false);
    assert.equal(page.$('input').value, 'hi @bob ');
    assert.equal(document.activeElement, page.$('input'));
    page.type('');
  });

  test('the name of an author opens the same menu, by a click and by the context key', () => {
    for (const type of ['click', 'contextmenu']) {
      const event = dispatch(type, personIn('log', BOB.user), 'log');
      assert.equal(page.$('menu').open, true, type);
      assert.equal(event.defaultPrevented, type === 'contextmenu');
      page.$('menu').close();
    }
  });

  test('a click on the user’s own name opens the account dialog', () => {
    dispatch('click', personIn('members', ANN.user), 'members');
    assert.equal(page.$('account').open, true);
    page.$('account').close();
  });

  test('the dialog for a mute asks for a duration and a reason, shows an error, and closes after the answer', () => {
    openBob();
    chooseItem('mute');
    assert.equal(page.$('form').open, true);
    assert.equal(page.$('form-title').textContent, 'Mute bob in #lobby?');
    page.$('form-choice').value = '3600';
    page.$('form-text').value = ' please calm down ';
    submit();
    assert.deepEqual({ ...last('mute'), id: 0 }, { type: 'mute', room: 'lobby', user: 'bob', seconds: 3600, reason: 'please calm down', id: 0 });
    const count = page.sent.length;
    submit();
    assert.equal(page.sent.length, count, 'a second click sends nothing');
    answer({ type: 'error', code: 'not-allowed', text: 'bob is a moderator of "lobby" too' }, 'mute');
    assert.equal(page.$('form').open, true);
    assert.equal(page.$('form-note').textContent, 'Bob is a moderator of "lobby" too.');
    assert.doesNotMatch(page.$('log').textContent, /moderator of "lobby" too/);
    submit();
    answer({ type: 'ack', room: 'lobby', seq: 503 }, 'mute');
    assert.equal(page.$('form').open, false);
  });

  test('an error that arrives after the person has closed the dialog is shown in the log', async () => {
    openBob();
    chooseItem('kick');
    submit();
    click('form-no');
    answer({ type: 'error', code: 'not-found', text: 'there is no user "bob"' }, 'kick');
    await page.until(() => page.$('log').textContent.includes('There is no user'));
    assert.match(page.$('log').textContent, /There is no user "bob"\./);
  });

  test('a notice about a moderator’s action names the person, and the name opens the menu', async () => {
    page.receive({ type: 'moderated', room: 'lobby', seq: 503, at: at(503), from: ANN, action: 'ban', user: 'u-eve', name: '<b>eve', seconds: 3600, reason: 'spam\u202E' });
    await page.until(() => page.$('log').textContent.includes('spam'));
    assert.match(page.$('log').textContent, /ann banned <b>eve for 1 hour: spam /);
    dispatch('click', personIn('log', 'u-eve'), 'log');
    assert.deepEqual(items(), ['message', 'mention', 'mute', 'unmute', 'ban', 'unban']);
    page.$('menu').close();
  });

  test('a message to a person opens the direct room, and the list shows it in a separate group under the person’s name', async () => {
    openBob();
    chooseItem('message');
    assert.deepEqual({ ...last('dm'), id: 0 }, { type: 'dm', to: 'bob', id: 0 });
    answer({ type: 'joined', room: DIRECT, epoch: 'e2', seq: 0, topic: '', role: 'member', private: true, with: BOB, members: [ANN], memberCount: 1, messages: [] }, 'dm');
    await page.until(() => page.$('room-name').textContent === 'bob');
    assert.equal(page.$('room-name').textContent, 'bob');
    assert.equal(page.$('direct-rooms').hidden, false);
    assert.deepEqual(page.$('direct-list').find(({ tag }) => tag === 'bdi').map(({ textContent }) => textContent), ['bob']);
    assert.deepEqual(page.$('room-list').find(({ tag }) => tag === 'bdi').map(({ textContent }) => textContent), ['lobby']);
    assert.equal(document.title, 'bob · RawSocketChat');
  });

  test('the page stores the name of the person, for the next visit', () => {
    const [key] = [...page.sessionStorage.keys()].filter((one) => page.sessionStorage.getItem(one).includes('"rooms"'));
    assert.deepEqual(JSON.parse(page.sessionStorage.getItem(key)).direct, [[DIRECT, BOB]]);
  });

  test('a second message to the person opens the same room without a request', async () => {
    dispatch('click', roomItem('lobby'), 'rooms');
    await page.until(() => page.$('room-name').textContent === '#lobby');
    const count = page.sent.filter(({ type }) => type === 'dm').length;
    openBob();
    chooseItem('message');
    await page.until(() => page.$('room-name').textContent === 'bob');
    assert.equal(page.$('room-name').textContent, 'bob');
    assert.equal(page.sent.filter(({ type }) => type === 'dm').length, count);
  });

  test('a room whose level is “nothing” shows no badge in the list, and no number in the title', async () => {
    page.receive(message(504, 'one'));
    await page.until(() => roomItem('lobby').getAttribute('data-unread') === '1');
    assert.match(document.title, /^\(1\) /);
    assert.equal(dispatch('contextmenu', roomItem('lobby'), 'rooms').defaultPrevented, true);
    assert.deepEqual(items(), ['all', 'mentions', 'none', 'favourite', 'topic', 'invite', 'slow', 'programs', 'leave']);
    chooseItem('none');
    assert.deepEqual({ ...last('notify'), id: 0 }, { type: 'notify', room: 'lobby', level: 'none', id: 0 });
    answer({ type: 'ack' }, 'notify');
    await page.until(() => roomItem('lobby').getAttribute('data-unread') === null);
    assert.equal(roomItem('lobby').getAttribute('data-unread'), null);
    assert.equal(document.title, 'bob · RawSocketChat');
    dispatch('contextmenu', roomItem('lobby'), 'rooms');
    const checked = page.$('menu-items').find((node) => node.getAttribute('aria-checked') === 'true').map(({ dataset }) => dataset.item);
    assert.deepEqual(checked, ['none']);
    page.$('menu').close();
  });

  test('an invitation to a direct conversation adds the conversation to the list', async () => {
    const other = `dm-${'0b'.repeat(16)}`;
    page.receive({ type: 'invited', room: other, from: { user: 'u-eve', name: 'eve' }, at: at(505), topic: '' });
    assert.equal(last('join').room, other);
    answer({ type: 'joined', room: other, epoch: 'e4', seq: 1, topic: '', role: 'member', private: true, with: { user: 'u-eve', name: 'eve' }, members: [ANN], memberCount: 1, unread: 1, messages: [] }, 'join');
    await page.until(() => roomItem(other) !== undefined);
    assert.equal(roomItem(other).getAttribute('data-unread'), '1');
    assert.equal(page.$('room-name').textContent, 'bob', 'the person stays in the room');
    assert.match(page.$('log').textContent, /eve started a direct conversation with you\.Open the conversation/);
    assert.doesNotMatch(page.$('log').textContent, /dm-/);
  });

  test('the menu of the room sets its topic', async () => {
    dispatch('click', roomItem('lobby'), 'rooms');
    await page.until(() => page.$('room-name').textContent === '#lobby');
    openRoomMenu();
    chooseItem('topic');
    assert.equal(page.$('form-text').value, 'tea');
    page.$('form-text').value = 'coffee';
    submit();
    assert.deepEqual({ ...last('topic'), id: 0 }, { type: 'topic', room: 'lobby', text: 'coffee', id: 0 });
    answer({ type: 'ack', room: 'lobby', topic: 'coffee' }, 'topic');
  });

  test('an invitation needs a name, and is confirmed in the log', async () => {
    openRoomMenu();
    chooseItem('invite');
    page.$('form-text').value = ' ';
    submit();
    assert.equal(last('invite'), undefined);
    assert.equal(page.$('form-note').hidden, false);
    page.$('form-text').value = '@carl';
    submit();
    answer({ type: 'ack' }, 'invite');
    await page.until(() => page.$('log').textContent.includes('You invited'));
    assert.match(page.$('log').textContent, /You invited carl to #lobby\./);
  });

  test('a click on the quote of a loaded message moves the focus to the message', async () => {
    page.receive(message(506, 'to the first', ANN, { reply: 501 }));
    await page.until(() => page.$('log').textContent.includes('to the first'));
    const asked = page.sent.filter(({ type }) => type === 'history').length;
    dispatch('click', page.$('log').find(({ dataset }) => dataset.action === 'jump' && dataset.seq === '501')[0], 'log');
    await page.until(() => document.activeElement.dataset.seq === '501');
    assert.equal(document.activeElement.dataset.seq, '501');
    assert.equal(document.activeElement.getAttribute('data-jumped'), '');
    assert.equal(page.sent.filter(({ type }) => type === 'history').length, asked);
  });

  test('a click on the quote of a message that is not loaded loads the messages around it', async () => {
    const [quote] = page.$('log').find(({ dataset }) => dataset.action === 'jump' && dataset.seq === '3');
    assert.match(quote.textContent, /in reply to an earlier message/);
    dispatch('click', quote, 'log');
    assert.deepEqual({ ...last('history'), id: 0 }, { type: 'history', room: 'lobby', around: 3, limit: 50, id: 0 });
    answer({ type: 'history', room: 'lobby', messages: messages(1, 25), more: true }, 'history');
    await page.until(() => document.activeElement.dataset.seq === '3');
    assert.equal(document.activeElement.dataset.seq, '3');
    assert.match(page.$('log').textContent, /text 25/);
    assert.doesNotMatch(page.$('log').textContent, /to the first/);
  });

  test('a dialog stops waiting for its answer when the connection is lost', async () => {
    openBob();
    chooseItem('unmute');
    submit();
    page.socket.onclose({ code: 1006, reason: '' });
    await page.settle();
    assert.match(page.$('form-note').textContent, /The connection was lost/);
    page.$('form').close();
  });
});
