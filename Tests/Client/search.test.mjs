import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markedPieces, queryOf } from '../../Server/Web/client/search.mjs';
import { inLobby, message, receive } from './support.mjs';

const results = (query, messages, before) => ({ type: 'results', query, messages, ...before && { before } });

test('the answer to a search replaces what the last search has found', () => {
  const first = receive(inLobby(), results('keys', [message(7), message(5)], 99));
  assert.deepEqual([first.found.query, first.found.messages.map(({ seq }) => seq), first.found.before], ['keys', [7, 5], 99]);
  const second = receive(first, results('lock', []));
  assert.deepEqual(second.found, { query: 'lock', messages: [], before: null });
});

test('the next page of a search is added after the messages that were found before', () => {
  const request = { kind: 'search', before: 99 };
  const first = receive(inLobby(), results('keys', [message(7), message(5)], 99), { request: { kind: 'search' } });
  assert.deepEqual(receive(first, results('keys', [message(3)]), { request }).found.messages.map(({ seq }) => seq), [7, 5, 3]);
  assert.deepEqual(receive(receive(first, results('lock', [])), results('keys', [message(3)]), { request }).found.messages.map(({ seq }) => seq), [3]);
});

test('a query finds the longer words that begin with a word of three letters', () => {
  assert.equal(queryOf(' lost ke keys '), 'lost* ke keys*');
  assert.equal(queryOf('東京都 Größe'), '東京都* Größe*');
  assert.equal(queryOf('"lost keys" from:"ann smith jones" in:#lobby lost-keys key*'), '"lost keys" from:"ann smith jones" in:#lobby lost-keys key*');
});

test('a query contains the fields of the dialog', () => {
  const iso = (...parts) => new Date(...parts).toISOString();
  assert.equal(queryOf('keys', { room: 'den', author: 'ann smith', since: '2026-11-30', until: '2026-11-30', hasFile: true }),
    `keys* in:den from:"ann smith" after:${iso(2026, 10, 30)} before:${iso(2026, 11, 1)} has:file`);
  assert.equal(queryOf('', { room: '', author: '', since: '', until: '', hasFile: false }), '');
  assert.equal(queryOf('', { author: 'ann' }), 'from:"ann"');
  assert.equal(queryOf('', { since: '12345-01-01' }), 'after:12345-01-01', 'the server explains what is wrong');
});

test('the result has the text that the person has typed', () => {
  const state = receive(inLobby(), results('keys* in:den', [message(7)], 99), { request: { kind: 'search', query: 'keys' } });
  assert.equal(state.found.query, 'keys');
  assert.deepEqual(receive(state, results('keys* in:den', [message(3)]), { request: { kind: 'search', query: 'keys', before: 99 } }).found.messages.map(({ seq }) => seq), [7, 3]);
});

test('a search leaves the logs of the rooms unchanged', () => {
  const state = inLobby();
  const next = receive(state, results('keys', [message(700)]));
  assert.equal(next.rooms, state.rooms);
});

test('a snippet is split at its marks', () => {
  assert.deepEqual(markedPieces({ text: 'my lost keys', marks: [[3, 4], [8, 4]] }), [['my ', false], ['lost', true], [' ', false], ['keys', true]]);
  assert.deepEqual(markedPieces({ text: 'no mark', marks: [] }), [['no mark', false]]);
  assert.deepEqual(markedPieces({ text: '', marks: [] }), []);
});

test('marks that do not fit into the text are ignored', () => {
  assert.deepEqual(markedPieces({ text: 'keys', marks: [[2, 9], [0, 2], [1, 2], [2, 0]] }), [['ke', true], ['ys', false]]);
});
