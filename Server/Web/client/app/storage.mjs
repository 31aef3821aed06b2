// The page's databases: the outbox, and the messages that the page shows while it is offline.

import { OfflineStore } from '../offline-store.mjs';
import { OutboxStore } from '../outbox-store.mjs';
import { createId, STORAGE_KEY } from './page.mjs';

/** The storage for the copies of the outbox, or null if the browser forbids it. */
function copies() {
  try { return window.localStorage; } catch { return null; }
}

export const outboxStore = new OutboxStore(STORAGE_KEY, createId, copies());

export const offlineStore = new OfflineStore(`${STORAGE_KEY} offline`);

export const opening = outboxStore.open();
