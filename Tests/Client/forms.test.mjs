import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { closeForm, inviteForm, moderationForm, roleForm, slowForm, topicForm } from '../../Server/Web/client/forms.mjs';
import { BOB, roomWith } from './support.mjs';

const room = roomWith([], { name: 'den', topic: 'tea', memberCount: 3, slow: 45 });
const HOSTILE = { user: 'x', name: 'a\u202Eb' };

describe('the question before an action of a moderator', () => {
  test('asks for a duration and a reason', () => {
    const form = moderationForm('mute', BOB, room);
    assert.equal(form.title, 'Mute bob in #den?');
    assert.deepEqual(form.choice.options.map(({ words }) => words), ['10 minutes', '1 hour', '1 day', '7 days', 'for good']);
    assert.deepEqual(form.frame('spam', '3600'), { type: 'mute', room: 'den', user: 'bob', seconds: 3600, reason: 'spam' });
  });
  test('sends no duration for an unlimited action, and no empty reason', () => assert.deepEqual(moderationForm('ban', BOB, room).frame('', ''), { type: 'ban', room: 'den', user: 'bob' }));
  for (const action of ['kick', 'unmute', 'unban']) {
    test(`${action} has no duration`, () => {
      assert.equal(moderationForm(action, BOB, room).choice, undefined);
      assert.deepEqual(moderationForm(action, BOB, room).frame('why', ''), { type: action, room: 'den', user: 'bob', reason: 'why' });
    });
  }
  test('shows no character that changes the text direction, but sends the exact name', () => {
    const form = moderationForm('kick', HOSTILE, room);
    assert.equal(form.title, 'Remove ab from #den?');
    assert.equal(form.frame('', '').user, HOSTILE.name);
  });
});

test('the page asks before it changes a role', () => {
  const form = roleForm('owner', BOB, room);
  assert.equal(form.title, 'Make bob an owner of #den?');
  assert.deepEqual(form.frame('', ''), { type: 'role', room: 'den', user: 'bob', role: 'owner' });
});

test('the form for the topic starts with the current topic, and accepts an empty one', () => {
  const form = topicForm(room);
  assert.equal(form.field.value, 'tea');
  assert.deepEqual(form.frame('', ''), { type: 'topic', room: 'den', text: '' });
});

test('the form for an invitation needs a name, with or without an @', () => {
  const form = inviteForm(room, ['bob']);
  assert.deepEqual(form.field.names, ['bob']);
  assert.equal(form.field.isRequired, true);
  assert.deepEqual(form.frame('@bob', ''), { type: 'invite', room: 'den', user: 'bob' });
  assert.equal(form.done('@bob'), 'You invited bob to #den.');
  assert.match(inviteForm({ ...room, isPrivate: true }, []).words, /private/);
});

test('the form for slow mode shows the current interval, and can end slow mode', () => {
  const form = slowForm(room);
  assert.equal(form.choice.value, '45');
  assert.ok(form.choice.options.some(({ value, words }) => value === '45' && words === '45 seconds'));
  assert.deepEqual(form.frame('', '0'), { type: 'slow', room: 'den', seconds: 0 });
});

test('the question before closing a room says what is lost', () => {
  const form = closeForm(room, 2);
  assert.equal(form.isDangerous, true);
  assert.match(form.words, /all of its messages are removed for good, for all 3 members.* 2 unsent messages of yours will be lost too\.$/);
  assert.deepEqual(form.frame('', ''), { type: 'close', room: 'den' });
  assert.doesNotMatch(closeForm(room, 0).words, /unsent/);
});
