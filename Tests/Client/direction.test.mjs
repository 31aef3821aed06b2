import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isolated, withoutDirectionControls } from '../../Server/Web/client/direction.mjs';

test('withoutDirectionControls removes embeddings, overrides and isolates', () => {
  assert.equal(withoutDirectionControls('a\u202Ab\u202Bc\u202Cd\u202De\u202Ef\u2066g\u2067h\u2068i\u2069'), 'abcdefghi');
});

test('isolated encloses text that is written from right to left', () => {
  for (const text of ['שלום', 'مرحبا', 'abc א', 'a\u200Fb']) assert.equal(isolated(text), `\u2068${text}\u2069`);
});

test('isolated does not change other text', () => {
  for (const text of ['', 'ann', '李雷', 'Ωmega', '🦊', 'a\uFEFFb']) assert.equal(isolated(text), text);
});

test('isolated removes characters that would end the isolate too early', () => assert.equal(isolated('\u202Eא\u2069b'), '\u2068אb\u2069'));
