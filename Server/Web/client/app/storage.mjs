// The page's stored outbox.

import { OutboxStore } from '../outbox-store.mjs';
import { createId, STORAGE_KEY } from './page.mjs';

export const outboxStore = new OutboxStore(STORAGE_KEY, createId());

export const opening = outboxStore.open();
