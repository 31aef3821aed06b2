// Tests of the whole page: changed messages, read marks, typing and invitations.

import assert from 'node:assert/strict';
import { after, before, describe, mock, test } from 'node:test';
import { startPage } from './fake-page.mjs';
import { ANN, at, BOB, change, message } from './support.mjs';

describe('in the page', () => {
  after(() => mock.timers.reset());
  let page;
  const node = (seq) => page.$('log').find(({ dataset }) => dataset.seq === String(seq) && dataset.action === undefined)[0];
  /** Receives a frame that changes the log, and waits until the page has drawn it. After a drawing, the page waits before it draws again. */
  const receive = async (frame) => {
    const drawn = page.$('log').textContent;
    page.receive(frame);
    await page.until(() => page.$('log').textContent !== drawn);
  };

  before(async () => {
    page = await startPage({ address: 'http://chat.test/?name=ann&room=lobby' });
    page.receive({ type: 'welcome', ...ANN, guest: true, session: '' });
    const { id } = page.sent.find(({ type }) => type === 'join');
    await receive({ type: 'joined', room: 'lobby', epoch: 'e1', seq: 2, role: 'member', topic: '', members: [ANN, BOB], memberCount: 2, id, messages: [message(1, 'first'), message(2, 'yes', ANN, { reply: 1 })] });
  });

  test('an edited message is marked as edited, and the quote shows the new text', async () => {
    await receive(change('edited', 3, 1, { text: '<b>second</b>' }));
    assert.match(node(1).textContent, /<b>second<\/b>\(edited\)/);
    assert.match(node(2).textContent, /in reply to bob: <b>second<\/b>/);
  });

  test('a reaction is a button that says who reacted', async () => {
    await receive(change('reacted', 4, 1, { emoji: '👍' }));
    const [chip] = node(1).find(({ dataset }) => dataset.action === 'react');
    assert.equal(chip.textContent, '👍 1');
    assert.equal(chip.getAttribute('aria-label'), '👍 1, from bob');
    assert.equal(chip.getAttribute('aria-pressed'), 'false');
  });

  test('a deleted message has neither its text nor its reactions', async () => {
    await receive(change('deleted', 5, 1));
    assert.match(node(1).textContent, /This message was deleted/);
    assert.doesNotMatch(page.$('log').textContent, /second|👍/);
    assert.match(node(2).textContent, /bob: deleted/);
  });

  test('an action of a moderator is shown as a notice with its reason', async () => {
    await receive({ type: 'moderated', room: 'lobby', seq: 6, at: at(6), from: BOB, action: 'mute', user: 'u-x', name: '<i>x', seconds: 60, reason: 'calm\u202E down' });
    assert.match(page.$('log').textContent, /bob muted <i>x for 1 minute: calm down/);
  });

  const last = (kind) => page.sent.findLast(({ type }) => type === kind);
  const click = (id) => page.$(id).dispatchEvent(new Event('click'));
  const clickNode = (button, list = 'log') => {
    const event = new Event('click');
    Object.defineProperty(event, 'target', { value: button });
    page.$(list).dispatchEvent(event);
  };
  const openMenu = (seq) => clickNode(node(seq).find(({ dataset }) => dataset.action === 'menu')[0]);

  test('the menu of an own message puts its text into the input, and Escape restores the draft', async () => {
    page.type('a draft');
    openMenu(2);
    assert.equal(page.$('message-menu').open, true);
    click('menu-edit');
    assert.equal(page.$('input').value, 'yes');
    page.press('Escape');
    assert.equal(page.$('input').value, 'a draft');
    assert.equal(page.$('composing').hidden, true);
    page.type('');
  });

  test('the up arrow key in the empty input edits the newest own message', async () => {
    page.press('ArrowUp');
    assert.equal(page.$('input').value, 'yes');
    page.type('yes, always');
    page.press('Enter');
    const { id, ...edit } = last('edit');
    assert.deepEqual(edit, { type: 'edit', room: 'lobby', seq: 2, text: 'yes, always' });
    assert.equal(page.$('input').value, '');
    await receive({ type: 'error', id, code: 'internal', text: 'no' });
    assert.equal(page.$('input').value, 'yes, always', 'an edited text returns to the input if the server rejects it');
    page.press('Escape');
  });

  test('the menu asks before it deletes a message', () => {
    openMenu(2);
    click('menu-delete');
    assert.equal(last('delete'), undefined);
    assert.equal(page.$('menu-delete').textContent, 'Delete for everyone?');
    click('menu-delete');
    assert.equal(last('delete'), undefined, 'the second click of a double click is no answer');
    mock.timers.tick(500);
    click('menu-delete');
    assert.deepEqual({ ...last('delete'), id: 0 }, { type: 'delete', room: 'lobby', seq: 2, id: 0 });
    assert.equal(page.$('message-menu').open, false);
  });

  test('a click on a reaction adds the person to the reaction', async () => {
    await receive(change('reacted', 7, 2, { emoji: '🎉' }));
    clickNode(node(2).find(({ dataset }) => dataset.action === 'react')[0]);
    assert.deepEqual({ ...last('react'), id: 0 }, { type: 'react', room: 'lobby', seq: 2, emoji: '🎉', id: 0 });
  });

  test('a button keeps the focus when its message changes', async () => {
    const chips = () => node(2).find(({ dataset }) => dataset.action === 'react');
    chips()[0].focus();
    await receive(change('reacted', 8, 2, { emoji: '🎉', from: ANN }));
    assert.equal(document.activeElement, chips()[0]);
    await receive(change('reacted', 9, 2, { emoji: '🎉', off: true }));
    await receive(change('reacted', 9, 2, { emoji: '🎉', from: ANN, off: true }));
    assert.equal(document.activeElement.dataset.action, 'menu');
  });

  test('a reply contains the number of the answered message', async () => {
    openMenu(2);
    click('menu-reply');
    assert.equal(page.$('composing-words').textContent, 'Replying to ann');
    assert.match(page.$('composing-quote').textContent, /\S/);
    page.type('indeed');
    page.press('Enter');
    await page.settle();
    assert.equal(last('say').reply, 2);
    assert.equal(page.$('composing').hidden, true);
  });

  test('there is no menu for a deleted message', () => assert.deepEqual(node(1).find(({ dataset }) => dataset.action === 'menu'), []));

  test('the page sends the read mark to the server once, after a short delay', async () => {
    mock.timers.tick(1_000);
    const before = page.sent.filter(({ type }) => type === 'read').length;
    await receive(message(10, 'one'));
    await receive(message(11, 'two'));
    mock.timers.tick(1_000);
    const marks = page.sent.filter(({ type }) => type === 'read').slice(before);
    assert.deepEqual(marks.map(({ room, seq }) => [room, seq]), [['lobby', 11]]);
  });

  test('the page sends one frame when typing starts, and one frame when it ends', () => {
    const told = () => page.sent.filter(({ type }) => type === 'typing').map(({ off }) => Boolean(off));
    const before = told().length;
    page.type('h');
    page.type('he');
    page.type('');
    assert.deepEqual(told().slice(before), [false, true]);
    page.type('/topic x');
    assert.deepEqual(told().length, before + 2, 'a command is not a message');
    page.type('');
  });

  test('the typing of another person is shown for six seconds', async () => {
    page.receive({ type: 'typing', room: 'lobby', ...BOB });
    await page.until(() => page.$('typing').textContent !== '');
    assert.equal(page.$('typing').textContent, 'bob is writing…');
    mock.timers.tick(6_000);
    await page.until(() => page.$('typing').textContent === '');
    assert.equal(page.$('typing').textContent, '');
  });

  test('an invitation has a button that joins', async () => {
    await receive({ type: 'invited', room: 'den', from: BOB, at: at(12), topic: '' });
    const [button] = page.$('log').find(({ dataset }) => dataset.action === 'room' && dataset.room === 'den');
    clickNode(button);
    assert.equal(last('join').room, 'den');
  });

  test('a direct room has the name of the other person', async () => {
    page.receive({ type: 'joined', id: last('join').id, room: 'den', epoch: 'e2', seq: 0, topic: '', role: 'member', private: true, with: BOB, members: [ANN], memberCount: 1, read: 0, unread: 0, mentions: 0, notify: 'all', messages: [] });
    await page.until(() => page.$('room-name').textContent === 'bob');
    assert.equal(page.$('room-name').textContent, 'bob');
    assert.equal(page.$('input').placeholder, 'Write to bob');
  });

  test('a message in a room from which the person was removed joins the room again', async () => {
    await receive({ type: 'moderated', room: 'den', seq: 1, at: at(13), from: BOB, action: 'kick', ...ANN });
    const joins = page.sent.filter(({ type }) => type === 'join').length;
    page.type('sorry');
    page.press('Enter');
    await page.settle();
    assert.equal(page.sent.filter(({ type }) => type === 'join').length, joins + 1);
    assert.equal(last('join').room, 'den');
  });

  test('the menu of a message does nothing after another room has become the current one', async () => {
    page.press('ArrowUp', { altKey: true });
    await receive({ type: 'invited', room: 'attic', from: BOB, at: at(14), topic: '' });
    clickNode(page.$('log').find(({ dataset }) => dataset.action === 'room' && dataset.room === 'attic')[0]);
    openMenu(2);
    page.receive({ type: 'joined', id: last('join').id, room: 'attic', epoch: 'e3', seq: 2, topic: '', role: 'owner', members: [ANN], memberCount: 1, messages: [message(2, 'elsewhere', ANN, { room: 'attic' })] });
    await page.until(() => page.$('room-name').textContent === '#attic');
    assert.equal(page.$('room-name').textContent, '#attic');
    const before = page.sent.length;
    click('menu-delete');
    mock.timers.tick(500);
    click('menu-delete');
    assert.equal(page.$('message-menu').open, false);
    clickNode(page.$('menu-emoji').children[0], 'menu-emoji');
    click('menu-edit');
    click('menu-reply');
    assert.deepEqual(page.sent.slice(before), []);
    assert.equal(page.$('input').value, '');
    assert.equal(page.$('composing').hidden, true);
  });
});
