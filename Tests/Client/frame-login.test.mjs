// The page in a frame of a site that answers the page's request for a token.

import assert from 'node:assert/strict';
import { after, mock, test } from 'node:test';
import { startPage } from './fake-page.mjs';

const page = await startPage({
  address: 'http://chat.test/?embed=1&room=help', isFramed: true, server: { features: 'edit jwt login-required', frameAncestors: 'https://site.test' },
});
after(() => mock.timers.reset());
const send = (message) => page.post({ source: window.parent, origin: 'https://site.test', ...message });
const token = (jwt) => ({ data: { type: 'rawsocketchat.token', jwt } });

test('the page asks the site for a token without sending a secret, and hides its form until the answer arrives', () => {
  assert.deepEqual(page.posted, [{ type: 'rawsocketchat.token-request', reason: 'start' }]);
  assert.equal(page.$('entrance').dataset.waiting, '');
  assert.equal(page.socket, null);
});

test('the page ignores a token of another page', async () => {
  send({ ...token('x.y.z'), origin: 'https://evil.test' });
  send({ ...token('x.y.z'), source: {} });
  await page.settle();
  assert.equal(page.socket, null);
});

test('if the server rejects the token, the page shows why and asks once more', async () => {
  send(token('old.b.c'));
  await page.settle();
  page.socket.onopen();
  page.receive({ type: 'error', code: 'not-allowed', text: 'the token of your site was not accepted: it has expired', id: 'once' });
  page.socket.onclose({});
  await page.settle();
  assert.match(page.$('join-note').textContent, /has expired/);
  assert.equal(page.$('entrance').dataset.waiting, undefined);
  assert.deepEqual(page.posted.map(({ reason }) => reason), ['start', 'rejected']);
});

test('with a valid token the page joins only the room of the frame', async () => {
  send(token('a.b.c'));
  await page.settle();
  page.socket.onopen();
  assert.equal(page.sent.at(-1).jwt, 'a.b.c');
  page.receive({ type: 'welcome', user: 'u-42', name: 'Ann', guest: false, session: 's-1', id: 'once' });
  await page.settle();
  page.receive({ type: 'welcome', user: 'u-42', name: 'Ann', guest: false, session: 's-1', rooms: ['lobby', 'staff'] });
  await page.settle();
  assert.equal(page.$('app').hidden, false);
  assert.deepEqual(page.sent.filter(({ type }) => type === 'join').map(({ room }) => room), ['help']);
});

test('when the session has ended, the page asks the site for another token', async () => {
  page.receive({ type: 'bye', code: 4501, text: 'another of your connections has ended this session', reconnect: false });
  page.socket.onclose({ code: 4501 });
  await page.settle();
  assert.equal(page.posted.at(-1).reason, 'ended');
});
