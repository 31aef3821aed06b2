// Stores the outbox and the person's place (name and rooms) in IndexedDB, and a second copy of the outbox in local storage. This
// module only stores what the other modules have decided: it does not decide what to send.

/** @import { OutboxItem, Place } from './types.js' */

const WITHIN_MS = 3_000; // if the database does not answer in this time, the page works without it

const BORN_KEY = 'born'; // the key of the database's identity in the object store `place`

const STORED_FIELDS = /** @type {const} */ (['room', 'text', 'me', 'reply', 'files', 'at', 'user', 'name', 'attempted', 'state', 'error', 'doubt']);

/**
 * All pages of one server share the database. So each stored message has the name of the page (`tab`) that has to send the message. Each open
 * page holds a lock with its own name. If nobody holds the lock of a page, that page is closed or has crashed. Then another page takes over
 * the messages of that page. Where the browser has no locks (plain HTTP from another machine), a page takes over all messages when it starts.
 * In such a browser two pages may send the same message. This is harmless, because the server stores only one message for each id.
 *
 * A browser or a person can delete the database at any time. So each page also keeps a copy of its messages in `copies`. The copy
 * contains the identity (`born`) of the database. When a page finds the copy of a closed page, it compares the identities. If the database has another
 * identity now, the database was deleted and created again, and does not contain the messages of the copy. If the identity is the same, the page
 * ignores the copy, because another page may have sent its messages since then.
 *
 * If the database fails, the page works without a stored outbox.
 */
export class OutboxStore {
  #name; #tab; #copies; #createId;
  /** The identity of the database; null if there is no database. @type {string | null} */
  #born = null;
  /** The messages that the database and the copy have to contain. @type {OutboxItem[]} */
  #items = [];
  /** @type {Place | null} */
  #place = null;
  /** Whether the database has failed to store a change. If so, only the copy has all messages. */
  #hasFailed = false;
  #isCopied = false;
  /** The numbers of two changes: the newest change, and the newest change that the database has stored. */
  #change = 0;
  #storedChange = 0;
  /** @type {IDBDatabase | null} */
  #database = null;
  /** @type {Promise<unknown>} */
  #writing = Promise.resolve();
  #hasClaimed = false;
  /** The other open pages: this page waits until they are closed. @type {Set<string>} */
  #watched = new Set();

  /**
   * @param {string} name the database's name
   * @param {() => string} createId creates a name that no other page has
   * @param {Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'> | null} copies the storage for the copies
   */
  constructor(name, createId, copies) {
    this.#name = name;
    this.#tab = createId();
    this.#createId = createId;
    this.#copies = copies;
  }

