// Stores the newest messages of the rooms in IndexedDB, so that the page can show them while it is offline. app/offline.mjs decides what it stores.

import { within } from './outbox-store.mjs';

/** @import { OfflineRoom } from './types.js' */

const WITHIN_MS = 3_000; // if the database does not answer in this time, the page works without it

/** All pages of one server share the database. If it fails, nothing is stored. */
export class OfflineStore {
  #name;
  /** @type {Promise<IDBDatabase> | null} */
  #opening = null;

  /** @param {string} name the database's name */
  constructor(name) { this.#name = name; }

  /**
   * Stores the changed rooms, and removes the removed rooms.
   * @param {OfflineRoom[]} changed
   * @param {string[]} removed names of rooms
   */
  async update(changed, removed) {
    await this.#run('readwrite', (store) => {
      for (const room of changed) store.put(room);
      for (const name of removed) store.delete(name);
    });
  }

  /**
   * Returns the stored rooms of a user.
   * @param {string} user
   * @returns {Promise<OfflineRoom[]>}
   */
  async read(user) {
    /** @type {OfflineRoom[]} */
    const rooms = await this.#run('readonly', (store) => store.getAll()) ?? [];
    return rooms.filter((room) => room.user === user);
  }

  /**
   * Removes all rooms except these rooms of this user.
   * @param {string} user
   * @param {Set<string>} names
   */
  async retain(user, names) {
    await this.#run('readwrite', (store) => {
      const all = store.getAll();
      all.onsuccess = () => {
        for (const room of all.result) if (room.user !== user || !names.has(room.name)) store.delete(room.name);
      };
    });
  }

  /** Removes all rooms. */
  async clear() {
    await this.#run('readwrite', (store) => { store.clear(); });
  }

  /**
   * Runs one transaction. Transactions run in the order of the calls. Returns the result of the request that `work` returns.
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest | void} work
   * @returns {Promise<any>}
   */
  async #run(mode, work) {
    try {
      const database = await (this.#opening ??= within(WITHIN_MS, this.#open()));
      const transaction = database.transaction('rooms', mode);
      const request = work(transaction.objectStore('rooms'));
      await within(WITHIN_MS, new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = transaction.onerror = reject;
      }));
      return request?.result;
    } catch {
      return undefined;
    }
  }

  /** @returns {Promise<IDBDatabase>} */
  #open() {
    return new Promise((resolve, reject) => {
      const opening = indexedDB.open(this.#name, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore('rooms', { keyPath: 'name' });
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const database = opening.result;
        const close = () => {
          database.close();
          this.#opening = null;
        };
        database.onversionchange = close; // another page deletes the database
        database.onclose = close;         // the browser has deleted its data
        resolve(database);
      };
    });
  }
}
