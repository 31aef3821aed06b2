// The page in a frame that is loaded again after its session has ended.

import assert from 'node:assert/strict';
import { after, mock, test } from 'node:test';
import { startPage } from './fake-page.mjs';

const page = await startPage({
  address: 'http://chat.test/?embed=1&room=help', isFramed: true, server: { features: 'edit jwt', frameAncestors: 'https://site.test' },
  stored: { 'rawsocketchat chat.test': { user: 'u-42', name: 'Ann', enteredAs: null, rooms: ['help'], current: 'help', session: 's-1' } },
});
after(() => mock.timers.reset());

test('the page first tries the session that it has stored', () => {
  assert.deepEqual(page.posted, []);
  assert.equal(page.urls.at(-1).searchParams.get('session'), 's-1');
});

test('if the session has ended and the server welcomes a new guest, the page asks the site for a token', async () => {
  page.receive({ type: 'welcome', user: 'u-7', name: 'guest-7', guest: true, session: 's-2' });
  await page.settle();
  assert.deepEqual(page.posted, [{ type: 'rawsocketchat.token-request', reason: 'ended' }]);
});
