import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ClockOffset, offsetWords } from '../../Server/Web/client/lab/clock-offset.mjs';
import { formatMeasure, percentile, TrafficMeter } from '../../Server/Web/client/lab/measures.mjs';

describe('ClockOffset', () => {
  test('the offset is unknown before the first timestamp', () => {
    const offset = new ClockOffset();
    assert.equal(offset.isKnown, false);
    assert.equal(offsetWords(offset), '');
  });

  test('each timestamp narrows the estimate', () => {
    const offset = new ClockOffset();
    offset.add(1100, 1100, 0, 200); // the server's clock is 900 to 1100 ahead
    assert.deepEqual([offset.ahead, offset.error], [1000, 100]);
    offset.add(2020, 2020, 1000, 1040); // the server's clock is 980 to 1020 ahead
    assert.deepEqual([offset.ahead, offset.error], [1000, 20]);
  });

  test('a truncated timestamp widens the range', () => {
    const offset = new ClockOffset();
    offset.add(100, 101, 90, 110);
    assert.deepEqual([offset.ahead, offset.error], [0.5, 10.5]);
  });

  test('the offset is unknown again after timestamps that contradict each other', () => {
    const offset = new ClockOffset();
    offset.add(1000, 1000, 0, 10);
    offset.add(5000, 5000, 20, 30);
    assert.equal(offset.isKnown, false);
  });

  test('offsetWords describe the offset and its error', () => {
    assert.match(offsetWords({ isKnown: true, ahead: -3.14159, error: 0.25 }), /^The server’s clock is 3\.1 ms behind this page’s clock, give or take 0\.3 ms\./);
    assert.match(offsetWords({ isKnown: true, ahead: 3, error: 0 }), / ahead of /);
  });
});

test('TrafficMeter counts requests, bytes and payload', () => {
  const meter = new TrafficMeter();
  meter.countRequest(20);
  const before = meter.snapshot();
  meter.countRequest();
  meter.countBytes(7);
  meter.countFrame(50, 4);
  assert.deepEqual(before, { requests: 1, bytes: 320, payload: 0 });
  assert.deepEqual(meter.since(before), { requests: 1, bytes: 311, payload: 50 });
});

test('percentile returns one of the values, and null for an empty list', () => {
  assert.equal(percentile([], 0.5), null);
  assert.equal(percentile([5], 0.99), 5);
  assert.equal(percentile([30, 10, 20], 0.5), 20);
  assert.equal(percentile(Array.from({ length: 100 }, (_, index) => index), 0.99), 99);
});

test('formatMeasure shows a decimal only below ten', () => {
  assert.deepEqual([null, undefined, 0, 3, 3.14159, 12.7].map(formatMeasure), ['', '', '0', '3', '3.1', '13']);
});
