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
    assert.deepEqual(drafts.entries(), [['dev', 'for dev']]);
    assert.equal(drafts.switchTo('lobby', 'for dev'), '');
  });

  test('that was written before the first room belongs to the first room, unless this room has a draft', () => {
    assert.equal(new Drafts(null).switchTo('lobby', 'early'), null);
    assert.equal(new Drafts([['lobby', 'stored']]).switchTo('lobby', ''), 'stored');
  });

  test('stays if the server spells the name of the room in another way', () => {
    const drafts = new Drafts(null);
    drafts.switchTo('LOBBY', '');
    drafts.keep('hello');
    drafts.renameRoom('LOBBY', 'lobby');
    assert.equal(drafts.switchTo('lobby', 'hello'), null);
    assert.deepEqual(drafts.entries(), [['lobby', 'hello']]);
  });

  test('disappears when the input is empty', () => {
    const drafts = inLobby();
    drafts.keep('hello');
    drafts.keep(' ');
    assert.equal(drafts.entries(), null);
  });
});

describe('stored drafts', () => {
  test('return after the page was loaded again', () => {
    const before = inLobby();
    before.keep('for the lobby');
    before.switchTo('dev', 'for the lobby');
    before.keep('for dev');
    const after = new Drafts(JSON.parse(JSON.stringify(before.entries())));
    assert.equal(after.switchTo('dev', ''), 'for dev');
    assert.equal(after.switchTo('lobby', 'for dev'), 'for the lobby');
  });

  test('are gone after clear', () => {
    const drafts = inLobby([['lobby', 'a'], ['dev', 'b']]);
    drafts.clear();
    assert.equal(drafts.entries(), null);
  });

  for (const stored of [null, 'x', 5, {}, [], [null], [[]], [['a']], [[1, 'x']], [['a', 5]]]) {
    test(`of the form ${JSON.stringify(stored)} are ignored`, () => {
      const read = () => new Drafts(stored).entries();
      assert.equal(read(), null);
    });
  }
});
