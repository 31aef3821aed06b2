import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { countdownWords, isTransportName, statusWords, transportChangeWords, TRANSPORT_NAMES, transportWords } from '../../Server/Web/client/connection-text.mjs';
import { TRANSPORT_ORDER } from '../../Server/Web/client/transport-choice.mjs';

const words = (status, facts = {}) => statusWords(status, { host: 'chat.test', isKnown: true, isFile: false, ...facts });

describe('statusWords', () => {
  test('say to which server the page connects', () => assert.equal(words({ state: 'connecting' }), 'Connecting to chat.test…'));
  test('say why the page reconnects', () => {
    assert.equal(words({ state: 'reconnecting', reason: 'the server is going down', retryAt: 5 }), 'The server is going down. Reconnecting');
    assert.equal(words({ state: 'reconnecting', retryAt: null }), 'The connection was lost. Reconnecting…');
  });
  test('say that the page can’t reach the server if the server never answered', () => {
    assert.equal(words({ state: 'reconnecting', retryAt: 5 }, { isKnown: false }), 'Can’t reach chat.test. Reconnecting');
    assert.match(words({ state: 'reconnecting', retryAt: 5 }, { isKnown: false, isFile: true }), /opened from disk/);
  });
  test('say why the connection is closed', () => {
    assert.equal(words({ state: 'closed', reason: 'you were banned' }), 'You were banned.');
    assert.equal(words({ state: 'closed' }), 'Not connected.');
  });
  test('are empty while the page is online or idle', () => {
    assert.equal(words({ state: 'online' }), '');
    assert.equal(words({ state: 'idle' }), '');
  });
  test('say that the device is offline', () => {
    assert.match(words({ state: 'offline' }), /offline/);
  });
});

test('countdownWords show whole seconds, and never less than one', () => {
  assert.equal(countdownWords({ state: 'reconnecting', retryAt: 10_000 }, 7_500), 'in 3 s');
  assert.equal(countdownWords({ state: 'offline', retryAt: 10_000 }, 9_999), 'Next attempt in 1 s');
  assert.equal(countdownWords({ state: 'reconnecting', retryAt: 10_000 }, 12_000), 'in 1 s');
  assert.equal(countdownWords({ state: 'online' }, 0), '');
  assert.equal(countdownWords({ state: 'reconnecting', retryAt: null }, 0), '');
});

describe('transportWords', () => {
  const facts = { isOnline: true, usesCookie: true, isFile: false, pin: null, buffers: false };
  const about = (transport, changes) => transportWords(transport, { ...facts, ...changes }).trim();

  test('name the transport', () => assert.equal(about('ws'), 'Connected by WebSocket.'));
  test('say that the page tries WebSocket again, unless a transport is pinned', () => {
    assert.match(about('sse'), /tries WebSocket again/);
    assert.equal(about('sse', { pin: 'sse' }), 'Connected by server-sent events.');
  });
  test('say that a proxy delays streamed responses', () => assert.match(about('longpoll', { buffers: true }), /proxy/));
  test('say why the page can only use WebSocket', () => {
    assert.match(about('ws', { usesCookie: false, isFile: true }), /from disk/);
    assert.match(about('ws', { usesCookie: false }), /Without cookies/);
  });
  test('say which transport the page tries while it is not connected', () => assert.match(about('ws', { isOnline: false }), /^Not connected; trying WebSocket\.$/));
});

test('transportChangeWords name the old and the new transport, or the proxy that delays responses', () => {
  const change = (from, to, buffers) => transportChangeWords({ from, to, buffers }, 'ws');
  assert.equal(change('ws', 'sse'), 'WebSocket can’t be used here. The page now uses server-sent events.');
  assert.equal(change('sse', 'ws'), 'Connected by WebSocket again.');
  assert.equal(change('sse', 'stream'), 'Server-sent events can’t be used here. The page now uses HTTP streaming.');
  assert.match(change('sse', 'longpoll', true), /delays streamed responses .* now uses long-polling\.$/);
  assert.match(change('sse', 'sse', true), /You chose server-sent events/);
});

test('every transport has a name', () => {
  assert.deepEqual(Object.keys(TRANSPORT_NAMES).sort(), [...TRANSPORT_ORDER].sort());
  assert.equal(isTransportName('ws'), true);
  assert.equal(isTransportName('toString'), false);
});
