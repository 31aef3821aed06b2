import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withoutDirectionControls } from '../../Server/Web/client/direction.mjs';
import { openQuestion, planStart, questionWords } from '../../Server/Web/client/link.mjs';

const PLACE = { user: 'u-ann', name: 'ann', enteredAs: 'Anna', rooms: ['lobby', 'dev'], current: 'dev' };
const ANN = { user: 'u-ann', name: 'ann', guest: true };

describe('a browser that has stored no place', () => {
  test('enters the room of a link that has a name', () => assert.deepEqual(planStart({ name: 'ann', room: 'den' }, null, null), { kind: 'enter' }));
  test('enters the room of a link that has the name of the session', () => assert.deepEqual(planStart({ name: 'Ann', room: 'den' }, null, 'ann'), { kind: 'enter' }));
  test('shows the form if its session has another name', () => assert.deepEqual(planStart({ name: 'eve', room: 'den' }, null, 'ann'), { kind: 'form' }));
  test('shows the form if the link has no name or no room', () => {
    assert.deepEqual(planStart({ room: 'den' }, null, null), { kind: 'form' });
    assert.deepEqual(planStart({ name: 'ann' }, null, null), { kind: 'form' });
  });
});

describe('a browser that has stored a place', () => {
  test('restores the place', () => assert.deepEqual(planStart({}, PLACE, 'ann'), { kind: 'restore', show: 'dev', question: null }));
  test('shows a room of the link in which the person is', () => assert.deepEqual(planStart({ name: 'ann', room: 'Lobby' }, PLACE, 'ann'), { kind: 'restore', show: 'lobby', question: null }));
  test('asks before it joins another room', () => assert.deepEqual(planStart({ room: 'den' }, PLACE, 'ann'), { kind: 'restore', show: 'dev', question: { name: null, room: 'den' } }));
  test('asks before it renames the person', () => assert.deepEqual(planStart({ name: 'eve', room: 'dev' }, PLACE, 'ann'), { kind: 'restore', show: 'dev', question: { name: 'eve', room: null } }));
  test('does not ask if the link has the name with which the person entered', () => assert.equal(planStart({ name: 'anna', room: 'dev' }, PLACE, 'ann').question, null));
});

describe('the question', () => {
  test('mentions only what the link would change', () => {
    assert.deepEqual(openQuestion({ name: 'eve', room: 'den' }, ANN, ['den']), { name: 'eve', room: null });
    assert.deepEqual(openQuestion({ name: 'ann', room: 'den' }, ANN, ['lobby']), { name: null, room: 'den' });
    assert.equal(openQuestion({ name: 'ann', room: 'den' }, ANN, ['Den']), null);
  });
  test('never asks to rename an account', () => assert.equal(openQuestion({ name: 'eve', room: null }, { ...ANN, guest: false }, []), null));

  const words = (question) => Object.values(questionWords(question, ANN)).map((text) => text && withoutDirectionControls(text));
  test('names the room and both names', () => {
    assert.equal(words({ name: null, room: 'den' })[0], 'Join #den?');
    assert.equal(words({ name: 'eve', room: null })[0], 'Change your name to eve?');
    const [title, text, yes, keep] = words({ name: 'eve', room: 'den' });
    assert.equal(title, 'Join #den as eve?');
    assert.match(text, /You are ann now/);
    assert.deepEqual([yes, keep], ['Join as eve', 'Join as ann']);
  });
});
