import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { EventBatches } from '../../Server/Web/client/event-batches.mjs';
import { applyLogEvents } from '../../Server/Web/client/state.mjs';
import { ANN, inLobby, lobby, message, messages, outboxItem, receive, textsOf, withOutbox } from './support.mjs';

let now, applied, frames, batches;
const events = (from, to) => messages(from, to);
const nextFrame = () => { for (const work of frames.splice(0)) work(); };

beforeEach(() => {
  [now, applied, frames] = [1_000, [], []];
  batches = new EventBatches((batch) => applied.push(batch.map(({ seq }) => seq)), (work) => () => { if (!frames.includes(work)) frames.push(work); }, () => now);
});

test('an event after a silence is applied immediately', () => {
  batches.add(message(1, 'a'));
  now += 100;
  batches.add(message(2, 'b'));
  assert.deepEqual(applied, [[1], [2]]);
});

test('events in quick succession are applied together in the next animation frame', () => {
  for (const event of events(1, 5)) batches.add(event);
  assert.deepEqual(applied, [[1]]);
  nextFrame();
  assert.deepEqual(applied, [[1], [2, 3, 4, 5]]);
  assert.equal(frames.length, 0);
});

test('18,000 events are applied in batches, one batch in each animation frame', () => {
  for (const event of events(1, 18_000)) batches.add(event);
  let count = 0;
  while (frames.length) {
    nextFrame();
    count += 1;
  }
  assert.equal(count, 18);
  assert.ok(applied.every((batch) => batch.length <= 1_000));
  assert.deepEqual(applied.flat(), Array.from({ length: 18_000 }, (_, index) => index + 1));
});

test('flush applies all waiting events', () => {
  for (const event of events(1, 2_500)) batches.add(event);
  batches.flush();
  assert.equal(applied.flat().length, 2_500);
  nextFrame();
  assert.equal(applied.flat().length, 2_500);
});

test('a batch has the same effect on the state as its events applied one by one', () => {
  const start = withOutbox(inLobby(), outboxItem('1', { text: 'mine', attempted: true }));
  const batch = [message(1, 'a'), message(2, 'ann, look'), message(3, 'mine', ANN), { ...message(4, 'elsewhere'), room: 'other' }];
  const context = { watching: null, at: '' };
  const oneByOne = batch.reduce((state, event) => receive(state, event, context), start);
  const together = applyLogEvents(start, batch, context);
  assert.deepEqual(together, oneByOne);
  assert.deepEqual([textsOf(together), lobby(together).mentions, together.outbox[0].echo], [['a', 'ann, look', 'mine'], 1, 3]);
});
