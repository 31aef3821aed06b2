import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { transportReason, transportReasonWords } from '../../Server/Web/client/connection-text.mjs';
import { Diagnostics, frameText, MAX_EVENTS, MAX_FRAMES } from '../../Server/Web/client/diagnostics.mjs';
import { serverWords } from '../../Server/Web/client/direction.mjs';
import { inEnglish, t, useLanguage } from '../../Server/Web/client/language.mjs';
import { parseInput } from '../../Server/Web/client/typed-input.mjs';
import { suggestionsFor } from '../../Server/Web/client/suggestions.mjs';
import { switcherItems } from '../../Server/Web/client/switcher.mjs';
import { at, inLobby, joined, message, NOON } from './support.mjs';

const FACTS = { at: NOON, address: 'https://chat.test/', browser: 'Browser 1', language: 'en', state: 'online', transport: 'ws', why: 'best', rooms: 1, pending: 0, failed: 0 };
const SECRET = 'S3cr3t-value';

/** All frames of both directions that can contain a token, a password or another secret. */
const SECRET_FRAMES = [
  { type: 'hello', session: SECRET }, { type: 'hello', jwt: SECRET }, { type: 'login', name: 'ann', password: SECRET }, { type: 'register', name: 'ann', password: SECRET },
  { type: 'password', old: SECRET, new: SECRET }, { type: 'tokens', do: 'create', room: 'lobby', name: SECRET }, { type: 'webhook', do: 'set', room: 'lobby', url: `https://hooks.test/${SECRET}` },
  { type: 'push', do: 'add', endpoint: `https://push.test/${SECRET}`, keys: { p256dh: SECRET, auth: SECRET } }, { type: 'push', auth: SECRET, p256dh: SECRET },
  { type: 'welcome', session: SECRET, user: 'u-1', name: 'ann', guest: true, server: 'RawSocketChat 1', rooms: [SECRET], limits: { textLength: 8000 } },
  { type: 'tokens', do: 'create', room: 'lobby', name: 'build', token: SECRET, tokens: [{ name: SECRET, token: SECRET }] }, { type: 'webhook', do: 'set', room: 'lobby', url: `https://a.test/${SECRET}`, secret: SECRET },
  { type: 'say', room: 'lobby', text: SECRET, id: 'm1' }, { type: 'edit', seq: 1, text: SECRET }, { type: 'search', query: SECRET }, { type: 'topic', text: SECRET }, { type: 'dm', to: SECRET, text: SECRET },
  message(1, SECRET, { user: 'u-1', name: SECRET }, { files: [{ id: SECRET, name: SECRET }], mentions: [SECRET] }), { type: 'edited', room: 'lobby', seq: 2, of: 1, text: SECRET, from: { user: 'u', name: SECRET } },
  joined(2, [message(1, SECRET)], { topic: SECRET, with: { user: 'u', name: SECRET }, members: [{ user: 'u', name: SECRET }] }), { type: 'results', query: SECRET, messages: [message(1, SECRET)] },
  { type: 'error', code: 'bad-password', text: `"${SECRET}" is wrong`, hint: `/login ann ${SECRET}`, id: 'x' }, { type: 'presence', room: 'lobby', user: 'u', name: SECRET, was: SECRET, state: 'renamed' },
  { type: 'newer', anything: SECRET, list: [SECRET], inner: { password: SECRET, secret: { session: { token: { deep: SECRET } } } } },
];
const SECRET_LINES = [
  `/login ann ${SECRET}`, `/register ann ${SECRET}`, `/session ${SECRET}`, `/password ${SECRET} ${SECRET}`, `/nick ${SECRET}`, `/msg bob ${SECRET}`, SECRET, `//${SECRET}`, `/${SECRET}`, ` /login ann ${SECRET}`, `/login\tann ${SECRET}`,
  `{"type":"login","password":"${SECRET}"}`, `{"type":"login","password":"${SECRET}`,
];

