import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverSettings } from '../../Server/Web/client/server-settings.mjs';

test('a page from disk has no server settings, so it uses defaults that fit most servers', () => {
  assert.deepEqual(serverSettings({}), { isClosed: false, canRegister: true, takesTokens: false, login: null, frameAncestors: [], pushKey: null });
});

test('serverSettings reads the attributes that the server has written into the page', () => {
  const settings = serverSettings({ features: 'edit jwt oidc login-required', login: 'Log in', frameAncestors: 'https://a.example:443 http://b.example:8080', push: 'BKey' });
  assert.deepEqual(settings, { isClosed: true, canRegister: false, takesTokens: true, login: 'Log in', frameAncestors: ['https://a.example', 'http://b.example:8080'], pushKey: 'BKey' });
});

test('the login button has a text only if the server has a provider', () => assert.equal(serverSettings({ features: 'edit', login: 'Log in' }).login, null));
