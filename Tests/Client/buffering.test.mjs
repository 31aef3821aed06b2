import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROBES, judgeProbes } from '../../Server/Web/client/buffering.mjs';

const probes = (...arrived) => arrived.map((time, index) => ({ sent: 1_000 + index * 150, arrived: time }));

test('probes count as not buffered if they arrive as far apart as the server sent them', () => {
  assert.equal(PROBES, 3);
  assert.equal(judgeProbes(probes(0, 150, 300), 20), 'direct');
});

test('probes that arrive together count as buffered', () => assert.equal(judgeProbes(probes(2000, 2000, 2001), 20), 'buffered'));

test('probes count as buffered if they arrive within less than half the time that the server took to send them', () => {
  assert.equal(judgeProbes(probes(0, 70, 149), 20), 'buffered');
  assert.equal(judgeProbes(probes(0, 70, 151), 20), 'direct');
});

test('probes do not count as buffered if the page itself was busy', () => assert.equal(judgeProbes(probes(2000, 2000, 2001), 200), 'unknown'));
