// Tests of a link with a token: anybody can create such a link, so the page does not use the token.

import assert from 'node:assert/strict';
import { after, mock, test } from 'node:test';
import { startPage } from './fake-page.mjs';

const page = await startPage({ address: 'http://chat.test/#jwt=a.b.c' });
after(() => mock.timers.reset());

test('a page that is not in a frame removes the token from the address and does not use it', () => {
  assert.equal(location.href, 'http://chat.test/');
  assert.equal(page.socket, null);
  assert.equal(page.$('entrance').hidden, false);
});