  /** False if nothing stays stored after the page is closed. A browser may forbid storage by its settings, or in a private window. */
  get isDurable() { return this.#database !== null && (!this.#hasFailed || this.#isCopied); }

  async open() {
    try {
      await within(WITHIN_MS, this.#holdLock());
      await within(WITHIN_MS, this.#openDatabase());
    } catch { /* the page keeps the outbox in memory */ }
  }

  async #openDatabase() {
    const opening = indexedDB.open(this.#name, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore('outbox', { keyPath: 'id' });
      opening.result.createObjectStore('place');
    };
    const database = await resultOf(opening);
    const places = database.transaction('place', 'readwrite').objectStore('place');
    let born = await resultOf(places.get(BORN_KEY));
    if (!born) await resultOf(places.put(born = this.#createId(), BORN_KEY));
    database.onversionchange = () => {
      database.close();
      this.#restore();
    };
    database.onclose = () => this.#restore(); // the browser deleted its data
    this.#born = born;
    this.#database = database;
    this.mirror([], this.#items);
    if (this.#place) this.savePlace(this.#place);
  }

  /** Opens the database again, and stores this page's messages there, after somebody has deleted the database. */
  async #restore() {
    this.#database = null;
    this.#hasFailed = false;
    await this.#openDatabase().catch(() => {});
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
  savePlace(place) {
    this.#place = place;
    return this.#run('place', 'readwrite', (store) => place ? store.put(place, 'place') : store.delete('place'));
  }

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
    this.#items = after;
    if (!changed.length && !removed.length) return;
    const change = ++this.#change;
    this.#copy();
    this.#writing = this.#run('outbox', 'readwrite', (store) => {
      for (const item of changed) store.put(this.#storedItem(item));
      for (const { id } of removed) store.delete(id);
    }, () => {
      this.#storedChange = change;
      if (change === this.#change) this.#copy();
    });
  }

  /** Resolves when all changes so far are stored. */
  flush() { return this.#writing; }

  /**
   * Takes over the messages of closed pages.
   * @param {() => void} onPageClosed called later, when a page that is open now has closed
   * @returns {Promise<OutboxItem[]>}
   */
  async claim(onPageClosed) {
    if (this.#hasClaimed && !navigator.locks) return [];
    this.#hasClaimed = true;
    const claimed = [...await this.#claimCopies(onPageClosed), ...await this.#claimStored(onPageClosed)];
    return [...new Map(claimed.map((item) => [item.id, item])).values()];
  }

  /** @param {() => void} onPageClosed */
  async #claimStored(onPageClosed) {
    const others = new Set((await this.#run('outbox', 'readonly', (store) => store.getAll()) ?? []).map((/** @type {{ tab: string }} */ { tab }) => tab));
    others.delete(this.#tab);
    if (!others.size) return [];
    // Ask for the locks after reading the messages: an open page takes its lock before it stores messages, so a page that has messages but
    // no lock is closed.
    for (const tab of await this.#openPages()) {
      if (others.delete(tab)) this.#watch(tab, onPageClosed);
    }
    /** @type {OutboxItem[]} */
    const claimed = [];
    await this.#run('outbox', 'readwrite', (store) => {
      // If this transaction succeeded after its time limit, the messages would belong to this page, but the page would not send them.
      setTimeout(() => { try { store.transaction.abort(); } catch { /* the transaction has ended */ } }, WITHIN_MS);
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

  /** @param {OutboxItem} item */
  #storedItem(item) {
    return { id: item.id, tab: this.#tab, ...Object.fromEntries(STORED_FIELDS.map((field) => [field, item[field]])) };
  }

  /**
   * Copies this page's messages. Until the database has stored the newest change, the copy has no identity (`born` is null). If the page is closed
   * before that, another page takes over the copy. If the copy does not fit into the storage, only the database has the messages.
   */
  #copy() {
    const copies = this.#copies;
    if (this.#born === null || !copies) return;
    const key = this.#copyKey(this.#tab);
    const born = this.#hasFailed || this.#storedChange !== this.#change ? null : this.#born;
    this.#isCopied = false;
    try {
      if (this.#items.length) copies.setItem(key, JSON.stringify({ born, items: this.#items.map((item) => this.#storedItem(item)) }));
      else copies.removeItem(key);
      this.#isCopied = true;
    } catch { // the storage is full or forbidden
      try { copies.removeItem(key); } catch { /* the storage is forbidden, so this page has never written a copy */ }
    }
  }

  /**
   * Takes over the copies of closed pages. Returns the messages that are only in the copies, because somebody deleted the database.
   * @param {() => void} onPageClosed called later, when a page that is open now has closed
   * @returns {Promise<OutboxItem[]>}
   */
  async #claimCopies(onPageClosed) {
    /** @type {OutboxItem[]} */
    const claimed = [];
    try {
      const copies = this.#copies;
      if (!copies) return [];
      const prefix = this.#copyKey('');
      const keys = Array.from({ length: copies.length }, (_, index) => copies.key(index) ?? '');
      const others = keys.filter((key) => key.startsWith(prefix) && key !== this.#copyKey(this.#tab));
      if (!others.length) return [];
      // Ask for the locks after listing the copies: an open page takes its lock before it writes its copy, so a page that has a copy but no lock is
      // closed.
      const open = new Set(await this.#openPages());
      for (const key of others) {
        const tab = key.slice(prefix.length);
        if (open.has(tab)) {
          // A page that is closing keeps its lock for a moment. So wait until the lock is released.
          this.#watch(tab, onPageClosed);
          continue;
        }
        const { born, items } = JSON.parse(copies.getItem(key) ?? '{}');
        copies.removeItem(key);
        if (Array.isArray(items) && (born === null || born !== this.#born)) claimed.push(...items);
      }
    } catch { /* the storage is forbidden, or another program wrote a copy that is not valid JSON */ }
    return claimed;
  }

  /** @param {string} tab */
  #copyKey(tab) { return `${this.#name} outbox ${tab}`; }

  /** Takes this page's lock, and keeps it until the page is closed. */
  async #holdLock() {
    if (!navigator.locks) return;
    await new Promise((resolve, reject) => {
      navigator.locks.request(this.#lockName(this.#tab), () => {
        resolve(undefined);
        return new Promise(() => {});
      }).catch(reject);
    });
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
   * @param {() => void} [onStored] called when the database has stored the changes of `work`
   * @returns {Promise<any>}
   */
  #run(storeName, mode, work, onStored) {
    const database = this.#database;
    if (!database) return Promise.resolve();
    return new Promise((resolve) => {
      const fail = () => {
        resolve(undefined);
        if (storeName !== 'outbox' || mode !== 'readwrite' || this.#hasFailed) return;
        this.#hasFailed = true;
        this.#copy();
      };
      setTimeout(resolve, WITHIN_MS);
      try {
        const transaction = database.transaction(storeName, mode);
        const request = work(transaction.objectStore(storeName));
        transaction.oncomplete = () => {
          onStored?.();
          resolve(request?.result);
        };
        transaction.onabort = transaction.onerror = fail;
      } catch {
        fail();
      }
    });
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
