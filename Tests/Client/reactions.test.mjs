import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mentionsUser } from '../../Server/Web/client/mentions.mjs';
import { hiddenReactions, shownReactions } from '../../Server/Web/client/reactions.mjs';
import { createRows } from '../../Server/Web/client/rows.mjs';
import { ANN, BOB, change, inLobby, lobby, message, receive, WHOLE } from './support.mjs';

const people = (count) => Array.from({ length: count }, (_, index) => ({ user: `u-${index}`, name: `p${index}` }));

describe('reactions', () => {
  test('list the names of the people, with this user at the end', () => {
    assert.deepEqual(shownReactions(new Map([['👍', [ANN, BOB]], ['🎉', [BOB]]]), ANN.user), [
      { emoji: '👍', count: 2, isOwn: true, names: 'bob and you' }, { emoji: '🎉', count: 1, isOwn: false, names: 'bob' },
    ]);
  });
  test('list at most twelve names, and the number of the others', () => assert.match(shownReactions(new Map([['👍', people(15)]]), 'u-14')[0].names, /p11, you and 2 more$/));
  test('isolate names that are written from right to left', () => assert.equal(shownReactions(new Map([['👍', [{ user: 'x', name: 'שלום' }]]]), '')[0].names, '\u2068שלום\u2069'));
  test('show at most 24 emoji, and the number of the others', () => {
    const many = new Map(Array.from({ length: 30 }, (_, index) => [`e${index}`, [BOB]]));
    assert.deepEqual([shownReactions(many, '').length, hiddenReactions(many), hiddenReactions(undefined)], [24, 6, 0]);
  });
});

describe('mentionsUser', () => {
  test('uses the list of mentions if the server sends one', () => {
    assert.equal(mentionsUser({ text: 'hi', mentions: [ANN.user] }, ANN), true);
    assert.equal(mentionsUser({ text: 'hi', mentions: ['here'] }, ANN), true);
    assert.equal(mentionsUser({ text: 'ann, hi', mentions: [BOB.user] }, ANN), false);
  });
  test('searches the text for the name if the server sends no mentions', () => assert.equal(mentionsUser({ text: 'ann, hi' }, ANN), true));
  test('is false without a user', () => assert.equal(mentionsUser({ text: 'hi', mentions: ['here'] }, null), false));
});

describe('a quote', () => {
  const quoteAfter = (...events) => {
    const state = events.reduce((before, event) => receive(before, event), inLobby([message(1, 'first'), message(2, 'yes', ANN, { reply: 1 })]));
    return createRows(lobby(state), [], WHOLE, ANN, 0).at(-1).label;
  };
  test('shows the new text after an edit', () => assert.equal(quoteAfter(change('edited', 3, 1, { text: 'second' })), 'bob: second'));
  test('does not show a deleted text', () => assert.equal(quoteAfter(change('deleted', 3, 1)), 'bob: deleted'));
});
