// The outbox in the browser's database, and its copies in the web storage. In these tests, the database is in memory.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { OutboxStore } from '../../Server/Web/client/outbox-store.mjs';
import { outboxItem } from './support.mjs';

/** Creates a fake IndexedDB that has only the functions that the outbox needs. */
function memoryDatabases() {
  const databases = new Map();
  const later = (target, result) => { queueMicrotask(() => { target.result = result; target.onsuccess?.(); }); return target; };
  const fake = {
    isRefusing: false,
    open(name) {
      const isNew = !databases.has(name);
      const data = databases.get(name) ?? { stores: new Map(), connections: new Set() };
      databases.set(name, data);
      const connection = {
        isOpen: true,
        createObjectStore: (store) => data.stores.set(store, new Map()),
        close() { connection.isOpen = false; },
        transaction(store) {
          if (!connection.isOpen || fake.isRefusing) throw new DOMException('closed', 'InvalidStateError');
          const rows = data.stores.get(store);
          const transaction = {};
          setImmediate(() => transaction.oncomplete?.());
          transaction.objectStore = () => ({
            transaction, get: (key) => later({}, rows.get(key)), getAll: () => later({}, [...rows.values()]),
            put: (value, key = value.id) => later({}, void rows.set(key, value)), delete: (key) => later({}, void rows.delete(key)),
          });
          return transaction;
        },
      };
      data.connections.add(connection);
      const request = { result: connection };
      queueMicrotask(() => {
        if (isNew) request.onupgradeneeded?.();
        request.onsuccess?.();
      });
      return request;
    },
    /** Deletes all data, as a browser does when its disk is full. */
    clear() {
      const open = [...databases.values()].flatMap(({ connections }) => [...connections]);
      databases.clear();
      for (const connection of open) if (connection.isOpen) connection.onclose?.();
    },
    stored: () => [...databases.values()].flatMap(({ stores }) => [...stores.get('outbox')?.values() ?? []]).map(({ id }) => id),
  };
  return fake;
}

/** Creates a fake Storage. */
function memoryStorage() {
  const values = new Map();
  return {
    get length() { return values.size; },
    key: (index) => [...values.keys()][index] ?? null,
    getItem: (key) => values.get(key) ?? null,
    setItem(key, value) { values.set(key, value); },
    removeItem(key) { values.delete(key); },
  };
}

let databases, copies, tabs, open;
const settle = async () => { for (let i = 0; i < 5; i++) await new Promise((resolve) => { setImmediate(resolve); }); };

/** Opens a page. The page is open until close() is called. */
async function openPage(name = 'chat') {
  const store = new OutboxStore(name, () => `tab${tabs += 1}`, copies);
  await store.open();
  return store;
}
const closePages = () => { open = []; };
const claimedBy = async (store) => (await store.claim(() => {})).map(({ id }) => id);

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  databases = memoryDatabases();
  copies = memoryStorage();
  [tabs, open] = [0, []];
  const locks = {
    request: (name, work) => { open.push({ name }); return new Promise(() => { work(); }); },
    query: async () => ({ held: open }),
  };
  Object.defineProperty(globalThis, 'indexedDB', { value: databases, configurable: true });
  Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
});
afterEach(() => mock.timers.reset());

test('a page takes over the messages of a closed page from the database', async () => {
  (await openPage()).mirror([], [outboxItem('1'), outboxItem('2')]);
  await settle();
  closePages();
  assert.deepEqual(await claimedBy(await openPage()), ['1', '2']);
});

test('a stored message keeps its files', async () => {
  const files = [{ id: 'f1', name: 'cat.png', type: 'image/png', bytes: 5, width: 2, height: 1 }];
  (await openPage()).mirror([], [outboxItem('1', { text: '', files })]);
  await settle();
  closePages();
  assert.deepEqual((await (await openPage()).claim(() => {}))[0].files, files);
});

test('a stored reply stays a reply', async () => {
  (await openPage()).mirror([], [outboxItem('1', { reply: 7 })]);
  await settle();
  closePages();
  assert.equal((await (await openPage()).claim(() => {}))[0].reply, 7);
});

test('a page takes over the copies of a closed page if the browser has deleted the database', async () => {
  (await openPage()).mirror([], [outboxItem('1'), outboxItem('2')]);
  await settle();
  closePages();
  databases = memoryDatabases();
  Object.defineProperty(globalThis, 'indexedDB', { value: databases, configurable: true });
  assert.deepEqual(await claimedBy(await openPage()), ['1', '2']);
});

