// Tests of the page after a login at the login provider.

import assert from 'node:assert/strict';
import { after, mock, test } from 'node:test';
import { startPage } from './fake-page.mjs';

const page = await startPage({
  address: 'http://chat.test/?room=trap#signed-in', server: { features: 'edit oidc login-required', login: 'Log in with Example' },
  answer: { type: 'welcome', user: 'u-42', name: 'Ann', guest: false },
});
after(() => mock.timers.reset());

test('the page enters with the session in the cookie, and removes #signed-in from the address', () => {
  assert.equal(page.$('app').hidden, false);
  assert.equal(location.hash, '');
});

test('the page asks before it joins the room of the link, because the login did not begin in this tab', async () => {
  page.socket.onopen?.();
  page.receive({ type: 'welcome', user: 'u-42', name: 'Ann', guest: false, session: '' });
  await page.settle();
  assert.deepEqual(page.sent.filter(({ type }) => type === 'join').map(({ room }) => room), ['lobby']);
  assert.equal(page.$('link-question').open, true);
});
