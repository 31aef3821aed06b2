// Tests of the whole page: people leave a room and come back.

import assert from 'node:assert/strict';
import { after, before, describe, mock, test } from 'node:test';
import { startPage } from './fake-page.mjs';
import { ANN, at, BOB, message } from './support.mjs';

describe('a person who leaves', () => {
  after(() => mock.timers.reset());
  let page;
  const names = () => page.$('members').find(({ dataset }) => dataset.action === 'person').map(({ dataset }) => dataset.name);
  const presence = (state, more) => page.receive({ type: 'presence', room: 'lobby', ...BOB, state, at: at(2), ...more });
  const enter = () => page.receive({ id: page.sent.findLast(({ type }) => type === 'join').id, type: 'joined', room: 'lobby', epoch: 'e1', seq: 1, role: 'owner', topic: '', members: [ANN, BOB], memberCount: 2, notify: 'all', messages: [message(1, 'first')] });
  const log = () => page.$('log').textContent;
  const shows = async (condition) => {
    await page.until(condition);
    assert.ok(condition(), `${log()} ${names()}`);
  };
  const tick = async (ms) => {
    await page.settle();
    mock.timers.tick(ms);
    await page.settle();
  };

  before(async () => {
    page = await startPage({ address: 'http://chat.test/?name=ann&room=lobby' });
    page.receive({ type: 'welcome', ...ANN, guest: true, session: '' });
    enter();
    await page.until(() => log().includes('first'));
  });

  test('and comes back within five seconds stays in the list, and the log shows nothing', async () => {
    presence('left');
    await tick(4_900);
    assert.deepEqual(names(), ['ann', 'bob']);
    presence('joined');
    await tick(60_000);
    assert.deepEqual(names(), ['ann', 'bob']);
    assert.doesNotMatch(log(), /bob (left|joined)/);
    assert.equal(page.$('member-count').textContent, '2');
  });

  test('and does not come back leaves the list after five seconds', async () => {
    presence('left');
    await tick(5_000);
    await shows(() => log().includes('bob left'));
    await shows(() => names().join() === 'ann');
    assert.equal(page.$('member-count').textContent, '1');
    presence('joined');
    await shows(() => names().join() === 'ann,bob');
    assert.doesNotMatch(log(), /bob (left|joined)/);
  });

  test('and comes back under another name has this name', async () => {
    presence('left');
    presence('joined', { name: 'rob' });
    await shows(() => names().join() === 'ann,rob');
    presence('renamed', { name: 'bob', was: 'rob' });
    await shows(() => names().join() === 'ann,bob');
  });

  test('leaves the list at once if a moderator has removed the person', async () => {
    page.receive({ type: 'moderated', room: 'lobby', seq: 2, at: at(2), from: ANN, action: 'kick', ...BOB });
    presence('left');
    await shows(() => names().join() === 'ann');
  });

  test('is not subtracted from the count if the page joins the room again within the five seconds', async () => {
    for (let seq = 3; seq < 23; seq++) page.receive(message(seq, `later ${seq}`));
    presence('joined');
    await shows(() => names().join() === 'ann,bob');
    presence('left');
    page.receive({ type: 'joined', room: 'lobby', epoch: 'e1', seq: 22, role: 'owner', topic: '', members: [ANN], memberCount: 50, notify: 'all', messages: [] });
    await shows(() => page.$('member-count').textContent === '50');
    await tick(5_000);
    await page.until(() => false);
    assert.equal(page.$('member-count').textContent, '50');
  });
});