test('a page does not take over the copies while the database exists, because another page may have sent the messages', async () => {
  const first = await openPage();
  first.mirror([], [outboxItem('1')]);
  await settle();
  const key = copies.key(0);
  const copy = copies.getItem(key);
  first.mirror([outboxItem('1')], []);
  await settle();
  assert.equal(copies.length, 0);
  copies.setItem(key, copy);
  closePages();
  assert.deepEqual(await claimedBy(await openPage()), []);
  assert.equal(copies.length, 0);
});

test('a page takes over each message once if another page ended before the database had stored it', async () => {
  const first = await openPage();
  first.mirror([], [outboxItem('1')]);
  const bornOf = (key) => JSON.parse(copies.getItem(key)).born;
  assert.equal(bornOf(copies.key(0)), null);
  first.mirror([outboxItem('1')], [outboxItem('1'), outboxItem('2')]);
  closePages();
  assert.deepEqual(await claimedBy(await openPage()), ['1', '2']);

  const second = await openPage();
  second.mirror([], [outboxItem('3')]);
  await settle();
  assert.notEqual(bornOf([...Array(copies.length).keys()].map((index) => copies.key(index)).find((key) => copies.getItem(key).includes('"3"'))), null);
});

test('a page does not take over the copies of a page that is open', async () => {
  (await openPage()).mirror([], [outboxItem('1')]);
  await settle();
  databases = memoryDatabases(); // the first page does not know yet that its database was deleted
  Object.defineProperty(globalThis, 'indexedDB', { value: databases, configurable: true });
  const page = await openPage();
  const requested = [];
  navigator.locks.request = async (name) => { requested.push(name); };
  let closed = 0;
  assert.deepEqual(await page.claim(() => { closed += 1; }), []);
  await settle();
  assert.deepEqual([requested, closed], [['chat tab1'], 1], 'the page waits for the lock of the other page');
});

test('an open page stores its messages and its place again after the browser has deleted the database', async () => {
  const page = await openPage();
  page.mirror([], [outboxItem('1')]);
  page.savePlace({ name: 'ann' });
  await settle();
  databases.clear();
  await settle();
  assert.deepEqual(databases.stored(), ['1']);
  assert.deepEqual(await page.readPlace(), { name: 'ann' });
});

test('a page takes over the copy of a page whose database refused a message', async () => {
  const page = await openPage();
  databases.isRefusing = true;
  page.mirror([], [outboxItem('1')]);
  await settle();
  assert.equal(page.isDurable, true);
  databases.isRefusing = false;
  closePages();
  assert.deepEqual(await claimedBy(await openPage()), ['1']);
});

test('the outbox is not durable if neither the database nor the storage accepts a message', async () => {
  const page = await openPage();
  databases.isRefusing = true;
  copies.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
  page.mirror([], [outboxItem('1')]);
  assert.equal(page.isDurable, false);
});

test('if a copy does not fit, the page removes the earlier copy', async () => {
  const page = await openPage();
  page.mirror([], [outboxItem('1')]);
  copies.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
  page.mirror([outboxItem('1')], [outboxItem('2')]);
  assert.equal(copies.length, 0);
});

test('a page does not ask for the locks if there are no messages of another page', async () => {
  const page = await openPage();
  page.mirror([], [outboxItem('1')]);
  await settle();
  navigator.locks.query = () => assert.fail('the page asked for the locks');
  assert.deepEqual(await claimedBy(page), []);
});

test('a page does not take over the copy of a page that opens while the browser lists the locks', async () => {
  (await openPage()).mirror([], [outboxItem('1')]);
  await settle();
  closePages();
  const page = await openPage();
  const { query } = navigator.locks;
  navigator.locks.query = async () => {
    const held = [...open];
    navigator.locks.query = query;
    (await openPage()).mirror([], [outboxItem('2')]);
    return { held };
  };
  await page.claim(() => {});
  assert.equal(copies.length, 1);
  assert.match(copies.getItem(copies.key(0)), /text 2/);
});

test('two servers on one host do not take over each other’s messages', async () => {
  (await openPage('rawsocketchat chat.test/a')).mirror([], [outboxItem('1')]);
  await settle();
  closePages();
  databases.clear();
  assert.deepEqual(await claimedBy(await openPage('rawsocketchat chat.test/b')), []);
  assert.deepEqual(await claimedBy(await openPage('rawsocketchat chat.test/a')), ['1']);
});
