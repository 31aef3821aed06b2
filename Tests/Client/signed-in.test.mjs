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

test('the page says that the server checks a new password until the answer arrives', () => {
  page.$('me').dispatchEvent(new Event('click'));
  page.$('old-password').value = 'the old password';
  page.$('next-password').value = 'the new password';
  page.$('change-password').dispatchEvent(new Event('submit', { cancelable: true }));
  assert.equal(page.$('account-note').textContent, 'The server checks it…');
  page.receive({ type: 'ack', id: page.sent.findLast(({ type }) => type === 'password').id });
  assert.equal(page.$('account-note').textContent, 'Your password is changed.');
});
