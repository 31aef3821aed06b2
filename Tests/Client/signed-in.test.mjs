// The page after a login with the provider.

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

test('the page joins the room of the link only after a question, because this tab has not begun a login for it', async () => {
  page.socket.onopen?.();
  page.receive({ type: 'welcome', user: 'u-42', name: 'Ann', guest: false, session: '' });
  await page.settle();
  assert.deepEqual(page.sent.filter(({ type }) => type === 'join').map(({ room }) => room), ['lobby']);
  assert.equal(page.$('link-question').open, true);
});
