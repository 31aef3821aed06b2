// The programs of a room: tokens, and the webhook.

import assert from 'node:assert/strict';
import { after, before, describe, mock, test } from 'node:test';
import { deliveryWords, failedWords, hookAddress, postCommand, removeWebhookForm, revokeForm, tokensFrame, tokensOf, webhookFrame, webhookOf } from '../../Server/Web/client/programs.mjs';
import { startPage } from './fake-page.mjs';
import { ANN, NOON, roomWith } from './support.mjs';

describe('what the page shows for a new token', () => {
  const BASE = new URL('https://example.org/chat/');

  test('contains a command line that posts a message with the token', () => assert.equal(postCommand(BASE, 'lobby', 't0'), `curl -H 'Authorization: Bearer t0' -d '{"text":"hello"}' https://example.org/chat/api/rooms/lobby/messages`));
  test('contains an address that the shell reads as one argument, whatever the room’s name is', () => {
    assert.match(postCommand(BASE, 'a\'b', 't'), /rooms\/a%27b\/messages$/);
    assert.match(postCommand(new URL('http://[::1]:5080/'), 'ä', 't'), /'http:\/\/\[::1\]:5080\/api\/rooms\/%C3%A4\/messages'$/);
  });
  test('contains the address for a tool that can post to Slack', () => assert.equal(hookAddress(BASE, 't0'), 'https://example.org/chat/hooks/t0'));
});

test('tokensOf returns the valid tokens of an answer, oldest first', () => {
  const [old, young] = [{ name: 'a', at: NOON }, { name: 'b', at: '2027-01-01T00:00:00.000Z' }];
  assert.deepEqual(tokensOf({ tokens: [young, { name: 7, at: NOON }, { name: 'x', at: '?' }, old] }), [old, young]);
  assert.deepEqual(tokensOf({}), []);
});

test('the page asks before it revokes a token', () => {
  const form = revokeForm('bot\u202E', roomWith([], { name: 'den' }));
  assert.equal(form.title, 'Revoke the token of bot?');
  assert.deepEqual(form.frame('', ''), tokensFrame('den', 'revoke', 'bot\u202E'));
});

describe('the words for the delivery of a webhook', () => {
  const works = { url: 'https://example.org/chat', delivered: 1_200, failed: [] };
  const failing = { error: 'the receiver answered 500', since: NOON, next: NOON };

  test('say that no event waits', () => assert.equal(deliveryWords(works, 1_200), 'No event waits for the delivery.'));
  test('say how many events wait', () => assert.equal(deliveryWords(works, 1_201), '1 event waits for the delivery.'));
  test('say why the delivery fails, and when the next attempt is', () => assert.match(deliveryWords({ ...works, failing }, 1_203), /^Failing since .+: the receiver answered 500\. Next attempt: .+\. 3 events wait for the delivery\.$/));
  test('do not mention a next attempt if no event waits', () => assert.match(deliveryWords({ ...works, failing }, 1_200), /^Failing since .+: the receiver answered 500\.$/));
  test('say that the receiver has turned the webhook off', () => assert.match(deliveryWords({ ...works, failing: { ...failing, next: undefined } }, 1_200), /The receiver has turned the webhook off\. To turn it on, set its address again\./));
  test('are empty without a webhook', () => assert.equal(deliveryWords(webhookOf({ failed: [] }), 7), ''));
  test('describe an event that the server has given up', () => {
    assert.match(failedWords({ seq: 1_200, at: NOON, attempts: 1, error: 'the receiver answered 500' }), /^Event 1,200: the receiver answered 500 \(given up .+, after 1 attempt\)$/);
    assert.match(failedWords({ seq: 7, at: NOON, attempts: 0, error: 'x' }), /^Event 7: x \(given up (?!.*attempt).+\)$/);
  });
  test('use only the valid fields of an answer', () => {
    const failed = { seq: 7, at: NOON, attempts: 1, error: 'x' };
    assert.deepEqual(webhookOf({ url: 7, delivered: '?', failing: { since: '?' }, failed: [failed, { ...failed, at: 'x' }, { ...failed, seq: '7' }, null] }), { url: undefined, delivered: 0, failing: undefined, failed: [failed] });
    assert.deepEqual(webhookOf({ ...works, failing: { ...failing, next: 7 }, failed: '?' }), { ...works, failing: { ...failing, next: undefined } });
  });
});

