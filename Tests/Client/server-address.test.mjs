import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverAddress, storageKey } from '../../Server/Web/client/server-address.mjs';

const from = (href, server = null) => serverAddress(new URL(href), server).href;

test('a page from a server connects to the WebSocket of that server', () => {
  assert.equal(from('http://chat.test:5080/?name=ann#x'), 'ws://chat.test:5080/ws');
  assert.equal(from('https://chat.test/chat/'), 'wss://chat.test/chat/ws');
});

test('a page from a server ignores the server parameter', () => assert.equal(from('http://chat.test/', 'evil.test'), 'ws://chat.test/ws'));

test('each server has its own data in the browser’s storage, even if several servers share a host', () => {
  const key = (href) => storageKey(serverAddress(new URL(href), null));
  assert.equal(key('http://chat.test:5080/?name=ann'), 'rawsocketchat chat.test:5080');
  assert.equal(key('https://chat.test/one/'), 'rawsocketchat chat.test/one');
  assert.equal(key('https://chat.test/two/client.html'), 'rawsocketchat chat.test/two');
});

test('a page from disk connects to the given server', () => {
  assert.equal(from('file:///home/ann/client.html', 'chat.test:6000'), 'ws://chat.test:6000/ws');
  assert.equal(from('file:///home/ann/client.html', 'wss://chat.test/other'), 'wss://chat.test/ws');
});

test('a page from disk connects to this device if the given server is missing or unusable', () => {
  assert.equal(from('file:///client.html'), 'ws://localhost:5080/ws');
  assert.equal(from('file:///client.html', ':::'), 'ws://localhost:5080/ws');
});
