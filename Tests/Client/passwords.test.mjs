import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { passwordErrorWords, passwordFault } from '../../Server/Web/client/passwords.mjs';

describe('a change of the password', () => {
  test('needs the current password', () => assert.equal(passwordFault('', 'a long password')?.field, 'old'));

  test('needs a new password of 8 to 256 characters, as the server counts them', () => {
    for (const next of ['', '7 chars', '😀'.repeat(7), 'x'.repeat(257)]) {
      assert.deepEqual(passwordFault('old', next), { field: 'next', words: 'A password has 8 to 256 characters.' }, next);
    }
    for (const next of ['8 chars.', '😀'.repeat(8), '😀'.repeat(256)]) assert.equal(passwordFault('old', next), null, next);
  });

  test('fails with bad-password only if the current password is wrong', () => {
    assert.equal(passwordErrorWords({ type: 'error', code: 'bad-password', text: 'the old password is wrong' }), 'The current password is wrong.');
    assert.equal(passwordErrorWords({ type: 'error', code: 'not-allowed', text: 'your account has no password here' }), 'Your account has no password here.');
  });
});
