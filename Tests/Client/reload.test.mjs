// Tests of the whole page after a reload.

import assert from 'node:assert/strict';
import { after, mock, test } from 'node:test';
import { startPage } from './fake-page.mjs';
import { ANN, BOB, NOON } from './support.mjs';

const KEY = 'rawsocketchat chat.test';
const page = await startPage({ stored: {
  [KEY]: { ...ANN, enteredAs: 'ann', rooms: ['lobby', 'dev'], current: 'lobby' },
}, lasting: { [`${KEY} drafts`]: [['lobby', 'half a sent']] } });
const input = page.$('input');
const storedDrafts = () => JSON.parse(window.localStorage.getItem(`${KEY} drafts`));
after(() => mock.timers.reset());

const join = (room, more = {}) => page.receive({
  type: 'joined', room, epoch: 'e1', seq: 0, members: [ANN, BOB], memberCount: 2, messages: [], id: page.sent.find((frame) => frame.room === room)?.id, ...more,
});

test('the input has the focus, and contains the draft of its room', () => {
  assert.equal(page.$('app').hidden, false);
  assert.equal(document.activeElement, input);
  assert.equal(input.value, 'half a sent');
});

test('a draft stays in its room after a typed command, even if the person changes the room with the keyboard', async () => {
  page.receive({ type: 'welcome', ...ANN, guest: true, session: '' });
  join('lobby');
  join('dev');
  await page.settle();
  page.type('/who');
  page.press('Enter');
  assert.equal(input.value, '');
  page.type('for the lobby');
  page.press('ArrowDown', { altKey: true });
  assert.equal(input.value, '');
  page.type('for dev');
  page.press('ArrowUp', { altKey: true });
  assert.equal(input.value, 'for the lobby');
  await page.settle();
  assert.deepEqual(storedDrafts(), [['lobby', 'for the lobby'], ['dev', 'for dev']]);
});

test('Enter sends the text even if suggestions are visible, unless the person has selected one', () => {
  input.focus();
  page.type('/wh');
  assert.equal(page.$('suggestions').hidden, true, 'the commands have not arrived yet');
  page.receive({ type: 'help', id: page.sent.find(({ type }) => type === 'help').id, commands: [{ command: 'who' }, { command: 'whoami' }] });
  assert.equal(page.$('suggestions').hidden, false);
  page.press('Enter');
  assert.equal(page.sent.at(-1), '/wh');
  page.type('/wh');
  page.press('ArrowDown');
  page.press('Enter');
  assert.equal(input.value, '/who ');
});

test('Enter in an input method sends nothing', () => {
  page.type('日本');
  const count = page.sent.length;
  page.press('Enter', { isComposing: true });
  page.press('Enter', { isComposing: false, keyCode: 229 }); // Safari, after the end of the composition
  assert.deepEqual([input.value, page.sent.length], ['日本', count]);
  page.type('');
});

test('the page sends the filter’s text to the server, because the directory has only the largest rooms', async () => {
  page.$('directory-filter').value = '#Room201';
  page.$('directory-filter').dispatchEvent(new Event('input'));
  mock.timers.tick(250);
  const { type, match, id } = page.sent.at(-1);
  assert.deepEqual({ type, match }, { type: 'rooms', match: 'Room201' });
  page.receive({ type: 'rooms', id, rooms: [{ room: 'room201' }] });
  page.type('#room2');
  assert.match(page.$('suggestions').textContent, /#room201/);
});

test('a click on a hint in JSON inserts a command into the draft of the error’s room', async () => {
  page.type('');
  page.receive({ type: 'error', code: 'no-room', text: 'no such room', hint: '{"type":"create","room":"attic"}' });
  await page.settle();
  const [button] = page.$('log').find(({ dataset }) => dataset.action === 'hint');
  assert.equal(button.textContent, '/create attic');
  page.press('ArrowDown', { altKey: true });
  const click = new Event('click');
  Object.defineProperty(click, 'target', { value: button });
  page.$('log').dispatchEvent(click);
  assert.equal(input.value, '/create attic');
  assert.match(page.$('room-name').textContent, /lobby/);
  page.press('ArrowDown', { altKey: true });
  assert.equal(input.value, 'for dev');
});

test('text that is typed after /join moves to the room that the command opens', () => {
  page.type('/join attic');
  page.press('Enter');
  page.type('for the attic');
  join('attic', { id: undefined });
  assert.equal(input.value, 'for the attic');
  page.press('ArrowUp', { altKey: true });
  assert.equal(input.value, '');
  page.press('ArrowDown', { altKey: true });
  assert.equal(input.value, 'for the attic');
});

test('a draft stays in its room when another room opens without a command', () => {
  page.type('still for the attic');
  join('cellar', { id: undefined });
  assert.equal(input.value, '');
  page.press('ArrowUp', { altKey: true });
  assert.equal(input.value, 'still for the attic');
});
