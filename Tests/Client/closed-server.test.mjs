// Tests of the page with a server that allows no guests.

import assert from 'node:assert/strict';
import { after, mock, test } from 'node:test';
import { startPage } from './fake-page.mjs';

const page = await startPage({
  address: 'http://chat.test/?name=ann&room=lobby', refusal: { type: 'error', code: 'not-allowed', text: 'this server has no guests; log in first' },
});
after(() => mock.timers.reset());

test('the page shows the form with the reason, and does not connect again', async () => {
  await page.settle();
  assert.equal(page.$('entrance').hidden, false);
  assert.match(page.$('join-note').textContent, /has no guests/);
  assert.equal(page.socket, null);
});