test('the page asks before it removes a webhook', () => {
  const form = removeWebhookForm(roomWith([], { name: 'den' }));
  assert.equal(form.title, 'Remove the webhook of #den?');
  assert.deepEqual(form.frame('', ''), webhookFrame('den', 'remove'));
});

describe('in the page', () => {
  after(() => mock.timers.reset());
  let page;
  const last = (what = 'create', name = 'tokens') => page.sent.findLast((frame) => frame.type === name && frame.do === what);
  const count = (what, name) => page.sent.filter((frame) => frame.type === name && frame.do === what).length;
  const close = () => {
    page.$('programs').close();
    page.$('programs').dispatchEvent(new Event('close'));
  };
  const submit = (id) => page.$(id).dispatchEvent(new Event('submit', { cancelable: true }));
  const click = (id) => page.$(id).dispatchEvent(new Event('click'));
  const answer = (what, more) => page.receive({ type: 'webhook', id: last(what, 'webhook').id, do: what, room: 'lobby', failed: [], ...more });
  const list = (...names) => names.map((name) => ({ name, at: NOON }));
  const names = () => page.$('program-list').children.map(({ dataset }) => dataset.name);

  before(async () => {
    page = await startPage({ address: 'http://chat.test/?name=ann&room=lobby' });
    page.receive({ type: 'welcome', ...ANN, guest: true, session: '', features: ['webhook'] });
    page.receive({ type: 'joined', id: page.sent.findLast(({ type }) => type === 'join').id, room: 'lobby', epoch: 'e1', seq: 0, role: 'owner', members: [ANN], memberCount: 1, messages: [] });
  });

  test('the answer to a typed command opens the dialog, because only this answer has the token', () => {
    page.receive({ type: 'tokens', do: 'create', room: 'lobby', name: 'bot', token: 'secret', tokens: list('bot') });
    assert.equal(page.$('programs').open, true);
    assert.equal(page.$('program-token').value, 'secret');
    assert.equal(page.$('program-hook').value, 'http://chat.test/hooks/secret');
    assert.deepEqual(names(), ['bot']);
  });
  test('the page removes the token when the dialog is closed', () => {
    close();
    assert.equal(page.$('program-token').value, '');
    assert.equal(page.$('program-secret').hidden, true);
    assert.equal(page.$('program-curl').textContent, '');
  });
  test('an error is shown in the dialog, and not in the log', async () => {
    page.receive({ type: 'tokens', do: 'list', room: 'lobby', tokens: [] });
    page.$('program-name').value = 'ann';
    submit('program-create');
    assert.deepEqual({ ...last(), id: 0 }, { type: 'tokens', do: 'create', room: 'lobby', name: 'ann', id: 0 });
    page.receive({ type: 'error', id: last().id, code: 'name-taken', text: 'a user has the name "ann"' });
    assert.equal(page.$('programs-note').textContent, 'A user has the name "ann".');
    assert.equal(page.$('program-name').value, 'ann');
    assert.doesNotMatch(page.$('log').textContent, /has the name/);
  });
  test('the answer for another room changes nothing', () => {
    const id = last().id;
    submit('program-create');
    assert.notEqual(last().id, id);
    page.receive({ type: 'tokens', id: last().id, do: 'list', room: 'den', tokens: list('other') });
    assert.deepEqual(names().filter(Boolean), []);
  });
  test('an answer opens the closed dialog only if it has a secret, because the server sends the secret only once', () => {
    submit('program-create');
    close();
    page.receive({ type: 'tokens', id: last('list').id, do: 'list', room: 'lobby', tokens: [] });
    page.receive({ type: 'webhook', id: last('show', 'webhook').id, do: 'show', room: 'lobby', failed: [] });
    assert.equal(page.$('programs').open, false);
    page.receive({ type: 'tokens', id: last().id, do: 'create', room: 'lobby', name: 'late', token: 'late-secret', tokens: list('late') });
    assert.equal(page.$('programs').open, true);
    assert.equal(page.$('program-token').value, 'late-secret');
    close();
  });

  const URL = 'https://example.org/chat';
  const failed = [{ seq: 12, at: NOON, attempts: 8, error: 'the receiver answered 500' }];
  const failing = { error: 'the receiver answered 500', since: NOON, next: NOON };

  test('the webhook is set, and its secret is shown once', () => {
    page.receive({ type: 'webhook', do: 'show', room: 'lobby', failed: [] }); // the person has typed /webhook
    assert.equal(page.$('programs').open, true);
    assert.equal(page.$('webhook').hidden, false);
    assert.equal(page.$('webhook-remove').hidden, true);
    submit('webhook-set');
    assert.match(page.$('programs-note').textContent, /enter the address/);
    page.$('webhook-url').value = ` ${URL} `;
    submit('webhook-set');
    assert.equal(last('set', 'webhook').url, URL);
    answer('set', { url: URL, secret: 'whsec_x', delivered: 0 });
    assert.equal(page.$('webhook-made').hidden, false);
    assert.equal(page.$('webhook-secret').value, 'whsec_x');
    assert.equal(page.$('webhook-state').textContent, 'No event waits for the delivery.');
    assert.equal(page.$('webhook-remove').hidden, false);
  });
  test('the open dialog shows changes of the delivery, and does not change the secret and the text that the person types', () => {
    page.$('webhook-url').value = 'https://exa';
    const before = count('show', 'webhook');
    mock.timers.tick(5_000);
    assert.equal(count('show', 'webhook'), before + 1);
    answer('show', { url: URL, delivered: 12, failing, failed });
    assert.match(page.$('webhook-state').textContent, /^Failing since .+: the receiver answered 500\./);
    assert.match(page.$('webhook-failed').hidden ? '' : page.$('webhook-failed-list').textContent, /^Event 12: /);
    assert.equal(page.$('webhook-retry').textContent, 'Send again');
    assert.equal(page.$('webhook-secret').value, 'whsec_x');
    assert.equal(page.$('webhook-url').value, 'https://exa');
  });
  test('failed events are sent again', () => {
    click('webhook-retry');
    answer('retry', { url: URL, delivered: 12, failing, failed });
    assert.equal(page.$('programs-note').textContent, 'The server sends 1 event again.');
    assert.equal(page.$('webhook-failed').hidden, true);
  });
  test('an error of a refresh is not shown, and a successful refresh removes the note that events are sent again', () => {
    mock.timers.tick(5_000);
    page.receive({ type: 'error', id: last('show', 'webhook').id, code: 'too-many', text: 'too many requests' });
    assert.equal(page.$('programs-note').textContent, 'The server sends 1 event again.');
    assert.doesNotMatch(page.$('log').textContent, /too many/i);
    mock.timers.tick(5_000);
    answer('show', { url: URL, delivered: 12 });
    assert.equal(page.$('programs-note').textContent, '');
  });
  test('the page asks before it removes the webhook, and clears the secret after the removal', () => {
    click('webhook-remove');
    assert.equal(page.$('form').open, true);
    submit('form-body');
    answer('remove');
    assert.equal(page.$('form').open, false);
    assert.equal(page.$('webhook-remove').hidden, true);
    assert.equal(page.$('webhook-made').hidden, true);
    assert.equal(page.$('webhook-secret').value, '');
    assert.equal(page.$('webhook-url').value, '');
    const before = count('show', 'webhook');
    mock.timers.tick(5_000);
    assert.equal(count('show', 'webhook'), before);
  });
  test('after the dialog is closed, the page does not ask for the state of the delivery', () => {
    page.$('webhook-url').value = URL;
    submit('webhook-set');
    answer('set', { url: URL, secret: 'whsec_y', delivered: 0 });
    close();
    assert.equal(page.$('webhook-secret').value, '');
    const before = page.sent.length;
    mock.timers.tick(5_000);
    assert.equal(page.sent.slice(before).filter(({ type }) => type === 'webhook').length, 0);
  });
  test('the loss of the connection ends the wait for an answer', async () => {
    page.receive({ type: 'tokens', do: 'list', room: 'lobby', tokens: [] });
    page.$('program-name').value = 'bot';
    submit('program-create');
    page.socket.onclose({ code: 1006 });
    await page.settle();
    assert.match(page.$('programs-note').textContent, /The connection was lost/);
    close();
  });
  test('the dialog hides the webhook if the server has no webhooks', async () => {
    mock.timers.tick(60_000);
    await page.settle();
    page.receive({ type: 'welcome', ...ANN, guest: true, session: '', features: ['tokens'] });
    const before = count('show', 'webhook');
    page.receive({ type: 'tokens', do: 'list', room: 'lobby', tokens: [] });
    assert.equal(page.$('programs').open, true);
    assert.equal(page.$('webhook').hidden, true);
    assert.equal(count('show', 'webhook'), before);
  });
});
