// Tests of the whole page: the emoji picker and the completion of emoji.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, mock, test } from 'node:test';
import { startPage } from './fake-page.mjs';
import { ANN, BOB, message } from './support.mjs';

describe('in the page', () => {
  after(() => mock.timers.reset());
  let page;
  let isReachable = false;
  const fetched = [];
  const last = (kind) => page.sent.findLast(({ type }) => type === kind);
  const answer = (frame, kind) => page.receive({ id: last(kind).id, ...frame });
  const dispatch = (type, node, list, fields = {}) => {
    const event = Object.assign(new Event(type, { cancelable: true }), { shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, ...fields });
    Object.defineProperty(event, 'target', { value: node });
    page.$(list).dispatchEvent(event);
    return event;
  };
  const click = (id) => page.$(id).dispatchEvent(new Event('click'));
  const shown = () => page.$('emoji-list').find(({ dataset }) => dataset.emoji).map(({ dataset }) => dataset.emoji);
  const headings = () => page.$('emoji-list').find(({ tag }) => tag === 'h2').map(({ textContent }) => textContent);
  const button = (emoji) => page.$('emoji-list').find(({ dataset }) => dataset.emoji === emoji)[0];
  const search = (text) => {
    page.$('emoji-query').value = text;
    page.$('emoji-query').dispatchEvent(new Event('input'));
  };
  const close = () => {
    page.$('emoji-picker').close();
    page.$('emoji-picker').dispatchEvent(new Event('close'));
  };

  before(async () => {
    page = await startPage({ address: 'http://chat.test/sub/?name=ann&room=lobby' });
    globalThis.fetch = async (url) => {
      fetched.push(String(url));
      if (!isReachable) throw new TypeError('offline');
      return new Response(await readFile(new URL('../../Server/Web/client/emoji/en.json', import.meta.url)));
    };
    page.receive({ type: 'welcome', ...ANN, guest: true, session: '' });
    answer({ type: 'joined', room: 'lobby', epoch: 'e1', seq: 2, role: 'member', members: [ANN, BOB], memberCount: 2, messages: [message(1, 'first', BOB)] }, 'join');
    await page.until(() => page.$('log').textContent.includes('first'));
  });

  test('the picker says that the emoji could not be loaded', async () => {
    click('open-emoji');
    assert.equal(document.activeElement, page.$('emoji-query'));
    assert.equal(page.$('emoji-note').textContent, 'Loading…');
    await page.settle();
    assert.equal(page.$('emoji-note').textContent, 'The emoji could not be loaded.');
    close();
  });

  test('the page does not ask the server again for each typed letter', async () => {
    const count = fetched.length;
    for (const text of [':s', ':sm', ':smi']) page.type(text);
    await page.settle();
    assert.equal(fetched.length, count);
    assert.equal(page.$('suggestions').hidden, true);
  });

  test('when the picker opens again, it loads the table once, from the path of the page, and shows all groups', async () => {
    isReachable = true;
    fetched.length = 0;
    click('open-emoji');
    await page.until(() => headings().length > 0);
    assert.deepEqual(fetched, ['http://chat.test/sub/emoji/en.json']);
    assert.equal(headings().length, 9);
    assert.equal(headings()[0], 'Smileys and emotion');
    assert.ok(shown().length > 1_800);
    assert.equal(page.$('emoji-list').find((node) => node.getAttribute('tabindex') === '0').length, 1);
    assert.equal(page.$('emoji-note').textContent, '');
  });

  test('a click inserts the emoji at the caret, and closes the picker', () => {
    page.type('go now');
    page.$('input').selectionStart = 3;
    search('rocket');
    assert.deepEqual(headings(), ['Results']);
    dispatch('click', button('🚀'), 'emoji-list');
    assert.equal(page.$('input').value, 'go 🚀now');
    assert.equal(page.$('emoji-picker').open, false);
    assert.equal(document.activeElement, page.$('input'));
    close();
    assert.deepEqual(shown(), []);
  });

  test('a click with the Shift key keeps the picker open, and the Enter key in the search chooses the first result', () => {
    page.type('');
    click('open-emoji');
    assert.equal(headings()[0], 'Recently used');
    assert.equal(shown()[0], '🚀');
    dispatch('click', button('😀'), 'emoji-list', { shiftKey: true });
    assert.equal(page.$('emoji-picker').open, true);
    search('nonsense words');
    assert.equal(page.$('emoji-note').textContent, 'Nothing found.');
    assert.equal(dispatch('keydown', page.$('emoji-query'), 'emoji-query', { key: 'Enter' }).defaultPrevented, true);
    search('thumbs up');
    dispatch('keydown', page.$('emoji-query'), 'emoji-query', { key: 'Enter' });
    assert.equal(page.$('input').value, '😀👍');
    assert.equal(page.$('emoji-picker').open, false);
    close();
  });

  test('the arrow keys go from the search to the grid and back', () => {
    click('open-emoji');
    const press = (key, list) => dispatch('keydown', document.activeElement, list, { key });
    press('ArrowDown', 'emoji-query');
    assert.equal(document.activeElement.dataset.emoji, '👍', 'the newest of the recent emoji');
    press('ArrowRight', 'emoji-list');
    assert.equal(document.activeElement.dataset.emoji, '😀');
    press('ArrowUp', 'emoji-list');
    assert.equal(document.activeElement, page.$('emoji-query'));
    close();
  });

  test('the menu of a message opens the picker to react', () => {
    const menu = page.$('log').find(({ dataset }) => dataset.action === 'menu' && dataset.seq === '1')[0];
    page.$('log').querySelector = () => menu; // the fake page finds no element by two attributes
    dispatch('click', menu, 'log');
    assert.equal(page.$('message-menu').open, true);
    click('menu-more');
    assert.equal(page.$('message-menu').open, false);
    assert.equal(page.$('emoji-picker').open, true);
    dispatch('click', button('🎉'), 'emoji-list', { shiftKey: true });
    assert.equal(page.$('emoji-picker').open, false);
    assert.deepEqual({ ...last('react'), id: 0 }, { type: 'react', room: 'lobby', seq: 1, emoji: '🎉', id: 0 });
    close();
  });

  test('the Tab key completes the name of an emoji', () => {
    page.type('at 12:30 :thumbs_u');
    assert.deepEqual(page.$('suggestions').children.map(({ textContent }) => textContent), ['👍thumbs up']);
    page.press('Tab');
    assert.equal(page.$('input').value, 'at 12:30 👍 ');
    assert.equal(page.$('suggestions').hidden, true);
    click('open-emoji');
    assert.deepEqual(shown().slice(0, 4), ['👍', '🎉', '😀', '🚀']);
    close();
  });
});
