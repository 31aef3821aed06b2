// Foreign text (names, rooms, topics, messages) does not change the direction of the text around it.

import assert from 'node:assert/strict';
import { after, describe, mock, test } from 'node:test';
import { errorWords } from '../../Server/Web/client/formatting.mjs';
import { notificationOf } from '../../Server/Web/client/notification.mjs';
import { presenceText } from '../../Server/Web/client/presence.mjs';
import { createRows } from '../../Server/Web/client/rows.mjs';
import { startPage } from './fake-page.mjs';
import { ANN, at, inLobby, lobby, message, noticesOf, receive, roomWith, WHOLE } from './support.mjs';

const HEBREW = 'שלום';
const SHALOM = { user: 'u-shalom', name: HEBREW };
const ISOLATED = `\u2068${HEBREW}\u2069`;
const OVERRIDE = '\u202E';

describe('the texts of the page isolate', () => {
  const lastText = (state) => noticesOf(state).at(-1).text;

  test('the name in a welcome', () => assert.equal(lastText(receive(inLobby(), { type: 'welcome', ...SHALOM, guest: true })), `You are ${ISOLATED}, a guest.`));
  test('the names of members', () => assert.equal(lastText(receive(inLobby(), { type: 'who', room: 'lobby', members: [SHALOM, ANN], memberCount: 2 })), `2 here: ann, ${ISOLATED}`));
  test('the names of people who join, and new names', () => {
    assert.equal(presenceText([{ ...SHALOM, what: 'joined' }, { ...ANN, what: 'joined' }]), `${ISOLATED}, ann joined`);
    assert.equal(presenceText([{ ...SHALOM, what: 'renamed', was: 'ann' }]), `ann is now ${ISOLATED}`);
  });
  test('names and texts of the history', () => {
    const frame = { type: 'history', room: 'lobby', messages: [message(3, `${OVERRIDE}${HEBREW}`, SHALOM)] };
    assert.ok(lastText(receive(inLobby(), frame)).endsWith(`${ISOLATED}: ${ISOLATED}`));
  });
  test('the name and the text in a quote', () => {
    const rows = createRows(roomWith([message(1, `${HEBREW} 1`, SHALOM), message(2, 'yes', ANN, { reply: 1 })]), [], WHOLE, ANN, 0);
    assert.equal(rows.at(-1).label, `${ISOLATED}: \u2068${HEBREW} 1\u2069`);
  });
  test('the name in a notification', () => {
    const { title, body } = notificationOf(message(3, `${OVERRIDE}a`, SHALOM), roomWith([]), ANN);
    assert.deepEqual([title, body], [`${ISOLATED} in #lobby`, 'a']);
  });
  test('no part of an error text: the page only removes the characters that change the direction', () => {
    assert.equal(lastText(receive(inLobby(), { type: 'error', code: 'x', text: `no "${OVERRIDE}abc"` })), 'no "abc"');
    assert.equal(errorWords({ type: 'error', text: `no "${OVERRIDE}abc"` }), 'No "abc".');
  });
});

describe('in the page', async () => {
  after(() => mock.timers.reset());
  let page;

  test('no text and no attribute contains a character that changes the direction', async () => {
    page = await startPage({ address: 'http://chat.test/?name=ann&room=lobby' });
    page.receive({ type: 'welcome', ...ANN, guest: true, session: '' });
    const id = page.sent.find(({ type }) => type === 'join').id;
    const topic = `tea${OVERRIDE} at five`;
    page.receive({
      type: 'joined', room: 'lobby', epoch: 'e1', seq: 4, topic, members: [ANN, SHALOM], memberCount: 2, id, messages: [
        { type: 'topic', seq: 1, at: at(1), from: SHALOM, text: topic },
        message(2, `photo_${OVERRIDE}gpj.exe`, SHALOM), message(3, `see \`${OVERRIDE}x\` http://a.test/${OVERRIDE}b`), message(4, 'yes', ANN, { reply: 2 }),
      ],
    });
    page.receive({ type: 'rooms', id: page.sent.find(({ type }) => type === 'rooms').id, rooms: [{ room: HEBREW, topic }] });
    page.$('open-directory').dispatchEvent(new Event('click'));
    page.type('#');
    await page.settle();
    const places = ['log', 'room-list', 'members', 'room-name', 'topic', 'directory-list', 'suggestions', 'account-title', 'my-name'];
    const nodes = places.flatMap((place) => [page.$(place), ...page.$(place).find(() => true)]);
    for (const node of nodes) for (const text of [node.textContent, ...node.attributes.values(), node.title ?? '']) assert.doesNotMatch(text, /[\u202A-\u202E\u2066\u2067]/);
    assert.match(page.$('log').textContent, /photo_gpj\.exe/);
  });

  test('names, rooms and topics are in their own elements, so their direction does not change the text beside them', () => {
    const isolates = (place) => page.$(place).find(({ tag }) => tag === 'bdi').map(({ textContent }) => textContent);
    assert.deepEqual(isolates('room-list'), ['lobby']);
    assert.deepEqual(isolates('room-name'), ['lobby']);
    assert.deepEqual(isolates('members'), ['ann', HEBREW]);
    assert.deepEqual(isolates('directory-list'), [HEBREW, 'tea at five']);
    assert.deepEqual(isolates('suggestions'), [`#${HEBREW}`, 'tea at five']);
    assert.ok(isolates('log').includes('tea at five'), 'the log isolates the topic, which is beside its time');
    assert.equal(page.$('members').find(({ tag }) => tag === 'li')[1].attributes.get('title'), ISOLATED);
  });
});
