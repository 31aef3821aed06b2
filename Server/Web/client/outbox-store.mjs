// Stores the outbox and the person's place in IndexedDB. It copies the state and makes no decisions.

/** @import { OutboxItem, Place } from './types.js' */

const WITHIN_MS = 3_000; // if the database does not answer in this time, the page works without it

const STORED_FIELDS = /** @type {const} */ (['room', 'text', 'me', 'at', 'user', 'name', 'attempted', 'state', 'error', 'doubt']);

/**
 * All pages of one server share the database. So each stored message has the name of the page (`tab`) that has to send the message. Each open
 * page holds a lock with its own name. If the lock of a page is free, that page is closed or has crashed. Then another page takes over the
 * messages of that page. Where the browser has no locks (plain HTTP from another machine), a page takes over all messages when it starts.
 * Then two pages may send the same message. This is harmless, because the server stores a message once for each id.
 *
 * If the database fails, the page works without a stored outbox.
 */
export class OutboxStore {
  #name; #tab;
  /** @type {IDBDatabase | null} */
  #database = null;
  /** @type {Promise<unknown>} */
  #writing = Promise.resolve();
  #hasClaimed = false;
  /** Pages that this one waits for. @type {Set<string>} */
  #watched = new Set();

  /**
   * @param {string} name the database's name
   * @param {string} tab this page's own name, which no other page has
   */
  constructor(name, tab) {
    this.#name = name;
    this.#tab = tab;
  }

  /** False if nothing stays stored after the page is closed. A browser may forbid storage by its settings, or in a private window. */
  get isDurable() { return this.#database !== null; }

  async open() {
    try {
      const opening = indexedDB.open(this.#name, 1);
      opening.onupgradeneeded = () => {
        opening.result.createObjectStore('outbox', { keyPath: 'id' });
        opening.result.createObjectStore('place');
      };
      const database = await within(WITHIN_MS, resultOf(opening));
      await within(WITHIN_MS, this.#holdLock());
      database.onversionchange = () => database.close();
      this.#database = database;
    } catch { /* the page keeps the outbox in memory */ }
  }

  /**
   * Returns the person's stored place, or null.
   * @returns {Promise<Place | null>}
   */
  async readPlace() { return await this.#run('place', 'readonly', (store) => store.get('place')) ?? null; }

  /**
   * Stores the person's place; null removes it.
   * @param {Place | null} place
   */
  savePlace(place) { return this.#run('place', 'readwrite', (store) => place ? store.put(place, 'place') : store.delete('place')); }

  /**
   * Changes the stored outbox from one state to the next.
   * @param {OutboxItem[]} before
   * @param {OutboxItem[]} after
   */
  mirror(before, after) {
    const old = new Map(before.map((item) => [item.id, item]));
    const kept = new Set(after.map(({ id }) => id));
    const changed = after.filter((item) => STORED_FIELDS.some((field) => item[field] !== old.get(item.id)?.[field]));
    const removed = before.filter(({ id }) => !kept.has(id));
    if (!changed.length && !removed.length) return;
    this.#writing = this.#run('outbox', 'readwrite', (store) => {
      for (const item of changed) store.put({ id: item.id, tab: this.#tab, ...Object.fromEntries(STORED_FIELDS.map((field) => [field, item[field]])) });
      for (const { id } of removed) store.delete(id);
    });
  }

  /** Resolves when all changes so far are stored. */
  flush() { return this.#writing; }

  /**
   * Takes over the messages of closed pages, oldest first.
   * @param {() => void} onPageClosed called when a page that is still open closes later
   * @returns {Promise<OutboxItem[]>}
   */
  async claim(onPageClosed) {
    if (this.#hasClaimed && !navigator.locks) return [];
    this.#hasClaimed = true;
    const others = new Set((await this.#run('outbox', 'readonly', (store) => store.getAll()) ?? []).map((/** @type {{ tab: string }} */ { tab }) => tab));
    others.delete(this.#tab);
    if (!others.size) return [];
    // The order matters: a page has its lock before it stores messages, so a page that has messages and no lock is closed.
    for (const tab of await this.#openPages()) {
      if (others.delete(tab)) this.#watch(tab, onPageClosed);
    }
    /** @type {OutboxItem[]} */
    const claimed = [];
    await this.#run('outbox', 'readwrite', (store) => {
      // If this transaction succeeded after its time limit, the messages would belong to this page, but it would not send them.
      setTimeout(() => { try { store.transaction.abort(); } catch { /* it has ended */ } }, WITHIN_MS);
      const all = store.getAll();
      all.onsuccess = () => {
        for (const item of all.result) {
          if (!others.has(item.tab)) continue;
          store.put({ ...item, tab: this.#tab });
          claimed.push(item);
        }
      };
    });
    return claimed;
  }

  /** Takes this page's lock, and keeps it until the page is closed. */
  async #holdLock() {
    if (!navigator.locks) return;
    const { promise, resolve, reject } = Promise.withResolvers();
    navigator.locks.request(this.#lockName(this.#tab), () => {
      resolve(undefined);
      return new Promise(() => {});
    }).catch(reject);
    await promise;
  }

  async #openPages() {
    const { held = [] } = await navigator.locks?.query() ?? {};
    const prefix = this.#lockName('');
    return held.map(({ name = '' }) => name).filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  }

  /**
   * @param {string} tab
   * @param {() => void} onPageClosed
   */
  #watch(tab, onPageClosed) {
    if (this.#watched.has(tab)) return;
    this.#watched.add(tab);
    navigator.locks.request(this.#lockName(tab), () => {}).then(onPageClosed, () => {});
  }

  /** @param {string} tab */
  #lockName(tab) { return `${this.#name} ${tab}`; }

  /**
   * Runs one transaction. Returns the result of the request that `work` returns, or undefined if the transaction fails or takes too long.
   * @param {'outbox' | 'place'} storeName
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest | void} work
   * @returns {Promise<any>}
   */
  #run(storeName, mode, work) {
    if (!this.#database) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers();
    setTimeout(resolve, WITHIN_MS);
    try {
      const transaction = this.#database.transaction(storeName, mode);
      const request = work(transaction.objectStore(storeName));
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onabort = transaction.onerror = () => resolve(undefined);
    } catch {
      resolve(undefined);
    }
    return promise;
  }
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
const resultOf = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/**
 * Rejects if the promise is not settled in time.
 * @template T
 * @param {number} ms
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
export const within = (ms, promise) => Promise.race([promise, new Promise((_, reject) => { setTimeout(() => reject(new Error('The time limit has passed.')), ms); })]);
