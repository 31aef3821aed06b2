import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseInput } from '../../Server/Web/client/typed-input.mjs';

const parse = (text, { inRoom = true, maxLength = 100 } = {}) => parseInput(text, inRoom, maxLength);
const isError = (text, words) => {
  const parsed = parse(text);
  assert.equal(parsed.kind, 'error');
  assert.match(parsed.text, words);
};

describe('messages', () => {
  test('any text is a message', () => assert.deepEqual(parse('hello\nworld'), { kind: 'say', text: 'hello\nworld', me: false }));
  test('two slashes start a message that begins with one slash', () => assert.deepEqual(parse('//join is a command'), { kind: 'say', text: '/join is a command', me: false }));
  test('/me is an action', () => assert.deepEqual(parse('/ME waves'), { kind: 'say', text: 'waves', me: true }));
  test('a text of several lines that starts with a slash is a message', () => assert.equal(parse('/etc/passwd\n/etc/hosts').kind, 'say'));
  test('JSON without secrets is a message', () => assert.equal(parse('{"type":"ping"}').kind, 'say'));
  test('a message that is too long is an error', () => {
    isError('x'.repeat(101), /101 characters long/);
    assert.equal(parse('x'.repeat(100)).kind, 'say');
    assert.equal(parse(`/me ${'x'.repeat(100)}`).kind, 'say');
  });
  test('outside of a room a message is an error', () => {
    assert.deepEqual(parse('hello', { inRoom: false }), { kind: 'error', text: 'Join a room first.' });
  });
});

describe('commands', () => {
  test('a line with a slash goes to the server', () => {
    for (const line of ['/join attic', '/help', '/rooms x', '/me', '/unknown']) assert.deepEqual(parse(line), { kind: 'line', line });
  });
  test('outside of a room an action goes to the server', () => assert.equal(parse('/me waves', { inRoom: false }).kind, 'line'));
  test('/leave and /part leave a room', () => {
    assert.deepEqual(parse('/leave'), { kind: 'leave', room: '' });
    assert.deepEqual(parse('/part #attic '), { kind: 'leave', room: 'attic' });
  });
  test('/logout, /quit and /exit log out', () => {
    for (const line of ['/logout', '/Quit', '/exit now']) assert.deepEqual(parse(line), { kind: 'logout' });
  });
  test('/format is an error, because it is for terminals only', () => isError('/format text', /terminals/));
});

describe('signing in', () => {
  test('/login and /register take a name and a password', () => {
    assert.deepEqual(parse('/login ann open sesame'), { kind: 'signIn', frame: { type: 'login', name: 'ann', password: 'open sesame' } });
    assert.deepEqual(parse('/Register ann secret'), { kind: 'signIn', frame: { type: 'register', name: 'ann', password: 'secret' } });
  });
  test('/session and /resume take a token', () => {
    for (const line of ['/session t0k3n', '/resume t0k3n']) assert.deepEqual(parse(line), { kind: 'signIn', frame: { type: 'hello', session: 't0k3n' } });
  });
  test('spaces before and after a command are ignored', () => assert.equal(parse('  /login ann secret ').kind, 'signIn'));
  test('a missing or additional argument is an error that shows the usage', () => {
    isError('/login', /^Usage: \/login name password$/);
    isError('/login ann', /^Usage: \/login name password$/);
    isError('/session a b', /^Usage: \/session token$/);
    isError('/resume', /^Usage: \/session token$/);
  });
  test('/login is an error if more lines follow', () => isError('/login ann secret\nhello', /must be alone/));
  test('a word that only begins like a command is not a command', () => assert.equal(parse('/loginx ann secret').kind, 'line'));
});

describe('frames with secrets', () => {
  for (const text of [
    '{"type":"login","name":"ann","password":"secret"}',
    '{"type":"hello","session":"t0k3n"}',
    'look:\n{"type":"register","password":"secret"}\n',
    '{"password":null}',
  ]) {
    test(`${JSON.stringify(text)} is not sent`, () => isError(text, /password or a session token/));
  }
});
