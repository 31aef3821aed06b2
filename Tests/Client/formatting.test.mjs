import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { byName, clockDigits, dayLabel, dayOf, errorWords, hueFor, initialOf, listWords, sameName, sentence } from '../../Server/Web/client/formatting.mjs';

const local = (day, hour) => new Date(2026, 4, day, hour).toISOString();

describe('dayLabel', () => {
  const now = new Date(2026, 4, 4, 9);

  test('returns Today for any time of the current day', () => {
    assert.equal(dayLabel(local(4, 0), now), 'Today');
    assert.equal(dayLabel(local(4, 23), now), 'Today');
  });

  test('returns Yesterday for any time of the previous day', () => {
    assert.equal(dayLabel(local(3, 0), now), 'Yesterday');
    assert.equal(dayLabel(local(3, 23), now), 'Yesterday');
  });

  test('returns the date for any other day, past or future', () => {
    assert.match(dayLabel(local(2, 12), now), /2026/);
    assert.match(dayLabel(local(5, 12), now), /2026/);
  });
});

test('dayOf is greater for a later day', () => {
  const days = [[9, 11], [10, 0], [99, 0]].map(([day, month]) => dayOf(new Date(2026, month, day).toISOString()));
  assert.deepEqual([...days].sort(), [days[1], days[2], days[0]]);
});

test('dayOf is equal only for times of the same day', () => {
  assert.equal(dayOf(local(4, 1)), dayOf(local(4, 23)));
  assert.notEqual(dayOf(local(4, 1)), dayOf(local(5, 1)));
});

test('clockDigits contains only digits and colons', () => assert.match(clockDigits(local(4, 13)), /^\d{1,2}:\d{2}$/));

test('sentence adds a capital letter and a full stop', () => {
  assert.equal(sentence('the name is taken'), 'The name is taken.');
  for (const words of ['Done.', 'Really?', 'Wait!', 'Connecting…']) assert.equal(sentence(words), words);
});

test('listWords joins words', () => {
  assert.deepEqual([[], ['ann'], ['ann', 'bob'], ['ann', 'bob', 'carl']].map(listWords), ['', 'ann', 'ann and bob', 'ann, bob and carl']);
});

test('hueFor gives a name the same hue in any case', () => {
  assert.equal(hueFor('Ann'), hueFor('ann'));
  for (const name of ['ann', 'bob', '李雷', '🦊', '']) {
    const hue = hueFor(name);
    assert.ok(hue >= 0 && hue < 360 && hue % 15 === 0, `${name}: ${hue}`);
  }
});

test('hueFor gives similar names different hues', () => {
  const hues = new Set(Array.from({ length: 100 }, (_, index) => hueFor(`guest-${index}`)));
  assert.equal(hues.size, 24);
});

test('initialOf skips punctuation at the beginning', () => {
  assert.equal(initialOf('ann'), 'a');
  assert.equal(initialOf('__bob'), 'b');
  assert.equal(initialOf('𝒜lice'), '𝒜');
  assert.equal(initialOf('---'), '?');
});

test('sameName ignores case and outer spaces', () => {
  assert.equal(sameName(' Ann', 'ann '), true);
  assert.equal(sameName('ann', 'anna'), false);
});

test('byName ignores case and compares numbers as numbers', () => {
  assert.deepEqual(['guest10', 'Bob', 'guest9', 'ann'].sort(byName), ['ann', 'Bob', 'guest9', 'guest10']);
});

describe('errorWords', () => {
  test('uses the text of the error', () => assert.equal(errorWords({ type: 'error', text: 'the name is taken', code: 'name-taken' }), 'The name is taken.'));
  test('uses the code if there is no text', () => assert.equal(errorWords({ type: 'error', code: 'busy' }), 'Busy.'));
  test('says when to try again', () => {
    assert.equal(errorWords({ type: 'error', text: 'too many attempts', retryAfterMs: 1500 }), 'Too many attempts. Try again in 2 seconds.');
    assert.equal(errorWords({ type: 'error', text: 'too many attempts', retryAfterMs: 900 }), 'Too many attempts. Try again in 1 second.');
  });
});
