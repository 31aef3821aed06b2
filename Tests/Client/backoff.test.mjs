import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffDelay } from '../../Server/Web/client/backoff.mjs';

test('the delay doubles with each attempt, up to 30 seconds', () => {
  const delays = [0, 1, 2, 5, 6, 7, 60].map((attempt) => backoffDelay(attempt, () => 1));
  assert.deepEqual(delays, [500, 1000, 2000, 16_000, 30_000, 30_000, 30_000]);
});

test('half of the delay is random', () => {
  assert.equal(backoffDelay(1, () => 0), 500);
  assert.equal(backoffDelay(1, () => 0.5), 750);
});

test('the delay stays in its range if no random source is given', () => {
  for (let i = 0; i < 200; i++) {
    const delay = backoffDelay(3);
    assert.ok(delay >= 2000 && delay < 4000, String(delay));
  }
});
