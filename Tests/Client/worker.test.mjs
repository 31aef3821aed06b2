// Tests of the service worker in a fake browser.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { beforeEach, test } from 'node:test';
import vm from 'node:vm';

const source = await readFile(new URL('../../Server/Web/client/worker/worker.js', import.meta.url), 'utf8');
const SCOPE = 'https://chat.test/a/';
const page = (tag, text = 'page') => new Response(`<meta name="server" id="server">${text}`, { headers: { etag: tag } });

let listeners, stores, server, shown, windows, opened, timers;

/** Starts the worker. `server` answers every request of the worker. */
beforeEach(() => {
  [listeners, stores, shown, windows, opened, timers] = [new Map(), new Map(), [], [], [], []];
  server = () => page('"1"');
  const cacheOf = (name) => {
    const entries = stores.get(name) ?? new Map();
    stores.set(name, entries);
    return { match: async (key) => entries.get(key)?.clone(), put: async (key, response) => { entries.set(key, response); } };
  };
  const self = {
    registration: { scope: SCOPE, showNotification: async (title, options) => shown.push({ title, ...options }) },
    clients: { matchAll: async () => windows, openWindow: async (url) => opened.push(url) },
    skipWaiting() {}, addEventListener: (type, listener) => listeners.set(type, listener),
  };
  vm.runInNewContext(source, { self, caches: { open: async (name) => cacheOf(name) }, fetch: async (request) => server(request), URL, Response, Promise, setTimeout: (work, ms, value) => { timers.push({ ms, run: () => work(value) }); } });
});

/** Raises an event, and waits until the worker has handled it. */
async function raise(type, fields = {}) {
  const waiting = [];
  let answer;
  listeners.get(type)({ ...fields, waitUntil: (work) => waiting.push(work), respondWith: (response) => { answer = response; } });
  const response = await answer;
  await Promise.all(waiting);
  return response;
}
const load = (url = SCOPE, { method = 'GET', mode = 'navigate' } = {}) => raise('fetch', { request: { url, method, mode } });
const push = (message) => raise('push', { data: { json: () => message } });
const unreachable = () => { throw new TypeError('network'); };
const open = (url = SCOPE, visibilityState = 'hidden') => ({ url, visibilityState, messages: [], focused: 0, focus() { this.focused += 1; }, postMessage(message) { this.messages.push(message); } });

test('without a network, the page of the last visit opens', async () => {
  await load(`${SCOPE}?room=lobby`);
  server = unreachable;
  assert.match(await (await load(`${SCOPE}?room=garden`)).text(), /page$/);
});

test('if the server is silent for ten seconds, the page of the last visit opens', async () => {
  await load();
  server = () => new Promise(() => {});
  const opening = load();
  assert.equal(timers.at(-1).ms, 10_000);
  timers.at(-1).run();
  assert.match(await (await opening).text(), /page$/);
});

test('if the server is silent and no page is stored, the worker waits for the server', async () => {
  let answer;
  server = () => new Promise((resolve) => { answer = resolve; });
  const opening = load();
  timers.at(-1).run();
  await new Promise((resolve) => { setTimeout(resolve); });
  answer(page('"1"', 'late'));
  assert.match(await (await opening).text(), /late$/);
});

test('the installation stores the page, because the worker does not see the request of the first visit', async () => {
  await raise('install');
  server = unreachable;
  assert.match(await (await load()).text(), /page$/);
});

test('an installation without a network does not fail', async () => {
  server = unreachable;
  await raise('install');
  assert.equal((await load()).type, 'error');
});

test('the page of the server is shown, and replaces the stored page', async () => {
  await load();
  server = () => page('"2"', 'newer');
  assert.match(await (await load()).text(), /newer$/);
  server = unreachable;
  assert.match(await (await load()).text(), /newer$/);
});

for (const status of [502, 503, 504]) {
  test(`a proxy that can't reach the server (${status}) does not hide the page`, async () => {
    server = () => new Response('bad gateway', { status });
    assert.equal((await load()).status, status);
    server = () => page('"1"');
    await load();
    server = () => new Response('bad gateway', { status });
    assert.match(await (await load()).text(), /page$/);
  });
}

