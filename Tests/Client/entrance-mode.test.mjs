import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entranceWords, firstMode, otherMode } from '../../Server/Web/client/entrance-mode.mjs';
import { serverSettings } from '../../Server/Web/client/server-settings.mjs';

const open = serverSettings({});
const closed = serverSettings({ features: 'edit register login-required' });
const closedWithoutRegistration = serverSettings({ features: 'edit login-required' });
const closedWithButton = serverSettings({ features: 'edit oidc login-required', login: 'Log in with Example' });

test('a page from disk, and a page of an open server, offer to join as a guest', () => {
  assert.equal(firstMode(open), 'guest');
  assert.equal(otherMode('guest', open), 'login');
  assert.equal(otherMode('login', open), 'guest');
  assert.equal(entranceWords('guest', open).go, 'Join');
  assert.equal(entranceWords('guest', open).other, 'I have an account');
});

test('a closed server asks for a login, and offers registration only if it is allowed', () => {
  assert.equal(firstMode(closed), 'login');
  assert.equal(otherMode('login', closed), 'register');
  assert.equal(entranceWords('login', closed).other, 'Create an account');
  assert.equal(entranceWords('register', closed).go, 'Create account');
  assert.equal(otherMode('register', closed), 'login');
  assert.equal(otherMode('login', closedWithoutRegistration), null);
  assert.equal(entranceWords('login', closedWithoutRegistration).other, null);
});

test('a closed server with a login provider first shows the provider’s button, and asks for a password only after a click', () => {
  assert.equal(firstMode(closedWithButton), 'button');
  assert.equal(otherMode('button', closedWithButton), 'login');
  assert.equal(entranceWords('button', closedWithButton).other, 'Log in with a password');
});

test('the words never promise that a guest can enter a closed server', () => {
  for (const mode of /** @type {const} */ (['login', 'register', 'button'])) {
    assert.doesNotMatch(Object.values(entranceWords(mode, closed)).join(' '), /without an account|No account/);
  }
});
