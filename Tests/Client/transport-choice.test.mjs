import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TRANSPORT_ORDER, TransportChoice } from '../../Server/Web/client/transport-choice.mjs';

const create = (pin = null, remembered = null, order = TRANSPORT_ORDER) => new TransportChoice(order, pin, remembered);

describe('without a pin', () => {
  test('the first transport is the best one', () => {
    const choice = create();
    assert.equal(choice.current, 'ws');
    assert.equal(choice.best, 'ws');
    assert.equal(choice.canUpgrade, false);
    assert.equal(choice.hasAlternatives, true);
    assert.equal(choice.memory(), null);
  });

  test('two failures of a transport that has not worked change the transport', () => {
    const choice = create();
    assert.equal(choice.reportClose({}, null), false);
    assert.equal(choice.reportClose({}, null), true);
    assert.equal(choice.current, 'sse');
    assert.equal(choice.canUpgrade, true);
  });

  test('a transport that hangs is replaced immediately', () => {
    const choice = create();
    assert.equal(choice.reportClose({ hung: true }, null), true);
    assert.equal(choice.current, 'sse');
  });

  test('four short connections change the transport', () => {
    const choice = create();
    for (let i = 0; i < 3; i++) assert.equal(choice.reportClose({}, 1000), false);
    assert.equal(choice.reportClose({}, 1000), true);
  });

  test('a long connection resets the count of failures', () => {
    const choice = create();
    for (let i = 0; i < 3; i++) choice.reportClose({}, 1000);
    assert.equal(choice.reportClose({}, 31_000), false);
    assert.equal(choice.reportClose({}, 1000), false);
    assert.equal(choice.current, 'ws');
  });

  test('a buffering proxy rules out all streamed transports', () => {
    const choice = create();
    choice.reportClose({ hung: true }, null);
    assert.equal(choice.reportClose({ buffers: true }, null), true);
    assert.equal(choice.current, 'longpoll');
    assert.equal(choice.buffers, true);
    assert.deepEqual(choice.memory(), { transport: 'longpoll', buffers: true });
    choice.reportClose({ hung: true }, null);
    choice.reportClose({ hung: true }, null);
    assert.equal(choice.current, 'ws', 'the iframe is skipped, because it is a streamed transport');
    assert.equal(choice.rounds, 1);
  });

  test('the first transport follows the last one, and each pass through the list counts as a round', () => {
    const choice = create();
    const tried = TRANSPORT_ORDER.map(() => {
      choice.reportClose({ hung: true }, null);
      return choice.current;
    });
    assert.deepEqual(tried, ['sse', 'stream', 'longpoll', 'poll', 'iframe', 'ws']);
    assert.equal(choice.rounds, 1);
  });

  test('useBest returns to the best transport and resets the mark for a buffering proxy', () => {
    const choice = create(null, { transport: 'poll', buffers: true });
    choice.useBest();
    assert.equal(choice.current, 'ws');
    assert.equal(choice.buffers, false);
  });
});

describe('with a pin', () => {
  test('the pinned transport stays after any number of failures', () => {
    const choice = create('iframe');
    for (let i = 0; i < 20; i++) assert.equal(choice.reportClose({ hung: true }, null), false);
    assert.equal(choice.current, 'iframe');
    assert.equal(choice.hasAlternatives, false);
    assert.equal(choice.canUpgrade, false);
  });

  test('the choice still reports that a proxy buffers', () => {
    const choice = create('sse');
    choice.reportClose({ buffers: true }, null);
    assert.equal(choice.buffers, true);
    assert.equal(choice.current, 'sse');
  });

  test('the choice returns to the best transport when the pin is removed', () => {
    const choice = create('poll');
    choice.setPin(null);
    assert.equal(choice.current, 'ws');
    assert.equal(choice.pin, null);
  });
});

describe('with a memory of an earlier visit', () => {
  test('the choice starts with the remembered transport', () => {
    assert.equal(create(null, { transport: 'longpoll', buffers: true }).current, 'longpoll');
  });

  test('an unknown transport is ignored', () => assert.equal(create(null, { transport: 'pigeon', buffers: false }).current, 'ws'));

  test('a pin has priority', () => assert.equal(create('sse', { transport: 'longpoll', buffers: false }).current, 'sse'));
});

test('a page with only one transport keeps it', () => {
  const choice = create(null, null, ['ws']);
  assert.equal(choice.hasAlternatives, false);
  assert.equal(choice.reportClose({ hung: true }, null), false);
  assert.equal(choice.current, 'ws');
});