describe('the report', () => {
  test('contains no secret, no message and no name, whatever was sent and received', () => {
    for (const frame of SECRET_FRAMES) {
      const diagnostics = new Diagnostics();
      diagnostics.sent(JSON.stringify(frame), NOON, 0);
      diagnostics.received(frame, NOON, 0);
      const report = diagnostics.report(FACTS);
      assert.ok(!report.includes(SECRET), report);
      assert.ok(report.includes(`"type":"${frame.type}"`), report);
      assert.ok(!JSON.stringify([diagnostics.events, diagnostics.server]).includes(SECRET));
    }
    for (const line of SECRET_LINES) {
      const diagnostics = new Diagnostics();
      diagnostics.sent(line, NOON, 0);
      assert.ok(!diagnostics.report(FACTS).includes(SECRET), line);
    }
  });

  test('shows the parts of a frame that a developer needs', () => {
    assert.equal(frameText(joined(2, [message(1, 'hi')], { id: 'j1' })), '{"type":"joined","room":"lobby","epoch":"e1","seq":2,"role":"member","members":"2 items","memberCount":2,"messages":"1 items","id":"j1"}');
    assert.equal(frameText({ type: 'error', code: 'rate-limited', retryAfterMs: 200, text: 'slowly' }), '{"type":"error","code":"rate-limited","retryAfterMs":200,"text":"…"}');
    assert.equal(frameText('/join lobby'), '/join …');
    assert.equal(frameText('/who'), '/who');
    assert.equal(frameText('hello'), ' …');
  });

  test('lists everything in English, in the order in which it happened', () => {
    const diagnostics = new Diagnostics();
    diagnostics.changed({ state: 'connecting', transport: 'ws' }, at(0));
    diagnostics.received({ type: 'welcome', server: 'RawSocketChat 9' }, at(1), 0);
    diagnostics.changed({ state: 'online', transport: 'ws' }, at(1));
    diagnostics.sent('{"type":"ping","id":"p"}', at(2), 100);
    diagnostics.received({ type: 'pong', id: 'p' }, at(2), 112.34);
    diagnostics.received({ type: 'error', code: 'no-room', text: 'no such room "den"' }, at(2), 120);
    diagnostics.changed({ state: 'reconnecting', transport: 'ws', reason: serverWords('the server is leaving'), code: 4001 }, at(3));
    diagnostics.switched({ from: 'ws', to: 'sse', code: 1006, buffers: true }, at(4));
    diagnostics.changed({ state: 'online', transport: 'sse' }, at(5));
    assert.equal(diagnostics.report({ ...FACTS, transport: 'sse', why: 'fallback', pending: 2, failed: 1, oldest: at(0) }), [
      'RawSocketChat diagnostics', `time: ${NOON}`, 'page: https://chat.test/', 'server: RawSocketChat 9', 'browser: Browser 1', 'language: en', `connection: online since ${at(5)}`, 'transport: sse, fallback',
      'latency: last 12.3 ms, median 12.3 ms, max 12.3 ms of 1 pings', 'reconnections: 1', `unsent messages: 2 waiting, 1 failed, oldest ${at(0)}`, 'rooms: 1', '', 'events:',
      `${at(0)} connecting ws`, `${at(1)} online ws`, `${at(2)} error no-room: no such room "…"`, `${at(3)} reconnecting ws 4001 the server is leaving`, `${at(4)} transport ws -> sse a proxy buffers 1006`, `${at(5)} online sse`,
      '', 'frames (> sent, < received; … is left out):', `${at(1)} < {"type":"welcome","server":"RawSocketChat 9"}`, `${at(2)} > {"type":"ping","id":"p"}`, `${at(2)} < {"type":"pong","id":"p"}`,
      `${at(2)} < {"type":"error","code":"no-room","text":"…"}`].join('\n'));
  });

  test('has the English reason although the page is in another language', async () => {
    const german = JSON.parse(await readFile(new URL('../../Server/Web/client/languages/de.json', import.meta.url), 'utf8'));
    useLanguage('de', german);
    try {
      for (const english of ['The server does not answer.', 'The server stopped answering.', 'The server answered 502.']) {
        const german = english.endsWith('502.') ? t('The server answered {status}.', { status: '502' }) : t(english);
        assert.notEqual(german, english);
        assert.equal(inEnglish(german), english);
      }
      assert.equal(inEnglish('words of a server'), 'words of a server');
      assert.equal(inEnglish(''), '');
      const diagnostics = new Diagnostics();
      diagnostics.changed({ state: 'reconnecting', transport: 'ws', reason: t('The server does not answer.') }, NOON);
      assert.match(diagnostics.report({ ...FACTS, language: 'de' }), /reconnecting ws The server does not answer\./);
    } finally {
      useLanguage('en');
    }
  });
});

