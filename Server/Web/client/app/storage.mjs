// The page's stored outbox.

import { OutboxStore } from '../outbox-store.mjs';
import { createId, STORAGE_KEY } from './page.mjs';

/** The storage for the copies of the outbox, or null if the browser forbids it. */
function copies() {
  try { return window.localStorage; } catch { return null; }
}

export const outboxStore = new OutboxStore(STORAGE_KEY, createId, copies());

export const opening = outboxStore.open();
