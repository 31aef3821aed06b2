import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Drafts } from '../../Server/Web/client/drafts.mjs';

/** Creates the drafts of a person who is in the lobby. */
function inLobby(stored = null) {
  const drafts = new Drafts(stored);
  drafts.switchTo('lobby', '');
  return drafts;
}

describe('a draft', () => {
  test('stays in its room when the person opens another room', () => {
    const drafts = inLobby();
    assert.equal(drafts.switchTo('dev', 'for the lobby'), '');
    assert.equal(drafts.switchTo('lobby', 'for dev'), 'for the lobby');
    assert.equal(drafts.switchTo('dev', 'for the lobby'), 'for dev');
  });

  test('stays in its room when the person leaves the last room', () => {
    const drafts = inLobby();
    assert.equal(drafts.switchTo(null, 'for the lobby'), '');
    assert.equal(drafts.switchTo('lobby', ''), 'for the lobby');
  });

  test('moves to the room that a typed command opens', () => {
    const drafts = inLobby([['dev', 'older']]);
    assert.equal(drafts.switchTo('dev', 'for dev', true), null);
    assert.deepEqual(drafts.entriesWith(null), [['dev', 'for dev']]);
    assert.equal(drafts.switchTo('lobby', 'for dev'), '');
  });

  test('moves to the first room if the page was in no room before, unless this room has a draft', () => {
    assert.equal(new Drafts(null).switchTo('lobby', 'early'), null);
    assert.equal(new Drafts([['lobby', 'stored']]).switchTo('lobby', ''), 'stored');
  });

  test('stays if the server spells the name of the room in another way', () => {
    const drafts = new Drafts(null);
    drafts.switchTo('LOBBY', '');
    drafts.keep('hello');
    drafts.renameRoom('LOBBY', 'lobby');
    assert.equal(drafts.switchTo('lobby', 'hello'), null);
    assert.deepEqual(drafts.entriesWith(null), [['lobby', 'hello']]);
  });

  test('disappears when the input is empty', () => {
    const drafts = inLobby();
    drafts.keep('hello');
    drafts.keep(' ');
    assert.equal(drafts.entriesWith(null), null);
  });
});

describe('a draft of another tab', () => {
  test('appears in the input of its room', () => {
    const drafts = inLobby([['lobby', 'old']]);
    assert.equal(drafts.adopt([['lobby', 'new'], ['dev', 'x']], false), 'new');
    assert.equal(drafts.adopt([['lobby', 'new']], false), null, 'nothing has changed');
    assert.equal(drafts.adopt(null, false), '', 'the other tab has sent the draft');
    assert.equal(drafts.hasChanged, false, 'this tab has no change to store');
  });

  test('of another room appears when the person opens that room', () => {
    const drafts = inLobby();
    assert.equal(drafts.adopt([['dev', 'x']], false), null);
    assert.equal(drafts.switchTo('dev', ''), 'x');
  });

  test('never replaces what the person is writing', () => {
    const drafts = inLobby();
    drafts.keep('mine');
    assert.equal(drafts.adopt([['lobby', 'other']], false), null, 'the draft is not stored yet');
    assert.deepEqual(drafts.entriesWith([['lobby', 'other']]), [['lobby', 'mine']]);
    assert.equal(drafts.adopt([['lobby', 'other']], true), null);
    assert.equal(drafts.of('lobby'), 'mine');
  });
});

describe('stored drafts', () => {
  test('return after the page was loaded again', () => {
    const before = inLobby();
    before.keep('for the lobby');
    before.switchTo('dev', 'for the lobby');
    before.keep('for dev');
    const after = new Drafts(JSON.parse(JSON.stringify(before.entriesWith(null))));
    assert.equal(after.switchTo('dev', ''), 'for dev');
    assert.equal(after.switchTo('lobby', 'for dev'), 'for the lobby');
  });

  test('of other rooms stay when this tab stores its drafts', () => {
    const drafts = inLobby();
    drafts.keep('mine');
    assert.deepEqual(drafts.entriesWith([['dev', 'of another tab'], ['lobby', 'older']]), [['dev', 'of another tab'], ['lobby', 'mine']]);
    drafts.keep('');
    assert.deepEqual(drafts.entriesWith([['dev', 'of another tab'], ['lobby', 'mine']]), [['dev', 'of another tab']]);
    assert.equal(drafts.hasChanged, false);
  });

  test('are gone after clear', () => {
    const drafts = inLobby([['lobby', 'a'], ['dev', 'b']]);
    drafts.clear();
    assert.equal(drafts.entriesWith(null), null);
  });

  for (const stored of [null, 'x', 5, {}, [], [null], [[]], [['a']], [[1, 'x']], [['a', 5]]]) {
    test(`of the form ${JSON.stringify(stored)} are ignored`, () => {
      const read = () => new Drafts(null).entriesWith(stored);
      assert.equal(read(), null);
    });
  }
});
