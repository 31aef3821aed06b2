import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOKEN, tokenOf } from '../../Server/Web/client/frame-messages.mjs';

const site = {};
const origins = ['https://a.example'];
const message = { source: site, origin: 'https://a.example', data: { type: TOKEN, jwt: 'a.b.c' } };

test('the site around the frame can send a token', () => assert.equal(tokenOf(message, site, origins), 'a.b.c'));

test('a message of another window, from another origin or of another type gives no token', () => {
  for (const [change, why] of [
    [{ source: {} }, 'another window'], [{ source: null }, 'a window that is gone'],
    [{ origin: 'https://a.example.evil.example' }, 'another origin'], [{ origin: 'http://a.example' }, 'no TLS'], [{ origin: 'null' }, 'a sandboxed frame'],
    [{ data: { type: 'token', jwt: 'a.b.c' } }, 'another type'], [{ data: { type: TOKEN } }, 'no token'], [{ data: { type: TOKEN, jwt: 7 } }, 'no text'],
    [{ data: { type: TOKEN, jwt: '' } }, 'empty'], [{ data: { type: TOKEN, jwt: 'x'.repeat(16_385) } }, 'too long'], [{ data: null }, 'nothing'], [{ data: 'a.b.c' }, 'a text'],
  ]) assert.equal(tokenOf({ ...message, ...change }, site, origins), null, why);
  assert.equal(tokenOf(message, site, []), null);
});
