import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lineOfHint } from '../../Server/Web/client/hints.mjs';
import { parseInput } from '../../Server/Web/client/typed-input.mjs';

const line = (hint) => lineOfHint(typeof hint === 'string' ? hint : JSON.stringify(hint));

describe('lineOfHint', () => {
  for (const [hint, expected] of [
    [{ type: 'join', room: 'lobby' }, '/join lobby'],
    [{ type: 'join', room: '20' }, '/join #20'],
    [{ type: 'create', room: 'attic' }, '/create attic'],
    [{ type: 'create', room: 'attic', topic: 'old things' }, '/create attic old things'],
    [{ type: 'create', room: 'attic', private: true }, '/create-private attic'],
    [{ type: 'rooms' }, '/rooms'],
    [{ type: 'leave', room: 'dev' }, '/leave dev'],
    [{ type: 'history', room: 'dev' }, '/history dev'],
    [{ type: 'nick', name: 'ann2' }, '/nick ann2'],
    [{ type: 'whoami' }, '/whoami'],
    [{ type: 'help', id: 1 }, '/help'],
    [{ type: 'hello', name: 'ann' }, '/hello ann'],
    [{ type: 'hello', session: 't0k3n' }, '/session t0k3n'],
    [{ type: 'login', name: 'ann', password: 'a long one' }, '/login ann a long one'],
  ]) {
    test(`${JSON.stringify(hint)} is ${expected}`, () => {
      assert.deepEqual(line(hint), { line: expected, room: undefined });
      assert.notEqual(parseInput(expected, true, 1000).kind, 'say', 'the page would publish the password');
    });
  }

  test('a hint that is a command line stays as it is', () => assert.deepEqual(line('/join lobby'), { line: '/join lobby' }));

  test('a hint with a say frame becomes the text of the message, for the room of the frame', () => {
    assert.deepEqual(line({ type: 'say', text: 'hi all', room: 'dev' }), { line: 'hi all', room: 'dev' });
    assert.deepEqual(line({ type: 'say', text: '/hi' }), { line: '//hi', room: undefined });
    assert.deepEqual(line({ type: 'say', text: 'waves', me: true, room: 'dev' }), { line: '/me waves', room: 'dev' });
    assert.deepEqual(line({ type: 'say', text: 'yes', reply: 4 }), { line: '/reply 4 yes', room: undefined });
    assert.deepEqual(line({ type: 'topic', text: 'tea', room: 'dev' }), { line: '/topic tea', room: 'dev' });
  });

  for (const hint of [
    '[{"type":"ping"},"/help"]', '{"text":"x"}', '{"type":', { type: 'from-the-future' }, { type: 'toString' }, { type: 'join', room: 'lobby', after: 5 },
    { type: 'join', room: 'a\nb' }, { type: 'say', text: 'x', files: ['y'] }, { type: 'nick', name: null },
  ]) {
    test(`${typeof hint === 'string' ? hint : JSON.stringify(hint)} can’t become a line`, () => assert.equal(line(hint), null));
  }
});
