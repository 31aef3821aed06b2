import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNumbered, isTimestamp, parseFrame, parseJson } from '../../Server/Web/client/protocol.mjs';

test('parseFrame returns a JSON object that has a type', () => {
  assert.deepEqual(parseFrame('{"type":"pong","id":"1"}'), { type: 'pong', id: '1' });
});

for (const text of ['', '{', 'null', '1', '"type"', '[]', '{}', '{"type":1}']) {
  test(`parseFrame returns null for ${text || 'an empty text'}`, () => assert.equal(parseFrame(text), null));
}

test('parseJson returns null for a text that is not JSON', () => {
  assert.equal(parseJson('/help'), null);
  assert.deepEqual(parseJson('[1]'), [1]);
});

test('isTimestamp is true only for a wire frame', () => {
  assert.equal(isTimestamp({ type: 'wire' }), true);
  assert.equal(isTimestamp({ type: 'message' }), false);
  assert.equal(isTimestamp(null), false);
});

test('bye, pong and wire frames do not advance the cursor', () => {
  for (const type of ['bye', 'pong', 'wire']) assert.equal(isNumbered({ type }), false);
  for (const type of ['message', 'welcome', 'ack']) assert.equal(isNumbered({ type }), true);
});