describe('the diagnostics', () => {
  test('keep only the last frames and events', () => {
    const diagnostics = new Diagnostics();
    for (let i = 0; i < 500; i++) {
      diagnostics.received({ type: 'typing', room: 'lobby', seq: i }, NOON, i);
      diagnostics.failed(`number ${i}`, NOON);
    }
    const lines = diagnostics.report(FACTS).split('\n');
    assert.equal(lines.filter((line) => line.includes('"typing"')).length, MAX_FRAMES);
    assert.equal(lines.filter((line) => line.includes('number ')).length, MAX_EVENTS);
    assert.ok(lines.at(-1).includes('"seq":499') && diagnostics.events.at(-1).error === 'number 499');
  });

  test('keep only a small part of a large frame', () => {
    const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`field${index}`, { state: 'x'.repeat(10_000) }]));
    assert.ok(frameText({ type: 'newer', room: 'r'.repeat(60_000), ...wide }).length < 12_000);
  });

  test('measure the latency from a ping to its own answer', () => {
    const diagnostics = new Diagnostics();
    assert.equal(diagnostics.latency, null);
    for (const [id, ms] of [['a', 30], ['b', 10], ['c', 20]]) {
      diagnostics.sent(JSON.stringify({ type: 'ping', id }), NOON, 1_000);
      diagnostics.received({ type: 'pong', id: 'another tab' }, NOON, 1_001);
      diagnostics.received({ type: 'pong', id }, NOON, 1_000 + ms);
      diagnostics.received({ type: 'pong', id }, NOON, 9_000);
    }
    assert.deepEqual(diagnostics.latency, { last: 20, median: 20, max: 30, count: 3 });
  });

  test('count reconnections, not the first connection', () => {
    const diagnostics = new Diagnostics();
    assert.deepEqual([diagnostics.reconnections, diagnostics.since], [0, null]);
    for (const state of ['connecting', 'online']) diagnostics.changed({ state, transport: 'ws' }, at(1));
    assert.deepEqual([diagnostics.reconnections, diagnostics.since], [0, at(1)]);
    diagnostics.changed({ state: 'reconnecting', transport: 'ws' }, at(2));
    assert.equal(diagnostics.since, null);
    diagnostics.changed({ state: 'online', transport: 'ws' }, at(3));
    assert.deepEqual([diagnostics.reconnections, diagnostics.since], [1, at(3)]);
  });
});

test('the page says why it uses the current transport', () => {
  const facts = { isShared: false, usesCookie: true, isFile: false, pin: null, buffers: false, isBest: true };
  const cases = [[{}, 'best'], [{ isShared: true }, 'shared'], [{ usesCookie: false }, 'no-cookie'], [{ usesCookie: false, isFile: true }, 'file'], [{ pin: 'poll', isBest: false }, 'chosen'],
    [{ isBest: false, buffers: true }, 'buffered'], [{ isBest: false }, 'fallback']];
  for (const [changes, reason] of cases) assert.equal(transportReason({ ...facts, ...changes }), reason);
  assert.equal(new Set(cases.map(([, reason]) => transportReasonWords(reason))).size, cases.length);
});

describe('a person opens the diagnostics', () => {
  test('by a command that the page does not send to the server', () => assert.deepEqual(parseInput('/diagnostics', true, 100), { kind: 'diagnostics' }));
  test('by a suggestion', () => assert.deepEqual(suggestionsFor(inLobby(), '/dia', 4), [{ what: '/diagnostics', more: 'Connection diagnostics', start: 0 }]));
  test('by the switcher', () => {
    for (const query of ['diag', 'connection d']) assert.deepEqual(switcherItems(inLobby(), query).filter(({ kind }) => kind === 'diagnostics').map(({ label }) => label), ['Connection diagnostics']);
    for (const query of ['', 'lobby', '#diag', '@diag', 'a']) assert.deepEqual(switcherItems(inLobby(), query).filter(({ kind }) => kind === 'diagnostics'), []);
  });
});
