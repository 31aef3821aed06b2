// The tokens of a room.

import assert from 'node:assert/strict';
import { after, before, describe, mock, test } from 'node:test';
import { hookAddress, postCommand, revokeForm, tokensFrame, tokensOf } from '../../Server/Web/client/programs.mjs';
import { startPage } from './fake-page.mjs';
import { ANN, NOON, roomWith } from './support.mjs';

describe('what a program needs', () => {
  const BASE = new URL('https://example.org/chat/');

  test('is a command that posts', () => assert.equal(postCommand(BASE, 'lobby', 't0'), `curl -H 'Authorization: Bearer t0' -d '{"text":"hello"}' https://example.org/chat/api/rooms/lobby/messages`));
  test('is one argument of the shell, whatever the room’s name', () => {
    assert.match(postCommand(BASE, 'a\'b', 't'), /rooms\/a%27b\/messages$/);
    assert.match(postCommand(new URL('http://[::1]:5080/'), 'ä', 't'), /'http:\/\/\[::1\]:5080\/api\/rooms\/%C3%A4\/messages'$/);
  });
  test('is the address of a webhook', () => assert.equal(hookAddress(BASE, 't0'), 'https://example.org/chat/hooks/t0'));
});

test('an answer has its valid tokens, oldest first', () => {
  const [old, young] = [{ name: 'a', at: NOON }, { name: 'b', at: '2027-01-01T00:00:00.000Z' }];
  assert.deepEqual(tokensOf({ tokens: [young, { name: 7, at: NOON }, { name: 'x', at: '?' }, old] }), [old, young]);
  assert.deepEqual(tokensOf({}), []);
});

test('a token is revoked after a question', () => {
  const form = revokeForm('bot\u202E', roomWith([], { name: 'den' }));
  assert.equal(form.title, 'Revoke the token of bot?');
  assert.deepEqual(form.frame('', ''), tokensFrame('den', 'revoke', 'bot\u202E'));
});

describe('in the page', () => {
  after(() => mock.timers.reset());
  let page;
  const last = () => page.sent.findLast(({ type }) => type === 'tokens');
  const list = (...names) => names.map((name) => ({ name, at: NOON }));
  const names = () => page.$('program-list').children.map(({ dataset }) => dataset.name);

  before(async () => {
    page = await startPage({ address: 'http://chat.test/?name=ann&room=lobby' });
    page.receive({ type: 'welcome', ...ANN, guest: true, session: '' });
    page.receive({ type: 'joined', id: page.sent.findLast(({ type }) => type === 'join').id, room: 'lobby', epoch: 'e1', seq: 0, role: 'owner', members: [ANN], memberCount: 1, messages: [] });
  });

  test('a typed command opens the dialog, because only its answer has the token', () => {
    page.receive({ type: 'tokens', do: 'create', room: 'lobby', name: 'bot', token: 'secret', tokens: list('bot') });
    assert.equal(page.$('programs').open, true);
    assert.equal(page.$('program-token').value, 'secret');
    assert.equal(page.$('program-hook').value, 'http://chat.test/hooks/secret');
    assert.deepEqual(names(), ['bot']);
  });
  test('the token is gone when the dialog is closed', () => {
    page.$('programs').close();
    page.$('programs').dispatchEvent(new Event('close'));
    assert.equal(page.$('program-token').value, '');
    assert.equal(page.$('program-secret').hidden, true);
    assert.equal(page.$('program-curl').textContent, '');
  });
  test('an error stays in the dialog', async () => {
    page.receive({ type: 'tokens', do: 'list', room: 'lobby', tokens: [] });
    page.$('program-name').value = 'ann';
    page.$('program-create').dispatchEvent(new Event('submit', { cancelable: true }));
    assert.deepEqual({ ...last(), id: 0 }, { type: 'tokens', do: 'create', room: 'lobby', name: 'ann', id: 0 });
    page.receive({ type: 'error', id: last().id, code: 'name-taken', text: 'a user has the name "ann"' });
    assert.equal(page.$('programs-note').textContent, 'A user has the name "ann".');
    assert.equal(page.$('program-name').value, 'ann');
    assert.doesNotMatch(page.$('log').textContent, /has the name/);
  });
  test('the answer for another room changes nothing', () => {
    const id = last().id;
    page.$('program-create').dispatchEvent(new Event('submit', { cancelable: true }));
    assert.notEqual(last().id, id);
    page.receive({ type: 'tokens', id: last().id, do: 'list', room: 'den', tokens: list('other') });
    assert.deepEqual(names().filter(Boolean), []);
  });
});
