// The page in a frame of a site that logs its users in.

import assert from 'node:assert/strict';
import { after, mock, test } from 'node:test';
import { startPage } from './fake-page.mjs';

const page = await startPage({ address: 'http://chat.test/?room=help#jwt=a.b.c', isFramed: true });
after(() => mock.timers.reset());

test('the token is removed from the address, and the room stays', () => assert.equal(location.href, 'http://chat.test/?room=help'));

test('the page logs in with the token over a WebSocket without a cookie, and keeps the session in memory', async () => {
  page.socket.onopen();
  assert.deepEqual(page.sent, [{ type: 'hello', jwt: 'a.b.c', id: 'once' }]);
  assert.equal(page.urls.at(-1).search, '?cookie=none');
  page.receive({ type: 'welcome', user: 'u-42', name: 'Ann-Smith', guest: false, session: 's-1', id: 'once' });
  await page.settle();
  assert.equal(page.$('app').hidden, false);
  assert.equal(page.urls.at(-1).searchParams.get('session'), 's-1');
  page.receive({ type: 'welcome', user: 'u-42', name: 'Ann-Smith', guest: false, session: 's-1' });
  await page.settle();
  assert.equal(page.sent.find(({ type }) => type === 'join').room, 'help');
});
