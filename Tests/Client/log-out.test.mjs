// Tests of the whole page: a connection ends while the page logs out.

import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';
import { startPage } from './fake-page.mjs';
import { ANN } from './support.mjs';

let page;
before(async () => { page = await startPage({ address: 'http://chat.test/?name=ann&room=lobby' }); });
after(() => mock.timers.reset());

async function reconnect() {
  page.socket.onclose({ code: 1006 });
  for (const before = page.socket; page.socket === before;) {
    mock.timers.tick(1_000);
    await page.settle();
  }
  page.socket.onopen?.();
}

const logOuts = () => page.sent.filter(({ type }) => type === 'logout');

test('the page logs out again if the session has not ended', async () => {
  page.receive({ type: 'welcome', ...ANN, guest: true, session: '' });
  await page.settle();
  page.$('log-out').dispatchEvent(new Event('click'));
  assert.equal(logOuts().length, 1);
  await reconnect();
  page.receive({ type: 'welcome', ...ANN, guest: true, session: '' });
  await page.settle();
  assert.equal(logOuts().length, 2);
  assert.equal(page.sent.at(-1).type, 'logout', 'the page does not join its rooms again');
});

test('the page shows the entrance if the server welcomes another user', async () => {
  await reconnect();
  page.receive({ type: 'welcome', user: 'u-99', name: 'guest-x', guest: true, session: '' });
  await page.settle();
  assert.equal(logOuts().length, 2);
  assert.equal(page.$('entrance').hidden, false);
  assert.equal(page.$('app').hidden, true);
});
