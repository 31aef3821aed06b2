// Messages that change, in the page.

import assert from 'node:assert/strict';
import { after, before, describe, mock, test } from 'node:test';
import { startPage } from './fake-page.mjs';
import { ANN, at, BOB, message } from './support.mjs';

describe('in the page', () => {
  after(() => mock.timers.reset());
  let page;
  const event = (type, seq, of, more = {}) => ({ type, room: 'lobby', seq, at: at(seq), from: BOB, of, ...more });
  const node = (seq) => page.$('log').find(({ dataset }) => dataset.seq === String(seq) && dataset.action === undefined)[0];
  const receive = async (frame) => {
    page.receive(frame);
    await page.settle();
  };

  before(async () => {
    page = await startPage({ address: 'http://chat.test/?name=ann&room=lobby' });
    page.receive({ type: 'welcome', ...ANN, guest: true, session: '' });
    const { id } = page.sent.find(({ type }) => type === 'join');
    await receive({ type: 'joined', room: 'lobby', epoch: 'e1', seq: 2, role: 'member', topic: '', members: [ANN, BOB], memberCount: 2, id, messages: [message(1, 'first'), message(2, 'yes', ANN, { reply: 1 })] });
  });

  test('an edited message has a mark, and the quote shows the new text', async () => {
    await receive(event('edited', 3, 1, { text: '<b>second</b>' }));
    assert.match(node(1).textContent, /<b>second<\/b>\(edited\)/);
    assert.match(node(2).textContent, /in reply to bob: <b>second<\/b>/);
  });

  test('a reaction is a button that says who reacted', async () => {
    await receive(event('reacted', 4, 1, { emoji: '👍' }));
    const [chip] = node(1).find(({ dataset }) => dataset.action === 'react');
    assert.equal(chip.textContent, '👍 1');
    assert.equal(chip.getAttribute('aria-label'), '👍 1, from bob');
    assert.equal(chip.getAttribute('aria-pressed'), 'false');
  });

  test('a deleted message has neither its text nor its reactions', async () => {
    await receive(event('deleted', 5, 1));
    assert.match(node(1).textContent, /This message was deleted/);
    assert.doesNotMatch(page.$('log').textContent, /second|👍/);
    assert.match(node(2).textContent, /bob: deleted/);
  });

  test('an act of a moderator is a notice with its reason', async () => {
    await receive({ type: 'moderated', room: 'lobby', seq: 6, at: at(6), from: BOB, action: 'mute', user: 'u-x', name: '<i>x', seconds: 60, reason: 'calm\u202E down' });
    assert.match(page.$('log').textContent, /bob muted <i>x for 1 minute: calm down/);
  });
});