test('an answer that is not the page or has no ETag is not stored', async () => {
  for (const answer of [new Response('login of a proxy', { headers: { etag: '"p"' } }), new Response('error', { status: 500, headers: { etag: '"e"' } }), new Response('<meta name="server" id="server">')]) {
    server = () => answer.clone();
    await load();
  }
  assert.deepEqual([...stores.values()].flatMap((entries) => [...entries.keys()]), []);
});

test('the worker answers only requests for the page', async () => {
  for (const path of ['ws', 'send', 'poll?after=1', 'files/f1/cat.png', 'site.json', 'manifest.webmanifest', '?embed=1']) assert.equal(await load(`${SCOPE}${path}`), undefined, path);
  assert.equal(await load('https://chat.test/'), undefined);
  assert.equal(await load('https://chat.test/b/'), undefined);
  assert.equal(await load(SCOPE, { mode: 'cors' }), undefined);
  assert.equal(await load(SCOPE, { method: 'POST' }), undefined);
});

const MESSAGE = { room: 'garden', seq: 7, name: 'bob', text: 'hi' };
const settings = (values) => stores.set('rawsocketchat chat.test/a worker', new Map([[`${SCOPE}worker-settings`, Response.json(values)]]));

test('a push message becomes a notification of its room', async () => {
  await push(MESSAGE);
  const [{ title, body, tag, data }] = shown;
  assert.equal(title, '\u2068bob\u2069 in #\u2068garden\u2069');
  assert.deepEqual([body, tag, { ...data }], ['hi', 'rawsocketchat chat.test/a garden', { room: 'garden', seq: 7 }]);
});

test('the title for a direct message is only the person’s name, and a message without a text says that a file was sent', async () => {
  await push({ ...MESSAGE, room: 'dm-1', text: '', direct: true });
  assert.deepEqual([shown[0].title, shown[0].body], ['bob', 'sent a file']);
});

test('a notification has the words that the page has stored', async () => {
  settings({ inRoom: '{room}: {name}', sentFile: 'eine Datei' });
  await push({ ...MESSAGE, text: '' });
  assert.deepEqual([shown[0].title, shown[0].body], ['#\u2068garden\u2069: \u2068bob\u2069', 'eine Datei']);
});

test('a name or a text can’t change the direction of other text', async () => {
  await push({ ...MESSAGE, name: '\u202ebob', text: 'gpj\u202e.exe' });
  assert.deepEqual([shown[0].title, shown[0].body], ['\u2068bob\u2069 in #\u2068garden\u2069', 'gpj.exe']);
});

test('a person who looks at the chat gets no notification', async () => {
  windows = [open(`${SCOPE}?room=lobby`, 'visible')];
  await push(MESSAGE);
  assert.deepEqual(shown, []);
  windows = [open('https://chat.test/b/', 'visible'), open(SCOPE, 'hidden')];
  await push(MESSAGE);
  assert.equal(shown.length, 1);
});

test('a person who does not want to be disturbed gets no notification', async () => {
  for (const quietUntil of ['forever', new Date(Date.now() + 60_000).toISOString()]) {
    settings({ quietUntil });
    await push(MESSAGE);
  }
  assert.deepEqual(shown, []);
  settings({ quietUntil: new Date(Date.now() - 60_000).toISOString() });
  await push(MESSAGE);
  assert.equal(shown.length, 1);
});

test('a push message of an unknown form shows nothing', async () => {
  for (const message of [null, {}, { room: 5 }]) await push(message);
  assert.deepEqual(shown, []);
});

const click = () => raise('notificationclick', { notification: { close() {}, data: { room: 'garden', seq: 7 } } });

test('a click goes to the message in an open page', async () => {
  windows = [open('https://chat.test/b/'), open(`${SCOPE}?embed=1`), open(`${SCOPE}?room=lobby`)];
  await click();
  assert.deepEqual(windows.map(({ focused }) => focused), [0, 0, 1]);
  assert.deepEqual({ ...windows[2].messages[0] }, { type: 'open', room: 'garden', seq: 7 });
  assert.deepEqual(opened, []);
});

test('a click opens the page at the message if no page is open', async () => {
  await click();
  assert.deepEqual(opened, ['./?room=garden#message=7']);
});
